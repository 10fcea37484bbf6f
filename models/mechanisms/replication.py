"""Replication by a splitter: a buffer in write order, a dirty map where it overflows, and the way back.

In order: each write is appended to the buffer as it passes; checkpoints are cut between writes. A write that does not
fit turns the group to overflow: it and all later writes only mark the dirty map, while the link empties the buffer (in
order still). Then resync sends the dirty extents, unordered; writes mark them again. When the map is empty order is
back and a new checkpoint is cut. Source: Veeam CDP, Guaranteed Delivery (S91); RecoverPoint and Zerto behave alike.
The buffer holds raw bytes. Its space is given back when the target has confirmed. In sync the guest waits for the
target: its own queues bound what waits for the link, and the buffer is not held against its capacity.
"""

from typing import NamedTuple

import numpy as np

from models.assumptions import default
from sim.mechanism import bit_length, mechanism

FIRST_SYNC, IN_ORDER, OVERFLOW, RESYNC, IN_SYNC = range(5)
MODE_NAMES = ("first sync", "in order", "overflow", "resync", "in sync")
RUN_EXTENTS = int(default("fixed.resync_run"))
"""Contiguous extents merged into one update (an option of vSphere Replication)."""

MODE, CAPACITY, USED, SPLIT, BUFFERED, DIRTIED, DIRTY, EXTENT, CURSOR, DISKS = range(10)
WORD = 32
"""Flags in one word of the dirty map."""


class Group(NamedTuple):
    """`dirty`: a flag per extent of all disks, disk after disk, that of extent i bit i % WORD of word i // WORD.

    `first[d]`: number of disk d's first extent; one entry more: all extents.
    """

    dirty: list[int]
    first: list[int]
    facts: list[int]
    # MODE, CAPACITY and USED of the buffer, bytes SPLIT / BUFFERED / DIRTIED, DIRTY extents, EXTENT in bytes,
    # CURSOR (where the search for dirty extents goes on), DISKS


def group(disk_bytes: list[int], extent_bytes: int, capacity: int, seeded: bool) -> Group:
    """A consistency group over these disks; not seeded means that all is dirty at first."""
    first = [0]
    for size in disk_bytes:
        first.append(first[-1] + -(-size // extent_bytes))
    words, rest = divmod(first[-1], WORD)
    every = [(1 << WORD) - 1] * words + ([(1 << rest) - 1] if rest else [])
    flags, dirty = ([0] * len(every), 0) if seeded else (every, first[-1])
    mode = IN_ORDER if seeded else FIRST_SYNC
    return Group(flags, first, [mode, capacity, 0, 0, 0, 0, dirty, extent_bytes, 0, len(disk_bytes)])


def dirty_flags(s: Group) -> int:
    """Extents that are flagged: what DIRTY must be."""
    return int(np.bitwise_count(np.asarray(s.dirty, dtype=np.int64)).sum())


@mechanism
def split(s: Group, disk: int, offset: int, size: int, room: bool) -> bool:
    """A write passes the splitter. True: it is in the buffer; False: it marked the dirty map.

    `room`: whether an appliance that the group shares has room for it.
    """
    s.facts[SPLIT] += size
    fits = room and s.facts[USED] + size <= s.facts[CAPACITY]
    if s.facts[MODE] == IN_SYNC or (s.facts[MODE] == IN_ORDER and fits):
        s.facts[USED] += size
        s.facts[BUFFERED] += size
        return True
    if s.facts[MODE] == IN_ORDER:
        s.facts[MODE] = OVERFLOW
    s.facts[DIRTIED] += size
    base, extent = s.first[disk], s.facts[EXTENT]
    for i in range(base + offset // extent, base + (offset + size - 1) // extent + 1):
        flag = 1 << (i % WORD)
        if not s.dirty[i // WORD] & flag:
            s.dirty[i // WORD] |= flag
            s.facts[DIRTY] += 1
    return False


@mechanism
def confirmed(s: Group, size: int) -> None:
    """The target has these buffered bytes: their space is free."""
    s.facts[USED] -= size


@mechanism
def begin_resync(s: Group) -> None:
    """The buffer is empty after an overflow: the dirty map is sent from here on."""
    s.facts[MODE] = RESYNC


@mechanism
def _next_dirty(s: Group, start: int) -> int:
    """The first dirty extent at or after `start`; -1 when there is none. Words without a flag are skipped."""
    extents = s.first[s.facts[DISKS]]
    while start < extents:
        flags = s.dirty[start // WORD] >> (start % WORD)
        if flags:
            return start + bit_length(flags & -flags) - 1
        start = (start // WORD + 1) * WORD
    return -1


@mechanism
def take_dirty(s: Group) -> tuple[int, int, int]:
    """The next run of dirty extents, now clean, as (disk, first extent on it, extents); (-1, 0, 0) when none is left.

    The search goes round from where the last one ended.
    """
    if not s.facts[DIRTY]:
        return -1, 0, 0
    i = _next_dirty(s, s.facts[CURSOR])
    if i < 0:
        i = _next_dirty(s, 0)
    disk = 0
    while s.first[disk + 1] <= i:
        disk += 1
    end, most = i, min(s.first[disk + 1], i + RUN_EXTENTS)
    while end < most and s.dirty[end // WORD] >> (end % WORD) & 1:
        s.dirty[end // WORD] ^= 1 << (end % WORD)
        end += 1
    s.facts[DIRTY] -= end - i
    s.facts[CURSOR] = end
    return disk, i - s.first[disk], end - i


@mechanism
def order_is_back(s: Group) -> None:
    """The dirty map is empty: writes go to the buffer again."""
    s.facts[MODE] = IN_ORDER


@mechanism
def turn_sync(s: Group, on: bool) -> None:
    """Of a group in order: from now on the guest waits for the target, or no longer."""
    s.facts[MODE] = IN_SYNC if on else IN_ORDER
