"""Chart: how much space delta disks take over time, by VM group, in the arms that take snapshots.

Space is what the delta files occupy (grains rounded up to growth steps, plus metadata); beside it the grains that they
hold, which is what the merge must copy. Both are summed over the group's disks; mean over replications. A long run is
shown by the largest value of each stretch.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from experiments.charts import numbers, palette, paper
from experiments.charts.chart import Chart, Compared
from experiments.charts.paper import Identity
from models.result import RunResult, SpaceRow
from sim.units import human_bytes

if TYPE_CHECKING:
    from matplotlib.figure import Figure

GROUPS = 5
POINTS = 400
TOP = 1.6  # of the highest mean: an interval of few replications may reach far beyond, and is cut


Stretches = tuple[int, int]
"""Length in ns, and how many."""


class Panel(NamedTuple):
    """One group in one arm: bytes in deltas at `t_ns`."""

    group: str
    arm: str
    t_ns: numbers.Floats
    stored: numbers.Band
    held: numbers.Band
    disks_bytes: int  # provisioned size of the group's disks
    snapshots: list[tuple[int, int, float]]
    merges: list[tuple[int, int, float]]

    @property
    def peak(self) -> float:
        return float(np.nanmax(self.stored.mean))


class Picture(NamedTuple):
    groups: tuple[str, ...]
    arms: tuple[str, ...]
    duration_ns: int
    panels: tuple[Panel, ...]  # arm by arm within group by group
    unseen: tuple[numbers.Span, ...]  # outside the observe windows


def _largest(result: RunResult, disks: set[str], value: Callable[[SpaceRow], int], stretches: Stretches) -> list[float]:
    """The largest sum over `disks` in each stretch."""
    stretch_ns, count = stretches
    at: dict[int, int] = {}
    for row in result.space:
        if row.disk in disks:
            at[row.t_ns] = at.get(row.t_ns, 0) + value(row)
    out = [0.0] * count
    for t, total in at.items():
        index = min(count - 1, max(0, t - 1) // stretch_ns)
        out[index] = max(out[index], float(total))
    return out


def _panel(comparison: Compared, group: str, arm: str) -> Panel:
    results = comparison.results[arm]
    first = results[0]
    mine = [disk for vm in comparison.scenario.vms if vm.group == group for disk in vm.disks]
    names = {disk.name for disk in mine}
    vms = comparison.scenario.members(group)
    grain = comparison.scenario.snapshots.delta.grain_bytes
    intervals = -(-first.duration_ns // first.interval_ns)
    stretch_ns = first.interval_ns * -(-intervals // POINTS)
    count = -(-first.duration_ns // stretch_ns)
    return Panel(
        group,
        arm,
        np.arange(1, count + 1, dtype=np.float64) * stretch_ns,
        numbers.band([_largest(run, names, lambda row: row.stored_bytes, (stretch_ns, count)) for run in results]),
        numbers.band([_largest(run, names, lambda row: row.grains * grain, (stretch_ns, count)) for run in results]),
        sum(disk.size_bytes for disk in mine),
        numbers.shared([numbers.job_spans(result, "snapshot", vms) for result in results]),
        numbers.shared([numbers.job_spans(result, "merge", vms) for result in results]),
    )


def data(comparison: Compared) -> Picture | None:
    """Panels for the groups (the first five) and arms in which a delta ever held something."""
    made = {
        (group, arm): _panel(comparison, group, arm)
        for group in comparison.scenario.groups
        for arm in comparison.results
    }
    grown = [key for key, panel in made.items() if panel.peak > 0]
    groups = tuple(dict.fromkeys(group for group, _ in grown))[:GROUPS]
    arms = tuple(arm for arm in comparison.results if any(key[1] == arm for key in grown))
    if not groups:
        return None
    panels = tuple(made[group, arm] for group in groups for arm in arms)
    run = comparison.scenario.run
    return Picture(groups, arms, run.duration_ns, panels, numbers.unseen(run))


def peak(panel: Panel) -> str:
    """The most that was in deltas, also as a share of the disks."""
    return f"{human_bytes(round(panel.peak))}, {100 * panel.peak / panel.disks_bytes:.2g} % of its disks"


def draw(picture: Picture, identity: Identity) -> "Figure":
    """The figure."""
    divisor, unit = paper.time_scale(picture.duration_ns)
    scale, size = paper.size_scale(max(panel.peak for panel in picture.panels))
    rows = len(picture.groups)
    subtitle = "All delta disks of a group together: what their files take on the datastore, and what they hold"
    entries = [(paper.stroke(palette.ARM_COLOUR[arm]), f"space, {palette.ARM_LABEL[arm]}") for arm in picture.arms]
    entries.append((paper.stroke(palette.GREY, (0, (3, 1))), "held: what the merge must copy"))
    entries.append((paper.swatch(palette.BACKUP_BAND, 0.25), "a VM of the group runs on a snapshot"))
    entries += [(paper.swatch(palette.MERGE_BAND, 0.4), "merge"), *paper.unseen_entries(picture.unseen)]
    figure = paper.sheet(0.25 + 1.9 * rows, CHART.question, subtitle, identity, entries)
    cells = figure.subplots(rows, len(picture.arms), sharex=True, sharey="row", squeeze=False)
    for axes, panel in zip(cells.flat, picture.panels, strict=True):
        colour, t = palette.ARM_COLOUR[panel.arm], panel.t_ns / divisor
        paper.unseen(axes, picture.unseen, divisor)
        for spans, shade, alpha in (
            (panel.snapshots, palette.BACKUP_BAND, 0.16),
            (panel.merges, palette.MERGE_BAND, 0.22),
        ):
            paper.bands(axes, [(a / divisor, b / divisor, share) for a, b, share in spans], shade, alpha)
        low = np.maximum(panel.stored.low, 0) / scale
        axes.fill_between(t, low, panel.stored.high / scale, color=colour, alpha=0.2, linewidth=0)
        axes.plot(t, panel.stored.mean / scale, color=colour)
        axes.plot(t, panel.held.mean / scale, color=colour, linewidth=1.1, linestyle=(0, (3, 1)))
        axes.set_title(f"{panel.group} — {palette.ARM_LABEL[panel.arm]}: peak {peak(panel)}")
        axes.set_xlim(0, picture.duration_ns / divisor)
    for row, axes in enumerate(cells[:, 0]):
        mine = picture.panels[row * len(picture.arms) : (row + 1) * len(picture.arms)]
        axes.set_ylim(0, TOP * max(panel.peak for panel in mine) / scale)
    for axes in cells[:, 0]:
        axes.set_ylabel(f"in deltas [{size}]")
    for axes in cells[-1]:
        axes.set_xlabel(f"time [{unit}]")
    return figure


def describe(picture: Picture) -> str:
    """The peak of every group and arm."""
    parts = [f"{panel.group} with {palette.ARM_LABEL[panel.arm]}: {peak(panel)}" for panel in picture.panels]
    return "Largest space in deltas: " + "; ".join(parts) + "."


CHART = Chart(
    name="deltas",
    question="How large do the deltas get?",
    how_to_read=(
        "A delta's file starts with its reserved metadata, grows in steps while the guest writes to places it has not "
        "written since the snapshot, and disappears at the end of the merge. The peak is what the datastore must have "
        "free. The dashed line is what the deltas hold: it flattens where the guest writes the same places again."
    ),
    absent="no delta disk ever held anything",
    data=data,
    draw=draw,
    describe=describe,
)
