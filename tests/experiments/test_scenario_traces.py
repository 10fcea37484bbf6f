"""Recorded I/O in a scenario: inside the file or put there by an option, cut to the run, checked against its disk."""

import json
import os
from pathlib import Path

import numpy as np
import pytest
from trace_files import READ, WRITE, Record, vscsi1

from experiments.errors import InputError
from experiments.scenario import Overrides, load
from models.replay import piece, replayed
from models.run import simulate
from models.scenario import Engine, Scenario
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


def replays(folder: Path, extra: str, count: int = 1, seed: int = 1) -> list[list[int]]:
    """When each VM of the group replays its records in replicate 0, in ms; the trace lasts 19 s, its circle 20 s."""
    text = TEXT.replace("disks = [1]", f"disks = [1]\n{extra}").replace("[vm.app]", f"[vm.app]\ncount = {count}")
    (folder / "s.toml").write_text(text)
    scenario = replayed(load(folder / "s.toml", Overrides(seed=seed)).scenario, 0)
    traces = [vm.workloads[0].trace for vm in scenario.vms if vm.group == "app"]
    return [(trace.time_ns // 1_000_000).tolist() for trace in traces if trace is not None]


def test_a_trace_that_is_repeated_goes_on_after_its_mean_gap(folder: Path) -> None:
    (folder / "io.vscsi").write_bytes(vscsi1(RECORDS[:4]))  # at 0, 1, 2, 3 s: a circle of 4 s
    assert replays(folder, "repeat = true") == [[1000 * second for second in range(10)]]
    assert replays(folder, "") == [[0, 1000, 2000, 3000]]
    assert load(folder / "s.toml").warnings == []


def test_each_vm_begins_where_it_likes_and_goes_round(folder: Path) -> None:
    (folder / "io.vscsi").write_bytes(vscsi1(RECORDS[:4]))
    first, second = replays(folder, 'begin = "random"', count=2)
    assert first[0] != second[0]
    for times in (first, second):
        assert len(times) == 4, "once round"
        assert np.diff(times).tolist() == [1000, 1000, 1000]
        assert 0 <= times[0] < 1000
    assert replays(folder, 'begin = "random"', count=2) == [first, second]
    assert replays(folder, 'begin = "random"', count=2, seed=2) != [first, second]
    both = replays(folder, 'begin = "random"\nrepeat = true', count=2)
    assert [times[:4] for times in both] == [first, second]
    assert all(len(times) == 10 for times in both)


def test_a_piece_is_the_circle_from_its_beginning(folder: Path) -> None:
    """Records at 0, 1, 5 s: a circle of 7.5 s. From 3 s on: that at 5 s first, then those at 0 and 1 s."""
    at = (0, 1, 5)
    (folder / "io.vscsi").write_bytes(vscsi1(tuple(Record(s * SECOND, WRITE, 8 * s, 4096 + 512 * s) for s in at)))
    (folder / "s.toml").write_text(TEXT.replace("disks = [1]", 'begin = "random"'))
    workload = load(folder / "s.toml").scenario.vms[0].workloads[0]
    trace = piece(workload, 0.4, 10 * NS_PER_S).trace
    assert trace is not None
    assert trace.time_ns.tolist() == [second * NS_PER_S // 2 for second in (4, 9, 11)]
    assert trace.offset_bytes.tolist() == [5 * 4096, 0, 4096]
    assert trace.size_bytes.tolist() == [4096 + 512 * 5, 4096, 4096 + 512]
    short = piece(workload, 0.4, 4 * NS_PER_S + NS_PER_S // 2).trace
    assert short is not None
    assert short.time_ns.tolist() == [2 * NS_PER_S], "what arrives at the end is after it"
    assert piece(workload, 0.999, 10).trace is not None


def test_a_trace_at_another_speed_is_another_trace(folder: Path) -> None:
    before = load(folder / "s.toml").scenario.identity
    assert replays(folder, "speed = 4.0") == [[250 * second for second in range(20)]]
    assert load(folder / "s.toml").scenario.identity != before
    assert replays(folder, "speed = 0.5") == [[2000 * second for second in range(5)]]


def test_all_of_a_trace_that_goes_round_must_fit(folder: Path) -> None:
    small = TEXT.replace("1 GiB", "15 MiB")
    (folder / "s.toml").write_text(small)
    load(folder / "s.toml")  # the run's 10 s reach to 9 MiB
    told = messages(folder, small.replace("disks = [1]", 'disks = [1]\nbegin = "random"'))[0]
    assert 'reaches beyond the disk (19 MiB on 15 MiB), make the disk at least "20 MiB"' in told


@pytest.mark.parametrize(
    ("extra", "said"),
    [
        ('clock = "guest"', 's.toml:12:1: vm.app.workload[0].clock: is an unknown key, did you mean "origin"?'),
        ('begin = "middle"', 's.toml:12:9: vm.app.workload[0].begin: is none of "first", "random" ("middle")'),
        ("speed = 0.0", "s.toml:12:9: vm.app.workload[0].speed: is too small"),
        ("repeat = true\nspeed = 900.0", ""),
    ],
)
def test_replay_options_are_checked(folder: Path, extra: str, said: str) -> None:
    text = TEXT.replace("disks = [1]", f"disks = [1]\n{extra}")
    if said:
        assert messages(folder, text)[0].startswith(said)
    else:
        (folder / "s.toml").write_text(text)
        load(folder / "s.toml")


def test_what_cannot_be_gone_round_is_told(folder: Path) -> None:
    text = TEXT.replace("disks = [1]", "disks = [1]\nrepeat = true")
    (folder / "io.vscsi").write_bytes(vscsi1(RECORDS[:1]))
    assert "has all its records at one time (io.vscsi)" in messages(folder, text)[0]
    (folder / "io.vscsi").write_bytes(vscsi1(tuple(r._replace(us=n // 10) for n, r in enumerate(RECORDS))))
    assert "at most 5e+07 are replayed" in messages(folder, text)[0]


def test_options_of_a_trace_act_in_no_other_workload(folder: Path) -> None:
    told = messages(folder, TEXT.replace('rate = "10 iops"', 'rate = "10 iops"\nrepeat = true\nspeed = 2.0'))
    assert ["does not act" in message for message in told] == [True, True]


@pytest.mark.parametrize("engine", ["simpy", "compiled"])
def test_both_engines_replay_the_piece(folder: Path, engine: Engine) -> None:
    (times,) = replays(folder, 'begin = "random"\nrepeat = true')
    scenario = load(folder / "s.toml").scenario
    for replicate in (0, 1):
        result = simulate(scenario, "none", replicate, engine)
        asked = [row.arrivals for row in result.intervals if row.vm == "app"]
        expected = [1] * 10 if replicate else [sum(1000 * n <= t < 1000 * n + 1000 for t in times) for n in range(10)]
        assert asked == expected
