"""The report of a plan: one HTML file that needs nothing else - answer, question, capacity curve, figures."""

from pathlib import Path

from experiments.charts import capacity
from experiments.charts.sweep_parts import arm_label
from experiments.plan.result import Answer, PlanResult
from experiments.plan.verdict import FEW, SAME, binding, cells, contradicted, found, headline, objective_title
from experiments.reporting.findings import Finding
from experiments.reporting.study_page import MOST_ROWS, StudyPage, write_study_page
from experiments.reporting.tables import Table


def write_plan_report(result: PlanResult, folder: Path, workers: int = 2) -> None:
    """`folder` holds report.html and charts/*.svg and *.png; the same bytes for the same result.

    `workers` processes draw the charts.
    """
    write_study_page(page(result), result, capacity.sheets(result), capacity.identity(result), folder, workers)


def page(result: PlanResult) -> StudyPage:
    """What stands in it."""
    return StudyPage(
        kind="plan",
        lead=f"The scenario {result.scenario} at levels of {result.unknown.label}, each run as often as its verdict "
             "took; every level and protection meets the same random numbers.",
        notes=_notes(result),
        found_head="The answer",
        findings=[_finding(result, one) for one in result.answers],
        asked_head="What was asked",
        asked=_objectives(result),
        sentences=[_method(result)],
        tables=[_levels(result, one) for one in result.answers if one.judged],
    )  # fmt: skip


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
