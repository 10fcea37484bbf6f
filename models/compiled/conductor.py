"""The loop of the compiled path: events, bells and woken records in the order of `docs/path.md`, up to a limit.

One function is compiled, `advance`; everything else is compiled into it. It comes back for what only Python can do:
more memory, more draws, a signal that a story waits for, an interrupt. Nothing is lost by coming back.
"""

from typing import Any

from models.compiled import array, asked, bulk, device, disk, group, guest, replica, risk, synchrony, way
from models.compiled.layout import (
    ACKNOWLEDGED,
    ACTIONS,
    ADMIT,
    AGAIN,
    ALLOW,
    ANSWER,
    ANSWERED,
    ARRIVES,
    CHAIN_STARTS,
    CHECKPOINT,
    CHUNK_COPIED,
    CHUNK_COPIED_LATE,
    CONFIRMED,
    CONNECTION,
    COPIER_GOES,
    COPIER_PACED,
    DESTAGED,
    DRAWS,
    FIRED,
    FOLD,
    FORGET,
    GATE_IN,
    GATE_OUT,
    GROW,
    GROW_HEAP,
    HELD_LOOK,
    HOLD,
    HOPS_DOWN,
    HOPS_UP,
    ISSUE,
    ISSUED_AGAIN,
    LET_GO,
    LET_IN,
    LIMIT_PASSED,
    LINK_BEGINS,
    LINK_SENT,
    LOOP_STARTS,
    OK,
    POINT_DURABLE,
    PROBES_END,
    READER_GOES,
    READER_STARTS,
    RELEASE,
    RESIZE,
    RESUMES,
    SERVICE_ENDS,
    SETTLE,
    STANDSTILL,
    SYNC,
    TAG_DUE,
    THAW,
    TIMER,
    USABLE,
    WOKEN,
    CacheState,
    Command,
    Device,
    Event,
    GrainState,
    Order,
    Replica,
    World,
)
from models.compiled.lists import first_of, free_command, pop
from models.mechanisms import grains, tablecache
from models.path.io import BACKUP, DESTAGE, MERGE, MIRROR, RESYNC
from sim.compiling import Compiled
from sim.flat import Memory, memory_of
from sim.mechanism import mechanism


@mechanism
def completed(m: Memory, c: int, action: int) -> None:
    """A command has completed: whoever waits for it goes on."""
    device.service_ends(m, c, action)
    command = Command(m, c)
    cause, waiter = command.cause, command.waiter
    if cause <= MIRROR:
        if disk.go_on(m, waiter, c):
            guest.accessed(m, waiter)
    elif cause == MERGE:
        bulk.copier_hears(m, waiter)
    elif cause == BACKUP:
        bulk.reader_hears(m, waiter)
    elif cause == RESYNC:
        replica.dirty_read(m, waiter, c)
    elif cause != DESTAGE:
        bulk.chain_goes(m, waiter)
    free_command(m, c)


@mechanism
def happen(m: Memory, what: int, key: int) -> None:
    """An event comes."""
    action, at = what % ACTIONS, what // ACTIONS
    if action in (SERVICE_ENDS, ACKNOWLEDGED, DESTAGED):
        completed(m, at, action)
    elif action == HOPS_UP:
        guest.went_up(m, at)
    elif action == ARRIVES:
        guest.goes_on(m, at, True)
    elif action == HOPS_DOWN:
        way.hops_down(m, at)
    elif action == COPIER_GOES:
        bulk.copier_goes(m, at)
    elif action == READER_GOES:
        bulk.committed(m, at)
        bulk.reader_goes(m, at)
    elif action == LINK_SENT:
        replica.link_sent(m, at)
    elif action == POINT_DURABLE:
        replica.point_durable(m, at)
    elif action == CONFIRMED:
        held = replica.confirmed(m, at)
        if held:
            guest.let_go(m, held)
    elif action == RESUMES:
        guest.issue(m, at)
    elif action == TAG_DUE:
        device.ring(m, at)
    elif action == LIMIT_PASSED:
        device.limit_passed(m, at, key)
    elif action == LINK_BEGINS:
        replica.link_begins(m, at)
    elif action == HELD_LOOK:
        synchrony.look(m, at, key - Replica(m, at).look_key)
    elif action == LET_GO:
        held = synchrony.released(m, at)
        guest.let_go(m, held)
        if Replica(m, at).released:
            synchrony.release_next(m, at)
    elif action == ISSUED_AGAIN:
        array.issued_again(m, at)


