"""Contradictions in what a file says of filters: keys of a replication or a host that would be ignored, and outages."""

from collections.abc import Iterator

from experiments.scenario.convert import Names, disks_of
from experiments.scenario.locate import Path
from experiments.scenario.messages import Mistake
from experiments.scenario.protections import VaioTable
from experiments.scenario.schema import ScenarioFile
from sim.units import human_time

MOST_PROBES = 1_000_000
"""In one outage."""


def check_filtering(file: ScenarioFile) -> Iterator[Mistake]:
    """Of each host and each replication."""
    for name, host in file.host.items():
        if not host.filter_cores and "filter_cpu" in host.model_fields_set:
            text = "does not act without filter_cores, leave it out or write for example filter_cores = 4"
            yield Mistake(("host", name, "filter_cpu"), text, at_key=True, needs=(("host", name, "filter_cores"),))
    for name, table in file.protection.vaio.items():
        at: Path = ("protection", "vaio", name)
        yield from _ignored(at, table)
        yield from _outages(at, table, file.run.duration)
        if table.synchronous and file.run.observe:
            text = (
                "holds writes, but outside observe windows nobody waits, leave observe out or write synchronous = false"
            )
            yield Mistake((*at, "synchronous"), text, at_key=True, needs=(("run", "observe"),))
    names = Names(file)
    for name, box in file.appliance.items():
        owners = {vm: group for group, vm_table in file.vm.items() for vm in names.members(group)}
        groups = [table for table in file.protection.vaio.values() if table.appliance == name]
        members = [owners[vm] for table in groups for vm in names.vms(table.vms) if vm in owners]
        disks = sum(len(disks_of(file.vm[group])) for group in members)
        if 0 < box.disks < disks:
            text = f"is less than its groups have ({disks} of {box.disks}), raise it or share another appliance"
            yield Mistake(("appliance", name, "disks"), text, needs=(("vm",), ("protection", "vaio")))


def _ignored(at: Path, table: VaioTable) -> Iterator[Mistake]:
    written = table.model_fields_set
    for key in sorted(written & {"on_loss", "hold_limit", "blocks_drain"}):
        if not table.synchronous:
            text = "acts only in a synchronous replication, leave it out or write synchronous = true"
            yield Mistake((*at, key), text, at_key=True, needs=((*at, "synchronous"),))
    if table.synchronous and table.on_loss == "hold" and "hold_limit" in written:
        text = 'stands beside on_loss = "hold", which knows no limit, keep one of them'
        yield Mistake((*at, "hold_limit"), text, at_key=True, needs=((*at, "synchronous"), (*at, "on_loss")))
    for key in sorted(written & {"link_timeout", "retry", "retry_most"}):
        if not table.outage:
            text = "acts only where the link is cut, leave it out or add an outage"
            yield Mistake((*at, key), text, at_key=True, needs=((*at, "outage"),))


def _outages(at: Path, table: VaioTable, duration: int) -> Iterator[Mistake]:
    """Outages begin in the run, lie apart, and are not probed for ever."""
    order = sorted(range(len(table.outage)), key=lambda number: table.outage[number].at)
    before = -1
    pause = min(table.retry, table.retry_most)
    for number in order:
        one, here = table.outage[number], (*at, "outage", number)
        needs: tuple[Path, ...] = ((*at, "outage"),)
        if one.at >= duration:
            text = f"begins after the run ({human_time(one.at)} of {human_time(duration)}), move it or lengthen the run"
            yield Mistake((*here, "at"), text, needs=(*needs, ("run", "duration")))
        if one.at <= before:
            text = (f"begins before another outage is over ({human_time(one.at)}, that ends at {human_time(before)}), "
                    "make one of them or move it")  # fmt: skip
            yield Mistake((*here, "at"), text, needs=needs)
        before = max(before, one.at + one.duration)
        if one.duration // pause > MOST_PROBES:
            text = f"is probed for more than {MOST_PROBES} times, shorten it or lengthen retry and retry_most"
            yield Mistake((*here, "duration"), text, needs=((*at, "retry"), (*at, "retry_most")))
