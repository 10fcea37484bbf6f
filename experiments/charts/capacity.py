"""Chart: the capacity curve - every objective of a plan against what is to be found, with its limit.

A panel for each objective: its figure at every level that was judged, with the interval it was judged by, in each arm;
beyond the limit the ground is shaded. A vertical line marks the last level that fits everything; the objective that
ends it in an arm says so in its title. Where a second thing varies, its levels have a chart each (four at most, both
ends among them) and one more shows the answers over it. Levels that the search did not need have no point: lines
between points are for the eye.
"""

import math
from typing import TYPE_CHECKING, NamedTuple

from experiments.charts import palette, paper
from experiments.charts.paper import Identity
from experiments.charts.sheets import Sheet
from experiments.charts.sweep_parts import arm_label, file_name, in_sentence, scale_axis, sentence, spread, value_axis
from experiments.metrics import BY_KEY, show
from experiments.plan.result import Answer, Objective, PlanResult
from experiments.sweep.result import Axis, Level

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLUMNS, CHARTS = 2, 4
JUDGED = "the Student t interval by which it was judged"
HOW_TO_READ = (
    "Each panel is one objective; the dashed line is its limit, and shaded is what breaks it. A point is a level that "
    "was judged, with the interval it was judged by: full if the objective holds there, hollow if it does not or stays "
    "undecided. The vertical line is the answer: the last level that fits all objectives. The objective that ends it "
    "binds, says so, and has a frame: to fit more, this is what has to change."
)
HOW_TO_READ_ANSWERS = (
    "Each point is an answer: the last level that fits all objectives, at one level of what is below. A triangle is an "
    "answer at the end of what was searched: more may fit. The words name the objective that binds there."
)


class Mark(NamedTuple):
    """One objective at one judged level in one arm."""

    x: float
    mean: float
    low: float
    high: float
    holds: bool
    few: bool


class Line(NamedTuple):
    arm: str
    marks: tuple[Mark, ...]  # by x
    best: float  # nan: nothing fits
    binds: bool  # this objective is what ends it in this arm


class Panel(NamedTuple):
    objective: Objective
    lines: tuple[Line, ...]


class Picture(NamedTuple):
    """The objectives at one level of what else varies."""

    unknown: Axis
    levels: tuple[Level, ...]
    panels: tuple[Panel, ...]
    answers: tuple[str, ...]  # in words, by arm
    subtitle: str


class Found(NamedTuple):
    """One answer over the second thing that varies."""

    x: float
    best: float  # nan: nothing fits
    beyond: bool  # the last level fits: more may
    binds: str


class Answers(NamedTuple):
    """The answers of each arm over the second thing that varies."""

    unknown: Axis
    along: Axis
    levels: tuple[Level, ...]
    arms: dict[str, tuple[Found, ...]]
    most: bool


def data(result: PlanResult, along: Level | None) -> Picture:
    """Every objective in every arm, at this level of the second thing (None: there is none)."""
    answers = [one for one in result.answers if one.along == along]
    judged = {level.level for answer in answers for level in answer.judged}
    panels = []
    for number, objective in enumerate(result.objectives):
        lines = tuple(_line(answer, number) for answer in answers)
        panels.append(Panel(objective, lines))
    words = tuple(_answer_text(result, answer) for answer in answers)
    at = f"at {in_sentence(result.along.label)} {along.text}" if result.along is not None and along is not None else ""
    levels = tuple(sorted(judged, key=lambda level: level.number))
    return Picture(result.unknown, levels, tuple(panels), words, sentence(*words, at))


def _line(answer: Answer, number: int) -> Line:
    marks = []
    for level in sorted(answer.judged, key=lambda one: one.level.number):
        one = level.objectives[number] if number < len(level.objectives) else None
        if one is not None and one.interval.n:
            mean, low, high, _, _ = one.interval
            marks.append(Mark(level.level.number, mean, low, high, one.verdict == "fits", one.few))
    best = math.nan if answer.best is None else answer.best.level.number
    return Line(answer.arm, tuple(marks), best, answer.binding == number and answer.beyond is not None)


