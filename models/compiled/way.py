"""One guest I/O's way down and up again, as far as its delivery. Twin of `models.path.vm`."""

from models.compiled import books, disk, pieces, probe, replica
from models.compiled.layout import (
    DOOR_QUEUE,
    DOOR_WORDS,
    GATE_IN,
    GATE_OUT,
    HOP_WORDS,
    HOPS_DOWN,
    HOPS_UP,
    IO_WORDS,
    VM_GATE,
    Book,
    Door,
    Hop,
    Io,
    Ledger,
    Meter,
    Vm,
    WorkersState,
    World,
)
from models.compiled.lists import append, draw, event, fire, first_of, push, wait, wake
from models.mechanisms import workers
from sim.flat import Memory
from sim.mechanism import mechanism

# -- the virtual adapter -------------------------------------------------------------------------------------


@mechanism
def request(m: Memory, at: int) -> None:
    """The guest wants this I/O now."""
    io = Io(m, at)
    vm = Vm(m, io.vm)
    books.arrived(m, vm.book, at)
    d = vm.doors + io.disk * DOOR_WORDS
    door = Door(m, d)
    if vm.adapter_free and door.idle:
        carry(m, at)
    else:
        io.stunned = stunned_so_far(m, io.vm)
        append(m, d + DOOR_QUEUE, at)
        door.waiting += 1
        vm.waiting += 1
    tell_doors(m, Io(m, at).vm, d)


@mechanism
def carry(m: Memory, at: int) -> None:
    """The I/O takes a slot; unless the VM is stunned it passes the gate."""
    io = Io(m, at)
    vm = Vm(m, io.vm)
    vm.adapter_free -= 1
    Door(m, vm.doors + io.disk * DOOR_WORDS).idle -= 1
    if vm.stunned:
        vm.held += 1
        wait(m, io.vm + VM_GATE, at, GATE_IN)
    else:
        pass_gate(m, at)


@mechanism
def slot_free(m: Memory, v: int, number: int) -> None:
    """A slot of that disk is idle again: the request that has waited longest among those it suits gets it."""
    vm = Vm(m, v)
    d = vm.doors + number * DOOR_WORDS
    vm.adapter_free += 1
    Door(m, d).idle += 1
    if vm.waiting:
        serve_waiting(m, v)
    tell_doors(m, v, d)


@mechanism
def serve_waiting(m: Memory, v: int) -> None:
    """The oldest request at a door with an idle slot goes on; of equals the one at the lower disk."""
    vm, now = Vm(m, v), World(m, 0).now
    best, oldest = -1, 0
    for i in range(vm.disk_count):
        door = Door(m, vm.doors + i * DOOR_WORDS)
        if door.waiting and door.idle:
            arrival = Io(m, door.first).arrival
            if best < 0 or arrival < oldest:
                best, oldest = i, arrival
    if best < 0 or not vm.adapter_free:
        return
    d = vm.doors + best * DOOR_WORDS
    at = first_of(m, d + DOOR_QUEUE)
    Door(m, d).waiting -= 1
    probe.took(m, vm.book, d, now)
    for i in range(vm.disk_count):
        other = vm.doors + i * DOOR_WORDS
        if i != best and Door(m, other).idle:
            probe.passed(m, vm.book, other, now, oldest)
    charge_queue(m, at, stunned_so_far(m, v) - Io(m, at).stunned)
    vm.waiting -= 1
    carry(m, at)


@mechanism
def charge_queue(m: Memory, at: int, stunned: int) -> None:
    """It has waited for a slot, for so much of the time because of a stun."""
    w, io = World(m, 0), Io(m, at)
    pieces.charge(m, at, w.guest_queue, w.now - stunned)
    pieces.charge(m, at, w.hold_in, w.now)
    io.held += stunned


@mechanism
def stunned_so_far(m: Memory, v: int) -> int:
    """The VM's stunned time up to now."""
    vm = Vm(m, v)
    if vm.stunned:
        return vm.stunned_ns + World(m, 0).now - vm.stunned_at
    return vm.stunned_ns


@mechanism
def tell_doors(m: Memory, v: int, changed: int) -> None:
    """The probe hears of doors that are full now, or were when it last heard; `changed` alone has changed since."""
    vm, now = Vm(m, v), World(m, 0).now
    if vm.adapter_free and Door(m, changed).idle and not vm.full_doors:
        return
    for i in range(vm.disk_count):
        d = vm.doors + i * DOOR_WORDS
        door = Door(m, d)
        full = 0 if vm.adapter_free and door.idle else 1
        if full or door.was_full:
            vm.full_doors += full - door.was_full
            door.was_full = full
            if full or door.full:
                probe.change(m, vm.book, d, now, door.waiting, full)


