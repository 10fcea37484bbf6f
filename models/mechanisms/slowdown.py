"""A datastore that gets slower the more it is given: each service is stretched by how many are in service at its
start.

State is a table: the factor for one in service, for two, and so on; the last one holds for more. A service keeps the
factor it began with: those in service do not become slower when others come, nor faster when they go.
"""

from typing import NamedTuple

from sim.mechanism import mechanism


class Slowdown(NamedTuple):
    """Column `milli`: the factor in thousandths by number in service, from 1. `facts`: how many there are."""

    milli: list[int]
    facts: list[int]


COUNT = 0
"""The place in `facts`."""
WHOLE = 1000


def slowdown(milli: tuple[int, ...]) -> Slowdown:
    """That table, at least one entry."""
    return Slowdown(list(milli), [len(milli)])


@mechanism
def stretched(s: Slowdown, others: int, service_ns: int) -> int:
    """The time that a service of `service_ns` takes when `others` are in service as it begins; rounded down.

    Bound: below 2^33 thousandths and 2^30 ns, or any two that multiply to less than 2^63.
    """
    return service_ns * s.milli[min(others, s.facts[COUNT] - 1)] // WHOLE
