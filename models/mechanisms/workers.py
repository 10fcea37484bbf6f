"""The worker threads of a filter's daemon in one host: a hop waits for the first that is free.

The cores that a host gives its filters are the same thing: a hop's CPU time waits for the first core that is free.

State is when each worker will be free. Hops are served in the order in which they are asked for, even where one asked
for later begins earlier; a gap that is left is not filled.
"""

from typing import NamedTuple

from sim.mechanism import mechanism


class Workers(NamedTuple):
    """Column `free_at`: when each worker is free. `facts`: how many there are, and their summed costs so far."""

    free_at: list[int]
    facts: list[int]


COUNT, BUSY = range(2)
"""The places in `facts`."""


def workers(count: int) -> Workers:
    """That many workers, at least one, all free at time 0."""
    return Workers([0] * count, [count, 0])


@mechanism
def _first_free(s: Workers) -> int:
    """The worker that is free first; of equals the lowest number."""
    first = 0
    for worker in range(1, s.facts[COUNT]):
        if s.free_at[worker] < s.free_at[first]:
            first = worker
    return first


@mechanism
def hop(s: Workers, begins_ns: int, cost_ns: int) -> int:
    """The time from `begins_ns` until the hop is over: a wait for the first free worker, and the cost.

    Of workers that are free equally early the lowest number is taken. A hop that costs nothing waits for nobody.
    Bound: `begins_ns` and all costs asked for so far together stay below 2^63.
    """
    if cost_ns == 0:
        return 0
    first = _first_free(s)
    s.free_at[first] = max(begins_ns, s.free_at[first]) + cost_ns
    s.facts[BUSY] += cost_ns
    return s.free_at[first] - begins_ns


@mechanism
def starts(s: Workers, begins_ns: int) -> int:
    """When a hop that is asked for now, and that costs something, gets its worker."""
    return max(begins_ns, s.free_at[_first_free(s)])


@mechanism
def on_core(cores: Workers, starts_ns: int, cost_ns: int, cpu_ns: int) -> int:
    """The time from `starts_ns` until a hop of that cost is over that also needs a core for `cpu_ns`.

    It waits for a core first; its cost is at least its CPU time. A hop that costs nothing needs no core.
    """
    if cost_ns == 0:
        return 0
    return hop(cores, starts_ns, cpu_ns) - cpu_ns + max(cost_ns, cpu_ns)
