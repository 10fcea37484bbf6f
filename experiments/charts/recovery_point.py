"""Chart: recovery-point age and loss exposure over time, and the share of time in which the age is above x.

Over time: the first replication, one VM of each protected group (its first). Time without any usable point is undefined
and hatched, not zero. The distribution takes all VMs of the group and all replications; time without a point counts as
older than any x, because nothing could be restored in it. Along the foot: when that replication was out of order (no
new points), and when it had no connection to its target.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from experiments.charts import numbers, palette, paper
from experiments.charts.chart import Chart, Compared
from experiments.charts.paper import Identity
from models.result import ORDERED, Ramp, RecoveryResult, RunResult
from sim.histogram import bucket_low, bucket_of
from sim.statistics import time_weighted

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

GROUPS = 4
POINTS = 140
NARROW = 2000  # the axis of ages spans at most this ratio
MOST_RAMPS = 1500  # of one line; above it only the peaks of equal stretches are drawn
MOST_MARKS = 120


class Line(NamedTuple):
    """One protection in one arm on one group. Times in ns; polylines are (t, value), nan where undefined."""

    arm: str
    protection: str
    alone: bool  # the only protection of its arm
    dash: paper.Stroke  # the first protection of an arm is drawn solid
    age: numbers.Floats
    exposure: numbers.Floats
    points: tuple[tuple[int, int], ...]  # (usable, age then)
    undefined: tuple[numbers.Span, ...]
    older: numbers.Band  # share of time older than Panel.x_ns
    mean_ns: float  # over defined time, all replications
    worst_ns: float
    lost: tuple[numbers.Span, ...]  # out of order
    cuts: tuple[numbers.Span, ...]  # without a connection


class Panel(NamedTuple):
    group: str
    vm: str
    x_ns: numbers.Floats
    lines: tuple[Line, ...]


class Picture(NamedTuple):
    duration_ns: int
    warmup_ns: int
    panels: tuple[Panel, ...]
    unseen: tuple[numbers.Span, ...]  # outside the observe windows


def polyline(ramps: tuple[Ramp, ...]) -> numbers.Floats:
    """The ramps' corners as rows (t, value), with a row of nan where the function is undefined in between."""
    corners: list[tuple[float, float]] = []
    end = None
    for ramp in ramps:
        if end is not None and ramp.t0_ns > end:
            corners.append((np.nan, np.nan))
        corners.append((ramp.t0_ns, ramp.v0_ns))
        corners.append((ramp.t1_ns, ramp.v0_ns + ramp.slope * (ramp.t1_ns - ramp.t0_ns)))
        end = ramp.t1_ns
    out = np.array(corners, dtype=np.float64).reshape(-1, 2)
    if len(ramps) <= MOST_RAMPS:
        return out
    pieces = np.array_split(out[~np.isnan(out[:, 0])], MOST_RAMPS // 2)
    return np.array([piece[np.argmax(piece[:, 1])] for piece in pieces])


def gaps(ramps: tuple[Ramp, ...], start: int, end: int) -> tuple[numbers.Span, ...]:
    """The time in [start, end) that no ramp covers."""
    out, at = [], start
    for low, high in [*numbers.united((ramp.t0_ns, ramp.t1_ns) for ramp in ramps), (end, end)]:
        if low > at:
            out.append((at, low))
        at = max(at, high)
    return tuple(out)


def _of(result: RunResult, protection: str, names: Sequence[str]) -> list[RecoveryResult]:
    return [row for row in result.recovery if row.protection == protection and row.vm in names]


def _plain(ramp: Ramp) -> tuple[int, int, int, int]:
    return ramp.t0_ns, ramp.t1_ns, ramp.v0_ns, ramp.slope


def _older(rows: list[RecoveryResult], buckets: list[int]) -> numbers.Floats:
    """The share of all VMs' time with an age at or above the lower edge of each bucket, or with no point at all."""
    weighted = time_weighted(_plain(ramp) for row in rows for ramp in row.age)
    undefined = sum(row.undefined_ns for row in rows)
    known = np.nan_to_num(numbers.tail(weighted.distribution, buckets)) * weighted.defined_ns
    share: numbers.Floats = (known + undefined) / max(1, weighted.defined_ns + undefined)
    return share


def _line(results: tuple[RunResult, ...], protection: str, names: Sequence[str], buckets: list[int]) -> Line:
    first = results[0]
    protections = list(dict.fromkeys(row.protection for row in first.recovery))
    shown = _of(first, protection, names)[0]
    rows = [_of(result, protection, names) for result in results]
    pooled = time_weighted(_plain(ramp) for run in rows for row in run for ramp in row.age)
    points = [
        (row.usable_ns, row.usable_ns - row.point_ns)
        for row in first.points
        if row.protection == protection and row.vm == shown.vm and row.usable_ns >= 0
    ]
    return Line(
        first.arm,
        protection,
        len(protections) == 1,
        "-" if protection == protections[0] else "--",
        polyline(shown.age),
        polyline(shown.exposure),
        tuple(points) if len(points) <= MOST_MARKS else (),
        gaps(shown.age, first.warmup_ns, first.duration_ns),
        numbers.band([_older(run, buckets) for run in rows]),
        pooled.mean,
        pooled.maximum,
        tuple(
            (row.start_ns, row.end_ns)
            for row in first.modes
            if row.protection == protection and row.mode not in ORDERED
        ),
        tuple((row.cut_ns, row.back_ns) for row in first.cuts if row.protection == protection),
    )


def _panel(comparison: Compared, group: str) -> Panel | None:
    names = comparison.scenario.members(group)
    found = [
        (results, protection)
        for results in comparison.results.values()
        for protection in dict.fromkeys(row.protection for row in results[0].recovery if row.vm in names)
    ]
    ramps = [r for results, name in found for run in results for row in _of(run, name, names) for r in row.age]
    if not ramps:
        return None
    highest = max(ramp.v0_ns + ramp.slope * (ramp.t1_ns - ramp.t0_ns) for ramp in ramps)
    lowest = max(highest // NARROW, min(ramp.v0_ns for ramp in ramps) // 2)
    buckets = numbers.ladder(bucket_of(max(1, lowest)), bucket_of(highest) + 1, POINTS)
    x_ns = np.array([bucket_low(bucket) for bucket in buckets], dtype=np.float64)
    lines = tuple(_line(results, protection, names, buckets) for results, protection in found)
    return Panel(group, names[0], x_ns, lines)


def data(comparison: Compared) -> Picture | None:
    """A panel for each group that some protection covers (the first four)."""
    run = comparison.scenario.run
    made = (_panel(comparison, group) for group in comparison.scenario.groups)
    panels = tuple(panel for panel in made if panel is not None)[:GROUPS]
    return Picture(run.duration_ns, run.warmup_ns, panels, numbers.unseen(run)) if panels else None


def label(line: Line) -> str:
    """How a legend calls this line."""
    return palette.ARM_LABEL[line.arm] if line.alone else f"{palette.ARM_LABEL[line.arm]} ({line.protection})"


def _draw_time(axes: "Axes", panel: Panel, across: int, up: int) -> None:
    for index, line in enumerate(panel.lines):
        colour = palette.ARM_COLOUR[line.arm]
        for start, end in line.undefined:
            hatch = "\\\\\\" if index % 2 else "///"
            kind = {"facecolor": "none", "edgecolor": colour, "linewidth": 0, "alpha": 0.7}
            axes.axvspan(start / across, end / across, hatch=hatch, **kind)  # type: ignore[arg-type]
        axes.plot(line.age[:, 0] / across, line.age[:, 1] / up, color=colour, linestyle=line.dash)
        if len(line.exposure):
            axes.plot(line.exposure[:, 0] / across, line.exposure[:, 1] / up, color=colour, linewidth=1, linestyle=":")
        for spans, shade, low in ((line.cuts, palette.CUT_BAND, 0.0), (line.lost, palette.RESYNC_BAND, 0.03)):
            for start, end in spans:
                axes.axvspan(start / across, end / across, low, low + 0.03, color=shade, linewidth=0)
        at = np.array(line.points).reshape(-1, 2)
        axes.plot(at[:, 0] / across, at[:, 1] / up, "o", color=colour, markersize=3.2, markeredgewidth=0)


def _draw_share(axes: "Axes", panel: Panel) -> None:
    for line in panel.lines:
        colour = palette.ARM_COLOUR[line.arm]
        axes.fill_between(
            panel.x_ns / 1e6, line.older.low * 100, line.older.high * 100, color=colour, alpha=0.18, linewidth=0
        )
        axes.plot(panel.x_ns / 1e6, line.older.mean * 100, color=colour, linestyle=line.dash)
    axes.set_xscale("log")
    axes.set_ylim(0, 101)
    axes.set_ylabel("share of time [%]")
    axes.set_title("older than x, or no point yet")
    paper.latency_axis(axes.xaxis)


def _legend(picture: Picture) -> list[paper.Entry]:
    lines = {label(line): line for panel in picture.panels for line in panel.lines}
    entries = [(paper.stroke(palette.ARM_COLOUR[line.arm], line.dash), name) for name, line in lines.items()]
    found = list(lines.values())
    if any(line.cuts for line in found):
        entries.append((paper.swatch(palette.CUT_BAND), "no connection to the target"))
    if any(line.lost for line in found):
        entries.append((paper.swatch(palette.RESYNC_BAND), "out of order: no new checkpoint"))
    return [
        *entries,
        (paper.stroke(palette.GREY, marker="o"), "age; dot: a point becomes usable"),
        (paper.stroke(palette.GREY, ":", 1.2), "loss exposure"),
        (paper.swatch("#DDDDDD", hatch="////"), "no usable point: undefined"),
        *paper.unseen_entries(picture.unseen),
    ]


def draw(picture: Picture, identity: Identity) -> "Figure":
    """The figure."""
    across, unit = paper.time_scale(picture.duration_ns)
    worst = max(np.nanmax([line.worst_ns for line in panel.lines]) for panel in picture.panels)
    up, high_unit = paper.time_scale(int(worst))
    rows = len(picture.panels)
    subtitle = (
        "RPO here is recovery-point age. Over time: first replication; distribution: all of them, weighted by time"
    )
    figure = paper.sheet(0.25 + 2.15 * rows, CHART.question, subtitle, identity, _legend(picture))
    cells = figure.subplots(rows, 2, squeeze=False, sharex="col", width_ratios=[2.3, 1])
    for (over_time, share), panel in zip(cells, picture.panels, strict=True):
        paper.unseen(over_time, picture.unseen, across)
        _draw_time(over_time, panel, across, up)
        _draw_share(share, panel)
        over_time.set_title(f"{panel.vm}: recovery-point age and loss exposure")
        over_time.set_ylabel(f"age [{high_unit}]")
        over_time.set_xlim(picture.warmup_ns / across, picture.duration_ns / across)
        over_time.set_ylim(bottom=0)
    cells[-1][0].set_xlabel(f"time [{unit}]")
    cells[-1][1].set_xlabel("recovery-point age x")
    return figure


def describe(picture: Picture) -> str:
    """Mean and worst age for every group and protection."""
    parts = []
    for panel in picture.panels:
        for line in panel.lines:
            mean, worst = paper.latency_text(line.mean_ns / 1e6), paper.latency_text(line.worst_ns / 1e6)
            parts.append(f"{panel.group} with {label(line)}: mean {mean}, worst {worst}")
    return "Recovery-point age while there is a point: " + "; ".join(parts) + "."


CHART = Chart(
    name="recovery-point",
    question="RPO: how old is the newest usable recovery point?",
    how_to_read=(
        "The age grows a second each second and drops when a newer point becomes usable - to the time that point took "
        "to get there, never to zero. The dotted line is what would really be lost: the age of the oldest "
        "acknowledged write that is not in a point. Right: the share of time in which the age is above x; what is "
        "left at the far right had no point."
    ),
    absent="no VM has a recovery point in any arm",
    data=data,
    draw=draw,
    describe=describe,
)
