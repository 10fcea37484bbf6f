"""Stories of the edges of the vocabulary: no latency, whole disks in one I/O, idle VMs, time that stands still."""

from dataclasses import replace
from typing import Any

import pytest
from worlds import GRAIN, KIB, MIB, MS, VADP, VAIO, Played, S, merged, reads, scripted, trace, world, writes

from models.run import SimulationError, simulate

NOTHING = {"latency": "0 s", "distribution": "fixed", "stream": "none"}
FREE: dict[str, Any] = {
    "datastore": {"d": {"servers": 0, "read": NOTHING, "write": NOTHING}}, "run": {"duration": "4 s", "slowest": 100},
    "protection": {"vadp": {"job": VADP}, "vaio": {"copy": VAIO}},
}  # fmt: skip


@pytest.mark.parametrize("arm", ["none", "vadp", "vaio", "both"])
def test_a_datastore_without_latency_takes_no_time_and_loses_nothing(arm: Any) -> None:
    script = [*writes(500 * MS, 1_500 * MS, 1_500 * MS), *reads(1_005 * MS, 2 * S)]
    story = Played(scripted(world(FREE), trace(script)), arm)
    held = 25 * MS if arm in ("vadp", "both") else 0
    assert [story.latency(n) for n in range(5)] == [0, held, 0, 0, 0]
    if arm in ("vadp", "both"):
        assert story.result.jobs[0].usable_ns == 1_030 * MS  # 64 reads in no time


def test_a_loop_that_takes_no_time_is_an_error_that_says_when(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sim.clock.STANDSTILL", 1_000)
    loop = {"vm": {"a": {"workload": [{"kind": "closed", "think": "0 s", "outstanding": 1}]}}}
    with pytest.raises(SimulationError, match=r"^arm 'none', replicate 0: at 0.000 s: more than 1000 events at 0 ns"):
        simulate(world(merged(FREE, loop)), "none", 0)
    thinks = {"vm": {"a": {"workload": [{"kind": "closed", "think": "1 ms", "outstanding": 1}]}}}
    assert simulate(world(merged(FREE, thinks)), "none", 0).vms[0].ios > 3_000


@pytest.mark.parametrize("size", [512, 100 * KIB, 4 * MIB, 16 * MIB + 512])
def test_an_io_as_large_as_its_disk(size: int) -> None:
    """In the delta it allocates every grain at once, all their tables are updated, and the merge copies all."""
    changes = {
        "vm": {"a": {"disk": [{"size": f"{size} B"}]}}, "run": {"slowest": 9, "duration": "3 s"},
        "protection": {"vadp": {"job": {**VADP, "disk_open": "1 s"}}, "vaio": {"copy": {**VAIO, "link": "1 GB/s"}}},
        "snapshots": {"merge": {"chunk": "64 KiB"}},
    }  # fmt: skip
    story = Played(scripted(world(changes), trace(writes(1_500 * MS, size=size))), "both")
    grains, tables = -(-size // GRAIN), -(-size // (16 * MIB))
    assert story.latency(0) == (1 + tables) * MS
    assert story.result.jobs[0].delta_bytes == grains * GRAIN
    assert story.commands("merge")[2] == grains * GRAIN
    assert story.commands("parent read") == (0, 0, 0)
    assert story.parts.replicators[0].wire_bytes == size


def test_idle_vms_beside_a_busy_one_cost_nothing() -> None:
    busy = scripted(world({"run": {"slowest": 9}}), trace(writes(*[n * 10 * MS for n in range(50)])))
    idle = tuple(replace(busy.vms[0], name=f"idle-{n}", workloads=()) for n in range(5))
    idle = tuple(replace(vm, disks=(replace(vm.disks[0], name=f"{vm.name}:0"),)) for vm in idle)
    many = simulate(replace(busy, vms=(*busy.vms, *idle)), "none", 0)
    assert many.vms[0] == simulate(busy, "none", 0).vms[0]
    assert many.events == simulate(busy, "none", 0).events


def test_a_host_and_a_datastore_may_serve_only_backups() -> None:
    """NBD reads are the flow of the serving host, whose own device queue they fill."""
    changes = {
        "host": {"other": {}}, "vm": {"a": {"host": "h"}}, "run": {"slowest": 99},
        "datastore": {"d": {"device_queue_depth": 1}},
    }  # fmt: skip
    local = merged(changes, {"protection": {"vadp": {"job": {**VADP, "serving_host": "h"}}}})
    remote = merged(changes, {"protection": {"vadp": {"job": {**VADP, "serving_host": "other"}}}})
    script = trace(reads(1_050 * MS + 500_000))
    assert Played(scripted(world(local), script), "vadp").ledger(0)["data: device queue"] == 500_000
    assert Played(scripted(world(remote), script), "vadp").ledger(0) == {"data: service": 1 * MS}


def test_everything_through_one_server_still_ends() -> None:
    """Guest, backup, mirror and resync share a single server; nothing starves."""
    changes = merged(FREE, {
        "run": {"duration": "60 s"}, "vm": {"a": {"disk": [{"size": "2 MiB"}]}},
        "datastore": {"d": {
            "servers": 1, "device_queue_depth": 2, "read": {"latency": "2 ms"}, "write": {"latency": "3 ms"},
        }},
        "protection": {"vadp": {"job": {**VADP, "interval": "10 s"}}, "vaio": {"copy": {**VAIO, "buffer": "64 KiB"}}},
    })  # fmt: skip
    script = [(n * 20 * MS, n % 32 * 64 * KIB, 60 * KIB, n % 4 > 0) for n in range(1_000)]
    story = Played(scripted(world(changes), trace(script)), "both")
    assert story.result.vms[0].ios == 1_000
    assert {job.outcome for job in story.result.jobs[:-1]} == {"ok"}
    assert story.result.modes[-1].mode == "in order"
    assert story.parts.replicators[0].backlog_bytes() == 0
