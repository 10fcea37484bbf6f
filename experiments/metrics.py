"""The figures a run is judged by: one table, each row a label, a unit, a direction and a function of a `GroupView`.

An undefined figure is nan, never zero: the age of a recovery point in an arm without recovery points, the mean of no
I/Os. Counts and totals of things that can happen in every arm (stuns, timers outlasted) are zero where none happened.
Words are those of `docs/words.md`; definitions are the fields of `models.result`.
"""

import math
from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Literal, NamedTuple

from experiments.backup_window import backup_window_ns
from experiments.group_view import GroupView
from models.result import ORDERED, FlowRow, IntervalRow, JobRow
from sim.histogram import Histogram

NAN = float("nan")
MS, S = 1e6, 1e9
MIB = float(2**20)
TRANSPORTS = (" NBD", " HotAdd", " SAN")
"""Ends of the names of a backup's links to its proxy."""

Value = Callable[[GroupView], float]


class Metric(NamedTuple):
    """One figure of a run."""

    key: str
    label: str
    unit: str
    better: Literal["low", "high", "neither"]
    scope: Literal["group", "run"]  # "run": only for all VMs together
    value: Value
    histogram: str = ""  # of a quantile: which of HISTOGRAMS it is taken from, for pooling; else ''
    quantile: float = NAN

    @property
    def title(self) -> str:
        return f"{self.label} [{self.unit}]" if self.unit else self.label


def _mean(histogram: Callable[[GroupView], Histogram], unit: float) -> Value:
    return lambda view: histogram(view).mean() / unit


def _maximum(histogram: Callable[[GroupView], Histogram], unit: float) -> Value:
    return lambda view: histogram(view).maximum / unit if histogram(view).count else NAN


def _quantile(key: str, label: str, q: float) -> Metric:
    """A quantile over I/Os, in ms, of the histogram with this key."""
    name = f"p{100 * q:g}"
    return Metric(
        f"{key}_{name.replace('.', '')}", f"{label} {name}", "ms", "low", "group",
        lambda view: HISTOGRAMS[key](view).quantile(q) / MS, key, q,
    )  # fmt: skip


def _guest(view: GroupView) -> Histogram:
    return view.guest


def _write(view: GroupView) -> Histogram:
    return view.guest_write


def _vscsi(view: GroupView) -> Histogram:
    return view.vscsi


def _gavg(view: GroupView) -> Histogram:
    return view.gavg


def _probe(view: GroupView) -> Histogram:
    return view.probe


def _stun(view: GroupView) -> Histogram:
    return view.stun_lengths


HISTOGRAMS: dict[str, Callable[[GroupView], Histogram]] = {
    "guest": _guest,
    "write": _write,
    "vscsi": _vscsi,
    "gavg": _gavg,
    "stun": _stun,
}
"""Latencies of I/Os and lengths of stuns in ns, by key: quantiles over several runs are taken of their sums."""


def _per_command(column: Callable[[IntervalRow], int]) -> Value:
    """The mean over back-end commands of a column that is itself a mean over an interval's commands, in ms."""

    def value(view: GroupView) -> float:
        commands = sum(row.commands for row in view.intervals)
        return sum(column(row) * row.commands for row in view.intervals) / commands / MS if commands else NAN

    return value


def _with(protection: str, value: Value) -> Value:
    """`value` in the arms where `protection` ("vadp" or "vaio") acts, nan in the others."""
    return lambda view: value(view) if view.run.arm in (protection, "both") else NAN


def _jobs(outcome: str) -> Value:
    return _with("vadp", lambda view: float(sum(job.outcome.startswith(outcome) for job in view.jobs)))


def _per_incremental(column: Callable[[JobRow], int], unit: float) -> Value:
    """The mean over the successful incremental backups of one VM each."""

    def value(view: GroupView) -> float:
        jobs = view.incrementals
        return sum(column(job) for job in jobs) / len(jobs) / unit if jobs else NAN

    return _with("vadp", value)


def _merge_mean(view: GroupView) -> float:
    done = [job for job in view.jobs if job.outcome.startswith("ok") and not job.needs_consolidation]
    lengths = [job.merge_end_ns - job.merge_start_ns for job in done if job.merge_start_ns >= 0]
    return sum(lengths) / len(lengths) / S if lengths else NAN


def _flow(view: GroupView, kinds: tuple[str, ...]) -> Iterable[FlowRow]:
    return (row for row in view.run.flows if row.link.endswith(kinds) and row.t_ns >= view.run.warmup_ns)


def _carried(protection: str, *kinds: str) -> Value:
    return _with(protection, lambda view: sum(row.bytes for row in _flow(view, kinds)) / MIB)