@mechanism
def turn(m: Memory, at: int) -> None:
    """A woken record goes on."""
    w, action = World(m, 0), m[at + 1]
    if action == GATE_IN:
        way.held(m, at, w.hold_in)
        way.pass_gate(m, at)
    elif action == GATE_OUT:
        way.held(m, at, w.hold_out)
        guest.deliver(m, at)
    elif action == TIMER:
        guest.goes_on(m, at, True)
    elif action == ISSUE:
        guest.issue(m, at)
    elif action in (CHUNK_COPIED, CHUNK_COPIED_LATE):
        if disk.chunk_copied(m, at, action == CHUNK_COPIED_LATE):
            guest.accessed(m, at)
    elif action == COPIER_GOES:
        bulk.copier_goes(m, at)
    elif action == COPIER_PACED:
        bulk.copier_paced(m, at)
    elif action == READER_STARTS:
        bulk.reader_goes(m, at)
    elif action == CHAIN_STARTS:
        bulk.chain_goes(m, at)
    elif action == LOOP_STARTS:
        guest.starts(m, at)
    elif action == LET_IN:
        way.let_in(m, at)
    elif action == ANSWERED:
        if disk.answered(m, at):
            guest.accessed(m, at)
    elif action == ADMIT:
        array.admit(m, at)
    else:
        told(m, at, action)


@mechanism
def told(m: Memory, at: int, action: int) -> None:
    """What a story or the run asks for."""
    order, now = Order(m, at), World(m, 0).now
    subject = order.subject
    if action == HOLD:
        asked.hold(m, subject)
    elif action == RELEASE:
        asked.release(m, subject)
    elif action == CHECKPOINT:
        group.checkpoint(m, subject, 0)
        replica.kick(m, subject)
    elif action == SYNC:
        replica.read_dirty(m, subject)
        replica.kick(m, subject)
    elif action == CONNECTION:
        synchrony.connection(m, subject, order.a)
        replica.kick(m, subject)
    elif action == USABLE:
        risk.usable(m, subject, order.a, order.b, now)
    elif action == SETTLE:
        risk.settle_age(m, subject, now)
        risk.settle_exposure(m, subject, now)
        risk.settle_risk(m, subject, now)
    elif action == PROBES_END:
        asked.end_probes(m, subject)
    elif action == RESIZE:
        array.resize(m, subject, order.a)
    elif action == ALLOW:
        bulk.allow(m, subject, order.a)
    elif action == FORGET:
        tablecache.forget(CacheState(m, subject))
    elif action == THAW:
        asked.thaw(m, subject)
    elif action == ANSWER:
        asked.answer(m, subject)
    elif action == FOLD:
        grains.fold_below(GrainState(m, subject), order.a)


@mechanism
def next_bell(m: Memory) -> int:
    """The first device that is to dispatch at this instant."""
    w = World(m, 0)
    for i in range(w.device_count):
        if Device(m, m[w.devices + i]).rung:
            return m[w.devices + i]
    return 0


@mechanism
def lacks(m: Memory) -> int:
    """What the loop must come back for before it goes on; OK: nothing."""
    w = World(m, 0)
    if w.error:
        return w.error
    if w.free_end + w.reserve > w.size:
        return GROW
    if w.heap_size + w.burst > w.heap_room:
        return GROW_HEAP
    if w.low:
        return DRAWS
    return OK


@mechanism
def standing_still(m: Memory) -> bool:
    """Whether more has happened at this instant than may."""
    w = World(m, 0)
    if w.now != w.instant:
        w.instant, w.most = w.now, w.moments + w.patience
        return False
    return w.moments > w.most


def _advance(words: Any, time: int, key: int, budget: int) -> int:
    """Everything before (time, key) has happened, and its causes at this instant; or why it has not (see layout)."""
    m = memory_of(words)
    w = World(m, 0)
    while True:
        lack = lacks(m)
        if lack:
            return lack
        if w.woken:
            turn(m, first_of(m, WOKEN))
            continue
        if w.fired_count:
            return FIRED
        first, now = Event(m, w.heap), w.now
        due = bool(w.heap_size) and (first.time < time or (first.time == time and first.key < key))
        if w.bells:
            bell = next_bell(m)
            bell_key = Device(m, bell).dispatch_key
            if not (due and first.time == now and first.key < bell_key):
                if now > time or (now == time and bell_key >= key):
                    return OK
                device.dispatch(m, bell)
                continue
        if not due:
            return OK
        if budget <= 0:
            return AGAIN
        budget -= 1
        w.now = first.time
        if standing_still(m):
            w.error = STANDSTILL
        event_key = first.key
        happen(m, pop(m), event_key)


advance = Compiled(_advance, "int64(int64[::1], int64, int64, int64)")
