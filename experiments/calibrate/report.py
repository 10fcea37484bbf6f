"""What a calibration says on a terminal and in the comments of its table: each row measured and simulated, and where
the datastore does not hold."""

from pathlib import Path

from experiments.calibrate import Calibration
from experiments.calibrate.fit import predicted_iops
from experiments.calibrate.measured import LITTLE, PAUSE_NS, Row, Side, size_text
from experiments.calibrate.snippet import notes
from experiments.errors import InputError
from experiments.terminal import aligned
from sim.histogram import Histogram
from sim.units import UnitError, human_time, parse

CLOSE = 0.10
"""A rate or a mean that is simulated within this is called right."""
CLOSE_TAIL = 0.25
"""A p99: it varies more from run to run of the benchmark itself."""
P99 = 990_000
RISING = 1.1
"""Twice the depth and that much more rate: not saturated."""


def path_ns(text: str) -> int:
    """Nanoseconds of --path. Raises InputError."""
    try:
        return parse(text, "time")
    except UnitError as error:
        raise InputError([f"--path: {error}"]) from None


def checked_name(name: str) -> str:
    """A datastore's name as a bare key. Raises InputError."""
    if not name or not name.isascii() or not name.replace("-", "").replace("_", "").isalnum() or len(name) > 63:
        raise InputError([f'--name: is no usable name ("{name[:40]}"), use letters, digits, hyphens and underscores'])
    return name


def check_targets(out: Path | None, chart: Path | None, force: bool) -> None:
    """Raises InputError for a file that cannot be written or would be lost."""
    mistakes = []
    for option, target in (("--out", out), ("--chart", chart)):
        if target is None:
            continue
        if not target.parent.is_dir():
            mistakes.append(f"{option}: there is no folder {target.parent}, make it first")
        elif target.is_dir():
            mistakes.append(f"{option}: {target} is a folder, name a file")
        elif target.exists() and not force:
            mistakes.append(f"{option}: {target} exists, add --force to replace it")
    if chart is not None and chart.suffix != ".png":
        mistakes.append(f'--chart: {chart} is no PNG, name a file that ends in ".png"')
    if mistakes:
        raise InputError(mistakes)


def text(found: Calibration, path: int) -> str:
    """The whole report."""
    parts = [_little(found), _table(found), _fit_line(found), *_shape_lines(found)]
    where = limits(found)
    parts.append(
        "Where it does not hold:\n" + "\n".join(f"- {line}" for line in where) if where else "It holds on every row."
    )
    parts.append(
        "For a scenario"
        + (f" (its host's path_latency is {human_time(path)}):" if path else ":")
        + f"\n\n{found.table}"
    )
    return "\n\n".join(part for part in parts if part)


def _little(found: Calibration) -> str:
    rows = len(found.rows) + len(found.refused)
    lines = [
        f"Little's law holds on {len(found.rows)} of {rows} rows (to {LITTLE:.0%}, or to {human_time(PAUSE_NS)} of the "
        f"benchmark's own between a reply and the next request; here {human_time(round(found.fit.pause_ns))})."
    ]
    lines += [f"Not fitted: {row.source}: {why}" for row, why in found.refused]
    return "\n".join(lines)


def _fit_line(found: Calibration) -> str:
    fit, noise = found.fit, monotone_rms(found)
    caps = [f"cap {fit.iops:.0f} iops"] * bool(fit.iops)
    caps += [f"cap {fit.bandwidth_bytes_per_s / 1e6:.0f} MB/s"] * bool(fit.bandwidth_bytes_per_s)
    caps += ["slower the more it has"] * bool(fit.slowdown)
    means = [f"{name} {human_time(round(ns))}" for name, ns in (("read", fit.read_ns), ("write", fit.write_ns)) if ns]
    return (f"Fit: {fit.servers} servers, {', '.join(means + caps)}; rates are {fit.rms:.1%} off (root mean square). "
            f"Any datastore whose rate does not fall with depth is at least {noise:.1%} off.")  # fmt: skip


def monotone_rms(found: Calibration) -> float:
    """How far the measured rates are from rising ones."""
    from math import log, sqrt

    logs = [log(row.iops / rising) for row, rising in zip(found.rows, found.monotone, strict=True)]
    return sqrt(sum(x * x for x in logs) / len(logs))


