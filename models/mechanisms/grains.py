"""A chain of sparse delta disks (SEsparse, VMFSsparse): which level holds each grain, and where in its file.

Level 0 is the base disk and holds everything; level k the k-th delta. A write into the top delta allocates the grains
it touches; a delta's file fills in order of allocation, so grains written together lie together. Maps are paged by
grain table, so memory is bounded by what was touched; pages of folded deltas serve the next ones. Left out: the bytes
themselves, space reclamation.

A page has two words per grain: a mask of levels (bit k-1: level k holds it) and its place in the newest one's file; and
one more, the mask of levels whose table has an entry.
Bounds: masks have MAX_DEPTH = 32 bits.
Source: QEMU's seSparse reader (S. Eiderman, 2020).
"""

from typing import NamedTuple

import numpy as np

from sim.mechanism import bit_length, mechanism, take

TABLE_GRAINS, TABLES, DEPTH, TOTAL, FREE = range(5)
MAX_DEPTH = 32


class GrainMap(NamedTuple):
    """`page_of[table]`: index in `pool` of the table's page, or -1."""

    page_of: list[int]
    pool: list[int]
    allocated: list[int]  # grains in level k at index k; index 0 unused
    tabled: list[int]  # grain tables of level k that have an entry; index 0 unused
    facts: list[int]
    # TABLE_GRAINS, TABLES, DEPTH (deltas in the chain), TOTAL (grains in all deltas), FREE (a page given back, whose
    # first word is the next such page; -1: none)


