"""The story of one I/O: its life step by step, and for each step who or what it waited for, in words.

A step is a segment of the ledger. Only service is taken apart further, into the wait inside the array, the I/O's own
service, and a cap that held it; their sum is the ledger's service. Left out: what an idle credit or a reservation did
to the order in the scheduler (who was ahead is told, not by which tag).
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from experiments.explain.happenings import Happening, met
from models.measure.lives import (
    CommandLife,
    Holder,
    IoLife,
    Segment,
    ahead_at_device,
    ahead_in_array,
    destaged_meanwhile,
    found,
)
from models.result import COMMAND_CAUSES, LAYERS
from models.scenario import Datastore, Host, Scenario, Vm
from models.trace import Trace
from models.workload import quantile_of
from sim.units import human_bytes, human_rate

LIMIT, DSNRO, QUEUE, SERVICE = LAYERS
ARRAY_QUEUE, CAP, CACHE_FULL, CACHE = "array queue", "datastore cap", "cache full", "write cache"
"""What service is taken apart into, beside the service itself; the last two of a write that a cache takes."""
MOST_HOLDERS = 4


class Step(NamedTuple):
    """A stretch of the I/O's life: the ledger's cause it belongs to, what it is called here, and what explains it."""

    cause: str
    name: str
    start_ns: int
    end_ns: int
    notes: tuple[str, ...]

    @property
    def ns(self) -> int:
        return self.end_ns - self.start_ns


class Story(NamedTuple):
    """One explained I/O."""

    io: IoLife
    steps: tuple[Step, ...]
    met: tuple[Happening, ...]

    def mostly(self) -> str:
        """The step name that took most of the latency, with its share."""
        sums: dict[str, int] = {}
        for step in self.steps:
            sums[step.name] = sums.get(step.name, 0) + step.ns
        if not self.io.latency_ns:
            return "nothing"
        name = max(sums, key=lambda one: sums[one])
        return f"{name} {sums[name] / self.io.latency_ns:.0%}"


class Teller:
    """Tells the stories of a traced run."""

    def __init__(self, scenario: Scenario, trace: Trace, happened: Sequence[Happening]) -> None:
        self.scenario = scenario
        self.trace = trace
        self.happened = happened
        self.hosts: dict[str, Host] = {host.name: host for host in scenario.hosts}
        self.stores: dict[str, Datastore] = {store.name: store for store in scenario.datastores}
        self.vms: dict[str, Vm] = {vm.name: vm for vm in scenario.vms}

    def tell(self, io: IoLife) -> Story:
        """The story of an I/O that arrived in a span of the trace."""
        return Story(io, tuple(self._steps(io)), met(io, self.happened, self.scenario))

    def _steps(self, io: IoLife) -> Iterator[Step]:
        commands = iter(io.commands)
        command: CommandLife | None = None
        for segment in io.segments:
            cause = self.trace.causes[segment.cause]
            head, _, layer = cause.partition(": ")
            if head not in COMMAND_CAUSES:
                yield Step(cause, cause, segment.start_ns, segment.end_ns, tuple(self._plain_notes(io, cause, segment)))
                continue
            while command is None or command.end_ns <= segment.start_ns:  # one that took no time has no segment
                command = next(commands)
            if layer == SERVICE:
                yield from self._service(cause, command)
            else:
                notes = self._wait_notes(io, layer, command)
                yield Step(cause, cause, segment.start_ns, segment.end_ns, tuple(notes))

    # -- what is no command's -----------------------------------------------------------------------------------------

    def _plain_notes(self, io: IoLife, cause: str, segment: Segment) -> Iterator[str]:
        vm = self.vms[io.vm]
        if cause.startswith("stun hold"):
            for one in met(io, self.happened, self.scenario):
                if one.stun and one.start_ns < segment.end_ns and one.end_ns > segment.start_ns:
                    yield f"{one.kind} of {one.by or 'nobody'}, {clock(one.start_ns)} to {clock(one.end_ns)}"
        elif cause == "guest queue":
            gone = sum(1 for o in self.trace.ios if o.vm == io.vm and segment.start_ns < o.end_ns <= segment.end_ns)
            yield (f"no slot at the virtual adapter ({vm.disk_queue_depth} a disk, {vm.adapter_queue_depth} in all) "
                   f"until {counted(gone, 'I/O')} of its VM had been delivered")  # fmt: skip
        elif cause == "quiesce hold":
            yield from (f"its guest was at rest for {one.by}, {clock(one.start_ns)} to {clock(one.end_ns)}"
                        for one in self._during("quiesce", io, segment))  # fmt: skip
        elif cause == "space hold":
            yield from (f"its VM asked for space at {clock(one.start_ns)}, answered at {clock(one.end_ns)}"
                        for one in self._during("question", io, segment))  # fmt: skip
        elif cause == "mirror hold":
            merges = self._during("merge", io, segment)
            yield from (f"the merge of {one.by} was copying what it wants to write" for one in merges)
        elif cause.startswith("filter "):
            workers = next((f.workers for f in vm.filters if f"filter {f.name}" == cause), 0)
            cores = self.hosts[vm.host].filter_cores
            waits = [counted(n, what) for n, what in ((workers, "worker"), (cores, "core")) if n]
            yield f"hops, with the wait for {' and '.join(waits)} of the host" if waits else "hops"
        elif cause.startswith("replica "):
            yield "the disk had answered, the replica's target had not"

    def _during(self, kind: str, io: IoLife, segment: Segment) -> list[Happening]:
        """What of that kind happened to its VM meanwhile."""
        return [one for one in self.happened if one.kind == kind and io.vm in one.vms
                and one.start_ns < segment.end_ns and one.end_ns > segment.start_ns]  # fmt: skip

    # -- what is a command's ------------------------------------------------------------------------------------------

    def _wait_notes(self, io: IoLife, layer: str, command: CommandLife) -> Iterator[str]:
        if layer == LIMIT:
            disk = next(disk for disk in self.vms[io.vm].disks if disk.name == io.disk)
            yield f"{disk.name} may do no more than {disk.limit_iops} IOPS"
            return
        host, store = self.hosts[command.host], self.stores[command.datastore]
        there = found(command, self.trace.commands)
        if layer == DSNRO:
            whose = command.flow if host.dsnro.per == "disk" else f"the disks of {host.name}"
            had = f"{whose} had {host.dsnro.outstanding} outstanding at {host.name} / {store.name}"
            yield f"while others competed, {had}"
        else:
            yield (f"found {there.waiting} waiting and {there.outstanding} outstanding at {host.name} / {store.name}, "
                   f"which has {counted(store.device_queue_depth, 'slot')}")  # fmt: skip
        yield from _behind(ahead_at_device(command, self.trace.commands))
        if layer == QUEUE and command.refusals:
            yield (f"{store.name} answered QUEUE FULL, {counted(command.refusals, 'time')} from "
                   f"{clock(command.refused_ns)} on: {ms(command.issue_ns - command.slot_ns)}")  # fmt: skip

    def _service(self, cause: str, command: CommandLife) -> Iterator[Step]:
        store = self.stores[command.datastore]
        begun, own_end = command.start_ns, command.start_ns + command.own_ns
        if command.cached:
            yield from self._cached(cause, command)
            return
        if begun > command.issue_ns:
            notes = tuple(_behind(ahead_in_array(command, self.trace.commands)))
            yield Step(cause, f"{cause.partition(':')[0]}: {ARRAY_QUEUE}", command.issue_ns, begun, notes)
        yield Step(cause, cause, begun, own_end, (_drawn(store, command),))
        if own_end < command.end_ns:
            caps = [f"{human_rate(store.bandwidth_bytes_per_s)}"] if store.bandwidth_bytes_per_s else []
            caps += [f"{store.iops_cap} IOPS"] if store.iops_cap else []
            note = f"{store.name} lets no more through than {' and '.join(caps)}"
            yield Step(cause, f"{cause.partition(':')[0]}: {CAP}", own_end, command.end_ns, (note,))

    def _cached(self, cause: str, command: CommandLife) -> Iterator[Step]:
        """A write that the array's cache takes: the wait for room in it, and its acknowledgement."""
        head, begun = cause.partition(":")[0], command.start_ns
        if begun > command.issue_ns:
            cache = self.stores[command.datastore].cache
            size = "" if cache is None else f" of {human_bytes(cache.size_bytes)}"
            many = counted(destaged_meanwhile(command, self.trace.commands), "destage")
            note = f"the write cache{size} of {command.datastore} was full until {many} had ended"
            yield Step(cause, f"{head}: {CACHE_FULL}", command.issue_ns, begun, (note,))
        yield Step(cause, f"{head}: {CACHE}", begun, command.end_ns, ("acknowledged from memory",))


