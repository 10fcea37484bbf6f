"""A cluster is a pool like any other: the same bytes, a lost worker costs nothing, a stranger among them is named."""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from experiments.errors import InputError
from experiments.identity import ROOT
from experiments.scenario import Overrides, load
from experiments.scenario.identity import identity
from experiments.scenario.settings import Setting
from experiments.study import cluster, cluster_client
from experiments.study.cluster import WorkersGone, cluster_pool
from experiments.study.runner import Failure, Means, running
from experiments.study.summary import RunSummary
from experiments.study.work import Run, do
from experiments.study.worker import SOURCE, differences, likeness

MINIMAL = ROOT / "scenarios" / "minimal.toml"
Cluster = Any  # distributed's LocalCluster


@contextmanager
def scheduler(workers: int, scratch: Path) -> Iterator[Cluster]:
    """A scheduler here with that many worker processes, whose scratch files stand in that folder."""
    import dask
    from distributed import LocalCluster

    settings = {"temporary-directory": str(scratch), "distributed.nanny.environ.OMP_NUM_THREADS": 1}
    with (
        dask.config.set(settings),
        LocalCluster(  # type: ignore[no-untyped-call]
            n_workers=workers, threads_per_worker=1, processes=True, host="127.0.0.1", dashboard_address="127.0.0.1:0",
            silence_logs="CRITICAL",
        ) as found,
    ):  # fmt: skip
        yield found


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A cluster of two worker processes. A worker that dies in a test is replaced by its nanny, some seconds later."""
    with scheduler(2, tmp_path_factory.mktemp("dask")) as found:
        yield found


@pytest.fixture
def two(started: Cluster) -> Cluster:
    """The same, with at least one worker."""
    until(lambda: bool(started.scheduler.workers))
    return started


@pytest.fixture(scope="module")
def runs() -> list[Run]:
    scenario = load(MINIMAL, Overrides(settings=(Setting("run.duration", "6 s", "here"),))).scenario
    return [Run("p", scenario, arm, replicate, "compiled") for arm in ("none", "vadp") for replicate in (0, 1, 2)]


@contextmanager
def joined(found: Cluster, checkout: Path, scratch: Path) -> Iterator[int]:
    """A worker called "stranger", of that checkout, started as one does by hand; gives its process's number."""
    address = found.scheduler_address
    words = ["-m", "distributed.cli.dask_worker", address, "--nthreads", "1", "--no-nanny", "--no-dashboard"]
    words += ["--name", "stranger", "--local-directory", str(scratch)]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    surroundings = {**os.environ, "PYTHONPATH": str(checkout)}
    worker = subprocess.Popen([sys.executable, *words], cwd=checkout, env=surroundings, **quiet)
    try:
        until(lambda: "stranger" in found.scheduler.aliases)
        yield worker.pid
    finally:
        worker.kill()
        worker.wait()


def changed_copy(folder: Path) -> Path:
    """A checkout that differs in one comment."""
    for package in ("sim", "models", "experiments"):
        shutil.copytree(ROOT / package, folder / package, ignore=shutil.ignore_patterns("__pycache__"))
    with (folder / "sim" / "units.py").open("a") as file:
        file.write("# another comment\n")
    return folder


def until(true: Callable[[], bool]) -> None:
    """Waits for it; the suite's time-out ends what never comes."""
    while not true():
        time.sleep(0.05)


def test_a_cluster_gives_the_bytes_that_one_process_gives(two: Cluster, runs: list[Run]) -> None:
    told: list[str] = []
    with running(Means(cluster=two.scheduler_address, quiet=True), "test") as runner:
        outcomes = list(runner(runs, lambda run, outcome: told.append(run.name)))
    assert sorted(told) == sorted(run.name for run in runs)
    assert [outcome.text for outcome in outcomes if isinstance(outcome, RunSummary)] == [do(run) for run in runs]


def test_a_run_that_fails_on_a_worker_costs_itself_alone(two: Cluster, runs: list[Run]) -> None:
    from dataclasses import replace

    homeless = identity(replace(runs[0].scenario, datastores=()))
    with running(Means(cluster=two.scheduler_address, quiet=True), "test") as runner:
        bad, good = runner([Run("bad", homeless, "vadp", 0, "compiled"), runs[0]])
    assert isinstance(bad, Failure)
    assert bad.name == "bad/vadp/0"
    assert isinstance(good, RunSummary)


def test_a_task_whose_worker_dies_is_done_by_another(two: Cluster, tmp_path: Path) -> None:
    mark = tmp_path / "died"
    with cluster_pool(two.scheduler_address) as pool:
        died = pool.submit(os.system, f"[ -e {mark} ] && exit 0; touch {mark}; kill -9 $PPID; sleep 60")
        beside = [pool.submit(abs, -number) for number in range(20)]
        assert [future.result() for future in beside] == list(range(20))
        assert died.result() == 0
    assert mark.exists()


def test_what_was_submitted_does_not_start_after_an_interrupt(two: Cluster, tmp_path: Path) -> None:
    def files() -> int:
        return len(list(tmp_path.iterdir()))

    def interrupted() -> None:
        with cluster_pool(two.scheduler_address) as pool:
            for number in range(40):
                pool.submit(os.system, f"touch {tmp_path}/{number}; sleep 0.2")
            until(lambda: files() >= 2)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    at_the_end = files()
    assert at_the_end < 20
    time.sleep(0.5)
    assert files() <= at_the_end + 2, "one in each worker was at it"


