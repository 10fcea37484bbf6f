"""mClock against its list twin: the same arrivals, the same dispatches in the same order at the same times.

Rates divide a second and shares are powers of two, so that the scheduler's whole-number steps are exact and every
tie is the same tie in both.
"""

import heapq
from collections import deque
from typing import NamedTuple, Protocol

from hypothesis import given
from hypothesis import strategies as st

from models.mechanisms import mclock
from tests.oracles.twins import ListMclock, Share

NS_PER_S = 10**9
RATES = (0, 10, 40, 100, 250, 1000)
CREDIT = 4


class Arrival(NamedTuple):
    at: int
    flow: int
    cost: int


class Scheduler(Protocol):
    def arrive(self, flow: int, ordinal: int, cost: int, now: int) -> None: ...
    def dispatch(self, now: int) -> tuple[int, int, str] | None: ...
    def due(self) -> int | None: ...


class Twin:
    def __init__(self, shares: list[Share]) -> None:
        self.inner = ListMclock(shares)
        self.arrive = self.inner.arrive
        self.dispatch = self.inner.dispatch

    def due(self) -> int | None:
        due = self.inner.next_due()
        return None if due is None else -(-due.numerator // due.denominator)


class Mechanism:
    """The mechanism with the queues that its path keeps for it."""

    def __init__(self, shares: list[Share]) -> None:
        columns = [list(column) for column in zip(*shares, strict=True)]
        self.state = mclock.mclock(columns[0], columns[1], columns[2], CREDIT)
        self.queues: list[deque[tuple[int, int, tuple[int, int, int]]]] = [deque() for _ in shares]
        self.room = [1] * len(shares)

    def arrive(self, flow: int, ordinal: int, cost: int, now: int) -> None:
        tags = mclock.tag(self.state, flow, cost, now)
        self.queues[flow].append((ordinal, cost, tags))
        if len(self.queues[flow]) == 1:
            mclock.set_head(self.state, flow, *tags)

    def dispatch(self, now: int) -> tuple[int, int, str] | None:
        flow, phase = mclock.pick(self.state, self.room, now)
        if phase == mclock.NOBODY:
            return None
        ordinal, cost, _ = self.queues[flow].popleft()
        mclock.dispatched(self.state, flow, cost, phase)
        if self.queues[flow]:
            mclock.set_head(self.state, flow, *self.queues[flow][0][2])
        return flow, ordinal, "constraint" if phase == mclock.CONSTRAINT else "weight"

    def due(self) -> int | None:
        due = mclock.next_time(self.state, self.room)
        return None if due >= mclock.NEVER else due


def drive(scheduler: Scheduler, arrivals: list[Arrival], slots: int, service: int) -> list[tuple[int, int, int, str]]:
    """All dispatches as (time, flow, ordinal, phase) with `slots` commands out at once, each for `service` ns."""
    out: list[int] = []
    log: list[tuple[int, int, int, str]] = []
    waiting = deque(sorted(enumerate(arrivals), key=lambda one: (one[1].at, one[0])))
    now = 0
    while True:
        while out and out[0] <= now:
            heapq.heappop(out)
        while waiting and waiting[0][1].at <= now:
            ordinal, arrival = waiting.popleft()
            scheduler.arrive(arrival.flow, ordinal, arrival.cost, now)
        while len(out) < slots and (gone := scheduler.dispatch(now)) is not None:
            log.append((now, *gone))
            heapq.heappush(out, now + service)
        due = scheduler.due() if len(out) < slots else None
        times = [t for t in (out[0] if out else None, waiting[0][1].at if waiting else None, due) if t is not None]
        if not times:
            return log
        now = min(times)


@st.composite
def flow_rights(draw: st.DrawFn) -> Share:
    reservation = draw(st.sampled_from(RATES))
    limit = draw(st.sampled_from([rate for rate in RATES if rate == 0 or rate >= reservation]))
    return Share(reservation, limit, draw(st.sampled_from([1, 2, 4, 8, 4096])), CREDIT)


scenes = st.lists(flow_rights(), min_size=1, max_size=4).flatmap(
    lambda shares: st.tuples(
        st.just(shares),
        st.lists(
            st.builds(Arrival, st.integers(0, 200).map(lambda k: k * 10**6), st.integers(0, len(shares) - 1),
                      st.sampled_from([1, 1, 2, 8])),
            max_size=60,
        ),
        st.integers(1, 4),
        st.sampled_from([10**6, 3 * 10**6, 10**7]),
    )
)  # fmt: skip


@given(scenes, st.sampled_from([0, 1 << 61]))
def test_the_same_dispatches(scene: tuple[list[Share], list[Arrival], int, int], start: int) -> None:
    """At the start of a clock and late on it."""
    shares, arrivals, slots, service = scene
    arrivals = [arrival._replace(at=start + arrival.at) for arrival in arrivals]
    expected = drive(Twin(shares), arrivals, slots, service)
    assert drive(Mechanism(shares), arrivals, slots, service) == expected
    assert len(expected) == len(arrivals)


def test_shares_times_a_thousand_change_nothing() -> None:
    shares = [Share(0, 0, 3, CREDIT), Share(50, 0, 7, CREDIT), Share(0, 100, 11, CREDIT)]
    arrivals = [Arrival(k * 10**6, k % 3, 1 + k % 2) for k in range(400)]
    scaled = [share._replace(weight=share.weight * 1000) for share in shares]
    plain = drive(Mechanism(shares), arrivals, 2, 5 * 10**6)
    assert drive(Mechanism(scaled), arrivals, 2, 5 * 10**6) == plain
    other = [share._replace(weight=20 - share.weight) for share in shares]
    assert drive(Mechanism(other), arrivals, 2, 5 * 10**6) != plain  # a change that matters is seen


def test_a_flow_that_was_idle_has_saved_no_more_than_its_credit() -> None:
    """Flow 0 has been served a hundred times when flow 1 comes: it is CREDIT ahead, then they take turns."""
    shares, late = [Share(0, 0, 1, CREDIT)] * 2, 100 * 10**6
    arrivals = [Arrival(0, 0, 1)] * 200 + [Arrival(late, 1, 1)] * 40
    served = [flow for at, flow, _, _ in drive(Mechanism(shares), arrivals, 1, 10**6) if at >= late]
    assert set(served[:CREDIT]) == {1}
    assert served[: 20 + CREDIT].count(1) in (10 + CREDIT, 11 + CREDIT)
    assert drive(Twin(shares), arrivals, 1, 10**6) == drive(Mechanism(shares), arrivals, 1, 10**6)
