"""Chart: the p99 of VMs that nothing protects, while others are being backed up and merged.

All arms are looked at in the same seconds: those of the jobs in the first arm that takes backups, replication by
replication (the guest I/O is the same, so the other arms are the control). An interval counts as "merge" if some job
merges in at least half of it, else as "backup read" if some job reads in at least half of it, and as "quiet" if no job
touches it at all; the rest (stun, commit, mixed) is left out.
"""

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from experiments.charts import numbers, palette, paper
from experiments.charts.chart import Chart, Compared, grid
from experiments.charts.paper import Identity
from experiments.group_view import GroupView
from models.result import RunResult
from sim.histogram import merged
from sim.statistics import Interval, mean_interval

if TYPE_CHECKING:
    from matplotlib.figure import Figure

GROUPS = 6
PHASES = ("quiet", "backup read", "merge")


class Dot(NamedTuple):
    arm: str
    p99_ms: tuple[Interval, ...]  # by PHASES


class Panel(NamedTuple):
    group: str
    dots: tuple[Dot, ...]
    ios: tuple[int, ...]  # by PHASES, first arm, all replications


def phases(result: RunResult) -> dict[int, str]:
    """Interval start -> its phase, for the intervals that have one."""
    spans = {phase: numbers.united(numbers.job_spans(result, phase)) for phase in ("backup", "read", "merge")}
    out = {}
    for t in range(result.warmup_ns, result.duration_ns, result.interval_ns):
        t -= t % result.interval_ns
        end = t + result.interval_ns
        inside = {name: numbers.covered(list_, t, end) for name, list_ in spans.items()}
        if 2 * inside["merge"] >= result.interval_ns:
            out[t] = "merge"
        elif 2 * inside["read"] >= result.interval_ns:
            out[t] = "backup read"
        elif not inside["backup"]:
            out[t] = "quiet"
    return out


def _p99(result: RunResult, group: str, when: dict[int, str], phase: str) -> tuple[float, int]:
    """p99 in ms of the group's I/Os delivered in this phase of one run, and their number."""
    names = GroupView(result, group).names
    latency = merged(row.latency for row in result.intervals if row.vm in names and when.get(row.t_ns) == phase)
    return latency.quantile(0.99) / 1e6, latency.count


def data(comparison: Compared) -> tuple[Panel, ...] | None:
    """A panel for each group (the first six) that no protection covers in any arm."""
    backed_up = next((runs for runs in comparison.results.values() if any(run.jobs for run in runs)), None)
    covered = {vm.group for runs in comparison.results.values() for vm in runs[0].vms if vm.protected_by}
    free = [group for group in comparison.scenario.groups if group not in covered]
    if backed_up is None or not free:
        return None
    when = [phases(run) for run in backed_up]
    panels = []
    for group in free[:GROUPS]:
        dots, ios = [], [0] * len(PHASES)
        for arm, runs in comparison.results.items():
            found = [[_p99(run, group, w, phase) for run, w in zip(runs, when, strict=True)] for phase in PHASES]
            dots.append(Dot(arm, tuple(mean_interval(p99 for p99, _ in phase) for phase in found)))
            ios = ios if any(ios) else [sum(count for _, count in phase) for phase in found]
        panels.append(Panel(group, tuple(dots), tuple(ios)))
    return tuple(panels)


def draw(panels: tuple[Panel, ...], identity: Identity) -> "Figure":
    """The figure."""
    rows, columns = grid(len(panels), 3)
    subtitle = "p99 of the guest I/O of VMs that nothing protects, in the same seconds of every arm"
    arms = [dot.arm for dot in panels[0].dots]
    entries = [(paper.stroke(palette.ARM_COLOUR[arm], "", marker="o"), palette.ARM_LABEL[arm]) for arm in arms]
    figure = paper.sheet(2.9 * rows, CHART.question, subtitle, identity, entries)
    cells = figure.subplots(rows, columns, squeeze=False, sharey=True)
    for axes, panel in zip(cells.flat, panels, strict=False):
        for index, dot in enumerate(panel.dots):
            at = np.arange(len(PHASES)) + (index - (len(panel.dots) - 1) / 2) * 0.24
            means = np.array([interval.mean for interval in dot.p99_ms])
            half = np.nan_to_num([interval.half_width for interval in dot.p99_ms])
            axes.errorbar(at, means, yerr=half, fmt="o", color=palette.ARM_COLOUR[dot.arm], capsize=4, markersize=7)
            for x, y, up in zip(at, means, half, strict=True):
                if not np.isnan(y):
                    axes.annotate(
                        f"{y:.3g}", (x, y + up), xytext=(0, 3), textcoords="offset points", ha="center", size=8
                    )
        names = [f"{phase}\n({ios:,} I/Os)" for phase, ios in zip(PHASES, panel.ios, strict=True)]
        axes.set_xticks(range(len(PHASES)), names)
        axes.set_title(panel.group)
        axes.set_ylim(0, axes.get_ylim()[1] * 1.1)
        axes.set_xlim(-0.5, len(PHASES) - 0.5)
        axes.grid(axis="x", visible=False)
    for axes in cells.flat[len(panels) :]:
        axes.set_visible(False)
    for axes in cells[:, 0]:
        axes.set_ylabel("p99 of guest latency [ms]")
    return figure


def describe(panels: tuple[Panel, ...]) -> str:
    """p99 by phase for every group and arm."""
    parts = []
    for panel in panels:
        for dot in panel.dots:
            each = ", ".join(
                f"{phase} {paper.latency_text(i.mean)}" for phase, i in zip(PHASES, dot.p99_ms, strict=True)
            )
            parts.append(f"{panel.group} with {palette.ARM_LABEL[dot.arm]}: {each}")
    return "p99 of unprotected VMs: " + "; ".join(parts) + "."


CHART = Chart(
    name="neighbours",
    question="What does the merge do to the neighbours?",
    how_to_read=(
        "All arms are compared in the same seconds - those in which the backed-up arm is quiet, reads a backup, or "
        "merges. The unprotected arm is the control: what rises above it is the price that bystanders on the same "
        "datastore pay."
    ),
    absent="no backup ran, or every VM group is protected",
    data=data,
    draw=draw,
    describe=describe,
)
