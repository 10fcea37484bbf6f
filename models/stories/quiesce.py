"""Bringing a guest to rest for a snapshot: prepare, freeze, flush, hold until the snapshot is there, thaw.

The guest runs throughout; from the freeze on, writes that it asks for wait in the guest. Its caches then owe the disks
what was dirty when it was idle, and what it wrote in the last `dirty_ns`: real writes, down the VM's own path, and
later than those that were already in the virtual adapter's queue. So a busy guest takes longer, on a slow datastore
perhaps too long: writers stay frozen for so long and no longer, the provider holds writes for so long, and the caller
waits for so long. A guest that went on before the thaw makes the snapshot worthless: it is rolled back.
Sources: CVssWriter::OnFreeze, KB 975688 (Microsoft); KB1377 (Veeam); KB 343375 (VMware: writes held while flushing).
Left out: the guest's own shadow copy and the space it takes; what writers do one by one.
"""

from collections.abc import Generator
from dataclasses import replace
from itertools import islice
from typing import Any

from simpy.events import Event

from models import scenario
from models.result import QuiesceRow
from models.stories import THAW_RANK
from models.stories.acts import Hypervisor, Vm
from models.workload import Draw, guest_io
from sim.clock import Story

ANYWHERE = scenario.Addresses("uniform", 0, 4096, 0, 0)
PPM = 1_000_000


class Caches:
    """What the caches of each guest will write when they are flushed: a stream of its own for each VM."""

    def __init__(self, hypervisor: Hypervisor) -> None:
        self._spec = hypervisor.spec
        self._replicate = hypervisor.replicate
        self._streams = {vm.index: self._writes(vm.spec) for vm in hypervisor.vms}
        self.written = dict.fromkeys(self._streams, 0)  # writes so far, by VM

    def take(self, vm: Vm, size_bytes: int) -> tuple[int, list[Draw]]:
        """The writes of a flush of so many bytes, and the ordinal of the first."""
        workload, first = _flush(vm.spec), self.written[vm.index]
        count = -(-size_bytes // workload.sizes[0][0])
        self.written[vm.index] += count
        return first, list(islice(self._streams[vm.index], count))

    def _writes(self, vm: scenario.Vm) -> Generator[Draw, None, None]:
        stores = {store.name: store for store in self._spec.datastores}
        yield from guest_io(vm, _flush(vm), stores, self._spec.run.seed, self._replicate)


def _flush(vm: scenario.Vm) -> scenario.Workload:
    """The flush as a workload: it writes where the first workload of the guest writes, or anywhere."""
    own = [one for one in vm.workloads if one.trace is None and one.read_ppm < PPM]
    disks = own[0].disks if own else tuple(range(len(vm.disks)))
    rule = own[0].write_addresses if own else ANYWHERE
    room = min(vm.disks[index].size_bytes for index in disks) - rule.start_bytes
    size = min(vm.guest.flush_bytes, rule.span_bytes or room)
    return scenario.Workload(
        "flush", "closed", "guest", disks, 0, ((size, 1),), rule, replace(rule), 0, None, (), 1, 0, "fixed", None,
        "first", False,
    )  # fmt: skip


class Quiesce:
    """One guest brought to rest."""

    def __init__(self, hypervisor: Hypervisor, caches: Caches, story: Story, vm: Vm, job: str) -> None:
        self.hypervisor = hypervisor
        self.caches = caches
        self.story = story
        self.vm = vm
        self.thawed = hypervisor.clock.signal()
        self.row = QuiesceRow(vm.spec.name, job, story.now, -1, -1, -1, 0, 0, "unfinished")

    def freeze(self) -> Generator[Event, Any, str]:
        """The guest is frozen and flushed: 'ok'; or a limit has passed, and it runs on."""
        story, vm, guest = self.story, self.vm, self.vm.spec.guest
        before = self._asked_bytes()
        yield story.sleep(guest.prepare_ns)
        recent = (self._asked_bytes() - before) * guest.dirty_ns // guest.prepare_ns if guest.prepare_ns else 0
        dirty = min(guest.dirty_most_bytes, guest.dirty_bytes + recent)
        self.row = self.row._replace(freeze_ns=story.now, dirty_bytes=dirty)
        vm.freeze()
        limit, why = self._least(
            (guest.freeze_limit_ns, "its writers were frozen for longer than {} s"),
            (self._left(self.hypervisor.spec.snapshots.quiesce.prepare_ns), "it was not at rest in time"),
        )
        first, draws = self.caches.take(vm, dirty)
        if draws:
            done = self.hypervisor.flush(vm, draws, first, guest.flush_outstanding)
            if not (yield story.wait(done, limit)):
                return self._thaw(why)
        self.row = self.row._replace(flushed_ns=story.now)
        self._watch()
        return "ok"

    def thaw(self) -> str:
        """The snapshot is there: the guest goes on. 'ok', or that it went on before."""
        return self._thaw("ok") if self.row.thaw_ns < 0 else self.row.outcome

    def _asked_bytes(self) -> int:
        counts = self.hypervisor.recorder.counts(self.vm.index)
        return counts.arrived_bytes + counts.absorbed_bytes

    def _left(self, limit_ns: int) -> int:
        """What is left of a limit that counts from the request; 0: there is none."""
        return max(1, self.row.start_ns + limit_ns - self.story.now) if limit_ns else 0

    def _least(self, *limits: tuple[int, str]) -> tuple[int, str]:
        """The first limit to pass (0: none), and what it says."""
        ns, why = min(((ns, why) for ns, why in limits if ns), default=(0, ""))
        return ns, f"failed: the guest could not be quiesced: {why.format(f'{ns / 1e9:g}')}"

    def _watch(self) -> None:
        """Lets the guest go on when it has been held for too long."""
        guest, hold_ns = self.vm.spec.guest, self.hypervisor.spec.snapshots.quiesce.hold_ns
        writers = guest.freeze_limit_ns and max(1, self.row.freeze_ns + guest.freeze_limit_ns - self.story.now)
        limit, why = self._least(
            (writers, "its writers did not wait for the snapshot"),
            (hold_ns, "its writes were held for longer than {} s"),
        )
        story = Story(self.hypervisor.clock, f"thaw of {self.vm.spec.name}", THAW_RANK, self.vm.index)

        def watch() -> Generator[Event, Any, None]:
            if not (yield story.wait(self.thawed, limit)):
                self._thaw(why)

        if limit:
            story.start(watch())

    def _thaw(self, outcome: str) -> str:
        held = self.vm.writes_held
        self.row = self.row._replace(thaw_ns=self.story.now, held=held, outcome=outcome)
        self.vm.thaw()
        if not self.thawed.triggered:
            self.thawed.fire()
        return outcome
