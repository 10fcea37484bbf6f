"""The engine: chosen, announced, without a trace in the result, and stopped by Ctrl-C."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import experiments.both
from experiments import engines
from experiments.cli import main
from experiments.compare import Task
from experiments.errors import InputError
from experiments.identity import ROOT
from experiments.scenario import Overrides, build, load
from models.result import RunResult
from models.run import SimulationError, simulate

SHORT = """
name = "short"
compressed = true
run = { duration = "2 s", warmup = "200 ms", interval = "500 ms", replications = 1, engine = "simpy" }
snapshots = { api = "10 ms" }
protection.vadp.job = { vms = ["db"], first = "300 ms", interval = "1 s", disk_open = "10 ms" }
protection.vaio.copy = { vms = ["db"], link = "200 kB/s", buffer = "64 KiB", checkpoint = "500 ms" }
[[vm.db.disk]]
size = "16 MiB"
[[vm.db.workload]]
rate = "100 iops"
"""
LONG = """
name = "long"
run = { duration = "10 h", interval = "1 h", replications = 1, engine = "compiled" }
[[vm.a.disk]]
size = "1 GiB"
[[vm.a.workload]]
kind = "closed"
think = "0 s"
"""
TOLD = """
import sys
from models.compiled import engine
def told(self, why, serve=engine.Engine._serve):
    print(why, flush=True)
    serve(self, why)
