"""Backup jobs of a scenario file: transports, proxies, repositories, control; and what contradicts in them."""

from typing import Any

import pytest
from worlds import merged

from experiments.errors import InputError
from experiments.scenario import build
from experiments.scenario.plausible import warnings_of
from models.assumptions import default
from models.jobs import Control, Schedule, Transport
from models.scenario import Scenario, Vadp

MS, S, MB = 10**6, 10**9, 10**6
FILE: dict[str, Any] = {
    "name": "jobs", "compressed": True, "host": {"h1": {}, "h2": {}}, "datastore": {"d": {}, "n": {"kind": "nfs3"}},
    "proxy": {"p": {"host": "h2", "tasks": 3, "rate": "700 MB/s", "queue_depth": 9}},
    "repository": {"r": {"tasks": 5, "rate": "60 MB/s"}},
    "vm": {"a": {"host": "h1", "disk": [{"size": "1 GiB", "datastore": "d"}]}},
    "protection": {"vadp": {"job": {"vms": ["a"], "interval": "1 h"}}},
}  # fmt: skip


def scenario(**changes: Any) -> Scenario:
    return build(merged(FILE, changes))


def job(**keys: Any) -> Vadp:
    if keys.get("transport", "nbd") == "nbd" or keys["transport"] == "nbdssl":
        keys = {"serving_host": "h1", **keys}
    return scenario(protection={"vadp": {"job": keys}}).vadp[0]


def test_each_transport_has_the_registers_ceilings() -> None:
    for kind in ("nbd", "nbdssl", "hotadd", "san"):
        made = job(transport=kind)
        assert made.stream_bytes_per_s == default(f"transport.{kind}.stream")
        assert made.disk_open_ns == default(f"transport.{kind}.disk_open")
        ceiling = default("transport.nbd.host_rate") if kind in ("nbd", "nbdssl") else 0
        assert made.host_bytes_per_s == ceiling
        assert made.transport.connections == (48 if ceiling else 0)
        assert made.transport.proxy_bytes_per_s == (1500 * MB if kind == "san" else 0)
        assert made.transport.ssl_bytes_per_s == (1000 * MB if kind == "nbdssl" else 0)
        assert made.transport.attach_ns == (30 * S if kind == "hotadd" else 0)
    assert job(transport="san", stream="none").stream_bytes_per_s == 0
    assert job(transport="nbdssl", ssl="2 GB/s", ssl_host="3 GB/s").transport.ssl_host_bytes_per_s == 3000 * MB


def test_proxies_and_repositories_are_shared_by_name() -> None:
    keys = {"attach": "11 s", "detach": "12 s", "lock_recovery": "13 s"}
    made = job(transport="hotadd", proxy="p", into="r", **keys)
    assert made.serving_host == "h2"
    assert made.repository_bytes_per_s == 60 * MB
    assert made.transport == Transport("hotadd", "p", 3, 700 * MB, 9, "r", 5, 0, 0, 0, 11 * S, 12 * S, 13 * S)
    own = job(transport="hotadd", serving_host="h2", lock_recovery="none", repository="70 MB/s")
    assert (own.transport.proxy, own.transport.repository, own.transport.lock_recovery_ns) == ("of job job",) * 2 + (0,)
    assert (own.serving_host, own.repository_bytes_per_s) == ("h2", 70 * MB)
    assert job(cbt="v2").cbt == "v2"


def test_what_becomes_of_failures_and_what_all_heed() -> None:
    keys = {"overrun": "finish", "job_limit": "9 s", "order": "missed first", "retries": 3, "retry_wait": "4 s"}
    assert job(**keys).schedule == Schedule("finish", "missed first", 3, 4 * S)
    table = {"open_snapshots": 4, "datastore_tasks": 5, "stop_latency": "20 ms", "throttle_latency": "30 ms"}
    made = scenario(protection={"control": table, "vadp": {"job": {"serving_host": "h1"}}}).control
    assert made == Control(4, 5, 20 * MS, 30 * MS, 20 * S)
    assert scenario(protection={"vadp": {"job": {"serving_host": "h1"}}}).control == Control(0, 0, 0, 0, 20 * S)
    assert [store.kind for store in scenario(protection={"vadp": {"job": {"serving_host": "h1"}}}).datastores] == [
        "vmfs", "nfs3",
    ]  # fmt: skip


