"""The arithmetic that charts share: intervals over replications, tails of histograms, spans of time.

Pure functions on results; nothing here knows how anything is drawn. Intervals are Student's t over replications, point
by point; a single replication has none (its ends are nan).
"""

from collections.abc import Container, Iterable, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from models.result import RunResult
from models.scenario import RunSpec
from sim.histogram import Histogram
from sim.statistics import t_quantile

LEVEL = 0.95
Floats = npt.NDArray[np.float64]
Span = tuple[int, int]


class Band(NamedTuple):
    """Mean and interval over replications at each point; nan where no replication has a value (one has no ends)."""

    mean: Floats
    low: Floats
    high: Floats


def band(rows: Sequence[Sequence[float] | Floats]) -> Band:
    """The mean over `rows` (one per replication, equally long) with its 95 % Student t interval, point by point."""
    values = np.asarray(rows, dtype=np.float64)
    known = ~np.isnan(values)
    n = known.sum(axis=0)
    mean = np.where(n > 0, np.where(known, values, 0.0).sum(axis=0) / np.maximum(n, 1), np.nan)
    squares = np.where(known, (values - mean) ** 2, 0.0).sum(axis=0)
    quantiles = {int(k): t_quantile(int(k) - 1, LEVEL) if k > 1 else np.nan for k in np.unique(n)}
    half = np.array([quantiles[int(k)] for k in n]) * np.sqrt(squares / np.maximum(n - 1, 1) / np.maximum(n, 1))
    return Band(mean, mean - half, mean + half)


def tail(histogram: Histogram, buckets: Sequence[int]) -> Floats:
    """The share of all observations at or above the lower edge of each of `buckets`; nan when empty. Exact."""
    if not histogram.count:
        return np.full(len(buckets), np.nan)
    keys = np.array(sorted(histogram.buckets), dtype=np.int64)
    counts = np.array([histogram.buckets[int(key)] for key in keys], dtype=np.float64)
    above = np.append(np.cumsum(counts[::-1])[::-1], 0.0)
    shares: Floats = above[np.searchsorted(keys, np.asarray(buckets, dtype=np.int64))] / histogram.count
    return shares


def ladder(lowest: int, highest: int, steps: int) -> list[int]:
    """At most about `steps` evenly spaced buckets from `lowest` to at least `highest`."""
    stride = max(1, -(-(highest - lowest) // steps))
    return list(range(lowest, highest + stride, stride))


def united(spans: Iterable[Span]) -> list[Span]:
    """The same time covered by spans that do not touch, in order."""
    out: list[Span] = []
    for start, end in sorted(span for span in spans if span[0] < span[1]):
        if out and start <= out[-1][1]:
            out[-1] = (out[-1][0], max(end, out[-1][1]))
        else:
            out.append((start, end))
    return out


def shared(runs: Sequence[Iterable[Span]]) -> list[tuple[int, int, float]]:
    """(start, end, share of the runs that cover it) where the share is above zero: how well replications agree."""
    steps: dict[int, int] = {}
    for spans in runs:
        for start, end in united(spans):
            steps[start] = steps.get(start, 0) + 1
            steps[end] = steps.get(end, 0) - 1
    out, inside, since = [], 0, 0
    for t in sorted(steps):
        if inside:
            out.append((since, t, inside / len(runs)))
        inside, since = inside + steps[t], t
    return out


def unseen(run: RunSpec) -> tuple[Span, ...]:
    """The time outside the observe windows, in which guests make no requests; none where all is observed."""
    borders = [0, *(border for one in run.observe for border in (one.start_ns, one.end_ns)), run.duration_ns]
    gaps = zip(borders[::2], borders[1::2], strict=True)
    return tuple((start, end) for start, end in gaps if start < end) if run.observe else ()


def covered(spans: Sequence[Span], start: int, end: int) -> int:
    """How much of [start, end) the disjoint `spans` cover."""
    return sum(max(0, min(end, high) - max(start, low)) for low, high in spans)


def job_spans(result: RunResult, phase: str, vms: Container[str] | None = None) -> list[Span]:
    """When jobs (on `vms` only) were at it: "backup" (start to end), "snapshot" (cut to merge's end), "read", "merge".

    A job that never reached the end of a phase it began is taken to be in it until the run's end.
    """
    out = []
    for job in result.jobs:
        start, end = {
            "backup": (job.start_ns, job.end_ns),
            "snapshot": (job.cut_ns, job.merge_end_ns),
            "read": (job.read_start_ns, job.read_end_ns),
            "merge": (job.merge_start_ns, job.merge_end_ns),
        }[phase]
        if start >= 0 and (vms is None or job.vm in vms):
            out.append((start, end if end >= 0 else job.end_ns if job.end_ns >= 0 else result.duration_ns))
    return out
