"""Chart: who is stunned when - one lane for each VM with every stun in it, and below how many are stunned at once.

Shows the first replication of the first arm with stuns. A stun is drawn to scale where it is wide enough to be seen and
as a tick where it is not; behind it, pale, the time from a backup's cut to the end of its merge. The count below takes
all VMs, the lanes the first 40 that were stunned, in the order of the scenario. Left out: the phases of a stun (see
`stun_anatomy`).
"""

from typing import TYPE_CHECKING, NamedTuple

from experiments.charts import numbers, palette, paper
from experiments.charts.chart import Chart, Compared
from experiments.charts.paper import Identity
from models.result import RunResult, StunRow
from sim.units import human_time

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

LANES = 40
VISIBLE = 1 / 400  # of the time axis: a stun below this is a tick
REASONS = ("snapshot create", "mirror insert", "mirror switch")
COLOURS = (palette.BLACK, palette.ORANGE, palette.VERMILLION)
OTHER = palette.PURPLE


class Lane(NamedTuple):
    """One VM's stuns and the times between its cuts and merges' ends; ns."""

    vm: str
    stuns: tuple[tuple[str, int, int], ...]  # reason, start, duration
    snapshots: tuple[numbers.Span, ...]


class Storm(NamedTuple):
    """What is drawn: of one run."""

    arm: str
    lanes: tuple[Lane, ...]
    hidden: int  # VMs that were stunned and have no lane
    steps: tuple[tuple[int, int], ...]  # (ns, how many are stunned from then on)
    duration_ns: int


def counted(stuns: list[StunRow]) -> tuple[tuple[int, int], ...]:
    """(time, how many are stunned from then on), from 0 on; one that ends as another begins is not counted with it."""
    change: dict[int, int] = {0: 0}
    for row in stuns:
        change[row.start_ns] = change.get(row.start_ns, 0) + 1
        end = row.start_ns + row.duration_ns
        change[end] = change.get(end, 0) - 1
    out, now = [], 0
    for time in sorted(change):
        now += change[time]
        out.append((time, now))
    return tuple(out)


def data(comparison: Compared) -> Storm | None:
    """The stuns of the first run that has any."""
    for arm, results in comparison.results.items():
        run = results[0]
        if run.stuns:
            stunned = [vm.vm for vm in run.vms if any(row.vm == vm.vm for row in run.stuns)]
            lanes = tuple(_lane(run, vm) for vm in stunned[:LANES])
            return Storm(arm, lanes, max(0, len(stunned) - LANES), counted(list(run.stuns)), run.duration_ns)
    return None


def _lane(run: RunResult, vm: str) -> Lane:
    stuns = tuple((row.reason, row.start_ns, row.duration_ns) for row in run.stuns if row.vm == vm)
    return Lane(vm, stuns, tuple(numbers.united(numbers.job_spans(run, "snapshot", {vm}))))


def colour(reason: str) -> str:
    """The colour of a kind of stun."""
    return COLOURS[REASONS.index(reason)] if reason in REASONS else OTHER


def _draw_lanes(axes: "Axes", storm: Storm, divisor: int) -> None:
    least = storm.duration_ns * VISIBLE
    for index, lane in enumerate(storm.lanes):
        spans = [(start / divisor, (end - start) / divisor) for start, end in lane.snapshots]
        axes.broken_barh(spans, (index + 0.3, 0.4), facecolors=palette.YELLOW, alpha=0.45, linewidth=0)
        for reason, start, duration in lane.stuns:
            if duration >= least:
                at = (index + 0.08, 0.84)
                axes.broken_barh([(start / divisor, duration / divisor)], at, facecolors=colour(reason), linewidth=0)
            else:
                axes.vlines(start / divisor, index + 0.08, index + 0.92, color=colour(reason), linewidth=1.3)
        longest = max(duration for _, _, duration in lane.stuns)
        text = f"{len(lane.stuns)}, longest {human_time(longest)}"
        axes.annotate(text, (1.005, index + 0.5), xycoords=axes.get_yaxis_transform(), va="center", size=7.5,
                      color="#444444", annotation_clip=False)  # fmt: skip
    axes.set_yticks([index + 0.5 for index in range(len(storm.lanes))], [lane.vm for lane in storm.lanes])
    axes.set_ylim(len(storm.lanes), 0)
    axes.grid(axis="y", visible=False)
    axes.set_title("each VM's stuns")


def _draw_count(axes: "Axes", storm: Storm, divisor: int) -> None:
    from matplotlib.ticker import MaxNLocator

    times = [time / divisor for time, _ in storm.steps] + [storm.duration_ns / divisor]
    axes.stairs([count for _, count in storm.steps], times, fill=True, color=palette.GREY)
    for time, count in storm.steps:  # what is too short to be seen is drawn as a line of its height
        if count:
            axes.vlines(time / divisor, 0, count, color=palette.GREY, linewidth=1)
    axes.set_ylim(0, 1.15 * most(storm))
    axes.yaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set_ylabel("VMs")
    axes.set_title("stunned at once")


def most(storm: Storm) -> int:
    """The most VMs that are stunned at once."""
    return max(count for _, count in storm.steps)


def draw(storm: Storm, identity: Identity) -> "Figure":
    """The figure."""
    divisor, unit = paper.time_scale(storm.duration_ns)
    subtitle = f"The first replication, in the arm {palette.ARM_LABEL[storm.arm]}"
    subtitle += f"; {storm.hidden} more VMs were stunned and have no lane" if storm.hidden else ""
    seen = {reason for lane in storm.lanes for reason, _, _ in lane.stuns}
    entries: list[paper.Entry] = [(paper.swatch(colour(one)), f"stun: {one}") for one in REASONS if one in seen]
    if seen - set(REASONS):
        entries.append((paper.swatch(OTHER), "stun: other"))
    entries.append((paper.swatch(palette.YELLOW, 0.45), "on a delta: cut to end of merge"))
    heights = [0.5 + 0.24 * len(storm.lanes), 1.2]
    figure = paper.sheet(sum(heights) + 0.5, CHART.question, subtitle, identity, entries)
    lanes, count = figure.subplots(2, 1, sharex=True, height_ratios=heights)
    _draw_lanes(lanes, storm, divisor)
    _draw_count(count, storm, divisor)
    count.set_xlabel(f"time [{unit}]")
    count.set_xlim(0, storm.duration_ns / divisor)
    return figure


def describe(storm: Storm) -> str:
    """How many stuns, the longest, and how many VMs at once."""
    stuns = [(duration, reason, lane.vm) for lane in storm.lanes for reason, _, duration in lane.stuns]
    duration, reason, vm = max(stuns)
    together = sum(
        end - start for (start, count), (end, _) in zip(storm.steps, storm.steps[1:], strict=False) if count > 1
    )
    return (
        f"{len(stuns)} stuns of {len(storm.lanes)} VMs; the longest {human_time(duration)} ({vm}, {reason}); at most "
        f"{most(storm)} VMs stunned at once, two or more for {human_time(together)} in all."
    )


CHART = Chart(
    name="stun-storm",
    question="Who is stunned when, in a night of backups?",
    how_to_read=(
        "A tick is a stun too short to be seen at this scale, a bar one drawn to scale; the right margin counts them. "
        "A backup stuns a VM when it cuts, and twice when it merges; in between the VM writes into a delta (pale). "
        "Below: a storm is where many VMs stand still at once, because a job cuts or merges them together."
    ),
    absent="no VM was stunned",
    data=data,
    draw=draw,
    describe=describe,
)
