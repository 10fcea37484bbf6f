"""Chart: what writes pay after a snapshot's cut, and how it heals - the first-touch slump.

All successful backups of a VM group are laid over each other at their cut. Left: mean guest latency of writes, without
the intervals in which the VM was stunned and the one after, in which what had piled up drains (other charts show
those). Right: commands that only a delta disk causes (metadata, parent reads) for each write. The other arms are shown
in the same seconds, as the control. The time shown is the median life of the snapshots, cut to merge's end.
"""

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from experiments.charts import numbers, palette, paper
from experiments.charts.chart import Chart, Compared
from experiments.charts.paper import Identity
from models.result import IntervalRow, JobRow, RunResult

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

GROUPS = 4
POINTS = 120
TOP = 1.6  # of the highest mean: an interval of few replications may reach far beyond, and is cut
LEAD = 5  # bins shown before the cut


class Line(NamedTuple):
    """One arm over the time since the cut."""

    arm: str
    write_ms: numbers.Band
    extra: numbers.Band  # commands for each write


class Panel(NamedTuple):
    group: str
    arm: str  # that takes the backups
    backups: int
    since_ns: numbers.Floats  # middles of the bins, from the cut
    merge_ns: float  # when the merge begins, median
    lines: tuple[Line, ...]


def _jobs(result: RunResult, names: set[str]) -> list[JobRow]:
    return [
        job
        for job in result.jobs
        if job.vm in names and job.outcome == "ok" and job.merge_end_ns >= 0 and job.scheduled_ns >= result.warmup_ns
    ]


