"""The chart of a night of backups: what it takes from job rows, and that it can be drawn with all that may be in it."""

from dataclasses import replace
from pathlib import Path

from fake_scenario import fake_scenario
from fakes import fake_result

from experiments.charts import night
from experiments.charts.paper import Identity, save, style
from experiments.compare import Comparison, summarise
from models.jobs import Control
from models.result import ControlRow, RunResult

MS, S = 10**6, 10**9


def compared(run: RunResult, control: Control | None = None) -> Comparison:
    scenario = fake_scenario(("vadp",), 1)
    return summarise(replace(scenario, control=control or scenario.control), [run])


def test_a_lane_has_the_phases_of_its_backups_and_a_cross_for_each_that_failed() -> None:
    run = fake_result("vadp", 0)
    row = run.jobs[0]._replace(scheduled_ns=run.jobs[0].start_ns - 3 * S)
    failed = row._replace(outcome="failed: why", usable_ns=-1)
    left_out = row._replace(outcome="skipped: why", start_ns=-1, end_ns=-1, scheduled_ns=77 * S)
    shown = night.data(compared(replace(run, jobs=(row, failed, left_out))))
    assert shown is not None
    lane = shown.lanes[0]
    assert (lane.vm, len(lane.bars), len(shown.lanes)) == (row.vm, 10, 1)
    assert lane.bars[:5] == (
        ("waiting", row.scheduled_ns, row.start_ns), ("snapshot and query", row.start_ns, row.read_start_ns),
        ("reading", row.read_start_ns, row.read_end_ns), ("commit", row.read_end_ns, row.merge_start_ns),
        ("merge", row.merge_start_ns, row.merge_end_ns),
    )  # fmt: skip
    assert lane.crosses == (row.end_ns, 77 * S)
    assert "2 without success" in night.describe(shown)


def test_a_backup_under_way_lasts_to_the_runs_end() -> None:
    row = fake_result("vadp", 0).jobs[0]
    reading = row._replace(read_end_ns=-1, usable_ns=-1, merge_start_ns=-1, merge_end_ns=-1, end_ns=-1)
    assert night.bars(reading, 999 * S)[-1] == ("reading", row.read_start_ns, 999 * S)
    assert night.bars(row._replace(start_ns=-1), 999 * S) == []
    rolled_back = reading._replace(read_start_ns=-1, end_ns=row.start_ns + S)
    assert night.bars(rolled_back, 999 * S)[-1] == ("snapshot and query", row.start_ns, row.start_ns + S)


def test_without_a_backup_there_is_no_night() -> None:
    assert night.data(compared(replace(fake_result("vadp", 0), jobs=()))) is None


def test_bytes_carried_are_those_of_the_jobs_own_links() -> None:
    run = fake_result("vadp", 0)
    shown = night.data(compared(run))
    assert shown is not None
    carried = [row.bytes for row in run.flows if row.link == "nightly NBD"]
    assert [rate * run.interval_ns / 1e9 for rate in shown.rates["nightly"]] == carried
    assert sum(carried) > 0


def test_what_latency_control_measured_is_drawn_below(tmp_path: Path) -> None:
    rows = tuple(ControlRow(t * S, "gold", 25 * MS, t % 2 == 0, 2, 1) for t in range(1, 9))
    control = Control(0, 0, 20 * MS, 30 * MS, S)
    shown = night.data(compared(replace(fake_result("vadp", 0), control=rows), control))
    assert shown is not None
    assert "highest latency measured 25 ms" in night.describe(shown)
    with style():
        figure = night.draw(shown, Identity("x", "y", 1, 1, compressed=False))
        assert len(figure.axes) == 3
        save(figure, tmp_path, "night")
    assert (tmp_path / "night.png").stat().st_size > 10_000
