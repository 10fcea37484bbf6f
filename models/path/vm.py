"""A VM on the path: its virtual adapter, the stun gate, and the way of one guest I/O from end to end.

guest -> virtual adapter -> stun gate -> filters, down -> delta chain, scheduler, datastore -> filters, up -> guest

A queue slot of the virtual adapter is a SimPy process that carries one I/O at a time. While the VM is stunned, I/Os
wait at the gate; those already past it complete (that is what the drain waits for) but are delivered at resume.
"""

from collections.abc import Generator, Iterable
from typing import Any

from simpy.events import Event

from models import scenario
from models.path.causes import Causes
from models.path.disk import Disk, Steps
from models.path.door import Door, FilterStage, Meter
from models.path.io import Deferred, GuestIo
from models.path.watch import Watch
from sim.clock import ARRIVAL, COMPLETION, Clock, Signal, order


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
        self.frozen = False  # the guest's writes wait in the guest, but for those of a flush
        self.writes_held = 0  # since it was frozen
        self.paused = False  # it has asked a question: everything that the guest asks for waits
        self.answered: Signal = clock.signal()  # fires when the question is answered
        self._question: Signal | None = None  # a story waits for one; None: nobody would answer
        self._behind: list[tuple[GuestIo, int]] = []  # with the VM's stunned time when they came
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

    def freeze(self) -> None:
        """The guest is quiesced: writes that it asks for from now on wait in the guest."""
        self.frozen, self.writes_held = True, 0

    def thaw(self) -> None:
        """All writes that have waited go on now."""
        self.frozen = False
        self._let_in()

    def asked(self) -> Signal:
        """Fires when the VM asks because a delta cannot grow; from now on there is someone who answers."""
        self._question = signal = self.clock.signal()
        return signal

    def ask(self) -> bool:
        """The VM asks, unless it has asked already. False when there is nobody who answers."""
        if self._question is None:
            return False
        if not self.paused:
            self._settle()
            self.paused = True
            self._question.fire()
        return True

    def answer(self) -> None:
        """Whatever waited for space tries again, in order; then what the guest has asked for meanwhile goes on."""
        self._settle()
        self.paused = False
        answered, self.answered = self.answered, self.clock.signal()
        answered.fire()
        self._let_in()

    def _let_in(self) -> None:
        """What waits in the guest and need not wait any more goes on, in order."""
        self._settle()
        behind, self._behind = self._behind, []
        for io, stunned_before in behind:
            if self._must_wait(io):
                self._behind.append((io, stunned_before))
            else:
                self._enter(io)

    def _must_wait(self, io: GuestIo) -> bool:
        return self.paused or (self.frozen and io.write and io.workload < len(self.spec.workloads))

    def _settle(self) -> None:
        """The time up to now of what waits in the guest is charged: to the question, or to the freeze."""
        now, stunned = self.clock._now, self._stunned_so_far()
        for number, (io, stunned_before) in enumerate(self._behind):
            if not self.paused:
                io.held_ns += now - io.clock_ns  # above the disk driver, whose timer does not run
            else:
                io.held_ns += stunned - stunned_before
            cause = self.causes.space_hold if self.paused else self.causes.quiesce_hold
            io.charge(cause, now - (stunned - stunned_before))
            io.charge(self.causes.stun_hold_in, now)
            self._behind[number] = (io, stunned)

    # -- what the guest does --------------------------------------------------------------------------------------

    def request(self, io: GuestIo) -> None:
        """The guest wants this I/O now."""
        self.watch.arrived(self.index, io)
        if (self.frozen or self.paused) and self._must_wait(io):
            self.writes_held += self.frozen and io.write
            self._behind.append((io, self._stunned_so_far()))
        else:
            self._enter(io)

    def _enter(self, io: GuestIo) -> None:
        door = self._doors[io.disk]
        if self._adapter_free and door.idle:
            self._take(door, io)
        else:
            door.waiting.append((io, self._stunned_so_far()))
            self._waiting += 1
        self._tell_doors(door)

    def absorb(self, io: GuestIo) -> None:
        """A write outside the windows is at once where it would end; nothing waits, nothing is measured.

        A VM that has asked and was not answered makes none.
        """
        if self.paused:
            return
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
        return len(self._behind) + sum(len(door.waiting) + slots - len(door.idle) for door in self._doors)

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
        if io.deferred is not None:
            yield from self._wait_for_target(io, io.deferred)
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

    def _wait_for_target(self, io: GuestIo, deferred: Deferred) -> Iterable[Event]:
        """Its filter holds it; a drain need not wait for it where the filter says so."""
        deferred.parked = True
        if not deferred.blocks_drain:
            self._out()
        yield deferred
        io.charge(deferred.cause, self.clock._now)
        if not deferred.blocks_drain:
            self.in_flight += 1

    def _post(self, io: GuestIo) -> None:
        self.watch.posted(self.index, io)
        self._out()

    def _out(self) -> None:
        """One I/O less that a drain waits for."""
        self.in_flight -= 1
        if not self.in_flight and self._drained is not None:
            drained, self._drained = self._drained, None
            drained.fire()
