"""What a single table of a plan file cannot know: which unknown is searched, limits against metrics, groups, arms."""

import difflib
from collections.abc import Iterator, Sequence
from typing import Any

from experiments.group_view import ALL_VMS
from experiments.metrics import BY_KEY
from experiments.plan.levels import limit_of, stepped
from experiments.plan.schema import ObjectiveTable, PlanFile, UnknownTable
from experiments.scenario.locate import Path
from experiments.scenario.messages import Mistake, shown
from experiments.scenario.settings import EVERY, parsed
from experiments.sweep.checks import two_on_one

BARRED = {
    "run.seed": "all levels share their random numbers, use --seed",
    "run.replications": "write [replication]",
    "run.arms": "write arm or arms",
    "run.engine": "both give the same result, use --engine",
    "name": "a plan has a name of its own",
    "title": "a plan has a title of its own",
}
"""Fields that are no unknown, and what to do instead."""
NAMED = {"vm": 1, "host": 1, "datastore": 1, "proxy": 1, "repository": 1, "timer": 1, "protection": 2}
"""Tables whose names the scenario's writer chooses: how deep the name stands."""


def check(file: PlanFile) -> Iterator[Mistake]:
    """Everything that can be seen without the scenario."""
    if file.arm is not None and file.arms is not None:
        yield Mistake(("arms",), "stands beside arm, keep one of them", at_key=True)
    yield from _unknowns(file)
    placed = ((name, *one) for name, table in file.unknown.items() for one in field_places(("unknown", name), table))
    yield from two_on_one("unknown", placed)
    for number, objective in enumerate(file.objective):
        yield from _objective(("objective", number), objective)
        if objective in file.objective[:number]:
            yield Mistake(("objective", number), f"stands twice ({shown(objective.metric)}), keep one", at_key=True)
    if file.replication.most < file.replication.least:
        text = f"is less than least ({file.replication.most} of {file.replication.least}), write at least as many"
        yield Mistake(("replication", "most"), text, needs=(("replication", "least"),))
    if not 500_000 <= file.replication.confidence < 1_000_000:
        share = file.replication.confidence / 10_000
        yield Mistake(("replication", "confidence"), f'is not from 50 % to below 100 % ({share:g} %), write "95 %"')


def _unknowns(file: PlanFile) -> Iterator[Mistake]:
    searched = [name for name, one in file.unknown.items() if one.want is not None]
    if not searched:
        text = 'does not say what is wanted, add want = "most" or "least" to the one that is searched'
        yield Mistake(("unknown", next(iter(file.unknown))), text, at_key=True)
    for name in searched[1:]:
        text = "is searched, too: leave want out of the one whose levels are gone through"
        yield Mistake(("unknown", name, "want"), text)
    for name in list(file.unknown)[2:]:
        yield Mistake(("unknown", name), "is one too many: one is searched, one may be gone through", at_key=True)
    for name, one in file.unknown.items():
        yield from _fields(("unknown", name), one)
        yield from _levels(("unknown", name), one)


def _fields(at: Path, one: UnknownTable) -> Iterator[Mistake]:
    if (one.field is None) == (one.fields is None):
        text = 'names no field of the scenario, add for example field = "vm.sql.count"'
        needs = ((*at, "field"), (*at, "fields"))
        yield Mistake(at, text if one.field is None else "has field and fields, keep one of them", True, needs)
    for place, field in field_places(at, one):
        if parsed(field) is None:
            yield Mistake(place, f"is not the name of a field ({shown(field)}), write it as in vm.NAME.disk[0].size")
        elif field in BARRED:
            yield Mistake(place, f"is no unknown ({shown(field)}): {BARRED[field]}")


def field_places(at: Path, one: UnknownTable) -> list[tuple[Path, str]]:
    """The fields of an unknown, and where each stands."""
    alone = [((*at, "field"), one.field)] if one.field is not None else []
    return [*alone, *(((*at, "fields", n), text) for n, text in enumerate(one.fields or ()))]


