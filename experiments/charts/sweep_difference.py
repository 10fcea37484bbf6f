"""Chart: the break-even along one axis - the paired difference of two arms with its ribbon, and where it crosses zero.

One panel for each of the first metrics that have a better direction. See `sweep_sign` for what lies between points.
"""

import math
from typing import TYPE_CHECKING, NamedTuple

from experiments.charts import palette, paper
from experiments.charts.paper import Identity
from experiments.charts.sheets import Sheet
from experiments.charts.sweep_parts import (
    Choice,
    arm_label,
    file_name,
    in_sentence,
    levels,
    pair,
    scale_axis,
    sentence,
    whose,
)
from experiments.charts.sweep_sign import Crossing, Sign, colour, crossings, directed, legend, sign_of
from experiments.group_view import ALL_VMS
from experiments.metrics import show
from experiments.sweep.result import Axis, Level, SweepResult

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLUMNS = 2
HOW_TO_READ = (
    "The line is the difference between the two protections, taken within each replication, where both meet the same "
    "guest I/O; the ribbon is its 95 % interval. Where the ribbon leaves out zero the sign is settled, and the ground "
    "has the colour of the better one. A dashed line marks the break-even, where the mean difference crosses zero; the "
    "thick stretch on the zero line is where the ribbon holds zero, straight lines taken between the points."
)


class Panel(NamedTuple):
    """One metric: the difference at each point, ascending."""

    choice: Choice
    x: tuple[float, ...]
    mean: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    signs: tuple[Sign, ...]
    crossings: tuple[Crossing, ...]


class Picture(NamedTuple):
    axis: Axis
    levels: tuple[Level, ...]
    arm: str
    base: str
    panels: tuple[Panel, ...]
    subtitle: str


def data(result: SweepResult, group: str = ALL_VMS) -> Picture | None:
    """The differences of a group along the only axis; None if there are several, or one arm, or no directed metric."""
    arms = pair(result)
    if arms is None or len(result.axes) != 1:
        return None
    panels = [_panel(result, choice, *arms) for choice in directed(result, *arms, group)]
    if not panels:
        return None
    less = f"{arm_label(arms[0])} less {arm_label(arms[1])}"
    over = f"{less} over {in_sentence(result.axes[0].label)}, paired by replication"
    subtitle = sentence(over, whose(panels[0].choice.group))
    return Picture(result.axes[0], levels(result, 0), *arms, tuple(panels), subtitle)


def _panel(result: SweepResult, choice: Choice, arm: str, base: str) -> Panel:
    rows = []
    for one in result.points:
        contrast = result.contrast(one.point.name, choice.metric.key, arm, base, choice.group)
        if contrast is not None and contrast.difference.interval.n:
            mean, low, high, _, _ = contrast.difference.interval
            rows.append((one.point.levels[0].number, mean, low, high, sign_of(contrast)))
    x, mean_, low_, high_, signs = zip(*sorted(rows), strict=True)
    log = result.axes[0].log and x[0] > 0
    return Panel(choice, x, mean_, low_, high_, signs, crossings(x, mean_, low_, high_, log))


def place_text(crossing: Crossing, axis: Axis) -> str:
    """ "12 s (9.8 to 15 s)", an end beyond the axis left open."""
    ends = [show(float(f"{end:.3g}")) for end in (crossing.low, crossing.high)]
    within = {
        (False, False): f"{ends[0]} to {ends[1]}",
        (True, False): f"up to {ends[1]}",
        (False, True): f"from {ends[0]}",
        (True, True): "anywhere on the axis",
    }[math.isnan(crossing.low), math.isnan(crossing.high)]
    return f"{show(float(f'{crossing.at:.3g}'))} ({within}) {axis.unit}".strip()


def _ground(axes: "Axes", panel: Panel, picture: Picture) -> None:
    """Colours the ground between neighbours of the same settled sign, and halfway elsewhere."""
    log = axes.get_xscale() == "log"
    for left in range(len(panel.x) - 1):
        first, second = panel.x[left], panel.x[left + 1]
        half = math.sqrt(first * second) if log else (first + second) / 2
        for start, end, sign in ((first, half, panel.signs[left]), (half, second, panel.signs[left + 1])):
            if sign in ("arm", "base"):
                tint = colour(sign, picture.arm, picture.base)
                axes.axvspan(start, end, color=tint, alpha=0.35, linewidth=0, zorder=0.4)


