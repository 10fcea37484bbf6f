"""The tidy tables of a plan: one row a fact; `docs/plan.md` says what each column is.

Figures and limits are in their metric's own unit. Undefined is an empty field. Equal results have equal bytes.
"""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from experiments.plan.result import Answer, Judged, LevelResult, PlanResult
from experiments.study.export import write_table

Row = dict[str, Any]


def answers(result: PlanResult) -> Iterator[Row]:
    """One row an answer."""
    for one in result.answers:
        binding = one.binding
        yield {
            **_whose(one), "want": result.want, "best": _level(one.best), "beyond": _level(one.beyond),
            "closed": one.closed, "binding": "" if binding is None else result.objectives[binding].words,
            "confidence": one.confidence, "levels_judged": len(one.judged), "runs": one.runs, "scanned": one.scanned,
            "contradictions": "; ".join(one.contradictions),
        }  # fmt: skip


def table(result: PlanResult) -> Iterator[Row]:
    """One row an answer, a level that was judged, from the easiest to the hardest, and an objective."""
    for answer in result.answers:
        for level in answer.by_level:
            for objective, judged in zip(result.objectives, level.objectives, strict=True):
                yield {
                    **_whose(answer), **_named(level), "metric": objective.metric, "label": objective.label,
                    "unit": objective.unit, "group": objective.group,
                    "side": "at most" if objective.at_most else "at least", "limit": objective.limit,
                    **_interval(judged), "undefined": judged.undefined, "beyond": judged.beyond,
                    "few": judged.few, "verdict": judged.verdict, "margin_percent": judged.margin,
                }  # fmt: skip


def steps(result: PlanResult) -> Iterator[Row]:
    """One row an answer and a level, in the order of the search."""
    for answer in result.answers:
        for level in answer.judged:
            yield {
                **_whose(answer), "order": level.order, "why": level.why, **_named(level), "verdict": level.verdict,
                "replications": level.replications, "failed": len(level.failed),
                "binding": result.objectives[level.worst].words,
            }  # fmt: skip


def failures(result: PlanResult) -> Iterator[Row]:
    """One row a run that has no result."""
    for one in result.failures:
        yield {"run": one.run, "reason": one.reason}


_WHOSE, _LEVEL = ("arm", "along", "along_number"), ("level", "number", "index")
TABLES: dict[str, tuple[Callable[[PlanResult], Iterable[Row]], tuple[str, ...]]] = {
    "answers": (answers, (*_WHOSE, "want", "best", "beyond", "closed", "binding", "confidence", "levels_judged",
                          "runs", "scanned", "contradictions")),
    "table": (table, (*_WHOSE, *_LEVEL, "metric", "label", "unit", "group", "side", "limit", "mean", "low", "high",
                      "n", "confidence", "undefined", "beyond", "few", "verdict", "margin_percent")),
    "steps": (steps, (*_WHOSE, "order", "why", *_LEVEL, "verdict", "replications", "failed", "binding")),
    "failures": (failures, ("run", "reason")),
}  # fmt: skip
"""File -> its rows and columns."""


def write_tables(result: PlanResult, folder: Path, parquet: bool = False) -> None:
    """All tables as CSV in `folder`, which is made, and as Parquet if asked for. Raises InputError without DuckDB."""
    import pandas as pd

    folder.mkdir(parents=True)
    for name, (rows, columns) in TABLES.items():
        frame = pd.DataFrame(list(rows(result)), columns=list(columns), dtype=object)  # no whole number becomes a float
        write_table(frame, folder, name, parquet)


def _whose(one: Answer) -> Row:
    along = one.along
    return {
        "arm": one.arm,
        "along": "" if along is None else along.text,
        "along_number": "" if along is None else along.number,
    }


def _named(level: LevelResult) -> Row:
    return {"level": level.level.text, "number": level.level.number, "index": level.index}


def _level(one: LevelResult | None) -> str:
    return "" if one is None else one.level.text


def _interval(judged: Judged) -> Row:
    row = judged.interval._asdict()
    return {("confidence" if key == "level" else key): value for key, value in row.items()}
