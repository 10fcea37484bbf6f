"""The tidy tables of a comparison: one function each, one row a fact, every column a plain value in its base unit.

Times are nanoseconds, sizes bytes, as in `models.result`; only `metrics`, `replicates` and `differences` use each
metric's own unit, named in their `unit` column. `latency_histogram` and nothing else is pooled over replications.
Undefined is an empty field; a moment that a job did not reach is -1. Rows come in the order of arms, replications, then
the result's own order. `docs/tables.md` says what each column is.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

from experiments.compare import Comparison
from experiments.metrics import BY_KEY
from models.result import (
    ControlRow,
    CoreRow,
    CutRow,
    DeviceRow,
    FlowRow,
    IntervalRow,
    JobRow,
    JournalRow,
    LevelRow,
    ModeRow,
    PointRow,
    QuestionRow,
    QuiesceRow,
    Ramp,
    RunResult,
    SlowIo,
    SpaceRow,
    StunRow,
    TimerRow,
    VmResult,
)
from sim.audit import Line
from sim.histogram import Histogram, merged

if TYPE_CHECKING:
    import pandas as pd

Row = dict[str, Any]
NAN = float("nan")


def _frame(rows: Iterable[Row], columns: tuple[str, ...]) -> "pd.DataFrame":
    import pandas as pd

    return pd.DataFrame(list(rows), columns=list(columns))


def _runs(comparison: Comparison) -> Iterator[tuple[Row, RunResult]]:
    for arm, runs in comparison.results.items():
        for run in runs:
            yield {"arm": arm, "replicate": run.replicate}, run


def _copied(
    comparison: Comparison, rows: Callable[[RunResult], Iterable[NamedTuple]], columns: tuple[str, ...]
) -> "pd.DataFrame":
    """The rows of all runs as they are, with arm and replicate in front."""
    tidy = (key | row._asdict() for key, run in _runs(comparison) for row in rows(run))
    return _frame(tidy, ("arm", "replicate", *columns))


def metrics(comparison: Comparison) -> "pd.DataFrame":
    """One row a metric, VM group and arm: the mean over replications, its interval, the pooled quantile."""
    rows: list[Row] = []
    for cell in comparison.cells:
        metric, interval = BY_KEY[cell.metric], cell.interval
        rows.append(
            {"metric": cell.metric, "label": metric.label, "unit": metric.unit, "better": metric.better,
             "group": cell.group, "arm": cell.arm, "n": interval.n, "mean": interval.mean, "low": interval.low,
             "high": interval.high, "level": interval.level, "pooled": cell.pooled, "beyond": cell.beyond,
             "few": cell.few}
        )  # fmt: skip
    names = "metric label unit better group arm n mean low high level pooled beyond few"
    return _frame(rows, tuple(names.split()))


def replicates(comparison: Comparison) -> "pd.DataFrame":
    """One row a metric, VM group, arm and replication: the value itself."""
    rows = (
        {"metric": cell.metric, "unit": BY_KEY[cell.metric].unit, "group": cell.group, "arm": cell.arm,
         "replicate": replicate, "value": value}
        for cell in comparison.cells for replicate, value in enumerate(cell.values, comparison.first)
    )  # fmt: skip
    return _frame(rows, ("metric", "unit", "group", "arm", "replicate", "value"))


def differences(comparison: Comparison) -> "pd.DataFrame":
    """One row a metric, VM group and pair of arms: the paired difference `arm` less `base`."""
    rows: list[Row] = []
    for one in comparison.contrasts:
        interval = one.difference.interval
        rows.append(
            {"metric": one.metric, "label": BY_KEY[one.metric].label, "unit": BY_KEY[one.metric].unit,
             "group": one.group, "arm": one.arm, "base": one.base, "n": interval.n, "mean": interval.mean,
             "low": interval.low, "high": interval.high, "level": interval.level,
             "sign_settled": one.difference.sign_settled, "better": one.better}
        )  # fmt: skip
    names = "metric label unit group arm base n mean low high level sign_settled better"
    return _frame(rows, tuple(names.split()))


def vms(comparison: Comparison) -> "pd.DataFrame":
    """One row a run and VM: what it delivered."""
    rows = (
        key | {"vm": vm.vm, "group": vm.group, "protected_by": " ".join(vm.protected_by), "ios": vm.ios,
               "bytes_read": vm.bytes_read, "bytes_written": vm.bytes_written}
        for key, run in _runs(comparison) for vm in run.vms
    )  # fmt: skip
    columns = ("arm", "replicate", "vm", "group", "protected_by", "ios", "bytes_read", "bytes_written")
    return _frame(rows, columns)


def intervals(comparison: Comparison) -> "pd.DataFrame":
    """One row a run, VM and interval of time; of its latencies the median, p99 and longest."""
    rows: list[Row] = []
    for key, run in _runs(comparison):
        for one in run.intervals:
            kept = {name: value for name, value in one._asdict().items() if name != "latency"}
            longest = float(one.latency.maximum) if one.latency.count else NAN
            p50, p99 = one.latency.quantile(0.5), one.latency.quantile(0.99)
            rows.append(key | kept | {"p50_ns": p50, "p99_ns": p99, "max_ns": longest})
    names = (name for name in IntervalRow._fields if name != "latency")
    return _frame(rows, ("arm", "replicate", *names, "p50_ns", "p99_ns", "max_ns"))


def stuns(comparison: Comparison) -> "pd.DataFrame":
    """One row a stun."""
    return _copied(comparison, lambda run: run.stuns, StunRow._fields)


def quiesces(comparison: Comparison) -> "pd.DataFrame":
    """One row a guest brought to rest."""
    return _copied(comparison, lambda run: run.quiesces, QuiesceRow._fields)


def questions(comparison: Comparison) -> "pd.DataFrame":
    """One row a question of a VM whose delta could not grow."""
    return _copied(comparison, lambda run: run.questions, QuestionRow._fields)


def jobs(comparison: Comparison) -> "pd.DataFrame":
    """One row a VM in a backup job."""
    return _copied(comparison, lambda run: run.jobs, JobRow._fields)


def points(comparison: Comparison) -> "pd.DataFrame":
    """One row a recovery point."""
    return _copied(comparison, lambda run: run.points, PointRow._fields)


def recovery(comparison: Comparison) -> "pd.DataFrame":
    """One row a piece of recovery-point age or loss exposure: `v0_ns` at `t0_ns`, then rising with `slope`."""
    rows = (
        key | {"protection": one.protection, "vm": one.vm, "measure": measure} | ramp._asdict()
        for key, run in _runs(comparison) for one in run.recovery
        for measure, ramps in (("age", one.age), ("exposure", one.exposure)) for ramp in ramps
    )  # fmt: skip
    return _frame(rows, ("arm", "replicate", "protection", "vm", "measure", *Ramp._fields))


def risk(comparison: Comparison) -> "pd.DataFrame":
    """One row a protected VM and interval's end: bytes at risk then; no row while there is no usable point."""
    rows = (
        key | {"protection": one.protection, "vm": one.vm, "t_ns": t, "written_bytes": written, "unique_bytes": unique}
        for key, run in _runs(comparison) for one in run.recovery
        for t, written, unique in one.risk_series if written >= 0
    )  # fmt: skip
    return _frame(rows, ("arm", "replicate", "protection", "vm", "t_ns", "written_bytes", "unique_bytes"))


