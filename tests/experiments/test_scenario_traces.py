"""Recorded I/O in a scenario: inside the file or put there by an option, cut to the run, checked against its disk."""

import json
import os
from pathlib import Path

import pytest
from trace_files import READ, WRITE, Record, vscsi1

from experiments.errors import InputError
from experiments.scenario import Overrides, load
from models.scenario import Scenario
from sim.units import NS_PER_S

TEXT = """\
name = "traced"
[run]
duration = "10 s"
[vm.app]
[[vm.app.disk]]
count = 2
size = "1 GiB"
[[vm.app.workload]]
kind = "trace"
trace = "io.vscsi"
disks = [1]
[vm.many]
count = 2
[[vm.many.disk]]
size = "1 GiB"
[[vm.many.workload]]
rate = "10 iops"
"""
SECOND = 1_000_000  # in microseconds
RECORDS = tuple(Record(5 * SECOND + second * SECOND, (READ, WRITE)[second % 2], 2048 * second, 4096)
                for second in range(20))  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "s.toml").write_text(TEXT)
    (tmp_path / "io.vscsi").write_bytes(vscsi1(RECORDS))
    return tmp_path


def messages(folder: Path, text: str = TEXT, overrides: Overrides | None = None) -> list[str]:
    (folder / "s.toml").write_text(text)
    with pytest.raises(InputError) as caught:
        load(folder / "s.toml", overrides)
    return [message.replace(f"{folder}{os.sep}", "") for message in caught.value.messages]


def test_a_trace_is_read_beside_its_scenario_and_cut_to_the_run(folder: Path) -> None:
    loaded = load(folder / "s.toml")
    workload = loaded.scenario.vms[0].workloads[0]
    assert workload.trace is not None
    assert (workload.kind, workload.disks, workload.origin, workload.rate_iops) == ("trace", (1,), "external", 0)
    assert workload.trace.time_ns.tolist() == [second * NS_PER_S for second in range(10)]
    assert len(workload.trace.write) == len(workload.trace.size_bytes) == len(workload.trace.offset_bytes) == 10
    assert "10 of 20 records lie after 10 s and are left out" in loaded.warnings[0]
    assert loaded.warnings[0].startswith(f"{folder / 's.toml'}:10:9: vm.app.workload[0].trace: ")


def test_identity_holds_the_digest_not_the_file_name(folder: Path) -> None:
    identity = load(folder / "s.toml").scenario.identity
    assert "io.vscsi" not in identity
    digest = json.loads(identity)["vms"][0]["workloads"][0]["trace"]
    assert isinstance(digest, str)
    (folder / "other.vscsi").write_bytes(vscsi1(RECORDS))
    (folder / "s.toml").write_text(TEXT.replace("io.vscsi", "other.vscsi"))
    assert load(folder / "s.toml").scenario.identity == identity
    (folder / "other.vscsi").write_bytes(vscsi1(RECORDS[1:]))
    assert load(folder / "s.toml").scenario.identity != identity


def test_the_option_replaces_all_workloads_of_the_group(folder: Path) -> None:
    text = TEXT.replace('kind = "trace"\ntrace = "io.vscsi"\ndisks = [1]', 'rate = "3 iops"\n[[vm.app.workload]]')
    (folder / "s.toml").write_text(text)
    option = Overrides(trace=folder / "io.vscsi", trace_group="app")
    with_option: Scenario = load(folder / "s.toml", option).scenario
    workloads = with_option.vms[0].workloads
    assert [(workload.kind, workload.disks) for workload in workloads] == [("trace", (0,))]
    assert with_option.vms[1] == load(folder / "s.toml").scenario.vms[1]


def test_an_address_beyond_the_disk_names_the_size_that_is_needed(folder: Path) -> None:
    small = TEXT.replace("1 GiB", "9 MiB").replace('duration = "10 s"', 'duration = "12 s"')
    assert messages(folder, small)[0].split("\n")[0] == (
        "s.toml:10:9: vm.app.workload[0].trace: reaches beyond the disk (11 MiB on 9 MiB), "
        'make the disk at least "12 MiB"'
    )
    (folder / "s.toml").write_text(small.replace("9 MiB", "12 MiB"))
    assert len(load(folder / "s.toml").warnings) == 1
    assert "reaches beyond" not in load(folder / "s.toml").warnings[0]


def test_only_what_the_run_replays_must_fit(folder: Path) -> None:
    (folder / "s.toml").write_text(TEXT.replace("1 GiB", "9.5 MiB"))
    assert load(folder / "s.toml", Overrides(duration="9 s")).scenario.run.duration_ns == 9 * NS_PER_S


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('"io.vscsi"', '"no.vscsi"', "s.toml:10:9: vm.app.workload[0].trace: cannot be replayed: no.vscsi: cannot"),
        ("disks = [1]", "disks = [0, 1]", "s.toml:11:9: vm.app.workload[0].disks: must name one disk"),
        ("disks = [1]", 'rate = "3 iops"', "s.toml:11:1: vm.app.workload[0].rate: does not act"),
        ('rate = "10 iops"', 'kind = "trace"\ntrace = "io.vscsi"', "s.toml:18:9: vm.many.workload[0].trace: replays"),
        ('"io.vscsi"', "3", "s.toml:10:9: vm.app.workload[0].trace: is not a text (3), write it in quotes"),
    ],
)  # fmt: skip
def test_one_edit_gives_its_message(folder: Path, old: str, new: str, said: str) -> None:
    assert messages(folder, TEXT.replace(old, new))[0].startswith(said)


def test_a_broken_trace_is_told_at_the_line_that_names_it(folder: Path) -> None:
    (folder / "io.vscsi").write_bytes(vscsi1(RECORDS)[:-5])
    first = messages(folder)[0]
    assert first.startswith("s.toml:10:9: vm.app.workload[0].trace: cannot be replayed: io.vscsi:")
    assert first.endswith('    trace = "io.vscsi"\n            ^^^^^^^^^^')


@pytest.mark.parametrize(
    ("overrides", "said"),
    [
        (Overrides(trace=Path("x.vscsi")), "--trace: needs --trace-group NAME beside it"),
        (Overrides(trace_group="app"), "--trace-group: needs --trace FILE beside it"),
        (Overrides(trace=Path("x"), trace_group="ap"), '--trace-group: is no VM group of the scenario ("ap")'),
        (Overrides(trace=Path("x"), trace_group="many"), "--trace x: replays one disk's I/O, but the group has 2 VMs"),
        (Overrides(trace=Path("/no/x"), trace_group="app"), "--trace /no/x: cannot be replayed: /no/x: cannot be read"),
    ],
)  # fmt: skip
def test_a_bad_option_is_named(folder: Path, overrides: Overrides, said: str) -> None:
    assert messages(folder, overrides=overrides)[0].startswith(said)
