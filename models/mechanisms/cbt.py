"""Changed block tracking: one epoch number per block, advanced at each snapshot.

A query returns the blocks whose epoch is after the changeId of the last *successful* job. It must be asked at the cut,
as the host does by keeping the snapshot's own map: a block written again later carries a newer epoch. (A bitmap that
is cleared at each query loses changes after a failed job.) Block size: 64 KiB; v1 doubles it with the disk above
128 GiB. Only pages of blocks that were written take memory.
"""

from typing import NamedTuple

import numpy as np

from sim.mechanism import mechanism, take

PAGE_BLOCKS = 1024
BLOCK_BYTES, CURRENT, PAGES = range(3)


class Cbt(NamedTuple):
    """`page_of[p]`: index in `pool` of the epochs (0: never written) of PAGE_BLOCKS blocks from p * PAGE_BLOCKS; -1."""

    page_of: list[int]
    pool: list[int]
    facts: list[int]  # BLOCK_BYTES, CURRENT (the epoch that writes get now), PAGES


def tracked_block(block_bytes: int, disk_bytes: int, doubling_bytes: int) -> int:
    """The block size of a disk: doubled as often as the disk must be halved to fit `doubling_bytes`; 0: never (v2)."""
    while doubling_bytes and disk_bytes > doubling_bytes:
        block_bytes, disk_bytes = block_bytes * 2, -(-disk_bytes // 2)
    return block_bytes


def cbt(block_bytes: int, disk_bytes: int) -> Cbt:
    """Tracking of a disk of that size from now on; nothing is changed yet."""
    pages = -(-disk_bytes // (block_bytes * PAGE_BLOCKS))
    return Cbt([-1] * pages, [], [block_bytes, 1, pages])


@mechanism
def mark(s: Cbt, offset: int, size: int) -> None:
    """These bytes are written."""
    block_bytes, epoch = s.facts[BLOCK_BYTES], s.facts[CURRENT]
    for block in range(offset // block_bytes, (offset + size - 1) // block_bytes + 1):
        page = s.page_of[block // PAGE_BLOCKS]
        if page < 0:
            page = take(s.pool, PAGE_BLOCKS)
            s.page_of[block // PAGE_BLOCKS] = page
        s.pool[page + block % PAGE_BLOCKS] = epoch


@mechanism
def cut(s: Cbt) -> int:
    """A snapshot is taken: returns its changeId; later writes belong to the next epoch."""
    s.facts[CURRENT] += 1
    return s.facts[CURRENT] - 1


def changed(s: Cbt, since: int) -> list[int]:
    """Blocks written after changeId `since`, ascending. Ask at the cut. since = 0: all ever written."""
    out: list[int] = []
    for number in range(int(s.facts[PAGES])):
        page = int(s.page_of[number])
        if page >= 0:
            epochs = np.asarray(s.pool[page : page + PAGE_BLOCKS])
            out.extend((np.flatnonzero(epochs > since) + number * PAGE_BLOCKS).tolist())
    return out


def extents(blocks: list[int]) -> int:
    """How many runs of neighbouring blocks a query's answer has."""
    return int(np.count_nonzero(np.diff(np.asarray(blocks, dtype=np.int64)) != 1)) + bool(blocks)


def covering(blocks: list[int], block_bytes: int, tool_bytes: int, size_bytes: int) -> list[int]:
    """The backup tool's blocks that hold any of these, ascending: what it reads and stores of a disk of that size."""
    held = np.asarray(blocks, dtype=np.int64)
    first = held * block_bytes // tool_bytes
    spans = (np.minimum((held + 1) * block_bytes, size_bytes) - 1) // tool_bytes - first + 1  # of each: so many
    of_each = np.repeat(first - np.cumsum(spans) + spans, spans) + np.arange(spans.sum())
    found: list[int] = np.unique(of_each).tolist()
    return found
