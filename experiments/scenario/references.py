"""Names that stand for something elsewhere in the file: hosts, datastores, filters, VMs, protections, arms.

What exists is read from the raw document, so that a mistake inside a table does not make its name unknown.
"""

import difflib
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from experiments.scenario.convert import ONLY_DATASTORE, ONLY_HOST, Names, disks_of
from experiments.scenario.locate import Path
from experiments.scenario.messages import Mistake, shown
from experiments.scenario.schema import ScenarioFile

MOST_VMS = 10_000
MOST_DISKS = 256  # PVSCSI: four adapters of 64 targets


class Known(NamedTuple):
    """The names that a document defines."""

    hosts: list[str]
    datastores: list[str]
    filters: list[str]
    groups: list[str]
    uncounted: list[str]  # groups whose count is not known: their VMs are not known either
    proxies: list[str]
    repositories: list[str]


def known_names(data: dict[str, Any]) -> Known:
    """The names in a document that need not have the right shape."""
    groups = _keys(data, "vm")
    counts = {name: data["vm"][name].get("count", 1) if isinstance(data["vm"][name], dict) else None for name in groups}
    uncounted = [name for name in groups if type(counts[name]) is not int]
    return Known(_keys(data, "host") or [ONLY_HOST], _keys(data, "datastore") or [ONLY_DATASTORE],
                 _keys(data, "filter"), groups, uncounted, _keys(data, "proxy"), _keys(data, "repository"))  # fmt: skip


def _keys(data: dict[str, Any], name: str) -> list[str]:
    table = data.get(name)
    return list(table) if isinstance(table, dict) else []


def check_references(file: ScenarioFile, known: Known) -> Iterator[Mistake]:
    """Names that stand for nothing, for too much, or for something twice."""
    if not known.groups:
        yield Mistake(("vm",), "defines no VM, add at least one group: [vm.NAME]", at_key=True)
    yield from _vm_names(file)
    for group, vm in file.vm.items():
        at: Path = ("vm", group)
        yield from _one_of((*at, "host"), vm.host, known.hosts, "host")
        for number, name in enumerate(dict.fromkeys(vm.filters)):
            yield from _one_of((*at, "filters", number), name, known.filters, "filter")
        yield from _twice((*at, "filters"), vm.filters, "filter")
        for number, disk in enumerate(vm.disk):
            yield from _one_of((*at, "disk", number, "datastore"), disk.datastore, known.datastores, "datastore")
        if len(disks_of(vm)) > MOST_DISKS:
            yield Mistake((*at, "disk"), f"holds {len(disks_of(vm))} disks, a VM has at most {MOST_DISKS}")
    yield from _protections(file, known)
    yield from _arms(file)


def _vm_names(file: ScenarioFile) -> Iterator[Mistake]:
    """Two groups may not produce VMs of one name."""
    owners: dict[str, str] = {}
    total = sum(vm.count for vm in file.vm.values())
    if total > MOST_VMS:
        yield Mistake(("vm",), f"defines {total} VMs, at most {MOST_VMS} are simulated at once", at_key=True)
        return
    for group in file.vm:
        for vm in Names(file).members(group):
            if vm in owners:
                text = f'has a VM called "{vm}", and so has group "{owners[vm]}", rename one of the groups'
                yield Mistake(
                    ("vm", group), text, at_key=True, needs=tuple(("vm", one, "count") for one in (group, owners[vm]))
                )
                break
            owners[vm] = group


def _one_of(path: Path, name: str | None, known: list[str], what: str) -> Iterator[Mistake]:
    """A name must be known; it may be absent where there is only one to mean."""
    if name is None and len(known) > 1:
        listed = ", ".join(f'"{one}"' for one in known[:8])
        yield Mistake(path, f"is missing, there are several ({listed}), name one", at_key=True)
    elif name is not None and name not in known:
        yield Mistake(path, f"is an unknown {what} ({shown(name)}), {_meant(name, known, what)}")


