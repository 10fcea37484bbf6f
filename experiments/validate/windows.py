"""Observe windows held against full simulation of the same scenario, and against the growth law where nobody looks.

The same VMs, backups and replication are run whole and with windows; what happens in the windows must be what happens
there in the full run, and what the guests write outside must leave the same marks. Two samples of replications each:
arrivals in the windows are other draws of the same process.
"""

from dataclasses import replace

from experiments.validate import forms
from experiments.validate.build import GIB, KIB, MIB, MS, S, closed_loop, disk, law, open_loop, scenario, store, vm
from experiments.validate.growth import GRAINS, JOB, RATE, SOURCE, writer
from experiments.validate.measure import one, runs
from experiments.validate.replication import LINK
from experiments.validate.row import LEVEL, Claim, Row, Slack, judge
from models.result import RunResult
from models.scenario import Addresses, Scenario, Window
from sim.histogram import merged
from sim.statistics import mean_interval

FULL = "full simulation of the same scenario"
REPLICATIONS = 10
WINDOWS = (Window(8 * S, 14 * S), Window(28 * S, 34 * S))
LENGTH = 40 * S
UNIFORM = Addresses("uniform", 0, 4 * KIB, 0, 0)
BACKUP = replace(JOB, vms=("db", "web"), first_ns=4 * S, interval_ns=6 * S, parallel_vms=2)
COPY = replace(
    LINK, name="copy", vms=("db", "web"), buffer_bytes=64 * MIB, link_bytes_per_s=20_000_000, link_latency_ns=5 * MS,
    extent_bytes=8 * KIB, resync_reads=4,
)  # fmt: skip


def scene() -> Scenario:
    """Two VMs with a little queueing, one of them a closed loop; both are backed up, both are replicated."""
    db = replace(open_loop(900, read_ppm=500_000), write_addresses=UNIFORM)
    web = replace(closed_loop(4, read_ppm=700_000), think_ns=20 * MS, think_distribution="exponential")
    vms = (vm("db", db, (disk("db:0", GIB // 4),)), vm("web", web, (disk("web:0", GIB // 4),)))
    spec = scenario(vms, (store(4, law(2 * MS, "exponential")),), LENGTH)
    spec = replace(spec, vadp=(BACKUP,), vaio=(COPY,))
    return replace(spec, run=replace(spec.run, interval_ns=S))


def in_windows(result: RunResult) -> list[float]:
    """Mean and p99 of the guests' latency, and I/Os a second, of the I/Os delivered in the windows' last 5 s."""
    spans = [(one.start_ns + S, one.end_ns) for one in WINDOWS]
    rows = [row for row in result.intervals if any(a <= row.t_ns < b for a, b in spans)]
    latency = merged(row.latency for row in rows)
    return [latency.mean() / MS, latency.quantile(0.99) / MS, sum(row.ios for row in rows) / 10]


def marks(result: RunResult) -> list[float]:
    """What the writes leave: changed blocks and the age of points by jobs, grains in deltas, bytes on the WAN."""
    jobs = [job for job in result.jobs if job.kind == "incremental" and job.outcome == "ok"]
    cbt = sum(job.cbt_bytes for job in jobs) / max(1, len(jobs)) / MIB
    unique = sum(job.unique_bytes for job in jobs) / max(1, len(jobs)) / MIB
    wan = sum(row.bytes for row in result.flows if row.link.endswith("WAN")) / MIB
    return [cbt, unique, wan]


SEEN = (("guest latency mean", "ms"), ("guest latency p99", "ms"), ("I/Os a second", "IOPS"))
LEFT = (
    ("changed blocks of an incremental backup", "MiB"), ("unique bytes written before it", "MiB"),
    ("carried by the WAN", "MiB"),
)  # fmt: skip


def against_full() -> list[Row]:
    """Both, in the arm with both protections."""
    spec = scene()
    whole = runs(spec, REPLICATIONS, "both")
    run = replace(spec.run, observe=WINDOWS, observe_warmup_ns=S)
    short = runs(replace(spec, run=run), REPLICATIONS, "both")
    rows = []
    for names, measure in ((SEEN, in_windows), (LEFT, marks)):
        full, cut = ([measure(result) for result in results] for results in (whole, short))
        for column, (name, unit) in enumerate(names):
            claim = Claim(f"observe windows: {name}", FULL, unit)
            rows.append(_same(claim, [row[column] for row in full], [row[column] for row in cut]))
    return rows


def _same(claim: Claim, full: list[float], cut: list[float]) -> Row:
    """The two samples have the same mean: Welch, taken on the safe side with the degrees of freedom of one sample."""
    one, other = mean_interval(full, LEVEL), mean_interval(cut, LEVEL)
    half = (one.half_width**2 + other.half_width**2) ** 0.5
    most = 0.1 * abs(one.mean)
    why = f"99.9 % t interval of the difference of {len(full)} and {len(cut)} replications"
    if half > most:
        half, why = most, f"10 %: the {why} is wider"
    return judge(claim, one.mean, other.mean, Slack(half, why))


def unseen_growth() -> list[Row]:
    """What a second backup finds when nobody observes anything between the two."""
    job = replace(JOB, interval_ns=10 * S)
    spec = writer(UNIFORM, 12, job)
    spec = replace(spec, run=replace(spec.run, observe=(Window(11 * S, 12 * S),)))
    row = one(spec, "vadp").jobs[1]
    writes = row.written_bytes // (4 * KIB)
    unique = 4 * KIB * forms.distinct(writes, [1 / GRAINS] * GRAINS) / MIB
    deviation = 4 * KIB * forms.distinct_deviation(writes, [1 / GRAINS] * GRAINS) / MIB
    written = RATE * 10 * 4 * KIB / MIB
    poisson = Slack(4 * written / (RATE * 10) ** 0.5, "4 standard deviations of a Poisson count")
    claim = Claim("outside observe windows: written between two backups", "rate x time", "MiB")
    other = Claim("outside observe windows: of it unique at 4 KiB", SOURCE, "MiB")
    return [
        judge(claim, written, row.written_bytes / MIB, poisson),
        judge(other, unique, row.unique_bytes / MIB, Slack(4 * deviation, "4 standard deviations")),
    ]
