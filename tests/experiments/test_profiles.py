"""Profiles of workloads: they stand for plain keys, own keys go first, and what they generate is what they say."""

from itertools import islice
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest
from house_rules import ROOT

from experiments.errors import InputError
from experiments.scenario import build, load
from experiments.scenario.guests import Profile
from experiments.scenario.profiles import expanded, keys, names, table
from models.assumptions import default, find
from models.run import simulate
from models.scenario import Scenario, Workload
from models.workload import Draw, guest_io

IOS = 20_000


def with_workload(**own: Any) -> Scenario:
    return build({
        "name": "p", "run": {"duration": "40 s", "warmup": "1 s", "arms": ["none"]},
        "vm": {"a": {"disk": [{"size": "64 GiB"}], "workload": [own]}},
    })  # fmt: skip


def workload(**own: Any) -> Workload:
    return with_workload(**own).vms[0].workloads[0]


def draws(scenario: Scenario) -> list[Draw]:
    vm = scenario.vms[0]
    stores = {store.name: store for store in scenario.datastores}
    return list(islice(guest_io(vm, vm.workloads[0], stores, 1, 0), IOS))


def test_the_schema_names_the_registers_profiles() -> None:
    assert get_args(Profile) == names()


def test_the_page_has_the_registers_rows() -> None:
    page = (ROOT / "docs" / "profiles.md").read_text(encoding="utf-8")
    assert table() in page, (
        "write the output of: python -c 'from experiments.scenario.profiles import table; print(table())'"
    )


def test_a_profile_is_its_keys_written_out() -> None:
    for name in names():
        plain = workload(**keys(name))
        assert workload(profile=name, name=plain.name) == plain
        assert workload(profile=name).name == name
    oltp = workload(profile="oltp")
    assert (oltp.kind, oltp.outstanding, oltp.think_ns, oltp.read_ppm) == ("closed", 16, 10_000_000, 670_000)
    assert (oltp.sizes, oltp.read_addresses.pattern, oltp.origin) == (((8192, 1),), "uniform", "guest")
    files = workload(profile="file-server")
    assert (files.kind, files.rate_iops, files.read_addresses.zipf_milli) == ("open", 100, 1000)
    assert dict(files.sizes) == {4096: 35, 65_536: 35, 8192: 10, 16_384: 10, 32_768: 10}


def test_own_keys_go_before_the_profiles() -> None:
    read = workload(profile="oltp", read="90 %")
    assert (read.read_ppm, read.outstanding) == (900_000, 16)
    assert workload(profile="oltp", sizes={"4 KiB": 1, "16 KiB": 3}).sizes == ((4096, 1), (16_384, 3))
    assert workload(profile="vdi", size="4 KiB").sizes == ((4096, 1),)
    assert workload(profile="file-server", sizes={"1 MiB": 1}).sizes == ((1 << 20, 1),), "a mix is one value"
    burst = workload(profile="vdi", burst=[{"at": "1 s", "duration": "2 s", "rate": "99 iops"}])
    assert (burst.two_state, burst.bursts[0].rate_iops) == (None, 99)
    state = workload(profile="vdi", two_state={"busy_rate": "70 iops"}).two_state
    assert state is not None
    assert (state.busy_rate_iops, state.mean_busy_ns) == (70, 2_000_000_000), "tables are mixed key by key"
    span = workload(profile="file-server", addresses={"span": "1 GiB"}).read_addresses
    assert (span.pattern, span.zipf_milli, span.span_bytes) == ("zipf", 1000, 1 << 30)
    assert workload(profile="file-server", addresses={"pattern": "uniform"}).read_addresses.zipf_milli == 0


def test_another_kind_leaves_out_what_belongs_to_the_profiles() -> None:
    opened = workload(profile="oltp", kind="open", rate="700 iops")
    assert (opened.kind, opened.rate_iops, opened.outstanding, opened.read_ppm) == ("open", 700, 0, 670_000)
    closed = workload(profile="vdi", kind="closed")
    assert (closed.outstanding, closed.two_state, closed.rate_iops) == (default("workload.outstanding"), None, 0)


