"""Where an entry of the assumption register acts in a scenario's document: the fields that hold it, or why none does.

An entry acts where its default would stand: `vadp.commit` in every backup job, `transport.nbd.stream` in those by NBD,
`profile.oltp.think` in workloads of that profile that do not say it themselves. What the file says itself is such a
place, too. Optional tables (a write cache, SIOC, a two-state burst) are never made: where there is none, nothing acts.
"""

import copy
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from experiments.scenario import profiles
from experiments.scenario.locate import Path
from experiments.scenario.messages import shown_path
from experiments.scenario.settings import EVERY
from models.assumptions import REGISTER, default

Document = dict[str, Any]
Table = dict[str, Any]

PREFIXES: tuple[tuple[str, Path], ...] = (
    ("host.", ("host", EVERY)),
    ("datastore.", ("datastore", EVERY)),
    ("vm.", ("vm", EVERY)),
    ("disk.", ("vm", EVERY, "disk", EVERY)),
    ("workload.", ("vm", EVERY, "workload", EVERY)),
    ("profile.", ("vm", EVERY, "workload", EVERY)),
    ("filter.", ("filter", EVERY)),
    ("snapshots.", ("snapshots",)),
    ("timer.", ("timer",)),
    ("vadp.", ("protection", "vadp", EVERY)),
    ("vaio.", ("protection", "vaio", EVERY)),
    ("transport.", ("protection", "vadp", EVERY)),
    ("control.", ("protection", "control")),
    ("appliance.", ("appliance", EVERY)),
    ("proxy.", ("proxy", EVERY)),
    ("repository.", ("repository", EVERY)),
)
"""Where the tables stand whose keys follow the prefix."""
LAWS = ("distribution", "sigma", "stream")
ADDRESSES = ("pattern", "exponent", "align", "start", "span")
OPTIONAL = frozenset({"cache", "sioc", "two_state", "read_addresses", "write_addresses", "disk", "workload"})
"""Tables that are there only if the file has them."""
UNNAMED = {"host": "esx1", "datastore": "datastore1"}
"""What a file without such a table has."""
KINDS = {
    "rate": "open", "two_state": "open", "outstanding": "closed", "think": "closed", "think_distribution": "closed",
    "begin": "trace", "repeat": "trace", "speed": "trace",
}  # fmt: skip
"""Keys of a workload that only one kind has; a recorded one has no others."""

NEVER: tuple[tuple[Callable[[str], bool], str], ...] = (
    (lambda key: key.startswith("fixed."), "is built into the code: no field holds it"),
    (lambda key: key.startswith("run."), "says how runs are made, it is no assumption about the world"),
    (lambda key: key.startswith("disk.shares."), "is a preset's name: vary disk.shares"),
    (lambda key: key.endswith(".kind") and key.startswith(("workload.", "profile.")),
     "decides which other keys a workload has: write two scenarios"),
    (lambda key: ".sizes." in key, "is a weight in a mix: write sizes in the workload"),
    (lambda key: key == "transport.san.proxy_rate", "is of a backup server without a table: name one, vary proxy.rate"),
)  # fmt: skip
"""Entries that cannot be varied, and why."""


class Places(NamedTuple):
    """The fields of the document that hold an entry; or none, and the reason."""

    fields: tuple[str, ...]
    reason: str


def never(key: str) -> str:
    """Why this entry cannot be varied in any scenario; '' if it can."""
    return next((reason for applies, reason in NEVER if applies(key)), "")


