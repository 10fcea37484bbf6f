"""The claims of validate themselves: a quick part in every test run, all of them in the slow one."""

import os
from pathlib import Path

import pytest

import experiments.validate as validate
from experiments.validate import cow, laws, qemu
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
