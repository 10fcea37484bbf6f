"""Chart: how deep each host's device queue for a datastore may be, over time, and what moves it.

Drawn for datastores whose depth can change: with SIOC, whose windows follow the hosts' shares while the latency it
measures is above its threshold, and with a limit of commands, beyond which the array answers QUEUE FULL. Depth and
latency are means over replications at each interval's end; refusals are summed over an interval. Long runs are shown by
the mean of each stretch. Left out: the write cache and burst credits, which stand in the table `levels`.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from experiments.charts import numbers, palette, paper
from experiments.charts.chart import Chart, Compared
from experiments.charts.paper import Identity
from models.result import RunResult

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

STORES, ARMS, HOSTS = 3, 3, 8
POINTS = 300
STROKES: tuple[paper.Stroke, ...] = ("-", (0, (4, 2)))
DEPTH, REFUSED, LATENCY = "queue depth", "refused", "SIOC latency"


class Panel(NamedTuple):
    """One datastore in one arm; curves at `t_ns`."""

    store: str
    arm: str
    t_ns: numbers.Floats
    depth: dict[str, numbers.Band]  # by host, slots
    latency: numbers.Band | None  # ms, that SIOC acts on
    threshold_ms: float
    refused: numbers.Band | None  # commands a second, of all hosts


class Picture(NamedTuple):
    stores: tuple[str, ...]
    arms: tuple[str, ...]
    hosts: tuple[str, ...]
    duration_ns: int
    warmup_ns: int
    unseen: tuple[numbers.Span, ...]
    panels: tuple[Panel, ...]  # arm by arm within datastore by datastore


Key = tuple[str, str, str]
"""(datastore, host, level)."""


def _curves(result: RunResult, stretch_ns: int, count: int) -> dict[Key, numbers.Floats]:
    """Each level's mean in each stretch; nan where it has none."""
    sums: dict[Key, numbers.Floats] = {}
    many: dict[Key, numbers.Floats] = {}
    for row in result.levels:
        if row.level == LATENCY and not row.value:
            continue  # nothing measured yet
        key, at = (row.datastore, row.host, row.level), min(count - 1, max(0, row.t_ns - 1) // stretch_ns)
        sums.setdefault(key, np.zeros(count))[at] += row.value
        many.setdefault(key, np.zeros(count))[at] += 1
    return {key: np.where(many[key] > 0, total / np.maximum(many[key], 1), np.nan) for key, total in sums.items()}


def _panel(
    runs: Sequence[dict[Key, numbers.Floats]], store: str, arm: str, t_ns: numbers.Floats, rest: tuple[float, int]
) -> Panel:
    threshold_ms, interval_ns = rest
    keys = [key for key in runs[0] if key[0] == store]
    unknown = np.full(len(t_ns), np.nan)

    def of(key: Key, scale: float = 1.0) -> numbers.Band:
        return numbers.band([run.get(key, unknown) * scale for run in runs])

    depth = {host: of((store, host, level)) for _, host, level in keys if level == DEPTH}
    refused = [key for key in keys if key[2] == REFUSED]
    rate = numbers.band([sum(run[key] for key in refused) * 1e9 / interval_ns for run in runs]) if refused else None
    measured = of((store, "", LATENCY), 1e-6) if (store, "", LATENCY) in keys else None
    return Panel(store, arm, t_ns, dict(list(depth.items())[:HOSTS]), measured, threshold_ms, rate)


def data(comparison: Compared) -> Picture | None:
    """Panels for the datastores whose device queues can change their depth (the first three), in each arm."""
    spec, run = comparison.scenario, comparison.scenario.run
    arms = tuple(comparison.results)[:ARMS]
    stores = [one for one in spec.datastores if one.sioc is not None or one.queue_limit][:STORES]
    if not stores:
        return None
    intervals = -(-run.duration_ns // run.interval_ns)
    stretch_ns = run.interval_ns * -(-intervals // POINTS)
    count = -(-run.duration_ns // stretch_ns)
    t_ns = np.arange(1, count + 1, dtype=np.float64) * stretch_ns
    curves = {arm: [_curves(result, stretch_ns, count) for result in comparison.results[arm]] for arm in arms}
    panels = tuple(
        _panel(curves[arm], one.name, arm, t_ns, (one.sioc.threshold_ns / 1e6 if one.sioc else 0, run.interval_ns))
        for one in stores for arm in arms
    )  # fmt: skip
    hosts = tuple(dict.fromkeys(host for panel in panels for host in panel.depth))
    names = tuple(one.name for one in stores)
    return Picture(names, arms, hosts, run.duration_ns, run.warmup_ns, numbers.unseen(run), panels)


def _look(picture: Picture, host: str) -> tuple[str, paper.Stroke]:
    """A host's colour and stroke, the same in all panels."""
    number = picture.hosts.index(host)
    return palette.HOST_COLOURS[number % len(palette.HOST_COLOURS)], STROKES[number // len(palette.HOST_COLOURS) % 2]


def _curve(axes: "Axes", t: numbers.Floats, band: numbers.Band, colour: str, stroke: paper.Stroke = "-") -> None:
    axes.fill_between(t, np.maximum(band.low, 0), band.high, color=colour, alpha=0.18, linewidth=0, step="pre")
    axes.plot(t, band.mean, color=colour, linestyle=stroke, drawstyle="steps-pre")


def _draw(depth: "Axes", below: "Axes", panel: Panel, picture: Picture, divisor: int) -> None:
    t = panel.t_ns / divisor
    for host, band in panel.depth.items():
        _curve(depth, t, band, *_look(picture, host))
    depth.set_title(f"{panel.store} — {palette.ARM_LABEL[panel.arm]}: slots of each host's device queue")
    if panel.latency is not None:
        _curve(below, t, panel.latency, palette.GREY)
        below.axhline(panel.threshold_ms, color=palette.BLACK, linewidth=0.9, linestyle=(0, (4, 2)))
        where = (0.995, panel.threshold_ms)
        below.annotate("threshold", where, xycoords=below.get_yaxis_transform(), ha="right", va="top", size=8)
        below.set_title("the latency that SIOC acts on, of all hosts")
    elif panel.refused is not None:
        _curve(below, t, panel.refused, palette.GREY)
        below.set_title("commands that the array answers with QUEUE FULL")
    for axes in (depth, below):
        paper.unseen(axes, picture.unseen, divisor)
        paper.warmup(axes, picture.warmup_ns / divisor)
        axes.set_ylim(0, axes.get_ylim()[1] * 1.08)
        axes.set_xlim(0, picture.duration_ns / divisor)


def draw(picture: Picture, identity: Identity) -> "Figure":
    """The figure."""
    divisor, unit = paper.time_scale(picture.duration_ns)
    rows, columns = len(picture.stores), len(picture.arms)
    subtitle = "Slots that each host may have outstanding at a datastore it shares, and what makes it more or fewer"
    entries: list[paper.Entry] = [(paper.stroke(*_look(picture, host)), host) for host in picture.hosts]
    entries += paper.unseen_entries(picture.unseen)
    figure = paper.sheet(0.3 + 3.6 * rows, CHART.question, subtitle, identity, entries)
    heights = [1.5, 1.0] * rows
    cells = figure.subplots(2 * rows, columns, sharex=True, sharey="row", squeeze=False, height_ratios=heights)
    for number, panel in enumerate(picture.panels):
        row, column = divmod(number, columns)
        _draw(cells[2 * row, column], cells[2 * row + 1, column], panel, picture, divisor)
    for row in range(rows):
        cells[2 * row, 0].set_ylabel("slots")
        sioc = picture.panels[row * columns].latency is not None
        cells[2 * row + 1, 0].set_ylabel("latency [ms]" if sioc else "refused [1/s]")
    for axes in cells[-1]:
        axes.set_xlabel(f"time [{unit}]")
    return figure


def describe(picture: Picture) -> str:
    """The least depth that each host came to and its last one, and the highest latency or rate of refusals."""
    parts = []
    for panel in picture.panels:
        hosts = ", ".join(
            f"{host} {np.nanmin(band.mean):.3g} at least, {band.mean[~np.isnan(band.mean)][-1]:.3g} at the end"
            for host, band in panel.depth.items()
        )
        text = f"{panel.store} with {palette.ARM_LABEL[panel.arm]}: {hosts}"
        if panel.latency is not None:
            text += f"; SIOC's latency at most {paper.latency_text(float(np.nanmax(panel.latency.mean)))}"
        if panel.refused is not None:
            text += f"; at most {np.nanmax(panel.refused.mean):.3g} commands refused a second"
        parts.append(text)
    return "Slots of the device queues: " + ". ".join(parts) + "."


CHART = Chart(
    name="queue-depth",
    question="Who may have how much at a shared datastore?",
    how_to_read=(
        "With SIOC the hosts' windows shrink while the measured latency is above the threshold, those with few shares "
        "the most, and open again below it. Without it an array that answers QUEUE FULL has its hosts halve their "
        "queues, and give the slots back one by one."
    ),
    absent="no datastore has SIOC or a limit of commands",
    data=data,
    draw=draw,
    describe=describe,
)
