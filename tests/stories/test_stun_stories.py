"""Stories of the stun: how long it takes, who waits for it, and what a guest sees of it. All numbers by hand."""

import pytest
from worlds import GRAIN, MS, VADP, Played, S, reads, scripted, trace, world, writes

from models.scenario import Scenario

COSTS = {
    "stop": "40 ms", "resume": "80 ms", "close": "15 ms", "create": "25 ms", "open": "20 ms", "close_ios": 3,
    "create_ios": 5, "open_ios": 4, "cbt_close_ios": 2, "cbt_open_ios": 2, "cpt_extra": "30 ms",
}  # fmt: skip


def backed_up(**changes: object) -> Scenario:
    """One VM, a backup at 1 s; its first stun holds it from 1,000 to 1,030 ms."""
    return world({"protection": {"vadp": {"job": VADP}}, "run": {"slowest": 100}, **changes})


@pytest.mark.parametrize("disks", [1, 3])
@pytest.mark.parametrize("latency_ms", [1, 7])
def test_a_stun_takes_stop_drain_disk_work_and_resume(disks: int, latency_ms: int) -> None:
    law = {"latency": f"{latency_ms} ms", "distribution": "fixed", "stream": "none"}
    spec = backed_up(
        snapshots={"stun": COSTS},
        vm={"a": {"disk": [{"size": "64 MiB", "count": disks}]}},
        datastore={"d": {"read": law, "write": law}},
    )
    started = 1 * S - 600_000  # still under way for the latency less 0.6 ms when the vCPUs stop
    create, insert, switch = Played(scripted(spec, trace(reads(started))), "vadp").result.stuns
    drain = latency_ms * MS - 600_000
    reopen = disks * (15 + 20 + (3 + 2 + 4 + 2) * latency_ms) * MS
    make = disks * (25 + 5 * latency_ms) * MS
    assert create.duration_ns == 40 * MS + drain + reopen + make + 80 * MS
    assert (create.start_ns, create.drain_ns, create.stop_ns, create.resume_ns) == (1 * S, drain, 40 * MS, 80 * MS)
    assert create.close_ns == disks * (15 + 5 * latency_ms) * MS
    assert create.create_ns == make
    assert create.open_ns == disks * (20 + 6 * latency_ms) * MS
    assert create.cpt_ns == create.duration_ns + 30 * MS
    assert create.in_flight == 1
    assert insert.duration_ns == switch.duration_ns == (40 + 80) * MS + reopen


def test_requests_in_a_stun_wait_for_the_resume_and_none_is_served_inside() -> None:
    arrivals = [1 * S + 1, 1 * S + 10 * MS, 1 * S + 29 * MS]
    spec = scripted(backed_up(), trace(reads(*arrivals)))
    with_backup, without = Played(spec, "vadp"), Played(spec, "none")
    for ordinal, arrival in enumerate(arrivals):
        assert with_backup.ledger(ordinal) == {"stun hold in": 1_030 * MS - arrival, "data: service": 1 * MS}
        assert without.ledger(ordinal) == {"data: service": 1 * MS}
    assert with_backup.result.stuns[0].held == 3


def test_at_one_instant_the_io_is_first_and_the_story_second() -> None:
    """An arrival as the stun begins is under way; one as it ends was held, for no time."""
    played = Played(scripted(backed_up(), trace(reads(1 * S, 1_031 * MS))), "vadp")
    stun = played.result.stuns[0]
    assert (stun.in_flight, stun.drain_ns, stun.duration_ns) == (1, 1 * MS, 31 * MS)
    assert played.ledger(0) == {"data: service": 1 * MS, "stun hold out": 30 * MS}
    assert stun.held == 2
    assert played.ledger(1) == {"data: service": 1 * MS}


def test_what_is_under_way_completes_in_the_stun_and_is_delivered_at_its_end() -> None:
    spec = scripted(backed_up(), trace(reads(1 * S - 400_000)))
    played = Played(spec, "vadp")
    assert played.ledger(0) == {"data: service": 1 * MS, "stun hold out": 30 * MS}  # 0.6 ms of drain are service
    assert played.delivered(0) == 1_030 * MS + 600_000
    assert played.result.stuns[0].duration_ns == 30 * MS + 600_000
    assert played.result.stuns[0].held == 1
    assert played.result.vms[0].vscsi.maximum == 1 * MS  # posted by the adapter long before


