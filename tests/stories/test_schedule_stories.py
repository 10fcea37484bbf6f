"""Stories of whose turn it is: places at proxies, repositories and datastores, retries, the window's end, latency.

A backup of 64 MiB: due at 1,000 ms, cut at 1,010, reads from 1,030 to 1,094 ms, two stuns of 30 ms: over at 1,154 ms.
"""

from typing import Any

import pytest
from worlds import MIB, MS, VADP, Played, S, merged, scripted, trace, world

from models.result import JobRow

THREE: dict[str, Any] = {"vm": {name: {"disk": [{"size": "64 MiB"}]} for name in ("a", "b", "c")}}
TWO_DISKS: dict[str, Any] = {"vm": {"a": {"disk": [{"size": "64 MiB", "count": 2}]}}}


def played(changes: dict[str, Any], **job: Any) -> Played:
    base = {"protection": {"vadp": {"job": {**VADP, **job}}}, "run": {"slowest": 100}}
    return Played(world(merged(base, changes)), "vadp")


def all_vms(changes: dict[str, Any], **job: Any) -> tuple[JobRow, ...]:
    return played(merged(THREE, changes), vms=["a", "b", "c"], **{"parallel_vms": 3, **job}).result.jobs


def ends(jobs: tuple[JobRow, ...]) -> list[int]:
    return [job.read_end_ns // MS for job in jobs]


# -- places ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("tasks", "expected"), [(1, [1_094, 1_158, 1_222]), (2, [1_094, 1_094, 1_158]), (3, [1_094] * 3)]
)
def test_a_proxy_reads_so_many_disks_at_once_in_order(tasks: int, expected: list[int]) -> None:
    jobs = all_vms({"proxy": {"p": {"tasks": tasks}}}, proxy="p")
    assert ends(jobs) == expected
    assert [job.read_start_ns // MS for job in jobs] == [1_030] * 3  # snapshots are there already
    assert {job.read_bytes for job in jobs} == {64 * MIB}


def test_a_vms_own_disks_take_turns_too() -> None:
    assert ends(played(merged(TWO_DISKS, {"proxy": {"p": {"tasks": 1}}}), proxy="p").result.jobs) == [1_158]
    assert ends(played(merged(TWO_DISKS, {"repository": {"r": {"tasks": 1}}}), into="r").result.jobs) == [1_158]
    assert ends(played(merged(TWO_DISKS, {"repository": {"r": {"tasks": 2}}}), into="r").result.jobs) == [1_094]


def two_jobs(changes: dict[str, Any], **second: Any) -> list[int]:
    jobs = {"job": {**VADP, "into": "r", "proxy": "p"}, "second": {**VADP, "vms": ["b"], **second}}
    tables = {"repository": {"r": {"tasks": 1}, "s": {}}, "proxy": {"p": {}, "q": {}}, "protection": {"vadp": jobs}}
    vms = {"vm": {name: {"disk": [{"size": "64 MiB"}]} for name in ("a", "b")}}
    return ends(Played(world(merged(merged(vms, tables), changes)), "vadp").result.jobs)


def test_jobs_share_what_they_name_and_nothing_else() -> None:
    assert two_jobs({}, into="r") == [1_094, 1_158]
    assert two_jobs({}, into="s") == [1_094, 1_094]
    assert two_jobs({}) == [1_094, 1_094]
    assert two_jobs({"proxy": {"p": {"tasks": 1}}, "repository": {"r": {"tasks": 9}}}, proxy="p") == [1_094, 1_158]
    assert two_jobs({"proxy": {"p": {"tasks": 1}}, "repository": {"r": {"tasks": 9}}}, proxy="q") == [1_094, 1_094]
    assert two_jobs({"protection": {"control": {"datastore_tasks": 1}}}, into="s") == [1_094, 1_158]


def test_a_datastore_has_so_many_open_snapshots_and_the_next_vm_is_not_touched_before() -> None:
    jobs = all_vms({"protection": {"control": {"open_snapshots": 1}}})
    assert [(job.start_ns // MS, job.end_ns // MS) for job in jobs] == [(1_000, 1_154), (1_154, 1_308), (1_308, 1_462)]
    other = {"datastore": {"e": {"capacity": "1 GiB"}}, "vm": {"b": {"disk": [{"size": "64 MiB", "datastore": "e"}]}}}
    stores = {"vm": {name: {"disk": [{"size": "64 MiB", "datastore": "d"}]} for name in ("a", "c")}}
    law = {"latency": "1 ms", "distribution": "fixed", "stream": "none"}
    changes = merged(merged(other, stores), {"datastore": {"e": {"read": law, "write": law}}})
    jobs = all_vms(merged(changes, {"protection": {"control": {"open_snapshots": 1}}}))
    assert [job.start_ns // MS for job in sorted(jobs, key=lambda job: job.vm)] == [1_000, 1_000, 1_154]


def test_at_most_sixty_disks_are_attached_to_a_proxy() -> None:
    vms = {"vm": {"a": {"disk": [{"size": "1 MiB", "count": 61}]}}}
    keys = {"attach": "0 s", "detach": "0 s"}
    base = {k: v for k, v in VADP.items() if k != "host_rate"} | keys | {"transport": "hotadd"}
    job = Played(world(merged(vms, {"protection": {"vadp": {"job": base}}})), "vadp").result.jobs[0]
    assert job.read_end_ns - job.read_start_ns == 2 * MS


# -- retries and windows -----------------------------------------------------------------------------------------


def cramped(**job: Any) -> Played:
    """Room for the empty delta of one VM at a time: of two that begin together the second fails at once."""
    room = {"datastore": {"d": {"capacity": f"{2 * 64 * MIB + MIB} B"}}, "snapshots": {"delta": {"metadata": "1 %"}}}
    vms = {"vm": {name: {"disk": [{"size": "64 MiB"}]} for name in ("a", "b")}}
    return played(merged(room, vms), vms=["a", "b"], parallel_vms=2, **job)


def test_a_vm_that_failed_is_tried_again_after_the_others() -> None:
    """The first attempt is over at 1,154 ms; 500 ms later the second VM has the space to itself."""
    assert [job.outcome.split(":")[0] for job in cramped().result.jobs] == ["ok", "failed"]
    first, failed, again = cramped(retries=2, retry_wait="500 ms").result.jobs
    assert (first.outcome, failed.vm, failed.outcome.split(":")[0], again.vm, again.outcome) == (
        "ok", "b", "failed", "b", "ok",
    )  # fmt: skip
    assert (failed.ordinal, again.ordinal, again.kind) == (0, 0, "full")
    assert (failed.end_ns, again.start_ns, again.end_ns) == (1_000 * MS, 1_654 * MS, 1_808 * MS)
    assert len(cramped(retries=2, retry_wait="500 ms").result.points) == 2


def test_retries_end_and_so_does_the_window() -> None:
    full = {"datastore": {"d": {"capacity": "64 MiB"}}, "snapshots": {"delta": {"metadata": "1 %"}}}
    jobs = played(full, retries=3, retry_wait="500 ms").result.jobs
    assert [job.start_ns // MS for job in jobs] == [1_000, 1_500, 2_000, 2_500]
    jobs = played(full, retries=3, retry_wait="500 ms", job_limit="1 s").result.jobs
    assert [job.start_ns // MS for job in jobs] == [1_000, 1_500]
    late = played(full, retries=3, retry_wait="500 ms", interval="1 s").result.jobs
    assert [job.outcome.split(":")[0] for job in late[:5]] == ["failed"] * 4 + ["skipped"]


@pytest.mark.parametrize(
    ("overrun", "outcomes", "read"),
    [("stop", ["failed", "failed", "failed"], 31), ("finish", ["ok", "failed", "failed"], 64)],
)
def test_the_window_ends_while_a_vm_runs(overrun: str, outcomes: list[str], read: int) -> None:
    jobs = all_vms({}, parallel_vms=1, job_limit="60 ms", overrun=overrun)
    assert [job.outcome.split(":")[0] for job in jobs] == outcomes
    assert jobs[0].read_bytes == read * MIB
    assert [job.start_ns for job in jobs[1:]] == [-1, -1]
    assert jobs[1].outcome == "failed: the job took longer than 0.06 s"


def test_a_vm_that_waits_for_its_turn_at_the_windows_end_is_left_out() -> None:
    one = {"protection": {"control": {"open_snapshots": 1}}}
    jobs = all_vms(one, job_limit="200 ms", overrun="finish")
    assert [(job.outcome.split(":")[0], job.start_ns // MS) for job in jobs] == [
        ("ok", 1_000),
        ("ok", 1_154),
        ("failed", -1),
    ]
    assert [job.cut_ns for job in jobs][2] == -1


def test_a_disk_that_waits_for_a_place_at_the_windows_end_is_never_read() -> None:
    jobs = all_vms({"proxy": {"p": {"tasks": 1}}}, proxy="p", job_limit="120 ms")
    assert [job.outcome.split(":")[0] for job in jobs] == ["ok", "failed", "failed"]
    assert [job.read_bytes // MIB for job in jobs] == [64, 27, 0]  # from 1,094 ms to the block that 1,120 ms ends
    assert all(job.merge_end_ns > 0 for job in jobs)


@pytest.mark.parametrize(("order", "then"), [("listed", "abc"), ("missed first", "bca")])
def test_who_was_missed_begins_the_next_job_or_not(order: str, then: str) -> None:
    jobs = all_vms({}, parallel_vms=1, job_limit="100 ms", overrun="finish", order=order, interval="2 s")
    assert [job.outcome.split(":")[0] for job in jobs[:3]] == ["ok", "failed", "failed"]
    assert "".join(job.vm for job in jobs[3:6]) == then
    assert jobs[3].outcome == "ok"


# -- latency control ---------------------------------------------------------------------------------------------

SLOW: dict[str, Any] = {
    "run": {"duration": "4 s"}, "datastore": {"d": {"servers": 1, "device_queue_depth": 8}},
    "protection": {"control": {"poll": "50 ms"}},
}  # fmt: skip
"""One server of 1 ms: four reads in flight wait for each other, so that each has a DAVG of 4 ms."""


def controlled(control: dict[str, Any], changes: dict[str, Any] | None = None, **job: Any) -> Played:
    table = {"protection": {"control": control}}
    return played(merged(merged(SLOW, table), changes or {}), reads_in_flight=4, tool_block="64 KiB", **job)


def test_without_thresholds_nothing_is_measured() -> None:
    assert controlled({}).result.control == ()


def test_above_the_threshold_reads_in_flight_are_halved_down_to_one() -> None:
    """Snapshot and opening until 1,030 ms; polls every 50 ms: 4 ms, then 2 ms, then 1 ms."""
    rows = controlled({"throttle_latency": "1500 us"}).result.control
    assert [row.t_ns for row in rows] == [n * 50 * MS for n in range(1, 80)]
    busy = [row for row in rows if row.t_ns > 1_030 * MS][:3]
    assert [row.reads_allowed for row in busy] == [2, 1, 2]
    assert [row.latency_ns // (MS // 10) for row in busy] == [
        37,
        22,
        10,
    ]  # (1 + 2 + 3 + 17 x 4) / 20; some of 4; 1
    assert {row.stopped for row in rows} == {False}


def test_below_the_threshold_it_gets_one_back_at_a_time() -> None:
    """Allowed 1, then 2, 3 (2 ms is below 2.5 ms) and at 3 ms one is too many again."""
    rows = controlled({"throttle_latency": "2500 us"}).result.control
    busy = [row.reads_allowed for row in rows if 1_030 * MS < row.t_ns < 1_500 * MS]
    assert busy[:6] == [2, 3, 1, 2, 3, 1]


def test_a_throttled_backup_reads_all_the_same_blocks() -> None:
    jobs = [controlled(one).result.jobs[0] for one in ({}, {"throttle_latency": "1500 us"})]
    assert [job.read_bytes for job in jobs] == [64 * MIB] * 2
    assert [job.outcome for job in jobs] == ["ok"] * 2
    assert jobs[0].read_end_ns == jobs[1].read_end_ns  # one server: fewer in flight make nothing slower


def test_a_slow_datastore_gets_no_new_task_and_no_snapshot_until_it_is_quick() -> None:
    """The guest alone keeps it busy from 900 to 1,700 ms: the job waits for the first poll after that."""
    burst = [(900 * MS + n * MS, 0, 4096, False) for n in range(400) for _ in range(2)]
    scenario = world(merged(SLOW, {
        "protection": {"vadp": {"job": VADP}, "control": {"stop_latency": "5 ms"}},
        "vm": {"a": {"disk_queue_depth": 8, "adapter_queue_depth": 8}},
    }))  # fmt: skip
    story = Played(scripted(scenario, trace(burst)), "vadp")
    job = story.result.jobs[0]
    stopped = [row.t_ns for row in story.result.control if row.stopped]
    assert stopped[0] == 950 * MS
    assert job.start_ns == stopped[-1] + 50 * MS == 1_750 * MS
    assert job.outcome == "ok"


def test_a_backup_server_is_throttled_by_what_the_hosts_feel() -> None:
    """Its own reads are in no host's counters: without a guest nothing is measured."""
    keys = {k: v for k, v in VADP.items() if k != "host_rate"} | {"transport": "san", "reads_in_flight": 4}
    table = {"protection": {"vadp": {"job": keys}, "control": {"throttle_latency": "2 ms"}}}
    quiet = Played(world(merged(SLOW, table)), "vadp")
    assert {row.latency_ns for row in quiet.result.control} == {0}
    guest = {"vm": {"a": {"workload": [{"rate": "50 iops", "read": "100 %"}]}}}
    noisy = Played(world(merged(merged(SLOW, table), guest)), "vadp")
    assert any(row.latency_ns > 2 * MS and row.reads_allowed < 4 for row in noisy.result.control)


def test_control_is_per_datastore() -> None:
    law = {"latency": "1 ms", "distribution": "fixed", "stream": "none"}
    changes = {
        "datastore": {"e": {"capacity": "1 GiB", "read": law, "write": law}},
        "vm": {"a": {"disk": [{"size": "64 MiB", "datastore": "d"}, {"size": "64 MiB", "datastore": "e"}]}},
    }
    rows = controlled({"throttle_latency": "1500 us"}, changes).result.control
    least = {name: min(row.reads_allowed for row in rows if row.datastore == name) for name in ("d", "e")}
    assert least == {"d": 1, "e": 4}


def test_all_of_it_is_over_at_the_end() -> None:
    story = controlled({"throttle_latency": "1500 us", "stop_latency": "1200 us"})
    assert story.result.control[-1].tasks == 0
    assert S * 4 - story.result.control[-1].t_ns == 50 * MS
