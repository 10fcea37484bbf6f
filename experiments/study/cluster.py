"""A Dask cluster as a pool of runs: `--cluster ADDRESS`.

Represents: workers that are asked who they are before they get anything, at the start and whenever one joins. Only
those whose sources, packages and arithmetic are this process's get the Dask resource that every run needs: no scheduler
and no work stealing can bring a run to another. One unit for each worker process, so one run at a time in it, whatever
its threads. Leaves out: starting schedulers and workers (docs/cluster.md says how).
"""

import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from experiments.errors import InputError
from experiments.study.cluster_client import Connection, WorkersGone, connected
from experiments.study.cluster_workers import Roll

if TYPE_CHECKING:
    from concurrent.futures import Executor

Task = TypeVar("Task")
Result = TypeVar("Result")

LOOK_EVERY_S = 1.0
PATIENCE_S = 60.0
"""So long runs wait for a worker when all have gone: a nanny starts a new one within seconds."""


@dataclass
class Sent:
    """What is in flight, and as which of Dask's tasks."""

    function: Callable[[Any], Any]
    task: Any
    inner: Future[Any]


class ClusterPool:
    """The workers of a scheduler that are like this process. Their number may change while it is used."""

    def __init__(self, connection: Connection, roll: Roll) -> None:
        self._connection = connection
        self._roll = roll
        self._executor: Executor = connection.executor(roll.resource)
        self._flight: dict[Future[Any], Sent] = {}
        self._lock = threading.Lock()
        self._end = threading.Event()
        self._alone_since: float | None = None
        self._watch = threading.Thread(target=self._look_after_workers, name="stunlab-cluster", daemon=True)
        self._watch.start()

    @property
    def width(self) -> int:
        """Worker processes that take runs; 1 while there is none."""
        return max(1, len(self._roll.accepted))

    def submit(self, function: Callable[[Task], Result], task: Task) -> Future[Result]:
        """The task is on its way to a worker; `function` is importable by name. Never raises: the future does."""
        outer: Future[Result] = Future()
        outer.set_running_or_notify_cancel()
        self._send(outer, function, task)
        return outer

    def is_lost(self, error: BaseException) -> bool:
        """Whether the task's worker was lost, four times in a row, or all of them, or the scheduler."""
        return isinstance(error, WorkersGone)

    def renew(self) -> None:
        """It takes tasks again. Raises OSError, which says how to go on, when no worker comes within a minute."""
        deadline = time.monotonic() + PATIENCE_S
        while not (self._connection.alive and self._roll.accepted):
            if not self._connection.may_come_back or time.monotonic() > deadline:
                raise OSError(self._gone())
            time.sleep(0.1)

    def stop(self) -> None:
        """Nothing that was submitted starts any more. What a worker is at it ends, and nobody hears of it."""
        self._end.set()
        with self._lock:
            sent, self._flight = list(self._flight.values()), {}
        for one in sent:
            one.inner.cancel()
        self._watch.join(timeout=10)

    def _send(self, outer: Future[Any], function: Callable[[Any], Any], task: Any) -> None:
        try:
            inner = self._executor.submit(function, task)
        except Exception as error:  # the client was closed, for the scheduler has gone
            with self._lock:
                self._flight.pop(outer, None)
            outer.set_exception(WorkersGone(f"{self._gone()} ({error})"))
            return
        with self._lock:
            self._flight[outer] = Sent(function, task, inner)
        inner.add_done_callback(lambda done: self._landed(outer, done))

    def _landed(self, outer: Future[Any], inner: Future[Any]) -> None:
        with self._lock:
            sent = self._flight.get(outer)
            if sent is None or sent.inner is not inner:
                return  # sent again meanwhile, or nobody waits
            del self._flight[outer]
        if inner.cancelled():
            outer.set_exception(WorkersGone(self._gone()))
        elif (error := inner.exception()) is not None:
            outer.set_exception(self._connection.told(error) or error)
        else:
            outer.set_result(inner.result())

    def _look_after_workers(self) -> None:
        while not self._end.wait(LOOK_EVERY_S):
            if not self._connection.alive:
                continue  # what was in flight has been told already
            try:
                found = self._roll.call()
            except Exception as error:
                if not self._end.is_set() and self._connection.alive:
                    _say(f"cannot ask who is there: {error}")
                continue
            if self._connection.alive and not self._end.is_set():  # a closed client knows of no worker
                for line in found.refused:
                    _say(f"not used: {line}")
                self._mind(found.replaced)

    def _mind(self, replaced: bool) -> None:
        """Runs that wait for workers that are gone are sent to new ones, or given up when none comes."""
        if self._roll.accepted:
            self._alone_since = None
            if replaced:
                self._again()
        elif self._alone_since is None:
            self._alone_since = time.monotonic()
            _say(f"no worker is left at {self._connection.address}: waiting {PATIENCE_S:g} s for one")
        elif time.monotonic() - self._alone_since > PATIENCE_S:
            self._give_up()

    def _again(self) -> None:
        """Dask does not look again at tasks that wait for a resource when a worker is given it."""
        with self._lock:
            flight = list(self._flight.items())
        for outer, sent in flight:
            self._send(outer, sent.function, sent.task)
            sent.inner.cancel()

    def _give_up(self) -> None:
        with self._lock:
            flight, self._flight = list(self._flight.items()), {}
        for outer, sent in flight:
            outer.set_exception(WorkersGone(self._gone()))
            sent.inner.cancel()

    def _gone(self) -> str:
        what = "no worker is left at" if self._connection.alive else "the connection is lost to"
        return (
            f"--cluster: {what} {self._connection.address}; finished runs are kept: start it again (docs/cluster.md), "
            "then give the same command to go on"
        )


@contextmanager
def cluster_pool(address: str) -> Iterator[ClusterPool]:
    """The workers of the scheduler at `address`, each asked who it is; those without the compiled path have it.

    Raises InputError, which names the address or each worker that is unlike this process, before anything runs. When
    the block is left nothing that was submitted starts any more.
    """
    with connected(address) as connection:
        roll = Roll(connection)
        found = roll.call()
        if found.refused:
            raise InputError([f"--cluster: {line}" for line in found.refused])
        roll.compile_engines(_say)
        pool = ClusterPool(connection, roll)
        try:
            yield pool
        finally:
            pool.stop()


def _say(line: str) -> None:
    print(f"cluster: {line}", file=sys.stderr, flush=True)
