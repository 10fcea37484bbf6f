"""The tidy tables of a sweep: one row a fact, levels in front, as text and as number (`docs/sweep.md`).

Figures are in their metric's own unit. Undefined is an empty field. Rows come in the order of points, metrics, groups,
arms; equal results have equal bytes.
"""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from experiments.metrics import BY_KEY
from experiments.study.export import write_table
from experiments.sweep.result import PointResult, SweepResult
from sim.statistics import Interval

Row = dict[str, Any]


def table(result: SweepResult) -> Iterator[Row]:
    """One row a point, metric, VM group and arm."""
    for one in result.points:
        for cell in one.cells:
            yield {
                **_point(result, one), **_metric(cell.metric), "group": cell.group, "arm": cell.arm,
                **_interval(cell.interval), "pooled": cell.pooled, "beyond": cell.beyond, "few": cell.few,
                "stop": one.stop, "warmup_ns": one.warmup_ns, "warmup_found": one.warmup_found,
            }  # fmt: skip


def differences(result: SweepResult) -> Iterator[Row]:
    """One row a point, metric, VM group and pair of arms: `arm` less `base`, paired by replication."""
    for one in result.points:
        for contrast in one.contrasts:
            yield {
                **_point(result, one), **_metric(contrast.metric), "group": contrast.group, "arm": contrast.arm,
                "base": contrast.base, **_interval(contrast.difference.interval),
                "sign_settled": contrast.difference.sign_settled, "better_arm": contrast.better,
            }  # fmt: skip


def runs(result: SweepResult) -> Iterator[Row]:
    """One row a run that counts, metric and VM group: the value itself."""
    for one in result.points:
        for cell in one.cells:
            for replicate, value in zip(one.replicates, cell.values, strict=True):
                yield {
                    "run": f"{one.point.name}/{cell.arm}/{replicate}", **_point(result, one), "arm": cell.arm,
                    "replicate": replicate, "metric": cell.metric, "unit": BY_KEY[cell.metric].unit,
                    "group": cell.group, "value": value,
                }  # fmt: skip


def points(result: SweepResult) -> Iterator[Row]:
    """One row a point: how often it was run, and what stopped that."""
    for one in result.points:
        yield {
            **_point(result, one), "replications": one.replications, "stop": one.stop,
            "unsettled": "; ".join(one.unsettled), "warmup_ns": one.warmup_ns, "warmup_found": one.warmup_found,
        }  # fmt: skip


def failures(result: SweepResult) -> Iterator[Row]:
    """One row a run that has no result."""
    for one in result.failures:
        yield {"run": one.run, "reason": one.reason}


TABLES: dict[str, Callable[[SweepResult], Iterable[Row]]] = {
    "table": table,
    "differences": differences,
    "runs": runs,
    "points": points,
    "failures": failures,
}
"""File -> its rows."""


def columns(name: str, result: SweepResult) -> tuple[str, ...]:
    """The columns of a table, also where it has no row."""
    level = [column for axis in result.axes for column in (f"level_{axis.key}", f"number_{axis.key}")]
    metric, interval = ["metric", "label", "unit", "better"], ["n", "mean", "low", "high", "level"]
    found = {
        "table": ["point", *level, *metric, "group", "arm", *interval, "pooled", "beyond", "few", "stop", "warmup_ns",
                  "warmup_found"],
        "differences": ["point", *level, *metric, "group", "arm", "base", *interval, "sign_settled", "better_arm"],
        "runs": ["run", "point", *level, "arm", "replicate", "metric", "unit", "group", "value"],
        "points": ["point", *level, "replications", "stop", "unsettled", "warmup_ns", "warmup_found"],
        "failures": ["run", "reason"],
    }  # fmt: skip
    return tuple(found[name])


def write_tables(result: SweepResult, folder: Path, parquet: bool = False) -> None:
    """All tables as CSV in `folder`, which is made, and as Parquet if asked for. Raises InputError without DuckDB."""
    import pandas as pd

    folder.mkdir(parents=True)
    for name, rows in TABLES.items():
        frame = pd.DataFrame(list(rows(result)), columns=list(columns(name, result)))
        write_table(frame, folder, name, parquet)


def _point(result: SweepResult, one: PointResult) -> Row:
    row: Row = {"point": one.point.name}
    for axis, level in zip(result.axes, one.point.levels, strict=True):
        row[f"level_{axis.key}"], row[f"number_{axis.key}"] = level.text, level.number
    return row


def _metric(key: str) -> Row:
    metric = BY_KEY[key]
    return {"metric": key, "label": metric.label, "unit": metric.unit, "better": metric.better}


def _interval(interval: Interval) -> Row:
    return interval._asdict()
