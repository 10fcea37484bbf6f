"""A failed run is written so that it can be done again by itself."""

import json
import pickle
from dataclasses import replace
from pathlib import Path

import pytest

from experiments.cli import main
from experiments.errors import InputError
from experiments.scenario import Overrides, load
from experiments.scenario.settings import Setting
from experiments.study import work
from experiments.study.failed import read, remove, write
from experiments.study.runner import Failure, Means, running
from experiments.study.work import Run, key_of

MINIMAL = Path(__file__).parents[2] / "scenarios" / "minimal.toml"


def short(**settings: str) -> Run:
    """A run of a few seconds."""
    chosen = {"run.duration": "5 s", **{key.replace("__", "."): value for key, value in settings.items()}}
    overrides = Overrides(seed=7, settings=tuple(Setting(key, value, "here") for key, value in chosen.items()))
    return Run("size=1", load(MINIMAL, overrides).scenario, "none", 2, "simpy")


def test_a_failed_run_reads_back_as_it_was(tmp_path: Path) -> None:
    run = short()
    path = write(tmp_path / "failed", key_of(run), run, "no reason")
    assert path is not None
    again = read(path, (), "simpy")
    assert (again.name, key_of(again)) == (run.name, key_of(run))
    assert replace(again.scenario, run=run.scenario.run) == run.scenario
    remove(tmp_path / "failed", key_of(run))
    remove(tmp_path / "failed", key_of(run))
    assert list((tmp_path / "failed").iterdir()) == []


def test_where_nothing_can_be_written_the_failure_is_reported_all_the_same(tmp_path: Path) -> None:
    (tmp_path / "failed").write_text("in the way")
    homeless = replace(short().scenario, datastores=())
    with running(Means(tmp_path / "runs.sqlite", 1, quiet=True), "test") as run:
        (failure,) = run([Run("p", homeless, "none", 0, "simpy")])
    assert isinstance(failure, Failure)
    assert failure.scenario is None


class Awkward(Exception):
    """Cannot be unpickled, which would break a pool of processes."""

    def __init__(self, one: str, two: str) -> None:
        super().__init__(f"{one} and {two}")


def test_an_exception_that_cannot_travel_comes_as_one_that_can(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise Awkward("this", "that")

    monkeypatch.setattr(work, "simulate", fail)
    with pytest.raises(work.RunError) as caught:
        work.do_packed(short())
    assert str(pickle.loads(pickle.dumps(caught.value))) == "Awkward: this and that"


def test_a_study_says_where_its_failed_runs_are(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    homeless = replace(short().scenario, datastores=())
    with running(Means(tmp_path / "runs.sqlite", 1), "storms") as run:
        (failure,) = run([Run("p", homeless, "none", 0, "simpy")])
    assert isinstance(failure, Failure)
    assert failure.scenario is not None
    said = capsys.readouterr().err
    assert f"storms: 1 run failed, kept in {failure.scenario.parent}: stunlab rerun FILE does one again, alone" in said


def test_rerun_does_a_failed_run_again(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write(tmp_path, "key", short(), "no reason")
    assert main(["rerun", str(path), "--engine", "simpy"]) == 0
    assert capsys.readouterr().out == (
        "size=1/none/2: finished this time; give its study's command again, which keeps the result\n"
    )


@pytest.mark.parametrize("content", ["[]", "{}", "no JSON", '{"scenario": {"vms": 3}, "traces": {}, "point": ""}'])
def test_a_file_that_holds_no_failed_run_is_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "x.json"
    path.write_text(content)
    with pytest.raises(InputError, match=r"x\.json: is no failed run that this version can repeat"):
        read(path, (), "simpy")


@pytest.mark.parametrize("changed", [{"arm": "vadpp"}, {"replicate": -1}, {"seed": "x"}])
def test_a_failed_run_that_was_edited_is_refused(tmp_path: Path, changed: dict[str, object]) -> None:
    path = write(tmp_path, "key", short(), "no reason")
    assert path is not None
    path.write_text(json.dumps({**json.loads(path.read_text()), **changed}))
    with pytest.raises(InputError, match="is no failed run that this version can repeat"):
        read(path, (), "simpy")


def test_a_missing_file_and_missing_recorded_io_are_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rerun", str(tmp_path / "no.json")]) == 2
    assert "no.json: cannot be read (No such file or directory)" in capsys.readouterr().err
    path = write(tmp_path, "key", short(), "no reason")
    assert path is not None
    content = json.loads(path.read_text())
    path.write_text(json.dumps({**content, "traces": {"app/main": "digest"}}))
    assert main(["rerun", str(path)]) == 2
    assert "name its file with --trace FILE" in capsys.readouterr().err
