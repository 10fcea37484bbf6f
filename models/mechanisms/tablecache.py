"""Grain tables kept in memory: second-chance replacement over (level, table).

A lookup in a delta reads the grain table that covers the address; a table that is not in memory costs a metadata read.
The walk from level to level is documented (A Closer Look at vSAN Snapshots), its cost inferred; the replacement rule is
our guess.
"""

from typing import NamedTuple

from sim.mechanism import mechanism

SLOTS, HAND, KEYS = range(3)


class TableCache(NamedTuple):
    """`slot_of[key]`: where table `key` is kept, or -1; `key_in` (-1: free) and `used`: per slot."""

    slot_of: list[int]
    key_in: list[int]
    used: list[int]
    facts: list[int]  # SLOTS (0: everything is kept), HAND (the slot to look at next), KEYS (tables there can be)


def table_cache(tables: int, slots: int) -> TableCache:
    """An empty cache for keys 0..tables-1; `slots` = 0 keeps everything."""
    return TableCache([-1] * tables, [-1] * slots, [0] * slots, [slots, 0, tables])


@mechanism
def look_up(s: TableCache, key: int) -> bool:
    """True when the table was in memory; now it is."""
    if not s.facts[SLOTS]:
        return True
    slot = s.slot_of[key]
    if slot >= 0:
        s.used[slot] = 1
        return True
    slot = s.facts[HAND]
    while s.used[slot]:
        s.used[slot] = 0
        slot = (slot + 1) % s.facts[SLOTS]
    if s.key_in[slot] >= 0:
        s.slot_of[s.key_in[slot]] = -1
    s.key_in[slot] = key
    s.slot_of[key] = slot
    s.used[slot] = 1
    s.facts[HAND] = (slot + 1) % s.facts[SLOTS]
    return False


@mechanism
def keep(s: TableCache, key: int) -> None:
    """A table just made in memory (a new table of a delta) is there without a read."""
    look_up(s, key)


@mechanism
def forget(s: TableCache) -> None:
    """Nothing is in memory: the disk was closed."""
    for slot in range(s.facts[SLOTS]):
        key = s.key_in[slot]
        if key >= 0:
            s.slot_of[key] = -1
            s.key_in[slot] = -1
        s.used[slot] = 0
