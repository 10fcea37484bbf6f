"""What is said of snapshots and arrays in words, or as an inequality: who suffers more, what fades, what multiplies.

A row is the ratio of the two things that a sentence compares, at least 1; machines have the register's defaults but for
what the sentence is about. Sources: the validation targets of published guides and forum reports, by their titles.
"""

from dataclasses import replace
from typing import Any

import numpy as np

from experiments.validate.build import MIB, MS, S, closed_loop, disk, law, open_loop, scenario, store, traced, vm
from experiments.validate.growth import JOB
from experiments.validate.layers import looked_up
from experiments.validate.measure import mean_latency, one, rate
from experiments.validate.qemu import device
from experiments.validate.row import Claim, Row, exact, judge, judge_least, share
from experiments.validate.stuns import defaults, idle_stun
from models.result import RunResult
from models.scenario import Scenario, Snapshots
from sim.histogram import merged

REMOVE = ("mirror insert", "mirror switch")
DISK_MIB = 400


def snapshots() -> list[Row]:
    """Levels, first touches, neighbours, and the two kinds of stuns of a backup."""
    first, second = (looked_up("T2000", 8, levels, 0.02) for levels in (1, 2))
    lost = (device("T2000").iops_cap - first) / (first - second)
    fresh, later = _after_snapshot()
    reading, merging = _neighbour()
    stuns, plain = idle_stun(defaults(), 1, 250 * MS), idle_stun(_untracked(), 1, 250 * MS)
    snapshot = _length(stuns, "snapshot create")
    return [
        judge_least(Claim("reads a second lost by a chain's first level, against its second",
                          "KB 83550: the first snapshot hurts most", "times"), 1, lost),
        judge_least(Claim("writes a second 30 s after a snapshot, against its first seconds",
                          "damage fades as grains get allocated", "times"), 1, later / fresh),
        judge_least(Claim("a neighbour's mean latency during a removal, against that during the backup's read",
                          "Performance impact of snapshots (kanap)", "times"), 1, merging / reading),
        judge_least(Claim("stuns of a removal, against that of the snapshot",
                          "VMs losing high number of pings (elatov)", "times"), 1, _length(stuns, *REMOVE) / snapshot),
        judge_least(Claim("stuns of a removal with CBT, against without",
                          "VMs losing high number of pings (elatov)", "times"), 1,
                    _length(stuns, *REMOVE) / _length(plain, *REMOVE)),
    ]  # fmt: skip


def _untracked() -> Snapshots:
    """The defaults without what CBT adds to a stun."""
    costs = replace(defaults().stun, cbt_close_ios=0, cbt_open_ios=0)
    return replace(defaults(), stun=costs)


def _length(result: RunResult, *reasons: str) -> int:
    return sum(row.duration_ns for row in result.stuns if row.reason in reasons)


def _built(vms: dict[str, Any], job: dict[str, Any], duration: str) -> Scenario:
    """VMs on an array of 12 disks of 6 ms, under one backup job."""
    from experiments.scenario import build

    service = {"latency": "6 ms", "distribution": "exponential"}
    return build({
        "name": "v", "run": {"duration": duration, "interval": "1 s", "warmup": "0 s"},
        "datastore": {"d": {"servers": 12, "read": service, "write": service}},
        "vm": vms, "protection": {"vadp": {"job": {"interval": "1 h", **job}}},
    })  # fmt: skip


def _after_snapshot() -> tuple[float, float]:
    """Writes in the first 3 s after a snapshot, and in 3 s half a minute later: uniform, always 8 outstanding."""
    loop = {"kind": "closed", "outstanding": 8, "think": "0 s", "size": "4 KiB", "read": "0 %"}
    machine = {"disk": [{"size": "64 MiB"}], "workload": [loop]}
    job = {"vms": ["app"], "first": "2 s", "disk_open": "100 s"}
    result = one(_built({"app": machine}, job, "45 s"), "vadp")
    cut = -(-(result.stuns[0].start_ns + result.stuns[0].duration_ns) // S)
    done = [row.ios for row in result.intervals]
    return sum(done[cut : cut + 3]), sum(done[cut + 30 : cut + 33])


def _neighbour() -> tuple[float, float]:
    """The mean latency of a VM on the same datastore while another's backup is read, and while it is removed."""
    load = {"rate": "400 iops", "size": "8 KiB"}
    vms = {
        "app": {"disk": [{"size": "4 GiB"}], "workload": [{**load, "read": "30 %"}]},
        "near": {"disk": [{"size": "4 GiB"}], "workload": [{**load, "read": "70 %"}]},
    }
    result = one(_built(vms, {"vms": ["app"], "first": "5 s"}, "100 s"), "vadp")
    job = result.jobs[0]
    merge_end = job.merge_end_ns if job.merge_end_ns >= 0 else result.duration_ns
    spans = ((job.read_start_ns, job.read_end_ns), (job.merge_start_ns, merge_end))
    reading, merging = (
        merged(row.latency for row in result.intervals
               if row.vm == "near" and start <= row.t_ns and row.t_ns + result.interval_ns <= end).mean()
        for start, end in spans
    )  # fmt: skip
    return reading, merging


def lost_tracking() -> list[Row]:
    """A night whose changed blocks are lost reads all: as much more as the share that a usual night finds changed."""
    rows = []
    for percent in (2, 5):
        changed = np.arange(DISK_MIB * percent // 100, dtype=np.int64)
        script = traced(2 * S + changed * 10 * MS, changed * 7 * MIB, MIB, write=True)
        machine = vm("vm", replace(open_loop(0), kind="trace", trace=script), (disk("vm:0", DISK_MIB * MIB),))
        spec = scenario((machine,), (store(0, law(MS)),), 9 * S)
        job = replace(JOB, interval_ns=5 * S)
        full, incremental = one(replace(spec, vadp=(job,), arms=("vadp",)), "vadp").jobs
        assert (full.kind, incremental.kind) == ("full", "incremental")
        claim = Claim(f"{percent} % changed: a full read against an incremental", "1 / change rate: 20 to 50", "times")
        rows.append(judge(claim, 100 / percent, full.read_bytes / incremental.read_bytes, exact("whole blocks")))
    return rows


def slope() -> list[Row]:
    """Latency over outstanding I/Os is a line on a busy array, and the inverse of its slope what it can do at most."""
    array, depths = store(8, law(4 * MS, "exponential")), (16, 32, 48, 64)
    found = [one(scenario((vm("vm", closed_loop(depth)),), (array,), 20 * S, S)) for depth in depths]
    per_io = np.polyfit(depths, [mean_latency(result) / S for result in found], 1)[0]
    most = rate(found[-1])
    claim = Claim("1 / slope of latency over outstanding I/Os, against the most the array does",
                  "BASIL (FAST 2010), US 9,467,505: within 10 %", "IOPS")  # fmt: skip
    return [judge(claim, most, float(1 / per_io), share(most, 0.10, "the published method's own"))]
