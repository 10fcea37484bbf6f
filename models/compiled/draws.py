"""Draws made beforehand: blocks of whole numbers for the compiled path, from the streams of `models.workload`.

A small block first, then as many as the rest of the run will take at the pace so far: what is drawn and not used costs
time, too. How they are cut changes no number.
"""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from models import scenario
from models.arrivals import arrival_times
from models.compiled.layout import STREAM
from models.windows import inside, seen_rates, unseen_blocks
from models.workload import Block, Ints, guest_blocks, hop_blocks, service_blocks
from sim.memory import Fields, FlatMemory
from sim.streams import uniform_stream

STREAMS = Fields(STREAM)
FIRST_BLOCK, LARGEST_BLOCK = 256, 4096

Columns = tuple[npt.NDArray[Any], ...]
"""A block of draws, a column for each word of a draw. Whole numbers, of whatever type."""
Progress = Callable[[], tuple[int, int]]
"""The time now, and when the run ends."""


class Stream:
    """Words in memory that the loop draws from; `fill` puts the next block behind those that are left."""

    def __init__(self, memory: FlatMemory, blocks: Iterator[Columns], least: int, width: int = 1) -> None:
        self.memory = memory
        self.blocks = blocks
        self.width = width
        self.least = least * width  # words that must be there as long as the blocks last
        self.record = STREAMS.new(memory)
        self.room = 0
        self.base = 0
        self.fill()

    @property
    def address(self) -> int:
        return self.record.address

    def fill(self) -> None:
        """At least `least` words can be drawn, or the stream is at its end for good."""
        memory, record, width = self.memory, self.record, self.width
        left = memory.words[record.at : record.end].copy()
        have, low, blocks = len(left), 0, []
        while have < 2 * self.least:
            block = next(self.blocks, None)
            if block is None:
                low = 1  # nobody need ask again
                break
            blocks.append(block)
            have += width * len(block[0])
        if have > self.room:
            self.room = 2 * have
            self.base = memory.take(self.room)
        at = self.base + len(left)
        memory.words[self.base : at] = left
        for block in blocks:
            end = at + width * len(block[0])
            draws = memory.words[at:end].reshape(-1, width)
            for place, column in enumerate(block):
                draws[:, place] = column
            at = end
        record.set(at=self.base, end=at, low=low)


def sizes(progress: Progress) -> Iterator[int]:
    """How large block after block is."""
    drawn, size = 0, FIRST_BLOCK
    while True:
        yield size
        drawn += size
        now, end = progress()
        wanted = 17 * drawn * (end - now) // (16 * now) if now else FIRST_BLOCK
        size = min(max(wanted, FIRST_BLOCK), LARGEST_BLOCK)


def services(seed: int, replicate: int, entity: str, store: scenario.Datastore, write: bool) -> Iterator[Columns]:
    """Service draws of the I/Os that a mechanism causes."""
    for block in service_blocks(seed, replicate, entity, store, write):
        yield (block,)


def hops(seed: int, replicate: int, entity: str, spec: scenario.Filter, progress: Progress) -> Iterator[Columns]:
    """(down, up) of hop after hop of a filter in one VM, in ns; whoever draws takes the one it needs."""
    for block in hop_blocks(seed, replicate, entity, sizes(progress)):
        down = np.rint(spec.down_ns * block)
        yield down, down if spec.up_ns == spec.down_ns else np.rint(spec.up_ns * block)


def guest_rows(
    vm: scenario.Vm,
    workload: scenario.Workload,
    stores: dict[str, scenario.Datastore],
    identity: tuple[int, int],
    windows: tuple[scenario.Window, ...],
    progress: Progress,
) -> Iterator[Columns]:
    """Rows (`layout.ROW`) of a workload's I/Os by ordinal; those of an open loop or a trace are in the windows.

    `identity`: seed and replicate.
    """
    blocks = guest_blocks(vm, workload, stores, *identity, sizes(progress))
    if workload.kind == "closed":
        for block in blocks:
            yield np.rint(workload.think_ns * block.gap), *block[1:]
    elif workload.trace is not None:
        first = 0
        for block in blocks:
            times = workload.trace.time_ns[first : first + len(block.disk)]
            first += len(times)
            seen = inside(windows, times)
            yield tuple(column[seen] for column in rows(times, block))
    else:
        states = uniform_stream(*identity, f"{vm.name}/{workload.name}", "burst states")
        taken: list[Block] = []

        def gaps() -> Iterator[np.ndarray]:
            for block in blocks:
                taken.append(block)
                yield block.gap

        for times in arrival_times(gaps(), seen_rates(workload, states, windows)):
            yield rows(times, taken.pop())


def unseen_rows(
    spec: scenario.Scenario, vm: scenario.Vm, workload: scenario.Workload, identity: tuple[int, int], progress: Progress
) -> Iterator[Columns]:
    """The same of a workload's writes outside the windows."""
    for times, block in unseen_blocks(spec, vm, workload, *identity, sizes(progress)):
        yield rows(times, block)


def rows(times: Ints, block: Block) -> Columns:
    """The block with these times; it ends with them."""
    return times, *(column[: len(times)] for column in block[1:])
