"""Chart: which assumption moves the answer - a tornado: one assumption a row, its range's ends as bars from what is.

One sheet a metric; a panel for each of the two arms of the verdict, and one for their difference, in which a bar that
crosses zero turns the verdict round. Without a verdict a panel for each arm.
"""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from experiments.charts import palette, paper
from experiments.charts.paper import Identity
from experiments.charts.sheets import Sheet
from experiments.charts.sweep_parts import in_sentence, whose
from experiments.metrics import BY_KEY, show
from experiments.sensitivity.result import Entry, Scanned, SensitivityResult
from sim.statistics import Interval

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

HOW_TO_READ = (
    "Each row is one assumption of the register, each bar one end of its range, from what the scenario has (dashed) to "
    "what would be, with the 95 % interval. The widest bars are at the top: what they stand for is worth measuring. "
    "Where nothing is drawn, the assumption moves nothing, or there is no figure at that end (see the tables)."
)
CROSSING = " In the last panel a bar that crosses 0 turns the verdict round."
ROW = 0.42  # inches
WHISKER = 0.16  # those of the two ends lie beside each other, as their texts do
LOW, HIGH, OTHER = palette.SKY, palette.ORANGE, palette.SILVER


class Bar(NamedTuple):
    """One level of an assumption in a panel."""

    text: str
    interval: Interval
    colour: str


class Row(NamedTuple):
    """One assumption in a panel; its levels in the order of the range."""

    key: str
    bars: tuple[Bar, ...]


class Panel(NamedTuple):
    """One figure: an arm's, or the difference."""

    title: str
    axis: str
    base: Interval  # as the scenario is
    rows: tuple[Row, ...]
    difference: bool


class Picture(NamedTuple):
    """One metric."""

    subtitle: str
    panels: tuple[Panel, ...]
    between: tuple[str, ...]
    choices: bool  # some assumption has more levels than the ends of a range


def panels(result: SensitivityResult, metric: str) -> tuple[Panel, ...]:
    """The panels of a metric, assumptions in one order: the widest swing of the last panel first."""
    arms = result.between or result.arms
    found = [_panel(result, metric, arm, result.entries) for arm in arms]
    if result.between:
        found.append(_panel(result, metric, result.difference, result.entries))
    found = [panel for panel in found if panel is not None and not math.isnan(panel.base.mean)]
    if not found:
        return ()
    order = sorted(range(len(result.entries)), key=lambda row: (-_swing(found[-1], row), row))
    return tuple(panel._replace(rows=tuple(panel.rows[row] for row in order)) for panel in found if panel is not None)


def _swing(panel: Panel | None, row: int) -> float:
    means = [bar.interval.mean for bar in panel.rows[row].bars if not math.isnan(bar.interval.mean)] if panel else []
    return max(means) - min(means) if panel and len(means) > 1 else 0.0


def _panel(result: SensitivityResult, metric: str, of: str, entries: Sequence[Entry]) -> Panel | None:
    base = result.scan("", "")
    if base is None:
        return None
    rows = []
    for entry in entries:
        bars = []
        for place, level in enumerate(entry.levels):
            scan = result.scan(entry.key, level)
            colour = LOW if place == 0 else HIGH if place == len(entry.levels) - 1 else OTHER
            if scan is not None:
                bars.append(Bar(level, _figure(scan, metric, of), colour))
        rows.append(Row(entry.key, tuple(bars)))
    difference = of == result.difference
    names = [palette.ARM_LABEL[arm] for arm in (result.between if difference else (of,))]
    title = " less ".join(names)
    axis = BY_KEY[metric].title + (_sides(result, metric) if difference else "")
    return Panel(title, axis, _figure(base, metric, of), tuple(rows), difference)


def _sides(result: SensitivityResult, metric: str) -> str:
    """Who is better on which side of zero."""
    better = BY_KEY[metric].better
    if better == "neither":
        return ""
    first, second = (palette.ARM_LABEL[arm] for arm in result.between)
    left, right = (first, second) if better == "low" else (second, first)
    return f"\nleft of 0: {left} is better, right: {right}"


def _figure(scan: Scanned, metric: str, of: str) -> Interval:
    arm = next((cell.interval for cell in scan.cells if (cell.metric, cell.arm) == (metric, of)), None)
    if arm is not None:
        return arm
    return next(one.difference.interval for one in scan.contrasts if one.metric == metric)


