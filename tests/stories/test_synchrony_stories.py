"""Stories of synchronous replication and of a link that is cut. All instants by hand.

The link carries a byte in a microsecond: 4 KiB take 4.096 ms, 64 KiB take 65.536 ms. A guest write takes 1 ms.
"""

from typing import Any

import pytest
from worlds import GRAIN, KIB, MS, US, VADP, VAIO, Played, S, merged, reads, scripted, trace, world, writes

from models.result import CutRow, Ramp

BLOCK = 64 * KIB
SEND = BLOCK * US
SENT = GRAIN * US
SYNC = {"synchronous": True, "on_loss": "asynchronous", "hold_limit": "300 ms"}
CUT = {"outage": [{"at": "1 s", "duration": "500 ms"}], "link_timeout": "100 ms", "retry": "90 ms", "retry_most": "1 s"}
"""Lost at 1.1 s; probes at 1.19, 1.37 and 1.64 s, of which the last gets through."""


Script = list[tuple[int, int, int, bool]]


def played(script: Script, arm: str = "vaio", more: dict[str, Any] | None = None, **copy: Any) -> Played:
    changes = {"protection": {"vaio": {"copy": {**VAIO, **copy}}}, "run": {"slowest": 100, "duration": "4 s"}}
    return Played(scripted(world(merged(changes, more or {})), trace(script)), arm)  # type: ignore[arg-type]


def modes(story: Played) -> list[tuple[str, int, int]]:
    return [(row.mode, row.start_ns, row.end_ns) for row in story.result.modes]


def age(story: Played) -> list[Ramp]:
    return list(story.result.recovery[0].age)


