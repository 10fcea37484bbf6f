"""What a plan comes to: each level that was judged, objective by objective, and the last one that fits.

Depends on plan file, scenario, seed and source alone: not on workers, order of completion, or what a store held.
"""

from dataclasses import dataclass
from typing import Literal, NamedTuple

from experiments.sweep.result import Axis, Failed, Level
from sim.statistics import Interval

Verdict = Literal["fits", "does not fit", "undecided"]
"""Of an objective at a level, and of a level. Undecided: the most replications were made and the interval still holds
the limit; it counts as not fitting."""

Why = Literal["bisection", "probe", "scan"]
"""What a level was judged for."""


class Objective(NamedTuple):
    """One thing that must hold: a metric's mean over replications on one side of a limit."""

    metric: str  # its key
    group: str
    label: str  # "Guest write latency p99"
    unit: str  # of limit and figures: the metric's
    at_most: bool  # False: at least
    limit: float
    text: str  # the limit as the plan says it: "10 ms"

    @property
    def words(self) -> str:
        """ "Guest write latency p99 of vdi at most 10 ms"."""
        of = "" if self.group == "all VMs" else f" of {self.group}"
        return f"{self.label}{of} at {'most' if self.at_most else 'least'} {self.text}"


class Judged(NamedTuple):
    """One objective at one level."""

    interval: Interval  # of the mean over replications, at the level at which it was judged; nan where undefined
    undefined: int  # replications in which the metric is undefined: each fails the objective
    beyond: int  # of a quantile: I/Os (or stuns) beyond it, all replications together; -1: no quantile
    verdict: Verdict
    margin: float  # % of the limit that is left, negative beyond it; nan where undefined or the limit is 0

    @property
    def few(self) -> bool:
        """Whether so few lie beyond the quantile that it is hardly known."""
        return 0 <= self.beyond < 100

    @property
    def constant(self) -> bool:
        """Whether it was the same in all replications: the interval has no width, and is no proof of "never"."""
        return self.interval.n > 1 and self.interval.low == self.interval.high


class LevelResult(NamedTuple):
    """One level, judged."""

    level: Level
    index: int  # among the levels, the easiest is 0
    order: int  # when it was judged, the first is 0
    why: Why
    objectives: tuple[Judged, ...]  # as PlanResult.objectives
    verdict: Verdict
    replications: int
    failed: tuple[str, ...]  # replications without a result, in words; one is enough for "does not fit"

    @property
    def worst(self) -> int:
        """The objective with the least margin: it binds. An undefined one, or one at a limit of 0 that fails, first."""
        return min(range(len(self.objectives)), key=lambda i: _slack(self.objectives[i]))


def _slack(judged: Judged) -> tuple[int, float]:
    """How far from failing: the verdict first, then the margin."""
    rank = ("does not fit", "undecided", "fits").index(judged.verdict)
    if judged.undefined:
        return rank, float("-inf")
    if judged.margin != judged.margin:  # a limit of 0 has no margin in %
        return rank, float("-inf") if judged.verdict != "fits" else float("inf")
    return rank, judged.margin


class Answer(NamedTuple):
    """How much fits in one arm, at one level of what else varies."""

    arm: str
    along: Level | None  # of the second unknown; None: there is none
    best: LevelResult | None  # the last that fits; None: not even the first was shown to
    beyond: LevelResult | None  # the first judged after it: not shown to fit; None: the last level fits
    closed: bool  # nothing lies between the two: the answer is exact to one step
    judged: tuple[LevelResult, ...]  # in the order of the search
    contradictions: tuple[str, ...]  # signs against "harder levels fit no better", in words; empty: none was found
    scanned: bool  # they made the search go through the levels
    confidence: float  # that no level was taken to fit which does not
    runs: int

    @property
    def binding(self) -> int | None:
        """The objective that ends it: the one with the least margin beyond the answer, or at it if all fits."""
        at = self.beyond or self.best
        return None if at is None or not at.objectives else at.worst

    @property
    def by_level(self) -> tuple[LevelResult, ...]:
        """The judged levels, the easiest first."""
        return tuple(sorted(self.judged, key=lambda one: one.index))


@dataclass(frozen=True)
class PlanResult:
    """A whole plan; answers by arm, then by level of the second unknown."""

    name: str
    title: str
    scenario: str  # its name
    compressed: bool
    seed: int
    hash: str  # ten hex digits that name this result
    source: str
    unknown: Axis
    want: Literal["most", "least"]
    levels: int  # how many there are from the first to the last
    along: Axis | None
    arms: tuple[str, ...]
    objectives: tuple[Objective, ...]
    confidence: float  # asked for, of each answer
    looks: tuple[int, ...]  # replications after which a level is looked at
    answers: tuple[Answer, ...]
    failures: tuple[Failed, ...]
    warnings: tuple[str, ...]
