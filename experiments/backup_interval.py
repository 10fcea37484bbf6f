"""A sweep as a user would write it today: backup interval x guest write rate, under VADP and under VAIO.

How old is the newest recovery point, what does a guest I/O feel, how long are the stuns? One database VM reads 30 times
a second and writes at three rates; backups start every 30, 60 or 120 s (compressed: think of hours). The replication
link carries 2.4 MB/s of guest writes: the first two rates fit, the third does not. No protection and VAIO know no
interval, so they run once per write rate.

    python -m experiments.backup_interval [--out DIR] [--workers N] [--engine ENGINE]

writes `runs.csv` - one tidy row per interval, write rate, arm and replicate - and three charts of it. Statistics leave
out the warm-up, in which the first backup reads everything.
"""

import argparse
import sys
from pathlib import Path

from experiments.backup_interval_table import Row, Task, row, write_table
from experiments.engines import by_default, ready
from experiments.progress import progress
from experiments.scenario import build
from models.scenario import Arm, Engine, Scenario
from sim.replication import available_cpus, run_all

INTERVALS_S = (30, 60, 120)
WRITES_PER_S = (15, 45, 90)
WRITE_KIB = 32
DISK = "1 GiB"  # of two
REPLICATIONS = 4
WARMUP_S, OBSERVED_S = 50, 240  # observed: whole cycles of every interval

SLOW = {"distribution": "exponential"}
ARRAY = {"servers": 8, "read": {"latency": "4 ms", **SLOW}, "write": {"latency": "3 ms", **SLOW}}
READS = {"name": "reads", "rate": "30 iops", "read": "100 %", "size": "8 KiB"}
REPLICA = {"vms": ["db"], "link": "1.2 MB/s", "reduction": 2.0, "buffer": "32 MB", "checkpoint": "5 s"}


def scenario(interval_s: int, writes_per_s: int) -> Scenario:
    """The VM, its array and both protections; the keys are those of a scenario file."""
    size = f"{WRITE_KIB} KiB"
    hot = {"pattern": "zipf", "exponent": 0.9, "align": size}
    writes = {"name": "writes", "rate": f"{writes_per_s} iops", "read": "0 %", "size": size, "addresses": hot}
    backup = {"vms": ["db"], "interval": f"{interval_s} s", "disk_open": "1 s"}
    return build(
        {
            "name": "backup-interval",
            "compressed": True,
            "run": {"duration": f"{WARMUP_S + OBSERVED_S} s", "warmup": f"{WARMUP_S} s"},
            "datastore": {"gold": ARRAY},
            "vm": {"db": {"disk": [{"count": 2, "size": DISK}], "workload": [READS, writes]}},
            "snapshots": {"merge": {"rate": "40 MB/s"}},
            "protection": {"vadp": {"backup": backup}, "vaio": {"replica": REPLICA}},
        }
    )


def tasks(replications: int, engine: Engine) -> list[Task]:
    """Every run of the sweep; arms without a backup once per write rate."""
    plan: list[tuple[Arm, int]] = [("none", 0), *(("vadp", interval) for interval in INTERVALS_S), ("vaio", 0)]
    return [
        Task(scenario(interval or INTERVALS_S[0], writes), arm, replicate, interval, writes, engine)
        for writes in WRITES_PER_S
        for arm, interval in plan
        for replicate in range(replications)
    ]


def sweep(workers: int, replications: int = REPLICATIONS, engine: Engine | None = None) -> list[Row]:
    """The whole table, in the order of `tasks`, whatever the number of workers, and whichever the engine."""
    plan = tasks(replications, ready(engine or by_default()))
    with progress("backup interval", len(plan), quiet=False) as on_done:
        return run_all(plan, row, workers, on_done)


def main(arguments: list[str] | None = None) -> int:
    """Runs the sweep, writes table and charts, says where; returns 0."""
    parser = argparse.ArgumentParser(description="Backup interval x guest write rate, under VADP and under VAIO.")
    parser.add_argument("--out", type=Path, default=Path("results/backup-interval"), help="folder to write into")
    parser.add_argument("--workers", type=int, default=available_cpus(), help="number of processes")
    parser.add_argument("--engine", choices=("compiled", "simpy"), default=by_default(), help="what carries the I/Os")
    options = parser.parse_args(arguments)
    rows = sweep(max(1, options.workers), engine=options.engine)
    options.out.mkdir(parents=True, exist_ok=True)
    write_table(rows, options.out / "runs.csv")

    from experiments.backup_interval_charts import draw_all

    draw_all(rows, options.out)
    print(f"Written to {options.out}: runs.csv and three charts")
    return 0


if __name__ == "__main__":
    sys.exit(main())
