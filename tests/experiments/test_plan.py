"""Plans as a whole: runs asked for, answers in words and tables, and the command with real runs."""

import csv
import json
import math
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from plan_files import PLAN, SCENARIO, written

from experiments.cli import main
from experiments.errors import InputError
from experiments.group_view import ALL_VMS
from experiments.plan.conduct import conduct
from experiments.plan.file import load_plan
from experiments.plan.result import PlanResult
from experiments.plan.tables import TABLES, write_tables
from experiments.plan.verdict import document, lines
from experiments.study.runner import Failure, Means, Outcome, running
from experiments.study.summary import RunSummary
from experiments.study.work import Run
from models.run import SimulationError
from sim.histogram import Histogram

TWO = PLAN + '[[objective]]\nmetric = "needs_consolidation"\nat_most = 0\n'


class Fake:
    """Stands for a runner: figures of a run by its number of VMs and replicate."""

    def __init__(self, figures: Callable[[int, int], dict[str, float] | str]) -> None:
        self.figures = figures
        self.calls: list[list[str]] = []

    def __call__(self, runs: Sequence[Run]) -> list[Outcome]:
        self.calls.append([run.name for run in runs])
        return [self._outcome(run) for run in runs]

    def _outcome(self, run: Run) -> Outcome:
        found = self.figures(len(run.scenario.vms), run.replicate)
        if isinstance(found, str):
            return Failure(run.name, found)
        latencies = Histogram()
        for n in range(900):
            latencies.add(1_000_000 + n)
        return RunSummary({ALL_VMS: found}, {ALL_VMS: {"guest": latencies}})


def planned(folder: Path, figures: Callable[[int, int], dict[str, float] | str], text: str = TWO) -> PlanResult:
    fake = Fake(figures)
    result = conduct(load_plan(written(folder, text)), fake, "simpy")  # type: ignore[arg-type]
    assert sum(map(len, fake.calls)) == sum(one.runs for one in result.answers)
    return result


def linear(vms: int, replicate: int) -> dict[str, float]:
    """10 ms lie between 6 and 7 VMs."""
    return {"guest_p99": 1.54 * vms + 0.01 * (replicate % 3), "needs_consolidation": 0.0}


def test_the_answer_its_bracket_what_binds_and_the_margins(tmp_path: Path) -> None:
    (one,) = planned(tmp_path, linear).answers
    assert one.best is not None
    assert one.beyond is not None
    assert (one.best.level.text, one.beyond.level.text, one.closed, one.binding) == ("6", "7", True, 0)
    latency, left = one.best.objectives
    assert latency.margin == pytest.approx(100 * (10 - latency.interval.mean) / 10)
    assert (latency.beyond, latency.few, left.beyond, left.constant) == (90, True, -1, True)
    assert math.isnan(left.margin)
    assert [level.level.text for level in one.judged][:3] == ["4", "6", "7"]
    assert one.confidence == 0.95


def test_a_batch_of_replications_is_one_call_of_the_runner(tmp_path: Path) -> None:
    fake = Fake(linear)
    conduct(load_plan(written(tmp_path)), fake, "simpy")  # type: ignore[arg-type]
    assert fake.calls[0] == [f"vms=4/none/{r}" for r in range(10)]
    assert all(len(call) in (10, 20) for call in fake.calls)


def test_words_say_the_answer_first(tmp_path: Path) -> None:
    text = "\n".join(lines(planned(tmp_path, linear)))
    assert "Answer (arm none): vms: 6 (the most that fits)" in text
    assert "7 does not fit; it binds there: Guest latency p99 at most 10 ms." in text
    assert "≤ 10" in text
    assert "Confidence that no level was taken to fit which does not: 95 %." in text
    assert text.index("Answer") < text.index("Objective") < text.index("Found by")


