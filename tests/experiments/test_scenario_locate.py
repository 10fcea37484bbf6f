"""The locator against the parser: what stands at a value's place is that value, whatever way the text is written.

The oracle is mutation: put another value exactly at the place, parse again, and only that path may have changed.
"""

import copy
import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from experiments.scenario.locate import Span, locate

SCENARIOS = Path(__file__).parents[2] / "scenarios"
MARK = 7350935  # occurs nowhere else

BARE = st.text("abcXYZ019_-", min_size=1, max_size=4)
KEYS = st.one_of(BARE, st.text("a b.#=\"'[]é\\", min_size=1, max_size=4))
STRINGS = st.text("ab #=,[]{}\"'\\\n\té", max_size=6)
SCALARS = st.one_of(st.integers(-99, 99), st.booleans(), STRINGS, st.sampled_from([1.5, -2e10]))
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
                      max_leaves=6)  # fmt: skip
TABLES = st.recursive(
    st.dictionaries(KEYS, VALUES, max_size=3),
    lambda inner: st.dictionaries(KEYS, st.one_of(VALUES, inner, st.lists(inner, min_size=1, max_size=2)), max_size=3),
    max_leaves=5,
)


class Writer:
    """Writes a document as TOML in a way drawn at random: quotes, blanks, comments, dots, headers, inline tables."""

    def __init__(self, draw: Any) -> None:
        self.draw = draw

    def pick(self, *choices: str) -> str:
        return str(self.draw(st.sampled_from(choices)))

    def key(self, key: str) -> str:
        styles = [self.basic(key)]
        styles += [f"'{key}'"] if "'" not in key and "\n" not in key else []
        styles += [key] if key.isascii() and key.replace("_", "").replace("-", "").isalnum() else []
        return self.pick(*styles)

    def basic(self, text: str) -> str:
        escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\t", "\\t")
        return f'"{escaped}"'

    def value(self, value: Any) -> str:
        if isinstance(value, bool):
            return str(value).lower()
        if isinstance(value, str):
            return self.string(value)
        if isinstance(value, list):
            gap = self.pick("", " ", "\n", " # ]},\n  ")
            comma = self.pick("", ",") if value else ""
            return f"[{gap}{f',{gap}'.join(self.value(item) for item in value)}{gap}{comma}{gap}]"
        if isinstance(value, dict):
            gap = self.pick("", " ")
            return "{" + gap + f"{gap},{gap}".join(self.pair(key, item) for key, item in value.items()) + gap + "}"
        return str(value)

    def string(self, text: str) -> str:
        styles = [self.basic(text), '"""' + self.basic(text)[1:-1] + '"""']
        styles += [f"'{text}'"] if "'" not in text and "\n" not in text else []
        styles += [f"'''\n{text}'''"] if "'" not in text else []
        styles += [f'"""\\\n   {self.basic(text)[1:-1]}"""'] if not text[:1].isspace() else []
        return self.pick(*styles)

    def pair(self, key: str, value: Any) -> str:
        name = self.key(key)
        while isinstance(value, dict) and len(value) == 1 and self.pick("dotted", "not") == "dotted":
            inner, value = next(iter(value.items()))
            name += self.pick(".", " . ") + self.key(inner)
        equals = self.pick("=", " = ", "\t= ")
        return f"{name}{equals}{self.value(value)}"

    def table(self, table: dict[str, Any], at: list[str]) -> list[str]:
        lines, later = [], []
        for key, value in table.items():
            nested = isinstance(value, dict) or (isinstance(value, list) and value and all(map(dictionary, value)))
            if nested and self.pick("header", "inline") == "header":
                later.append((key, value))
            else:
                lines.append(self.pick("", "  ", "\t") + self.pair(key, value) + self.pick("", " # = \"'["))
        for key, value in later:
            path = [*at, self.key(key)]
            header = self.pick(".", " . ").join(path)
            for element in value if isinstance(value, list) else [value]:
                lines.append(f"[[{header}]]" if isinstance(value, list) else f"[ {header} ]  # note")
                lines += self.table(element, path)
            lines.append(self.pick("", "# [x]"))
        return lines


def dictionary(value: Any) -> bool:
    return isinstance(value, dict)


def leaves(value: Any, path: tuple[str | int, ...] = ()) -> list[tuple[tuple[str | int, ...], Any]]:
    """All scalars of a document with their paths."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else None
    if items is None:
        return [(path, value)]
    return [leaf for key, inner in items for leaf in leaves(inner, (*path, key))]


def put(document: Any, path: tuple[str | int, ...], value: Any) -> Any:
    changed = copy.deepcopy(document)
    holder = changed
    for part in path[:-1]:
        holder = holder[part]
    holder[path[-1]] = value
    return changed


def replaced(text: str, span: Span, new: str) -> str:
    lines = text.split("\n")
    line = lines[span.line - 1]
    lines[span.line - 1] = line[: span.column - 1] + new + line[span.column - 1 + span.length :]
    return "\n".join(lines)


def check_every_value(text: str) -> int:
    """Mutates each one-line scalar at its place; returns how many there were."""
    document, places, checked = tomllib.loads(text), locate(text), 0
    for path, _ in leaves(document):
        span = places.values[path]
        assert path in places.keys
        start = text.split("\n")[span.line - 1][span.column - 1 :]
        if start.startswith(('"""', "'''")):
            continue
        assert tomllib.loads(replaced(text, span, str(MARK))) == put(document, path, MARK)
        checked += 1
    return checked


@settings(max_examples=120)
@given(TABLES, st.data())
def test_another_value_at_a_values_place_changes_that_value_alone(table: dict[str, Any], data: st.DataObject) -> None:
    text = "\n".join(Writer(data.draw).table(table, []))
    assert tomllib.loads(text) == table
    check_every_value(text)


@pytest.mark.parametrize("path", sorted(SCENARIOS.glob("*.toml")), ids=lambda path: path.name)
def test_every_value_of_the_shipped_scenarios_is_found(path: Path) -> None:
    assert check_every_value(path.read_text(encoding="utf-8")) >= 2


def test_arrays_of_tables_are_counted_and_keys_have_places_of_their_own() -> None:
    text = '[vm.sql]\ncount = 2\n[[vm.sql.disk]]\nsize = "a"\n[[vm.sql.disk]]\n  size = "b"\n[vm.sql.disk.inner]\nx=1\n'
    places = locate(text)
    assert places.values["vm", "sql", "disk", 1, "size"] == (6, 10, 3)
    assert places.keys["vm", "sql", "disk", 1, "size"] == (6, 3, 4)
    assert places.keys["vm", "sql", "disk", 1] == (5, 10, 4)
    assert places.values["vm", "sql", "disk", 1, "inner", "x"] == (8, 3, 1)
