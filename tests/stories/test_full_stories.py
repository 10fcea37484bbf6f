"""Stories of a full datastore: who asks, who waits, who does not, and what an answer does. All numbers by hand.

The disk takes 64 of 65 MiB, the delta grows by 1 MiB: it fits once, and the first touch beyond it finds no space. The
backup begins at 1,000 ms and holds its delta open; every command takes 1 ms, a first touch 2 ms.
"""

from typing import Any

import pytest
from worlds import GRAIN, KIB, MIB, MS, VADP, Played, merged, reads, scripted, trace, world, writes

from models.result import StoreRow
from models.scenario import Scenario

SERVICE = {"data: service": 1 * MS}
TOUCH = {**SERVICE, "metadata: service": 1 * MS}
FILL = [(1_100 * MS + n * MS, n * 512 * KIB, 512 * KIB, True) for n in range(2)]
OVER = 32 * MIB
Script = list[tuple[int, int, int, bool]]


def story_of(script: Script, full: dict[str, Any], **changes: Any) -> Scenario:
    base: dict[str, Any] = {
        "datastore": {"d": {"capacity": "65 MiB"}}, "run": {"slowest": 1000, "duration": "3 s"},
        "protection": {"vadp": {"job": {**VADP, "disk_open": "5 s"}}},
        "snapshots": {"full": {"answer": "retry", "wait": "100 ms", "freed": "1 MiB", **full}},
    }  # fmt: skip
    return scripted(world(merged(base, changes)), trace(script))


def played(script: Script, full: dict[str, Any] | None = None, **changes: Any) -> Played:
    return Played(story_of(script, full or {}, **changes), "vadp")


def test_the_write_without_space_waits_and_so_does_all_that_comes_after_it() -> None:
    over, later = 1_200 * MS, 1_210 * MS
    story = played([*FILL, *writes(over, offset=OVER), *reads(later), *writes(later + 1, offset=0)])
    (asked,) = story.result.questions
    assert asked == ("a", "d", over, over + 100 * MS, MIB, "retry")
    assert story.ledger(2) == {"space hold": 100 * MS, **TOUCH}
    assert story.ledger(3) == {"space hold": 90 * MS, **SERVICE}
    assert story.ledger(4) == {"space hold": 90 * MS - 1, **SERVICE}
    assert len(story.result.stuns) == 1  # the snapshot's: a question is none
    assert story.parts.stores["d"].free_bytes == 0
    assert story.result.stores == (StoreRow("d", 65 * MIB, 0),)


def test_what_was_under_way_is_delivered_meanwhile() -> None:
    story = played([*FILL, *reads(1_199 * MS + 500_000), *writes(1_200 * MS, offset=OVER)])
    assert story.ledger(2) == SERVICE


def test_the_guests_clock_runs_so_that_its_disk_timeout_counts() -> None:
    story = played([*FILL, *writes(1_200 * MS, offset=OVER)], vm={"a": {"disk_timeout": "100 ms"}})
    late = next(row for row in story.result.timers if row.timer == "guest disk timeout")
    assert (late.outlasted, late.longest_ns) == (1, 102 * MS)
    outside = [row.outlasted for row in story.result.timers if row.timer != "guest disk timeout"]
    assert not any(outside)


def test_too_little_space_makes_it_ask_again() -> None:
    """A step of 1 MiB; 0.4 MiB are freed at each answer: the third is enough."""
    story = played([*FILL, *writes(1_200 * MS, offset=OVER)], {"freed": "400 KiB"})
    assert [(row.start_ns, row.answer_ns) for row in story.result.questions] == [
        (1_200 * MS, 1_300 * MS), (1_300 * MS, 1_400 * MS), (1_400 * MS, 1_500 * MS)]  # fmt: skip
    assert story.ledger(2) == {"space hold": 300 * MS, **TOUCH}
    assert story.parts.stores["d"].free_bytes == 3 * 400 * KIB - MIB


def test_what_others_give_back_is_enough() -> None:
    """The neighbour's backup ends and its delta of 1 MiB goes, 30 ms before the answer; nothing is freed by hand."""
    neighbour = {"b": {"disk": [{"size": "1 MiB"}]}}
    jobs = {"vadp": {"other": {**VADP, "vms": ["b"], "first": "1050 ms", "disk_open": "110 ms"}}}
    spec = story_of(
        [*FILL, *writes(1_200 * MS, offset=OVER)], {"freed": "0 B"}, vm=neighbour, protection=jobs,
        datastore={"d": {"capacity": "67 MiB"}},
    )  # fmt: skip
    story = Played(scripted(spec, trace([(1_095 * MS, 0, GRAIN, True)]), vm="b"), "vadp")
    (asked,) = story.result.questions
    assert (asked.vm, asked.answer_ns) == ("a", 1_300 * MS)
    other = next(row for row in story.result.jobs if row.vm == "b")
    assert (other.outcome, other.merge_end_ns < asked.answer_ns) == ("ok", True)
    assert story.ledger(2) == {"space hold": 100 * MS, **TOUCH}


