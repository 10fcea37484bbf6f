"""Profiles of workloads: `profile = "oltp"` stands for the keys that the register has under it, and own keys go
before them.

It is done with the raw document, so that everything behind it, and every message, sees plain keys.
"""

import copy
from typing import Any

from models.assumptions import REGISTER, Assumption, default

PREFIX = "profile."
ACTS_IN = {"outstanding": "closed", "think": "closed", "rate": "open", "two_state": "open"}
INSTEAD = {"size": "sizes", "sizes": "size", "burst": "two_state"}
"""An own key in whose presence the profile's other one is meant to go."""
WHOLE = ("sizes",)
"""Tables that are a value: an own one is not mixed with the profile's."""


def names() -> tuple[str, ...]:
    """The profiles there are."""
    return tuple(dict.fromkeys(row.key.split(".")[1] for row in REGISTER if row.key.startswith(PREFIX)))


def rows(name: str) -> list[Assumption]:
    """What the register says of a profile."""
    return [row for row in REGISTER if row.key.startswith(f"{PREFIX}{name}.")]


def keys(name: str) -> dict[str, Any]:
    """The profile as a workload's table, in the spelling of a scenario file."""
    table: dict[str, Any] = {}
    for row in rows(name):
        *outer, last = row.key.split(".")[2:]
        place = table
        for part in outer:
            place = place.setdefault(part, {})
        counted = row.dimension == "count"
        place[last] = default(row.key) if counted else float(row.value) if row.dimension == "number" else row.value
    return table


def expanded(data: dict[str, Any]) -> dict[str, Any]:
    """The document with every known profile written out. What has not the shape of a workload stays as it is."""
    groups = data.get("vm")
    for group in groups.values() if isinstance(groups, dict) else ():
        workloads = group.get("workload") if isinstance(group, dict) else None
        if not isinstance(workloads, list):
            continue
        for number, own in enumerate(workloads):
            if isinstance(own, dict) and own.get("profile") in names():
                workloads[number] = _mixed(own, str(own["profile"]))
    return data


def _mixed(own: dict[str, Any], name: str) -> dict[str, Any]:
    profile = copy.deepcopy(keys(name))
    kind = own.get("kind", profile["kind"])
    for key in list(profile):
        if ACTS_IN.get(key, kind) != kind or any(key == INSTEAD.get(one) for one in own) or kind == "trace":
            del profile[key]
    if isinstance(addresses := own.get("addresses"), dict) and "pattern" in addresses:
        profile.get("addresses", {}).pop("exponent", None)  # it is of the profile's pattern
    return _over(profile, own)


def _over(under: dict[str, Any], own: dict[str, Any]) -> dict[str, Any]:
    """`own` over `under`, table by table."""
    mixed = {key: value for key, value in under.items() if key not in own}
    for key, value in own.items():
        tables = isinstance(value, dict) and isinstance(under.get(key), dict) and key not in WHOLE
        mixed[key] = _over(under[key], value) if tables else value
    return mixed


def table() -> str:
    """All profiles as a table of Markdown, as docs/profiles.md has it."""
    lines = ["| profile | key | value | range | grade | source, and why |", "|---|---|---|---|---|---|"]
    for name in names():
        for row in rows(name):
            span = row.value if row.low == row.high else f"{row.low} to {row.high}"
            if row.dimension == "choice":
                span = f"{row.low} or {row.high}"
            key = ".".join(row.key.split(".")[2:])
            lines.append(f"| {name} | {key} | {row.value} | {span} | {row.grade} | {row.source}: {row.note} |")
    return "\n".join(lines) + "\n"