def _answer_text(result: PlanResult, answer: Answer) -> str:
    name = arm_label(answer.arm)
    if answer.best is None:
        return f"{name}: no level was shown to fit"
    more = "" if answer.beyond is not None else " or more" if result.want == "most" else " or less"
    return f"{name}: {answer.best.level.text}{more}"


def _draw_panel(axes: "Axes", panel: Panel, picture: Picture) -> None:
    metric, limit = BY_KEY[panel.objective.metric], panel.objective.limit
    ends = [end for line in panel.lines for mark in line.marks for end in (mark.mean, mark.high)]
    scale_axis(axes.xaxis, picture.unknown, picture.levels)
    value_axis(axes.yaxis, [*ends, limit], metric)
    for line in panel.lines:
        colour, x = palette.ARM_COLOUR[line.arm], [mark.x for mark in line.marks]
        axes.fill_between(x, [mark.low for mark in line.marks], [mark.high for mark in line.marks], color=colour,
                          alpha=0.18, linewidth=0)  # fmt: skip
        axes.plot(x, [mark.mean for mark in line.marks], color=colour, linewidth=palette.ARM_WIDTH[line.arm])
        for mark in line.marks:
            axes.plot(
                mark.x, mark.mean, "o", color=colour, markersize=5, markerfacecolor=colour if mark.holds else "white"
            )
            if mark.few:
                axes.plot(mark.x, mark.mean, "x", color=palette.BLACK, markersize=6, markeredgewidth=1)
        if not math.isnan(line.best):
            axes.axvline(line.best, color=colour, linewidth=1.4, linestyle=(0, (1, 1.5)))
    axes.axhline(limit, color=palette.BLACK, linewidth=1.1, linestyle="--")
    low, high = axes.get_ylim()
    span = (limit, max(high, limit)) if panel.objective.at_most else (min(low, limit), limit)
    axes.axhspan(*span, color=palette.GREY, alpha=0.13, linewidth=0, zorder=0.3)
    axes.set_ylim(low, high)
    axes.set_ylabel(f"[{panel.objective.unit}]" if panel.objective.unit else "count")
    binding = [arm_label(line.arm) for line in panel.lines if line.binds]
    words = panel.objective.words + (f": binds {' and '.join(binding)}" if binding else "")
    axes.set_title(words, fontsize=9.5)
    if binding:
        axes.spines[:].set(visible=True, color=palette.BLACK, linewidth=1.8)