def test_two_of_a_profile_have_names_of_their_own() -> None:
    data = {"name": "p", "vm": {"a": {"disk": [{}], "workload": [{"profile": "mail"}, {"profile": "mail"}, {}]}}}
    assert [one.name for one in build(data).vms[0].workloads] == ["mail", "mail-2", "open"]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('profile = "olpt"', '5:11: vm.a.workload[0].profile: is none of "oltp", "vdi"'),
        ('profile = "olpt"', 'did you mean "oltp"?'),
        ("profile = 3", "5:11: vm.a.workload[0].profile: is none of"),
        ('profile = "oltp"\nrate = "9 iops"', "6:1: vm.a.workload[0].rate: does not act in a workload of kind"),
        ('profile = "oltp"\nread = "9"', "6:8: vm.a.workload[0].read: has no unit"),
        ('profile = "oltp"\nkind = "trace"\ntrace = "x"', "5:1: vm.a.workload[0].profile: does not act in a workload"),
        ('profile = "streaming"\nsize = "3 GiB"', "6:8: vm.a.workload[0].size: is more than 64 MiB"),
    ],
)  # fmt: skip
def test_mistakes_are_told_at_the_writers_own_lines(tmp_path: Path, line: str, said: str) -> None:
    path = tmp_path / "s.toml"
    path.write_text(f'name = "p"\n[[vm.a.disk]]\nsize = "1 GiB"\n[[vm.a.workload]]\n{line}\n')
    with pytest.raises(InputError) as caught:
        load(path)
    assert any(said in message for message in caught.value.messages), caught.value.messages


def test_what_is_no_scenario_stays_as_it_is() -> None:
    for odd in (
        {"vm": 3},
        {"vm": {"a": 3}},
        {"vm": {"a": {"workload": 3}}},
        {"vm": {"a": {"workload": [3, {"profile": []}]}}},
    ):
        assert expanded(dict(odd)) == odd


@pytest.mark.parametrize("name", names())
def test_what_is_generated_has_the_stated_mix(name: str) -> None:
    scenario = with_workload(profile=name)
    found, row = draws(scenario), keys(name)
    reads = default(f"profile.{name}.read")
    assert isinstance(reads, int)
    assert share([not draw.write for draw in found], reads / 1e6)
    sizes = dict(scenario.vms[0].workloads[0].sizes)
    for size, weight in sizes.items():
        assert share([draw.size == size for draw in found], weight / sum(sizes.values()))
    assert {draw.size for draw in found} == set(sizes)
    steps = np.diff([draw.offset for draw in found])
    if row["addresses"]["pattern"] == "sequential":
        assert set(steps.tolist()) <= {next(iter(sizes)), next(iter(sizes)) - (64 << 30)}, "one after the other"
    else:
        assert np.mean(np.abs(steps) > 1 << 20) > 0.9, "random: hardly any I/O is near the one before"
    offsets = np.array([draw.offset for draw in found])
    if row["addresses"]["pattern"] == "uniform":
        assert share((offsets < 16 << 30).tolist(), 0.25)
    if row["addresses"]["pattern"] == "zipf":
        _, hits = np.unique(offsets >> 18, return_counts=True)
        assert np.sort(hits)[::-1][: len(hits) // 10].sum() > IOS / 3, "a tenth of the places has more than a third"


def share(flags: list[bool], expected: float) -> bool:
    """Whether so many are true, to four standard errors."""
    return bool(abs(np.mean(flags) - expected) <= 4 * (expected * (1 - expected) / len(flags)) ** 0.5)


RATES = {"oltp": 1530, "vdi": 10, "vdi-boot": 150, "file-server": 100, "mail": 150, "streaming": 190}
"""What the rows' notes say, in I/Os per second on the register's array."""


@pytest.mark.parametrize("name", RATES)
def test_what_is_generated_comes_at_the_stated_rate(name: str) -> None:
    scenario = with_workload(profile=name)
    ios = [simulate(scenario, "none", replicate, "compiled").vms[0].ios / 39 for replicate in range(4)]
    assert np.mean(ios) == pytest.approx(RATES[name], rel=0.35 if name == "vdi" else 0.05)


def test_every_profile_is_in_the_shipped_scenario() -> None:
    path = ROOT / "scenarios" / "profiles.toml"
    assert all(f'profile = "{name}"' in path.read_text() for name in names())
    scenario = load(path).scenario
    result = simulate(scenario, "vadp", 0, "compiled")
    done = {vm.vm: vm.ios for vm in result.vms}
    assert all(done.values())
    assert [job.outcome for job in result.jobs] == ["ok", "ok"]
    rate = sum(row.bytes_written for row in result.intervals if row.vm == "repository") / 20e6
    assert rate == pytest.approx(100, rel=0.06), "the limit is 100 MB/s"
    assert find("profile.oltp.read").grade == "reported"
