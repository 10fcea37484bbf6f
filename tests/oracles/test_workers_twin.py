"""A filter's workers against two slow twins: a queue nanosecond by nanosecond, and a calendar of each worker."""

from hypothesis import given
from hypothesis import strategies as st

from models.mechanisms.workers import BUSY, hop, on_core, starts, workers
from tests.oracles.twins import calendar_hops, ticking_hops

COSTS = st.sampled_from([0, 0, 1, 2, 5, 9])
FAR = 1 << 61
"""A clock time beyond any run."""


@given(st.integers(1, 4), st.lists(st.tuples(st.integers(0, 4), COSTS), max_size=40), st.sampled_from([0, FAR]))
def test_hops_that_begin_in_order_are_a_queue(count: int, steps: list[tuple[int, int]], start: int) -> None:
    begins = [start + sum(gap for gap, _ in steps[: i + 1]) for i in range(len(steps))]
    state = workers(count)
    ends = [begin + hop(state, begin, cost) for begin, (_, cost) in zip(begins, steps, strict=True)]
    assert ends == ticking_hops(begins, [cost for _, cost in steps], count)


@given(st.integers(1, 4), st.lists(st.tuples(st.integers(0, 60), COSTS), max_size=40))
def test_hops_in_any_order_are_served_as_asked(count: int, steps: list[tuple[int, int]]) -> None:
    """Several filters are asked at once, so that a hop may begin before one that was asked earlier."""
    state = workers(count)
    ends = [begin + hop(state, begin, cost) for begin, cost in steps]
    assert ends == calendar_hops(steps, count)
    assert len(state.free_at) == count


@given(
    st.integers(0, 3), st.integers(1, 3), st.integers(0, 6),
    st.lists(st.tuples(st.integers(0, 60), COSTS), max_size=40),
)  # fmt: skip
def test_a_hop_gets_its_worker_then_its_core(count: int, cores: int, cpu: int, steps: list[tuple[int, int]]) -> None:
    """Calendars of both: the core for the CPU time, the worker until the hop is over."""
    threads, pool = workers(count), workers(cores)
    days, nights = [0] * count, [0] * cores
    for begin, cost in steps:
        wanted = begin
        if cost:
            start = max(begin, min(days)) if count else begin
            got = max(start, min(nights)) if cpu else start
            wanted = got + max(cost, cpu)
            if cpu:
                nights[nights.index(min(nights))] = got + cpu
            if count:
                days[days.index(min(days))] = wanted
        ns = on_core(pool, starts(threads, begin) if count else begin, cost, cpu)
        assert begin + (hop(threads, begin, ns) if count else ns) == wanted
    assert pool.facts[BUSY] == cpu * sum(1 for _, cost in steps if cost)


def test_of_workers_free_equally_early_the_first_is_taken() -> None:
    state = workers(3)
    hop(state, 0, 5)
    hop(state, 0, 5)
    assert state.free_at == [5, 5, 0]
