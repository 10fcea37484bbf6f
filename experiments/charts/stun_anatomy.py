"""Chart: what stuns are made of - the mean phases by arm, VM group and reason.

Stuns during the warm-up, and those that failed and rolled back, are left out (the stuns table has them). Whiskers: 95
% Student t over the replications' mean durations; the tick beyond the bar is the longest single stun.
"""

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from experiments.charts import palette, paper
from experiments.charts.chart import Chart, Compared
from experiments.charts.paper import Identity
from models.result import RunResult, StunRow
from sim.statistics import mean_interval

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

PHASES = tuple(palette.PHASE_COLOUR)
LAST = PHASES[-1]  # only helper rounds and memory snapshots have it
BARS = 24


class Bar(NamedTuple):
    """The stuns of one VM group for one reason in one arm; times in ms."""

    arm: str
    group: str
    reason: str
    stuns: int  # over all replications
    phases_ms: tuple[float, ...]  # means, by PHASES
    half_ms: float  # half-width of the interval of the whole
    longest_ms: float

    @property
    def total_ms(self) -> float:
        return sum(self.phases_ms)


def _phase_ns(row: StunRow) -> tuple[int, ...]:
    return (row.stop_ns, row.drain_ns, row.close_ns, row.create_ns, row.open_ns, row.resume_ns, row.work_ns)


def _after_warmup(result: RunResult) -> list[StunRow]:
    return [row for row in result.stuns if row.start_ns >= result.warmup_ns and row.outcome == "ok"]


def data(comparison: Compared) -> tuple[Bar, ...] | None:
    """One bar for each arm, VM group and reason that had stuns, at most 24."""
    groups = {vm.vm: vm.group for results in comparison.results.values() for result in results for vm in result.vms}
    bars = []
    for arm, results in comparison.results.items():
        kinds = dict.fromkeys((groups[row.vm], row.reason) for result in results for row in _after_warmup(result))
        for group, reason in sorted(kinds, key=lambda kind: comparison.scenario.groups.index(kind[0])):
            runs = [
                [row for row in _after_warmup(result) if (groups[row.vm], row.reason) == (group, reason)]
                for result in results
            ]
            rows = [row for run in runs for row in run]
            if rows:
                phases = tuple(sum(ns) / len(rows) / 1e6 for ns in zip(*map(_phase_ns, rows), strict=True))
                whole = mean_interval(sum(r.duration_ns for r in run) / len(run) / 1e6 for run in runs if run)
                longest = max(row.duration_ns for row in rows) / 1e6
                bars.append(Bar(arm, group, reason, len(rows), phases, whole.half_width, longest))
    return tuple(bars[:BARS]) or None


def _reach(bar: Bar) -> float:
    """Where the bar ends with all that is beside it; a whisker beyond half as much again as the longest stun is cut."""
    whisker = bar.total_ms + (0.0 if np.isnan(bar.half_ms) else bar.half_ms)
    return max(bar.longest_ms, min(whisker, 1.5 * bar.longest_ms))


def _label(axes: "Axes", at: int, bar: Bar) -> None:
    """Total, interval and longest stun beside the bar."""
    axes.annotate(
        f"  {paper.with_half(bar.total_ms, bar.half_ms)}",
        (_reach(bar), at),
        va="center",
        size=8.5,
        color="#333333",
    )


def draw(bars: tuple[Bar, ...], identity: Identity) -> "Figure":
    """The figure."""
    subtitle = "Mean stun by phase: vCPUs stopped until they run again"
    seen = [phase for index, phase in enumerate(PHASES) if phase != LAST or any(bar.phases_ms[index] for bar in bars)]
    entries = [(paper.swatch(palette.PHASE_COLOUR[phase]), phase) for phase in seen]
    entries.append((paper.stroke(palette.VERMILLION, "", marker="|"), "longest single stun"))
    figure = paper.sheet(0.6 + 0.36 * len(bars), CHART.question, subtitle, identity, entries)
    axes = figure.subplots()
    places = range(len(bars))
    left = np.zeros(len(bars))
    for index, phase in enumerate(PHASES):
        widths = np.array([bar.phases_ms[index] for bar in bars])
        axes.barh(places, widths, left=left, color=palette.PHASE_COLOUR[phase], height=0.66)
        left += widths
    known = [(at, bar) for at, bar in enumerate(bars) if not np.isnan(bar.half_ms)]
    for at, bar in known:
        most = _reach(bar) - bar.total_ms  # the label stands there
        half = [[min(bar.half_ms, bar.total_ms)], [min(bar.half_ms, most)]]
        axes.errorbar(bar.total_ms, at, xerr=half, color=palette.BLACK, capsize=3, linewidth=1)
    axes.plot(
        [bar.longest_ms for bar in bars], places, "|", color=palette.VERMILLION, markersize=11, markeredgewidth=1.6
    )
    for at, bar in enumerate(bars):
        _label(axes, at, bar)
    several = len({bar.arm for bar in bars}) > 1
    names = [f"{palette.ARM_LABEL[b.arm]}: " * several + f"{b.group}, {b.reason}  (n = {b.stuns})" for b in bars]
    axes.set_yticks(places, names)
    axes.invert_yaxis()
    axes.set_xlim(0, max(_reach(bar) for bar in bars) * 1.22)
    axes.set_xlabel("duration [ms]")
    axes.grid(axis="y", visible=False)
    return figure


def describe(bars: tuple[Bar, ...]) -> str:
    """Total and largest phase of every bar."""
    parts = []
    for bar in bars:
        largest = int(np.argmax(bar.phases_ms))
        parts.append(
            f"{palette.ARM_LABEL[bar.arm]}, {bar.group}, {bar.reason}: {paper.latency_text(bar.total_ms)} in the mean "
            f"of {bar.stuns}, most of it {PHASES[largest]} ({paper.latency_text(bar.phases_ms[largest])})"
        )
    return "; ".join(parts) + "."


CHART = Chart(
    name="stun-anatomy",
    question="What is a stun made of?",
    how_to_read=(
        "Each bar is a kind of stun, split into its phases in the order they happen. Close, create and open grow with "
        "the number of disks and with the latency of metadata I/O; drain grows with the I/O in flight; stop and "
        "resume do not move."
    ),
    absent="no VM was stunned",
    data=data,
    draw=draw,
    describe=describe,
)