@pytest.mark.slow
def test_a_task_that_kills_every_worker_is_lost_and_the_pool_is_not(
    two: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(two.scheduler, "allowed_failures", 0)  # Dask's 3 means waiting for three nannies
    with cluster_pool(two.scheduler_address) as pool:
        error = pool.submit(os._exit, 1).exception()
        assert error is not None
        assert pool.is_lost(error)
        assert re.match(r"1 worker died while it had it .* tcp://127", str(error))
        assert not pool.is_lost(ValueError())
        pool.renew()
        assert pool.submit(abs, -3).result() == 3


@pytest.mark.slow
def test_a_worker_of_another_source_is_refused_by_name(
    two: Cluster, runs: list[Run], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Before anything runs; and when it joins later it gets nothing, and the others do it all."""
    address, copy = two.scheduler_address, changed_copy(tmp_path / "copy")
    with cluster_pool(address) as pool, joined(two, copy, tmp_path) as stranger:
        said = ""
        while "stranger" not in said:
            time.sleep(0.1)
            said += capsys.readouterr().err
        assert re.search(rf'not used: the worker "stranger" at tcp://127.0.0.1:\d+ on .* differs .*{SOURCE}', said)
        by = [pool.submit(os.system, f"echo $PPID >> {tmp_path}/pids; sleep 0.1") for _ in range(12)]
        assert [future.result() for future in by] == [0] * 12
        assert str(stranger) not in (tmp_path / "pids").read_text().split()
        with pytest.raises(InputError) as refused, cluster_pool(address):
            pass
    (line,) = refused.value.messages
    assert '--cluster: the worker "stranger" at tcp://127.0.0.1:' in line
    assert f"{SOURCE} " in line
    assert "start it from a checkout of this version" in line


@pytest.mark.slow
def test_a_worker_without_stunlab_is_refused_by_name(two: Cluster, tmp_path: Path) -> None:
    with (
        joined(two, tmp_path, tmp_path),
        pytest.raises(InputError, match=r'"stranger" at tcp.* has no stunlab .*experiments'),
        cluster_pool(two.scheduler_address),
    ):
        pass


@pytest.mark.slow
def test_workers_that_come_after_all_have_gone_do_what_waits(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with (
        scheduler(0, tmp_path) as empty,
        joined(empty, ROOT, tmp_path) as first,
        cluster_pool(empty.scheduler_address) as pool,
    ):
        waits = pool.submit(os.system, f"[ -e {tmp_path}/died ] || {{ touch {tmp_path}/died; sleep 60; }}")
        until((tmp_path / "died").exists)
        os.kill(first, signal.SIGKILL)
        with joined(empty, ROOT, tmp_path):
            assert waits.result() == 0
            monkeypatch.setattr(cluster, "PATIENCE_S", 1.0)
        error = pool.submit(abs, -3).exception()
        assert isinstance(error, WorkersGone)
        with pytest.raises(OSError, match=r"no worker is left at tcp.*the same command to go on"):
            pool.renew()
    assert "no worker is left at" in capsys.readouterr().err


@pytest.mark.parametrize("text", ["here", "10.0.0.5:8786", "http://10.0.0.5:8786", "tcp://10.0.0.5", "tcp://a b:1", ""])
def test_what_is_no_address_is_said(text: str) -> None:
    with pytest.raises(InputError, match="is no address of a Dask scheduler; write it as tcp://"), cluster_pool(text):
        pass


def test_where_no_scheduler_answers_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster_client, "CONNECT_S", 0.5)
    with (
        pytest.raises(InputError, match=r"no Dask scheduler answers at tcp://127\.0\.0\.1:9 .*dask scheduler"),
        cluster_pool("tcp://127.0.0.1:9"),
    ):
        pass


def test_a_scheduler_without_workers_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(cluster_client, "CONNECT_S", 1.0)
    with scheduler(0, tmp_path) as empty:
        address = empty.scheduler_address
        with pytest.raises(InputError, match=f"no worker .* {address}; .*dask worker {address}"), cluster_pool(address):
            pass


def test_a_scheduler_of_another_version_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from distributed import Client

    real = Client.get_versions

    def older(self: Client, *arguments: Any, **named: Any) -> Any:
        found = real(self, *arguments, **named)  # type: ignore[no-untyped-call]
        found["scheduler"]["packages"] |= {"distributed": "2025.1.0", "python": "3.10.2.final.0"}
        return found

    monkeypatch.setattr(Client, "get_versions", older)
    with scheduler(0, tmp_path) as empty:
        address = empty.scheduler_address
        with pytest.raises(InputError) as refused, cluster_pool(address):
            pass
    assert f"the scheduler at {address} has python 3.10 (here 3." in str(refused.value)
    assert "distributed 2025.1.0 (here 20" in str(refused.value)


def test_without_distributed_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(InputError, match='pip install "distributed'), cluster_pool("tcp://127.0.0.1:9"):
        pass


def test_likeness_differs_in_what_changes_bytes() -> None:
    ours = likeness()
    assert differences(ours, dict(ours)) == ""
    assert differences(ours, {**ours, "numpy": "1.0"}) == f"numpy 1.0 (here {ours['numpy']})"
    without = {what: value for what, value in ours.items() if what != SOURCE}
    assert differences(ours, without) == f"{SOURCE} missing (here {ours[SOURCE]})"
