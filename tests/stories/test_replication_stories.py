"""Stories of VAIO replication: order, overflow, resync and what a checkpoint holds. All instants by hand.

The link carries a byte in a microsecond: 4 KiB take 4.096 ms, 64 KiB take 65.536 ms. A guest write takes 1 ms.
"""

from typing import Any

import pytest
from worlds import GRAIN, KIB, MIB, MS, US, VADP, VAIO, Played, S, merged, reads, scripted, trace, world, writes

from models.result import Ramp

BLOCK = 64 * KIB
SEND = BLOCK * US


def played(script: list[tuple[int, int, int, bool]], arm: str = "vaio", **copy: Any) -> Played:
    changes = {"protection": {"vaio": {"copy": {**VAIO, **copy}}}, "run": {"slowest": 100, "duration": "4 s"}}
    return Played(scripted(world(changes), trace(script)), arm)  # type: ignore[arg-type]


def points(story: Played) -> list[tuple[int, int]]:
    """(cut, usable) of the replica's points, in ns."""
    return [(point.point_ns, point.usable_ns) for point in story.result.points if point.protection == "copy"]


def modes(story: Played) -> list[tuple[str, int, int]]:
    return [(row.mode, row.start_ns, row.end_ns) for row in story.result.modes]


def test_a_seeded_group_in_order_has_a_point_at_once_and_one_every_checkpoint() -> None:
    story = played(writes(500 * MS))
    assert points(story) == [(0, 0), (1 * S, 1 * S), (2 * S, 2 * S), (3 * S, 3 * S)]
    assert modes(story) == [("in order", 0, 4 * S)]
    recovery = story.result.recovery[0]
    assert recovery.age[:2] == (Ramp(0, 1 * S, 0, 1), Ramp(1 * S, 2 * S, 0, 1))
    assert recovery.exposure[:3] == (
        Ramp(0, 501 * MS, 0, 0), Ramp(501 * MS, 1 * S, 0, 1), Ramp(1 * S, 2 * S, 0, 0),
    )  # fmt: skip
    assert recovery.risk_written.total == GRAIN * 499 * MS
    assert story.parts.replicators[0].wire_bytes == GRAIN


def test_reads_are_not_copied() -> None:
    assert played(reads(500 * MS, 600 * MS)).parts.replicators[0].wire_bytes == 0


@pytest.mark.parametrize(
    ("settings", "usable"),
    [
        ({}, 999 * MS + 8 * SEND),
        ({"reduction": 2.0}, 999 * MS + 4 * SEND),
        ({"link_latency": "70 ms"}, 999 * MS + 8 * SEND + 70 * MS),
        ({"journal": "1 MB/s"}, 999 * MS + 16 * SEND),  # the target writes what has arrived
        ({"journal": "1 MB/s", "reduction": 2.0}, 999 * MS + 12 * SEND),  # raw bytes
        ({"down": "1 ms", "up": "3 ms"}, 1_000 * MS + 8 * SEND),  # passes the splitter after its hop down
    ],
)
def test_a_checkpoint_is_usable_when_all_before_it_is_durable(settings: dict[str, Any], usable: int) -> None:
    """512 KiB written just before the checkpoint of 1 s: it waits behind them."""
    story = played(writes(999 * MS, size=8 * BLOCK), **settings)
    assert points(story)[1] == (1 * S, usable)


def test_a_write_after_the_cut_does_not_delay_its_checkpoint() -> None:
    assert points(played(writes(1 * S + 1, size=8 * BLOCK)))[1] == (1 * S, 1 * S)
    assert points(played(writes(1 * S, size=8 * BLOCK)))[1] == (1 * S, 1 * S + 8 * SEND)  # the I/O first


TIGHT = {"buffer": "100 KiB"}