engine.Engine._serve = told
from experiments.__main__ import start
sys.exit(start())
"""
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs `compare short.toml` with these options, in this process: (exit code, standard output, standard error)."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "short.toml").write_text(SHORT)

    def call(*options: str) -> tuple[int, str, str]:
        code = main(["compare", "short.toml", "--no-report", "--workers", "1", *options])
        return code, *capsys.readouterr()

    return call


@pytest.fixture
def no_numba(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setitem(sys.modules, "numba", None)
    engines._say.cache_clear()
    yield
    engines._say.cache_clear()


class Fake:
    """A compiled function that takes no time; kept once it is compiled."""

    kept = False

    def is_kept(self) -> bool:
        return self.kept

    def ready(self) -> None:
        self.kept = True


@pytest.fixture
def fresh(monkeypatch: pytest.MonkeyPatch) -> Iterator[Fake]:
    """Nothing is compiled yet, and what a test does to the folder is undone."""
    pytest.importorskip("numba")
    from models.compiled import conductor
    from sim import compiling

    monkeypatch.setattr(conductor, "advance", Fake())
    caches: list[Any] = [compiling.folder, engines._temporary_folder, engines._say]
    monkeypatch.setenv(compiling.OVERRIDE, os.environ.get(compiling.OVERRIDE, ""))
    for one in caches:
        one.cache_clear()
    yield conductor.advance  # type: ignore[misc]
    for one in caches:
        one.cache_clear()


def contents(folder: Path) -> dict[str, bytes]:
    """The files of the one result in the folder; run.json is taken out."""
    (result,) = folder.iterdir()
    files = {f"{result.name}/{path.relative_to(result)}": path for path in result.rglob("*") if path.is_file()}
    return {name: path.read_bytes() for name, path in files.items() if path.name != "run.json"}


def run_json(folder: Path) -> dict[str, Any]:
    (path,) = folder.glob("*/run.json")
    return json.loads(path.read_text())  # type: ignore[no-any-return]


def test_the_same_scenario_gives_the_same_bytes_with_either_engine(run: Run, tmp_path: Path) -> None:
    pytest.importorskip("numba")
    for engine, options in (("simpy", ()), ("compiled", ("--engine", "compiled")), ("both", ("--engine", "both"))):
        code, _, err = run("--out", engine, *options)
        assert (code, run_json(tmp_path / engine)["engine"]) == (0, engine)
        assert ("both engines gave the same result in each of 3 runs" in err) == (engine == "both")
    files = contents(tmp_path / "simpy")
    assert len(files) > 10
    assert contents(tmp_path / "compiled") == contents(tmp_path / "both") == files
    assert not any(b"compiled" in content for name, content in files.items() if name.endswith("manifest.json"))
    assert set(run_json(tmp_path / "both")["engine_seconds"]) == {"simpy", "compiled"}


def test_the_scenario_names_an_engine_which_is_no_part_of_what_it_describes(tmp_path: Path) -> None:
    path = tmp_path / "a.toml"
    loaded = []
    for line in ('engine = "simpy"', 'engine = "compiled"', ""):
        path.write_text(SHORT.replace(', engine = "simpy"', f", {line}" if line else ""))
        loaded.append(load(path))
    assert [one.engine for one in loaded] == ["simpy", "compiled", "compiled"]
    assert loaded[0].scenario == loaded[1].scenario == loaded[2].scenario
    path.write_text(SHORT.replace('"simpy"', '"simpi"'))
    with pytest.raises(InputError, match=r'is none of "compiled", "simpy".*did you mean "simpy"'):
        load(path)


def test_an_engine_that_does_not_exist_is_the_users_mistake(run: Run) -> None:
    code, out, err = run("--engine", "simpi")
    assert (code, out) == (2, "")
    assert "--engine" in err


@pytest.mark.usefixtures("no_numba")
def test_without_numba_the_readable_path_runs_and_says_so_once(run: Run, tmp_path: Path) -> None:
    code, out, err = run("--engine", "compiled", "--json", "--out", "here")
    assert code == 0
    json.loads(out)
    (notice,) = err.splitlines()
    assert notice.startswith("notice: the fast path needs Numba")
    assert "pip install" in notice
    assert run_json(tmp_path / "here")["engine"] == "simpy"
    code, _, err = run("--engine", "compiled", "--json", "--force", "--out", "here")
    assert (code, err) == (0, "")
    code, _, err = run("--engine", "both", "--force", "--out", "here")
    assert code == 2, "what was asked for cannot be done"
    assert "--engine: both needs Numba" in err


def test_the_first_use_is_announced_and_no_other(fresh: Fake, capsys: pytest.CaptureFixture[str]) -> None:
    assert engines.ready("simpy") == "simpy"
    assert capsys.readouterr() == ("", "")
    assert engines.ready("compiled") == "compiled"
    out, err = capsys.readouterr()
    assert out == ""
    before, after = err.splitlines()
    assert before == "compiling the fast path, once for this version: about 20 s ..."
    assert after == "compiled in 0 s"
    assert engines.ready("both") == "both"
    assert capsys.readouterr() == ("", "")


def test_where_nothing_can_be_kept_it_is_compiled_once_a_command(
    fresh: Fake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("STUNLAB_CACHE", str(tmp_path / "file" / "cache"))
    assert engines.ready("compiled") == "compiled"
    before, _ = capsys.readouterr().err.splitlines()
    assert "for this command only" in before
    assert "STUNLAB_CACHE" in before
    folder = Path(os.environ["STUNLAB_CACHE"])
    assert list(folder.iterdir()), "workers look here"
    temporary = engines._temporary_folder()
    assert temporary is not None
    temporary.cleanup()
    assert not folder.exists()


def test_without_even_a_temporary_folder_the_readable_path_runs(
    fresh: Fake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def failing(prefix: str) -> None:
        raise FileNotFoundError("No usable temporary directory found")

    monkeypatch.setattr(engines, "TemporaryDirectory", failing)
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("STUNLAB_CACHE", str(tmp_path / "file" / "cache"))
    assert [engines.ready("compiled") for _ in range(2)] == ["simpy", "simpy"]
    (notice,) = capsys.readouterr().err.splitlines()
    assert "the readable path runs instead" in notice
    assert engines.ready("both") == "both"
    assert not fresh.kept


def test_a_difference_between_the_engines_ends_with_exit_code_1(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def wrong(spec: Any, arm: Any, replicate: int, engine: str) -> RunResult:
        result = simulate(spec, arm, replicate, "simpy")
        if engine == "simpy" or arm != "vadp":
            return result
        return replace(result, stuns=(result.stuns[0]._replace(drain_ns=5), *result.stuns[1:]))

    monkeypatch.setattr(experiments.both, "simulate", wrong)
    monkeypatch.setattr("models.compiled.conductor.advance", Fake())
    code, out, err = run("--engine", "both")
    assert (code, out) == (1, "")
    assert "arm 'vadp', replicate 0: the engines differ: table stuns, row 0 (start_ns " in err
    assert "drain_ns is " in err
    assert "(simpy) and 5 (compiled)" in err


def test_a_run_that_fails_in_one_engine_only_is_a_difference(monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(spec: Any, arm: Any, replicate: int, engine: str) -> RunResult:
        raise SimulationError(message if engine == "compiled" else "full")

    monkeypatch.setattr(experiments.both, "simulate", failing)
    monkeypatch.setattr("models.compiled.conductor.advance", Fake())
    task = Task(build({"name": "a", "vm": {"a": {"disk": [{"size": "1 MiB"}]}}}), "none", 0, "simpy")
    message = "full"
    with pytest.raises(SimulationError, match=r"^full$"):
        experiments.both.run_both(task)
    message = "fuller"
    with pytest.raises(SimulationError, match=r"differ.*\n  simpy: full\n  compiled: fuller"):
        experiments.both.run_both(task)


def test_an_override_leaves_the_scenarios_engine(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text(SHORT)
    assert load(tmp_path / "a.toml", Overrides(seed=3)).engine == "simpy"


@pytest.mark.slow
def test_ctrl_c_stops_compiled_code(tmp_path: Path) -> None:
    pytest.importorskip("numba")
    (tmp_path / "long.toml").write_text(LONG)
    process = subprocess.Popen(
        [sys.executable, "-c", TOLD, "run", "long.toml", "--workers", "1"],
        cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(ROOT)}, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        text=True, preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )  # fmt: skip
    begun = 0
    with process:
        assert process.stdout is not None
        for _ in process.stdout:
            begun += 1
            if begun > 50:  # the loop has come back so often, for draws or because its budget was spent
                break
        began = time.monotonic()
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
        took = time.monotonic() - began
    print(f"stopped after {took:.3f} s")
    assert process.returncode == 130, err
    assert "interrupted: nothing was written" in err
    assert took < 5
    assert [path.name for path in tmp_path.iterdir()] == ["long.toml"]
