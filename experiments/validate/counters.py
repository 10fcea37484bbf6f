"""What counters show: averages over mixed commands, and an array under the load of several hosts."""

from dataclasses import replace

import numpy as np

from experiments.validate import published
from experiments.validate.build import HOST, KIB, MS, S, closed_loop, law, open_loop, scenario, store, traced, vm
from experiments.validate.measure import mean_latency, one, rate
from experiments.validate.row import Claim, Row, Slack, judge, share


def mixed_commands() -> list[Row]:
    """DAVG of 1 ms reads beside one 500 ms write."""
    rows = []
    for fast, expected in published.COUNTERS:
        count = np.arange(fast + 1, dtype=np.int64)
        trace = traced(count, count * 4 * KIB, 4 * KIB, write=False)
        trace = replace(trace, write=count == fast)
        datastore = replace(store(0, law(0)), read=law(MS), write=law(500 * MS))
        spec = scenario((vm("vm", replace(open_loop(0), kind="trace", trace=trace)),), (datastore,), S)
        davg = one(spec).intervals[0].davg_ns / MS
        claim = Claim(f"DAVG of {fast} commands of 1 ms and one of 500 ms", "Broadcom KB 309140", "ms")
        rows.append(judge(claim, expected, davg, Slack(1e-6, "counters are whole nanoseconds")))
    return rows


def parda() -> list[Row]:
    """Four hosts of depth 32 on one array; its speed is set to the published 3,360 IOPS, the latency follows."""
    servers = 10
    service = law(servers * S // published.PARDA_IOPS, "exponential")
    datastore = replace(store(servers, service), device_queue_depth=published.PARDA_DEPTH)
    names = [f"host{i}" for i in range(published.PARDA_HOSTS)]
    machines = tuple(
        replace(vm(f"vm{i}", closed_loop(published.PARDA_DEPTH, size_bytes=16 * KIB)), host=name)
        for i, name in enumerate(names)
    )
    spec = scenario(machines, (datastore,), 7 * S, S)
    result = one(replace(spec, hosts=tuple(replace(HOST, name=name) for name in names)))
    source = "PARDA (FAST 2009), uncontrolled: 3,360 IOPS, 37 ms"
    total = sum(rate(result, i) for i in range(len(names)))
    slack = share(published.PARDA_IOPS, 0.03, "exponential service, 20,000 I/Os")
    return [
        judge(Claim("four hosts on one array: IOPS", source, "IOPS", "calibrated"), published.PARDA_IOPS, total, slack),
        judge(Claim("four hosts on one array: latency", source, "ms"), published.PARDA_MS, mean_latency(result) / MS,
              share(published.PARDA_MS, 0.05, "hosts differed by 780 to 900 IOPS, latencies are whole ms")),
    ]  # fmt: skip
