"""Intervals against textbook values, paired differences, batch means, and time-weighted distributions."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.histogram import Histogram
from sim.statistics import batch_means, mean_interval, paired_difference, t_quantile, time_weighted


@pytest.mark.parametrize(
    ("degrees", "level", "expected"), [(1, 0.95, 12.706), (4, 0.95, 2.776), (9, 0.95, 2.262), (4, 0.90, 2.132)]
)
def test_t_quantile_is_the_tables(degrees: int, level: float, expected: float) -> None:
    assert t_quantile(degrees, level) == pytest.approx(expected, abs=5e-4)


def test_mean_interval_by_hand() -> None:
    # 2, 4, 6: mean 4, standard deviation 2, t(2) = 4.3027, half width 4.3027 * 2 / sqrt(3)
    interval = mean_interval([2.0, 4.0, 6.0])
    assert (interval.mean, interval.n, interval.level) == (4.0, 3, 0.95)
    assert interval.half_width == pytest.approx(4.30265 * 2 / math.sqrt(3), rel=1e-5)
    assert interval.low == pytest.approx(4 - interval.half_width)


def test_one_value_has_no_interval_and_settles_nothing() -> None:
    interval = mean_interval([7.0])
    assert (interval.mean, interval.n) == (7.0, 1)
    assert math.isnan(interval.low)
    assert math.isnan(interval.high)
    assert not paired_difference([9.0], [1.0]).sign_settled


def test_undefined_replications_are_left_out_and_counted() -> None:
    assert mean_interval([1.0, math.nan, 3.0])[::3] == (2.0, 2)
    assert mean_interval([math.nan]).n == 0
    assert math.isnan(mean_interval([]).mean)
    assert paired_difference([1.0, math.nan, 5.0], [0.0, 0.0, math.nan]).interval.n == 1


def test_a_level_outside_zero_and_one_is_refused() -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        mean_interval([1.0, 2.0], level=95)


def test_pairing_settles_what_separate_intervals_cannot() -> None:
    a = [10.0, 20.0, 30.0, 40.0]
    b = [9.0, 18.9, 29.1, 39.0]
    assert mean_interval(a).low < mean_interval(b).high  # unpaired they overlap widely
    paired = paired_difference(a, b)
    assert paired.interval.mean == pytest.approx(1.0)
    assert paired.sign_settled
    assert paired_difference(b, a).sign_settled
    assert not paired_difference([1.0, 3.0, 2.0], [2.0, 1.0, 2.5]).sign_settled
    assert not paired_difference([5.0, 5.0], [5.0, 5.0]).sign_settled


def test_pairs_must_match() -> None:
    with pytest.raises(ValueError, match="shorter"):
        paired_difference([1.0, 2.0], [1.0])


def test_batch_means_widen_the_interval_of_an_autocorrelated_series() -> None:
    series = [float(i // 100 % 2) for i in range(2500)]  # long stretches of 0 and of 1
    assert batch_means(series, 25).half_width > 5 * mean_interval(series).half_width
    assert batch_means([99.0, 1.0, 3.0, 5.0, 7.0], 2).mean == 4.0  # the first, which fills no batch, is left out
    with pytest.raises(ValueError, match="batches"):
        batch_means([1.0, 2.0], 3)


def test_time_weighted_against_every_nanosecond() -> None:
    pieces = [(0, 40, 10, 1), (40, 100, 5, 0), (120, 1120, 300, 1), (1120, 1120, 9, 1)]
    values = [v + slope * (t - t0) for t0, t1, v, slope in pieces for t in range(t0, t1)]
    result = time_weighted(pieces)
    assert result.defined_ns == len(values) == result.distribution.count
    assert result.distribution.total == sum(values)
    # of the continuous function: the middle of each nanosecond of a rising piece
    assert result.mean == pytest.approx((sum(values) + 0.5 * 1040) / len(values), rel=1e-12)
    assert result.maximum == 1300.0
    ordered = sorted(values)
    assert result.distribution.quantile(0.5) == pytest.approx(ordered[len(ordered) // 2], rel=0.005)


@given(st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 10**6), st.sampled_from([0, 1]))))
def test_time_weighted_is_what_the_histogram_makes_of_each_piece(pieces: list[tuple[int, int, int]]) -> None:
    slow = Histogram()
    for length, value, slope in pieces:
        if slope:
            slow.add_ramp(value, value + length)
        else:
            slow.add(value, length)
    assert time_weighted((0, length, value, slope) for length, value, slope in pieces).distribution == slow


def test_time_weighted_of_nothing_is_undefined_not_zero() -> None:
    result = time_weighted([])
    assert math.isnan(result.mean)
    assert math.isnan(result.maximum)
    assert result.defined_ns == 0


@pytest.mark.parametrize("piece", [(10, 5, 0, 1), (0, 5, 0, 2), (0, 5, 0, -1)])
def test_a_piece_that_is_none_is_refused(piece: tuple[int, int, int, int]) -> None:
    with pytest.raises(ValueError, match="slope 0 or 1"):
        time_weighted([piece])
