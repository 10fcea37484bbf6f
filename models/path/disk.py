"""A virtual disk on its host: the chain of delta disks, tracking, and the commands that each guest I/O becomes.

A write that allocates grains first reads what the parent holds of grains it covers in part, then writes, then updates
the grain table - one after the other, as crash safety wants. A read splits where the data lies apart. While
consolidation runs, writes behind its cursor go to the base disk too. Left out: CPU cost of a lookup.
"""

from collections.abc import Generator, Iterator
from typing import Any

from simpy.events import Event

from models import scenario
from models.mechanisms import cbt, grains, mirror, tablecache
from models.path.causes import Causes
from models.path.device import Flow
from models.path.io import DATA, METADATA, MIRROR, PARENT_READ, Command, GuestIo, Stage
from sim.clock import Clock, Signal

MAX_DEPTH = grains.MAX_DEPTH
Steps = Generator[Event, Any, None]


class OutOfSpace(Exception):
    """A delta disk could not grow: the message names the datastore and the instant."""


class Disk:
    """One VMDK with its deltas and maps: one scheduler flow."""

    def __init__(self, spec: scenario.Disk, delta: scenario.DeltaFormat, flow: Flow, causes: Causes) -> None:
        self.spec = spec
        self.delta = delta
        self.flow = flow
        self.device = flow.device
        self.clock: Clock = flow.device.clock
        self.causes = causes
        self.grains = -(-spec.size_bytes // delta.grain_bytes)
        self.map = grains.grain_map(self.grains, delta.table_grains)
        self.cache = tablecache.table_cache(0, 0)  # none is needed before the first delta
        self.tracking: cbt.Cbt | None = None
        self.mirror: mirror.Mirror | None = None
        self.chunk_done: Signal = self.clock.signal()  # fires when a chunk of the consolidation is in the base
        self.read_draws: Iterator[int] = iter(())  # service draws of I/Os that mechanisms cause
        self.write_draws: Iterator[int] = iter(())
        self._reserved = 0  # empty deltas whose space is taken and that are not there yet
        self.levels_written = [0, 0]  # acknowledged guest write bytes sent to [base, top delta]

    # -- what a guest I/O does ------------------------------------------------------------------------------------

    def access(self, io: GuestIo) -> Steps:
        """Carries one guest I/O to the back end and back; its ledger has the critical path."""
        if io.write:
            if self.tracking is not None:
                cbt.mark(self.tracking, io.offset, io.size)
            return self._write(io) if grains.depth(self.map) else self._plain(io)
        return self._read(io) if grains.depth(self.map) else self._plain(io)

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
        before = self.map.facts[grains.TOTAL]
        fresh = [g for g in range(first, last + 1) if grains.allocate(self.map, g)]
        if fresh:
            self._grow(before)
        self.levels_written[1] += io.size
        commands = self._data(io, self._pieces_to_write(io, first, last, fresh))
        if mirrored:
            commands.append(Command(MIRROR, True, io.size, next(self.write_draws)))
        yield from self._run(io, commands)
        for _ in range(self._table_updates(fresh)):
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
        misses, size, tables = 0, self.delta.table_grains, self.map.facts[grains.TABLES]
        for table in range(first // size, last // size + 1):
            if grains.table_is_empty(self.map, table):
                continue
            inside = range(max(first, table * size), min(last, (table + 1) * size - 1) + 1)
            found = min(grains.newest(self.map, grain) for grain in inside)
            for level in range(grains.depth(self.map), max(found, 1) - 1, -1):
                misses += not tablecache.look_up(self.cache, (level - 1) * tables + table)
        return misses

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
        if self.delta.cached_tables:
            for table in touched:
                tablecache.keep(self.cache, (grains.depth(self.map) - 1) * tables + table)
        return self.delta.metadata_writes * len(touched)

    # -- what stories do ------------------------------------------------------------------------------------------

    @property
    def depth(self) -> int:
        """Deltas in the chain."""
        return int(grains.depth(self.map))

    def reserve_delta(self) -> bool:
        """Takes the space of an empty delta's metadata; False when the datastore has not that much."""
        taken = self.device.store.take_space(self._reserve())
        self._reserved += taken
        return taken

    def return_reserve(self) -> None:
        """Gives it back: the delta was not created after all."""
        self._reserved -= 1
        self.device.store.free_bytes += self._reserve()

    def push_delta(self) -> None:
        """An empty delta is on top; writes go there. Its space must be reserved."""
        self._reserved -= 1
        grains.push(self.map)
        if self.delta.cached_tables and not self.cache.facts[tablecache.SLOTS]:
            tables = self.map.facts[grains.TABLES] * grains.MAX_DEPTH
            self.cache = tablecache.table_cache(tables, self.delta.cached_tables)

    def fold_deltas(self) -> None:
        """All deltas are gone, the base has everything; their space is free."""
        self.device.store.free_bytes += self.delta_bytes()
        grains.fold(self.map)

    def stop_mirroring(self) -> None:
        """Writes go to the top delta, or to the base when there is none, and nowhere else."""
        self.mirror = None

    def reopened(self) -> None:
        """The disk was closed and opened: none of its grain tables is in memory."""
        tablecache.forget(self.cache)

    @property
    def held_grains(self) -> int:
        """Grains that the deltas hold, all levels."""
        return int(self.map.facts[grains.TOTAL])

    def held_bytes(self) -> int:
        """Bytes that the deltas hold, all levels."""
        return self.held_grains * self.delta.grain_bytes

    def track_changes(self, block_bytes: int) -> None:
        """Changed blocks are tracked from now on."""
        self.tracking = cbt.cbt(block_bytes, self.spec.size_bytes)

    @property
    def tracked(self) -> bool:
        """Whether changed blocks are tracked."""
        return self.tracking is not None

    @property
    def track_bytes(self) -> int:
        """Size of a tracked block."""
        assert self.tracking is not None
        return int(self.tracking.facts[cbt.BLOCK_BYTES])

    def changed_at_cut(self, since: int) -> tuple[list[int], int]:
        """A snapshot is cut: blocks changed after changeId `since`, and the changeId of this cut."""
        assert self.tracking is not None
        return cbt.changed(self.tracking, since), int(cbt.cut(self.tracking))

    # -- space ----------------------------------------------------------------------------------------------------

    def delta_bytes(self) -> int:
        """What the delta files take on the datastore: grains rounded up to growth steps, plus metadata."""
        grain, step = self.delta.grain_bytes, self.delta.growth_bytes
        depth = self.depth
        grown = sum(-(-int(self.map.allocated[level]) * grain // step) * step for level in range(1, depth + 1))
        return grown + (depth + self._reserved) * self._reserve()

    def _reserve(self) -> int:
        return self.spec.size_bytes * self.delta.metadata_ppm // 1_000_000

    def _grow(self, before: int) -> None:
        """Takes space for the grains just allocated; raises OutOfSpace when the datastore has none left."""
        grain, step = self.delta.grain_bytes, self.delta.growth_bytes
        now = self.map.allocated[grains.depth(self.map)]
        was = now - (self.map.facts[grains.TOTAL] - before)
        steps = -(-now * grain // step) - -(-was * grain // step)
        if steps and not self.device.store.take_space(steps * step):
            store = self.device.store.spec.name
            raise OutOfSpace(f"datastore '{store}' is full: the delta of disk '{self.spec.name}' cannot grow")

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
