"""`stunlab sweep`: the same folder whoever made it and however often it was stopped; one run of it alone."""

import csv
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from house_rules import ROOT
from sweep_files import GOOD, SCENARIO, loaded

from experiments.cli import main
from experiments.explain.stored import read_result
from experiments.study.summary import read
from experiments.study.work import Run, do

SHORT = GOOD.split("[axis.vms]")[0] + "[replication]\ncount = 2\n"
ONE = "interval=3 s"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    (tmp_path / "base.toml").write_text(SCENARIO)
    path = tmp_path / "sweep.toml"
    path.write_text(SHORT)
    return path


def sweep(file: Path, out: Path, *more: str) -> Path:
    """The result folder of the sweep."""
    assert main(["sweep", str(file), "--out", str(out), "--no-report", *more]) == 0
    (folder,) = (path for path in out.iterdir() if path.is_dir())
    return folder


def content(folder: Path) -> dict[str, bytes]:
    files = (path for path in sorted(folder.rglob("*")) if path.is_file() and path.name != "run.json")
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as opened:
        return list(csv.DictReader(opened))


def test_a_mistake_ends_before_anything_is_made(file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file.write_text(SHORT.replace("4 s", "4 parsec"))
    assert main(["sweep", str(file), "--out", str(tmp_path / "out")]) == 2
    assert 'axis.interval.values[1]: "4 parsec" for ' in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_the_schema_of_each_kind_of_file_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    for arguments, key in (([], "vm"), (["sweep"], "axis"), (["plan"], "objective")):
        assert main(["schema", *arguments]) == 0
        assert key in json.loads(capsys.readouterr().out)["properties"]


def test_an_unknown_run_is_told_what_there_is(file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name, said in (
        ("interval=3s/vadp/0", f'is no point of the sweep; it has for example "{ONE}"'),
        (f"{ONE}/vaio/0", '"vaio" is no arm of the sweep, which has none, vadp'),
        (f"{ONE}/vadp/x", '"x" is no replicate'),
        (ONE, f'a run is named POINT/ARM/REPLICATE, as in "{ONE}/none/0"'),
    ):
        assert main(["sweep", str(file), "--out", str(tmp_path / "out"), "--only", name]) == 2
        assert said in capsys.readouterr().err


@pytest.mark.slow
def test_one_run_alone_has_the_sweep_s_numbers_and_can_be_explained(
    file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = sweep(file, tmp_path / "out", "--only", f"{ONE}/vadp/1", "--workers", "1")
    planned = loaded(tmp_path, SHORT)
    summary = read(do(Run(ONE, planned.scenarios[0], "vadp", 1, planned.engine)))
    found = {
        (row["metric"], row["group"]): row["mean"] for row in rows(folder / "tables" / "metrics.csv") if row["mean"]
    }
    assert len(found) > 30
    assert all(float(mean) == summary.value(*key) for key, mean in found.items())
    assert {row["replicate"] for row in rows(folder / "tables" / "replicates.csv")} == {"1"}
    assert read_result(folder).manifest["first"] == 1
    capsys.readouterr()
    assert main(["explain", str(folder), "--slowest", "1"]) == 0
    assert "replicate 1" in capsys.readouterr().out


@pytest.mark.slow
def test_the_folder_is_the_same_whoever_made_it(file: Path, tmp_path: Path) -> None:
    first = sweep(file, tmp_path / "one", "--workers", "1")
    expected = content(first)
    assert set(expected) == {
        "manifest.json", *(f"tables/{name}.csv" for name in ("table", "differences", "runs", "points", "failures")),
    }  # fmt: skip
    for number, more in enumerate((["--workers", "8"], ["--workers", "2", "--engine", "simpy"])):
        assert content(sweep(file, tmp_path / f"more{number}", *more)) == expected
    command = [sys.executable, "-m", "experiments", "sweep", str(file), "--out", str(tmp_path / "seeded"), "--json",
               "--no-report", "--workers", "2"]  # fmt: skip
    run = subprocess.run(command, cwd=ROOT, env=os.environ | {"PYTHONHASHSEED": "1"}, stdout=subprocess.PIPE)
    assert content(Path(json.loads(run.stdout)["folder"])) == expected


@pytest.mark.slow
def test_a_sweep_that_grew_runs_only_what_is_new_and_keeps_its_numbers(file: Path, tmp_path: Path) -> None:
    store = tmp_path / "runs.sqlite"
    few = rows(sweep(file, tmp_path / "few", "--store", str(store)) / "tables" / "runs.csv")
    file.write_text(SHORT.replace("count = 2", "count = 3").replace('"4 s"]', '"4 s", "5 s"]'))
    grown = sweep(file, tmp_path / "grown", "--store", str(store))
    many = rows(grown / "tables" / "runs.csv")
    assert [row for row in many if row["level_interval"] != "5 s" and row["replicate"] != "2"] == few
    assert len(many) == len(few) * 9 // 4
    fresh = sweep(file, tmp_path / "fresh")
    assert content(fresh) == content(grown)


@pytest.mark.slow
def test_tables_come_as_parquet_too(file: Path, tmp_path: Path) -> None:
    duckdb = pytest.importorskip("duckdb")
    folder = sweep(file, tmp_path / "out", "--parquet")
    for table in ("table", "differences", "runs", "points"):
        ((count,),) = duckdb.sql(f"SELECT count(*) FROM '{folder}/tables/{table}.parquet'").fetchall()
        assert count == len(rows(folder / "tables" / f"{table}.csv")) > 0
