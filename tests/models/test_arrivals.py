"""Arrival times in blocks are those of the scalar definition, to the nanosecond, whatever the stretches and blocks."""

from collections.abc import Iterator
from itertools import islice

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from models.arrivals import NEVER_NS, Stretch, arrival_times, poisson, rates
from models.scenario import Burst, TwoState, Workload
from models.workload import Draw
from sim.streams import Floats, exponential, philox, uniform_stream, uniforms

MS = 1_000_000
GAPS = st.one_of(st.sampled_from([1, 2, 3, 1000, 333_333]), st.integers(1, 10 * MS))


def exponentials(seed: int, count: int) -> Floats:
    return exponential(uniforms(philox(seed, 0, "a", "gaps"), count, 1)[:, 0])


def scalar(gaps: Floats, stretches: Iterator[Stretch]) -> list[int]:
    draws = (Draw(gap, 0, False, 0, 0, 0) for gap in gaps.tolist())
    return [time for time, _ in poisson(draws, stretches)]


def in_blocks(gaps: Floats, stretches: Iterator[Stretch], block: int) -> list[int]:
    parts = list(arrival_times((gaps[at : at + block] for at in range(0, len(gaps), block)), stretches))
    assert all(len(part) == block for part in parts[:-1])
    assert all(part.dtype == np.int64 for part in parts)
    return [time for part in parts for time in part.tolist()]


@st.composite
def ended(draw: st.DrawFn) -> list[Stretch]:
    """Stretches with pauses, some of no length, some shorter than a gap; the last never ends."""
    now, found = 0, []
    for length, gap in draw(st.lists(st.tuples(st.integers(0, 50 * MS), st.one_of(st.just(0), GAPS)), max_size=12)):
        now += length
        found.append((now, gap))
    return [*found, (NEVER_NS, draw(st.one_of(st.just(0), GAPS)))]


@settings(max_examples=150, deadline=None)
@given(ended(), st.integers(0, 50), st.sampled_from([1, 2, 7, 64, 512, 4096]), st.integers(1, 1500))
def test_blocks_have_the_scalar_times(stretches: list[Stretch], seed: int, block: int, count: int) -> None:
    gaps = exponentials(seed, count)
    assert in_blocks(gaps, iter(stretches), block) == scalar(gaps, iter(stretches))


LENGTHS = st.one_of(st.integers(0, 6), st.integers(60, 400))


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 50), st.lists(LENGTHS, max_size=20), st.sampled_from([1, 9, 512]))
@example(1, [1, 1, 1], 3)
def test_an_arrival_on_a_border_is_after_it(seed: int, lengths: list[int], block: int) -> None:
    """Gaps are halves and stretches short, so that times fall on borders, and on half nanoseconds, all the time."""
    gaps = np.floor(2 * exponentials(seed, 1000)) / 2
    stretches = [(end, (1, 3, 0)[n % 3]) for n, end in enumerate(np.cumsum(lengths, dtype=int).tolist())]
    stretches.append((NEVER_NS, 1))
    assert in_blocks(gaps, iter(stretches), block) == scalar(gaps, iter(stretches))


@pytest.mark.parametrize("off", [-1, 0, 1])
@pytest.mark.parametrize("end", [1 << 53, (1 << 60) + 2, 1 << 61])
def test_a_border_that_no_float_meets_is_compared_as_an_integer(end: int, off: int) -> None:
    """Floats near 2^60 are 128 apart. Python compares a float with an integer exactly, numpy rounds the integer."""
    gaps = np.full(300, 1.0)
    stretches = [(end + off, end // 128), (NEVER_NS, 1 << 40)]
    for block in (1, 300):
        assert in_blocks(gaps, iter(stretches), block) == scalar(gaps, iter(stretches))


def spec(rate: int, two_state: TwoState | None = None, bursts: tuple[Burst, ...] = ()) -> Workload:
    return Workload(
        "w", "open", "external", (0,), 0, ((512, 1),), None, None, rate, two_state, bursts, 0, 0, "fixed", None,
        "first", False,  # type: ignore[arg-type]
    )  # fmt: skip


RATES = st.sampled_from([0, 37, 5000, 200_000])


@settings(max_examples=60, deadline=None)
@given(RATES, RATES, st.integers(1, 100), st.integers(1, 100), st.sampled_from([64, 512, 5000]), st.integers(0, 9))
def test_two_state_processes(quiet: int, busy: int, long_ms: int, short_ms: int, block: int, seed: int) -> None:
    workload = spec(quiet, TwoState(busy, long_ms * MS, short_ms * MS))
    gaps = exponentials(seed, 1200 if quiet or busy else 0)  # a workload that is never busy never ends
    found = [in_blocks(gaps, rates(workload, uniform_stream(seed, 0, "a", "states")), size) for size in (block, 1)]
    assert found[0] == found[1] == scalar(gaps, rates(workload, uniform_stream(seed, 0, "a", "states")))
    assert len(found[0]) == len(gaps)


@settings(max_examples=60, deadline=None)
@given(RATES, st.lists(st.tuples(st.integers(0, 900), st.integers(1, 90), RATES), max_size=8), st.integers(1, 3000))
def test_bursts(rate: int, bursts: list[tuple[int, int, int]], block: int) -> None:
    """Bursts may even overlap here."""
    workload = spec(rate, bursts=tuple(Burst(at * MS, length * MS, iops) for at, length, iops in bursts))
    gaps = exponentials(block, 3000)
    assert in_blocks(gaps, rates(workload, iter(())), block) == scalar(gaps, rates(workload, iter(())))


def test_the_blocks_end_where_the_scalar_times_end() -> None:
    stretches = [(10 * MS, MS), (NEVER_NS, 0)]
    parts = list(arrival_times((np.full(4, 1.0) for _ in range(10)), iter(stretches)))
    assert [part.tolist() for part in parts] == [
        [1 * MS, 2 * MS, 3 * MS, 4 * MS],
        [n * MS for n in (5, 6, 7, 8)],
        [9 * MS],
    ]
    assert list(arrival_times(iter([np.full(4, 1.0)]), iter([(NEVER_NS, 0)]))) == []
    endless = arrival_times((np.full(512, 1.0) for _ in range(1 << 60)), iter([(NEVER_NS, MS)]))
    assert sum(len(part) for part in islice(endless, 20)) == 20 * 512
