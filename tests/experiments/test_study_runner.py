"""The runner: whatever becomes of workers, in any order of completion, each run costs itself alone."""

import json
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from study_fakes import ShuffledPool, answer, calm, fake_run, modules, shuffled, text_of

from experiments.study import runner as module
from experiments.study.flight import IN_FLIGHT, Flight, WorkerKilled
from experiments.study.pool import pool_of
from experiments.study.runner import Failure, Means, running
from experiments.study.summary import RunSummary, read
from experiments.study.work import Run, key_of


@pytest.fixture(autouse=True)
def _fakes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "do_packed", answer)


@pytest.fixture
def marks(tmp_path: Path) -> Path:
    folder = tmp_path / "marks"
    folder.mkdir()
    return folder


def texts(runs: list[Run], store: Path | None, workers: int = 2) -> list[str]:
    with running(Means(store, workers, quiet=True), "test") as run:
        return [outcome.text for outcome in run(runs) if isinstance(outcome, RunSummary)]


def double(task: str) -> str:
    if task.startswith("raise"):
        raise LookupError(task)
    return task * 2


@settings(max_examples=60)
@given(
    st.lists(st.sampled_from(["fine", "fine", "fine", "raise", "kill", "unwanted"]), max_size=25),
    st.integers(1, 4),
    st.integers(0, 2**32),
)
def test_each_task_lands_once_and_only_killers_are_blamed(kinds: list[str], width: int, seed: int) -> None:
    tasks = {f"{kind}{number}": f"{kind}{number}" for number, kind in enumerate(kinds)}
    with shuffled(width, seed, lambda task: task.startswith("kill")) as pool:
        landed = list(Flight(pool, double, tasks, lambda key: not key.startswith("unwanted")).landed())
    assert sorted(one.key for one in landed) == sorted(tasks)
    for one in landed:
        assert (one.result == double(one.key)) if one.key.startswith("fine") else one.result is None
        assert isinstance(one.error, WorkerKilled) == one.key.startswith("kill")
        assert isinstance(one.error, LookupError) == one.key.startswith("raise")
    assert not any(task.startswith("unwanted") for task in pool.begun)
    assert pool.most <= IN_FLIGHT * width


def test_the_window_is_narrow_only_until_the_culprit_shows() -> None:
    tasks = {f"{'kill' if number == 4 else 'fine'}{number}": f"fine{number}" for number in range(40)}
    tasks["kill4"] = "kill4"
    sizes: list[int] = []

    class Watched(ShuffledPool):
        def submit(self, function: Any, task: Any) -> Any:
            sizes.append(len(self._pending))
            return super().submit(function, task)

    pool = Watched(2, 7, lambda task: task == "kill4")
    landed = list(Flight(pool, double, tasks, lambda key: True).landed())
    pool.close()
    assert [one.key for one in landed if one.error] == ["kill4"]
    assert pool.begun.count("kill4") == 2
    assert len(pool.begun) <= len(tasks) + IN_FLIGHT * 2
    assert max(sizes[-10:]) > 0, "wide again"


@pytest.mark.parametrize("workers", [1, 2])
def test_a_run_that_kills_its_worker_costs_itself_alone(tmp_path: Path, marks: Path, workers: int) -> None:
    points = ["p0", "killer", "raiser", "once", "hungry", *(f"p{number}" for number in range(1, 8))]
    runs = [fake_run(point, 0, marks) for point in points]
    store = tmp_path / "runs.sqlite"
    with running(Means(store, workers, quiet=True), "test") as run:
        outcomes = list(run(runs))
        begun = len(list(marks.iterdir()))
        assert [type(one) for one in run(runs)] == [type(one) for one in outcomes]
        assert len(list(marks.iterdir())) == begun, "in one block nothing fails twice"
    failures = {one.name: one for one in outcomes if isinstance(one, Failure)}
    assert list(failures) == ["killer/vadp/0", "raiser/vadp/0", "hungry/vadp/0"]
    assert "worker process died" in failures["killer/vadp/0"].reason
    assert failures["raiser/vadp/0"].reason == "LookupError: nothing there"
    assert "out of memory" in failures["hungry/vadp/0"].reason
    for run_, outcome in zip(runs, outcomes, strict=True):
        assert isinstance(outcome, Failure) or outcome.text == text_of(run_)


def test_runs_that_are_one_run_fail_each_by_its_own_name(marks: Path) -> None:
    run_ = fake_run("raiser", 0, marks)
    with running(Means(workers=1, quiet=True), "test") as run:
        outcomes = run([run_, run_._replace(point="other"), fake_run("fine")])
        names = [[one.name for one in some if isinstance(one, Failure)] for some in (outcomes, outcomes[1:2])]
    assert names == [["raiser/vadp/0", "other/vadp/0"], ["other/vadp/0"]]
    assert len(list(marks.iterdir())) == 1