def _draw_panel(axes: "Axes", panel: Panel, picture: Picture) -> None:
    scale_axis(axes.xaxis, picture.axis, picture.levels)
    _ground(axes, panel, picture)
    axes.axhline(0, color=palette.BLACK, linewidth=0.9)
    axes.fill_between(panel.x, panel.low, panel.high, color=palette.GREY, alpha=0.25, linewidth=0)
    axes.plot(panel.x, panel.mean, color=palette.BLACK, linewidth=1.6)
    for x, mean, sign in zip(panel.x, panel.mean, panel.signs, strict=True):
        filled = palette.BLACK if sign in ("arm", "base") else "white"
        axes.plot(x, mean, "o", color=palette.BLACK, markerfacecolor=filled, markersize=5)
    for crossing in panel.crossings:
        axes.axvline(crossing.at, color=palette.BLACK, linewidth=1, linestyle="--")
        low = panel.x[0] if math.isnan(crossing.low) else crossing.low
        high = panel.x[-1] if math.isnan(crossing.high) else crossing.high
        axes.plot([low, high], [0, 0], color=palette.BLACK, linewidth=3.2, solid_capstyle="butt")
    said = "; ".join(place_text(crossing, picture.axis) for crossing in panel.crossings)
    axes.set_title(f"{panel.choice.label}" + (f": even at {said}" if said else ""), fontsize=9.5)
    axes.set_ylabel(f"difference [{panel.choice.metric.unit}]" if panel.choice.metric.unit else "difference")


def draw(picture: Picture, question: str, identity: Identity) -> "Figure":
    """The figure."""
    seen: set[Sign] = {sign for panel in picture.panels for sign in panel.signs if sign in ("arm", "base")}
    entries = legend(picture.arm, picture.base, seen)
    entries.append((paper.stroke(palette.BLACK, marker="o"), "mean difference"))
    if any(sign == "open" for panel in picture.panels for sign in panel.signs):
        entries.append((paper.hollow(palette.BLACK), "sign not settled"))
    if any(panel.crossings for panel in picture.panels):
        entries.append((paper.stroke(palette.BLACK, "--", 1), "break-even"))
    columns = min(COLUMNS, len(picture.panels))
    rows = -(-len(picture.panels) // columns)
    figure = paper.sheet(0.4 + 2.6 * rows, question, picture.subtitle, identity, entries)
    cells = figure.subplots(rows, columns, squeeze=False)
    for axes in cells.flat[len(picture.panels) :]:
        axes.remove()
    for axes, panel in zip(cells.flat, picture.panels, strict=False):
        _draw_panel(axes, panel, picture)
    return figure


def describe(picture: Picture) -> str:
    """Of each metric: how many points each arm wins, and the break-even."""
    parts = []
    for panel in picture.panels:
        won = [f"{arm_label(arm)} better at {panel.signs.count(sign)} of {len(panel.signs)} points"
               for sign, arm in (("arm", picture.arm), ("base", picture.base))]  # fmt: skip
        even = ", ".join(place_text(crossing, picture.axis) for crossing in panel.crossings)
        parts.append(f"{panel.choice.label}: {', '.join(won)}, break-even {'at ' + even if even else 'nowhere'}")
    return "; ".join(parts) + "."


def sheets(result: SweepResult) -> list[Sheet]:
    """One for each mapped group, if the sweep has one axis and two arms."""
    made = []
    for group in result.mapped:
        picture = data(result, group)
        if picture is not None:
            for_whom = "" if group == ALL_VMS else f" for {group}"
            question = f"Where does {arm_label(picture.arm)} beat {arm_label(picture.base)}{for_whom}?"
            name = file_name("break-even", result.axes[0].key, *picture.panels[0].choice.whose)
            made.append(Sheet(name, question, HOW_TO_READ, picture, draw, describe))
    return made
