"""Charts: their numbers against numbers worked out by hand, then that they get drawn, and drawn the same every time."""

import math
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from fakes import CUTS, MERGE_NS, PROTECTED, READ_NS, S, fake_result, fake_scenario

from experiments.charts import (
    CHARTS,
    changes,
    deltas,
    latency_tail,
    latency_time,
    ledger,
    neighbours,
    numbers,
    paper,
    recovery_point,
    replication,
    slump,
    stun_anatomy,
)
from experiments.charts.chart import identity
from experiments.compare import Comparison, summarise
from experiments.group_view import GroupView
from models.result import HOLDS, LedgerBin, Ramp, RunResult, ledger_causes
from sim.histogram import Histogram, bucket_low, bucket_of

ROOT = Path(__file__).resolve().parents[2]


def compared(
    arms: tuple[str, ...], replications: int, change: Callable[[RunResult], RunResult] = lambda run: run
) -> Comparison:
    runs = [change(fake_result(arm, replicate)) for arm in arms for replicate in range(replications)]
    return summarise(fake_scenario(arms, replications), runs)


@pytest.fixture(scope="module")
def two() -> Comparison:
    return compared(("none", "vadp", "vaio"), 2)


# --- the arithmetic they share ---


def test_a_band_is_students_t_over_replications_and_leaves_out_what_is_undefined() -> None:
    band = numbers.band([[1.0, 5.0, math.nan], [2.0, math.nan, math.nan], [3.0, math.nan, math.nan]])
    half = 4.302653 / math.sqrt(3)  # t of 2 degrees of freedom, standard deviation 1
    assert band.mean[0] == 2.0
    assert band.high[0] - 2.0 == pytest.approx(half, abs=1e-6)
    assert 2.0 - band.low[0] == pytest.approx(half, abs=1e-6)
    assert band.mean[1] == 5.0
    assert math.isnan(band.low[1])
    assert math.isnan(band.mean[2])


def test_the_tail_is_the_exact_share_at_or_above_a_bucket() -> None:
    histogram = Histogram()
    for value, weight in ((10, 90), (20, 9), (200, 1)):
        histogram.add(value, weight)
    assert numbers.tail(histogram, [0, 10, 11, 20, 21, 200, 201]).tolist() == [1, 1, 0.1, 0.1, 0.01, 0.01, 0]
    assert np.isnan(numbers.tail(Histogram(), [1])).all()


def test_a_ladder_spans_both_ends_with_few_steps() -> None:
    steps = numbers.ladder(100, 1000, 50)
    assert steps[0] == 100
    assert steps[-1] >= 1000
    assert len(steps) <= 52


def test_shared_spans_say_how_many_replications_agree() -> None:
    runs = [[(0, 10), (5, 20)], [(10, 30)]]
    assert numbers.shared(runs) == [(0, 10, 0.5), (10, 20, 1.0), (20, 30, 0.5)]
    assert numbers.shared([[], []]) == []
    assert numbers.united([(5, 7), (1, 3), (3, 4), (6, 9), (2, 2)]) == [(1, 4), (5, 9)]
    assert numbers.covered([(1, 4), (5, 9)], 3, 6) == 2


def test_a_phase_that_a_job_never_left_lasts_to_the_end_and_one_it_never_reached_is_none() -> None:
    run = fake_result("vadp", 0)
    stuck = replace(
        run, jobs=(run.jobs[0]._replace(merge_end_ns=-1, end_ns=-1), run.jobs[1]._replace(merge_start_ns=-1))
    )
    assert numbers.job_spans(stuck, "merge") == [(run.jobs[0].merge_start_ns, run.duration_ns)]


# --- what each chart takes from results ---


def test_the_latency_tail_starts_at_all_falls_and_stops_where_few_are_left(two: Comparison) -> None:
    panels = latency_tail.data(two)
    assert panels is not None
    assert [panel.group for panel in panels] == ["sql", "ingest", "vdi"]
    vadp = next(curve for curve in panels[0].curves if curve.arm == "vadp")
    share = vadp.guest.share.mean
    assert share[0] > 0.99
    assert (np.diff(share) <= 1e-12).all()
    ios = sum(GroupView(run, "sql").guest.count for run in two.results["vadp"])
    assert panels[0].ios == ios
    assert share[-1] * ios >= 9
    at = vadp.guest.x_ms[20]
    slower = [GroupView(run, "sql").guest for run in two.results["vadp"]]
    expected = np.mean([sum(n for low, _, n in h.rows() if low >= round(at * 1e6)) / h.count for h in slower])
    assert share[20] == pytest.approx(expected)


