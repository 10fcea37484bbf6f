"""The report: one HTML file that needs nothing else, with the charts inside it as drawings.

Read from top to bottom: what came out, what it shows, the charts with how to read each, the tables behind them, the
scenario and the assumptions, what is modelled and what is not, and which result this is. The charts are also written
beside it, as PNG and SVG.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from experiments.charts import Drawn, draw_all
from experiments.charts.palette import ARM_COLOUR, ARM_LABEL
from experiments.compare import Comparison
from experiments.identity import VERSION, trace_digests
from experiments.reporting import setting, tables
from experiments.reporting.findings import findings

TEMPLATES = Path(__file__).parent / "templates"


def write_report(comparison: Comparison, folder: Path, workers: int = 2) -> None:
    """`folder` holds report.html and charts/*.svg and *.png; the same bytes for the same comparison.

    `workers` processes draw the charts.
    """
    charts = draw_all(comparison, folder / "charts", workers)
    (folder / "report.html").write_text(_page(comparison, charts, folder / "charts"), encoding="utf-8", newline="\n")


def _page(comparison: Comparison, charts: tuple[Drawn, ...], folder: Path) -> str:
    return render("report.html.j2", _content(comparison, charts, folder))


def render(template: str, content: Mapping[str, Any]) -> str:
    """The page that this template makes of the content; a name that it lacks is an error, not a gap."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    loader = FileSystemLoader(TEMPLATES)
    environment = Environment(
        loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    page: str = environment.get_template(template).render(content)
    return page


def _content(comparison: Comparison, charts: tuple[Drawn, ...], folder: Path) -> dict[str, Any]:
    """Everything the template names."""
    scenario = comparison.scenario
    return {
        "title": scenario.title,
        "name": scenario.name,
        "arms": [(ARM_LABEL[arm], ARM_COLOUR[arm]) for arm in comparison.arms],
        "notes": comparison.notes,
        "findings": findings(comparison),
        "verdict": tables.verdict(comparison),
        "charts": [(chart, drawing(folder / f"{chart.name}.svg", chart)) for chart in charts if not chart.absent],
        "absent": [chart for chart in charts if chart.absent],
        "tables": [table for table in (tables.stuns(comparison), tables.jobs(comparison), tables.timers(comparison))
                   if table.rows],
        "slow_head": tables.SLOW_HEAD,
        "slowest": tables.slowest(comparison),
        "audit": tables.audit(comparison),
        "scenario": setting.scenario_tables(scenario),
        "assumptions": setting.assumptions(),
        "identity": _identity(comparison),
    }  # fmt: skip


def _identity(comparison: Comparison) -> list[tuple[str, str]]:
    rows = [
        ("Result", comparison.hash),
        ("Scenario", comparison.scenario.name),
        ("Seed", str(comparison.seed)),
        ("Replications", str(comparison.replications)),
        ("Protections", ", ".join(comparison.arms)),
        ("Version", VERSION),
        ("Source of the engine", comparison.source),
    ]
    return rows + [(f"Trace of {where}", digest) for where, digest in trace_digests(comparison.scenario).items()]


def drawing(path: Path, chart: Drawn) -> Any:
    """The SVG of a chart, fit to stand in a page beside others: its own identifiers, a role, its description."""
    from markupsafe import Markup, escape

    svg = path.read_text(encoding="utf-8")
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    svg = re.sub(r'\bid="', f'id="{chart.name}-', svg)
    svg = re.sub(r'(href="|url\()#', rf"\1#{chart.name}-", svg)
    head, body = svg.split(">", 1)
    head = re.sub(r' (width|height)="[^"]*"', "", head)
    label = escape(f"{chart.question} {chart.description}")
    return Markup(f'{head} role="img" aria-label="{label}">{body}')
