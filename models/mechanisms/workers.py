"""The worker threads of a filter's daemon in one host: a hop waits for the first that is free.

State is when each worker will be free. Hops are served in the order in which they are asked for, even where one asked
for later begins earlier; a gap that is left is not filled.
"""

from typing import NamedTuple

from sim.mechanism import mechanism


class Workers(NamedTuple):
    """Column `free_at`: when each worker is free. `facts`: how many there are."""

    free_at: list[int]
    facts: list[int]


COUNT = 0
"""The place in `facts`."""


def workers(count: int) -> Workers:
    """That many workers, at least one, all free at time 0."""
    return Workers([0] * count, [count])


@mechanism
def hop(s: Workers, begins_ns: int, cost_ns: int) -> int:
    """The time from `begins_ns` until the hop is over: a wait for the first free worker, and the cost.

    Of workers that are free equally early the lowest number is taken. A hop that costs nothing waits for nobody.
    Bound: `begins_ns` and all costs asked for so far together stay below 2^63.
    """
    if cost_ns == 0:
        return 0
    first = 0
    for worker in range(1, s.facts[COUNT]):
        if s.free_at[worker] < s.free_at[first]:
            first = worker
    s.free_at[first] = max(begins_ns, s.free_at[first]) + cost_ns
    return s.free_at[first] - begins_ns
