"""A pool of worker processes: takes tasks, says whether one was lost with its worker, and is stopped at once.

Represents: processes forked from a clean server process, never from this one (safe beside threads). They hold back
interrupts, since Ctrl-C is this process's affair, and exit when it is gone. Leaves out: which task killed its worker;
nobody can say (python/cpython#139462). All that were in flight are lost together.
"""

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import BrokenExecutor, Future, ProcessPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

Task = TypeVar("Task")
Result = TypeVar("Result")

STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def available_cpus() -> int:
    """The processors this process may use."""
    return len(os.sched_getaffinity(0))


class ProcessPool:
    """Worker processes, started when there is something to do; for the main thread only.

    `preload` is a module that each worker has without importing it again: the one its tasks' functions stand in.
    """

    def __init__(self, workers: int, preload: str) -> None:
        self.width = workers
        self._context = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload([preload])
        self._executor = self._new()

    def submit(self, function: Callable[[Task], Result], task: Task) -> Future[Result]:
        """The task is on its way; `function` is importable by name. Where the pool is broken the future says so."""
        with interrupts_held():
            try:
                return self._executor.submit(function, task)
            except BrokenExecutor as error:
                broken: Future[Result] = Future()
                broken.set_exception(error)
                return broken

    def is_lost(self, error: BaseException) -> bool:
        """Whether a future that raised this was lost with a worker: its own task may have done it, or another."""
        return isinstance(error, BrokenExecutor)

    def renew(self) -> None:
        """After tasks were lost: the pool takes tasks again. Nothing is in flight any more."""
        self.stop()
        self._executor = self._new()

    def stop(self) -> None:
        """The workers are gone, whatever they were doing."""
        for process in list((self._executor._processes or {}).values()):  # no public way before Python 3.14
            process.terminate()
        self._executor.shutdown(wait=True, cancel_futures=True)

    def close(self) -> None:
        """The workers have finished what was submitted, and are gone."""
        self._executor.shutdown()

    def _new(self) -> ProcessPoolExecutor:
        return ProcessPoolExecutor(self.width, mp_context=self._context, initializer=_exit_with_parent)


@contextmanager
def process_pool(workers: int, preload: str) -> Iterator[ProcessPool]:
    """A pool whose workers are stopped, not waited for, when the block is left by an exception."""
    pool = ProcessPool(workers, preload)
    try:
        yield pool
    except BaseException:
        pool.stop()
        raise
    pool.close()


@contextmanager
def interrupts_held() -> Iterator[None]:
    """Inside the block nothing stops this process: a worker half started would be in no list of those to stop.

    What comes meanwhile acts at the end. Processes started inside hold back SIGINT for good, from their first
    instruction. The handlers are replaced too, because threads of libraries take signals that this thread blocks.
    """
    came: list[int] = []
    handlers = {number: signal.signal(number, lambda number, _: came.append(number)) for number in STOPPING}
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        for number, handler in handlers.items():
            signal.signal(number, handler)
        if came:
            signal.raise_signal(came[0])


def _exit_with_parent() -> None:
    """Makes this worker exit when its parent is gone; an orphan would wait for tasks for ever."""
    threading.Thread(target=_wait_and_exit, daemon=True).start()


def _wait_and_exit() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