def _curve(result: RunResult, jobs: list[JobRow], bin_ns: int, count: int) -> tuple[list[float], list[float]]:
    """Mean write latency (ms) and extra commands a write in each bin since the cut, all `jobs` laid over each other."""
    stunned = {(s.vm, (s.start_ns + s.duration_ns) // bin_ns + late) for s in result.stuns for late in (0, 1)}
    stunned |= {(s.vm, s.start_ns // bin_ns) for s in result.stuns}
    rows: dict[tuple[str, int], list[IntervalRow]] = {}
    for row in result.intervals:
        rows.setdefault((row.vm, row.t_ns // bin_ns), []).append(row)
    latency, extra = [], []
    for offset in range(-LEAD, count - LEAD):
        here = [row for job in jobs for row in rows.get((job.vm, job.cut_ns // bin_ns + offset), ())]
        calm = [row for row in here if (row.vm, row.t_ns // bin_ns) not in stunned]
        writes, calm_writes = (sum(row.writes for row in some) for some in (here, calm))
        total = sum(row.writes * row.write_ns for row in calm)
        latency.append(total / calm_writes / 1e6 if calm_writes else float("nan"))
        extra.append(sum(row.extra_commands for row in here) / writes if writes else float("nan"))
    return latency, extra


def _panel(comparison: Compared, arm: str, group: str) -> Panel | None:
    names = set(comparison.scenario.members(group))
    by_run = [_jobs(result, names) for result in comparison.results[arm]]
    jobs = [job for run in by_run for job in run]
    if not jobs:
        return None
    life = float(np.median([job.merge_end_ns - job.cut_ns for job in jobs]))
    interval_ns = comparison.scenario.run.interval_ns
    bin_ns = interval_ns * -(-int(life) // (interval_ns * POINTS))
    count = LEAD + max(1, int(life) // bin_ns + 1)
    lines = []
    for other, results in comparison.results.items():
        curves = [_curve(run, mine, bin_ns, count) for run, mine in zip(results, by_run, strict=True) if mine]
        lines.append(Line(other, numbers.band([c for c, _ in curves]), numbers.band([e for _, e in curves])))
    since = (np.arange(count, dtype=np.float64) - LEAD + 0.5) * bin_ns
    merge = float(np.median([job.merge_start_ns - job.cut_ns for job in jobs]))
    return Panel(group, arm, len(jobs), since, merge, tuple(lines))


def data(comparison: Compared) -> tuple[Panel, ...] | None:
    """A panel for each backed-up group (the first four), in the first arm that takes backups."""
    arm = next((arm for arm, results in comparison.results.items() if any(run.jobs for run in results)), None)
    if arm is None:
        return None
    made = (_panel(comparison, arm, group) for group in comparison.scenario.groups)
    panels = tuple(panel for panel in made if panel is not None)
    return panels[:GROUPS] or None


def _draw(axes: "Axes", panel: Panel, curves: list[tuple[str, numbers.Band]], divisor: int) -> None:
    x = panel.since_ns / divisor
    for arm, curve in curves:
        colour = palette.ARM_COLOUR[arm]
        axes.fill_between(x, np.maximum(curve.low, 0), curve.high, color=colour, alpha=0.18, linewidth=0)
        axes.plot(x, curve.mean, color=colour, linewidth=palette.ARM_WIDTH[arm])
    axes.axvline(0, color=palette.STUN_LINE, linewidth=0.9, linestyle=(0, (2, 1)))
    paper.bands(axes, [(panel.merge_ns / divisor, float(x[-1]), 1.0)], palette.MERGE_BAND, 0.2)
    axes.set_xlim(float(x[0]), float(x[-1]))
    peaks = [float(np.nanmax(curve.mean)) for _, curve in curves if not np.isnan(curve.mean).all()]
    axes.set_ylim(0, TOP * max(peaks, default=0.0) or None)


def draw(panels: tuple[Panel, ...], identity: Identity) -> "Figure":
    """The figure."""
    divisor, unit = paper.time_scale(int(max(panel.since_ns[-1] for panel in panels)))
    subtitle = "Writes around a snapshot's cut, all backups laid over each other; latency without the seconds of stuns"
    entries = paper.arm_entries([line.arm for line in panels[0].lines])
    entries.append((paper.stroke(palette.STUN_LINE, (0, (2, 1)), 0.9), "the cut"))
    entries.append((paper.swatch(palette.MERGE_BAND, 0.4), "merge (median start)"))
    figure = paper.sheet(0.25 + 2.1 * len(panels), CHART.question, subtitle, identity, entries)
    cells = figure.subplots(len(panels), 2, squeeze=False)
    for (latency, extra), panel in zip(cells, panels, strict=True):
        _draw(latency, panel, [(line.arm, line.write_ms) for line in panel.lines], divisor)
        _draw(extra, panel, [(line.arm, line.extra) for line in panel.lines], divisor)
        latency.set_title(f"{panel.group}: write latency  (n = {panel.backups} backups)")
        latency.set_ylabel("mean [ms]")
        extra.set_title(f"{panel.group}: commands that only the delta causes")
        extra.set_ylabel("for each write")
    for axes in cells[-1]:
        axes.set_xlabel(f"time since the snapshot's cut [{unit}]")
    return figure


class Slump(NamedTuple):
    """Mean write latency in ms: first and last fifth of the time from cut to merge, and unprotected in all of it."""

    first: float
    last: float
    control: float
    extra_first: float  # commands for each write
    extra_last: float


def slump(panel: Panel) -> Slump | None:
    """How writes fared from cut to merge; None with fewer than five bins without stuns. No unprotected arm: nan."""
    line = next(line for line in panel.lines if line.arm == panel.arm)
    nothing = np.full(len(panel.since_ns), np.nan)
    unprotected = next((line.write_ms.mean for line in panel.lines if line.arm == "none"), nothing)
    alive = (panel.since_ns > 0) & (panel.since_ns < panel.merge_ns)
    inside = np.flatnonzero(alive & ~np.isnan(line.write_ms.mean))
    fifth = len(inside) // 5
    if not fifth:
        return None
    first, last = inside[:fifth], inside[-fifth:]
    latency, extra = line.write_ms.mean, line.extra.mean
    parts = (latency[first], latency[last], unprotected[inside], extra[first], extra[last])
    return Slump(*(_mean(part) for part in parts))


def _mean(values: numbers.Floats) -> float:
    known = values[~np.isnan(values)]
    return float(known.mean()) if len(known) else float("nan")


def describe(panels: tuple[Panel, ...]) -> str:
    """First and last fifth for every group."""
    parts = []
    for panel in panels:
        found = slump(panel)
        if found:
            first, last, control = (paper.latency_text(ms) for ms in found[:3])
            parts.append(
                f"{panel.group}: {first} at the start of the snapshot ({found.extra_first:.1f} extra commands a "
                f"write), "
                f"{last} at the end of it ({found.extra_last:.2g}), {control} without"
            )
    arm = palette.ARM_LABEL[panels[0].arm]
    return f"Mean write latency with {arm} apart from stuns. " + "; ".join(parts) + "."


CHART = Chart(
    name="slump",
    question="What does a fresh delta cost a write, and does it heal?",
    how_to_read=(
        "Right after the cut every write touches grains that the delta does not have yet, and each first touch costs "
        "extra commands. A VM that keeps rewriting the same places heals as the delta fills; one that always writes "
        "elsewhere does not. The grey line is the same guest in the same seconds without any snapshot."
    ),
    absent="no backup succeeded",
    data=data,
    draw=draw,
    describe=describe,
)