def test_an_overflow_empties_the_buffer_then_resyncs_then_order_is_back() -> None:
    """The first write fits, the second does not: it and the third mark extents 1 and 2, one run of 128 KiB."""
    script = [(100 * MS, 0, BLOCK, True), (101 * MS, BLOCK, BLOCK, True), (102 * MS, 2 * BLOCK, BLOCK, True)]
    story = played(script, **TIGHT)
    sent = 100 * MS + SEND
    assert modes(story) == [
        ("in order", 0, 101 * MS),
        ("overflow", 101 * MS, sent),  # the link sends what is in the buffer
        ("resync", sent, sent + 1 * MS),  # the run is read from the disk
        ("in order", sent + 1 * MS, 4 * S),
    ]
    assert points(story)[1] == (sent + 1 * MS, sent + 1 * MS + 2 * SEND)  # a point is cut at once, behind the run
    assert story.commands("resync") == (1, 2 * BLOCK, 0)
    assert story.parts.replicators[0].wire_bytes == 3 * BLOCK
    exposure = story.result.recovery[0].exposure
    assert exposure[:2] == (
        Ramp(0, 101 * MS, 0, 0), Ramp(101 * MS, sent + 1 * MS + 2 * SEND, 0, 1),
    )  # fmt: skip
    roomy = played(script, buffer="192 KiB")
    assert modes(roomy) == [("in order", 0, 4 * S)]
    assert points(roomy)[1] == (1 * S, 1 * S)


def test_the_backlog_is_all_that_the_target_does_not_have() -> None:
    """64 KiB in the buffer until 165.5 ms, 128 KiB dirty from 102 ms, read at 166.5 ms and sent by 297.6 ms."""
    script = [(100 * MS, 0, BLOCK, True), (101 * MS, BLOCK, BLOCK, True), (102 * MS, 2 * BLOCK, BLOCK, True)]
    changes = {
        "protection": {"vaio": {"copy": {**VAIO, **TIGHT}}}, "run": {"duration": "400 ms", "interval": "50 ms"},
    }  # fmt: skip
    story = Played(scripted(world(changes), trace(script)), "vaio")
    wan = [row.backlog_bytes for row in story.result.flows if row.link == "copy WAN"]
    assert wan == [0, 0, 3 * BLOCK, 2 * BLOCK, 2 * BLOCK, 0, 0, 0]  # at 50, 100, 150 ... ms


def test_while_order_is_lost_no_checkpoint_is_cut() -> None:
    """Overflow at 901 ms, resync from 965.5 ms: 16 extents are read a millisecond later, so force it across 1 s."""
    slow_read = {"datastore": {"d": {"read": {"latency": "100 ms"}}}}
    script = [(900 * MS, 0, BLOCK, True), (901 * MS, BLOCK, BLOCK, True)]
    changes = {"protection": {"vaio": {"copy": {**VAIO, **TIGHT}}}, "run": {"duration": "4 s"}}
    story = Played(scripted(world(merged(changes, slow_read)), trace(script)), "vaio")
    back = 900 * MS + SEND + 100 * MS
    assert [cut for cut, _ in points(story)] == [0, back, 2 * S, 3 * S]


def test_buffered_bytes_count_until_the_target_has_confirmed() -> None:
    """50 ms each way: the first 64 KiB are confirmed at 100 + 65.5 + 100 ms. At 200 ms the link is idle."""
    early = [(100 * MS, 0, BLOCK, True), (200 * MS, BLOCK, BLOCK, True)]
    story = played(early, link_latency="50 ms", **TIGHT)
    assert modes(story) == [
        ("in order", 0, 200 * MS),
        ("overflow", 200 * MS, 200 * MS),  # nothing waits for the link: resync at once
        ("resync", 200 * MS, 201 * MS),
        ("in order", 201 * MS, 4 * S),
    ]
    confirmed = 200 * MS + SEND
    just = [(100 * MS, 0, BLOCK, True), (confirmed - 1, BLOCK, BLOCK, True)]
    later = [(100 * MS, 0, BLOCK, True), (confirmed, BLOCK, BLOCK, True)]
    assert len(modes(played(just, link_latency="50 ms", **TIGHT))) == 4
    # At the very instant the guest's write comes first, then the link's confirmation.
    assert len(modes(played(later, link_latency="50 ms", **TIGHT))) == 4
    after = [(100 * MS, 0, BLOCK, True), (confirmed + 1, BLOCK, BLOCK, True)]
    assert modes(played(after, link_latency="50 ms", **TIGHT)) == [("in order", 0, 4 * S)]


