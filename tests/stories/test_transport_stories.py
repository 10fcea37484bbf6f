"""Stories of transports: whose flow the reads are, what they pass, what HotAdd costs, whom they do not touch.

The backup of 64 MiB begins at 1,000 ms: cut at 1,010 ms, stun until 1,030 ms, then 64 blocks of 1 ms each.
"""

from typing import Any

import pytest
from worlds import GIB, GRAIN, KIB, MIB, MS, VADP, Played, S, merged, reads, scripted, trace, world, writes

PLAIN: dict[str, dict[str, Any]] = {
    "nbd": {}, "nbdssl": {"ssl": "none"}, "hotadd": {"attach": "0 s", "detach": "0 s"}, "san": {"proxy": "p"},
}  # fmt: skip
"""Each transport at no cost of its own."""


def played(
    changes: dict[str, Any], script: list[tuple[int, int, int, bool]] | None = None, kind: str = "nbd", **job: Any
) -> Played:
    keys = {**VADP, "transport": kind, **PLAIN[kind], **job}
    if kind not in ("nbd", "nbdssl"):
        del keys["host_rate"]
    base = {
        "protection": {"vadp": {"job": keys}}, "run": {"slowest": 100}, "proxy": {"p": {"host": "h", "rate": "none"}},
    }  # fmt: skip
    scenario = world(merged(base, changes))
    return Played(scripted(scenario, trace(script)) if script else scenario, "vadp")


def lasted(story: Played, number: int = 0) -> int:
    job = story.result.jobs[number]
    return job.read_end_ns - job.read_start_ns


@pytest.mark.parametrize("kind", PLAIN)
def test_without_costs_of_their_own_all_transports_are_alike(kind: str) -> None:
    story = played({}, kind=kind)
    assert story.result.jobs[0].outcome == "ok"
    assert lasted(story) == 64 * MS
    link = {"hotadd": "job HotAdd", "san": "job SAN"}.get(kind, "job NBD")
    assert sum(row.bytes for row in story.result.flows if row.link == link) == 64 * MIB


@pytest.mark.parametrize(
    ("costs", "block_ns"),
    [
        ({"ssl": "1 MiB/s"}, 1 * S),
        ({"ssl": "1 MiB/s", "stream": "1 MiB/s"}, 2 * S),  # a stream's thread encrypts, then sends
        ({"ssl": "1 MiB/s", "host_rate": "1 MiB/s"}, 1 * S),  # the host's service is another pipe
        ({"ssl": "2 MiB/s", "ssl_host": "1 MiB/s"}, 1 * S),
    ],
)
def test_encryption_paces_a_stream_and_a_host(costs: dict[str, Any], block_ns: int) -> None:
    story = played({"run": {"duration": "140 s"}}, kind="nbdssl", **costs)
    assert lasted(story) == 64 * (1 * MS + block_ns)