def draw(picture: Picture, question: str, identity: Identity) -> "Figure":
    """The figure of a metric."""
    shown = picture.panels
    entries = [(paper.swatch(LOW), "low end of the range"), (paper.swatch(HIGH), "high end")]
    if picture.choices:
        entries.append((paper.swatch(OTHER), "other choices"))
    figure = paper.sheet(0.9 + ROW * len(shown[0].rows), question, picture.subtitle, identity, entries)
    cells = figure.subplots(1, len(shown), squeeze=False, sharey=True)[0]
    for axes, panel in zip(cells, shown, strict=True):
        _draw_panel(axes, panel, picture.between)
    cells[0].set_yticks(range(len(shown[0].rows)), [row.key for row in shown[0].rows])
    cells[0].set_ylim(len(shown[0].rows) - 0.5, -0.5)
    return figure


def describe(picture: Picture) -> str:
    """The widest swings, in words."""
    panel, parts = picture.panels[-1], []
    for place, row in enumerate(panel.rows[:3]):
        if _swing(panel, place):
            means = [f"{show(bar.interval.mean)} with {bar.text}" for bar in row.bars]
            parts.append(f"{row.key}: {', '.join(means)}")
    base = f"{panel.title}, {panel.axis.splitlines()[0]}, as the scenario is: {show(panel.base.mean)}. "
    return base + (f"Moved most by {'; '.join(parts)}." if parts else "No assumption moves it.")


def _draw_panel(axes: "Axes", panel: Panel, between: Sequence[str]) -> None:
    base = panel.base.mean
    for place, row in enumerate(panel.rows):
        for bar in sorted(row.bars, key=lambda bar: -abs(bar.interval.mean - base)):  # none hides a shorter one
            _draw_bar(axes, place, base, bar)
    axes.axvline(base, color=palette.GREY, linestyle="--", linewidth=1)
    axes.grid(axis="y", visible=False)
    axes.tick_params(axis="y", length=0)
    axes.margins(x=0.2)
    axes.set_title(panel.title)
    axes.set_xlabel(panel.axis)
    if panel.difference and between:
        axes.axvline(0, color=palette.BLACK, linewidth=1.4)


def _draw_bar(axes: "Axes", place: int, base: float, bar: Bar) -> None:
    """The bar from what is to what would be, its interval, and its level's text beyond its end."""
    mean = bar.interval.mean
    if math.isnan(mean):
        return
    axes.barh(place, mean - base, left=base, height=0.56, color=bar.colour, linewidth=0)
    if mean == base:
        return  # nothing moved: no label, and its interval is that of the dashed line
    ends = [mean]
    right = mean > base
    beside = place + (WHISKER if bar.colour == HIGH else -WHISKER)
    if not math.isnan(bar.interval.low):
        ends += [bar.interval.low, bar.interval.high]
        axes.plot([bar.interval.low, bar.interval.high], [beside, beside], color=palette.BLACK, linewidth=0.9)
    end, shift, side = (max(ends), 3, "left") if right else (min(ends), -3, "right")
    axes.annotate(bar.text, (end, beside), xytext=(shift, 0), textcoords="offset points", ha=side, va="center",
                  size=7.5, color="#333333")  # fmt: skip


def identity(result: SensitivityResult) -> Identity:
    """What every chart of the study carries in its corner."""
    return Identity(result.name, result.hash, result.seed, result.replications, compressed=result.compressed)


def sheets(result: SensitivityResult) -> tuple[Sheet, ...]:
    """A tornado for each metric that has something to show."""
    made = []
    how = HOW_TO_READ + CROSSING * bool(result.between)
    for metric in result.metrics:
        shown = panels(result, metric)
        if shown:
            subtitle = (f"{whose(result.group)}: one assumption at an end of its range, all others as in the scenario "
                        "(dashed); each panel has its own scale")  # fmt: skip
            subtitle = subtitle[0].upper() + subtitle[1:]
            choices = any(len(entry.levels) > 2 for entry in result.entries)
            picture = Picture(subtitle, shown, result.between, choices)
            made.append(Sheet(f"tornado-{metric}", _question(result, metric), how, picture, draw, describe))
    return tuple(made)


def _question(result: SensitivityResult, metric: str) -> str:
    moves = f"What moves {in_sentence(BY_KEY[metric].label)}"
    if not result.between:
        return f"{moves}?"
    arms = " and ".join(palette.ARM_LABEL[arm] for arm in result.between)
    return f"{moves}, and could it turn the verdict between {arms} round?"
