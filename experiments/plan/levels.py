"""Levels of an unknown: from one to another in even steps, exact in base units, or listed; and limits of objectives."""

from fractions import Fraction

from experiments.metrics import Metric
from experiments.sweep import axes
from experiments.sweep.axes import QUANTITIES, Amount, Choice
from experiments.sweep.result import Level
from sim.units import UNITS, UnitError, parse

MOST_LEVELS = 10_000
DIMENSIONS = {"ms": "time", "s": "time", "MiB": "size", "%": "percentage", "IOPS": "iops"}
"""Of a metric's unit."""


def stepped(low: object, high: object, step: object) -> tuple[tuple[Choice, ...], str] | tuple[str, str]:
    """The levels and the unit of their numbers; or what is wrong, and with which key ("to", "step").

    `step` None: 1, of whole numbers.
    """
    first, last = axes.amount(low), axes.amount(high)
    if first is None or last is None:
        return "is no number and no text with a number and a unit, write from and to so", "to"
    if step is None and first.dimension != "count":
        return "is missing, say how far it is from level to level", "step"
    by = Amount("count", 1, "") if step is None else axes.amount(step)
    if by is None:
        return "is no number and no text with a number and a unit", "step"
    if {first.dimension, last.dimension, by.dimension} <= {"count", "number"}:
        first, last, by = _alike(first, last, by)
    if first.dimension != last.dimension:
        return "is not of the same kind as from, give both the same unit", "to"
    if by.dimension != first.dimension:
        return "is not of the same kind as from and to, give it their unit", "step"
    return _walked(first, last, by)


def _alike(*amounts: Amount) -> tuple[Amount, ...]:
    """Whole numbers, or all of them as numbers if one is."""
    if all(one.dimension == "count" for one in amounts):
        return amounts
    return tuple(Amount("number", one.base * (1000 if one.dimension == "count" else 1), "") for one in amounts)


def _walked(first: Amount, last: Amount, by: Amount) -> tuple[tuple[Choice, ...], str] | tuple[str, str]:
    if last.base <= first.base:
        return "is not more than from, write a larger one", "to"
    if by.base == 0:
        return "is zero, write a larger one", "step"
    factors = UNITS[first.dimension]
    unit = min((one.unit for one in (first, last, by)), key=factors.__getitem__)
    steps, rest = divmod(last.base - first.base, by.base)
    if steps >= MOST_LEVELS:
        return f"makes {steps + 1} levels, at most {MOST_LEVELS} are searched: write a larger one", "step"
    if rest:
        near = _text(last.base - rest, first.dimension, unit)
        return f'is not whole steps away from "from", the last level before it is {near}: write that', "to"
    bases = range(first.base, last.base + 1, by.base)
    return tuple(_choice(base, first.dimension, unit) for base in bases), axes.shown_unit(unit)


def _choice(base: int, dimension: str, unit: str) -> Choice:
    text, number = _text(base, dimension, unit), float(base / UNITS[dimension][unit])
    return Choice(Level(text, number), text if dimension in QUANTITIES else _plain(text))


def _plain(text: str) -> int | float:
    return float(text) if "." in text else int(text)


def _text(base: int, dimension: str, unit: str) -> str:
    """So many base units, as an exact decimal number of `unit`."""
    exact = Fraction(base) / UNITS[dimension][unit]
    digits = 0
    while (exact * 10**digits).denominator != 1:
        digits += 1
    return f"{float(exact):.{digits}f} {unit}".rstrip()


def limit_of(metric: Metric, value: object) -> float | str:
    """The limit in the metric's unit; or what is wrong with it."""
    dimension = DIMENSIONS.get(metric.unit)
    if dimension is None:
        if isinstance(value, str):
            return "is a text, write a number without quotes: the metric has no unit"
        number = float(value)  # type: ignore[arg-type]
        return number if number >= 0 else "is below zero, write another one"
    if not isinstance(value, str):
        example = {"time": "10 ms", "size": "64 MiB", "percentage": "10 %", "iops": "500 iops"}[dimension]
        return f'needs a text with a unit, write for example "{example}"'
    try:
        base = parse(value, dimension)
    except UnitError as error:
        return str(error)
    unit = {"IOPS": "iops"}.get(metric.unit, metric.unit)
    return float(base / UNITS[dimension][unit])
