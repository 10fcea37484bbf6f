"""The mirror driver's pass over a disk: one cursor, a few chunks being copied, no second round.

The copiers take chunk after chunk of the address space and skip what no delta holds. A guest write behind the cursor
goes to the delta and to the base; into a chunk being copied it is held until the chunk is done; ahead of the cursor it
goes to the delta only, and the cursor will find it. So the pass is finite for every write rate.
Source: C. Hogan, Snapshot consolidation changes in vSphere 6.0 (2016); the three-way rule is Storage vMotion's.
"""

from typing import NamedTuple

from models.mechanisms import grains
from sim.mechanism import mechanism

CURSOR, GRAINS, CHUNK, COPIERS, LEVEL = range(5)
AHEAD, BEHIND, COPYING = range(3)
"""Where a write falls."""


class Mirror(NamedTuple):
    """`busy[2 * c]`, `busy[2 * c + 1]`: first and last grain of the chunk that copier c is at, or -1, -1."""

    busy: list[int]
    facts: list[int]
    # CURSOR (next grain to look at), GRAINS (of the disk), CHUNK (grains a chunk), COPIERS, LEVEL (the highest delta
    # that is copied)


def mirror(disk_grains: int, chunk_grains: int, copiers: int, level: int = grains.MAX_DEPTH) -> Mirror:
    """A pass over the deltas up to `level` that has not begun; copiers are numbered from 0."""
    return Mirror([-1] * (2 * copiers), [0, disk_grains, chunk_grains, copiers, level])


@mechanism
def take(s: Mirror, held: grains.GrainMap, copier: int) -> tuple[int, int]:
    """The next chunk (first, last grain), which this copier is at now; (-1, -1) when the cursor is at the end."""
    first = grains.next_held(held, s.facts[CURSOR], s.facts[GRAINS], s.facts[LEVEL])
    if first >= s.facts[GRAINS]:
        s.facts[CURSOR] = s.facts[GRAINS]
        return -1, -1
    last = min(first + s.facts[CHUNK], s.facts[GRAINS]) - 1
    s.facts[CURSOR] = last + 1
    s.busy[2 * copier] = first
    s.busy[2 * copier + 1] = last
    return first, last


@mechanism
def copied(s: Mirror, copier: int) -> None:
    """The chunk that this copier was at is in the base."""
    s.busy[2 * copier] = -1
    s.busy[2 * copier + 1] = -1


@mechanism
def where(s: Mirror, first: int, last: int) -> int:
    """AHEAD, BEHIND or COPYING for a write to grains first..last; part of it behind the cursor makes it BEHIND."""
    for i in range(0, 2 * s.facts[COPIERS], 2):
        if first <= s.busy[i + 1] and s.busy[i] <= last:
            return COPYING
    return BEHIND if first < s.facts[CURSOR] else AHEAD
