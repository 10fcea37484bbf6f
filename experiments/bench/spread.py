"""A figure of several rounds: its median, and the lowest and highest; and what the project wants of some of them."""

from collections.abc import Iterable
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True)
class Spread:
    """Of all rounds."""

    median: float
    low: float
    high: float


@dataclass(frozen=True)
class Target:
    """At least `wanted` is wanted of that figure."""

    what: str
    wanted: float
    found: float

    @property
    def hit(self) -> bool:
        return self.found >= self.wanted


def spread(values: Iterable[float]) -> Spread:
    """Median, lowest and highest; at least one value."""
    all_of_them = list(values)
    return Spread(median(all_of_them), min(all_of_them), max(all_of_them))