def _peak_delta(view: GroupView) -> float:
    stored: defaultdict[int, int] = defaultdict(int)
    for row in view.run.space:
        if row.t_ns >= view.run.warmup_ns:
            stored[row.t_ns] += row.stored_bytes
    return max(stored.values(), default=0) / MIB


def _out_of_order_s(view: GroupView) -> float:
    start = view.run.warmup_ns
    return sum(max(0, row.end_ns - max(start, row.start_ns)) for row in view.run.modes if row.mode not in ORDERED) / S


def _undefined_s(view: GroupView) -> float:
    """The mean over protected VMs of the time without a usable recovery point."""
    best: dict[str, int] = {}
    for row in view.run.recovery:
        if row.vm in view.names:
            best[row.vm] = min(row.undefined_ns, best.get(row.vm, row.undefined_ns))
    return sum(best.values()) / len(best) / S if best else NAN


def _stun_p99(view: GroupView) -> float:
    """Without stuns it is 0, with none in an observe window undefined, as the longest stun is."""
    return view.stun_lengths.quantile(0.99) / MS if view.stuns else 0.0


def _space_free(view: GroupView) -> float:
    """Of the datastore that came nearest to being full, in percent of its capacity."""
    return min((100 * row.lowest_free_bytes / row.capacity_bytes for row in view.run.stores), default=NAN)


def _outlasted(view: GroupView) -> float:
    return float(sum(row.outlasted for row in view.run.timers if row.subject in view.names))


LATENCY: tuple[Metric, ...] = (
    Metric("guest_mean", "Guest latency mean", "ms", "low", "group", _mean(_guest, MS)),
    *(_quantile("guest", "Guest latency", q) for q in (0.5, 0.99, 0.999, 0.9999)),
    *(_quantile("write", "Guest write latency", q) for q in (0.5, 0.99, 0.999)),
    Metric("probe_p999", "Probe p99.9", "ms", "low", "group", lambda view: _probe(view).quantile(0.999) / MS),
    Metric("probe_max", "Probe longest", "ms", "low", "group", _maximum(_probe, MS)),
    Metric("vscsi_mean", "vSCSI latency mean", "ms", "low", "group", _mean(_vscsi, MS)),
    _quantile("vscsi", "vSCSI latency", 0.99),
    Metric("gavg_mean", "GAVG mean", "ms", "low", "group", _mean(_gavg, MS)),
    _quantile("gavg", "GAVG", 0.99),
    _quantile("gavg", "GAVG", 0.999),
    Metric("kavg", "KAVG mean", "ms", "low", "group", _per_command(lambda row: row.kavg_ns)),
    Metric("davg", "DAVG mean", "ms", "low", "group", _per_command(lambda row: row.davg_ns)),
    Metric("qavg", "QAVG mean", "ms", "low", "group", _per_command(lambda row: row.qavg_ns)),
    Metric(
        "iops", "I/Os delivered", "IOPS", "high", "group", lambda view: sum(vm.ios for vm in view.vms) / view.seconds
    ),
)

STUN: tuple[Metric, ...] = (
    Metric("stuns", "Stuns", "", "low", "group", lambda view: float(len(view.stuns))),
    Metric("stun_max", "Longest stun", "ms", "low", "group",
           lambda view: max((row.duration_ns for row in view.felt), default=NAN if view.stuns else 0) / MS),
    Metric("stun_p99", "Stun p99", "ms", "low", "group", _stun_p99, "stun", 0.99),
    Metric("stun_total", "Stun time in all", "ms", "low", "group",
           lambda view: sum(row.duration_ns for row in view.stuns) / MS),
    Metric("timers_outlasted", "Timers outlasted", "", "low", "group", _outlasted),
)  # fmt: skip

RECOVERY: tuple[Metric, ...] = (
    Metric("age_mean", "Recovery-point age mean", "s", "low", "group", lambda view: view.age.mean / S),
    Metric("age_p99", "Recovery-point age p99 of time", "s", "low", "group",
           lambda view: view.age.distribution.quantile(0.99) / S),
    Metric("age_max", "Recovery-point age highest", "s", "low", "group", lambda view: view.age.maximum / S),
    Metric("undefined", "Time without a recovery point", "s", "low", "group", _undefined_s),
    Metric("exposure_mean", "Loss exposure mean", "s", "low", "group", lambda view: view.exposure.mean / S),
    Metric("exposure_max", "Loss exposure highest", "s", "low", "group", lambda view: view.exposure.maximum / S),
    Metric("risk_written_mean", "Bytes at risk mean (written)", "MiB", "low", "group",
           _mean(lambda view: view.risk_written, MIB)),
    Metric("risk_written_max", "Bytes at risk highest (written)", "MiB", "low", "group",
           _maximum(lambda view: view.risk_written, MIB)),
    Metric("risk_unique_mean", "Bytes at risk mean (unique)", "MiB", "low", "group",
           _mean(lambda view: view.risk_unique, MIB)),
    Metric("risk_unique_max", "Bytes at risk highest (unique)", "MiB", "low", "group",
           _maximum(lambda view: view.risk_unique, MIB)),
)  # fmt: skip

