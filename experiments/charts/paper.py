"""The paper that every chart is drawn on: title, subtitle, legend, foot line, and files with the same bytes every time.

A chart is one Figure of matplotlib's object-oriented interface (no pyplot, no display). Head and foot have a fixed
height in inches, so that titles sit at the same place in all charts.
"""

import math
import re
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from io import StringIO
from pathlib import Path
from textwrap import fill
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from experiments.metrics import show
from sim.units import NS_PER_S, human_time

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WIDTH = 11.0  # inches; 1100 pixels on a screen, 2200 in the PNG
HEAD, LEGEND_ROW, FOOT, MARGIN = 0.72, 0.23, 0.32, 0.12  # inches
PNG_DPI = 200

STYLE: dict[str, Any] = {
    "font.family": "DejaVu Sans",
    "font.size": 9,
    "axes.titlesize": 10,
    "axes.titlelocation": "left",
    "axes.titleweight": "bold",
    "axes.labelcolor": "#333333",
    "axes.edgecolor": "#999999",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#E4E4E4",
    "grid.linewidth": 0.6,
    "xtick.color": "#444444",
    "ytick.color": "#444444",
    "lines.linewidth": 1.5,
    "legend.frameon": False,
    "hatch.linewidth": 0.6,
    "svg.hashsalt": "stunlab",
    "svg.fonttype": "path",
    "path.simplify": True,
}


Stroke = Literal["-", "--", ":", ""] | tuple[float, tuple[float, ...]]


Entry = tuple["Artist", str]
"""A legend's handle and label."""


class Identity(NamedTuple):
    """What a chart says about the result it shows."""

    name: str
    hash: str
    seed: int
    replications: int
    compressed: bool
    most: int = 0  # replications, where some of what is shown has more than others: `replications` is the fewest
    bands: str = "95 % Student t"

    def sample(self) -> str:
        """The sample size and what bands and whiskers mean."""
        if max(self.replications, self.most) < 2:
            return "n = 1 replication: no interval"
        number = f"{self.replications} to {self.most}" if self.most > self.replications else f"{self.replications}"
        return f"n = {number} replications; bands and whiskers: {self.bands}"


@contextmanager
def style() -> Iterator[None]:
    """Within it, figures are made and written in the one style, whatever the reader's own settings are."""
    import matplotlib

    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(STYLE)  # type: ignore[arg-type]
        yield


