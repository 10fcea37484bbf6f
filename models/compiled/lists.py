"""The event heap, lists of waiting records, free records, streams of draws, signals and the log."""

from models.compiled.layout import (
    ACTIONS,
    COMMAND_WORDS,
    EVENT_WORDS,
    FIRED_ROOM,
    FREE_COMMAND,
    FREE_IO,
    FREE_ITEM,
    FREE_NODE,
    IO_WORDS,
    ITEM_WORDS,
    LOG_WORDS,
    LOGGED,
    NODE_WORDS,
    Command,
    Event,
    Io,
    Item,
    Ledger,
    Log,
    Node,
    Stream,
    World,
)
from sim.flat import Memory, prefetch
from sim.mechanism import mechanism, take

# -- the heap: (time, key, what), smallest first -------------------------------------------------------------


@mechanism
def push(m: Memory, time: int, key: int, what: int) -> None:
    """At `time`, in the place `key`, `what` (address * ACTIONS + action) will happen."""
    w = World(m, 0)
    w.moments += 1
    w.heap_size += 1
    rise(m, w.heap_size - 1, time, key, what)


@mechanism
def pop(m: Memory) -> int:
    """Takes the first event off and returns what happens; there must be one.

    The hole at the top sinks to the bottom along the earlier children, without a branch that could be guessed wrongly;
    the last event fills it and rises, which is seldom far.
    """
    w = World(m, 0)
    heap, size = w.heap, w.heap_size - 1
    what = Event(m, heap).what
    w.heap_size = size
    w.pops += 1
    hole, child = 0, 1
    while child < size:
        at = heap + EVENT_WORDS * child  # beside the last child stands the last event, never earlier than itself
        left, right = Event(m, at), Event(m, at + EVENT_WORDS)
        later = int((right.time < left.time) | ((right.time == left.time) & (right.key < left.key)))
        child += later
        move(m, at + EVENT_WORDS * later, heap + EVENT_WORDS * hole)
        hole = child
        child = 2 * hole + 1
    last = Event(m, heap + EVENT_WORDS * size)
    rise(m, hole, last.time, last.key, last.what)
    return what


@mechanism
def move(m: Memory, at: int, to: int) -> None:
    """The event at one place in the heap is at another."""
    one, other = Event(m, at), Event(m, to)
    other.time, other.key, other.what = one.time, one.key, one.what


@mechanism
def rise(m: Memory, hole: int, time: int, key: int, what: int) -> None:
    """The event takes the hole, or that of an ancestor that is later."""
    heap = World(m, 0).heap
    while hole:
        up = (hole - 1) // 2
        at = heap + EVENT_WORDS * up
        parent = Event(m, at)
        if parent.time < time or (parent.time == time and parent.key < key):
            break
        move(m, at, heap + EVENT_WORDS * hole)
        hole = up
    new = Event(m, heap + EVENT_WORDS * hole)
    new.time, new.key, new.what = time, key, what


# -- who waits -----------------------------------------------------------------------------------------------


@mechanism
def append(m: Memory, head: int, record: int) -> None:
    """`record` is the last of the list whose first and last stand at `head` and `head + 1`."""
    m[record] = 0
    if m[head]:
        m[m[head + 1]] = record
    else:
        m[head] = record
    m[head + 1] = record


@mechanism
def first_of(m: Memory, head: int) -> int:
    """Takes the first record off the list; there must be one."""
    record = m[head]
    m[head] = m[record]
    return record


@mechanism
def wait(m: Memory, head: int, record: int, action: int) -> None:
    """`record` waits in that list; `action` is what it does when it is woken."""
    m[record + 1] = action
    append(m, head, record)


@mechanism
def wake(m: Memory, head: int) -> None:
    """All who wait in the list are woken, in order, after those woken before."""
    if m[head]:
        w = World(m, 0)
        if w.woken:
            m[w.woken_last] = m[head]
        else:
            w.woken = m[head]
        w.woken_last = m[head + 1]
        m[head] = 0


