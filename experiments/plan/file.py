"""Plan files: TOML in, a checked `Plan` out, or all mistakes of the plan and of its scenario at once.

The scenario is read at levels from one end to the other before anything runs, so that what is wrong with them is not
found after hours.
"""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from experiments.errors import InputError
from experiments.identity import VERSION, trace_digests
from experiments.metrics import BY_KEY
from experiments.plan.checks import check, check_names, check_tables
from experiments.plan.levels import limit_of, stepped
from experiments.plan.result import Objective
from experiments.plan.schema import ObjectiveTable, PlanFile, UnknownTable
from experiments.scenario import Loaded, Overrides
from experiments.scenario.document import read_document
from experiments.scenario.edge import from_text
from experiments.scenario.messages import Mistake, Source, shown_path, standing
from experiments.scenario.settings import Setting
from experiments.scenario.source import read_text, read_toml
from experiments.study.work import study_source
from experiments.sweep import axes
from experiments.sweep.axes import Choice
from experiments.sweep.result import Axis
from models.scenario import Arm, Engine, Scenario

EXAMPLE = "scenarios/plans/vms-per-datastore.toml"
MOST_READ = 10
"""Levels between which there are so many steps are read; both ends are."""
FEW = 10


@dataclass(frozen=True)
class Unknown:
    """A field of the scenario and its levels; of the one that is searched, the easiest first."""

    axis: Axis
    choices: tuple[Choice, ...]
    labels: tuple[str, ...]  # of its fields, for messages: their places in the plan file

    def settings(self, choice: Choice) -> tuple[Setting, ...]:
        named = zip(self.axis.fields, self.labels, strict=True)
        return tuple(Setting(field, choice.value, f'{label}: "{choice.level.text}"') for field, label in named)


@dataclass(frozen=True)
class Plan:
    """A plan as it is to be conducted."""

    name: str
    title: str
    unknown: Unknown
    want: Literal["most", "least"]
    along: Unknown | None
    arms: tuple[Arm, ...]
    objectives: tuple[Objective, ...]
    places: tuple[str, ...]  # of the objectives in the plan file, for messages
    looks: tuple[int, ...]
    confidence: float
    budget: int  # runs in all; 0: no limit
    engine: Engine
    warnings: tuple[str, ...]
    first: Scenario  # at the easiest level
    base: "Base"

    def scenario(self, choice: Choice, along: Choice | None) -> Scenario:
        """The scenario at these levels."""
        return self.base.load(self._settings(choice, along)).scenario

    def _settings(self, choice: Choice, along: Choice | None) -> tuple[Setting, ...]:
        more = self.along.settings(along) if self.along is not None and along is not None else ()
        return (*self.unknown.settings(choice), *more)

    @property
    def hash(self) -> str:
        """Ten hex digits that name the result: of everything that decides it, and its names."""
        unknowns = [self.unknown, *([self.along] if self.along else [])]
        identity = {
            "names": [self.name, self.title],
            "unknowns": [[one.axis, [choice.level for choice in one.choices]] for one in unknowns],
            "scenario": [self.first.identity, trace_digests(self.first)],
            "seed": self.first.run.seed,
            "asked": [self.want, self.arms, self.objectives, self.looks, self.confidence, self.budget],
            "version": VERSION,
            "source": study_source(),
        }
        text = json.dumps(identity, sort_keys=True, separators=(",", ":"))
        return hashlib.blake2b(text.encode(), digest_size=5).hexdigest()


@dataclass(frozen=True)
class Base:
    """The scenario file of a plan, and what the plan sets at all levels."""

    text: str
    path: Path
    seed: int | None
    always: tuple[Setting, ...]

    def load(self, settings: tuple[Setting, ...]) -> Loaded:
        """The scenario with these fields set. Raises InputError."""
        return from_text(self.text, self.path, Overrides(seed=self.seed, settings=(*self.always, *settings)))


def load_plan(path: Path, seed: int | None = None) -> Plan:
    """The plan in a TOML file, run with this seed instead of the scenario's. Raises InputError with every mistake."""
    document = read_document(path, PlanFile, "plan", EXAMPLE)
    file, source = document.file, document.source
    if file is None:
        raise InputError(source.messages(document.mistakes))
    mistakes = [*document.mistakes, *standing(check(file), document.mistakes)]
    base = _base(file, source, path, seed, mistakes)
    if base is None:
        raise InputError(source.messages(mistakes))
    if mistakes:
        mistakes += _named(file, base)
        raise InputError(source.messages(mistakes))
    unknown, along = _unknowns(file, source)
    loaded, warnings = _read(base, unknown, along)
    first = loaded.scenario
    if mistakes := list(check_names(file, first.groups, first.arms)):
        raise InputError(source.messages(mistakes))
    return Plan(
        name=file.name,
        title=file.title or file.name,
        unknown=unknown,
        want=next(one.want for one in file.unknown.values() if one.want is not None),
        along=along,
        arms=first.arms,
        objectives=tuple(map(_objective, file.objective)),
        places=tuple(_place(source, ("objective", n)) for n in range(len(file.objective))),
        looks=looks(file.replication.least, file.replication.most),
        confidence=file.replication.confidence / 1_000_000,
        budget=file.replication.budget or 0,
        engine=loaded.engine,
        warnings=(*warnings, *_few(file.replication.least)),
        first=first,
        base=base,
    )