def test_waiting_for_a_slot_during_a_stun_is_the_stun() -> None:
    """Two slots: held I/Os keep them, so that the third waits for the stun and then for a slot."""
    spec = backed_up(vm={"a": {"disk_queue_depth": 2}})
    played = Played(scripted(spec, trace(reads(1 * S - 200_000, *[1 * S + 10 * MS] * 3))), "vadp")
    stun_end = 1_030 * MS + 800_000
    hold = stun_end - 1_010 * MS
    assert played.ledger(1) == {"stun hold in": hold, "data: service": 1 * MS}
    assert played.ledger(2) == {"stun hold in": hold, "data: service": 1 * MS}
    assert played.ledger(3) == {"stun hold in": hold, "guest queue": 1 * MS, "data: service": 1 * MS}


def test_a_guests_own_disk_timer_stands_still_in_a_stun() -> None:
    spec = backed_up(vm={"a": {"disk_queue_depth": 1, "disk_timeout": "5 ms"}})
    played = Played(scripted(spec, trace(reads(*[1 * S + 1] * 4))), "vadp")
    assert played.latency(3) == 34 * MS - 1
    late = next(row for row in played.result.timers if row.timer == "guest disk timeout")
    assert (late.outlasted, late.longest_ns) == (0, 0)
    tighter = backed_up(vm={"a": {"disk_queue_depth": 1, "disk_timeout": "3 ms"}})
    played = Played(scripted(tighter, trace(reads(*[1 * S + 1] * 4))), "vadp")
    late = next(row for row in played.result.timers if row.timer == "guest disk timeout")
    assert (late.outlasted, late.longest_ns) == (1, 4 * MS)  # the fourth waits for three others while the VM runs


@pytest.mark.parametrize(("clock", "seen"), [("frozen", 1_050), ("jumps", 1_020)])
def test_a_guests_timer_stands_still_or_jumps(clock: str, seen: int) -> None:
    """A timer set for 1,020 ms, a stun from 1,000 to 1,030 ms: a frozen clock is late by all of it."""
    spec = scripted(backed_up(vm={"a": {"guest_clock": clock}}), trace(reads(1_020 * MS), origin="guest"))
    slow = Played(spec, "vadp").result.vms[0].slowest[0]
    assert slow.arrival_ns == seen * MS
    assert slow.arrival_ns + slow.latency_ns == max(seen, 1_030) * MS + 1 * MS


def test_people_outside_do_not_care_for_the_guests_clock() -> None:
    spec = scripted(backed_up(vm={"a": {"guest_clock": "frozen"}}), trace(reads(1_020 * MS)))
    assert Played(spec, "vadp").result.vms[0].slowest[0].arrival_ns == 1_020 * MS


THINKING = {"kind": "closed", "outstanding": 1, "think": "9 ms", "think_distribution": "fixed", "read": "100 %"}


@pytest.mark.parametrize(
    ("origin", "clock", "issued", "latency"),
    [
        ("guest", "jumps", 1_030, 1),  # due at 1,009: it is issued when the vCPUs run again
        ("guest", "frozen", 1_039, 1),  # 9 ms of its own time
        ("external", "jumps", 1_009, 22),  # a client asks when it has thought, and waits
        ("external", "frozen", 1_009, 22),
    ],
)
def test_a_closed_loop_in_a_stun(origin: str, clock: str, issued: int, latency: int) -> None:
    """Every 10 ms one read: issued at ..., 989, 999 ms; the reply of the last comes at 1,000 ms, as the VM stops."""
    vm = {"guest_clock": clock, "workload": [{**THINKING, "origin": origin}]}
    played = Played(backed_up(vm={"a": vm}, run={"duration": "1050 ms", "slowest": 1000}), "vadp")
    stun = [one for one in played.result.vms[0].slowest if one.arrival_ns >= 1_000 * MS]
    first = min(stun, key=lambda one: one.ordinal)
    assert (first.arrival_ns, first.latency_ns) == (issued * MS, latency * MS)


def test_a_reply_inside_the_stun_is_thought_about_afterwards() -> None:
    vm = {"workload": [{**THINKING, "think": "7700 us"}]}  # issued every 8.7 ms, once at 999.5 ms
    played = Played(backed_up(vm={"a": vm}, run={"duration": "1100 ms", "slowest": 1000}), "vadp")
    ios = sorted(played.result.vms[0].slowest, key=lambda one: one.arrival_ns)
    under_way = next(one for one in ios if one.latency_ns > 1 * MS)
    after = next(one for one in ios if one.ordinal == under_way.ordinal + 1)
    assert under_way.arrival_ns < 1 * S < under_way.arrival_ns + 1 * MS
    assert after.arrival_ns == under_way.arrival_ns + under_way.latency_ns + 7_700_000


