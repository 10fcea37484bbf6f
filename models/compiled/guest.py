"""The guest's side of the compiled path: arrivals, closed loops, delivery. Twin of `models.path.guest`."""

from models.arrivals import NEVER_NS
from models.compiled import books, way
from models.compiled.layout import (
    ARRIVES,
    ISSUE,
    RESUMES,
    ROW_WORDS,
    TIMER,
    VM_GATE,
    Io,
    Loop,
    Row,
    Stream,
    Vm,
    Workload,
    World,
)
from models.compiled.lists import draw, event, free_io, new_io, push, wait
from sim.flat import Memory
from sim.mechanism import mechanism

CLOSED = 1
"""A process's kind: one outstanding I/O of a closed loop. 0: arrivals."""


@mechanism
def take_next(m: Memory, at: int) -> bool:
    """The process has its next I/O and knows when it is due; False at the end of a trace."""
    loop = Loop(m, at)
    workload = Workload(m, loop.workload)
    stream = Stream(m, workload.stream)
    if stream.at >= stream.end:
        return False
    row = Row(m, draw(m, workload.stream, ROW_WORDS))
    loop.ordinal = workload.ordinal
    workload.ordinal += 1
    loop.disk, loop.write, loop.offset, loop.size, loop.service = row.disk, row.write, row.offset, row.size, row.service
    loop.due = row.time
    if loop.kind == CLOSED:  # a row's time is how long the guest thinks; due on a clock that stands still in stuns
        loop.due += World(m, 0).now - Vm(m, loop.vm).stunned_ns
    return True


@mechanism
def starts(m: Memory, at: int) -> None:
    """The process waits for its next I/O's time, and makes its request then."""
    if take_next(m, at):
        goes_on(m, at, False)


@mechanism
def goes_on(m: Memory, at: int, came: bool) -> None:
    """The process goes on until it waits; `came`: what it waited for (its event, a stun's end) has come."""
    while not waits(m, at, came):
        if not issue(m, at) or Loop(m, at).kind == CLOSED or not take_next(m, at):
            return
        came = False


@mechanism
def waits(m: Memory, at: int, came: bool) -> bool:
    """Whether the next I/O is not due yet: then its event is on its way, or the process waits for a stun's end."""
    loop, now = Loop(m, at), World(m, 0).now
    vm = Vm(m, loop.vm)
    if not loop.frozen:
        if came or not loop.thinks:
            return False
        due = loop.due
        if loop.kind == CLOSED:
            due += vm.stunned_ns
        push(m, due, loop.key, event(at, ARRIVES))
        return True
    while True:
        if not came and loop.due + vm.stunned_ns > now:
            push(m, loop.due + vm.stunned_ns, loop.key, event(at, ARRIVES))
            return True
        if vm.stunned:
            wait(m, loop.vm + VM_GATE, at, TIMER)
            return True
        if loop.due + vm.stunned_ns <= now:
            return False
        came = False


@mechanism
def issue(m: Memory, at: int) -> bool:
    """The guest makes its request. False when a closed loop's vCPUs must run, or a window open, for it first."""
    loop, w = Loop(m, at), World(m, 0)
    now = w.now
    if loop.kind == CLOSED:
        if not loop.outside and Vm(m, loop.vm).stunned:
            wait(m, loop.vm + VM_GATE, at, ISSUE)
            return False
        if w.shut:  # outside the windows its clock stands still
            if w.shut < NEVER_NS:
                push(m, now + w.shut, loop.key, event(at, RESUMES))
            return False
    new = new_io(m)
    io = Io(m, new)
    io.vm, io.loop, io.workload, io.ordinal = loop.vm, at, loop.number, loop.ordinal
    io.disk, io.write, io.offset, io.size, io.service = loop.disk, loop.write, loop.offset, loop.size, loop.service
    io.arrival, io.clock, io.accepted = now, now, now
    if loop.unseen:
        way.absorb(m, new)
        free_io(m, new)
    else:
        way.request(m, new)
    return True


# -- delivery ------------------------------------------------------------------------------------------------


@mechanism
def accessed(m: Memory, at: int) -> None:
    """The disk has answered."""
    if way.hops_up(m, at):
        went_up(m, at)


@mechanism
def went_up(m: Memory, at: int) -> None:
    """The hops up are over."""
    if way.post(m, at):
        deliver(m, at)


@mechanism
def deliver(m: Memory, at: int) -> None:
    """The guest has the I/O; a closed loop goes on, and the slot serves whoever waits."""
    io = Io(m, at)
    v, number, loop = io.vm, io.disk, io.loop
    books.delivered(m, Vm(m, v).book, at)
    if Loop(m, loop).kind == CLOSED:
        starts(m, loop)
    free_io(m, at)
    way.slot_free(m, v, number)
