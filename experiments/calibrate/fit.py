"""The datastore whose closed loops come nearest to what was measured: servers, latencies, size dependence and caps.

With N outstanding, a pause and a fixed path of P together and mean service S, M servers give min(N / (P + S), M / S)
I/Os per second, and never more than the caps. Residuals are of the logarithm, so that a depth of 1 counts as much as
one of 64. A cap is believed only if it explains clearly more than servers alone do, and where servers do not explain
the rates, a factor for each depth (`curve`) does.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import exp, log
from statistics import median
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from experiments.calibrate.measured import NS_PER_S, Row

Floats = npt.NDArray[np.float64]
MOST_SERVERS = 1024
PLAIN_ENOUGH = 0.03
"""Servers that leave no more than this are the explanation."""
FASTEST_STREAM = 1e11
LESS = 0.8
LESS_AT_LEAST = 0.005
"""A cap must bring the root mean square of the residuals below this share of what it was, and by at least so much."""


@dataclass(frozen=True)
class Fit:
    """A datastore in numbers; 0 is none. Latencies without transfer and without the path."""

    path_ns: float
    pause_ns: float  # the benchmark's own, between a reply and the next request
    servers: int
    read_ns: float  # 0: no reads were measured
    write_ns: float
    stream_bytes_per_s: float
    stream_measured: bool
    iops: float
    bandwidth_bytes_per_s: float
    slowdown: tuple[tuple[int, float], ...]  # (in service, factor of the service); empty: none
    rms: float  # of the residuals of log(I/Os per second)

    def service_ns(self, write: bool, size_bytes: float) -> float:
        """Mean time of one I/O in its server."""
        stream = size_bytes * NS_PER_S / self.stream_bytes_per_s if self.stream_bytes_per_s else 0.0
        return (self.write_ns if write else self.read_ns) + stream


class _Known(NamedTuple):
    """What is tried: so many servers, a stream that is fitted (or this one), these caps."""

    path_ns: float
    pause_ns: float
    servers: int
    stream: float
    fit_stream: bool
    caps: tuple[str, ...]
    read: bool
    write: bool


def fit(rows: Sequence[Row], path_ns: float, stream_if_unknown: float) -> Fit:
    """The best datastore for rows that keep Little's law; there is at least one."""
    sizes = {side.size_bytes for row in rows for _, side in row.sides}
    several = len(sizes) > 1
    directions = [any(side == name for row in rows for side, _ in row.sides) for name in ("read", "write")]
    least = min(side.mean_ns for row in rows for _, side in row.sides) - path_ns
    stream = stream_if_unknown
    if not several and stream and max(sizes) * NS_PER_S / stream > least / 2:
        stream = 0.0  # such a stream would be slower than what was measured
    pause = max(0.0, median(row.pause_ns for row in rows))
    best: Fit | None = None
    for caps in ((), ("iops",), ("bandwidth",)):
        if caps == ("bandwidth",) and not several:
            continue
        tried = [
            _try(rows, _Known(path_ns, pause, servers, stream, several, caps, *directions)) for servers in _counts(rows)
        ]
        found = min(tried, key=lambda one: (one.rms, one.servers))
        if best is None or (found.rms < LESS * best.rms and found.rms < best.rms - LESS_AT_LEAST):
            best = found
    assert best is not None
    if best.rms > PLAIN_ENOUGH and len({row.depth for row in rows}) > 2:
        from experiments.calibrate.curve import curved

        along = curved(rows, best)
        best = along if along.rms < LESS * best.rms else best
    return best


def believable(stream: float) -> float:
    """A stream rate in bytes per second; 0 where sizes make no difference that it could explain."""
    return stream if stream < FASTEST_STREAM else 0.0


def rms_of(residuals: Sequence[float]) -> float:
    """Their root mean square."""
    return float(np.sqrt(np.mean(np.square(residuals))))


def _counts(rows: Sequence[Row]) -> list[int]:
    """Numbers of servers worth a try: more than were ever outstanding cannot be told apart."""
    most = min(MOST_SERVERS, max(row.depth for row in rows))
    return sorted(
        {round(2 ** (k / 8)) for k in range(81)} & set(range(1, most + 1)) | set(range(1, min(most, 24) + 1)) | {most}
    )


def _try(rows: Sequence[Row], known: _Known) -> Fit:
    from scipy.optimize import least_squares

    start = _start(rows, known)
    found = least_squares(_residuals, start, args=(rows, known), method="lm" if len(start) < _count(rows) else "trf")
    whole = _built(found.x, known)
    return replace(whole, rms=rms_of([log(row.iops / predicted_iops(row, whole)) for row in rows]))


