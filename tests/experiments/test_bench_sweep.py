"""The benchmark of the runner: real studies, figures that fit together, an own cluster that is gone afterwards."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace

import pytest

from experiments import cli
from experiments.bench import machine, sweep, sweep_cluster, sweep_runs
from experiments.bench.spread import Spread, spread
from experiments.bench.sweep import LOCAL, Overhead, Plan, Report, Scaling
from experiments.bench.sweep_memory import Resident
from experiments.bench.sweep_runs import SAME, finish, idle, idling, stored
from experiments.bench.sweep_text import as_text
from experiments.scenario.identity import identity
from experiments.study import runner
from experiments.study.runner import running
from experiments.study.work import do_packed

TINY = Plan(rounds=1, tasks=10, runs=2, seconds=0.1, results=(30,))


@contextmanager
def no_cluster(workers: int) -> Iterator[None]:
    yield None


MADE_UP = Report(
    TINY,
    machine.machine(None),
    [Overhead(LOCAL, Spread(1.5, 1.0, 2.0))],
    [Scaling(LOCAL, spread([4.0]), spread([2.5]), spread([1.6]))],
    [Resident(30, 1024, 2048)],
)


def test_a_task_that_does_nothing_has_a_real_summary() -> None:
    with idling():
        assert runner.do_packed is idle
    assert runner.do_packed is do_packed
    assert idle(SAME._replace(replicate=7)) == do_packed(SAME)


def test_every_task_goes_through_the_runner_and_its_store() -> None:
    with stored(2) as means, idling(), running(means, "test") as run:
        assert finish(run, [SAME._replace(replicate=number) for number in range(5)]) > 0
        assert means.store is not None
        assert means.store.is_file()
        assert run.kept.startswith("5 finished runs")


def test_runs_that_fail_are_not_measured() -> None:
    homeless = identity(replace(SAME.scenario, datastores=()))
    with stored(1) as means, running(means, "test") as run, pytest.raises(RuntimeError, match="1 of 1 runs failed"):
        finish(run, [SAME._replace(scenario=homeless)])


@pytest.mark.slow
def test_the_figures_fit_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sweep_cluster, "own_cluster", no_cluster)
    tiny = sweep.measured(TINY)
    assert [one.where for one in tiny.overhead] == [one.where for one in tiny.scaling] == [LOCAL]
    assert tiny.overhead[0].ms.median > 0
    (found,) = tiny.scaling
    assert found.ratio.median == pytest.approx(found.one_s.median / found.two_s.median)
    (memory,) = tiny.memory
    assert memory.results == 30
    assert 0 < memory.before_kib <= memory.peak_kib


def test_it_is_printed_as_tables_or_as_json(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked: list[Plan] = []
    monkeypatch.setattr(sweep, "measured", lambda plan: asked.append(plan) or MADE_UP)
    assert cli.main(["bench", "sweep", "--quick", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == json.loads(json.dumps(asdict(MADE_UP)))
    assert cli.main(["bench", "sweep"]) == 0
    printed = capsys.readouterr().out
    assert printed == f"{as_text(MADE_UP)}\n"
    assert "Dask cluster: left out" in printed
    for figure in ("1.5 (1 to 2)", "30 results", "1.6"):
        assert figure in printed
    assert asked == [sweep.QUICK, Plan()]


def test_a_full_look_has_the_sizes_that_are_promised() -> None:
    assert Plan().results == (1_000, 10_000)
    assert Plan().rounds >= 5
    assert sweep.WORKERS == 2


def test_bench_alone_is_still_the_speed_of_the_engines(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[bool, bool]] = []
    monkeypatch.setattr("experiments.bench.main", lambda json, quick: asked.append((json, quick)) or 0)
    assert cli.main(["bench", "--json"]) == 0
    assert cli.main(["bench", "--quick"]) == 0
    assert asked == [(True, False), (False, True)]


@pytest.mark.slow
def test_the_own_cluster_does_the_tasks() -> None:
    with sweep_cluster.own_cluster(1) as address:
        assert address is not None
        assert sweep_runs.idle_ms(1, address, 5) > 0
