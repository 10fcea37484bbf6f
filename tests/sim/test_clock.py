"""The clock: the order at one instant, signals, stories, and time that does not go on."""

import itertools
from collections.abc import Generator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from simpy.events import Event

from sim import clock as module
from sim.clock import ARRIVAL, COMPLETION, DISPATCH, STORY, Clock, ClockError, Story, order

Steps = Generator[Event, Any, None]


@given(st.permutations([(kind, n) for kind in (COMPLETION, ARRIVAL, DISPATCH, STORY) for n in range(3)]))
def test_moments_of_one_instant_happen_by_class_then_identity_however_they_were_made(moments: list[Any]) -> None:
    clock, seen = Clock(), []
    for kind, number in moments:
        clock.call(5, order(kind, 0, number), lambda _, what=(kind, number): seen.append(what))  # type: ignore[misc]
    clock.run_until(6)
    assert seen == sorted(moments)
    assert clock.moments == 12


SMALL = st.tuples(st.integers(1, 4), st.integers(0, 15), st.integers(0, 2**20 - 1), st.integers(0, 2**36 - 1))


@given(SMALL, SMALL)
def test_the_key_orders_as_its_parts_do(one: tuple[int, ...], other: tuple[int, ...]) -> None:
    assert (order(*one) < order(*other)) == (one < other)


def test_at_the_stated_bounds_parts_do_not_run_into_each_other() -> None:
    most = order(COMPLETION, 15, 2**20 - 1, 2**36 - 1)
    assert most + 1 == order(ARRIVAL)
    assert order(COMPLETION, 0, 0, 2**36 - 1) + 1 == order(COMPLETION, 0, 1)


def test_time_runs_up_to_the_end_and_not_into_it() -> None:
    clock, seen = Clock(), []
    for time in (3, 7, 10):
        clock.call(time, order(ARRIVAL), lambda _: seen.append(clock._now))
    clock.run_until(10)
    assert (seen, clock._now) == ([3, 7], 10)
    clock.run_until(11)
    assert seen == [3, 7, 10]


def test_a_signal_resumes_all_who_wait_at_once_in_their_order_and_never_holds_up_later_ones() -> None:
    clock, seen = Clock(), []
    signal = clock.signal()

    def waiter(name: str) -> Steps:
        value = yield signal
        seen.append((name, clock._now, value))

    for name in "ab":
        clock.process(waiter(name))
    clock.call(4, order(COMPLETION), lambda _: (signal.fire("go"), seen.append("after")))  # type: ignore[func-returns-value]
    clock.call(6, order(COMPLETION), lambda _: clock.process(waiter("late")))
    clock.run_until(9)
    assert seen == [("a", 4, "go"), ("b", 4, "go"), "after", ("late", 6, "go")]


def test_one_story_wakes_and_its_io_is_done_before_the_next_story() -> None:
    clock, seen = Clock(), []

    def tell(number: int) -> Steps:
        story = Story(clock, f"s{number}", 1, number)
        yield story.sleep(5)
        seen.append(f"story {number}")
        clock.call(5, order(DISPATCH, 0, number), lambda _: seen.append(f"dispatch of {number}"))
        clock.call(5, order(COMPLETION, 0, number), lambda _: seen.append(f"completion of {number}"))

    for number in (2, 1):
        clock.process(tell(number))
    clock.run_until(6)
    assert seen == [
        "story 1", "completion of 1", "dispatch of 1", "story 2", "completion of 2", "dispatch of 2",
    ]  # fmt: skip


def waited(fires_at: int, limit: int, first: str) -> tuple[bool, int]:
    """(value, time) of a wait from 10 with that limit for a signal that fires then; `first`: which is made first."""
    clock, seen = Clock(), []
    signal, story = clock.signal(), Story(clock, "s", 1, 0)

    def fire() -> None:
        clock.call(fires_at, order(COMPLETION), lambda _: signal.fire())

    def tell() -> Steps:
        yield story.until(10)
        fired = yield story.wait(signal, limit)
        seen.append((fired, clock._now))

    if first == "signal":
        fire()
    clock.process(tell())
    if first == "story":
        fire()
    clock.run_until(1_000)
    return seen[0]


@pytest.mark.parametrize("first", ["signal", "story"])
def test_a_wait_ends_with_its_signal_or_at_its_limit(first: str) -> None:
    assert waited(17, 0, first) == (True, 17)
    assert waited(17, 8, first) == (True, 17)
    assert waited(17, 7, first) == (True, 17)  # just in time
    assert waited(17, 6, first) == (False, 16)
    assert waited(5, 0, first) == (True, 10)  # had fired before
    assert waited(5, 3, first) == (True, 10)


def test_a_story_that_wakes_for_ever_without_time_is_named() -> None:
    clock = Clock()
    story = Story(clock, "the restless one", 1, 0)

    def tell() -> Steps:
        yield story.until(7)
        while True:
            yield story.sleep(0)

    clock.process(tell())
    with pytest.raises(ClockError, match=r"^story 'the restless one' woke more than 1000 times at 7 ns"):
        clock.run_until(10)


def test_a_story_may_wake_often_when_time_passes() -> None:
    clock = Clock()
    story = Story(clock, "s", 1, 0)

    def tell() -> Steps:
        for _ in range(5_000):
            yield story.sleep(1)

    clock.process(tell())
    clock.run_until(6_000)


def test_io_that_takes_no_time_and_repeats_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "STANDSTILL", 50)
    clock = Clock()

    def loop() -> Steps:
        while True:
            yield clock.at(3, order(ARRIVAL))

    clock.process(loop())
    with pytest.raises(ClockError, match=r"more than 50 events at 3 ns"):
        clock.run_until(10)


def test_what_a_process_raises_comes_out_of_the_run() -> None:
    clock = Clock()

    def fails() -> Steps:
        yield clock.at(3, order(ARRIVAL))
        raise KeyError("why")

    clock.process(fails())
    with pytest.raises(KeyError, match="why"):
        clock.run_until(10)


def test_stories_started_in_any_order_act_in_the_same_order() -> None:
    outcomes = set()
    for starts in itertools.permutations(range(3)):
        clock, seen = Clock(), []

        def tell(number: int, clock: Clock = clock, seen: list[int] = seen) -> Steps:
            yield Story(clock, "s", 1, number).until(4)
            seen.append(number)

        for number in starts:
            clock.process(tell(number))
        clock.run_until(5)
        outcomes.add(tuple(seen))
    assert outcomes == {(0, 1, 2)}
