"""How often an interval holds what it should: measured on a queue whose latencies are known.

M/M/1 at load 0.8 that starts in its steady state, so that nothing warms up. A customer's latency has the exponential
distribution of mean 1 / (1 - load) service times, whose quantiles are known. A replication is 2,000 customers, which is
few: their mean varies by 20 %. Times are in service times. Leaves out the simulator itself, which is held against the
same queue elsewhere: here a queue must be had a thousand times over, by Lindley's recursion as sums and minima.
`python -m experiments.validate.coverage` prints everything.
Source: Kleinrock, "Queueing Systems"; Law, "Simulation Modeling and Analysis" (coverage; sequential procedures).
"""

import math
from collections.abc import Callable, Iterator
from functools import cache
from typing import NamedTuple

import numpy as np

from experiments.study.coverage import MEASURED, Covered
from experiments.study.sequential import Replication, Sign
from experiments.validate.row import Claim, Row, Slack, judge
from sim.statistics import batch_means, t_quantile
from sim.streams import Floats, exponential, philox, uniforms

LOAD = 0.8
CUSTOMERS = 2000
MEAN = 1 / (1 - LOAD)
P99 = -math.log(0.01) / (1 - LOAD)
LEVEL = 0.95
AT_ONCE = 500  # replications in memory
MOST = Replication(10, 100, (Sign("guest_mean", "vadp", "vaio"),))
"""The looks of a sequential study: at 10, 12, 15, 18 ... 100 replications."""


def latencies(rows: int, customers: int, name: str) -> Floats:
    """Latencies of successive customers, one row a queue; all draws belong to this name."""
    draws = exponential(uniforms(philox(1, 0, name, "queue"), rows * customers, 2)).reshape(rows, customers, 2)
    before = exponential(uniforms(philox(1, 0, name, "start"), rows, 1)) * MEAN  # of the customer ahead of the first
    gaps, services = draws[:, :, 0] / LOAD, draws[:, :, 1]
    steps = np.concatenate([before, services[:, :-1]], axis=1) - gaps
    sums = np.cumsum(steps, axis=1)
    waits = sums - np.minimum(np.minimum.accumulate(sums, axis=1), 0)  # Lindley: max(0, wait + service - gap) in turn
    found: Floats = waits + services
    return found


class Sample(NamedTuple):
    """By replication: mean and p99 of its latencies, and the half-width that takes its customers for independent."""

    means: Floats
    quantiles: Floats
    naive: Floats