BACKUP: tuple[Metric, ...] = (
    Metric("jobs_ok", "Backups that succeeded", "", "high", "group", _jobs("ok")),
    Metric("jobs_failed", "Backups that failed", "", "low", "group", _jobs("failed")),
    Metric("jobs_skipped", "Backups skipped", "", "low", "group", _jobs("skipped")),
    Metric("jobs_unfinished", "Backups unfinished at the end", "", "neither", "group", _jobs("unfinished")),
    Metric("backup_window", "Backup window, longest", "s", "low", "run",
           _with("vadp", lambda view: backup_window_ns(view.jobs) / S)),
    Metric("job_usable", "Incremental backup: cut to usable", "s", "low", "group",
           _per_incremental(lambda job: job.usable_ns - job.cut_ns, S)),
    Metric("merge_mean", "Consolidation that succeeded, mean", "s", "low", "group", _with("vadp", _merge_mean)),
    Metric("job_written", "Incremental backup: written by the guest", "MiB", "neither", "group",
           _per_incremental(lambda job: job.written_bytes, MIB)),
    Metric("job_unique", "Incremental backup: unique of these", "MiB", "neither", "group",
           _per_incremental(lambda job: job.unique_bytes, MIB)),
    Metric("job_cbt", "Incremental backup: changed blocks (CBT)", "MiB", "low", "group",
           _per_incremental(lambda job: job.cbt_bytes, MIB)),
    Metric("job_read", "Incremental backup: read by the tool", "MiB", "low", "group",
           _per_incremental(lambda job: job.read_bytes, MIB)),
    Metric("job_stored", "Incremental backup: stored", "MiB", "low", "group",
           _per_incremental(lambda job: job.stored_bytes, MIB)),
    Metric("backup_read", "Read by all backups", "MiB", "low", "group",
           _with("vadp", lambda view: sum(job.read_bytes for job in view.jobs) / MIB)),
    Metric("backup_stored", "Stored by all backups", "MiB", "low", "group",
           _with("vadp", lambda view: sum(job.stored_bytes for job in view.jobs) / MIB)),
    Metric("needs_consolidation", "Left needing consolidation", "", "low", "group",
           _with("vadp", lambda view: float(sum(job.needs_consolidation for job in view.jobs)))),
    Metric("delta_peak", "Delta disks together, highest", "MiB", "low", "run", _with("vadp", _peak_delta)),
    Metric("datastore_free", "Datastore space free, lowest", "%", "high", "run", _space_free),
    Metric("nbd_bytes", "Carried by NBD, HotAdd or SAN", "MiB", "low", "run", _carried("vadp", *TRANSPORTS)),
)  # fmt: skip

REPLICATION: tuple[Metric, ...] = (
    Metric("wan_bytes", "Carried by the WAN", "MiB", "low", "run", _carried("vaio", " WAN")),
    Metric("wan_backlog", "Backlog before the WAN, highest", "MiB", "low", "run",
           _with("vaio", lambda view: max((row.backlog_bytes for row in _flow(view, (" WAN",))), default=0) / MIB)),
    Metric("out_of_order", "Replication out of order", "s", "low", "run", _with("vaio", _out_of_order_s)),
)  # fmt: skip

METRICS: tuple[Metric, ...] = LATENCY + STUN + RECOVERY + BACKUP + REPLICATION
BY_KEY: dict[str, Metric] = {metric.key: metric for metric in METRICS}


def show(value: float, half_width: float = NAN) -> str:
    """A figure for people, "-" if undefined: two digits of its interval (but five of its own at most), or three."""
    if math.isnan(value):
        return "-"
    if half_width > 0:
        decimals = min(_decimals(half_width, 2), _decimals(value, 5))
    else:
        decimals = 0 if value.is_integer() else _decimals(value, 3)
    text = f"{value:,.{decimals}f}"
    return text if math.isnan(half_width) else f"{text} ± {half_width:,.{decimals}f}"


def _decimals(value: float, digits: int) -> int:
    """How many decimals show `digits` significant digits of `value`."""
    return 6 if value == 0 else max(0, min(6, digits - 1 - math.floor(math.log10(abs(value)))))
