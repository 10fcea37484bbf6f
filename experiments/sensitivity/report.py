"""The report of a sensitivity study: one HTML file that needs nothing else - verdicts, tornado charts, figures."""

import math
from pathlib import Path

from experiments.charts import tornado
from experiments.charts.sweep_parts import arm_label, whose
from experiments.metrics import BY_KEY
from experiments.reporting.findings import Finding
from experiments.reporting.study_page import StudyPage, write_study_page
from experiments.reporting.tables import Table
from experiments.sensitivity.result import SensitivityResult
from experiments.sensitivity.verdict import (
    LEGENDS,
    METHODS,
    effect_rows,
    effect_unit,
    figures,
    notes,
    ranked,
    scan_rows,
    sentences,
)
from experiments.verdict import SETTLED

MOST_NAMED = 3
SCALE = {False: "linear", True: "logarithmic"}


def write_sensitivity_report(result: SensitivityResult, folder: Path, workers: int = 2) -> None:
    """`folder` holds report.html and charts/*.svg and *.png; the same bytes for the same result.

    `workers` processes draw the charts.
    """
    write_study_page(page(result), result, tornado.sheets(result), tornado.identity(result), folder, workers)


def page(result: SensitivityResult) -> StudyPage:
    """What stands in it."""
    return StudyPage(
        kind="study",
        lead=f"The scenario {result.scenario}, {whose(result.group)}, with {len(result.entries)} assumptions of the "
             f"register moved through their ranges, alone and all at once; {result.runs:,} runs that meet the same "
             "random numbers.",
        notes=notes(result),
        found_head="What came out",
        findings=[_finding(result, metric) for metric in result.metrics],
        asked_head="What was moved",
        asked=_assumptions(result),
        sentences=[_method(result)],
        tables=[table(result, metric) for metric in result.metrics for table in (_scan, _effects)],
        also=(("VM group", result.group),),
    )  # fmt: skip


def _finding(result: SensitivityResult, metric: str) -> Finding:
    label = BY_KEY[metric].label
    said = [text.removeprefix(f"{label}: ").removeprefix(f"{label}, ") for text in sentences(result, metric, arm_label)]
    return Finding(label, " ".join([*(text[:1].upper() + text[1:] for text in said), _movers(result, metric)]))


def _movers(result: SensitivityResult, metric: str) -> str:
    """Which assumptions move it most while all vary."""
    whats = figures(result)[-1:] if result.difference else result.arms
    totals = {entry.key: [result.effect(metric, one, entry.key).total for one in whats] for entry in result.entries}
    named = [entry.key for entry in ranked(result, metric) if any(total > 0 for total in totals[entry.key])]
    open_ = [key for key, found in totals.items() if key not in named and any(map(math.isnan, found))]
    still = ", ".join(key for key in totals if key not in named and key not in open_)
    parts = [f"not at all by {still}"] if still else []
    parts += [f"how much by {', '.join(open_)} is not known: points have no figure"] if open_ else []
    if named:
        first, *rest = named[:MOST_NAMED]
        parts.insert(0, f"it is moved most by {first}" + (f", then {' and '.join(rest)}" if rest else ""))
    return f"While all vary, {'; '.join(parts)}."


def _assumptions(result: SensitivityResult) -> Table:
    rows = tuple(
        (one.key, one.grade, ", ".join(one.fields), one.value, one.low, one.high, SCALE[one.log])
        for one in result.entries
    )
    head = ("assumption", "grade", "fields of the scenario", "register", "from", "to", "scale")
    return Table("The assumptions and their ranges", head, rows, "", 7)


def _method(result: SensitivityResult) -> str:
    return (
        "Alone: each assumption at the ends of its range (each of its choices), all others as the scenario has them. "
        f"All at once: {METHODS[result.method].format(result.size)}. {LEGENDS[result.method]} "
        f"{result.replications} replications of each point."
    )


def _effects(result: SensitivityResult, metric: str) -> Table:
    caption = f"{BY_KEY[metric].label}: what moves it while all vary{effect_unit(result, metric)}"
    head = ("assumption", "from", "to", *map(_shown, figures(result)))
    return Table(caption, head, tuple(effect_rows(result, metric)), LEGENDS[result.method], 1)


def _scan(result: SensitivityResult, metric: str) -> Table:
    caption = f"{BY_KEY[metric].title}: one at a time"
    note = f"Mean ± half-width of the 95 % Student-t interval; {SETTLED} the sign of the difference is settled."
    return Table(caption, ("assumption", "is", *map(_shown, figures(result))), tuple(scan_rows(result, metric)), note)


def _shown(figure: str) -> str:
    """An arm, or the difference of two, as heads of tables have them."""
    return " − ".join(arm_label(arm) for arm in figure.split(" - "))
