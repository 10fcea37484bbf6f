"""Mistakes and their messages: ``file:line:column: key.path: what is wrong (value), what to do``, then the line itself.

Mistakes are collected, sorted by place and formatted once. A mistake in an option of the command line names the option.
"""

import re
from collections.abc import Iterable
from typing import NamedTuple

from experiments.scenario.locate import Path, Places, Span

WIDTH = 110  # of the shown piece of a line
MOST = 100  # messages; a file with more mistakes is no scenario


class Mistake(NamedTuple):
    """Something wrong at `path`. `needs`: what else it was concluded from; a mistake there makes this one void."""

    path: Path
    text: str
    at_key: bool = False  # mark the key, not its value
    needs: tuple[Path, ...] = ()


def standing(found: Iterable[Mistake], wrong: Iterable[Mistake]) -> list[Mistake]:
    """Those of `found` that do not rest on what is `wrong` already."""
    void = [mistake.path for mistake in wrong]
    return [mistake for mistake in found if not any(_rests_on(mistake, path) for path in void)]


def _rests_on(mistake: Mistake, path: Path) -> bool:
    """Whether a mistake at `path` voids this one: around or at what it used, or (for values) inside it."""
    within = mistake.needs if mistake.at_key else (mistake.path, *mistake.needs)
    around = (mistake.path, *mistake.needs)
    return any(path == one[: len(path)] for one in around) or any(path[: len(one)] == one for one in within)


class Source(NamedTuple):
    """Where a scenario came from: a file's text and places, and options (by path) that replaced some of it."""

    name: str  # "" shows none
    lines: list[str]
    places: Places | None  # None: a dictionary
    options: dict[Path, str]

    def messages(self, mistakes: list[Mistake]) -> list[str]:
        """The mistakes' messages, in the order of the file, none twice."""
        ordered = sorted(mistakes, key=lambda mistake: (self.span(mistake)[:2], str(mistake.path), mistake.text))
        texts = list(dict.fromkeys(self.message(mistake) for mistake in ordered[:MOST]))
        if len(ordered) > MOST:
            texts.append(self.message(Mistake((), f"and {len(ordered) - MOST} more, correct the first ones")))
        return texts

    def message(self, mistake: Mistake) -> str:
        for end in range(len(mistake.path), 0, -1):
            if option := self.options.get(mistake.path[:end]):
                return f"{option}: {mistake.text}"
        path = shown_path(mistake.path)
        what = f"{path}: {mistake.text}" if path else mistake.text
        if self.places is None:
            return f"{self.name}: {what}" if self.name else what
        span = self.span(mistake)
        line = self.lines[span.line - 1] if span.line <= len(self.lines) else ""
        return f"{self.name}:{span.line}:{span.column}: {what}{excerpt(line, span.column, span.length)}"

    def span(self, mistake: Mistake) -> Span:
        """The place of a mistake: of its key or value, or of the nearest thing around it."""
        if self.places is not None:
            first, second = self.places.values, self.places.keys
            if mistake.at_key:
                first, second = second, first
            for end in range(len(mistake.path), 0, -1):
                path = mistake.path[:end]
                if span := first.get(path) or second.get(path):
                    return span
        return Span(1, 1, 1)


def shown_path(path: Path) -> str:
    """The path as one would write it: ``vm.sql.disk[0].size``."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            quoted = part if re.fullmatch(r"[A-Za-z0-9_-]+", part) else f'"{shortened(printable(part))}"'
            text += f".{quoted}" if text else quoted
    return text


def header(path: Path) -> str:
    """The name of the path's table as its header would have it: ``vm.sql.disk``."""
    return shown_path(tuple(part for part in path if not isinstance(part, int)))


def excerpt(line: str, column: int, length: int) -> str:
    """The line, cut to a readable width, with a mark under `length` characters from `column`; '' for an empty one."""
    if not line.strip():
        return ""
    start = max(0, column - 1 - WIDTH // 2) if len(line) > WIDTH else 0
    piece = printable(line[start : start + WIDTH].replace("\t", " "))
    marked = max(1, min(length, len(piece) - (column - 1 - start)))
    return f"\n    {piece}\n    {' ' * (column - 1 - start)}{'^' * marked}"


def shown(value: object) -> str:
    """A value for a message, as TOML would write it, not too long."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return f'"{shortened(printable(value))}"'
    if isinstance(value, dict):
        return "a table"
    if isinstance(value, list):
        return "an array"
    if isinstance(value, int) and abs(value) > 10**30:
        return "a very large number"
    return shortened(str(value))


def shortened(text: str) -> str:
    return text if len(text) <= 40 else f"{text[:37]}..."


def printable(text: str) -> str:
    """The text with a question mark for every character that a terminal cannot show, one for one."""
    return "".join(c if c.isprintable() else "?" for c in text)