@cache
def sample(replications: int = 30_000) -> Sample:
    """The replications that all coverages are measured with; the first of a larger sample are those of a smaller."""
    parts = [_part(latencies(AT_ONCE, CUSTOMERS, f"part {part}")) for part in range(replications // AT_ONCE)]
    return Sample(*(np.concatenate(column) for column in zip(*parts, strict=True)))


def _part(found: Floats) -> Sample:
    need = -(-CUSTOMERS * 99 // 100) - 1  # as sim.histogram: the smallest that 99 % do not exceed
    half = t_quantile(CUSTOMERS - 1, LEVEL) * found.std(axis=1, ddof=1) / math.sqrt(CUSTOMERS)
    return Sample(found.mean(axis=1), np.partition(found, need, axis=1)[:, need], half)


def of_replications(values: Floats, truth: float, count: int) -> float:
    """The share of t intervals over `count` replications that hold `truth`."""
    groups = values[: len(values) // count * count].reshape(-1, count)
    half = t_quantile(count - 1, LEVEL) * groups.std(axis=1, ddof=1) / math.sqrt(count)
    return float(np.mean(np.abs(groups.mean(axis=1) - truth) <= half))


def covered(count: int) -> Covered:
    """The shares of `experiments.study.coverage.MEASURED`, measured. The p99 that runs of this length have is not the
    queue's: it is taken for their mean over all replications."""
    found = sample()
    p99 = float(found.quantiles.mean())
    return Covered(of_replications(found.means, MEAN, count), of_replications(found.quantiles, p99, count))


def of_customers(found: Sample) -> float:
    """The same if the customers of one replication are taken for independent: the naive interval."""
    return float(np.mean(np.abs(found.means - MEAN) <= found.naive))


def of_batches(runs: int = 400, batches: int = 25) -> float:
    """The same for batch means inside one long run, each batch as long as a replication."""
    held = 0
    for part in range(runs // 20):
        for row in latencies(20, batches * CUSTOMERS, f"long {part}").tolist():
            interval = batch_means(row, batches, LEVEL)
            held += interval.low <= MEAN <= interval.high
    return held / runs


class Stopped(NamedTuple):
    """What became of sequential studies of one kind."""

    share: float  # of them whose last interval holds the truth
    replications: float  # of one, on average


def of_stopping(values: Floats, truth: float, enough: Callable[[float, float], bool]) -> Stopped:
    """Sequential studies one after the other over `values`; `enough(mean, half-width)` ends one."""
    held, counts, start = 0, [], 0
    while start + MOST.most <= len(values):
        count, mean, half = _study(values[start : start + MOST.most], enough)
        held += abs(mean - truth) <= half
        counts.append(count)
        start += count
    return Stopped(held / len(counts), sum(counts) / len(counts))


def _study(values: Floats, enough: Callable[[float, float], bool]) -> tuple[int, float, float]:
    count = 0
    while True:
        count = MOST.next_count(count)
        mean = float(values[:count].mean())
        half = t_quantile(count - 1, LEVEL) * float(values[:count].std(ddof=1)) / math.sqrt(count)
        if count == MOST.most or enough(mean, half):
            return count, mean, half


def until_narrow(share: float) -> Stopped:
    """Studies that go on until the half-width is at most this share of the mean."""
    return of_stopping(sample().means, MEAN, lambda mean, half: half <= share * abs(mean))


def until_signed() -> Stopped:
    """Studies that go on until the sign of a difference is settled, which is none: two queues alike.

    One that ends without the truth, zero, in its interval has settled a sign that does not exist. Each replication is
    paired with that of ten places further on, and of twenty ...: differences enough, though not all independent.
    """
    means = sample().means
    differences = np.concatenate([means - np.roll(means, -shift) for shift in range(1000, 11_000, 1000)])
    return of_stopping(differences, 0.0, lambda mean, half: abs(mean) > half)


def rows() -> list[Row]:
    """Coverage as `validate` shows it."""
    found = sample()
    sampling = Slack(0.02, "93 to 97 %: sampling error of 1,000 studies is 0.7 %, the means' skewness costs 1 %")
    return [
        judge(
            Claim("M/M/1, load 0.8: 95 % t intervals over 30 replications hold the mean latency", "theory", ""),
            LEVEL,
            of_replications(found.means, MEAN, 30),
            sampling,
        ),
        judge(
            Claim("the same if I/Os are taken for independent: the interval is too narrow by far", "theory", ""),
            naive_theory(),
            of_customers(found),
            Slack(0.02, "the mean of 2,000 is not quite normal"),
        ),
    ]


def naive_theory() -> float:
    """The naive interval's coverage of a long run: its half-width against the true standard error of the mean.

    The variance of the mean of n waits in M/M/1 goes to r (2 + 5 r - 4 r^2 + r^3) / (1 - r)^4 / n service times
    squared (Daley, 1968; latencies differ by little at this load), that of a single latency is 1 / (1 - r)^2.
    """
    ratio = (2 + 5 * LOAD - 4 * LOAD**2 + LOAD**3) * LOAD / (1 - LOAD) ** 2
    return math.erf(1.96 / math.sqrt(ratio) / math.sqrt(2))


def report() -> Iterator[str]:
    """Everything, a line each."""
    found = sample()
    expected = float(found.quantiles.mean())
    yield f"M/M/1 at load {LOAD}, {len(found.means)} replications of {CUSTOMERS} I/Os, 95 % intervals"
    for count in MEASURED:
        mean, p99 = covered(count)
        true = of_replications(found.quantiles, P99, count)
        yield f"{count:2} replications: mean {mean:.3f}, p99 of such runs {p99:.3f}, p99 of the queue {true:.3f}"
    yield f"p99 of a run is {expected / P99:.3f} of the queue's on average"
    yield f"naive, I/Os of one run taken for independent: {of_customers(found):.3f} (theory {naive_theory():.3f})"
    yield f"batch means, 25 of {CUSTOMERS} I/Os in one run: {of_batches():.3f}"
    for share in (0.2, 0.1, 0.05):
        one = until_narrow(share)
        yield f"until within {share:.0%} of the mean: {one.share:.3f}, {one.replications:.1f} replications on average"
    one = until_signed()
    yield f"until a sign is settled that does not exist: {1 - one.share:.3f} settle one by {MOST.most} replications"


if __name__ == "__main__":
    for line in report():
        print(line, flush=True)