def _count(rows: Sequence[Row]) -> int:
    return sum(1 + (len(row.sides) == 2) for row in rows)


def _start(rows: Sequence[Row], known: _Known) -> list[float]:
    """Latencies of the shallowest rows, caps at the highest rates, a stream from the sizes' latencies."""
    start = []
    for wanted, name in ((known.read, "read"), (known.write, "write")):
        if wanted:
            fastest = min(side.mean_ns for row in rows for side_name, side in row.sides if side_name == name)
            start.append(log(max(fastest - known.path_ns, 1000.0)))
    if known.fit_stream:
        start.append(log(max(row.bytes_per_s for row in rows) / max(1, known.servers) * 2))
    for cap in known.caps:
        start.append(log(max(row.iops if cap == "iops" else row.bytes_per_s for row in rows)))
    return start


def _built(x: Floats, known: _Known) -> Fit:
    values = [exp(min(60.0, max(-20.0, float(value)))) for value in x]
    read = values.pop(0) if known.read else 0.0
    write = values.pop(0) if known.write else 0.0
    stream = believable(values.pop(0)) if known.fit_stream else known.stream
    caps = dict(zip(known.caps, values, strict=True))
    return Fit(
        known.path_ns, known.pause_ns, known.servers, read, write, stream, known.fit_stream,
        caps.get("iops", 0.0), caps.get("bandwidth", 0.0), (), 0.0,
    )  # fmt: skip


def _residuals(x: Floats, rows: Sequence[Row], known: _Known) -> Floats:
    """Of each row's rate, and of the two directions' latencies against each other where both ran at once."""
    whole = _built(x, known)
    found = []
    for row in rows:
        found.append(log(row.iops / predicted_iops(row, whole)))
        if row.read and row.write:
            read, write = (predicted_mean_ns(row, whole, write) for write in (False, True))
            found.append(log(row.read.mean_ns / row.write.mean_ns) - log(read / write))
    return np.array(found)


def _service(row: Row, fit: Fit) -> float:
    """Mean service of the row's I/Os, in ns."""
    return sum(side.iops * fit.service_ns(name == "write", side.size_bytes) for name, side in row.sides) / row.iops


def predicted_iops(row: Row, fit: Fit) -> float:
    """I/Os per second that the datastore gives to the row's closed loop, by the closed form."""
    service = _service(row, fit)
    apart = fit.pause_ns + fit.path_ns
    if fit.slowdown:
        return _slowed(row.depth, apart, service, fit) * NS_PER_S
    most = min(row.depth / (apart + service), fit.servers / service) * NS_PER_S
    if fit.iops:
        most = min(most, fit.iops)
    if fit.bandwidth_bytes_per_s:
        most = min(most, fit.bandwidth_bytes_per_s * row.iops / row.bytes_per_s)
    return most


def _slowed(depth: int, apart: float, service: float, fit: Fit) -> float:
    """The rate (per ns) at which those in service are as many as the rate and the time apart leave there."""
    at, factors = zip(*fit.slowdown, strict=True)
    low, high = 0.0, depth / (apart + service * min(factors))
    for _ in range(60):
        rate = (low + high) / 2
        inside = depth - rate * apart
        served = min(inside, fit.servers) / (service * float(np.interp(inside, at, factors)))
        low, high = (rate, high) if rate < served else (low, rate)
    return (low + high) / 2


def predicted_mean_ns(row: Row, fit: Fit, write: bool) -> float:
    """Mean latency of one direction by the closed form: all wait alike, each is served by its own law."""
    side = row.write if write else row.read
    assert side is not None
    wait = row.depth * NS_PER_S / predicted_iops(row, fit) - fit.pause_ns - _service(row, fit)
    return wait + fit.service_ns(write, side.size_bytes)


def monotone(rows: Sequence[Row]) -> list[float]:
    """The rising rates nearest to those of rows of one kind, by depth (in logarithms): the best any datastore whose
    throughput does not fall with depth could do."""
    from scipy.optimize import isotonic_regression

    order = sorted(range(len(rows)), key=lambda n: rows[n].depth)
    rising = isotonic_regression([log(rows[n].iops) for n in order]).x
    found = [0.0] * len(rows)
    for n, value in zip(order, rising, strict=True):
        found[n] = exp(value)
    return found
