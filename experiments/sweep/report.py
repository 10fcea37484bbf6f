"""The report of a sweep: one HTML file that needs nothing else, with its charts inside it as drawings.

Read from top to bottom: what came out, what was asked, the charts with how to read each, the tables behind them, which
points were run how often, what failed, and which result this is. The charts are also written beside it.
"""

from collections import Counter
from itertools import combinations
from pathlib import Path

from experiments.charts.sweep import sheets
from experiments.charts.sweep_parts import Choice, arm_label, identity, levels
from experiments.group_view import ALL_VMS
from experiments.metrics import show
from experiments.reporting.study_page import MOST_ROWS, StudyPage, write_study_page
from experiments.reporting.tables import Table
from experiments.study.cells import Cell, Contrast
from experiments.study.coverage import ENOUGH, coverage_note
from experiments.sweep.findings import findings
from experiments.sweep.result import PointResult, Stop, SweepResult
from experiments.sweep.verdict import shown_metrics
from experiments.verdict import FEW, SETTLED
from sim.units import human_time

MOST_TABLES, MOST_LEVELS = 12, 12
STOP: dict[Stop, str] = {"fixed": "as many as asked for", "settled": "settled", "budget": "the most there may be"}


def write_sweep_report(result: SweepResult, folder: Path, workers: int = 2) -> None:
    """`folder` holds report.html and charts/*.svg and *.png; the same bytes for the same result.

    `workers` processes draw the charts.
    """
    write_study_page(page(result), result, sheets(result), identity(result), folder, workers)


def page(result: SweepResult) -> StudyPage:
    """What stands in it."""
    tables, left_out = _tables(result)
    return StudyPage(
        kind="sweep",
        lead=_lead(result),
        notes=_notes(result),
        found_head="What came out",
        findings=findings(result),
        asked_head="What was asked",
        asked=axes(result),
        sentences=[_design(result), _replication(result)],
        tables=tables,
        left_out=left_out,
        points=points(result),
        also=(
            ("Design", result.design),
            ("Points", str(len(result.points))),
            ("Metrics", ", ".join(result.metrics)),
            ("VM groups", ", ".join(result.groups)),
        ),
    )


def _lead(result: SweepResult) -> str:
    runs = sum(one.replications for one in result.points) * len(result.arms)
    return (f"The scenario {result.scenario} at {len(result.points)} points of a design, {runs:,} runs that count; "
            "every point and protection meets the same random numbers.")  # fmt: skip


def _notes(result: SweepResult) -> list[str]:
    notes = []
    if result.compressed:
        notes.append(
            "The time scale is compressed: compare protections and points, not the figures with a real night's."
        )
    bare = sum(one.replications < 2 for one in result.points)
    if bare:
        notes.append(f"{bare} of {len(result.points)} points have fewer than two replications: no interval there.")
    fewest = min((one.replications for one in result.points if one.replications > 1), default=ENOUGH)
    notes += [note] if (note := coverage_note(fewest)) else []
    if result.failures:
        notes.append(f"Runs without a result: {len(result.failures)}, listed at the end.")
    return [*notes, *result.warnings]


def _design(result: SweepResult) -> str:
    random = (
        f"A {'Latin hypercube' if result.design == 'latin hypercube' else 'Sobol sequence'} of {len(result.points)}"
    )
    kind = f"Every combination of the levels: {len(result.points)}" if result.design == "grid" else random
    return f"{kind} points, each with {', '.join(map(arm_label, result.arms))}."


def _replication(result: SweepResult) -> str:
    counts = sorted({one.replications for one in result.points}) or [0]
    many = f"{counts[0]}" if len(counts) == 1 else f"{counts[0]} to {counts[-1]}"
    stops = Counter(one.stop for one in result.points)
    why = ", ".join(f"{stops[stop]} points: {words}" for stop, words in STOP.items() if stops[stop])
    found = sum(one.warmup_found for one in result.points)
    cuts = sorted({one.warmup_ns for one in result.points}) or [0]
    span = human_time(cuts[0]) if len(cuts) == 1 else f"{human_time(cuts[0])} to {human_time(cuts[-1])}"
    how = "the scenario's" if not found else f"found by MSER-5 on pilot runs at {found} points"
    return f"Replications: {many} ({why}). Warm-up, left out of all figures: {span}, {how}."


