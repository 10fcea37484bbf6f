"""Runs the compiled loop for a clock and its stories: gives it memory and draws, fires signals, raises its errors.

A story asks something of the path by `tell` or `start`, and it is done, with all that it triggers, before the call is
over - as a call of a readable object would be.
"""

from heapq import heappop

from models.chain import OutOfSpace
from models.compiled import layout
from models.compiled.conductor import advance
from models.compiled.draws import Stream
from models.measure.recorder import LedgerError
from sim import clock as clock_rules
from sim.clock import Clock, Signal, standstill
from sim.memory import Fields, FlatMemory, Record

BUDGET = 100_000
"""Events until the loop comes back to see whether it is interrupted: less than a tenth of a second."""
WORLD = Fields(layout.WORLD)
ORDERS = Fields(layout.ORDER)


class Engine:
    """One run's memory and loop."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self._advance = advance.ready()
        self.memory = FlatMemory(layout.WORLD_WORDS)
        self.world = WORLD.at(self.memory, 0)
        self.signals: dict[int, Signal] = {}  # by the address of what they belong to
        self.streams: dict[int, Stream] = {}
        self.names: dict[int, tuple[str, str]] = {}  # by disk: datastore and disk, for messages
        self.owners: dict[int, str] = {}  # by VM: its name
        self._order = ORDERS.new(self.memory)
        self.world.fired = self.memory.take(layout.FIRED_ROOM)
        self.world.set(instant=-1, patience=clock_rules.STANDSTILL)

    def ready(self, burst: int, reserve: int) -> None:
        """The loop may run: one step makes at most so many events and takes at most so many words."""
        self.world.set(burst=burst, reserve=reserve)
        self._new_heap(max(1024, 4 * burst))

    # -- what stories and the clock do -----------------------------------------------------------------------

    def go(self, time_ns: int, key: int) -> bool:
        """All before (time, key) has happened: True. Or a signal fired, at the clock's new time: False."""
        memory = self.memory
        while True:
            self.world.size = len(memory.words)
            why = self._advance(memory.words, time_ns, key, BUDGET)
            if why == layout.OK:
                return True
            if why == layout.FIRED:
                self.clock._now = self.world.now
                self._fire()
                return False
            self._serve(why)

    def tell(self, action: int, subject: int, a: int = 0, b: int = 0) -> None:
        """It is done now, with all that it triggers."""
        self._order.set(subject=subject, a=a, b=b)
        self.start([self._order.address], action)

    def start(self, records: list[int], action: int) -> None:
        """These records take this action now, one after the other, with all that it triggers."""
        words, world = self.memory.words, self.world
        for record, behind in zip(records, [*records[1:], 0], strict=True):
            words[record], words[record + 1] = behind, action
        world.woken, world.woken_last = records[0], records[-1]
        world.now = self.clock._now
        while not self.go(self.clock._now, -1):
            pass

    # -- what the loop comes back for ------------------------------------------------------------------------

    def _serve(self, why: int) -> None:
        world = self.world
        if why == layout.GROW:
            self.memory.grow(len(self.memory.words) + world.reserve)
        elif why == layout.GROW_HEAP:
            self._new_heap(2 * world.heap_room)
        elif why == layout.DRAWS:
            self._fill()
        elif why != layout.AGAIN:
            self.clock._now = world.now
            self._fail(why)

    def _fill(self) -> None:
        at, self.world.low = self.world.low, 0
        while at:
            stream = self.streams[at]
            at = stream.record.next
            stream.fill()

    def _new_heap(self, room: int) -> None:
        world, memory = self.world, self.memory
        at = memory.take(layout.EVENT_WORDS * room)
        used = layout.EVENT_WORDS * world.heap_size
        memory.words[at : at + used] = memory.words[world.heap : world.heap + used].copy()
        world.set(heap=at, heap_room=room)

    def _fire(self) -> None:
        world = self.world
        first, count = world.fired, world.fired_count
        world.fired_count = 0
        for subject in self.memory.words[first : first + count].tolist():
            self.signals.pop(subject).fire()

    def _fail(self, why: int) -> None:
        world, memory = self.world, self.memory
        if why == layout.FULL:
            raise OutOfSpace(*self.names[world.subject])
        if why == layout.STANDSTILL:
            raise standstill(world.now)
        io = Fields(layout.IO).at(memory, world.subject)
        raise LedgerError(self.owners[io.vm], io.ordinal, world.now - io.arrival)

    # -- records ---------------------------------------------------------------------------------------------

    def new(self, fields: str, extra: int = 0) -> Record:
        """A fresh record, with so many words behind it."""
        return Fields(fields).new(self.memory, extra)

    def at(self, fields: str, address: int) -> Record:
        """The record at that address."""
        return Fields(fields).at(self.memory, address)

    def signal(self, subject: int) -> Signal:
        """Fires when the loop says so of `subject`."""
        signal = self.signals[subject] = self.clock.signal()
        return signal


class Conducted(Clock):
    """A clock that lets the compiled loop run ahead to the next thing that SimPy has to do."""

    engine: Engine

    def run_until(self, time_ns: int) -> None:
        """As Clock.run_until, with the I/O of the compiled path in between."""
        queue, engine = self._queue, self.engine
        while True:
            limit = (queue[0][0], queue[0][1]) if queue and queue[0][0] < time_ns else (time_ns, -1)
            if not engine.go(*limit):
                continue  # a story may be due earlier now
            if not queue or queue[0][0] >= time_ns:
                break
            self._now, _, _, event = heappop(queue)  # type: ignore[assignment]
            engine.world.now = self._now
            callbacks, event.callbacks = event.callbacks, None  # type: ignore[assignment]
            for callback in callbacks:
                callback(event)
            if not event._ok:  # a story has failed
                raise event._value
        self._now = engine.world.now = time_ns
