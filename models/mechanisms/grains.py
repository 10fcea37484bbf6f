"""A chain of sparse delta disks (SEsparse): which level holds each grain, and where in its file.

Level 0 is the base disk and holds everything; level k the k-th delta. A write into the top delta allocates the grains
it touches; a delta's file fills in order of allocation, so grains written together lie together. Maps are paged by
grain table, so memory is bounded by what was touched. Left out: the bytes themselves, space reclamation.

Per grain: `levels`, a bit mask (bit k-1: level k holds it), `place`, its position in the newest level's file, and
`held`, a byte that says whether any level holds it, which can be searched at once.
Source: QEMU's seSparse reader (S. Eiderman, 2020).
"""

from typing import NamedTuple

TABLE_GRAINS, TABLES, DEPTH, TOTAL = range(4)
MAX_DEPTH = 32


class GrainMap(NamedTuple):
    """`page_of` per grain table: its page in the pool, or -1. The pool holds TABLE_GRAINS entries a page."""

    page_of: list[int]
    levels: list[int]
    place: list[int]
    held: bytearray
    allocated: list[int]  # grains in level k at index k; index 0 unused
    facts: list[int]  # TABLE_GRAINS, TABLES, DEPTH (deltas in the chain), TOTAL (grains in all deltas)


def grain_map(grains: int, table_grains: int) -> GrainMap:
    """A disk of that many grains without any delta."""
    tables = -(-grains // table_grains)
    return GrainMap([-1] * tables, [], [], bytearray(), [0] * (MAX_DEPTH + 1), [table_grains, tables, 0, 0])


def depth(s: GrainMap) -> int:
    """Deltas in the chain."""
    return s.facts[DEPTH]


def push(s: GrainMap) -> None:
    """An empty delta is on top. At most MAX_DEPTH deltas."""
    s.facts[DEPTH] += 1
    s.allocated[s.facts[DEPTH]] = 0


def newest(s: GrainMap, grain: int) -> int:
    """The newest level that holds the grain; 0: the base disk."""
    size = s.facts[TABLE_GRAINS]
    page = s.page_of[grain // size]
    return s.levels[page * size + grain % size].bit_length() if page >= 0 else 0


def newest_below(s: GrainMap, grain: int, level: int) -> int:
    """The newest level not above `level` that holds the grain: what a snapshot taken then still shows."""
    size = s.facts[TABLE_GRAINS]
    page = s.page_of[grain // size]
    if page < 0:
        return 0
    return (s.levels[page * size + grain % size] & ((1 << level) - 1)).bit_length()


def _where(s: GrainMap, grain: int) -> tuple[int, int]:
    """The newest level that holds the grain, and where it lies: its number in the base, or its spot in that delta."""
    size = s.facts[TABLE_GRAINS]
    page = s.page_of[grain // size]
    if page >= 0:
        slot = page * size + grain % size
        if s.levels[slot]:
            return s.levels[slot].bit_length(), s.place[slot]
    return 0, grain


def allocate(s: GrainMap, grain: int) -> bool:
    """The top delta holds the grain. True when it did not before. There must be a delta."""
    size, top = s.facts[TABLE_GRAINS], s.facts[DEPTH]
    table = grain // size
    page = s.page_of[table]
    if page < 0:
        page = s.page_of[table] = len(s.levels) // size
        s.levels.extend([0] * size)
        s.place.extend([0] * size)
        s.held.extend(bytes(size))
    slot, bit = page * size + grain % size, 1 << (top - 1)
    if s.levels[slot] & bit:
        return False
    s.levels[slot] |= bit
    s.held[slot] = 1
    s.place[slot] = s.allocated[top]
    s.allocated[top] += 1
    s.facts[TOTAL] += 1
    return True


def runs(s: GrainMap, first: int, last: int) -> list[tuple[int, int, int]]:
    """Grains first..last as (first, last, newest level) of pieces that lie together in one file."""
    out: list[tuple[int, int, int]] = []
    start, (level, spot) = first, _where(s, first)
    for grain in range(first + 1, last + 1):
        here, at = _where(s, grain)
        if here != level or at != spot + (grain - start):
            out.append((start, grain - 1, level))
            start, level, spot = grain, here, at
    out.append((start, last, level))
    return out


def runs_below(s: GrainMap, first: int, last: int, level: int) -> list[tuple[int, int, int]]:
    """The same for the disk as a snapshot over `level` deltas shows it; pieces break where the level changes."""
    out: list[tuple[int, int, int]] = []
    start, here = first, newest_below(s, first, level)
    for grain in range(first + 1, last + 1):
        there = newest_below(s, grain, level)
        if there != here:
            out.append((start, grain - 1, here))
            start, here = grain, there
    out.append((start, last, here))
    return out


def table_is_empty(s: GrainMap, table: int) -> bool:
    """Whether no delta holds any grain of this table: the grain directory says so, no table needs to be read."""
    return s.page_of[table] < 0


def next_held(s: GrainMap, grain: int, grains: int) -> int:
    """The first grain at or after `grain` that some delta holds; `grains` when there is none."""
    size = s.facts[TABLE_GRAINS]
    while grain < grains:
        table, inside = divmod(grain, size)
        page = s.page_of[table]
        if page >= 0:
            slot = s.held.find(1, page * size + inside, (page + 1) * size)
            if slot >= 0:
                return table * size + slot - page * size
        grain = (table + 1) * size
    return grains


def fold(s: GrainMap) -> int:
    """All deltas are gone, the base holds everything; returns how many grains they held together."""
    total = s.facts[TOTAL]
    for table in range(s.facts[TABLES]):
        s.page_of[table] = -1
    s.levels.clear()
    s.place.clear()
    s.held.clear()
    s.facts[DEPTH] = s.facts[TOTAL] = 0
    return total
