"""A virtual disk of the compiled path: what each guest I/O becomes. Twin of `models.path.disk`.

An I/O that waits for commands has its `step`; when the last of them completes, `go_on` takes it from there. Both return
True when the access is over.
"""

from models.compiled import device
from models.compiled.layout import (
    CHUNK_COPIED,
    CHUNK_COPIED_LATE,
    DISK_CHUNK,
    BloomState,
    CacheState,
    CbtState,
    Disk,
    GrainState,
    Io,
    MirrorState,
    Store,
    World,
)
from models.compiled.lists import draw, wait
from models.compiled.pieces import (
    LOOK_UP,
    MIRROR_LATE,
    PARENT,
    PLAIN,
    READ,
    UPDATE,
    WRITE,
    charge,
    charge_command,
    disk_of,
    metadata,
    submit_pieces,
)
from models.compiled.room import full, grow, take_space, used, wait_for_space
from models.mechanisms import bloom, cbt, grains, mirror, tablecache
from models.path.io import DATA, MIRROR, PARENT_READ
from sim.flat import Memory
from sim.mechanism import mechanism


@mechanism
def access(m: Memory, at: int) -> bool:
    """The I/O goes to its disk."""
    disk, io = Disk(m, disk_of(m, at)), Io(m, at)
    if io.write and disk.tracking:
        cbt.mark(CbtState(m, disk.tracking), io.offset, io.size)
    if not grains.depth(GrainState(m, disk.map)):
        if io.write:
            disk.written_base += io.size
        io.step, io.left = PLAIN, 1
        device.submit(m, disk.flow, DATA, io.write, io.size, io.service, -1, at)
        return False
    io.first, io.last = io.offset // disk.grain, (io.offset + io.size - 1) // disk.grain
    if io.write:
        return start_write(m, at)
    io.more = missing_tables(m, at)
    return look_up(m, at)


