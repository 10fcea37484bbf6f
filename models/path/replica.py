"""Replication on the path: the splitter filter, its buffer, the link, the target's journal.

Writes go over the link in the order they passed the splitter, checkpoints between them. A checkpoint is usable when it
and all before it are durable in the target's journal. After an overflow the dirty extents are read from the disks
(real reads, on the disks' own flows) and sent; when the map is empty a new checkpoint is cut.
Synchronous groups hold writes besides (models.path.synchrony). Left out: the target's own disks, packets, the source
appliance's memory.
"""

from collections import deque
from collections.abc import Generator
from typing import Any, NamedTuple, Protocol

from simpy.events import Event

from models import scenario
from models.mechanisms import appliance, replication, wire
from models.mechanisms.bucket import admit, bucket, transfer_ns
from models.outages import wire_of
from models.path.disk import Disk
from models.path.hops import Cores
from models.path.io import RESYNC, Command, GuestIo
from models.path.synchrony import Synchrony
from sim.clock import ARRIVAL, Clock, order


class Item(NamedTuple):
    """Something on the link: guest bytes in order, extents of a resync, or a checkpoint (size 0)."""

    size: int
    epoch: int  # of a checkpoint; -1: data in order; -2: resync
    cut_ns: int  # of a checkpoint
    turn: int = 0  # of a synchronous group, in which the guest waits for this; 0: nobody does
    ready_ns: int = 0  # before it has not passed the appliance


IN_ORDER, RESYNCED = -1, -2


class PointMeter(Protocol):
    """A VM's account of recovery points (models.measure.risk)."""

    epoch: int

    def usable(self, epoch: int, point_ns: int, now: int) -> None:
        """The point of that epoch can be restored from now on."""

    def in_sync(self, now: int) -> None:
        """The target has every acknowledged write, and will have those to come."""

    def out_of_sync(self, epoch: int, now: int) -> None:
        """It had them until now: that is the newest point, and holds that epoch."""


