"""What a study keeps of a run: its metrics by VM group and the histograms its quantiles are pooled from.

Its size does not depend on the number of I/Os. The text is canonical JSON: equal summaries have equal bytes, floats in
their shortest form that reads back as the same number, and an undefined figure is null.
"""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from experiments.group_view import ALL_VMS, GroupView, groups
from experiments.metrics import HISTOGRAMS, METRICS
from models.result import RunResult
from sim.histogram import Histogram

NAN = float("nan")


@dataclass(frozen=True)
class RunSummary:
    """One run's figures. `groups` are ALL_VMS, then the VM groups in the scenario's order."""

    metrics: Mapping[str, Mapping[str, float]]  # by group, by metric key; nan: undefined. Run-wide ones: ALL_VMS only
    histograms: Mapping[str, Mapping[str, Histogram]]  # by group, by key of `experiments.metrics.HISTOGRAMS`

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
        return json.dumps({"groups": groups}, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def summary_of(result: RunResult) -> RunSummary:
    """The figures of one run."""
    views = {group: GroupView(result, group) for group in groups(result)}
    return RunSummary(
        {
            group: {m.key: float(m.value(view)) for m in METRICS if m.scope == "group" or group == ALL_VMS}
            for group, view in views.items()
        },
        {group: {key: histogram(view) for key, histogram in HISTOGRAMS.items()} for group, view in views.items()},
    )


def read(text: str) -> RunSummary:
    """The summary whose `text` this is."""
    parts = json.loads(text)["groups"]
    return RunSummary(
        {
            part["name"]: {key: NAN if value is None else value for key, value in part["metrics"].items()}
            for part in parts
        },
        {part["name"]: {key: _histogram(one) for key, one in part["histograms"].items()} for part in parts},
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
