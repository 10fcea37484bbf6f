"""The range of an assumption: the register's or the file's own, as levels that a scenario can be given."""

from typing import Any, get_args, get_origin

from experiments.scenario.locate import Path
from experiments.scenario.messages import Mistake, shown
from experiments.scenario.schema import ScenarioFile
from experiments.scenario.settings import EVERY
from experiments.scenario.shape import table_at
from experiments.sensitivity.fields import patterns
from experiments.sensitivity.schema import AssumptionTable
from experiments.sweep import axes
from experiments.sweep.axes import Levels
from experiments.sweep.result import Axis
from models.assumptions import Assumption

DECADE = 10


def levels_of(row: Assumption, table: AssumptionTable, at: Path) -> Levels | Mistake:
    """The entry's levels; or what is wrong with its range, at its place in the file. `row` can be varied."""
    if row.dimension == "choice":
        return _choices(row, table, at)
    low, high = (_own(row, text) if value is None else value for text, value in ((row.low, table.low),
                                                                                (row.high, table.high)))  # fmt: skip
    if low == high and table.low is None and table.high is None:
        text = f"has one value in the register ({row.value}), add low and high of your own to vary it"
        return Mistake((*at, "key"), text)
    ends = [axes.amount(value) for value in (low, high)]
    for name, value, end in (("low", table.low, ends[0]), ("high", table.high, ends[1])):
        wanted = {"count": ("count",), "number": ("count", "number")}.get(row.dimension, (row.dimension,))
        if value is not None and (end is None or end.dimension not in wanted):
            return Mistake((*at, name), f"is not of the kind of {row.key} ({shown(value)}), write it like {row.low}")
    least, most = ends
    log = bool(least and most and least.base > 0 and most.base > DECADE * least.base)
    between = axes.span(low, high, log)
    if isinstance(between, str):
        where = "high" if table.high is not None else "low"
        return Mistake((*at, where), f"leaves no range: from {shown(low)} to {shown(high)}, the low one goes first")
    axis = Axis(row.key, row.key, patterns_text(row.key), axes.shown_unit(between.unit), log)
    return Levels(axis, (), between)


def patterns_text(key: str) -> tuple[str, ...]:
    """The fields of the entry, with stars, as one would write them."""
    texts = []
    for pattern in patterns(key):
        text = "".join(
            "[*]" if part == EVERY and pattern[i - 1] in ("disk", "workload") else f".{part}"
            for i, part in enumerate(pattern)
        )
        texts.append(text[1:])
    return tuple(texts)


def _own(row: Assumption, text: str) -> Any:
    """An end of the register's range as a scenario file would have it."""
    if row.dimension == "count":
        return int(text)
    return float(text) if row.dimension == "number" else text


def _choices(row: Assumption, table: AssumptionTable, at: Path) -> Levels | Mistake:
    for name, value in (("low", table.low), ("high", table.high)):
        if value is not None:
            return Mistake((*at, name), f"is of no use ({shown(value)}): {row.key} is a choice, all of them are tried")
    found, _ = axes.choices(choices(row))
    return Levels(Axis(row.key, row.key, patterns_text(row.key), "", log=False), found, None)


def choices(row: Assumption) -> list[Any]:
    """All values that a choice can have, as a scenario file has them."""
    if {row.low, row.high} == {"true", "false"}:
        return [False, True]
    pattern = patterns(row.key)[0]
    concrete = tuple(0 if part == EVERY and pattern[i - 1] in ("disk", "workload") else part
                     for i, part in enumerate(pattern))  # fmt: skip
    table = table_at(concrete[:-1], ScenarioFile)
    assert table is not None
    found = _literals(table.model_fields[str(pattern[-1])].annotation)
    # a table of quantiles is no choice by itself: it needs the quantiles
    return [one for one in found if one != "quantiles"]


def _literals(annotation: Any) -> list[Any]:
    """The choices inside an annotation such as ``Literal["a", "b"] | None``."""
    parts = get_args(annotation)
    if parts and all(isinstance(part, str) for part in parts) and get_origin(annotation) is not Any:
        return list(parts)
    return [one for part in parts for one in _literals(part)]
