"""What the points of a design come to: Sobol indices or Morris' measures, each with a bootstrap interval over its rows.

Rows with an undefined value are left out. Bootstrap draws come from a named stream. Sources: Jansen's estimator of the
total index and Saltelli's of the first, as recommended in Saltelli et al. (2010); mu* of Campolongo, Cariboni and
Saltelli, "An effective screening design for sensitivity analysis of large models" (2007).
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from experiments.sensitivity.design import Step
from sim.streams import Floats, philox, uniforms

RESAMPLES = 1000
LEVEL = 0.95
NAN = float("nan")


class Effect(NamedTuple):
    """How much one assumption moves one figure."""

    total: float  # Sobol: share of the variance that vanishes only when it is known; Morris: mu*, in the figure's unit
    low: float  # of the 95 % bootstrap interval of `total`
    high: float
    other: float  # Sobol: first-order index, its share alone; Morris: sigma, interaction and curvature
    rows: int  # of the design that count


def sobol_effects(values: Floats, count: int, seed: int) -> list[Effect]:
    """Of `count` assumptions; `values` by row, each A, B, then A with each assumption from B."""
    rows = values.reshape(-1, count + 2)
    rows = rows[np.isfinite(rows).all(axis=1)]

    def measure(chosen: Floats) -> tuple[Floats, Floats]:
        a, b, mixed = chosen[..., 0], chosen[..., 1], chosen[..., 2:]
        both = np.concatenate([a, b], axis=-1)
        variance = both.var(axis=-1)[..., None]
        centre = both.mean(axis=-1)[..., None]  # does not change the first index, and makes it less noisy
        total = ((a[..., None] - mixed) ** 2).mean(axis=-2) / 2
        first = ((b - centre)[..., None] * (mixed - a[..., None])).mean(axis=-2)
        safe = np.where(variance > 0, variance, 1.0)
        return np.where(variance > 0, total / safe, 0.0), np.where(variance > 0, first / safe, 0.0)

    return _effects(rows, measure, count, seed)


def morris_effects(values: Floats, walks: Sequence[tuple[Step, ...]], seed: int) -> list[Effect]:
    """Of as many assumptions as a walk has steps; `values` by walk, each the start and then after each step."""
    count = len(walks[0])
    found = np.full((len(walks), count), NAN)
    for walk, (row, steps) in enumerate(zip(values.reshape(-1, count + 1), walks, strict=True)):
        for number, step in enumerate(steps):
            found[walk, step.place] = (row[number + 1] - row[number]) / step.change
    found = found[np.isfinite(found).all(axis=1)]

    def measure(chosen: Floats) -> tuple[Floats, Floats]:
        sigma = chosen.std(axis=-2, ddof=1) if chosen.shape[-2] > 1 else np.full(count, NAN)
        return np.abs(chosen).mean(axis=-2), sigma

    return _effects(found, measure, count, seed)


Measure = Callable[[Floats], tuple[Floats, Floats]]


def _effects(rows: Floats, measure: Measure, count: int, seed: int) -> list[Effect]:
    """Measures of all rows, with percentile intervals of the first measure over rows drawn with replacement."""
    if not len(rows):
        return [Effect(NAN, NAN, NAN, NAN, 0)] * count
    total, other = measure(rows)
    low = high = np.full(count, NAN)
    if len(rows) > 1:
        again = np.array([measure(rows[chosen])[0] for chosen in _draws(len(rows), seed)])
        low, high = np.quantile(again, [(1 - LEVEL) / 2, (1 + LEVEL) / 2], axis=0)
    return [
        Effect(float(t), float(a), float(b), float(o), len(rows))
        for t, a, b, o in zip(total, low, high, other, strict=True)
    ]


def _draws(rows: int, seed: int) -> Sequence[Sequence[int]]:
    draws = uniforms(philox(seed, 0, "sensitivity", "bootstrap"), RESAMPLES * rows, 1).reshape(RESAMPLES, rows)
    found: list[list[int]] = (draws * rows).astype(np.int64).tolist()
    return found


def noise(values: Floats) -> float:
    """The share of the variance between points that replications alone explain: of means over them, by point.

    `values` by point, by replication. All points share their random numbers: what a replication adds to every point
    is no noise; what it adds to one differently than to another is. nan with one replication.
    """
    rows = values[np.isfinite(values).all(axis=1)]
    points, replications = rows.shape
    if points < 2 or replications < 2:
        return NAN
    means = rows.mean(axis=1)
    left = rows - means[:, None] - rows.mean(axis=0)[None, :] + rows.mean()
    per_value = float((left**2).sum()) / ((points - 1) * (replications - 1))
    spread = float(means.var(ddof=1))
    return min(1.0, per_value / replications / spread) if spread > 0 else 0.0
