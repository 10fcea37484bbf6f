"""`stunlab explain` on real result folders: what it tells, what it writes, and what it says to mistakes."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from random_worlds import documents
from trace_files import WRITE, Record, vscsi1
from worlds import CROWD

from experiments.cli import main
from experiments.errors import InputError
from experiments.explain.choice import Wish, choose, explained, parse_window
from experiments.explain.happenings import happenings
from experiments.explain.stored import read_result
from experiments.explain.story import clock, ms
from experiments.identity import ROOT
from experiments.scenario import build, load
from experiments.scenario.identity import restored
from models.scenario import Scenario
from models.trace import trace

S = 1_000_000_000
TEXT = """
name = "small"
[run]
duration = "6 s"
replications = 2
[datastore.d]
servers = 2
read = { latency = "4 ms", distribution = "exponential" }
[[vm.app.disk]]
size = "32 MiB"
[[vm.app.workload]]
rate = "60 iops"
[[vm.near.disk]]
size = "32 MiB"
[[vm.near.workload]]
rate = "40 iops"
[protection.vadp.nightly]
vms = ["app"]
first = "1 s"
interval = "100 s"
disk_open = "100 ms"
commit = "100 ms"
[snapshots]
api = "100 ms"
"""

Told = Callable[..., tuple[int, str, str]]


def made(folder: Path, text: str, *more: str) -> Path:
    """The result folder of a scenario, made with the readable path."""
    (folder / "s.toml").write_text(text)
    (out := folder / "out").mkdir()
    assert main(["compare", str(folder / "s.toml"), "--engine", "simpy", "--no-report", "--out", str(out), "--workers",
                 "1", *more]) == 0  # fmt: skip
    (result,) = out.iterdir()
    return result


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made(tmp_path_factory.mktemp("small"), TEXT)


@pytest.fixture
def explain(capsys: pytest.CaptureFixture[str]) -> Told:
    """Runs `stunlab explain`: (exit code, standard output, standard error)."""

    def call(*arguments: object) -> tuple[int, str, str]:
        capsys.readouterr()
        code = main(["explain", *map(str, arguments)])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return call


def test_the_slowest_i_os_are_named_with_what_they_met(explain: Told, result: Path) -> None:
    code, out, err = explain(result)
    assert code == 0
    assert "arm vadp, replicate" in out.splitlines()[0]
    assert "the 3 slowest guest I/Os" in out
    assert "#1  app " in out
    assert "#3  " in out
    assert "#4" not in out
    assert "stun hold in" in out
    assert "stun of nightly, 0:00:0" in out
    assert "met snapshot create stun of app" in out
    assert "again on the readable path" in err
    worst = max(read_result(result).slowest(), key=lambda row: row.io.latency_ns)
    assert f"[{worst.io.workload} {worst.io.ordinal}, {worst.io.disk} at byte {worst.io.offset_bytes}]" in out
    assert f"{worst.io.latency_ns / 1e6:>11,.3f} ms  in all" in out


def test_a_run_without_anything_special_is_explained_too(explain: Told, result: Path) -> None:
    code, out, _ = explain(result, "--arm", "none", "--replicate", 1, "--vm", "near", "--slowest", 1)
    assert code == 0
    assert "arm none, replicate 1 of 2: the slowest guest I/O of near" in out
    assert "met no stun, quiesce, backup, merge, question or resync" in out
    assert "its own service drew" in out
    assert "of its law (mean" in out


def test_a_window_shows_its_own_slowest(explain: Told, result: Path) -> None:
    code, out, _ = explain(result, "--arm", "vadp", "--window", "2s..2.5 s", "--slowest", 100)
    assert code == 0
    times = [line.partition(" at ")[2][:11] for line in out.splitlines() if line.startswith("#")]
    assert 20 < len(times) < 100
    assert all("0:00:02.000" <= time < "0:00:02.500" for time in times)
    code, out, _ = explain(result, "--arm", "none", "--window", "1ns..2ns")
    assert (code, "no guest I/O that came from 0:00:00.000" in out) == (0, True)


def test_files_are_written_the_same_every_time(explain: Told, result: Path, tmp_path: Path) -> None:
    outs = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        code, out, _ = explain(result, "--slowest", 2, "--perfetto", tmp_path / name / "t.json", "--chart",
                               tmp_path / name)  # fmt: skip
        assert code == 0
        outs.append(out.replace(str(tmp_path / name), ""))
    assert outs[0] == outs[1]
    names = ["t.json", "waterfall.png", "waterfall.svg"]
    assert sorted(path.name for path in (tmp_path / "one").iterdir()) == names
    assert all((tmp_path / "one" / n).read_bytes() == (tmp_path / "two" / n).read_bytes() for n in names)
    content = json.loads((tmp_path / "one" / "t.json").read_text())
    assert content["otherData"]["arm"] == "vadp"
    assert any(event["name"].endswith(" stun") for event in content["traceEvents"])


@pytest.mark.parametrize(
    ("arguments", "messages"),
    [
        (["--arm", "vaio"], ['no arm "vaio"', "none, vadp"]),
        (["--replicate", "2"], ["no replicate 2", "0 to 1"]),
        (["--vm", "ap"], ['no VM "ap"', 'did you mean "app"']),
        (["--vm", "zzz"], ["its VMs: app, near"]),
        (["--window", "5s"], ["two dots", "100s..101s"]),
        (["--window", "1..2"], ["has no unit"]),
        (["--window", "2s..1s"], ["ends before it begins"]),
        (["--window", "6s..7s"], ["after the run's end"]),
        (["--window", "1s..2s", "--arm", "both", "--vm", "x"], ['no arm "both"', 'no VM "x"']),
        (["--slowest", "0"], ["--slowest"]),
        (["--replicate", "-1"], ["--replicate"]),
        (["--perfetto", "."], ["is a folder"]),
        (["--perfetto", "nowhere/x.json"], ["no folder nowhere"]),
        (["--trace", "nowhere"], ["nowhere"]),
    ],
)
def test_mistakes_are_said_all_at_once(
    explain: Told, result: Path, arguments: list[str], messages: list[str], tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    code, out, err = explain(result, *arguments)
    assert (code, out) == (2, "")
    assert all(message in err for message in messages), err
    assert "Traceback" not in err


@pytest.fixture
def altered(result: Path, tmp_path: Path) -> Callable[[str, Callable[[str], str]], Path]:
    """A copy of the result with one file changed."""

    def change(name: str, by: Callable[[str], str]) -> Path:
        copy = tmp_path / "copy"
        shutil.copytree(result, copy)
        (copy / name).write_text(by((copy / name).read_text()))
        return copy

    return change


def edited(**keys: Any) -> Callable[[str], str]:
    return lambda text: json.dumps(json.loads(text) | keys)


@pytest.mark.parametrize(
    ("name", "by", "messages"),
    [
        ("manifest.json", edited(source="0" * 32), ["another version of the engine", "source 0000000000", "stunlab"]),
        ("manifest.json", edited(seed=5), ["not as it was written"]),
        ("manifest.json", edited(scenario={"run": {}}), ["not as it was written"]),
        ("manifest.json", edited(arms=[]), ["not as it was written"]),
        ("manifest.json", lambda text: text[:50], ["not as it was written"]),
        ("manifest.json", lambda text: "[1]", ["not as it was written"]),
        ("tables/slowest.csv", lambda text: text.replace("app", "opp", 1), ["slowest.csv", "another digest"]),
        ("tables/stuns.csv", lambda text: text + "\n", ["stuns.csv", "another digest"]),
    ],
)
def test_a_folder_that_is_not_as_it_was_written_is_not_explained(
    explain: Told, altered: Any, name: str, by: Callable[[str], str], messages: list[str]
) -> None:
    code, out, err = explain(altered(name, by))
    assert (code, out) == (2, "")
    assert all(message in err for message in messages), err


def test_what_is_no_result_is_said(explain: Told, tmp_path: Path) -> None:
    assert "no manifest.json" in explain(tmp_path)[2]
    assert "is no folder" in explain(tmp_path / "x")[2]
    assert explain(tmp_path)[0] == 2


def test_a_run_that_is_not_the_same_is_an_error(explain: Told, result: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import experiments.explain as module

    def shifted(*arguments: Any) -> Any:
        seen = trace(*arguments)
        ios = tuple(io._replace(end_ns=io.end_ns + 1) for io in seen.ios)
        return seen._replace(ios=ios)

    monkeypatch.setattr(module, "trace", shifted)
    code, _, err = explain(result)
    assert code == 1
    assert "is not the run of" in err
    assert "numpy" in err


@pytest.mark.parametrize("kind", ["sweep", "plan", "sensitivity"])
def test_the_result_of_a_study_says_what_to_explain_instead(explain: Told, tmp_path: Path, kind: str) -> None:
    (tmp_path / "manifest.json").write_text(json.dumps({"kind": kind}))
    code, _, err = explain(tmp_path)
    assert code == 2
    assert f"is the result of a {kind} study, which has many runs:" in err


def test_recorded_i_o_is_asked_for(explain: Told, tmp_path: Path) -> None:
    recorded = tmp_path / "disk.vscsi"
    recorded.write_bytes(vscsi1(tuple(Record(1000 * n, WRITE, 8 * n, 4096) for n in range(1, 40))))
    text = TEXT.replace('[[vm.near.workload]]\nrate = "40 iops"', '[[vm.near.workload]]\nkind = "trace"\n'
                        'trace = "disk.vscsi"')  # fmt: skip
    folder = made(tmp_path, text)
    code, _, err = explain(folder)
    assert code == 2
    assert "--trace: the result replayed recorded I/O (near/trace)" in err
    code, out, _ = explain(folder, "--trace", recorded, "--vm", "near", "--slowest", 1)
    assert code == 0
    assert "near write 4 KiB" in out
    other = tmp_path / "other.vscsi"
    other.write_bytes(vscsi1((Record(1, WRITE, 8, 512),)))
    assert "is not what the result replayed" in explain(folder, "--trace", other)[2]


def test_recorded_i_o_that_was_replayed_faster_and_slower_is_one_file(explain: Told, tmp_path: Path) -> None:
    recorded = tmp_path / "disk.vscsi"
    recorded.write_bytes(vscsi1(tuple(Record(1000 * n, WRITE, 8 * n, 4096) for n in range(1, 40))))
    at = '[[vm.near.workload]]\nkind = "trace"\ntrace = "disk.vscsi"\nspeed = {}\nname = "w{}"'
    both = "\n".join(at.format(speed, speed) for speed in (2, 0.5, 1))
    text = TEXT.replace('[[vm.near.workload]]\nrate = "40 iops"', both.replace("w0.5", "slow"))
    folder = made(tmp_path, text)
    code, out, _ = explain(folder, "--trace", recorded, "--vm", "near", "--slowest", 1)
    assert code == 0
    assert "near write 4 KiB" in out
    assert "--trace" in explain(folder)[2]


def test_a_result_that_keeps_no_slowest_needs_a_window(explain: Told, tmp_path: Path) -> None:
    folder = made(tmp_path, TEXT.replace("[run]", "[run]\nslowest = 0"), "--replications", "1")
    code, _, err = explain(folder)
    assert code == 2
    assert "name a --window" in err
    assert explain(folder, "--window", "1s..2s")[0] == 0


def test_a_window_with_too_much_in_it_is_an_error(explain: Told, result: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("models.measure.tracer.MOST", 10)
    code, _, err = explain(result, "--window", "0..6s")
    assert code == 2
    assert "more than 10 I/Os and commands in the window, name a shorter one" in err


def test_the_run_is_that_of_the_slowest_i_o_that_fits(result: Path) -> None:
    stored = read_result(result)
    rows = stored.slowest()
    for wish in (Wish(), Wish(arm="none"), Wish(replicate=1), Wish(vm="near"), Wish(arm="vadp", vm="near")):
        choice = choose(stored, wish)
        fitting = [row for row in rows if wish.arm in (None, row.arm) and wish.replicate in (None, row.replicate)
                   and wish.vm in (None, row.io.vm)]  # fmt: skip
        worst = max(fitting, key=lambda row: row.io.latency_ns)
        assert (choice.arm, choice.replicate, choice.ios[0]) == (worst.arm, worst.replicate, worst.io)
        assert choice.spans[0] == (worst.io.arrival_ns, worst.io.arrival_ns + worst.io.latency_ns)
        assert [io.latency_ns for io in choice.ios] == sorted((io.latency_ns for io in choice.ios), reverse=True)
    around = choose(stored, Wish(margins=True))
    assert around.shown in around.spans
    assert choose(stored, Wish(window="1s..2s", arm="none")).spans == ((1 * S, 2 * S),)


def test_what_happened_is_in_order_of_time(result: Path) -> None:
    stored = read_result(result)
    found = happenings(stored, "vadp", 0)
    assert [one.kind for one in found] == [
        "backup job", "snapshot create stun", "backup read", "merge", "mirror insert stun", "mirror switch stun",
    ]  # fmt: skip
    assert happenings(stored, "none", 0) == ()
    seen = trace(stored.scenario, "vadp", 0, [(found[1].start_ns, found[1].end_ns)])
    lives = explained(choose(stored, Wish(window="1s..2s", arm="vadp")), Wish(), seen)
    assert lives
    assert all(S <= io.arrival_ns < 2 * S for io in lives)


@pytest.mark.parametrize("text", ["0..1s", " 1 s .. 2 s ", "500ms..1min"])
def test_windows_are_read(text: str) -> None:
    start, end = parse_window(text, 30 * S)
    assert 0 <= start < end <= 30 * S


def again(scenario: Scenario) -> Scenario:
    return restored(json.loads(scenario.identity), scenario.arms, scenario.run.seed, scenario.run.replications, {})


@settings(max_examples=25, suppress_health_check=list(HealthCheck), database=None)
@given(documents())
def test_a_scenario_comes_back_from_its_canonical_text(document: dict[str, Any]) -> None:
    scenario = build(document)
    assert again(scenario) == scenario


@pytest.mark.parametrize("name", ["demo", "oltp-host", "backup-night", "minimal", "replication-overflow"])
def test_shipped_scenarios_come_back(name: str) -> None:
    scenario = load(ROOT / "scenarios" / f"{name}.toml").scenario
    assert again(scenario) == scenario


def test_a_text_that_says_more_than_a_scenario_is_refused() -> None:
    scenario = build(CROWD)
    text = json.loads(scenario.identity)
    text["hosts"][0]["moon"] = 1
    with pytest.raises(ValueError, match="more than a scenario"):
        restored(text, scenario.arms, 1, 1, {})


def test_times_are_shown() -> None:
    assert clock(3_723_004_005_006) == "1:02:03.004"
    assert clock(59_999_999_999) == "0:00:59.999"
    assert [ms(ns) for ns in (1, 999_500, 9_999_999, 10_000_000, 1_234_567_890)] == [
        "0.000 ms", "1.000 ms", "10.000 ms", "10.0 ms", "1,234.6 ms",
    ]  # fmt: skip


def test_an_input_error_keeps_its_messages() -> None:
    with pytest.raises(InputError, match="no manifest"):
        read_result(ROOT)
