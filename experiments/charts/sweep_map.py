"""Chart: one metric over two axes of a sweep, a panel for each arm, on one colour scale.

A grid is drawn as cells, equally large whatever the levels, with their values where there are few; further axes stay at
their middle level. A random design is drawn as coloured points where they lie; its further axes vary. Left out:
intervals (the charts along one axis have them), axes after the second.
"""

import math
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from experiments.charts import palette, paper
from experiments.charts.numbers import Floats
from experiments.charts.paper import Identity
from experiments.charts.sheets import Sheet
from experiments.charts.sweep_parts import (
    LOG_FROM,
    Choice,
    arm_label,
    arms_shown,
    choices,
    file_name,
    held_text,
    in_sentence,
    label,
    levels,
    middle,
    scale_axis,
    sentence,
    ticks,
    where,
    whose,
)
from experiments.metrics import show
from experiments.sweep.result import Axis, Level, SweepResult

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

FEW_CELLS = 80  # of a panel: up to here each shows its value
HOW_TO_READ = (
    "Each panel is a protection, each cell or point a combination of the two axes; all panels share one colour scale, "
    "so a colour means the same figure in each. Values are means over replications. A question mark says that fewer "
    "than 100 I/Os lie beyond the quantile, a circle that the precision asked for was not reached. White: no result, "
    "or the metric is undefined there."
)


class Spot(NamedTuple):
    """One point in one arm."""

    x: Level
    y: Level
    mean: float  # nan: undefined
    few: bool
    settled: bool


class Picture(NamedTuple):
    """What is drawn: the spots of each arm."""

    choice: Choice
    x: Axis
    y: Axis
    x_levels: tuple[Level, ...]
    y_levels: tuple[Level, ...]
    grid: bool
    spots: dict[str, tuple[Spot, ...]]
    subtitle: str

    def matrix(self, arm: str) -> Floats:
        """The means by row (y, ascending) and column (x, ascending); nan where there is none."""
        found = {(spot.x, spot.y): spot.mean for spot in self.spots[arm]}
        return np.array([[found.get((x, y), math.nan) for x in self.x_levels] for y in self.y_levels])


def data(result: SweepResult, choice: Choice, axes: tuple[int, int] = (0, 1)) -> Picture:
    """The metric over the two axes with these numbers."""
    across, up = axes
    held = middle(result, axes)
    spots: dict[str, tuple[Spot, ...]] = {}
    for arm in arms_shown(result, [choice]):
        found = []
        for one in where(result, held):
            cell = result.cell(one.point.name, choice.metric.key, arm, choice.group)
            mean = math.nan if cell is None else cell.interval.mean
            x, y = one.point.levels[across], one.point.levels[up]
            found.append(Spot(x, y, mean, cell is not None and cell.few, not one.unsettled))
        spots[arm] = tuple(found)
    grid = result.design == "grid"
    varied = "" if grid or len(result.axes) < 3 else "the other axes vary as well"
    over = f"Over {in_sentence(result.axes[across].label)} and {in_sentence(result.axes[up].label)}"
    subtitle = sentence(over, held_text(result, held), varied, whose(choice.group), "means over replications")
    xs, ys = levels(result, across), levels(result, up)
    return Picture(choice, result.axes[across], result.axes[up], xs, ys, grid, spots, subtitle)


def _norm(picture: Picture) -> Any:
    """One colour scale for all panels: logarithmic where values span much."""
    from matplotlib.colors import LogNorm, Normalize

    known = [spot.mean for spots in picture.spots.values() for spot in spots if not math.isnan(spot.mean)]
    low, high = min(known), max(known)
    return LogNorm(low, high) if low > 0 and high > LOG_FROM * low else Normalize(low, high if high > low else low + 1)


def index_axes(axes: "Axes", picture: Any) -> None:
    """Equal cells: their places are numbers from 0, their names the levels."""
    axes.set_xticks(range(len(picture.x_levels)), ticks(picture.x, picture.x_levels))
    axes.set_yticks(range(len(picture.y_levels)), ticks(picture.y, picture.y_levels))
    if len(picture.x_levels) > 7:
        axes.tick_params("x", rotation=45)
    axes.set_xlim(-0.5, len(picture.x_levels) - 0.5)
    axes.set_ylim(-0.5, len(picture.y_levels) - 0.5)
    axes.set_xlabel(label(picture.x))
    axes.grid(visible=False)


