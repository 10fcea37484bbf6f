"""The report of a plan: one HTML file that needs nothing else - answer, question, capacity curve, figures."""

from pathlib import Path
from typing import Any

from experiments.charts import Drawn, capacity
from experiments.charts.palette import ARM_COLOUR
from experiments.charts.sheets import draw_sheets
from experiments.charts.sweep_parts import arm_label
from experiments.identity import VERSION
from experiments.plan.result import Answer, PlanResult
from experiments.plan.verdict import FEW, SAME, binding, cells, contradicted, found, headline, objective_title
from experiments.report import drawing, render
from experiments.reporting.findings import Finding
from experiments.reporting.tables import Table

MOST_ROWS = 100


def write_plan_report(result: PlanResult, folder: Path, workers: int = 2) -> None:
    """`folder` holds report.html and charts/*.svg and *.png; the same bytes for the same result.

    `workers` processes draw the charts.
    """
    charts = draw_sheets(capacity.sheets(result), capacity.identity(result), folder / "charts", workers)
    page = render("plan.html.j2", _content(result, charts, folder / "charts"))
    (folder / "report.html").write_text(page, encoding="utf-8", newline="\n")


def _content(result: PlanResult, charts: tuple[Drawn, ...], folder: Path) -> dict[str, Any]:
    """Everything the template names."""
    return {
        "title": result.title,
        "lead": f"The scenario {result.scenario} at levels of {result.unknown.label}, each run as often as its verdict "
                "took; every level and protection meets the same random numbers.",
        "arms": [(arm_label(arm), ARM_COLOUR[arm]) for arm in result.arms],
        "notes": _notes(result),
        "findings": [_finding(result, one) for one in result.answers],
        "objectives": _objectives(result),
        "method": _method(result),
        "charts": [(chart, drawing(folder / f"{chart.name}.svg", chart)) for chart in charts],
        "tables": [_levels(result, one) for one in result.answers if one.judged],
        "failures": Table("Runs without a result", ("run", "reason"),
                          tuple((one.run, one.reason) for one in result.failures[:MOST_ROWS]), "", 2),
        "identity": _identity(result),
    }  # fmt: skip


def _notes(result: PlanResult) -> list[str]:
    compressed = "The time scale is compressed: take the shape of the answer, not its number, for a real night's."
    return [compressed] * result.compressed + list(result.warnings)


def _finding(result: PlanResult, one: Answer) -> Finding:
    against = [contradicted(one)] if one.contradictions else []
    return Finding(headline(result, one), " ".join([*binding(result, one), found(result, one), *against]))


def _objectives(result: PlanResult) -> Table:
    rows = tuple(
        (one.label, one.group, "at most" if one.at_most else "at least", one.text) for one in result.objectives
    )
    return Table("What must hold at once", ("objective", "VM group", "side", "limit"), rows, "", 4)


def _method(result: PlanResult) -> str:
    looks = ", ".join(map(str, result.looks))
    return (
        f"{result.unknown.label} ({', '.join(result.unknown.fields)}): {result.levels} levels. A level fits when the "
        f"Student-t interval of each objective's mean lies within its limit, and does not when one lies beyond; it is "
        f"looked at after {looks} replications, and one that is undecided then counts as not fitting. The error of "
        f"{100 * (1 - result.confidence):.3g} % is shared out evenly over the levels that a bisection and two probes "
        "can judge, and over the looks at each."
    )


def _levels(result: PlanResult, one: Answer) -> Table:
    rows = []
    for level in one.by_level[:MOST_ROWS]:
        figures = [text for judged in level.objectives for text in cells(judged)]
        rows.append((level.level.text, level.verdict, str(level.replications), *figures))
    head = [text for objective in result.objectives for text in (objective_title(objective), "margin")]
    along = f", {result.along.label} {one.along.text}" if result.along is not None and one.along is not None else ""
    note = f"{FEW} fewer than 100 I/Os beyond this quantile; {SAME} the same in all replications."
    caption = f"The levels that were judged, {arm_label(one.arm)}{along}"
    return Table(caption, (result.unknown.label, "verdict", "replications", *head), tuple(rows), note, 2)


def _identity(result: PlanResult) -> list[tuple[str, str]]:
    return [
        ("Result", result.hash),
        ("Plan", result.name),
        ("Scenario", result.scenario),
        ("Seed", str(result.seed)),
        ("Protections", ", ".join(result.arms)),
        ("Version", VERSION),
        ("Source", result.source),
    ]