def patterns(key: str) -> tuple[Path, ...]:
    """The fields that an entry stands for, with stars; () for those of `never`."""
    if never(key):
        return ()
    prefix, table = next((prefix, table) for prefix, table in PREFIXES if key.startswith(prefix))
    rest: Path = tuple(key.removeprefix(prefix).split("."))
    if prefix == "datastore." and rest[0] in LAWS:
        return tuple((*table, law, *rest) for law in ("read", "write"))
    if prefix == "timer.":
        return ((*table, *rest, "limit"),)
    if prefix in ("profile.", "transport."):
        rest = rest[1:]
    if prefix == "workload." and rest[0] == "origin":
        rest = rest[:1]
    if prefix == "workload." and rest[0] in ADDRESSES:
        return tuple((*table, place, *rest) for place in ("addresses", "read_addresses", "write_addresses"))
    if rest[0] == "vmfssparse":
        rest = ("delta", *rest[1:])
    return ((*table, *rest),)


def places(key: str, document: Document) -> Places:
    """Where the entry acts in this document of a scenario, which must have a scenario's shape."""
    if reason := never(key):
        return Places((), reason)
    full = profiles.expanded(copy.deepcopy(document))
    found = [place for pattern in patterns(key) for place in _walk(document, pattern, ())]
    fields = tuple(shown_path(place) for place in found if _acts(key, place, document, full))
    return Places(fields, "" if fields else "acts nowhere in this scenario")


def _walk(data: Any, path: Path, before: Path) -> Iterator[Path]:
    """The paths in the document that `path` stands for."""
    if not path:
        yield before
        return
    head, rest = path[0], path[1:]
    if head == EVERY:
        for key in data if isinstance(data, dict) else range(len(data)) if isinstance(data, list) else ():
            yield from _walk(data[key], rest, (*before, key))
    elif isinstance(data, dict) and head in data:
        yield from _walk(data[head], rest, (*before, head))
    elif not rest or (head not in OPTIONAL and rest[0] != EVERY and (*before, head) not in _NAMED):
        yield (*before, head, *rest)
    elif not before and head in UNNAMED:
        yield from _walk({UNNAMED[str(head)]: {}}, rest, (head,))


_NAMED: frozenset[Path] = frozenset({("timer",)})
"""Tables of named things, of which none is made."""


def _acts(key: str, place: Path, document: Document, full: Document) -> bool:
    """Whether the entry is what holds at this place."""
    table, *rest = key.split(".")
    if table == "timer":
        return place[1] in _at(document, ("timer",))
    if table == "transport":
        return bool(_at(document, place[:-1]).get("transport", default("vadp.transport")) == rest[0])
    if table == "snapshots" and rest[0] in ("delta", "vmfssparse"):
        old = _at(document, ("snapshots",)).get("format", default("snapshots.format")) == "vmfssparse"
        return bool(old == (rest[0] == "vmfssparse"))
    if table in ("workload", "profile"):
        return _in_workload(key, place, _at(document, place[:4]), _at(full, place[:4]))
    return True


def _in_workload(key: str, place: Path, own: Table, full: Table) -> bool:
    """The same for a key of a workload; `full` has its profile's keys too."""
    inner = place[4:]
    kind = full.get("kind", default("workload.kind"))
    if KINDS.get(str(inner[0]), kind) != kind or (kind == "trace" and inner[0] not in (*KINDS, "origin")):
        return False
    if (inner == ("size",) and "sizes" in full) or (inner[0] == "two_state" and "two_state" not in full):
        return False
    if inner[-1] == "exponent" and _at(full, inner[:-1]).get("pattern", default("workload.pattern")) != "zipf":
        return False
    if key.startswith("workload.origin.") and kind != key.rpartition(".")[2]:
        return False
    says_itself = inner[-1] in _at(own, inner[:-1])
    of_profile = f"profile.{own.get('profile')}.{'.'.join(map(str, inner))}"
    if key.startswith("profile."):
        return key == of_profile and not says_itself
    return says_itself or of_profile not in _KEYS


_KEYS = frozenset(row.key for row in REGISTER)


def _at(data: Any, path: Path) -> Table:
    """The table at this path; {} where there is none."""
    for part in path:
        try:
            data = data[part]
        except (KeyError, IndexError, TypeError):
            return {}
    return data if isinstance(data, dict) else {}
