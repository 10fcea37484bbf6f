"""Draws made beforehand: blocks of whole numbers for the compiled path, from the streams of `models.workload`.

Small blocks first and larger ones later, so that short runs of many VMs stay cheap; how they are cut changes no number.
"""

from collections.abc import Iterator

import numpy as np

from models import scenario
from models.arrivals import arrival_times, rates
from models.compiled.layout import ROW, STREAM
from models.windows import cut, inside, unseen_blocks
from models.workload import Block, guest_blocks, hop_blocks, service_blocks
from sim.memory import Fields, FlatMemory, Words
from sim.streams import uniform_stream

STREAMS = Fields(STREAM)
ROW_WIDTH = len(ROW.split())
FIRST_BLOCK, LARGEST_BLOCK = 256, 4096


class Stream:
    """Words in memory that the loop draws from; `fill` puts the next block behind those that are left."""

    def __init__(self, memory: FlatMemory, blocks: Iterator[Words], least: int, width: int = 1) -> None:
        self.memory = memory
        self.blocks = blocks
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
        memory, record = self.memory, self.record
        parts = [memory.words[record.at : record.end].copy()]
        have = len(parts[0])
        record.low = 0
        while have < 2 * self.least:
            block = next(self.blocks, None)
            if block is None:
                record.low = 1  # nobody need ask again
                break
            parts.append(block.reshape(-1))
            have += block.size
        if have > self.room:
            self.room = 2 * have
            self.base = memory.take(self.room)
        memory.words[self.base : self.base + have] = np.concatenate(parts)
        record.at, record.end = self.base, self.base + have


def sizes() -> Iterator[int]:
    """How large block after block is."""
    size = FIRST_BLOCK
    while True:
        yield size
        size = min(2 * size, LARGEST_BLOCK)


def services(seed: int, replicate: int, entity: str, store: scenario.Datastore, write: bool) -> Iterator[Words]:
    """Service draws of the I/Os that a mechanism causes."""
    yield from service_blocks(seed, replicate, entity, store, write)


def hops(seed: int, replicate: int, entity: str, spec: scenario.Filter) -> Iterator[Words]:
    """(down, up) of hop after hop of a filter in one VM, in ns; whoever draws takes the one it needs."""
    for block in hop_blocks(seed, replicate, entity, LARGEST_BLOCK):
        yield np.rint(np.stack([spec.down_ns * block, spec.up_ns * block], axis=1)).astype(np.int64)


def guest_rows(
    vm: scenario.Vm,
    workload: scenario.Workload,
    stores: dict[str, scenario.Datastore],
    seed: int,
    replicate: int,
    windows: tuple[scenario.Window, ...],
) -> Iterator[Words]:
    """Rows (`layout.ROW`) of a workload's I/Os by ordinal; those of an open loop or a trace are in the windows."""
    blocks = guest_blocks(vm, workload, stores, seed, replicate, sizes())
    if workload.kind == "closed":
        for block in blocks:
            yield rows(np.rint(workload.think_ns * block.gap).astype(np.int64), block)
    elif workload.trace is not None:
        first = 0
        for block in blocks:
            times = workload.trace.time_ns[first : first + len(block.disk)]
            first += len(times)
            yield rows(times, block)[inside(windows, times)]
    else:
        states = uniform_stream(seed, replicate, f"{vm.name}/{workload.name}", "burst states")
        taken: list[Block] = []

        def gaps() -> Iterator[np.ndarray]:
            for block in blocks:
                taken.append(block)
                yield block.gap

        stretches = cut(rates(workload, states), windows, keep=True) if windows else rates(workload, states)
        for times in arrival_times(gaps(), stretches):
            yield rows(times, taken.pop())


def unseen_rows(
    spec: scenario.Scenario, vm: scenario.Vm, workload: scenario.Workload, seed: int, replicate: int
) -> Iterator[Words]:
    """The same of a workload's writes outside the windows."""
    for times, block in unseen_blocks(spec, vm, workload, seed, replicate, sizes()):
        yield rows(times, block)


def rows(times: Words, block: Block) -> Words:
    """The block as rows of whole numbers; it ends with its times."""
    table = np.empty((len(times), ROW_WIDTH), dtype=np.int64)
    columns = (times, block.disk, block.write, block.offset, block.size, block.service_ns)
    for place, column in enumerate(columns):
        table[:, place] = column[: len(times)]
    return table