def modes(comparison: Comparison) -> "pd.DataFrame":
    """One row a stretch of a replication mode."""
    return _copied(comparison, lambda run: run.modes, ModeRow._fields)


def cuts(comparison: Comparison) -> "pd.DataFrame":
    """One row a time without a connection to a replication's target."""
    return _copied(comparison, lambda run: run.cuts, CutRow._fields)


def journals(comparison: Comparison) -> "pd.DataFrame":
    """One row a replication and interval's end: the points that can be selected."""
    return _copied(comparison, lambda run: run.journals, JournalRow._fields)


def cores(comparison: Comparison) -> "pd.DataFrame":
    """One row a host that counts the cores for its filters."""
    return _copied(comparison, lambda run: run.cores, CoreRow._fields)


def space(comparison: Comparison) -> "pd.DataFrame":
    """One row a disk and interval's end: its delta chain."""
    return _copied(comparison, lambda run: run.space, SpaceRow._fields)


def flows(comparison: Comparison) -> "pd.DataFrame":
    """One row a link and interval."""
    return _copied(comparison, lambda run: run.flows, FlowRow._fields)


def levels(comparison: Comparison) -> "pd.DataFrame":
    """One row a queue, cache or credit between hosts and array, and interval's end."""
    return _copied(comparison, lambda run: run.levels, LevelRow._fields)


