"""The backup-interval sweep, tiny: a tidy table, the same for any number of workers, and charts of it."""

import csv
import math
from pathlib import Path
from typing import Any

import pytest

from experiments import backup_interval, backup_interval_charts
from experiments.backup_interval_charts import panels
from experiments.backup_interval_table import Row

TINY: dict[str, Any] = {
    "INTERVALS_S": (10, 20),
    "WRITES_PER_S": (5, 80),
    "WARMUP_S": 20,
    "OBSERVED_S": 20,
    "REPLICATIONS": 2,
    "DISK": "32 MiB",
}


@pytest.fixture
def tiny(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in TINY.items():
        monkeypatch.setattr(backup_interval, name, value)


@pytest.fixture(scope="module")
def table() -> list[Row]:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in TINY.items():
            patch.setattr(backup_interval, name, value)
        return backup_interval.sweep(workers=1, replications=2)


def of(table: list[Row], arm: str, writes: int, interval: int = 0) -> list[Row]:
    return [row for row in table if (row.arm, row.writes_per_s, row.interval_s) == (arm, writes, interval)]


def test_a_row_for_every_run_in_order(table: list[Row]) -> None:
    keys = [(row.writes_per_s, row.arm, row.interval_s, row.replicate) for row in table]
    arms = [("none", 0), ("vadp", 10), ("vadp", 20), ("vaio", 0)]
    assert keys == [(writes, *arm, replicate) for writes in (5, 80) for arm in arms for replicate in (0, 1)]


def test_all_arms_have_the_same_guest_io(table: list[Row]) -> None:
    for replicate in (0, 1):
        assert len({row.guest_ios for row in table if (row.writes_per_s, row.replicate) == (80, replicate)}) <= 2
    assert {round(row.written_mb_per_s / row.writes_per_s * 1e6 / 32768, 0) for row in table} == {1.0}


def test_what_the_rows_say(table: list[Row]) -> None:
    for none in of(table, "none", 5):
        assert none.stuns == 0
        assert math.isnan(none.age_mean_s)
    for often, seldom in zip(of(table, "vadp", 5, 10), of(table, "vadp", 5, 20), strict=True):
        assert often.stuns > seldom.stuns > 0
        assert often.age_mean_s < seldom.age_mean_s < seldom.age_highest_s
        assert often.stun_shortest_ms <= often.stun_median_ms <= often.stun_longest_ms
    fits, does_not = of(table, "vaio", 5)[0], of(table, "vaio", 80)[0]
    assert fits.stuns == does_not.stuns == 0
    assert fits.age_mean_s < 5 < does_not.age_mean_s, "the link carries 2.4 MB/s, 80 writes/s are 2.6"


@pytest.mark.usefixtures("tiny")
def test_the_table_does_not_depend_on_the_workers(table: list[Row]) -> None:
    plan = backup_interval.tasks(1, "simpy")[:5]  # the table was made by the other engine
    alone = [backup_interval.row(task) for task in plan]
    shared = backup_interval.run_all(plan, backup_interval.row, 2)
    assert repr(shared) == repr(alone) == repr([row for row in table if row.replicate == 0][:5])


@pytest.mark.usefixtures("tiny")
def test_the_script_writes_table_and_charts(
    tmp_path: Path, table: list[Row], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(backup_interval, "sweep", lambda workers, engine: table)
    for folder in ("one", "two"):
        assert backup_interval.main(["--out", str(tmp_path / folder), "--workers", "1"]) == 0
    assert "three charts" in capsys.readouterr().out
    names = sorted(path.name for path in (tmp_path / "one").iterdir())
    charts = [f"backup-interval-{name}.{kind}" for name in ("age", "latency", "stuns") for kind in ("png", "svg")]
    assert names == [*charts, "runs.csv"]
    for name in names:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()
    with (tmp_path / "one" / "runs.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [row["interval_s"] for row in rows[:6:2]] == ["", "10", "20"]
    assert rows[0]["age_mean_s"] == ""
    assert float(rows[2]["latency_p99_ms"]) == table[2].latency_p99_ms


def test_a_panel_averages_its_replications(table: list[Row]) -> None:
    found = panels(table, ("vadp", "vaio"))
    assert [column.label for column in found[5]] == ["VADP\n10 s", "VADP\n20 s", "VAIO"]
    rows = of(table, "vadp", 80, 10)
    mean = found[80][0].over("age_mean_s", 1e3)
    assert mean.mean == pytest.approx(500 * sum(row.age_mean_s for row in rows))
    assert mean.n == 2


def test_a_single_replication_is_drawn_without_whiskers(table: list[Row], tmp_path: Path) -> None:
    backup_interval_charts.draw_all([row for row in table if row.replicate == 0], tmp_path)
    assert len(list(tmp_path.iterdir())) == 6