def _shape_lines(found: Calibration) -> list[str]:
    lines = []
    for name, shape in found.shapes.items():
        if shape is None:
            continue
        how = f"{shape.distribution}{f' (sigma {shape.sigma:g})' if shape.distribution == 'lognormal' else ''}"
        off = "its own percentiles" if shape.distribution == "quantiles" else f"percentiles {shape.rms:.1%} off"
        lines.append(f"Latency of a {name}: {how}, {off}, from {shape.source}.")
    return ["\n".join(lines)] if lines else []


def _table(found: Calibration) -> str:
    """Measured, simulated and how far apart, a line for each direction of each row."""
    head = ("row", "iops", "simulated", "off", "mean", "simulated", "off", "p99", "simulated", "off", "monotone")
    lines = [head]
    for row, rising, again in zip(found.rows, found.monotone, found.simulated, strict=True):
        for name, side in row.sides:
            seen = again.read if name == "read" else again.write
            measured = p99(side)
            tail = ("-", "-", "-") if measured is None else _pair(measured, seen.quantile(0.99))
            lines.append((
                f"{row.name}{f': {name}' if len(row.sides) > 1 else ''}", f"{row.iops:.0f}", f"{again.iops:.0f}",
                _off(row.iops, again.iops), *_pair(side.mean_ns, seen.mean()), *tail, f"{rising:.0f}",
            ))  # fmt: skip
    return aligned(lines)


def _pair(measured: float, simulated: float) -> tuple[str, str, str]:
    return human_time(round(measured)), human_time(round(simulated)), _off(measured, simulated)


def _off(measured: float, simulated: float) -> str:
    return f"{simulated / measured - 1:+.0%}"


def p99(side: Side) -> float | None:
    """The measured 99th percentile, if there is one."""
    return dict(side.quantiles).get(P99)


def limits(found: Calibration) -> list[str]:
    """Where the datastore is not what was measured, and what lies outside of it."""
    lines = []
    for what, close in (("rate", CLOSE), ("p99", CLOSE_TAIL)):
        wrong = [name for row, again in zip(found.rows, found.simulated, strict=True)
                 if (name := _wrong(row, what, close, again.iops, again.read, again.write))]  # fmt: skip
        if wrong:
            lines.append(f"{what} more than {close:.0%} off: {'; '.join(wrong)}")
    deepest, sizes = (
        max(row.depth for row in found.rows),
        sorted({s.size_bytes for r in found.rows for _, s in r.sides}),
    )
    top = max(found.rows, key=lambda row: row.depth)
    if predicted_iops(top, found.fit) > RISING * predicted_iops(top._replace(depth=max(1, deepest // 2)), found.fit):
        lines.append(f"at {deepest} outstanding its rate still rises: the most it can do was not measured, go deeper")
    lines.append(f"deeper than {deepest} outstanding its rate stays what it is there: an extrapolation")
    if len(sizes) > 1:
        lines.append(f"blocks below {size_text(sizes[0])} and above {size_text(sizes[-1])}: an extrapolation")
    if any(row.sequential for row in found.rows):
        lines.append("sequential rows were fitted like random ones: the datastore knows no locality")
    return [*lines, *notes(found.fit)]


def _wrong(row: Row, what: str, close: float, iops: float, read: Histogram, write: Histogram) -> str:
    if what == "rate":
        return f"{row.name} ({_off(row.iops, iops)})" if abs(iops / row.iops - 1) > close else ""
    parts = []
    for name, side in row.sides:
        measured, seen = p99(side), (read if name == "read" else write).quantile(0.99)
        if measured is not None and abs(seen / measured - 1) > close:
            parts.append(f"{name} {_off(measured, seen)}" if len(row.sides) > 1 else _off(measured, seen))
    return f"{row.name} ({', '.join(parts)})" if parts else ""


def commented(found: Calibration, path: int) -> str:
    """The table for a file, with what must be known of it as comments."""
    lines = ["Fitted by stunlab calibrate to a benchmark's queue-depth sweep.", _fit_line(found), *limits(found)]
    if path:
        lines.append(
            f"The benchmark's {human_time(path)} of host path are not in it: keep the host's path_latency at that."
        )
    return "".join(f"# {line}\n" for line in lines) + found.table
