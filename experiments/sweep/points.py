"""Every point's scenario, checked before anything runs: the sweep's levels set in it, and all mistakes at once.

A mistake in a level stands at its place in the sweep file, one that the scenario file makes by itself at its own. What
several points have in common is said once; what only some of them have names one.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from experiments.errors import InputError
from experiments.scenario import Loaded, Overrides, locate
from experiments.scenario.edge import from_text
from experiments.scenario.messages import MOST, Mistake, Source, excerpt, shown_path
from experiments.scenario.settings import Setting
from experiments.sweep.checks import field_places
from experiments.sweep.design import Designed
from experiments.sweep.schema import SweepFile

_FIGURE = re.compile(r"[0-9][0-9.,]*(?: ?[A-Za-zµ%][A-Za-z/%]*)?")
"""A figure with its unit."""


@dataclass
class Said:
    """Messages about points, each once, with the points that have it; `alike`: what differs in figures is the same."""

    total: int
    alike: bool = False
    by_text: dict[str, list[str]] = field(default_factory=dict)
    _same: dict[str, str] = field(default_factory=dict)

    def add(self, texts: Sequence[str], point: str) -> None:
        for text in texts:
            first = self._same.setdefault(_FIGURE.sub("#", text) if self.alike else text, text)
            points = self.by_text.setdefault(first, [])
            if point not in points[-1:]:
                points.append(point)

    def texts(self, always: frozenset[str] = frozenset()) -> Iterator[str]:
        """The messages; those that only some points have, and that `always` does not have, name one of them."""
        for text, points in self.by_text.items():
            if len(points) == self.total or text in always:
                yield text
                continue
            first, newline, rest = text.partition("\n")
            others = f" and {len(points) - 1} more" if len(points) > 1 else ""
            yield f'{first} (at the point "{points[0]}"{others}){newline}{rest}'


@dataclass(frozen=True)
class Base:
    """The scenario file of a sweep, and what the sweep sets in all of its points."""

    text: str
    data: dict[str, Any]  # the document in it
    path: Path
    seed: int | None
    always: tuple[Setting, ...]

    def load(self, settings: tuple[Setting, ...] = ()) -> Loaded:
        """The scenario with these fields set. Raises InputError."""
        return from_text(self.text, self.path, Overrides(seed=self.seed, settings=(*self.always, *settings)))


def loaded_points(
    base: Base, file: SweepFile, source: Source, points: Sequence[Designed], warnings: Said
) -> tuple[list[Loaded], list[str]]:
    """Each point's scenario, or the messages about them; `warnings` gets what looks wrong in them."""
    labels = _Labels(file, source)
    found: list[Loaded] = []
    mistakes = Said(len(points))
    for point in points:
        try:
            one = base.load(tuple(labels.settings(point)))
        except InputError as error:
            mistakes.add(labels.with_excerpts(error.messages), point.point.name)
        else:
            found.append(one)
            warnings.add(one.remarks, point.point.name)
    messages = _once_each_axis(list(mistakes.texts(labels.own(mistakes.by_text))), labels)
    more = [f"and {len(messages) - MOST} more, correct the first ones"] if len(messages) > MOST else []
    return found, [*messages[:MOST], *more]


class _Labels:
    """The labels of an axis's settings: place in the sweep file, key, level, and the field it is for."""

    def __init__(self, file: SweepFile, source: Source) -> None:
        self._source = source
        self._axes = {
            name: (axis, [text for _, text in field_places(("axis", name), axis)]) for name, axis in file.axis.items()
        }
        self._places: dict[str, tuple[str, str]] = {}  # by label: its axis where it was sampled, and the excerpt

    def settings(self, point: Designed) -> Iterator[Setting]:
        for (name, (axis, fields)), level, value in zip(
            self._axes.items(), point.point.levels, point.values, strict=True
        ):
            path: locate.Path = ("axis", name)
            if axis.values is not None:
                path = (*path, "values", axis.values.index(value))
            else:
                path = (*path, "from" if level.text == str(axis.from_) else "to" if level.text == str(axis.to) else "")
                path = path if path[-1] else path[:-1]
            span = self._source.span(Mistake(path, ""))
            line = self._source.lines[span.line - 1]
            for one in fields:
                place = f"{self._source.name}:{span.line}:{span.column}: {shown_path(path)}"
                label = f'{place}: "{level.text}" for {one}'
                sampled = "" if axis.values is not None else f"{name} {one}"
                self._places[label] = (sampled, excerpt(line, span.column, span.length))
                yield Setting(one, value, label)

    def label_in(self, message: str) -> str | None:
        return next((label for label in self._places if message.startswith(f"{label}: ")), None)

    def sampled(self, message: str) -> str:
        """The axis and field of a message about a level between from and to; '' for others."""
        label = self.label_in(message)
        return self._places[label][0] if label else ""

    def with_excerpts(self, messages: Sequence[str]) -> list[str]:
        labels = [self.label_in(message) for message in messages]
        return [m + self._places[label][1] if label else m for m, label in zip(messages, labels, strict=True)]

    def own(self, messages: dict[str, list[str]]) -> frozenset[str]:
        """Those that begin with a label: they name their level already."""
        return frozenset(message for message in messages if self.label_in(message))


def _once_each_axis(messages: list[str], labels: _Labels) -> list[str]:
    """Of the messages about levels between from and to, the first for each axis and field."""
    seen: set[str] = set()
    kept = []
    for message in messages:
        sampled = labels.sampled(message)
        if sampled and sampled in seen:
            continue
        seen.add(sampled)
        kept.append(message)
    return kept
