"""What stories and the audit ask of a state gives whole numbers of Python, whether its columns are lists or arrays."""

import random
from typing import Any

import numpy as np

from models.mechanisms import cbt, grains, replication
from sim.mechanism import bit_length, take


def in_memory(s: Any) -> Any:
    return type(s)(*(np.array(column, np.int64) for column in s))


def types_in(answer: Any) -> set[type]:
    if isinstance(answer, list | tuple):
        return set().union(*(types_in(one) for one in answer))
    return {type(answer)}


def test_grain_maps() -> None:
    draw, s = random.Random(1), grains.grain_map(300, 64)
    for _ in range(5):
        grains.push(s)
        for _ in range(60):
            grains.allocate(s, draw.randrange(250))
    answers = [grains.runs(s, 0, 299), grains.runs_below(s, 3, 260, 2), grains.copies(s)]
    arrays = in_memory(s)
    assert [grains.runs(arrays, 0, 299), grains.runs_below(arrays, 3, 260, 2), grains.copies(arrays)] == answers
    assert types_in([grains.runs(arrays, 0, 299), grains.runs_below(arrays, 3, 260, 2), grains.copies(arrays)]) == {int}


def test_changed_blocks() -> None:
    draw, s = random.Random(2), cbt.cbt(4, 40_000)
    for _ in range(200):
        cbt.mark(s, draw.randrange(39_000), draw.randrange(1, 999))
        if draw.random() < 0.05:
            cbt.cut(s)
    for since in range(4):
        found = cbt.changed(in_memory(s), since)
        assert found == cbt.changed(s, since) != []
        assert types_in(found) == {int}


def test_dirty_extents() -> None:
    s = replication.group([1000, 777], 8, 1, seeded=False)
    assert replication.dirty_flags(in_memory(s)) == replication.dirty_flags(s) == 125 + 98
    assert type(replication.dirty_flags(in_memory(s))) is int


def test_words_of_a_pool_follow_each_other_and_are_zero() -> None:
    pool = [7]
    assert [take(pool, 3), take(pool, 0), take(pool, 2)] == [1, 4, 4]
    assert pool == [7, 0, 0, 0, 0, 0]


def test_the_highest_bit() -> None:
    assert [bit_length(x) for x in (0, 1, 2, 3, 2**31, 2**32 - 1, 2**62)] == [0, 1, 2, 2, 32, 32, 63]
    assert bit_length(np.int64(5)) == 3  # type: ignore[arg-type]
