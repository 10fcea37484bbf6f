"""The three charts of the backup-interval sweep: recovery-point age, guest latency, stuns.

Every chart has a panel for each write rate and a column for each way to protect. A column shows a distribution within
runs (a bar from low to high, or quantiles); each mark is the mean over replications, its whisker the 95 % Student-t
interval of that mean.
"""

from collections.abc import Callable
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from experiments.backup_interval_table import Row
from experiments.charts import paper
from experiments.charts.palette import ARM_COLOUR, ARM_LABEL, BLACK, GREY
from experiments.identity import source_hash
from sim.statistics import Interval, mean_interval

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

ABOVE, BESIDE = (0, 5), (8, -3)
"""Where a figure stands from its mark, in points."""
QUANTILES = {"latency_p50_ms": ("p50", "o"), "latency_p99_ms": ("p99", "s"), "latency_p999_ms": ("p99.9", "^")}

Drawing = Callable[["Axes", int, "Column"], None]


class Column(NamedTuple):
    """One way to protect, under one write rate: its runs."""

    arm: str
    interval_s: int  # 0: the arm knows none
    rows: tuple[Row, ...]

    @property
    def label(self) -> str:
        return f"VADP\n{self.interval_s} s" if self.interval_s else ARM_LABEL[self.arm].replace(" ", "\n")

    def over(self, field: str, factor: float = 1) -> Interval:
        """Mean and interval of one field of the table, times `factor`, over the replications."""
        return mean_interval(getattr(row, field) * factor for row in self.rows)


def panels(rows: list[Row], arms: tuple[str, ...]) -> dict[int, list[Column]]:
    """By write rate, the columns of these arms in the table's order."""
    found: dict[int, dict[tuple[str, int], list[Row]]] = {}
    for row in rows:
        if row.arm in arms:
            found.setdefault(row.writes_per_s, {}).setdefault((row.arm, row.interval_s), []).append(row)
    return {
        writes: [Column(arm, interval, tuple(same)) for (arm, interval), same in columns.items()]
        for writes, columns in found.items()
    }


def draw_all(rows: list[Row], folder: Path) -> None:
    """Writes age, latency and stuns as SVG and PNG into `folder`; equal rows give equal bytes."""
    replications = 1 + max(row.replicate for row in rows)
    name = blake2b(repr([source_hash(), rows]).encode(), digest_size=5).hexdigest()
    identity = paper.Identity("backup-interval", name, 1, replications, compressed=True)
    with paper.style():
        paper.save(age(rows, identity), folder, "backup-interval-age")
        paper.save(latency(rows, identity), folder, "backup-interval-latency")
        paper.save(stuns(rows, identity), folder, "backup-interval-stuns")


def age(rows: list[Row], identity: paper.Identity) -> "Figure":
    """Recovery-point age over time: mean, the middle 90 % of the time, and the highest."""
    question = "How old is the newest recovery point?"
    subtitle = "RPO as recovery-point age, by backup interval and guest write rate. VAIO's link carries 2.4 MB/s"
    entries = [
        *paper.arm_entries(["vadp", "vaio"]),
        (paper.stroke(BLACK, "", marker="o"), "mean over time"),
        (paper.swatch(GREY, 0.35), "90 % of the time"),
        (paper.stroke(BLACK, "", marker="_"), "highest"),
    ]
    figure = paper.sheet(3.4, question, subtitle, identity, entries)
    _draw(figure, panels(rows, ("vadp", "vaio")), {"recovery-point age": _draw_age})
    return figure


def _draw_age(axes: "Axes", x: int, column: Column) -> None:
    _bar(axes, x, column, column.over("age_p5_s", 1e3), column.over("age_p95_s", 1e3))
    _mark(axes, x, column, column.over("age_highest_s", 1e3), "_")
    mean = column.over("age_mean_s", 1e3)
    _mark(axes, x, column, mean, "o")
    _say(axes, x, mean.mean, f"{mean.mean / 1e3:.3g} s", BESIDE)
    _milliseconds(axes)


def latency(rows: list[Row], identity: paper.Identity) -> "Figure":
    """Guest latency of reads and writes: p50, p99, p99.9."""
    arms = ("none", "vadp", "vaio")
    entries = paper.arm_entries(arms)
    entries += [(paper.stroke(BLACK, "", marker=marker), name) for name, marker in QUANTILES.values()]
    subtitle = "Latency of all guest reads and writes, by backup interval and guest write rate"
    figure = paper.sheet(3.4, "What does the guest feel?", subtitle, identity, entries)
    _draw(figure, panels(rows, arms), {"guest latency": _draw_latency})
    return figure


