"""Gets runs done: takes from the store what is there, runs the rest, keeps each as it comes.

A run that fails costs itself alone: its outcome is a `Failure`. Outcomes stand in the order of the runs asked for.
"""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, overload

from experiments.study.pool import pool_of
from experiments.study.store import Store, opened
from experiments.study.summary import RunSummary, read
from experiments.study.work import Run, do, key_of


class Failure(NamedTuple):
    """A run that has no result, and why."""

    name: str
    reason: str


Outcome = RunSummary | Failure


@dataclass(frozen=True)
class Means:
    """With what a study is run: none of it changes a result."""

    store: Path | None = None  # None keeps results in memory only
    workers: int | None = None  # None: all processors
    cluster: str | None = None  # address of a Dask scheduler to use instead
    quiet: bool = False  # no progress


class Runner:
    """Runs what it is given; may be called again and again (plans and sequential studies do)."""

    def __init__(self, store: Store, means: Means) -> None:
        self._store = store
        self._means = means

    def __call__(self, runs: Sequence[Run], on_outcome: Callable[[Run, Outcome], None] | None = None) -> "Outcomes":
        """What came of each run, in the order of `runs`; `on_outcome` is told of each that was not there yet."""
        keys = [key_of(run) for run in runs]
        failures: dict[str, Failure] = {}
        missing = {key: run for key, run in zip(keys, runs, strict=True) if self._store.get(key) is None}
        if missing:
            self._run(missing, failures, on_outcome or (lambda run, outcome: None))
        return Outcomes(self._store, keys, failures)

    def _run(self, missing: dict[str, Run], failures: dict[str, Failure], tell: Callable[[Run, Outcome], None]) -> None:
        with pool_of(self._means.workers, self._means.cluster) as pool:
            flight: dict[Future[str], str] = {pool.submit(do, run): key for key, run in missing.items()}
            while flight:
                for future in wait(flight, return_when=FIRST_COMPLETED).done:
                    key = flight.pop(future)
                    try:
                        text = future.result()
                    except Exception as error:
                        failures[key] = Failure(missing[key].name, str(error))
                        tell(missing[key], failures[key])
                    else:
                        self._store.put(key, missing[key].name, text)
                        tell(missing[key], read(text))


class Outcomes(Sequence[Outcome]):
    """What came of runs, in their order. Summaries are read from the store when asked for, not kept:
    the block of `running` must not have been left."""

    def __init__(self, store: Store, keys: Sequence[str], failures: dict[str, Failure]) -> None:
        self._store = store
        self._keys = keys
        self._failures = failures

    def __len__(self) -> int:
        return len(self._keys)

    @overload
    def __getitem__(self, index: int) -> Outcome: ...
    @overload
    def __getitem__(self, index: slice) -> "Outcomes": ...
    def __getitem__(self, index: int | slice) -> "Outcome | Outcomes":
        if isinstance(index, slice):
            return Outcomes(self._store, self._keys[index], self._failures)
        key = self._keys[index]
        text = self._store.get(key)
        return self._failures[key] if text is None else read(text)


@contextmanager
def running(means: Means, title: str) -> Iterator[Runner]:
    """A runner; its workers stay until the block is left. `title` stands before its progress."""
    with opened(means.store) as store:
        yield Runner(store, means)
