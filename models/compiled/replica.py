"""Asynchronous replication on the compiled path. Twin of `models.path.replica`.

`enqueue` only appends; whoever is not the link itself calls `kick` afterwards, which is where the readable path's bell
rings. So the link never calls itself.
"""

from models.compiled import device, risk
from models.compiled.layout import (
    CONFIRMED,
    IO_WORDS,
    LINK_SENT,
    MODE,
    POINT_DURABLE,
    REPLICA_QUEUE,
    BucketState,
    Command,
    Disk,
    GroupState,
    Io,
    Item,
    Meter,
    Replica,
    World,
)
from models.compiled.lists import append, draw, event, first_of, free_item, log, new_item, push
from models.mechanisms import bucket, replication
from models.path.io import RESYNC
from models.path.replica import IN_ORDER, RESYNCED
from sim.flat import Memory
from sim.mechanism import mechanism


@mechanism
def mode(m: Memory, at: int) -> int:
    """The group's mode."""
    return GroupState(m, Replica(m, at).group).facts[replication.MODE]


@mechanism
def note_mode(m: Memory, at: int) -> None:
    """A stretch of another mode begins."""
    log(m, MODE, at, mode(m, at), World(m, 0).now, 0)


@mechanism
def write(m: Memory, at: int, disk: int, io_at: int) -> None:
    """A guest write passes the splitter: into the buffer, or onto the dirty map."""
    r, io = Replica(m, at), Io(m, io_at)
    m[io_at + IO_WORDS + World(m, 0).causes + io.epochs] = r.epoch
    io.epochs += 1
    before = mode(m, at)
    if replication.split(GroupState(m, r.group), disk, io.offset, io.size):
        r.queued_bytes += io.size
        enqueue(m, at, io.size, IN_ORDER, 0)
        kick(m, at)
    elif before == replication.IN_ORDER:
        note_mode(m, at)
        if not r.busy:
            resync_if_drained(m, at)
            kick(m, at)


@mechanism
def checkpoint(m: Memory, at: int) -> None:
    """Cuts a checkpoint between two writes; does nothing while order is lost. The link is to be kicked."""
    r = Replica(m, at)
    if mode(m, at) == replication.IN_ORDER:
        enqueue(m, at, 0, r.epoch, World(m, 0).now)
        r.epoch += 1
        for i in range(r.meter_count):
            Meter(m, m[r.meters + i]).epoch = r.epoch


# -- the link ------------------------------------------------------------------------------------------------


@mechanism
def enqueue(m: Memory, at: int, size: int, epoch: int, cut: int) -> None:
    """Something waits for the link."""
    append(m, at + REPLICA_QUEUE, new_item(m, at, size, epoch, cut))


@mechanism
def kick(m: Memory, at: int) -> None:
    """An idle link takes what waits."""
    r = Replica(m, at)
    if r.first and not r.busy:
        r.busy = 1
        link_goes(m, at)


@mechanism
def link_goes(m: Memory, at: int) -> None:
    """The link takes item after item until one takes time, or none is left."""
    r, now = Replica(m, at), World(m, 0).now
    while r.first:
        i = first_of(m, at + REPLICA_QUEUE)
        r.sent += 1
        size = Item(m, i).size
        if size:
            r.current = i
            wire = size * 1000 // r.reduction
            push(m, now + bucket.transfer_ns(wire, r.link_rate), r.sent_key + r.sent, event(at, LINK_SENT))
            return
        arrive_later(m, at, i)
        if not r.first:
            resync_if_drained(m, at)
    r.busy = 0


@mechanism
def link_sent(m: Memory, at: int) -> None:
    """The item has crossed; the next one follows."""
    r = Replica(m, at)
    i = r.current
    item = Item(m, i)
    r.wire_bytes += item.size * 1000 // r.reduction
    if item.epoch == RESYNCED:
        r.ahead -= 1
        r.ahead_bytes -= item.size
        read_dirty(m, at)
    else:
        r.queued_bytes -= item.size
        r.flying_bytes += item.size
    arrive_later(m, at, i)
    if not r.first:
        resync_if_drained(m, at)
    link_goes(m, at)


@mechanism
def arrive_later(m: Memory, at: int, i: int) -> None:
    """The target writes its journal in order and confirms; a checkpoint is usable once all before it is durable."""
    r, item = Replica(m, at), Item(m, i)
    arrival = World(m, 0).now + r.latency
    durable = bucket.admit(BucketState(m, r.journal), arrival, bucket.transfer_ns(item.size, r.journal_rate))
    if item.epoch >= 0:
        push(m, durable, r.durable_key + r.sent, event(i, POINT_DURABLE))
    elif item.epoch == IN_ORDER:
        push(m, durable + r.latency, r.back_key + r.sent, event(i, CONFIRMED))
    else:
        free_item(m, i)


@mechanism
def point_durable(m: Memory, i: int) -> None:
    """A checkpoint can be restored from now on, for every VM of the group."""
    item, now = Item(m, i), World(m, 0).now
    r = Replica(m, item.replica)
    for k in range(r.meter_count):
        risk.usable(m, m[r.meters + k], item.epoch, item.cut, now)
    free_item(m, i)


@mechanism
def confirmed(m: Memory, i: int) -> None:
    """The target has these bytes."""
    item = Item(m, i)
    r = Replica(m, item.replica)
    r.flying_bytes -= item.size
    r.journal_bytes += item.size
    replication.confirmed(GroupState(m, r.group), item.size)
    free_item(m, i)


# -- overflow and resync -------------------------------------------------------------------------------------


@mechanism
def resync_if_drained(m: Memory, at: int) -> None:
    """After an overflow, once the link has sent what was buffered: the dirty map is next."""
    r = Replica(m, at)
    if mode(m, at) == replication.OVERFLOW and not r.first:
        replication.begin_resync(GroupState(m, r.group))
        note_mode(m, at)
        read_dirty(m, at)


@mechanism
def read_dirty(m: Memory, at: int) -> None:
    """Keeps some runs of dirty extents ahead of the link; when none is left, order is back."""
    r = Replica(m, at)
    group = GroupState(m, r.group)
    while r.ahead < r.resync_reads:
        number, first, extents = replication.take_dirty(group)
        if number < 0:
            break
        r.ahead += 1
        r.reading += 1
        disk = Disk(m, m[r.disks + number])
        size = min(extents * r.extent, disk.size - first * r.extent)
        r.ahead_bytes += size
        device.submit(m, disk.flow, RESYNC, 0, size, m[draw(m, disk.read_draws, 1)], -1, at)
    now = mode(m, at)
    lost = now == replication.RESYNC or now == replication.FIRST_SYNC
    if lost and not r.reading and not group.facts[replication.DIRTY]:
        replication.order_is_back(group)
        note_mode(m, at)
        checkpoint(m, at)


@mechanism
def dirty_read(m: Memory, at: int, c: int) -> None:
    """A run of dirty extents has been read: it goes to the link."""
    Replica(m, at).reading -= 1
    enqueue(m, at, Command(m, c).size, RESYNCED, 0)
    kick(m, at)
    read_dirty(m, at)
    kick(m, at)
