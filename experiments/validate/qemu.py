"""A real block layer: rows of data/qemu/laws.csv (QEMU 7.2 on devices of known speed) against the same machines here.

Expected is the measured median; the tolerance is the data's own, or half the spread of the repeats where that is
wider: no simulator can be nearer to a median than its repeats are to each other. Rows of one machine share one
simulation. One parameter is calibrated, the software overhead of a guest request: 0.25 ms (measured: 0.15 to 0.3 ms).
Not compared, as the data's notes say: p90 and p99, a queue depth of one on the single server, qcow2's metadata.
"""

from dataclasses import replace
from functools import cache
from itertools import takewhile
from pathlib import Path
from statistics import fmean, median

from experiments.validate import forms
from experiments.validate.build import HOST, MIB, MS, US, S, closed_loop, law, open_loop, scenario, store, vm, with_host
from experiments.validate.laws import claim_of, measured, missing, of_law, present
from experiments.validate.measure import latency, one, rate
from experiments.validate.row import Row, Slack, judge, not_run, share
from models.arrivals import poisson, rates
from models.scenario import Datastore, Scenario
from models.workload import guest_io

OVERHEAD_NS = 250 * US
BURST_NS = 100 * MS


def device(name: str) -> Datastore:
    """ "D8x2ms": servers and fixed service; "T2000b64": token buckets of op/s and MiB/s, no service time."""
    if name.startswith("D"):
        servers, service = name[1:].removesuffix("ms").split("x")
        return store(int(servers), law(int(service) * MS))
    iops, _, bandwidth = name[1:].partition("b")
    caps = replace(store(0, law(0)), iops_cap=int(iops), burst_ns=BURST_NS)
    return replace(caps, bandwidth_bytes_per_s=int(bandwidth) * MIB) if bandwidth else caps


def on_qemu(spec: Scenario) -> Scenario:
    """The same with the software overhead of a guest request."""
    return with_host(spec, replace(HOST, path_latency_ns=OVERHEAD_NS))


@cache
def closed(device_name: str, depth: int) -> tuple[float, float]:
    """(IOPS, mean latency in us) of a closed loop of that depth, after the buckets' burst is used up."""
    spec = scenario((vm("vm", closed_loop(depth)),), (device(device_name),), 3 * S // 2, S // 2)
    result = one(on_qemu(spec))
    return rate(result), latency(result.vms[0]).mean() / US


def closed_loops(data: Path | None) -> list[Row]:
    """Law A1: throughput and latency of closed loops. Reads, writes and mixes run alike on these devices."""
    if data is None or not present(data):
        return missing("A1", data)
    rows = []
    for row in of_law(data, "A1.closed_loop_iops", "A1.closed_loop_lat"):
        name, depth = row.setting("device"), int(row.setting("qd"))
        if (name, depth) == ("D1x2ms", 1):
            rows.append(not_run(claim_of(row), "the data's notes leave it out: the host stalled"))
            continue
        iops, mean_us = closed(name, depth)
        saturated = iops < 0.99 * depth * S / (OVERHEAD_NS + _service_ns(name))
        part, why = (0.01, "saturated") if saturated else (0.10, "unsaturated: the overhead varied, 0.15 to 0.3 ms")
        simulated = iops if row.law.endswith("iops") else mean_us
        rows.append(judge(claim_of(row), row.median, simulated, measured(row, part, f"the data's own, {why}")))
    return rows


def open_loops(data: Path | None) -> list[Row]:
    """Law A2: mean and p50 of open loops over those of the exact FIFO queue with the overhead on top.

    The data holds ratios to that queue fed with its own arrivals; here the queue is fed with the simulated ones.
    """
    if data is None or not present(data):
        return missing("A2", data)
    rows = []
    for row in of_law(data, "A2.open_loop_fifo_mean", "A2.open_loop_fifo_p50"):
        mean_ratio, half_ratio = open_ratios(row.setting("device"), round(float(row.setting("rho")) * 100))
        simulated = mean_ratio if row.law.endswith("mean") else half_ratio
        slack = measured(row, 0.20, "the data's own")
        rows.append(judge(claim_of(row), row.median, simulated, slack))
    return rows


@cache
def open_ratios(device_name: str, load_percent: int) -> tuple[float, float]:
    """(mean, p50) of simulated latencies over those of the exact queue, at that load."""
    datastore = device(device_name)
    iops = load_percent * datastore.servers * S // (100 * datastore.read.latency_ns)
    machine = vm(f"{device_name} {load_percent} %", open_loop(iops))
    spec = on_qemu(scenario((machine,), (datastore,), -(-6000 // iops) * S))
    result = one(spec)
    draws = guest_io(machine, machine.workloads[0], {datastore.name: datastore}, spec.run.seed, 0)
    timed = takewhile(lambda one: one[0] < spec.run.duration_ns, poisson(draws, rates(machine.workloads[0], iter(()))))
    arrivals = [at for at, _ in timed]
    waits = forms.fifo_waits(arrivals, [datastore.read.latency_ns] * len(arrivals), datastore.servers)
    exact = [wait + datastore.read.latency_ns + OVERHEAD_NS for wait in waits]
    seen = latency(result.vms[0])
    return seen.mean() / fmean(exact), seen.quantile(0.5) / median(exact)


def _service_ns(name: str) -> int:
    return device(name).read.latency_ns


def unique_bytes(data: Path | None) -> list[Row]:
    """Law D1: distinct granules under random writes, by the simulator's addresses and its changed-block map."""
    if data is None or not present(data):
        return missing("D1", data)
    from experiments.validate.granules import dirty_mib, dirty_ratio

    rows = []
    for row in of_law(data, "D1.unique_bytes"):
        simulated = dirty_ratio(row.setting("dist"), row.setting("granularity"))
        rows.append(judge(claim_of(row), row.median, simulated, Slack(0.06, "the data's own: 6 % against the form")))
    for row in of_law(data, "D1.unique_bytes_fio"):
        pattern = row.machine.split()[1]
        simulated = dirty_mib(pattern, row.setting("g"), int(row.setting("n")))
        rows.append(judge(claim_of(row), row.median, simulated, share(row.median, 0.06, "the data's own")))
    return rows
