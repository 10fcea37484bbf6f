"""A replication's journal at the target: which points can still be selected, and how many bytes lie after the oldest.

The disks of the replica stand at the oldest point; all that has come after it lies in the journal. When a point becomes
durable, and when somebody looks, the oldest points are merged into the disks until the oldest is no older than the
history asked for and what lies after it fits the journal's size. The newest point always stays, so that a journal may
for a while be larger than its size. Source: Zerto, journal sizing (the oldest checkpoints are promoted, history
shrinks). Left out: reads and writes at the target that this costs.
"""

from collections import deque
from collections.abc import Iterable

from models.result import JournalRow

Journaled = tuple[int, int, int]
"""A point: when it was cut, when it was durable, and the raw bytes that had been sent to the journal before it."""


class Journal:
    """One replication's. Told of its points in the order in which they become durable."""

    def __init__(self, protection: str, history_ns: int, size_bytes: int) -> None:
        self.protection = protection
        self.history_ns = history_ns
        self.size_bytes = size_bytes  # 0: no limit
        self.dropped = 0
        self._points: deque[Journaled] = deque()

    def look(self, now: int, points: Iterable[Journaled], admitted: int) -> JournalRow:
        """What is in it at `now`, after these more points and that many bytes sent to it in all."""
        for point in points:
            self._points.append(point)
            self._trim(point[1], point[2])
        self._trim(now, admitted)
        if not self._points:
            return JournalRow(now, self.protection, 0, -1, -1, admitted, 0)
        oldest, newest = self._points[0], self._points[-1]
        return JournalRow(
            now, self.protection, len(self._points), oldest[0], newest[0], admitted - oldest[2], self.dropped
        )

    def _trim(self, now: int, admitted: int) -> None:
        points = self._points
        while len(points) > 1 and (
            now - points[0][0] > self.history_ns or 0 < self.size_bytes < admitted - points[0][2]
        ):
            points.popleft()
            self.dropped += 1
