"""Runs independent tasks in this process or in several, with results in the order of the tasks.

Represents: a sliding window over a process pool; as many tasks in flight as there are workers, so that a lost worker's
tasks can be named. Leaves out: retries, caching, clusters. Workers are forked from a clean server process, never from
this one (safe beside threads), and hold back interrupts: Ctrl-C is this process's affair.
"""

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from typing import TypeVar

Task = TypeVar("Task")
Result = TypeVar("Result")

STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class TaskError(Exception):
    """A task raised; the message names the task, `__cause__` is what it raised."""


class WorkerLost(Exception):
    """A worker process died without an answer; the message names the tasks that were in flight."""


def available_cpus() -> int:
    """The processors this process may use."""
    return len(os.sched_getaffinity(0))


def run_all(
    tasks: Sequence[Task],
    function: Callable[[Task], Result],
    workers: int,
    on_done: Callable[[int, int], None] | None = None,
    name: Callable[[Task], str] = str,
) -> list[Result]:
    """`function` of every task, in the order of `tasks`, whoever finishes first.

    `function` must be importable by name. One worker (or one task) runs in this process. `on_done(done, all)` is called
    here after each task. Raises TaskError at the first task that raises, WorkerLost when a process dies; an interrupt
    stops the workers at once and goes on as KeyboardInterrupt. With several workers, for the main thread only.
    """
    if workers < 1:
        raise ValueError(f"need at least one worker, got {workers}")
    report = on_done or (lambda done, count: None)
    if min(workers, len(tasks)) <= 1:
        return _run_here(tasks, function, report, name)
    return _run_in_pool(tasks, function, min(workers, len(tasks)), report, name)


def _run_here(
    tasks: Sequence[Task],
    function: Callable[[Task], Result],
    report: Callable[[int, int], None],
    name: Callable[[Task], str],
) -> list[Result]:
    results = []
    for task in tasks:
        try:
            results.append(function(task))
        except Exception as error:
            raise TaskError(f"{name(task)}: {error}") from error
        report(len(results), len(tasks))
    return results


def _run_in_pool(
    tasks: Sequence[Task],
    function: Callable[[Task], Result],
    workers: int,
    report: Callable[[int, int], None],
    name: Callable[[Task], str],
) -> list[Result]:
    results: dict[int, Result] = {}
    flight: dict[Future[Result], int] = {}
    waiting = iter(range(len(tasks)))
    with _pool(workers, function.__module__) as pool:
        while len(results) < len(tasks):
            for index in waiting:
                with _interrupts_held():
                    flight[pool.submit(function, tasks[index])] = index
                if len(flight) == workers:
                    break
            done, _ = wait(flight, return_when=FIRST_COMPLETED)
            for future in sorted(done, key=lambda one: flight[one]):
                index = flight[future]
                try:
                    results[index] = future.result()
                except BrokenProcessPool as error:
                    raise WorkerLost(_lost_message([name(tasks[i]) for i in sorted(flight.values())])) from error
                except Exception as error:
                    raise TaskError(f"{name(tasks[index])}: {error}") from error
                del flight[future]
                report(len(results), len(tasks))
    return [results[index] for index in range(len(tasks))]


def _lost_message(names: list[str]) -> str:
    return (
        f"a worker process died (killed, or out of memory) while these ran: {', '.join(names)}; "
        "try again with fewer workers or a smaller scenario"
    )


@contextmanager
def _pool(workers: int, preload: str) -> Iterator[ProcessPoolExecutor]:
    """A process pool whose workers are stopped, not waited for, when the block is left by an exception."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([preload])
    pool = ProcessPoolExecutor(workers, mp_context=context, initializer=_exit_with_parent)
    try:
        yield pool
    except BaseException:
        for process in list((pool._processes or {}).values()):  # there is no public way before Python 3.14
            process.terminate()
        pool.shutdown(wait=True, cancel_futures=True)
        raise
    pool.shutdown()


@contextmanager
def _interrupts_held() -> Iterator[None]:
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
