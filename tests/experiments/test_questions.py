"""Questions that ship: asked by name; what is expected is held against figures, and there are worlds that miss it.

Those worlds are made here: figures by formula instead of runs, with a little noise by replicate.
"""

import csv
import json
import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import cast

import pytest

from experiments.charts.consolidation import Region, pass_s, saturated
from experiments.cli import main
from experiments.group_view import ALL_VMS
from experiments.metrics import HISTOGRAMS, METRICS
from experiments.questions import QUESTIONS
from experiments.questions.counts import share
from experiments.questions.question import Answer, Lab, Question
from experiments.questions.session import answer_hash, find, note
from experiments.study.runner import Failure, Means, Outcome, Runner, running
from experiments.study.summary import RunSummary
from experiments.study.work import Run
from models.run import SimulationError
from sim.histogram import Histogram

NAMES = [question.name for question in QUESTIONS]
Figures = Callable[[Run], Mapping[str, float]]
MIB = 2**20


def asked_in(name: str, figures: Figures) -> Answer:
    """The question's answer, full size, in a world with these figures; all others are nought, in every VM group."""

    def run(runs: Sequence[Run]) -> list[Outcome]:
        return [summary(one) for one in runs]

    def summary(one: Run) -> RunSummary:
        noise = 1 + 1e-6 * (one.replicate % 7 - 3)
        told = {key: value * noise for key, value in figures(one).items()}
        metrics = {metric.key: told.get(metric.key, 0.0) for metric in METRICS}
        groups = (ALL_VMS, *one.scenario.groups)
        histograms = {key: Histogram() for key in HISTOGRAMS}
        return RunSummary(dict.fromkeys(groups, metrics), dict.fromkeys(groups, histograms))

    return find(name).ask(Lab(cast(Runner, run), "compiled"))


def place(run: Run) -> dict[str, str]:
    """The run's levels by axis."""
    return dict(part.split("=", 1) for part in run.point.split(", "))


# -- what is asked, and where it goes ---------------------------------------------------------------------------------


