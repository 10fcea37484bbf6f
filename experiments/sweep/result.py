"""What a sweep comes to: its axes, its points, and each metric of each point in each arm with its interval.

Depends on sweep file, scenario, seed and source alone: not on workers, order of completion, or what a store held.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Literal, NamedTuple

from experiments.compare import Cell, Contrast
from experiments.group_view import ALL_VMS

Stop = Literal["fixed", "settled", "budget"]
"""Why a point got no more replications: as many as were asked for, all that was to be settled is, or the most."""


class Axis(NamedTuple):
    """One thing that a sweep changes."""

    key: str  # its name in the sweep file: "interval"
    label: str  # for a chart: "Backup interval"
    fields: tuple[str, ...]  # of the scenario: all get the value
    unit: str  # of the numbers, for a chart: "s", "IOPS", "" for counts and choices
    log: bool  # drawn on a logarithmic scale


class Level(NamedTuple):
    """One value of an axis: as the scenario file would say it, and as a number in the axis's unit."""

    text: str
    number: float  # of a choice ("mclock"): its place among the axis's choices, from 0


class Point(NamedTuple):
    """One combination of levels, in the order of the axes."""

    name: str  # "interval=30 s, writes=15 iops": unique in its sweep
    levels: tuple[Level, ...]


class PointResult(NamedTuple):
    """What came of one point. Cells and contrasts are over the replications that succeeded in every arm."""

    point: Point
    cells: tuple[Cell, ...]
    contrasts: tuple[Contrast, ...]
    replications: int
    stop: Stop
    unsettled: tuple[str, ...]  # what was to be settled and is not, in words
    warmup_ns: int  # the cut
    warmup_found: bool  # by MSER-5 on a pilot run; False: the scenario's
    replicates: tuple[int, ...] = ()  # which these replications are, in order


class Failed(NamedTuple):
    """A run that has no result."""

    run: str  # its name: "interval=30 s/vadp/3"
    reason: str


@dataclass(frozen=True)
class SweepResult:
    """A whole sweep; `points` in the order of the design."""

    name: str
    title: str
    scenario: str  # its name
    compressed: bool
    seed: int
    hash: str  # ten hex digits that name this result
    source: str
    design: str  # "grid" | "latin hypercube" | "sobol"
    axes: tuple[Axis, ...]
    arms: tuple[str, ...]
    groups: tuple[str, ...]  # ALL_VMS first
    metrics: tuple[str, ...]  # keys, those asked for first in the order of the sweep file
    points: tuple[PointResult, ...]
    failures: tuple[Failed, ...]
    warnings: tuple[str, ...]
    mapped: tuple[str, ...] = (ALL_VMS,)  # VM groups with break-evens and maps: ALL_VMS, and those that the file names

    @cached_property
    def _cells(self) -> dict[tuple[str, str, str, str], Cell]:
        return {(one.point.name, c.metric, c.group, c.arm): c for one in self.points for c in one.cells}

    @cached_property
    def _contrasts(self) -> dict[tuple[str, str, str, str, str], Contrast]:
        return {(one.point.name, c.metric, c.group, c.arm, c.base): c for one in self.points for c in one.contrasts}

    def cell(self, point: str, metric: str, arm: str, group: str = ALL_VMS) -> Cell | None:
        """The metric at the point of this name; None where it has none (all its runs failed, or not of this group)."""
        return self._cells.get((point, metric, group, arm))

    def contrast(self, point: str, metric: str, arm: str, base: str, group: str = ALL_VMS) -> Contrast | None:
        """`arm` less `base` (base stands first in `arms`) at the point of this name; None where there is none."""
        return self._contrasts.get((point, metric, group, arm, base))
