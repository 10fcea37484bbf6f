"""Metrics over replications: a cell for each metric, VM group and arm, and the paired differences between arms.

Shared by comparisons, which have runs, and studies, which have their summaries. Each interval stands for itself at its
level; nothing is corrected for the number of cells.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import combinations
from typing import NamedTuple

from experiments.group_view import ALL_VMS
from experiments.metrics import BY_KEY, Metric
from experiments.study.summary import RunSummary
from models.scenario import Arm
from sim.histogram import Histogram, merged
from sim.statistics import Difference, Interval, mean_interval, paired_difference

LEVEL = 0.95
FEW = 100  # a quantile with fewer I/Os beyond it is hardly known

NAN = float("nan")


class Cell(NamedTuple):
    """One metric of one VM group in one arm, over the replications."""

    metric: str
    group: str
    arm: str
    values: tuple[float, ...]  # by replication; nan: undefined
    interval: Interval
    pooled: float  # a quantile of all replications' I/Os together; nan where the metric is no such quantile
    beyond: int  # I/Os beyond that quantile, all replications together; -1 where the metric is no such quantile

    @property
    def few(self) -> bool:
        """Whether so few I/Os lie beyond the quantile that it is hardly known."""
        return 0 <= self.beyond < FEW


class Contrast(NamedTuple):
    """One metric of one VM group in `arm`, less the same in `base`, paired by replication."""

    metric: str
    group: str
    arm: str
    base: str
    difference: Difference
    better: str  # the arm that is better, if the sign is settled and the metric has a direction; else ''


def cells_of(
    summaries: Mapping[Arm, Sequence[RunSummary]], metrics: Sequence[str], groups: Sequence[str] | None = None
) -> tuple[Cell, ...]:
    """The cells of these metrics: by metric, by group, by arm, each in the order given.

    Replications stand in the same order in every arm. `groups` are all that the runs have unless given. A metric of
    the whole run has cells of ALL_VMS only, and none where that is not among the groups. No runs: no cells.
    """
    first = next((summary for runs in summaries.values() for summary in runs), None)
    if first is None:
        return ()
    return tuple(_cells(summaries, metrics, first.groups if groups is None else groups))


def _cells(
    summaries: Mapping[Arm, Sequence[RunSummary]], metrics: Sequence[str], groups: Sequence[str]
) -> Iterator[Cell]:
    for metric in map(BY_KEY.__getitem__, metrics):
        for group in groups:
            if group != ALL_VMS and metric.scope == "run":
                continue
            for arm, runs in summaries.items():
                values = tuple(run.value(metric.key, group) for run in runs)
                yield cell(metric, group, arm, values, (run.histograms[group][metric.histogram] for run in runs))


def cell(metric: Metric, group: str, arm: str, values: tuple[float, ...], histograms: Iterable[Histogram]) -> Cell:
    """The cell of these values. `histograms` are the replications', asked for only if the metric is their quantile."""
    pooled, beyond = NAN, -1
    if metric.histogram:
        together = merged(histograms)
        pooled, beyond = together.quantile(metric.quantile) / 1e6, together.beyond(metric.quantile)
    return Cell(metric.key, group, arm, values, mean_interval(values, LEVEL), pooled, beyond)


def contrasts_of(cells: Iterable[Cell]) -> tuple[Contrast, ...]:
    """Every two arms of each metric and group, the one that comes first as base."""
    rows: dict[tuple[str, str], list[Cell]] = {}
    for one in cells:
        rows.setdefault((one.metric, one.group), []).append(one)
    return tuple(contrast(arm, base) for arms in rows.values() for base, arm in combinations(arms, 2))


def contrast(arm: Cell, base: Cell) -> Contrast:
    """`arm` less `base`, cells of one metric and group, replication by replication."""
    difference = paired_difference(arm.values, base.values, LEVEL)
    better = _better(BY_KEY[arm.metric].better, difference, arm.arm, base.arm)
    return Contrast(arm.metric, arm.group, arm.arm, base.arm, difference, better)


def _better(direction: str, difference: Difference, arm: str, base: str) -> str:
    if not difference.sign_settled or direction == "neither":
        return ""
    return arm if (difference.interval.mean > 0) == (direction == "high") else base
