"""A VM on the path: its virtual adapter, the stun gate, and the way of one guest I/O from end to end.

guest -> virtual adapter -> stun gate -> filters, down -> delta chain, scheduler, datastore -> filters, up -> guest

A queue slot of the virtual adapter is a SimPy process that carries one I/O at a time. While the VM is stunned, I/Os
wait at the gate; those already past it complete (that is what the drain waits for) but are delivered at resume.
"""

from collections import deque
from collections.abc import Generator, Iterable
from typing import Any, Protocol

from simpy.events import Event

from models import scenario
from models.path.causes import Causes
from models.path.disk import Disk, Steps
from models.path.io import GuestIo
from models.path.watch import Watch
from sim.clock import ARRIVAL, COMPLETION, Clock, Signal, order


class FilterStage(Protocol):
    """An inline filter of a VM: hops that cost time, and a look at each I/O on its way down."""

    name: str

    def down_ns(self, begins_ns: int) -> int:
        """Time from then until the next hop down is over. Asked at the gate, for all filters at once."""

    def up_ns(self, begins_ns: int) -> int:
        """The same for the next hop up. Asked when the disk has answered."""

    def passes(self, disk: int, io: GuestIo) -> None:
        """The I/O has crossed the hops down. Only the last filter may act on it (so the hops are one wait)."""


class Door:
    """A disk's share of the virtual adapter: its queue slots and the requests that wait for one."""

    __slots__ = ("idle", "waiting", "was_full")

    def __init__(self) -> None:
        self.idle: list[Signal] = []  # slot processes that wait for work
        self.waiting: deque[tuple[GuestIo, int]] = deque()  # with the VM's stunned time when they came
        self.was_full = False


class Meter(Protocol):
    """A protection's account of a VM's writes (models.measure.risk)."""

    epoch: int
    inline: bool  # a filter stamps the write; otherwise the gate does


