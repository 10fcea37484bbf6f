"""Integer time and the order of things that happen at one instant, on top of SimPy.

At one instant: repeat { completions, then arrivals, then one dispatch } until no I/O event is left; then exactly one
story wakes, with all that it triggers; back to I/O. The order inside a class is a key made of identities, so that it
belongs to the model and not to a heap's insertion order. SimPy sorts by (time, priority): the priority is that key.

Work without delay does not go through the heap: `Signal.fire` resumes whoever waits, there and then.
"""

from collections.abc import Callable, Generator
from heapq import heappop, heappush
from typing import Any

import simpy
from simpy.events import Event

COMPLETION, ARRIVAL, DISPATCH, STORY = 1, 2, 3, 4
"""Classes of moments in their order at one instant."""

STORY_ROUNDS = 1_000
"""More story wake-ups than this at one instant means that stories wake each other for ever."""


STANDSTILL = 1_000_000
"""More events than this at one instant mean that time does not go on."""


class ClockError(Exception):
    """Time does not go on: the message names the story."""


def standstill(instant_ns: int) -> ClockError:
    """What to raise when too much happens at one instant."""
    return ClockError(f"more than {STANDSTILL} events at {instant_ns} ns: something that takes no time repeats")


def order(kind: int, sub: int = 0, entity: int = 0, ordinal: int = 0) -> int:
    """The sort key at one instant: class, then kind within it, then entity (< 2^20), then ordinal (< 2^36)."""
    return (kind << 60) | (sub << 56) | (entity << 36) | ordinal


class Moment(Event):
    """An event that happens at a set time, in its place in the order."""

    _ok = True
    _value: Any = None

    def __init__(self, clock: "Clock", time_ns: int, key: int, callbacks: list[Callable[[Event], None]]) -> None:
        self.env = clock
        self.callbacks = callbacks
        clock.moments = number = clock.moments + 1
        heappush(clock._queue, (time_ns, key, number, self))  # type: ignore[misc]


class Signal(Event):
    """An event that is made to happen by whoever calls `fire`: all who wait resume at once, in the order they came."""

    _ok = True

    def fire(self, value: Any = None) -> None:
        """Resumes the waiting processes now, inside the current moment; later waiters pass straight through."""
        self._value = value
        callbacks, self.callbacks = self.callbacks, None  # type: ignore[assignment]
        for callback in callbacks:
            callback(self)


class Process(simpy.Process):
    """A generator that waits for events. They never fail here and nobody interrupts: so it resumes faster."""

    def _resume(self, event: Event) -> None:
        try:
            while True:
                event = self._generator.send(event._value)
                if event.callbacks is not None:
                    event.callbacks.append(self._resume)
                    return
        except StopIteration as end:
            self._ok, self._value = True, end.value
        except Exception as problem:
            self._ok, self._value = False, problem
        self.env.schedule(self)


class Clock(simpy.Environment):
    """A SimPy environment whose time is whole nanoseconds. `moments` counts the events it was given."""

    _now: int  # SimPy's would be a float as well

    def __init__(self) -> None:
        super().__init__(0)
        self.moments = 0

    def at(self, time_ns: int, key: int) -> Moment:
        """A moment at `time_ns` (not before now) with the order key `key`."""
        return Moment(self, time_ns, key, [])

    def call(self, time_ns: int, key: int, function: Callable[[Event], None], value: Any = None) -> None:
        """Calls `function` at that moment with an event that has this value."""
        Moment(self, time_ns, key, [function])._value = value

    def fire_at(self, time_ns: int, key: int, signal: Signal) -> None:
        """Fires `signal` at that moment; it must not have fired."""
        signal._value = None
        self.moments += 1
        heappush(self._queue, (time_ns, key, self.moments, signal))  # type: ignore[misc]

    def process(self, generator: Generator[Event, Any, Any]) -> Process:
        """Runs `generator` from now on; it yields the events it waits for."""
        return Process(self, generator)

    def signal(self) -> Signal:
        return Signal(self)

    def run_until(self, time_ns: int) -> None:
        """Handles all that happens before `time_ns`; then it is `time_ns`. ClockError when time stands still."""
        queue = self._queue
        instant = most = -1
        while queue and queue[0][0] < time_ns:
            self._now, _, _, event = heappop(queue)  # type: ignore[assignment]
            callbacks, event.callbacks = event.callbacks, None  # type: ignore[assignment]
            for callback in callbacks:
                callback(event)
            if not event._ok:  # a process has failed
                raise event._value
            if self._now != instant:
                instant, most = self._now, self.moments + STANDSTILL
            elif self.moments > most:
                raise standstill(instant)
        self._now = time_ns


class Story:
    """The part of a clock that one story sees: it sleeps, and it waits for signals of the I/O path.

    It always resumes in class STORY, by (rank, entity, ordinal), never inside an I/O event.
    """

    def __init__(self, clock: Clock, name: str, rank: int, entity: int, ordinal: int = 0) -> None:
        self.clock = clock
        self.name = name
        self._key = order(STORY, rank, entity, ordinal)
        self._instant = -1
        self._rounds = 0

    @property
    def now(self) -> int:
        return self.clock._now

    def sleep(self, duration_ns: int) -> Moment:
        """Resume after `duration_ns`."""
        return self.until(self.now + duration_ns)

    def until(self, time_ns: int) -> Moment:
        """Resume at `time_ns`, or now when that is past."""
        if time_ns <= self.now:
            self._count()
        return self.clock.at(max(time_ns, self.now), self._key)

    def wait(self, signal: Event, limit_ns: int = 0) -> Signal:
        """Resume after `signal` has fired, in this story's place; with a limit, after that time at the latest.

        The value of the yield is True when the signal fired, False when the limit came first; at one instant the
        signal is first.
        """
        self._count()
        resume = self.clock.signal()

        def wake(_: Event) -> None:
            if not resume.triggered:
                resume.fire(signal.callbacks is None)

        def fired(_: Event) -> None:
            self.clock.call(self.now, self._key, wake)

        if signal.callbacks is None:
            fired(signal)
        else:
            signal.callbacks.append(fired)
        if limit_ns:
            self.clock.call(self.now + limit_ns, self._key, wake)
        return resume

    def _count(self) -> None:
        """Notes a wake-up without delay; raises ClockError when the story goes round and round at one instant."""
        if self._instant != self.now:
            self._instant, self._rounds = self.now, 0
        self._rounds += 1
        if self._rounds > STORY_ROUNDS:
            raise ClockError(
                f"story '{self.name}' woke more than {STORY_ROUNDS} times at {self.now} ns without time passing"
            )

    def start(self, generator: Generator[Event, Any, Any]) -> simpy.Process:
        """Runs `generator` as a process from now on."""
        return self.clock.process(generator)
