"""What a chart is: one question, numbers taken from a comparison, a picture of them, and the same in words."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from experiments.charts.paper import Identity
from models.result import RunResult
from models.scenario import Scenario

if TYPE_CHECKING:
    from matplotlib.figure import Figure


class Compared(Protocol):
    """What charts need of a comparison (`experiments.compare.Comparison` has it)."""

    @property
    def scenario(self) -> Scenario: ...
    @property
    def results(self) -> Mapping[str, tuple[RunResult, ...]]: ...
    @property
    def hash(self) -> str: ...
    @property
    def seed(self) -> int: ...
    @property
    def replications(self) -> int: ...


class Chart(NamedTuple):
    """A kind of chart. `data` gives None where the comparison has nothing to show, and `absent` says why."""

    name: str  # of its files
    question: str  # its title
    how_to_read: str
    absent: str
    data: Callable[[Compared], Any | None]
    draw: Callable[[Any, Identity], "Figure"]
    describe: Callable[[Any], str]  # its alternative text, with the numbers that matter


def identity(comparison: Compared) -> Identity:
    """What every chart of this comparison carries in its corner."""
    scenario = comparison.scenario
    return Identity(
        scenario.name, comparison.hash, comparison.seed, comparison.replications, compressed=scenario.compressed
    )


def grid(count: int, columns: int) -> tuple[int, int]:
    """Rows and columns for `count` panels, at most `columns` beside each other."""
    wide = min(count, columns)
    return -(-count // wide), wide
