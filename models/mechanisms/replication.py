"""Asynchronous replication by a splitter: a buffer in write order, a dirty map where it overflows, and the way back.

In order: each write is appended to the buffer as it passes; checkpoints are cut between writes. A write that does not
fit turns the group to overflow: it and all later writes only mark the dirty map, while the link empties the buffer (in
order still). Then resync sends the dirty extents, unordered; writes mark them again. When the map is empty order is
back and a new checkpoint is cut. Source: Veeam CDP, Guaranteed Delivery (S91); RecoverPoint and Zerto behave alike.
The buffer holds raw bytes. Its space is given back when the target has confirmed.
"""

from typing import NamedTuple

from models.assumptions import default

FIRST_SYNC, IN_ORDER, OVERFLOW, RESYNC = range(4)
MODE_NAMES = ("first sync", "in order", "overflow", "resync")
RUN_EXTENTS = int(default("fixed.resync_run"))
"""Contiguous extents merged into one update (an option of vSphere Replication)."""

MODE, CAPACITY, USED, SPLIT, BUFFERED, DIRTIED, DIRTY, EXTENT, CURSOR = range(9)


class Group(NamedTuple):
    """`dirty`: one flag per extent of all disks, disk after disk; `first`: index of each disk's first extent."""

    dirty: bytearray
    first: list[int]
    facts: list[int]  # MODE, CAPACITY and USED of the buffer, bytes SPLIT / BUFFERED / DIRTIED, DIRTY extents, ...


def group(disk_bytes: list[int], extent_bytes: int, capacity: int, seeded: bool) -> Group:
    """A consistency group over these disks; not seeded means that all is dirty at first."""
    first = [0]
    for size in disk_bytes:
        first.append(first[-1] + -(-size // extent_bytes))
    dirty = 0 if seeded else first[-1]
    mode = IN_ORDER if seeded else FIRST_SYNC
    flags = bytearray(first[-1]) if seeded else bytearray(b"\1") * first[-1]
    return Group(flags, first, [mode, capacity, 0, 0, 0, 0, dirty, extent_bytes, 0])


def split(s: Group, disk: int, offset: int, size: int) -> bool:
    """A write passes the splitter. True: it is in the buffer; False: it marked the dirty map."""
    s.facts[SPLIT] += size
    if s.facts[MODE] == IN_ORDER and s.facts[USED] + size <= s.facts[CAPACITY]:
        s.facts[USED] += size
        s.facts[BUFFERED] += size
        return True
    if s.facts[MODE] == IN_ORDER:
        s.facts[MODE] = OVERFLOW
    s.facts[DIRTIED] += size
    base, extent = s.first[disk], s.facts[EXTENT]
    for i in range(base + offset // extent, base + (offset + size - 1) // extent + 1):
        if not s.dirty[i]:
            s.dirty[i] = 1
            s.facts[DIRTY] += 1
    return False


def confirmed(s: Group, size: int) -> None:
    """The target has these buffered bytes: their space is free."""
    s.facts[USED] -= size


def begin_resync(s: Group) -> None:
    """The buffer is empty after an overflow: the dirty map is sent from here on."""
    s.facts[MODE] = RESYNC


def take_dirty(s: Group) -> tuple[int, int, int]:
    """The next run of dirty extents, now clean, as (disk, first extent on it, extents); (-1, 0, 0) when none is left.

    The search goes round from where the last one ended.
    """
    if not s.facts[DIRTY]:
        return -1, 0, 0
    i = s.dirty.find(1, s.facts[CURSOR])
    if i < 0:
        i = s.dirty.find(1)
    disk = 0
    while s.first[disk + 1] <= i:
        disk += 1
    end = i
    while end < s.first[disk + 1] and s.dirty[end] and end - i < RUN_EXTENTS:
        s.dirty[end] = 0
        end += 1
    s.facts[DIRTY] -= end - i
    s.facts[CURSOR] = end
    return disk, i - s.first[disk], end - i


def order_is_back(s: Group) -> None:
    """The dirty map is empty: writes go to the buffer again."""
    s.facts[MODE] = IN_ORDER