@pytest.mark.parametrize(
    ("figures", "headline", "sentence"),
    [(lambda vms, r: {"guest_p99": 20.0, "needs_consolidation": 0.0}, "vms: not even 1 fits", "1 does not fit"),
     (lambda vms, r: {"guest_p99": 2.0, "needs_consolidation": 0.0}, "vms: 8 (the largest that was asked about fits)",
      "Nothing ends it; nearest to its limit is: Guest latency p99 at most 10 ms."),
     (lambda vms, r: {"guest_p99": 2.0, "needs_consolidation": math.nan if vms > 5 and r == 3 else 0.0}, "vms: 5 (the",
      "but that is undefined in 1 of 10 runs."),
     (lambda vms, r: "datastore 'd' is full" if vms > 3 and r == 9 else linear(2, r), "vms: 3 (the",
      "4 does not fit: 1 of 10 runs failed."),
     (lambda vms, r: {"guest_p99": 20.0 * (r % 2) if vms > 2 else 1.0, "needs_consolidation": 0.0}, "vms: 2 (the",
      "3 was not shown to fit in 40 runs, which counts as not fitting")],
)  # fmt: skip
def test_other_ends(
    tmp_path: Path, figures: Callable[[int, int], dict[str, float] | str], headline: str, sentence: str
) -> None:
    text = "\n".join(lines(planned(tmp_path, figures)))
    assert headline in text
    assert sentence in text


