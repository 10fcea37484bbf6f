"""Chart: how many I/Os are slower than x, by VM group and arm, with the probe beside it.

1 - F of the guest latency on two logarithmic axes, so that one I/O in 10,000 is as easy to see as one in ten. The curve
is the mean of the replications' curves; it ends at 1 in 10,000 or where fewer than ten I/Os (all replications together)
lie beyond. The probe is the wait of a hypothetical request at the VM's door, weighted by time, not by I/O: a stun of a
second touches only as many I/Os as fit into the queue, but every moment of it counts for the probe.
"""

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from experiments.charts import numbers, palette, paper
from experiments.charts.chart import Chart, Compared, grid
from experiments.charts.paper import Identity
from experiments.group_view import GroupView
from sim.histogram import Histogram, bucket_low, bucket_of, merged

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

FLOOR = 1e-4
FEWEST = 10  # a curve ends where fewer I/Os lie beyond
POINTS = 150
TICKS = {1.0: "all", 1e-1: "1 in 10", 1e-2: "1 in 100\n(p99)", 1e-3: "1 in 1,000\n(p99.9)", 1e-4: "1 in 10,000"}
PANELS = 6


class Tail(NamedTuple):
    """One curve: x in ms, the share of I/Os (or of time) at least as slow."""

    x_ms: numbers.Floats
    share: numbers.Band


class Curve(NamedTuple):
    arm: str
    guest: Tail
    probe: Tail
    beyond_1000th_ms: float  # p99.9 of all replications together


class Panel(NamedTuple):
    group: str
    vms: int
    ios: int  # in the first arm, all replications together
    curves: tuple[Curve, ...]


def _tail(histograms: list[Histogram], fewest: int) -> Tail:
    """The mean tail of one histogram per replication, cut where fewer than `fewest` of all observations lie beyond."""
    pooled = merged(histograms)
    if pooled.maximum <= 0:
        return Tail(np.array([]), numbers.band([[]] * len(histograms)))
    lowest = bucket_of(max(1, pooled.minimum, pooled.maximum // 10**7))
    buckets = numbers.ladder(lowest, bucket_of(pooled.maximum) + 1, POINTS)
    floor = max(FLOOR / 2, fewest / pooled.count)
    keep = [index for index, share in enumerate(numbers.tail(pooled, buckets)) if share >= floor]
    buckets = [buckets[index] for index in keep]
    x_ms = np.array([bucket_low(bucket) for bucket in buckets]) / 1e6
    return Tail(x_ms, numbers.band([numbers.tail(histogram, buckets) for histogram in histograms]))


def data(comparison: Compared) -> tuple[Panel, ...] | None:
    """One panel for each VM group (the first six), one curve for each arm."""
    panels = []
    for group in comparison.scenario.groups[:PANELS]:
        curves, ios = [], 0
        for arm, results in comparison.results.items():
            views = [GroupView(result, group) for result in results]
            guest = [view.guest for view in views]
            pooled = merged(guest)
            if pooled.count:
                ios = ios or pooled.count
                tail = _tail(guest, FEWEST)
                probe = _tail([view.probe for view in views], 1)
                if len(tail.x_ms):
                    curves.append(Curve(arm, tail, probe, pooled.quantile(0.999) / 1e6))
        if curves:
            panels.append(Panel(group, len(comparison.scenario.members(group)), ios, tuple(curves)))
    return tuple(panels) or None


def _draw_panel(axes: "Axes", panel: Panel) -> None:
    for curve in panel.curves:
        colour = palette.ARM_COLOUR[curve.arm]
        x, share = curve.guest
        axes.fill_between(x, np.maximum(share.low, FLOOR / 10), share.high, color=colour, alpha=0.16, linewidth=0)
        axes.plot(x, share.mean, color=colour, linewidth=palette.ARM_WIDTH[curve.arm])
        if len(curve.probe.x_ms):
            axes.plot(curve.probe.x_ms, curve.probe.share.mean, color=colour, linestyle=(0, (3, 2)), linewidth=1.1)
    count = f"{panel.vms} VMs, " if panel.vms > 1 else ""
    axes.set_title(f"{panel.group}  ({count}{panel.ios:,} I/Os)")
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_ylim(FLOOR, 1.0)


def _left_end(panels: tuple[Panel, ...]) -> float:
    """Where the x axis begins: where a curve first leaves the top, as seen with the naked eye."""
    guests = [curve.guest for panel in panels for curve in panel.curves]
    return min(float(guest.x_ms[np.argmax(guest.share.mean < 0.95)]) for guest in guests) * 0.8


def draw(panels: tuple[Panel, ...], identity: Identity) -> "Figure":
    """The figure."""
    rows, columns = grid(len(panels), 3)
    subtitle = (
        "Share of guest I/Os at least as slow as x, and of the time a request would wait at least x at the VM's door"
    )
    arms = list(dict.fromkeys(curve.arm for panel in panels for curve in panel.curves))
    entries = paper.arm_entries(arms)
    entries += [(paper.stroke(palette.BLACK), "guest I/O"), (paper.stroke(palette.BLACK, "--", 1.1), "probe (by time)")]
    figure = paper.sheet(3.2 * rows, CHART.question, subtitle, identity, entries)
    cells = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False)
    for axes, panel in zip(cells.flat, panels, strict=False):
        _draw_panel(axes, panel)
    for axes in cells.flat[len(panels) :]:
        axes.set_visible(False)
    cells[0, 0].set_yticks(list(TICKS), list(TICKS.values()))
    cells[0, 0].set_xlim(left=_left_end(panels))
    for number, axes in enumerate(cells.flat):
        axes.minorticks_off()
        paper.latency_axis(axes.xaxis)
        if number < len(panels) <= number + columns:  # nothing is below it
            axes.tick_params(axis="x", labelbottom=True)
            axes.set_xlabel("guest latency; wait of the probe")
    return figure


def describe(panels: tuple[Panel, ...]) -> str:
    """The p99.9 of every group and arm."""
    parts = []
    for panel in panels:
        each = ", ".join(f"{palette.ARM_LABEL[c.arm]} {paper.latency_text(c.beyond_1000th_ms)}" for c in panel.curves)
        parts.append(f"{panel.group}: {each}")
    return "One guest I/O in 1,000 is at least this slow. " + "; ".join(parts) + "."


CHART = Chart(
    name="latency-tail",
    question="How many I/Os are slower than x?",
    how_to_read=(
        "Go up from a latency to a line: that share of I/Os is at least as slow. Lower and further left is better. "
        "Where a dashed line (the probe) runs far to the right of its solid one, the guest waits at moments that few "
        "I/Os witness."
    ),
    absent="no VM group completed ten guest I/Os",
    data=data,
    draw=draw,
    describe=describe,
)
