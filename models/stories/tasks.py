"""The disks of a VM as tasks of a backup: each waits for its places, is attached if need be, and is read.

A task's places are one at the proxy, one in the repository, one of its datastore, and for NBD a connection of the
serving host. Where all disks of a VM find theirs at once they are read side by side; else each goes its own way. Left
out: proxies chosen by load; disks are opened and queried for the VM as a whole, beforehand.
"""

from collections.abc import Callable, Generator, Sequence
from typing import Any

from simpy.events import Event

from models.assumptions import default
from models.chain import Chain
from models.scenario import Scenario
from models.stories import TASK_RANK
from models.stories.acts import Hypervisor, Job, Read, Vm
from models.stories.control import LatencyControl
from models.stories.hotadd import reconfigure
from models.stories.slots import Key, Slots
from sim.clock import Signal, Story

MOST_DISKS = 1 << 10
"""More than a VM has: keeps the tasks' numbers of two workers apart."""
ATTACHED = int(default("fixed.hotadd_disks"))


def places(spec: Scenario) -> dict[Key, int]:
    """How many places there are of what is counted; of two jobs that disagree the smaller number."""
    found: dict[Key, int] = {}
    for job in spec.vadp:
        way = job.transport
        hotadd = way.kind == "hotadd"
        counted = {
            ("proxy", way.proxy): min(way.proxy_tasks or ATTACHED, ATTACHED) if hotadd else way.proxy_tasks,
            ("repository", way.repository): way.repository_tasks,
            ("connections", job.serving_host): way.connections,
            ("reconfiguration", way.proxy): int(hotadd),
        }
        for key, number in counted.items():
            if number:
                found[key] = min(number, found.get(key, number))
    for store in spec.datastores:
        for kind, number in (("tasks", spec.control.datastore_tasks), ("snapshots", spec.control.open_snapshots)):
            if number:
                found[kind, store.name] = number
    return found


def snapshot_places(vm: Vm) -> list[Key]:
    """An open snapshot on each datastore that the VM has disks on."""
    return [("snapshots", name) for name in dict.fromkeys(disk.spec.datastore for disk in vm.disks)]


class Copied:
    """What came of reading a VM's disks."""

    def __init__(self) -> None:
        self.reads: list[Read] = []
        self.finished = True  # all of them, in time


class Tasks:
    """One job's tasks."""

    def __init__(self, hypervisor: Hypervisor, job: Job, number: int, slots: Slots, control: LatencyControl) -> None:
        self.hypervisor = hypervisor
        self.job = job
        self.number = number
        self.slots = slots
        self.control = control

    def copy(
        self, story: Story, worker: int, vm: Vm, blocks: Sequence[list[int]], left: Callable[[], int]
    ) -> Generator[Event, Any, Copied]:
        """All disks have been read, or stopped when no time was `left()` (ns; 0: there is no limit)."""
        copied, keys = Copied(), [self._places(disk) for disk in vm.disks]
        if self.job.spec.transport.kind == "hotadd" or not self.slots.take_now(keys):
            yield from self._one_by_one(story, worker, vm, blocks, left, copied)
            return copied
        for disk, its, wanted in zip(vm.disks, keys, blocks, strict=True):
            read = self._read(disk, wanted, copied)
            self._when_done(read, its)
        for read in copied.reads:
            if not (yield story.wait(read.done, left())):
                copied.finished = False
                for one in copied.reads:
                    one.stop()
                yield story.wait(read.done)
        return copied

    def _places(self, disk: Chain) -> list[Key]:
        way, host = self.job.spec.transport, self.job.spec.serving_host
        keys = [("proxy", way.proxy), ("repository", way.repository), ("tasks", disk.spec.datastore)]
        return [*keys, ("connections", host)] if way.kind in ("nbd", "nbdssl") else keys

    def _read(self, disk: Chain, blocks: list[int], copied: Copied) -> Read:
        store, reads = disk.spec.datastore, self.job.spec.reads_in_flight
        read = self.hypervisor.read(self.job, disk, blocks, self.control.allowed(store, reads))
        self.control.watch(store, read, reads)
        copied.reads.append(read)
        return read

    def _when_done(self, read: Read, keys: list[Key]) -> None:
        """The task's places are given back when its disk has been read."""
        if read.done.callbacks is None:
            self.slots.give_back(keys)
        else:
            read.done.callbacks.append(lambda _: self.slots.give_back(keys))

    def _one_by_one(
        self, story: Story, worker: int, vm: Vm, blocks: Sequence[list[int]], left: Callable[[], int], copied: Copied
    ) -> Generator[Event, Any, None]:
        ends: list[Signal] = []
        for number, (disk, wanted) in enumerate(zip(vm.disks, blocks, strict=True)):
            name = f"{self.job.spec.name}: {disk.spec.name}"
            own = Story(story.clock, name, TASK_RANK, self.number, worker * MOST_DISKS + number)
            end = story.clock.signal()
            own.start(self._task(own, disk, wanted, left, copied, end))
            ends.append(end)
        for end in ends:
            yield story.wait(end)

    def _task(
        self, story: Story, disk: Chain, blocks: list[int], left: Callable[[], int], copied: Copied, end: Signal
    ) -> Generator[Event, Any, None]:
        way, keys = self.job.spec.transport, self._places(disk)
        if (yield from self.slots.take(story, keys, left())):
            if way.kind == "hotadd":
                yield from reconfigure(story, self.slots, self.job, way.attach_ns)
            read = self._read(disk, blocks, copied)
            if not (yield story.wait(read.done, left())):
                copied.finished = False
                read.stop()
                yield story.wait(read.done)
            if way.kind == "hotadd":
                yield from reconfigure(story, self.slots, self.job, way.detach_ns)
            self.slots.give_back(keys)
        else:
            copied.finished = False
        end.fire()
