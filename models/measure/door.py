"""The probe: how long a hypothetical request would wait at a VM's door, for every instant t.

A stun of a second touches only as many I/Os as fit the queues and hides from their p99.9; weighted by time it does
not. The wait is exact: until the virtual adapter would have a slot for the request (after all that wait already) and
the VM runs. What lies behind the door - scheduler, device, filters - is not in it. A VM's probe is over its disks.
"""

from collections import deque

from sim.histogram import Histogram, Ramps


class DoorProbe:
    """One disk's door. Instants are closed off in stretches during which nothing changes."""

    def __init__(self, histogram: Histogram, warmup_ns: int) -> None:
        self.histogram = histogram  # complete when the probe is finished
        self.ramps = Ramps()  # waits that go there
        self.full = False
        self.waiting = 0
        self.stunned = False
        self._since = warmup_ns
        self._taken = 0  # waiting requests that got a slot so far
        self._unresolved: deque[tuple[int, int, int]] = deque()  # (start, end, takes before it would be its turn)
        self._gated: list[tuple[int, int]] = []  # would have a slot, wait for the resume

    def change(self, now: int, waiting: int, full: bool) -> None:
        """The adapter's state changes now."""
        self._close(now)
        self.waiting, self.full = waiting, full
        if not full:
            self._resolve(now, self._taken + waiting)

    def took(self, now: int) -> None:
        """A waiting request gets a slot: a hypothetical one ahead of it would have got it instead."""
        self._close(now)
        self._resolve(now, self._taken)
        self._taken += 1

    def passed(self, now: int, arrival_ns: int) -> None:
        """Another disk's request gets a slot of the adapter: one here that came before it would have had it."""
        self._close(now)
        queue = self._unresolved
        while queue and queue[0][0] < arrival_ns:
            start, end, turn = queue.popleft()
            if end > arrival_ns:
                queue.appendleft((arrival_ns, end, turn))
            self._served(now, start, min(end, arrival_ns))

    def stun(self, now: int, stunned: bool) -> None:
        """The VM stops, or runs again."""
        self._close(now)
        self.stunned = stunned
        if not stunned:
            for start, end in self._gated:
                self.ramps.add(now - end, now - start)
            self._gated.clear()

    def finish(self, now: int) -> None:
        """The run ends: whoever still waits is counted as if served now."""
        self._close(now)
        for start, end, _ in self._unresolved:
            self.ramps.add(now - end, now - start)
        self._unresolved.clear()
        self.stun(now, False)
        self.ramps.pour(self.histogram)

    def _close(self, now: int) -> None:
        start = self._since
        if now <= start:
            return
        self._since = now
        if self.full:
            self._unresolved.append((start, now, self._taken + self.waiting))
        elif self.stunned:
            self._gated.append((start, now))
        else:
            self.histogram.add(0, now - start)

    def _resolve(self, now: int, turn: int) -> None:
        queue = self._unresolved
        while queue and queue[0][2] <= turn:
            start, end, _ = queue.popleft()
            self._served(now, start, end)

    def _served(self, now: int, start: int, end: int) -> None:
        if self.stunned:
            self._gated.append((start, end))
        else:
            self.ramps.add(now - end, now - start)
