"""Pictures of answers: panels with curves and their intervals over one axis."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from experiments.charts import paper
from experiments.charts.paper import Identity, Stroke
from sim.statistics import Interval

if TYPE_CHECKING:
    from matplotlib.axes import Axes

HEIGHT = 4.3  # inches of a panel
FEW = 8  # levels: each has its tick


class Curve(NamedTuple):
    """One curve; the ribbon around it is its interval. A formula's has none (equal ends) and is dashed."""

    label: str
    colour: str
    x: Sequence[float]
    y: Sequence[Interval]
    line: Stroke = "-"
    marker: str = "o"


class Panel(NamedTuple):
    """One pair of axes."""

    title: str
    x: str  # with its unit
    y: str  # with its unit
    curves: Sequence[Curve]
    log_y: bool = False
    marks: Sequence[tuple[float, str]] = ()  # horizontal lines with their names
    verticals: Sequence[tuple[float, str]] = ()  # vertical ones


def formula(label: str, colour: str, x: Sequence[float], y: Sequence[float]) -> Curve:
    """A curve that was computed, not measured."""
    return Curve(label, colour, x, [Interval(value, value, value, 1, 1.0) for value in y], ":", "")


def draw(folder: Path, name: str, question: str, subtitle: str, panels: Sequence[Panel], identity: Identity) -> None:
    """Writes the picture as PNG and SVG: panels side by side, one legend for all."""
    with paper.style():
        seen = {c.label: c for panel in panels for c in panel.curves}
        entries = [(paper.stroke(c.colour, c.line, marker=c.marker), label) for label, c in seen.items()]
        figure = paper.sheet(HEIGHT, question, subtitle, identity, entries)
        grid = figure.subplots(1, len(panels), squeeze=False)
        for axes, panel in zip(grid[0], panels, strict=True):
            _panel(axes, panel)
        paper.save(figure, folder, name)


def _panel(axes: "Axes", panel: Panel) -> None:
    for curve in panel.curves:
        means = [one.mean for one in curve.y]
        axes.plot(curve.x, means, color=curve.colour, linestyle=curve.line, marker=curve.marker or None, markersize=4)
        if any(one.high > one.low for one in curve.y):
            low, high = [one.low for one in curve.y], [one.high for one in curve.y]
            axes.fill_between(curve.x, low, high, color=curve.colour, alpha=0.2, linewidth=0)
    axes.set_title(panel.title)
    axes.set_xlabel(panel.x)
    levels = sorted({x for curve in panel.curves for x in curve.x})
    if len(levels) <= FEW:
        axes.set_xticks(levels, [f"{x:g}" for x in levels])
    if panel.log_y:
        axes.set_yscale("log")
        paper.plain_log(axes.yaxis)
    else:
        axes.set_ylim(bottom=0)
    axes.set_ylabel(panel.y)
    for height, label in panel.marks:
        axes.axhline(height, color="#777777", linewidth=0.9, linestyle="--")
        where = (0.995, height)
        axes.annotate(label, where, (0, 2), axes.get_yaxis_transform(), "offset points", ha="right", size=7.5,
                      color="#555555")  # fmt: skip
    for at, label in panel.verticals:
        axes.axvline(at, color="#777777", linewidth=0.9, linestyle="--")
        axes.annotate(label, (at, 0.02), (-3, 0), axes.get_xaxis_transform(), "offset points", ha="right", va="bottom",
                      rotation=90, size=7.5, color="#555555")  # fmt: skip
