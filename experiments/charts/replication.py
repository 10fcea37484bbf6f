"""Chart: what replication does with the guest's writes - rates, backlog in the buffer, and its mode.

One column for each VAIO protection and arm. Rates and backlog are means over replications; modes are one lane for each
replication. WAN bytes are on the wire (after reduction), guest writes and the backlog are raw. Times without a
connection to the target are shaded; they are the same in all replications.
"""

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from experiments.charts import numbers, palette, paper
from experiments.charts.chart import Chart, Compared
from experiments.charts.paper import Identity
from models.result import RunResult
from models.scenario import Vaio
from sim.units import human_bytes

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLUMNS = 3
POINTS = 400
Lane = tuple[tuple[str, int, int], ...]


class Column(NamedTuple):
    """One protection in one arm. Rates in bytes/s, backlog in bytes, all at `t_ns` (middles of stretches)."""

    arm: str
    vaio: Vaio
    t_ns: numbers.Floats
    guest: numbers.Band
    wan: numbers.Band
    backlog: numbers.Band
    lanes: tuple[Lane, ...]  # (mode, start, end), one lane for each replication
    duration_ns: int
    cuts: tuple[numbers.Span, ...]  # without a connection
    unseen: tuple[numbers.Span, ...]  # outside the observe windows


def _sums(pairs: list[tuple[int, int]], stretch_ns: int, count: int) -> list[float]:
    """Bytes/s in each of `count` stretches from (interval's start, bytes)."""
    out = [0.0] * count
    for t, size in pairs:
        if 0 <= t // stretch_ns < count:
            out[t // stretch_ns] += size * 1e9 / stretch_ns
    return out


def _curves(result: RunResult, vaio: Vaio, stretch_ns: int, count: int) -> tuple[list[float], list[float], list[float]]:
    """Guest write rate, WAN rate and highest backlog in each stretch of one run."""
    guest = [(row.t_ns, row.bytes_written) for row in result.intervals if row.vm in vaio.vms]
    flows = [row for row in result.flows if row.link == f"{vaio.name} WAN"]
    backlog = [0.0] * count
    for row in flows:
        index = min(count - 1, row.t_ns // stretch_ns)
        backlog[index] = max(backlog[index], float(row.backlog_bytes))
    return (
        _sums(guest, stretch_ns, count),
        _sums([(row.t_ns, row.bytes) for row in flows], stretch_ns, count),
        backlog,
    )


def _column(results: tuple[RunResult, ...], vaio: Vaio, unseen: tuple[numbers.Span, ...]) -> Column:
    first = results[0]
    intervals = -(-first.duration_ns // first.interval_ns)
    stretch_ns = first.interval_ns * -(-intervals // POINTS)
    count = -(-first.duration_ns // stretch_ns)
    guest, wan, backlog = zip(*(_curves(result, vaio, stretch_ns, count) for result in results), strict=True)
    lanes = tuple(
        tuple((row.mode, row.start_ns, row.end_ns) for row in result.modes if row.protection == vaio.name)
        for result in results
    )
    t_ns = (np.arange(count, dtype=np.float64) + 0.5) * stretch_ns
    bands = (numbers.band(guest), numbers.band(wan), numbers.band(backlog))
    cuts = tuple((row.cut_ns, row.back_ns) for row in first.cuts if row.protection == vaio.name)
    return Column(first.arm, vaio, t_ns, *bands, lanes, first.duration_ns, cuts, unseen)


def data(comparison: Compared) -> tuple[Column, ...] | None:
    """A column for each replication in each arm in which it ran (the first three)."""
    columns = [
        _column(results, vaio, numbers.unseen(comparison.scenario.run))
        for results in comparison.results.values()
        for vaio in comparison.scenario.vaio
        if any(row.protection == vaio.name for row in results[0].modes)
    ]
    return tuple(columns[:COLUMNS]) or None


def _curve(axes: "Axes", t: numbers.Floats, curve: numbers.Band, scale: int, colour: str) -> None:
    axes.fill_between(t, np.maximum(curve.low, 0) / scale, curve.high / scale, color=colour, alpha=0.18, linewidth=0)
    axes.plot(t, curve.mean / scale, color=colour)


def _level(axes: "Axes", value: float, text: str) -> None:
    axes.axhline(value, color=palette.BLACK, linewidth=0.9, linestyle=(0, (4, 2)))
    axes.annotate(
        text, (0.995, value), xycoords=axes.get_yaxis_transform(), ha="right", va="bottom", size=8, color="#333333"
    )


def _draw_column(cells: "list[Axes]", column: Column, rate: tuple[int, str], size: tuple[int, str]) -> None:
    divisor, unit = paper.time_scale(column.duration_ns)
    rates, backlog, modes = cells
    t = column.t_ns / divisor
    for axes in (rates, backlog):
        paper.unseen(axes, column.unseen, divisor)
        for start, end in column.cuts:
            axes.axvspan(start / divisor, end / divisor, color=palette.CUT_BAND, alpha=0.4, linewidth=0)
    _curve(rates, t, column.guest, rate[0], palette.GREY)
    _curve(rates, t, column.wan, rate[0], palette.ARM_COLOUR[column.arm])
    if column.vaio.link_bytes_per_s:
        _level(rates, column.vaio.link_bytes_per_s / rate[0], "link")
    _curve(backlog, t, column.backlog, size[0], palette.ARM_COLOUR[column.arm])
    _level(backlog, column.vaio.buffer_bytes / size[0], "buffer")
    for index, lane in enumerate(column.lanes):
        spans = [(start / divisor, (end - start) / divisor) for _, start, end in lane]
        colours = [palette.MODE_COLOUR[mode] for mode, _, _ in lane]
        modes.broken_barh(spans, (index + 0.06, 0.88), facecolors=colours, linewidth=0)
    rates.set_title(f"{column.vaio.name} in the arm {palette.ARM_LABEL[column.arm]}: bytes per second")
    rates.set_ylabel(f"rate [{rate[1]}]")
    backlog.set_title("waiting for the link: buffered, or dirty extents")
    backlog.set_ylabel(f"backlog [{size[1]}]")
    modes.set_title("mode, one lane for each replication")
    modes.set_yticks([])
    modes.set_ylim(len(column.lanes), 0)
    modes.grid(visible=False)
    modes.set_xlabel(f"time [{unit}]")
    modes.set_xlim(0, column.duration_ns / divisor)


def draw(columns: tuple[Column, ...], identity: Identity) -> "Figure":
    """The figure."""
    subtitle = "Guest writes and backlog are raw bytes; WAN bytes are on the wire, after reduction"
    used = {mode for column in columns for lane in column.lanes for mode, _, _ in lane}
    entries: list[paper.Entry] = [(paper.stroke(palette.GREY), "written by the protected guests")]
    entries += [(paper.stroke(palette.ARM_COLOUR[a]), f"WAN, backlog ({palette.ARM_LABEL[a]})") for a in
                dict.fromkeys(column.arm for column in columns)]  # fmt: skip
    entries += [(paper.swatch(colour), mode) for mode, colour in palette.MODE_COLOUR.items() if mode in used]
    if any(column.cuts for column in columns):
        entries.append((paper.swatch(palette.CUT_BAND), "no connection to the target"))
    entries += paper.unseen_entries(columns[0].unseen)
    figure = paper.sheet(4.8, CHART.question, subtitle, identity, entries)
    cells = figure.subplots(
        3, len(columns), squeeze=False, sharex="col", sharey="row", height_ratios=[1.6, 1.6, 0.6]
    )  # fmt: skip
    rate = paper.rate_scale(max(np.nanmax(np.append(c.guest.mean, c.wan.mean)) for c in columns))
    size = paper.size_scale(max(c.vaio.buffer_bytes for c in columns))
    for index, column in enumerate(columns):
        _draw_column(list(cells[:, index]), column, rate, size)
    for axes in (*cells[0], *cells[1]):
        axes.set_ylim(0, axes.get_ylim()[1] * 1.12)
    return figure


def seconds_by_mode(column: Column) -> dict[str, float]:
    """Mean seconds a replication spent in each mode that occurred."""
    total: dict[str, float] = {}
    for lane in column.lanes:
        for mode, start, end in lane:
            total[mode] = total.get(mode, 0.0) + (end - start) / 1e9 / len(column.lanes)
    return total


def describe(columns: tuple[Column, ...]) -> str:
    """Peak backlog and the time in each mode."""
    parts = []
    for column in columns:
        modes = ", ".join(f"{mode} {seconds:.0f} s" for mode, seconds in seconds_by_mode(column).items())
        peak, room = human_bytes(round(np.nanmax(column.backlog.mean))), human_bytes(column.vaio.buffer_bytes)
        name = f"{column.vaio.name} ({palette.ARM_LABEL[column.arm]})"
        gone = sum(end - start for start, end in column.cuts) / 1e9
        cut = f"; no connection for {gone:.0f} s" if column.cuts else ""
        parts.append(f"{name}: backlog up to {peak} of {room}; mean time in modes: {modes}{cut}")
    return "; ".join(parts) + "."


CHART = Chart(
    name="replication",
    question="What does a write burst do to replication?",
    how_to_read=(
        "When the guests write faster than the link carries, the backlog climbs. A burst that fits the buffer only "
        "makes points older; one that fills it turns replication to a map of dirty extents, and no new point appears "
        "until the resync has emptied that map."
    ),
    absent="nothing was replicated",
    data=data,
    draw=draw,
    describe=describe,
)
