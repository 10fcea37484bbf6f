"""What stories ask of a VM on the compiled path: hold, release, thaw, answer. Twin of a part of `models.path.vm`."""

from models.compiled import pieces, probe
from models.compiled.layout import DOOR_WORDS, VM_BEHIND, VM_GATE, VM_SHORT, Book, Vm, World
from models.compiled.lists import wake
from models.compiled.way import stunned_so_far
from sim.flat import Memory
from sim.mechanism import mechanism


@mechanism
def hold(m: Memory, v: int) -> None:
    """The vCPUs stop: nothing passes the gate in either direction."""
    vm, now = Vm(m, v), World(m, 0).now
    vm.stunned, vm.stunned_at, vm.held = 1, now, 0
    tell_stun(m, v, 1)


@mechanism
def release(m: Memory, v: int) -> None:
    """The vCPUs run: all that waited at the gate goes on next."""
    vm, now = Vm(m, v), World(m, 0).now
    vm.stunned = 0
    vm.stunned_ns += now - vm.stunned_at
    tell_stun(m, v, 0)
    wake(m, v + VM_GATE)


@mechanism
def thaw(m: Memory, v: int) -> None:
    """All writes of the frozen guest that have waited go on next."""
    pieces.settle(m, v, stunned_so_far(m, v))
    Vm(m, v).frozen = 0
    wake(m, v + VM_BEHIND)


@mechanism
def answer(m: Memory, v: int) -> None:
    """The VM's question is answered: writes without space try again, then what waited in the guest goes on."""
    pieces.settle(m, v, stunned_so_far(m, v))
    Vm(m, v).paused = 0
    wake(m, v + VM_SHORT)
    wake(m, v + VM_BEHIND)


@mechanism
def tell_stun(m: Memory, v: int, stunned: int) -> None:
    """The books and the probes hear of it."""
    vm, now = Vm(m, v), World(m, 0).now
    Book(m, vm.book).stunned = stunned
    for i in range(vm.disk_count):
        probe.stun(m, vm.book, vm.doors + i * DOOR_WORDS, now, stunned)


@mechanism
def end_probes(m: Memory, v: int) -> None:
    """The run ends: the probes count whoever still waits."""
    vm, now = Vm(m, v), World(m, 0).now
    for i in range(vm.disk_count):
        probe.finish(m, vm.book, vm.doors + i * DOOR_WORDS, now)