def sheet(panels: float, question: str, subtitle: str, identity: Identity, entries: Sequence[Entry] = ()) -> "Figure":
    """A figure with `panels` inches for panels, titled by its question, with one legend and the result's identity."""
    from matplotlib.figure import Figure

    question, subtitle = fill(question, 90), fill(subtitle, 150)
    under = 0.24 * question.count("\n")
    top = HEAD + under + 0.17 * subtitle.count("\n")
    columns = _legend_columns([label for _, label in entries])
    head = top + LEGEND_ROW * -(-len(entries) // columns)
    height = head + panels + FOOT
    figure = Figure(figsize=(WIDTH, height), layout="constrained", facecolor="white")
    engine = figure.get_layout_engine()
    assert engine is not None
    engine.set(rect=(0.006, FOOT / height, 0.988, panels / height), w_pad=0.06, h_pad=0.06)  # type: ignore[call-arg]
    left = MARGIN / WIDTH
    figure.text(left, 1 - 0.13 / height, question, size=14, weight="bold", color="#111111", va="top")
    figure.text(left, 1 - (0.43 + under) / height, subtitle, size=9.5, color="#555555", va="top")
    compressed = "  ·  compressed time scale" if identity.compressed else ""
    foot = {"size": 7.5, "color": "#777777", "va": "bottom"}
    figure.text(left, 0.09 / height, identity.sample() + compressed, **foot)  # type: ignore[arg-type]
    corner = f"{identity.name}  ·  {identity.hash}  ·  seed {identity.seed}"
    figure.text(1 - left, 0.09 / height, corner, ha="right", **foot)  # type: ignore[arg-type]
    if entries:
        _legend(figure, entries, columns, top)
    return figure


def _legend_columns(labels: Sequence[str]) -> int:
    """How many columns of these labels fit beside each other (0.073 inches a letter, 0.65 around it)."""
    for columns in range(max(1, len(labels)), 1, -1):
        widest = [max(len(label) for label in labels[i::columns]) for i in range(columns)]
        if sum(0.073 * letters + 0.65 for letters in widest) <= WIDTH:
            return columns
    return 1


def _legend(figure: "Figure", entries: Sequence[Entry], columns: int, top: float) -> None:
    """Puts one legend for all panels between subtitle and panels, row by row."""
    height = figure.get_size_inches()[1]
    by_column = [entry for column in range(columns) for entry in entries[column::columns]]
    figure.legend(
        [handle for handle, _ in by_column],
        [label for _, label in by_column],
        loc="upper left",
        bbox_to_anchor=(MARGIN / WIDTH, 1 - (top - 0.06) / height),
        ncols=columns,
        borderaxespad=0,
        borderpad=0,
        handlelength=1.6,
        columnspacing=1.6,
        fontsize=9,
    )


def _shorter(svg: str) -> str:
    """The same drawing, path coordinates cut to a hundredth of a point, in long paths to a tenth: nobody can see it."""

    def cut(path: re.Match[str]) -> str:
        return re.sub(r"(\.\d)\d+" if len(path.group()) > 1000 else r"(\.\d\d)\d+", r"\1", path.group())

    return re.sub(r' d="[^"]*"', cut, svg)


def save(figure: "Figure", folder: Path, name: str) -> None:
    """Writes `folder`/`name`.svg and .png. The bytes depend on the figure only: no date, no version of the writer."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing from font")  # a label may hold any character
        _write(figure, folder, name)


def _write(figure: "Figure", folder: Path, name: str) -> None:
    import numpy as np
    from matplotlib.transforms import Bbox

    figure.draw_without_rendering()
    figure.set_layout_engine("none")  # both files keep the layout just found
    for axes in figure.axes:  # the layout's solver sums in the order of memory addresses: its last bits differ
        axes.set_position(Bbox(np.round(axes.get_position().get_points(), 6)))
    drawing = StringIO()
    figure.savefig(drawing, format="svg", metadata={"Date": None, "Creator": None})
    (folder / f"{name}.svg").write_text(_shorter(drawing.getvalue()), encoding="utf-8", newline="\n")
    figure.savefig(folder / f"{name}.png", format="png", dpi=PNG_DPI, metadata={"Software": None})


def time_scale(duration_ns: int) -> tuple[int, str]:
    """Nanoseconds in one unit of a time axis of this length, and the unit's name."""
    if duration_ns <= 900 * NS_PER_S:
        return NS_PER_S, "s"
    if duration_ns <= 10_800 * NS_PER_S:
        return 60 * NS_PER_S, "min"
    return 3600 * NS_PER_S, "h"


def size_scale(largest: float) -> tuple[int, str]:
    """Bytes in one unit of an axis of sizes that reaches `largest`, and the unit's name (powers of 1024)."""
    return next(((1 << 10 * k, unit) for k, unit in ((4, "TiB"), (3, "GiB"), (2, "MiB"), (1, "KiB"))
                 if largest >= 1 << 10 * k), (1, "B"))  # fmt: skip


def rate_scale(largest: float) -> tuple[int, str]:
    """Bytes per second in one unit of an axis of rates that reaches `largest`, and its name (powers of 1000)."""
    return next(((10**k, unit) for k, unit in ((9, "GB/s"), (6, "MB/s"), (3, "kB/s")) if largest >= 10**k), (1, "B/s"))


def latency_text(milliseconds: float) -> str:
    """A latency as an administrator writes it: "250 µs", "4.2 ms", "1.3 s"; "-" where there is none."""
    return "-" if math.isnan(milliseconds) else human_time(round(milliseconds * 1e6))


def with_half(milliseconds: float, half: float) -> str:
    """A latency with the half-width of its interval in the same unit: "4.06 ± 0.06 ms"."""
    factor, unit = (1e3, "µs") if milliseconds < 1 else (1.0, "ms") if milliseconds < 1000 else (1e-3, "s")
    if math.isnan(half):
        return latency_text(milliseconds)
    return f"{show(milliseconds * factor, half * factor)} {unit}"


def latency_axis(axis: Any) -> None:
    """Makes a logarithmic axis in milliseconds speak in µs, ms and s."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    low, high = axis.get_view_interval()
    subs = (1.0, 2.0, 5.0) if high < 40 * low else (1.0, 3.0) if high < 200 * low else (1.0,)
    axis.set_major_locator(LogLocator(10, subs=subs, numticks=12))
    axis.set_minor_locator(LogLocator(10, subs="auto", numticks=12))
    axis.set_major_formatter(FuncFormatter(lambda value, _: latency_text(value)))
    axis.set_minor_formatter(NullFormatter())


def plain_log(axis: Any) -> None:
    """Makes a logarithmic axis speak in plain numbers, with as many of them as fit."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    low, high = axis.get_view_interval()
    subs = (1.0, 1.5, 2.0, 3.0, 5.0, 7.0) if high < 12 * low else (1.0, 2.0, 5.0) if high < 200 * low else (1.0,)
    axis.set_major_locator(LogLocator(10, subs=subs, numticks=20))
    axis.set_minor_locator(LogLocator(10, subs="auto", numticks=20))
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.10g}"))
    axis.set_minor_formatter(NullFormatter())


