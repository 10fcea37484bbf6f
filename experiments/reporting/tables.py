"""The tables of the report, as plain texts: verdict, stuns, backup jobs, slowest I/Os, timers, audit.

Rows of single jobs are those of the first replication; everything else is over all of them. Full tables are CSV files.
"""

from typing import NamedTuple

from experiments.charts.ledger import folded
from experiments.charts.palette import ARM_LABEL, CAUSE_STYLE
from experiments.compare import Comparison
from experiments.metrics import show
from experiments.verdict import legend, lines, pairs
from models.result import JobRow, RunResult, SlowIo, StunRow
from sim.statistics import mean_interval
from sim.units import human_bytes, human_time

MOST_JOBS = 30
SLOWEST = 6  # of each arm


class Table(NamedTuple):
    """A table: what it is, its column heads, its rows (the first cell is a row's head), and how to read it.

    The first `words` columns are words, set to the left; the others are figures, set to the right.
    """

    caption: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str = ""
    words: int = 1


class Part(NamedTuple):
    """A piece of a ledger bar."""

    cause: str
    colour: str
    percent: str  # of the bar, for a style sheet


class Slow(NamedTuple):
    """One of the slowest guest I/Os, with its ledger as a bar and in words."""

    cells: tuple[str, ...]
    parts: tuple[Part, ...]
    words: str


SLOW_HEAD = ("protection", "replication", "VM", "I/O", "disk", "size", "at", "latency")


def verdict(comparison: Comparison) -> Table:
    """The headline figures with their differences."""
    arms = tuple(ARM_LABEL[arm] for arm in comparison.arms)
    differences = tuple(f"{ARM_LABEL[arm]} − {ARM_LABEL[base]}" for arm, base in pairs(comparison))
    rows = tuple((line.title, *line.arms, *line.differences) for line in lines(comparison))
    return Table("The headline figures", ("", *arms, *differences), rows, legend(comparison))


def stuns(comparison: Comparison) -> Table:
    """One row for each arm, VM and reason."""
    rows = []
    for arm, runs in comparison.results.items():
        counted = [row for run in runs for row in run.stuns if row.start_ns >= run.warmup_ns]
        kinds = dict.fromkeys((row.vm, row.reason) for row in counted)
        rows += [_stun_row(arm, vm, reason, runs) for vm, reason in kinds]
    head = (
        "protection",
        "VM",
        "reason",
        "stuns",
        "duration [ms]",
        "longest",
        "with CPT",
        "drain",
        "in flight",
        "held",
        "failed",
    )
    note = (
        "Duration: vCPUs stopped until they run, mean of all replications' stuns ± 95 % half-width. CPT: ESXi 8's "
        "longer "
        "total of the same event. In flight: I/Os the drain waited for. Held: guest I/Os that met a closed door or "
        "waited "
        "for the resume. Means but for stuns, longest and failed."
    )
    return Table("Stuns", head, tuple(rows), note, 3)


def _stun_row(arm: str, vm: str, reason: str, runs: tuple[RunResult, ...]) -> tuple[str, ...]:
    by_run = [
        [r for r in run.stuns if (r.vm, r.reason) == (vm, reason) and r.start_ns >= run.warmup_ns] for run in runs
    ]
    rows = [row for run in by_run for row in run]
    whole = mean_interval(sum(row.duration_ns for row in run) / len(run) / 1e6 for run in by_run if run)
    return (
        ARM_LABEL[arm],
        vm,
        reason,
        str(len(rows)),
        show(whole.mean, whole.half_width),
        human_time(max(row.duration_ns for row in rows)),
        human_time(_mean([row.cpt_ns for row in rows])),
        human_time(_mean([row.drain_ns for row in rows])),
        f"{sum(row.in_flight for row in rows) / len(rows):.3g}",
        f"{sum(row.held for row in rows) / len(rows):.3g}",
        _failures(rows),
    )


def _failures(rows: list[StunRow]) -> str:
    bad = [row.outcome for row in rows if row.outcome != "ok"]
    return "0" if not bad else f"{len(bad)}: {', '.join(dict.fromkeys(bad))}"


def _mean(values: list[int]) -> int:
    return round(sum(values) / len(values))