@pytest.mark.parametrize(
    ("settings", "waited"),
    [
        ({}, SENT - 1 * MS),
        ({"link_latency": "7 ms"}, SENT + 14 * MS - 1 * MS),  # there and back
        ({"journal": "1 MB/s"}, 2 * SENT - 1 * MS),  # durable at the target
        ({"reduction": 2.0}, SENT // 2 - 1 * MS),
        ({"link": "100 MB/s"}, 0),  # the disk is slower: side by side
    ],
)
def test_a_write_is_done_when_disk_and_target_have_it(settings: dict[str, Any], waited: int) -> None:
    story = played(writes(500 * MS), **{**SYNC, **settings})
    ledger = {"data: service": 1 * MS} | ({"replica copy": waited} if waited else {})
    assert story.ledger(0) == ledger


def test_hops_up_come_after_the_targets_confirmation() -> None:
    story = played(writes(500 * MS), **SYNC, down="2 ms", up="3 ms")
    assert story.ledger(0) == {"filter copy": 5 * MS, "data: service": 1 * MS, "replica copy": SENT - 1 * MS}
    assert story.latency(0) == 5 * MS + SENT


def test_reads_wait_for_no_target_and_writes_for_those_before_them() -> None:
    """Two writes at once: the second is behind the first on the link."""
    story = played([*reads(500 * MS), *writes(500 * MS), *writes(500 * MS, offset=BLOCK)], **SYNC)
    assert sorted(story.latency(n) for n in range(3)) == [1 * MS, SENT, 2 * SENT]


def test_in_sync_nothing_can_be_lost() -> None:
    story = played(writes(500 * MS, 700 * MS), **SYNC)
    assert modes(story) == [("in sync", 0, 4 * S)]
    recovery = story.result.recovery[0]
    assert all(ramp.v0_ns == ramp.slope == 0 for ramp in (*recovery.age, *recovery.exposure))
    assert recovery.risk_written.maximum == 0
    assert [p.point_ns for p in story.result.points] == [0, 1 * S, 2 * S, 3 * S]


def test_the_buffer_does_not_overflow_in_sync() -> None:
    story = played(writes(500 * MS, size=2 * BLOCK), **SYNC, buffer="64 KiB")
    assert modes(story) == [("in sync", 0, 4 * S)]
    assert story.latency(0) == 2 * SEND


def test_a_write_held_for_the_limit_lets_the_group_fall_behind() -> None:
    """1 MB takes a second to send. All held writes go on at 800 ms; it is in sync again behind what waited."""
    script = [(500 * MS, 0, 1_000_000, True), *writes(600 * MS, offset=2_000_000), *writes(900 * MS, offset=3_000_000)]
    story = played(script, **SYNC, buffer="10 MB")
    caught_up = 1_500 * MS + 2 * SENT
    assert [story.delivered(n) for n in range(3)] == [800 * MS, 800 * MS, 901 * MS]
    assert modes(story) == [("in sync", 0, 800 * MS), ("in order", 800 * MS, caught_up), ("in sync", caught_up, 4 * S)]
    assert [(p.point_ns, p.usable_ns) for p in story.result.points][:4] == [
        (0, 0), (800 * MS, 800 * MS), (1 * S, caught_up), (caught_up, caught_up),
    ]  # fmt: skip
    assert age(story)[:2] == [Ramp(0, 800 * MS, 0, 0), Ramp(800 * MS, caught_up, 0, 1)]
    exposed = [ramp for ramp in story.result.recovery[0].exposure if ramp.slope]
    assert (exposed[0].t0_ns, exposed[0].v0_ns, exposed[-1].t1_ns) == (800 * MS, 0, caught_up)
    assert story.result.recovery[0].risk_written.maximum == 1_000_000 + 2 * GRAIN


def test_a_write_confirmed_at_the_limit_was_in_time() -> None:
    story = played(writes(500 * MS), **{**SYNC, "hold_limit": "4096 us"})
    assert modes(story) == [("in sync", 0, 4 * S)]
    late = played(writes(500 * MS), **{**SYNC, "hold_limit": "4095 us"})
    assert modes(late)[1] == ("in order", 504_095_000, 500 * MS + SENT)
    assert late.latency(0) == 4_095 * US


def test_each_write_has_its_own_limit() -> None:
    """The second is confirmed at 500 + 131 ms after 131 ms; neither is held for 140 ms."""
    script = [*writes(500 * MS, size=BLOCK), *writes(500 * MS + 10, size=BLOCK, offset=BLOCK)]
    assert len(modes(played(script, **{**SYNC, "hold_limit": "140 ms"}))) == 1
    third = [*script, *writes(500 * MS + 20, size=BLOCK, offset=2 * BLOCK)]
    assert modes(played(third, **{**SYNC, "hold_limit": "140 ms"}))[0] == ("in sync", 0, 500 * MS + 20 + 140 * MS)


def test_a_group_that_is_not_seeded_is_in_sync_after_its_first_sync() -> None:
    small = {"vm": {"a": {"disk": [{"size": "1 MiB"}]}}}
    story = played(writes(2 * S), **SYNC, seeded=False, more=small)
    behind = 1 * MS + (1 << 20) * US  # read in 1 ms, then on the link; held from then on
    assert [mode for mode, _, _ in modes(story)] == ["first sync", "in order", "in sync"]
    assert modes(story)[2][1] == behind
    assert story.latency(0) == SENT
    assert age(story)[-1] == Ramp(3 * S, 4 * S, 0, 0)


# -- cuts ------------------------------------------------------------------------------------------------------------


def cut_rows(story: Played) -> list[CutRow]:
    return list(story.result.cuts)


def test_a_short_cut_is_waited_for_and_what_was_being_sent_begins_again() -> None:
    """The link is cut at 530 ms in the middle of 64 KiB and whole at 580 ms."""
    short = {**CUT, "outage": [{"at": "530 ms", "duration": "50 ms"}]}
    story = played(writes(500 * MS, size=BLOCK), **short, checkpoint="510 ms")
    assert cut_rows(story) == [CutRow("copy", 530 * MS, 580 * MS, -1, 580 * MS, 0)]
    assert story.result.points[1].usable_ns == 580 * MS + SEND
    assert story.parts.replicators[0].wire_bytes == BLOCK


def test_a_lost_connection_is_back_with_the_first_probe_that_gets_through() -> None:
    story = played(writes(1_200 * MS), **CUT, link_latency="5 ms", checkpoint="1001 ms")
    assert cut_rows(story) == [CutRow("copy", 1 * S, 1_500 * MS, 1_100 * MS, 1_650 * MS, 3)]
    assert [(p.point_ns, p.usable_ns) for p in story.result.points][:2] == [(0, 0), (1_001 * MS, 1_655 * MS)]
    assert [(p.point_ns, p.usable_ns) for p in story.result.points][2] == (2_002 * MS, 2_007 * MS)
    peak = max(ramp.v0_ns + ramp.t1_ns - ramp.t0_ns for ramp in age(story)[:2])
    assert peak == 1_655 * MS  # the age of the point at 0 when the next one comes


def test_pauses_between_probes_grow_to_their_limit() -> None:
    story = played(reads(100 * MS), **{**CUT, "retry_most": "100 ms"})  # probes at 1.19, 1.29, 1.39, 1.49 and 1.59 s
    assert cut_rows(story) == [CutRow("copy", 1 * S, 1_500 * MS, 1_100 * MS, 1_590 * MS, 5)]


def test_an_outage_during_probing_makes_probes_fail() -> None:
    twice = [{"at": "1 s", "duration": "500 ms"}, {"at": "1600 ms", "duration": "100 ms"}]
    story = played(reads(100 * MS), **{**CUT, "outage": twice})  # the probe at 1.64 s fails, too; the next is at 2 s
    assert cut_rows(story) == [CutRow("copy", 1 * S, 1_700 * MS, 1_100 * MS, 2 * S, 4)]


def test_a_long_cut_overflows_and_order_comes_back_after_buffer_and_resync() -> None:
    script = [*writes(1_010 * MS, size=BLOCK), *writes(1_020 * MS, size=BLOCK, offset=4 * BLOCK)]
    story = played(script, **CUT, buffer="100 KiB")
    back = 1_640 * MS
    assert modes(story) == [
        ("in order", 0, 1_020 * MS),
        ("overflow", 1_020 * MS, back + SEND),
        ("resync", back + SEND, back + SEND + 1 * MS),
        ("in order", back + SEND + 1 * MS, 4 * S),
    ]
    usable = [(p.point_ns, p.usable_ns) for p in story.result.points]
    assert usable[:3] == [(0, 0), (1 * S, back), (back + SEND + 1 * MS, back + 2 * SEND + 1 * MS)]


def test_held_writes_go_on_at_the_limit_in_a_cut_and_are_held_again_afterwards() -> None:
    """Held from 1,010 ms, let go at 1,310 ms: but the connection is lost at 1,100 ms, which comes first."""
    story = played([*writes(1_010 * MS), *writes(1_200 * MS, offset=BLOCK), *writes(1_700 * MS)], **SYNC, **CUT)
    assert story.delivered(0) == 1_100 * MS
    assert story.latency(1) == 1 * MS
    assert story.latency(2) == SENT
    again = 1_640 * MS + 2 * SENT
    assert modes(story) == [("in sync", 0, 1_100 * MS), ("in order", 1_100 * MS, again), ("in sync", again, 4 * S)]
    limit = played(writes(1_010 * MS), **{**SYNC, "hold_limit": "50 ms"}, **CUT)
    assert limit.latency(0) == 50 * MS


def test_an_idle_group_in_a_cut_is_in_sync_until_the_connection_is_lost_and_when_it_is_back() -> None:
    story = played(reads(100 * MS), **SYNC, **CUT)
    assert modes(story) == [
        ("in sync", 0, 1_100 * MS), ("in order", 1_100 * MS, 1_640 * MS), ("in sync", 1_640 * MS, 4 * S),
    ]  # fmt: skip
    assert age(story)[:3] == [
        Ramp(0, 1_100 * MS, 0, 0),
        Ramp(1_100 * MS, 1_640 * MS, 0, 1),
        Ramp(1_640 * MS, 2 * S, 0, 0),
    ]


def test_with_hold_the_guest_waits_until_the_link_is_back_and_its_disk_timeout_runs() -> None:
    guest = {"vm": {"a": {"disk_timeout": "500 ms"}}}
    story = played(writes(1_010 * MS), **CUT, synchronous=True, on_loss="hold", more=guest)
    assert story.delivered(0) == 1_640 * MS + SENT
    assert modes(story) == [("in sync", 0, 4 * S)]
    timeout = next(row for row in story.result.timers if row.timer == "guest disk timeout")
    assert (timeout.outlasted, timeout.longest_ns) == (1, 630 * MS + SENT)
    assert all(ramp.slope == 0 for ramp in age(story))


# -- a held write and a stun -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("blocks", [True, False])
def test_a_held_write_blocks_the_drain_of_a_stun_or_not(blocks: bool) -> None:
    """64 KiB written at 990 ms, on the disk at 991, at the target 65.5 ms later. The stun begins at 1 s."""
    more = {"protection": {"vadp": {"job": VADP}}}
    story = played(writes(990 * MS, size=BLOCK), "both", more, **SYNC, blocks_drain=blocks)
    stun, confirmed = story.result.stuns[0], 990 * MS + SEND
    assert (stun.drain_ns, stun.in_flight) == ((confirmed - 1_000 * MS, 1) if blocks else (0, 0))
    end = stun.start_ns + stun.duration_ns
    assert story.delivered(0) == max(end, confirmed)
    assert story.ledger(0)["replica copy"] == SEND - 1 * MS


# -- the journal -----------------------------------------------------------------------------------------------------


def journal(story: Played) -> list[tuple[int, int, int, int, int]]:
    """(time in s, points, oldest in ms, bytes, dropped)."""
    return [(r.t_ns // S, r.points, r.oldest_ns // MS, r.bytes, r.dropped) for r in story.result.journals]


def test_the_journal_keeps_its_history() -> None:
    story = played(writes(500 * MS, 1_500 * MS, 2_500 * MS), history="2 s", link="100 MB/s")
    assert journal(story) == [
        (1, 1, 0, GRAIN, 0),  # the point of this instant comes after the interval's end
        (2, 2, 0, 2 * GRAIN, 0),
        (3, 2, 1_000, 2 * GRAIN, 1),
        (4, 2, 2_000, GRAIN, 2),
    ]


def test_a_full_journal_gives_up_its_oldest_points_but_never_the_last() -> None:
    story = played(writes(500 * MS, 1_500 * MS, 1_600 * MS, 2_500 * MS), journal_size="8 KiB", link="100 MB/s")
    assert journal(story) == [
        (1, 1, 0, GRAIN, 0), (2, 1, 1_000, 2 * GRAIN, 1), (3, 1, 2_000, GRAIN, 2), (4, 2, 2_000, GRAIN, 2),
    ]  # fmt: skip
    tiny = played(writes(500 * MS, 1_500 * MS), journal_size="1 B", link="100 MB/s")
    assert [(points, size) for _, points, _, size, _ in journal(tiny)][:2] == [(1, GRAIN), (1, GRAIN)]