def bands(axes: "Axes", spans: Sequence[tuple[float, float, float]], colour: str, alpha: float) -> None:
    """Shades (start, end, share) over the panel's whole height; a share below 1 (some replications only) is paler."""
    from matplotlib.collections import PolyCollection
    from matplotlib.colors import to_rgba

    if not spans:
        return
    corners = [[(start, 0), (start, 1), (end, 1), (end, 0)] for start, end, _ in spans]
    colours = [to_rgba(colour, alpha * share) for _, _, share in spans]
    area = PolyCollection(corners, facecolors=colours, linewidths=0, transform=axes.get_xaxis_transform(), zorder=0.5)
    axes.add_collection(area, autolim=False)


def unseen(axes: "Axes", spans: Sequence[tuple[int, int]], divisor: int) -> None:
    """Shades the time that is not observed (`numbers.unseen`)."""
    bands(axes, [(start / divisor, end / divisor, 1.0) for start, end in spans], "#5A5A5A", 0.12)


def unseen_entries(spans: Sequence[tuple[int, int]]) -> list[Entry]:
    """The legend's line for that, where there is such time."""
    return [(swatch("#5A5A5A", 0.2), "not observed")] if spans else []


def warmup(axes: "Axes", end: float) -> None:
    """Marks the time before `end`, which statistics leave out, at the panel's foot; nothing where there is none."""
    if end > 0:
        axes.axvspan(0, end, ymax=0.03, color="#777777", linewidth=0)
        where = (end / 2, 0.04)
        axes.annotate("warm-up", where, xycoords=axes.get_xaxis_transform(), ha="center", size=7, color="#777777")


def swatch(colour: str, alpha: float = 1.0, hatch: str = "") -> "Artist":
    """A legend's coloured box."""
    from matplotlib.patches import Patch

    return Patch(
        facecolor=colour, alpha=alpha, hatch=hatch or None, edgecolor="white" if hatch else "none", linewidth=0
    )


def arm_entries(arms: Sequence[str]) -> list[Entry]:
    """The legend's lines for `arms`."""
    from experiments.charts.palette import ARM_COLOUR, ARM_LABEL, ARM_WIDTH

    return [(stroke(ARM_COLOUR[arm], width=ARM_WIDTH[arm]), ARM_LABEL[arm]) for arm in arms]


def stroke(colour: str, line: Stroke = "-", width: float = 1.6, marker: str = "") -> "Artist":
    """A legend's line."""
    from matplotlib.lines import Line2D

    return Line2D([], [], color=colour, linestyle=line, linewidth=width, marker=marker or None, markersize=4)


def hollow(colour: str) -> "Artist":
    """A legend's hollow mark."""
    from matplotlib.lines import Line2D

    return Line2D([], [], color=colour, linestyle="", marker="o", markersize=5, markerfacecolor="white")


def hatched(colour: str, hatch: str) -> "Artist":
    """A legend's box with a hatch of dark lines."""
    from matplotlib.patches import Patch

    return Patch(facecolor=colour, hatch=hatch, edgecolor="#8A8A8A", linewidth=0)


def mark(marker: str, face: str) -> "Artist":
    """A legend's mark with a dark edge."""
    from matplotlib.lines import Line2D

    return Line2D([], [], linestyle="", marker=marker, markersize=7, markerfacecolor=face, markeredgecolor="#1A1A1A",
                  markeredgewidth=0.7)  # fmt: skip
