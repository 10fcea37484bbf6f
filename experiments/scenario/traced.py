"""Recorded I/O as a workload: the file is read once, cut to the run, and must fit the disk it is replayed on."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np

from experiments.errors import InputError
from experiments.scenario import locate
from experiments.scenario.convert import Traces, disks_of
from experiments.scenario.guests import WorkloadTable
from experiments.scenario.messages import Mistake
from experiments.scenario.schema import ScenarioFile
from models.replay import cycle_ns
from models.scenario import Trace
from sim.units import MIB, human_bytes, human_time

MILLI = 1000
MOST_IOS = 50_000_000
"""That one workload may replay by repeating its trace: they are all in memory."""


class Recorded(NamedTuple):
    """The traces of a file's workloads, what is wrong with them, and what is worth saying."""

    traces: Traces
    mistakes: list[Mistake]
    remarks: list[Mistake]


def read_traces(file: ScenarioFile, base: Path) -> Recorded:
    """Reads the trace of each traced workload; names are relative to `base`."""
    found = Recorded({}, [], [])
    read: dict[Path, Trace] = {}
    for group, vm in file.vm.items():
        for number, workload in enumerate(vm.workload):
            at: locate.Path = ("vm", group, "workload", number, "trace")
            if workload.kind != "trace" or workload.trace is None:
                continue
            path = base / workload.trace
            try:
                if path not in read:
                    read[path] = _read(path)
            except InputError as error:
                found.mistakes.extend(Mistake(at, f"cannot be replayed: {message}") for message in error.messages)
                continue
            whole = at_speed(read[path], workload.speed)
            round_about = workload.repeat or workload.begin == "random"
            trace = whole if round_about else cut(whole, file.run.duration)
            found.traces[group, number] = trace
            if round_about:
                found.mistakes.extend(Mistake(at, text) for text in _no_circle(trace, workload, file.run.duration))
            disks, indices = disks_of(vm), workload.disks or [0]
            if indices[0] < len(disks):
                needs: tuple[locate.Path, ...] = (("vm", group, "disk"), (*at[:-1], "disks"), ("run", "duration"))
                size = disks[indices[0]].size
                found.mistakes.extend(Mistake(at, text, needs=needs) for text in _misfits(trace, size))
            left_out = len(whole.time_ns) - len(trace.time_ns)
            if left_out and len(trace.time_ns):
                text = (f"lasts longer than the run: {left_out} of {len(whole.time_ns)} records lie after "
                        f"{human_time(file.run.duration)} and are left out")  # fmt: skip
                found.remarks.append(Mistake(at, text))
    return found


def _read(path: Path) -> Trace:
    from experiments.traces import read_trace

    return read_trace(path)


def at_speed(trace: Trace, speed_milli: int) -> Trace:
    """The trace with its times divided by the speed; another one is another trace, with a digest of its own."""
    if speed_milli == MILLI:
        return trace
    from experiments.traces import make_trace

    times = trace.time_ns // speed_milli * MILLI + trace.time_ns % speed_milli * MILLI // speed_milli
    faster = make_trace(trace.source, times, trace.offset_bytes, trace.size_bytes, trace.write)
    return replace(faster, speed_milli=speed_milli)


def _no_circle(trace: Trace, workload: WorkloadTable, duration_ns: int) -> Iterator[str]:
    """Why one cannot go round it."""
    circle = cycle_ns(trace)
    if not circle:
        yield f"has all its records at one time ({trace.source}), so none can go round: leave out begin and repeat"
    elif workload.repeat and (ios := duration_ns / circle * len(trace.time_ns)) > MOST_IOS:
        yield (f"would be {ios:.2g} I/Os in a run ({len(trace.time_ns)} every {human_time(circle)}), at most "
               f"{MOST_IOS:.2g} are replayed: shorten the run or lower the speed")  # fmt: skip


def cut(trace: Trace, duration_ns: int) -> Trace:
    """The records that arrive before the run's end. The digest stays that of the whole file's columns."""
    end = int(np.searchsorted(trace.time_ns, duration_ns, side="left"))
    if end == len(trace.time_ns):
        return trace
    return replace(trace, time_ns=trace.time_ns[:end], offset_bytes=trace.offset_bytes[:end],
                   size_bytes=trace.size_bytes[:end], write=trace.write[:end])  # fmt: skip


def _misfits(trace: Trace, disk_bytes: int) -> list[str]:
    """Why the trace cannot run on a disk of that size."""
    if not len(trace.time_ns):
        return [f"has no record inside the run ({trace.source}), lengthen the run"]
    reach = int((trace.offset_bytes + trace.size_bytes).max())
    if reach <= disk_bytes:
        return []
    enough = -(-reach // MIB)
    text = (f"reaches beyond the disk ({human_bytes(reach)} on {human_bytes(disk_bytes)}), "
            f'make the disk at least "{enough} MiB"')  # fmt: skip
    return [text]
