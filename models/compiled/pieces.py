"""What reads and writes of a virtual disk share on the compiled path: the commands they become, and their ledger."""

from models.compiled import device
from models.compiled.layout import IO_WORDS, Command, Device, Disk, Flow, GrainState, Io, Ledger, Vm, World
from models.compiled.lists import draw
from models.mechanisms import grains
from models.path.io import DATA, METADATA
from models.result import LAYERS
from sim.flat import Memory
from sim.mechanism import mechanism

PLAIN, LOOK_UP, READ, PARENT, WRITE, UPDATE, MIRROR_LATE = range(7)
"""What the commands under way are for."""
LAYER_COUNT = len(LAYERS)


@mechanism
def disk_of(m: Memory, at: int) -> int:
    """The disk that this I/O goes to."""
    io = Io(m, at)
    return m[Vm(m, io.vm).disks + io.disk]


@mechanism
def charge(m: Memory, at: int, cause: int, now: int) -> None:
    """All time since the last entry was spent on `cause`."""
    io = Io(m, at)
    Ledger(m, at + IO_WORDS)[cause] += now - io.clock
    io.clock = now


@mechanism
def charge_command(m: Memory, at: int, c_at: int) -> None:
    """The time from the ledger's end to now was this command's: by layer."""
    io, c = Io(m, at), Command(m, c_at)
    layers = Ledger(m, at + IO_WORDS + World(m, 0).commands + c.cause * LAYER_COUNT)
    layers[0] += c.limit
    layers[1] += c.dsnro
    layers[2] += c.slot
    layers[3] += c.done - c.issue
    io.clock = c.done


@mechanism
def metadata(m: Memory, at: int, step: int, write: int) -> None:
    """One metadata command."""
    disk, io = Disk(m, disk_of(m, at)), Io(m, at)
    io.step, io.left = step, 1
    stream = disk.write_draws if write else disk.read_draws
    device.submit(m, disk.flow, METADATA, write, disk.metadata_bytes, m[draw(m, stream, 1)], -1, at)


@mechanism
def clip(m: Memory, at: int, grain: int, first: int, last: int) -> int:
    """How many of the I/O's bytes lie in grains first..last."""
    io = Io(m, at)
    return min((last + 1) * grain, io.offset + io.size) - max(first * grain, io.offset)


@mechanism
def submit_pieces(m: Memory, at: int) -> None:
    """Data commands for what lies apart, side by side; the scheduler charges the guest request once, on the first."""
    disk, io = Disk(m, disk_of(m, at)), Io(m, at)
    held, size, grain = GrainState(m, disk.map), disk.grain, io.first
    stream = disk.write_draws if io.write else disk.read_draws
    cost = -(-io.size // Device(m, Flow(m, disk.flow).device).cost_unit)
    while grain <= io.last:
        end, _ = grains.piece(held, grain, io.last)
        bytes_here = clip(m, at, size, grain, end)
        if io.fresh_first >= 0 and io.write:  # a new grain is written whole; only the outer ones are covered in part
            if (grain == io.first or end == io.first) and io.fresh_outer & 1:
                bytes_here += size - clip(m, at, size, io.first, io.first)
            if io.last != io.first and end == io.last and io.fresh_outer & 2:
                bytes_here += size - clip(m, at, size, io.last, io.last)
        io.left += 1
        if grain == io.first:
            device.submit(m, disk.flow, DATA, io.write, bytes_here, io.service, cost, at)
        else:
            device.submit(m, disk.flow, DATA, io.write, bytes_here, m[draw(m, stream, 1)], 0, at)
        grain = end + 1
