"""Bulk work through the same scheduler and datastore as the guests': metadata I/Os of a stun, the copiers of a
consolidation, the reads of a backup. A story starts it and waits for `done`; the work itself is on the path.
"""

from collections.abc import Generator, Iterator
from typing import Any, NamedTuple

from simpy.events import Event

from models import scenario
from models.mechanisms import grains, mirror
from models.mechanisms.bucket import Bucket, admit, bucket, transfer_ns
from models.path.device import Flow
from models.path.disk import Disk
from models.path.io import BACKUP, MERGE, SNAPSHOT, Command, Stage
from sim.clock import ARRIVAL, Clock, Signal, order

Work = Generator[Event, Any, None]


def run_side_by_side(clock: Clock, flow: Flow, commands: list[Command]) -> Signal:
    """Submits the commands of one flow; fires when all have completed."""
    stage = Stage(clock, len(commands))
    for command in commands:
        command.waiter = stage
        flow.device.submit(flow, command)
    return stage


def metadata_ios(disk: Disk, ios: int, size_bytes: int) -> Signal:
    """Writes that many pieces of metadata on the disk's flow, one after the other; fires after the last."""
    done = disk.clock.signal()

    def work() -> Work:
        for _ in range(ios):
            yield run_side_by_side(disk.clock, disk.flow, [Command(SNAPSHOT, True, size_bytes, next(disk.write_draws))])
        done.fire()

    disk.clock.process(work())
    return done


