"""The verdict: the headline figures of a comparison, as rows of text and as a document for other programs.

The focus is the first VM group that a protection protects, the neighbours the first group that none does. All other
figures are in the tables of the result folder.
"""

import math
from collections.abc import Iterator
from itertools import combinations
from typing import Any, NamedTuple

from experiments.compare import Cell, Comparison, Contrast
from experiments.group_view import ALL_VMS
from experiments.identity import VERSION
from experiments.metrics import BY_KEY, METRICS, show
from sim.statistics import Interval

SETTLED, FEW = "●", "?"

HEADLINES: tuple[tuple[str, str], ...] = (
    ("guest_p50", "focus"),
    ("guest_p99", "focus"),
    ("guest_p999", "focus"),
    ("probe_max", "focus"),
    ("gavg_p99", "focus"),
    ("stun_max", "focus"),
    ("stun_total", "focus"),
    ("guest_p99", "neighbours"),
    ("age_mean", "all"),
    ("age_max", "all"),
    ("exposure_max", "all"),
    ("risk_written_max", "all"),
    ("backup_read", "all"),
    ("delta_peak", "all"),
    ("wan_bytes", "all"),
    ("out_of_order", "all"),
)
"""(metric, whose) in the order of the table."""


class Line(NamedTuple):
    """One headline: its title, the text of each arm, the text of each difference."""

    title: str
    arms: tuple[str, ...]
    differences: tuple[str, ...]


def pairs(comparison: Comparison) -> tuple[tuple[str, str], ...]:
    """(arm, base) of each difference, in the order of the table's columns."""
    return tuple((arm, base) for base, arm in combinations(comparison.arms, 2))


def lines(comparison: Comparison) -> tuple[Line, ...]:
    """The headline rows; a row that is undefined in every arm is left out."""
    return tuple(_lines(comparison))


def legend(comparison: Comparison) -> str:
    """How to read the rows, with the sample size and the level."""
    n, level = comparison.replications, f"{100 * comparison.level:g} %"
    marks = f"{FEW} fewer than 100 I/Os beyond this quantile; - undefined."
    if n == 1:
        return f"One replication: no interval. {marks}"
    return (
        f"Mean over {n} replications ± half-width of the {level} Student-t interval; differences are paired. "
        f"{SETTLED} the sign is settled; {marks}"
    )


def _lines(comparison: Comparison) -> Iterator[Line]:
    whose = _whose(comparison)
    for key, who in HEADLINES:
        group = whose[who]
        cells = [comparison.cell(key, arm, group) for arm in comparison.arms] if group else []
        if any(cell.interval.n for cell in cells):
            differences = (comparison.contrast(key, arm, base, group) for arm, base in pairs(comparison))
            title = BY_KEY[key].title + ("" if group == ALL_VMS else f", {group}")
            yield Line(title, tuple(map(_arm_text, cells)), tuple(map(_difference_text, differences)))


def _whose(comparison: Comparison) -> dict[str, str]:
    """The VM group of each kind of headline; '' if there is none."""
    scenario = comparison.scenario
    members = [one.vms for one in scenario.vadp] + [one.vms for one in scenario.vaio]
    protected = {name for vms in members for name in vms}
    inside = [group for group in scenario.groups if protected.intersection(scenario.members(group))]
    outside = [group for group in scenario.groups if group not in inside] if inside else []
    return {"focus": (inside or scenario.groups)[0], "neighbours": (outside or [""])[0], "all": ALL_VMS}


def _arm_text(cell: Cell) -> str:
    text = show(cell.interval.mean, cell.interval.half_width)
    missing = f" (n={cell.interval.n})" if 0 < cell.interval.n < len(cell.values) else ""
    return text + missing + (f" {FEW}" if cell.few and cell.interval.n else "")


def _difference_text(contrast: Contrast) -> str:
    interval = contrast.difference.interval
    sign = "+" if interval.mean > 0 else ""
    mark = f" {SETTLED}" if contrast.difference.sign_settled else ""
    return sign + show(interval.mean, interval.half_width) + mark


def document(comparison: Comparison, folder: str) -> dict[str, Any]:
    """All metrics and differences as plain values for JSON; undefined is null."""
    return {
        "name": comparison.scenario.name,
        "title": comparison.scenario.title,
        "result": comparison.hash,
        "version": VERSION,
        "source": comparison.source,
        "folder": folder,
        "seed": comparison.seed,
        "replications": comparison.replications,
        "arms": list(comparison.arms),
        "groups": list(comparison.groups),
        "notes": list(comparison.notes),
        "warnings": list(comparison.warnings),
        "metrics": [{"key": m.key, "label": m.label, "unit": m.unit, "better": m.better} for m in METRICS],
        "values": [cell_document(cell) for cell in comparison.cells],
        "differences": [contrast_document(one) for one in comparison.contrasts],
    }


def cell_document(cell: Cell) -> dict[str, Any]:
    return {
        "metric": cell.metric,
        "group": cell.group,
        "arm": cell.arm,
        **_interval_document(cell.interval),
        "replications": [_number(value) for value in cell.values],
        "pooled": _number(cell.pooled),
        "beyond": None if cell.beyond < 0 else cell.beyond,
        "few": cell.few,
    }


def contrast_document(one: Contrast) -> dict[str, Any]:
    return {
        "metric": one.metric,
        "group": one.group,
        "arm": one.arm,
        "base": one.base,
        **_interval_document(one.difference.interval),
        "sign_settled": one.difference.sign_settled,
        "better": one.better or None,
    }


def _interval_document(interval: Interval) -> dict[str, Any]:
    return {
        "mean": _number(interval.mean),
        "low": _number(interval.low),
        "high": _number(interval.high),
        "n": interval.n,
        "level": interval.level,
    }


def _number(value: float) -> float | None:
    return None if math.isnan(value) else value
