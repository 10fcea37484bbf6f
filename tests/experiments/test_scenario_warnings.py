"""Warnings: possible but hardly meant, each with its arithmetic at the place to change; and silence elsewhere."""

import copy
import tomllib
from pathlib import Path
from typing import Any

import pytest

from experiments.scenario import Loaded, Overrides, load

CALM = """\
name = "calm"
compressed = true
[run]
duration = "100 s"
[datastore.gold]
capacity = "20 GiB"
servers = 8
read = { latency = "4 ms", stream = "none" }
write = { latency = "4 ms", stream = "none" }
[vm.sql]
[[vm.sql.disk]]
size = "10 GiB"
[[vm.sql.workload]]
rate = "100 iops"
read = "50 %"
size = "8 KiB"
[protection.vadp.nightly]
vms = ["sql"]
interval = "100 s"
[protection.vaio.cdp]
vms = ["sql"]
link = "1 MB/s"
"""

EDITS = [
    ('duration = "100 s"', 'duration = "100 s"\nreplications = 1000',
     "4:12: run.duration: makes this a long simulation: 100 iops x 100 s x 3 arms x 1000 replications are 3e+07 guest "
     "I/Os (stunlab bench"),
    ('duration = "100 s"', 'duration = "100 s"\nreplications = 1\ninterval = "10 us"',
     "6:12: run.interval: makes this a large result: 1e+07 intervals x 1 VMs x 3 arms x 1 replications are 3e+07 rows"),
    ("[vm.sql]", '[filter.f]\ndown = "30 ms"\nup = "0 s"\nworkers = 2\n[vm.sql]\nhost = "esx1"\nfilters = ["f"]',
     '13:11: filter.f.workers: will saturate: guests keep 3.00 workers busy on "esx1" on average, it has 2'),
    ("[vm.sql]", '[host.esx1]\nfilter_cores = 1\nfilter_cpu = "4 ms"\n[filter.f]\n[vm.sql]\nfilters = ["f"]',
     "11:16: host.esx1.filter_cores: will saturate: 400 hops a second keep 1.60 cores busy on average, it has 1"),
    ('link = "1 MB/s"', 'link = "1 MB/s"\nsynchronous = true\nhold_limit = "20 ms"',
     "24:14: protection.vaio.cdp.hold_limit: is no longer than the link's round trip (20 ms of 20 ms), no write is"),
    ("[vm.sql]", "[host.esx1]\nqfull_sample = 32\n[vm.sql]",
     "11:16: host.esx1.qfull_sample: acts nowhere: no datastore has a queue_limit"),
    ('interval = "100 s"', 'interval = "80 s"',
     "19:12: protection.vadp.nightly.interval: is too short for the full backup: 10 GiB at 120 MB/s take at least "
     "89.5 s, longer than 80 s"),
    ('interval = "100 s"', 'interval = "100 s"\nrepository = "20 MB/s"', "10 GiB at 40 MB/s take at least 4.47 min"),
    ('interval = "100 s"', 'interval = "100 s"\nstream = "20 MB/s"\nrepository = "none"',
     "is too short for an incremental backup: 3.86 GiB at 20 MB/s take at least 3.46 min"),
    ('interval = "100 s"', 'interval = "100 s"\nfirst = "120 s"',
     "20:9: protection.vadp.nightly.first: starts no backup: the run ends first (2 min of 100 s)"),
    ('link = "1 MB/s"', 'link = "200 kB/s"',
     "22:8: protection.vaio.cdp.link: is slower than the mean write rate: 410 kB/s / 2 = 205 kB/s on a link of 200 kB"),
    ('link = "1 MB/s"', 'link = "300 kB/s"\nreduction = 1.0', "410 kB/s / 1 = 410 kB/s on a link of 300 kB/s"),
    ("servers = 8", 'servers = 8\nbandwidth = "500 kB/s"', "8:13: datastore.gold.bandwidth: is less than what its"),
    ("servers = 8", 'servers = 8\niops = "99 iops"', "8:8: datastore.gold.iops: is less than what its guests ask"),
    ('rate = "100 iops"', 'rate = "2500 iops"',
     "7:11: datastore.gold.servers: will saturate: 2500 iops keep 10.00 servers busy on average, it has 8"),
    ('size = "10 GiB"', 'size = "10 GiB"\nreservation = "3000 iops"',
     "cannot honour its reservations: 3000 iops reserved, about 2000 possible"),
    ('capacity = "20 GiB"', 'capacity = "10280 MiB"',
     "6:12: datastore.gold.capacity: may run full: its disks leave 40 MiB, deltas may reach 75.3 MiB while backup"),
    ("compressed = true", "", "name: should say whether time is compressed: backups are minutes apart"),
]  # fmt: skip


