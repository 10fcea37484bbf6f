"""The readable path with a tracer at it: the same run, and two parts that say more of what they do.

The watch tells what happens to I/Os and commands. A tracer also wants to know when the array begins a command, and
which commands are whose: the subclasses here say that, so that a path without a tracer pays nothing.
"""

from models import scenario
from models.measure.tracer import Tracer
from models.path.build import Hypervisor
from models.path.datastore import Datastore, Destages
from models.path.device import Flow
from models.path.disk import Disk, Steps
from models.path.io import Command, GuestIo


class TracedDatastore(Datastore):
    """A datastore that says when it begins to serve a command, of a host or its own, and when it refuses one."""

    tracer: Tracer

    def issue(self, flow: Flow, command: Command) -> None:
        if self.spec.queue_limit and self.inside >= self.spec.queue_limit:
            self.tracer.refused(flow, command)
        else:
            self.tracer.accepted(command)
        super().issue(flow, command)

    def _enter(self, flow: Flow | Destages, command: Command) -> None:
        if isinstance(flow, Destages):
            command.enter_ns = command.issue_ns = self.clock._now
        super()._enter(flow, command)

    def _start(self, flow: Flow | Destages, command: Command) -> None:
        self.tracer.started(flow, command)
        super()._start(flow, command)

    def _taken(self, flow: Flow, command: Command) -> None:
        self.tracer.cached(flow, command)

    def destaged(self, command: Command) -> None:
        command.done_ns = self.clock._now
        self.tracer.destaged(self._destages, command)
        super().destaged(command)


class TracedDisk(Disk):
    """A disk that says which commands it runs for an I/O."""

    tracer: Tracer

    def _run(self, io: GuestIo, commands: list[Command]) -> Steps:
        self.tracer.step_begins(io, commands)
        yield from super()._run(io, commands)
        self.tracer.step_ends(io, commands)


class TracedHypervisor(Hypervisor):
    """The readable path of a run that a tracer watches."""

    store_type = TracedDatastore
    disk_type = TracedDisk

    def __init__(self, spec: scenario.Scenario, replicate: int, tracer: Tracer) -> None:
        super().__init__(spec, replicate)
        tracer.attach(self, self.recorder)
        for vm in self.vms:
            vm.watch = tracer
        for device in self.devices.values():
            device.watch = tracer
        for traced in (*self.stores.values(), *(disk for vm in self.vms for disk in vm.disks)):
            assert isinstance(traced, TracedDatastore | TracedDisk)
            traced.tracer = tracer
