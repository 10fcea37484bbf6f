"""Snapshots of a VM: create, with quiescing and memory if asked for, and delete.

The call, then perhaps the guest is brought to rest (`quiesce`), then perhaps its memory is written (`memory`), then a
stun (`stun`) with the cut in it. Sparse formats put an empty delta on each disk; a native snapshot is metadata in the
array, and the guest stays on the base. Removal is in `removal`.
Sources: Manage snapshots (vSphere 8.0); When and why do we stun a virtual machine? (C. Hogan). Left out: locks of other
hosts.
"""

from collections.abc import Callable

from models.chain import MAX_DEPTH, Chain
from models.result import QuiesceRow, StunRow
from models.scenario import SnapshotRequest
from models.stories.acts import Hypervisor, Vm
from models.stories.memory import write_memory
from models.stories.quiesce import Caches, Quiesce
from models.stories.removal import Removals
from models.stories.stun import Act, Stuns, Told, Work
from sim.clock import Story


class Snapshots:
    """Snapshot operations of one run, and the stuns they caused, in order."""

    def __init__(self, hypervisor: Hypervisor) -> None:
        self.hypervisor = hypervisor
        self.spec = hypervisor.spec.snapshots
        self._stuns = Stuns(hypervisor)
        self.removals = Removals(hypervisor, self._stuns)
        self.caches = Caches(hypervisor)
        self.quiesces: list[QuiesceRow] = []

    @property
    def stuns(self) -> list[StunRow]:
        """The stuns so far."""
        return self._stuns.rows

    def create(self, story: Story, vm: Vm, job: str, request: SnapshotRequest, at_cut: Callable[[], None]) -> Told:
        """A snapshot of all disks: 'ok', 'ok, crash-consistent: ...', or what failed.

        `at_cut` is called with the VM drained; again when a quiesced snapshot was rolled back and one without follows.
        """
        yield story.sleep(self.spec.api_ns)
        if not request.quiesce:
            return (yield from self._take(story, vm, job, request, at_cut))
        rest = Quiesce(self.hypervisor, self.caches, story, vm, job)
        outcome = frozen = yield from rest.freeze()
        if frozen == "ok":
            outcome = yield from self._take(story, vm, job, request, at_cut)
            frozen = rest.thaw()
            if outcome == "ok" and frozen != "ok":  # rolled back
                yield from self.removals.remove(story, vm, job)
            elif outcome != "ok":
                frozen = "ok"
        self.quiesces.append(rest.row)
        if frozen == "ok":
            return outcome
        if request.fallback == "fail":
            return frozen
        outcome = yield from self._take(story, vm, job, request, at_cut)
        return f"ok, crash-consistent: {frozen.removeprefix('failed: ')}" if outcome == "ok" else outcome

    def _take(self, story: Story, vm: Vm, job: str, request: SnapshotRequest, at_cut: Callable[[], None]) -> Told:
        """The snapshot of a guest that is at rest, or not."""
        sparse, memory = self.spec.format != "native", vm.spec.guest.memory_bytes if request.memory else 0
        reserved: list[Chain] = []
        outcome = self._reserve(vm, reserved) if sparse else "ok"
        if outcome == "ok" and memory and not vm.disks[0].keep_memory(memory):
            outcome = f"failed: no space on datastore '{vm.disks[0].spec.datastore}' for the memory of '{vm.spec.name}'"
        elif outcome == "ok":
            outcome = yield from self._stunned(story, vm, job, request, at_cut)
            if outcome == "ok":
                return outcome
            vm.disks[0].drop_memory()
        for disk in reserved:
            disk.return_reserve()
        return outcome

    def _stunned(self, story: Story, vm: Vm, job: str, request: SnapshotRequest, at_cut: Callable[[], None]) -> Told:
        """Memory, lazily or in the stun, and the stun."""

        def push() -> None:
            at_cut()
            if self.spec.format != "native":
                for disk in vm.disks:
                    disk.push_delta()

        def memory() -> Work:
            if not self.spec.memory.lazy:
                yield from write_memory(self.hypervisor, story, vm)
            elif self.spec.memory.stun_ns:
                yield story.sleep(self.spec.memory.stun_ns)

        if request.memory and self.spec.memory.lazy:
            yield from write_memory(self.hypervisor, story, vm)
        act = Act("snapshot create", job, push, vm.disks, memory if request.memory else None)
        return (yield from self._stuns.stun(story, vm, act))

    def _reserve(self, vm: Vm, reserved: list[Chain]) -> str:
        """Takes the space of each disk's empty delta; 'ok', or what is in the way, and the space given back."""
        if any(disk.depth >= MAX_DEPTH for disk in vm.disks):
            return f"failed: a chain has {MAX_DEPTH} deltas already"
        for disk in vm.disks:
            if not disk.reserve_delta():
                return f"failed: no space on datastore '{disk.spec.datastore}' for the delta of '{disk.spec.name}'"
            reserved.append(disk)
        return "ok"
