"""Chart: whose turn it is in a night of backups - one lane for each VM, and what the jobs carry and heed meanwhile.

Shows the first replication of the first arm with backups. A lane's bars are the phases of the VM's backups; a cross
marks a backup that did not succeed, at its end or where it should have begun. Below are the bytes that each job moves
a second and, where latency is controlled, what was measured at the datastores. Left out: VMs beyond the first 40.
"""

from typing import TYPE_CHECKING, NamedTuple

from experiments.charts import numbers, palette, paper
from experiments.charts.chart import Chart, Compared
from experiments.charts.paper import Identity
from experiments.metrics import TRANSPORTS
from models.jobs import Control
from models.result import ControlRow, JobRow, RunResult

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

LANES = 40
STROKES: tuple[paper.Stroke, ...] = ("-", "--", ":", (0, (6, 1, 1, 1)))
PHASES = tuple(palette.NIGHT_COLOUR)
Bar = tuple[str, int, int]
"""(phase, begin, end) in ns."""


class Lane(NamedTuple):
    """One VM's night."""

    vm: str
    job: str
    bars: tuple[Bar, ...]
    crosses: tuple[int, ...]  # ns: where a backup failed or was left out


class Night(NamedTuple):
    """What is drawn: of one run."""

    arm: str
    lanes: tuple[Lane, ...]
    rates: dict[str, list[float]]  # by job: bytes/s in each interval
    control: tuple[ControlRow, ...]
    thresholds: Control
    interval_ns: int
    duration_ns: int
    unseen: tuple[numbers.Span, ...]  # outside the observe windows


def bars(row: JobRow, end_ns: int) -> list[Bar]:
    """The phases of one VM's backup, those under way until the run's end `end_ns` included."""
    times = (row.scheduled_ns, row.start_ns, row.read_start_ns, row.read_end_ns, row.merge_start_ns, row.merge_end_ns)
    if row.start_ns < 0:
        return []
    found, last = [], end_ns if row.end_ns < 0 else row.end_ns
    for phase, begin, end in zip(PHASES, times, times[1:], strict=False):
        if begin >= 0 and begin < (end if end >= 0 else last):
            found.append((phase, begin, end if end >= 0 else last))
    return found


def _lane(vm: str, rows: list[JobRow], end_ns: int) -> Lane:
    drawn = [bar for row in rows for bar in bars(row, end_ns)]
    failed = [row for row in rows if not row.outcome.startswith(("ok", "unfinished"))]
    crosses = [row.end_ns if row.end_ns >= 0 else row.scheduled_ns for row in failed]
    return Lane(vm, rows[0].job, tuple(drawn), tuple(crosses))


def _rates(result: RunResult, job: str) -> list[float]:
    links = tuple(f"{job}{kind}" for kind in TRANSPORTS)
    return [row.bytes * 1e9 / result.interval_ns for row in result.flows if row.link in links]


def data(comparison: Compared) -> Night | None:
    """The night of the first run with backups."""
    for arm, results in comparison.results.items():
        first = results[0]
        if first.jobs:
            by_vm: dict[str, list[JobRow]] = {}
            for row in first.jobs:
                by_vm.setdefault(row.vm, []).append(row)
            order = [vm for job in comparison.scenario.vadp for vm in job.vms if vm in by_vm]
            lanes = tuple(_lane(vm, by_vm[vm], first.duration_ns) for vm in order[:LANES])
            rates = {job.name: _rates(first, job.name) for job in comparison.scenario.vadp}
            control = comparison.scenario.control
            unseen = numbers.unseen(comparison.scenario.run)
            return Night(arm, lanes, rates, first.control, control, first.interval_ns, first.duration_ns, unseen)
    return None


def _draw_lanes(axes: "Axes", night: Night, divisor: int) -> None:
    for index, lane in enumerate(night.lanes):
        spans = [(begin / divisor, (end - begin) / divisor) for _, begin, end in lane.bars]
        colours = [palette.NIGHT_COLOUR[phase] for phase, _, _ in lane.bars]
        axes.broken_barh(spans, (index + 0.12, 0.76), facecolors=colours, linewidth=0)
        crosses = [time / divisor for time in lane.crosses]
        axes.plot(crosses, [index + 0.5] * len(crosses), "x", color=palette.BLACK, markersize=6, markeredgewidth=1.8)
    several = len(night.rates) > 1
    names = [f"{lane.job}: {lane.vm}" if several else lane.vm for lane in night.lanes]
    axes.set_yticks([index + 0.5 for index in range(len(names))], names)
    axes.set_ylim(len(names), 0)
    axes.grid(axis="y", visible=False)
    axes.set_title("one lane for each VM")


