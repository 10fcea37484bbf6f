"""Bulk work of the compiled path: metadata of a stun, copiers, backup readers. Twin of `models.path.bulk`."""

from models.compiled import device
from models.compiled.layout import (
    COPIER_GOES,
    COPIER_PACED,
    DISK_CHUNK,
    READ_PARKED,
    READER_GOES,
    READER_STARTS,
    BucketState,
    Chain,
    Copier,
    Disk,
    GrainState,
    Merge,
    MirrorState,
    Read,
    Reader,
    Transport,
    World,
)
from models.compiled.lists import draw, event, fire, push, soon, wait, wake
from models.mechanisms import bucket, grains, mirror
from models.path.io import BACKUP, MERGE, SNAPSHOT
from sim.flat import Memory
from sim.mechanism import mechanism

# -- metadata ------------------------------------------------------------------------------------------------


@mechanism
def chain_goes(m: Memory, at: int) -> None:
    """The next piece of metadata is written; after the last the story hears of it."""
    chain = Chain(m, at)
    if not chain.left:
        fire(m, at)
        return
    chain.left -= 1
    disk = Disk(m, chain.disk)
    device.submit(m, disk.flow, SNAPSHOT, 1, chain.size, m[draw(m, disk.write_draws, 1)], -1, at)


# -- the copiers of a consolidation --------------------------------------------------------------------------


@mechanism
def copier_goes(m: Memory, at: int) -> None:
    """The copier takes the next chunk and reads what the deltas hold of it; or it has nothing more to do."""
    copier = Copier(m, at)
    merge = Merge(m, copier.merge)
    disk = Disk(m, merge.disk)
    first, last = -1, -1
    if not merge.stopped:
        first, last = mirror.take(MirrorState(m, disk.mirror), GrainState(m, disk.map), copier.number)
    if first < 0:
        merge.working -= 1
        if not merge.working:
            fire(m, copier.merge)
        return
    copier.started = World(m, 0).now
    read_chunk(m, at, first, last)


@mechanism
def read_chunk(m: Memory, at: int, first: int, last: int) -> None:
    """Reads the held pieces side by side; remembers them, joined where they touch, for the writes."""
    copier = Copier(m, at)
    disk = Disk(m, Merge(m, copier.merge).disk)
    held, grain, size = GrainState(m, disk.map), first, 0
    spans, count = copier.spans, 0
    copier.step, copier.left = 0, 0
    while grain <= last:
        end, level = grains.piece(held, grain, last)
        if level:
            size += (end - grain + 1) * disk.grain
            copier.left += 1
            piece = (end - grain + 1) * disk.grain
            device.submit(m, disk.flow, MERGE, 0, piece, m[draw(m, disk.read_draws, 1)], -1, at)
            if count and m[spans + 2 * count - 1] == grain - 1:
                m[spans + 2 * count - 1] = end
            else:
                m[spans + 2 * count], m[spans + 2 * count + 1] = grain, end
                count += 1
        grain = end + 1
    copier.size, copier.span_count = size, count


@mechanism
def copier_hears(m: Memory, at: int) -> None:
    """A command of the copier has completed: after the reads come the writes, after these the next chunk."""
    copier = Copier(m, at)
    copier.left -= 1
    if copier.left:
        return
    merge = Merge(m, copier.merge)
    disk = Disk(m, merge.disk)
    if copier.step == 0:
        copier.step, copier.left = 1, copier.span_count
        for i in range(copier.span_count):
            span = copier.spans + 2 * i
            size = (m[span + 1] - m[span] + 1) * disk.grain
            device.submit(m, disk.flow, MERGE, 1, size, m[draw(m, disk.write_draws, 1)], -1, at)
        return
    mirror.copied(MirrorState(m, disk.mirror), copier.number)
    wake(m, merge.disk + DISK_CHUNK)
    soon(m, at, COPIER_PACED)  # after the writes that waited for the chunk