class Merge:
    """One disk's pass of the mirror driver: copiers that share a cursor and a rate cap."""

    def __init__(self, disk: Disk, costs: scenario.MergeCosts) -> None:
        self.disk = disk
        self.costs = costs
        self.done = disk.clock.signal()
        self.stopped = False
        self._cap = bucket(0)
        self._working = costs.streams
        disk.mirror = mirror.mirror(disk.grains, max(1, costs.chunk_bytes // disk.delta.grain_bytes), costs.streams)
        for number in range(costs.streams):
            disk.clock.process(self._copier(number))

    def stop(self) -> None:
        """The copiers end after the chunk they are at; `done` fires then."""
        self.stopped = True

    def _copier(self, number: int) -> Work:
        disk, clock = self.disk, self.disk.clock
        pass_ = disk.mirror
        assert pass_ is not None
        key = order(ARRIVAL, 2, disk.flow.entity, number)
        while not self.stopped:
            first, last = mirror.take(pass_, disk.map, number)
            if first < 0:
                break
            started = clock._now
            size = yield from self._copy(first, last)
            mirror.copied(pass_, number)
            waiting, disk.chunk_done = disk.chunk_done, clock.signal()
            waiting.fire()
            ready = admit(self._cap, started, transfer_ns(size, self.costs.rate_bytes_per_s))
            if ready > clock._now:
                yield clock.at(ready, key)
        self._working -= 1
        if not self._working:
            self.done.fire()

    def _copy(self, first: int, last: int) -> Generator[Event, Any, int]:
        """Reads what the deltas hold of the chunk, then writes it to the base; returns its bytes."""
        disk, grain = self.disk, self.disk.delta.grain_bytes
        held = [run for run in grains.runs(disk.map, first, last) if run[2]]
        reads = [Command(MERGE, False, (b - a + 1) * grain, next(disk.read_draws)) for a, b, _ in held]
        yield run_side_by_side(disk.clock, disk.flow, reads)
        spans: list[list[int]] = []
        for a, b, _ in held:
            if spans and spans[-1][1] == a - 1:
                spans[-1][1] = b
            else:
                spans.append([a, b])
        writes = [Command(MERGE, True, (b - a + 1) * grain, next(disk.write_draws)) for a, b in spans]
        yield run_side_by_side(disk.clock, disk.flow, writes)
        return sum(b - a + 1 for a, b, _ in held) * grain


class Pipes(NamedTuple):
    """What backups share on the way of their bytes, each by all jobs that name its owner."""

    host: Bucket  # the serving host's NBD service
    ssl: Bucket  # its encryption
    proxy: Bucket
    repository: Bucket


class Transport:
    """What a backup's bytes pass after the datastore: the stream, the host's service, the proxy, the repository."""

    def __init__(self, spec: scenario.Vadp, pipes: Pipes) -> None:
        self.spec = spec
        self.pipes = pipes
        self.network_bytes = 0
        self.stored_bytes = 0

    def reduced(self, size: int) -> int:
        """What the repository stores of that many raw bytes."""
        return size * 1000 // self.spec.reduction_milli

    def send(self, now: int, size: int, stream: Bucket) -> int:
        """When a block that was read now has been committed: through its stream, the host, the proxy, the repository.

        A stream's thread encrypts a block before it sends it: one after the other. What is shared works side by side.
        """
        spec, way, pipes = self.spec, self.spec.transport, self.pipes
        alone = transfer_ns(size, spec.stream_bytes_per_s) + transfer_ns(size, way.ssl_bytes_per_s)
        return max(
            admit(stream, now, alone),
            admit(pipes.host, now, transfer_ns(size, spec.host_bytes_per_s)),
            admit(pipes.ssl, now, transfer_ns(size, way.ssl_host_bytes_per_s)),
            admit(pipes.proxy, now, transfer_ns(size, way.proxy_bytes_per_s)),
            admit(pipes.repository, now, transfer_ns(self.reduced(size), spec.repository_bytes_per_s)),
        )

    def committed(self, size: int) -> None:
        """A block has been committed: it has crossed the network and is stored."""
        self.network_bytes += size
        self.stored_bytes += self.reduced(size)


class BackupRead:
    """Reads blocks of one disk as the snapshot shows it; `done` fires when the last is in the repository.

    `allowed` readers may have a read in flight; the others are parked when they come for their next block.
    """

    def __init__(
        self, disk: Disk, flow: Flow, draws: Iterator[int], transport: Transport, blocks: list[int], allowed: int
    ) -> None:
        self.disk = disk
        self.flow = flow
        self.draws = draws  # service draws of this reader
        self.transport = transport
        self.blocks = iter(blocks)
        self._left = len(blocks)  # not taken yet
        self._allowed = allowed or transport.spec.reads_in_flight
        self._parked: Signal = disk.clock.signal()  # parked readers wait for it
        self.level = grains.depth(disk.map) - 1  # the snapshot is below the top delta
        self.done = disk.clock.signal()
        self.bytes_read = self.bytes_stored = 0
        self.stopped = False
        self._stream = bucket(0)
        self._working = transport.spec.reads_in_flight
        for number in range(self._working):
            disk.clock.process(self._reader(number))

    def stop(self) -> None:
        """The readers end after the block they are at; `done` fires then."""
        self.stopped = True
        self._call_parked()

    def allow(self, reads: int) -> None:
        """So many of its readers may go on from now on; those above park after the block they are at."""
        self._allowed = reads
        self._call_parked()

    def _call_parked(self) -> None:
        parked, self._parked = self._parked, self.disk.clock.signal()
        parked.fire()

    def _reader(self, number: int) -> Work:
        clock, key = self.disk.clock, order(ARRIVAL, 3, self.disk.flow.entity, number)
        while True:
            while number >= self._allowed and self._left and not self.stopped:
                yield self._parked
            if self.stopped or not self._left:
                break
            self._left -= 1
            sizes = self._pieces(next(self.blocks))
            commands = [Command(BACKUP, False, size, next(self.draws)) for size in sizes]
            yield run_side_by_side(clock, self.flow, commands)
            self.bytes_read += sum(sizes)
            self.bytes_stored += self.transport.reduced(sum(sizes))
            yield clock.at(self.transport.send(clock._now, sum(sizes), self._stream), key)
            self.transport.committed(sum(sizes))
        self._working -= 1
        if self._working:
            self._call_parked()  # there is nothing left for them
        else:
            self.done.fire()

    def _pieces(self, block: int) -> list[int]:
        """Sizes of the commands that read one of the tool's blocks."""
        tool, grain = self.transport.spec.tool_block_bytes, self.disk.delta.grain_bytes
        start, end = block * tool, min((block + 1) * tool, self.disk.spec.size_bytes)
        if not self.level:
            return [end - start]
        runs = grains.runs_below(self.disk.map, start // grain, (end - 1) // grain, self.level)
        return [min((b + 1) * grain, end) - max(a * grain, start) for a, b, _ in runs]
