"""Bulk work as stories see it: metadata of a stun, a consolidation, a backup's reads; and what replication shows.

Each has `done`, a signal, and `stop`. Its records are kept and used again for the next work of the kind.
"""

from functools import partial
from typing import Any

import numpy as np
from simpy.events import Event

from models import scenario
from models.compiled import layout
from models.compiled.engine import Engine
from models.compiled.ledgers import Meter
from models.compiled.parts import Disk
from models.mechanisms import bucket, grains, mirror, replication
from models.path.build import reading_flow
from sim.clock import ARRIVAL, Signal, order
from sim.memory import Record


class Stock:
    """Records of one kind that are free to be used again."""

    def __init__(self, engine: Engine, fields: str) -> None:
        self.engine = engine
        self.fields = fields
        self.free: list[Record] = []

    def take(self) -> Record:
        """A record; its words are what its last user left."""
        return self.free.pop() if self.free else self.engine.new(self.fields)


class Work:
    """Bulk work under way."""

    def __init__(self, engine: Engine, record: Record, stocks: list[tuple[Stock, Record]]) -> None:
        self.record = record
        self.done: Signal = engine.signal(record.address)
        self._stocks = stocks
        self.done.callbacks.append(lambda _: self._over())

    def stop(self) -> None:
        """It ends after what it is at; `done` fires then."""
        if self.done.callbacks is not None:  # otherwise the record may be another work's by now
            self.record.stopped = 1

    def _over(self) -> None:
        for stock, record in self._stocks:
            stock.free.append(record)