def _cells(axes: "Axes", picture: Picture, arm: str, norm: Any) -> Any:
    edges = [np.arange(size + 1) - 0.5 for size in (len(picture.x_levels), len(picture.y_levels))]
    masked = np.ma.masked_invalid(picture.matrix(arm))
    return axes.pcolormesh(*edges, masked, norm=norm, cmap="cividis", edgecolors="white", linewidth=1)


def _write(axes: "Axes", picture: Picture, arm: str, drawn: Any) -> None:
    """The value in each cell, dark on bright colours and white on dark ones."""
    for spot in picture.spots[arm]:
        if not math.isnan(spot.mean):
            red, green, blue, _ = drawn.cmap(drawn.norm(spot.mean))
            bright = 0.299 * red + 0.587 * green + 0.114 * blue > 0.5
            place = picture.x_levels.index(spot.x), picture.y_levels.index(spot.y)
            axes.annotate(mark(spot), place, ha="center", va="center", size=8, color="black" if bright else "white")


def mark(spot: Spot) -> str:
    """The value as a cell shows it: a question mark where hardly known, a circle where not settled."""
    return f"{show(float(f'{spot.mean:.3g}'))}{'?' if spot.few else ''}{'' if spot.settled else ' ○'}"


def _scatter(axes: "Axes", picture: Picture, arm: str, norm: Any) -> Any:
    known = [spot for spot in picture.spots[arm] if not math.isnan(spot.mean)]
    drawn = axes.scatter([spot.x.number for spot in known], [spot.y.number for spot in known],
                         c=[spot.mean for spot in known], norm=norm, cmap="cividis", s=70, edgecolors=palette.BLACK,
                         linewidths=0.6)  # fmt: skip
    scale_axis(axes.xaxis, picture.x, picture.x_levels)
    scale_axis(axes.yaxis, picture.y, picture.y_levels)
    return drawn


def draw(picture: Picture, question: str, identity: Identity) -> "Figure":
    """The figure."""
    from matplotlib.ticker import FuncFormatter

    height = max(3.2, min(6.0, 0.9 + 0.42 * len(picture.y_levels))) if picture.grid else 4.0
    figure = paper.sheet(height, question, picture.subtitle, identity)
    panels = figure.subplots(1, len(picture.spots), squeeze=False, sharey=True)[0]
    norm = _norm(picture)
    drawn = None
    for axes, arm in zip(panels, picture.spots, strict=True):
        drawn = (_cells if picture.grid else _scatter)(axes, picture, arm, norm)
        if picture.grid:
            index_axes(axes, picture)
            if len(picture.spots[arm]) <= FEW_CELLS:
                _write(axes, picture, arm, drawn)
        axes.set_title(arm_label(arm), color=palette.ARM_COLOUR[arm])
        axes.set_ylabel("")
    panels[0].set_ylabel(label(picture.y))
    assert drawn is not None
    bar = figure.colorbar(drawn, ax=list(panels), label=picture.choice.title, aspect=30, pad=0.01)
    bar.outline.set_visible(False)
    if type(norm).__name__ == "LogNorm":
        (paper.latency_axis if picture.choice.metric.unit == "ms" else paper.plain_log)(bar.ax.yaxis)
    else:
        bar.ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.6g}"))
    return figure


def describe(picture: Picture) -> str:
    """The lowest and the highest value of each arm, and where."""
    parts = []
    for arm, spots in picture.spots.items():
        known = sorted((spot for spot in spots if not math.isnan(spot.mean)), key=lambda spot: spot.mean)
        ends = [f"{show(float(f'{spot.mean:.3g}'))} at {spot.x.text}, {spot.y.text}" for spot in (known[0], known[-1])]
        parts.append(f"{arm_label(arm)}: lowest {ends[0]}; highest {ends[1]}")
    return f"{picture.choice.title} over {picture.x.label} and {picture.y.label}. " + ". ".join(parts) + "."


def sheets(result: SweepResult) -> list[Sheet]:
    """One for each of the first metrics and each mapped group, over the first two axes; none with one axis."""
    if sum(len(levels(result, number)) > 1 for number in range(len(result.axes))) < 2:
        return []
    made = []
    for choice in (one for group in result.mapped for one in choices(result, group)):
        question = f"{choice.label}: where high, where low?"
        name = file_name("map", choice.metric.key, *choice.whose)
        made.append(Sheet(name, question, HOW_TO_READ, data(result, choice, axes_of(result)), draw, describe))
    return made


def axes_of(result: SweepResult) -> tuple[int, int]:
    """The first two axes with several levels."""
    first, second = [number for number in range(len(result.axes)) if len(levels(result, number)) > 1][:2]
    return first, second