@mechanism
def absorb(m: Memory, at: int) -> None:
    """A write outside the windows is at once where it would end; nothing waits, nothing is measured."""
    io = Io(m, at)
    vm = Vm(m, io.vm)
    stamp(m, at, vm.book)
    split(m, at)
    disk.absorb(m, at)
    books.absorbed(m, vm.book, at)


# -- down ----------------------------------------------------------------------------------------------------


@mechanism
def held(m: Memory, at: int, cause: int) -> None:
    """The stun is over: the I/O was held since its ledger's end."""
    io, now = Io(m, at), World(m, 0).now
    io.held += now - io.clock
    pieces.charge(m, at, cause, now)


@mechanism
def pass_gate(m: Memory, at: int) -> None:
    """vSCSI accept; the hops down are one wait."""
    w, io = World(m, 0), Io(m, at)
    vm = Vm(m, io.vm)
    io.accepted = w.now
    vm.in_flight += 1
    vm.carried += 1
    io.number = vm.carried
    if io.write:
        stamp(m, at, vm.book)
    hops = 0
    for i in range(vm.filter_count):
        hop = Hop(m, vm.filters + i * HOP_WORDS)
        ns = m[draw(m, hop.stream, 2)] if hop.stream else hop.down
        if hop.workers:
            ns = workers.hop(WorkersState(m, hop.workers), w.now + hops, ns)
        hops += charge_ahead(m, at, hop.cause, ns)
    if hops:
        push(m, w.now + hops, vm.down_key + io.number, event(at, HOPS_DOWN))
    else:
        hops_down(m, at)


@mechanism
def charge_ahead(m: Memory, at: int, cause: int, ns: int) -> int:
    """The next `ns` will be spent on `cause`: they are in the ledger already; returns them."""
    Ledger(m, at + IO_WORDS)[cause] += ns
    Io(m, at).clock += ns
    return ns


@mechanism
def stamp(m: Memory, at: int, b: int) -> None:
    """A write notes, for each snapshot protection, which recovery point will hold it."""
    io, book = Io(m, at), Book(m, b)
    epochs = at + IO_WORDS + World(m, 0).causes
    for i in range(book.meter_count):
        meter = Meter(m, m[book.meters + i])
        if not meter.inline:
            m[epochs + io.epochs] = meter.epoch
            io.epochs += 1


@mechanism
def hops_down(m: Memory, at: int) -> None:
    """The filters have seen the I/O; a splitter takes its copy. It goes to the disk."""
    if Io(m, at).write:
        split(m, at)
    disk.access(m, at)


@mechanism
def split(m: Memory, at: int) -> None:
    """The splitters take their copies of a write."""
    io = Io(m, at)
    vm = Vm(m, io.vm)
    for i in range(vm.filter_count):
        hop = Hop(m, vm.filters + i * HOP_WORDS)
        if hop.splitter:
            replica.write(m, hop.splitter, hop.first_disk + io.disk, at)


# -- up ------------------------------------------------------------------------------------------------------


@mechanism
def hops_up(m: Memory, at: int) -> bool:
    """The disk has answered: host path and hops up are one wait; True when they take no time."""
    w, io = World(m, 0), Io(m, at)
    vm = Vm(m, io.vm)
    hops = charge_ahead(m, at, w.host_path, vm.path_latency)
    for i in range(vm.filter_count):
        hop = Hop(m, vm.filters + i * HOP_WORDS)
        ns = m[draw(m, hop.stream, 2) + 1] if hop.stream else hop.up
        if hop.workers:
            ns = workers.hop(WorkersState(m, hop.workers), w.now + hops, ns)
        hops += charge_ahead(m, at, hop.cause, ns)
    if hops:
        push(m, w.now + hops, vm.up_key + io.number, event(at, HOPS_UP))
    return not hops


@mechanism
def post(m: Memory, at: int) -> bool:
    """Its completion is posted; True when the guest may have it, False when it waits for a stun's end."""
    io = Io(m, at)
    v = io.vm
    vm = Vm(m, v)
    vm.in_flight -= 1
    books.posted(m, vm.book, at)
    if not vm.in_flight and vm.draining:
        vm.draining = 0
        fire(m, v)
    if vm.stunned:
        vm.held += 1
        wait(m, v + VM_GATE, at, GATE_OUT)
        return False
    return True


# -- what stories ask ----------------------------------------------------------------------------------------


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