class Works:
    """Starts bulk work on the path."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.chains = Stock(engine, layout.CHAIN)
        self.merges, self.copiers = Stock(engine, layout.MERGE), Stock(engine, layout.COPIER)
        self.reads, self.readers = Stock(engine, layout.READ), Stock(engine, layout.READER)

    def metadata(self, disk: Disk, ios: int, size_bytes: int) -> Signal:
        """Writes that many pieces of metadata on the disk's flow, one after the other; fires after the last."""
        record = self.chains.take().set(disk=disk.record.address, left=ios, size=size_bytes)
        work = Work(self.engine, record, [(self.chains, record)])
        self.engine.start([record.address], layout.CHAIN_STARTS)
        return work.done

    def merge(self, disk: Disk, costs: scenario.MergeCosts) -> Work:
        """One disk's pass of the mirror driver: copiers that share a cursor and a rate cap."""
        engine, memory = self.engine, self.engine.memory
        chunk = max(1, costs.chunk_bytes // disk.delta.grain_bytes)
        record = self.merges.take()
        record.set(
            disk=disk.record.address, stopped=0, working=costs.streams, rate=costs.rate_bytes_per_s,
            cap=self._state(record.cap, bucket.bucket(0)),
        )  # fmt: skip
        disk.pass_at = self._state(disk.pass_at, mirror.mirror(disk.grains, chunk, costs.streams))
        disk.record.mirror = disk.pass_at
        entity = engine.at(layout.FLOW, disk.record.flow).entity
        copiers = [
            self.copiers.take().set(
                merge=record.address, number=number, key=order(ARRIVAL, 2, entity, number), step=0,
                spans=memory.borrow(np.zeros(2 * chunk, dtype=np.int64)),
            )
            for number in range(costs.streams)
        ]  # fmt: skip
        work = Work(engine, record, [(self.merges, record), *((self.copiers, copier) for copier in copiers)])
        for copier in copiers:
            work.done.callbacks.append(partial(self._span_back, copier.spans, 2 * chunk))
        engine.start([copier.address for copier in copiers], layout.COPIER_GOES)
        return work

    def _state(self, at: int, state: Any) -> int:
        """The address of `state`: in the place of one like it, which is not used any more, or in a new one."""
        if not at:
            return self.engine.memory.place(state)
        for column, values in zip(self.engine.memory.fetch(type(state), at), state, strict=True):
            column[:] = values
        return at

    def _span_back(self, at: int, length: int, event: Event) -> None:
        self.engine.memory.give_back(at, length)

    def read(self, job: "JobParts", disk: Disk, blocks: list[int], allowed: int) -> "ReadWork":
        """Reads blocks of one disk as the snapshot shows it; `done` fires when the last is in the repository."""
        engine, memory, spec = self.engine, self.engine.memory, job.spec
        at = memory.borrow(np.array(blocks, dtype=np.int64))
        store = disk.spec.datastore
        record = self.reads.take()
        record.set(
            disk=disk.record.address, flow=job.flows[reading_flow(spec, disk.spec)[0]], draws=job.draws[store],
            blocks=at, block_count=len(blocks), level=int(grains.depth(disk.map)) - 1, stopped=0,
            working=spec.reads_in_flight, stream=self._state(record.stream, bucket.bucket(0)),
            transport=job.transport.address, bytes_read=0, bytes_stored=0, parked=0,
            allowed=allowed or spec.reads_in_flight,
        )  # fmt: skip
        entity = engine.at(layout.FLOW, disk.record.flow).entity
        readers = [
            self.readers.take().set(read=record.address, number=number, key=order(ARRIVAL, 3, entity, number))
            for number in range(spec.reads_in_flight)
        ]
        work = ReadWork(engine, record, [(self.reads, record), *((self.readers, reader) for reader in readers)])
        work.done.callbacks.append(lambda _: memory.give_back(at, len(blocks)))
        engine.start([reader.address for reader in readers], layout.READER_STARTS)
        return work


class ReadWork(Work):
    """A backup's reads of one disk."""

    def __init__(self, engine: Engine, record: Record, stocks: list[tuple[Stock, Record]]) -> None:
        self._bytes: tuple[int, int] | None = None
        self._engine = engine
        super().__init__(engine, record, stocks)

    def stop(self) -> None:
        """It ends after what it is at; `done` fires then."""
        super().stop()
        self.allow(int(self.record.allowed))

    def allow(self, reads: int) -> None:
        """So many of its readers may go on from now on; those above park after the block they are at."""
        if self.done.callbacks is not None:
            self._engine.tell(layout.ALLOW, self.record.address, reads)

    def _over(self) -> None:
        self._bytes = self.record.bytes_read, self.record.bytes_stored
        super()._over()

    @property
    def bytes_read(self) -> int:
        """So far."""
        return int(self._bytes[0] if self._bytes else self.record.bytes_read)

    @property
    def bytes_stored(self) -> int:
        """So far, after reduction."""
        return int(self._bytes[1] if self._bytes else self.record.bytes_stored)


class JobParts:
    """A VADP protection as the path sees it."""

    def __init__(self, spec: scenario.Vadp, transport: Record) -> None:
        self.spec = spec
        self.transport = transport
        self.flows: dict[str, int] = {}  # by the key of `reading_flow`: the flow's address
        self.draws: dict[str, int] = {}
        self.meters: dict[int, Meter] = {}  # by VM index


class Replicator:
    """A consistency group."""

    def __init__(self, engine: Engine, spec: scenario.Vaio, record: Record) -> None:
        self.engine = engine
        self.clock = engine.clock
        self.spec = spec
        self.record = record
        self.modes: list[tuple[int, int]] = []  # (mode, since)

    @property
    def group(self) -> replication.Group:
        """Its buffer and dirty map."""
        return self.engine.memory.fetch(replication.Group, self.record.group)

    def checkpoint(self) -> None:
        """Cuts a checkpoint between two writes; does nothing while order is lost."""
        self.engine.tell(layout.CHECKPOINT, self.record.address)

    def backlog_bytes(self) -> int:
        """Raw bytes that the target does not have: buffered and not confirmed, dirty, or on their way in a resync."""
        facts = self.group.facts
        dirty = int(facts[replication.DIRTY]) * self.spec.extent_bytes
        return int(facts[replication.USED]) + dirty + self.record.ahead_bytes

    @property
    def wire_bytes(self) -> int:
        """Sent, after reduction."""
        return int(self.record.wire_bytes)

    @property
    def queued_bytes(self) -> int:
        """Buffered, in front of the link."""
        return int(self.record.queued_bytes)

    @property
    def flying_bytes(self) -> int:
        """Sent and not confirmed."""
        return int(self.record.flying_bytes)

    @property
    def journal_bytes(self) -> int:
        """Confirmed."""
        return int(self.record.journal_bytes)
