"""A question that ships: what is asked, what one expects, how it is found out, and how to read the picture of it.

Its file holds one `Question`, whose `ask` has scenarios run by a `Lab` and makes an `Answer` of what was `Measured`.
The expectation is held against the figures each time: an answer says whether it held, and by which figures.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from experiments.charts.paper import Identity
from experiments.group_view import ALL_VMS
from experiments.metrics import BY_KEY, HISTOGRAMS, show
from experiments.scenario import Overrides, build
from experiments.study.runner import Failure, Runner
from experiments.study.summary import RunSummary
from experiments.study.work import Run
from models.run import SimulationError
from models.scenario import Arm, Engine, Scenario
from sim.histogram import Histogram, merged
from sim.statistics import Difference, Interval, mean_interval, paired_difference

Level = str | int | float
Place = tuple[Level, ...]
"""One point: its level on each axis, in their order."""

Draw = Callable[[Path, Identity], None]
"""Draws PNG and SVG into a folder."""


class Table(NamedTuple):
    """What becomes a CSV file: one fact a row."""

    columns: tuple[str, ...]
    rows: Sequence[tuple[Level, ...]]


@dataclass(frozen=True)
class Answer:
    """What came of a question."""

    said: str  # two or three sentences, with intervals
    held: bool  # the expectation
    because: str  # the figures that decide about it
    tables: Mapping[str, Table]  # by file name without its ending
    draw: Draw
    replications: int
    compressed: bool = False  # the time scale: minutes stand for hours


@dataclass(frozen=True)
class Question:
    """One question. All texts are whole sentences."""

    name: str  # on the command line
    question: str
    expectation: str
    method: str
    how_to_read: str
    ask: Callable[["Lab"], Answer]


@dataclass(frozen=True)
class Measured:
    """Runs by point, arm and replicate, all with the same random numbers: differences are paired by replicate."""

    axes: tuple[str, ...]
    runs: Mapping[Place, Mapping[Arm, tuple[RunSummary, ...]]]

    def values(self, place: Place, metric: str, arm: Arm = "none", group: str = ALL_VMS) -> tuple[float, ...]:
        """The metric by replicate; nan: undefined."""
        return tuple(run.value(metric, group) for run in self.runs[place][arm])

    def mean(self, place: Place, metric: str, arm: Arm = "none", group: str = ALL_VMS) -> Interval:
        """Its mean over the replications, with the interval."""
        return mean_interval(self.values(place, metric, arm, group))

    def less(self, place: Place, base: Place, metric: str, arm: Arm = "none", group: str = ALL_VMS) -> Difference:
        """The metric at one point less that at another, in the same arm."""
        return paired_difference(self.values(place, metric, arm, group), self.values(base, metric, arm, group))

    def pooled(self, place: Place, histogram: str, arm: Arm, group: str = ALL_VMS) -> Histogram:
        """The histogram (a key of HISTOGRAMS) of all replications together."""
        assert histogram in HISTOGRAMS
        return merged(run.histograms[group][histogram] for run in self.runs[place][arm])

    def table(self, *metrics: str, groups: Sequence[str] = (ALL_VMS,)) -> Table:
        """These metrics of each run; what is undefined, or was not measured for a group, has no row."""
        columns = (*self.axes, "arm", "group", "replicate", "metric", "unit", "value")
        return Table(columns, list(self._rows(metrics, groups)))

    def _rows(self, metrics: Sequence[str], groups: Sequence[str]) -> Iterator[tuple[Level, ...]]:
        for place, arms in self.runs.items():
            for arm, runs in arms.items():
                for replicate, run in enumerate(runs):
                    for group in groups:
                        for key in metrics:
                            value = run.metrics.get(group, {}).get(key, float("nan"))
                            if value == value:
                                yield (*place, arm, group, replicate, key, BY_KEY[key].unit, value)


@dataclass(frozen=True)
class Lab:
    """Where a question has its scenarios run. `quick` asks for a short look, with fewer and smaller runs."""

    runner: Runner
    engine: Engine
    seed: int | None = None  # None: the register's
    quick: bool = False

    def measure(
        self,
        axes: tuple[str, ...],
        scenarios: Mapping[Place, Mapping[str, Any]],
        arms: Sequence[Arm],
        replications: int,
    ) -> Measured:
        """Every point's scenario (keys as in a file) in every arm and replicate.

        Raises SimulationError with every run that failed: an answer with holes in it would be another answer.
        """
        built = {place: build(dict(data), Overrides(seed=self.seed)) for place, data in scenarios.items()}
        runs = [run for place in built for run in _runs(axes, place, built[place], arms, replications, self.engine)]
        outcomes = list(self.runner(runs))
        failed = [one for one in outcomes if isinstance(one, Failure)]
        if failed:
            raise SimulationError("\n".join(f"{one.name}: {one.reason}{_kept(one)}" for one in failed))
        summaries = iter([one for one in outcomes if isinstance(one, RunSummary)])
        return Measured(
            axes,
            {place: {arm: tuple(next(summaries) for _ in range(replications)) for arm in arms} for place in built},
        )


def _kept(failure: Failure) -> str:
    return f"; what it takes to run it again is in {failure.scenario}" if failure.scenario else ""


def _runs(
    axes: tuple[str, ...], place: Place, scenario: Scenario, arms: Sequence[Arm], replications: int, engine: Engine
) -> Iterator[Run]:
    name = ", ".join(f"{axis}={level}" for axis, level in zip(axes, place, strict=True))
    for arm in arms:
        for replicate in range(replications):
            yield Run(name, scenario, arm, replicate, engine)


def around(interval: Interval, unit: str, factor: float = 1.0) -> str:
    """A mean and its interval in words: "4.06 ± 0.06 ms"."""
    return f"{show(interval.mean * factor, interval.half_width * factor)} {unit}".rstrip()
