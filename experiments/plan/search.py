"""Finds the hardest level that fits: bisection with as many replications at each level as its verdict takes.

Levels are numbered from the easiest (0). A level is judged by the Student-t interval of each objective's mean over
replications: it fits when all intervals lie within their limits, does not when one lies beyond its limit, when a run
failed or a figure was undefined; otherwise more replications are made, up to a most, after which it is undecided, and
that counts as not fitting. All levels see the same replicates (common random numbers).

The error of the whole answer is shared out evenly: over the levels that a bisection and two probes can judge, and over
the looks at each. So no level is taken to fit that does not with the confidence asked for, whichever levels were met.
That harder levels fit no better is checked on probes beside the answer; where a verdict speaks against it the levels
are scanned from coarse to fine, and the answer is the last level up to which all judged levels fit. A scan judges more
levels than the error was shared out over: the answer's own confidence says so.
Leaves out: a model of how the figures depend on the level; correlation between levels (the sharing needs none).
"""

import math
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

from experiments.plan.result import Judged, LevelResult, Objective, Verdict, Why
from experiments.sweep.result import Level
from sim.statistics import Interval, mean_interval

NAN = float("nan")
PROBES = 2
MOST_SCANNED = 32
"""Levels that a scan may have judged, those before it included."""


class Sample(NamedTuple):
    """What one replication says of a level: a figure for each objective (nan: undefined), or why there is none."""

    figures: tuple[float, ...]
    failed: str = ""


Measure = Callable[[int, range], Sequence[Sample]]
"""The samples of a level in these replicates, in their order: always the same."""
Beyond = Callable[[int, int], Sequence[int]]
"""Of a level after so many replications: for each objective what lies beyond its quantile, -1: it is none."""


class Found(NamedTuple):
    """What a search comes to; numbers of levels, and all that were judged."""

    best: int  # -1: not even the first
    beyond: int  # as many as there are levels: the last one fits
    judged: tuple[LevelResult, ...]
    contradictions: tuple[str, ...]
    scanned: bool
    confidence: float


@dataclass(frozen=True)
class Rules:
    """How levels are judged. `looks` ascend; `budget`: runs in all (None: no limit)."""

    objectives: tuple[Objective, ...]
    looks: tuple[int, ...]
    confidence: float
    budget: int | None = None

    def error(self, levels: int) -> float:
        """The share of the whole error that one level has."""
        return (1 - self.confidence) / (steps(levels) + PROBES)


def steps(levels: int) -> int:
    """Levels that a bisection judges at most."""
    return math.ceil(math.log2(levels + 1))


class OutOfBudget(Exception):
    """There are not enough runs left for the next look."""


