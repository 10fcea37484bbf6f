"""Write-back caches and burst credits against fluid limits: when is it full, when is it spent, and what then."""

from dataclasses import replace

import numpy as np

from experiments.validate import forms
from experiments.validate.build import KIB, MIB, MS, S, closed_loop, law, open_loop, scenario, store, traced, vm
from experiments.validate.measure import one, rate, runs
from experiments.validate.row import Claim, Row, Slack, judge, judge_sample, share
from models.hardware import WriteCache
from models.result import RunResult
from models.scenario import Datastore, Scenario, Workload

FLUID = "fluid limit: free / (w - d), then d"
WRITES, DESTAGES, BLOCKS = 2000, 1000, 4000  # a second, a second, in the cache
DESTAGERS = 4
TICK = 10 * MS


def _cached(workload: Workload, service: str, duration_ns: int) -> Scenario:
    """A cache of 4,000 blocks of 4 KiB before four servers that destage 1,000 a second."""
    servers = store(DESTAGERS, law(DESTAGERS * S // DESTAGES, "fixed" if service == "fixed" else "exponential"))
    cache = WriteCache(BLOCKS * 4 * KIB, MS // 5, DESTAGERS)
    spec = scenario((vm("vm", workload),), (replace(servers, cache=cache),), duration_ns)
    return replace(spec, run=replace(spec.run, interval_ns=TICK))


def _full_at(result: RunResult) -> float:
    """Seconds until the cache has no room for one more block, or nan."""
    full = (BLOCKS - 1) * 4 * KIB
    times = (row.t_ns for row in result.levels if row.level == "cached" and row.value > full)
    return next((time / S for time in times), float("nan"))


def write_cache() -> list[Row]:
    """Writes come at twice the speed of destage, for eight seconds; then they stop."""
    at = np.arange(8 * WRITES, dtype=np.int64) * (S // WRITES)
    trace = traced(at, (at % 1024) * 4 * KIB, 4 * KIB, write=True)
    result = one(_cached(replace(open_loop(0), kind="trace", trace=trace), "fixed", 20 * S))
    expected = forms.fill_time(BLOCKS, WRITES, DESTAGES)
    late = [row for row in result.intervals if 5 * S <= row.t_ns < 8 * S]
    clean = next(row.t_ns / S for row in result.levels if row.level == "cached" and row.t_ns > 9 * S and not row.value)
    tick = Slack(TICK / S, "depths are looked at every 10 ms")
    last = Slack((TICK + DESTAGERS * MS + MS) / S, "looked at every 10 ms; the last destage takes 4 ms")
    settled = Slack(2 * DESTAGERS / 3, "four destages at each end of 3 s")
    filled = [_full_at(one) for one in runs(_cached(open_loop(WRITES, 0), "exponential", 6 * S), 10)]
    return [
        judge(Claim("write cache: time until it is full", FLUID, "s"), expected, _full_at(result), tick),
        judge_sample(Claim("write cache, Poisson writes, exponential destages: full", FLUID, "s"), expected, filled),
        judge(Claim("write cache full: writes", FLUID, "IOPS"), DESTAGES, sum(row.ios for row in late) / 3, settled),
        judge(Claim("write cache: clean after 16,000 writes", FLUID, "s"), 8 * WRITES / DESTAGES, clean, last),
    ]


CREDITS = "token bucket: credit / (peak - baseline)"


def burst_credits() -> list[Row]:
    """A volume under full load: the peak while its credit lasts, then the baseline; of I/Os and of bytes."""
    ios = replace(store(0, law(MS)), iops_cap=100, peak_iops=1000, burst_ns=90 * S)
    half = replace(ios, credit_ppm=500_000)
    bytes_ = replace(
        store(0, law(MS)), bandwidth_bytes_per_s=10 * MIB, peak_bandwidth_bytes_per_s=50 * MIB, burst_ns=40 * S
    )
    return [
        *_spent("I/O credit", ios, 4 * KIB, 9000, (1000, 100)),
        *_spent("I/O credit, half of it at the start", half, 4 * KIB, 4500, (1000, 100)),
        *_spent("byte credit", bytes_, 256 * KIB, 1600, (200, 40)),
    ]


def _spent(name: str, volume: Datastore, size: int, credit: int, rates: tuple[int, int]) -> list[Row]:
    """`credit` and `rates` (peak, baseline) in I/Os of that size."""
    loop, (peak, baseline) = 32, rates
    spec = scenario((vm("vm", closed_loop(loop, size_bytes=size)),), (volume,), 20 * S, 12 * S)
    result = one(replace(spec, run=replace(spec.run, interval_ns=S // 10)))
    spent = next((row.t_ns / S for row in result.levels if row.value == 0), float("nan"))
    early = sum(row.ios for row in result.intervals if S <= row.t_ns < 4 * S) / 3
    ahead = Slack(0.1 + loop / peak, "32 I/Os are admitted ahead, looked at every 0.1 s")
    return [
        judge(Claim(f"{name}: spent", CREDITS, "s"), credit / (peak - baseline), spent, ahead),
        judge(Claim(f"{name}: rate while it lasts", CREDITS, "IOPS"), peak, early, share(peak, 0.01, "ends of 3 s")),
        judge(Claim(f"{name}: rate after it", CREDITS, "IOPS"), baseline, rate(result), share(baseline, 0.01, "ends")),
    ]
