"""Stories of quiesced snapshots and of snapshots with memory: who waits, for whom, how long. All numbers by hand.

The backup asks at 1,000 ms and prepares until 1,100 ms; then the guest is frozen and flushes 256 KiB in four writes of
1 ms, one at a time, until 1,104 ms; the stun takes 30 ms, until 1,134 ms. Then 64 reads of 1 ms.
"""

from typing import Any

import pytest
from worlds import GRAIN, KIB, MIB, MS, VADP, Played, S, merged, reads, scripted, trace, world, writes

from models.scenario import Scenario

GUEST = {
    "prepare": "100 ms", "dirty": "256 KiB", "dirty_age": "0 s", "flush": "64 KiB", "flush_outstanding": 1,
    "freeze_limit": "none", "memory": "10 MiB",
}  # fmt: skip
SERVICE = {"data: service": 1 * MS}


def quiesced(script: list[tuple[int, int, int, bool]], **changes: Any) -> Scenario:
    base = {
        "protection": {"vadp": {"job": {**VADP, "quiesce": True}}}, "run": {"slowest": 10_000, "duration": "4 s"},
        "vm": {"a": {"guest": GUEST}}, "snapshots": {"quiesce": {"hold_limit": "none", "prepare_limit": "none"}},
    }  # fmt: skip
    return scripted(world(merged(base, changes)), trace(script))


def played(script: list[tuple[int, int, int, bool]], **changes: Any) -> Played:
    return Played(quiesced(script, **changes), "vadp")


def test_a_frozen_guests_writes_wait_for_the_thaw_and_its_reads_do_not() -> None:
    before, during = 1_099 * MS + 900_000, 1_102 * MS
    story = played(writes(before) + writes(during, offset=GRAIN) + reads(during, offset=2 * GRAIN))
    (row,) = story.result.quiesces
    assert (row.vm, row.job, row.outcome, row.held, row.dirty_bytes) == ("a", "job", "ok", 1, 256 * KIB)
    assert (row.start_ns, row.freeze_ns, row.flushed_ns, row.thaw_ns) == (1 * S, 1_100 * MS, 1_104 * MS, 1_134 * MS)
    assert story.ledger(0) == SERVICE  # it was on its way
    assert story.ledger(2) == SERVICE
    hold = {"quiesce hold": 2 * MS, "stun hold in": 30 * MS}
    assert story.ledger(1) == {**hold, **SERVICE, "metadata: service": 1 * MS}  # into the new delta
    stun = story.result.stuns[0]
    assert (stun.start_ns, stun.duration_ns, stun.held) == (1_104 * MS, 30 * MS, 0)
    assert story.result.jobs[0].cut_ns == 1_114 * MS


def test_a_held_write_is_no_matter_of_the_guests_disk_timeout() -> None:
    story = played(writes(1_101 * MS), vm={"a": {"disk_timeout": "3 ms"}})
    assert story.latency(0) == 3 * MS + 30 * MS + 2 * MS
    late = next(row for row in story.result.timers if row.timer == "guest disk timeout")
    assert late.outlasted == 0


def test_the_flush_is_the_guests_own_writing() -> None:
    """In its books, and in the blocks that the next backup reads."""
    job = {**VADP, "quiesce": True, "interval": "1 s", "tool_block": "64 KiB", "cbt_block": "64 KiB"}
    guest = {**GUEST, "dirty": "64 KiB"}
    story = played(reads(500 * MS), protection={"vadp": {"job": job}}, vm={"a": {"guest": guest}})
    flushes = [one for one in story.result.vms[0].slowest if one.workload == "flush"]
    assert [(one.arrival_ns, one.write, one.size_bytes) for one in sorted(flushes, key=lambda one: one.ordinal)] == [
        (1_100 * MS, True, 64 * KIB), (3_100 * MS, True, 64 * KIB)]  # fmt: skip
    assert story.result.vms[0].bytes_written == 2 * 64 * KIB
    second = story.result.jobs[-1]
    assert second.kind == "incremental"
    blocks = {n for one in flushes[:2] for n in (one.offset_bytes >> 16, (one.offset_bytes + one.size_bytes - 1) >> 16)}
    assert 64 * KIB <= second.read_bytes <= len(blocks) * 64 * KIB


