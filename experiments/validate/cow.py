"""A real block layer under a snapshot: laws B1 to B3 of data/qemu (copy on first write, slump, growth).

A cluster of the data is a grain here; with subclusters ("+extl2") the grain is 4 KiB, so that nothing is copied. The
metadata of qcow2 is its own affair: no metadata I/O here, and rows that are about it are not compared. A backup job
that opens its disk for ever holds the snapshot. Tolerances are as in `qemu`. What the buckets held at the snapshot was
not recorded. The slump's own form has no burst, and with a full byte bucket its first seconds come out too fast: its
rows run with empty buckets (depth 0), were chosen so after seeing them, and are marked calibrated.
"""

from dataclasses import replace
from functools import cache
from pathlib import Path
from statistics import median
from typing import NamedTuple

import numpy as np

from experiments.validate import forms
from experiments.validate.build import (
    KIB,
    MIB,
    MS,
    PLAIN_DELTA,
    SNAPSHOTS,
    US,
    S,
    closed_loop,
    disk,
    scenario,
    traced,
    vm,
)
from experiments.validate.granules import granule_bytes
from experiments.validate.growth import JOB
from experiments.validate.laws import Measured, claim_of, measured, missing, of_law, present
from experiments.validate.measure import one
from experiments.validate.qemu import device, on_qemu
from experiments.validate.row import Row, exact, judge, not_run, share
from models.result import RunResult
from models.scenario import Addresses, Scenario

BLOCK = 4 * KIB


class Setup(NamedTuple):
    """Writers of 4 KiB on a device, and the snapshot they write into."""

    device: str
    depth: int
    cluster: str  # as the data writes it
    disk_bytes: int
    align_bytes: int  # the cluster: each write is a first touch; 4 KiB: anywhere
    cut_ns: int
    duration_ns: int
    burst: bool = True  # the device's buckets have a depth

    @property
    def grain_bytes(self) -> int:
        """4 KiB where subclusters spare the copy."""
        return BLOCK if self.cluster.endswith("+extl2") else granule_bytes(self.cluster)


def scene(setup: Setup) -> Scenario:
    """The scenario of that setup."""
    addresses = Addresses("uniform", 0, setup.align_bytes, 0, 0)
    workload = replace(closed_loop(setup.depth, read_ppm=0), write_addresses=addresses)
    machine = vm("vm", workload, (disk("vm:0", setup.disk_bytes),))
    delta = replace(PLAIN_DELTA, grain_bytes=setup.grain_bytes, table_grains=64, growth_bytes=setup.grain_bytes)
    datastore = device(setup.device) if setup.burst else replace(device(setup.device), burst_ns=0)
    spec = scenario((machine,), (datastore,), setup.duration_ns)
    spec = replace(spec, run=replace(spec.run, interval_ns=10 * MS), snapshots=replace(SNAPSHOTS, delta=delta))
    job = replace(JOB, first_ns=setup.cut_ns, disk_open_ns=setup.duration_ns)
    return on_qemu(replace(spec, vadp=(job,), arms=("vadp",)))


@cache
def run(setup: Setup) -> RunResult:
    """Its result; the same setup runs once."""
    return one(scene(setup), "vadp")


def _done_by(result: RunResult, at_ns: float) -> float:
    """I/Os delivered between the cut and `at_ns`, linear inside intervals."""
    return _delivered(result, at_ns) - _delivered(result, result.jobs[0].cut_ns)


def _delivered(result: RunResult, at_ns: float) -> float:
    total = 0.0
    for row in result.intervals:
        total += row.ios * min(1.0, max(0.0, (at_ns - row.t_ns) / result.interval_ns))
    return total


def _time_of(result: RunResult, ios: int) -> float:
    """Seconds from the cut to that many deliveries."""
    cut, total = result.jobs[0].cut_ns, 0.0
    for row in result.intervals:
        inside = row.ios * min(1.0, max(0.0, (row.t_ns + result.interval_ns - cut) / result.interval_ns))
        if total + inside >= ios:
            start = max(row.t_ns, cut)
            return (start + (row.t_ns + result.interval_ns - start) * (ios - total) / inside - cut) / S
        total += inside
    raise ValueError(f"only {total:.0f} of {ios} I/Os were delivered")


def first_touches(data: Path | None) -> list[Row]:
    """Law B1: what one first touch reads and writes, and a rewrite, in commands and bytes."""
    if data is None or not present(data):
        return missing("B1", data)
    names = ("cow_base_reads", "cow_base_bytes", "overlay_bytes", "overlay_writes", "rewrite")
    rows = []
    for row in of_law(data, *(f"B1.{name}" for name in names)):
        cluster, what = row.setting("cluster"), row.law.removeprefix("B1.")
        slack = exact("counts of commands and bytes")
        if what.startswith("overlay"):
            if cluster in ("4k", "16k") or (cluster, what) == ("64k+extl2", "overlay_bytes"):
                rows.append(not_run(claim_of(row), "it holds qcow2's own metadata, which is not modelled"))
                continue
            slack = share(row.median, 0.01, "qcow2's metadata, not modelled, is 0.2 to 0.7 % of it")
        rows.append(judge(claim_of(row), row.median, per_touch(cluster)[what], slack))
    return rows


