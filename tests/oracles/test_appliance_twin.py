"""A shared appliance against a twin that keeps a list of what it was given."""

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from models.mechanisms.appliance import appliance, fits, processed, sent, took

RATE = st.sampled_from([0, 250_000_000, 10**9])
"""Bytes a second whose transfers are whole nanoseconds."""
GIVEN = st.lists(st.tuples(st.integers(0, 30), st.integers(0, 9)), max_size=20)


def queue(things: list[tuple[int, int]], cost: list[int]) -> list[int]:
    """When each is through: nobody overtakes, one at a time."""
    over, free = [], 0
    for (now, _), ns in zip(things, cost, strict=True):
        free = max(free, now) + ns
        over.append(free)
    return over


@given(RATE, st.sampled_from([0, 10**9 // 3, 10**8]), RATE, GIVEN)
def test_it_processes_and_sends_in_order(rate: int, writes: int, link: int, gaps: list[tuple[int, int]]) -> None:
    things = [(sum(gap for gap, _ in gaps[: n + 1]), size) for n, (_, size) in enumerate(gaps)]
    state = appliance(rate, writes, link, 0)
    by_bytes = [int(Fraction(size * 10**9, rate)) if rate else 0 for _, size in things]
    a_write = 10**9 // writes if writes else 0
    assert [processed(state, now, size) for now, size in things] == queue(things, [max(ns, a_write) for ns in by_bytes])
    crossing = [int(Fraction(size * 10**9, link)) if link else 0 for _, size in things]
    assert [sent(state, now, size) for now, size in things] == queue(things, crossing)


@given(st.sampled_from([0, 7, 20]), st.lists(st.integers(1, 9), max_size=12))
def test_its_buffer_holds_so_much(room: int, sizes: list[int]) -> None:
    state, held = appliance(0, 0, 0, room), list[int]()
    for size in sizes:
        fit = not room or sum(held) + size <= room
        assert fits(state, size) == fit
        if fit:
            took(state, size)
            held.append(size)
        elif held:
            took(state, -held.pop(0))