def test_a_write_during_resync_marks_the_map_again() -> None:
    script = [(100 * MS, 0, BLOCK, True), (101 * MS, BLOCK, BLOCK, True), (166 * MS, 9 * BLOCK, BLOCK, True)]
    story = played(script, **TIGHT)
    resync = 100 * MS + SEND
    second = resync + 2 * MS  # the first run is read in a millisecond, then the one marked meanwhile
    assert modes(story)[2] == ("resync", resync, second)
    assert story.commands("resync") == (2, 2 * BLOCK, 0)
    assert points(story)[1] == (second, resync + 1 * MS + 2 * SEND)


def test_an_extent_written_twice_while_dirty_is_sent_once() -> None:
    script = [(100 * MS, 0, BLOCK, True), *[(101 * MS + i, BLOCK, GRAIN, True) for i in range(5)]]
    story = played(script, buffer="64 KiB")
    assert story.commands("resync") == (1, BLOCK, 0)
    assert story.result.recovery[0].risk_written.maximum == BLOCK + 5 * GRAIN
    assert story.result.recovery[0].risk_unique.maximum == BLOCK + GRAIN


def test_a_write_larger_than_the_buffer_goes_by_resync() -> None:
    story = played(writes(500 * MS, size=2 * BLOCK), buffer="64 KiB")
    assert [mode for mode, _, _ in modes(story)] == ["in order", "overflow", "resync", "in order"]
    assert points(story)[1] == (501 * MS, 501 * MS + 2 * SEND)


@pytest.mark.parametrize("ahead", [1, 4])
def test_resync_reads_ahead_of_the_link(ahead: int) -> None:
    """Eight runs that lie apart, 1 ms to read, 65.536 ms to send: reading ahead hides all but the first 1 ms."""
    script = [(100 * MS, 0, BLOCK, True), *[(101 * MS + i, (20 + 2 * i) * BLOCK, BLOCK, True) for i in range(8)]]
    story = played(script, resync_reads=ahead, buffer="64 KiB", checkpoint="1 h")
    start = 100 * MS + SEND
    last_read = start + 8 * 1 * MS + 7 * SEND if ahead == 1 else start + 1 * MS + 4 * SEND + 1 * MS
    assert modes(story)[2] == ("resync", start, last_read)
    usable = last_read + (1 if ahead == 1 else 4) * SEND - (0 if ahead == 1 else 1 * MS)
    assert points(story)[1] == (last_read, usable)


def test_a_group_that_is_not_seeded_has_no_point_until_its_first_sync_has_ended() -> None:
    """A disk of 1 MiB: one run of 16 extents, read in 1 ms, sent in 1,048.576 ms. The checkpoint of 1 s waits."""
    small = {"vm": {"a": {"disk": [{"size": "1 MiB"}]}}, "run": {"duration": "4 s"}}
    copy = {"protection": {"vaio": {"copy": {**VAIO, "seeded": False}}}}
    story = Played(world(merged(small, copy)), "vaio")
    usable = 1 * MS + MIB * US
    assert modes(story) == [("first sync", 0, 1 * MS), ("in order", 1 * MS, 4 * S)]
    assert points(story)[:3] == [(1 * MS, usable), (1 * S, usable), (2 * S, 2 * S)]
    assert story.result.recovery[0].undefined_ns == usable
    assert story.result.recovery[0].age[0] == Ramp(usable, 2 * S, usable - 1 * S, 1)