@mechanism
def absorb(m: Memory, at: int) -> None:
    """A write is in the tracking and in its level, without any command."""
    d, io = disk_of(m, at), Io(m, at)
    disk = Disk(m, d)
    if disk.tracking:
        cbt.mark(CbtState(m, disk.tracking), io.offset, io.size)
    held = GrainState(m, disk.map)
    if not grains.depth(held):
        disk.written_base += io.size
        return
    before = used(m, d)
    for grain in range(io.offset // disk.grain, (io.offset + io.size - 1) // disk.grain + 1):
        if grains.allocate(held, grain) and disk.filters:
            bloom.add(BloomState(m, disk.filters), grains.depth(held), grain)
    if grow(m, d, before):  # nobody asks where nobody looks
        full(m, d)
    disk.written_top += io.size


@mechanism
def go_on(m: Memory, at: int, c: int) -> bool:
    """A command of the I/O has completed; the last of a stage is the critical path and goes into the ledger."""
    io = Io(m, at)
    io.left -= 1
    if io.left:
        return False
    charge_command(m, at, c)
    step = io.step
    if step in (PLAIN, READ, MIRROR_LATE):
        return True
    if step == LOOK_UP:
        return look_up(m, at)
    if step == PARENT:
        return write_data(m, at)
    if step == WRITE:
        io.more = table_updates(m, at)
    return update_tables(m, at)


# -- reads ---------------------------------------------------------------------------------------------------


@mechanism
def look_up(m: Memory, at: int) -> bool:
    """Missing grain tables one after the other, then the pieces side by side."""
    _disk, io = Disk(m, disk_of(m, at)), Io(m, at)
    if io.more:
        io.more -= 1
        metadata(m, at, LOOK_UP, 0)
        return False
    io.step, io.left = READ, 0
    submit_pieces(m, at)
    return False


@mechanism
def missing_tables(m: Memory, at: int) -> int:
    """Metadata reads for a lookup: per level from the top to where the data is, tables that are not in memory."""
    d, io = disk_of(m, at), Io(m, at)
    disk = Disk(m, d)
    if not disk.cached:
        return 0
    held, cache, size = GrainState(m, disk.map), CacheState(m, disk.cache), disk.table_grains
    misses = 0
    for table in range(io.first // size, io.last // size + 1):
        if grains.table_is_empty(held, table):
            continue
        found = grains.MAX_DEPTH
        first, last = max(io.first, table * size), min(io.last, (table + 1) * size - 1)
        for grain in range(first, last + 1):
            found = min(found, grains.newest(held, grain))
        for level in range(grains.depth(held), max(found, 1) - 1, -1):
            if maybe(m, d, level, first, last) and not tablecache.look_up(cache, (level - 1) * disk.tables + table):
                misses += 1
    return misses


@mechanism
def maybe(m: Memory, d: int, level: int, first: int, last: int) -> bool:
    """Whether the level may hold any of these grains, as far as its filter knows."""
    filters = Disk(m, d).filters
    if not filters:
        return True
    for grain in range(first, last + 1):  # noqa: SIM110 - compiled code builds no generator
        if bloom.maybe(BloomState(m, filters), level, grain):
            return True
    return False


# -- writes --------------------------------------------------------------------------------------------------


@mechanism
def where(m: Memory, d: int, at: int) -> int:
    """Where the write falls in the mirror's pass; AHEAD when there is none."""
    disk, io = Disk(m, d), Io(m, at)
    if not disk.mirror:
        return mirror.AHEAD
    return mirror.where(MirrorState(m, disk.mirror), io.first, io.last)


@mechanism
def start_write(m: Memory, at: int) -> bool:
    """Waits for copiers at the same place; then reads what the parent holds of grains covered in part."""
    d, io = disk_of(m, at), Io(m, at)
    place = where(m, d, at)
    if place == mirror.COPYING:
        wait(m, d + DISK_CHUNK, at, CHUNK_COPIED)
        return False
    io.mirrored = 1 if place == mirror.BEHIND else 0
    disk = Disk(m, d)
    held, grain = GrainState(m, disk.map), disk.grain
    top, end = grains.depth(held), io.offset + io.size
    head, tail = io.offset - io.first * grain, (io.last + 1) * grain - end
    tail = min(tail, max(0, disk.size - end))
    new_first, new_last = grains.newest(held, io.first) < top, grains.newest(held, io.last) < top
    io.step, io.left = PARENT, 0
    if io.first == io.last:
        if new_first and head + tail:
            parent_read(m, at, d, head + tail)
    else:
        if new_first and head:
            parent_read(m, at, d, head)
        if new_last and tail:
            parent_read(m, at, d, tail)
    if io.left:
        return False
    return write_data(m, at)


@mechanism
def parent_read(m: Memory, at: int, d: int, size: int) -> None:
    """One read of the parent."""
    disk = Disk(m, d)
    Io(m, at).left += 1
    device.submit(m, disk.flow, PARENT_READ, 0, size, m[draw(m, disk.read_draws, 1)], -1, at)


@mechanism
def write_data(m: Memory, at: int) -> bool:
    """Allocates the grains; then writes the data, unless the datastore is full."""
    d, io = disk_of(m, at), Io(m, at)
    disk = Disk(m, d)
    held = GrainState(m, disk.map)
    top = grains.depth(held)
    before, io.tables = used(m, d), held.tabled[top]
    io.fresh_first, io.fresh_last, io.fresh_outer = -1, -1, 0
    for grain in range(io.first, io.last + 1):
        if grains.allocate(held, grain):
            if io.fresh_first < 0:
                io.fresh_first = grain
            io.fresh_last = grain
            if disk.filters:
                bloom.add(BloomState(m, disk.filters), top, grain)
            if grain == io.first:
                io.fresh_outer |= 1
            if grain == io.last:
                io.fresh_outer |= 2
    io.tables = held.tabled[top] - io.tables
    if io.fresh_first >= 0:
        io.owed = grow(m, d, before)
        if io.owed:
            disk.owed += io.owed
            return wait_for_space(m, at)
    return submit_data(m, at)


@mechanism
def submit_data(m: Memory, at: int) -> bool:
    """Writes the data and behind the cursor the mirrored copy, side by side."""
    disk, io = Disk(m, disk_of(m, at)), Io(m, at)
    disk.written_top += io.size
    io.step, io.left = WRITE, 0
    submit_pieces(m, at)
    if io.mirrored:
        io.left += 1
        device.submit(m, disk.flow, MIRROR, 1, io.size, m[draw(m, disk.write_draws, 1)], -1, at)
    return False


@mechanism
def answered(m: Memory, at: int) -> bool:
    """The VM's question is answered: the write goes on if there is space now, otherwise the VM asks again."""
    w, disk, io = World(m, 0), Disk(m, disk_of(m, at)), Io(m, at)
    charge(m, at, w.space_hold, w.now)
    store = Store(m, disk.store)
    if io.owed > store.free_bytes:
        return wait_for_space(m, at)
    take_space(m, disk.store, io.owed)
    disk.owed -= io.owed
    return submit_data(m, at)


@mechanism
def table_updates(m: Memory, at: int) -> int:
    """Serial metadata writes for the new grains: per grain table that they fall into."""
    disk, io = Disk(m, disk_of(m, at)), Io(m, at)
    if io.fresh_first < 0:
        return 0
    held, size = GrainState(m, disk.map), disk.table_grains
    first, last = io.fresh_first // size, io.fresh_last // size
    if disk.cached:
        cache = CacheState(m, disk.cache)
        for table in range(first, last + 1):
            tablecache.keep(cache, (grains.depth(held) - 1) * disk.tables + table)
    return disk.metadata_writes * (last - first + 1) + disk.directory_writes * io.tables


@mechanism
def update_tables(m: Memory, at: int) -> bool:
    """Metadata writes one after the other; then the mirrored copy, if the cursor has passed meanwhile."""
    io = Io(m, at)
    if io.more:
        io.more -= 1
        metadata(m, at, UPDATE, 1)
        return False
    if io.mirrored:
        return True
    return mirror_late(m, at)


@mechanism
def mirror_late(m: Memory, at: int) -> bool:
    """The cursor passed while the write was on its way: it is mirrored before the guest hears of it."""
    d, io = disk_of(m, at), Io(m, at)
    place = where(m, d, at)
    if place == mirror.COPYING:
        wait(m, d + DISK_CHUNK, at, CHUNK_COPIED_LATE)
        return False
    if place != mirror.BEHIND:
        return True
    disk = Disk(m, d)
    io.step, io.left = MIRROR_LATE, 1
    device.submit(m, disk.flow, MIRROR, 1, io.size, m[draw(m, disk.write_draws, 1)], -1, at)
    return False


@mechanism
def chunk_copied(m: Memory, at: int, late: bool) -> bool:
    """A chunk of the consolidation is in the base: a write that waited for it looks again."""
    w = World(m, 0)
    charge(m, at, w.mirror_hold, w.now)
    if late:
        return mirror_late(m, at)
    return start_write(m, at)
