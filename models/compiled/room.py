"""Space for a growing delta on the compiled path: taken, or waited for while the VM asks. Twin of `path.disk`."""

from models.compiled.layout import ANSWERED, FULL, VM_SHORT, Disk, GrainState, Io, Store, Vm, World
from models.compiled.lists import fire, wait
from models.compiled.pieces import disk_of, settle
from models.mechanisms import grains
from sim.flat import Memory
from sim.mechanism import mechanism


@mechanism
def used(m: Memory, d: int) -> int:
    """Bytes of the top delta's file."""
    disk = Disk(m, d)
    held = GrainState(m, disk.map)
    top = grains.depth(held)
    return held.allocated[top] * disk.grain + held.tabled[top] * disk.table_bytes


@mechanism
def grow(m: Memory, d: int, before: int) -> int:
    """Takes space for the grains just allocated; when the datastore has too little: what is owed, and 0."""
    disk = Disk(m, d)
    step = disk.growth
    steps = -(-used(m, d) // step) - -(-before // step)
    store = Store(m, disk.store)
    if steps * step > store.free_bytes:
        return steps * step
    take_space(m, disk.store, steps * step)
    return 0


@mechanism
def take_space(m: Memory, s: int, size: int) -> None:
    """The datastore has so much less space."""
    store = Store(m, s)
    store.free_bytes -= size
    if store.free_bytes < store.lowest:
        store.lowest = store.free_bytes


@mechanism
def full(m: Memory, d: int) -> None:
    """The run ends: the disk's datastore is full."""
    w = World(m, 0)
    if not w.error:
        w.error, w.subject = FULL, d


@mechanism
def wait_for_space(m: Memory, at: int) -> bool:
    """Holds a write until there is space for its grains. The VM asks; the run ends when nobody answers."""
    w, v = World(m, 0), Io(m, at).vm
    vm = Vm(m, v)
    if not vm.question:
        full(m, disk_of(m, at))
        return False
    if not vm.paused:
        stunned = vm.stunned_ns
        if vm.stunned:
            stunned += w.now - vm.stunned_at
        settle(m, v, stunned)
        vm.paused = 1
        fire(m, vm.question)
    wait(m, v + VM_SHORT, at, ANSWERED)
    return False
