"""Each table's own mistakes: wrong types, unknown keys, bad quantities, all at once and in plain words.

Of any file whose schema is a `Table`: scenarios, sweeps, plans. A file with such mistakes is also repaired (the
offending keys left out) as far as it goes, so that the checks between tables can look at the rest and report theirs in
the same go.
"""

import copy
import difflib
import re
from collections.abc import Iterable
from typing import Any, TypeVar, get_args, get_origin

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from experiments.scenario.locate import Path
from experiments.scenario.messages import Mistake, header, shown
from experiments.scenario.quantities import Table
from experiments.scenario.settings import EVERY

File = TypeVar("File", bound=Table)
_ROUNDS = 12
SYNONYMS = {"clock": "origin", "iodepth": "outstanding", "loop": "repeat", "offset": "begin", "vmdk": "disk"}
"""Words of other tools and pages for our keys."""
_PLAIN = {
    "bool_type": "is not true or false ({value}), write one of them without quotes",
    "dict_type": "is not a table ({value}), write it as [{path}]",
    "model_type": "is not a table ({value}), write it as [{path}] or {{ ... }}",
    "string_type": "is not a text ({value}), write it in quotes",
    "int_type": "is not a whole number ({value}), write one without quotes and without a point",
    "int_parsing_size": "is too large ({value}), write a smaller number",
    "too_short": "is empty, name at least one",
    "greater_than_equal": "is too small ({value}), write at least {ge}",
    "less_than_equal": "is too large ({value}), write at most {le}",
    "less_than": "is too large ({value}), write less than {lt}",
}


def check_shape(data: dict[str, Any], kind: type[File]) -> tuple[list[Mistake], File | None]:
    """The mistakes inside single tables, and the file without them; None where too little is left."""
    try:
        return [], kind.model_validate(data)
    except ValidationError as error:
        errors = error.errors(include_url=False)
    return [_mistake(one, kind) for one in errors], _repaired(data, errors, kind)


def _repaired(data: dict[str, Any], errors: list[ErrorDetails], kind: type[File]) -> File | None:
    rest = copy.deepcopy(data)
    for _ in range(_ROUNDS):
        for one in errors:
            _leave_out(rest, one, kind)
        try:
            return kind.model_validate(rest)
        except ValidationError as error:
            errors = error.errors(include_url=False)
    return None


def _leave_out(data: dict[str, Any], error: ErrorDetails, kind: type[Table]) -> None:
    """Removes what is wrong, or the list it is an item of; puts any valid value where a key is missing."""
    path = _path(error)
    while path and isinstance(path[-1], int):
        path = path[:-1]
    holder: Any = data
    for part in path[:-1]:
        try:
            holder = holder[part]
        except (KeyError, IndexError, TypeError):
            return
    if path and isinstance(holder, dict):
        holder.pop(path[-1], None)
        if error["type"] == "missing":
            holder[path[-1]] = _stand_in(path, kind)


def _path(error: ErrorDetails) -> Path:
    return tuple(part for part in error["loc"] if part != "[key]")


def _mistake(error: ErrorDetails, kind: type[Table]) -> Mistake:
    """The error in our words, at its place."""
    name, path, value = error["type"], _path(error), error["input"]
    if name == "missing":
        return Mistake(path, "is missing" + _how_to_add(path, kind), at_key=True)
    if name == "extra_forbidden":
        return Mistake(path, "is an unknown key" + _similar_key(path, kind), at_key=True)
    if name == "literal_error":
        return Mistake(path, _choice(str(error.get("ctx", {}).get("expected", "")), value))
    if name == "list_type":
        return Mistake(path, _no_list(path, value, kind))
    if name in _PLAIN:
        facts = {"value": shown(value), "path": header(path), **error.get("ctx", {})}
        return Mistake(path, _PLAIN[name].format(**facts))
    text = error["msg"]
    told = "(" in text or isinstance(value, dict | list)
    return Mistake(path, text if told else _with_value(text, value), at_key=error["loc"][-1] == "[key]")


def _with_value(text: str, value: object) -> str:
    """The text with the value put before its advice."""
    what, comma, advice = text.partition(", ")
    return f"{what} ({shown(value)}){comma}{advice}"


def _choice(expected: str, value: object) -> str:
    choices = re.findall(r"'([^']*)'", expected)
    listed = ", ".join(f'"{choice}"' for choice in choices)
    near = difflib.get_close_matches(value.casefold(), choices, 1) if isinstance(value, str) else []
    return f"is none of {listed} ({shown(value)}), " + (f'did you mean "{near[0]}"?' if near else "write one of them")


def _no_list(path: Path, value: object, kind: type[Table]) -> str:
    if _inner(_annotation(path, kind)) is not None:
        return f"is not an array of tables ({shown(value)}), write each as [[{header(path)}]]"
    return f"is not an array ({shown(value)}), write it in square brackets"


