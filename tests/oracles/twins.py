"""Slow twins of the mechanisms, written from the definitions alone and kept as simple as they can be.

Represents: the exact FIFO queue of several servers, a chain of deltas as dictionaries, mClock over plain lists with
exact fractions, a filter's workers by the nanosecond and by calendar. Leaves out: speed, bounds, memory. They share no
line with what they are compared to.
"""

from collections.abc import Sequence
from fractions import Fraction
from typing import NamedTuple


def fifo_starts(arrivals: Sequence[int], services: Sequence[int], servers: int) -> list[int]:
    """When each command's service starts: the next free of equal servers, in order of arrival (Kiefer-Wolfowitz)."""
    free = [0] * servers
    starts = []
    for arrival, service in zip(arrivals, services, strict=True):
        earliest = min(range(servers), key=free.__getitem__)
        start = max(arrival, free[earliest])
        free[earliest] = start + service
        starts.append(start)
    return starts


class DictChain:
    """A delta chain: for each delta the place in its file of each grain it holds; level 0, the base, holds all."""

    def __init__(self, grain_bytes: int) -> None:
        self.grain_bytes = grain_bytes
        self.deltas: list[dict[int, int]] = []

    def push(self) -> None:
        """A new empty delta on top takes the writes."""
        self.deltas.append({})

    def grains(self, offset: int, size: int) -> range:
        """The grains that [offset, offset + size) touches."""
        return range(offset // self.grain_bytes, (offset + size - 1) // self.grain_bytes + 1)

    def write(self, offset: int, size: int) -> list[int]:
        """Puts the grains into the top delta, new ones at its end; returns the new ones."""
        new = [grain for grain in self.grains(offset, size) if grain not in self.deltas[-1]]
        for grain in new:
            self.deltas[-1][grain] = len(self.deltas[-1])
        return new

    def find(self, grain: int, below: int | None = None) -> tuple[int, int]:
        """(level, place) of the grain's newest copy, of those in the first `below` deltas."""
        deltas = self.deltas if below is None else self.deltas[:below]
        for level in range(len(deltas), 0, -1):
            if grain in deltas[level - 1]:
                return level, deltas[level - 1][grain]
        return 0, grain

    def runs(self, offset: int, size: int) -> list[tuple[int, int, int]]:
        """The read as (first grain, last grain, level) of pieces that lie together in one file."""
        pieces: list[list[int]] = []
        for grain in self.grains(offset, size):
            level, place = self.find(grain)
            if pieces and self.find(grain - 1) == (level, place - 1):
                pieces[-1][1] = grain
            else:
                pieces.append([grain, grain, level])
        return [(first, last, level) for first, last, level in pieces]

    def runs_below(self, offset: int, size: int, below: int) -> list[tuple[int, int, int]]:
        """The same for what a snapshot over `below` deltas shows; pieces break where the level changes."""
        pieces: list[list[int]] = []
        for grain in self.grains(offset, size):
            level = self.find(grain, below)[0]
            if pieces and pieces[-1][2] == level:
                pieces[-1][1] = grain
            else:
                pieces.append([grain, grain, level])
        return [(first, last, level) for first, last, level in pieces]


class Share(NamedTuple):
    """One flow's rights: reservation and limit in cost units a second (0: none), weight, burst credit in units."""

    reservation: int
    limit: int
    weight: int
    credit: int


class Waiting(NamedTuple):
    ordinal: int
    cost: int
    r: Fraction | None
    l: Fraction | None  # noqa: E741
    p: Fraction


class ListMclock:
    """mClock by its definition. R and L tags in nanoseconds of real time, P tags in virtual time, all exact.

    R = max(R_prev + cost/r, t), L = max(L_prev + cost/l, t), P = max(P_prev + cost/w, v - credit/w) on arrival, v the
    P of the last dispatch by weight. Dispatch: the smallest R that is due; else the smallest P among heads whose L is
    due, which takes cost/r off the R tags of that flow; else nothing. Equal tags: the lower flow.
    """

    def __init__(self, shares: Sequence[Share]) -> None:
        self.shares = list(shares)
        self.queues: list[list[Waiting]] = [[] for _ in shares]
        self.last_r: list[Fraction | None] = [None] * len(self.shares)
        self.last_l: list[Fraction | None] = [None] * len(self.shares)
        self.last_p: list[Fraction | None] = [None] * len(self.shares)
        self.virtual = Fraction(0)

    def arrive(self, flow: int, ordinal: int, cost: int, now: int) -> None:
        """An I/O of `cost` units joins its flow's queue with its tags."""
        share = self.shares[flow]
        self.last_r[flow] = r = _real_tag(self.last_r[flow], cost, share.reservation, now)
        self.last_l[flow] = limit = _real_tag(self.last_l[flow], cost, share.limit, now)
        floor = self.virtual - Fraction(share.credit, share.weight)
        before = self.last_p[flow]
        p = floor if before is None else max(before + Fraction(cost, share.weight), floor)
        self.last_p[flow] = p
        self.queues[flow].append(Waiting(ordinal, cost, r, limit, p))

    def dispatch(self, now: int) -> tuple[int, int, str] | None:
        """The next (flow, ordinal, phase) at `now`, or None if nothing may go."""
        heads = [(flow, queue[0]) for flow, queue in enumerate(self.queues) if queue]
        due = [(head.r, flow) for flow, head in heads if head.r is not None and head.r <= now]
        if due:
            flow = min(due)[1]
            return flow, self.queues[flow].pop(0).ordinal, "constraint"
        allowed = [(head.p, flow) for flow, head in heads if head.l is None or head.l <= now]
        if not allowed:
            return None
        self.virtual, flow = min(allowed)
        gone = self.queues[flow].pop(0)
        if self.shares[flow].reservation:
            self._take_back(flow, Fraction(gone.cost * 10**9, self.shares[flow].reservation))
        return flow, gone.ordinal, "weight"

    def _take_back(self, flow: int, credit: Fraction) -> None:
        self.queues[flow] = [w._replace(r=None if w.r is None else w.r - credit) for w in self.queues[flow]]
        before = self.last_r[flow]
        self.last_r[flow] = None if before is None else before - credit

    def next_due(self) -> Fraction | None:
        """The earliest instant at which a waiting head may go."""
        heads = [queue[0] for queue in self.queues if queue]
        if not heads:
            return None
        return min(min(tag for tag in (head.r, head.l or Fraction(0)) if tag is not None) for head in heads)


def _real_tag(before: Fraction | None, cost: int, rate: int, now: int) -> Fraction | None:
    if not rate:
        return None
    return Fraction(now) if before is None else max(before + Fraction(cost * 10**9, rate), Fraction(now))


def ticking_hops(begins: Sequence[int], costs: Sequence[int], workers: int) -> list[int]:
    """When each hop is over, begins ascending: at each nanosecond who has done his time leaves, who waits goes in."""
    ends, left, waiting = list(begins), dict[int, int](), [i for i, cost in enumerate(costs) if cost]
    now = min(begins, default=0)
    while waiting or left:
        for hop in [hop for hop, ns in left.items() if ns == 0]:
            ends[hop] = now
            del left[hop]
        while waiting and begins[waiting[0]] <= now and len(left) < workers:
            first = waiting.pop(0)
            left[first] = costs[first]
        left = {hop: ns - 1 for hop, ns in left.items()}
        now += 1
    return ends


def calendar_hops(hops: Sequence[tuple[int, int]], workers: int) -> list[int]:
    """When each hop of (begin, cost) is over: it goes to the end of the calendar that ends first, for all its cost."""
    calendars: list[list[tuple[int, int]]] = [[(0, 0)] for _ in range(workers)]
    over = []
    for begin, cost in hops:
        if cost == 0:
            over.append(begin)
            continue
        mine = min(calendars, key=lambda calendar: max(end for _, end in calendar))
        start = max([begin, *(end for _, end in mine)])
        mine.append((start, start + cost))
        over.append(start + cost)
    return over


def stretched_services(
    arrivals: Sequence[int], services: Sequence[int], servers: int, factors: Sequence[Fraction]
) -> list[int]:
    """When each service is over, arrivals ascending: at each nanosecond who is done leaves, who waits goes in, one
    after the other, and takes its service times the factor for how many are then inside (itself too), whole ns."""
    ends, inside, waiting = list(arrivals), dict[int, int](), list(range(len(arrivals)))
    now = min(arrivals, default=0)
    while waiting or inside:
        for one in [one for one, end in inside.items() if end <= now]:
            ends[one] = inside.pop(one)
        while waiting and arrivals[waiting[0]] <= now and len(inside) < servers:
            one = waiting.pop(0)
            factor = factors[min(len(inside) + 1, len(factors)) - 1]
            inside[one] = now + int(services[one] * factor)
        now += 1
    return ends
