"""A sliding window of tasks over a pool: results as they come, and the task that kills its worker costs itself alone.

No pool can say which task killed a worker. So what was lost together is done again one at a time, in the order of
submission, until one is lost with nothing beside it: that is the culprit. Then the window is wide again.
"""

from collections import deque
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, wait
from typing import Generic, NamedTuple, TypeVar

from experiments.study.pool import Pool

Task = TypeVar("Task")
Result = TypeVar("Result")

IN_FLIGHT = 2  # a worker: one that it does, one that waits for it


class WorkerKilled(Exception):
    """The worker that did the task died without an answer, with no other task beside it."""


class Landed(NamedTuple, Generic[Result]):
    """What came of a task: a result, an error, or neither: it was no longer wanted."""

    key: str
    result: Result | None
    error: Exception | None


class Flight(Generic[Task, Result]):
    """Tasks by key on their way through a pool. `wanted` is asked for each just before it is submitted."""

    def __init__(
        self, pool: Pool, function: Callable[[Task], Result], tasks: Mapping[str, Task], wanted: Callable[[str], bool]
    ) -> None:
        self._pool = pool
        self._function = function
        self._tasks = tasks
        self._wanted = wanted
        self._waiting = deque(tasks)
        self._suspects: deque[str] = deque()
        self._alone = ""  # the suspect that is in flight
        self._flying: dict[Future[Result], str] = {}  # in the order of submission
        self._broken = False

    def landed(self) -> Iterator[Landed[Result]]:
        """Each task once, in whatever order they come. No more results are held than the window is wide."""
        while self._waiting or self._suspects or self._flying:
            if self._broken and not self._flying:
                self._pool.renew()
                self._broken = False
            yield from self._take_off()
            if self._flying:
                yield from self._land()

    def _take_off(self) -> Iterator[Landed[Result]]:
        """Submits what has room; says which tasks nobody wants any more."""
        while not self._broken and len(self._flying) < self._room():
            suspected = bool(self._suspects)
            queue = self._suspects if suspected else self._waiting
            if not queue:
                return
            key = queue.popleft()
            if not self._wanted(key):
                yield Landed(key, None, None)
                continue
            self._flying[self._pool.submit(self._function, self._tasks[key])] = key
            self._alone = key if suspected else ""

    def _room(self) -> int:
        return 1 if self._suspects or self._alone else IN_FLIGHT * self._pool.width

    def _land(self) -> Iterator[Landed[Result]]:
        """Waits for the next that come."""
        done, _ = wait(self._flying, return_when=FIRST_COMPLETED)
        for future in [one for one in self._flying if one in done]:
            key = self._flying.pop(future)
            alone, self._alone = key == self._alone, ""
            try:
                result = future.result()
            except Exception as error:
                yield from self._failed(key, error, alone)
            else:
                yield Landed(key, result, None)

    def _failed(self, key: str, error: Exception, alone: bool) -> Iterator[Landed[Result]]:
        if not self._pool.is_lost(error):
            yield Landed(key, None, error)
            return
        self._broken = True
        if not alone:
            self._suspects.append(key)
            return
        self._waiting.extendleft(reversed(self._suspects))
        self._suspects.clear()
        yield Landed(key, None, WorkerKilled())
