"""Changed block tracking: one epoch number per block, advanced at each snapshot.

A query returns the blocks whose epoch is after the changeId of the last *successful* job. It must be asked at the cut,
as the host does by keeping the snapshot's own map: a block written again later carries a newer epoch. (A bitmap that
is cleared at each query loses changes after a failed job.) Block size: 64 KiB, doubled with the disk above 128 GiB.
Only blocks that were written take memory.
"""

from typing import NamedTuple


class Cbt(NamedTuple):
    """`epoch[b]`: when block b was last written (absent: never); `current[0]`: the epoch that writes get now."""

    block_bytes: int
    epoch: dict[int, int]
    current: list[int]


def cbt(block_bytes: int) -> Cbt:
    """Tracking from now on; nothing is changed yet."""
    return Cbt(block_bytes, {}, [1])


def mark(s: Cbt, offset: int, size: int) -> None:
    """These bytes are written."""
    epoch, now = s.epoch, s.current[0]
    for block in range(offset // s.block_bytes, (offset + size - 1) // s.block_bytes + 1):
        epoch[block] = now


def cut(s: Cbt) -> int:
    """A snapshot is taken: returns its changeId; later writes belong to the next epoch."""
    s.current[0] += 1
    return s.current[0] - 1


def changed(s: Cbt, since: int) -> list[int]:
    """Blocks written after changeId `since`, ascending. Ask at the cut. since = 0: all ever written."""
    return sorted(block for block, epoch in s.epoch.items() if epoch > since)


def extents(blocks: list[int]) -> int:
    """How many runs of neighbouring blocks a query's answer has."""
    return sum(1 for i, block in enumerate(blocks) if i == 0 or blocks[i - 1] != block - 1)


def covering(blocks: list[int], block_bytes: int, tool_bytes: int, size_bytes: int) -> list[int]:
    """The backup tool's blocks that hold any of these, ascending: what it reads and stores of a disk of that size."""
    out: list[int] = []
    for block in blocks:
        start, end = block * block_bytes, min((block + 1) * block_bytes, size_bytes)
        for tool in range(start // tool_bytes, (end - 1) // tool_bytes + 1):
            if not out or out[-1] < tool:
                out.append(tool)
    return out
