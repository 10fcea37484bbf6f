"""Conducts a plan: one search for each arm and level of the second unknown, each batch of replications one call.

All levels and arms share their random numbers. Verdicts are made on the replications in their order, never on what
came first.
"""

from collections.abc import Callable, Sequence

from experiments.errors import InputError
from experiments.metrics import BY_KEY
from experiments.plan.file import Plan
from experiments.plan.result import Answer, LevelResult, PlanResult
from experiments.plan.search import Found, Rules, Sample, Search
from experiments.study.runner import Failure, Outcome, Runner
from experiments.study.work import Run, study_source
from experiments.sweep.axes import Choice
from experiments.sweep.result import Failed
from models.run import SimulationError
from models.scenario import Arm, Engine, Scenario
from sim.histogram import Histogram, merged

Tell = Callable[[str], None]


class Measurer:
    """Measures levels in one arm, at one level of the second unknown. Keeps histograms of the last level only."""

    def __init__(self, plan: Plan, run: Runner, engine: Engine, arm: Arm, along: Choice | None) -> None:
        self.plan = plan
        self.failures: list[Failed] = []
        self._run = run
        self._engine = engine
        self._arm = arm
        self._along = along
        self._index = -1
        self._scenario: Scenario = plan.first
        self._tails: list[Histogram] = []

    def measure(self, index: int, replicates: range) -> list[Sample]:
        """What these replications say of the level."""
        choice = self.plan.unknown.choices[index]
        if index != self._index:
            self._index, self._scenario = index, self.plan.scenario(choice, self._along)
            self._tails = [Histogram() for _ in self.plan.objectives]
        name = point_name(self.plan, choice, self._along)
        runs = [Run(name, self._scenario, self._arm, replicate, self._engine) for replicate in replicates]
        return [self._sample(outcome) for outcome in self._run(runs)]

    def _sample(self, outcome: Outcome) -> Sample:
        if isinstance(outcome, Failure):
            self.failures.append(Failed(outcome.name, outcome.reason))
            return Sample((), f"{outcome.name}: {outcome.reason}")
        for number, one in enumerate(self.plan.objectives):
            if key := BY_KEY[one.metric].histogram:
                self._tails[number] = merged((self._tails[number], outcome.histograms[one.group][key]))
        return Sample(tuple(outcome.value(one.metric, one.group) for one in self.plan.objectives))

    def beyond(self, _: int, __: int) -> Sequence[int]:
        """What lies beyond the quantile of each objective, in all replications of the last level; -1: no quantile."""
        metrics = [BY_KEY[one.metric] for one in self.plan.objectives]
        return [
            tail.beyond(metric.quantile) if metric.histogram else -1
            for metric, tail in zip(metrics, self._tails, strict=True)
        ]


def point_name(plan: Plan, choice: Choice, along: Choice | None) -> str:
    """The level's name: "vms=24, link=5 MB/s"."""
    parts = [f"{plan.unknown.axis.key}={choice.level.text}"]
    if plan.along is not None and along is not None:
        parts.append(f"{plan.along.axis.key}={along.level.text}")
    return ", ".join(parts)


def conduct(plan: Plan, run: Runner, engine: Engine, tell: Tell = lambda text: None) -> PlanResult:
    """The whole plan, its runs done by `run`. The result does not depend on how, nor on the engine.

    `tell` hears of each level as it is judged. Raises InputError when an objective's figure was never defined, and
    SimulationError when no run has a result.
    """
    answers: list[Answer] = []
    failures: list[Failed] = []
    spent = 0
    others: tuple[Choice | None, ...] = plan.along.choices if plan.along is not None else (None,)
    for arm in plan.arms:
        for other in others:
            measurer = Measurer(plan, run, engine, arm, other)
            levels = [choice.level for choice in plan.unknown.choices]
            left = plan.budget - spent if plan.budget else None
            rules = Rules(plan.objectives, plan.looks, plan.confidence, left)
            named = f"{arm}, {point_name(plan, plan.unknown.choices[0], other).partition(', ')[2]}".rstrip(", ")
            search = Search(
                levels, rules, measurer.measure, measurer.beyond, lambda one, named=named: tell(_said(plan, named, one))
            )
            found = search.run()
            spent += search.spent
            failures += measurer.failures
            answers.append(_answer(found, arm, other, search.spent))
    _defined(plan, answers, failures)
    scenario = plan.first
    return PlanResult(
        name=plan.name,
        title=plan.title,
        scenario=scenario.name,
        compressed=scenario.compressed,
        seed=scenario.run.seed,
        hash=plan.hash,
        source=study_source(),
        unknown=plan.unknown.axis,
        want=plan.want,
        levels=len(plan.unknown.choices),
        along=plan.along.axis if plan.along is not None else None,
        arms=plan.arms,
        objectives=plan.objectives,
        confidence=plan.confidence,
        looks=plan.looks,
        answers=tuple(answers),
        failures=tuple(failures),
        warnings=plan.warnings,
    )


def _said(plan: Plan, named: str, one: LevelResult) -> str:
    """One judged level, in words."""
    where = "" if one.verdict == "fits" or one.failed else f" ({plan.objectives[one.worst].words})"
    where = f" ({len(one.failed)} runs failed)" if one.failed else where
    return f"{named}: {plan.unknown.axis.key}={one.level.text}: {one.verdict} after {one.replications} runs{where}"


def _answer(found: Found, arm: Arm, along: Choice | None, spent: int) -> Answer:
    by_index = {one.index: one for one in found.judged}
    return Answer(
        arm=arm,
        along=along.level if along is not None else None,
        best=by_index.get(found.best),
        beyond=by_index.get(found.beyond),
        closed=found.beyond - found.best == 1,
        judged=found.judged,
        contradictions=found.contradictions,
        scanned=found.scanned,
        confidence=found.confidence,
        runs=spent,
    )


def _defined(plan: Plan, answers: Sequence[Answer], failures: Sequence[Failed]) -> None:
    """Raises if no run has a result, or an objective's figure was undefined in all of them, in every arm."""
    judged = [one for answer in answers for one in answer.judged]
    if judged and all(len(one.failed) == one.replications for one in judged):
        raise SimulationError(f"every run failed, the first one, {failures[0].run}: {failures[0].reason}")
    unjudged = {answer.arm for answer in answers if not answer.judged}
    mistakes = [
        f"{place}: is undefined in every run of every level ({plan.objectives[number].words}): no such thing happens "
        f"in {'these arms' if len(plan.arms) > 1 else 'this arm'} ({', '.join(plan.arms)}), or none of it is observed"
        for number, place in enumerate(plan.places)
        if judged and not unjudged and not any(one.objectives[number].interval.n for one in judged)
    ]
    if mistakes:
        raise InputError(mistakes)
