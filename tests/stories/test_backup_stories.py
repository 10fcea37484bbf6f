"""Stories of VADP jobs: what each reads, what a failed one loses (nothing), when its point counts, and its age.

The backup of 64 MiB begins at 1,000 ms: stun until 1,030 ms with its cut at 1,010 ms, 64 reads of 1 ms until 1,094 ms,
two stuns of 30 ms for the consolidation: it ends at 1,154 ms.
"""

from typing import Any

import pytest
from worlds import GRAIN, KIB, MIB, MS, VADP, Played, S, merged, scripted, trace, world, writes

from models.result import Ramp


def played(changes: dict[str, Any], script: list[tuple[int, int, int, bool]] | None = None, **job: Any) -> Played:
    base = {"protection": {"vadp": {"job": {**VADP, **job}}}, "run": {"slowest": 100}}
    scenario = world(merged(base, changes))
    return Played(scripted(scenario, trace(script)) if script else scenario, "vadp")


def test_a_full_backup_by_the_clock() -> None:
    job = played({}).result.jobs[0]
    assert (job.kind, job.outcome, job.extents, job.read_bytes) == ("full", "ok", 1, 64 * MIB)
    assert (job.start_ns, job.cut_ns, job.read_start_ns) == (1_000 * MS, 1_010 * MS, 1_030 * MS)
    assert (job.read_end_ns, job.usable_ns) == (1_094 * MS, 1_094 * MS)
    assert (job.merge_start_ns, job.merge_end_ns, job.end_ns) == (1_094 * MS, 1_154 * MS, 1_154 * MS)


def test_every_cost_of_a_job_adds_where_it_should() -> None:
    two = {"vm": {"a": {"disk": [{"size": "64 MiB", "count": 2}]}}, "snapshots": {"api": "100 ms"}}
    job = played(two, disk_open="1 s", query_page="300 ms", commit="2 s", reduction=2.0).result.jobs[0]
    assert job.cut_ns == 1_110 * MS
    assert job.read_start_ns == 1_130 * MS + 2 * 1_000 * MS + 2 * 300 * MS
    assert job.read_end_ns == job.read_start_ns + 64 * MS  # both disks at once
    assert job.usable_ns == job.read_end_ns + 2_000 * MS
    assert job.merge_end_ns == job.usable_ns + 100 * MS + 60 * MS
    assert (job.read_bytes, job.stored_bytes) == (128 * MIB, 64 * MIB)