def check_tables(file: PlanFile, scenario: dict[str, Any]) -> Iterator[Mistake]:
    """Named tables that a field lies in must be there: setting it would make a new VM group or host."""
    for name, one in file.unknown.items():
        for place, field in field_places(("unknown", name), one):
            path = parsed(field) or ()
            depth = NAMED.get(str(path[0]), 0) if path else 0
            table: Any = scenario
            for part in path[: depth + 1] if len(path) > depth else ():
                if part == EVERY:
                    break
                if not isinstance(table, dict) or part not in table:
                    what = ".".join(map(str, path[: depth + 1]))
                    yield Mistake(place, f"the scenario has no [{what}] ({shown(field)}), name a table that it has")
                    break
                table = table[part]


def _levels(at: Path, one: UnknownTable) -> Iterator[Mistake]:
    bounds = {"from": one.from_, "to": one.to, "step": one.step}
    if one.values is not None:
        if one.want is not None:
            yield Mistake((*at, "values"), "are for what is gone through, write from, to and step", at_key=True)
        for key, value in bounds.items():
            if value is not None:
                yield Mistake((*at, key), "stands beside values, keep either", at_key=True)
        return
    missing = [key for key in ("from", "to") if bounds[key] is None]
    if missing:
        needs = tuple((*at, key) for key in ("values", "from", "to"))
        yield Mistake(at, f"has no {' and no '.join(missing)}, say between what levels it lies", True, needs)
        return
    found, key = stepped(one.from_, one.to, one.step)
    if isinstance(found, str):
        path = (*at, key) if bounds[key] is not None else at
        yield Mistake(path, f"{found} ({shown(bounds[key])})" if bounds[key] is not None else f"{key} {found}")


def _objective(at: Path, one: ObjectiveTable) -> Iterator[Mistake]:
    metric = BY_KEY.get(one.metric)
    if metric is None:
        near = difflib.get_close_matches(one.metric, BY_KEY, 1)
        advice = f'did you mean "{near[0]}"?' if near else "docs/plan.md lists those that are asked for most"
        yield Mistake((*at, "metric"), f"is no metric ({shown(one.metric)}), {advice}")
    if (one.at_most is None) == (one.at_least is None):
        text = 'has no limit, add at_most or at_least, for example at_most = "10 ms"'
        yield Mistake(at, text if one.at_most is None else "has two limits, write two objectives", at_key=True)
    if metric is None:
        return
    for key, value, wrong in (("at_most", one.at_most, "high"), ("at_least", one.at_least, "low")):
        if value is None:
            continue
        if metric.better == wrong:
            other = "at_least" if key == "at_most" else "at_most"
            yield Mistake((*at, key), f"is the wrong side for {metric.label}, write {other}", at_key=True)
        limit = limit_of(metric, value)
        if isinstance(limit, str):
            yield Mistake((*at, key), limit if "(" in limit else f"{limit} ({shown(value)})")
    if metric.scope == "run" and one.group != ALL_VMS:
        yield Mistake((*at, "group"), f"is of the whole run ({one.metric}), leave the group out")


def check_names(file: PlanFile, groups: Sequence[str], arms: Sequence[str]) -> Iterator[Mistake]:
    """Groups and arms against the scenario's."""
    for number, one in enumerate(file.objective):
        if one.group != ALL_VMS and one.group not in groups:
            near = difflib.get_close_matches(one.group, groups, 1)
            advice = f'did you mean "{near[0]}"?' if near else f"it has {', '.join(groups)}"
            text = f"is no VM group of the scenario ({shown(one.group)}), {advice}"
            yield Mistake(("objective", number, "group"), text)
    if file.arm is None and file.arms is None and len(arms) > 1:
        text = f"is missing, the scenario has several: write arm as one of {', '.join(arms)}, or arms"
        yield Mistake(("arm",), text, at_key=True)
