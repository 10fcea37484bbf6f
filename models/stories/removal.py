"""Removing a snapshot: consolidation by mirror driver (6.0 and later), by helper rounds (before), and the array's own.

Mirror driver: two stuns, to insert the mirror and to switch to the base, and one pass between them. Helper rounds: disk
by disk, a stun puts a helper delta on top and what is below it is merged; when the helper would merge in `estimate_ns`
(at the rate of the round before) it is merged in a last stun, otherwise another helper follows. After the last round
the rest is merged in a stun whatever its length, or the VM needs consolidation. The array's: metadata in a short stun.
A VM that needs consolidation stays on its deltas; the next backup adds one, and removes all. It may be retried before.
Sources: Snapshot consolidation changes in vSphere 6.0 (C. Hogan); KB 2039754 as quoted by codenotary; Veeam Snapshot
Hunter. Left out: time limits of single rounds; that a helper may be needed beside the mirror driver.
"""

from collections.abc import Generator, Iterator
from typing import Any

from simpy.events import Event

from models.chain import MAX_DEPTH, Chain
from models.stories import RETRY_RANK
from models.stories.acts import Hypervisor, Vm
from models.stories.acts import Work as Merging
from models.stories.stun import Act, Stuns, Told, Work
from sim.clock import Signal, Story
from sim.streams import uniform_stream

PPM = 1_000_000