def loaded(text: str, tmp_path: Path, overrides: Overrides | None = None) -> Loaded:
    path = tmp_path / "s.toml"
    path.write_text(text)
    return load(path, overrides)


def test_a_calm_scenario_has_none(tmp_path: Path) -> None:
    assert loaded(CALM, tmp_path).warnings == []


@pytest.mark.parametrize(("old", "new", "said"), EDITS, ids=lambda text: text[:40])
def test_one_edit_gives_its_warning(old: str, new: str, said: str, tmp_path: Path) -> None:
    assert CALM.count(old) == 1
    found = loaded(CALM.replace(old, new), tmp_path)
    assert any(said in warning.split("\n")[0] for warning in found.warnings), found.warnings
    assert all(warning.startswith(f"{tmp_path}") for warning in found.warnings)
    assert len(found.remarks) == len(found.warnings)
    assert any(said.split(": ", 1)[-1] in remark for remark in found.remarks)
    assert not any(str(tmp_path) in remark or "\n" in remark for remark in found.remarks)  # results name no files


def test_bursts_and_two_states_count_in_the_mean(tmp_path: Path) -> None:
    """100 iops for 90 s and 1000 for 10 s write 50 % x 8 KiB x 190 = 778 kB/s; reduced 2:1 that is 389 kB/s."""
    burst = 'size = "8 KiB"\nburst = [{ at = "5 s", duration = "10 s", rate = "1000 iops" }]'
    text = CALM.replace('size = "8 KiB"', burst).replace("1 MB/s", "385 kB/s")
    assert "778 kB/s / 2 = 389 kB/s" in loaded(text, tmp_path).warnings[0]
    state = 'size = "8 KiB"\ntwo_state = { busy_rate = "400 iops", quiet = "20 s", busy = "10 s" }'
    text = CALM.replace('size = "8 KiB"', state).replace("1 MB/s", "400 kB/s")
    assert "819 kB/s / 2 = 410 kB/s" in loaded(text, tmp_path).warnings[0]


def test_closed_loops_are_not_guessed_at(tmp_path: Path) -> None:
    text = CALM.replace('rate = "100 iops"', 'kind = "closed"\noutstanding = 1000\nthink = "0 s"')
    assert loaded(text, tmp_path).warnings == []


def test_a_burst_cut_off_by_the_duration_option_is_a_warning_not_a_mistake(tmp_path: Path) -> None:
    text = CALM.replace('size = "8 KiB"', 'burst = [{ at = "90 s", duration = "5 s", rate = "50 iops" }]')
    warnings = loaded(text, tmp_path, Overrides(duration="50 s")).warnings
    assert "burst[0].at: ends after the run (90 s + 5 s of 50 s)" in warnings[0]


def test_warnings_change_nothing(tmp_path: Path) -> None:
    data: dict[str, Any] = tomllib.loads(CALM)
    before = copy.deepcopy(data)
    assert loaded(CALM, tmp_path).scenario.vms[0].workloads[0].rate_iops == 100
    assert data == before
