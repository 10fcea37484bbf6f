"""A sweep in motion: what more runs or points must not change, when a point has enough, what a failure costs."""

import itertools
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from sweep_files import GOOD, loaded

from experiments.metrics import METRICS
from experiments.study.runner import Failure, Outcome
from experiments.study.summary import RunSummary, read
from experiments.study.work import Run, do
from experiments.sweep.conduct import conduct
from experiments.sweep.file import Sweep
from experiments.sweep.result import SweepResult
from experiments.sweep.verdict import document, lines
from sim.histogram import Histogram
from sim.streams import uniform_stream

FIXED = GOOD.split("[replication]")[0] + "[replication]\ncount = 3\n"
SECOND = 10**9
Value = Callable[[Run], float]


def noise(run: Run) -> float:
    """Of the run's name, in every arm by another amount."""
    level = {"none": 1.0, "vadp": 2.0}[run.arm]
    return level * (10 + next(uniform_stream(1, run.replicate, run.point, run.arm)))


def summary(value: float, cut_ns: int = 0, settled: bool = True) -> RunSummary:
    """Every figure of a run is this one."""
    one = Histogram()
    one.add(round(value * 1e6))
    figures = {metric.key: value for metric in METRICS}
    histograms = {metric.histogram: one for metric in METRICS if metric.histogram}
    return RunSummary({"all VMs": figures, "db": figures}, {"all VMs": histograms, "db": histograms}, cut_ns, settled)


class Fake:
    """Gives each run the figure that `value` says; a negative one fails. Remembers what was asked for."""

    def __init__(self, value: Value = noise) -> None:
        self.value = value
        self.rounds: list[list[str]] = []

    def __call__(self, runs: Sequence[Run]) -> list[Outcome]:
        self.rounds.append([run.name for run in runs])
        values = [(run.name, self.value(run)) for run in runs]
        return [summary(value) if value >= 0 else Failure(name, "broken") for name, value in values]


@pytest.fixture
def sweep(tmp_path: Path) -> Sweep:
    return loaded(tmp_path, FIXED)


def values(result: SweepResult) -> dict[tuple[str, str, str], tuple[float, ...]]:
    return {(one.point.name, c.metric + c.group, c.arm): c.values for one in result.points for c in one.cells}


def test_one_round_has_every_run_of_a_fixed_number(sweep: Sweep) -> None:
    fake = Fake()
    result = conduct(sweep, fake, "compiled")
    assert [len(names) for names in fake.rounds] == [4 * 2 * 3]
    assert fake.rounds[0][:3] == [
        "interval=3 s, vms=1/none/0",
        "interval=3 s, vms=1/vadp/0",
        "interval=3 s, vms=1/none/1",
    ]
    assert {one.stop for one in result.points} == {"fixed"}
    cell = result.cell("interval=4 s, vms=4", "guest_p99", "vadp", "db")
    assert cell is not None
    assert (cell.interval.n, len(cell.values), cell.beyond) == (3, 3, 0)


def test_more_replications_and_more_points_change_no_earlier_number(tmp_path: Path, sweep: Sweep) -> None:
    few = values(conduct(sweep, Fake(), "compiled"))
    more = loaded(tmp_path, FIXED.replace("count = 3", "count = 5").replace('"4 s"]', '"4 s", "5 s"]'))
    many = values(conduct(more, Fake(), "compiled"))
    assert len(many) == len(few) * 3 // 2
    assert {key: many[key][:3] for key in few} == few


def test_a_failed_run_takes_its_replicate_out_of_its_point_in_all_arms(sweep: Sweep) -> None:
    broken = "interval=3 s, vms=4/vadp/1"
    result = conduct(sweep, Fake(lambda run: -1.0 if run.name == broken else noise(run)), "compiled")
    whole = conduct(sweep, Fake(), "compiled")
    assert [(one.run, one.reason) for one in result.failures] == [(broken, "broken")]
    for one, full in zip(result.points, whole.points, strict=True):
        if one.point.name == "interval=3 s, vms=4":
            assert one.replicates == (0, 2)
            assert [cell.values for cell in one.cells] == [(c.values[0], c.values[2]) for c in full.cells]
        else:
            assert one == full


def test_a_point_that_fails_always_costs_itself_alone(tmp_path: Path) -> None:
    fake = Fake(lambda run: -1.0 if "vms=4" in run.point else steady_but_one(run))
    result = conduct(loaded(tmp_path, GOOD), fake, "compiled")
    assert [one.replications for one in result.points] == [2, 0, 2, 0]
    assert [one.unsettled for one in result.points if not one.cells] == [("no replication succeeded in every arm",)] * 2
    assert len(result.failures) == 2 * 2 * 2, "it was not tried again after the first look"
    assert any("Failed: " in line for line in lines(result))


