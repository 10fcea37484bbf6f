"""The canonical case as one would first write it in SimPy: a process per I/O, a Resource per queue, a Timeout per wait.

What `stunlab bench` measures the readable path against; nothing else uses it. It stands apart from the three packages
because `experiments` yields no simulation event. 16 VMs keep 8 I/Os each outstanding,
think an exponential 1 ms, pass two filters of 20 us, are admitted 64 at a time (in order of arrival, or by mClock) and
served by 32 servers. Floats in seconds and draws one by one, as in most models. Left out: all that stunlab measures
besides a latency histogram.
"""

import random
from collections import deque
from collections.abc import Generator
from math import inf
from typing import Any, NamedTuple

import simpy

VMS, OUTSTANDING = 16, 8
THINK, HOP, HOPS = 1e-3, 20e-6, 2  # seconds, seconds, filters
ADMITTED, SERVERS = 64, 32
SERVICE, SIGMA = 0.5e-3, 0.8  # mean in seconds, of the underlying normal
BIN = 10e-6  # of the histogram, in seconds
RESERVED, LIMITED = 1000, 3000  # IOPS

Steps = Generator[simpy.Event, Any, None]


class Outcome(NamedTuple):
    """What a run came to."""

    ios: int
    mean_s: float  # latency
    events: int  # 0 where they were not counted
    histogram: dict[int, int]  # I/Os by latency in bins of BIN


def simulate(mclock: bool, seconds: float, seed: int, counted: bool = False) -> Outcome:
    """Runs the case that long from empty. To count events takes time of its own."""
    env = Counting() if counted else simpy.Environment()
    model = Model(env, mclock, seed)
    env.run(until=seconds)
    return Outcome(
        model.ios, model.total_s / model.ios, env.events if isinstance(env, Counting) else 0, model.histogram
    )


class Counting(simpy.Environment):
    """An environment that counts the events it is given."""

    events = 0

    def schedule(self, event: simpy.Event, *arguments: Any, **options: Any) -> None:
        self.events += 1
        super().schedule(event, *arguments, **options)


class Claim(NamedTuple):
    """What mClock grants a VM, in I/Os per second; a reservation of 0 is none."""

    reservation: float = 0
    limit: float = inf


def claims() -> list[Claim]:
    """A quarter of the VMs is limited, a quarter has a reservation, all have the same shares."""
    quarter = VMS // 4
    limited, reserved = [Claim(limit=LIMITED)] * quarter, [Claim(reservation=RESERVED)] * quarter
    return limited + reserved + [Claim()] * (VMS - 2 * quarter)


class Request(NamedTuple):
    """A waiting I/O: its tags, and the event that admits it."""

    reserved: float
    limited: float
    shared: float
    admitted: simpy.Event


class Tags:
    """One VM's waiting I/Os and its last tags."""

    def __init__(self, claim: Claim) -> None:
        self.claim = claim
        self.queue: deque[Request] = deque()
        self.reserved = self.limited = self.shared = -inf
        self.moved_back = 0.0  # by which shares' grants have moved the reservation tags


class MClock:
    """Admission by mClock: reservations first, then equal shares, never beyond a limit."""

    def __init__(self, env: simpy.Environment, slots: int) -> None:
        self.env = env
        self.free = slots
        self.vms = [Tags(claim) for claim in claims()]
        self.virtual_time = 0.0
        self.kick = env.event()
        env.process(self.dispatch())

    def request(self, vm: int) -> simpy.Event:
        """An event that happens when the I/O is admitted."""
        tags, now = self.vms[vm], self.env.now
        reserved = inf
        if tags.claim.reservation:
            tags.reserved = max(tags.reserved + 1 / tags.claim.reservation, now)
            reserved = tags.reserved + tags.moved_back
        tags.limited = max(tags.limited + 1 / tags.claim.limit, now)
        tags.shared = max(tags.shared + 1, self.virtual_time - 32)
        request = Request(reserved, tags.limited, tags.shared, self.env.event())
        tags.queue.append(request)
        self.wake()
        return request.admitted

    def release(self) -> None:
        """An admitted I/O is done."""
        self.free += 1
        self.wake()

    def wake(self) -> None:
        if not self.kick.triggered:
            self.kick.succeed()

    def dispatch(self) -> Steps:
        while True:
            while self.free and self.admit():
                self.free -= 1
            self.kick = self.env.event()
            due = min((vm.queue[0].limited for vm in self.vms if vm.queue), default=inf) if self.free else inf
            if due == inf:
                yield self.kick
            else:
                yield self.kick | self.env.timeout(max(0.0, due - self.env.now))

    def admit(self) -> bool:
        """Admits the I/O whose turn it is; False when none may go now."""
        now = self.env.now
        waiting = [vm for vm in self.vms if vm.queue]
        reserved = [vm for vm in waiting if vm.queue[0].reserved - vm.moved_back <= now]
        if reserved:
            vm = min(reserved, key=lambda vm: vm.queue[0].reserved - vm.moved_back)
        else:
            free = [vm for vm in waiting if vm.queue[0].limited <= now]
            if not free:
                return False
            vm = min(free, key=lambda vm: vm.queue[0].shared)
            self.virtual_time = vm.queue[0].shared
            if vm.claim.reservation:
                vm.moved_back += 1 / vm.claim.reservation
                vm.reserved -= 1 / vm.claim.reservation
        vm.queue.popleft().admitted.succeed()
        return True


class Model:
    """The whole case: its queues, its slots, and what was measured."""

    def __init__(self, env: simpy.Environment, mclock: bool, seed: int) -> None:
        self.env = env
        self.random = random.Random(seed)
        self.fifo = simpy.Resource(env, ADMITTED)
        self.mclock = MClock(env, ADMITTED) if mclock else None
        self.servers = simpy.Resource(env, SERVERS)
        self.mu = -(SIGMA**2) / 2
        self.ios = 0
        self.total_s = 0.0
        self.histogram: dict[int, int] = {}
        for vm in range(VMS):
            for _ in range(OUTSTANDING):
                env.process(self.slot(vm))

    def slot(self, vm: int) -> Steps:
        """One of a VM's outstanding I/Os, again and again."""
        carry = self.by_mclock if self.mclock else self.by_fifo
        while True:
            yield self.env.timeout(self.random.expovariate(1 / THINK))
            yield self.env.process(carry(vm))

    def by_fifo(self, vm: int) -> Steps:
        start = self.env.now
        yield from self.filters()
        with self.fifo.request() as admitted:
            yield admitted
            yield from self.serve()
        self.measure(start)

    def by_mclock(self, vm: int) -> Steps:
        assert self.mclock is not None
        start = self.env.now
        yield from self.filters()
        yield self.mclock.request(vm)
        yield from self.serve()
        self.mclock.release()
        self.measure(start)

    def filters(self) -> Steps:
        for _ in range(HOPS):
            yield self.env.timeout(self.random.expovariate(1 / HOP))

    def serve(self) -> Steps:
        with self.servers.request() as server:
            yield server
            yield self.env.timeout(SERVICE * self.random.lognormvariate(self.mu, SIGMA))

    def measure(self, start: float) -> None:
        latency = self.env.now - start
        self.ios += 1
        self.total_s += latency
        bucket = int(latency / BIN)
        self.histogram[bucket] = self.histogram.get(bucket, 0) + 1