@pytest.mark.parametrize(
    ("caps", "block_ns"),
    [
        ({"stream": "1 MiB/s"}, 1 * S),
        ({"host_rate": "1 MiB/s"}, 1 * S),
        ({"host_rate": "1 MiB/s", "stream": "2 MiB/s"}, 1 * S),
        ({"repository": "1 MiB/s"}, 1 * S),
        ({"repository": "1 MiB/s", "reduction": 4.0}, S // 4),  # stored bytes count
        ({"repository": "1 GiB/s"}, 976_563),
    ],
)
def test_caps_pace_the_reads(caps: dict[str, Any], block_ns: int) -> None:
    """One read in flight: a millisecond to read, then its way to the repository, block after block."""
    job = played({"run": {"duration": "80 s"}}, **caps).result.jobs[0]
    assert job.read_end_ns - job.read_start_ns == 64 * (1 * MS + block_ns)


@pytest.mark.parametrize(("hosts", "ms"), [(("h", "h"), 1_000), (("h", "other"), 500)])
def test_jobs_that_one_host_serves_share_its_rate(hosts: tuple[str, str], ms: int) -> None:
    jobs = {
        name: {**VADP, "vms": [vm], "serving_host": host, "host_rate": "128 MiB/s", "reads_in_flight": 4}
        for name, vm, host in zip(("job", "second"), ("a", "b"), hosts, strict=True)
    }
    vms = {"a": {"host": "h"}, "b": {"host": "h", "disk": [{"size": "64 MiB"}]}}
    story = played({"host": {"other": {}}, "vm": vms, "protection": {"vadp": jobs}})
    taken = [job.read_end_ns - job.read_start_ns for job in story.result.jobs]
    assert max(taken) == ms * MS + 1 * MS


def test_bytes_cross_a_link_when_they_have_crossed_it() -> None:
    """Four blocks are read at once, one a second crosses: a second never shows more."""
    story = played({"run": {"duration": "20 s"}}, stream="1 MiB/s", reads_in_flight=4)
    nbd = [row.bytes for row in story.result.flows if row.link == "job NBD"]
    assert nbd == [0, 0] + [MIB] * 18


def test_more_reads_in_flight_hide_the_latency() -> None:
    job = played({}, reads_in_flight=4).result.jobs[0]
    assert job.read_end_ns - job.read_start_ns == 16 * MS


def test_an_increment_reads_the_tools_blocks_that_changed() -> None:
    changed = [*writes(2_000 * MS), *writes(2_010 * MS, offset=5 * MIB - GRAIN, size=8 * KIB)]
    full, increment, idle = played({"run": {"duration": "9 s"}}, changed, interval="3 s").result.jobs
    assert (increment.kind, increment.cbt_bytes, increment.extents) == ("incremental", 3 * 64 * KIB, 2)
    assert increment.read_bytes == 3 * MIB  # blocks 0, 4 and 5 of 1 MiB
    assert (increment.written_bytes, increment.unique_bytes) == (12 * KIB, 12 * KIB)
    assert increment.read_end_ns - increment.read_start_ns == 3 * MS
    assert (full.written_bytes, idle.read_bytes, idle.cbt_bytes) == (0, 0, 0)
    assert idle.usable_ns == idle.cut_ns + 20 * MS


@pytest.mark.parametrize("tool", ["16 KiB", "64 KiB", "48 KiB", "1 MiB"])
@pytest.mark.parametrize("size", [100 * KIB, 128 * KIB, 130 * KIB + 512])
def test_the_last_blocks_end_with_the_disk(tool: str, size: int) -> None:
    """Changed blocks of 64 KiB reach beyond the end of such disks; the tool's blocks and reads must not."""
    odd = {"vm": {"a": {"disk": [{"size": f"{size} B"}]}}, "run": {"duration": "6 s"}}
    last = writes(2_000 * MS, size=512, offset=size - 512)
    full, increment = played(odd, last, tool_block=tool, interval="3 s").result.jobs
    unit = int(tool.split()[0]) * (MIB if "M" in tool else KIB)
    start = (size - 512) // (64 * KIB) * 64 * KIB // unit * unit
    assert full.read_bytes == size
    assert increment.read_bytes == size - start


ONE_PAGE = {"query_page_extents": 1, "query_page": "100 ms", "tool_block": "64 KiB", "job_limit": "1300 ms"}
"""A page per extent. The full backup: 30 + 100 + 1024 ms; ten scattered blocks alone: 30 + 1000 + 10 ms and more."""


def test_a_failed_job_loses_no_change() -> None:
    """Job 1 is cut, asks 14 pages and is stopped; job 2 has its changes and the ones between, in one extent."""
    even = [(3_000 * MS + i * MS, 2 * i * 64 * KIB, GRAIN, True) for i in range(14)]
    odd = [(7_000 * MS + i * MS, (2 * i + 1) * 64 * KIB, GRAIN, True) for i in range(13)]
    story = played({"run": {"duration": "12 s"}}, even + odd, interval="4 s", **ONE_PAGE)
    full, failed, mended = story.result.jobs
    assert full.outcome == "ok"
    assert failed.outcome == "failed: the job took longer than 1.3 s"
    assert (failed.extents, failed.usable_ns) == (14, -1)
    assert failed.read_bytes < 14 * 64 * KIB
    assert not failed.needs_consolidation
    assert (mended.outcome, mended.extents, mended.read_bytes) == ("ok", 1, 27 * 64 * KIB)
    assert mended.written_bytes == 27 * GRAIN
    assert [point.point_ns for point in story.result.points] == [full.cut_ns, mended.cut_ns]


def test_a_block_written_again_after_the_cut_is_in_both_increments() -> None:
    """Block 0 before and after the cut, block 1 after it only; the query is asked later, the answer is the cut's."""
    script = [*writes(2_000 * MS, 4_500 * MS), *writes(4_510 * MS, offset=64 * KIB)]
    slow = {"interval": "3 s", "disk_open": "1 s", "tool_block": "64 KiB"}
    jobs = played({"run": {"duration": "9 s"}}, script, **slow).result.jobs
    assert [job.cut_ns for job in jobs] == [1_010 * MS, 4_010 * MS, 7_010 * MS]
    assert [job.read_bytes for job in jobs[1:]] == [64 * KIB, 128 * KIB]


@pytest.mark.parametrize(("disk_open", "outcomes"), [("846 ms", ["ok"] * 3), ("847 ms", ["ok", "skipped", "ok"])])
def test_a_job_that_has_not_ended_when_the_next_is_due_lets_it_be_skipped(disk_open: str, outcomes: list[str]) -> None:
    """154 ms and the opening: a job that ends just when the next is due is no hindrance."""
    jobs = played({"run": {"duration": "4 s"}}, disk_open=disk_open, interval="1 s").result.jobs
    assert [job.outcome.split(":")[0] for job in jobs[:3]] == outcomes
    assert [job.scheduled_ns for job in jobs[:3]] == [1 * S, 2 * S, 3 * S]
    if outcomes[1] == "skipped":
        assert jobs[1].outcome == "skipped: the previous job was still running"
        assert (jobs[1].start_ns, jobs[1].end_ns) == (-1, -1)


def test_jobs_missed_when_the_run_ends_are_told() -> None:
    jobs = played({"run": {"duration": "5 s"}}, disk_open="1 min", interval="1 s").result.jobs
    assert [job.outcome.split(":")[0] for job in jobs] == ["unfinished", "skipped", "skipped", "skipped"]
    assert [job.scheduled_ns for job in jobs] == [1 * S, 2 * S, 3 * S, 4 * S]


@pytest.mark.parametrize(("limit", "ends"), [(94, "ok"), (93, "failed"), (60, "failed")])
def test_a_job_limit_stops_the_readers_after_their_block(limit: int, ends: str) -> None:
    story = played({}, job_limit=f"{limit} ms")
    job = story.result.jobs[0]
    assert job.outcome.startswith(ends)
    assert job.read_bytes == min(64, limit - 30 + 1) * MIB  # the block that it is at is finished
    assert len(story.result.points) == (ends == "ok")
    assert story.parts.vms[0].disks[0].depth == 0  # consolidated all the same
    assert job.usable_ns == (1_094 * MS if ends == "ok" else -1)


def test_all_disks_of_a_stopped_job_stop_at_once() -> None:
    """The second disk reads as long as the first one's last block takes, no longer."""
    two = {"vm": {"a": {"disk": [{"size": "64 MiB", "count": 2}]}}}
    job = played(two, job_limit="60 ms", stream="128 MiB/s").result.jobs[0]
    assert job.read_bytes == 2 * 4 * MIB  # 7.8 ms a block and a first millisecond: the fourth ends at 1,062.2 ms


def test_a_stopped_job_takes_no_more_snapshots() -> None:
    two = {"vm": {"a": {}, "b": {"disk": [{"size": "64 MiB"}]}}}
    story = played(two, vms=["a", "b"], parallel_vms=1, job_limit="60 ms")
    first, second = story.result.jobs
    assert first.outcome == second.outcome == "failed: the job took longer than 0.06 s"
    assert (second.vm, second.start_ns, second.cut_ns) == ("b", -1, -1)
    assert {stun.vm for stun in story.result.stuns} == {"a"}
    both = played(two, vms=["a", "b"], parallel_vms=1, job_limit="1 s")
    assert [job.outcome for job in both.result.jobs] == ["ok", "ok"]
    assert both.result.jobs[1].start_ns == 1_154 * MS


def test_vms_side_by_side_or_one_after_the_other() -> None:
    vms = {"vm": {name: {"disk": [{"size": "64 MiB"}]} for name in ("a", "b", "c")}}
    for at_once, starts in ((1, [1_000, 1_154, 1_308]), (2, [1_000, 1_000, 1_154]), (9, [1_000, 1_000, 1_000])):
        jobs = played(vms, vms=["a", "b", "c"], parallel_vms=at_once).result.jobs
        assert [job.start_ns // MS for job in jobs] == starts


def test_a_first_job_after_the_runs_end_does_nothing() -> None:
    story = played({}, first="11 s")
    assert (story.result.jobs, story.result.stuns, story.result.points) == ((), (), ())
    assert story.result.recovery[0].undefined_ns == 10 * S


def test_the_age_is_a_saw_tooth_and_an_idle_vm_is_not_at_risk() -> None:
    story = played({}, interval="3 s")
    recovery = story.result.recovery[0]
    usable = [1_094 * MS, 4_030 * MS, 7_030 * MS]
    assert [point.usable_ns for point in story.result.points] == usable
    assert recovery.undefined_ns == 1_094 * MS
    assert recovery.age == (
        Ramp(1_094 * MS, 4_030 * MS, 84 * MS, 1),
        Ramp(4_030 * MS, 7_030 * MS, 20 * MS, 1),
        Ramp(7_030 * MS, 10 * S, 20 * MS, 1),
    )
    assert all((ramp.v0_ns, ramp.slope) == (0, 0) for ramp in recovery.exposure)
    assert recovery.risk_written.maximum == 0


def test_exposure_counts_from_the_acknowledgement_to_the_point_that_holds_the_write() -> None:
    story = played({}, [*writes(2_000 * MS, 2_500 * MS), *writes(3_000 * MS, offset=MIB)], interval="3 s")
    recovery = story.result.recovery[0]
    usable = 4_032 * MS  # two blocks to read
    assert recovery.exposure == (
        Ramp(1_094 * MS, 2_001 * MS, 0, 0),
        Ramp(2_001 * MS, usable, 0, 1),
        Ramp(usable, 7_030 * MS, 0, 0),
        Ramp(7_030 * MS, 10 * S, 0, 0),
    )
    written, unique = recovery.risk_written, recovery.risk_unique
    assert written.total == GRAIN * (500 + 2 * 500 + 3 * (4_032 - 3_001)) * MS
    assert unique.total == GRAIN * (1_000 + 2 * (4_032 - 3_001)) * MS  # the second write hit the same block
    assert story.result.jobs[1].written_bytes == 3 * GRAIN
    assert story.result.jobs[1].unique_bytes == 2 * GRAIN


def test_a_write_under_way_at_the_cut_is_in_the_point_and_one_held_is_not() -> None:
    """Written at 3,999.5 ms: it completes in the drain. Asked at 4,005 ms: it waits and belongs to the next point."""
    script = [*writes(3_999 * MS + 500_000), *writes(4_005 * MS, offset=MIB)]
    story = played({"run": {"duration": "9 s"}}, script, interval="3 s")
    resume = 4_030 * MS + 500_000
    ramps = story.result.recovery[0].exposure
    assert Ramp(resume, resume + 1 * MS, 0, 1) in ramps  # acknowledged at the resume, safe a block's read later
    # The held one has 1 ms of data, then 1 ms of metadata in the drain of the next stun: it is acknowledged after that.
    held = next(ramp for ramp in ramps if ramp.t0_ns == resume + 1 * MS + 1 * MS + 30 * MS)
    assert (held.t1_ns, held.slope) == (7_031 * MS, 1)
    assert [job.read_bytes for job in story.result.jobs[1:]] == [MIB, MIB]


def test_two_jobs_on_one_datastore_stun_two_vms_at_one_instant() -> None:
    """Both due at once: each has a flow of its own, and the order of the scenario decides the order of rows."""
    vms = {"vm": {name: {"disk": [{"size": "64 MiB"}]} for name in ("a", "b")}}
    two = {"protection": {"vadp": {"job": VADP, "other": {**VADP, "vms": ["b"]}}}}
    story = played(merged(vms, two))
    assert [(job.job, job.vm, job.usable_ns) for job in story.result.jobs] == [
        ("job", "a", 1_094 * MS), ("other", "b", 1_094 * MS),
    ]  # fmt: skip
    assert [stun.vm for stun in story.result.stuns] == ["a", "b", "a", "b", "a", "b"]
    one_server = played(merged(merged(vms, two), {"datastore": {"d": {"servers": 1}}}))
    assert [job.usable_ns for job in one_server.result.jobs] == [1_030 * MS + 127 * MS, 1_030 * MS + 128 * MS]
