"""Fields of a scenario file by name, as sweeps set them: ``vm.sql.disk[0].size``, ``protection.vadp.*.commit``.

A field's path may hold a star for every key of a table or, in brackets, every item of an array.
"""

import re
from typing import Any, NamedTuple

from experiments.scenario.locate import Path
from experiments.scenario.messages import Mistake

_PART = re.compile(r"""(?:^|\.)(?:([A-Za-z0-9_-]+)|"([^"\\]*)"|(\*))|\[(\d{1,6}|\*)\]""")
EVERY = "*"


class Setting(NamedTuple):
    """One field's value instead of the file's. `label` begins the messages about it."""

    field: str
    value: Any  # as a TOML document would hold it
    label: str


def parsed(field: str) -> Path | None:
    """The field's path, stars as EVERY; None if it is written wrongly."""
    path: list[str | int] = []
    at = 0
    while at < len(field):
        match = _PART.match(field, at)
        if match is None:
            return None
        at = match.end()
        bare, quoted, star, index = match.groups()
        if index is not None and index != EVERY:
            path.append(int(index))
        else:
            path.append(EVERY if star or index else bare if bare is not None else quoted)
    return tuple(path) if path and isinstance(path[0], str) else None


def apply(data: dict[str, Any], settings: tuple[Setting, ...]) -> tuple[dict[Path, str], list[Mistake]]:
    """Puts the settings into the document; which label stands at which path, and what cannot be set."""
    labels: dict[Path, str] = {}
    mistakes: list[Mistake] = []
    for setting in settings:
        path = parsed(setting.field)
        places = [] if path is None else _places(data, path, ())
        if not places:
            labels[("", setting.label)] = setting.label
            mistakes.append(Mistake(("", setting.label), _unknown(setting.field, path)))
        for place in places:
            labels[place] = setting.label
            _put(data, place, setting.value)
    return labels, mistakes


def _unknown(field: str, path: Path | None) -> str:
    if path is None:
        return f'"{field}" is not the name of a field, write it as in vm.NAME.disk[0].size'
    return f'the scenario has no field "{field}", name tables and array items that it has'


def _places(data: Any, path: Path, before: Path) -> list[Path]:
    """The paths in the document that `path` stands for; its last key, and tables on its way, need not be there yet."""
    if not path:
        return [before]
    head, rest = path[0], path[1:]
    if isinstance(data, list):
        chosen = range(len(data)) if head == EVERY else [head] if isinstance(head, int) and head < len(data) else []
        return [place for index in chosen for place in _places(data[index], rest, (*before, index))]
    if not isinstance(data, dict) or isinstance(head, int):
        return []
    if head == EVERY:
        return [place for key in data for place in _places(data[key], rest, (*before, key))]
    if head not in data:
        new = all(isinstance(part, str) and part != EVERY for part in rest)
        return [(*before, head, *rest)] if new else []
    return _places(data[head], rest, (*before, head))


def _put(data: Any, path: Path, value: Any) -> None:
    for part in path[:-1]:
        data = data.setdefault(part, {}) if isinstance(data, dict) else data[part]
    data[path[-1]] = value
