"""Runs every arm of a scenario in every replication and compares the arms metric by metric.

Arms of one replication share their random numbers, so differences are paired by replication. Each interval stands for
itself at its level; nothing is corrected for the number of rows. Closed-loop guests issue fewer I/Os in a slower arm:
`Comparison.notes` says so, and rows of I/O counts show it.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from experiments.engines import ready
from experiments.group_view import ALL_VMS, GroupView, groups
from experiments.identity import result_hash, source_hash
from experiments.metrics import HISTOGRAMS, METRICS
from experiments.study.cells import LEVEL as LEVEL
from experiments.study.cells import Cell as Cell
from experiments.study.cells import Contrast as Contrast
from experiments.study.cells import cell, contrasts_of
from models.result import RunResult
from models.run import SimulationError, simulate
from models.scenario import Arm, Engine, Scenario
from sim.replication import TaskError, run_all

if TYPE_CHECKING:
    from experiments.scenario import Loaded

Result = TypeVar("Result")


class Task(NamedTuple):
    """One run: one arm in one replication."""

    scenario: Scenario
    arm: Arm
    replicate: int
    engine: Engine


@dataclass(frozen=True)
class Comparison:
    """All results of a scenario's arms, and what they come to."""

    scenario: Scenario
    results: dict[str, tuple[RunResult, ...]]  # by arm, by replication
    cells: tuple[Cell, ...]
    contrasts: tuple[Contrast, ...]
    hash: str
    source: str  # hash of the engine's source
    warnings: tuple[str, ...]  # of the scenario's reader
    level: float = LEVEL
    first: int = 0  # the number of the first replication

    @property
    def seed(self) -> int:
        return self.scenario.run.seed

    @property
    def replications(self) -> int:
        return self.scenario.run.replications

    @property
    def arms(self) -> tuple[str, ...]:
        return tuple(self.results)

    @property
    def groups(self) -> tuple[str, ...]:
        """ALL_VMS, then the VM groups in the scenario's order."""
        return groups(next(iter(self.results.values()))[0])

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader must know before the figures: time scale, closed loops, single replications, warnings."""
        return tuple(_notes(self))

    @cached_property
    def _cells(self) -> dict[tuple[str, str, str], Cell]:
        return {(cell.metric, cell.group, cell.arm): cell for cell in self.cells}

    @cached_property
    def _contrasts(self) -> dict[tuple[str, str, str, str], Contrast]:
        return {(one.metric, one.group, one.arm, one.base): one for one in self.contrasts}

    def cell(self, metric: str, arm: str, group: str = ALL_VMS) -> Cell:
        """The cell of a metric's key in an arm; KeyError if there is none."""
        return self._cells[metric, group, arm]

    def contrast(self, metric: str, arm: str, base: str, group: str = ALL_VMS) -> Contrast:
        """`arm` less `base` (in the order of `arms`, base first); KeyError if there is none."""
        return self._contrasts[metric, group, arm, base]


def run_task(task: Task) -> RunResult:
    """One run's result."""
    return simulate(task.scenario, task.arm, task.replicate, task.engine)


def task_name(task: Task) -> str:
    return f'arm "{task.arm}", replicate {task.replicate}'


def compare(
    loaded: "Loaded",
    workers: int,
    on_progress: Callable[[int, int], None] | None = None,
    run: Callable[[Task], RunResult] | None = None,
    first: int = 0,
) -> Comparison:
    """Every arm in every replication from `first` on, in parallel, and the comparison of them.

    The result depends on the scenario alone, not on `workers` nor on the engine. `on_progress(done, all)` follows each
    run. `run` is what runs a task, by default the scenario's engine, which is made ready. Raises as `run_tasks`.
    """
    if run is None:
        loaded, run = replace(loaded, engine=ready(loaded.engine)), run_task
    return summarise(loaded.scenario, run_tasks(loaded, run, workers, on_progress, first), loaded.remarks, first)


def run_tasks(
    loaded: "Loaded",
    run: Callable[[Task], Result],
    workers: int,
    on_progress: Callable[[int, int], None] | None = None,
    first: int = 0,
) -> list[Result]:
    """What `run` makes of every arm in every replication from `first` on.

    Raises SimulationError, naming arm and replicate, when a run fails (its audit, for instance) or does not fit into
    memory, and WorkerLost when a process was killed.
    """
    scenario = loaded.scenario
    replicates = range(first, first + scenario.run.replications)
    tasks = [Task(scenario, arm, replicate, loaded.engine) for replicate in replicates for arm in scenario.arms]
    try:
        return run_all(tasks, run, workers, on_progress, task_name)
    except TaskError as error:
        if isinstance(error.__cause__, SimulationError):  # it names arm and replicate itself
            raise error.__cause__ from None
        if isinstance(error.__cause__, MemoryError):
            what = str(error).rstrip(": ")  # the reason may be empty
            raise SimulationError(f"{what}: out of memory; fewer workers, or smaller disks, may fit") from None
        raise


def summarise(
    scenario: Scenario, results: Sequence[RunResult], warnings: Sequence[str] = (), first: int = 0
) -> Comparison:
    """The comparison of runs that are there already, in any order; each arm needs each replication once.

    `first` is the number of the first one.
    """
    wanted = range(first, first + scenario.run.replications)
    ordered = sorted(results, key=lambda run: run.replicate)
    by_arm: dict[str, tuple[RunResult, ...]] = {}
    for arm in scenario.arms:
        by_arm[arm] = tuple(run for run in ordered if run.arm == arm)
        found = [run.replicate for run in by_arm[arm]]
        if found != list(wanted):
            raise ValueError(f'arm "{arm}" has the replications {found}, not {wanted[0]} to {wanted[-1]}')
    cells = tuple(_all_cells(by_arm))
    source = source_hash()
    return Comparison(
        scenario, by_arm, cells, contrasts_of(cells), result_hash(scenario, source, first), source, tuple(warnings),
        first=first,
    )  # fmt: skip


def _all_cells(by_arm: dict[str, tuple[RunResult, ...]]) -> Iterator[Cell]:
    names = groups(next(iter(by_arm.values()))[0])
    views = {(arm, group): [GroupView(run, group) for run in runs] for arm, runs in by_arm.items() for group in names}
    for metric in METRICS:
        for group in names if metric.scope == "group" else (ALL_VMS,):
            for arm in by_arm:
                seen = views[arm, group]
                values = tuple(metric.value(view) for view in seen)
                yield cell(metric, group, arm, values, (HISTOGRAMS[metric.histogram](view) for view in seen))


def _notes(comparison: Comparison) -> Iterator[str]:
    scenario = comparison.scenario
    if scenario.compressed:
        yield "The time scale is compressed: compare the arms with each other, not the figures with a real night's."
    if comparison.replications < 2:
        yield "One replication gives no interval: nothing here is settled."
    closed = list(dict.fromkeys(vm.group for vm in scenario.vms for w in vm.workloads if w.kind == "closed"))
    if closed and len(comparison.arms) > 1:
        yield (
            f"Closed-loop guests ({', '.join(closed)}) issue fewer I/Os in a slower arm: compare bytes and recovery "
            "points per guest byte written."
        )
    yield from comparison.warnings
