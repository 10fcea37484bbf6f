"""Counted places that backups wait for: disks at a proxy, disks into a repository, snapshots and disks of a datastore.

Whoever wants a place in several of them gets all at once or waits with none, so nobody waits for another in a circle.
Served in the order in which they asked; one who comes later may go first only where that takes nothing from those
before. A closed place (its datastore is too slow just now) is given to nobody, and who waits for it keeps nothing from
others.
"""

from collections import Counter
from collections.abc import Generator, Iterable, Mapping, Sequence
from typing import Any

from simpy.events import Event

from sim.clock import Clock, Signal, Story

Key = tuple[str, str]
"""What a place is for, and whose: ("proxy", "p1")."""


class Request:
    """Somebody who wants one place of each of these."""

    def __init__(self, keys: tuple[Key, ...], signal: Signal) -> None:
        self.keys = keys
        self.signal = signal
        self.served = False


class Slots:
    """Places of all kinds, and who waits for them. A key without a number has places without end."""

    def __init__(self, clock: Clock, places: Mapping[Key, int]) -> None:
        self.clock = clock
        self.free: Counter[Key] = Counter(places)
        self.counted = frozenset(places)
        self.closed: set[Key] = set()
        self.waiting: list[Request] = []

    def take(self, story: Story, keys: Iterable[Key], limit_ns: int = 0) -> Generator[Event, Any, bool]:
        """One place of each key is the caller's: True. Or `limit_ns` has passed (0: no limit), and none is: False."""
        request = Request(tuple(keys), self.clock.signal())
        self.waiting.append(request)
        self._serve()
        if not request.served:
            yield story.wait(request.signal, limit_ns)
            if not request.served:
                self.waiting.remove(request)
                self._serve()  # those behind may go first now
        return request.served

    def take_now(self, wanted: Sequence[Sequence[Key]]) -> bool:
        """One place for each key of all of these, if that takes nothing from those who wait; else none: False."""
        counts = Counter(key for keys in wanted for key in keys)
        if not self.closed.isdisjoint(counts):
            return False
        promised = Counter(key for one in self.waiting if self.closed.isdisjoint(one.keys) for key in one.keys)
        if any(self.free[key] - promised[key] < counts[key] for key in counts if key in self.counted):
            return False
        self.free.subtract({key: number for key, number in counts.items() if key in self.counted})
        return True

    def give_back(self, keys: Iterable[Key]) -> None:
        """The caller's places are free for the next."""
        for key in keys:
            if key in self.counted:
                self.free[key] += 1
        self._serve()

    def close(self, key: Key, closed: bool) -> None:
        """Nobody gets a place there from now on; or they do again."""
        if closed != (key in self.closed):
            self.closed.symmetric_difference_update([key])
            self._serve()

    def _serve(self) -> None:
        """Everybody who can go goes, in order."""
        promised: Counter[Key] = Counter()
        for request in list(self.waiting):
            if not self.closed.isdisjoint(request.keys):
                continue
            counted = [key for key in request.keys if key in self.counted]
            if any(self.free[key] - promised[key] <= 0 for key in counted):
                promised.update(counted)
                continue
            self.free.subtract(counted)
            self.waiting.remove(request)
            request.served = True
            request.signal.fire()