@mechanism
def copier_paced(m: Memory, at: int) -> None:
    """A chunk is done: the copier goes on at once, or when the rate cap lets it."""
    copier = Copier(m, at)
    merge, now = Merge(m, copier.merge), World(m, 0).now
    ready = bucket.admit(BucketState(m, merge.cap), copier.started, bucket.transfer_ns(copier.size, merge.rate))
    if ready > now:
        push(m, ready, copier.key, event(at, COPIER_GOES))
    else:
        copier_goes(m, at)


# -- the readers of a backup ---------------------------------------------------------------------------------


@mechanism
def reader_goes(m: Memory, at: int) -> None:
    """The reader reads the next of the tool's blocks; or it is parked, or there is none left."""
    reader = Reader(m, at)
    read = Read(m, reader.read)
    if not read.block_count or read.stopped:
        read.working -= 1
        if read.working:
            wake(m, reader.read + READ_PARKED)  # there is nothing left for them
        else:
            fire(m, reader.read)
        return
    if reader.number >= read.allowed:
        wait(m, reader.read + READ_PARKED, at, READER_STARTS)
        return
    block = m[read.blocks]
    read.blocks += 1
    read.block_count -= 1
    disk, tool = Disk(m, read.disk), Transport(m, read.transport).tool_block
    start, end = block * tool, min((block + 1) * tool, disk.size)
    reader.size, reader.left = end - start, 0
    if not read.level:
        read_piece(m, at, end - start)
        return
    held, size = GrainState(m, disk.map), disk.grain
    grain, last = start // size, (end - 1) // size
    while grain <= last:
        stop, _ = grains.piece_below(held, grain, last, read.level)
        read_piece(m, at, min((stop + 1) * size, end) - max(grain * size, start))
        grain = stop + 1


@mechanism
def read_piece(m: Memory, at: int, size: int) -> None:
    """One command of a reader."""
    reader = Reader(m, at)
    read = Read(m, reader.read)
    reader.left += 1
    device.submit(m, read.flow, BACKUP, 0, size, m[draw(m, read.draws, 1)], -1, at)


@mechanism
def reader_hears(m: Memory, at: int) -> None:
    """A command of the reader has completed; the block goes through its stream, the host, the proxy, the repository."""
    reader = Reader(m, at)
    reader.left -= 1
    if reader.left:
        return
    read, now, size = Read(m, reader.read), World(m, 0).now, reader.size
    t = Transport(m, read.transport)
    stored = size * 1000 // t.reduction
    read.bytes_read += size
    read.bytes_stored += stored
    alone = bucket.transfer_ns(size, t.stream_rate) + bucket.transfer_ns(size, t.ssl_rate)
    sent = bucket.admit(BucketState(m, read.stream), now, alone)
    sent = max(sent, bucket.admit(BucketState(m, t.host), now, bucket.transfer_ns(size, t.host_rate)))
    sent = max(sent, bucket.admit(BucketState(m, t.ssl), now, bucket.transfer_ns(size, t.ssl_host_rate)))
    sent = max(sent, bucket.admit(BucketState(m, t.proxy), now, bucket.transfer_ns(size, t.proxy_rate)))
    repository = bucket.transfer_ns(stored, t.repository_rate)
    sent = max(sent, bucket.admit(BucketState(m, t.repository), now, repository))
    push(m, sent, reader.key, event(at, READER_GOES))


@mechanism
def allow(m: Memory, at: int, reads: int) -> None:
    """So many readers may go on from now on; those that are parked look again."""
    Read(m, at).allowed = reads
    wake(m, at + READ_PARKED)


@mechanism
def committed(m: Memory, at: int) -> None:
    """A block has been committed: it has crossed the network and is stored."""
    reader = Reader(m, at)
    t = Transport(m, Read(m, reader.read).transport)
    t.network_bytes += reader.size
    t.stored_bytes += reader.size * 1000 // t.reduction
