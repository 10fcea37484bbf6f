"""An array's write-back cache: what it holds, and how much of it is being written to the media.

A write is in the cache when there is room for all of it, and leaves it when its destage has ended. Only so many
destages are under way at once. Left out: reads that hit, writes that overwrite each other while still in the cache.
"""

from typing import NamedTuple

from sim.mechanism import mechanism

SIZE, DESTAGERS, HELD, DESTAGING, TAKEN, CLEANED = range(6)


class WriteCache(NamedTuple):
    """`facts`: its size and destagers; bytes held and destages under way now; bytes taken and cleaned up to now."""

    facts: list[int]


def write_cache(size_bytes: int, destagers: int) -> WriteCache:
    """A clean cache."""
    return WriteCache([size_bytes, destagers, 0, 0, 0, 0])


@mechanism
def take(s: WriteCache, size: int) -> bool:
    """Whether the write finds room; then it is held."""
    if s.facts[HELD] + size > s.facts[SIZE]:
        return False
    s.facts[HELD] += size
    s.facts[TAKEN] += size
    return True


@mechanism
def begin(s: WriteCache) -> bool:
    """Whether one more destage may begin; then it is under way."""
    if s.facts[DESTAGING] >= s.facts[DESTAGERS]:
        return False
    s.facts[DESTAGING] += 1
    return True


@mechanism
def clean(s: WriteCache, size: int) -> None:
    """A destage has ended: its bytes make room."""
    s.facts[DESTAGING] -= 1
    s.facts[HELD] -= size
    s.facts[CLEANED] += size