def test_cancel_is_for_good() -> None:
    later = reads(1_250 * MS, 2_900 * MS)
    story = played([*FILL, *writes(1_200 * MS, offset=OVER), *later], {"answer": "cancel"})
    assert story.result.questions[0].answer == "cancel"
    assert sum(row.ios for row in story.result.intervals) == 2
    assert story.parts.vms[0].inside() == 3


def test_a_neighbour_that_need_not_grow_feels_nothing_and_one_that_must_asks_too() -> None:
    """Without a delta a write needs no space. With one, the neighbour asks at its own first touch."""
    base = {"vm": {"b": {"disk": [{"size": "1 MiB"}]}}, "datastore": {"d": {"capacity": "66 MiB"}}}
    spec = story_of([*FILL, *writes(1_200 * MS, offset=OVER)], {}, **base)
    touch = trace([(1_220 * MS, 0, GRAIN, True)])
    thick = Played(scripted(spec, touch, vm="b"), "vadp")
    assert thick.ledger(0, vm=1) == SERVICE
    both = {"vadp": {"job": {"vms": ["a", "b"], "parallel_vms": 2}}}
    spec = story_of([*FILL, *writes(1_200 * MS, offset=OVER)], {}, **base, protection=both)
    grows = Played(scripted(spec, touch, vm="b"), "vadp")
    assert [(row.vm, row.start_ns) for row in grows.result.questions] == [("a", 1_200 * MS), ("b", 1_220 * MS)]
    assert grows.ledger(0, vm=1) == {"space hold": 100 * MS, **TOUCH}


def test_a_stun_does_not_drain_while_a_question_is_open() -> None:
    """The backup's end at 1,294 ms is inside the question; the drain may take 50 ms, the answer comes after 100."""
    job = {"vadp": {"job": {**VADP, "disk_open": "200 ms"}}}
    quick = played(
        [*FILL, *writes(1_200 * MS, offset=OVER)], {"wait": "300 ms"}, protection=job,
        snapshots={"stun": {"drain_limit": "50 ms"}},
    )  # fmt: skip
    assert quick.result.jobs[0].outcome == "ok, needs consolidation: the drain took longer than 0.05 s"
    assert quick.ledger(2)["space hold"] == 300 * MS
    patient = played([*FILL, *writes(1_200 * MS, offset=OVER)], {"wait": "300 ms"}, protection=job)
    stun = patient.result.stuns[1]
    assert (stun.reason, stun.start_ns + stun.drain_ns) == ("mirror insert", 1_502 * MS)
    assert patient.result.jobs[0].outcome == "ok"


def test_a_frozen_guest_that_asks_pays_each_hold_by_its_time() -> None:
    """The first write of a flush into an old delta finds no space; a write of the guest comes 4 ms later."""
    job = {**VADP, "interval": "1 s", "quiesce": True}
    guest = {
        "prepare": "100 ms", "dirty": "1 MiB", "dirty_age": "0 s", "flush": "64 KiB", "flush_outstanding": 1,
        "freeze_limit": "none",
    }  # fmt: skip
    spec = story_of(
        writes(3_104 * MS, offset=OVER), {"freed": "64 MiB"}, protection={"vadp": {"job": job}},
        vm={"a": {"guest": guest}}, run={"duration": "6 s"},
        snapshots={"removal": {"failure": "100 %"}, "quiesce": {"hold_limit": "none"}, "delta": {"growth": "512 KiB"}},
    )  # fmt: skip
    story = Played(spec, "vadp")
    asked, frozen = story.result.questions[0], story.result.quiesces[2]
    assert (frozen.freeze_ns, asked.start_ns, asked.answer_ns) == (3_100 * MS, 3_100 * MS, 3_200 * MS)
    assert (frozen.flushed_ns, frozen.thaw_ns) == (3_232 * MS, 3_262 * MS)  # 16 first touches of 2 ms; a stun of 30 ms
    holds = {"space hold": 96 * MS, "quiesce hold": 32 * MS, "stun hold in": 30 * MS}
    assert story.ledger(0) == {**holds, **TOUCH}


@pytest.mark.parametrize("end_ms", range(1_196, 1_312, 9))
def test_a_run_may_end_anywhere_in_a_question(end_ms: int) -> None:
    run = {"duration": f"{end_ms} ms"}
    story = played([*FILL, *writes(1_200 * MS, offset=OVER), *reads(1_201 * MS)], run=run)
    assert len(story.result.questions) == (end_ms > 1_200)
    if 1_200 < end_ms <= 1_300:
        assert story.result.questions[0].answer == "none yet"
        assert story.parts.vms[0].disks[0].owed_bytes == MIB


def test_the_lowest_space_is_kept_though_no_interval_ends_there() -> None:
    """One touch of 1 MiB in a delta that is gone again: an interval of 10 s never sees it, the datastore's row does."""
    brief = {"vadp": {"job": {"disk_open": "1 s"}}}
    story = played(FILL[:1], run={"interval": "10 s", "duration": "10 s"}, protection=brief)
    assert story.result.space == ()
    assert story.parts.stores["d"].free_bytes == MIB
    assert story.result.stores == (StoreRow("d", 65 * MIB, 0),)
