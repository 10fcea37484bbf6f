"""Every point's scenario, checked before anything runs: assumptions at their levels, and what is wrong with them."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from experiments.errors import InputError
from experiments.scenario import Loaded, Overrides
from experiments.scenario.edge import from_text
from experiments.scenario.messages import Mistake, Source, excerpt
from experiments.scenario.settings import Setting
from experiments.sensitivity.result import Entry
from experiments.sweep.axes import Choice, Levels
from models.assumptions import Assumption
from models.scenario import Arm, Scenario


@dataclass(frozen=True)
class Base:
    """The scenario file."""

    text: str
    data: dict[str, Any]  # the document in it
    path: Path
    seed: int | None
    arms: tuple[Arm, ...]  # (): the scenario's

    def load(self, settings: tuple[Setting, ...] = ()) -> Loaded:
        """The scenario with these fields set. Raises InputError."""
        arms = (Setting("run.arms", list(self.arms), "arms"),) if self.arms else ()
        return from_text(self.text, self.path, Overrides(seed=self.seed, settings=(*arms, *settings)))


@dataclass(frozen=True)
class Varied:
    """An assumption with its levels, and the fields of the scenario that get them."""

    number: int  # in the file
    row: Assumption
    levels: Levels
    fields: tuple[str, ...]

    @property
    def scanned(self) -> tuple[Choice, ...]:
        """What the scan tries: both ends, or every choice."""
        between = self.levels.between
        return self.levels.listed if between is None else (between.at(0.0), between.at(1.0))

    @property
    def entry(self) -> Entry:
        levels = tuple(choice.level.text for choice in self.scanned)
        return Entry(
            self.row.key,
            self.row.value,
            levels[0],
            levels[-1],
            levels,
            self.levels.axis.log,
            self.row.grade,
            self.fields,
        )


def loaded_points(
    base: Base, source: Source, points: Sequence[tuple[str, dict[str, Choice]]], varied: tuple[Varied, ...]
) -> list[Scenario]:
    """The scenario of each point, by name and the level of each assumption that it changes.

    Raises InputError with the first mistake that each assumption's field makes: a level that the scenario cannot have.
    """
    found: list[Scenario] = []
    mistakes: dict[str, str] = {}
    by_key = {one.row.key: one for one in varied}
    for name, choices in points:
        labels = {
            f"{_place(source, by_key[key])}: {choice.level.text} for {field}": (by_key[key], field, choice.value)
            for key, choice in choices.items()
            for field in by_key[key].fields
        }
        try:
            loaded = base.load(tuple(Setting(field, value, label) for label, (_, field, value) in labels.items()))
        except InputError as error:
            for message in error.messages:
                label = next((one for one in labels if message.startswith(f"{one}: ")), "")
                what = labels[label][1] if label else message
                shown = message + _line(source, labels[label][0]) if label else f"{message} (at {name})"
                mistakes.setdefault(what, shown)
        else:
            found.append(loaded.scenario)
    if mistakes:
        raise InputError(list(mistakes.values()))
    return found


def _place(source: Source, one: Varied) -> str:
    span = source.span(Mistake(("assumption", one.number, "key"), ""))
    return f"{source.name}:{span.line}:{span.column}: {one.row.key}"


def _line(source: Source, one: Varied) -> str:
    span = source.span(Mistake(("assumption", one.number, "key"), ""))
    return excerpt(source.lines[span.line - 1], span.column, span.length)
