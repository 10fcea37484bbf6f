"""Statistics over replications, over one long series, and over time.

Represents: Student-t intervals from independent replications, paired differences under common random numbers, batch
means, and the exact time-weighted distribution of a piecewise-linear function. Leaves out: warm-up detection,
corrections for many comparisons (each interval stands for itself), non-parametric intervals.
Sources: Law, "Simulation Modeling and Analysis" (paired-t and batch means); the t quantile is scipy's.
"""

import math
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from sim.histogram import Histogram, Ramps

NAN = float("nan")


class Interval(NamedTuple):
    """A mean and its confidence interval; `low` and `high` are nan where there is none (fewer than two values)."""

    mean: float
    low: float
    high: float
    n: int
    level: float

    @property
    def half_width(self) -> float:
        return (self.high - self.low) / 2


class Difference(NamedTuple):
    """The mean of paired differences, its interval, and whether the interval leaves out zero."""

    interval: Interval
    sign_settled: bool


class TimeWeighted(NamedTuple):
    """A function of time: its distribution (ns at each value), exact mean, supremum, and the time it is defined."""

    distribution: Histogram
    mean: float
    maximum: float
    defined_ns: int


def t_quantile(degrees: int, level: float) -> float:
    """The two-sided Student-t quantile: a share `level` of the distribution lies within plus and minus this."""
    from scipy.special import stdtrit

    return float(stdtrit(degrees, 0.5 + level / 2))


def mean_interval(values: Iterable[float], level: float = 0.95) -> Interval:
    """The mean of independent values with its Student-t interval.

    A nan stands for "undefined in this replication" and is left out; `n` says how many values remained.
    One value gives a mean without an interval, none gives nan.
    """
    if not 0 < level < 1:
        raise ValueError(f"a confidence level lies between 0 and 1, got {level}")
    kept = [float(value) for value in values if not math.isnan(value)]
    n = len(kept)
    if n == 0:
        return Interval(NAN, NAN, NAN, 0, level)
    mean = math.fsum(kept) / n
    if n == 1:
        return Interval(mean, NAN, NAN, 1, level)
    variance = math.fsum((value - mean) ** 2 for value in kept) / (n - 1)
    half = t_quantile(n - 1, level) * math.sqrt(variance / n)
    return Interval(mean, mean - half, mean + half, n, level)


def paired_difference(a: Sequence[float], b: Sequence[float], level: float = 0.95) -> Difference:
    """The mean of `a[i] - b[i]`; its sign is settled if the interval leaves out zero.

    Pairs must stem from the same random numbers. A pair with a nan is left out. Fewer than two pairs settle nothing.
    """
    interval = mean_interval([x - y for x, y in zip(a, b, strict=True)], level)
    return Difference(interval, interval.low > 0 or interval.high < 0)


def batch_means(series: Sequence[float], batches: int = 25, level: float = 0.95) -> Interval:
    """The mean of one long autocorrelated series with an interval from the means of equal consecutive batches.

    What does not fill a batch is left out at the start, where a run is least settled.
    """
    length = len(series) // batches if batches >= 2 else 0
    if length == 0:
        raise ValueError(f"cannot make {batches} batches of {len(series)} values: need two batches and a value in each")
    start = len(series) - length * batches
    means = [math.fsum(series[i : i + length]) / length for i in range(start, len(series), length)]
    return mean_interval(means, level)


def time_weighted(ramps: Iterable[tuple[int, int, int, int]]) -> TimeWeighted:
    """The distribution, mean and supremum over time of pieces (t0, t1, value at t0, slope 0 or 1), all in ns.

    Every nanosecond of a piece weighs one; time outside the pieces is undefined and weighs nothing. The mean is that
    of the continuous function (the distribution's own mean lies half a nanosecond below it on a rising piece).
    """
    distribution = Histogram()
    rising = Ramps()
    doubled_area, defined, maximum = 0, 0, NAN
    for t0, t1, value, slope in ramps:
        length = t1 - t0
        if length < 0 or slope not in (0, 1):
            raise ValueError(f"a piece ends after it starts and has slope 0 or 1, got {(t0, t1, value, slope)}")
        if length == 0:
            continue
        if slope:
            rising.add(value, value + length)
        else:
            distribution.add(value, length)
        end = value + slope * length
        doubled_area += (value + end) * length
        defined += length
        maximum = float(end) if math.isnan(maximum) else max(maximum, float(end))
    rising.pour(distribution)
    return TimeWeighted(distribution, doubled_area / (2 * defined) if defined else NAN, maximum, defined)
