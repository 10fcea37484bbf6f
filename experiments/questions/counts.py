"""Exact intervals for counts: how often something happens, known from how often it did.

A share of n independent trials has the interval of Clopper and Pearson. With none in n trials its upper end, one-sided
at 95 %, is 1 - 0.05^(1/n), which is about 3/n (the rule of three). Both are conservative: they hold at least the level.
Source: Clopper, Pearson, "The use of confidence or fiducial limits illustrated in the case of the binomial" (1934).
"""

from sim.statistics import Interval

LEVEL = 0.95


def share(successes: int, trials: int, level: float = LEVEL) -> Interval:
    """The share of trials that succeed. Where none or all did the interval is one-sided, at the same level."""
    from scipy.special import betaincinv

    if not 0 <= successes <= trials or trials < 1:
        raise ValueError(f"of {trials} trials {successes} cannot succeed")
    tail = 1 - level if successes in (0, trials) else (1 - level) / 2
    low = float(betaincinv(successes, trials - successes + 1, tail)) if successes else 0.0
    high = float(betaincinv(successes + 1, trials - successes, 1 - tail)) if successes < trials else 1.0
    return Interval(successes / trials, low, high, trials, level)


def times(interval: Interval, factor: float) -> Interval:
    """The same in another unit."""
    return interval._replace(mean=interval.mean * factor, low=interval.low * factor, high=interval.high * factor)
