"""Chart: the break-even frontier - over two axes of a sweep, where one arm beats the other and where it is open.

Each cell (of a random design: each point) has the colour of the better arm, or is hatched where the sign of the paired
difference is not settled. On a grid the line where the mean difference is zero is drawn between the cells' centres,
which stand equally far from each other whatever the levels: between neighbours it is interpolated straight. A third
axis gives panels (three of its levels at most, both ends among them); further ones stay at their middle level.
"""

import math
from itertools import combinations
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from experiments.charts import palette, paper
from experiments.charts.numbers import Floats
from experiments.charts.paper import Identity
from experiments.charts.sheets import Sheet
from experiments.charts.sweep_map import FEW_CELLS, axes_of, index_axes
from experiments.charts.sweep_parts import (
    Choice,
    arm_label,
    file_name,
    held_text,
    in_sentence,
    label,
    levels,
    middle,
    pair,
    scale_axis,
    sentence,
    spread,
    where,
    whose,
)
from experiments.charts.sweep_sign import Sign, colour, directed, legend, sign_of
from experiments.metrics import show
from experiments.sweep.result import Axis, Level, SweepResult

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLUMNS = 3
MARKERS: dict[Sign, str] = {"arm": "o", "base": "s", "open": "o", "equal": "D", "none": "x"}
HOW_TO_READ = (
    "The ground has the colour of the protection that is better at these two settings, as far as the paired difference "
    "over replications settles it; hatched cells may go either way: more replications, or longer runs, would tell. The "
    "figure in a cell is the mean difference. The black line is the frontier, where the mean difference is zero, "
    "interpolated between the cells."
)


class Spot(NamedTuple):
    """The difference at one point."""

    x: Level
    y: Level
    mean: float
    sign: Sign


class Panel(NamedTuple):
    title: str
    spots: tuple[Spot, ...]
    frontier: tuple[Floats, ...]  # lines of (column, row), counted from the lowest levels; none for a random design


class Picture(NamedTuple):
    """What is drawn."""

    choice: Choice
    arm: str
    base: str
    x: Axis
    y: Axis
    x_levels: tuple[Level, ...]
    y_levels: tuple[Level, ...]
    grid: bool
    panels: tuple[Panel, ...]
    subtitle: str


def frontier(spots: tuple[Spot, ...], x_levels: tuple[Level, ...], y_levels: tuple[Level, ...]) -> tuple[Floats, ...]:
    """The lines of zero mean difference; a cell without a result breaks them."""
    from contourpy import contour_generator

    found = {(spot.x, spot.y): spot.mean for spot in spots}
    means = np.array([[found.get((x, y), math.nan) for x in x_levels] for y in y_levels])
    lines = contour_generator(z=np.ma.masked_invalid(means)).lines(0.0)
    return tuple(np.asarray(line, dtype=np.float64) for line in lines if len(line) > 1)


def data(result: SweepResult, choice: Choice, arm: str, base: str, axes: tuple[int, int] | None = None) -> Picture:
    """The sign of `arm` less `base` over the axes with these numbers, by default the first two."""
    across, up = axes or axes_of(result)
    grid = result.design == "grid"
    third = next((n for n in range(len(result.axes)) if n not in (across, up) and len(levels(result, n)) > 1), None)
    if not grid:
        third = None
    held = middle(result, [across, up] if third is None else [across, up, third])
    xs, ys = levels(result, across), levels(result, up)
    panels = []
    for level in [None] if third is None else spread(levels(result, third), COLUMNS):
        extra = {} if third is None or level is None else {third: level}
        spots = []
        for one in where(result, held | extra):
            contrast = result.contrast(one.point.name, choice.metric.key, arm, base, choice.group)
            mean = math.nan if contrast is None else contrast.difference.interval.mean
            spots.append(Spot(one.point.levels[across], one.point.levels[up], mean, sign_of(contrast)))
        title = f"{result.axes[third].label} {level.text}" if third is not None and level is not None else ""
        panels.append(Panel(title, tuple(spots), frontier(tuple(spots), xs, ys) if grid else ()))
    what = f"{choice.title}: {arm_label(arm)} less {arm_label(base)}, paired by replication"
    what += "" if grid else f"; over {in_sentence(result.axes[across].label)} and {in_sentence(result.axes[up].label)}"
    varied = "" if grid or len(result.axes) < 3 else "the other axes vary as well"
    subtitle = sentence(what, held_text(result, held), varied, whose(choice.group))
    return Picture(choice, arm, base, result.axes[across], result.axes[up], xs, ys, grid, tuple(panels), subtitle)


def _draw_cells(axes: "Axes", panel: Panel, picture: Picture) -> None:
    from matplotlib.patches import Rectangle

    for spot in panel.spots:
        column, row = picture.x_levels.index(spot.x), picture.y_levels.index(spot.y)
        open_ = spot.sign == "open"
        tint = colour(spot.sign, picture.arm, picture.base)
        lines: dict[str, Any] = {"hatch": "///" if open_ else None, "edgecolor": "#B0B0B0" if open_ else "none"}
        axes.add_patch(Rectangle((column - 0.5, row - 0.5), 1, 1, facecolor=tint, linewidth=0, **lines))
        if len(panel.spots) <= FEW_CELLS:
            text = "no result" if math.isnan(spot.mean) else signed(spot.mean)
            axes.annotate(text, (column, row), ha="center", va="center", size=8, color=palette.BLACK,
                          bbox={"facecolor": "white", "alpha": 0.75, "linewidth": 0, "pad": 1.2})  # fmt: skip
    for line in panel.frontier:
        axes.plot(line[:, 0], line[:, 1], color=palette.BLACK, linewidth=2.2)
    index_axes(axes, picture)
    for edge in range(len(picture.x_levels) - 1):
        axes.axvline(edge + 0.5, color="white", linewidth=1)
    for edge in range(len(picture.y_levels) - 1):
        axes.axhline(edge + 0.5, color="white", linewidth=1)