@pytest.mark.parametrize(("ios", "drawn"), [(9, ()), (10, ("vdi",))])
def test_a_group_with_fewer_than_ten_ios_has_no_tail(ios: int, drawn: tuple[str, ...]) -> None:
    def change(run: RunResult) -> RunResult:
        few = Histogram()
        few.add(1_000_000, ios)
        left = tuple(replace(vm, guest_read=few, guest_write=Histogram()) for vm in run.vms if vm.vm == "vdi-1")
        return replace(run, vms=left)

    panels = latency_tail.data(compared(("none",), 1, change))
    assert tuple(panel.group for panel in panels or ()) == drawn


def test_the_probe_sees_stuns_that_a_run_without_snapshots_does_not_have(two: Comparison) -> None:
    panels = latency_tail.data(two)
    assert panels is not None
    by_arm = {curve.arm: curve for curve in panels[0].curves}
    assert len(by_arm["none"].probe.x_ms) == 0
    assert by_arm["vadp"].probe.x_ms[-1] > 400


def test_latency_over_time_holds_quantiles_and_gavg_of_each_interval(two: Comparison) -> None:
    picture = latency_time.data(two)
    assert picture is not None
    assert picture.bin_ns == S
    panel = next(p for p in picture.panels if (p.group, p.arm) == ("sql", "vadp"))
    second = CUTS[0] // S
    rows = [[row for row in run.intervals if row.vm == "sql"][second] for run in two.results["vadp"]]
    assert panel.p99.mean[second] == pytest.approx(np.mean([row.latency.quantile(0.99) / 1e6 for row in rows]))
    assert panel.p99.mean[second] > 20 * panel.gavg.mean[second // 5]
    means = []
    for run in two.results["vadp"]:  # esxtop's five seconds, each command counting once
        sample = [row for row in run.intervals if row.vm == "sql" and second // 5 == row.t_ns // (5 * S)]
        total = sum(row.commands * (row.kavg_ns + row.davg_ns) for row in sample)
        means.append(total / sum(row.commands for row in sample) / 1e6)
    assert panel.gavg.mean[second // 5] == pytest.approx(np.mean(means))
    assert len(panel.stuns) >= 9
    assert [round(start / S) for start, _, _ in panel.merges][:1] == [round((CUTS[0] + READ_NS + S) / S)]


def test_long_runs_are_shown_in_coarser_bins() -> None:
    many = compared(("none",), 1)
    run = replace(many.scenario.run, interval_ns=S // 10)
    picture = latency_time.data(replace(many, scenario=replace(many.scenario, run=run)))
    assert picture is not None
    assert picture.bin_ns == S
    assert len(picture.panels[0].p50.mean) == 240


def test_the_bars_of_a_stun_sum_to_its_mean_duration(two: Comparison) -> None:
    bars = stun_anatomy.data(two)
    assert bars is not None
    assert {bar.arm for bar in bars} == {"vadp"}
    bar = next(b for b in bars if (b.group, b.reason) == ("sql", "mirror insert"))
    rows = [r for run in two.results["vadp"] for r in run.stuns if (r.vm, r.reason) == ("sql", "mirror insert")]
    assert bar.stuns == len(rows) == 6
    assert bar.total_ms == pytest.approx(sum(row.duration_ns for row in rows) / 6e6)
    assert bar.longest_ms == max(row.duration_ns for row in rows) / 1e6


def test_failed_stuns_are_left_out_of_the_anatomy() -> None:
    def fail(run: RunResult) -> RunResult:
        return replace(run, stuns=tuple(row._replace(outcome="drain limit") for row in run.stuns))

    assert stun_anatomy.data(compared(("vadp",), 1, fail)) is None


def test_ledger_bars_sum_to_the_mean_latency(two: Comparison) -> None:
    panels = ledger.data(two)
    assert panels is not None
    for panel in panels:
        for bar in panel.mean:
            means = [GroupView(run, panel.group).guest.mean() / 1e6 for run in two.results[bar.arm]]
            assert bar.total_ms == pytest.approx(np.mean(means))
        assert all(slow.total_ms > mean.total_ms for slow, mean in zip(panel.slowest, panel.mean, strict=True))


def test_every_ledger_cause_folds_into_one_that_has_a_colour() -> None:
    assert {ledger.folded(cause) for cause in ledger_causes(("a", "b"), ("b",), HOLDS)} == set(ledger.FOLDED)


def test_the_slowest_in_a_thousand_are_taken_from_the_top() -> None:
    bins = [LedgerBin(5, 1995, (0,)), LedgerBin(7, 3, (0,)), LedgerBin(9, 1, (0,)), LedgerBin(8, 1, (0,))]
    assert [row.bucket for row in ledger.slowest_bins(bins)] == [9, 8]
    assert [row.bucket for row in ledger.slowest_bins(bins[:1])] == [5]


def test_phases_of_the_neighbours_follow_the_jobs() -> None:
    phases = neighbours.phases(fake_result("vadp", 0))
    merge_start = CUTS[0] + READ_NS + S
    assert phases[0] == "quiet"
    assert phases[CUTS[0] + 5 * S] == "backup read"
    assert phases[merge_start + 5 * S] == "merge"
    assert CUTS[0] - S not in phases  # snapshot, not quiet and not yet read
    assert sum(phase == "merge" for phase in phases.values()) >= 3 * MERGE_NS // S


def test_only_unprotected_groups_are_neighbours_and_the_control_pays_nothing(two: Comparison) -> None:
    panels = neighbours.data(two)
    assert panels is not None
    assert [panel.group for panel in panels] == ["vdi"]
    none, vadp, _ = panels[0].dots
    assert none.p99_ms[0].mean == pytest.approx(vadp.p99_ms[0].mean)
    assert vadp.p99_ms[2].mean > none.p99_ms[2].mean
    assert neighbours.data(compared(("none", "vaio"), 1)) is None


def test_the_slump_is_laid_over_at_the_cut_and_leaves_out_the_seconds_of_stuns() -> None:
    def heal(run: RunResult) -> RunResult:
        """A write of sql takes 8 ms and an extra command for ten seconds after each cut, then 3 ms and none."""
        rows = []
        for row in run.intervals:
            fresh = row.vm == "sql" and run.stuns and any(cut <= row.t_ns < cut + 10 * S for cut in CUTS)
            extra, write_ns = (10, 8_000_000) if fresh else (0, 3_000_000)
            rows.append(row._replace(writes=10, write_ns=write_ns, extra_commands=extra))
        return replace(run, intervals=tuple(rows))

    panels = slump.data(compared(("none", "vadp"), 2, heal))
    assert panels is not None
    panel = panels[0]
    assert (panel.group, panel.arm, panel.backups) == ("sql", "vadp", 6)
    none, vadp = panel.lines
    after_cut = slump.LEAD  # the bin that holds the cut
    assert vadp.extra.mean[after_cut - 1 : after_cut + 11].tolist() == [0] + [1] * 10 + [0]
    assert np.isnan(vadp.write_ms.mean[after_cut : after_cut + 2]).all()
    assert vadp.write_ms.mean[after_cut + 2 : after_cut + 11].tolist() == [8] * 8 + [3]
    assert (none.write_ms.mean == 3).all()
    assert slump.slump(panel) == (8, 3, 3, 1, 0)
    assert panel.merge_ns == READ_NS + S


def test_a_polyline_breaks_where_the_age_is_undefined() -> None:
    ramps = (Ramp(10, 20, 3, 1), Ramp(20, 25, 1, 0), Ramp(40, 50, 2, 1))
    line = recovery_point.polyline(ramps)
    assert line[:4].tolist() == [[10, 3], [20, 13], [20, 1], [25, 1]]
    assert np.isnan(line[4]).all()
    assert line[5:].tolist() == [[40, 2], [50, 12]]
    assert recovery_point.gaps(ramps, 0, 60) == ((0, 10), (25, 40), (50, 60))
    assert recovery_point.polyline(()).shape == (0, 2)


def test_very_many_ramps_keep_their_peak() -> None:
    ramps = tuple(Ramp(i * 10, i * 10 + 10, 7 if i == 3333 else 1, 1) for i in range(5000))
    line = recovery_point.polyline(ramps)
    assert len(line) <= recovery_point.MOST_RAMPS
    assert line[:, 1].max() == 17


def test_time_without_a_point_counts_as_older_than_anything(two: Comparison) -> None:
    picture = recovery_point.data(two)
    assert picture is not None
    assert [panel.group for panel in picture.panels] == list(PROTECTED)
    vadp, vaio = picture.panels[0].lines
    undefined = CUTS[0] + READ_NS + S
    assert vadp.undefined == ((0, undefined),)
    assert vadp.older.mean[0] == pytest.approx(1)
    assert vadp.older.mean[-1] == pytest.approx(undefined / (240 * S), abs=1e-9)
    assert vadp.worst_ns == 80 * S + READ_NS + S
    low = int(np.searchsorted(picture.panels[0].x_ns, 20 * S))
    assert vadp.older.mean[low] == pytest.approx(1)
    assert vaio.older.mean[low] < 0.2


def test_replication_curves_are_rates_and_backlog(two: Comparison) -> None:
    columns = replication.data(two)
    assert columns is not None
    (column,) = columns
    assert column.wan.mean[1:].tolist() == [3e6] * 239
    assert column.backlog.mean.max() == 64e6
    run = two.results["vaio"][0]
    first = sum(row.bytes_written for row in run.intervals if row.t_ns == 0 and row.vm in PROTECTED)
    second = sum(row.bytes_written for row in two.results["vaio"][1].intervals if row.t_ns == 0 and row.vm in PROTECTED)
    assert column.guest.mean[0] == (first + second) / 2
    assert replication.seconds_by_mode(column) == {"in order": 205, "overflow": 10, "resync": 25}


def test_deltas_are_summed_over_a_groups_disks_in_arms_that_have_them(two: Comparison) -> None:
    picture = deltas.data(two)
    assert picture is not None
    assert picture.arms == ("vadp",)
    assert picture.groups == PROTECTED
    run = two.results["vadp"][0]
    at = CUTS[0] + 10 * S
    expected = sum(row.stored_bytes for row in run.space if row.t_ns == at and row.disk.startswith("sql"))
    assert expected > 0
    assert picture.panels[0].stored.mean[at // S - 1] == expected
    held = 4096 * sum(row.grains for row in run.space if row.t_ns == at and row.disk.startswith("sql"))
    assert 0 < picture.panels[0].held.mean[at // S - 1] == held < expected
    assert deltas.data(compared(("none", "vaio"), 1)) is None


def test_changes_are_means_of_incremental_jobs_only(two: Comparison) -> None:
    panels = changes.data(two)
    assert panels is not None
    jobs = [j for run in two.results["vadp"] for j in run.jobs if j.vm == "sql" and j.kind == "incremental"]
    assert panels[0].jobs == len(jobs) == 4
    assert panels[0].bytes[0] == pytest.approx(sum(job.written_bytes for job in jobs) / 4)
    assert panels[0].factor(3) == pytest.approx(8)


def test_units_of_axes_and_texts() -> None:
    assert paper.latency_text(0.25) == "250 µs"
    assert paper.latency_text(4.2) == "4.2 ms"
    assert paper.latency_text(math.nan) == "-"
    assert paper.with_half(4.057, 0.06) == "4.057 ± 0.060 ms"
    assert paper.with_half(1500, math.nan) == "1.5 s"
    assert paper.size_scale(3 * 2**20) == (2**20, "MiB")
    assert paper.rate_scale(5e6) == (10**6, "MB/s")
    assert paper.time_scale(240 * S) == (S, "s")
    assert paper.time_scale(86_400 * S) == (3600 * S, "h")
    assert bucket_low(bucket_of(1000)) <= 1000


# --- the files ---


def test_a_run_without_protection_says_which_charts_have_nothing_to_show() -> None:
    alone = compared(("none",), 1)
    assert {chart.name for chart in CHARTS if chart.data(alone) is None} == {
        "stun-anatomy", "slump", "neighbours", "night", "recovery-point", "replication", "deltas", "changes",
        "queue-depth", "stun-storm",
    }  # fmt: skip
    assert all(chart.absent for chart in CHARTS)


DRAW = """
import sys
sys.path[:0] = [{root!r}, {tests!r}]
from pathlib import Path
from fakes import fake_result, fake_scenario
from experiments.compare import summarise
from experiments.charts import neighbours, paper
from experiments.charts.chart import identity
two = summarise(fake_scenario(("none", "vadp"), 2), [fake_result(a, r) for a in ("none", "vadp") for r in (0, 1)])
with paper.style():
    paper.save(neighbours.draw(neighbours.data(two), identity(two)), Path({folder!r}), "chart")
"""


def test_the_last_bits_of_the_layout_do_not_show(tmp_path: Path, two: Comparison) -> None:
    panels = neighbours.data(two)
    assert panels is not None
    drawings = []
    for shift in (0.0, 1e-14):
        with paper.style():
            figure = neighbours.draw(panels, identity(two))
            figure.draw_without_rendering()
            figure.set_layout_engine("none")
            for axes in figure.axes:
                x, y, width, height = axes.get_position().bounds
                axes.set_position((x + shift, y, width, height))
            paper.save(figure, tmp_path, "chart")
        drawings.append((tmp_path / "chart.svg").read_bytes())
    assert drawings[0] == drawings[1]


@pytest.mark.slow
def test_the_bytes_do_not_depend_on_hash_seed_or_process(tmp_path: Path) -> None:
    script = DRAW.format(root=str(ROOT), tests=str(ROOT / "tests"), folder=str(tmp_path))
    subprocess.run([sys.executable, "-c", script], check=True, env={**os.environ, "PYTHONHASHSEED": "77"})
    again = tmp_path / "again"
    again.mkdir()
    same = compared(("none", "vadp"), 2)
    panels = neighbours.data(same)
    assert panels is not None
    with paper.style():
        paper.save(neighbours.draw(panels, identity(same)), again, "chart")
    for kind in ("svg", "png"):
        assert (again / f"chart.{kind}").read_bytes() == (tmp_path / f"chart.{kind}").read_bytes()
