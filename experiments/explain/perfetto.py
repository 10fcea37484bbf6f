"""Lives of a window as a Chrome trace (trace event format, JSON), which Perfetto opens.

A VM is a process there, and each of its disks has as many threads ("lanes") as I/Os were in flight at once: slices of a
lane never overlap. An I/O is a slice, the segments of its ledger are slices inside it. Lanes of their own have stuns,
backups, merges and modes of replication; a device has the commands that mechanisms sent, and counters.

Times are microseconds with decimals in this format, and Perfetto cuts them down to whole ns after a multiplication of
floats. `micros` therefore gives numbers that come out right whether a reader cuts or rounds.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from heapq import heappop, heappush
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from experiments.explain.happenings import Happening
from models.measure.lives import CommandLife, IoLife
from models.measure.tracer import Span
from models.result import COMMAND_CAUSES
from models.trace import Trace

Item = TypeVar("Item")


def micros(ns: int) -> float:
    """Whole nanoseconds as microseconds for JSON: exact to three places, and whole again after a cut or a rounding.

    Where the product of the double and 1000.0 would fall short of the whole number, 0.2 ns are added, which neither
    keeps. Holds for all times below 2^50 ns, 13 days.
    """
    exact = ns / 1000
    return exact if int(exact * 1000.0) == ns else (10 * ns + 2) / 10_000


class Slice(NamedTuple):
    """A slice before it has a lane; those inside it follow it."""

    name: str
    category: str
    start_ns: int
    end_ns: int
    args: dict[str, Any]
    inside: tuple["Slice", ...] = ()


def lanes(items: Iterable[Slice]) -> list[list[Slice]]:
    """Slices in as few lanes as hold them without an overlap: each goes to the first lane that is free by then."""
    out: list[list[Slice]] = []
    free: list[int] = []  # lanes, the first on top
    busy: list[tuple[int, int]] = []  # (until, lane)
    for item in sorted(items, key=lambda one: (one.start_ns, one.end_ns)):
        while busy and busy[0][0] <= item.start_ns:
            heappush(free, heappop(busy)[1])
        if not free:
            free.append(len(out))
            out.append([])
        lane = heappop(free)
        out[lane].append(item)
        heappush(busy, (item.end_ns, lane))
    return out


class Writer:
    """Numbers processes and lanes and makes events of slices, in order."""

    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = []
        self._numbers = 0

    def _number(self) -> int:
        """The next number: no process and no thread share one."""
        self._numbers += 1
        return self._numbers

    def process(self, name: str) -> int:
        """A new process of that name, below those before it."""
        pid = self._number()
        self._meta("process_name", pid, pid, name=name)
        self._meta("process_sort_index", pid, pid, sort_index=pid)
        return pid

    def _meta(self, what: str, pid: int, tid: int, **args: Any) -> None:
        self.events.append({"ph": "M", "name": what, "pid": pid, "tid": tid, "args": args})

    def lanes(self, pid: int, name: str, items: Sequence[Slice]) -> None:
        """Lanes of a process that hold these slices, numbered where there are several."""
        rows = lanes(items)
        for number, row in enumerate(rows, 1):
            tid = self._number()
            self._meta("thread_name", pid, tid, name=f"{name} #{number}" if len(rows) > 1 else name)
            self._meta("thread_sort_index", pid, tid, sort_index=tid)
            for item in row:
                self._slice(pid, tid, item)

    def _slice(self, pid: int, tid: int, item: Slice) -> None:
        self.events.append(
            {"ph": "X", "name": item.name, "cat": item.category, "pid": pid, "tid": tid, "ts": micros(item.start_ns),
             "dur": micros(item.end_ns - item.start_ns), "args": item.args}
        )  # fmt: skip
        for inner in item.inside:
            self._slice(pid, tid, inner)

    def counter(self, pid: int, name: str, steps: Iterable[tuple[int, dict[str, int]]]) -> None:
        """A counter track: its values from these times on."""
        for ns, values in steps:
            self.events.append(
                {"ph": "C", "name": name, "pid": pid, "tid": pid, "ts": micros(ns), "args": values}
            )  # fmt: skip


def io_slice(io: IoLife, causes: Sequence[str]) -> Slice:
    """An I/O with its ledger inside it, and inside service what is known of it."""
    kind = "write" if io.write else "read"
    args = {"workload": io.workload, "ordinal": io.ordinal, "offset bytes": io.offset_bytes,
            "size bytes": io.size_bytes, "latency ns": io.latency_ns}  # fmt: skip
    commands = {command.end_ns: command for command in io.commands if command.end_ns > command.issue_ns}
    inside = []
    for segment in io.segments:
        cause, parts = causes[segment.cause], ()
        if cause.endswith(": service") and cause.partition(":")[0] in COMMAND_CAUSES and segment.end_ns in commands:
            parts = tuple(_service(commands[segment.end_ns]))
        ns = segment.end_ns - segment.start_ns
        inside.append(Slice(cause, "ledger", segment.start_ns, segment.end_ns, {"ns": ns}, parts))
    return Slice(f"{kind} {io.workload}", "guest I/O", io.arrival_ns, io.end_ns, args, tuple(inside))


def _service(command: CommandLife) -> Iterator[Slice]:
    """Service taken apart where it is more than one thing."""
    own_end = command.start_ns + command.own_ns
    wait, work = ("cache full", "write cache") if command.cached else ("array queue", "own service")
    cuts = ((wait, command.issue_ns, command.start_ns), (work, command.start_ns, own_end),
            ("datastore cap", own_end, command.end_ns))  # fmt: skip
    parts = [Slice(name, "service", start, end, {"ns": end - start}) for name, start, end in cuts if start < end]
    if len(parts) > 1:
        yield from parts


def document(
    trace: Trace, window: Span, happened: Sequence[Happening], vms: Sequence[str], about: dict[str, Any]
) -> dict[str, Any]:
    """The trace of all that touches the window: whole lives, so that the first may begin before it.

    `vms` are in the order in which they are shown.
    """
    writer = Writer()
    ios = [io for io in trace.ios if _touches(window, io.arrival_ns, io.end_ns)]
    near = [one for one in happened if _touches(window, one.start_ns, one.end_ns)]
    seen = {io.vm for io in ios} | {vm for one in near for vm in one.vms}
    for vm in (vm for vm in vms if vm in seen):
        pid = writer.process(f"VM {vm}")
        for stun, name in ((True, "stuns"), (False, "backups, merges, holds, replication")):
            writer.lanes(pid, name, [_slice_of(one) for one in near if one.stun == stun and vm in one.vms])
        for disk in sorted({io.disk for io in ios if io.vm == vm}):
            writer.lanes(pid, disk, [io_slice(io, trace.causes) for io in ios if io.disk == disk])
    commands = [one for one in trace.commands if _touches(window, one.enter_ns, _until(one, trace))]
    places = {(one.host, one.datastore) for one in commands}
    for host, store in sorted(places, key=lambda place: (not place[0], place)):  # arrays of their own last
        pid = writer.process(f"device {host} / {store}" if host else f"array {store}")
        mine = [one for one in commands if (one.host, one.datastore) == (host, store)]
        writer.counter(pid, "commands", _outstanding(mine, window))
        caused = [one for one in mine if one.kind not in COMMAND_CAUSES]
        for flow, kind in sorted({(one.flow, one.kind) for one in caused}):
            same = [one for one in caused if (one.flow, one.kind) == (flow, kind)]
            writer.lanes(pid, f"{kind} of {flow}", [_command_slice(one, trace) for one in same])
    return {"traceEvents": writer.events, "otherData": about, "displayTimeUnit": "ns"}


def _touches(window: Span, start: int, end: int) -> bool:
    return start < window[1] and end >= window[0]


def _until(command: CommandLife, trace: Trace) -> int:
    return command.end_ns if command.end_ns >= 0 else trace.end_ns


def _slice_of(one: Happening) -> Slice:
    return Slice(one.kind, "story", one.start_ns, one.end_ns, {"by": one.by})


def _command_slice(one: CommandLife, trace: Trace) -> Slice:
    """A command that a mechanism sent: its wait in the scheduler, its wait in the array, its service."""
    end = _until(one, trace)
    slot, issue, begun = (at if at >= 0 else end for at in (one.slot_ns, one.issue_ns, one.start_ns))
    named = (("scheduler", one.enter_ns, slot), ("QUEUE FULL", slot, issue),
             ("cache full" if one.cached else "array queue", issue, begun), ("service", begun, end))  # fmt: skip
    parts = tuple(Slice(name, "command", start, to, {"ns": to - start}) for name, start, to in named if start < to)
    name = f"{one.kind} {'write' if one.write else 'read'}"
    return Slice(name, "command", one.enter_ns, end, {"size bytes": one.size_bytes}, parts)


def _outstanding(commands: Sequence[CommandLife], window: Span) -> Iterator[tuple[int, dict[str, int]]]:
    """How many commands wait in the scheduler and how many are issued and not back: at the window's start, then
    whenever that changes inside it."""
    changes: dict[int, list[int]] = {window[0]: [0, 0]}
    for one in commands:
        for at, waiting, outstanding in ((one.enter_ns, 1, 0), (one.slot_ns, -1, 1), (one.end_ns, 0, -1)):
            if 0 <= at < window[1]:
                change = changes.setdefault(max(at, window[0]), [0, 0])
                change[0] += waiting
                change[1] += outstanding
    waiting = outstanding = 0
    for at in sorted(changes):
        waiting, outstanding = waiting + changes[at][0], outstanding + changes[at][1]
        yield at, {"waiting": waiting, "outstanding": outstanding}


def write(path: Path, content: dict[str, Any]) -> None:
    """The file holds the trace, one event a line; or it is as it was."""
    part = path.with_name(f".{path.name}.part")
    try:
        with part.open("w", encoding="utf-8", newline="\n") as file:
            file.write('{"traceEvents":[\n')
            file.write(",\n".join(map(_json, content["traceEvents"])))
            file.write("\n]")
            file.writelines(f',\n"{key}":{_json(content[key])}' for key in sorted(content) if key != "traceEvents")
            file.write("}\n")
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