def axes(result: SweepResult) -> Table:
    """What was changed, and over which levels."""
    rows = []
    for number, axis in enumerate(result.axes):
        found = levels(result, number)
        told = [level.text for level in found]
        text = ", ".join(told) if len(told) <= MOST_LEVELS else f"{len(told)} levels from {told[0]} to {told[-1]}"
        rows.append((axis.label, axis.key, ", ".join(axis.fields), text, "logarithmic" if axis.log else "linear"))
    return Table("The axes", ("axis", "key", "fields of the scenario", "levels", "scale"), tuple(rows), "", 5)


def _tables(result: SweepResult) -> tuple[list[Table], str]:
    keys = shown_metrics(result)
    chosen = [Choice(key, group) for key in keys for group in result.groups]
    known = [one for one in chosen if one.group == ALL_VMS or one.metric.scope == "group"]
    tables = [table for table in (figures(result, one) for one in known) if table.rows]
    missing = len(result.metrics) - len(keys)
    parts = [f"{len(tables) - MOST_TABLES} tables more"] if len(tables) > MOST_TABLES else []
    parts += [f"{missing} metrics more"] if missing else []
    parts += [f"points after the first {MOST_ROWS}"] if len(result.points) > MOST_ROWS else []
    left_out = f"Not shown here: {', '.join(parts)}. The CSV files have them." if parts else ""
    return tables[:MOST_TABLES], left_out


def figures(result: SweepResult, choice: Choice) -> Table:
    """One metric of one group: a row a point, each arm, each paired difference."""
    pairs = [(arm, base) for base, arm in combinations(result.arms, 2)]
    arms = [arm for arm in result.arms if any(_cell(result, one, choice, arm) for one in result.points)]
    pairs = [(arm, base) for arm, base in pairs if {arm, base} <= set(arms)]
    rows = []
    for one in result.points[:MOST_ROWS] if arms else ():
        cells = [_figure(_cell(result, one, choice, arm)) for arm in arms]
        contrasts = [result.contrast(one.point.name, choice.key, arm, base, choice.group) for arm, base in pairs]
        rows.append((*(level.text for level in one.point.levels), *cells, *map(_difference, contrasts)))
    heads = tuple(f"{arm_label(arm)} − {arm_label(base)}" for arm, base in pairs)
    head = (*(axis.label for axis in result.axes), *map(arm_label, arms), *heads)
    note = (f"Mean ± half-width of the 95 % Student-t interval over replications; differences are paired. {SETTLED} "
            f"the sign is settled; {FEW} fewer than 100 I/Os beyond this quantile; - undefined.")  # fmt: skip
    return Table(choice.title, head, tuple(rows), note, len(result.axes))


def _cell(result: SweepResult, one: PointResult, choice: Choice, arm: str) -> Cell | None:
    cell = result.cell(one.point.name, choice.key, arm, choice.group)
    return cell if cell is not None and cell.interval.n else None


def _figure(cell: Cell | None) -> str:
    return "-" if cell is None else show(cell.interval.mean, cell.interval.half_width) + (f" {FEW}" if cell.few else "")


def _difference(contrast: Contrast | None) -> str:
    if contrast is None or not contrast.difference.interval.n:
        return "-"
    interval = contrast.difference.interval
    return show(interval.mean, interval.half_width) + (f" {SETTLED}" if contrast.difference.sign_settled else "")


def points(result: SweepResult) -> Table:
    """How often each point was run, and what stopped that."""
    rows = tuple(
        (one.point.name, STOP[one.stop], "; ".join(one.unsettled) or "-", str(one.replications),
         human_time(one.warmup_ns))
        for one in result.points[:MOST_ROWS]
    )  # fmt: skip
    note = "Replications that count: those that succeeded in every protection. One run alone: its point's name, its "
    note += "protection and its replicate's number, as in tables/runs.csv."
    return Table("The points", ("point", "stopped because", "not settled", "replications", "warm-up"), rows, note, 3)
