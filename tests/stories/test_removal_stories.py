"""Stories of removing a snapshot: helper rounds, the array's own snapshots, removals that fail. All numbers by hand.

The backup begins at 1,000 ms with a stun of 30 ms, opens its disk for a second and reads from 2,030 to 2,094 ms. A copy
of a chunk of 16 KiB takes 1 ms to read and 1 ms to write.
"""

from typing import Any

import pytest
from worlds import GRAIN, MIB, MS, VADP, Played, merged, reads, scripted, trace, world, writes

JOB = {**VADP, "disk_open": "1 s"}
SERVICE = {"data: service": 1 * MS}
FREE = 64 * 1024 * MIB - 64 * MIB
Script = list[tuple[int, int, int, bool]]


def played(script: Script, helper: dict[str, Any] | None = None, **changes: Any) -> Played:
    base: dict[str, Any] = {
        "protection": {"vadp": {"job": JOB}}, "run": {"slowest": 10_000, "duration": "4 s"},
        "snapshots": {"consolidation": "helper", "helper": helper or {}} if helper is not None else {},
    }  # fmt: skip
    spec = scripted(world(merged(base, changes)), trace(script))
    return Played(spec, "vadp")


def dirty(chunks: int, at: int = 1_100 * MS) -> Script:
    """So many chunks with a dirty grain each: 2 ms of merging each."""
    return [(at + i * MS, i * 4 * GRAIN, GRAIN, True) for i in range(chunks)]


