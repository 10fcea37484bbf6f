"""Chart: guest latency over time beside GAVG, with stuns, backups and resyncs marked.

Per VM group and arm: p50 and p99 of the guest I/Os delivered in each interval (mean of the replications' quantiles)
and the mean GAVG = KAVG + DAVG of the disks' commands, in samples of 5 s or more as esxtop takes them. GAVG holds no
stun, no filter and no guest queue; what a stun held back is in it only as the burst that follows. Long runs are shown
in coarser intervals (their histograms merged), so that a panel has at most 240 of them.
"""

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from experiments.charts import numbers, palette, paper
from experiments.charts.chart import Chart, Compared
from experiments.charts.paper import Identity
from experiments.group_view import GroupView
from models.result import ORDERED, IntervalRow, RunResult
from sim.histogram import merged

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

GROUPS = 5
ESXTOP_NS = 5_000_000_000
"""esxtop's default delay between two samples."""
POINTS = 2400  # of one curve, over all panels
Shared = list[tuple[int, int, float]]


class Panel(NamedTuple):
    """One group in one arm; latencies in ms, spans as (start ns, end ns, share of the replications)."""

    group: str
    arm: str
    p50: numbers.Band
    p99: numbers.Band
    gavg: numbers.Band
    stuns: Shared
    backups: Shared
    merges: Shared
    resyncs: Shared


class Picture(NamedTuple):
    groups: tuple[str, ...]
    arms: tuple[str, ...]
    duration_ns: int
    warmup_ns: int
    bin_ns: int
    sample_ns: int  # of GAVG
    unseen: tuple[numbers.Span, ...]  # outside the observe windows
    panels: tuple[Panel, ...]  # arm by arm within group by group


def _quantiles(rows: list[IntervalRow]) -> tuple[float, float]:
    """p50 and p99 of the guest latency in `rows`, ms."""
    latency = merged(row.latency for row in rows)
    return latency.quantile(0.5) / 1e6, latency.quantile(0.99) / 1e6


def _gavg(rows: list[IntervalRow]) -> float:
    """Mean GAVG of the commands in `rows`, ms; nan if there are none."""
    commands = sum(row.commands for row in rows)
    total = sum(row.commands * (row.kavg_ns + row.davg_ns) for row in rows)
    return total / commands / 1e6 if commands else float("nan")


