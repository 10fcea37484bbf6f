"""Named random streams: equal names, equal streams; everything else independent; never 0, never 1."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.streams import BLOCK, exponential, exponential_of, philox, uniform_stream, uniforms

NAMES = st.tuples(
    st.integers(0, 2**63 - 1), st.integers(0, 100), st.text("ab/:-1", max_size=4), st.text("ab ", max_size=4)
)


class Words:
    """A bit generator that returns one word only."""

    def __init__(self, word: int) -> None:
        self.word = word

    def random_raw(self, count: int) -> np.ndarray:
        return np.full(count, self.word, dtype=np.uint64)


@pytest.mark.parametrize("word", [0, 1, 2**63, 2**64 - 1, 2**64 - 2**11, 2**64 - 2**12 - 1])
def test_a_uniform_is_strictly_inside_0_and_1(word: int) -> None:
    value = float(uniforms(Words(word), 1, 1)[0, 0])  # type: ignore[arg-type]
    assert 0 < value < 1
    assert math.isfinite(exponential_of(value))
    assert exponential_of(value) > 0


@given(NAMES, NAMES)
def test_a_stream_is_its_name(one: tuple[int, int, str, str], other: tuple[int, int, str, str]) -> None:
    same = np.array_equal(uniforms(philox(*one), 4, 2), uniforms(philox(*other), 4, 2))
    assert same == (one == other)


def test_streams_do_not_care_who_was_made_or_read_first() -> None:
    alone = uniforms(philox(1, 0, "vm/web", "guest I/O"), 1000, 8)
    other, again = philox(1, 0, "vm/db", "guest I/O"), philox(1, 0, "vm/web", "guest I/O")
    uniforms(other, 77, 3)
    parts = [uniforms(again, n, 8) for n in (1, 511, 488)]
    assert np.array_equal(np.concatenate(parts), alone)


def test_single_uniforms_are_the_blocks_in_order() -> None:
    wanted = uniforms(philox(5, 2, "e", "p"), 3 * BLOCK, 1)[:, 0].tolist()
    assert list(itertools.islice(uniform_stream(5, 2, "e", "p"), 3 * BLOCK)) == wanted


def test_replicates_and_seeds_are_unrelated() -> None:
    """Replicate 0 is no special case, and seed and replicate cannot be traded for each other."""
    draws = [
        uniforms(philox(seed, r, "e", "p"), 2000, 1)[:, 0] for seed, r in ((0, 0), (0, 1), (1, 0), (10, 1), (1, 1))
    ]
    for one, other in itertools.combinations(draws, 2):
        assert abs(float(np.corrcoef(one, other)[0, 1])) < 0.1


def test_uniforms_are_uniform_and_exponentials_exponential() -> None:
    u = uniforms(philox(3, 0, "e", "p"), 40_000, 1)[:, 0]
    counts = np.bincount((u * 20).astype(int), minlength=20)
    chi = float(((counts - 2000) ** 2 / 2000).sum())
    assert chi < 43.8  # 19 degrees of freedom, 0.1 %
    e = exponential(u)
    assert abs(float(e.mean()) - 1) < 4 / 200
    assert abs(float((e > 2).mean()) - math.exp(-2)) < 4 * math.sqrt(math.exp(-2) / 40_000)


@given(st.floats(1e-12, 1 - 1e-12))
def test_the_scalar_twin_is_equal_to_the_bit(u: float) -> None:
    assert exponential_of(u) == float(exponential(np.array([u]))[0])