class Vm:
    """Its queues, its gate and its filters. `index` is its place in Scenario.vms."""

    def __init__(self, clock: Clock, spec: scenario.Vm, index: int, causes: Causes, watch: Watch) -> None:
        self.clock = clock
        self.spec = spec
        self.index = index
        self.causes = causes
        self.watch = watch
        self.disks: list[Disk] = []
        self.filters: list[FilterStage] = []
        self.meters: list[Meter] = []
        self.path_latency_ns = 0
        self.stunned = False
        self.shut_ns = 0  # from the last window's end to the next one's start, outside the windows
        self.gate: Signal = clock.signal()  # fires when a stun ends
        self.stunned_ns = 0  # summed length of finished stuns
        self.in_flight = 0  # past the gate, not yet posted
        self.held = 0  # I/Os that wait at the gate, either way
        self._stunned_at = 0
        self._drained: Signal | None = None
        self._adapter_free = spec.adapter_queue_depth
        self._doors = [Door() for _ in spec.disks]
        self._carried = 0  # I/Os past the gate so far, for the order at one instant
        self._down_key, self._up_key = order(ARRIVAL, 1, index), order(COMPLETION, 1, index)
        self._waiting = 0  # requests at all doors
        self._full_doors = 0  # at the last report
        for disk, door in enumerate(self._doors):
            for _ in range(spec.disk_queue_depth):
                clock.process(self._slot(disk, door))

    # -- what stories do ------------------------------------------------------------------------------------------

    def hold(self) -> None:
        """The vCPUs stop: nothing passes the gate in either direction."""
        self.stunned, self._stunned_at, self.held = True, self.clock._now, 0
        self.watch.stunned(self.index, True)

    def release(self) -> None:
        """The vCPUs run: all that waited at the gate goes on now."""
        self.stunned = False
        self.stunned_ns += self.clock._now - self._stunned_at
        self.watch.stunned(self.index, False)
        gate, self.gate = self.gate, self.clock.signal()
        gate.fire()

    def drained(self) -> Signal:
        """Fires when no I/O is past the gate any more; at once when none is. The VM should be held."""
        signal = self.clock.signal()
        if self.in_flight:
            self._drained = signal
        else:
            signal.fire()
        return signal

    # -- what the guest does --------------------------------------------------------------------------------------

    def request(self, io: GuestIo) -> None:
        """The guest wants this I/O now."""
        self.watch.arrived(self.index, io)
        door = self._doors[io.disk]
        if self._adapter_free and door.idle:
            self._take(door, io)
        else:
            door.waiting.append((io, self._stunned_so_far()))
            self._waiting += 1
        self._tell_doors(door)

    def absorb(self, io: GuestIo) -> None:
        """A write outside the windows is at once where it would end; nothing waits, nothing is measured."""
        self._stamp(io)
        for stage in self.filters:
            stage.passes(io.disk, io)
        self.disks[io.disk].absorb(io)
        self.watch.absorbed(self.index, io)

    def _take(self, door: Door, io: GuestIo) -> None:
        self._adapter_free -= 1
        door.idle.pop().fire(io)

    def _slot(self, disk: int, door: Door) -> Generator[Event, Any, None]:
        """One queue slot: carries I/O after I/O."""
        while True:
            ready = Signal(self.clock)
            door.idle.append(ready)
            if self._waiting:
                self._serve_waiting()
            self._tell_doors(door)
            yield from self._carry(disk, (yield ready))
            self._adapter_free += 1

    def _serve_waiting(self) -> None:
        """Gives a free slot to the request that has waited longest among those it suits."""
        fit = [disk for disk, door in enumerate(self._doors) if door.waiting and door.idle]
        if not fit or not self._adapter_free:
            return
        best = min(fit, key=lambda disk: self._doors[disk].waiting[0][0].arrival_ns)
        io, stunned_before = self._doors[best].waiting.popleft()
        self.watch.door_opened(self.index, best)
        for disk, door in enumerate(self._doors):
            if door.idle and disk != best:
                self.watch.door_passed(self.index, disk, io.arrival_ns)
        self._charge_queue(io, self._stunned_so_far() - stunned_before)
        self._waiting -= 1
        self._take(self._doors[best], io)

    def _charge_queue(self, io: GuestIo, stunned_ns: int) -> None:
        """The request has waited for a slot, for so much of the time because of a stun: slots were held, too."""
        now = self.clock._now
        io.charge(self.causes.guest_queue, now - stunned_ns)
        io.charge(self.causes.stun_hold_in, now)
        io.held_ns += stunned_ns

    def _stunned_so_far(self) -> int:
        return self.stunned_ns + (self.clock._now - self._stunned_at if self.stunned else 0)

    def _tell_doors(self, changed: Door) -> None:
        """Reports doors that are full now, or were at the last report; `changed` alone has changed since."""
        if self._adapter_free and changed.idle and not self._full_doors:
            return
        for disk, door in enumerate(self._doors):
            full = not (self._adapter_free and door.idle)
            if full or door.was_full:
                self._full_doors += full - door.was_full
                door.was_full = full
                self.watch.door(self.index, disk, len(door.waiting), full)

    def inside(self) -> int:
        """Guest I/Os that are in the VM now: waiting or carried by a slot."""
        slots = self.spec.disk_queue_depth
        return sum(len(door.waiting) + slots - len(door.idle) for door in self._doors)

    # -- one I/O's way --------------------------------------------------------------------------------------------

    def _carry(self, disk: int, io: GuestIo) -> Steps:
        clock, causes = self.clock, self.causes
        if self.stunned:
            yield from self._wait_at_gate(io, causes.stun_hold_in)
        self._pass_gate(io)
        number, hops = self._carried, 0
        for stage in self.filters:
            hops += io.charge_ahead(causes.filter[stage.name], stage.down_ns(clock._now + hops))
        if hops:
            yield clock.at(clock._now + hops, self._down_key + number)
        for stage in self.filters:
            stage.passes(disk, io)
        yield from self.disks[disk].access(io)
        hops = io.charge_ahead(causes.host_path, self.path_latency_ns)
        for stage in self.filters:
            hops += io.charge_ahead(causes.filter[stage.name], stage.up_ns(clock._now + hops))
        if hops:
            yield clock.at(clock._now + hops, self._up_key + number)
        self._post(io)
        if self.stunned:
            yield from self._wait_at_gate(io, causes.stun_hold_out)
        self.watch.delivered(self.index, io)
        if io.done is not None:
            io.done.fire()

    def _wait_at_gate(self, io: GuestIo, cause: int) -> Iterable[Event]:
        self.held += 1
        while self.stunned:
            yield self.gate
        io.held_ns += self.clock._now - io.clock_ns
        io.charge(cause, self.clock._now)

    def _pass_gate(self, io: GuestIo) -> None:
        io.accepted_ns = self.clock._now
        self.in_flight += 1
        self._carried += 1
        if io.write:
            self._stamp(io)

    def _stamp(self, io: GuestIo) -> None:
        """The write notes, for each snapshot protection, which recovery point will hold it."""
        for meter in self.meters:
            if not meter.inline:
                io.epochs.append(meter.epoch)

    def _post(self, io: GuestIo) -> None:
        self.in_flight -= 1
        self.watch.posted(self.index, io)
        if not self.in_flight and self._drained is not None:
            drained, self._drained = self._drained, None
            drained.fire()