def grain_map(grains: int, table_grains: int) -> GrainMap:
    """A disk of that many grains without any delta."""
    tables = -(-grains // table_grains)
    return GrainMap([-1] * tables, [], [0] * (MAX_DEPTH + 1), [0] * (MAX_DEPTH + 1), [table_grains, tables, 0, 0, -1])


@mechanism
def depth(s: GrainMap) -> int:
    """Deltas in the chain."""
    return s.facts[DEPTH]


@mechanism
def push(s: GrainMap) -> None:
    """An empty delta is on top. At most MAX_DEPTH deltas."""
    s.facts[DEPTH] += 1
    s.allocated[s.facts[DEPTH]] = 0
    s.tabled[s.facts[DEPTH]] = 0


@mechanism
def newest(s: GrainMap, grain: int) -> int:
    """The newest level that holds the grain; 0: the base disk."""
    size = s.facts[TABLE_GRAINS]
    page = s.page_of[grain // size]
    if page < 0:
        return 0
    return bit_length(s.pool[page + 2 * (grain % size)])


@mechanism
def newest_below(s: GrainMap, grain: int, level: int) -> int:
    """The newest level not above `level` that holds the grain: what a snapshot taken then still shows."""
    size = s.facts[TABLE_GRAINS]
    page = s.page_of[grain // size]
    if page < 0:
        return 0
    return bit_length(s.pool[page + 2 * (grain % size)] & ((1 << level) - 1))


@mechanism
def _where(s: GrainMap, grain: int) -> tuple[int, int]:
    """The newest level that holds the grain, and where it lies: its number in the base, or its spot in that delta."""
    size = s.facts[TABLE_GRAINS]
    page = s.page_of[grain // size]
    if page >= 0:
        at = page + 2 * (grain % size)
        mask = s.pool[at]
        if mask:
            return bit_length(mask), s.pool[at + 1]
    return 0, grain


@mechanism
def _page_for(s: GrainMap, table: int) -> int:
    """A page of zeros that is the table's from now on: one given back, or a new one."""
    words, page = 2 * s.facts[TABLE_GRAINS] + 1, s.facts[FREE]
    if page >= 0:
        s.facts[FREE] = s.pool[page]
        for at in range(page, page + words):
            s.pool[at] = 0
    else:
        page = take(s.pool, words)
    s.page_of[table] = page
    return page


@mechanism
def allocate(s: GrainMap, grain: int) -> bool:
    """The top delta holds the grain. True when it did not before. There must be a delta."""
    size, top = s.facts[TABLE_GRAINS], s.facts[DEPTH]
    page = s.page_of[grain // size]
    if page < 0:
        page = _page_for(s, grain // size)
    at, bit = page + 2 * (grain % size), 1 << (top - 1)
    if s.pool[at] & bit:
        return False
    s.pool[at] |= bit
    s.pool[at + 1] = s.allocated[top]
    s.allocated[top] += 1
    s.facts[TOTAL] += 1
    if not s.pool[page + 2 * size] & bit:
        s.pool[page + 2 * size] |= bit
        s.tabled[top] += 1
    return True


@mechanism
def piece(s: GrainMap, first: int, last: int) -> tuple[int, int]:
    """(end, newest level) of the piece from grain `first` to `end` <= `last` that lies together in one file."""
    level, place = _where(s, first)
    for grain in range(first + 1, last + 1):
        here, at = _where(s, grain)
        if here != level or at != place + (grain - first):
            return grain - 1, level
    return last, level


@mechanism
def piece_below(s: GrainMap, first: int, last: int, level: int) -> tuple[int, int]:
    """The same for the disk as a snapshot over `level` deltas shows it; a piece ends where the level changes."""
    here = newest_below(s, first, level)
    for grain in range(first + 1, last + 1):
        if newest_below(s, grain, level) != here:
            return grain - 1, here
    return last, here


def runs(s: GrainMap, first: int, last: int) -> list[tuple[int, int, int]]:
    """Grains first..last as (first, last, newest level) of pieces that lie together in one file."""
    out: list[tuple[int, int, int]] = []
    while first <= last:
        end, level = piece(s, first, last)
        out.append((first, end, level))
        first = end + 1
    return out


def runs_below(s: GrainMap, first: int, last: int, level: int) -> list[tuple[int, int, int]]:
    """The same for the disk as a snapshot over `level` deltas shows it; pieces break where the level changes."""
    out: list[tuple[int, int, int]] = []
    while first <= last:
        end, here = piece_below(s, first, last, level)
        out.append((first, end, here))
        first = end + 1
    return out


@mechanism
def table_is_empty(s: GrainMap, table: int) -> bool:
    """Whether no delta holds any grain of this table: the grain directory says so, no table needs to be read."""
    return s.page_of[table] < 0


@mechanism
def next_held(s: GrainMap, grain: int, grains: int, level: int) -> int:
    """The first grain at or after `grain` that some delta not above `level` holds; `grains` when there is none."""
    size, lower = s.facts[TABLE_GRAINS], (1 << level) - 1
    while grain < grains:
        table = grain // size
        page = s.page_of[table]
        if page >= 0:
            for at in range(page + 2 * (grain % size), page + 2 * size, 2):
                if s.pool[at] & lower:
                    return table * size + (at - page) // 2
        grain = (table + 1) * size
    return grains


@mechanism
def fold(s: GrainMap) -> int:
    """All deltas are gone, the base holds everything; returns how many grains they held together."""
    total = s.facts[TOTAL]
    for table in range(s.facts[TABLES]):
        page = s.page_of[table]
        if page >= 0:
            s.pool[page] = s.facts[FREE]
            s.facts[FREE] = page
            s.page_of[table] = -1
    s.facts[DEPTH] = 0
    s.facts[TOTAL] = 0
    return total


@mechanism
def fold_below(s: GrainMap, levels: int) -> int:
    """The lowest so many deltas are gone, the base holds what they held; returns how many grains that were.

    Those above them are numbered from 1 again. A grain's place is that in its newest delta, so that it stays.
    """
    size, gone, kept = s.facts[TABLE_GRAINS], 0, s.facts[DEPTH] - levels
    for level in range(1, levels + 1):
        gone += s.allocated[level]
    for level in range(1, kept + 1):
        s.allocated[level] = s.allocated[level + levels]
        s.tabled[level] = s.tabled[level + levels]
    for table in range(s.facts[TABLES]):
        page, used = s.page_of[table], False
        if page >= 0:
            s.pool[page + 2 * size] = s.pool[page + 2 * size] >> levels
            for at in range(page, page + 2 * size, 2):
                s.pool[at] = s.pool[at] >> levels
                if s.pool[at]:
                    used = True
            if not used:
                s.pool[page] = s.facts[FREE]
                s.facts[FREE] = page
                s.page_of[table] = -1
    s.facts[DEPTH] = kept
    s.facts[TOTAL] -= gone
    return gone


def copies(s: GrainMap) -> int:
    """Grains that the maps say are held, each level counted: what TOTAL must be."""
    words = 2 * int(s.facts[TABLE_GRAINS])
    pages = np.asarray(s.page_of)
    pages = pages[pages >= 0].tolist()
    return sum(int(mask).bit_count() for page in pages for mask in s.pool[page : page + words : 2])
