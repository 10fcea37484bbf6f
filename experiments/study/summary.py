"""What a study keeps of a run: its metrics by VM group, the histograms its quantiles are pooled from, its warm-up.

Its size does not depend on the number of I/Os. The text is canonical JSON: equal summaries have equal bytes, floats in
their shortest form that reads back as the same number, and an undefined figure is null.
"""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

from experiments.group_view import ALL_VMS, GroupView, groups
from experiments.metrics import HISTOGRAMS, METRICS
from models.result import RunResult
from sim.histogram import Histogram
from sim.warmup import mser5

NAN = float("nan")


@dataclass(frozen=True)
class RunSummary:
    """One run's figures. `groups` are ALL_VMS, then the VM groups in the scenario's order."""

    metrics: Mapping[str, Mapping[str, float]]  # by group, by metric key; nan: undefined. Run-wide ones: ALL_VMS only
    histograms: Mapping[str, Mapping[str, Histogram]]  # by group, by key of `experiments.metrics.HISTOGRAMS`
    cut_ns: int = 0  # until when the run warmed up, by MSER-5 on what it recorded (see `warmed_up`)
    settled: bool = False  # whether it had warmed up by then

    @property
    def groups(self) -> tuple[str, ...]:
        return tuple(self.metrics)

    def value(self, metric: str, group: str = ALL_VMS) -> float:
        """The figure with this key; KeyError if there is none of it for the group."""
        return self.metrics[group][metric]

    @cached_property
    def text(self) -> str:
        """What `read` makes the same summary of."""
        groups = [
            {
                "name": group,
                "metrics": {key: None if math.isnan(value) else value for key, value in metrics.items()},
                "histograms": {key: _plain(one) for key, one in self.histograms[group].items()},
            }
            for group, metrics in self.metrics.items()
        ]
        whole = {"cut_ns": self.cut_ns, "settled": self.settled, "groups": groups}
        return json.dumps(whole, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def summary_of(result: RunResult) -> RunSummary:
    """The figures of one run."""
    views = {group: GroupView(result, group) for group in groups(result)}
    cut = warmed_up(result)
    return RunSummary(
        {
            group: {m.key: float(m.value(view)) for m in METRICS if m.scope == "group" or group == ALL_VMS}
            for group, view in views.items()
        },
        {group: {key: histogram(view) for key, histogram in HISTOGRAMS.items()} for group, view in views.items()},
        cut.t_ns,
        cut.settled,
    )


class Warmth(NamedTuple):
    """Until when a run warmed up, from its start, and whether it had warmed up by then."""

    t_ns: int
    settled: bool


def warmed_up(result: RunResult) -> Warmth:
    """The MSER-5 cut of the guests' mean latency by interval, all VMs together, from the run's start.

    Whatever warm-up the scenario sets is not cut before. Intervals in which no I/O was delivered, or that lie outside
    observe windows in part, have no mean and are left out: the cut is the start of the first interval to keep.
    """
    sums: dict[int, tuple[int, int]] = {}
    for row in result.intervals:
        if row.observed and row.latency.count:
            total, count = sums.get(row.t_ns, (0, 0))
            sums[row.t_ns] = total + row.latency.total, count + row.latency.count
    times = sorted(sums)
    cut = mser5([sums[t][0] / sums[t][1] for t in times])
    return Warmth(times[cut.index] if cut.index else 0, cut.settled)


def read(text: str) -> RunSummary:
    """The summary whose `text` this is."""
    whole = json.loads(text)
    parts = whole["groups"]
    return RunSummary(
        {
            part["name"]: {key: NAN if value is None else value for key, value in part["metrics"].items()}
            for part in parts
        },
        {part["name"]: {key: _histogram(one) for key, one in part["histograms"].items()} for part in parts},
        whole["cut_ns"],
        whole["settled"],
    )


def _plain(histogram: Histogram) -> list[Any]:
    """Total, extremes, then bucket and count by turns, ascending."""
    buckets = [number for bucket in sorted(histogram.buckets) for number in (bucket, histogram.buckets[bucket])]
    return [histogram.total, histogram.minimum, histogram.maximum, *buckets]


def _histogram(plain: list[int]) -> Histogram:
    made = Histogram()
    made.total, made.minimum, made.maximum = plain[:3]
    made.buckets = dict(zip(plain[3::2], plain[4::2], strict=True))
    made.count = sum(made.buckets.values())
    return made
