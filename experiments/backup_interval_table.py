"""The tidy table of the backup-interval sweep: one row a run, every column a plain value.

It is a module of its own because worker processes import it by name.
"""

import csv
from pathlib import Path
from typing import NamedTuple

from models.result import RunResult
from models.run import simulate
from models.scenario import Arm, Engine, Scenario
from sim.histogram import merged
from sim.statistics import time_weighted

NAN = float("nan")


class Task(NamedTuple):
    """One run of the sweep."""

    scenario: Scenario
    arm: Arm
    replicate: int
    interval_s: int  # 0: the arm knows none
    writes_per_s: int
    engine: Engine

    def __str__(self) -> str:
        return f"{self.arm}, interval {self.interval_s} s, {self.writes_per_s} writes/s, replicate {self.replicate}"


class Row(NamedTuple):
    """One run in the table. Ages over time, latencies over guest I/Os, stuns over stuns; nan: there is none.

    All but `replicate` is of the time after the warm-up.
    """

    interval_s: int  # between backups; 0: the arm knows none
    writes_per_s: int  # of the guest
    arm: str
    replicate: int
    written_mb_per_s: float  # by the guest, as it came out
    age_mean_s: float  # of the newest recovery point
    age_p5_s: float
    age_p95_s: float
    age_highest_s: float
    latency_p50_ms: float
    latency_p99_ms: float
    latency_p999_ms: float
    guest_ios: int
    stuns: int
    stun_shortest_ms: float
    stun_median_ms: float
    stun_longest_ms: float
    stunned_percent: float  # of the time
    backups: int  # that succeeded
    skipped: int  # because the one before was still running


def row(task: Task) -> Row:
    """Simulates one run and keeps what the table needs."""
    result = simulate(task.scenario, task.arm, task.replicate, task.engine)
    warmup, observed = result.warmup_ns, result.duration_ns - result.warmup_ns
    jobs = [job.outcome for job in result.jobs if job.scheduled_ns >= warmup]
    skipped = sum(outcome.startswith("skipped") for outcome in jobs)
    written = sum(vm.bytes_written for vm in result.vms)
    key = (task.interval_s, task.writes_per_s, task.arm, task.replicate, written * 1e3 / observed)
    return Row._make((*key, *_ages(result), *_latencies(result), *_stuns(result), jobs.count("ok"), skipped))


def _ages(result: RunResult) -> tuple[float, float, float, float]:
    ages = time_weighted(ramp for recovery in result.recovery for ramp in recovery.age)
    low, high = (ages.distribution.quantile(q) / 1e9 for q in (0.05, 0.95))
    return ages.mean / 1e9, low, high, ages.maximum / 1e9


def _latencies(result: RunResult) -> tuple[float, float, float, int]:
    latency = merged(histogram for vm in result.vms for histogram in (vm.guest_read, vm.guest_write))
    p50, p99, p999 = (latency.quantile(q) / 1e6 for q in (0.5, 0.99, 0.999))
    return p50, p99, p999, latency.count


def _stuns(result: RunResult) -> tuple[int, float, float, float, float]:
    lengths = sorted(stun.duration_ns / 1e6 for stun in result.stuns if stun.start_ns >= result.warmup_ns)
    if not lengths:
        return 0, NAN, NAN, NAN, 0.0
    share = sum(lengths) * 1e6 / (result.duration_ns - result.warmup_ns)
    return len(lengths), lengths[0], lengths[len(lengths) // 2], lengths[-1], share * 100


def write_table(rows: list[Row], path: Path) -> None:
    """Writes the rows as CSV; what is undefined, and an interval where there is none, is an empty field."""
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(Row._fields)
        for one in rows:
            fields = one._asdict() | {"interval_s": one.interval_s or NAN}
            table.writerow("" if value != value else value for value in fields.values())
