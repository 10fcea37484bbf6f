"""Conducts a sweep: rounds of runs over all points that need more, until each has what was asked for.

All arms and points share their random numbers: the same replicate of each sees the same draws, so that differences are
paired. A round asks the runner for all of its runs at once. Whether a point is settled is decided on its replications
in order, never on what came first; a replicate in which an arm failed leaves the pairs of its point, in all arms.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from experiments.scenario.identity import identity
from experiments.study.cells import cells_of, contrasts_of
from experiments.study.runner import Failure, Outcome
from experiments.study.sequential import Replication, unsettled
from experiments.study.summary import RunSummary
from experiments.study.work import Run, study_source
from experiments.sweep.file import Sweep
from experiments.sweep.result import Failed, PointResult, Stop, SweepResult
from models.scenario import Arm, Engine, Scenario
from sim.units import human_time

Do = Callable[[Sequence[Run]], Sequence[Outcome]]
"""What gets runs done: `experiments.study.runner.Runner` is one."""
NOTHING = "no replication succeeded in every arm"


@dataclass
class _Course:
    """How far a point has come."""

    index: int
    scenario: Scenario
    warmup_found: bool = False
    done: int = 0  # replications
    rounds: list[Sequence[Outcome]] = field(default_factory=list)  # by replicate, by arm
    stop: Stop | None = None
    unsettled: tuple[str, ...] = ()
    widest: float = 0.0  # of the intervals looked at: half-width by mean

    def summaries(self, arms: Sequence[Arm]) -> tuple[dict[Arm, list[RunSummary]], tuple[int, ...]]:
        """By arm, the replications that succeeded in every arm; which these are."""
        kept: dict[Arm, list[RunSummary]] = {arm: [] for arm in arms}
        numbers = []
        for replicate, row in enumerate(self._rows(len(arms))):
            found = [one for one in row if isinstance(one, RunSummary)]
            if len(found) == len(arms):
                numbers.append(replicate)
                for arm, one in zip(arms, found, strict=True):
                    kept[arm].append(one)
        return kept, tuple(numbers)

    def failures(self) -> Iterator[Failed]:
        for outcomes in self.rounds:
            for one in outcomes:
                if isinstance(one, Failure):
                    yield Failed(one.name, one.reason)

    def _rows(self, arms: int) -> Iterator[list[Outcome]]:
        for outcomes in self.rounds:
            for start in range(0, len(outcomes), arms):
                yield list(outcomes[start : start + arms])


def conduct(sweep: Sweep, run: Do, engine: Engine, tell: Callable[[str], None] = lambda note: None) -> SweepResult:
    """The whole sweep, its runs done by `run`. The result does not depend on how, nor on the engine.

    `tell` hears between rounds what is open, in words for a progress display.
    """
    courses = [_Course(index, scenario) for index, scenario in enumerate(sweep.scenarios)]
    warnings = list(sweep.warnings)
    spent = 0
    if sweep.pilots:
        spent = len(courses) * len(sweep.arms)
        for course, warmed in zip(courses, pilots(sweep, range(len(courses)), run, engine), strict=True):
            course.scenario, course.warmup_found = warmed.scenario, not warmed.problem
            warnings += [warmed.problem] if warmed.problem else []
    while going := [course for course in courses if course.stop is None]:
        wanted = _next(sweep.replication, going, len(sweep.arms), sweep.budget - spent if sweep.budget else None)
        spent += sum(wanted.values()) * len(sweep.arms)
        _round(sweep, courses, wanted, run, engine)
        for course in going:
            _look(sweep, course, wanted[course.index])
        tell(_note(going))
        if sweep.budget and sweep.budget - spent < len(sweep.arms):
            _close(going)
    return _result(sweep, courses, warnings)


def _note(going: Sequence[_Course]) -> str:
    left = [course for course in going if course.stop is None]
    widest = max((course.widest for course in left), default=0.0)
    return f"{len(left)} points open, widest interval ± {100 * widest:.2g} %" if left else ""


def _close(going: Sequence[_Course]) -> None:
    """No run is left in the budget."""
    for course in going:
        course.stop = course.stop or "budget"


def _next(plan: Replication, going: Sequence[_Course], arms: int, left: int | None) -> dict[int, int]:
    """By point, how many more replications the next round makes; what is left of a budget is shared evenly."""
    wanted = {course.index: plan.next_count(course.done) - course.done for course in going}
    if left is None or sum(wanted.values()) * arms <= left:
        return wanted
    shared, over = divmod(left // arms, len(going))
    given = {}
    for place, course in enumerate(going):
        given[course.index] = min(wanted[course.index], shared + (place < over))
    return given


def _round(sweep: Sweep, courses: Sequence[_Course], wanted: dict[int, int], run: Do, engine: Engine) -> None:
    runs: list[Run] = []
    ends: list[tuple[_Course, int, int]] = []
    for index, more in wanted.items():
        course, start = courses[index], len(runs)
        runs += [
            Run(sweep.points[index].name, course.scenario, arm, replicate, engine)
            for replicate in range(course.done, course.done + more)
            for arm in sweep.arms
        ]
        ends.append((course, start, len(runs)))
        course.done += more
    outcomes = run(runs)
    for course, start, end in ends:
        course.rounds.append(outcomes[start:end])


def _look(sweep: Sweep, course: _Course, more: int) -> None:
    """Whether the point gets more replications, by those it has."""
    plan = sweep.replication
    if not plan.sequential:
        course.stop = "fixed"
        return
    summaries, numbers = course.summaries(sweep.arms)
    metrics = tuple(dict.fromkeys(target.metric for target in plan.targets))
    cells = cells_of(summaries, metrics)
    ratios = (abs(cell.interval.half_width / cell.interval.mean) for cell in cells if cell.interval.mean)
    course.widest = max((ratio for ratio in ratios if not math.isnan(ratio)), default=0.0)
    course.unsettled = unsettled(plan, cells, contrasts_of(cells)) if numbers else (NOTHING,)
    if not course.unsettled:
        course.stop = "settled"
    elif course.done >= plan.most or not more or not numbers:
        course.stop = "budget"


class Warmed(NamedTuple):
    """A point's scenario with its warm-up; the scenario's own where there is a problem with finding one."""

    scenario: Scenario
    problem: str


def pilots(sweep: Sweep, points: Sequence[int], run: Do, engine: Engine) -> list[Warmed]:
    """Each of these points with the warm-up that MSER-5 finds in a pilot of each arm: the longest, in whole intervals.

    A pilot is replicate 0 without a warm-up.
    """
    runs = [
        Run(f"{sweep.points[index].name}, pilot", _with_warmup(sweep.scenarios[index], 0), arm, 0, engine)
        for index in points
        for arm in sweep.arms
    ]
    outcomes, arms = run(runs), len(sweep.arms)
    return [
        _warmed(sweep.points[index].name, sweep.scenarios[index], outcomes[place * arms : (place + 1) * arms])
        for place, index in enumerate(points)
    ]


def _warmed(point: str, scenario: Scenario, outcomes: Sequence[Outcome]) -> Warmed:
    found = [one for one in outcomes if isinstance(one, RunSummary)]
    own = f"its warm-up is the scenario's, {human_time(scenario.run.warmup_ns)}"
    if len(found) < len(outcomes):
        return Warmed(scenario, f"{point}: a pilot run failed, {own}")
    if not all(one.settled for one in found):
        return Warmed(scenario, f"{point}: MSER-5 finds no end of the warm-up in the first half of the run, {own}")
    interval = scenario.run.interval_ns
    return Warmed(_with_warmup(scenario, -(-max(one.cut_ns for one in found) // interval) * interval), "")


def _with_warmup(scenario: Scenario, warmup_ns: int) -> Scenario:
    return identity(replace(scenario, run=replace(scenario.run, warmup_ns=warmup_ns)))


def _result(sweep: Sweep, courses: Sequence[_Course], warnings: Sequence[str]) -> SweepResult:
    first = sweep.scenarios[0]
    return SweepResult(
        name=sweep.name,
        title=sweep.title,
        scenario=first.name,
        compressed=first.compressed,
        seed=sweep.seed,
        hash=sweep.hash,
        source=study_source(),
        design=sweep.design,
        axes=sweep.axes,
        arms=sweep.arms,
        groups=sweep.groups,
        metrics=sweep.metrics,
        points=tuple(_point(sweep, course) for course in courses),
        failures=tuple(failure for course in courses for failure in course.failures()),
        warnings=tuple(warnings),
        mapped=sweep.mapped,
    )


def _point(sweep: Sweep, course: _Course) -> PointResult:
    summaries, numbers = course.summaries(sweep.arms)
    cells = cells_of(summaries, sweep.metrics, sweep.groups)
    return PointResult(
        point=sweep.points[course.index],
        cells=cells,
        contrasts=contrasts_of(cells),
        replications=len(numbers),
        stop=course.stop or "fixed",
        unsettled=course.unsettled,
        warmup_ns=course.scenario.run.warmup_ns,
        warmup_found=course.warmup_found,
        replicates=numbers,
    )
