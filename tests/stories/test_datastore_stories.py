"""Stories of a datastore that slows down with what it is given, worked out by hand. A service alone takes 1 ms."""

from typing import Any

from worlds import KIB, MS, Played, reads, scripted, trace, world, writes

from models.trace import trace as followed

SLOW = {"1": 1.0, "2": 1.5, "4": 3.5}  # with three in service: 2.5
READ = {"stream": "none", "latency": "1 ms", "distribution": "fixed"}


def played(ios: list[Any], **store: Any) -> Played:
    changes = {"run": {"slowest": 9}, "datastore": {"d": {"slowdown": SLOW, **store}}}
    return Played(scripted(world(changes), trace(ios)))


def latencies(story: Played, count: int) -> list[int]:
    return [story.latency(n) // 1000 for n in range(count)]


def test_each_service_is_stretched_by_how_many_are_in_service_as_it_begins() -> None:
    story = played(reads(0, 100_000, 200_000, 300_000, 400_000))
    assert latencies(story, 5) == [1_000, 1_500, 2_500, 3_500, 3_500], "the last factor holds for more"
    assert story.ledger(2) == {"data: service": 2_500_000}


def test_who_comes_when_others_have_gone_is_served_as_if_alone() -> None:
    assert latencies(played(reads(0, 100_000, 1_600_000)), 3) == [1_000, 1_500, 1_000]  # the second ends just before
    assert latencies(played(reads(0, 100_000, 1_599_999)), 3) == [1_000, 1_500, 1_500]


def test_who_waits_for_a_server_is_not_in_service() -> None:
    assert latencies(played(reads(0, 0, 0), servers=1), 3) == [1_000, 2_000, 3_000]
    assert latencies(played(reads(0, 0, 0), servers=2), 3) == [
        1_000,
        1_500,
        2_500,
    ]  # the third begins beside the second


def test_the_transfer_is_stretched_too_and_writes_count_like_reads() -> None:
    story = played([*reads(0), *writes(1, size=64 * KIB)], write=READ | {"stream": "65536 kB/s"})
    assert story.latency(1) == 3 * MS  # (1 ms + 1 ms) x 1.5


def test_a_cap_holds_whatever_the_stretched_service_is() -> None:
    assert latencies(played(reads(0, 0, 0), iops="500 iops", burst="1 ns"), 3) == [1_999, 3_999, 5_999]


def test_what_is_traced_of_a_command_is_its_stretched_service() -> None:
    changes = {"run": {"slowest": 9}, "datastore": {"d": {"slowdown": SLOW}}}
    lives = followed(scripted(world(changes), trace(reads(0, 100_000, 200_000))), "none", 0, [(0, 10 * MS)]).commands
    assert sorted((life.start_ns, life.drawn_ns, life.own_ns, life.end_ns - life.start_ns) for life in lives) == [
        (0, MS, MS, MS), (100_000, MS, 3 * MS // 2, 3 * MS // 2), (200_000, MS, 5 * MS // 2, 5 * MS // 2),
    ]  # fmt: skip