def devices(comparison: Comparison) -> "pd.DataFrame":
    """One row a datastore and cause."""
    return _copied(comparison, lambda run: run.devices, DeviceRow._fields)


def control(comparison: Comparison) -> "pd.DataFrame":
    """One row a poll of latency control and datastore."""
    return _copied(comparison, lambda run: run.control, ControlRow._fields)


def timers(comparison: Comparison) -> "pd.DataFrame":
    """One row a timer and VM."""
    return _copied(comparison, lambda run: run.timers, TimerRow._fields)


def audit(comparison: Comparison) -> "pd.DataFrame":
    """One row an audited law."""
    return _copied(comparison, lambda run: run.audit, Line._fields)


def slowest(comparison: Comparison) -> "pd.DataFrame":
    """One row a slowest I/O of a VM, its ledger in a column a cause (zero where the arm has no such cause)."""
    causes = {f"{cause} ns": 0 for _, run in _runs(comparison) for cause in run.causes}
    rows = (
        key | causes | {name: value for name, value in io._asdict().items() if name != "ledger_ns"}
        | {f"{cause} ns": ns for cause, ns in zip(run.causes, io.ledger_ns, strict=True)}
        for key, run in _runs(comparison) for vm in run.vms for io in vm.slowest
    )  # fmt: skip
    names = (name for name in SlowIo._fields if name != "ledger_ns")
    return _frame(rows, ("arm", "replicate", *names, *causes))


def _measures(vm: VmResult) -> Iterator[tuple[str, Histogram]]:
    yield "guest read", vm.guest_read
    yield "guest write", vm.guest_write
    yield "vSCSI", vm.vscsi
    yield "GAVG", vm.gavg
    yield "probe", vm.probe


def latency_histogram(comparison: Comparison) -> "pd.DataFrame":
    """One row an arm, VM, measure and bucket [low, high): how many I/Os (probe: ns of time), over all replications."""
    rows: list[Row] = []
    for arm, runs in comparison.results.items():
        for same in zip(*(run.vms for run in runs), strict=True):
            for measures in zip(*(_measures(vm) for vm in same), strict=True):
                key = {"arm": arm, "vm": same[0].vm, "group": same[0].group, "measure": measures[0][0]}
                together = merged(histogram for _, histogram in measures)
                rows += (key | {"low_ns": low, "high_ns": high, "count": n} for low, high, n in together.rows())
    return _frame(rows, ("arm", "vm", "group", "measure", "low_ns", "high_ns", "count"))


TABLES: dict[str, Callable[[Comparison], "pd.DataFrame"]] = {
    table.__name__: table
    for table in (
        metrics, replicates, differences, vms, intervals, stuns, quiesces, questions, jobs, points, recovery, risk,
        modes, cuts, journals, space, flows, levels, devices, control, cores, timers, audit, slowest,
        latency_histogram,
    )
}  # fmt: skip
"""Every table by its name, which is also the name of its CSV file."""