def draw(picture: Picture, question: str, identity: Identity) -> "Figure":
    """The figure."""
    arms = [line.arm for line in picture.panels[0].lines]
    marks = [mark for panel in picture.panels for line in panel.lines for mark in line.marks]
    entries = paper.arm_entries(arms)
    entries.append((paper.stroke(palette.BLACK, "--", 1.1), "limit"))
    entries.append((paper.stroke(palette.GREY, (0, (1, 1.5)), 1.4), "the last level that fits"))
    if any(not mark.holds for mark in marks):
        entries.append((paper.hollow(palette.GREY), "does not hold, or undecided"))
    if any(mark.few for mark in marks):
        entries.append((paper.stroke(palette.BLACK, "", marker="x"), "fewer than 100 samples beyond the quantile"))
    columns = min(COLUMNS, len(picture.panels))
    rows = -(-len(picture.panels) // columns)
    figure = paper.sheet(0.3 + (3.0 if rows == 1 else 2.3 * rows), question, picture.subtitle, identity, entries)
    cells = figure.subplots(rows, columns, squeeze=False)
    for axes in cells.flat[len(picture.panels) :]:
        axes.remove()
    for axes, panel in zip(cells.flat, picture.panels, strict=False):
        _draw_panel(axes, panel, picture)
    return figure


def describe(picture: Picture) -> str:
    """The answer of each arm and what binds it."""
    binds = [f"{arm_label(line.arm)} is bound by {panel.objective.words}"
             for panel in picture.panels for line in panel.lines if line.binds]  # fmt: skip
    return (
        f"{picture.unknown.label}, over {len(picture.levels)} levels judged. "
        + "; ".join((*picture.answers, *binds))
        + "."
    )


def answers(result: PlanResult) -> Answers | None:
    """The answers over the second thing that varies; None where nothing else does."""
    if result.along is None:
        return None
    arms: dict[str, tuple[Found, ...]] = {}
    for arm in result.arms:
        found = []
        for one in result.answers:
            if one.arm == arm and one.along is not None:
                best = math.nan if one.best is None else one.best.level.number
                binds = "" if one.binding is None or one.beyond is None else result.objectives[one.binding].label
                found.append(Found(one.along.number, best, one.beyond is None, binds))
        arms[arm] = tuple(sorted(found))
    levels = tuple(sorted({one.along for one in result.answers if one.along is not None}, key=lambda one: one.number))
    return Answers(result.unknown, result.along, levels, arms, result.want == "most")


def draw_answers(picture: Answers, question: str, identity: Identity) -> "Figure":
    """The figure."""
    subtitle = f"The {'most' if picture.most else 'least'} that fits all objectives"
    entries = paper.arm_entries(list(picture.arms))
    entries.append((paper.stroke(palette.GREY, "", marker="^"), "all that was searched fits"))
    figure = paper.sheet(3.6, question, subtitle, identity, entries)
    axes = figure.subplots()
    scale_axis(axes.xaxis, picture.along, picture.levels)
    for arm, found in picture.arms.items():
        known, colour = [one for one in found if not math.isnan(one.best)], palette.ARM_COLOUR[arm]
        axes.plot([one.x for one in known], [one.best for one in known], color=colour, linewidth=palette.ARM_WIDTH[arm])
        for one in known:
            axes.plot(one.x, one.best, "^" if one.beyond else "o", color=colour, markersize=6)
            right = one.x > picture.levels[len(picture.levels) // 2].number
            axes.annotate(one.binds, (one.x, one.best), xytext=(-5 if right else 5, 6), textcoords="offset points",
                          ha="right" if right else "left", size=7.5, color=colour)  # fmt: skip
    value_axis(axes.yaxis, [one.best for found in picture.arms.values() for one in found], BY_KEY["stuns"])
    axes.set_ylabel(
        f"{picture.unknown.label} [{picture.unknown.unit}]" if picture.unknown.unit else picture.unknown.label
    )
    axes.margins(x=0.12)
    return figure


def describe_answers(picture: Answers) -> str:
    """The answer of each arm at the first and at the last level."""
    parts = []
    for arm, found in picture.arms.items():
        first, last = (show(one.best) for one in (found[0], found[-1]))
        parts.append(f"{arm_label(arm)}: {first} at {picture.levels[0].text}, {last} at {picture.levels[-1].text}")
    return f"{picture.unknown.label} that fits, over {picture.along.label}. " + "; ".join(parts) + "."


def identity(result: PlanResult) -> Identity:
    """What every chart of the plan carries in its corner."""
    numbers = [level.replications for answer in result.answers for level in answer.judged] or [0]
    return Identity(result.name, result.hash, result.seed, min(numbers), result.compressed, max(numbers), JUDGED)


def sheets(result: PlanResult) -> tuple[Sheet, ...]:
    """The answers where a second thing varies, then the curve, or the curves at some of its levels."""
    made = []
    much = "How much fits" if result.want == "most" else "How little is enough"
    over = answers(result)
    if over is not None and any(not math.isnan(one.best) for found in over.arms.values() for one in found):
        question = f"{much}, by {in_sentence(over.along.label)}?"
        made.append(Sheet("capacity-answers", question, HOW_TO_READ_ANSWERS, over, draw_answers, describe_answers))
    places: tuple[Level | None, ...] = (None,) if over is None else spread(over.levels, CHARTS)
    for number, along in enumerate(places):
        picture = data(result, along)
        if picture.levels:
            question = f"{result.unknown.label}: {in_sentence(much)}?"
            name = file_name("capacity", *([] if along is None else [str(number + 1)]))
            made.append(Sheet(name, question, HOW_TO_READ, picture, draw, describe))
    return tuple(made)
