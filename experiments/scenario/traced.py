"""Recorded I/O as a workload: the file is read once, cut to the run, and must fit the disk it is replayed on."""

from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np

from experiments.errors import InputError
from experiments.scenario import locate
from experiments.scenario.convert import Traces, disks_of
from experiments.scenario.messages import Mistake
from experiments.scenario.schema import ScenarioFile
from models.scenario import Trace
from sim.units import MIB, human_bytes, human_time


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
            trace = cut(read[path], file.run.duration)
            found.traces[group, number] = trace
            disks, indices = disks_of(vm), workload.disks or [0]
            if indices[0] < len(disks):
                needs: tuple[locate.Path, ...] = (("vm", group, "disk"), (*at[:-1], "disks"), ("run", "duration"))
                size = disks[indices[0]].size
                found.mistakes.extend(Mistake(at, text, needs=needs) for text in _misfits(trace, size))
            left_out = len(read[path].time_ns) - len(trace.time_ns)
            if left_out and len(trace.time_ns):
                text = (f"lasts longer than the run: {left_out} of {len(read[path].time_ns)} records lie after "
                        f"{human_time(file.run.duration)} and are left out")  # fmt: skip
                found.remarks.append(Mistake(at, text))
    return found


def _read(path: Path) -> Trace:
    from experiments.traces import read_trace

    return read_trace(path)


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
