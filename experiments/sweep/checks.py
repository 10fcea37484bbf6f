"""What a single table of a sweep file cannot know: axes against their design and each other, targets, names.

Each function yields mistakes; those that need the scenario are in `experiments.sweep.points`.
"""

import difflib
from collections.abc import Iterable, Iterator
from typing import Any

from experiments.group_view import ALL_VMS
from experiments.metrics import BY_KEY
from experiments.scenario.locate import Path
from experiments.scenario.messages import Mistake, shown
from experiments.scenario.schema import ScenarioFile
from experiments.scenario.settings import EVERY, parsed
from experiments.scenario.shape import misnamed
from experiments.sweep import axes
from experiments.sweep.schema import MOST_POINTS, AxisTable, SweepFile

NO_AXIS = {
    "name": "a sweep has a name of its own",
    "title": "a sweep has a title of its own",
    "run.seed": "all points share their random numbers, use --seed",
    "run.replications": "write [replication]",
    "run.arms": "write arms = [...]",
    "run.engine": "both give the same result, use --engine",
}
"""Fields that no axis may change, and what to do instead."""


def check(file: SweepFile) -> Iterator[Mistake]:
    """Everything that can be seen without the scenario."""
    for name, axis in file.axis.items():
        yield from _fields(("axis", name), axis)
        yield from _levels(("axis", name), axis, file.design == "grid")
    placed = ((name, *one) for name, axis in file.axis.items() for one in field_places(("axis", name), axis))
    yield from two_on_one("axis", placed)
    yield from _design(file)
    for number, key in enumerate(file.metrics or ()):
        yield from _metric(("metrics", number), key)
    yield from _twice(("metrics",), file.metrics or ())
    yield from _twice(("arms",), file.arms or ())


def _fields(at: Path, axis: AxisTable) -> Iterator[Mistake]:
    if axis.field is None and axis.fields is None:
        needs = ((*at, "field"), (*at, "fields"))
        yield Mistake(at, 'names no field of the scenario, add for example field = "vm.sql.count"', True, needs)
    if axis.field is not None and axis.fields is not None:
        yield Mistake((*at, "fields"), "stands beside field, keep one of them", at_key=True)
    for place, field in field_places(at, axis):
        path = parsed(field)
        if path is None:
            text = f"is not the name of a field ({shown(field)}), write it as in vm.NAME.disk[0].size"
            yield Mistake(place, text)
            continue
        for barred, instead in NO_AXIS.items():
            if _meet(path, parsed(barred) or ()):
                yield Mistake(place, f"cannot be changed by an axis ({shown(field)}): {instead}")


def field_places(at: Path, axis: AxisTable) -> list[tuple[Path, str]]:
    """The axis's fields, and where each stands."""
    one = [((*at, "field"), axis.field)] if axis.field is not None else []
    return [*one, *(((*at, "fields", number), field) for number, field in enumerate(axis.fields or ()))]


def _meet(one: Path, other: Path) -> bool:
    """Whether two fields may be the same, or one lies in the other."""
    return all(a == b or EVERY in (a, b) for a, b in zip(one, other, strict=False))


def two_on_one(kind: str, fields: Iterable[tuple[str, Path, str]]) -> Iterator[Mistake]:
    """Fields that two tables of this kind would set; of each its table's name, its place, and itself."""
    seen: list[tuple[str, str, Path]] = []
    for name, place, field in fields:
        path = parsed(field)
        if path is None:
            continue
        for other, earlier, there in seen:
            if _meet(path, there):
                what = f'sets what "{earlier}" of {kind}.{other} sets ({shown(field)}), give each field one {kind}'
                yield Mistake(place, what)
                break
        seen.append((name, field, path))


def _levels(at: Path, axis: AxisTable, grid: bool) -> Iterator[Mistake]:
    """Values, or from and to (in steps, if in a grid)."""
    if axis.values is not None:
        for key, value in (("from", axis.from_), ("to", axis.to), ("steps", axis.steps)):
            if value is not None:
                yield Mistake((*at, key), "stands beside values, keep either", at_key=True)
        yield from _twice_valued((*at, "values"), axis.values)
        if axis.scale == "log" and any((axes.amount(value) or _ONE).base == 0 for value in axis.values):
            yield Mistake((*at, "scale"), 'has no place for zero, which is among the values, use "linear"')
        return
    missing = [key for key, value in (("from", axis.from_), ("to", axis.to)) if value is None]
    if missing:
        what = "values = [...]" if len(missing) == 2 else missing[0]
        needs = tuple((*at, key) for key in ("values", "from", "to"))
        yield Mistake(at, f"has no {what}, add it" + (", or from and to" if len(missing) == 2 else ""), True, needs)
    else:
        found = axes.span(axis.from_, axis.to, axis.scale == "log")
        if isinstance(found, str):
            yield Mistake((*at, "to"), f"{found} ({shown(axis.to)})")
    if grid and axis.steps is None and not missing:
        yield Mistake(at, "has no steps, add for example steps = 4, or list values", True, ((*at, "steps"),))
    if not grid and axis.steps is not None:
        yield Mistake((*at, "steps"), "is for a grid, leave it out: a sample has a level for each point", at_key=True)


