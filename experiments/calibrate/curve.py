"""The throughput curve itself, where no number of servers explains it: a factor of the service for each depth
measured.

Of the factors only those are kept that make the rate rise with depth (isotonic regression in logarithms): a lower rate
at a larger depth is noise of the benchmark, or an effect that the datastore does not have. From the depth on at which
the rate is as good as flat commands queue: latency there is a wait, and not a stretched service, and its tail is as
short as a wait's.
"""

from collections.abc import Sequence
from dataclasses import replace
from math import exp, log

import numpy as np

from experiments.calibrate.fit import Fit, Floats, believable, predicted_iops, rms_of
from experiments.calibrate.measured import NS_PER_S, Row

FLAT = 0.97
"""Of the highest rate: a depth that reaches it has all servers busy."""


def curved(rows: Sequence[Row], fit: Fit) -> Fit:
    """The same path and pause with latencies and factors fitted anew; as many servers as it takes for a flat rate."""
    from scipy.optimize import isotonic_regression, least_squares

    depths = sorted({row.depth for row in rows})
    start = [log(ns) for ns in (fit.read_ns, fit.write_ns) if ns]
    if fit.stream_measured and fit.stream_bytes_per_s:
        start.append(log(fit.stream_bytes_per_s))
    start += [max(0.0, log(depth / fit.servers)) for depth in depths[1:]]
    found = least_squares(_residuals, start, args=(rows, fit, depths))
    whole, factors = _parts(found.x, fit, depths)
    weights = [sum(row.depth == depth for row in rows) for depth in depths]
    rates = isotonic_regression(np.log(depths) - np.log(factors), weights=weights).x
    rising = np.exp(np.log(depths) - rates)
    scale = float(rising[0])
    knee = next(n for n, rate in enumerate(rates) if rate >= rates[-1] + log(FLAT))
    flat = exp(float(np.average(rates[knee:], weights=weights[knee:])))  # their mean: all these rows are one queue
    shown = [*(float(factor) / scale for factor in rising[:knee]), depths[knee] / flat / scale]
    points = list(zip(depths, shown, strict=False))
    points = points if depths[0] == 1 else [(1, points[0][1]), *points]
    whole = replace(whole, read_ns=whole.read_ns * scale, write_ns=whole.write_ns * scale, servers=depths[knee],
                    iops=0.0, bandwidth_bytes_per_s=0.0, slowdown=tuple(points))  # fmt: skip
    return replace(whole, rms=rms_of([log(row.iops / predicted_iops(row, whole)) for row in rows]))


def _parts(x: Floats, fit: Fit, depths: Sequence[int]) -> tuple[Fit, Floats]:
    values = list(x)
    read = exp(values.pop(0)) if fit.read_ns else 0.0
    write = exp(values.pop(0)) if fit.write_ns else 0.0
    again = fit.stream_measured and fit.stream_bytes_per_s
    stream = believable(exp(values.pop(0))) if again else fit.stream_bytes_per_s
    assert len(values) == len(depths) - 1
    return replace(fit, read_ns=read, write_ns=write, stream_bytes_per_s=stream), np.exp([0.0, *values])


def _residuals(x: Floats, rows: Sequence[Row], fit: Fit, depths: Sequence[int]) -> Floats:
    """Of the time in service that the rate and the depth leave, and of the directions against each other."""
    whole, factors = _parts(x, fit, depths)
    apart = fit.path_ns + fit.pause_ns
    found = []
    for row in rows:
        inside = max(row.depth / 20, row.depth - row.iops * apart / NS_PER_S)
        service = (
            sum(side.iops * whole.service_ns(name == "write", side.size_bytes) for name, side in row.sides) / row.iops
        )
        factor = factors[depths.index(row.depth)]
        found.append(log(inside * NS_PER_S / row.iops) - log(service * factor))
        if row.read and row.write:
            read, write = (whole.service_ns(w, side.size_bytes) for w, side in ((False, row.read), (True, row.write)))
            measured = [max(1.0, side.mean_ns - fit.path_ns) for _, side in row.sides]
            found.append(log(measured[0] / measured[1]) - log(read / write))
    return np.array(found)
