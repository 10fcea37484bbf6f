"""A link without a connection at known times: what is being sent when it is cut is sent again from its beginning.

Left out: what has left the source before the cut arrives, and its confirmation comes back.
"""

from typing import NamedTuple

from sim.mechanism import mechanism


class Wire(NamedTuple):
    """Columns `cut`, `back`: the times without a connection, in order. `facts`: how many, and the first not over."""

    cut: list[int]
    back: list[int]
    facts: list[int]


COUNT, NEXT = range(2)


def wire(cut: list[int], back: list[int]) -> Wire:
    """A link without a connection from each cut until it is back, at time 0."""
    return Wire(cut, back, [len(cut), 0])


@mechanism
def sent_at(s: Wire, begins_ns: int, ns: int) -> int:
    """When what takes `ns` on the link, and could begin at `begins_ns`, has been sent; `begins_ns` never goes back.

    It is over when it ends at the very moment of a cut; what begins at that moment waits.
    """
    i = s.facts[NEXT]
    while i < s.facts[COUNT] and s.back[i] <= begins_ns:
        i += 1
    s.facts[NEXT] = i
    while i < s.facts[COUNT] and (begins_ns >= s.cut[i] or begins_ns + ns > s.cut[i]):
        begins_ns = max(begins_ns, s.back[i])
        i += 1
    return begins_ns + ns
