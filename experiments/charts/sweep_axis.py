"""Chart: metrics against one axis of a sweep, a line with its interval for each arm.

On a grid a second axis gives columns of panels (four of its levels at most, both ends among them) and further axes stay
at their middle level. A random design has no two points at one level: all its points are shown, without lines, and the
subtitle says that the other axes vary as well. Left out: metrics and VM groups after
the first four.
"""

import math
from typing import TYPE_CHECKING, NamedTuple

from experiments.charts import palette, paper
from experiments.charts.paper import Identity
from experiments.charts.sheets import Sheet
from experiments.charts.sweep_parts import (
    Choice,
    arm_label,
    arms_shown,
    choices,
    file_name,
    held_text,
    in_sentence,
    levels,
    middle,
    scale_axis,
    sentence,
    spread,
    value_axis,
    where,
    whose,
)
from experiments.group_view import ALL_VMS
from experiments.metrics import show
from experiments.sweep.result import Axis, Level, PointResult, SweepResult

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLUMNS = 4
GROUPS = 4
ALONE = 3  # panels beside each other where there is no second axis
HOW_TO_READ = (
    "Each panel is a metric, each line a protection; the ribbon is the 95 % interval over replications. These share "
    "their random numbers between the lines, so lines may differ although their ribbons overlap: charts and tables of "
    "the paired difference say whether they do. A hollow mark is a point where the precision that was asked for was "
    "not reached, a cross a quantile with fewer than 100 I/Os beyond it: hardly known."
)


class Mark(NamedTuple):
    """One point's metric in one arm; `low` and `high` are nan for a single replication."""

    x: float
    mean: float
    low: float
    high: float
    few: bool  # I/Os beyond the quantile
    settled: bool


class Line(NamedTuple):
    arm: str
    marks: tuple[Mark, ...]  # by x


class Panel(NamedTuple):
    choice: Choice
    title: str  # the second axis's level, or ''
    lines: tuple[Line, ...]


class Picture(NamedTuple):
    """What is drawn: panels row by row."""

    axis: Axis
    levels: tuple[Level, ...]
    joined: bool  # points lie on lines: nothing but the axis varies along one
    columns: int
    panels: tuple[Panel, ...]
    arms: tuple[str, ...]
    subtitle: str


def data(result: SweepResult, axis: int, group: str = ALL_VMS) -> Picture | None:
    """The first metrics asked for against the axis with this number; None where none is defined for the group."""
    found = choices(result, group)
    if not found:
        return None
    grid = result.design == "grid"
    other = _columns_axis(result, axis) if grid else None
    free = [axis] if other is None else [axis, other]
    held = middle(result, free)
    across = [None] if other is None else list(spread(levels(result, other), COLUMNS))
    arms = arms_shown(result, found)
    panels = []
    for choice in found:
        for level in across:
            extra = {} if other is None or level is None else {other: level}
            points = sorted(where(result, held | extra), key=lambda one: one.point.levels[axis].number)
            title = f"{result.axes[other].label} {level.text}" if other is not None and level is not None else ""
            panels.append(Panel(choice, title, tuple(_line(result, arm, choice, axis, points) for arm in arms)))
    columns = len(across) if other is not None else 2 if len(found) == 4 else min(len(found), ALONE)
    varied = "" if grid or len(result.axes) < 2 else "all points of the design, in which the other axes vary as well"
    subtitle = sentence(f"Over {in_sentence(result.axes[axis].label)}", held_text(result, held), varied, whose(group))
    return Picture(result.axes[axis], levels(result, axis), grid or len(result.axes) == 1, columns, tuple(panels), arms,
                   subtitle)  # fmt: skip


def _columns_axis(result: SweepResult, axis: int) -> int | None:
    """The axis whose levels make columns: the first other one that has several."""
    others = (number for number in range(len(result.axes)) if number != axis and len(levels(result, number)) > 1)
    return next(others, None)


def _line(result: SweepResult, arm: str, choice: Choice, axis: int, points: list[PointResult]) -> Line:
    marks = []
    for one in points:
        cell = result.cell(one.point.name, choice.metric.key, arm, choice.group)
        if cell is not None and cell.interval.n:
            where_, (mean, low, high, _, _) = one.point.levels[axis].number, cell.interval
            marks.append(Mark(where_, mean, low, high, cell.few, not one.unsettled))
    return Line(arm, tuple(marks))


