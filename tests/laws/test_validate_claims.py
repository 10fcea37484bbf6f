"""The claims of validate themselves: a quick part in every test run, all of them in the slow one."""

import os
from pathlib import Path

import pytest

import experiments.validate as validate
from experiments.validate import copiers, cow, laws, layers, qemu
from experiments.validate.row import Row

QUICK = (
    ("sharing", "table", (1200,)), ("sharing", "phases", ()), ("sharing", "scaled", ()), ("sharing", "limits", ()),
    ("growth", "incremental", ()), ("stuns", "published_stuns", ()), ("stuns", "drain", ()),
    ("merges", "merge_rates", ()), ("backups", "age", ()), ("backups", "nbd", ()), ("replication", "overflow", ()),
    ("replication", "in_order", ()), ("synchronous", "latency", ()), ("synchronous", "cut", ()),
    ("synchronous", "probing", ()), ("cores", "saturation", ()), ("counters", "mixed_commands", ()),
    ("sharing", "pulls", ()), ("throttling", "dsnro", ()), ("throttling", "queue_full", ()),
    ("arrays", "burst_credits", ()), ("sioc", "unequal", ()),
)  # fmt: skip


def failed(rows: list[Row]) -> list[str]:
    """Claims that do not hold, with their numbers."""
    return [f"{row.claim}: {row.simulated} for {row.expected}" for row in rows if row.verdict == "fail"]


@pytest.mark.parametrize(("module", "function", "arguments"), QUICK)
def test_claims_hold(module: str, function: str, arguments: tuple[object, ...]) -> None:
    rows = validate.run(validate.Task("quick", module, function, arguments))
    assert rows
    assert not failed(rows)


@pytest.mark.slow
def test_all_claims_hold() -> None:
    rows = [row for _, found in validate.rows(None) for row in found]
    assert not failed(rows)
    assert sum(row.verdict == "pass" and row.kind == "predicted" for row in rows) >= 60


def data_directory() -> Path:
    """The folder of measured data; skips where there is none."""
    beside = Path(__file__).parents[3] / "shared" / "data"
    found = Path(os.environ.get("STUNLAB_DATA", beside))
    if not laws.present(found):
        pytest.skip(f"no measured data at {found}: set STUNLAB_DATA")
    return found


def test_first_touches_are_those_of_a_real_block_layer() -> None:
    rows = cow.first_touches(data_directory())
    assert not failed(rows)
    assert sum(row.verdict == "pass" for row in rows) == 20


def test_closed_loops_are_those_of_a_real_block_layer() -> None:
    rows = qemu.closed_loops(data_directory())
    assert not failed(rows)
    assert sum(row.verdict == "pass" for row in rows) == 72
    undecided = [row.claim for row in rows if "repeats" in row.why and "wider" in row.why and row.unit == "iops"]
    assert len(undecided) <= 8, "the spread of the repeats decides only where a measurement was disturbed"


def test_copiers_are_those_of_a_real_block_layer() -> None:
    rows = copiers.jobs(data_directory())
    assert not failed(rows)
    assert [row.verdict for row in rows].count("pass") == 18
    assert sum(row.unit == "bool" and row.simulated == 0 and row.verdict == "pass" for row in rows) == 2


@pytest.mark.slow
def test_a_copier_of_another_speed_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    """Positive control: a tenth less speed is seen in how long it takes."""
    slower = {job: job._replace(copied=job.copied * 9 // 10) for job in map(copiers.job_of, _jobs())}
    monkeypatch.setattr(copiers, "job_run", lambda job, run=copiers.job_run: run(slower[job]))
    wrong = [row.claim for row in copiers.jobs(data_directory()) if row.verdict == "fail" and "t_ready" in row.claim]
    assert len(wrong) == 4


def _jobs() -> list[laws.Measured]:
    return laws.of_law(data_directory(), "C1.converges")


@pytest.mark.slow
def test_mirrors_and_lookups_are_those_of_a_real_block_layer() -> None:
    rows = [*copiers.mirrors(data_directory()), *layers.lookups(data_directory())]
    assert not failed(rows)
    assert [row.verdict for row in rows].count("pass") == 15