def _bins(result: RunResult, group: str, bin_ns: int) -> list[list[IntervalRow]]:
    """The group's rows of one run, by bin."""
    names = GroupView(result, group).names
    out: list[list[IntervalRow]] = [[] for _ in range(-(-result.duration_ns // bin_ns))]
    for row in result.intervals:
        if row.vm in names:
            out[row.t_ns // bin_ns].append(row)
    return out


def _stuns(result: RunResult, group: str) -> list[numbers.Span]:
    names = GroupView(result, group).names
    return [(row.start_ns, row.start_ns + row.duration_ns) for row in result.stuns if row.vm in names]


def _resyncs(result: RunResult) -> list[numbers.Span]:
    return [(row.start_ns, row.end_ns) for row in result.modes if row.mode not in ORDERED]


def _panel(results: tuple[RunResult, ...], group: str, arm: str, bin_ns: int, sample_ns: int) -> Panel:
    binned = [_bins(result, group, bin_ns) for result in results]
    guest = [[_quantiles(rows) for rows in bins] for bins in binned]
    return Panel(
        group,
        arm,
        numbers.band([[p50 for p50, _ in run] for run in guest]),
        numbers.band([[p99 for _, p99 in run] for run in guest]),
        numbers.band([[_gavg(rows) for rows in _bins(result, group, sample_ns)] for result in results]),
        numbers.shared([_stuns(result, group) for result in results]),
        numbers.shared([numbers.job_spans(result, "backup") for result in results]),
        numbers.shared([numbers.job_spans(result, "merge") for result in results]),
        numbers.shared([_resyncs(result) for result in results]),
    )


def data(comparison: Compared) -> Picture | None:
    """A panel for each VM group (the first five) in each arm."""
    groups = comparison.scenario.groups[:GROUPS]
    arms = tuple(comparison.results)
    run = comparison.scenario.run
    intervals = -(-run.duration_ns // run.interval_ns)
    most = min(240, max(60, POINTS // (len(groups) * len(arms))))
    bin_ns = run.interval_ns * -(-intervals // most)
    sample_ns = max(bin_ns, run.interval_ns * -(-ESXTOP_NS // run.interval_ns))
    panels = [_panel(comparison.results[arm], group, arm, bin_ns, sample_ns) for group in groups for arm in arms]
    if all(np.isnan(panel.p99.mean).all() for panel in panels):
        return None
    return Picture(groups, arms, run.duration_ns, run.warmup_ns, bin_ns, sample_ns, numbers.unseen(run), tuple(panels))


def _scaled(spans: Shared, divisor: int) -> Shared:
    return [(start / divisor, end / divisor, share) for start, end, share in spans]  # type: ignore[misc]


def _draw_panel(axes: "Axes", panel: Panel, picture: Picture, divisor: int) -> None:
    middles = (np.arange(len(panel.p50.mean)) + 0.5) * picture.bin_ns / divisor
    samples = (np.arange(len(panel.gavg.mean)) + 0.5) * picture.sample_ns / divisor
    colour = palette.ARM_COLOUR[panel.arm]
    paper.unseen(axes, picture.unseen, divisor)
    paper.bands(axes, _scaled(panel.backups, divisor), palette.BACKUP_BAND, 0.16)
    paper.bands(axes, _scaled(panel.merges, divisor), palette.MERGE_BAND, 0.22)
    paper.bands(axes, _scaled(panel.resyncs, divisor), palette.RESYNC_BAND, 0.30)
    top = axes.get_xaxis_transform()
    at = [(start + end) / 2 / divisor for start, end, _ in panel.stuns]
    axes.plot(at, [0.97] * len(at), "v", color=palette.STUN_LINE, markersize=3.5, transform=top)
    low = np.maximum(panel.p99.low, panel.p50.mean / 10)
    axes.fill_between(middles, low, panel.p99.high, color=colour, alpha=0.18, linewidth=0)
    axes.plot(middles, panel.p99.mean, color=colour, linewidth=1.5)
    axes.plot(middles, panel.p50.mean, color=colour, linewidth=0.9)
    dashes: dict[str, Any] = {
        "color": palette.BLACK,
        "linewidth": 1.1,
        "linestyle": (0, (2, 1)),
        "drawstyle": "steps-mid",
    }
    axes.plot(samples, panel.gavg.mean, **dashes)


def _legend(picture: Picture) -> list[paper.Entry]:
    return [
        (paper.stroke(palette.GREY, width=1.6), "guest p99"),
        (paper.stroke(palette.GREY, width=0.9), "guest p50"),
        (paper.stroke(palette.BLACK, (0, (2, 1)), 0.9), "GAVG (esxtop)"),
        (paper.stroke(palette.BLACK, "", marker="v"), "stun"),
        (paper.swatch(palette.BACKUP_BAND, 0.25), "a backup job runs"),
        (paper.swatch(palette.MERGE_BAND, 0.4), "merge"),
        (paper.swatch(palette.RESYNC_BAND, 0.4), "replication not in order"),
        *paper.unseen_entries(picture.unseen),
    ]


def draw(picture: Picture, identity: Identity) -> "Figure":
    """The figure."""
    divisor, unit = paper.time_scale(picture.duration_ns)
    subtitle = (
        f"Guest latency in each {picture.bin_ns / 1e9:g} s beside the mean GAVG of the same disks' commands, "
        f"sampled every {picture.sample_ns / 1e9:g} s as esxtop does"
    )
    rows, columns = len(picture.groups), len(picture.arms)
    figure = paper.sheet(0.25 + 1.85 * rows, CHART.question, subtitle, identity, _legend(picture))
    cells = figure.subplots(rows, columns, sharex=True, sharey="row", squeeze=False)
    for axes, panel in zip(cells.flat, picture.panels, strict=True):
        axes.set_yscale("log")
        _draw_panel(axes, panel, picture, divisor)
        paper.warmup(axes, picture.warmup_ns / divisor)
        axes.set_title(f"{panel.group} — {palette.ARM_LABEL[panel.arm]}")
        axes.set_xlim(0, picture.duration_ns / divisor)
    for row, axes in enumerate(cells[:, 0]):
        mine = picture.panels[row * columns : (row + 1) * columns]
        axes.set_ylim(bottom=0.6 * min(np.nanmin(np.concatenate([panel.p50.mean, panel.gavg.mean])) for panel in mine))
        paper.latency_axis(axes.yaxis)
    for axes in cells[-1]:
        axes.set_xlabel(f"time [{unit}]")
    return figure


def describe(picture: Picture) -> str:
    """The highest p99 of an interval beside the highest GAVG, for every group and arm."""
    parts = []
    for panel in picture.panels:
        if np.isnan(panel.p99.mean).all() or np.isnan(panel.gavg.mean).all():
            continue
        high, seen = (paper.latency_text(float(np.nanmax(curve.mean))) for curve in (panel.p99, panel.gavg))
        parts.append(f"{panel.group} with {palette.ARM_LABEL[panel.arm]} {high}, GAVG {seen}")
    return "Worst p99 of an interval and worst sample of GAVG: " + "; ".join(parts) + "."


CHART = Chart(
    name="latency-time",
    question="Does esxtop see what the guest feels?",
    how_to_read=(
        "Where the coloured line (guest p99) jumps and the dashed black one (GAVG, what esxtop shows) does not, the "
        "time was lost above the I/O scheduler: in a stun, a filter or the guest's own queue. A small step of GAVG "
        "after a stun is the burst of what it held back. Triangles are stuns of this group; bands are paler where "
        "only some replications agree."
    ),
    absent="no interval holds a guest I/O",
    data=data,
    draw=draw,
    describe=describe,
)
