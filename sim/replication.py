"""Runs independent tasks in this process or in several, with results in the order of the tasks.

Represents: a sliding window over a process pool; as many tasks in flight as there are workers, so that a lost worker's
tasks can be named. Leaves out: retries, caching, clusters (`experiments.study.runner` has them).
"""

from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from typing import TypeVar

from sim.pool import available_cpus, process_pool

__all__ = ["TaskError", "WorkerLost", "available_cpus", "run_all"]

Task = TypeVar("Task")
Result = TypeVar("Result")


class TaskError(Exception):
    """A task raised; the message names the task, `__cause__` is what it raised."""


class WorkerLost(Exception):
    """A worker process died without an answer; the message names the tasks that were in flight."""


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
    with process_pool(workers, function.__module__) as pool:
        while len(results) < len(tasks):
            for index in waiting:
                flight[pool.submit(function, tasks[index])] = index
                if len(flight) == workers:
                    break
            done, _ = wait(flight, return_when=FIRST_COMPLETED)
            for future in sorted(done, key=lambda one: flight[one]):
                index = flight[future]
                try:
                    results[index] = future.result()
                except Exception as error:
                    if pool.is_lost(error):
                        raise WorkerLost(_lost_message([name(tasks[i]) for i in sorted(flight.values())])) from error
                    raise TaskError(f"{name(tasks[index])}: {error}") from error
                del flight[future]
                report(len(results), len(tasks))
    return [results[index] for index in range(len(tasks))]


def _lost_message(names: list[str]) -> str:
    return (
        f"a worker process died (killed, or out of memory) while these ran: {', '.join(names)}; "
        "try again with fewer workers or a smaller scenario"
    )