def test_a_failed_run_is_kept_as_a_file_until_it_has_a_result(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = tmp_path / "runs.sqlite"
    with running(Means(store, 1, quiet=True), "test") as run:
        (failure,) = run([fake_run("raiser", 3)])
    assert isinstance(failure, Failure)
    assert failure.scenario is not None
    said = json.loads(failure.scenario.read_text())
    assert (said["run"], said["replicate"], said["seed"]) == ("raiser/vadp/3", 3, 1)
    assert said["scenario"] == json.loads(fake_run("raiser").scenario.identity)
    assert said["reason"] == failure.reason
    monkeypatch.setattr(module, "do_packed", calm)
    assert texts([fake_run("raiser", 3)], store) == [text_of(fake_run("raiser", 3))]
    assert list((tmp_path / "failed").iterdir()) == []


@contextmanager
def shuffled_instead(width: int, seed: int) -> Iterator[None]:
    """Studies run in a pool that completes in random order."""

    @contextmanager
    def pool(workers: int | None, cluster: str | None) -> Iterator[ShuffledPool]:
        with shuffled(width, seed) as one:
            yield one

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "pool_of", pool)
        yield


@settings(max_examples=15)
@given(st.permutations(range(9)), st.integers(0, 9), st.integers(1, 3), st.integers(0, 2**32))
def test_any_order_and_any_interruption_give_the_same_bytes(
    order: list[int], before: int, width: int, seed: int
) -> None:
    runs = [fake_run(f"p{number}", number) for number in order]
    with shuffled_instead(width, seed), running(Means(quiet=True), "test") as run:
        list(run(runs[:before]))
        told: list[str] = []
        outcomes = run(runs, lambda one, outcome: told.append(one.name))
        assert [one.text for one in outcomes if isinstance(one, RunSummary)] == [text_of(one) for one in runs]
        assert sorted(told) == sorted(one.name for one in runs[before:])
        assert [one.text for one in outcomes[2:4] if isinstance(one, RunSummary)] == [text_of(one) for one in runs[2:4]]


def test_one_two_and_three_workers_give_the_same_bytes(tmp_path: Path) -> None:
    runs = [fake_run(f"p{number % 3}{'slow' if number == 0 else ''}", number) for number in range(7)]
    found = [texts(runs, tmp_path / f"{workers}.sqlite", workers) for workers in (1, 2, 3)]
    assert found == [[text_of(run) for run in runs]] * 3


def test_the_same_run_asked_for_twice_is_done_once(marks: Path) -> None:
    runs = [fake_run("p", 0, marks), fake_run("p", 0, marks)._replace(point="other name")]
    assert texts(runs, None) == [text_of(runs[0])] * 2
    assert len(list(marks.iterdir())) == 1


def test_what_another_coordinator_has_finished_meanwhile_is_not_done(tmp_path: Path, marks: Path) -> None:
    runs = [fake_run(f"slow{number}", 0, marks) for number in range(6)]
    store = tmp_path / "runs.sqlite"
    told: list[str] = []

    def other(run: Run, outcome: object) -> None:
        told.append(run.name)
        if len(told) == 1:
            with module.opened(store) as theirs:
                theirs.put(key_of(runs[5]), runs[5].name, calm(runs[5]))

    with running(Means(store, 1, quiet=True), "test") as run:
        outcomes = [one.text for one in run(runs, other) if isinstance(one, RunSummary)]
    assert outcomes == [text_of(run) for run in runs]
    assert sorted(told) == sorted(run.name for run in runs)
    assert not list(marks.glob("slow5*"))


def test_the_coordinators_memory_does_not_grow_with_what_it_keeps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "do_packed", calm)
    runs = [fake_run(f"p{number}", number) for number in range(250)]

    def peak(count: int) -> int:
        with shuffled_instead(2, 1), running(Means(quiet=True), "test") as run:
            tracemalloc.start()
            for outcome in run(runs[:count]):
                assert isinstance(outcome, RunSummary)
            highest = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
        return highest

    peak(10)
    assert peak(250) - peak(50) < 300_000, "200 more results are 2 MB compressed and 4 MB of text"


def test_workers_load_no_tables_no_charts_and_no_scenario_reader() -> None:
    with pool_of(1, None) as pool:
        loaded = set(json.loads(pool.submit(modules, fake_run("p")).result()))
    assert "experiments.study.work" in loaded
    assert not loaded & {"pandas", "matplotlib", "pydantic", "duckdb", "distributed", "rich", "sqlite3", "scipy.stats"}


def test_a_summary_that_is_told_is_the_one_that_is_kept() -> None:
    told: dict[str, str] = {}
    with running(Means(workers=1, quiet=True), "test") as run:
        run([fake_run("p")], lambda one, outcome: told.update({one.name: outcome.text}))  # type: ignore[union-attr]
    assert told == {"p/vadp/0": read(text_of(fake_run("p"))).text}
