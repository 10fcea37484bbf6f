"""Chart: where the time of an average I/O goes, and that of the slowest I/Os.

From the ledgers, which sum to the guest latency exactly. "Slowest 1 in 1,000": the histogram buckets at and above the
p99.9 bucket of each replication, averaged over their I/Os. Causes are folded for the eye: both stun holds are one,
filters are one, so are replicas, and all layers of a parent read, of metadata and of a mirrored write are one each.
"""

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from experiments.charts import palette, paper
from experiments.charts.chart import Chart, Compared
from experiments.charts.paper import Identity
from experiments.group_view import GroupView
from models.result import LedgerBin, RunResult
from sim.statistics import mean_interval

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

GROUPS = 5
FOLDED = tuple(palette.CAUSE_STYLE)
VISIBLE = 0.004  # a share of a bar below which a cause does not get into the legend


class Bar(NamedTuple):
    """One arm: mean ns by FOLDED of some of its I/Os, in ms, the interval's half-width, and how many I/Os."""

    arm: str
    causes_ms: tuple[float, ...]
    half_ms: float
    ios: int

    @property
    def total_ms(self) -> float:
        return sum(self.causes_ms)


class Panel(NamedTuple):
    group: str
    mean: tuple[Bar, ...]
    slowest: tuple[Bar, ...]


def folded(cause: str) -> str:
    """The chart's word for a ledger cause."""
    if cause.startswith("stun hold"):
        return "stun hold"
    if cause.startswith("filter "):
        return "filter"
    if cause.startswith("replica "):
        return "replica"
    command, _, layer = cause.partition(": ")
    return layer if command == "data" else command