def _draw_latency(axes: "Axes", x: int, column: Column) -> None:
    for field, (_, marker) in QUANTILES.items():
        found = column.over(field)
        _mark(axes, x, column, found, marker)
        _say(axes, x, found.mean, paper.latency_text(float(f"{found.mean:.2g}")), BESIDE)
    _milliseconds(axes)


def stuns(rows: list[Row], identity: paper.Identity) -> "Figure":
    """Stun length, and how much of the time the VM stands still."""
    question = "How long, and how much of the time, does the VM stand still?"
    subtitle = "Above: how long a stun is; below: their share of the time. A backup stuns three times, VAIO never"
    entries = [
        *paper.arm_entries(["vadp", "vaio"]),
        (paper.stroke(BLACK, "", marker="o"), "median stun"),
        (paper.swatch(GREY, 0.35), "shortest to longest"),
    ]
    figure = paper.sheet(4.6, question, subtitle, identity, entries)
    drawn: dict[str, Drawing] = {"length of a stun [ms]": _draw_length, "time stunned [%]": _draw_share}
    _draw(figure, panels(rows, ("vadp", "vaio")), drawn)
    return figure


def _draw_length(axes: "Axes", x: int, column: Column) -> None:
    median = column.over("stun_median_ms")
    if median.n:
        _bar(axes, x, column, column.over("stun_shortest_ms"), column.over("stun_longest_ms"))
        _mark(axes, x, column, median, "o")
        _say(axes, x, median.mean, f"{median.mean:.0f}", BESIDE)
    else:
        _say(axes, x, 0, "no stun", ABOVE)


def _draw_share(axes: "Axes", x: int, column: Column) -> None:
    share = column.over("stunned_percent")
    axes.bar(x, share.mean, width=0.5, color=ARM_COLOUR[column.arm], alpha=0.5)
    if share.mean:
        axes.errorbar(x, share.mean, yerr=share.half_width, color=BLACK, capsize=4, linewidth=1)
    _say(axes, x, share.high if share.n > 1 else share.mean, f"{share.mean:.2g}", ABOVE)


def _draw(figure: "Figure", found: dict[int, list[Column]], rows: dict[str, Drawing]) -> None:
    """A panel for each write rate and each of `rows` (axis label: what draws a column); a row shares its axis."""
    cells = figure.subplots(len(rows), len(found), sharex=True, sharey="row", squeeze=False)
    for line, (unit, draw) in zip(cells, rows.items(), strict=True):
        line[0].set_ylabel(unit)
        for axes, columns in zip(line, found.values(), strict=True):
            for x, column in enumerate(columns):
                draw(axes, x, column)
            axes.set_xticks(range(len(columns)), [column.label for column in columns])
            axes.set_xlim(-0.6, len(columns) - 0.2)
            axes.grid(axis="x", visible=False)
        if line[0].get_yscale() == "linear":
            line[0].set_ylim(0, 1.08 * line[0].get_ylim()[1])
    for axes, (writes, columns) in zip(cells[0], found.items(), strict=True):
        axes.set_title(f"{writes} writes/s: {columns[0].over('written_mb_per_s').mean:.1f} MB/s")


def _bar(axes: "Axes", x: int, column: Column, low: Interval, high: Interval) -> None:
    axes.vlines(x, low.mean, high.mean, color=ARM_COLOUR[column.arm], linewidth=9, alpha=0.35)


def _mark(axes: "Axes", x: int, column: Column, found: Interval, marker: str) -> None:
    whisker = found.half_width if found.n > 1 else None
    colour = ARM_COLOUR[column.arm]
    axes.errorbar(x, found.mean, yerr=whisker, fmt=marker, capsize=4, markersize=6, color=colour)


def _say(axes: "Axes", x: int, y: float, text: str, place: tuple[int, int]) -> None:
    centred = "center" if place == ABOVE else "left"
    axes.annotate(text, (x, y), xytext=place, textcoords="offset points", ha=centred, size=7.5)


def _milliseconds(axes: "Axes") -> None:
    """A logarithmic axis that speaks in ms and s."""
    axes.set_yscale("log")
    paper.latency_axis(axes.yaxis)
