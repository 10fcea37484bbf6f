"""Hand-made results of sweeps for tests of charts and reports: no simulation is behind them.

Guest latency p99 is 4 + writes/100 ms under VADP and 2 + writes/50 ms under VAIO: even at 200 IOPS. Recovery-point
age is half the interval under VADP and writes/100 s under VAIO. The highest write rate misses its precision, and its
quantile has few I/Os beyond. Three replications, `NOISE` apart.
"""

import math
from itertools import combinations, product

from experiments.compare import Cell, Contrast
from experiments.group_view import ALL_VMS
from experiments.metrics import BY_KEY
from experiments.sweep.result import Axis, Failed, Level, Point, PointResult, SweepResult
from sim.statistics import mean_interval, paired_difference

NOISE = 0.3
WRITES = Axis("writes", "Guest write rate", ("vm.sql.workload[0].rate",), "IOPS", True)
INTERVAL = Axis("interval", "Backup interval", ("protection.vadp.nightly.interval",), "s", False)
SCHEDULER = Axis("scheduler", "Scheduler", ("host.esx1.scheduler",), "", False)
LEVELS = {
    "writes": tuple(Level(f"{rate} iops", float(rate)) for rate in (50, 100, 200, 400, 800)),
    "interval": tuple(Level(f"{seconds} s", float(seconds)) for seconds in (10, 20, 40)),
    "scheduler": (Level("mclock", 0.0), Level("fifo", 1.0)),
}
METRICS = ("guest_p99", "age_mean", "jobs_unfinished")


def _value(metric: str, arm: str, writes: float, interval: float) -> float:
    if metric == "guest_p99":
        return {"none": 1.0, "vadp": 4 + writes / 100, "vaio": 2 + writes / 50}[arm]
    if metric == "age_mean":
        return {"none": math.nan, "vadp": interval / 2, "vaio": writes / 100}[arm]
    return {"none": math.nan, "vadp": 1.0, "vaio": math.nan}[arm]


def _cell(metric: str, arm: str, group: str, writes: float, interval: float) -> Cell:
    mean = _value(metric, arm, writes, interval)
    wave = (-NOISE, 0.0, NOISE) if arm != "vaio" else (NOISE, 0.0, -NOISE)
    values = tuple(mean + part for part in wave)
    beyond = -1 if metric != "guest_p99" else 10 if writes >= 800 else 500
    return Cell(metric, group, arm, values, mean_interval(values), mean if beyond > 0 else math.nan, beyond)


def _contrast(arm: Cell, base: Cell) -> Contrast:
    difference = paired_difference(arm.values, base.values)
    better, direction = "", BY_KEY[arm.metric].better
    if difference.sign_settled and direction != "neither":
        better = arm.arm if (difference.interval.mean > 0) == (direction == "high") else base.arm
    return Contrast(arm.metric, arm.group, arm.arm, base.arm, difference, better)


def _point(
    axes: tuple[Axis, ...], levels: tuple[Level, ...], arms: tuple[str, ...], groups: tuple[str, ...]
) -> PointResult:
    numbers = {axis.key: level.number for axis, level in zip(axes, levels, strict=True)}
    writes, interval = numbers.get("writes", 100), numbers.get("interval", 20)
    name = ", ".join(f"{axis.key}={level.text}" for axis, level in zip(axes, levels, strict=True))
    cells = [_cell(metric, arm, group, writes, interval) for metric in METRICS for group in groups for arm in arms]
    by_metric = [[cell for cell in cells if (cell.metric, cell.group) == (metric, group)]
                 for metric in METRICS for group in groups]  # fmt: skip
    contrasts = [_contrast(arm, base) for rows in by_metric for base, arm in combinations(rows, 2)]
    late = writes >= 800
    unsettled = ("guest_p99 of vaio: half-width 12 % of the mean, not 5 %",) if late else ()
    return PointResult(Point(name, levels), tuple(cells), tuple(contrasts), 3, "budget" if late else "settled",
                       unsettled, 2 * 10**9, True)  # fmt: skip


def fake_sweep(
    *axes: Axis,
    arms: tuple[str, ...] = ("none", "vadp", "vaio"),
    design: str = "grid",
    groups: tuple[str, ...] = (ALL_VMS,),
    lost: int = -1,
) -> SweepResult:
    """A sweep over these axes, all combinations of their levels; of a random design every other one.

    All runs of the point with the number `lost` failed.
    """
    chosen = list(product(*(LEVELS[axis.key] for axis in axes)))
    points = [_point(axes, levels, arms, groups) for levels in (chosen if design == "grid" else chosen[::2])]
    failures: tuple[Failed, ...] = ()
    if lost >= 0:
        gone = points[lost]
        points[lost] = gone._replace(cells=(), contrasts=(), replications=0)
        failures = (Failed(f"{gone.point.name}/vadp/0", "the datastore gold is too small"),)
    return SweepResult(
        "fake", "A <b>bold</b> & fake sweep", "demo", True, 7, "0123456789", "f" * 32, design, axes, arms, groups,
        METRICS, tuple(points), failures, ("half the writes are ahead of a checkpoint",),
    )  # fmt: skip