def test_streams_encrypt_side_by_side_and_a_host_does_not() -> None:
    two = {"vm": {"a": {"disk": [{"size": "64 MiB", "count": 2}]}}}
    assert lasted(played(two, kind="nbdssl", ssl="64 MiB/s")) == 64 * (1 * MS + S // 64)
    assert lasted(played(two, kind="nbdssl", ssl_host="64 MiB/s")) == 2 * S + 1 * MS  # always one is in the pipe


def test_a_proxys_rate_is_shared_by_the_jobs_that_name_it() -> None:
    jobs = {name: {**VADP, "vms": [vm], "proxy": "p"} for name, vm in (("job", "a"), ("second", "b"))}
    vms = {"a": {}, "b": {"disk": [{"size": "64 MiB"}]}}
    both = {"vm": vms, "protection": {"vadp": jobs}, "proxy": {"p": {"rate": "64 MiB/s"}}}
    assert max(lasted(played(both), n) for n in (0, 1)) == 2 * S + 1 * MS
    alone = merged(both, {"protection": {"vadp": {"second": {"proxy": "q"}}}, "proxy": {"q": {"rate": "64 MiB/s"}}})
    assert max(lasted(played(alone), n) for n in (0, 1)) == 64 * (1 * MS + S // 64)


def test_disks_are_attached_and_detached_one_after_the_other() -> None:
    """Attached 1,030 to 2,030 and 2,030 to 3,030 ms. The first is read at 2,094 and detached from 3,030 on."""
    two = {"vm": {"a": {"disk": [{"size": "64 MiB", "count": 2}]}}}
    story = played(two, kind="hotadd", attach="1 s", detach="2 s")
    job = story.result.jobs[0]
    assert (job.read_start_ns, job.read_end_ns) == (1_030 * MS, 3_030 * MS + 2 * 2_000 * MS)
    assert job.usable_ns == job.read_end_ns
    assert job.read_bytes == 128 * MIB


def test_another_jobs_disks_wait_at_the_same_proxy_and_not_at_another() -> None:
    keys = {**VADP, "transport": "hotadd", "attach": "1 s", "detach": "0 s"}
    del keys["host_rate"]
    jobs = {name: {**keys, "vms": [vm], "proxy": "p"} for name, vm in (("job", "a"), ("second", "b"))}
    vms = {"vm": {"a": {}, "b": {"disk": [{"size": "64 MiB"}]}}, "proxy": {"p": {}, "q": {}}}
    for second, ms in (("p", [2_000, 2_064]), ("q", [1_064, 1_064])):  # detaching waits behind attaching, too
        jobs["second"]["proxy"] = second
        story = Played(world(merged(vms, {"protection": {"vadp": jobs}})), "vadp")
        assert [lasted(story, n) // MS for n in (0, 1)] == ms


def test_a_hot_added_disk_is_a_flow_of_its_own_on_the_proxys_host() -> None:
    """One slot at the proxy host's device: two disks take turns there; the VM's own device has none of it."""
    changes = {
        "host": {"h": {}, "other": {}}, "proxy": {"p": {"host": "other"}},
        "vm": {"a": {"host": "h", "disk": [{"size": "64 MiB", "count": 2}]}},
        "datastore": {"d": {"device_queue_depth": 1}},
    }  # fmt: skip
    story = played(changes, kind="hotadd", proxy="p")
    assert lasted(story) == 128 * MS
    assert story.parts.devices["other", "d"].account(0).submitted == 128
    assert story.parts.devices["h", "d"].account(0).submitted == 0
    assert [flow.name for flow in story.parts.devices["other", "d"].flows] == ["HotAdd a:0", "HotAdd a:1"]  # type: ignore[attr-defined]


NFS: dict[str, Any] = {
    "host": {"h": {}, "other": {}}, "proxy": {"p": {"host": "other"}}, "vm": {"a": {"host": "h"}},
    "datastore": {"d": {"kind": "nfs3"}}, "run": {"duration": "60 s"},
}  # fmt: skip


def test_a_proxy_on_another_host_takes_the_lock_and_winning_it_back_is_a_stun() -> None:
    script = [*writes(1_500 * MS), *reads(36_093 * MS, offset=MIB)]
    story = played(NFS, script, kind="hotadd", proxy="p")
    create, lock, *rest = story.result.stuns
    assert (create.reason, lock.reason, len(rest)) == ("snapshot create", "lock recovery", 2)
    assert (lock.start_ns, lock.duration_ns, lock.open_ns, lock.job) == (1_094 * MS, 35 * S, 35 * S, "job")
    assert story.result.jobs[0].merge_start_ns == 36_094 * MS
    assert story.ledger(0)["stun hold in"] == 36_094 * MS - 1_500 * MS  # written in the stun
    assert lock.held == 2


def test_a_disk_that_was_never_attached_loses_no_lock() -> None:
    """The first VM's disk is at the proxy when the window ends; the second's waited for a place until then."""
    two = merged(NFS, {"vm": {"b": {"host": "h", "disk": [{"size": "64 MiB"}]}}, "proxy": {"p": {"tasks": 1}}})
    story = played(two, kind="hotadd", proxy="p", vms=["a", "b"], parallel_vms=2, job_limit="80 ms")
    assert [job.outcome.split(":")[0] for job in story.result.jobs] == ["failed", "failed"]
    assert [stun.vm for stun in story.result.stuns if stun.reason == "lock recovery"] == ["a"]


def test_the_lock_stun_drains_first() -> None:
    lock = played(NFS, writes(1_093_500_000), kind="hotadd", proxy="p").result.stuns[1]
    assert (lock.in_flight, lock.drain_ns > 0, lock.duration_ns) == (1, True, lock.drain_ns + 35 * S)


@pytest.mark.parametrize(
    ("changes", "job"),
    [
        ({"proxy": {"p": {"host": "h"}}}, {"kind": "hotadd"}),
        ({"datastore": {"d": {"kind": "vmfs"}}}, {"kind": "hotadd"}),
        ({"datastore": {"d": {"kind": "nfs41"}}}, {"kind": "hotadd"}),
        ({}, {"kind": "hotadd", "lock_recovery": "none"}),
        ({}, {"kind": "nbd", "serving_host": "other"}),
    ],
    ids=["same host", "VMFS", "NFS 4.1", "8.0 U2b", "NBD"],
)
def test_who_loses_no_lock_has_no_such_stun(changes: dict[str, Any], job: dict[str, Any]) -> None:
    story = played(merged(NFS, changes), **job, proxy="p")
    assert story.result.jobs[0].outcome == "ok"
    assert "lock recovery" not in {stun.reason for stun in story.result.stuns}


@pytest.mark.parametrize(("depth", "ms"), [(1, 64), (2, 32), (4, 16), (64, 16)])
def test_a_backup_server_has_a_device_of_its_own_depth(depth: int, ms: int) -> None:
    changes = {"proxy": {"p": {"queue_depth": depth}}, "datastore": {"d": {"device_queue_depth": 1}}}
    story = played(changes, kind="san", reads_in_flight=4)
    assert lasted(story) == ms * MS
    assert story.parts.devices["server p", "d"].account(0).submitted == 64
    assert story.parts.devices["h", "d"].account(0).submitted == 0


def test_reads_from_the_array_meet_the_guests_in_the_array_only() -> None:
    """One server: a guest's read behind three blocks waits 2 ms and more, all of it DAVG; over NBD it waits as KAVG."""
    one = {"datastore": {"d": {"servers": 1, "device_queue_depth": 2}}, "proxy": {"p": {"queue_depth": 4}}}
    script = reads(1_040 * MS + 500_000)
    san = played(one, script, kind="san", reads_in_flight=4)
    assert san.ledger(0) == {"data: service": 4 * MS + 500_000}
    nbd = played(one, script, reads_in_flight=4)
    assert nbd.ledger(0)["data: device queue"] > 0


def test_one_connection_of_the_serving_host_reads_disk_after_disk() -> None:
    two = {"vm": {"a": {"disk": [{"size": "64 MiB", "count": 2}]}}}
    assert lasted(played(two, connections=2)) == 64 * MS
    assert lasted(played(two, connections=1)) == 128 * MS


@pytest.mark.parametrize(
    ("size", "cbt", "block"),
    [(128 * GIB, "v1", 64), (128 * GIB + 512, "v1", 128), (256 * GIB, "v1", 128), (257 * GIB, "v1", 256),
     (257 * GIB, "v2", 64)],
)  # fmt: skip
def test_the_tracked_block_doubles_with_the_disk_in_v1(size: int, cbt: str, block: int) -> None:
    """Written: 4 KiB, and 4 KiB across the border of the first two blocks of 256 KiB."""
    big = {
        "vm": {"a": {"disk": [{"size": f"{size} B"}]}}, "run": {"duration": "31 s"},
        "datastore": {"d": {"capacity": "1 TiB"}},
    }  # fmt: skip
    script = [*writes(10 * S, offset=5 * MIB), *writes(10 * S, offset=256 * KIB - GRAIN // 2)]
    story = played(big, script, cbt=cbt, tool_block="64 MiB", interval="20 s", cbt_block="64 KiB")
    increment = story.result.jobs[1]
    assert increment.cbt_bytes == 3 * block * KIB
    assert increment.extents == 2
    assert increment.read_bytes == 64 * MIB
