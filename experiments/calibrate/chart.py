"""Throughput and latency against depth: what was measured, what the fitted datastore gives, and a rising curve."""

from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING

from experiments.calibrate import Calibration
from experiments.calibrate.measured import Kind, kind_of
from experiments.calibrate.report import P99
from experiments.charts.palette import BLUE, GREEN, GREY, ORANGE, PURPLE, SKY, VERMILLION
from experiments.charts.paper import Entry, Identity, latency_axis, save, sheet, stroke, style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

QUESTION = "Does the fitted datastore give the measured throughput and latency at every depth?"
COLOURS = (BLUE, VERMILLION, GREEN, PURPLE, ORANGE, SKY, GREY)
MS = 1e6


def draw(found: Calibration, target: Path) -> None:
    """`target`, a PNG, and an SVG beside it hold the chart."""
    with style():
        save(_figure(found), target.parent, target.stem)


def _figure(found: Calibration) -> "Figure":
    kinds = list(dict.fromkeys(kind_of(row) for row in found.rows))
    colours = {kind: COLOURS[n % len(COLOURS)] for n, kind in enumerate(kinds)}
    names = {kind_of(row): row.name.rsplit(", depth", 1)[0] for row in found.rows}
    entries: list[Entry] = [(stroke(colours[kind], width=2.4), names[kind]) for kind in kinds]
    entries += [(stroke(GREY, "", marker="o"), "measured (squares: writes)"), (stroke(GREY), "simulated with the fit"),
                (stroke(GREY, ":"), "measured, made monotone"), (stroke(GREY, "", marker="^"), "measured p99"),
                (stroke(GREY, "--"), "simulated p99")]  # fmt: skip
    digest = blake2b(found.table.encode(), digest_size=4).hexdigest()
    fit = found.fit
    told = f"{fit.servers} servers; rates {fit.rms:.1%} off (root mean square); guest latency, host path included"
    figure = sheet(4.4, QUESTION, told, Identity("calibrate", digest, 1, 1, compressed=False), entries)
    rate, latency = figure.subplots(1, 2)
    for kind in kinds:
        _panels(found, kind, colours[kind], rate, latency)
    rate.set_title("Throughput, I/Os per second")
    latency.set_title("Latency, mean and p99")
    latency.set_yscale("log")
    latency_axis(latency.yaxis)
    rate.set_ylim(bottom=0)
    depths = sorted({row.depth for row in found.rows})
    for axes in (rate, latency):
        axes.set_xscale("log", base=2)
        axes.set_xticks(depths, [str(depth) for depth in depths])
        axes.set_xlabel("I/Os outstanding")
    rate.yaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
    return figure


def _panels(found: Calibration, kind: Kind, colour: str, rate: "Axes", latency: "Axes") -> None:
    picked = [n for n, row in enumerate(found.rows) if kind_of(row) == kind]
    rows, again = [found.rows[n] for n in picked], [found.simulated[n] for n in picked]
    depths = [row.depth for row in rows]
    rate.plot(depths, [row.iops for row in rows], "o", color=colour, markersize=5)
    rate.plot(depths, [found.monotone[n] for n in picked], ":", color=colour)
    rate.plot(depths, [one.iops for one in again], "-", color=colour)
    for direction, mark in (("read", "o"), ("write", "s")):
        sides = [row.read if direction == "read" else row.write for row in rows]
        if None in sides:
            continue
        seen = [one.read if direction == "read" else one.write for one in again]
        latency.plot(depths, [side.mean_ns / MS for side in sides if side], mark, color=colour, markersize=5)
        latency.plot(depths, [one.mean() / MS for one in seen], "-", color=colour)
        tails = [(row.depth, ns / MS) for row, side in zip(rows, sides, strict=True)
                 if side and (ns := dict(side.quantiles).get(P99))]  # fmt: skip
        if tails:
            latency.plot([depth for depth, _ in tails], [ns for _, ns in tails], "^", color=colour, markersize=4)
        latency.plot(depths, [one.quantile(0.99) / MS for one in seen], "--", color=colour)