@mechanism
def soon(m: Memory, record: int, action: int) -> None:
    """`record` goes on after those woken before."""
    m[record] = 0
    m[record + 1] = action
    w = World(m, 0)
    if w.woken:
        m[w.woken_last] = record
    else:
        w.woken = record
    w.woken_last = record


@mechanism
def fire(m: Memory, subject: int) -> None:
    """The signal of `subject` (its address) fires: stories hear of it at the end of this step."""
    w = World(m, 0)
    if w.fired_count < FIRED_ROOM:
        m[w.fired + w.fired_count] = subject
        w.fired_count += 1


@mechanism
def event(record: int, action: int) -> int:
    """What happens, as one number."""
    return record * ACTIONS + action


# -- records that come and go --------------------------------------------------------------------------------


@mechanism
def unused(m: Memory, head: int) -> int:
    """A record that was given back to the list whose first stands at `head`, off that list now; 0: there is none."""
    record = m[head]
    if record:
        m[head] = m[record]
    return record


@mechanism
def give_back(m: Memory, head: int, record: int) -> None:
    """The record may be used again; it keeps its words but for the first."""
    m[record] = m[head]
    m[head] = record


@mechanism
def new_io(m: Memory) -> int:
    """A guest I/O with an empty ledger."""
    w = World(m, 0)
    io = unused(m, FREE_IO)
    if io:
        Io(m, io).held, Io(m, io).epochs = 0, 0
        ledger = Ledger(m, io + IO_WORDS)
        for i in range(w.causes):
            ledger[i] = 0
    else:
        io = take(m, w.io_words)
    return io


@mechanism
def free_io(m: Memory, io: int) -> None:
    """The I/O is over."""
    give_back(m, FREE_IO, io)


@mechanism
def new_command(m: Memory) -> int:
    """A command; its fields are whatever they were."""
    command = unused(m, FREE_COMMAND)
    if not command:
        command = take(m, COMMAND_WORDS)
    return command


@mechanism
def free_command(m: Memory, command: int) -> None:
    """The command is over; a note of its limit may still be under way and must not find another one here."""
    Command(m, command).arrival = -1
    give_back(m, FREE_COMMAND, command)


@mechanism
def new_item(m: Memory, replica: int, size: int, epoch: int, cut: int) -> int:
    """Something for the link."""
    at = unused(m, FREE_ITEM)
    if not at:
        at = take(m, ITEM_WORDS)
    item = Item(m, at)
    item.replica, item.size, item.epoch, item.cut = replica, size, epoch, cut
    return at


@mechanism
def free_item(m: Memory, item: int) -> None:
    """It has arrived."""
    give_back(m, FREE_ITEM, item)


@mechanism
def new_node(m: Memory, start: int, end: int, turn: int) -> int:
    """A stretch of a probe."""
    at = unused(m, FREE_NODE)
    if not at:
        at = take(m, NODE_WORDS)
    node = Node(m, at)
    node.start, node.end, node.turn = start, end, turn
    return at


@mechanism
def free_node(m: Memory, node: int) -> None:
    """The stretch is counted."""
    give_back(m, FREE_NODE, node)


# -- draws and rows ------------------------------------------------------------------------------------------


@mechanism
def draw(m: Memory, stream: int, width: int) -> int:
    """The address of the stream's next draw of so many words; when few are left the loop asks for more."""
    s = Stream(m, stream)
    at = s.at
    s.at = at + width
    prefetch(m, at + 2 * width - 1)  # other streams are read in between, so no processor sees the next one coming
    w = World(m, 0)
    if s.end - s.at < w.burst * width and not s.low:
        s.low = 1
        s.next = w.low
        w.low = stream
    return at


@mechanism
def log(m: Memory, kind: int, subject: int, a: int, b: int, c: int) -> None:
    """A row for the result."""
    at = take(m, LOG_WORDS)
    row = Log(m, at)
    row.kind, row.subject, row.a, row.b, row.c = kind, subject, a, b, c
    append(m, LOGGED, at)
