"""Chart: from the bytes a guest writes to the bytes a backup reads - small changes, large reads.

Mean of the successful incremental jobs after the warm-up, by VM group, in the first arm that takes backups. Whiskers:
95 % Student t over the replications' means.
"""

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from experiments.charts import palette, paper
from experiments.charts.chart import Chart, Compared, grid
from experiments.charts.paper import Identity
from models.result import JobRow
from sim.statistics import mean_interval
from sim.units import human_bytes

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

GROUPS = 6
MEASURES = tuple(palette.MEASURE_COLOUR)
MOST = 0.5  # of a bar that its whisker may reach beyond it; more is cut, so that the figure beside it can be read


class Panel(NamedTuple):
    """One VM group: mean bytes of one VM's incremental job by MEASURES, with the intervals' half-widths."""

    arm: str
    group: str
    jobs: int
    bytes: tuple[float, ...]
    half: tuple[float, ...]

    def factor(self, index: int) -> float:
        """This measure as a multiple of what the guest wrote."""
        return self.bytes[index] / self.bytes[0] if self.bytes[0] else float("nan")


def _measures(job: JobRow) -> tuple[int, ...]:
    return (job.written_bytes, job.unique_bytes, job.cbt_bytes, job.read_bytes, job.stored_bytes)


def data(comparison: Compared) -> tuple[Panel, ...] | None:
    """A panel for each group (the first six) with a successful incremental job."""
    panels = []
    groups = {vm.name: vm.group for vm in comparison.scenario.vms}
    arm = next((arm for arm, results in comparison.results.items() if any(result.jobs for result in results)), "")
    for group in comparison.scenario.groups if arm else ():
        runs = [
            [
                job
                for job in result.jobs
                if (groups[job.vm], job.kind, job.outcome) == (group, "incremental", "ok")
                and job.scheduled_ns >= result.warmup_ns
            ]
            for result in comparison.results[arm]
        ]
        kept = [run for run in runs if run]
        if kept:
            means = [np.mean([_measures(job) for job in run], axis=0) for run in kept]
            intervals = [mean_interval(float(mean[index]) for mean in means) for index in range(len(MEASURES))]
            panels.append(
                Panel(
                    arm,
                    group,
                    sum(map(len, kept)),
                    tuple(i.mean for i in intervals),
                    tuple(i.half_width for i in intervals),
                )
            )
    return tuple(panels[:GROUPS]) or None


def _draw_panel(axes: "Axes", panel: Panel) -> None:
    scale, unit = paper.size_scale(max(panel.bytes))
    for at, (name, colour) in enumerate(palette.MEASURE_COLOUR.items()):
        value, half = panel.bytes[at] / scale, panel.half[at] / scale
        axes.barh(at, value, color=colour, height=0.52)
        if not np.isnan(half):
            span = [[min(half, value)], [min(half, MOST * value)]]
            axes.errorbar(value, at, xerr=span, color=palette.BLACK, capsize=2.5, linewidth=1)
        times = f"   × {panel.factor(at):.3g}" if at and panel.bytes[0] else ""
        end = value + min(0.0 if np.isnan(half) else half, MOST * value)
        axes.annotate(f"  {human_bytes(round(panel.bytes[at]))}{times}", (end, at), va="center", size=8.5)
        axes.annotate(
            name, (0, at - 0.4), xytext=(2, 0), textcoords="offset points", size=8, color="#444444", va="center"
        )
    axes.set_ylim(len(MEASURES) - 0.5, -0.75)
    axes.set_yticks([])
    axes.set_xlim(0, max(panel.bytes) / scale * (1.35 + MOST))
    axes.set_xlabel(f"bytes of one VM's job [{unit}]")
    axes.set_title(f"{panel.group}  (n = {panel.jobs} jobs)")
    axes.grid(axis="y", visible=False)


def draw(panels: tuple[Panel, ...], identity: Identity) -> "Figure":
    """The figure."""
    rows, columns = grid(len(panels), 3)
    arm = palette.ARM_LABEL[panels[0].arm]
    subtitle = (
        f"Mean incremental job in the arm {arm}; × is the multiple of what the guest wrote; own scale in each panel"
    )
    figure = paper.sheet(2.9 * rows, CHART.question, subtitle, identity)
    cells = figure.subplots(rows, columns, squeeze=False)
    for axes, panel in zip(cells.flat, panels, strict=False):
        _draw_panel(axes, panel)
    for axes in cells.flat[len(panels) :]:
        axes.set_visible(False)
    return figure


def describe(panels: tuple[Panel, ...]) -> str:
    """Every measure of every group."""
    parts = []
    for panel in panels:
        each = [f"{name} {human_bytes(round(size))}" for name, size in zip(MEASURES, panel.bytes, strict=True)]
        parts.append(f"{panel.group}: " + ", ".join(each))
    return "Mean incremental job. " + "; ".join(parts) + "."


CHART = Chart(
    name="changes",
    question="Small changes, large reads: what does a backup move?",
    how_to_read=(
        "From top to bottom, the same changes at ever coarser granularity: what the guest wrote, the distinct 4 KiB "
        "of it, the changed blocks that tracking reports, the whole blocks the tool reads, and what is left after "
        "reduction."
    ),
    absent="no incremental backup job succeeded",
    data=data,
    draw=draw,
    describe=describe,
)