def _draw_rates(axes: "Axes", night: Night, divisor: int) -> None:
    scale, unit = paper.rate_scale(max((max(rates, default=0) for rates in night.rates.values()), default=1))
    for number, rates in enumerate(night.rates.values()):
        times = [index * night.interval_ns / divisor for index in range(len(rates) + 1)]
        values = [rate / scale for rate in rates]
        axes.stairs(values, times, color=palette.ARM_COLOUR[night.arm], linestyle=STROKES[number % len(STROKES)])
    axes.set_ylim(bottom=0)
    axes.set_ylabel(f"carried [{unit}]")
    axes.set_title("what each job moves to its proxy or over NBD")


def _draw_control(axes: "Axes", night: Night, divisor: int) -> None:
    for number, name in enumerate(dict.fromkeys(row.datastore for row in night.control)):
        rows = [row for row in night.control if row.datastore == name]
        stroke = STROKES[number % len(STROKES)]
        axes.plot([row.t_ns / divisor for row in rows], [row.latency_ns / 1e6 for row in rows],
                  color=palette.GREY, linestyle=stroke, label=name)  # fmt: skip
        step = night.thresholds.poll_ns / divisor
        spans = [(row.t_ns / divisor, row.t_ns / divisor + step, 1.0) for row in rows if row.stopped]
        paper.bands(axes, spans, palette.YELLOW, 0.5)
    levels = ((night.thresholds.stop_latency_ns, "no new task"), (night.thresholds.throttle_latency_ns, "throttled"))
    for level, text in levels:
        if level:
            axes.axhline(level / 1e6, color=palette.BLACK, linewidth=0.9, linestyle=(0, (4, 2)))
            axes.annotate(text, (0.995, level / 1e6), xycoords=axes.get_yaxis_transform(), ha="right", va="bottom",
                          size=8, color="#333333")  # fmt: skip
    axes.set_ylim(0, axes.get_ylim()[1] * 1.15)
    axes.set_ylabel("DAVG [ms]")
    axes.set_title("measured by latency control; shaded: no new task")


def draw(night: Night, identity: Identity) -> "Figure":
    """The figure."""
    divisor, unit = paper.time_scale(night.duration_ns)
    subtitle = f"The first replication, in the arm {palette.ARM_LABEL[night.arm]}"
    entries: list[paper.Entry] = [(paper.swatch(colour), phase) for phase, colour in palette.NIGHT_COLOUR.items()]
    entries.append((paper.stroke(palette.BLACK, "", marker="x"), "failed, skipped or missed"))
    if len(night.rates) > 1:
        colour = palette.ARM_COLOUR[night.arm]
        entries += [(paper.stroke(colour, STROKES[n % len(STROKES)]), job) for n, job in enumerate(night.rates)]
    entries += paper.unseen_entries(night.unseen)
    heights = [0.5 + 0.22 * len(night.lanes), 1.5] + [1.5] * bool(night.control)
    figure = paper.sheet(sum(heights) + 0.5, CHART.question, subtitle, identity, entries)
    cells = list(figure.subplots(len(heights), 1, squeeze=False, sharex=True, height_ratios=heights)[:, 0])
    _draw_lanes(cells[0], night, divisor)
    _draw_rates(cells[1], night, divisor)
    if night.control:
        _draw_control(cells[2], night, divisor)
    for axes in cells:
        paper.unseen(axes, night.unseen, divisor)
    cells[-1].set_xlabel(f"time [{unit}]")
    cells[-1].set_xlim(0, night.duration_ns / divisor)
    return figure


def describe(night: Night) -> str:
    """How long each phase lasted, over all VMs, and how many backups did not succeed."""
    total = dict.fromkeys(PHASES, 0.0)
    for lane in night.lanes:
        for phase, begin, end in lane.bars:
            total[phase] += (end - begin) / 1e9
    spent = ", ".join(f"{phase} {seconds:.1f} s" for phase, seconds in total.items() if seconds)
    crosses = sum(len(lane.crosses) for lane in night.lanes)
    text = f"{len(night.lanes)} VMs of {len(night.rates)} jobs, summed over them: {spent}; {crosses} without success"
    if night.control:
        highest = max(row.latency_ns for row in night.control) / 1e6
        text += f"; highest latency measured {paper.latency_text(highest)}"
    return text + "."


CHART = Chart(
    name="night",
    question="Whose turn is it in the night of backups?",
    how_to_read=(
        "A VM waits until its job has a place for it, is cut, and then its disks are read as proxies, repositories and "
        "datastores have room for them; long bars of reading side by side share a ceiling, one after the other a task "
        "limit. The delta lives from the cut to the end of the merge."
    ),
    absent="no backup ran",
    data=data,
    draw=draw,
    describe=describe,
)
