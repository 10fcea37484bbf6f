"""The canonical closed loop: one VM keeps so many I/Os outstanding on an otherwise idle datastore, as the benchmark
did."""

from dataclasses import replace
from typing import NamedTuple

from experiments.calibrate.fit import Fit, predicted_iops
from experiments.calibrate.measured import NS_PER_S, Row
from experiments.validate.build import GIB, HOST, closed_loop, disk, scenario, vm, with_host
from experiments.validate.measure import one, rate
from models.scenario import Datastore, Scenario
from sim.histogram import Histogram

IOS = 20_000
"""Guest I/Os after warm-up, about: the p99 then rests on 200 of them."""
CAP_WARMUP_NS = 2 * NS_PER_S
"""A cap's bucket is full at the start of a run; by then it is empty."""


class Simulated(NamedTuple):
    """What the closed loop of a row came to."""

    iops: float
    read: Histogram  # guest latency, ns
    write: Histogram


def loop_of(row: Row, store: Datastore, fit: Fit, iops: float) -> Scenario:
    """The row's closed loop on that datastore, long enough at about `iops`."""
    reads = row.read.iops / row.iops if row.read else 0.0
    size = row.sides[0][1].size_bytes
    workload = closed_loop(row.depth, round(reads * 1_000_000), size)
    workload = replace(workload, think_ns=round(fit.pause_ns))
    warmup = max(
        round(IOS / 8 / iops * NS_PER_S), CAP_WARMUP_NS if store.iops_cap or store.bandwidth_bytes_per_s else 0
    )
    intervals = max(2, 1 + round(IOS / iops * NS_PER_S / warmup))
    deep = max(1024, 2 * row.depth)
    machine = vm("fio", workload, (disk("fio:0", 64 * GIB, store.name),), deep)
    whole = scenario((machine,), (replace(store, device_queue_depth=deep),), intervals * warmup, warmup)
    return with_host(
        whole, replace(HOST, path_latency_ns=round(fit.path_ns), dsnro=replace(HOST.dsnro, outstanding=deep))
    )


def simulate(row: Row, store: Datastore, fit: Fit) -> Simulated:
    """The row's closed loop on the fitted datastore."""
    return simulated(loop_of(row, store, fit, predicted_iops(row, fit)))


def simulated(spec: Scenario) -> Simulated:
    """What one closed loop came to."""
    result = one(spec)
    return Simulated(rate(result), result.vms[0].guest_read, result.vms[0].guest_write)
