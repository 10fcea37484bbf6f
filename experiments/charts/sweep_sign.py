"""Which of two arms is better at each point of a sweep, and where along an axis the answer changes.

The difference is paired by replication. Between points it is taken to run straight (in the logarithm where the axis has
a logarithmic scale), and so are the ends of its interval: a crossing's interval is the stretch around it in which the
interval of the difference holds zero. It is as good as the points are close; nothing is assumed beyond the ends.
"""

import math
from collections.abc import Sequence
from typing import Literal, NamedTuple

from experiments.charts import palette, paper
from experiments.charts.sweep_parts import Choice, arm_label, choices
from experiments.compare import Contrast
from experiments.group_view import ALL_VMS
from experiments.sweep.result import SweepResult

Sign = Literal["arm", "base", "open", "equal", "none"]
"""The better one, or: the sign is not settled, there is no difference at all, there is no result."""
OPEN_COLOUR, EQUAL_COLOUR = "#E4E4E4", "#F4F1E8"
TINT = 0.62
"""How much of an arm's colour an area has that carries text."""


class Crossing(NamedTuple):
    """Where the mean difference is zero, on the axis; `low` and `high` are nan where its interval has no end there."""

    at: float
    low: float
    high: float


def sign_of(contrast: Contrast | None) -> Sign:
    """Which arm of the contrast is better."""
    if contrast is None or not contrast.difference.interval.n:
        return "none"
    mean, low, high, _, _ = contrast.difference.interval
    if low == mean == high == 0:
        return "equal"
    return "open" if not contrast.better else "arm" if contrast.better == contrast.arm else "base"


def directed(result: SweepResult, arm: str, base: str, group: str = ALL_VMS) -> tuple[Choice, ...]:
    """The charts' metrics that `group` has, with a better direction and a difference between the arms at some point."""
    return tuple(
        choice
        for choice in choices(result, group)
        if choice.metric.better != "neither"
        and any(
            sign_of(result.contrast(one.point.name, choice.metric.key, arm, base, choice.group)) != "none"
            for one in result.points
        )
    )


def crossings(
    x: Sequence[float], mean: Sequence[float], low: Sequence[float], high: Sequence[float], log: bool
) -> tuple[Crossing, ...]:
    """Every place where the mean changes its sign between neighbours, ascending; `x` ascends."""
    places = [math.log(value) for value in x] if log else list(x)
    found = []
    for left in range(len(places) - 1):
        right = left + 1
        if mean[left] * mean[right] < 0:
            at = _root(places[left], places[right], mean[left], mean[right])
        elif mean[left] == 0 and left and mean[left - 1] * mean[right] < 0:
            at = places[left]
        else:
            continue
        before = _leaves(at, range(left, -1, -1), right, (places, low, high))
        after = _leaves(at, range(right, len(places)), left, (places, low, high))
        found.append(Crossing(*(math.exp(value) if log else value for value in (at, before, after))))
    return tuple(found)


def _root(left: float, right: float, first: float, second: float) -> float:
    """Where the straight line through these two is zero."""
    return left + (right - left) * first / (first - second)


def _leaves(at: float, walk: range, behind: int, lines: tuple[Sequence[float], ...]) -> float:
    """Where, walking from `at` along these points, the interval stops holding zero; nan: nowhere.

    `behind` is the point on the other side of `at`; `lines` are places, lower and upper ends.
    """
    x, low, high = lines
    for point in walk:
        edge = low if low[point] > 0 else high if high[point] < 0 else None
        if edge is not None:
            found = _root(x[point], x[behind], edge[point], edge[behind])
            return min(found, at) if x[point] < at else max(found, at)
        behind = point
    return math.nan


def legend(arm: str, base: str, seen: set[Sign]) -> list[paper.Entry]:
    """The legend's boxes for the signs that occur."""
    boxes: list[tuple[Sign, paper.Entry]] = [
        ("arm", (paper.swatch(palette.ARM_COLOUR[arm], TINT), f"{arm_label(arm)} is better")),
        ("base", (paper.swatch(palette.ARM_COLOUR[base], TINT), f"{arm_label(base)} is better")),
        ("open", (paper.hatched(OPEN_COLOUR, "////"), "sign not settled")),
        ("equal", (paper.swatch(EQUAL_COLOUR), "no difference at all")),
    ]
    return [entry for sign, entry in boxes if sign in seen]


def colour(sign: Sign, arm: str, base: str) -> str:
    """The colour of an area with this sign."""
    from matplotlib.colors import to_hex, to_rgb

    if sign in ("open", "equal", "none"):
        return {"open": OPEN_COLOUR, "equal": EQUAL_COLOUR, "none": "#FFFFFF"}[sign]
    red, green, blue = to_rgb(palette.ARM_COLOUR[arm if sign == "arm" else base])
    return to_hex((1 - TINT * (1 - red), 1 - TINT * (1 - green), 1 - TINT * (1 - blue)))
