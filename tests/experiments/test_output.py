"""The result folder: complete or not there, same bytes each time, never replaced by accident."""

import csv
import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from fakes import fake_result, fake_scenario

from experiments.compare import Comparison, summarise
from experiments.errors import InputError
from experiments.identity import ROOT
from experiments.output import Execution, check_free, folder_of, write_result
from experiments.tables import TABLES

EXECUTION = Execution("simpy", 2, 1.5, "2026-11-23T12:00:00+00:00", "stunlab demo")


@pytest.fixture(scope="module")
def compared() -> Comparison:
    return summarise(fake_scenario(("vadp",), 1), [fake_result("vadp", 0)])


def draw(comparison: Comparison, folder: Path) -> None:
    (folder / "report.html").write_text(f"<p>{comparison.hash}", encoding="utf-8")


def files(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_the_manifest_lists_every_file_with_its_digest(compared: Comparison, tmp_path: Path) -> None:
    folder = write_result(compared, EXECUTION, tmp_path / "deep" / "results", False, draw)
    assert folder.name == f"demo-{compared.hash}"
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    written = files(folder)
    assert set(written) == set(manifest["files"]) | {"manifest.json", "run.json"}
    assert {f"tables/{name}.csv" for name in TABLES} | {"report.html"} == set(manifest["files"])
    for name, digest in manifest["files"].items():
        assert hashlib.sha256(written[name]).hexdigest() == digest
    assert manifest["result"] == compared.hash
    assert [path.name for path in folder.parent.iterdir()] == [folder.name]  # nothing else is left


def test_all_but_run_json_has_the_same_bytes_each_time(compared: Comparison, tmp_path: Path) -> None:
    first = files(write_result(compared, EXECUTION, tmp_path / "a", False, draw))
    later = Execution("compiled", 1, 99.0, "2027-01-01T00:00:00+00:00", "other")
    second = files(write_result(compared, later, tmp_path / "b", False, draw))
    assert first.pop("run.json") != second.pop("run.json")
    assert first == second
    for name, content in first.items():
        assert str(tmp_path).encode() not in content, name


def test_run_json_says_how_it_was_run(compared: Comparison, tmp_path: Path) -> None:
    folder = write_result(compared, EXECUTION, tmp_path, False)
    run = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    assert (run["engine"], run["workers"], run["command"]) == ("simpy", 2, "stunlab demo")
    assert run["events"] == sum(runs[0].events for runs in compared.results.values())


def test_tables_can_be_read_back(compared: Comparison, tmp_path: Path) -> None:
    folder = write_result(compared, EXECUTION, tmp_path, False)
    with (folder / "tables" / "stuns.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [int(row["duration_ns"]) for row in rows] == [row.duration_ns for row in compared.results["vadp"][0].stuns]


def test_an_existing_result_is_kept_unless_forced(compared: Comparison, tmp_path: Path) -> None:
    folder = write_result(compared, EXECUTION, tmp_path, False)
    (folder / "note.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(InputError, match=r"exists already.*--force"):
        write_result(compared, EXECUTION, tmp_path, False)
    assert (folder / "note.txt").read_text(encoding="utf-8") == "mine"
    write_result(compared, EXECUTION, tmp_path, True)
    assert not (folder / "note.txt").exists()
    assert [path.name for path in tmp_path.iterdir()] == [folder.name]


def test_force_does_not_replace_a_folder_that_is_no_result(compared: Comparison, tmp_path: Path) -> None:
    folder = folder_of("demo", compared.hash, tmp_path)
    folder.mkdir()
    (folder / "thesis.txt").write_text("years of work", encoding="utf-8")
    with pytest.raises(InputError, match="no result folder"):
        write_result(compared, EXECUTION, tmp_path, True)
    assert (folder / "thesis.txt").exists()


@pytest.mark.parametrize("error", [KeyboardInterrupt, RuntimeError("a chart failed"), OSError(28, "No space left")])
def test_an_error_while_writing_leaves_nothing_and_keeps_the_old(
    compared: Comparison, tmp_path: Path, error: BaseException | type[BaseException]
) -> None:
    def failing(comparison: Comparison, folder: Path) -> None:
        (folder / "report.html").write_text("half", encoding="utf-8")
        raise error

    kind = error if isinstance(error, type) else type(error)
    with pytest.raises(kind):
        write_result(compared, EXECUTION, tmp_path, False, failing)
    assert list(tmp_path.iterdir()) == []
    before = files(write_result(compared, EXECUTION, tmp_path, False, draw))
    with pytest.raises(kind):
        write_result(compared, EXECUTION, tmp_path, True, failing)
    assert files(folder_of("demo", compared.hash, tmp_path)) == before
    assert len(list(tmp_path.iterdir())) == 1


@pytest.mark.parametrize(
    ("name", "expected"),
    [("a b/../c", "a-b-..-c-x"), ("../..", "scenario-x"), (".hidden", "hidden-x"), ("Ölfass", "Ölfass-x")],
)
def test_a_name_cannot_leave_the_folder(name: str, expected: str, tmp_path: Path) -> None:
    assert folder_of(name, "x", tmp_path) == tmp_path / expected


def test_a_file_where_a_folder_should_be_is_the_users_mistake(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(InputError, match="is not a folder"):
        check_free(tmp_path / "file" / "demo-x", force=True)


def test_links_are_neither_followed_nor_replaced(tmp_path: Path) -> None:
    (tmp_path / "out").symlink_to(tmp_path / "nowhere")
    with pytest.raises(InputError, match="is not a folder"):
        check_free(tmp_path / "out" / "demo-x", force=True)
    (tmp_path / "result").mkdir()
    (tmp_path / "result" / "manifest.json").write_text("{}", encoding="utf-8")
    (tmp_path / "demo-x").symlink_to(tmp_path / "result")
    with pytest.raises(InputError, match="is a link"):
        check_free(tmp_path / "demo-x", force=True)


HANG = """
import sys, time
from pathlib import Path
from fakes import fake_result, fake_scenario
from experiments.compare import summarise
from experiments.output import Execution, write_result

def hang(comparison, folder):
    print("drawing", flush=True)
    time.sleep(60)

comparison = summarise(fake_scenario(("none",), 1), [fake_result("none", 0)])
write_result(comparison, Execution("simpy", 1, 0.0, "", ""), Path(sys.argv[1]), False, hang)
"""


def test_what_a_killed_run_left_is_removed_by_the_next_but_a_living_one_is_not(
    compared: Comparison, tmp_path: Path
) -> None:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join((str(ROOT), str(ROOT / "tests")))}
    process = subprocess.Popen(
        [sys.executable, "-c", HANG, str(tmp_path)], env=environment, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "drawing\n"
    (living,) = tmp_path.iterdir()
    assert living.name.startswith(".")
    folder = write_result(compared, EXECUTION, tmp_path, False)
    assert living.exists()  # its process is at work
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=20)
    time.sleep(0.05)
    assert living.exists()
    write_result(compared, EXECUTION, tmp_path, True)
    assert list(tmp_path.iterdir()) == [folder]