class Replicator:
    """One consistency group: the VMs' splitters append to it."""

    def __init__(
        self, clock: Clock, spec: scenario.Vaio, entity: int, disks: list[Disk], cause: int,
        shared: appliance.Appliance | None,
    ) -> None:  # fmt: skip
        self.shared = shared  # with other groups
        self.clock = clock
        self.spec = spec
        self.entity = entity
        self.disks = disks
        sizes = [disk.spec.size_bytes for disk in disks]
        self.group = replication.group(sizes, spec.extent_bytes, spec.buffer_bytes, spec.seeded)
        if spec.synchronous and spec.seeded:
            replication.turn_sync(self.group, True)
        self.sync = Synchrony(self, cause) if spec.synchronous else None
        self.wire = wire_of(spec)
        self.epoch = 1  # the checkpoint that writes passing now will belong to
        self.meters: list[PointMeter] = []  # of the VMs in the group
        self.modes: list[tuple[int, int]] = [(self.group.facts[replication.MODE], 0)]  # (mode, since)
        self.wire_bytes = 0  # sent, after reduction
        self.queued_bytes = self.flying_bytes = self.journal_bytes = 0  # raw, in order: where the buffered bytes are
        self.admitted_bytes = 0  # raw, that the link has sent to the journal: in order and of resyncs
        self.journaled: list[tuple[int, int, int]] = []  # points: cut, durable, and what was admitted before
        self._queue: deque[Item] = deque()
        self._bell = clock.signal()
        self._journal = bucket(0)
        self._reading = self._ahead = 0  # resync reads under way; extents' runs read ahead of the link
        self._ahead_bytes = 0  # of these runs
        self._sent = 0

    def start(self) -> None:
        """The link works from now on; a group that is not seeded begins its first sync."""
        self.clock.process(self._link())
        if self.spec.seeded:
            self.journaled.append((0, 0, 0))
            if self.sync is not None:
                self.sync.begin()
        if not self.spec.seeded:
            self._read_dirty()

    def write(self, disk: int, io: GuestIo) -> None:
        """A guest write passes the splitter: into the buffer, or onto the dirty map."""
        before = self.group.facts[replication.MODE]
        room = self.shared is None or appliance.fits(self.shared, io.size)
        if replication.split(self.group, disk, io.offset, io.size, room):
            if self.shared is not None:
                appliance.took(self.shared, io.size)
            self.queued_bytes += io.size
            held = self.sync.hold(io) if self.sync is not None and before == replication.IN_SYNC else 0
            self._send(Item(io.size, IN_ORDER, 0, held, self._processed(io.size)))
        elif before == replication.IN_ORDER:
            self.note_mode()
            if not self._bell.triggered:  # the link is idle; otherwise it looks when it has sent what it is at
                self._resync_if_drained()

    def checkpoint(self, turn: int = 0) -> None:
        """Cuts a checkpoint between two writes; does nothing while order is lost. `turn`: one that begins with it."""
        if self.group.facts[replication.MODE] in (replication.IN_ORDER, replication.IN_SYNC):
            self._send(Item(0, self.epoch, self.clock._now, turn))
            self.next_epoch()

    def next_epoch(self) -> None:
        """Writes that pass from now on will belong to the next point."""
        self.epoch += 1
        for meter in self.meters:
            meter.epoch = self.epoch

    def connection(self, up: bool) -> None:
        """The connection to the target is lost, or back."""
        if self.sync is not None:
            self.sync.connection(up)

    def caught_up(self) -> None:
        """A synchronous group holds writes from now on if the link has sent all that waited."""
        if self.sync is not None and not self._queue and not self._bell.triggered:
            self.sync.enter()

    def backlog_bytes(self) -> int:
        """Raw bytes that the target does not have: buffered and not confirmed, dirty, or on their way in a resync."""
        facts = self.group.facts
        return facts[replication.USED] + facts[replication.DIRTY] * self.spec.extent_bytes + self._ahead_bytes

    def shared_bytes(self) -> int:
        """Raw bytes in the buffer of the appliance that it shares; 0: it shares none."""
        return 0 if self.shared is None else self.shared.facts[appliance.USED]

    def _send(self, item: Item) -> None:
        self._queue.append(item)
        if not self._bell.triggered:
            self._bell.fire()

    def _processed(self, size: int) -> int:
        """When the appliance has processed it."""
        return 0 if self.shared is None else appliance.processed(self.shared, self.clock._now, size)

    def _link(self) -> Generator[Event, Any, None]:
        """The link sends one thing after the other."""
        clock, spec = self.clock, self.spec
        while True:
            if not self._queue:
                self._resync_if_drained()
            if not self._queue and self.sync is not None:
                self.sync.enter()
            if not self._queue:  # a resync that found nothing left to read has cut a checkpoint, as sync does
                self._bell = clock.signal()
                yield self._bell
            item = self._queue.popleft()
            crossing = item.size * 1000 // spec.reduction_milli
            self._sent += 1
            key = order(ARRIVAL, 4, self.entity, self._sent)
            if self.shared is not None:  # the link is asked for when it is there and the item is
                begins = wire.sent_at(self.wire, max(clock._now, item.ready_ns), 0)
                if begins > clock._now:
                    yield clock.at(begins, key)
            sent = wire.sent_at(self.wire, clock._now, transfer_ns(crossing, spec.link_bytes_per_s))
            if self.shared is not None:
                sent = max(sent, appliance.sent(self.shared, clock._now, crossing))
            if item.size or sent > clock._now:
                yield clock.at(sent, key)
            self.wire_bytes += crossing
            if item.epoch == RESYNCED:
                self._ahead -= 1
                self._ahead_bytes -= item.size
                self._read_dirty()
            elif item.size:
                self.queued_bytes -= item.size
                self.flying_bytes += item.size
            self._arrive_later(item)

    def _arrive_later(self, item: Item) -> None:
        """The target writes its journal in order and confirms; a checkpoint is usable once all before it is durable."""
        self.admitted_bytes += item.size
        admitted, arrival = self.admitted_bytes, self.clock._now + self.spec.link_latency_ns
        durable = admit(self._journal, arrival, transfer_ns(item.size, self.spec.journal_bytes_per_s))
        if item.epoch >= 0:
            self.clock.call(durable, order(ARRIVAL, 5, self.entity, self._sent), lambda _: self._usable(item, admitted))
        elif item.epoch == IN_ORDER:
            back = durable + self.spec.link_latency_ns
            self.clock.call(back, order(ARRIVAL, 6, self.entity, self._sent), lambda _: self._confirmed(item))

    def _usable(self, item: Item, admitted: int) -> None:
        """The checkpoint is durable; one from before the group left sync is older than the moment of that."""
        now = self.clock._now
        if self.sync is None or item.epoch > self.sync.left_epoch:
            self.journaled.append((item.cut_ns, now, admitted))
            for meter in self.meters:
                meter.usable(item.epoch, item.cut_ns, now)
            if self.sync is not None:
                self.sync.durable(item.turn)

    def _confirmed(self, item: Item) -> None:
        self.flying_bytes -= item.size
        self.journal_bytes += item.size
        replication.confirmed(self.group, item.size)
        if self.shared is not None:
            appliance.took(self.shared, -item.size)
        if self.sync is not None:
            self.sync.confirmed(item.turn)

    # -- overflow and resync --------------------------------------------------------------------------------------

    def note_mode(self) -> None:
        """A stretch of another mode begins."""
        self.modes.append((self.group.facts[replication.MODE], self.clock._now))

    def _resync_if_drained(self) -> None:
        """After an overflow, once the link has sent what was buffered: the dirty map is next."""
        if self.group.facts[replication.MODE] == replication.OVERFLOW and not self._queue:
            replication.begin_resync(self.group)
            self.note_mode()
            self._read_dirty()

    def _read_dirty(self) -> None:
        """Keeps some runs of dirty extents ahead of the link; when none is left, order is back."""
        while self._ahead < self.spec.resync_reads:
            disk, first, extents = replication.take_dirty(self.group)
            if disk < 0:
                break
            self._ahead += 1
            self._reading += 1
            start = first * self.spec.extent_bytes
            size = min(extents * self.spec.extent_bytes, self.disks[disk].spec.size_bytes - start)
            self._ahead_bytes += size
            command = Command(RESYNC, False, size, next(self.disks[disk].read_draws))
            command.waiter = self
            self.disks[disk].device.submit(self.disks[disk].flow, command)
        lost = self.group.facts[replication.MODE] in (replication.RESYNC, replication.FIRST_SYNC)
        if lost and not self._reading and not self.group.facts[replication.DIRTY]:
            replication.order_is_back(self.group)
            self.note_mode()
            self.checkpoint()

    def completed(self, command: Command) -> None:
        """A run of dirty extents has been read: it goes to the link."""
        self._reading -= 1
        self._send(Item(command.size, RESYNCED, 0, 0, self._processed(command.size)))
        self._read_dirty()


class Splitter:
    """The replication filter in one VM: a hop, and a copy of every write."""

    def __init__(self, replicator: Replicator, first_disk: int, cores: Cores | None) -> None:
        self.cores = cores
        self.replicator = replicator
        self.name = replicator.spec.name
        self.first_disk = first_disk  # of this VM, in the group

    def down_ns(self, begins_ns: int) -> int:
        return self._cross(begins_ns, self.replicator.spec.down_ns)

    def up_ns(self, begins_ns: int) -> int:
        return self._cross(begins_ns, self.replicator.spec.up_ns)

    def _cross(self, begins_ns: int, cost_ns: int) -> int:
        return cost_ns if self.cores is None else self.cores.crossed(begins_ns, cost_ns, None)

    def passes(self, disk: int, io: GuestIo) -> None:
        if io.write:
            io.epochs.append(self.replicator.epoch)
            self.replicator.write(self.first_disk + disk, io)
