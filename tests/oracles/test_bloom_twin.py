"""The Bloom filters of a chain against sets of grains: no grain denied, mistakes as often as the formula has it."""

from math import exp

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.mechanisms import bloom

GRAIN = st.integers(0, 1 << 37)
LEVEL = st.integers(1, 5)
STEPS = st.lists(st.one_of(st.tuples(LEVEL, GRAIN), LEVEL, st.integers(-4, -1)), max_size=60)


def bits_of(s: bloom.Bloom, level: int) -> int:
    """How many bits of a level are set."""
    words = s.facts[bloom.WORDS]
    return sum(word.bit_count() for word in s.bits[(level - 1) * words : level * words])


@given(STEPS, st.integers(1, 200), st.integers(1, 6))
def test_what_was_added_is_never_denied(steps: list[object], bits: int, hashes: int) -> None:
    """Tuples are added; a level is cleared; a negative number of levels are dropped."""
    under, twin = bloom.bloom(bits, hashes), [set[int]() for _ in range(bloom.LEVELS + 1)]
    for step in steps:
        if isinstance(step, tuple):
            bloom.add(under, *step)
            twin[step[0]].add(step[1])
        elif isinstance(step, int) and step < 0:
            bloom.drop(under, -step)
            twin = [set(), *twin[1 - step :], *(set[int]() for _ in range(-step))]
            for level in range(bloom.LEVELS + step + 1, bloom.LEVELS + 1):
                bloom.clear(under, level)
        elif isinstance(step, int):
            bloom.clear(under, step)
            twin[step] = set()
    for level in range(1, bloom.LEVELS + 1):
        assert all(bloom.maybe(under, level, grain) for grain in twin[level])
        assert bits_of(under, level) <= hashes * len(twin[level])
        assert (bits_of(under, level) == 0) == (not twin[level])


@pytest.mark.parametrize(("hashes", "grains"), [(1, 1000), (4, 1000), (4, 3000), (8, 500)])
@pytest.mark.parametrize("stride", [1, 8, 4096])
def test_mistakes_are_as_frequent_as_the_formula_says(hashes: int, grains: int, stride: int) -> None:
    """Grains side by side, or far apart by one step: hashes that do not mix would show it."""
    bits, asked = 8192, 20_000
    under = bloom.bloom(bits, hashes)
    for number in range(grains):
        bloom.add(under, 3, number * stride)
    wrong = sum(bloom.maybe(under, 3, (grains + number) * stride) for number in range(asked))
    expected = (1 - exp(-hashes * grains / bits)) ** hashes
    assert abs(wrong / asked - expected) < 5 * (expected / asked) ** 0.5 + 0.12 * expected
    assert not any(bloom.maybe(under, 2, number) for number in range(100))


def test_each_bit_of_a_grains_number_turns_each_bit_of_its_hash_half_the_time() -> None:
    """Over 200 numbers a share of 0.5 deviates by 0.035; mixed once only, half of the pairs leave 0.3 to 0.7."""
    keys = [number * 10_368_889 % (1 << 31) for number in range(1, 201)]
    for bit in range(31):
        turned = [bloom._mixed(key) ^ bloom._mixed(key ^ (1 << bit)) for key in keys]
        for out in range(31):
            assert 60 <= sum(one >> out & 1 for one in turned) <= 140, (bit, out)
