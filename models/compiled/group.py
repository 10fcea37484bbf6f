"""A replication group's mode, checkpoints and queue on the compiled path: what its link and its held writes share."""

from models.compiled.layout import MODE, REPLICA_QUEUE, GroupState, Meter, Replica, World
from models.compiled.lists import append, log, new_item
from models.mechanisms import replication
from sim.flat import Memory
from sim.mechanism import mechanism


@mechanism
def mode(m: Memory, at: int) -> int:
    """The group's mode."""
    return GroupState(m, Replica(m, at).group).facts[replication.MODE]


@mechanism
def note_mode(m: Memory, at: int) -> None:
    """A stretch of another mode begins."""
    log(m, MODE, at, mode(m, at), World(m, 0).now, 0)


@mechanism
def enqueue(m: Memory, at: int, size: int, epoch: int, cut: int, turn: int) -> None:
    """Something waits for the link."""
    append(m, at + REPLICA_QUEUE, new_item(m, at, size, epoch, cut, turn))


@mechanism
def checkpoint(m: Memory, at: int, turn: int) -> None:
    """Cuts a checkpoint between two writes; does nothing while order is lost. The link is to be kicked."""
    now = mode(m, at)
    if now == replication.IN_ORDER or now == replication.IN_SYNC:
        enqueue(m, at, 0, Replica(m, at).epoch, World(m, 0).now, turn)
        next_epoch(m, at)


@mechanism
def next_epoch(m: Memory, at: int) -> None:
    """Writes that pass from now on will belong to the next point."""
    r = Replica(m, at)
    r.epoch += 1
    for i in range(r.meter_count):
        Meter(m, m[r.meters + i]).epoch = r.epoch
