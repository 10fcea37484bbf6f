"""A stun, phase by phase: vCPUs stop, I/O in flight drains, the devices' state is saved, files are closed, created and
opened disk by disk, vCPUs run again.

Each part takes as long as it takes: the drain as long as the I/Os in flight, the file work as long as its metadata I/Os
on that disk's datastore. A drain beyond its limit fails the operation, which rolls back.
Source: When and why do we stun a virtual machine? (C. Hogan); costs in the register.
"""

from collections.abc import Callable, Generator, Sequence
from typing import Any, NamedTuple

from simpy.events import Event

from models.chain import Chain
from models.result import StunRow
from models.stories.acts import Hypervisor, Vm
from sim.clock import Story

Told = Generator[Event, Any, str]
"""A story's part that ends with its outcome: 'ok' or what failed."""
Work = Generator[Event, Any, None]


class Files(NamedTuple):
    """What happens to a disk's files in a stun: host work in ns and metadata I/Os, to close, create and open."""

    close: tuple[int, int]
    create: tuple[int, int]
    open: tuple[int, int]


class Act(NamedTuple):
    """What a stun is for."""

    reason: str
    job: str
    change: Callable[[], None]  # at its cut, with the VM drained
    disks: Sequence[Chain]  # whose files it touches
    work: Callable[[], Work] | None = None  # after that, still stunned


class Stuns:
    """The stuns of one run, in order."""

    def __init__(self, hypervisor: Hypervisor) -> None:
        self.hypervisor = hypervisor
        self.spec = hypervisor.spec.snapshots
        self.rows: list[StunRow] = []

    def files(self, reason: str, disk: Chain) -> Files:
        """What this kind of stun does to the disk's files."""
        costs, native = self.spec.stun, self.spec.native
        if reason == "snapshot delete":  # the running disk is the base and stays open
            return Files((0, 0), (0, native.delete_ios), (0, 0))
        close = costs.close_ns, costs.close_ios + disk.tracked * costs.cbt_close_ios
        create = (costs.create_ns, costs.create_ios) if reason in ("snapshot create", "helper create") else (0, 0)
        if create[1] and self.spec.format == "native":
            create = costs.create_ns, native.create_ios
        return Files(close, create, (costs.open_ns, costs.open_ios + disk.tracked * costs.cbt_open_ios))

    def stun(self, story: Story, vm: Vm, act: Act) -> Told:
        """The VM is stopped and runs again; what the stun is for happens between, unless the drain fails."""
        costs, start = self.spec.stun, story.now
        in_flight = vm.in_flight
        vm.hold()
        drained: bool = yield story.wait(vm.drained(), costs.drain_limit_ns)
        drain = story.now - start
        yield story.sleep(costs.stop_ns)
        stopped = story.now - start - drain
        phases, worked = [0, 0, 0], 0
        outcome = f"failed: the drain took longer than {costs.drain_limit_ns / 1e9:g} s"
        if drained:
            outcome = "ok"
            act.change()
            if act.work is not None:
                begun = story.now
                yield from act.work()
                worked = story.now - begun
            for disk in act.disks:
                yield from self._reopen(story, disk, self.files(act.reason, disk), phases)
        resuming = story.now
        yield story.sleep(costs.resume_ns)
        held = vm.held
        vm.release()
        self.rows.append(
            StunRow(
                vm.spec.name, act.reason, act.job, start, story.now - start, stopped, drain, phases[0], phases[1],
                phases[2], story.now - resuming, story.now - start + costs.cpt_extra_ns, in_flight, held, outcome,
                work_ns=worked,
            )
        )  # fmt: skip
        return outcome

    def _reopen(self, story: Story, disk: Chain, files: Files, phases: list[int]) -> Work:
        """Closes one disk, creates its delta if asked, opens it; adds the times to `phases`."""
        for phase, (fixed, ios) in enumerate(files):
            begun = story.now
            if fixed:
                yield story.sleep(fixed)
            if ios:
                yield story.wait(self.hypervisor.metadata(disk, ios, self.spec.stun.metadata_bytes))
            phases[phase] += story.now - begun
        disk.reopened()
