"""The levels and points of a sweep: exact, readable, and never changed by the points that come after them."""

from fractions import Fraction

import pytest

from experiments.sweep import axes
from experiments.sweep.axes import Levels, Span
from experiments.sweep.design import grid, sample
from experiments.sweep.result import Axis
from sim.units import parse


def spanned(low: object, high: object, log: bool = False) -> Span:
    found = axes.span(low, high, log)
    assert isinstance(found, Span), found
    return found


def steps(low: object, high: object, count: int, log: bool = False) -> list[str]:
    between = spanned(low, high, log)
    return [between.at(i / (count - 1)).level.text for i in range(count)]


def axis(key: str, low: object, high: object, log: bool = False) -> Levels:
    return Levels(Axis(key, key, (f"run.{key}",), "", log), (), spanned(low, high, log))


def listed(key: str, *values: object) -> Levels:
    choices, unit = axes.choices(list(values))
    return Levels(Axis(key, key, (f"run.{key}",), unit, False), choices, None)


@pytest.mark.parametrize(
    ("low", "high", "count", "log", "texts"),
    [
        ("30 s", "120 s", 4, False, ["30 s", "60 s", "90 s", "120 s"]),
        ("30 s", "2 min", 3, True, ["30 s", "60 s", "2 min"]),
        ("1 ms", "10 ms", 3, True, ["1 ms", "3.162 ms", "10 ms"]),
        ("4 KiB", "64 KiB", 5, True, ["4 KiB", "8 KiB", "16 KiB", "32 KiB", "64 KiB"]),
        ("0 %", "100 %", 3, False, ["0 %", "50 %", "100 %"]),
        ("1 iops", "4 iops", 3, False, ["1 iops", "2 iops", "4 iops"]),  # 2.5 rounds half to even
        ("100 Mbit/s", "1 Gbit/s", 3, True, ["100 Mbit/s", "316.2 Mbit/s", "1 Gbit/s"]),
        (1, 8, 4, True, ["1", "2", "4", "8"]),
        (1, 2, 3, False, ["1", "2", "2"]),
        (0.5, 2, 4, False, ["0.5", "1", "1.5", "2"]),
    ],
)
def test_levels_are_spread_evenly_and_say_what_they_are(
    low: object, high: object, count: int, log: bool, texts: list[str]
) -> None:
    assert steps(low, high, count, log) == texts


@pytest.mark.parametrize(("low", "high"), [("1 s", "7 s"), ("3 kB/s", "1 GB/s"), ("1 MiB", "9 GiB"), ("0 s", "1 d")])
def test_the_text_of_a_level_is_the_level(low: str, high: str) -> None:
    between = spanned(low, high)
    for i in range(1, 50):
        choice = between.at(i / 50)
        exact = between.low.base + Fraction(i, 50) * (between.high.base - between.low.base)
        base = parse(choice.level.text, between.low.dimension)
        assert abs(base - exact) <= max(exact / 1000, axes.UNITS[between.low.dimension][between.unit] / 2)
        assert choice.value == choice.level.text
        assert choice.level.number == float(base / axes.UNITS[between.low.dimension][between.unit])


def test_values_are_numbers_in_one_unit_or_choices() -> None:
    choices, unit = axes.choices(["30 s", "5 min", "1 h"])
    assert ([choice.level.number for choice in choices], unit) == ([30.0, 300.0, 3600.0], "s")
    choices, unit = axes.choices(["none", "200 MB/s"])
    assert ([choice.level.number for choice in choices], unit) == ([0.0, 1.0], "")
    choices, unit = axes.choices([True, False])
    assert [(choice.level.text, choice.value) for choice in choices] == [("true", True), ("false", False)]


@pytest.mark.parametrize(
    ("low", "high", "log", "said"),
    [
        ("5 parsec", "9 s", False, "is no number"),
        ("1 s", "1 MB", False, "same unit"),
        ("2 s", "1 s", False, "is not more than from"),
        ("0 s", "1 s", True, "logarithmic"),
    ],
)
def test_what_is_no_span_says_why(low: str, high: str, log: bool, said: str) -> None:
    found = axes.span(low, high, log)
    assert isinstance(found, str)
    assert said in found


def test_a_grid_has_every_combination_the_last_axis_fastest() -> None:
    names = [one.point.name for one in grid([listed("a", 1, 2), listed("b", "x", "y"), listed("c", True)])]
    assert names == ["a=1, b=x, c=true", "a=1, b=y, c=true", "a=2, b=x, c=true", "a=2, b=y, c=true"]


def test_a_larger_sample_begins_with_the_smaller_one() -> None:
    over = [axis("a", "1 s", "100 s", log=True), axis("b", 1, 1000), listed("c", "x", "y")]
    assert sample(over, "sobol", 16, 16, 1)[:8] == sample(over, "sobol", 8, 8, 1)
    assert sample(over, "latin hypercube", 15, 5, 1)[:10] == sample(over, "latin hypercube", 10, 5, 1)
    assert sample(over, "sobol", 8, 8, 1) != sample(over, "sobol", 8, 8, 2)


def test_a_latin_hypercube_has_every_row_and_column_once_in_each_block() -> None:
    for block in range(3):
        points = sample([axis("a", "0 s", "8 s"), axis("b", "0 s", "8 s")], "latin hypercube", 24, 8, 3)
        for dimension in (0, 1):
            numbers = [one.point.levels[dimension].number for one in points[8 * block : 8 * block + 8]]
            assert sorted(map(int, numbers)) == list(range(8))


def test_whole_numbers_have_equal_chances_and_the_same_point_stands_once() -> None:
    points = sample([axis("a", 1, 4)], "sobol", 64, 64, 1)
    assert sorted(one.point.name for one in points) == ["a=1", "a=2", "a=3", "a=4"]
    shares = [axis("a", 1, 4).sampled((i + 0.5) / 64).value for i in range(64)]
    assert [shares.count(level) for level in (1, 2, 3, 4)] == [16, 16, 16, 16]
