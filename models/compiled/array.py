"""What stands before the servers of a datastore: a limit with QUEUE FULL, a cache. Twin of `models.path.datastore`.

And what a device does about it, the twin of the same in `models.path.device`.
"""

from models.compiled import device
from models.compiled.layout import (
    ACKNOWLEDGED,
    ADMIT,
    ARRAY_DIRTY,
    ARRAY_WAITING,
    ISSUED_AGAIN,
    STORE_QUEUE,
    Array,
    CacheStateOfArray,
    Command,
    Device,
    Flow,
    QueueFullState,
    Store,
    ThrottleState,
    World,
)
from models.compiled.lists import append, event, first_of, new_command, push, soon
from models.mechanisms import queuefull, throttle, writecache
from models.path.io import DESTAGE
from sim.flat import Memory
from sim.mechanism import mechanism


@mechanism
def front(m: Memory, at: int, c_at: int) -> None:
    """The array has the command, or answers that it takes no more."""
    a, c = Array(m, Store(m, at).array), Command(m, c_at)
    if a.limit and a.inside >= a.limit:
        refused(m, c_at)
        return
    a.inside += 1
    if a.cache and c.write and c.size <= CacheStateOfArray(m, a.cache).facts[writecache.SIZE]:
        append(m, Store(m, at).array + ARRAY_WAITING, c_at)
        admit(m, Store(m, at).array)
    else:
        enter(m, at, c_at)


@mechanism
def left(m: Memory, at: int) -> None:
    """The array has answered one of the hosts' commands."""
    Array(m, at).inside -= 1


@mechanism
def refused(m: Memory, c_at: int) -> None:
    """QUEUE FULL: the command keeps its slot, and is issued again after a while."""
    c = Command(m, c_at)
    d = Device(m, Flow(m, c.flow).device)
    d.refusals += 1
    if d.full:
        throttle.adapt(ThrottleState(m, d.throttle), queuefull.answered(QueueFullState(m, d.full), 1))
    push(m, World(m, 0).now + d.retry, d.again_key + c.arrival, event(c_at, ISSUED_AGAIN))


@mechanism
def issued_again(m: Memory, c_at: int) -> None:
    """Up to now it has waited in the device queue, as before it was issued."""
    c = Command(m, c_at)
    d = Device(m, Flow(m, c.flow).device)
    waited = World(m, 0).now - c.issue
    c.slot += waited
    c.issue += waited
    d.inside_issued += waited
    d.sojourn += waited
    d.retried += waited
    device.store_issue(m, d.store, c_at)


@mechanism
def admit(m: Memory, at: int) -> None:
    """The first write that waits goes into the cache if that has room; others behind it are looked at soon."""
    a = Array(m, at)
    if a.waiting and writecache.take(CacheStateOfArray(m, a.cache), Command(m, a.waiting).size):
        c_at = first_of(m, at + ARRAY_WAITING)
        c = Command(m, c_at)
        push(m, World(m, 0).now + a.latency, Flow(m, c.flow).completion_key + c.ordinal, event(c_at, ACKNOWLEDGED))
        if a.waiting:
            soon(m, at, ADMIT)


@mechanism
def acknowledged(m: Memory, at: int, c_at: int) -> None:
    """The write is in the cache; its destage may begin."""
    c, array = Command(m, c_at), Store(m, at).array
    a = Array(m, array)
    dirty = new_command(m)
    d = Command(m, dirty)
    a.ordinal += 1
    d.flow, d.cause, d.write, d.size, d.service, d.waiter = a.flow, DESTAGE, 1, c.size, c.service, 0
    d.cost, d.ordinal, d.arrival = 0, a.ordinal, 0
    append(m, array + ARRAY_DIRTY, dirty)
    destage(m, array, at)


@mechanism
def destage(m: Memory, array: int, at: int) -> None:
    """The servers get what is dirty, as far as destagers go."""
    a = Array(m, array)
    while a.dirty and writecache.begin(CacheStateOfArray(m, a.cache)):
        enter(m, at, first_of(m, array + ARRAY_DIRTY))


@mechanism
def enter(m: Memory, at: int, c: int) -> None:
    """A server takes the command, or it waits for one."""
    s = Store(m, at)
    if s.idle and not s.first:
        device.serve(m, at, c)
    else:
        append(m, at + STORE_QUEUE, c)


@mechanism
def destaged(m: Memory, at: int, size: int) -> None:
    """The array has written what a host's write had left in its cache."""
    array = Store(m, at).array
    writecache.clean(CacheStateOfArray(m, Array(m, array).cache), size)
    destage(m, array, at)
    admit(m, array)


@mechanism
def resize(m: Memory, at: int, slots: int) -> None:
    """The device's window is so many slots; who waits may go."""
    d = Device(m, at)
    throttle.widen(ThrottleState(m, d.throttle), slots)
    if d.backlog:
        device.ring_if_useful(m, at)
