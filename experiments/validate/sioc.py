"""SIOC against PARDA: four hosts of one array, by their shares.

The array is that of the uncontrolled row (3,360 random reads a second). Published numbers are of PARDA's own prototype;
closed forms follow from its control law (models.mechanisms.parda). Windows and latencies are read from the run's
levels, rates from guests that always have more I/O than their host may issue.
"""

from collections.abc import Sequence
from dataclasses import replace

from experiments.validate import forms, published
from experiments.validate.build import HOST, KIB, MS, S, closed_loop, disk, law, open_loop, scenario, store, vm
from experiments.validate.measure import one, rate
from experiments.validate.row import Claim, Row, judge, share
from models.hardware import Sioc
from models.result import RunResult
from models.scenario import Burst, Scenario, Vm

LAW, PARDA = "fixed point of PARDA's control law", "PARDA (FAST 2009)"
PERIOD, SETTLE, DURATION = S, 100 * S, 160 * S
SERVERS, DEPTH = 10, 64
CONTROL = Sioc(
    threshold_ns=25 * MS, period_ns=PERIOD, gain_ppm=800_000, smoothing_ppm=500_000, least_depth=4, shares_per_slot=1000
)
Claims = Sequence[Sequence[int]]
"""The shares of each host's VMs."""


def _hosts(claims: Claims, control: Sioc | None, more: tuple[Vm, ...] = ()) -> Scenario:
    service = law(SERVERS * S // published.PARDA_IOPS, "exponential")
    machines = tuple(
        replace(vm(f"vm{h}.{n}", closed_loop(DEPTH, size_bytes=16 * KIB), (_disk(f"vm{h}.{n}", shares),)), host=f"h{h}")
        for h, of_host in enumerate(claims) for n, shares in enumerate(of_host)
    )  # fmt: skip
    array = replace(store(SERVERS, service), device_queue_depth=DEPTH, sioc=control)
    spec = scenario((*machines, *more), (array,), DURATION, SETTLE)
    hosts = tuple(replace(HOST, name=f"h{h}", scheduler="mclock") for h in range(len(claims)))
    return replace(spec, hosts=hosts, run=replace(spec.run, interval_ns=PERIOD))


def _disk(name: str, shares: int):  # type: ignore[no-untyped-def]
    return replace(disk(f"{name}:0"), shares=shares)


def _mean(result: RunResult, level: str, host: str = "") -> float:
    """A level's mean after the windows have settled."""
    values = [row.value for row in result.levels if (row.level, row.host) == (level, host) and row.t_ns > SETTLE]
    return sum(values) / len(values)


def _windows(result: RunResult, hosts: int) -> list[float]:
    return [_mean(result, "queue depth", f"h{h}") for h in range(hosts)]


def _latency(result: RunResult) -> float:
    return _mean(result, "SIOC latency") / MS


def equal() -> list[Row]:
    """Hosts alike: the latency is held and nothing is lost."""
    result = one(_hosts([[1000]] * 4, replace(CONTROL, threshold_ns=30 * MS)))
    latency, windows = forms.parda(0.030, published.PARDA_IOPS, [1] * 4)
    total = sum(rate(result, i) for i in range(4))
    noise = "exponential service"
    return [
        judge(Claim("SIOC at 30 ms, shares 1:1:1:1: latency", f"{PARDA}, table 3: 31 ms", "ms"), 31, _latency(result),
              share(31, 0.03, "whole ms in the source")),
        judge(Claim("SIOC at 30 ms, shares 1:1:1:1: latency", LAW, "ms"), latency * 1000, _latency(result),
              share(latency * 1000, 0.02, noise)),
        judge(Claim("SIOC at 30 ms, shares 1:1:1:1: mean window", LAW, "slots"), windows[0],
              sum(_windows(result, 4)) / 4, share(windows[0], 0.03, "windows are rounded down to whole slots")),
        judge(Claim("SIOC at 30 ms: IOPS, as without it", f"{PARDA}: 3,350", "IOPS", "calibrated"), 3350, total,
              share(3350, 0.02, noise)),
    ]  # fmt: skip


def unequal() -> list[Row]:
    """Shares 1:1:2:2, with SIOC and without."""
    claims = [[1000], [1000], [2000], [2000]]
    result, bare = one(_hosts(claims, CONTROL)), one(_hosts(claims, None))
    latency, windows = forms.parda(0.025, published.PARDA_IOPS, [1, 1, 2, 2])
    found = _windows(result, 4)
    rates = [rate(result, i) for i in range(4)]
    part, without = sum(rates[2:]) / sum(rates), sum(rate(bare, i) for i in (2, 3))
    without /= sum(rate(bare, i) for i in range(4))
    name = "SIOC at 25 ms, shares 1:1:2:2"
    return [
        judge(Claim(f"{name}: latency", f"{PARDA}: converges to 25 ms", "ms"), 25, _latency(result),
              share(25, 0.1, "the law itself ends at 26.8 ms")),
        judge(Claim(f"{name}: latency", LAW, "ms"), latency * 1000, _latency(result),
              share(latency * 1000, 0.02, "exponential service")),
        *(judge(Claim(f"{name}: window of host {h + 1}", LAW, "slots"), windows[h], found[h],
                share(windows[h], 0.05, "rounded down to whole slots")) for h in range(4)),
        judge(Claim(f"{name}: part of the hosts with twice the shares", f"{PARDA}: about 1:1:2:2", "%"), 200 / 3,
              100 * part, share(200 / 3, 0.03, "windows are whole slots")),
        judge(Claim("shares 1:1:2:2 without SIOC: their part", "equal device queues", "%"), 50, 100 * without,
              share(50, 0.01, "exponential service")),
    ]  # fmt: skip


END_TO_END = ((20, 10), (10, 10), (20,), (10,))
"""Shares of the VMs of four hosts in the end-to-end test; hosts claim 6:4:4:2."""


def end_to_end() -> list[Row]:
    """Across hosts by SIOC, inside a host by mClock; what was published are OLTP operations and micro benchmarks."""
    result = one(_hosts(END_TO_END, replace(CONTROL, shares_per_slot=5)))
    a, b, c, d, e, f = (rate(result, i) for i in range(6))
    source = f"{PARDA}, end to end: "
    slack = "10 % for guests that were not always backlogged, 4 % for half a slot of a window of 12"
    return [
        judge(Claim(f"SIOC, {name}", source + told, "ratio"), expected, found, share(expected, 0.14, slack))
        for name, told, expected, found in (
            ("hosts 6:4", "1857 and 1316 operations/s", 1857 / 1316, (a + b) / (c + d)),
            ("hosts 4:2", "740 and 400 IOPS", 740 / 400, e / f),
            ("VMs 20:10 of a host", "1266 and 591 operations/s", 1266 / 591, a / b),
            ("VMs 10:10 of a host", "681 and 673 operations/s", 681 / 673, c / d),
        )
    ]


def idle() -> list[Row]:
    """The host of 6 has a VM of 2 that stops after 40 s: from then on it claims 4, twice as much as that of 2."""
    stops = replace(open_loop(0, size_bytes=16 * KIB), bursts=(Burst(0, 40 * S, 100),))
    leaver = replace(vm("leaver", stops, (_disk("leaver", 10),)), host="h0")
    result = one(_hosts(((20,), (10, 10), (20,), (10,)), replace(CONTROL, shares_per_slot=5), (leaver,)))
    before = [row.value for row in result.levels if row.level == "queue depth" and row.t_ns == 40 * S]
    after = _windows(result, 4)
    source = f"{PARDA}, handling bursts: windows converge to 1:2"
    return [
        judge(Claim("SIOC, a VM is active: windows of the hosts 6:2", LAW, "ratio"), 3, before[0] / before[3],
              share(3, 0.15, "whole slots at one moment")),
        judge(Claim("SIOC, that VM is idle: windows of the hosts 4:2", source, "ratio"), 2, after[0] / after[3],
              share(2, 0.07, "windows are rounded down to whole slots")),
    ]  # fmt: skip