def test_an_objective_that_is_never_defined_is_a_mistake_and_explained(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        planned(tmp_path, lambda vms, r: {"guest_p99": 2.0, "needs_consolidation": math.nan})
    (message,) = caught.value.messages
    assert "plan.toml:13:3: objective[1]: is undefined in every run of every level" in message
    assert "no such thing happens in this arm (none)" in message


def test_when_every_run_fails_there_is_no_answer(tmp_path: Path) -> None:
    with pytest.raises(SimulationError, match=r"every run failed, the first one, vms=4/none/0: no such disk"):
        planned(tmp_path, lambda vms, r: "no such disk")


def test_a_frontier_has_an_answer_for_each_level_and_arm(tmp_path: Path) -> None:
    more = '[unknown.rate]\nlabel = "Load"\nfield = "vm.app.workload[0].rate"\nvalues = ["10 iops", "50 iops"]\n'
    result = planned(tmp_path, linear, TWO.replace('arm = "none"', 'arms = ["none", "vadp"]') + more)
    found = [
        (one.arm, one.along.text, one.best.level.text)
        for one in result.answers
        if one.along is not None and one.best is not None
    ]
    assert found == [(arm, rate, "6") for arm in ("none", "vadp") for rate in ("10 iops", "50 iops")]
    assert "Answer (arm vadp, Load 50 iops): vms: 6" in "\n".join(lines(result))


def test_an_arm_that_the_budget_did_not_reach_is_not_said_to_be_without_a_figure(tmp_path: Path) -> None:
    text = TWO.replace('arm = "none"', 'arms = ["none", "vadp"]') + "[replication]\nbudget = 45\n"
    result = planned(tmp_path, lambda vms, r: {"guest_p99": 2.0, "needs_consolidation": math.nan}, text)
    said = "\n".join(lines(result))
    assert "but that is undefined in 10 of 10 runs" in said
    if not result.answers[1].judged:
        assert "Answer (arm vadp): vms: not searched" in said


def test_an_answer_that_the_budget_cut_short_says_so(tmp_path: Path) -> None:
    text = TWO + "[replication]\nbudget = 12\n"
    said = "\n".join(lines(planned(tmp_path, linear, text)))
    assert "vms: 4 (the most that was judged to fit; harder levels were not all judged)" in said
    assert "Found by a search that the budget cut short: 1 of 8 levels judged, 10 runs." in said
    assert "Nothing ends it" not in said


def test_the_budget_is_of_the_whole_plan(tmp_path: Path) -> None:
    text = TWO.replace('arm = "none"', 'arms = ["none", "vadp"]') + "[replication]\nbudget = 45\n"
    result = planned(tmp_path, linear, text)
    assert sum(one.runs for one in result.answers) <= 45
    assert not result.answers[1].judged
    assert "not searched, the budget of runs was spent before" in "\n".join(lines(result))


def test_tables_hold_every_judged_level_and_the_order_of_the_search(tmp_path: Path) -> None:
    result = planned(tmp_path, linear)
    write_tables(result, tmp_path / "tables")
    texts = {name: (tmp_path / "tables" / f"{name}.csv").read_text() for name in TABLES}
    read = {name: list(csv.DictReader(text.splitlines())) for name, text in texts.items()}
    (answer,) = result.answers
    assert [row["level"] for row in read["steps"]] == [one.level.text for one in answer.judged]
    levels = [int(row["level"]) for row in read["table"]]
    assert levels == sorted(levels)
    assert len(levels) == 2 * len(answer.judged)
    assert read["answers"][0]["best"] == "6"
    assert not read["failures"]
    assert json.dumps(document(result, "f"), allow_nan=False)


def told(folder: Path, *options: str) -> int:
    return main(["plan", str(folder / "plan.toml"), "--out", str(folder / "out"), "--json", "--no-report", *options])


def files(folder: Path) -> dict[str, bytes]:
    (found,) = (folder / "out").glob("p-*")
    every = [path for path in found.rglob("*") if path.is_file() and path.name != "run.json"]
    return {path.relative_to(found).as_posix(): path.read_bytes() for path in every}


SHORT = PLAN.replace("to = 8", "to = 3") + "[replication]\nleast = 2\nmost = 2\n"
REAL = SCENARIO.replace('"6 s"', '"3 s"')


@pytest.mark.slow
def test_the_same_plan_has_the_same_bytes_with_other_workers_and_resumed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first, second = tmp_path / "a", tmp_path / "b"
    for folder in (first, second):
        folder.mkdir()
        written(folder, SHORT, REAL)
    assert told(first, "--workers", "2") == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["answers"][0]["best"]["text"] == "3"
    with running(Means(second / "out" / "runs.sqlite", 1, quiet=True), "half of it") as run:
        plan = load_plan(second / "plan.toml")
        run([Run("x", plan.scenario(plan.unknown.choices[1], None), "none", 1, "compiled")])
    assert told(second, "--workers", "1") == 0
    assert files(first) == files(second)
    assert {"manifest.json", "tables/table.csv", "tables/steps.csv"} <= set(files(first))
    assert told(first) == 2  # the folder is there
    assert "exists already" in capsys.readouterr().err


@pytest.mark.slow
def test_a_real_plan_finds_what_trying_every_level_finds(tmp_path: Path) -> None:
    """VMs on a slow datastore under a limit on their p99: every level run as often as the last look would."""
    slow = SCENARIO.replace('capacity = "100 GiB"', 'capacity = "200 GiB"\nservers = 1\nread = { latency = "6 ms" }')
    text = PLAN.replace("to = 8", "to = 12").replace('"10 ms"', '"60 ms"') + "[replication]\nmost = 20\n"
    plan = load_plan(written(tmp_path, text, slow))
    with running(Means(tmp_path / "runs.sqlite", 2, quiet=True), "plan") as run:
        (one,) = conduct(plan, run, plan.engine).answers
        means = []
        for choice in plan.unknown.choices:
            scenario = plan.scenario(choice, None)
            found = run([Run("x", scenario, "none", replicate, plan.engine) for replicate in range(20)])
            figures = [summary.value("guest_p99") for summary in found if isinstance(summary, RunSummary)]
            assert len(figures) == 20
            means.append(sum(figures) / 20)
    truth = sum(mean <= 60 for mean in means)
    assert 3 < truth < 11
    assert all(mean > 60 for mean in means[truth:])
    assert one.best is not None
    assert truth - 2 <= one.best.index + 1 <= truth
    assert one.runs < 20 * 12 / 2


@pytest.mark.slow
def test_the_report_has_the_answer_the_curve_and_the_levels(tmp_path: Path) -> None:
    from experiments.plan.report import write_plan_report

    result = planned(tmp_path, linear)
    write_plan_report(result, tmp_path / "report", workers=1)
    page = (tmp_path / "report" / "report.html").read_text()
    for part in (
        "vms: 6 (the most that fits)",
        "Guest latency p99 at most 10 ms",
        "The levels that were judged",
        "<svg",
    ):
        assert part in page
    assert "http" not in page.replace("http://www.w3.org", "")
    write_plan_report(result, tmp_path / "again", workers=2)
    assert (tmp_path / "again" / "report.html").read_bytes() == (tmp_path / "report" / "report.html").read_bytes()