def test_questions_are_listed_with_their_names(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["question"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == NAMES
    assert all(line.endswith(question.question) for line, question in zip(lines, QUESTIONS, strict=True))
    assert main(["question", "--json"]) == 0
    assert [one["name"] for one in json.loads(capsys.readouterr().out)] == NAMES


def test_an_unknown_question_is_a_users_mistake(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["question", "one-more-filtre"]) == 2
    said = 'question: "one-more-filtre" is none that ships, did you mean "one-more-filter"?'
    assert capsys.readouterr().err == said + "\n"


def test_an_answer_is_a_finished_folder_and_the_same_again(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folders = []
    asked = [
        "question",
        "one-more-filter",
        "--quick",
        "--json",
        "--no-report",
        "--store",
        str(tmp_path / "runs.sqlite"),
    ]
    for out in ("a", "b"):  # the second finds all runs in the store
        assert main([*asked, "--out", str(tmp_path / out)]) == 0
        folders.append(Path(json.loads(capsys.readouterr().out)["folder"]))
    names = sorted(path.name for path in folders[0].iterdir())
    assert names == ["answer.md", "manifest.json", "run.json", "values.csv"]
    for name in set(names) - {"run.json"}:
        assert (folders[0] / name).read_bytes() == (folders[1] / name).read_bytes()
    with (folders[0] / "values.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert {row["filters"] for row in rows} == set("0123456")
    means = {(r["filters"], r["guest"]): float(r["value"]) for r in rows if r["metric"] == "guest_mean"}
    assert 0.1 < means["6", "open loop"] - means["0", "open loop"] < 0.2  # six filters of 25 us: 0.15 ms
    assert main([*asked, "--out", str(tmp_path / "b")]) == 2
    assert "exists already" in capsys.readouterr().err


def test_a_hash_names_seed_and_size() -> None:
    question = find("one-more-filter")
    hashes = {answer_hash(question, None, False), answer_hash(question, 7, False), answer_hash(question, None, True),
              answer_hash(find("stun-storm"), None, False)}  # fmt: skip
    assert len(hashes) == 4
    assert answer_hash(question, None, False) == answer_hash(question, 1, False)


def test_runs_that_fail_are_named_and_there_is_no_answer() -> None:
    def run(runs: Sequence[Run]) -> list[Outcome]:
        return [Failure(one.name, "it burnt") for one in runs]

    with pytest.raises(SimulationError, match=r"filters=0, guest=open loop/none/0: it burnt\n"):
        find("one-more-filter").ask(Lab(cast(Runner, run), "compiled"))


@pytest.mark.slow
@pytest.mark.parametrize("question", QUESTIONS, ids=NAMES)
def test_a_short_look_has_figures_with_intervals_a_verdict_and_a_picture(question: Question, tmp_path: Path) -> None:
    with running(Means(workers=2, quiet=True), question.name) as runner:
        answer = question.ask(Lab(runner, "compiled", quick=True))
    assert "±" in answer.said or "(95 %" in answer.said
    assert "nan" not in answer.said + answer.because
    assert all(len(table.columns) == len(row) for table in answer.tables.values() for row in table.rows)
    assert all(table.rows for table in answer.tables.values())
    text = note(question, answer)
    for part in (question.question, question.expectation, question.method, question.how_to_read, answer.said):
        assert part in text
    assert main(["question", question.name, "--quick", "--out", str(tmp_path)]) == 0
    pictures = {path.suffix for path in tmp_path.glob("*/*") if path.suffix in (".png", ".svg")}
    assert pictures == {".png", ".svg"}


# -- expectations can be missed ---------------------------------------------------------------------------------------


def filters(cost_us: float, cores: float) -> Figures:
    def figures(run: Run) -> Mapping[str, float]:
        number = int(place(run)["filters"])
        mean = 0.45 + number * cost_us / 1e3 + (cores * number**2 if "cores" in run.point else 0)
        return {"guest_mean": mean, "guest_p99": 5 * mean, "iops": 8e3 / mean}

    return figures


def test_a_filter_costs_its_hops_or_the_expectation_is_missed() -> None:
    held = asked_in("one-more-filter", filters(25, 0.03))
    assert held.held
    assert held.said.startswith("Each filter adds 25.0")
    assert not asked_in("one-more-filter", filters(50, 0.03)).held
    assert not asked_in("one-more-filter", filters(25, 0)).held


def merges(ends: Callable[[float, float, Region], bool], slower: float) -> Figures:
    region = Region((), 1024 * MIB, 4096 * MIB)

    def figures(run: Run) -> Mapping[str, float]:
        at = place(run)
        write, merge = float(at["write_mib_s"]) * MIB, float(at["merge_mib_s"]) * MIB
        left = at["consolidation"] == "helper" and not ends(write, merge, region)
        return {"needs_consolidation": float(left), "merge_mean": slower * pass_s(region, write, merge)}

    return figures


def test_merges_end_at_their_boundary_or_the_expectation_is_missed() -> None:
    def right(write: float, merge: float, region: Region) -> bool:
        return write <= saturated(region, merge)

    held = asked_in("does-the-merge-finish", merges(right, 1))
    assert held.held
    assert "finished (95 %: at least" in held.said
    assert "after 1.000" in held.said
    for ends, slower in ((True, 1), (False, 1)):
        missed = asked_in("does-the-merge-finish", merges(lambda write, merge, region, all_=ends: all_, slower))
        assert not missed.held
    late = asked_in(
        "does-the-merge-finish", merges(lambda write, merge, region: write <= saturated(region, merge), 1.2)
    )
    assert not late.held
    assert "by 20.0 % at most" in late.because


def bursts(calm_s: float, small_s: float, large_s: float) -> Figures:
    def figures(run: Run) -> Mapping[str, float]:
        over = max(0.0, float(place(run)["burst_over_link"]) - 1)
        age = calm_s + over * (small_s if "64 MB" in run.point else large_s)
        return {"age_p99": age, "exposure_max": age, "out_of_order": over}

    return figures


def test_bursts_make_points_old_or_the_expectation_is_missed() -> None:
    assert asked_in("rpo-under-bursts", bursts(5, 20, 10)).held
    assert not asked_in("rpo-under-bursts", bursts(12, 20, 10)).held
    assert not asked_in("rpo-under-bursts", bursts(5, 10, 20)).held


def storm(p999: float, stun: float, window: float) -> Figures:
    def figures(run: Run) -> Mapping[str, float]:
        number = int(place(run)["vms_at_once"])
        return {
            "guest_p999": 30 + p999 * number,
            "stun_max": 300 + stun * number,
            "backup_window": 200 + window * number,
        }

    return figures


def test_a_storm_is_felt_or_the_expectation_is_missed() -> None:
    assert asked_in("stun-storm", storm(5, 20, -10)).held
    for missed in (storm(0, 20, -10), storm(5, -20, -10), storm(5, 20, 10)):
        assert not asked_in("stun-storm", missed).held


def test_timers_are_counted_and_nothing_is_said_beyond_the_nights() -> None:
    def nights(longest: Mapping[int, float]) -> Answer:
        return asked_in("outlast-the-timer", lambda run: {"stun_max": 1e3 * longest.get(run.replicate, 2.0)})

    held = nights(dict.fromkeys(range(20), 6.0))
    assert held.held
    assert "A timer of 5 s is outlasted in 36.5 (95 %: " in held.said  # 20 of 200 nights, 365 a year
    bound = 365 * (1 - 0.05 ** (1 / 200))
    assert f"A timer of 20 s was outlasted in none of 200 nights: at most {bound:.2f} a year" in held.said
    assert not nights({}).held
    assert not nights({**dict.fromkeys(range(20), 6.0), 7: 21.0}).held


def rivals(late_s: float, hop_ms: float) -> Figures:
    def figures(run: Run) -> Mapping[str, float]:
        at = place(run)
        if run.arm == "vadp":
            return {"age_mean": float(at["interval"].split()[0]), "write_p99": 20}
        beyond = float(at["writes"].split()[0]) > 73
        return {"age_mean": late_s if beyond else 3, "write_p99": 10 + hop_ms}

    return figures


def test_the_break_even_lies_at_the_link_or_the_expectation_is_missed() -> None:
    held = asked_in("break-even", rivals(90, 0))
    assert held.held
    assert "VADP has it at 9 of 12" in held.because
    assert not asked_in("break-even", rivals(3, 0)).held
    assert not asked_in("break-even", rivals(90, 30)).held


def capacities(latency_ms: float, link: int) -> Figures:
    def figures(run: Run) -> Mapping[str, float]:
        number = int(place(run)["servers"])
        age = 244 if run.arm == "vadp" else 5 if number <= link else 400
        return {"write_p99": latency_ms * number if run.arm == "vadp" else 20, "age_p99": age, "datastore_free": 50}

    return figures


def test_the_link_ends_one_and_latency_the_other_or_the_expectation_is_missed() -> None:
    held = asked_in("how-many-vms-fit", capacities(4.4, 25))
    assert held.held
    assert held.because.startswith("25 servers fit under VAIO, more than the 13 under VADP; write_p99 ends it")
    assert held.because.endswith("the link carries the writes of 25.4 servers")
    assert not asked_in("how-many-vms-fit", capacities(4.4, 10)).held


# -- exact intervals --------------------------------------------------------------------------------------------------


def tail(successes: int, trials: int, share_: float) -> float:
    """The chance of at least so many successes."""
    return sum(math.comb(trials, k) * share_**k * (1 - share_) ** (trials - k) for k in range(successes, trials + 1))


@pytest.mark.parametrize(("successes", "trials"), [(1, 20), (5, 10), (40, 400), (19, 20)])
def test_the_ends_of_an_interval_are_where_the_count_is_a_surprise(successes: int, trials: int) -> None:
    found = share(successes, trials)
    assert found.mean == successes / trials
    assert tail(successes, trials, found.low) == pytest.approx(0.025)
    assert 1 - tail(successes + 1, trials, found.high) == pytest.approx(0.025)


def test_none_and_all_are_bounds() -> None:
    none, all_ = share(0, 300), share(300, 300)
    assert (none.mean, none.low, all_.mean, all_.high) == (0, 0, 1, 1)
    assert none.high == pytest.approx(1 - 0.05 ** (1 / 300))
    assert none.high == pytest.approx(3 / 300, rel=0.01)
    assert all_.low == pytest.approx(0.05 ** (1 / 300))
    with pytest.raises(ValueError, match="cannot succeed"):
        share(3, 2)