BUSY = [(1 * S + n * MS + MS // 2, n * GRAIN, GRAIN, True) for n in range(100)]
"""400 KiB while the guest is prepared: in a cache that holds what was written in a second, 4,000 KiB are dirty."""


@pytest.mark.parametrize(("limit_ms", "fallback"), [(66, "fail"), (65, "fail"), (60, "crash-consistent")])
def test_a_busy_guest_owes_more_and_may_be_too_late(limit_ms: int, fallback: str) -> None:
    """4,000 and 256 KiB are 66.5 writes: 67 ms."""
    guest = {**GUEST, "dirty_age": "1 s", "freeze_limit": f"{limit_ms} ms"}
    job = {**VADP, "quiesce": True, "on_quiesce_failure": fallback}
    story = played(
        [*BUSY, *writes(1_150 * MS, offset=MIB)], vm={"a": {"guest": guest}}, protection={"vadp": {"job": job}}
    )
    (row,) = story.result.quiesces
    assert row.dirty_bytes == 4_256 * KIB
    assert (row.flushed_ns, row.thaw_ns) == (-1, (1_100 + limit_ms) * MS)
    why = f"the guest could not be quiesced: its writers were frozen for longer than {limit_ms / 1000:g} s"
    assert row.outcome == f"failed: {why}"
    assert story.ledger(100)["quiesce hold"] == (limit_ms - 50) * MS
    (job_row,) = story.result.jobs
    if fallback == "fail":
        assert (job_row.outcome, job_row.cut_ns, len(story.result.stuns)) == (row.outcome, -1, 0)
    else:
        assert job_row.outcome == f"ok, crash-consistent: {why}"
        assert story.result.stuns[0].start_ns == row.thaw_ns
    assert played(BUSY, vm={"a": {"guest": {**guest, "freeze_limit": "200 ms"}}}).result.quiesces[0].outcome == "ok"


def test_a_guest_that_writes_less_owes_less() -> None:
    guest = {**GUEST, "dirty_age": "1 s"}
    story = played(BUSY[::10], vm={"a": {"guest": guest}})
    assert story.result.quiesces[0].dirty_bytes == 400 * KIB + 256 * KIB
    most = played(BUSY, vm={"a": {"guest": {**guest, "dirty_most": "1 MiB"}}})
    assert most.result.quiesces[0].dirty_bytes == MIB


def test_a_slow_datastore_makes_the_same_flush_late() -> None:
    slow = {"d": {"write": {"latency": "20 ms"}}}
    guest = {**GUEST, "freeze_limit": "100 ms"}
    story = played(reads(500 * MS), vm={"a": {"guest": guest}}, datastore=slow)
    assert story.result.quiesces[0].flushed_ns == 1_180 * MS
    guest = {**GUEST, "freeze_limit": "79 ms"}
    assert (
        "frozen for longer"
        in played(reads(500 * MS), vm={"a": {"guest": guest}}, datastore=slow).result.quiesces[0].outcome
    )


@pytest.mark.parametrize(("limit_ms", "why"), [(29, "its writes were held for longer than 0.029 s"), (30, "")])
def test_a_provider_holds_writes_for_so_long_and_the_snapshot_is_rolled_back(limit_ms: int, why: str) -> None:
    """The stun takes 30 ms from the flush on. A limit that falls on the thaw has been kept."""
    script = writes(1_110 * MS) + writes(1_134 * MS - 1, offset=GRAIN)
    story = played(script, snapshots={"quiesce": {"hold_limit": f"{limit_ms} ms"}})
    (row,), (job,) = story.result.quiesces, story.result.jobs
    assert row.thaw_ns == (1_104 + limit_ms) * MS
    assert row.held == (2 if not why else 1)  # the second found the guest thawed, and stunned
    if why:
        assert job.outcome == row.outcome == f"failed: the guest could not be quiesced: {why}"
        assert [one.reason for one in story.result.stuns] == ["snapshot create", "mirror insert", "mirror switch"]
        assert (job.read_start_ns, story.parts.vms[0].disks[0].depth, job.needs_consolidation) == (-1, 0, False)
    else:
        assert (job.outcome, row.outcome) == ("ok", "ok")


def test_writers_that_do_not_wait_for_the_snapshot() -> None:
    """Frozen at 1,100 ms: 33 ms end inside the stun, in which nothing is delivered."""
    story = played(writes(1_101 * MS), vm={"a": {"guest": {**GUEST, "freeze_limit": "33 ms"}}})
    assert story.result.quiesces[0].outcome.endswith("its writers did not wait for the snapshot")
    ledger = story.ledger(0)
    assert (ledger["quiesce hold"], ledger["stun hold in"]) == (3 * MS, 30 * MS)


def test_a_guest_that_is_prepared_for_too_long() -> None:
    story = played(reads(500 * MS), snapshots={"quiesce": {"prepare_limit": "103 ms"}})
    assert story.result.quiesces[0].outcome == "failed: the guest could not be quiesced: it was not at rest in time"
    assert story.result.quiesces[0].thaw_ns == 1_103 * MS
    assert played(reads(500 * MS), snapshots={"quiesce": {"prepare_limit": "104 ms"}}).result.jobs[0].outcome == "ok"


# -- memory ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("pause_ms", "written"), [(0, 10), (2, 30)])
@pytest.mark.parametrize("lazy", [True, False])
def test_memory_is_written_before_the_stun_or_in_it(lazy: bool, pause_ms: int, written: int) -> None:
    """10 MiB in pieces of 1 MiB and 1 ms; a lazy one adds 7 ms of stun."""
    memory = {"io": "1 MiB", "pause": f"{pause_ms} ms", "lazy": lazy, "stun": "7 ms"}
    job = {**VADP, "quiesce": False, "memory": True}
    script = reads(1_000 * MS + 500_000)
    story = played(script, protection={"vadp": {"job": job}}, snapshots={"memory": memory})
    stun = story.result.stuns[0]
    assert stun.start_ns == (1_000 + written * lazy) * MS
    assert stun.work_ns == (7 if lazy else written) * MS
    assert stun.duration_ns == 30 * MS + stun.work_ns + stun.drain_ns
    assert story.commands("memory") == (10, 0, 10 * MIB)


@pytest.mark.parametrize("end_ms", [1_020, 1_060, 3_000])
def test_a_memory_image_takes_space_until_the_snapshot_is_deleted(end_ms: int) -> None:
    job = {**VADP, "quiesce": False, "memory": True}
    run = {"duration": f"{end_ms} ms", "interval": "1 s"}
    memory = {"io": "1 MiB", "stun": "0 s"}
    story = played(writes(500 * MS), protection={"vadp": {"job": job}}, snapshots={"memory": memory}, run=run)
    free = 64 * 1024 * MIB - 64 * MIB
    assert story.parts.stores["d"].free_bytes == free - (10 * MIB if end_ms < 2_000 else 0)


def test_a_stun_that_fails_leaves_no_memory_image() -> None:
    job = {**VADP, "quiesce": False, "memory": True}
    memory = {"io": "1 MiB", "stun": "0 s"}
    slow = {"d": {"read": {"latency": "50 ms"}}}
    story = played(
        reads(1_005 * MS), protection={"vadp": {"job": job}}, datastore=slow,
        snapshots={"memory": memory, "stun": {"drain_limit": "20 ms"}},
    )  # fmt: skip
    assert story.result.jobs[0].outcome == "failed: the drain took longer than 0.02 s"
    assert story.parts.stores["d"].free_bytes == 64 * 1024 * MIB - 64 * MIB


def test_no_space_for_the_memory_takes_nothing() -> None:
    job = {**VADP, "quiesce": False, "memory": True}
    story = played(writes(500 * MS), protection={"vadp": {"job": job}}, datastore={"d": {"capacity": "70 MiB"}})
    assert story.result.jobs[0].outcome == "failed: no space on datastore 'd' for the memory of 'a'"
    assert story.parts.stores["d"].free_bytes == 6 * MIB
    assert story.result.stuns == ()
