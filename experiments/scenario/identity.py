"""The canonical text of a scenario: what two files must share to be the same experiment.

Sorted JSON after defaults, in base units, traces by their digest. Without seed and replications (a result's identity
adds them), without the trace's file name.
"""

import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from types import UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from models.scenario import Arm, Scenario, Trace

APART = ("seed", "replications", "identity")


def identity(scenario: Scenario) -> Scenario:
    """The same scenario with its identity filled in."""
    return replace(scenario, identity=_text(_plain(scenario)))


def restored(
    plain: Mapping[str, Any], arms: tuple[Arm, ...], seed: int, replications: int, traces: Mapping[str, Trace]
) -> Scenario:
    """The scenario whose canonical text says `plain`, run with these arms; `traces` by their digest.

    Raises KeyError, TypeError or ValueError where `plain` is no such text.
    """
    document = {**plain, "run": {**plain["run"], "seed": seed, "replications": replications}, "identity": ""}
    whole: Scenario = _built(Scenario, document, traces)
    text = _text(plain)
    if identity(whole).identity != text:
        raise ValueError("the text says more than a scenario holds")
    return replace(whole, arms=arms, identity=text)


def _text(plain: object) -> str:
    return json.dumps(plain, sort_keys=True, separators=(",", ":"))


def _built(kind: Any, value: Any, traces: Mapping[str, Trace]) -> Any:
    """What `_plain` made `value` of, given its type."""
    origin, arguments = get_origin(kind), get_args(kind)
    if value is None:
        return None
    if origin in (Union, UnionType):
        return _built(next(one for one in arguments if one is not type(None)), value, traces)
    if origin is tuple:
        kinds = [arguments[0]] * len(value) if arguments[-1] is Ellipsis else arguments
        return tuple(_built(one, item, traces) for one, item in zip(kinds, value, strict=True))
    if kind is Trace:
        return traces[value]
    if is_dataclass(kind):
        hints = get_type_hints(kind)
        return kind(**{field.name: _built(hints[field.name], value[field.name], traces) for field in fields(kind)})  # type: ignore[operator]
    return value


def _plain(value: object) -> object:
    if isinstance(value, Trace):
        return value.digest
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    if is_dataclass(value):
        return {field.name: _plain(getattr(value, field.name)) for field in fields(value) if field.name not in APART}
    return value
