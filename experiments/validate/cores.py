"""The cores that a host gives its filters against queueing theory: hops of all filters are customers, cores servers.

As in `hops`, a hop up costs nothing and the datastore answers at once, so that what the ledger has under the filters is
wait and CPU time together.
"""

from dataclasses import replace
from itertools import takewhile

from experiments.validate import forms
from experiments.validate.build import (
    DEEP,
    HOST,
    MS,
    US,
    S,
    closed_loop,
    law,
    open_loop,
    scenario,
    store,
    vm,
    with_host,
)
from experiments.validate.measure import ledger_mean, one, rate, runs
from experiments.validate.row import Claim, Row, Slack, exact, judge, judge_sample, share
from models.arrivals import poisson, rates
from models.scenario import Filter, Scenario
from models.workload import guest_io

CPU = 4 * MS
REPLICATIONS, IOS = 10, 4000


def waits() -> list[Row]:
    """One core for the filters of several VMs: M/D/1, and how busy it is."""
    rows = []
    for load, vms in ((0.5, 2), (0.7, 5)):
        spec, total = _shared(f"cores {load}", round(load * S / CPU), vms, 1)
        found = runs(spec, REPLICATIONS)
        waited = [sum(ledger_mean(r, f"filter f{n}") for n in range(vms)) / MS - CPU / MS for r in found]
        expected = forms.mg1_wait(total, CPU / S, (CPU / S) ** 2) * 1000
        name = f"M/D/1 at one core for {vms} filters, load {load}"
        rows.append(judge_sample(Claim(f"{name}: mean wait", "Pollaczek-Khinchine", "ms"), expected, waited))
        busy = [r.cores[0].busy_ns / r.duration_ns for r in found]
        rows.append(judge_sample(Claim(f"{name}: share of time busy", "utilisation law: rate x CPU time", ""),
                                 total * CPU / S, busy))  # fmt: skip
    return rows


def same_draws() -> list[Row]:
    """Three cores, load 0.9 each, on the run's own arrivals: the exact recursion."""
    spec, _ = _shared("three cores", round(3 * 0.9 * S / CPU), 1, 3, 2 * IOS)
    result = one(spec)
    machine, end = spec.vms[0], spec.run.duration_ns
    draws = guest_io(machine, machine.workloads[0], {s.name: s for s in spec.datastores}, spec.run.seed, 0)
    timed = takewhile(lambda io: io[0] < end, poisson(draws, rates(machine.workloads[0], iter(()))))
    arrivals = [at for at, _ in timed]
    spent = [wait + CPU for wait in forms.fifo_waits(arrivals, [CPU] * len(arrivals), 3)]
    counted = [
        ns for at, ns in zip(arrivals, spent, strict=True) if at >= spec.run.warmup_ns and at + ns < end
    ]  # fmt: skip
    column = result.causes.index("filter f0")
    simulated = sum(row.ns[column] for row in result.vms[0].ledger)
    claim = Claim(f"M/D/3 at cores, load 0.9: summed time of {len(counted)} I/Os", "Kiefer-Wolfowitz on the same draws",
                  "ns")  # fmt: skip
    return [judge(claim, sum(counted), simulated, exact())]


def saturation() -> list[Row]:
    """Four cores and 250 us of CPU time for each of two hops: 8,000 I/Os a second, however many are outstanding."""
    rows = []
    for outstanding in (2, 64):
        hop = Filter("f", 250 * US, 250 * US, "fixed", 0)
        machines = tuple(replace(vm(f"vm{n}", closed_loop(outstanding // 2)), filters=(hop,)) for n in range(2))
        host = replace(HOST, filter_cores=4, filter_cpu_ns=250 * US)
        result = one(with_host(scenario(machines, (store(0, law(500 * US)),), 5 * S, S), host))
        most = 4 / (2 * 250e-6)
        expected = min(most, outstanding / 0.001)
        claim = Claim(f"filters on four cores, {outstanding} I/Os outstanding: throughput",
                      "min(cores / CPU time, outstanding / latency)", "iops")  # fmt: skip
        slack = share(expected, 0.005, "I/Os under way at both ends")
        rows.append(judge(claim, expected, sum(rate(result, n) for n in range(2)), slack))
    claim = Claim("filters on four cores, saturated: share of time busy", "all of it", "")
    rows.append(
        judge(claim, 1.0, result.cores[0].busy_ns / (4 * result.duration_ns), Slack(0.01, "hops asked for ahead"))
    )
    return rows


def _shared(name: str, total: int, vms: int, cores: int, ios: int = IOS) -> tuple[Scenario, int]:
    """VMs of one host, each with a filter of its own, and their summed rate."""
    each = total // vms
    machines = tuple(
        replace(vm(f"{name}, {n}", open_loop(each), queue_depth=DEEP), filters=(Filter(f"f{n}", CPU, 0, "fixed", 0),))
        for n in range(vms)
    )
    spec = scenario(machines, (store(0, law(0)),), (-(-ios // total) + 2) * S, 2 * S)
    return with_host(spec, replace(HOST, filter_cores=cores, filter_cpu_ns=CPU)), each * vms
