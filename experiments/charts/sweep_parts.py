"""What the charts of a sweep share: levels, the part of a design that is shown, titles, and axes that speak of levels.

Charts of a sweep are made of its `SweepResult` alone.
"""

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from experiments.charts import palette, paper
from experiments.charts.paper import Identity
from experiments.group_view import ALL_VMS
from experiments.metrics import BY_KEY, Metric
from experiments.sweep.result import Axis, Level, PointResult, SweepResult
from experiments.sweep.verdict import shown_metrics

MOST_METRICS = 4  # that charts are drawn of: the first of those asked for, or of the usual headlines
MANY = 8  # more levels than this get round numbers at the axis instead of their own
LOG_FROM = 30  # values that span more than this ratio are drawn on a logarithmic scale


class Choice(NamedTuple):
    """A metric, by its key, of a VM group."""

    key: str
    group: str

    @property
    def metric(self) -> Metric:
        return BY_KEY[self.key]

    @property
    def label(self) -> str:
        return self.metric.label if self.group == ALL_VMS else f"{self.metric.label}, {self.group}"

    @property
    def whose(self) -> tuple[str, ...]:
        """The group, for a file's name; nothing for all VMs."""
        return () if self.group == ALL_VMS else (self.group,)

    @property
    def title(self) -> str:
        return f"{self.label} [{self.metric.unit}]" if self.metric.unit else self.label


def choices(result: SweepResult, group: str = ALL_VMS) -> tuple[Choice, ...]:
    """The first metrics asked for that `group` has and that are defined at some point."""
    found = [Choice(key, group) for key in shown_metrics(result)[:MOST_METRICS]]
    return tuple(one for one in found if any(_known(result, point, one) for point in result.points))


def _known(result: SweepResult, point: PointResult, choice: Choice) -> bool:
    cells = (result.cell(point.point.name, choice.metric.key, arm, choice.group) for arm in result.arms)
    return any(cell is not None and cell.interval.n > 0 for cell in cells)


def pair(result: SweepResult) -> tuple[str, str] | None:
    """(arm, base) whose difference matters most: VAIO less VADP, else the second arm less the first; None for one."""
    if {"vadp", "vaio"} <= set(result.arms):
        base, arm = sorted(("vadp", "vaio"), key=result.arms.index)
        return arm, base
    return (result.arms[1], result.arms[0]) if len(result.arms) > 1 else None


def levels(result: SweepResult, axis: int) -> tuple[Level, ...]:
    """The levels of the axis that occur, ascending."""
    return tuple(sorted(dict.fromkeys(one.point.levels[axis] for one in result.points), key=lambda level: level.number))


def middle(result: SweepResult, free: Sequence[int]) -> dict[int, Level]:
    """The middle level of every axis that is not `free`; nothing for designs without a grid, where nothing repeats."""
    if result.design != "grid":
        return {}
    held = [number for number in range(len(result.axes)) if number not in free]
    return {number: (found := levels(result, number))[len(found) // 2] for number in held}


def where(result: SweepResult, held: Mapping[int, Level]) -> tuple[PointResult, ...]:
    """The points at these levels, in the order of the design."""
    return tuple(one for one in result.points if all(one.point.levels[n] == level for n, level in held.items()))


def spread(found: Sequence[Level], most: int) -> tuple[Level, ...]:
    """At most `most` of the levels, both ends among them."""
    places = np.unique(np.linspace(0, len(found) - 1, min(most, len(found))).round().astype(int))
    return tuple(found[place] for place in places)


def held_text(result: SweepResult, held: Mapping[int, Level]) -> str:
    """ "at writes 15 iops, VMs 8", or '' where nothing is held."""
    parts = [f"{in_sentence(result.axes[number].label)} {level.text}" for number, level in held.items()]
    return "at " + ", ".join(parts) if parts else ""


def sentence(*parts: str) -> str:
    """The parts that are not empty, as one subtitle."""
    return "; ".join(part for part in parts if part)


def in_sentence(label: str) -> str:
    """The label as it stands within a sentence: "Backup interval" with a small b, but GAVG as it is."""
    return label[:1].lower() + label[1:] if label[1:2].islower() else label


def file_name(*parts: str) -> str:
    """A name for files, of letters, digits and dashes."""
    return re.sub(r"[^a-z0-9_]+", "-", "-".join(parts).lower()).strip("-")


def whose(group: str) -> str:
    """The group, for a subtitle."""
    return "all VMs together" if group == ALL_VMS else f"VM group {group}"


def is_choice(axis: Axis, found: Sequence[Level]) -> bool:
    """Whether the levels are words ("mclock") rather than quantities: then their numbers are but places."""
    return not axis.unit and any(_number(level.text) != level.number for level in found)


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan


def ticks(axis: Axis, found: Sequence[Level]) -> list[str]:
    """What stands at the levels of an axis: the numbers, for the unit is in its label; words as they are."""
    words = is_choice(axis, found)
    return [level.text if words else f"{level.number:,.6g}" for level in found]


def label(axis: Axis) -> str:
    """An axis's label with its unit."""
    return f"{axis.label} [{axis.unit}]" if axis.unit else axis.label


def scale_axis(line: Any, axis: Axis, found: Sequence[Level]) -> None:
    """Gives a matplotlib axis the scale and ticks of the sweep's axis."""
    numbers = [level.number for level in found]
    words = is_choice(axis, found)
    if axis.log and not words and numbers[0] > 0:
        line.axes.set(**{f"{line.axis_name}scale": "log"})
    if words or len(found) <= MANY:
        line.set_ticks(numbers, ticks(axis, found))
        line.set_ticks([], minor=True)
    elif axis.log:
        paper.plain_log(line)
    line.set_label_text(label(axis))


def value_axis(line: Any, values: Sequence[float], metric: Metric) -> None:
    """Gives a matplotlib axis the scale of the metric's values: logarithmic where they span much."""
    known = [value for value in values if not math.isnan(value)]
    if not known:
        return
    low, high = min(known), max(known)
    if low > 0 and high > LOG_FROM * low:
        line.axes.set(**{f"{line.axis_name}scale": "log", f"{line.axis_name}lim": (low / 1.4, high * 1.4)})
        (paper.latency_axis if metric.unit == "ms" else paper.plain_log)(line)
    elif low >= 0 and low < 0.7 * high:
        line.axes.set(**{f"{line.axis_name}lim": (0, high * 1.08)})


def arms_shown(result: SweepResult, found: Sequence[Choice]) -> tuple[str, ...]:
    """The arms in which one of the metrics is defined somewhere."""
    return tuple(
        arm
        for arm in result.arms
        if any(
            (cell := result.cell(one.point.name, choice.metric.key, arm, choice.group)) and cell.interval.n
            for choice in found
            for one in result.points
        )
    )


def arm_label(arm: str) -> str:
    """How people call the arm."""
    return palette.ARM_LABEL[arm]


def identity(result: SweepResult) -> Identity:
    """What every chart of the sweep carries in its corner."""
    numbers = [one.replications for one in result.points if one.replications] or [0]
    return Identity(result.name, result.hash, result.seed, min(numbers), result.compressed, max(numbers))