def signed(value: float) -> str:
    """A difference for people, with its sign."""
    text = show(float(f"{abs(value):.2g}"))
    return text if value == 0 else f"{'+' if value > 0 else '−'}{text}"


def _draw_points(axes: "Axes", panel: Panel, picture: Picture) -> None:
    for spot in panel.spots:
        tint = colour(spot.sign, picture.arm, picture.base)
        face = "white" if spot.sign in ("open", "none") else tint
        edge = palette.GREY if spot.sign == "open" else palette.BLACK
        axes.plot(spot.x.number, spot.y.number, MARKERS[spot.sign], markersize=10, markerfacecolor=face,
                  markeredgecolor=edge, markeredgewidth=0.8)  # fmt: skip
    scale_axis(axes.xaxis, picture.x, picture.x_levels)
    scale_axis(axes.yaxis, picture.y, picture.y_levels)


def _entries(picture: Picture) -> list[paper.Entry]:
    seen: set[Sign] = {spot.sign for panel in picture.panels for spot in panel.spots}
    if picture.grid:
        entries = legend(picture.arm, picture.base, seen)
        if any(panel.frontier for panel in picture.panels):
            entries.append((paper.stroke(palette.BLACK, width=2.2), "mean difference zero"))
        return entries
    names = {"arm": f"{arm_label(picture.arm)} is better", "base": f"{arm_label(picture.base)} is better",
             "open": "sign not settled", "equal": "no difference at all", "none": "no result"}  # fmt: skip
    order: tuple[Sign, ...] = ("arm", "base", "open", "equal", "none")
    faces = {sign: "white" if sign == "open" else colour(sign, picture.arm, picture.base) for sign in order}
    return [(paper.mark(MARKERS[sign], faces[sign]), names[sign]) for sign in order if sign in seen]


def draw(picture: Picture, question: str, identity: Identity) -> "Figure":
    """The figure."""
    height = max(3.4, min(6.0, 0.9 + 0.5 * len(picture.y_levels))) if picture.grid else 4.2
    figure = paper.sheet(height, question, picture.subtitle, identity, _entries(picture))
    cells = figure.subplots(1, len(picture.panels), squeeze=False, sharey=True)[0]
    for axes, panel in zip(cells, picture.panels, strict=True):
        (_draw_cells if picture.grid else _draw_points)(axes, panel, picture)
        axes.set_title(panel.title)
        axes.set_ylabel("")
    cells[0].set_ylabel(label(picture.y))
    return figure


def describe(picture: Picture) -> str:
    """How many points each arm wins, how many are open, and where each wins by most."""
    spots = [spot for panel in picture.panels for spot in panel.spots]
    parts = []
    for sign, arm in (("arm", picture.arm), ("base", picture.base)):
        won = [spot for spot in spots if spot.sign == sign]
        if won:
            most = max(won, key=lambda spot: abs(spot.mean))
            by = f"{show(float(f'{abs(most.mean):.3g}'))} {picture.choice.metric.unit}".strip()
            where_ = f"{most.x.text}, {most.y.text}"
            parts.append(f"{arm_label(arm)} is better at {len(won)} of {len(spots)} points, most at {where_} (by {by})")
        else:
            parts.append(f"{arm_label(arm)} is better at none of {len(spots)} points")
    open_ = sum(spot.sign == "open" for spot in spots)
    return f"{picture.choice.label}: {'; '.join(parts)}; not settled at {open_}."


def sheets(result: SweepResult) -> list[Sheet]:
    """One for each of the first metrics with a direction and each mapped group, if there are two axes and two arms."""
    arms = pair(result)
    if arms is None or sum(len(levels(result, number)) > 1 for number in range(len(result.axes))) < 2:
        return []
    made = []
    chosen = [one for group in result.mapped for one in directed(result, *arms, group)]
    for place, choice in enumerate(chosen):
        question = f"Where does {arm_label(arms[0])} beat {arm_label(arms[1])} in {in_sentence(choice.label)}?"
        for axes in _planes(result, all_of_them=place == 0):
            also = () if axes == axes_of(result) else tuple(result.axes[number].key for number in axes)
            picture = data(result, choice, *arms, axes)
            name = file_name("break-even", choice.metric.key, *choice.whose, *also)
            made.append(Sheet(name, question, HOW_TO_READ, picture, draw, describe))
    return made


def _planes(result: SweepResult, all_of_them: bool) -> list[tuple[int, int]]:
    """The pairs of axes to draw: the first two; of a random design, where nothing is held, all (three at most)."""
    if result.design == "grid" or not all_of_them:
        return [axes_of(result)]
    several = [number for number in range(len(result.axes)) if len(levels(result, number)) > 1]
    return list(combinations(several, 2))[:COLUMNS]
