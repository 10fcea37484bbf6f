"""Queue depths, refusals, caches and credits at each interval's end, for datastores whose scenario has such a thing."""

from collections.abc import Iterator, Sequence

from models import scenario
from models.result import LevelRow
from models.stories.acts import Hypervisor
from models.stories.sioc import StorageIoControl
from sim.units import NS_PER_S


class Levels:
    """What `RunResult.levels` will hold."""

    def __init__(self, hypervisor: Hypervisor, controls: Sequence[StorageIoControl]) -> None:
        self.rows: list[LevelRow] = []
        self._hypervisor = hypervisor
        self._latency = {control.store: control for control in controls}
        self._refused: dict[tuple[str, str], int] = {}
        self._stores = [s for s in hypervisor.spec.datastores if s.queue_limit or s.cache or s.sioc or _bursts(s)]

    def sample(self, now: int) -> None:
        """Rows for the interval that ends now."""
        for store in self._stores:
            found = [*self._of_hosts(store), *self._of_store(store, now)]
            self.rows += [LevelRow(now, store.name, *one) for one in found]

    def _of_hosts(self, store: scenario.Datastore) -> Iterator[tuple[str, str, int]]:
        if not (store.queue_limit or store.sioc):
            return
        for place, device in self._hypervisor.devices.items():
            if place[1] == store.name:
                yield place[0], "queue depth", device.slots
                if store.queue_limit:
                    yield place[0], "refused", device.refusals - self._refused.get(place, 0)
                    self._refused[place] = device.refusals

    def _of_store(self, spec: scenario.Datastore, now: int) -> Iterator[tuple[str, str, int]]:
        store = self._hypervisor.stores[spec.name]
        if spec.cache:
            yield "", "cached", store.cached()[2]
        bytes_ns, ios_ns = store.credit_ns(now) if _bursts(spec) else (0, 0)
        if spec.peak_bandwidth_bytes_per_s:
            yield "", "byte credit", bytes_ns * spec.bandwidth_bytes_per_s // NS_PER_S
        if spec.peak_iops:
            yield "", "I/O credit", ios_ns * spec.iops_cap // NS_PER_S
        if spec.sioc:
            yield "", "SIOC latency", self._latency[spec.name].latency_ns


def _bursts(store: scenario.Datastore) -> bool:
    return bool(store.peak_bandwidth_bytes_per_s or store.peak_iops)