def _annotation(path: Path, kind: type[Table]) -> Any:
    """The type of the field at `path`; None if there is no such field."""
    table = table_at(path[:-1], kind)
    field = table.model_fields.get(str(path[-1])) if table and path else None
    return field.annotation if field else None


def _stand_in(path: Path, kind: type[Table]) -> object:
    """A valid value for a required key."""
    annotation = _annotation(path, kind)
    if get_origin(annotation) is dict:
        return {}
    if get_origin(annotation) is list:
        return [{}] if _inner(annotation) else ["NAME"]
    return _example(path, kind)


def _example(path: Path, kind: type[Table]) -> str:
    """The example of a required text, as the schema gives it."""
    table = table_at(path[:-1], kind)
    schema = table.model_json_schema()["properties"][str(path[-1])] if table else {}
    return str((schema.get("examples") or ["NAME"])[0])


def _how_to_add(path: Path, kind: type[Table]) -> str:
    """Advice for a missing key."""
    annotation = _annotation(path, kind)
    if _inner(annotation) is not None and get_origin(annotation) is dict:
        return f", add at least one: [{header(path)}.NAME]"
    if _inner(annotation) is not None and get_origin(annotation) is list:
        return f", add a {path[-1]}: [[{header(path)}]]"
    value = '["NAME"]' if get_origin(annotation) is list else f'"{_example(path, kind)}"'
    return f", add for example {path[-1]} = {value}"


def _similar_key(path: Path, kind: type[Table]) -> str:
    """Advice for an unknown key: the nearest known one here, the table it belongs to, or all that is known here."""
    table, name = table_at(path[:-1], kind), str(path[-1])
    known = [field.alias or key for key, field in table.model_fields.items()] if table else []
    near = [SYNONYMS[name]] if SYNONYMS.get(name) in known else []
    near = near or difflib.get_close_matches(name.casefold().replace("-", "_"), known, 1)
    if near:
        return f', did you mean "{near[0]}"?'
    if len(path) == 1 or not known:
        return ", known here: " + ", ".join(known)
    elsewhere = [field for field in kind.model_fields if name in _fields(kind, field)]
    hint = f' (there is one in "{elsewhere[0]}")' if elsewhere and elsewhere[0] != path[0] else ""
    return f"{hint}, known here: " + ", ".join(known)


def _fields(kind: type[Table], field: str) -> dict[str, Any]:
    inner = _inner(kind.model_fields[field].annotation)
    return dict(inner.model_fields) if inner else {}


def table_at(path: Path, kind: type[Table]) -> type[Table] | None:
    """The schema of the table at `path` of a file of this kind."""
    table: type[Table] | None = kind
    rest = list(path)
    while rest and table is not None:
        field = table.model_fields.get(str(rest.pop(0)))
        annotation = field.annotation if field else None
        table = _inner(annotation)
        if rest and table is not None and _holds_many(annotation):
            rest.pop(0)
    return table


def misnamed(path: Path, data: dict[str, Any], kind: type[Table]) -> str:
    """Why a setting's path names nothing that this document of a kind has or may have; '' if it does.

    A key that the schema knows need not be there yet, but what a writer names, such as a VM group, must.
    """
    table: type[Table] | None = kind
    there: Any = data
    rest = list(path)
    while rest and table is not None:
        key = str(rest.pop(0))
        fields = {field.alias or name: field.annotation for name, field in table.model_fields.items()}
        if key != EVERY and key not in fields:
            return f"names no field of the scenario{_nearest(key, fields)}"
        there = there.get(key) if isinstance(there, dict) else None
        table = _inner(fields.get(key))
        if table is not None and get_origin(fields.get(key)) is dict and rest:
            name = str(rest.pop(0))
            if name != EVERY and isinstance(there, dict) and name not in there:
                return f"names no {key} of the scenario{_nearest(name, there)}"
            there = there.get(name) if isinstance(there, dict) else None
        elif table is not None and get_origin(fields.get(key)) is list and rest:
            number = rest.pop(0)
            if isinstance(there, list) and isinstance(number, int) and number >= len(there):
                return f"names no item of the scenario ({key}[{number}]), it has {len(there)}, numbered from 0"
            there = None  # the items need not be alike: what a setting makes of them is checked afterwards
    return ""


def _nearest(name: str, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(name.casefold(), list(known), 1)
    return f' ("{name}"), did you mean "{near[0]}"?' if near else f' ("{name}"), known here: {", ".join(known)}'


def _inner(annotation: Any) -> type[Table] | None:
    """The table inside an annotation such as ``dict[Name, VmTable]`` or ``AddressesTable | None``."""
    if isinstance(annotation, type) and get_origin(annotation) is None:
        return annotation if issubclass(annotation, Table) else None
    inner = [table for part in get_args(annotation) if (table := _inner(part)) is not None]
    return inner[0] if inner else None


def _holds_many(annotation: Any) -> bool:
    return get_origin(annotation) in (dict, list)