def stuns(story: Played) -> list[tuple[str, int, int]]:
    """(reason, start, work) in ms of the stuns after the backup's own."""
    return [(row.reason, row.start_ns // MS, row.work_ns // MS) for row in story.result.stuns[1:]]


def test_a_helper_takes_the_writes_while_what_is_below_is_merged() -> None:
    """Ten chunks are 20 ms; two writes meanwhile are two grains apart in the helper: 4 ms, by estimate 4 ms."""
    during = [(2_126 * MS, 100 * GRAIN, GRAIN, True), (2_127 * MS, 200 * GRAIN, GRAIN, True)]
    story = played([*dirty(10), *during], {"estimate": "4 ms"})
    assert stuns(story) == [("helper create", 2_094, 0), ("helper merge", 2_144, 4)]
    assert story.ledger(10) == {**SERVICE, "metadata: service": 1 * MS}  # first touch again, and no mirrored copy
    job = story.result.jobs[0]
    assert (job.outcome, job.needs_consolidation) == ("ok", False)
    assert job.merge_end_ns == (2_144 + 34) * MS
    assert story.commands("merge")[1] == 12 * GRAIN
    assert (story.parts.vms[0].disks[0].depth, story.parts.stores["d"].free_bytes) == (0, FREE)


def test_a_helper_that_would_take_too_long_is_followed_by_another() -> None:
    """The first helper holds two grains, estimated at 2 x 20 ms / 10 = 4 ms; the second holds none."""
    during = [(2_126 * MS, 100 * GRAIN, GRAIN, True), (2_127 * MS, 200 * GRAIN, GRAIN, True)]
    story = played([*dirty(10), *during], {"estimate": "3 ms"})
    assert stuns(story) == [("helper create", 2_094, 0), ("helper create", 2_144, 0), ("helper merge", 2_178, 0)]


def busy(until_ms: int) -> Script:
    """A new chunk every ms: 2 ms of merging for each ms of writing, and no end of it."""
    return [(2_130 * MS + i * MS, (400 + 4 * i) * GRAIN, GRAIN, True) for i in range(until_ms - 2_130)]


@pytest.mark.parametrize("force", [True, False])
def test_after_the_last_round_the_rest_is_forced_or_left(force: bool) -> None:
    """A round of 20 ms; then one of what was written in it and in the stun behind it, and the rest of that."""
    story = played([*dirty(10), *busy(2_400)], {"estimate": "1 ms", "rounds": 2, "force": force})
    found = stuns(story)
    assert [reason for reason, _, _ in found] == ["helper create"] * 2 + ["helper merge"] * force
    job, disk = story.result.jobs[0], story.parts.vms[0].disks[0]
    # Round 1 ends at 2,144 with 15 chunks written (from 2,130 on, one a ms). The last takes 2 ms, data and grain table,
    # which the stun drains: it ends at 2,176. Round 2 merges the 15 in 30 ms; from 2,145 to 2,206 come 62 more.
    assert found[1][1] == 2_144
    if force:
        assert found[2][1:] == (2_206, 124)
        assert (job.outcome, disk.depth) == ("ok", 0)
        assert story.parts.stores["d"].free_bytes == FREE
    else:
        assert job.outcome == "ok, needs consolidation: the helper was still too large after 2 rounds"
        assert (job.needs_consolidation, disk.depth) == (True, 1)
        assert story.parts.stores["d"].free_bytes == FREE - disk.delta_bytes()


def test_no_rounds_mean_a_stun_at_once() -> None:
    story = played(dirty(10), {"rounds": 0})
    assert stuns(story) == [("helper merge", 2_094, 20)]
    assert story.result.jobs[0].outcome == "ok"


def test_each_disk_has_its_own_rounds() -> None:
    two = {"a": {"disk": [{"size": "64 MiB", "count": 2}]}}
    job = {"vadp": {"job": {**JOB, "disk_open": "500 ms"}}}
    story = played(dirty(10), {}, vm=two, protection=job)
    assert [reason for reason, _, _ in stuns(story)] == ["helper create", "helper merge"] * 2


def test_there_may_be_no_space_for_a_helper() -> None:
    """The delta's metadata takes 32 of 63 MiB; the helper's would not fit."""
    story = played(dirty(4), {}, snapshots={"delta": {"metadata": "50 %"}}, datastore={"d": {"capacity": "127 MiB"}})
    assert story.result.jobs[0].outcome.endswith("no space on datastore 'd' for the helper of 'a:0'")
    assert story.parts.vms[0].disks[0].depth == 1


# -- native ------------------------------------------------------------------------------------------------------------


def test_a_native_snapshot_is_metadata_and_the_guest_stays_on_the_base() -> None:
    native = {
        "format": "native", "native": {"create_ios": 3, "delete_ios": 2},
        "stun": {"close_ios": 1, "create_ios": 9, "open_ios": 1},
    }  # fmt: skip
    script = [*writes(1_100 * MS, 1_200 * MS, 1_300 * MS), *reads(1_400 * MS), *writes(1_500 * MS, size=512)]
    story = played(script, snapshots=native)
    assert [story.ledger(n) for n in range(5)] == [SERVICE] * 5  # no metadata, no parent read
    create, delete = story.result.stuns
    assert (create.reason, create.close_ns, create.create_ns, create.open_ns) == (
        "snapshot create", 1 * MS, 3 * MS, 1 * MS)  # fmt: skip
    assert (delete.reason, delete.duration_ns, delete.create_ns) == ("snapshot delete", 32 * MS, 2 * MS)
    assert (delete.close_ns, delete.open_ns) == (0, 0)
    assert story.commands("merge") == (0, 0, 0)
    assert story.commands("backup") == (64, 64 * MIB, 0)
    assert story.parts.stores["d"].free_bytes == FREE
    assert story.result.space == ()
    assert story.result.jobs[0].outcome == "ok"


# -- removals that fail ------------------------------------------------------------------------------------------------

NIGHTS = {"vadp": {"job": {**VADP, "interval": "200 ms"}}}


def test_a_removal_that_fails_each_night_adds_a_level_each_night_until_none_fits() -> None:
    """Every 200 ms a night. 32 levels, and the 33rd snapshot is refused."""
    story = played(
        writes(900 * MS), snapshots={"removal": {"failure": "100 %"}}, protection=NIGHTS,
        run={"duration": "8 s", "interval": "200 ms"},
    )  # fmt: skip
    jobs = story.result.jobs
    assert [job.outcome for job in jobs[:32]] == ["ok, needs consolidation: a file was locked"] * 32
    assert all(job.needs_consolidation for job in jobs[:32])
    assert jobs[32].outcome == "failed: a chain has 32 deltas already"
    levels = {row.t_ns: row.levels for row in story.result.space}
    assert [levels[1_200 * MS + n * 200 * MS] for n in range(31)] == list(range(1, 32))


def test_what_is_left_behind_is_removed_the_next_night() -> None:
    spec = {"removal": {"failure": "50 %"}}
    story = played(writes(900 * MS), snapshots=spec, protection=NIGHTS, run={"duration": "8 s"})
    depth = 0
    for job in story.result.jobs:
        if job.outcome != "unfinished":
            depth = 0 if job.outcome == "ok" else depth + 1
            assert job.needs_consolidation == bool(depth)
    outcomes = {job.outcome for job in story.result.jobs}
    assert {"ok", "ok, needs consolidation: a file was locked"} <= outcomes


@pytest.mark.parametrize("retries", [0, 1, 3])
def test_a_needed_consolidation_is_tried_again(retries: int) -> None:
    """The pass has a limit of 1 ms; ten chunks need more. Retries every 100 ms after the job's end at 2,156 ms."""
    story = played(dirty(10), snapshots={"removal": {"retries": retries, "wait": "100 ms"}, "merge": {"limit": "1 ms"}})
    tries = [row for row in story.result.stuns if row.job == "job (retry)"]
    assert [row.reason for row in tries] == ["mirror insert", "mirror switch"] * retries
    end = story.result.jobs[0].end_ns
    assert all(row.start_ns == end + 100 * MS for row in tries[:1])
    assert story.parts.vms[0].disks[0].depth == 1


def test_a_retry_that_comes_while_a_job_has_the_vm_is_lost() -> None:
    """The only retry is due at 100 ms after the first job's end, inside the second one."""
    story = played(
        dirty(10), snapshots={"removal": {"retries": 1, "wait": "100 ms"}, "merge": {"limit": "1 ms"}},
        protection={"vadp": {"job": {**JOB, "interval": "1180 ms"}}}, run={"duration": "6 s"},
    )  # fmt: skip
    first, second = story.result.jobs[:2]
    assert second.start_ns < first.end_ns + 100 * MS < second.end_ns
    tries = [row for row in story.result.stuns if row.job == "job (retry)"]
    assert all(row.start_ns >= second.end_ns + 100 * MS for row in tries)


def test_a_retry_that_succeeds_is_the_last_and_a_job_waits_for_it() -> None:
    """The file is locked at the first removal only: the draw of this seed. The next job is due inside the retry."""
    for seed in range(20):
        story = played(
            dirty(10), snapshots={"removal": {"failure": "50 %", "retries": 4, "wait": "100 ms"}},
            protection={"vadp": {"job": {**JOB, "interval": "1210 ms"}}}, run={"duration": "4 s", "seed": seed},
        )  # fmt: skip
        tries = [row for row in story.result.stuns if row.job == "job (retry)"]
        first, second = story.result.jobs[:2]
        if first.needs_consolidation and [row.reason for row in tries[:2]] == ["mirror insert", "mirror switch"]:
            ended = tries[1].start_ns + tries[1].duration_ns
            assert tries[0].start_ns == first.end_ns + 100 * MS == 2_194 * MS
            assert second.scheduled_ns == 2_210 * MS
            assert second.start_ns == ended == 2_194 * MS + 60 * MS + 20 * MS
            return
    raise AssertionError("no seed locks the first removal only")