def _meant(name: str, known: Iterable[str], what: str) -> str:
    known = list(known)
    near = difflib.get_close_matches(name.casefold(), known, 1)
    if near:
        return f'did you mean "{near[0]}"?'
    if known:
        return "known: " + ", ".join(f'"{one}"' for one in known[:8])
    return f"define it as [{what}.{name}]" if name.isidentifier() else f"there is no {what} at all"


def _twice(path: Path, names: list[str], what: str) -> Iterator[Mistake]:
    for number, name in enumerate(names):
        if name in names[:number]:
            yield Mistake((*path, number), f"names {what} {shown(name)} a second time, leave it out")


def _protections(file: ScenarioFile, known: Known) -> Iterator[Mistake]:
    names = Names(file)
    vms = {vm for group in file.vm for vm in names.members(group)}
    tables = (("vadp", file.protection.vadp), ("vaio", file.protection.vaio))
    for kind, protections in tables:
        owners: dict[str, str] = {}
        for name, protection in protections.items():
            at: Path = ("protection", kind, name, "vms")
            for number, reference in enumerate(protection.vms):
                if reference not in known.groups and reference not in vms and not _perhaps(reference, known):
                    text = f"is an unknown VM ({shown(reference)}), {_meant(reference, [*known.groups, *vms], 'vm')}"
                    yield Mistake((*at, number), text)
                yield from _once(at, number, name, kind, names.vms([reference]), owners)
    for name, job in file.protection.vadp.items():
        at = ("protection", "vadp", name, "serving_host")
        if job.serving_host is not None:
            yield from _one_of(at, job.serving_host, known.hosts, "host")
        for key, reference, names_of in (("proxy", job.proxy, known.proxies), ("into", job.into, known.repositories)):
            if reference is not None:
                what = "repository" if key == "into" else key
                yield from _one_of(("protection", "vadp", name, key), reference, names_of, what)
    for name, proxy in file.proxy.items():
        if proxy.host is not None:
            yield from _one_of(("proxy", name, "host"), proxy.host, known.hosts, "host")
    for name in file.protection.vaio:
        at = ("protection", "vaio", name)
        for other in ("vadp",) * (name in file.protection.vadp) + ("filter",) * (name in known.filters):
            yield Mistake(at, f'shares its name with a {other} of the file ("{name}"), rename one', at_key=True)


def _perhaps(reference: str, known: Known) -> bool:
    """Whether it may be a VM of a group whose count has a mistake."""
    return any(reference.startswith(f"{group}-") for group in known.uncounted)


def _once(
    at: Path, number: int, name: str, kind: str, vms: tuple[str, ...], owners: dict[str, str]
) -> Iterator[Mistake]:
    """A VM belongs to one protection of a kind: VAIO allows one replication filter per disk, jobs would collide."""
    for vm in vms:
        if vm in owners:
            where = "here already" if owners[vm] == name else f'in {kind.upper()} "{owners[vm]}" already'
            yield Mistake((*at, number), f'protects VM "{vm}", which is {where}, leave it out of one')
            return
        owners[vm] = name


def _arms(file: ScenarioFile) -> Iterator[Mistake]:
    arms = file.run.arms
    if arms is None:
        return
    path: Path = ("run", "arms")
    if not arms:
        yield Mistake(path, 'is empty, name at least one arm, for example ["none", "vadp"]')
    yield from _twice(path, list(arms), "arm")
    defined = {"vadp": file.protection.vadp, "vaio": file.protection.vaio}
    for number, arm in enumerate(arms):
        for kind in ("vadp", "vaio") if arm == "both" else (arm,):
            if kind in defined and not defined[kind]:
                text = f'asks for "{arm}", but the file has no such protection, add [protection.{kind}.NAME]'
                yield Mistake((*path, number), text, needs=(("protection", kind), ("protection",)))
