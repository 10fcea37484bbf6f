"""Grain tables kept in memory: second-chance replacement over (level, table).

A lookup in a delta reads the grain table that covers the address; a table that is not in memory costs a metadata read.
The walk from level to level is documented (A Closer Look at vSAN Snapshots), its cost inferred; the replacement rule is
our guess.
"""

from typing import NamedTuple


class TableCache(NamedTuple):
    """`slot_of[key]`: where table `key` is kept, or -1; `key_in`, `used`: per slot; `hand[0]`: next to look at."""

    slot_of: list[int]
    key_in: list[int]
    used: list[int]
    hand: list[int]


def table_cache(tables: int, slots: int) -> TableCache:
    """An empty cache for keys 0..tables-1; `slots` = 0 keeps everything."""
    return TableCache([-1] * tables, [-1] * slots, [0] * slots, [0])


def look_up(s: TableCache, key: int) -> bool:
    """True when the table was in memory; now it is."""
    if not s.key_in:
        return True
    slot = s.slot_of[key]
    if slot >= 0:
        s.used[slot] = 1
        return True
    while s.used[s.hand[0]]:
        s.used[s.hand[0]] = 0
        s.hand[0] = (s.hand[0] + 1) % len(s.used)
    slot = s.hand[0]
    if s.key_in[slot] >= 0:
        s.slot_of[s.key_in[slot]] = -1
    s.key_in[slot], s.slot_of[key], s.used[slot] = key, slot, 1
    s.hand[0] = (slot + 1) % len(s.used)
    return False


def keep(s: TableCache, key: int) -> None:
    """A table just made in memory (a new table of a delta) is there without a read."""
    look_up(s, key)


def forget(s: TableCache) -> None:
    """Nothing is in memory: the disk was closed."""
    for slot, key in enumerate(s.key_in):
        if key >= 0:
            s.slot_of[key] = s.key_in[slot] = -1
        s.used[slot] = 0