_ONE = axes.Amount("count", 1, "")


def _twice_valued(at: Path, values: list[object]) -> Iterator[Mistake]:
    seen: set[object] = set()
    for number, value in enumerate(values):
        found = axes.amount(value)
        same = (found.dimension, found.base) if found else axes.text(value)
        if same in seen:
            yield Mistake((*at, number), f"stands twice ({shown(value)}), keep one")
        seen.add(same)


def _design(file: SweepFile) -> Iterator[Mistake]:
    if file.design == "grid":
        for key, value in (("points", file.points), ("block", file.block)):
            if value is not None:
                yield Mistake((key,), "is for a sample, leave it out: a grid has every combination", at_key=True)
        count = 1
        for axis in file.axis.values():
            count *= len(axis.values) if axis.values else axis.steps or 1
        if count > MOST_POINTS:
            text = f"has {count} points, more than {MOST_POINTS}: take fewer levels, or a sample"
            yield Mistake(("design",), text)
        return
    if file.points is None:
        yield Mistake(("design",), f'needs the number of points ("{file.design}"), add for example points = 32')
    elif file.design == "sobol" and file.points & (file.points - 1):
        text = f"is no power of two ({file.points}), the next is {1 << file.points.bit_length()}"
        yield Mistake(("points",), text)
    if file.block is not None and file.design == "sobol":
        yield Mistake(
            ("block",), "is for Latin hypercubes, leave it out: any Sobol sample can be continued", at_key=True
        )
    elif file.block is not None and file.points is not None and file.points % file.block:
        more = file.points + -file.points % file.block
        yield Mistake(("points",), f"is no multiple of block ({file.points}), the next is {more}")


def _metric(at: Path, key: str) -> Iterator[Mistake]:
    if key not in BY_KEY:
        yield Mistake(at, f"is no metric ({shown(key)}){meant(key, BY_KEY)}")


def meant(name: str, known: Iterable[str]) -> str:
    """Advice for an unknown name."""
    known = list(known)
    near = difflib.get_close_matches(name.casefold(), known, 1)
    return f', did you mean "{near[0]}"?' if near else ", known: " + ", ".join(known)


def _twice(at: Path, names: Iterable[str]) -> Iterator[Mistake]:
    seen: set[str] = set()
    for number, name in enumerate(names):
        if name in seen:
            yield Mistake((*at, number), f"stands twice ({shown(name)}), keep one")
        seen.add(name)


def check_fields(file: SweepFile, data: dict[str, Any]) -> Iterator[Mistake]:
    """Fields that the document of the scenario neither has nor may have."""
    for name, axis in file.axis.items():
        for place, field in field_places(("axis", name), axis):
            if text := misnamed(parsed(field) or (), data, ScenarioFile):
                yield Mistake(place, text)


def check_names(file: SweepFile, groups: tuple[str, ...], arms: tuple[str, ...]) -> Iterator[Mistake]:
    """Names that the scenario decides: VM groups, and arms that run."""
    known = (ALL_VMS, *groups)
    for number, name in enumerate(file.groups or ()):
        if name not in known:
            yield Mistake(("groups", number), f"is no VM group of the scenario ({shown(name)}){meant(name, known)}")
    yield from _twice(("groups",), file.groups or ())
    for number, target in enumerate(file.replication.settle):
        at: Path = ("replication", "settle", number)
        if target.group not in known:
            text = f"is no VM group of the scenario ({shown(target.group)}){meant(target.group, known)}"
            yield Mistake((*at, "group"), text)
        for place, arm in enumerate(target.sign or ()):
            if arm not in arms:
                text = f"is not run ({shown(arm)}), the arms of this sweep: {', '.join(arms)}"
                yield Mistake((*at, "sign", place), text)
