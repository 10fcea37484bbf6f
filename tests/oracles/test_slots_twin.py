"""Places against a slow twin: who waits is served in order, and nobody takes what those before him need.

The twin is written from two sentences. Who waits first among those whose places are open gets each place that he wants
before anybody behind him. He goes when all of his are there.
"""

from collections.abc import Generator
from heapq import heappop, heappush
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from simpy.events import Event

from models.stories.slots import Key, Request, Slots
from sim.clock import Clock, Story

KEYS: list[Key] = [("proxy", "p"), ("proxy", "q"), ("repository", "r"), ("tasks", "d")]
WANTED = st.lists(st.sampled_from(KEYS), min_size=1, max_size=3, unique=True)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("take"), WANTED),
        st.tuples(st.just("now"), st.lists(WANTED, min_size=1, max_size=2)),
        st.tuples(st.just("back"), st.integers(0, 9)),
        st.tuples(st.just("close"), st.sampled_from(KEYS)),
        st.tuples(st.just("open"), st.sampled_from(KEYS)),
    ),
    max_size=40,
)  # fmt: skip
PLACES = st.fixed_dictionaries({key: st.integers(1, 3) for key in KEYS[:3]}, optional={KEYS[3]: st.integers(1, 2)})


class Twin:
    """Who holds and who waits, by number; everything is looked up again at each step."""

    def __init__(self, places: dict[Key, int]) -> None:
        self.places = places
        self.held: list[tuple[int, list[Key]]] = []
        self.waiting: list[tuple[int, list[Key]]] = []
        self.closed: set[Key] = set()

    def left(self, key: Key, before: list[tuple[int, list[Key]]]) -> int:
        """Places of `key` that nobody holds or waits for in front."""
        taken = sum(keys.count(key) for _, keys in [*self.held, *before])
        return self.places.get(key, 10**6) - taken

    def open_ones(self) -> list[tuple[int, list[Key]]]:
        return [one for one in self.waiting if not self.closed & set(one[1])]

    def settle(self) -> None:
        """Until nobody more can go: the first of those who can goes."""
        while True:
            ready = self.open_ones()
            able = [
                one for n, one in enumerate(ready) if all(self.left(key, ready[:n]) > 0 for key in one[1])
            ]  # fmt: skip
            if not able:
                return
            self.waiting.remove(able[0])
            self.held.append(able[0])


@settings(max_examples=300, deadline=None)
@given(PLACES, STEPS)
def test_places_are_given_as_the_slow_twin_gives_them(places: dict[Key, int], steps: list[tuple[str, object]]) -> None:
    clock = Clock()
    slots, twin = Slots(clock, places), Twin(places)
    requests: dict[int, Request] = {}
    kept: list[Generator[Event, Any, bool]] = []
    for number, (what, value) in enumerate(steps):
        if what == "take":
            kept.append(slots.take(Story(clock, "x", 1, 0, number), value))  # type: ignore[arg-type]
            next(kept[-1], None)
            twin.waiting.append((number, list(value)))  # type: ignore[call-overload]
            if slots.waiting and slots.waiting[-1] not in requests.values():
                requests[number] = slots.waiting[-1]
        elif what == "now":
            wanted = [key for keys in value for key in keys]  # type: ignore[attr-defined]
            twin_can = not twin.closed & set(wanted) and all(
                twin.left(key, twin.open_ones()) >= wanted.count(key) for key in wanted
            )
            assert slots.take_now(value) == twin_can  # type: ignore[arg-type]
            if twin_can:
                twin.held.append((number, wanted))
        elif what == "back" and twin.held:
            _, keys = twin.held.pop(value % len(twin.held))  # type: ignore[operator]
            slots.give_back(keys)
        elif what in ("close", "open"):
            slots.close(value, what == "close")  # type: ignore[arg-type]
            twin.closed = twin.closed | {value} if what == "close" else twin.closed - {value}  # type: ignore[assignment, operator]
        twin.settle()
        assert [list(request.keys) for request in slots.waiting] == [keys for _, keys in twin.waiting]
        assert {key: slots.free[key] for key in places} == {key: twin.left(key, []) for key in places}
        assert all(request.served == (request not in slots.waiting) for request in requests.values())


def list_schedule(lengths: list[int], machines: int) -> list[int]:
    """When each ends if the next in the list begins as soon as a machine is free."""
    free, ends = [0] * machines, []
    for length in lengths:
        ends.append(heappop(free) + length)
        heappush(free, ends[-1])
    return ends


@settings(max_examples=100, deadline=None)
@given(st.lists(st.integers(1, 50), min_size=1, max_size=20), st.integers(1, 5))
def test_tasks_of_known_length_end_as_list_scheduling_says(lengths: list[int], machines: int) -> None:
    clock = Clock()
    slots, ends = Slots(clock, {KEYS[0]: machines}), [0] * len(lengths)

    def task(number: int, story: Story):  # type: ignore[no-untyped-def]
        yield from slots.take(story, KEYS[:1])
        yield story.sleep(lengths[number])
        ends[number] = story.now
        slots.give_back(KEYS[:1])

    for number in range(len(lengths)):
        story = Story(clock, "task", 1, 0, number)
        story.start(task(number, story))
    clock.run_until(10**6)
    assert ends == list_schedule(lengths, machines)


def test_whose_time_is_up_waits_no_more_and_lets_others_pass() -> None:
    """The first holds p; the second wants p and q until 5; the third wants q: it must not overtake, and goes at 5."""
    clock = Clock()
    slots, log = Slots(clock, {KEYS[0]: 1, KEYS[1]: 1}), []

    def who(name: str, keys: list[Key], limit: int, story: Story):  # type: ignore[no-untyped-def]
        log.append((name, (yield from slots.take(story, keys, limit)), story.now))

    for number, (name, keys, limit) in enumerate([("a", KEYS[:1], 0), ("b", KEYS[:2], 5), ("c", KEYS[1:2], 0)]):
        story = Story(clock, name, 1, 0, number)
        story.start(who(name, keys, limit, story))
    clock.run_until(100)
    assert log == [("a", True, 0), ("b", False, 5), ("c", True, 5)]
