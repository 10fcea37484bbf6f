"""Bulk work as stories see it: metadata of a stun, a consolidation, a backup's reads; and what replication shows.

Each has `done`, a signal, and `stop`. Its records are kept and used again for the next work of the kind.
"""

from functools import partial
from typing import Any

import numpy as np
from simpy.events import Event

from models import scenario
from models.compiled import layout
from models.compiled.draws import Stream
from models.compiled.engine import Engine
from models.compiled.ledgers import Meter
from models.compiled.parts import Disk, Vm
from models.mechanisms import appliance, bucket, grains, mirror, replication
from models.path.build import reading_flow
from models.workload import Draw
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
        self.loops, self.flushes = Stock(engine, layout.LOOP), Stock(engine, layout.FLUSH)
        self.workloads = Stock(engine, layout.WORKLOAD)
        self.reads, self.readers = Stock(engine, layout.READ), Stock(engine, layout.READER)

    def metadata(self, disk: Disk, ios: int, size_bytes: int, kind: int) -> Signal:
        """Writes that many pieces of metadata, or of memory, on the disk's flow, one by one; fires after the last."""
        record = self.chains.take().set(disk=disk.record.address, left=ios, size=size_bytes, cause=kind)
        work = Work(self.engine, record, [(self.chains, record)])
        self.engine.start([record.address], layout.CHAIN_STARTS)
        return work.done

    def merge(self, disk: Disk, costs: scenario.MergeCosts, level: int) -> Work:
        """One disk's pass over deltas, up to `level` or (0) mirrored: copiers that share a cursor and a rate cap."""
        engine, memory = self.engine, self.engine.memory
        chunk = max(1, costs.chunk_bytes // disk.delta.grain_bytes)
        record = self.merges.take()
        record.set(
            disk=disk.record.address, stopped=0, working=costs.streams, rate=costs.rate_bytes_per_s,
            cap=self._state(record.cap, bucket.bucket(0)), level=level,
        )  # fmt: skip
        new = mirror.mirror(disk.grains, chunk, costs.streams, level or grains.MAX_DEPTH)
        disk.pass_at = record.mirror = self._state(disk.pass_at, new)
        disk.record.mirror = 0 if level else disk.pass_at
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

    def flush(self, vm: Vm, draws: list[Draw], first: int, outstanding: int, burst: int) -> Signal:
        """The guest's caches write these, so many at a time; fires when all are delivered."""
        engine, number = self.engine, len(vm.spec.workloads)
        rows = np.array([(0, d.disk, d.write, d.offset, d.size, d.service_ns) for d in draws], dtype=np.int64)
        stream = Stream(engine.memory, iter([tuple(rows.T)]), burst, layout.ROW_WORDS)
        engine.streams[stream.address] = stream
        workload = self.workloads.take().set(stream=stream.address, ordinal=first)
        record = self.flushes.take().set(left=outstanding)
        loops = [
            self.loops.take().set(
                vm=vm.record.address, workload=workload.address, number=number, kind=1, outside=1, frozen=0, thinks=0,
                flush=record.address,
            )
            for _ in range(outstanding)
        ]  # fmt: skip
        stocks = [(self.workloads, workload), (self.flushes, record), *((self.loops, loop) for loop in loops)]
        work = Work(engine, record, stocks)
        engine.start([loop.address for loop in loops], layout.LOOP_STARTS)
        return work.done

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
        self.journaled: list[tuple[int, int, int]] = []  # points: cut, durable, and what was admitted before

    @property
    def group(self) -> replication.Group:
        """Its buffer and dirty map."""
        return self.engine.memory.fetch(replication.Group, self.record.group)

    def checkpoint(self) -> None:
        """Cuts a checkpoint between two writes; does nothing while order is lost."""
        self.engine.tell(layout.CHECKPOINT, self.record.address)

    def connection(self, up: bool) -> None:
        """The connection to the target is lost, or back."""
        self.engine.tell(layout.CONNECTION, self.record.address, int(up))

    @property
    def admitted_bytes(self) -> int:
        """Raw, that the link has sent to the journal."""
        return int(self.record.admitted)

    def backlog_bytes(self) -> int:
        """Raw bytes that the target does not have: buffered and not confirmed, dirty, or on their way in a resync."""
        facts = self.group.facts
        dirty = int(facts[replication.DIRTY]) * self.spec.extent_bytes
        return int(facts[replication.USED]) + dirty + self.record.ahead_bytes

    def shared_bytes(self) -> int:
        """Raw bytes in the buffer of the appliance that it shares; 0: it shares none."""
        at = self.record.shared
        return int(self.engine.memory.fetch(appliance.Appliance, at).facts[appliance.USED]) if at else 0

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
