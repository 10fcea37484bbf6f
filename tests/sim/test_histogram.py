"""The histogram against a plain list of everything that was added."""

import math
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.histogram import SUB, Histogram, Ramps, bucket_low, bucket_of, merged

VALUES = st.one_of(st.integers(0, 600), st.integers(0, 2**40), st.sampled_from([0, 255, 256, 257, 2**62, 2**62 - 1]))
LISTS = st.lists(VALUES, max_size=60)


def filled(values: list[int]) -> Histogram:
    histogram = Histogram()
    for value in values:
        histogram.add(value)
    return histogram


@given(VALUES)
def test_a_bucket_holds_its_value_and_buckets_are_in_order(value: int) -> None:
    bucket = bucket_of(value)
    low, after = bucket_low(bucket), bucket_low(bucket + 1)
    assert low <= value < after
    assert bucket_of(low) == bucket == bucket_of(after - 1)
    assert bucket_of(after) == bucket + 1
    assert abs((low + after - 1) / 2 - value) <= 0.004 * value
    if value < 2 * SUB:
        assert (low, after) == (value, value + 1)


@given(LISTS)
def test_sums_and_extremes_are_exact(values: list[int]) -> None:
    histogram = filled(values)
    assert (histogram.count, histogram.total) == (len(values), sum(values))
    assert histogram.minimum == min(values, default=-1)
    assert histogram.maximum == max(values, default=-1)
    assert math.isnan(histogram.mean()) if not values else histogram.mean() == sum(values) / len(values)
    assert sum(n for _, _, n in histogram.rows()) == len(values)
    assert all(low < after for low, after, _ in histogram.rows())


@given(st.lists(VALUES, min_size=1, max_size=60), st.sampled_from([0, 0.001, 0.25, 0.5, 0.9, 0.99, 0.999, 1]))
def test_a_quantile_is_within_four_thousandths_of_the_exact_one(values: list[int], q: float) -> None:
    exact = sorted(values)[max(1, math.ceil(round(q * len(values), 9))) - 1]
    assert abs(filled(values).quantile(q) - exact) <= 0.004 * exact


def test_quantiles_at_the_edges() -> None:
    assert math.isnan(Histogram().quantile(0.5))
    one = filled([1_000_003])
    assert [one.quantile(q) for q in (0, 0.5, 1)] == [1_000_003] * 3  # between the exact extremes
    hundred = filled(list(range(1, 101)))
    assert [hundred.quantile(q) for q in (0.29, 0.5, 0.99, 1)] == [29, 50, 99, 100]
    assert (hundred.beyond(0.99), hundred.beyond(0.5)) == (1, 50)


@given(st.lists(LISTS, max_size=5).flatmap(lambda parts: st.tuples(st.just(parts), st.permutations(parts))))
def test_merging_is_exact_and_its_order_cannot_be_seen(both: tuple[list[list[int]], list[list[int]]]) -> None:
    one, other = both
    whole = filled([value for part in one for value in part])
    assert merged(filled(part) for part in one) == whole == merged(filled(part) for part in other)


@given(LISTS, LISTS)
def test_adding_together_is_adding_one_by_one(first: list[int], second: list[int]) -> None:
    histogram = filled(first)
    histogram.add_all(second)
    assert histogram == filled(first + second)


@given(st.lists(st.tuples(VALUES, st.integers(-2, 5)), max_size=20))
def test_a_weight_is_so_many_of_the_same(pairs: list[tuple[int, int]]) -> None:
    histogram = Histogram()
    for value, weight in pairs:
        assert histogram.add(value, weight) == bucket_of(value)
    assert histogram == filled([value for value, weight in pairs for _ in range(max(0, weight))])


RAMPS = st.tuples(st.integers(0, 2_000), st.integers(-3, 700)).map(lambda r: (r[0], r[0] + r[1]))


@given(st.lists(RAMPS, max_size=8), LISTS)
def test_a_ramp_adds_each_of_its_values_once(ramps: list[tuple[int, int]], before: list[int]) -> None:
    wanted = filled(before + [value for low, high in ramps for value in range(low, high)])
    one, many, gathered = filled(before), filled(before), Ramps()
    for low, high in ramps:
        one.add_ramp(low, high)
        gathered.add(low, high)
    gathered.pour(many)
    assert one == wanted
    assert many == wanted
    gathered.pour(many)  # nothing is left
    assert many == wanted


@given(st.lists(st.tuples(st.integers(0, 2**40), st.integers(0, 2**40)).map(sorted), max_size=5))
def test_long_ramps_too(ramps: list[list[int]]) -> None:
    one, many, gathered = Histogram(), Histogram(), Ramps()
    for low, high in ramps:
        one.add_ramp(low, high)
        gathered.add(low, high)
    gathered.pour(many)
    assert one == many
    assert one.count == sum(high - low for low, high in ramps)


def test_equality_is_of_content_and_a_histogram_is_no_key() -> None:
    one, other = filled([1, 5]), filled([5, 1])
    assert one == other != filled([1])
    assert one != Counter([1, 5])
    with pytest.raises(TypeError):
        hash(one)
    assert repr(one) == "Histogram(count=2, mean=3, max=5)"
