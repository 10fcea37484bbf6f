"""The command line: exit codes, located messages instead of tracebacks, JSON on standard output, folders on disk."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from fakes import fake_result, fake_scenario

import experiments.session
from experiments.cli import DEMO, main
from experiments.compare import Comparison, summarise
from experiments.errors import InputError
from experiments.identity import ROOT
from experiments.scenario import Loaded, Overrides
from models.run import SimulationError
from sim.replication import WorkerLost

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs a command line in an empty folder: (exit code, standard output, standard error)."""
    monkeypatch.chdir(tmp_path)

    def call(*arguments: str) -> tuple[int, str, str]:
        code = main(arguments)
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return call


@pytest.fixture
def faked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Any scenario file is the fake scenario, and its runs are fakes."""

    def load(path: Path, overrides: Overrides) -> Loaded:
        return Loaded(fake_scenario(replications=overrides.replications or 1), ["looks odd"])

    def compare(loaded: Loaded, workers: int, on_progress: Callable[[int, int], None], first: int = 0) -> Comparison:
        runs = [fake_result(a, i) for i in range(loaded.scenario.run.replications) for a in loaded.scenario.arms]
        on_progress(len(runs), len(runs))
        return summarise(loaded.scenario, runs, loaded.warnings)

    monkeypatch.setattr(experiments.session, "load", load)
    monkeypatch.setattr(experiments.session, "compare", compare)
    monkeypatch.setattr(experiments.session, "ready", lambda engine: engine)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["run", "x.toml", "--replications", "0"], "--replications"),
        (["run", "x.toml", "--workers", "two"], "--workers"),
        (["run", "x.toml", "--seed", "-1"], "--seed"),
        (["run", "x.toml", "--seed", "1.5"], "no whole number"),
        (["run", "x.toml", "--workers", "1.0"], "no whole number"),
        (["run", "x.toml", "--arm", "vapd"], 'Did you mean "vadp"'),
        (["rnu"], 'Did you mean "run"'),
        (["run"], "requires an argument"),
        (["compare", "x.toml", "--sede", "3"], "--seed"),
        (["compare", "x.toml", "--trace", "y"], "--trace-group"),
        (["compare", "nowhere.toml"], "nowhere.toml"),
        (["compare", "."], "."),
        (["validate", "--data", "nowhere"], "nowhere"),
        (["trace", "nowhere.vscsi"], "nowhere.vscsi"),
    ],
)
def test_mistakes_get_a_message_and_exit_code_2(run: Run, arguments: list[str], message: str) -> None:
    code, out, err = run(*arguments)
    assert code == 2
    assert message in err
    assert out == ""
    assert "Traceback" not in err


def test_compare_writes_a_folder_and_prints_a_verdict(run: Run, faked: None, tmp_path: Path) -> None:
    code, out, err = run("compare", "x.toml", "--no-report", "--out", "here", "--replications", "2")
    assert code == 0
    (folder,) = (tmp_path / "here").iterdir()
    assert (folder / "manifest.json").is_file()
    assert str(Path("here") / folder.name) in out
    assert "Mean over 2 replications" in out
    assert "Longest stun [ms], sql" in out
    assert "compressed" in out
    assert "warning: looks odd" in err
    assert "6 of 6 runs" in err
    assert "\x1b" not in out + err


def test_json_is_one_document_on_standard_output_with_nothing_else(run: Run, faked: None) -> None:
    code, out, err = run("compare", "x.toml", "--no-report", "--json")
    assert code == 0
    document = json.loads(out, parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))
    assert document["arms"] == ["none", "vadp", "vaio"]
    assert Path(document["folder"], "manifest.json").is_file()
    assert "runs in" not in err  # no progress beside JSON unless there is a terminal


def test_a_result_is_not_simulated_again_unless_forced(run: Run, faked: None) -> None:
    assert run("compare", "x.toml", "--no-report")[0] == 0
    code, _, err = run("compare", "x.toml", "--no-report")
    assert code == 2
    assert "--force" in err
    assert "runs in" not in err  # found out before simulating
    assert run("compare", "x.toml", "--no-report", "--force")[0] == 0


def test_run_takes_one_arm(run: Run, faked: None) -> None:
    code, out, _ = run("run", "x.toml", "--arm", "vadp", "--json", "--no-report")
    assert (code, json.loads(out)["arms"]) == (0, ["vadp"])
    code, _, err = run("run", "x.toml")
    assert code == 2
    assert "none, vadp, vaio" in err


def test_an_arm_needs_its_protection(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    from dataclasses import replace

    bare = replace(fake_scenario(), vaio=())
    monkeypatch.setattr(experiments.session, "load", lambda path, overrides: Loaded(bare, []))
    code, _, err = run("run", "x.toml", "--arm", "both")
    assert code == 2
    assert "[protection.vaio.NAME]" in err


@pytest.mark.parametrize(
    ("error", "expected", "message"),
    [
        (SimulationError("audit failed"), 1, "stunlab: audit failed"),
        (WorkerLost("a worker was killed"), 1, "stunlab: a worker was killed"),
        (OSError(28, "No space left on device"), 1, "No space left on device"),
        (InputError(["a.toml:1:2: one", "a.toml:3:4: two"]), 2, "a.toml:1:2: one\na.toml:3:4: two\n"),
        (KeyboardInterrupt(), 130, "interrupted: nothing was written"),
    ],
)
def test_errors_become_messages_and_exit_codes(
    run: Run, faked: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path,
    error: BaseException, expected: int, message: str,
) -> None:  # fmt: skip
    def failing(*arguments: object, **options: object) -> Comparison:
        raise error

    monkeypatch.setattr(experiments.session, "compare", failing)
    code, _, err = run("compare", "x.toml")
    assert code == expected
    assert message in err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("number", "expected"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_a_run_that_is_told_to_stop_puts_away_what_is_half_done(
    run: Run, faked: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, number: signal.Signals, expected: int
) -> None:
    def write_report(comparison: Comparison, folder: Path) -> None:
        (folder / "report.html").write_text("half", encoding="utf-8")
        signal.raise_signal(number)

    monkeypatch.setattr("experiments.report.write_report", write_report)
    inherited = signal.signal(number, signal.SIG_DFL)  # under nohup SIGHUP would be ignored, and stay so
    try:
        code, _, err = run("compare", "x.toml", "--out", "here")
        after = signal.getsignal(number)
    finally:
        signal.signal(number, inherited)
    assert code == expected
    assert after is signal.SIG_DFL
    assert "told to stop: nothing was written" in err
    assert list((tmp_path / "here").iterdir()) == []


def test_a_bug_is_not_hidden(run: Run, faked: None, monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(*arguments: object, **options: object) -> Comparison:
        raise ZeroDivisionError

    monkeypatch.setattr(experiments.session, "compare", failing)
    with pytest.raises(ZeroDivisionError):
        run("compare", "x.toml")


def test_assumptions_list_every_default_with_grade_and_source(run: Run) -> None:
    from models.assumptions import REGISTER

    code, out, _ = run("assumptions")
    assert code == 0
    assert all(row.key in out and row.source in out and row.grade in out for row in REGISTER)
    rows = json.loads(run("assumptions", "--json")[1])
    assert [row["key"] for row in rows] == [row.key for row in REGISTER]


def test_schema_is_json(run: Run) -> None:
    code, out, _ = run("schema")
    assert code == 0
    assert json.loads(out)["type"] == "object"


def test_the_demo_scenario_is_shipped() -> None:
    assert DEMO.is_file()


def test_help_lists_the_commands_and_a_start_is_quick(tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "experiments", "--help"],
        capture_output=True, text=True, cwd=tmp_path, env=environment, check=True,
    )  # fmt: skip
    commands = "run compare demo schema assumptions validate bench trace calibrate explain pictures"
    for command in commands.split():
        assert command in done.stdout
    imported = {line.rsplit("|", 1)[-1].strip() for line in done.stderr.splitlines()}
    assert "experiments.cli" in imported
    assert not imported & {"pandas", "matplotlib", "scipy", "pydantic", "simpy", "numba"}


def test_a_reader_that_goes_away_is_no_error(tmp_path: Path) -> None:
    command = f"'{sys.executable}' -m experiments assumptions | head -1"
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        ["bash", "-c", command], capture_output=True, text=True, cwd=tmp_path, env=environment, check=True
    )
    assert done.stdout.count("\n") == 1
    assert done.stderr == ""