TOUCHES = 50


@cache
def per_touch(cluster: str) -> dict[str, float]:
    """Commands and bytes of one first touch and one rewrite: runs of 50 touches, and of 50 with 50 rewrites."""
    first, both = _commands(cluster, 1), _commands(cluster, 2)
    reads, read_bytes, writes, written = (count / TOUCHES for count in first)
    return {
        "cow_base_reads": reads,
        "cow_base_bytes": read_bytes,
        "overlay_writes": writes,
        "overlay_bytes": written,
        "rewrite": (sum(both[::2]) - sum(first[::2])) / TOUCHES,
    }


def _commands(cluster: str, rounds: int) -> tuple[int, int, int, int]:
    """(parent reads, their bytes, data writes, their bytes) of `rounds` rounds of writes, one per cluster a round."""
    step = granule_bytes(cluster.removesuffix("+extl2"))
    times = S + np.arange(rounds * TOUCHES, dtype=np.int64) * 10 * MS
    places = np.tile(np.arange(TOUCHES, dtype=np.int64) * step, rounds)
    spec = scene(Setup("D8x2ms", 1, cluster, TOUCHES * step, BLOCK, S // 2, 3 * S))
    trace = traced(times, places, BLOCK, write=True)
    workload = replace(spec.vms[0].workloads[0], kind="trace", trace=trace)
    result = one(replace(spec, vms=(replace(spec.vms[0], workloads=(workload,)),)), "vadp")
    by_cause = {row.cause: row for row in result.devices}
    parent, data = by_cause.get("parent read"), by_cause["data"]
    reads = (parent.commands, parent.bytes_read) if parent else (0, 0)
    return (*reads, data.commands, data.bytes_written)


def first_touch_speed(data: Path | None) -> list[Row]:
    """Law B2: throughput of first touches through the buckets, and p50 of a first touch and a rewrite."""
    if data is None or not present(data):
        return missing("B2", data)
    rows = []
    for row in of_law(data, "B2.first_touch_throughput"):
        count = int(row.setting("n"))
        simulated = count / _time_of(run(_touching(row, 4 * S if count > 600 else 20 * S)), count)
        rows.append(judge(claim_of(row), row.median, simulated, measured(row, 0.05, "the data's own")))
    for row in of_law(data, "B2.first_touch_latency"):
        simulated = run(_touching(row, 2 * S)).vms[0].guest_write.quantile(0.5) / US
        slack = measured(row, 0.10, "unsaturated latency, as in A1: the overhead varied")
        rows.append(judge(claim_of(row), row.median, simulated, slack))
    return rows


def _touching(row: Measured, duration_ns: int) -> Setup:
    """Writes to ever new clusters of a huge disk, or again and again into one cluster."""
    cluster = row.setting("cluster")
    size = granule_bytes(cluster.removesuffix("+extl2"))
    rewrite = row.setting("phase") == "rewrite"
    disk_bytes, align = (size, BLOCK) if rewrite else (size << 20, size)
    return Setup(row.setting("device"), int(row.setting("qd")), cluster, disk_bytes, align, 0, duration_ns)


WORKING_SET = 128 * MIB


def slumps(data: Path | None) -> list[Row]:
    """Law B3: writes done after a snapshot, distinct clusters meanwhile, and the delta at its full size."""
    if data is None or not present(data):
        return missing("B3", data)
    rows = []
    for row in of_law(data, "B3.slump_writes", "B3.delta_growth", "B3.delta_bytes"):
        result = run(Setup("T2000b64", 16, row.setting("cluster"), WORKING_SET, BLOCK, S, 12 * S, burst=False))
        claim = claim_of(row)
        if row.law == "B3.slump_writes":
            after = float(row.statement.split("t=")[1].split("s")[0])
            simulated = _done_by(result, result.jobs[0].cut_ns + after * S)
            claim = claim._replace(kind="calibrated")
        elif row.law == "B3.delta_growth":
            simulated = _growth_ratio(result, row.setting("cluster"))
        else:
            simulated = float(result.space[-1].stored_bytes)
        rows.append(judge(claim, row.median, simulated, measured(row, 0.05, "the data's own")))
    return rows


def _growth_ratio(result: RunResult, cluster: str) -> float:
    """Grains in the delta over N (1 - exp(-n/N)), every half second: the median."""
    grain = BLOCK if cluster.endswith("+extl2") else granule_bytes(cluster)
    grains = WORKING_SET // grain
    sampled = [row for row in result.space if row.t_ns % (S // 2) == 0 and row.t_ns > result.jobs[0].cut_ns + S // 4]
    return median(row.grains / forms.distinct(_done_by(result, row.t_ns), [1 / grains] * grains) for row in sampled)