@pytest.mark.parametrize(("limit_ms", "fails"), [(39, True), (40, False), (41, False)])
def test_a_drain_beyond_its_limit_fails_and_leaves_nothing(limit_ms: int, fails: bool) -> None:
    """One read is still under way for 40 ms: a longer drain than the limit fails, an equal one does not."""
    spec = backed_up(
        datastore={"d": {"read": {"latency": "50 ms"}}},
        snapshots={"stun": {"drain_limit": f"{limit_ms} ms"}, "delta": {"metadata": "1 %"}},
        run={"duration": "1080 ms", "interval": "10 ms"},
    )
    played = Played(scripted(spec, trace(reads(990 * MS))), "vadp")
    stun, disk = played.result.stuns[0], played.parts.vms[0].disks[0]
    reserve, free = 64 * 1024**2 // 100, 64 * 1024**3 - 64 * 1024**2
    assert stun.drain_ns == min(limit_ms, 40) * MS
    if fails:
        assert stun.outcome == "failed: the drain took longer than 0.039 s"
        assert stun.duration_ns == (39 + 10 + 20) * MS
        assert played.result.jobs[0].outcome == stun.outcome
        assert played.result.jobs[0].cut_ns == -1
        assert (disk.depth, played.parts.stores["d"].free_bytes) == (0, free)
        assert played.ledger(0) == {"data: service": 50 * MS, "stun hold out": 29 * MS}
    else:
        assert stun.outcome == "ok"
        assert (disk.depth, played.parts.stores["d"].free_bytes) == (1, free - reserve)


def test_a_mirror_switch_that_fails_leaves_no_mirror_and_the_next_job_mends_it() -> None:
    """60 ms writes, a 30 ms drain limit: a write just before the switch makes it fail, and no write is mirrored on."""
    spec = backed_up(
        datastore={"d": {"write": {"latency": "60 ms"}}},
        snapshots={"stun": {"drain_limit": "30 ms"}},
        run={"duration": "6 s", "slowest": 100},
        protection={"vadp": {"job": {**VADP, "interval": "3 s"}}},
    )
    # Full backup of 64 MiB: 64 reads of 1 ms from 1,030 to 1,094 ms; the mirror is inserted 1,094 to 1,124 ms and the
    # delta holds one grain: copying takes 1 + 60 ms, until 1,185 ms, when the second write is under way.
    first, during, after = 1_031 * MS, 1_180 * MS, 2_000 * MS
    script = trace([*writes(first), *writes(during, offset=GRAIN), *writes(after, offset=2 * GRAIN)])
    bare = {"metadata_writes": 0}
    spec = scripted(spec, script)
    spec = _with_delta(spec, bare)
    played = Played(spec, "vadp")
    jobs, stuns = played.result.jobs, played.result.stuns
    assert stuns[2].reason == "mirror switch"
    assert stuns[2].outcome == "failed: the drain took longer than 0.03 s"
    assert jobs[0].outcome == "ok, needs consolidation: the drain took longer than 0.03 s"
    assert jobs[0].needs_consolidation
    assert "mirror: service" not in played.ledger(2)  # the mirror is gone
    assert jobs[1].outcome == "ok"
    assert not jobs[1].needs_consolidation
    assert jobs[1].delta_bytes == 3 * GRAIN  # both levels fold: all three writes went to the first delta
    assert played.parts.vms[0].disks[0].depth == 0


def _with_delta(spec: Scenario, changes: dict[str, int]) -> Scenario:
    from dataclasses import replace

    return replace(spec, snapshots=replace(spec.snapshots, delta=replace(spec.snapshots.delta, **changes)))


@pytest.mark.parametrize("end_ms", range(996, 1_040, 4))
def test_a_run_may_end_anywhere_in_a_stun(end_ms: int) -> None:
    """The books balance also while the delta's space is taken and the delta not yet there."""
    spec = backed_up(snapshots={"delta": {"metadata": "1 %"}}, run={"duration": f"{end_ms} ms", "interval": "100 ms"})
    played = Played(scripted(spec, trace(writes(998 * MS, 1_010 * MS))), "vadp")
    assert len(played.result.stuns) == (end_ms > 1_030)


def test_a_stun_is_held_against_timers_outside() -> None:
    spec = backed_up(timer={"short": {"limit": "29 ms"}, "equal": {"limit": "30 ms"}})
    timers = {row.timer: row for row in Played(spec, "vadp").result.timers}
    assert timers["short"].outlasted == 3  # create, insert, switch take 30 ms each
    assert timers["equal"].outlasted == 0
    assert timers["short"].longest_ns == 30 * MS
