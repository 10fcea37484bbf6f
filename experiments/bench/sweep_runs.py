"""Studies to measure the runner with: runs that are there already, and real ones."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from experiments.bench.shipped import scenario
from experiments.study import runner
from experiments.study.runner import Failure, Means, Runner, running
from experiments.study.work import Run, do_packed

SHORT_S = 0.25
SAME = Run("bench", scenario("oltp-host", SHORT_S), "none", 0, "simpy")


def idle(run: Run) -> bytes:
    """As `do_packed`, but always the same summary, simulated once in a process."""
    return _once()


@cache
def _once() -> bytes:
    return do_packed(SAME)


def idle_ms(workers: int, cluster: str | None, tasks: int) -> float:
    """Wall time a task, of so many tasks that do nothing, by workers that have started already."""
    with stored(workers, cluster) as means, idling(), running(means, "bench") as run:
        first = 8 * workers
        finish(run, [SAME._replace(replicate=number) for number in range(first)])
        return 1e3 * finish(run, [SAME._replace(replicate=first + number) for number in range(tasks)]) / tasks


def busy_s(workers: int, cluster: str | None, runs: int, seconds: float) -> float:
    """Wall time of so many runs of so many simulated seconds, by workers that have started already."""
    real = Run("bench", scenario("oltp-host", seconds), "none", 0, "compiled")
    with stored(workers, cluster) as means, running(means, "bench") as run:
        first = 2 * workers
        finish(run, [real._replace(replicate=number) for number in range(first)])
        return finish(run, [real._replace(replicate=first + number) for number in range(runs)])


def finish(run: Runner, runs: list[Run]) -> float:
    """Wall time until all have a result. Raises RuntimeError if one has none: there is nothing to measure then."""
    began = time.perf_counter()
    outcomes = run(runs)
    spent = time.perf_counter() - began
    if failures := [outcome for outcome in outcomes if isinstance(outcome, Failure)]:
        raise RuntimeError(f"{len(failures)} of {len(runs)} runs failed, the first: {failures[0].reason}")
    return spent


@contextmanager
def idling() -> Iterator[None]:
    """Inside, the runner has its runs done by `idle`: wrapped from outside, as parts of a run are (`apart`)."""
    before = runner.do_packed
    runner.do_packed = idle
    try:
        yield
    finally:
        runner.do_packed = before


@contextmanager
def stored(workers: int, cluster: str | None = None) -> Iterator[Means]:
    """Means with a new store on disk."""
    with TemporaryDirectory(prefix="stunlab-bench-") as folder:
        yield Means(Path(folder) / "runs.sqlite", workers, cluster, quiet=True)
