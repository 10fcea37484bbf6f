"""Hand-made scenario and run results for tests of whatever reads results: no simulation is behind them.

`fake_scenario()` looks like the demo: a four-disk SQL VM, an ingest VM, two VDI VMs; backups at 10, 90 and 170 s,
replication that overflows once. `fake_result(arm, replicate)` is a deterministic, self-consistent RunResult for it:
ledgers sum to latencies, phases to stuns, ramps are continuous. The figures are plausible, not measured.
"""

from functools import cache
from random import Random

from fake_scenario import (
    COMMIT_NS,
    CUTS,
    DURATION,
    GIB,
    IN_ORDER_AGAIN,
    INTERVAL,
    MEMBERS,
    MERGE_NS,
    MIB,
    MS,
    OVERFLOW,
    PROTECTED,
    RATES,
    READ_NS,
    RESYNC,
    US,
    S,
    fake_scenario,
)

from models.result import (
    DeviceRow,
    FlowRow,
    IntervalRow,
    JobRow,
    LedgerBin,
    ModeRow,
    PointRow,
    Ramp,
    RecoveryResult,
    RunResult,
    SlowIo,
    SpaceRow,
    StunRow,
    TimerRow,
    VmResult,
    ledger_causes,
)
from sim.audit import Line
from sim.histogram import Histogram, bucket_of

__all__ = ["CUTS", "DURATION", "MERGE_NS", "PROTECTED", "READ_NS", "S", "fake_result", "fake_scenario"]


def _backed_up(arm: str) -> bool:
    return arm in ("vadp", "both")


def _replicated(arm: str) -> bool:
    return arm in ("vaio", "both")


def _stun(vm: str, reason: str, start: int, disks: int, rng: Random) -> StunRow:
    phases = (40 * MS, rng.randint(2, 12) * MS, disks * 25 * MS, disks * 50 * MS, disks * 35 * MS, 80 * MS)
    total = sum(phases)
    return StunRow(
        vm, reason, "nightly", start, total, *phases, total + 30 * MS, rng.randint(1, 8), rng.randint(5, 60), "ok"
    )


def _stuns(arm: str, rng: Random) -> list[StunRow]:
    rows = []
    for cut in CUTS if _backed_up(arm) else ():
        for vm, disks, at in (("sql", 4, cut), ("ingest", 1, cut + 2 * S)):
            merge = at + READ_NS + COMMIT_NS
            rows.append(_stun(vm, "snapshot create", at, disks, rng))
            rows.append(_stun(vm, "mirror insert", merge, disks, rng))
            rows.append(_stun(vm, "mirror switch", merge + MERGE_NS, disks, rng))
    return sorted(rows, key=lambda row: (row.start_ns, row.vm))