def steady_but_one(run: Run) -> float:
    """Narrow from the start, but at one point wide until the third replicate has come and after."""
    if run.point == "interval=4 s, vms=4":
        return 10.0 + 8 * (run.replicate % 2) + (run.arm == "vadp")
    return (10.0 if run.arm == "none" else 20.0) + 0.01 * (run.replicate % 2)


def test_points_stop_when_they_are_settled_and_the_rest_go_on(tmp_path: Path) -> None:
    fake = Fake(steady_but_one)
    result = conduct(loaded(tmp_path, GOOD), fake, "compiled")
    assert [one.stop for one in result.points] == ["settled", "settled", "settled", "budget"]
    assert [one.replications for one in result.points] == [2, 2, 2, 4]
    assert [len(names) for names in fake.rounds] == [16, 2, 2]
    assert result.points[0].unsettled == ()
    assert "Guest latency p99 of db, none" in result.points[3].unsettled[0]
    assert any(line.startswith("Not settled: interval=4 s, vms=4: ") for line in lines(result))


def test_a_budget_is_shared_evenly_and_never_exceeded(tmp_path: Path) -> None:
    def wide(run: Run) -> float:
        return 10.0 + 9 * (run.replicate % 2)

    for budget in range(16, 34):
        fake = Fake(wide)
        text = GOOD.replace("most = 4", "most = 9").replace("budget = 40", f"budget = {budget}")
        result = conduct(loaded(tmp_path, text), fake, "compiled")
        counts = [one.replications for one in result.points]
        assert budget - 2 < sum(map(len, fake.rounds)) <= budget
        assert max(counts) - min(counts) <= 1
        assert counts == sorted(counts, reverse=True)
        assert {one.stop for one in result.points} == {"budget"}


def test_the_warm_up_is_the_longest_that_a_pilot_of_an_arm_shows(tmp_path: Path) -> None:
    sweep = loaded(tmp_path, FIXED.replace('name = "good"', 'name = "good"\nwarmup = "mser-5"'))
    asked: list[Run] = []

    def run(runs: Sequence[Run]) -> list[Outcome]:
        asked.extend(runs)
        if "pilot" not in runs[0].point:
            return [summary(noise(run)) for run in runs]
        cuts = {"none": SECOND // 2, "vadp": 2 * SECOND + 1}
        return [summary(1.0, cuts[run.arm], "vms=4" not in run.point) for run in runs]

    result = conduct(sweep, run, "compiled")
    assert [run.name for run in asked[:2]] == ["interval=3 s, vms=1, pilot/none/0", "interval=3 s, vms=1, pilot/vadp/0"]
    assert {run.scenario.run.warmup_ns for run in asked[:8]} == {0}
    assert [(one.warmup_ns, one.warmup_found) for one in result.points] == [(3 * SECOND, True), (0, False)] * 2
    assert {run.scenario.run.warmup_ns for run in asked[8:] if "vms=1" in run.point} == {3 * SECOND}
    assert len({run.scenario.identity for run in asked}) == 6
    assert sum("MSER-5 finds no end" in warning for warning in result.warnings) == 2


def test_no_number_depends_on_when_it_came(sweep: Sweep) -> None:
    """Outcomes made in any order of the runs: the result is that of the names."""
    plain = conduct(sweep, Fake(), "compiled")

    def backwards(runs: Sequence[Run]) -> list[Outcome]:
        made = {run.name: summary(noise(run)) for run in reversed(runs)}
        return [made[run.name] for run in runs]

    assert conduct(sweep, backwards, "compiled") == plain


def test_a_real_sweep_has_the_numbers_of_its_runs(tmp_path: Path) -> None:
    sweep = loaded(tmp_path, FIXED.replace("count = 3", "count = 2").replace("to = 4", "to = 2"))
    result = conduct(sweep, lambda runs: [read(do(run)) for run in runs], "compiled")
    scenario = dict(zip([point.name for point in sweep.points], sweep.scenarios, strict=True))
    for point, arm, replicate in itertools.product(
        ("interval=3 s, vms=1", "interval=4 s, vms=2"), ("none", "vadp"), (0, 1)
    ):
        alone = read(do(Run("alone", replace(scenario[point], arms=(arm,)), arm, replicate, "simpy")))  # type: ignore[arg-type]
        cell = result.cell(point, "guest_p99", arm, "db")
        assert cell is not None
        assert cell.values[replicate] == alone.value("guest_p99", "db")
    stuns = result.cell("interval=3 s, vms=2", "stuns", "vadp")
    assert stuns is not None
    assert stuns.interval.mean > 0
    assert document(result, "there")["points"][0]["values"][0]["n"] == 2
