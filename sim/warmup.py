"""Where a recorded series has settled: MSER-5.

Represents: batch means of five values; of all truncation points in the first half, the one after which the standard
error of the mean is smallest. Leaves out: transients longer than half the series, which it reports as not settled.
Source: White, "An Effective Truncation Heuristic for Bias Reduction in Simulation Output" (Simulation, 1997); the rule
for the second half is that of White, Cobb and Spratt, "A Comparison of Five Steady-State Truncation Heuristics" (2000).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

BATCH = 5


@dataclass(frozen=True)
class Cut:
    """How many values to leave out at the start, and whether the series had settled by then."""

    index: int  # a multiple of BATCH, at most half the series
    settled: bool


def mser5(series: Sequence[float]) -> Cut:
    """The cut after which the mean of the rest has the smallest standard error; of several, the first.

    Not settled: the smallest lies at the end of the searched half, so that the second half may hold a smaller one, or
    there are fewer than two batches. What does not fill a batch at the end is left out. Raises ValueError for values
    that are not finite.
    """
    if not all(map(math.isfinite, series)):
        raise ValueError("a series with values that are not finite has no cut: leave them out first")
    batches = len(series) // BATCH
    half = batches // 2
    errors = _squared_errors([math.fsum(series[BATCH * i : BATCH * (i + 1)]) / BATCH for i in range(batches)])
    best = min(range(half + 1), key=errors.__getitem__) if half else 0
    return Cut(BATCH * best, best < half)


def _squared_errors(means: Sequence[float]) -> list[float]:
    """By number of leading values left out: the squared standard error of the others' mean, but for Bessel's factor.

    One pass from the end (Welford): values that are all equal have exactly zero.
    """
    errors = [0.0] * len(means)
    mean, squares = 0.0, 0.0
    for index in range(len(means) - 1, -1, -1):
        count = len(means) - index
        off = means[index] - mean
        mean += off / count
        squares += off * (means[index] - mean)
        errors[index] = squares / count**2
    return errors