def _drawn(store: Datastore, command: CommandLife) -> str:
    law = store.write if command.write else store.read
    quantile = quantile_of(law, command.drawn_ns)
    where = "" if quantile is None else f", quantile {shown_quantile(quantile)} of its law (mean {ms(law.latency_ns)})"
    slower = f"; with what else was in service it took {ms(command.own_ns)}" if store.slowdown_milli else ""
    return f"its own service drew {ms(command.drawn_ns)}{where}{slower}"


def _behind(holders: Sequence[Holder]) -> Iterator[str]:
    """Who was ahead, with shares of the wait: by kind, then whose they were, the largest groups first."""
    if not holders:
        return
    kinds: dict[str, list[Holder]] = {}
    for one in holders:
        kinds.setdefault(label(one), []).append(one)
    parts = []
    for kind, same in sorted(kinds.items(), key=lambda item: -_share(item[1])):
        whose = f" of {same[0].flow}" if len({one.flow for one in same}) == 1 else ""
        parts.append(f"{counted(sum(one.commands for one in same), kind)}{whose} ({ms(_share(same))})")
    yield f"behind {counted(sum(one.commands for one in holders), 'command')}: {', '.join(parts)}"
    if len(holders) > len(kinds):
        most = holders[:MOST_HOLDERS]
        each = [f"{counted(one.commands, label(one))} of {one.flow} ({ms(one.share_ns)})" for one in most]
        yield f"the largest shares: {', '.join(each)}"


def _share(holders: Sequence[Holder]) -> int:
    return sum(one.share_ns for one in holders)


def label(holder: Holder) -> str:
    """A holder's kind in words: "merge read"."""
    direction = "write" if holder.write else "read"
    return holder.kind if holder.kind.endswith(direction) else f"{holder.kind} {direction}"


def counted(number: int, word: str) -> str:
    """A number with its noun: "1 worker", "2 workers"."""
    return f"{number:,} {word}" + ("" if number == 1 else "s")


def ms(ns: int) -> str:
    """A time in milliseconds, to the microsecond below 10 ms, else to a tenth."""
    return f"{ns / 1e6:,.1f} ms" if ns >= 10_000_000 else f"{ns / 1e6:.3f} ms"


def clock(ns: int, digits: int = 3) -> str:
    """An instant of the run as h:mm:ss and digits of a second, cut."""
    seconds, rest = divmod(ns, 1_000_000_000)
    return f"{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}.{rest:09}"[: digits - 9 or None]


def shown_quantile(quantile: float) -> str:
    """To as many digits as tell it from 1."""
    digits = 3
    while digits < 12 and round(quantile, digits) >= 1:
        digits += 1
    return f"{quantile:.{digits}f}"