def looks(least: int, most: int) -> tuple[int, ...]:
    """The numbers of replications after which a level is looked at: doubled from the least on, the most at last."""
    found = [least]
    while found[-1] * 2 < most:
        found.append(found[-1] * 2)
    return (*found, most) if most > least else (least,)


def _few(least: int) -> Iterator[str]:
    if least < FEW:
        yield (f"{least} replications at the first look are few: Student-t intervals of skewed figures then cover less "
               f"often than they say, least = {FEW} is safer")  # fmt: skip


def _base(file: PlanFile, source: Source, path: Path, seed: int | None, mistakes: list[Mistake]) -> Base | None:
    """The scenario file; adds to the mistakes if there is none."""
    where = path.parent / file.scenario
    try:
        text = read_text(where)
        mistakes += check_tables(file, read_toml(text, str(where)))
    except InputError as error:
        if where.is_file():
            raise InputError([*source.messages(mistakes), *error.messages]) from None
        if ("scenario",) not in {mistake.path for mistake in mistakes}:
            mistakes.append(Mistake(("scenario",), f'names no file that can be read ("{file.scenario}"), a relative '
                                    "path starts at the plan file"))  # fmt: skip
        return None
    arms = [file.arm] if file.arm is not None else file.arms
    at = _place(source, ("arm",) if file.arm is not None else ("arms",))
    return Base(text, where, seed, (Setting("run.arms", list(arms), at),) if arms else ())


def _place(source: Source, path: tuple[str | int, ...]) -> str:
    """A place in the plan file as messages begin with it."""
    span = source.span(Mistake(path, ""))
    return f"{source.name}:{span.line}:{span.column}: {shown_path(path)}"


def _named(file: PlanFile, base: Base) -> list[Mistake]:
    """What is wrong with names, if the scenario can be read as it is."""
    try:
        scenario = base.load(()).scenario
    except InputError:
        return []
    return list(check_names(file, scenario.groups, scenario.arms))


def _unknowns(file: PlanFile, source: Source) -> tuple[Unknown, Unknown | None]:
    """The one that is searched, and the one that is gone through; the file has been checked."""
    searched = next(name for name, one in file.unknown.items() if one.want is not None)
    others = [name for name in file.unknown if name != searched]
    found = _unknown(searched, file.unknown[searched], source)
    return found, _unknown(others[0], file.unknown[others[0]], source) if others else None


def _unknown(name: str, one: UnknownTable, source: Source) -> Unknown:
    if one.values is not None:
        choices, unit = axes.choices(one.values)
    else:
        choices, unit = stepped(one.from_, one.to, one.step)  # type: ignore[assignment]
    fields = tuple(one.fields or (one.field or "",))
    paths = [("unknown", name, "field")] if one.fields is None else [("unknown", name, "fields")] * len(fields)
    labels = tuple(_place(source, path) for path in paths)
    if one.want == "least":
        choices = choices[::-1]
    return Unknown(Axis(name, one.label or name, fields, axes.shown_unit(unit), False), choices, labels)


def _objective(one: ObjectiveTable) -> Objective:
    metric, value = BY_KEY[one.metric], one.at_least if one.at_most is None else one.at_most
    limit = limit_of(metric, value)
    if isinstance(limit, str):
        raise ValueError(limit)
    return Objective(metric.key, one.group, metric.label, metric.unit, one.at_most is not None, limit, str(value))


def _read(base: Base, unknown: Unknown, along: Unknown | None) -> tuple[Loaded, list[str]]:
    """The scenario at the easiest level, and the warnings of all. Raises InputError with what is wrong with levels."""
    others: tuple[Choice | None, ...] = along.choices if along is not None else (None,)
    last = len(unknown.choices) - 1
    count = min(last, MOST_READ)
    chosen = [unknown.choices[last * step // count] for step in range(count + 1)] if count else unknown.choices
    found: list[Loaded] = []
    wrong: list[str] = []
    warnings: dict[str, int] = {}
    for other in others:
        for choice in chosen:
            more = along.settings(other) if along is not None and other is not None else ()
            try:
                found.append(base.load((*unknown.settings(choice), *more)))
            except InputError as error:
                levels = [choice.level.text, *([other.level.text] if other is not None else [])]
                wrong += [_at(message, levels, unknown, along) for message in error.messages]
                break  # harder levels have the same mistake in other figures
            for remark in found[-1].remarks:
                warnings[remark] = warnings.get(remark, 0) + 1
    if wrong:
        raise InputError(list(dict.fromkeys(wrong)))
    return found[0], list(_common(warnings, len(found)))


def _at(message: str, levels: list[str], unknown: Unknown, along: Unknown | None) -> str:
    """The message with the levels at which it comes up, unless it begins with one."""
    unknowns = [unknown, *([along] if along is not None else [])]
    if message.startswith(tuple(label for one in unknowns for label in one.labels)):
        return message
    names = ", ".join(f"{one.axis.key}={level}" for one, level in zip(unknowns, levels, strict=False))
    first, newline, rest = message.partition("\n")
    return f"{first} (at {names}){newline}{rest}"


def _common(warnings: dict[str, int], total: int) -> Iterator[str]:
    """Those of all levels, and how many there are of some only."""
    yield from (text for text, count in warnings.items() if count == total)
    some = [text for text, count in warnings.items() if count < total]
    if some:
        yield f"{some[0]} (at some levels" + (f"; and {len(some) - 1} more like it)" if some[1:] else ")")