def _jobs(arm: str, rng: Random) -> list[JobRow]:
    rows = []
    for ordinal, cut in enumerate(CUTS if _backed_up(arm) else ()):
        for vm, at in (("sql", cut), ("ingest", cut + 2 * S)):
            end, usable = at + READ_NS, at + READ_NS + COMMIT_NS
            written = rng.randint(45, 55) * MIB
            kind, read = ("incremental", 8 * written) if ordinal else ("full", GIB)
            rows.append(
                JobRow("nightly", vm, ordinal, kind, cut - S, at - S, at, at + S, end, usable, usable,
                       usable + MERGE_NS, usable + MERGE_NS + S, written, written * 9 // 10, written * 4, read,
                       read // 2, 500, rng.randint(8, 12) * MIB, "ok", needs_consolidation=False)
            )  # fmt: skip
    return rows


def _points(arm: str, jobs: list[JobRow]) -> list[PointRow]:
    rows = [PointRow("nightly", job.vm, job.cut_ns, job.usable_ns) for job in jobs]
    if _replicated(arm):
        stamps = [t for t in range(5 * S, DURATION, 5 * S) if not OVERFLOW <= t < IN_ORDER_AGAIN]
        rows += [PointRow("cdp", vm, t, t + S) for t in stamps for vm in PROTECTED if t + S <= DURATION]
    return rows


def _ramps(points: list[PointRow]) -> tuple[Ramp, ...]:
    """Recovery-point age from the usable points of one VM, in order."""
    ends = [point.usable_ns for point in points[1:]] + [DURATION]
    return tuple(Ramp(p.usable_ns, end, p.usable_ns - p.point_ns, 1) for p, end in zip(points, ends, strict=True))


def _recovery(arm: str, points: list[PointRow], rng: Random) -> list[RecoveryResult]:
    rows = []
    names = (["nightly"] if _backed_up(arm) else []) + (["cdp"] if _replicated(arm) else [])
    for protection in names:
        for vm in PROTECTED:
            age = _ramps([p for p in points if (p.protection, p.vm) == (protection, vm)])
            exposure = tuple(Ramp(r.t0_ns, r.t1_ns, max(0, r.v0_ns - 20 * MS), 1) for r in age)
            written, unique, series = Histogram(), Histogram(), []
            speed = rng.randint(500, 700) * 1024
            for t in range(INTERVAL, DURATION + 1, INTERVAL):
                ramp = next((r for r in age if r.t0_ns < t <= r.t1_ns), None)
                risk = -1 if ramp is None else (ramp.v0_ns + t - ramp.t0_ns) * speed // S
                series.append((t, risk, risk if risk < 0 else risk * 9 // 10))
                if ramp is not None:
                    written.add(risk, INTERVAL)
                    unique.add(risk * 9 // 10, INTERVAL)
            undefined = age[0].t0_ns if age else DURATION
            rows.append(RecoveryResult(protection, vm, age, exposure, undefined, written, unique, tuple(series)))
    return rows


def _phase(arm: str, t: int) -> str:
    """What the backup does to the datastore at `t`: "quiet", "backup" or "merge"."""
    for cut in CUTS if _backed_up(arm) else ():
        if cut + S <= t < cut + READ_NS:
            return "backup"
        if cut + READ_NS <= t < cut + READ_NS + COMMIT_NS + MERGE_NS:
            return "merge"
    return "quiet"


@cache
def _causes(arm: str) -> tuple[str, ...]:
    return ledger_causes(("inspect", "cdp") if _replicated(arm) else ("inspect",))


def _ledger(arm: str, group: str, t: int, write: bool, held: int, rng: Random) -> list[int]:
    """One I/O's nanoseconds by cause."""
    cost = dict.fromkeys(_causes(arm), 0)
    slower = {"quiet": 1.0, "backup": 1.2, "merge": 1.6}[_phase(arm, t)]
    draws = [rng.expovariate(1.0) for _ in range(4)]
    cost["data: service"] = int(draws[0] * (3 if write else 4) * MS * slower) + 1
    cost["data: device queue"] = int(max(0.0, draws[1] - 1.6) * MS * slower)
    cost["host path"] = 250 * US
    cost["stun hold in"] = held
    cost["filter inspect"] = 15 * US
    if group in PROTECTED:
        if _replicated(arm):
            cost["filter cdp"] = 30 * US
        if write and _phase(arm, t) != "quiet":
            cost["parent read: service" if group == "sql" else "metadata: service"] = int(draws[2] * 2 * MS)
            cost["mirror: service"] = int(draws[3] * MS) if _phase(arm, t) == "merge" else 0
    return list(cost.values())


def _arrivals(rate: int) -> list[int]:
    return [second * S + (i * S) // rate for second in range(DURATION // S) for i in range(rate)]


def _vm_result(
    arm: str, name: str, group: str, stuns: list[StunRow], rng: Random
) -> tuple[VmResult, list[IntervalRow]]:
    mine = [(row.start_ns, row.start_ns + row.duration_ns) for row in stuns if row.vm == name]
    guest = (Histogram(), Histogram())
    vscsi, gavg, probe = Histogram(), Histogram(), Histogram()
    causes = _causes(arm)
    bins: dict[int, list[int]] = {}
    slow: list[SlowIo] = []
    windows = [[Histogram(), 0, 0, 0] for _ in range(DURATION // INTERVAL)]
    size = 65536 if group == "ingest" else 8192
    count = [0, 0]
    for ordinal, t in enumerate(_arrivals(RATES[group])):
        write = group == "ingest" or rng.random() < 0.4
        held = next((end - t for start, end in mine if start <= t < end), 0)
        ledger = _ledger(arm, group, t, write, held, rng)
        latency = sum(ledger)
        device = ledger[causes.index("data: service")]
        queue = ledger[causes.index("data: device queue")]
        guest[write].add(latency)
        vscsi.add(latency - held)
        gavg.add(device + queue)
        count[write] += size
        entry = bins.setdefault(bucket_of(latency), [0] * (len(causes) + 1))
        for index, ns in enumerate([1, *ledger]):
            entry[index] += ns
        slow.append(SlowIo(name, "main", ordinal, f"{name}:0", write, ordinal * 4096, size, t, latency, tuple(ledger)))
        window = windows[min((t + latency) // INTERVAL, len(windows) - 1)]
        window[0].add(latency)
        for index, add in ((1, size if write else 0), (2, queue), (3, device)):
            window[index] += add
    for start, end in mine:
        probe.add_ramp(1, end - start + 1)
    probe.add(0, DURATION - probe.count)
    rows = [
        IntervalRow(i * INTERVAL, name, h.count, h.count, wrote, h, h.count, q // max(1, h.count), d // max(1, h.count),
                    q // max(1, h.count), h.count, q // max(1, h.count), 0)
        for i, (h, wrote, q, d) in enumerate(windows)
    ]  # fmt: skip
    slowest = tuple(sorted(slow, key=lambda io: (-io.latency_ns, io.ordinal))[:20])
    acting = () if group not in PROTECTED else tuple(_acting(arm))
    ledger_bins = tuple(LedgerBin(bucket, entry[0], tuple(entry[1:])) for bucket, entry in sorted(bins.items()))
    return VmResult(name, group, acting, *guest, vscsi, gavg, probe, len(slow), *count, ledger_bins, slowest), rows


def _acting(arm: str) -> list[str]:
    return (["nightly"] if _backed_up(arm) else []) + (["cdp"] if _replicated(arm) else [])


def _space(arm: str) -> list[SpaceRow]:
    rows = []
    for t in range(INTERVAL, DURATION + 1, INTERVAL):
        for disk in ("sql:0", "sql:1", "sql:2", "sql:3", "ingest:0"):
            since = min((t - cut for cut in CUTS if cut < t < cut + READ_NS + COMMIT_NS + MERGE_NS), default=0)
            grains = since // (20 * MS) if _backed_up(arm) else 0
            stored = -(-grains * 4096 // (16 * MIB)) * 16 * MIB + MIB if grains else 0
            rows.append(SpaceRow(t, disk, "gold", 2 if grains else 1, grains, stored))
    return rows


def _flows(arm: str) -> list[FlowRow]:
    rows = []
    for t in range(INTERVAL, DURATION + 1, INTERVAL):
        if _replicated(arm):
            backlog = 64 * 10**6 if OVERFLOW <= t < RESYNC else 2 * 10**6
            rows.append(FlowRow(t, "cdp WAN", 3 * 10**6, backlog))
        if _backed_up(arm):
            reading = _phase(arm, t) == "backup"
            rows += [
                FlowRow(t, "nightly NBD", 40 * 10**6 * reading, 0),
                FlowRow(t, "nightly repository", 20 * 10**6 * reading, 0),
            ]
    return rows


def _devices(arm: str) -> tuple[DeviceRow, ...]:
    rows = [DeviceRow("gold", "data", 9600, 60 * MIB, 700 * MIB)]
    if _backed_up(arm):
        rows += [DeviceRow("gold", "metadata", 5000, 4 * MIB, 16 * MIB), DeviceRow("gold", "backup", 3000, 3 * GIB, 0),
                 DeviceRow("gold", "merge", 4000, 60 * MIB, 60 * MIB)]  # fmt: skip
    if _replicated(arm):
        rows.append(DeviceRow("gold", "resync", 800, 50 * MIB, 0))
    return tuple(rows)


@cache
def fake_result(arm: str, replicate: int) -> RunResult:
    """A run of `fake_scenario()` that never happened; equal arguments give equal results."""
    rng = Random(f"{arm}/{replicate}")
    stuns = _stuns(arm, rng)
    jobs = _jobs(arm, rng)
    points = _points(arm, jobs)
    made = [_vm_result(arm, name, group, stuns, Random(f"{name}/{replicate}")) for name, group, _ in MEMBERS]
    modes = [("in order", 0, OVERFLOW), ("overflow", OVERFLOW, RESYNC), ("resync", RESYNC, IN_ORDER_AGAIN),
             ("in order", IN_ORDER_AGAIN, DURATION)]  # fmt: skip
    ios = sum(vm.ios for vm, _ in made)
    return RunResult(
        scenario="demo",
        arm=arm,
        replicate=replicate,
        causes=_causes(arm),
        duration_ns=DURATION,
        warmup_ns=0,
        measured_ns=DURATION,
        interval_ns=INTERVAL,
        vms=tuple(vm for vm, _ in made),
        intervals=tuple(sorted((row for _, rows in made for row in rows), key=lambda row: (row.t_ns, row.vm))),
        stuns=tuple(stuns),
        jobs=tuple(jobs),
        points=tuple(points),
        recovery=tuple(_recovery(arm, points, rng)),
        modes=tuple(ModeRow("cdp", *mode) for mode in modes) if _replicated(arm) else (),
        space=tuple(_space(arm)),
        flows=tuple(_flows(arm)),
        devices=_devices(arm),
        control=(),
        timers=tuple(
            TimerRow(
                "cluster heartbeat", 5 * S, name, 0, max((r.duration_ns for r in stuns if r.vm == name), default=0)
            )
            for name, _, _ in MEMBERS
        ),
        audit=(Line("issued = delivered + failed", "all VMs", ios, ios, 0),),
        events=ios * 9,
    )
