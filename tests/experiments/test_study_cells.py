"""Cells and contrasts of a study are those that a comparison of the same runs has; what a run keeps of its warm-up."""

from dataclasses import replace
from pathlib import Path

import pytest

from experiments.compare import Comparison, summarise
from experiments.group_view import ALL_VMS
from experiments.metrics import METRICS
from experiments.scenario import Overrides, load
from experiments.scenario.settings import Setting
from experiments.study.cells import FEW, cells_of, contrasts_of
from experiments.study.summary import read, summary_of, warmed_up
from models.result import IntervalRow, RunResult
from models.run import simulate
from models.scenario import Arm
from sim.histogram import Histogram

DEMO = Path(__file__).parents[2] / "scenarios" / "demo.toml"
S = 10**9
ARMS: tuple[Arm, ...] = ("none", "vaio")


@pytest.fixture(scope="module")
def comparison() -> Comparison:
    short = {"duration": "6 s", "replications": 2, "arms": list(ARMS)}
    settings = tuple(Setting(f"run.{key}", value, "here") for key, value in short.items())
    scenario = load(DEMO, Overrides(settings=settings)).scenario
    runs = [simulate(scenario, arm, replicate, "compiled") for arm in scenario.arms for replicate in (0, 1)]
    return summarise(scenario, runs)


def test_cells_are_those_of_a_comparison(comparison: Comparison) -> None:
    # by way of the store's text: nothing is lost there
    summaries = {arm: [read(summary_of(run).text) for run in comparison.results[arm]] for arm in ARMS}
    cells = cells_of(summaries, [metric.key for metric in METRICS])
    assert repr(cells) == repr(comparison.cells)  # in text, because nan equals nothing
    assert repr(contrasts_of(cells)) == repr(comparison.contrasts)
    assert any(contrast.better for contrast in comparison.contrasts)


def test_only_the_metrics_and_groups_asked_for(comparison: Comparison) -> None:
    summaries = {arm: [summary_of(run) for run in comparison.results[arm]] for arm in ARMS}
    cells = cells_of(summaries, ["guest_p99", "delta_peak", "guest_mean"], [comparison.groups[1]])
    assert [(cell.metric, cell.arm) for cell in cells] == [
        (metric, arm) for metric in ("guest_p99", "guest_mean") for arm in comparison.arms
    ]
    assert cells_of({arm: [] for arm in ARMS}, ["guest_mean"]) == ()


def test_a_quantile_is_of_all_replications_together(comparison: Comparison) -> None:
    runs = comparison.results["none"]
    cell = next(cell for cell in cells_of({"none": [summary_of(run) for run in runs]}, ["guest_p99"], [ALL_VMS]))
    together = Histogram()
    for run in runs:
        for vm in run.vms:
            together.merge(vm.guest_read)
            together.merge(vm.guest_write)
    assert cell.pooled == together.quantile(0.99) / 1e6
    assert cell.beyond == together.beyond(0.99)
    assert cell.few == (cell.beyond < FEW)


def row(t_s: int, latency: int, ios: int, observed: bool = True) -> IntervalRow:
    histogram = Histogram()
    histogram.add(latency, ios)
    return IntervalRow(t_s * S, f"vm{ios}", ios, ios, 0, histogram, 0, 0, 0, 0, 0, 0, 0, observed)


def test_the_warm_up_is_of_interval_means_over_all_vms(comparison: Comparison) -> None:
    run = comparison.results["none"][0]
    slow, settled = 5_000_000, 1_000_000
    rows = [
        row(t, (slow if t < 10 else settled), ios, observed=t not in (12, 13))
        for t in range(60)
        for ios in (4, 2)
        if t != 3
    ]
    cut = warmed_up(with_rows(run, rows))
    assert cut == (11 * S, True)  # ten values kept of 0 to 10 without 3: the first to keep is that of 11 s
    summary = summary_of(with_rows(run, rows))
    assert (summary.cut_ns, summary.settled) == cut
    again = read(summary.text)
    assert (again.cut_ns, again.settled) == cut
    assert warmed_up(with_rows(run, [])) == (0, False)


def with_rows(run: RunResult, rows: list[IntervalRow]) -> RunResult:
    return replace(run, intervals=tuple(rows))
