"""Gets runs done: takes from the store what is there, runs the rest, keeps each as it comes.

A run that fails costs itself alone: its outcome is a `Failure`. Outcomes stand in the order of the runs asked for,
whoever finished first. Workers start with the first run that has to be done, and stay until the block is left.
"""

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, overload

from experiments.engines import chosen, ready
from experiments.progress import OnDone, progress
from experiments.study import failed
from experiments.study.flight import Flight, Landed, WorkerKilled
from experiments.study.pool import Pool, pool_of
from experiments.study.store import Store, opened
from experiments.study.summary import RunSummary, read
from experiments.study.work import Run, RunError, do_packed, key_of
from models.run import SimulationError
from models.scenario import Engine


class Failure(NamedTuple):
    """A run that has no result, and why."""

    name: str
    reason: str
    scenario: Path | None = None  # the file that has what it takes to run it again; None: nothing is kept on disk


Outcome = RunSummary | Failure
Tell = Callable[[Run, Outcome], None]


@dataclass(frozen=True)
class Means:
    """With what a study is run: none of it changes a result."""

    store: Path | None = None  # None keeps results for this process only
    workers: int | None = None  # None: all processors
    cluster: str | None = None  # address of a Dask scheduler to use instead
    quiet: bool = False  # no progress


class Runner:
    """Runs what it is given; may be called again and again (plans and sequential studies do).

    `note` stands in the progress: set it to what the study is about just now, such as its widest interval.
    """

    def __init__(self, store: Store, means: Means, title: str, stack: ExitStack) -> None:
        self.note = ""
        self._store = store
        self._means = means
        self._title = title
        self._stack = stack
        self._pool: Pool | None = None
        self._show: OnDone = lambda done, count, note="": None
        self._engines: dict[Engine, Engine] = {}
        self._failures: dict[str, Failure] = {}  # not tried again in this block, but in the next
        self._done = self._asked = self._found = self._finished = 0

    def __call__(self, runs: Sequence[Run], on_outcome: Tell | None = None) -> "Outcomes":
        """What came of each run, in the order of `runs`; `on_outcome` is told of each that was not there yet."""
        keys = [key_of(run) for run in runs]
        missing: dict[str, Run] = {}
        for key, run in zip(keys, runs, strict=True):
            if key not in missing and key not in self._failures and not self._store.has(key):
                missing[key] = run
        if missing:
            self._run(missing, on_outcome, len(set(keys)) - len(missing))
        failures = {key: self._failures[key] for key in keys if key in self._failures}
        return Outcomes(self._store, keys, failures, [run.name for run in runs])

    @property
    def kept(self) -> str:
        """What a user whose study ended early must know; '' if nothing is kept on disk."""
        if self._means.store is None:
            return ""
        count = self._found + self._finished
        if not count:
            return f"no run was finished that {self._means.store} could keep"
        runs = "1 finished run is" if count == 1 else f"{count} finished runs are"
        return f"{runs} kept in {self._means.store}; the same command goes on from there"

    @property
    def failed(self) -> str:
        """What a user must know of runs that failed; '' if none did, or nothing is kept of them."""
        files = [one.scenario for one in self._failures.values() if one.scenario is not None]
        if not files:
            return ""
        what = f"{len(files)} run{'' if len(files) == 1 else 's'} failed"
        return f"{what}, kept in {files[0].parent}: stunlab rerun FILE does one again, alone"

    def _run(self, missing: dict[str, Run], tell: Tell | None, stored: int) -> None:
        pool = self._ready(stored)
        self._asked += len(missing)
        order = list(missing) if self._store.first else reversed(missing)  # two coordinators meet in the middle
        runs = {key: missing[key]._replace(engine=self._engine(missing[key].engine)) for key in order}
        for landed in Flight(pool, do_packed, runs, lambda key: not self._store.has(key)).landed():
            self._keep(landed, missing[landed.key], tell)
            self._done += 1
            self._show(self._done, self._asked, self.note)

    def _ready(self, stored: int) -> Pool:
        """The pool, and progress shown: both from the first run on that has to be done, beside so many stored ones."""
        if self._pool is None:
            self._found = stored
            self._pool = self._stack.enter_context(pool_of(self._means.workers, self._means.cluster))
            if not self._means.quiet:
                if stored:
                    print(f"{self._title}: {stored} runs are kept already", file=sys.stderr, flush=True)
                self._show = self._stack.enter_context(progress(self._title, 0, quiet=False))
        return self._pool

    def _engine(self, wanted: Engine) -> Engine:
        """What workers take: compiled here, once, before they need it. Those of a cluster have it compiled there."""
        if wanted not in self._engines:
            self._engines[wanted] = ready(wanted) if self._means.cluster is None else chosen(wanted)
        return self._engines[wanted]

    def _keep(self, landed: Landed[bytes], run: Run, tell: Tell | None) -> None:
        folder = None if self._means.store is None else self._means.store.parent / failed.FOLDER
        if landed.error is not None:
            reason = _reason(landed.error)
            path = None if folder is None else failed.write(folder, landed.key, run, reason)
            self._failures[landed.key] = Failure(run.name, reason, path)
        elif landed.result is not None:
            self._store.put(landed.key, run.name, landed.result)
            self._finished += 1
            if folder is not None:
                failed.remove(folder, landed.key)
        if tell is not None:
            text = self._store.get(landed.key)
            tell(run, self._failures[landed.key] if text is None else read(text))


def _reason(error: Exception) -> str:
    """Why the run failed, in words that do not depend on who ran it."""
    if isinstance(error, WorkerKilled):
        return ("its worker process died (killed, or out of memory), alone too: fewer workers or a smaller scenario "
                "may help")  # fmt: skip
    if isinstance(error, MemoryError):
        return "out of memory: fewer workers, or smaller disks, may fit"
    return str(error) if isinstance(error, SimulationError | RunError) else f"{type(error).__name__}: {error}"


class Outcomes(Sequence[Outcome]):
    """What came of runs, in their order. Summaries are read from the store when asked for, not kept:
    the block of `running` must not have been left. Runs that are one run (their keys are) fail together, each by its
    own name."""

    def __init__(
        self, store: Store, keys: Sequence[str], failures: Mapping[str, Failure], names: Sequence[str]
    ) -> None:
        self._store = store
        self._keys = keys
        self._failures = failures
        self._names = names

    def __len__(self) -> int:
        return len(self._keys)

    @overload
    def __getitem__(self, index: int) -> Outcome: ...
    @overload
    def __getitem__(self, index: slice) -> "Outcomes": ...
    def __getitem__(self, index: int | slice) -> "Outcome | Outcomes":
        if isinstance(index, slice):
            return Outcomes(self._store, self._keys[index], self._failures, self._names[index])
        key = self._keys[index]
        text = self._store.get(key)
        return self._failures[key]._replace(name=self._names[index]) if text is None else read(text)


@contextmanager
def running(means: Means, title: str) -> Iterator[Runner]:
    """A runner; its workers stay until the block is left. `title` stands before its progress.

    What ends the block early carries a note about what is kept, for the command line to say. Raises InputError when
    the store is none, StoreError when it cannot be written any more.
    """
    with opened(means.store) as store, ExitStack() as stack:
        runner = Runner(store, means, title, stack)
        try:
            yield runner
        except BaseException as error:
            if runner.kept:
                error.add_note(runner.kept)
            raise
    if runner.failed and not means.quiet:
        print(f"{title}: {runner.failed}", file=sys.stderr, flush=True)