class Search:
    """One search; `spent` are the runs it has asked for so far."""

    def __init__(
        self,
        levels: Sequence[Level],
        rules: Rules,
        measure: Measure,
        beyond: Beyond | None = None,
        tell: Callable[[LevelResult], None] = lambda one: None,
    ) -> None:
        self.levels = levels
        self.rules = rules
        self.measure = measure
        self.beyond = beyond
        self.tell = tell
        self.spent = 0
        self.scanned = False
        self.judged: dict[int, LevelResult] = {}
        self.error = rules.error(len(levels))
        self.low, self.high = -1, len(levels)  # a level that fits, and a harder one that does not

    def run(self) -> Found:
        """The answer. Budget gone: of what was judged until then."""
        with suppress(OutOfBudget):
            self._bisect("bisection")
            self._probe()
        if contradictions := self._contradictions():
            self.scanned = True
            with suppress(OutOfBudget):
                self._scan()
            self.low, self.high = self._bracket()
            contradictions = self._contradictions()
            with suppress(OutOfBudget):
                self._bisect("scan")
        confidence = max(0.0, min(self.rules.confidence, 1 - self.error * len(self.judged)))
        return Found(self.low, self.high, tuple(self.judged.values()), contradictions, self.scanned, confidence)

    def _bisect(self, why: Why) -> None:
        """Nothing lies between the two any more."""
        while self.high - self.low > 1:
            middle = (self.low + self.high) // 2
            if self._judge(middle, why).verdict == "fits":
                self.low = middle
            else:
                self.high = middle

    def _probe(self) -> None:
        """The middle of the widest stretch that is not judged, before the answer and behind it."""
        for first, last in ((0, self.low), (self.high, len(self.levels) - 1)):
            middle = self._widest(first, last)
            if middle is not None:
                self._judge(middle, "probe")

    def _widest(self, first: int, last: int) -> int | None:
        """The middle of the widest stretch from `first` to `last` without a judged level; None if there is none."""
        known = [first - 1, *sorted(index for index in self.judged if first <= index <= last), last + 1]
        gaps = [(before - after, before, after) for before, after in pairwise(known)]
        width, before, after = min(gaps)
        return (before + after) // 2 if -width > 1 else None

    def _scan(self) -> None:
        while len(self.judged) < MOST_SCANNED and (middle := self._widest(0, len(self.levels) - 1)) is not None:
            self._judge(middle, "scan")

    def _bracket(self) -> tuple[int, int]:
        """The last level up to which all judged levels fit, and the next one judged."""
        low = -1
        for index in sorted(self.judged):
            if self.judged[index].verdict != "fits":
                return low, index
            low = index
        return low, len(self.levels)

    def _contradictions(self) -> tuple[str, ...]:
        """Pairs of neighbours, of those that are decided, where the harder level fits and the easier does not."""
        decided = [self.judged[i] for i in sorted(self.judged) if self.judged[i].verdict != "undecided"]
        return tuple(
            f"{harder.level.text} fits and {easier.level.text} does not"
            for easier, harder in pairwise(decided)
            if (easier.verdict, harder.verdict) == ("does not fit", "fits")
        )

    def _judge(self, index: int, why: Why) -> LevelResult:
        if index in self.judged:
            return self.judged[index]
        samples: list[Sample] = []
        looks = self.rules.looks
        for count in looks:
            more = range(len(samples), count)
            if self.rules.budget is not None and self.spent + len(more) > self.rules.budget:
                raise OutOfBudget
            self.spent += len(more)
            samples += self.measure(index, more)
            objectives, verdict = judged(self.rules.objectives, samples, self.error / len(looks))
            if verdict != "undecided":
                break
        if self.beyond is not None:
            numbers = self.beyond(index, len(samples))
            objectives = tuple(one._replace(beyond=n) for one, n in zip(objectives, numbers, strict=True))
        failed = tuple(one.failed for one in samples if one.failed)
        result = LevelResult(
            self.levels[index], index, len(self.judged), why, objectives, verdict, len(samples), failed
        )
        self.judged[index] = result
        self.tell(result)
        return result


def judged(
    objectives: Sequence[Objective], samples: Sequence[Sample], error: float
) -> tuple[tuple[Judged, ...], Verdict]:
    """Each objective, and the level, by these samples; each verdict is wrong with at most the chance `error`."""
    figures = [one.figures for one in samples if not one.failed]
    found = tuple(
        _judged(objective, [figure[i] for figure in figures], error) for i, objective in enumerate(objectives)
    )
    verdicts = [one.verdict for one in found]
    if len(figures) < len(samples) or "does not fit" in verdicts:
        return found, "does not fit"
    return found, "fits" if all(one == "fits" for one in verdicts) else "undecided"


def _judged(objective: Objective, figures: Sequence[float], error: float) -> Judged:
    """By the interval beyond each end of which the mean lies with at most the chance `error`."""
    undefined = sum(math.isnan(figure) for figure in figures)
    interval = mean_interval(figures, 1 - 2 * error)
    verdict: Verdict = "does not fit" if undefined else "undecided"
    margin = NAN
    if figures and not undefined:
        verdict = _verdict(objective, interval)
        room = objective.limit - interval.mean if objective.at_most else interval.mean - objective.limit
        margin = 100 * room / objective.limit if objective.limit else NAN
    return Judged(interval, undefined, -1, verdict, margin)


def _verdict(objective: Objective, interval: Interval) -> Verdict:
    low, high, limit = interval.low, interval.high, objective.limit
    if not objective.at_most:
        low, high, limit = -high, -low, -limit
    return "fits" if high <= limit else "does not fit" if low > limit else "undecided"
