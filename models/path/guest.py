"""The guest's side: workload processes that make requests of a VM.

Open loops and traces arrive on their own; closed loops keep so many I/Os outstanding and think in between. A request
from outside the guest keeps arriving while the VM is stunned; one that hangs on the guest's own timers is late by the
stun when the guest's clock is frozen, and due at once at resume when it jumps.
"""

from collections.abc import Generator, Iterator
from itertools import compress, count
from typing import Any

from simpy.events import Event

from models.arrivals import NEVER_NS, poisson
from models.path.io import GuestIo
from models.path.vm import Vm
from models.scenario import Window
from models.windows import UNSEEN_SLOT, inside, seen_rates
from models.workload import Draw
from sim.clock import ARRIVAL, Clock, Signal, order


def start(
    clock: Clock, vm: Vm, number: int, draws: Iterator[Draw], states: Iterator[float], windows: tuple[Window, ...]
) -> None:
    """Starts workload `number` of the VM. `states` are uniforms for the dwell times of a two-state burst process."""
    spec = vm.spec.workloads[number]
    key = order(ARRIVAL, 0, vm.index, number << 20)
    if spec.kind == "closed":
        ordinals = count()
        for slot in range(spec.outstanding):
            clock.process(_closed(clock, vm, number, key + slot, zip(ordinals, draws, strict=False)))
    elif spec.trace is not None:
        times = spec.trace.time_ns
        recorded = zip(times.tolist(), draws, strict=False)
        clock.process(_arrivals(clock, vm, number, key, compress(recorded, inside(windows, times).tolist())))
    else:
        clock.process(_arrivals(clock, vm, number, key, poisson(draws, seen_rates(spec, states, windows))))


def start_unseen(clock: Clock, vm: Vm, number: int, writes: Iterator[tuple[int, Draw]]) -> None:
    """Starts the writes of workload `number` outside the windows, each at its time; in a stun they wait for its end."""
    key = order(ARRIVAL, 0, vm.index, (number << 20) + UNSEEN_SLOT)

    def work() -> Generator[Event, Any, None]:
        for time, draw in writes:
            yield from _guest_timer(clock, vm, time, key)
            vm.absorb(_io(number, 0, draw, clock._now))

    clock.process(work())


def _arrivals(
    clock: Clock, vm: Vm, number: int, key: int, arrivals: Iterator[tuple[int, Draw]]
) -> Generator[Event, Any, None]:
    frozen = vm.spec.workloads[number].origin == "guest" and vm.spec.guest_clock == "frozen"
    for ordinal, (time, draw) in enumerate(arrivals):
        if frozen:
            yield from _guest_timer(clock, vm, time, key)
        else:
            yield clock.at(time, key)
        vm.request(_io(number, ordinal, draw, clock._now))


def _closed(
    clock: Clock, vm: Vm, number: int, key: int, draws: Iterator[tuple[int, Draw]]
) -> Generator[Event, Any, None]:
    """One outstanding I/O: think, issue, wait for its delivery."""
    spec = vm.spec.workloads[number]
    outside = spec.origin == "external"
    for ordinal, draw in draws:
        due = clock._now - vm.stunned_ns + round(spec.think_ns * draw.gap)
        if vm.spec.guest_clock == "frozen" and not outside:
            yield from _guest_timer(clock, vm, due, key)
        elif spec.think_ns:
            yield clock.at(due + vm.stunned_ns, key)
        while vm.shut_ns or (vm.stunned and not outside):
            if vm.stunned and not outside:  # a vCPU that does not run issues nothing
                yield vm.gate
            elif vm.shut_ns < NEVER_NS:  # nor does a guest outside the windows: its clock stands still
                yield clock.at(clock._now + vm.shut_ns, key)
            else:
                return
        io = _io(number, ordinal, draw, clock._now)
        io.done = Signal(clock)
        vm.request(io)
        if not io.done.triggered:
            yield io.done


def flush(clock: Clock, vm: Vm, draws: list[Draw], first: int, outstanding: int) -> Signal:
    """The guest's caches write these, so many at a time; fires when all are delivered. `first`: the first's ordinal."""
    done, left = clock.signal(), iter(enumerate(draws, first))
    working = [outstanding]

    def slot() -> Generator[Event, Any, None]:
        for ordinal, draw in left:
            io = _io(len(vm.spec.workloads), ordinal, draw, clock._now)
            io.done = Signal(clock)
            vm.request(io)
            if not io.done.triggered:
                yield io.done
        working[0] -= 1
        if not working[0]:
            done.fire()

    for _ in range(outstanding):
        clock.process(slot())
    return done


def _guest_timer(clock: Clock, vm: Vm, due: int, key: int) -> Generator[Event, Any, None]:
    """Waits until a clock that stands still in stuns shows `due`."""
    while True:
        at = due + vm.stunned_ns
        if at > clock._now:
            yield clock.at(at, key)
        while vm.stunned:
            yield vm.gate
        if due + vm.stunned_ns <= clock._now:
            return


def _io(number: int, ordinal: int, draw: Draw, now: int) -> GuestIo:
    return GuestIo(number, ordinal, draw.disk, draw.write, draw.offset, draw.size, draw.service_ns, now)
