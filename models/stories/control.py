"""Latency control: a backup product that measures how slow each datastore is and holds itself back there.

At each poll the latency of a datastore is the mean DAVG of all commands that hosts have had back from it since the
last one - of guests and of backups alike, as a host's counters show it; a backup server's own reads are in no host's
counters. Above `stop_latency` the datastore gets no new task and no new snapshot; above `throttle_latency` the tasks
there halve their reads in flight, down to one, and below `stop_latency` they get one back. Source: Veeam, storage
latency control; how it throttles is not published (register: fixed.latency_control). Left out: reads apart from writes,
the delayed start of a datastore's first disks.
"""

from collections.abc import Generator
from typing import Any

from simpy.events import Event

from models.result import ControlRow
from models.stories import CONTROL_RANK
from models.stories.acts import Hypervisor, Read
from models.stories.slots import Slots
from sim.clock import Story


class LatencyControl:
    """What one run's jobs heed. It does nothing, and takes no time, where no threshold is set."""

    def __init__(self, hypervisor: Hypervisor, slots: Slots) -> None:
        self.hypervisor = hypervisor
        self.slots = slots
        self.spec = hypervisor.spec.control
        self.rows: list[ControlRow] = []
        self._most = max((job.spec.reads_in_flight for job in hypervisor.jobs), default=1)
        self._allowed = dict.fromkeys(hypervisor.stores, self._most)
        self._reads: dict[str, list[tuple[Read, int]]] = {name: [] for name in hypervisor.stores}
        self._seen = dict.fromkeys(hypervisor.stores, (0, 0))
        if hypervisor.jobs and (self.spec.stop_latency_ns or self.spec.throttle_latency_ns):
            story = Story(hypervisor.clock, "latency control", CONTROL_RANK, 0)
            story.start(self._poll(story))

    def allowed(self, datastore: str, reads: int) -> int:
        """With how many of its reads in flight a task may begin there."""
        return min(reads, self._allowed[datastore])

    def watch(self, datastore: str, read: Read, reads: int) -> None:
        """The task is throttled with the others there until it is done."""
        self._reads[datastore].append((read, reads))

    def _poll(self, story: Story) -> Generator[Event, Any, None]:
        while True:
            yield story.sleep(self.spec.poll_ns)
            for name in self.hypervisor.stores:
                self._heed(name, self._measured(name), story.now)

    def _measured(self, name: str) -> int:
        """Mean DAVG at the datastore since the last poll, ns; 0 when nothing came back."""
        hosts = {host.name for host in self.hypervisor.spec.hosts}
        sums = [
            device.davg()
            for (host, store), device in self.hypervisor.devices.items()
            if store == name and host in hosts
        ]
        commands, time = sum(one[0] for one in sums), sum(one[1] for one in sums)
        before, self._seen[name] = self._seen[name], (commands, time)
        return (time - before[1]) // (commands - before[0]) if commands > before[0] else 0

    def _heed(self, name: str, latency_ns: int, now: int) -> None:
        spec = self.spec
        stop = spec.stop_latency_ns or spec.throttle_latency_ns
        closed = 0 < spec.stop_latency_ns < latency_ns
        for kind in ("tasks", "snapshots"):
            self.slots.close((kind, name), closed)
        if 0 < spec.throttle_latency_ns < latency_ns:
            self._allow(name, max(1, self._allowed[name] // 2))
        elif latency_ns <= stop and spec.throttle_latency_ns:
            self._allow(name, min(self._most, self._allowed[name] + 1))
        self._reads[name] = [one for one in self._reads[name] if one[0].done.callbacks is not None]
        self.rows.append(ControlRow(now, name, latency_ns, closed, self._allowed[name], len(self._reads[name])))

    def _allow(self, name: str, reads: int) -> None:
        if reads != self._allowed[name]:
            self._allowed[name] = reads
            for read, most in self._reads[name]:
                read.allow(min(most, reads))
