"""What stories do with a virtual disk, the same on both paths: deltas come and go, their space is taken and given back.

A path's disk is a `Chain` that also carries I/O. Its states (`map`, `cache`, `tracking`) are lists on the readable path
and views of the flat memory on the compiled one; numbers that leave here are whole numbers of Python's.
"""

from typing import Protocol

from models import scenario
from models.mechanisms import bloom, cbt, grains, tablecache

MAX_DEPTH = grains.MAX_DEPTH


class OutOfSpace(Exception):
    """A delta disk could not grow: the message names the datastore and the disk."""

    def __init__(self, datastore: str, disk: str) -> None:
        super().__init__(f"datastore '{datastore}' is full: the delta of disk '{disk}' cannot grow")


class Space(Protocol):
    """A datastore's free space; `freed_bytes` were freed by an operator during the run."""

    free_bytes: int
    freed_bytes: int

    def take_space(self, size_bytes: int) -> bool:
        """Takes that much; False, and nothing taken, when there is less."""


class Chain:
    """A disk with its deltas, its tracking and the space they take. Whoever inherits keeps the states."""

    spec: scenario.Disk
    delta: scenario.DeltaFormat
    space: Space  # where its deltas lie
    map: grains.GrainMap
    cache: tablecache.TableCache | None  # None: none is needed before the first delta, or all tables are kept
    filters: bloom.Bloom | None  # None: none is needed before the first delta, or this format has none
    tracking: cbt.Cbt | None
    levels_written: list[int]  # guest write bytes sent to [base, top delta]

    def __init__(self, spec: scenario.Disk, delta: scenario.DeltaFormat) -> None:
        self.spec = spec
        self.delta = delta
        self.grains = -(-spec.size_bytes // delta.grain_bytes)
        self._reserved = 0  # empty deltas whose space is taken and that are not there yet
        self.memory_bytes = 0  # of memory images beside it
        self.owed_bytes = 0  # of its top delta: grains that are there, whose space is not; their writes wait

    def stop_mirroring(self) -> None:
        """Writes go to the top delta, or to the base when there is none, and nowhere else."""
        raise NotImplementedError

    def make_cache(self, tables: int) -> None:
        """There is an empty cache for that many tables."""
        raise NotImplementedError

    def make_filters(self) -> None:
        """There is an empty Bloom filter for each level."""
        raise NotImplementedError

    def fold_map(self, levels: int) -> None:
        """The maps are those without the lowest so many deltas."""
        grains.fold_below(self.map, levels)

    @property
    def depth(self) -> int:
        """Deltas in the chain."""
        return int(grains.depth(self.map))

    def reserve_delta(self) -> bool:
        """Takes the space of an empty delta's metadata; False when the datastore has not that much."""
        taken = self.space.take_space(self._reserve())
        self._reserved += taken
        return taken

    def return_reserve(self) -> None:
        """Gives it back: the delta was not created after all."""
        self._reserved -= 1
        self.space.free_bytes += self._reserve()

    def push_delta(self) -> None:
        """An empty delta is on top; writes go there. Its space must be reserved."""
        self._reserved -= 1
        grains.push(self.map)
        if self.delta.cached_tables and self.cache is None:
            self.make_cache(int(self.map.facts[grains.TABLES]) * MAX_DEPTH)
        if self.delta.bloom_bits:
            if self.filters is None:
                self.make_filters()
            assert self.filters is not None
            bloom.clear(self.filters, self.depth)

    def fold_deltas(self) -> None:
        """All deltas are gone, the base has everything; their space is free."""
        self.space.free_bytes += self.delta_bytes() - self.memory_bytes
        grains.fold(self.map)

    def fold_lower(self, levels: int) -> None:
        """The lowest so many deltas are gone, the base has what they held; their space is free."""
        before = self.delta_bytes()
        self.fold_map(levels)
        if self.filters is not None:
            bloom.drop(self.filters, levels)
        self.space.free_bytes += before - self.delta_bytes()
        self.reopened()

    def keep_memory(self, size_bytes: int) -> bool:
        """Takes the space of a memory image beside the disk; False when the datastore has not that much."""
        taken = self.space.take_space(size_bytes)
        self.memory_bytes += size_bytes * taken
        return taken

    def drop_memory(self) -> None:
        """Memory images beside the disk are gone; their space is free."""
        self.space.free_bytes += self.memory_bytes
        self.memory_bytes = 0

    def reopened(self) -> None:
        """The disk was closed and opened: none of its grain tables is in memory."""
        if self.cache is not None:
            tablecache.forget(self.cache)

    @property
    def held_grains(self) -> int:
        """Grains that the deltas hold, all levels."""
        return int(self.map.facts[grains.TOTAL])

    def held_bytes(self) -> int:
        """Bytes that the deltas hold, all levels."""
        return self.held_grains * self.delta.grain_bytes

    def top_bytes(self) -> int:
        """Bytes that the newest delta holds."""
        return int(self.map.allocated[self.depth]) * self.delta.grain_bytes

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

    def delta_bytes(self) -> int:
        """What snapshot files take there: grains rounded up to growth steps, metadata, memory images."""
        step, held, levels = self.delta.growth_bytes, self.map, range(1, self.depth + 1)
        grown = sum(-(-self._used(held, level) // step) * step for level in levels)
        return grown + (self.depth + self._reserved) * self._reserve() + self.memory_bytes - self.owed_bytes

    def _used(self, held: grains.GrainMap, level: int) -> int:
        """Bytes of that delta's file: grains, and tables where they are not laid out at its creation."""
        return int(held.allocated[level]) * self.delta.grain_bytes + int(held.tabled[level]) * self.delta.table_bytes

    def _reserve(self) -> int:
        return self.spec.size_bytes * self.delta.metadata_ppm // 1_000_000
