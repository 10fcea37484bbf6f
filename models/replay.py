"""How a VM replays a trace: as recorded, or from a moment of its own and round the circle; once, or until the run
ends.

What comes out is a plain trace, cut to the run, so that nothing else knows of replaying. The circle is the trace and,
from its last record to its first, its mean gap.
"""

from dataclasses import replace

import numpy as np

from models.scenario import Arm, Scenario, Trace, Workload
from sim.streams import philox, uniforms


def cycle_ns(trace: Trace) -> int:
    """The length of the circle; 0 where there is none, because all records are at one time."""
    last, count = int(trace.time_ns[-1]), len(trace.time_ns)
    return last + last // (count - 1) if count > 1 else 0


def seen(spec: Scenario, arm: Arm, replicate: int) -> Scenario:
    """The scenario as a run sees it: with the protections of its arm, and its own piece of each trace."""
    return replayed(spec.under(arm), replicate)


def replayed(spec: Scenario, replicate: int) -> Scenario:
    """The scenario with each traced workload's own piece of its trace; the same object where all replay as recorded."""
    if not any(workload.repeat or workload.begin == "random" for vm in spec.vms for workload in vm.workloads):
        return spec
    vms = []
    for vm in spec.vms:
        workloads = []
        for workload in vm.workloads:
            u = 0.0
            if workload.begin == "random":
                bits = philox(spec.run.seed, replicate, f"{vm.name}/{workload.name}", "begin of trace")
                u = float(uniforms(bits, 1, 1)[0, 0])
            workloads.append(piece(workload, u, spec.run.duration_ns))
        vms.append(replace(vm, workloads=tuple(workloads)))
    return replace(spec, vms=tuple(vms))


def piece(workload: Workload, u: float, duration_ns: int) -> Workload:
    """The workload with what it replays in a run of that length if it begins a share `u` of the circle in."""
    trace = workload.trace
    if trace is None or not (workload.repeat or workload.begin == "random"):
        return workload
    circle = cycle_ns(trace)
    begin = int(u * circle)
    first = int(np.searchsorted(trace.time_ns, begin))
    order = np.roll(np.arange(len(trace.time_ns)), -first)
    times = (trace.time_ns[order] - begin) % circle
    rounds = -(-duration_ns // circle) if workload.repeat else 1
    times = (times + circle * np.arange(rounds, dtype=np.int64)[:, None]).ravel()
    end = int(np.searchsorted(times, duration_ns))
    rows = np.tile(order, rounds)[:end]
    return replace(workload, begin="first", repeat=False, trace=replace(
        trace, time_ns=times[:end], offset_bytes=trace.offset_bytes[rows], size_bytes=trace.size_bytes[rows],
        write=trace.write[rows],
    ))  # fmt: skip
