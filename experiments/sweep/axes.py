"""Levels of an axis: listed, or from one to another in even steps, or at a share of the way for a sample.

A level's text is what is set in the scenario, so a table of levels is the design: rounded to four digits of the span,
never finer than the base unit. Times, sizes and rates are exact whole numbers in base units in between.
"""

import math
import re
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, NamedTuple

from experiments.sweep.result import Axis, Level
from sim.units import UNITS, UnitError, parse

DIGITS = 4  # of the span, or of the level where that is less
QUANTITIES = ("time", "size", "rate", "iops", "percentage")
_UNIT = re.compile(r"[0-9.\s]+(\S*)\s*")
SHOWN = {"iops": "IOPS", "kiops": "kIOPS"}


class Amount(NamedTuple):
    """A number with its dimension (a key of `UNITS`), in base units."""

    dimension: str
    base: int
    unit: str  # as it was written


class Choice(NamedTuple):
    """A level, and what is set in the scenario for it."""

    level: Level
    value: Any


@dataclass(frozen=True)
class Span:
    """From one level to a greater one of the same dimension."""

    low: Amount
    high: Amount
    texts: tuple[str, str]  # as the file says them
    log: bool

    @property
    def unit(self) -> str:
        """The finer of the two ends' units: levels in between are written in it."""
        units = UNITS[self.low.dimension]
        return min(self.low.unit, self.high.unit, key=units.__getitem__)

    def at(self, share: float) -> Choice:
        """The level at this share of the way, the ends as they are written."""
        low, high = self.low.base, self.high.base
        exact = Fraction(low) * Fraction((high / low) ** share) if self.log else low + (high - low) * Fraction(share)
        return self._written(exact)

    def sampled(self, share: float) -> Choice:
        """As `at`; whole numbers have equal chances, the ends too."""
        if self.low.dimension != "count":
            return self.at(share)
        low, high = self.low.base - Fraction(1, 2), self.high.base + Fraction(1, 2)
        exact = low * Fraction(float(high / low) ** share) if self.log else low + (high - low) * Fraction(share)
        return self._written(exact)

    def _written(self, exact: Fraction) -> Choice:
        """The level nearest to so many base units that a short text can say."""
        fine, unit = UNITS[self.low.dimension][self.unit], self.unit
        power = _power(min(exact, Fraction(self.high.base - self.low.base)) / fine) - (DIGITS - 1)
        while (fine * Fraction(10) ** power).denominator != 1:
            power += 1
        count = round(exact / (fine * Fraction(10) ** power))
        base = int(count * Fraction(10) ** power * fine)
        for end, text in zip((self.low, self.high), self.texts, strict=True):
            if base == end.base or (base < end.base) == (end is self.low):
                return _choice(text, end, self.unit)
        return _choice(f"{_decimal(count, power)} {unit}".rstrip(), Amount(self.low.dimension, base, unit), unit)


def _power(value: Fraction) -> int:
    """The decimal exponent of a positive number; 0 for zero."""
    return math.floor(math.log10(value)) if value > 0 else 0


def _decimal(count: int, power: int) -> str:
    """`count` times ten to `power` as a plain decimal."""
    if power >= 0:
        return str(count * 10**power)
    digits = str(count).rjust(1 - power, "0")
    return f"{digits[:power]}.{digits[power:]}".rstrip("0").rstrip(".")


def _choice(text: str, amount: Amount, unit: str) -> Choice:
    """The level of an amount, its number in `unit`."""
    number = float(amount.base / UNITS[amount.dimension][unit])
    if amount.dimension in QUANTITIES:
        return Choice(Level(text, number), text)
    return Choice(Level(text, number), int(text) if amount.dimension == "count" else float(text))


def amount(value: object) -> Amount | None:
    """The value as an amount: a number, or a text with a unit; None if it is neither."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return Amount("count", value, "") if value >= 0 else None
    if isinstance(value, float):
        return Amount("number", round(value * 1000), "") if value >= 0 else None
    unit = _UNIT.fullmatch(value) if isinstance(value, str) else None
    for dimension in QUANTITIES if unit and isinstance(value, str) else ():
        if unit and unit[1] in UNITS[dimension]:
            try:
                return Amount(dimension, parse(str(value), dimension), unit[1])
            except UnitError:
                return None
    return None


def span(low: object, high: object, log: bool) -> Span | str:
    """The span between two values of a file; what is wrong with it, for a message, if it is none."""
    ends = [amount(low), amount(high)]
    first, second = ends
    if first is None or second is None:
        return "is no number and no text with a number and a unit, write both ends so, or list values"
    if {first.dimension, second.dimension} == {"count", "number"}:
        first, second = (_as_number(one) for one in (first, second))
    if first.dimension != second.dimension:
        return "is not of the same kind as from, give both the same unit"
    if first.base >= second.base:
        return "is not more than from, write a larger one"
    if log and first.base == 0:
        return 'is reached from zero, which has no place on a logarithmic scale, start above it or use "linear"'
    return Span(first, second, (text(low), text(high)), log)


def _as_number(one: Amount) -> Amount:
    return Amount("number", one.base * 1000, "") if one.dimension == "count" else one


def text(value: object) -> str:
    """A value of a file as a level's text."""
    return str(value).lower() if isinstance(value, bool) else str(value).strip()


def choices(values: list[Any]) -> tuple[tuple[Choice, ...], str]:
    """The levels that these values are, and the unit of their numbers ('' for counts and choices)."""
    amounts = [amount(value) for value in values]
    found = [one for one in amounts if one is not None]
    kinds = {one.dimension for one in found}
    if len(found) < len(values) or len(kinds - {"count", "number"}) + bool(kinds & {"count", "number"}) != 1:
        return tuple(Choice(Level(text(value), float(i)), value) for i, value in enumerate(values)), ""
    unit = found[0].unit
    numbers = [float(one.base / UNITS[one.dimension][unit]) for one in found]
    return tuple(Choice(Level(text(v), n), v) for v, n in zip(values, numbers, strict=True)), unit


def shown_unit(unit: str) -> str:
    """The unit as charts write it."""
    return SHOWN.get(unit, unit)


@dataclass(frozen=True)
class Levels:
    """An axis with the levels that a design takes from it."""

    axis: Axis
    listed: tuple[Choice, ...]  # of a grid, or of values
    between: Span | None  # sampled anywhere in it

    def sampled(self, share: float) -> Choice:
        """The level at this share of the way."""
        if self.between is not None:
            return self.between.sampled(share)
        return self.listed[min(int(share * len(self.listed)), len(self.listed) - 1)]
