"""How latency is spread around its mean, from the percentiles of rows in which nobody waited.

The simplest law that comes near is taken: fixed, exponential, lognormal; else the percentiles themselves, as a table.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from experiments.calibrate.fit import Fit
from experiments.calibrate.measured import Quantiles, Row, Side
from models.scenario import Distribution
from models.workload import unit_mean

Floats = npt.NDArray[np.float64]
NEAR = 0.05
"""How far off, in root mean square over the percentiles, a law may be: each as a share of the percentile, or of half
the mean where that is more (the shortest times are the benchmark's own, and a few microseconds of them are nothing)."""
FROM_PPM, TO_PPM = 50_000, 999_000
"""Percentiles that laws are judged by: below and above, a short run knows little."""
ENOUGH = 5
"""Percentiles that a law is believed for."""
LEAST_NS = 1.0


@dataclass(frozen=True)
class Shape:
    """A law of latency around its mean, and how far the percentiles are from it."""

    distribution: str
    sigma: float
    table: Quantiles  # of "quantiles", with 0 and 1,000,000 ppm; its mean is the fitted latency
    rms: float
    source: str  # the row


def shape(rows: Sequence[Row], fit: Fit, write: bool) -> Shape | None:
    """The law of one direction; None without a row that has percentiles."""
    name = "write" if write else "read"
    found = [(row, side) for row in rows for which, side in row.sides if which == name and side.quantiles]
    if not found:
        return None
    row, side = min(found, key=lambda one: (one[0].depth, one[1].size_bytes))
    mean = fit.write_ns if write else fit.read_ns
    fixed = fit.path_ns + fit.service_ns(write, side.size_bytes) - mean
    points = _drawn(side, fixed)
    judged = [(ppm, ns) for ppm, ns in points if FROM_PPM <= ppm <= TO_PPM]
    u = np.array([ppm / 1e6 for ppm, _ in judged])
    spread = np.array([ns for _, ns in judged]) / max(LEAST_NS, side.mean_ns - fixed)
    sigma = _sigma(u, np.log(spread))
    kinds: tuple[tuple[Distribution, float], ...] = (("fixed", 0.0), ("exponential", 0.0), ("lognormal", sigma))
    for kind, wide in kinds if len(judged) >= ENOUGH else ():
        off = (unit_mean(u, kind, round(wide * 1000)) - spread) / np.maximum(spread, 0.5)
        rms = float(np.sqrt(np.mean(off**2)))
        if rms <= NEAR:
            return Shape(kind, wide, (), rms, row.name)
    scale = mean / _mean(points)
    return Shape("quantiles", 0.0, tuple((ppm, ns * scale) for ppm, ns in points), 0.0, row.name)


def _drawn(side: Side, fixed: float) -> Quantiles:
    """The percentiles of the drawn part alone, without path and transfer: rising, with both ends."""
    points = [(0, side.least_ns), *side.quantiles, (1_000_000, side.most_ns)]
    rising, least = [], LEAST_NS
    for ppm, ns in points:
        least = max(least, ns - fixed)
        rising.append((ppm, least))
    return tuple(rising)


def _mean(points: Quantiles) -> float:
    """Of straight lines between the points."""
    return sum((q - p) * (a + b) / 2 for (p, a), (q, b) in pairwise(points)) / 1e6


def _sigma(u: Floats, spread: Floats) -> float:
    """Of the lognormal law with a mean of 1 that is nearest."""
    from scipy.optimize import minimize_scalar
    from scipy.special import ndtri

    z = ndtri(u)

    def off(sigma: float) -> float:
        return float(np.sum((spread - (sigma * z - sigma * sigma / 2)) ** 2))

    return round(float(minimize_scalar(off, bounds=(0.01, 3.0), method="bounded").x), 3)
