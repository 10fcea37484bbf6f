"""The tables of a sensitivity study: one row a fact. `docs/sensitivity.md` says what each column is.

Figures are in their metric's own unit. Undefined is an empty field; equal results have equal bytes.
"""

import math
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from experiments.metrics import BY_KEY
from experiments.sensitivity.result import SensitivityResult
from experiments.study.export import write_table

Row = dict[str, Any]


def table(result: SensitivityResult) -> Iterator[Row]:
    """One row a metric, arm or difference, and assumption: how much it moves that."""
    names = ("total", "total_low", "total_high", "first") if result.method == "sobol" else (
        "mu_star", "mu_star_low", "mu_star_high", "sigma")  # fmt: skip
    entries = {one.key: one for one in result.entries}
    noise = {(one.metric, one.of): one.share for one in result.noise}
    for one in result.moved:
        entry, effect = entries[one.key], one.effect
        figures = (effect.total, effect.low, effect.high, effect.other)
        yield {
            **_metric(one.metric), "group": result.group, "of": one.of, "assumption": one.key, "grade": entry.grade,
            "low": entry.low, "high": entry.high, "log": entry.log, **dict(zip(names, figures, strict=True)),
            "rows": effect.rows, "noise": noise[one.metric, one.of],
        }  # fmt: skip


def scan(result: SensitivityResult) -> Iterator[Row]:
    """One row a level of an assumption (none: the scenario as it is), metric and arm, all others as they are."""
    for one in result.scans:
        for cell in one.cells:
            yield {
                "assumption": one.key, "level": one.level, **_metric(cell.metric), "group": cell.group, "of": cell.arm,
                "n": cell.interval.n, "mean": cell.interval.mean, "low": cell.interval.low, "high": cell.interval.high,
                "pooled": cell.pooled, "beyond": cell.beyond, "few": cell.few, "better_arm": "", "verdict": "",
            }  # fmt: skip
        for contrast in one.contrasts:
            interval = contrast.difference.interval
            verdict = [t.verdict for t in result.turns if (t.metric, t.key, t.level) == (contrast.metric, *one[:2])]
            yield {
                "assumption": one.key, "level": one.level, **_metric(contrast.metric), "group": contrast.group,
                "of": result.difference, "n": interval.n, "mean": interval.mean, "low": interval.low,
                "high": interval.high, "pooled": math.nan, "beyond": -1, "few": False, "better_arm": contrast.better,
                "verdict": "".join(verdict),
            }  # fmt: skip


def assumptions(result: SensitivityResult) -> Iterator[Row]:
    """One row an assumption and field of the scenario that holds it."""
    for one in result.entries:
        for field in one.fields:
            yield {"assumption": one.key, "field": field, "register": one.value, "low": one.low, "high": one.high,
                   "grade": one.grade}  # fmt: skip


def failures(result: SensitivityResult) -> Iterator[Row]:
    """One row a run that has no result."""
    for one in result.failures:
        yield {"run": one.run, "reason": one.reason}


TABLES: dict[str, Callable[[SensitivityResult], Iterable[Row]]] = {
    "table": table,
    "scan": scan,
    "assumptions": assumptions,
}
"""File -> its rows; beside these failures.csv, where there are some."""


def write_tables(result: SensitivityResult, folder: Path, parquet: bool = False) -> None:
    """All tables as CSV in `folder`, which is made, and as Parquet if asked for. Raises InputError without DuckDB."""
    import pandas as pd

    folder.mkdir(parents=True)
    tables = TABLES | ({"failures": failures} if result.failures else {})
    for name, rows in tables.items():
        frame = pd.DataFrame(list(rows(result)), dtype=object)  # no whole number becomes a float
        write_table(frame, folder, name, parquet)


def _metric(key: str) -> Row:
    metric = BY_KEY[key]
    return {"metric": key, "label": metric.label, "unit": metric.unit, "better": metric.better}
