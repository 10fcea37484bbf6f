"""The shipped scenarios show what their comments promise: runs cut short or scaled down, on each one's own arm."""

import tomllib
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from experiments.scenario import build
from models.result import RunResult
from models.run import simulate
from sim.units import NS_PER_S

SCENARIOS = Path(__file__).parents[2] / "scenarios"


def shipped(name: str) -> dict[str, Any]:
    return tomllib.loads((SCENARIOS / f"{name}.toml").read_text(encoding="utf-8"))


def ledger(result: RunResult, group: str) -> dict[str, int]:
    """Where the group's guest I/Os spent their time, in ns by cause."""
    rows = [row.ns for vm in result.vms if vm.group == group for row in vm.ledger]
    return dict(zip(result.causes, np.sum(rows, axis=0).tolist(), strict=True))


@pytest.fixture(scope="module")
def host() -> RunResult:
    """The first 600 ms of the busy host, its ERP replicated."""
    data = shipped("oltp-host")
    data["run"] |= {"duration": "600 ms", "warmup": "0 s"}
    return simulate(build(data), "vaio", 0)


def test_on_the_busy_host_limited_disks_wait_for_their_limit(host: RunResult) -> None:
    for group in ("test", "dwh"):
        causes = ledger(host, group)
        assert causes["data: limit"] > 0.8 * sum(causes.values()), group
    done = {vm.vm: vm.ios for vm in host.vms}
    assert 80 <= max(done[f"test-{i}"] for i in range(1, 7)) <= 90  # 150 a second
    assert 270 <= done["dwh"] <= 300  # 1,000 a second, and 64 KiB count twice


def test_on_the_busy_host_dsnro_holds_the_rebuild_and_its_low_shares_the_rest(host: RunResult) -> None:
    rebuild, erp = ledger(host, "rebuild"), ledger(host, "erp")
    assert rebuild["data: DSNRO"] > 0.1 * sum(rebuild.values())
    assert rebuild["data: device queue"] > 0
    assert erp["data: DSNRO"] == erp["data: limit"] == 0
    per_io = {vm.vm: vm.gavg.quantile(0.5) for vm in host.vms}
    assert max(per_io["erp-1"], per_io["erp-2"]) < per_io["rebuild"]
    assert erp["filter erp"] > 0


@pytest.fixture(scope="module")
def night() -> RunResult:
    """The backup night of three servers, with disks of a sixteenth and pure waiting cut to a tenth of a second."""
    data = shipped("backup-night")
    for vm in data["vm"].values():
        for disk in vm["disk"]:
            gib, _, unit = disk["size"].partition(" ")
            assert unit == "GiB"
            disk["size"] = f"{int(gib) * 64} MiB"
    data["run"]["duration"] = "22 s"
    data["snapshots"] = {"api": "0.1 s"}
    data["protection"]["vadp"]["nightly"] |= {
        "vms": ["sql", "mail"], "first": "0.5 s", "interval": "11 s", "disk_open": "0.1 s", "commit": "0.1 s",
    }  # fmt: skip
    return simulate(build(data), "vadp", 0)


def test_in_the_backup_night_every_server_is_backed_up_twice_and_consolidated(night: RunResult) -> None:
    servers = ["sql-1", "sql-2", "mail"]
    assert sorted((job.vm, job.kind, job.outcome) for job in night.jobs) == sorted(
        (vm, kind, "ok") for vm in servers for kind in ("full", "incremental")
    )
    assert all(job.delta_bytes > 0 and job.merge_end_ns > job.merge_start_ns for job in night.jobs)
    stuns = Counter((stun.vm, stun.reason) for stun in night.stuns)
    assert stuns == {(vm, why): 2 for vm in servers for why in ("snapshot create", "mirror insert", "mirror switch")}


def test_in_the_backup_night_two_servers_are_read_at_once_and_merges_load_the_datastore(night: RunResult) -> None:
    first = [job for job in night.jobs if job.ordinal == 0]
    assert first[0].start_ns == first[1].start_ns < min(job.end_ns for job in first)
    assert {"backup", "merge", "metadata", "mirror"} <= {device.cause for device in night.devices}


@pytest.fixture(scope="module")
def replication() -> RunResult:
    """The replication with every time and the buffer a twentieth: the same peaks, the same endings."""
    data = shipped("replication-overflow")
    small = {"300 s": "15 s", "5 s": "250 ms", "64 MB": "3.2 MB"}
    data["run"]["duration"] = small[data["run"]["duration"]]
    for vm in data["vm"].values():
        for burst in (burst for workload in vm["workload"] for burst in workload.get("burst", ())):
            for key in ("at", "duration"):
                seconds, _, unit = burst[key].partition(" ")
                assert unit == "s"
                burst[key] = f"{int(seconds) * 50} ms"
    group = data["protection"]["vaio"]["dr"]
    group |= {key: small[group[key]] for key in ("buffer", "checkpoint")}
    return simulate(build(data), "vaio", 0)


def test_in_the_replication_three_of_four_peaks_overflow_and_are_resynced(replication: RunResult) -> None:
    assert [row.mode for row in replication.modes] == ["in order", "overflow", "resync"] * 3 + ["in order"]
    overflows = [20 * row.start_ns / NS_PER_S for row in replication.modes if row.mode == "overflow"]
    peaks = ((60, 72), (135, 147), (200, 215))
    assert all(start < at < end for at, (start, end) in zip(overflows, peaks, strict=True))
    assert {device.cause for device in replication.devices} == {"data", "resync"}


def test_in_the_replication_no_point_is_cut_from_an_overflow_to_the_end_of_its_resync(replication: RunResult) -> None:
    out = [row for row in replication.modes if row.mode != "in order"]
    assert len({point.point_ns for point in replication.points}) > 10
    assert not any(row.start_ns < point.point_ns < row.end_ns for point in replication.points for row in out)
    assert out[-1].start_ns < 222 * NS_PER_S // 20 < out[-1].end_ns, "the last peak falls into a resync"


def shared_datastore(control: bool) -> RunResult:
    """The shared datastore with SIOC's steps in half a second instead of four, and the run with them; or without it."""
    data = shipped("shared-datastore")
    data["run"] |= {"duration": "8 s", "warmup": "5 s", "interval": "500 ms"}
    data["datastore"]["shared"]["sioc"]["period"] = "500 ms"
    if not control:
        del data["datastore"]["shared"]["sioc"]
    return simulate(build(data), "none", 0)


def test_on_the_shared_datastore_sioc_moves_the_neighbours_queue_into_its_own_host() -> None:
    controlled, bare = shared_datastore(control=True), shared_datastore(control=False)
    mean = {}
    for name, result in (("sioc", controlled), ("bare", bare)):
        for group in ("erp", "copy"):
            hists = [h for vm in result.vms if vm.group == group for h in (vm.guest_read, vm.guest_write)]
            mean[name, group] = sum(h.total for h in hists) / sum(h.count for h in hists) / 1e6
    assert mean["bare", "erp"] > 50
    assert 17 < mean["sioc", "erp"] < 25  # the threshold is 20 ms
    assert mean["sioc", "copy"] == pytest.approx(mean["bare", "copy"], rel=0.03)  # it has lost nothing
    waits = [ledger(result, "copy")["data: device queue"] for result in (bare, controlled)]
    assert waits[1] > 2 * waits[0]
    depths = {row.host: row.value for row in controlled.levels if row.level == "queue depth"}  # the last ones
    assert depths["esx3"] < depths["esx1"]
    assert controlled.levels[0].value == 128
    assert not bare.levels