def _draw_line(axes: "Axes", line: Line, joined: bool) -> None:
    colour, x = palette.ARM_COLOUR[line.arm], [mark.x for mark in line.marks]
    mean = [mark.mean for mark in line.marks]
    if joined:
        bottom = axes.get_ylim()[0] if axes.get_yscale() == "log" else -math.inf
        low, high = [max(mark.low, bottom) for mark in line.marks], [mark.high for mark in line.marks]
        axes.fill_between(x, low, high, color=colour, alpha=0.18, linewidth=0)
        axes.plot(x, mean, color=colour, linewidth=palette.ARM_WIDTH[line.arm])
    else:
        half = [0.0 if math.isnan(mark.low) else mark.mean - mark.low for mark in line.marks]
        axes.errorbar(x, mean, yerr=half, fmt="none", ecolor=colour, elinewidth=0.8, alpha=0.6)
    for mark in line.marks:
        axes.plot(
            mark.x, mark.mean, "o", color=colour, markersize=5, markerfacecolor=colour if mark.settled else "white"
        )
        if mark.few:
            axes.plot(mark.x, mark.mean, "x", color=palette.BLACK, markersize=6, markeredgewidth=1)


def _entries(picture: Picture) -> list[paper.Entry]:
    marks = [mark for panel in picture.panels for line in panel.lines for mark in line.marks]
    entries = paper.arm_entries(picture.arms)
    if any(not mark.settled for mark in marks):
        entries.append((paper.hollow(palette.GREY), "not settled"))
    if any(mark.few for mark in marks):
        entries.append((paper.stroke(palette.BLACK, "", marker="x"), "fewer than 100 I/Os beyond the quantile"))
    return entries


def draw(picture: Picture, question: str, identity: Identity) -> "Figure":
    """The figure."""
    rows = -(-len(picture.panels) // picture.columns)
    height = 0.3 + (3.4 if rows == 1 else 2.3 * rows)
    figure = paper.sheet(height, question, picture.subtitle, identity, _entries(picture))
    several = any(panel.title for panel in picture.panels)
    cells = figure.subplots(rows, picture.columns, squeeze=False, sharex=True, sharey="row" if several else False)
    for row in range(rows):
        _scale(cells[row], picture, row)
    for number, axes in enumerate(cells.flat):
        if number >= len(picture.panels):
            axes.remove()
            continue
        panel = picture.panels[number]
        for line in panel.lines:
            _draw_line(axes, line, picture.joined)
        if not several or number < picture.columns:
            axes.set_title(panel.title if several else panel.choice.label)
        if number % picture.columns == 0 or not several:
            axes.set_ylabel(panel.choice.title if several else f"[{panel.choice.metric.unit}]".replace("[]", "count"))
        if number + picture.columns >= len(picture.panels):
            axes.tick_params(labelbottom=True)
    return figure


def _scale(row: "list[Axes]", picture: Picture, number: int) -> None:
    """Scales the axes of one row of panels; where it has a second axis, all of them alike."""
    several = any(panel.title for panel in picture.panels)
    panels = picture.panels[number * picture.columns : (number + 1) * picture.columns]
    for axes, panel in zip(row, panels, strict=False):
        chosen = panels if several else (panel,)
        ends = [end for one in chosen for line in one.lines for mark in line.marks for end in (mark.mean, mark.high)]
        value_axis(axes.yaxis, ends, panel.choice.metric)
        scale_axis(axes.xaxis, picture.axis, picture.levels)
        if (number + 1) * picture.columns < len(picture.panels) and several:
            axes.set_xlabel("")


def describe(picture: Picture) -> str:
    """Each line from its first to its last point, of the outer ones of several columns."""
    several = any(panel.title for panel in picture.panels)
    outer = {0, picture.columns - 1} if several else set(range(picture.columns))
    parts = []
    for panel in (one for number, one in enumerate(picture.panels) if number % picture.columns in outer):
        ends = []
        for arm, marks in panel.lines:
            if marks:
                first, last = show(marks[0].mean), show(marks[-1].mean)
                ends.append(f"{arm_label(arm)} from {first} to {last} {panel.choice.metric.unit}")
        if ends:
            title = f"{panel.choice.label}, {panel.title}" if panel.title else panel.choice.label
            parts.append(f"{title}: {', '.join(part.strip() for part in ends)}")
    low, high = picture.levels[0].text, picture.levels[-1].text
    return f"From {picture.axis.label} {low} to {high}. " + "; ".join(parts) + "."


def sheets(result: SweepResult) -> list[Sheet]:
    """One for each axis with more than one level and each VM group that was asked for."""
    made = []
    for number, axis in enumerate(result.axes):
        for group in result.groups[:GROUPS] if len(levels(result, number)) > 1 else ():
            picture = data(result, number, group)
            if picture is not None:
                found = dict.fromkeys(panel.choice.label for panel in picture.panels)
                if len(found) == 1:
                    question = f"How does {in_sentence(next(iter(found)))} depend on {in_sentence(axis.label)}?"
                else:
                    question = f"What changes with {in_sentence(axis.label)}, and by how much?"
                name = file_name("axis", str(number + 1), axis.key, *([group] if group != ALL_VMS else []))
                made.append(Sheet(name, question, HOW_TO_READ, picture, draw, describe))
    return made
