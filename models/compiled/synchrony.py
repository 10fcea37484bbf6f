"""Writes that a synchronous group holds, on the compiled path. Twin of `models.path.synchrony`.

`deferred` of a guest I/O: the address of the replica that holds it, negative when all but this is done; 0: not held.
"""

from models.compiled import risk
from models.compiled.group import checkpoint, mode, next_epoch, note_mode
from models.compiled.layout import (
    HELD_LOOK,
    IO_WORDS,
    JOURNALED,
    LET_GO,
    REPLICA_RELEASED,
    GroupState,
    Io,
    Replica,
    World,
)
from models.compiled.lists import append, event, first_of, log, push
from models.mechanisms import replication
from sim.flat import Memory
from sim.mechanism import mechanism


@mechanism
def in_sync(m: Memory, at: int) -> None:
    """Nothing can be lost from now on."""
    r, now = Replica(m, at), World(m, 0).now
    r.synced = 1
    for i in range(r.meter_count):
        risk.in_sync(m, m[r.meters + i], now)


# -- held writes ---------------------------------------------------------------------------------------------


@mechanism
def hold(m: Memory, at: int, io_at: int) -> int:
    """The write will be done when the target has it, too. Returns the turn that its item is to carry."""
    r, io, now = Replica(m, at), Io(m, io_at), World(m, 0).now
    io.deferred, io.passed, io.behind = at, now, 0
    if r.pending:
        Io(m, r.pending_last).behind = io_at
    else:
        r.pending = io_at
    r.pending_last = io_at
    if r.lets_go and not r.armed:
        arm(m, at, now)
    return r.turn


@mechanism
def confirmed(m: Memory, at: int, turn: int) -> int:
    """The target has the write that has been held longest: its address if it is to go on now, else 0."""
    r = Replica(m, at)
    if turn != r.turn or not turn:
        return 0
    held = r.pending
    io = Io(m, held)
    r.pending = io.behind
    if io.deferred < 0:
        return held
    io.deferred = 0
    return 0


@mechanism
def durable(m: Memory, at: int, turn: int) -> None:
    """A checkpoint of that turn is: with it the target has every acknowledged write."""
    if turn == Replica(m, at).turn and turn:
        in_sync(m, at)


@mechanism
def arm(m: Memory, at: int, since: int) -> None:
    """The write that is held since then is looked at when the limit is over."""
    r = Replica(m, at)
    r.armed = 1
    push(m, since + r.limit, r.look_key + r.turn, event(at, HELD_LOOK))


@mechanism
def look(m: Memory, at: int, turn: int) -> None:
    """Whether the write that has been held longest has been held too long; if not, when to look again."""
    r = Replica(m, at)
    if turn != r.turn:
        return
    r.armed = 0
    if r.pending:
        since = Io(m, r.pending).passed
        if since + r.limit <= World(m, 0).now:
            leave(m, at)
        else:
            arm(m, at, since)


# -- in sync and out of it -----------------------------------------------------------------------------------


@mechanism
def enter(m: Memory, at: int) -> None:
    """The link has sent all that waited: from now on writes are held. The link is to be kicked."""
    r = Replica(m, at)
    if mode(m, at) == replication.IN_ORDER and not r.lost:
        replication.turn_sync(GroupState(m, r.group), True)
        note_mode(m, at)
        r.turn += 1
        checkpoint(m, at, r.turn)


@mechanism
def leave(m: Memory, at: int) -> None:
    """No write is held any more. What is acknowledged from now on is not in the newest point, which is now."""
    r, now = Replica(m, at), World(m, 0).now
    replication.turn_sync(GroupState(m, r.group), False)
    note_mode(m, at)
    r.turn += 1
    r.armed = 0
    restamp = r.synced
    if r.synced:
        r.synced, r.left = 0, r.epoch
        log(m, JOURNALED, at, now, now, r.admitted)
        for i in range(r.meter_count):
            risk.out_of_sync(m, m[r.meters + i], r.epoch, now)
        next_epoch(m, at)
    while r.pending:
        held = r.pending
        io = Io(m, held)
        r.pending = io.behind
        if restamp:
            m[held + IO_WORDS + World(m, 0).causes + io.epochs - 1] = r.epoch
        if io.deferred < 0:
            append(m, at + REPLICA_RELEASED, held)
        else:
            io.deferred = 0
    if r.released:
        release_next(m, at)


@mechanism
def release_next(m: Memory, at: int) -> None:
    """The next of the released writes goes on in a moment of its own."""
    r = Replica(m, at)
    r.releases += 1
    push(m, World(m, 0).now, r.release_key + r.releases, event(at, LET_GO))


@mechanism
def connection(m: Memory, at: int, up: int) -> None:
    """The connection is lost, or back. The link is to be kicked."""
    r = Replica(m, at)
    if not r.sync:
        return
    r.lost = 1 - up
    if up:
        if not r.first and not r.busy:
            enter(m, at)
    elif r.lets_go and mode(m, at) == replication.IN_SYNC:
        leave(m, at)


@mechanism
def released(m: Memory, at: int) -> int:
    """The address of the released write that goes on now."""
    return first_of(m, at + REPLICA_RELEASED)