MISTAKES = [
    ({"host_rate": "1 MB/s", "transport": "san"}, 'vadp.job.host_rate: does not act under transport "san"'),
    ({"attach": "1 s"}, 'vadp.job.attach: does not act under transport "nbd", leave it out or write transport ='),
    ({"ssl": "1 MB/s"}, 'vadp.job.ssl: does not act under transport "nbd"'),
    ({"transport": "san", "serving_host": "h1"}, 'vadp.job.serving_host: does not act under transport "san"'),
    ({"transport": "hotadd", "proxy": "p", "serving_host": "h1"}, "vadp.job.serving_host: stands beside proxy"),
    ({"into": "r", "repository": "1 MB/s"}, "vadp.job.repository: stands beside into"),
    ({"proxy": "q"}, 'vadp.job.proxy: is an unknown proxy ("q"), known: "p"'),
    ({"into": "q"}, 'vadp.job.into: is an unknown repository ("q"), known: "r"'),
    ({"retry_wait": "1 s"}, "vadp.job.retry_wait: does not act without retries"),
    ({"overrun": "finish"}, "vadp.job.overrun: does not act without a job_limit"),
    ({"retries": 101}, "vadp.job.retries: is too large (101), write at most 100"),
    ({"transport": "nbdssl", "connections": 0}, "vadp.job.connections: is too small (0), write at least 1"),
    ({"transport": "ssl"}, 'vadp.job.transport: is none of "nbd", "nbdssl", "hotadd", "san" ("ssl")'),
]  # fmt: skip


@pytest.mark.parametrize(("keys", "message"), MISTAKES, ids=[text.split(":")[0] for _, text in MISTAKES])
def test_a_key_that_cannot_act_is_a_mistake(keys: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError) as caught:
        job(**keys)
    assert any(message in told for told in caught.value.messages), caught.value.messages


def test_a_backup_server_reads_vmfs_only() -> None:
    text = 'vadp.job.transport: "san" reads VMFS datastores only, and VM "a" has a disk on "n" (nfs3), write another'
    with pytest.raises(InputError, match="reads VMFS") as caught:
        scenario(vm={"a": {"disk": [{"datastore": "n"}]}}, protection={"vadp": {"job": {"transport": "san"}}})
    assert text in caught.value.messages[0]
    assert job(transport="hotadd", proxy="p").transport.kind == "hotadd"


def test_other_contradictions() -> None:
    with pytest.raises(InputError, match=r"control.throttle_latency: is below stop_latency, raise it"):
        scenario(protection={"control": {"throttle_latency": "10 ms", "stop_latency": "20 ms"}})
    with pytest.raises(InputError, match=r'proxy.p.host: is an unknown host \("h3"\)'):
        scenario(proxy={"p": {"host": "h3"}})


def test_latency_that_is_measured_where_guests_make_no_requests_is_a_warning() -> None:
    tables = {"control": {"stop_latency": "20 ms"}, "vadp": {"job": {"serving_host": "h1"}}}
    window = {"observe": [{"start": "1 s", "duration": "5 s"}]}
    for run, expected in (({}, 0), (window, 1)):
        found = warnings_of(scenario(protection=tables, run=run))
        assert len([one for one in found if one.path == ("protection", "control")]) == expected


def test_attaching_that_takes_longer_than_the_interval_is_a_warning() -> None:
    """Eleven disks of a minute each do not fit into ten minutes."""
    vms = {"a": {"disk": [{"size": "1 MiB", "datastore": "d", "count": 11}]}}
    keys = {"transport": "hotadd", "proxy": "p", "interval": "10 min"}
    found = warnings_of(scenario(vm=vms, protection={"vadp": {"job": keys}}))
    assert ["take at least 11 min" in one.text for one in found if one.path[-1] == "interval"] == [True, True]
