"""What a sensitivity study comes to. Depends on its file, scenario, seed and source alone."""

from dataclasses import dataclass
from functools import cached_property
from typing import Literal, NamedTuple

from experiments.sensitivity.indices import Effect
from experiments.sensitivity.schema import Method
from experiments.study.cells import Cell, Contrast
from experiments.sweep.result import Failed

Verdict = Literal["flips", "opens", "settles", "keeps"]
"""What an assumption at an end of its range does to the sign of a difference: turned round, no longer settled, settled
only there, or as it was."""


class Entry(NamedTuple):
    """An assumption that was varied."""

    key: str
    value: str  # the register's
    low: str  # of the range; of a choice: the first and the last
    high: str
    levels: tuple[str, ...]  # that the scan tries: the ends, or all choices
    log: bool
    grade: str
    fields: tuple[str, ...]  # of the scenario


class Scanned(NamedTuple):
    """One assumption at one level, all others as the scenario has them. Key '': the scenario as it is."""

    key: str
    level: str
    cells: tuple[Cell, ...]
    contrasts: tuple[Contrast, ...]  # of the two arms of the verdict only

    @property
    def name(self) -> str:
        return f"{self.key}={self.level}" if self.key else "as it is"


class Moved(NamedTuple):
    """How much an assumption moves a metric: in an arm, or in the difference between the two arms of the verdict."""

    metric: str
    of: str  # an arm, or "vadp - vaio"
    key: str
    effect: Effect


class Turn(NamedTuple):
    """What an assumption at a level does to the verdict by one metric."""

    metric: str
    key: str
    level: str
    verdict: Verdict
    arm: str  # that is better there; '' where that is open
    was: str  # that is better as the scenario is


class Noise(NamedTuple):
    """The share of the variance between points that replications alone explain, of a metric in an arm or difference."""

    metric: str
    of: str
    share: float


class Mixed(NamedTuple):
    """Of the design's points, in which everything varies at once: at how many each arm is better on average."""

    metric: str
    points: int
    better: tuple[int, int]  # of `between`


@dataclass(frozen=True)
class SensitivityResult:
    """A whole study; entries in the file's order."""

    name: str
    title: str
    scenario: str
    compressed: bool
    seed: int
    hash: str
    source: str
    method: Method
    size: int
    replications: int
    arms: tuple[str, ...]
    between: tuple[str, ...]  # the two arms of the verdict, or ()
    group: str
    metrics: tuple[str, ...]
    entries: tuple[Entry, ...]
    scans: tuple[Scanned, ...]  # the scenario as it is first
    moved: tuple[Moved, ...]
    noise: tuple[Noise, ...]
    mixed: tuple[Mixed, ...]
    turns: tuple[Turn, ...]
    runs: int
    failures: tuple[Failed, ...]
    warnings: tuple[str, ...]

    @property
    def difference(self) -> str:
        """What the difference of the verdict is called; '' if there is none."""
        return " - ".join(self.between)

    @cached_property
    def _moved(self) -> dict[tuple[str, str, str], Effect]:
        return {(one.metric, one.of, one.key): one.effect for one in self.moved}

    def effect(self, metric: str, of: str, key: str) -> Effect:
        """Of an arm or of `difference`; KeyError if there is none."""
        return self._moved[metric, of, key]

    def scan(self, key: str, level: str) -> Scanned | None:
        """The scan of an assumption at a level; None where no replication succeeded."""
        return next((one for one in self.scans if (one.key, one.level) == (key, level)), None)