def test_a_disk_that_is_no_multiple_of_the_extent_is_copied_to_its_end_and_no_further() -> None:
    odd = {"vm": {"a": {"disk": [{"size": "100 KiB", "count": 2}]}}}
    copy = {"protection": {"vaio": {"copy": {**VAIO, "seeded": False, "reduction": 2.0}}}}
    story = Played(world(merged(odd, copy)), "vaio")
    assert story.commands("resync") == (2, 200 * KIB, 0)
    assert story.parts.replicators[0].wire_bytes == 100 * KIB


def test_hops_of_the_filter_are_in_the_guests_latency() -> None:
    story = played(writes(500 * MS), down="15 us", up="25 us")
    assert story.ledger(0) == {"filter copy": 40 * US, "data: service": 1 * MS}


def both(script: list[tuple[int, int, int, bool]], arm: str, **copy: Any) -> Played:
    changes = {
        "protection": {"vadp": {"job": VADP}, "vaio": {"copy": {**VAIO, **copy}}}, "run": {"slowest": 100},
    }  # fmt: skip
    return Played(scripted(world(changes), trace(script)), arm)  # type: ignore[arg-type]


def test_both_protections_at_once_each_keep_their_own_account() -> None:
    script = [*writes(500 * MS), *writes(1_015 * MS, offset=MIB), *writes(1_500 * MS, offset=2 * MIB)]
    one, two = both(script, "vadp"), both(script, "vaio")
    story = both(script, "both")
    assert {point.protection for point in story.result.points} == {"job", "copy"}
    job, copy = story.result.recovery
    assert (job.protection, copy.protection) == ("job", "copy")
    assert job == one.result.recovery[0]
    assert story.result.stuns == one.result.stuns
    assert two.result.stuns == ()
    assert story.ledger(1) == one.ledger(1)
    # The checkpoint of 1 s is cut at the instant of the stun; the write held in it reaches the filter at 1,030 ms.
    assert points(story)[1] == points(two)[1] == (1 * S, 1 * S)
    exposed = [ramp for ramp in copy.exposure if ramp.slope]
    assert exposed[1].t0_ns == story.delivered(1)


def test_resync_goes_on_in_a_stun() -> None:
    """Overflow at 981 ms, the buffer empty at 1,005.5 ms: the run is read while the VM stands still."""
    first = 980 * MS
    script = [(first, 0, 25 * KIB + 512, True), (first + 1 * MS, MIB, BLOCK, True)]
    story = both(script, "both", buffer="64 KiB", checkpoint="10 s")
    empty = first + (25 * KIB + 512) * US
    stun = story.result.stuns[0]
    assert stun.start_ns < empty < empty + 1 * MS < stun.start_ns + stun.duration_ns
    assert modes(story)[2] == ("resync", empty, empty + 1 * MS)


def test_a_resync_with_nothing_left_to_read_gives_its_checkpoint_to_the_link() -> None:
    """A write overflows while two runs of a resync are on the link, and is read with them, still in overflow.

    When the link has sent all three, the resync that now begins is over at once. The checkpoint of that must not wait
    for the next write, nor keep the group in overflow for ever after.
    """
    script = writes(500 * MS) + writes(500 * MS, offset=8 * BLOCK)  # the link has both runs at 502 ms
    story = played(script + writes(530 * MS, offset=16 * BLOCK) + writes(1_500 * MS), buffer="1 B", checkpoint="1 h")
    back = 502 * MS + 3 * SEND - 1 * MS
    assert modes(story)[4:7] == [("overflow", 530 * MS, back), ("resync", back, back), ("in order", back, 1_500 * MS)]
    assert points(story)[-2:] == [(back, back), (1_501 * MS, 1_501 * MS + SEND)]
    assert modes(story)[-1] == ("in order", 1_501 * MS, 4 * S)