class Removals:
    """The removals of one run, and which VMs have a task now: one has one at a time."""

    def __init__(self, hypervisor: Hypervisor, stuns: Stuns) -> None:
        self.hypervisor = hypervisor
        self.spec = hypervisor.spec.snapshots
        self.stuns = stuns
        self._tasks: dict[int, Signal] = {}  # by VM
        self._retrying: set[int] = set()
        self._chances: dict[int, Iterator[float]] = {}

    # -- one task at a time ---------------------------------------------------------------------------------------

    def begin(self, story: Story, vm: Vm) -> Generator[Event, Any, None]:
        """The VM is this story's until `end`."""
        while vm.index in self._tasks:
            yield story.wait(self._tasks[vm.index])
        self._tasks[vm.index] = self.hypervisor.clock.signal()

    def end(self, vm: Vm, job: str) -> None:
        """It is free again; when it needs consolidation, that is tried again later."""
        self._tasks.pop(vm.index).fire()
        if self.spec.removal.retries and vm.index not in self._retrying and _needed(vm):
            self._retrying.add(vm.index)
            story = Story(self.hypervisor.clock, f"consolidation of {vm.spec.name}", RETRY_RANK, vm.index)
            story.start(self._retry(story, vm, job))

    def _retry(self, story: Story, vm: Vm, job: str) -> Generator[Event, Any, None]:
        for _ in range(self.spec.removal.retries):
            yield story.sleep(self.spec.removal.wait_ns)
            if vm.index in self._tasks:
                continue  # a VM with a task is not touched
            if not _needed(vm):
                break
            yield from self.begin(story, vm)
            yield from self.remove(story, vm, f"{job} (retry)")
            self._tasks.pop(vm.index).fire()
        self._retrying.discard(vm.index)

    # -- removal --------------------------------------------------------------------------------------------------

    def remove(self, story: Story, vm: Vm, job: str) -> Told:
        """The snapshot is gone, and all deltas of all disks are in the base; or the VM needs consolidation."""
        yield story.sleep(self.spec.api_ns)
        for disk in vm.disks:
            disk.drop_memory()
        if self.spec.format == "native":
            return (yield from self.stuns.stun(story, vm, Act("snapshot delete", job, _nothing, vm.disks)))
        if self._locked(vm):
            return "failed: a file was locked"
        by = self._rounds if self.spec.consolidation == "helper" else self._mirrored
        return (yield from by(story, vm, job))

    def _locked(self, vm: Vm) -> bool:
        """Whether someone still holds a file of the VM; each removal asks once."""
        share, run = self.spec.removal.failure_ppm, self.hypervisor.spec.run
        if not share:
            return False
        chances = self._chances.get(vm.index)
        if chances is None:
            chances = uniform_stream(run.seed, self.hypervisor.replicate, vm.spec.name, "removals")
            self._chances[vm.index] = chances
        return next(chances) * PPM < share

    def _pass(self, story: Story, merge: Merging, started: int) -> Told:
        """Waits for a pass over deltas, no longer than all of the consolidation may take."""
        limit = self.spec.merge.limit_ns
        left = max(1, started + limit - story.now) if limit else 0
        if (yield story.wait(merge.done, left)):
            return "ok"
        merge.stop()
        yield story.wait(merge.done)
        return f"failed: consolidation took longer than {limit / 1e9:g} s"

    # -- by mirror driver -----------------------------------------------------------------------------------------

    def _mirrored(self, story: Story, vm: Vm, job: str) -> Told:
        """All deltas of all disks are in the base, one disk after the other, in one pass each."""
        outcome = yield from self.stuns.stun(story, vm, Act("mirror insert", job, _nothing, vm.disks))
        if outcome != "ok":
            return outcome
        started = story.now
        for disk in vm.disks:
            outcome = yield from self._pass(story, self.hypervisor.merge(disk), started)
            if outcome != "ok":
                break

        def switch() -> None:
            for disk in vm.disks:
                if outcome == "ok":
                    disk.fold_deltas()
                disk.stop_mirroring()

        switched = yield from self.stuns.stun(story, vm, Act("mirror switch", job, switch, vm.disks))
        for disk in vm.disks:
            disk.stop_mirroring()  # a switch that failed leaves no mirror behind either
        return outcome if outcome != "ok" else switched

    # -- by helper rounds -----------------------------------------------------------------------------------------

    def _rounds(self, story: Story, vm: Vm, job: str) -> Told:
        """All deltas of all disks are in the base, one disk after the other, in rounds."""
        started, outcome = story.now, "ok"
        for disk in vm.disks:
            if disk.depth:
                outcome = yield from self._rounds_of(story, vm, disk, job, started)
            if outcome != "ok":
                break
        return outcome

    def _rounds_of(self, story: Story, vm: Vm, disk: Chain, job: str, started: int) -> Told:
        costs, small = self.spec.helper, False
        for _ in range(costs.rounds):
            outcome = yield from self._help(story, vm, disk, job)
            if outcome != "ok":
                return outcome
            lower, begun = disk.depth - 1, story.now
            size = disk.held_bytes() - disk.top_bytes()
            outcome = yield from self._pass(story, self.hypervisor.merge(disk, lower), started)
            if outcome != "ok":
                return outcome
            took = story.now - begun
            disk.fold_lower(lower)
            helper = disk.top_bytes()
            small = not helper or (size > 0 and helper * took <= costs.estimate_ns * size)
            if small:
                break
        if not small and costs.rounds and not costs.force:
            return f"failed: the helper was still too large after {costs.rounds} rounds"

        def merge() -> Work:
            yield story.wait(self.hypervisor.merge(disk, disk.depth).done)
            disk.fold_deltas()

        return (yield from self.stuns.stun(story, vm, Act("helper merge", job, _nothing, [disk], merge)))

    def _help(self, story: Story, vm: Vm, disk: Chain, job: str) -> Told:
        """A helper delta is on top of the disk."""
        if disk.depth >= MAX_DEPTH:
            return f"failed: a chain has {MAX_DEPTH} deltas already"
        if not disk.reserve_delta():
            return f"failed: no space on datastore '{disk.spec.datastore}' for the helper of '{disk.spec.name}'"
        outcome = yield from self.stuns.stun(story, vm, Act("helper create", job, disk.push_delta, [disk]))
        if outcome != "ok":
            disk.return_reserve()
        return outcome


def _needed(vm: Vm) -> bool:
    return any(disk.depth for disk in vm.disks)


def _nothing() -> None:
    """The stun changes no chain."""
