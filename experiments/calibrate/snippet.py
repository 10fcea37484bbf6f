"""The fitted datastore as a `[datastore]` table of a scenario, and as the simulator reads it, by the same way in."""

import tomllib

from experiments.calibrate.fit import Fit
from experiments.calibrate.shape import Shape
from experiments.scenario import build
from models.scenario import Datastore


def table(name: str, fit: Fit, shapes: dict[str, Shape | None]) -> str:
    """The TOML table, with a line for every key that was fitted."""
    known = "read" if fit.read_ns else "write"
    laws = {}
    for direction in ("read", "write"):
        measured = fit.read_ns if direction == "read" else fit.write_ns
        of = direction if measured else known  # a direction that was not measured is taken to be like the other
        laws[direction] = _law(fit.read_ns if of == "read" else fit.write_ns, fit, shapes[of])
    iops = f'"{max(1, round(fit.iops))} iops"' if fit.iops else '"none"'
    bandwidth = _rate(fit.bandwidth_bytes_per_s)
    lines = [f"[datastore.{name}]", f"servers = {fit.servers}"]
    lines += [f"{direction} = {laws[direction]}" for direction in laws]
    if fit.slowdown:
        lines.append(f"slowdown = {{ {', '.join(f'{n} = {max(0.001, factor):.4g}' for n, factor in fit.slowdown)} }}")
    return "\n".join([*lines, f"iops = {iops}", f"bandwidth = {bandwidth}", ""])


def _law(mean_ns: float, fit: Fit, shape: Shape | None) -> str:
    stream = f"stream = {_rate(fit.stream_bytes_per_s)}"
    if shape is not None and shape.distribution == "quantiles":
        points = ", ".join(f'"{ppm / 10_000:.6g} %" = "{_ns(ns)}"' for ppm, ns in shape.table)
        return f'{{ distribution = "quantiles", quantiles = {{ {points} }}, {stream} }}'
    kind = shape.distribution if shape else "exponential"
    sigma = f", sigma = {shape.sigma:g}" if shape and kind == "lognormal" else ""
    return f'{{ latency = "{_ns(mean_ns)}", distribution = "{kind}"{sigma}, {stream} }}'


def _ns(ns: float) -> str:
    return f"{max(1, round(ns)) / 1000:.10g} us"


def _rate(bytes_per_s: float) -> str:
    return f'"{max(1, round(bytes_per_s / 1000))} kB/s"' if bytes_per_s else '"none"'


def datastore(text: str) -> Datastore:
    """What a scenario makes of the table. Raises InputError if it can make nothing of it."""
    document = tomllib.loads(text)
    return build({"name": "calibrate", "vm": {"fio": {"disk": [{}]}}, **document}).datastores[0]


def notes(fit: Fit) -> list[str]:
    """What the table does not know, in sentences."""
    found = []
    for direction, ns in (("reads", fit.read_ns), ("writes", fit.write_ns)):
        if not ns:
            found.append(f"no {direction} were measured: they are taken to be like the others")
    if not fit.stream_measured:
        how = "the register's stream rate stands in" if fit.stream_bytes_per_s else "every size takes the same time"
        found.append(f"one block size was measured, so nothing is known of others: {how}")
    return found
