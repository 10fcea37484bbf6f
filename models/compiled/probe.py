"""The door probe (`models.measure.door`) in flat memory. Twin of DoorProbe: same calls, same sums.

All doors of a VM share one histogram and one set of ramps. `covers` holds, by bucket, how many more ramps cover all of
it than of the bucket before; `models.compiled.books` adds them up at the end.
"""

from models.compiled.histogram import add_extremes, add_product, bucket_low, bucket_of, place
from models.compiled.layout import GATED, HISTOGRAM_WORDS, UNRESOLVED, Book, Door, Node
from models.compiled.lists import append, first_of, free_node, new_node
from sim.flat import Memory
from sim.mechanism import mechanism


@mechanism
def ramp(m: Memory, b: int, low: int, high: int) -> None:
    """A wait that runs through [low, high): each value in it weighs one nanosecond."""
    if low >= high:
        return
    book = Book(m, b)
    h, pages = book.probe, book.probe + HISTOGRAM_WORDS
    first, last = bucket_of(low), bucket_of(high - 1)
    if first == last:
        m[place(m, pages, first)] += high - low
    else:
        m[place(m, pages, first)] += bucket_low(first + 1) - low
        m[place(m, pages, last)] += high - bucket_low(last)
        m[place(m, book.covers, first + 1)] += 1
        m[place(m, book.covers, last)] -= 1
    add_extremes(m, h, low, high - 1, high - low)
    add_product(m, h, low + high - 1, high - low)  # twice the sum: halved when it is read


@mechanism
def close(m: Memory, b: int, at: int, now: int) -> None:
    """The stretch up to now is over: its hypothetical requests wait, or waited for nothing."""
    door = Door(m, at)
    start = door.since
    if now <= start:
        return
    door.since = now
    if door.full:
        append(m, at + UNRESOLVED, new_node(m, start, now, door.taken + door.told))
    elif door.stunned:
        append(m, at + GATED, new_node(m, start, now, 0))
    else:
        h = Book(m, b).probe
        m[place(m, h + HISTOGRAM_WORDS, 0)] += now - start
        add_extremes(m, h, 0, 0, now - start)


@mechanism
def served(m: Memory, b: int, at: int, now: int, start: int, end: int) -> None:
    """Requests of that stretch would have a slot now; in a stun they wait for its end, too."""
    if Door(m, at).stunned:
        append(m, at + GATED, new_node(m, start, end, 0))
    else:
        ramp(m, b, now - end, now - start)


@mechanism
def resolve(m: Memory, b: int, at: int, now: int, turn: int) -> None:
    """Those whose turn has come are served."""
    door = Door(m, at)
    while door.unresolved and Node(m, door.unresolved).turn <= turn:
        one = first_of(m, at + UNRESOLVED)
        served(m, b, at, now, Node(m, one).start, Node(m, one).end)
        free_node(m, one)


@mechanism
def change(m: Memory, b: int, at: int, now: int, waiting: int, full: int) -> None:
    """The adapter's state changes now."""
    close(m, b, at, now)
    door = Door(m, at)
    door.told, door.full = waiting, full
    if not full:
        resolve(m, b, at, now, door.taken + waiting)


@mechanism
def took(m: Memory, b: int, at: int, now: int) -> None:
    """A waiting request gets a slot."""
    close(m, b, at, now)
    door = Door(m, at)
    resolve(m, b, at, now, door.taken)
    door.taken += 1


@mechanism
def passed(m: Memory, b: int, at: int, now: int, arrival: int) -> None:
    """Another disk's request, of that arrival, gets a slot of the adapter."""
    close(m, b, at, now)
    door = Door(m, at)
    while door.unresolved and Node(m, door.unresolved).start < arrival:
        one = Node(m, door.unresolved)
        start, end = one.start, one.end
        if end > arrival:
            one.start = arrival
        else:
            free_node(m, first_of(m, at + UNRESOLVED))
        served(m, b, at, now, start, min(end, arrival))


@mechanism
def stun(m: Memory, b: int, at: int, now: int, stunned: int) -> None:
    """The VM stops, or runs again."""
    close(m, b, at, now)
    door = Door(m, at)
    door.stunned = stunned
    while not stunned and door.gated:
        one = first_of(m, at + GATED)
        ramp(m, b, now - Node(m, one).end, now - Node(m, one).start)
        free_node(m, one)


@mechanism
def finish(m: Memory, b: int, at: int, now: int) -> None:
    """The run ends: whoever still waits is counted as if served now."""
    close(m, b, at, now)
    while Door(m, at).unresolved:
        one = first_of(m, at + UNRESOLVED)
        ramp(m, b, now - Node(m, one).end, now - Node(m, one).start)
        free_node(m, one)
    stun(m, b, at, now, 0)
