"""mClock: reservation, limit and shares of I/O flows, tag by tag.

Reservation (R) and limit (L) tags run in real time: R = max(R_prev + cost / r, t), L likewise. Shares (P) tags run in
virtual time: P = max(P_prev + cost / w, v - credit / w), v = P of the last weight-phase dispatch; written in real time
shares would vanish whenever throughput is below the sum of weights. The constraint phase serves the smallest R <= t;
otherwise the smallest P among flows whose L <= t, and the flow's R tags move back by what it was given.

Source: Gulati, Merchant, Varman, mClock (OSDI 2010); virtual time: docs/words.md. Times in ns; one cost unit is 32 KiB.
Bounds: R and L tags are times, ahead of the clock by cost * step <= 2^30 ns per cost unit that waits. P tags grow
by cost * p_step with p_step <= P_SCALE * heaviest / lightest share: at a ratio of 2^12 they reach 2^62 after 2^34
cost units of the lightest flow (mechanisms that are compiled count in 64 bits).
"""

from typing import NamedTuple

from sim.mechanism import bit_length, mechanism
from sim.units import NS_PER_S

NEVER = 1 << 62
P_SCALE = 1 << 16
"""The heaviest flow advances this far per cost unit; lighter ones further. Only ratios of shares matter."""

CONSTRAINT, WEIGHT, NOBODY = 0, 1, 2
"""Phases of a dispatch."""

A_WORD = 32
"""Flows in one entry of `backlog`."""
WORDS = 0
"""Index into `facts`: the number of entries of `backlog`."""


class MClock(NamedTuple):
    """One entry per flow in each column, except `backlog`, `v`, the virtual time (one entry), and `facts`."""

    r_step: list[int]  # ns per cost unit; 0: no reservation
    l_step: list[int]  # ns per cost unit; 0: no limit
    p_step: list[int]  # virtual time per cost unit
    credit: list[int]  # virtual time an idle flow may have saved
    r_prev: list[int]
    l_prev: list[int]
    p_prev: list[int]
    r_shift: list[int]  # how far the R tags of queued I/Os have moved back
    head_r: list[int]  # tags of the flow's first queued I/O
    head_l: list[int]
    head_p: list[int]
    queued: list[int]  # I/Os waiting
    backlog: list[int]  # a bit for each flow with I/Os waiting: few have, and only these are looked at
    v: list[int]
    facts: list[int]  # WORDS


def mclock(reservations: list[int], limits: list[int], shares: list[int], credit_units: int) -> MClock:
    """A scheduler without backlog at time 0. Rates in cost units per second, 0 for none; shares > 0."""
    n, heaviest = len(shares), max(shares, default=1)
    words = -(-n // A_WORD)
    p_step = [P_SCALE * heaviest // w for w in shares]
    return MClock(
        r_step=[NS_PER_S // r if r else 0 for r in reservations],
        l_step=[NS_PER_S // limit if limit else 0 for limit in limits],
        p_step=p_step,
        credit=[credit_units * step for step in p_step],
        r_prev=[-NEVER] * n,
        l_prev=[-NEVER] * n,
        p_prev=[-NEVER] * n,
        r_shift=[0] * n,
        head_r=[0] * n,
        head_l=[0] * n,
        head_p=[0] * n,
        queued=[0] * n,
        backlog=[0] * words,
        v=[0],
        facts=[words],
    )


@mechanism
def tag(s: MClock, flow: int, cost: int, now: int) -> tuple[int, int, int]:
    """The tags (R, L, P) of an I/O of `flow` that arrives now; it is counted as queued. R is kept unshifted."""
    r = NEVER
    if s.r_step[flow]:
        r = max(s.r_prev[flow] + cost * s.r_step[flow], now)
        s.r_prev[flow] = r
        r += s.r_shift[flow]
    limit = now
    if s.l_step[flow]:
        limit = max(s.l_prev[flow] + cost * s.l_step[flow], now)
        s.l_prev[flow] = limit
    p = max(s.p_prev[flow] + cost * s.p_step[flow], s.v[0] - s.credit[flow])
    s.p_prev[flow] = p
    s.queued[flow] += 1
    s.backlog[flow // A_WORD] |= 1 << flow % A_WORD
    return r, limit, p


@mechanism
def set_head(s: MClock, flow: int, r: int, limit: int, p: int) -> None:
    """These are the tags of the flow's first queued I/O."""
    s.head_r[flow] = r
    s.head_l[flow] = limit
    s.head_p[flow] = p


@mechanism
def lowest(flows: int) -> int:
    """The lowest of the flows whose bits these are; there is one."""
    return bit_length(flows & -flows) - 1


@mechanism
def pick(s: MClock, room: list[int], now: int) -> tuple[int, int]:
    """(flow, phase) to dispatch now among flows that have `room`; (-1, NOBODY) when none may. Ties: lowest flow."""
    best, best_r = -1, now + 1
    weight, weight_p = -1, NEVER
    for word in range(s.facts[WORDS]):
        left = s.backlog[word]
        while left:
            flow = word * A_WORD + lowest(left)
            left &= left - 1
            if room[flow]:
                r = s.head_r[flow] - s.r_shift[flow]
                if r < best_r:
                    best, best_r = flow, r
                if s.head_l[flow] <= now and s.head_p[flow] < weight_p:
                    weight, weight_p = flow, s.head_p[flow]
    if best >= 0:
        return best, CONSTRAINT
    if weight >= 0:
        return weight, WEIGHT
    return -1, NOBODY


@mechanism
def dispatched(s: MClock, flow: int, cost: int, phase: int) -> None:
    """The flow's first I/O has left. What shares gave is not taken from its reservation."""
    s.queued[flow] -= 1
    if not s.queued[flow]:
        s.backlog[flow // A_WORD] ^= 1 << flow % A_WORD
    if phase == WEIGHT:
        s.v[0] = s.head_p[flow]
        if s.r_step[flow]:
            s.r_shift[flow] += cost * s.r_step[flow]
            s.r_prev[flow] -= cost * s.r_step[flow]


@mechanism
def next_time(s: MClock, room: list[int]) -> int:
    """When the next tag falls due among flows that have room; NEVER when nothing waits for time."""
    due = NEVER
    for word in range(s.facts[WORDS]):
        left = s.backlog[word]
        while left:
            flow = word * A_WORD + lowest(left)
            left &= left - 1
            if room[flow]:
                due = min(due, min(s.head_l[flow], s.head_r[flow] - s.r_shift[flow]))
    return due
