"""Snapshots of a VM: create with its stun, phase by phase, and consolidation by mirror driver.

A stun stops the vCPUs, lets I/O in flight drain, saves the devices' state (`stop`), closes each disk, creates and
opens its delta, and resumes. Each part takes as long as it takes: the drain as long as the I/Os in flight, the file
work as long as its metadata I/Os on that disk's datastore. Consolidation stuns twice, to insert the mirror and to
switch to the base. A drain beyond its limit fails the operation, which rolls back.
Source: When and why do we stun a virtual machine? and Snapshot consolidation changes in vSphere 6.0 (C. Hogan); costs
in the register. Left out: quiesce, memory, locks.
"""

from collections.abc import Callable, Generator
from typing import Any

from simpy.events import Event

from models.chain import MAX_DEPTH, Chain
from models.result import StunRow
from models.stories.acts import Hypervisor, Vm
from sim.clock import Story

Told = Generator[Event, Any, str]
"""A story's part that ends with its outcome: 'ok' or what failed."""


class Snapshots:
    """Snapshot operations of one run, and the stuns they caused, in order."""

    def __init__(self, hypervisor: Hypervisor) -> None:
        self.hypervisor = hypervisor
        self.spec = hypervisor.spec.snapshots
        self.stuns: list[StunRow] = []

    def create(self, story: Story, vm: Vm, job: str, at_cut: Callable[[], None]) -> Told:
        """A snapshot of all disks: empty deltas on top. `at_cut` is called once, with the VM drained."""
        yield story.sleep(self.spec.api_ns)
        if any(disk.depth >= MAX_DEPTH for disk in vm.disks):
            return f"failed: a chain has {MAX_DEPTH} deltas already"
        reserved: list[Chain] = []
        for disk in vm.disks:
            if not disk.reserve_delta():
                for other in reserved:
                    other.return_reserve()
                return f"failed: no space on datastore '{disk.spec.datastore}' for the delta of '{disk.spec.name}'"
            reserved.append(disk)

        def push() -> None:
            at_cut()
            for disk in vm.disks:
                disk.push_delta()

        outcome = yield from self._stun(story, vm, "snapshot create", job, push)
        if outcome != "ok":
            for disk in reserved:
                disk.return_reserve()
        return outcome

    def consolidate(self, story: Story, vm: Vm, job: str) -> Told:
        """All deltas of all disks are in the base, one disk after the other; or the VM needs consolidation."""
        yield story.sleep(self.spec.api_ns)
        outcome = yield from self._stun(story, vm, "mirror insert", job, lambda: None)
        if outcome != "ok":
            return outcome
        started = story.now
        for disk in vm.disks:
            merge = self.hypervisor.merge(disk)
            limit = self.spec.merge.limit_ns
            left = max(1, started + limit - story.now) if limit else 0
            if not (yield story.wait(merge.done, left)):
                merge.stop()
                yield story.wait(merge.done)
                outcome = f"failed: consolidation took longer than {limit / 1e9:g} s"
                break

        def switch() -> None:
            for disk in vm.disks:
                if outcome == "ok":
                    disk.fold_deltas()
                disk.stop_mirroring()

        switched = yield from self._stun(story, vm, "mirror switch", job, switch)
        for disk in vm.disks:
            disk.stop_mirroring()  # a switch that failed leaves no mirror behind either
        return outcome if outcome != "ok" else switched

    def _stun(self, story: Story, vm: Vm, reason: str, job: str, change: Callable[[], None]) -> Told:
        """The VM is stopped and runs again; `change` happens between, unless the drain fails."""
        costs, start = self.spec.stun, story.now
        in_flight = vm.in_flight
        vm.hold()
        drained: bool = yield story.wait(vm.drained(), costs.drain_limit_ns)
        drain = story.now - start
        yield story.sleep(costs.stop_ns)
        stopped = story.now - start - drain
        work = [0, 0, 0]
        outcome = f"failed: the drain took longer than {costs.drain_limit_ns / 1e9:g} s"
        if drained:
            outcome = "ok"
            change()
            for disk in vm.disks:
                yield from self._reopen(story, disk, reason == "snapshot create", work)
        resuming = story.now
        yield story.sleep(costs.resume_ns)
        held = vm.held
        vm.release()
        self.stuns.append(
            StunRow(
                vm.spec.name, reason, job, start, story.now - start, stopped, drain, work[0], work[1], work[2],
                story.now - resuming, story.now - start + costs.cpt_extra_ns, in_flight, held, outcome,
            )
        )  # fmt: skip
        return outcome

    def _reopen(self, story: Story, disk: Chain, create: bool, work: list[int]) -> Generator[Event, Any, None]:
        """Closes one disk, creates its delta if asked, opens it; adds the times to `work` (close, create, open)."""
        costs, tracked = self.spec.stun, disk.tracked
        parts = (
            (costs.close_ns, costs.close_ios + tracked * costs.cbt_close_ios),
            (costs.create_ns if create else 0, costs.create_ios if create else 0),
            (costs.open_ns, costs.open_ios + tracked * costs.cbt_open_ios),
        )
        for phase, (fixed, ios) in enumerate(parts):
            begun = story.now
            if fixed:
                yield story.sleep(fixed)
            if ios:
                yield story.wait(self.hypervisor.metadata(disk, ios, costs.metadata_bytes))
            work[phase] += story.now - begun
        disk.reopened()
