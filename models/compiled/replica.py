"""Replication on the compiled path. Twin of `models.path.replica`.

`enqueue` only appends; whoever is not the link itself calls `kick` afterwards, which is where the readable path's bell
rings. So the link never calls itself.
"""

from models.compiled import device, risk, synchrony
from models.compiled.group import checkpoint, enqueue, mode, note_mode
from models.compiled.layout import (
    CONFIRMED,
    IO_WORDS,
    JOURNALED,
    LINK_BEGINS,
    LINK_SENT,
    POINT_DURABLE,
    REPLICA_QUEUE,
    ApplianceState,
    BucketState,
    Command,
    Disk,
    GroupState,
    Io,
    Item,
    Replica,
    WireState,
    World,
)
from models.compiled.lists import draw, event, first_of, free_item, log, push
from models.mechanisms import appliance, bucket, replication, wire
from models.path.io import RESYNC
from models.path.replica import IN_ORDER, RESYNCED
from sim.flat import Memory
from sim.mechanism import mechanism


@mechanism
def write(m: Memory, at: int, disk: int, io_at: int) -> None:
    """A guest write passes the splitter: into the buffer, or onto the dirty map."""
    r, io = Replica(m, at), Io(m, io_at)
    m[io_at + IO_WORDS + World(m, 0).causes + io.epochs] = r.epoch
    io.epochs += 1
    before = mode(m, at)
    room = not r.shared or appliance.fits(ApplianceState(m, r.shared), io.size)
    if replication.split(GroupState(m, r.group), disk, io.offset, io.size, room):
        if r.shared:
            appliance.took(ApplianceState(m, r.shared), io.size)
        r.queued_bytes += io.size
        turn = synchrony.hold(m, at, io_at) if before == replication.IN_SYNC else 0
        enqueue(m, at, io.size, IN_ORDER, 0, turn)
        processed(m, at)
        kick(m, at)
    elif before == replication.IN_ORDER:
        note_mode(m, at)
        if not r.busy:
            resync_if_drained(m, at)
            kick(m, at)


# -- the link ------------------------------------------------------------------------------------------------


@mechanism
def processed(m: Memory, at: int) -> None:
    """The item that waits last passes the appliance, if there is one."""
    r = Replica(m, at)
    if r.shared:
        item = Item(m, r.last)
        item.ready = appliance.processed(ApplianceState(m, r.shared), World(m, 0).now, item.size)


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
        if r.shared:  # the link is asked for when it is there and the item is
            begins = wire.sent_at(WireState(m, r.wire), max(now, Item(m, i).ready), 0)
            if begins > now:
                r.current = i
                push(m, begins, r.sent_key + r.sent, event(at, LINK_BEGINS))
                return
        if sends(m, at, i):
            return
    r.busy = 0


@mechanism
def sends(m: Memory, at: int, i: int) -> bool:
    """The link has the item; True when it takes time, otherwise it has crossed already."""
    r, now, size = Replica(m, at), World(m, 0).now, Item(m, i).size
    crossing = size * 1000 // r.reduction
    sent = wire.sent_at(WireState(m, r.wire), now, bucket.transfer_ns(crossing, r.link_rate))
    if r.shared:
        sent = max(sent, appliance.sent(ApplianceState(m, r.shared), now, crossing))
    if size or sent > now:
        r.current = i
        push(m, sent, r.sent_key + r.sent, event(at, LINK_SENT))
        return True
    arrive_later(m, at, i)
    drained(m, at)
    return False


@mechanism
def link_begins(m: Memory, at: int) -> None:
    """The item can go now."""
    if not sends(m, at, Replica(m, at).current):
        link_goes(m, at)


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
    drained(m, at)
    link_goes(m, at)


@mechanism
def drained(m: Memory, at: int) -> None:
    """If the link has sent all that waited, it looks what comes next: a resync, or being in sync."""
    r = Replica(m, at)
    if not r.first:
        resync_if_drained(m, at)
    if not r.first and r.sync:
        synchrony.enter(m, at)


@mechanism
def arrive_later(m: Memory, at: int, i: int) -> None:
    """The target writes its journal in order and confirms; a checkpoint is usable once all before it is durable."""
    r, item = Replica(m, at), Item(m, i)
    r.admitted += item.size
    item.admitted = r.admitted
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
    if not r.sync or item.epoch > r.left:
        log(m, JOURNALED, item.replica, item.cut, now, item.admitted)
        for k in range(r.meter_count):
            risk.usable(m, m[r.meters + k], item.epoch, item.cut, now)
        if r.sync:
            synchrony.durable(m, item.replica, item.turn)
    free_item(m, i)


@mechanism
def confirmed(m: Memory, i: int) -> int:
    """The target has these bytes. The address of a held write that goes on now, else 0."""
    item = Item(m, i)
    r = Replica(m, item.replica)
    r.flying_bytes -= item.size
    r.journal_bytes += item.size
    replication.confirmed(GroupState(m, r.group), item.size)
    if r.shared:
        appliance.took(ApplianceState(m, r.shared), -item.size)
    free_item(m, i)
    return synchrony.confirmed(m, item.replica, item.turn) if item.turn else 0


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
        checkpoint(m, at, 0)


@mechanism
def dirty_read(m: Memory, at: int, c: int) -> None:
    """A run of dirty extents has been read: it goes to the link."""
    Replica(m, at).reading -= 1
    enqueue(m, at, Command(m, c).size, RESYNCED, 0, 0)
    processed(m, at)
    kick(m, at)  # it is busy from here on: what is read next finds no idle link
    read_dirty(m, at)
