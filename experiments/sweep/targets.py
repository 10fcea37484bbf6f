"""The replication of a sweep file as a study's: its numbers and targets, or what is wrong with them."""

from collections.abc import Iterator
from fractions import Fraction
from typing import NamedTuple

from experiments.group_view import ALL_VMS
from experiments.metrics import BY_KEY
from experiments.scenario.locate import Path
from experiments.scenario.messages import Mistake, shown
from experiments.study.sequential import LEAST, Replication, Sign, Target, Width
from experiments.sweep.checks import meant
from experiments.sweep.schema import MOST_SEQUENTIAL, ReplicationTable, SettleTable
from sim.units import UNITS, UnitError, parse

AT: Path = ("replication",)


class Wanted(NamedTuple):
    """How often to run: `replication` None is the scenario's number; `budget` 0 is none."""

    replication: Replication | None
    budget: int


def wanted(table: ReplicationTable) -> tuple[Wanted, list[Mistake]]:
    """What the table asks for; where it has mistakes, the scenario's number stands for it."""
    mistakes = [*_together(table)]
    targets: list[Target] = []
    for number, one in enumerate(table.settle):
        at: Path = (*AT, "settle", number)
        found = _target(at, one)
        if isinstance(found, Mistake):
            mistakes.append(found)
        else:
            targets.append(found)
    if mistakes or not (table.count or targets):
        return Wanted(None, 0), mistakes
    if table.count:
        return Wanted(Replication.fixed(table.count), 0), []
    least, most = numbers(table)
    return Wanted(Replication(least, most, tuple(targets)), table.budget or 0), []


def numbers(table: ReplicationTable) -> tuple[int, int]:
    """The least and the most replications of a point that is run until its targets are settled."""
    most = table.most or max(MOST_SEQUENTIAL, table.least or 0)
    return table.least or min(LEAST, most), most


def _together(table: ReplicationTable) -> Iterator[Mistake]:
    sequential = [key for key in ("least", "most", "budget") if getattr(table, key) is not None]
    if table.count is not None:
        for key in [*sequential, *(["settle"] if table.settle else [])]:
            yield Mistake((*AT, key), "stands beside count, which is a fixed number: keep either", at_key=True)
    elif not table.settle:
        for key in sequential:
            text = "needs something to settle, add [[replication.settle]], or use count"
            yield Mistake((*AT, key), text, at_key=True)
    least, most = numbers(table)
    if most < least:
        text = f"is less than least ({most}), which is {least}: write at least that"
        yield Mistake((*AT, "most"), text)


def _target(at: Path, one: SettleTable) -> Target | Mistake:
    if one.metric not in BY_KEY:
        return Mistake((*at, "metric"), f"is no metric ({shown(one.metric)}){meant(one.metric, BY_KEY)}")
    metric = BY_KEY[one.metric]
    if metric.scope == "run" and one.group != ALL_VMS:
        text = f"has no figure of {one.metric} ({shown(one.group)}), which is of the whole run: leave group out"
        return Mistake((*at, "group"), text)
    if (one.within is None) == (one.sign is None):
        return Mistake(at, 'needs within = "5 %" or sign = ["vadp", "vaio"], one of them', at_key=True)
    if one.sign is not None:
        if one.sign[0] == one.sign[1]:
            return Mistake((*at, "sign"), f"is one arm twice ({shown(one.sign[0])}), name two")
        return Sign(one.metric, one.sign[0], one.sign[1], one.group)
    return _width((*at, "within"), one, one.within or "", metric.unit)


def _width(at: Path, one: SettleTable, text: str, unit: str) -> Width | Mistake:
    """So much of the mean, or so much in the metric's unit."""
    if text.rstrip().endswith("%"):
        dimension, factor = "percentage", Fraction(1_000_000)
    else:
        base = {"IOPS": "iops"}.get(unit, unit)
        dimension = next((name for name, units in UNITS.items() if base in units and name != "count"), "number")
        factor = UNITS[dimension][base]
    try:
        size = float(parse(text, dimension) / factor)
    except UnitError as error:
        return Mistake(at, f'{error}; or a share of the mean, "5 %"')
    if size <= 0 or (dimension == "percentage" and size >= 1):
        return Mistake(at, f'is no half-width to reach ({shown(text)}), write for example "5 %"')
    return Width(one.metric, size, dimension == "percentage", one.group)
