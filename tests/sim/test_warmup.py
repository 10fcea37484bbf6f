"""Where a series has settled: known transients, and what holds for every series."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.streams import philox, uniforms
from sim.warmup import BATCH, Cut, mser5

FINITE = st.floats(-1e6, 1e6)


def noise(count: int, name: str) -> list[float]:
    """Independent values with mean 0 and variance 1."""
    return [float(value) for value in (uniforms(philox(1, 0, name, "noise"), count, 1)[:, 0] - 0.5) * math.sqrt(12)]


def autocorrelated(count: int, name: str, keep: float = 0.6) -> list[float]:
    """What a queue's latencies look like: each value keeps a share of the one before."""
    level, series = 0.0, []
    for value in noise(count, name):
        level = keep * level + value
        series.append(level)
    return series


@pytest.mark.parametrize("replicate", range(5))
def test_a_known_transient_is_found(replicate: int) -> None:
    series = autocorrelated(5000, f"step {replicate}")
    for index in range(500):
        series[index] += 20
    cut = mser5(series)
    assert cut.settled
    assert 500 <= cut.index <= 600  # a few more values may go: those that happen to lie off the rest's mean


@pytest.mark.parametrize("replicate", range(5))
def test_a_decay_is_cut_where_noise_hides_it(replicate: int) -> None:
    series = [20 * math.exp(-i / 100) + value for i, value in enumerate(noise(5000, f"decay {replicate}"))]
    cut = mser5(series)
    assert cut.settled
    assert 200 <= cut.index <= 700  # the excess is 2.7 at 200 and 0.02 at 700, the noise 1


def test_the_cut_takes_the_bias_away() -> None:
    series = [50 * math.exp(-i / 60) + value for i, value in enumerate(noise(3000, "bias"))]
    kept = series[mser5(series).index :]
    assert abs(math.fsum(series) / len(series)) > 0.9
    assert abs(math.fsum(kept) / len(kept)) < 4 / math.sqrt(len(kept))


@pytest.mark.parametrize("series", [[], [1.0] * 9, [float(i) for i in range(1000)]])
def test_too_short_or_still_rising_is_not_settled(series: list[float]) -> None:
    cut = mser5(series)
    assert not cut.settled
    assert cut.index <= len(series) / 2


def test_equal_values_need_no_cut() -> None:
    assert mser5([0.1] * 50) == Cut(0, True)
    assert mser5([7.0] * 20 + [0.1] * 80) == Cut(20, True)


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_values_that_are_not_finite_are_refused(bad: float) -> None:
    with pytest.raises(ValueError, match="leave them out"):
        mser5([1.0, bad])


@given(st.lists(FINITE, max_size=200))
def test_it_is_what_the_definition_says(series: list[float]) -> None:
    means = [float(np.mean(series[i : i + BATCH])) for i in range(0, len(series) - BATCH + 1, BATCH)]
    cut = mser5(series)
    half = len(means) // 2
    assert cut.index % BATCH == 0
    assert cut.index // BATCH <= half
    assert cut.settled == (cut.index // BATCH < half)
    if means:
        errors = [float(np.var(means[d:])) / (len(means) - d) for d in range(half + 1)]
        slack = 1e-9 * max(1.0, *(value**2 for value in means))
        assert errors[cut.index // BATCH] <= min(errors) + slack


@given(st.lists(st.integers(-1000, 1000).map(float), max_size=100), st.integers(-8, 8))
def test_units_do_not_matter(series: list[float], power: int) -> None:
    scaled = [value * 2.0**power for value in series]
    assert mser5(scaled) == mser5(series)
