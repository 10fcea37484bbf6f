"""Where each key and value of a TOML text stands: key path -> line and column.

Only for text that `tomllib` accepted, so this scanner need not judge, only walk: tables, arrays of tables, dotted keys,
inline tables, arrays over several lines, all four kinds of string, comments. A path holds keys and array indices, as
one would subscript the parsed document. Lines and columns count characters from 1.
"""

import re
import tomllib
from bisect import bisect_right
from typing import NamedTuple

Path = tuple[str | int, ...]

_BLANK = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_KEY = re.compile(r"""[A-Za-z0-9_-]+|"(?:[^"\\\n]|\\.)*"|'[^'\n]*'""")
_STRING = re.compile(r'"""(?:[^\\]|\\.)*?"{3,5}|' r"'''.*?'{3,5}|" r'"(?:[^"\\\n]|\\.)*"|' r"'[^'\n]*'", re.DOTALL)
_SCALAR = re.compile(r"[^,\]}#\n]*")


class Span(NamedTuple):
    """A key or value: its first character, and how many of them stand on its first line."""

    line: int
    column: int
    length: int


class Places(NamedTuple):
    """By path: the key that made it (a table's header, for arrays' items the item), and its value."""

    keys: dict[Path, Span]
    values: dict[Path, Span]


def locate(text: str) -> Places:
    """The places of everything in `text`, which `tomllib` has accepted."""
    return _Scanner(text).places()


class _Scanner:
    """Walks the text once. `tables` counts the elements of each array of tables."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.starts = [0, *(match.end() for match in re.finditer("\n", text))]
        self.found = Places({}, {})
        self.tables: dict[Path, int] = {}

    def places(self) -> Places:
        table: Path = ()
        self.blank()
        while self.at < len(self.text):
            if self.text[self.at] == "[":
                table = self.header()
            else:
                self.pair(table)
            self.blank()
        return self.found

    def blank(self) -> None:
        match = _BLANK.match(self.text, self.at)
        self.at = match.end() if match else self.at

    def span(self, start: int, end: int) -> Span:
        line = bisect_right(self.starts, start)
        length = len(self.text[start:end].split("\n", 1)[0])
        return Span(line, start - self.starts[line - 1] + 1, max(1, length))

    def key(self) -> list[tuple[str, Span]]:
        """A dotted key, part by part; stands behind it afterwards."""
        parts: list[tuple[str, Span]] = []
        while True:
            self.spaces()
            match = _KEY.match(self.text, self.at)
            if not match:
                return parts
            parts.append((_bare(match[0]), self.span(match.start(), match.end())))
            self.at = match.end()
            self.spaces()
            if self.text[self.at : self.at + 1] != ".":
                return parts
            self.at += 1

    def spaces(self) -> None:
        while self.text[self.at : self.at + 1] in (" ", "\t"):
            self.at += 1

    def header(self) -> Path:
        """A table's header: the path of the table, with the index of its latest element for arrays of tables."""
        brackets = 2 if self.text.startswith("[[", self.at) else 1
        self.at += brackets
        parts = self.key()
        self.at += brackets
        path: Path = ()
        for number, (name, span) in enumerate(parts):
            path += (name,)
            self.found.keys.setdefault(path, span)
            last = number == len(parts) - 1
            if last and brackets == 2:
                self.tables[path] = self.tables.get(path, 0) + 1
            if path in self.tables:
                path += (self.tables[path] - 1,)
                self.found.keys.setdefault(path, span)
            if last:
                self.found.keys[path] = span
                self.found.values[path] = span
        return path

    def pair(self, table: Path) -> None:
        """A key, an equals sign and its value, inside `table`."""
        path = table
        for name, span in self.key():
            path += (name,)
            self.found.keys.setdefault(path, span)
        self.at += 1  # the equals sign
        self.spaces()
        self.value(path)

    def value(self, path: Path) -> None:
        start, first = self.at, self.text[self.at]
        if first in "\"'":
            self.take(_STRING)
        elif first == "[":
            self.array(path)
        elif first == "{":
            self.inline(path)
        else:
            self.take(_SCALAR)
        end = start + len(self.text[start : self.at].rstrip())
        self.found.values[path] = self.span(start, end)

    def take(self, pattern: re.Pattern[str]) -> None:
        match = pattern.match(self.text, self.at)
        self.at = match.end() if match else len(self.text)

    def array(self, path: Path) -> None:
        self.at += 1
        self.blank()
        index = 0
        while self.text[self.at] != "]":
            self.value((*path, index))
            self.found.keys[(*path, index)] = self.found.values[(*path, index)]
            index += 1
            self.separator()
        self.at += 1

    def inline(self, path: Path) -> None:
        self.at += 1
        self.blank()
        while self.text[self.at] != "}":
            self.pair(path)
            self.separator()
        self.at += 1

    def separator(self) -> None:
        """Past a comma, if there is one, and the blanks around it."""
        self.blank()
        if self.text[self.at] == ",":
            self.at += 1
            self.blank()


def _bare(key: str) -> str:
    """The key that a quoted or bare spelling stands for."""
    if key[0] == "'":
        return key[1:-1]
    return next(iter(tomllib.loads(f"{key} = 0"))) if key[0] == '"' else key