def slowest_bins(bins: list[LedgerBin]) -> list[LedgerBin]:
    """The bins from the top that hold at least one I/O in a thousand, at least one."""
    need = max(1, sum(row.ios for row in bins) // 1000)
    out, seen = [], 0
    for row in sorted(bins, reverse=True):
        if seen >= need:
            break
        out.append(row)
        seen += row.ios
    return out


def by_cause(causes: tuple[str, ...], bins: list[LedgerBin]) -> tuple[list[float], int]:
    """Mean ms by FOLDED over the bins' I/Os, and how many they are."""
    ios = sum(row.ios for row in bins)
    total = dict.fromkeys(FOLDED, 0)
    for cause, column in zip(causes, zip(*(row.ns for row in bins), strict=True), strict=True):
        total[folded(cause)] += sum(column)
    return [ns / ios / 1e6 for ns in total.values()], ios


def _bar(arm: str, runs: list[tuple[RunResult, list[LedgerBin]]]) -> Bar:
    means = [by_cause(result.causes, bins) for result, bins in runs]
    half = mean_interval(sum(causes) for causes, _ in means).half_width
    causes = np.mean([causes for causes, _ in means], axis=0)
    return Bar(arm, tuple(float(ms) for ms in causes), half, sum(ios for _, ios in means))


def data(comparison: Compared) -> tuple[Panel, ...] | None:
    """A panel for each VM group (the first five)."""
    panels = []
    for group in comparison.scenario.groups[:GROUPS]:
        mean, slowest = [], []
        for arm, results in comparison.results.items():
            ledgers = [
                (result, [row for vm in GroupView(result, group).vms for row in vm.ledger]) for result in results
            ]
            runs = [(result, bins) for result, bins in ledgers if bins]
            if runs:
                mean.append(_bar(arm, runs))
                slowest.append(_bar(arm, [(result, slowest_bins(bins)) for result, bins in runs]))
        if mean:
            panels.append(Panel(group, tuple(mean), tuple(slowest)))
    return tuple(panels) or None


def _draw_bars(axes: "Axes", bars: tuple[Bar, ...]) -> None:
    places = range(len(bars))
    left = np.zeros(len(bars))
    for index, (colour, hatch) in enumerate(palette.CAUSE_STYLE.values()):
        widths = np.array([bar.causes_ms[index] for bar in bars])
        if widths.any():
            axes.barh(
                places,
                widths,
                left=left,
                height=0.68,
                color=colour,
                hatch=hatch or None,
                edgecolor="#8A7F00",
                linewidth=0,
            )
        left += widths
    for at, bar in enumerate(bars):
        if not np.isnan(bar.half_ms):
            axes.errorbar(bar.total_ms, at, xerr=bar.half_ms, color=palette.BLACK, capsize=2.5, linewidth=1)
        end = bar.total_ms + (0.0 if np.isnan(bar.half_ms) else bar.half_ms)
        text = f"  {paper.with_half(bar.total_ms, bar.half_ms)}"
        axes.annotate(text, (end, at), va="center", size=8.5, color="#333333")
    axes.set_yticks(places, [palette.ARM_LABEL[bar.arm] for bar in bars])
    axes.set_ylim(len(bars) - 0.5, -0.5)
    axes.set_xlim(0, max(bar.total_ms + np.nan_to_num(bar.half_ms) for bar in bars) * 1.3)
    axes.grid(axis="y", visible=False)


def _used(panels: tuple[Panel, ...]) -> list[str]:
    """The causes that can be seen in some bar."""
    bars = [bar for panel in panels for bar in (*panel.mean, *panel.slowest)]
    return [
        name
        for index, name in enumerate(FOLDED)
        if any(bar.causes_ms[index] > VISIBLE * bar.total_ms for bar in bars)
    ]  # fmt: skip


def draw(panels: tuple[Panel, ...], identity: Identity) -> "Figure":
    """The figure."""
    subtitle = "Guest latency by cause, from the ledger of every I/O; each panel has its own scale"
    entries = [(paper.swatch(*_swatch(name)), name) for name in _used(panels)]
    height = 0.35 + sum(0.85 + 0.3 * len(panel.mean) for panel in panels)
    figure = paper.sheet(height, CHART.question, subtitle, identity, entries)
    cells = figure.subplots(len(panels), 2, squeeze=False, height_ratios=[1 + len(panel.mean) for panel in panels])
    for (mean, slowest), panel in zip(cells, panels, strict=True):
        _draw_bars(mean, panel.mean)
        _draw_bars(slowest, panel.slowest)
        slowest.set_yticklabels([])
        mean.set_title(f"{panel.group}: the mean I/O")
        slowest.set_title(f"{panel.group}: the slowest 1 in 1,000")
    for axes in cells[-1]:
        axes.set_xlabel("guest latency [ms]")
    return figure


def _swatch(name: str) -> tuple[str, float, str]:
    colour, hatch = palette.CAUSE_STYLE[name]
    return colour, 1.0, hatch


def largest(bar: Bar) -> str:
    """The cause that takes most of a bar, with its share."""
    index = int(np.argmax(bar.causes_ms))
    return f"{FOLDED[index]} {bar.causes_ms[index] / bar.total_ms:.0%}"


def describe(panels: tuple[Panel, ...]) -> str:
    """Total and largest cause of every bar."""
    parts = []
    for panel in panels:
        for mean, slow in zip(panel.mean, panel.slowest, strict=True):
            parts.append(
                f"{panel.group} with {palette.ARM_LABEL[mean.arm]}: mean {paper.latency_text(mean.total_ms)} (most: "
                f"{largest(mean)}), slowest 1 in 1,000 {paper.latency_text(slow.total_ms)} (most: {largest(slow)})"
            )
    return "; ".join(parts) + "."


CHART = Chart(
    name="ledger",
    question="Where does the time go?",
    how_to_read=(
        "Each bar is a latency, cut into what the I/O was waiting for. The mean I/O and the slowest ones are often "
        "slow for different reasons: compare left and right, then compare the arms."
    ),
    absent="no guest I/O was completed",
    data=data,
    draw=draw,
    describe=describe,
)
