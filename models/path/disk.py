"""A virtual disk on its host: the chain of delta disks, tracking, and the commands that each guest I/O becomes.

A write that allocates grains first reads what the parent holds of grains it covers in part, then writes, then updates
the grain table - one after the other, as crash safety wants. A read splits where the data lies apart. While
consolidation runs, writes behind its cursor go to the base disk too. Left out: CPU cost of a lookup.
"""

from collections.abc import Generator, Iterator
from typing import Any, Protocol

from simpy.events import Event

from models import scenario
from models.chain import Chain, OutOfSpace
from models.mechanisms import bloom, cbt, grains, mirror, tablecache
from models.path.causes import Causes
from models.path.device import Flow
from models.path.io import DATA, METADATA, MIRROR, PARENT_READ, Command, GuestIo, Stage
from sim.clock import Clock, Signal

Steps = Generator[Event, Any, None]


class Asking(Protocol):
    """A VM that asks when a delta cannot grow (models.path.vm)."""

    answered: Signal

    def ask(self) -> bool: ...


class Disk(Chain):
    """One VMDK with its deltas and maps: one scheduler flow."""

    owner: Asking  # its VM

    def __init__(self, spec: scenario.Disk, delta: scenario.DeltaFormat, flow: Flow, causes: Causes) -> None:
        super().__init__(spec, delta)
        self.flow = flow
        self.device = flow.device
        self.space = flow.device.store
        self.clock: Clock = flow.device.clock
        self.causes = causes
        self.map = grains.grain_map(self.grains, delta.table_grains)
        self.cache = None
        self.filters = None
        self.tracking = None
        self.mirror: mirror.Mirror | None = None
        self.chunk_done: Signal = self.clock.signal()  # fires when a chunk of the consolidation is in the base
        self.read_draws: Iterator[int] = iter(())  # service draws of I/Os that mechanisms cause
        self.write_draws: Iterator[int] = iter(())
        self.levels_written = [0, 0]  # acknowledged guest write bytes sent to [base, top delta]

    # -- what a guest I/O does ------------------------------------------------------------------------------------

    def access(self, io: GuestIo) -> Steps:
        """Carries one guest I/O to the back end and back; its ledger has the critical path."""
        if io.write:
            if self.tracking is not None:
                cbt.mark(self.tracking, io.offset, io.size)
            return self._write(io) if grains.depth(self.map) else self._plain(io)
        return self._read(io) if grains.depth(self.map) else self._plain(io)

    def absorb(self, io: GuestIo) -> None:
        """A write is in the tracking and in its level, without any command."""
        if self.tracking is not None:
            cbt.mark(self.tracking, io.offset, io.size)
        top = grains.depth(self.map)
        if top:
            grain, before = self.delta.grain_bytes, self._used(self.map, top)
            for one in range(io.offset // grain, (io.offset + io.size - 1) // grain + 1):
                if grains.allocate(self.map, one) and self.filters is not None:
                    bloom.add(self.filters, top, one)
            if self._grow(before):  # nobody asks where nobody looks
                raise OutOfSpace(self.device.store.spec.name, self.spec.name)
        self.levels_written[top > 0] += io.size

    def _plain(self, io: GuestIo) -> Steps:
        if io.write:
            self.levels_written[0] += io.size
        return self._run(io, [Command(DATA, io.write, io.size, io.service_ns)])

    def _read(self, io: GuestIo) -> Steps:
        grain = self.delta.grain_bytes
        first, last = io.offset // grain, (io.offset + io.size - 1) // grain
        for _ in range(self._missing_tables(first, last)):
            yield from self._run(io, [self._metadata(write=False)])
        pieces = [self._clip(io, a, b) for a, b, _ in grains.runs(self.map, first, last)]
        yield from self._run(io, self._data(io, pieces))

    def _write(self, io: GuestIo) -> Steps:
        grain = self.delta.grain_bytes
        first, last = io.offset // grain, (io.offset + io.size - 1) // grain
        yield from self._wait_for_copiers(io, first, last)
        mirrored = self._behind_cursor(first, last)
        missing = self._parent_bytes(io, first, last)
        if missing:
            reads = [Command(PARENT_READ, False, size, next(self.read_draws)) for size in missing]
            yield from self._run(io, reads)
        top = grains.depth(self.map)
        before, tables = self._used(self.map, top), self.map.tabled[top]
        fresh = [g for g in range(first, last + 1) if grains.allocate(self.map, g)]
        tables = self.map.tabled[top] - tables
        if fresh:
            owed = self._grow(before)
            if self.filters is not None:
                for one in fresh:
                    bloom.add(self.filters, top, one)
            if owed:
                yield from self._wait_for_space(io, owed)
        self.levels_written[1] += io.size
        commands = self._data(io, self._pieces_to_write(io, first, last, fresh))
        if mirrored:
            commands.append(Command(MIRROR, True, io.size, next(self.write_draws)))
        yield from self._run(io, commands)
        for _ in range(self._table_updates(fresh) + self.delta.directory_writes * tables):
            yield from self._run(io, [self._metadata(write=True)])
        if not mirrored and self.mirror is not None:
            yield from self._mirror_late(io, first, last)

    def _run(self, io: GuestIo, commands: list[Command]) -> Steps:
        """Runs commands side by side; the last to complete is the critical path and goes into the ledger."""
        stage = Stage(self.clock, len(commands))
        for command in commands:
            command.waiter = stage
            self.device.submit(self.flow, command)
        last = yield stage
        self.causes.charge_command(io, last)

    # -- the chain ------------------------------------------------------------------------------------------------

    def _clip(self, io: GuestIo, first: int, last: int) -> int:
        """How many of the I/O's bytes lie in grains first..last."""
        grain = self.delta.grain_bytes
        return min((last + 1) * grain, io.offset + io.size) - max(first * grain, io.offset)

    def _data(self, io: GuestIo, sizes: list[int]) -> list[Command]:
        """Data commands of these sizes; the scheduler charges the guest request once, on the first."""
        cost = -(-io.size // self.device.host.cost_unit_bytes)
        first = Command(DATA, io.write, sizes[0], io.service_ns, cost)
        draws = self.write_draws if io.write else self.read_draws
        return [first, *(Command(DATA, io.write, size, next(draws), 0) for size in sizes[1:])]

    def _metadata(self, write: bool) -> Command:
        draws = self.write_draws if write else self.read_draws
        return Command(METADATA, write, self.delta.metadata_bytes, next(draws))

    def _missing_tables(self, first: int, last: int) -> int:
        """Metadata reads for a lookup: per level from the top to where the data is, tables that are not in memory."""
        if not self.delta.cached_tables:
            return 0
        assert self.cache is not None
        misses, size, tables = 0, self.delta.table_grains, self.map.facts[grains.TABLES]
        for table in range(first // size, last // size + 1):
            if grains.table_is_empty(self.map, table):
                continue
            inside = range(max(first, table * size), min(last, (table + 1) * size - 1) + 1)
            found = min(grains.newest(self.map, grain) for grain in inside)
            for level in range(grains.depth(self.map), max(found, 1) - 1, -1):
                if self._maybe(level, inside):
                    misses += not tablecache.look_up(self.cache, (level - 1) * tables + table)
        return misses

    def _maybe(self, level: int, inside: range) -> bool:
        """Whether the level may hold any of these grains, as far as its filter knows."""
        return self.filters is None or any(bloom.maybe(self.filters, level, grain) for grain in inside)

    def _parent_bytes(self, io: GuestIo, first: int, last: int) -> list[int]:
        """Sizes of the parent reads: what the write does not cover of its first and last grain, where these are new."""
        grain, top = self.delta.grain_bytes, grains.depth(self.map)
        head, tail = io.offset - first * grain, (last + 1) * grain - (io.offset + io.size)
        tail = min(tail, max(0, self.spec.size_bytes - (io.offset + io.size)))
        new_first = grains.newest(self.map, first) < top
        if first == last:
            return [head + tail] if new_first and head + tail else []
        new_last = grains.newest(self.map, last) < top
        return [size for size, new in ((head, new_first), (tail, new_last)) if size and new]

    def _pieces_to_write(self, io: GuestIo, first: int, last: int, fresh: list[int]) -> list[int]:
        """Sizes of the data writes; a new grain is written whole."""
        if not fresh:
            return [self._clip(io, a, b) for a, b, _ in grains.runs(self.map, first, last)]
        grain, new = self.delta.grain_bytes, set(fresh)
        sizes = []
        for a, b, _ in grains.runs(self.map, first, last):
            size = self._clip(io, a, b)
            for end in sorted({a, b}):
                if end in new:
                    size += grain - self._clip(io, end, end)
            sizes.append(size)
        return sizes

    def _table_updates(self, fresh: list[int]) -> int:
        """Serial metadata writes for these new grains: per grain table that they fall into."""
        if not fresh:
            return 0
        size, tables = self.delta.table_grains, self.map.facts[grains.TABLES]
        touched = range(fresh[0] // size, fresh[-1] // size + 1)
        if self.cache is not None:
            for table in touched:
                tablecache.keep(self.cache, (grains.depth(self.map) - 1) * tables + table)
        return self.delta.metadata_writes * len(touched)

    # -- what stories do ------------------------------------------------------------------------------------------

    def stop_mirroring(self) -> None:
        """Writes go to the top delta, or to the base when there is none, and nowhere else."""
        self.mirror = None

    def make_cache(self, tables: int) -> None:
        self.cache = tablecache.table_cache(tables, self.delta.cached_tables)

    def make_filters(self) -> None:
        self.filters = bloom.bloom(self.delta.bloom_bits, self.delta.bloom_hashes)

    def track_changes(self, block_bytes: int) -> None:
        """Changed blocks are tracked from now on."""
        self.tracking = cbt.cbt(block_bytes, self.spec.size_bytes)

    def _grow(self, before: int) -> int:
        """Takes space for the grains just allocated; when the datastore has too little: what is owed, and 0."""
        step, top = self.delta.growth_bytes, grains.depth(self.map)
        steps = -(-self._used(self.map, top) // step) - -(-before // step)
        if not steps or self.device.store.take_space(steps * step):
            return 0
        self.owed_bytes += steps * step
        return steps * step

    def _wait_for_space(self, io: GuestIo, owed: int) -> Steps:
        """Holds a write until there is space for its grains. The VM asks; raises OutOfSpace when nobody answers."""
        while self.owner.ask():
            yield self.owner.answered
            io.charge(self.causes.space_hold, self.clock._now)
            if self.device.store.take_space(owed):
                self.owed_bytes -= owed
                return
        raise OutOfSpace(self.device.store.spec.name, self.spec.name)

    # -- consolidation --------------------------------------------------------------------------------------------

    def _wait_for_copiers(self, io: GuestIo, first: int, last: int) -> Steps:
        """Holds a write while a chunk that it touches is being copied."""
        while self.mirror is not None and mirror.where(self.mirror, first, last) == mirror.COPYING:
            yield self.chunk_done
            io.charge(self.causes.mirror_hold, self.clock._now)

    def _behind_cursor(self, first: int, last: int) -> bool:
        return self.mirror is not None and mirror.where(self.mirror, first, last) == mirror.BEHIND

    def _mirror_late(self, io: GuestIo, first: int, last: int) -> Steps:
        """The cursor passed while the write was on its way: it is mirrored before the guest hears of it."""
        yield from self._wait_for_copiers(io, first, last)
        if self._behind_cursor(first, last):
            yield from self._run(io, [Command(MIRROR, True, io.size, next(self.write_draws))])
