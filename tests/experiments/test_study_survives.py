"""A study that is killed, interrupted, robbed of its disk, or done by two at once: nothing lost, nothing done twice."""

import os
import signal
import sqlite3
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
COUNT = 24


class Study:
    """Where a study under test keeps its things."""

    def __init__(self, folder: Path) -> None:
        self.store, self.marks = folder / "runs.sqlite", folder / "marks"
        self.marks.mkdir()

    def start(self, workers: int = 2, hash_seed: int = 0, count: int = COUNT, *more: str) -> subprocess.Popen[str]:
        environment = {
            **os.environ,
            "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'tests'}",
            "PYTHONHASHSEED": str(hash_seed),
        }
        options = ["--store", str(self.store), "--marks", str(self.marks), "--count", str(count)]
        command = [
            sys.executable,
            str(ROOT / "tests" / "study_command.py"),
            "study",
            *options,
            "--workers",
            str(workers),
        ]
        return subprocess.Popen(
            [*command, *more],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=environment,
            start_new_session=True,
        )

    def kept(self) -> set[str]:
        with sqlite3.connect(self.store) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            return {key for (key,) in connection.execute("SELECT key FROM runs")}

    def begun(self) -> Counter[str]:
        """How often each run was begun."""
        return Counter(path.name.split(".")[0] for path in self.marks.iterdir())


@pytest.fixture
def study(tmp_path: Path) -> Study:
    return Study(tmp_path)


@pytest.fixture(scope="module")
def digest(tmp_path_factory: pytest.TempPathFactory) -> str:
    """What an undisturbed study of one worker prints."""
    out, _ = Study(tmp_path_factory.mktemp("undisturbed")).start(1, hash_seed=3).communicate(timeout=120)
    assert len(out.strip()) == 64
    return str(out)


def wait_until_ready(process: subprocess.Popen[str]) -> None:
    assert process.stderr is not None
    while process.stderr.readline() != "ready\n":
        assert process.poll() is None


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT, signal.SIGTERM])
def test_an_ended_coordinator_keeps_what_was_finished(study: Study, digest: str, number: int) -> None:
    kept: set[str] = set()
    for _ in range(2):
        process = study.start()
        wait_until_ready(process)
        if number == signal.SIGINT:
            os.killpg(process.pid, number)  # as a terminal does: to the workers too
        else:
            process.send_signal(number)
        out, err = process.communicate(timeout=60)
        assert process.returncode == (-9 if number == signal.SIGKILL else 128 + number)
        assert (out, "Traceback" in err) == ("", False)
        now = study.kept()
        assert kept < now
        if number != signal.SIGKILL:
            runs = "1 finished run is" if len(now) == 1 else f"{len(now)} finished runs are"
            assert f"{runs} kept in {study.store}; the same command goes on from there" in err
        kept = now
    done_before = study.begun()
    out, err = study.start(hash_seed=1).communicate(timeout=120)
    assert out == digest
    assert f"study: {len(kept)} runs are kept already" in err
    assert len(study.kept()) == COUNT
    again = sum((study.begun() - done_before).values())
    assert again == COUNT - len(kept), "what was kept is not done again"


@pytest.mark.slow
def test_a_full_disk_keeps_what_was_finished_and_says_how_to_go_on(study: Study, digest: str) -> None:
    process = study.start(2, 0, COUNT, "--limit", "150000")
    out, err = process.communicate(timeout=120)
    assert (process.returncode, out, "Traceback" in err) == (1, "", False)
    assert f"stunlab: {study.store}: a finished run could not be written" in err
    assert "free some of its disk" in err
    kept = study.kept()
    assert 0 < len(kept) < COUNT
    assert f"{len(kept)} finished runs are kept in {study.store}; the same command goes on from there" in err
    assert study.start().communicate(timeout=120)[0] == digest


@pytest.mark.slow
def test_two_coordinators_on_one_store_both_finish(study: Study, digest: str) -> None:
    processes = [study.start(1, hash_seed=seed) for seed in (1, 2)]
    outputs = [process.communicate(timeout=120) for process in processes]
    assert [out for out, _ in outputs] == [digest, digest]
    assert len(study.kept()) == COUNT
    assert len(study.begun()) == COUNT
    most = COUNT + COUNT // 2  # they meet in the middle if both begin together
    assert sum(study.begun().values()) <= most, "what the other one has finished is not done again"


@pytest.mark.slow
def test_real_runs_give_the_same_bytes_for_any_workers_hash_seed_and_resumption(tmp_path: Path) -> None:
    found = []
    for workers in (1, 2, 8):
        folder = tmp_path / str(workers)
        folder.mkdir()
        study = Study(folder)
        for count in (4,) if workers == 1 else (workers // 2, 4):  # the others are ended before they are done
            out, err = study.start(workers, workers, count, "--real").communicate(timeout=250)
            assert "Traceback" not in err
        found.append(out)
    assert len(found[0].strip()) == 64
    assert found == [found[0]] * 3
