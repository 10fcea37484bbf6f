"""Quantities: exact, strict about spelling, and helpful when refused."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.units import GIB, KIB, MIB, UNITS, UnitError, human_bytes, human_rate, human_time, parse


@pytest.mark.parametrize(
    ("text", "dimension", "value"),
    [
        ("8 KiB", "size", 8192),
        ("8KiB", "size", 8192),
        ("8 kB", "size", 8000),
        ("1.5 GiB", "size", 3 * GIB // 2),
        ("200 MB/s", "rate", 200_000_000),
        ("100 Mbit/s", "rate", 12_500_000),
        ("15 min", "time", 900 * 10**9),
        ("4 ms", "time", 4_000_000),
        ("0.4 ms", "time", 400_000),
        ("10 us", "time", 10_000),
        ("10 µs", "time", 10_000),
        ("2000 iops", "iops", 2000),
        ("12 kiops", "iops", 12_000),
        ("60 %", "percentage", 600_000),
        ("0.3937 %", "percentage", 3937),
        ("1.5", "number", 1500),
        ("32", "count", 32),
        ("0 s", "time", 0),
    ],
)
def test_quantities_become_base_units(text: str, dimension: str, value: int) -> None:
    assert parse(text, dimension) == value


@pytest.mark.parametrize(
    ("text", "dimension", "said"),
    [
        ("8 kb", "size", 'did you mean "8 kB"?'),
        ("8 Kib", "size", 'did you mean "8 KiB"?'),
        ("8k", "size", 'did you mean "8 kB" or "8 KiB"?'),
        ("200 mb/s", "rate", 'did you mean "200 MB/s" or "200 Mbit/s"?'),
        ("5 MBps", "rate", 'did you mean "5 MB/s"?'),
        ("5 mbps", "rate", 'did you mean "5 Mbit/s" or "5 MB/s"?'),
        ("200 MB/s", "size", "is a bandwidth, not a size"),
        ("200 mb/s", "size", "That is a bandwidth, and a size is due here"),
        ("12k iops", "iops", 'did you mean "12 kiops"?'),
        ("2000 IOPS", "iops", 'did you mean "2000 iops"?'),
        ("10 sec", "time", 'did you mean "10 s"?'),
        ("5 m", "time", 'did you mean "5 ms" or "5 min"?'),
        ("240", "time", 'has no unit (240), write for example "240 s"'),
        ("4 ms", "count", "write it without a unit"),
        ("-4 ms", "time", "has a sign"),
        ("0.1 ns", "time", "is less than 1 ns"),
        ("99999999999 h", "time", "is too large"),
        ("9" * 5000 + " s", "time", "is not a time"),
        ("1,5 s", "time", "is not a time (1,5 s)"),
        ("1 h 30 min", "time", "has an unknown unit"),
        ("８ KiB", "size", "is not a size"),
        ("", "size", 'write for example "8 KiB"'),
        ("2.5", "count", "is not a whole number"),
        ("12:30", "time", "has an unknown unit (12:30)"),
        ("8 KiB\nx", "size", "is not a size"),
    ],
)
def test_what_is_refused_says_what_was_meant(text: str, dimension: str, said: str) -> None:
    with pytest.raises(UnitError) as caught:
        parse(text, dimension)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 200


@given(st.data())
def test_every_decimal_in_every_unit_is_exact(data: st.DataObject) -> None:
    dimension = data.draw(st.sampled_from(sorted(UNITS)))
    unit = data.draw(st.sampled_from(sorted(UNITS[dimension])))
    number = data.draw(st.decimals("0.001", 10**6, places=3).map(lambda decimal: format(decimal, "f")))
    exact = Fraction(number) * UNITS[dimension][unit]
    try:
        value = parse(f"{number} {unit}", dimension)
    except UnitError:
        assert round(exact) == 0 or exact > 2**62 or (dimension == "count" and exact.denominator > 1)
    else:
        assert abs(value - exact) <= Fraction(1, 2)


@given(st.text(max_size=30), st.sampled_from(sorted(UNITS)))
def test_any_text_is_a_quantity_or_a_unit_error(text: str, dimension: str) -> None:
    said = ""
    try:
        assert parse(text, dimension) >= 0
    except UnitError as error:
        said = str(error)
    assert said.isprintable()


@pytest.mark.parametrize(
    ("ns", "text"),
    [(0, "0 ns"), (999, "999 ns"), (1500, "1.5 µs"), (4_000_000, "4 ms"), (600_000_000, "600 ms"),
     (90 * 10**9, "90 s"), (240 * 10**9, "4 min"), (8 * 3600 * 10**9, "8 h"), (-4_000_000, "-4 ms"),
     (12_345_678, "12.3 ms"), (99_960_000, "100 ms")],
)  # fmt: skip
def test_times_for_people(ns: int, text: str) -> None:
    assert human_time(ns) == text


def test_sizes_and_rates_for_people() -> None:
    assert [human_bytes(size) for size in (0, 512, 8 * KIB, 3 * GIB // 2, 16 * MIB)] == [
        "0 B", "512 B", "8 KiB", "1.5 GiB", "16 MiB"]  # fmt: skip
    assert [human_rate(rate) for rate in (31, 5_000_000, 200_000_000)] == ["31 B/s", "5 MB/s", "200 MB/s"]


@given(st.integers(0, 2**61))
def test_what_people_read_is_within_half_a_percent(value: int) -> None:
    for text, dimension in ((human_time(value), "time"), (human_bytes(value), "size"), (human_rate(value), "rate")):
        assert abs(parse(text, dimension) - value) <= value / 200
