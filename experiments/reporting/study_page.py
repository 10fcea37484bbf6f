"""The report of a study: one HTML file that needs nothing else - what came out, what was asked, charts, figures.

Sweeps, plans and sensitivity studies say what stands in it; how it is written is the same for all of them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from experiments.charts.palette import ARM_COLOUR
from experiments.charts.paper import Identity
from experiments.charts.sheets import Sheet, draw_sheets
from experiments.charts.sweep_parts import arm_label
from experiments.identity import VERSION
from experiments.report import drawing, render
from experiments.reporting.findings import Finding
from experiments.reporting.tables import Table
from experiments.sweep.result import Failed

MOST_ROWS = 100
"""Of a table; the CSV files have all."""


class Which(Protocol):
    """What says which result it is."""

    @property
    def name(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def scenario(self) -> str: ...
    @property
    def seed(self) -> int: ...
    @property
    def hash(self) -> str: ...
    @property
    def source(self) -> str: ...
    @property
    def arms(self) -> tuple[str, ...]: ...
    @property
    def failures(self) -> tuple[Failed, ...]: ...


@dataclass(frozen=True)
class StudyPage:
    """What stands in the report, from top to bottom."""

    kind: str  # of study: the plan, sweep or sensitivity file made it
    lead: str
    notes: Sequence[str]
    found_head: str
    findings: Sequence[Finding]
    asked_head: str
    asked: Table
    sentences: Sequence[str]  # how it was asked
    tables: Sequence[Table]
    left_out: str = ""
    points: Table | None = None
    also: tuple[tuple[str, str], ...] = ()  # rows more that say which result it is


def write_study_page(
    page: StudyPage, result: Which, sheets: Sequence[Sheet], identity: Identity, folder: Path, workers: int
) -> None:
    """`folder` holds report.html and charts/*.svg and *.png; the same bytes for the same result.

    `workers` processes draw the charts.
    """
    charts = draw_sheets(sheets, identity, folder / "charts", workers)
    content = {
        "page": page,
        "title": result.title,
        "arms": [(arm_label(arm), ARM_COLOUR[arm]) for arm in result.arms],
        "charts": [(chart, drawing(folder / "charts" / f"{chart.name}.svg", chart)) for chart in charts],
        "failures": failures(result),
        "identity": _identity(page, result),
    }
    (folder / "report.html").write_text(render("study.html.j2", content), encoding="utf-8", newline="\n")


def failures(result: Which) -> Table:
    """Runs without a result."""
    rows = tuple((one.run, one.reason) for one in result.failures[:MOST_ROWS])
    more = len(result.failures) - MOST_ROWS
    note = f"{more} more are in tables/failures.csv." if more > 0 else ""
    return Table("Runs without a result", ("run", "reason"), rows, note, 2)


def _identity(page: StudyPage, result: Which) -> list[tuple[str, str]]:
    return [
        ("Result", result.hash),
        (page.kind.capitalize(), result.name),
        ("Scenario", result.scenario),
        ("Seed", str(result.seed)),
        ("Protections", ", ".join(result.arms)),
        *page.also,
        ("Version", VERSION),
        ("Source", result.source),
    ]