def jobs(comparison: Comparison) -> Table:
    """The backup jobs of the first replication."""
    rows = [(arm, job) for arm, runs in comparison.results.items() for job in runs[0].jobs]
    head = ("protection", "VM", "backup", "start", "cut to usable", "read time", "merge time", "written", "unique",
            "CBT", "read", "stored", "delta", "outcome")  # fmt: skip
    note = "First replication" + (f", its first {MOST_JOBS} backups" if len(rows) > MOST_JOBS else "")
    note += "; all are in tables/jobs.csv. Written and unique: by the guest since the previous successful cut. "
    note += "Delta: when the merge began."
    return Table("Backup jobs", head, tuple(_job_row(arm, job) for arm, job in rows[:MOST_JOBS]), note, 3)


def _job_row(arm: str, job: JobRow) -> tuple[str, ...]:
    sizes = (job.written_bytes, job.unique_bytes, job.cbt_bytes, job.read_bytes, job.stored_bytes, job.delta_bytes)
    return (
        ARM_LABEL[arm],
        job.vm,
        f"{job.job} {job.ordinal + 1}, {job.kind}",
        _moment(job.start_ns),
        _between(job.cut_ns, job.usable_ns),
        _between(job.read_start_ns, job.read_end_ns),
        _between(job.merge_start_ns, job.merge_end_ns),
        *(human_bytes(size) for size in sizes),
        job.outcome + (", needs consolidation" if job.needs_consolidation else ""),
    )


def _moment(t_ns: int) -> str:
    return "-" if t_ns < 0 else f"{t_ns / 1e9:,.2f} s"


def _between(start: int, end: int) -> str:
    return "-" if start < 0 or end < 0 else human_time(end - start)


def timers(comparison: Comparison) -> Table:
    """Outside timers and disk timeouts, by arm."""
    rows = []
    for arm, runs in comparison.results.items():
        found = [row for run in runs for row in run.timers]
        for timer, limit in dict.fromkeys((row.timer, row.limit_ns) for row in found):
            mine = [row for row in found if (row.timer, row.limit_ns) == (timer, limit)]
            worst = max(mine, key=lambda row: row.longest_ns)
            longest = f"{human_time(worst.longest_ns)} ({worst.subject})" if worst.longest_ns else "-"
            rows.append((timer, ARM_LABEL[arm], human_time(limit), longest, str(sum(row.outlasted for row in mine))))
    note = "A stun is held against timers outside the guest, the latency of a running guest against its disk timeout."
    return Table("Timers", ("timer", "protection", "limit", "longest", "outlasted"), tuple(rows), note, 2)


def audit(comparison: Comparison) -> Table:
    """What the runs checked about themselves."""
    lines_ = [line for runs in comparison.results.values() for run in runs for line in run.audit]
    rows = []
    for law in dict.fromkeys(line.law for line in lines_):
        mine = [line for line in lines_ if line.law == law]
        kept = sum(abs(line.left - line.right) <= line.tolerance for line in mine)
        exact = all(line.tolerance == 0 for line in mine)
        rows.append((law, f"{len(mine):,}", f"{kept:,}", "exact" if exact else "within its tolerance"))
    note = "A run that breaks one of these laws is an error and has no result."
    return Table("Audit of all runs", ("law", "checked", "kept", ""), tuple(rows), note)


def slowest(comparison: Comparison) -> tuple[Slow, ...]:
    """The slowest guest I/Os of each arm, over all replications."""
    out = []
    for arm, runs in comparison.results.items():
        found = [(io, run) for run in runs for vm in run.vms for io in vm.slowest]
        found.sort(key=lambda pair: (-pair[0].latency_ns, pair[1].replicate, pair[0].vm, pair[0].ordinal))
        out += [_slow(arm, io, run) for io, run in found[:SLOWEST]]
    return tuple(out)


def _slow(arm: str, io: SlowIo, run: RunResult) -> Slow:
    direction = "write" if io.write else "read"
    cells = (
        ARM_LABEL[arm],
        str(run.replicate + 1),
        io.vm,
        f"{io.workload} #{io.ordinal:,} {direction}",
        io.disk,
        human_bytes(io.size_bytes),
        _moment(io.arrival_ns),
        human_time(io.latency_ns),
    )
    spent: dict[str, int] = {}
    for cause, ns in zip(run.causes, io.ledger_ns, strict=True):
        spent[folded(cause)] = spent.get(folded(cause), 0) + ns
    parts = tuple(
        Part(cause, CAUSE_STYLE[cause][0], f"{100 * spent[cause] / io.latency_ns:.2f}")
        for cause in CAUSE_STYLE
        if spent.get(cause)
    )  # fmt: skip
    ledger = sorted(zip(run.causes, io.ledger_ns, strict=True), key=lambda pair: -pair[1])
    words = ", ".join(f"{cause} {human_time(ns)}" for cause, ns in ledger[:4] if ns)
    return Slow(cells, parts, words)
