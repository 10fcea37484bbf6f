"""A Dask cluster of this machine, to measure with: scheduler and workers are processes of their own, as elsewhere."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from experiments.identity import ROOT

PATIENCE_S = 120.0


@contextmanager
def own_cluster(workers: int) -> Iterator[str | None]:
    """The address of a scheduler with that many workers; None where `distributed` is not installed."""
    try:
        import distributed  # noqa: F401
    except ImportError:
        yield None
        return
    with TemporaryDirectory(prefix="stunlab-bench-") as folder, ExitStack() as stack:
        file = Path(folder) / "scheduler.json"
        scheduler = ["scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--scheduler-file", str(file)]
        stack.enter_context(_started(scheduler, folder))
        _await(file)
        worker = ["worker", "--scheduler-file", str(file), "--nthreads", "1", "--no-nanny", "--no-dashboard"]
        for _ in range(workers):
            stack.enter_context(_started([*worker, "--local-directory", folder], folder))
        yield _address(file, workers)


@contextmanager
def _started(words: list[str], folder: str) -> Iterator[None]:
    surroundings = {**os.environ, "PYTHONPATH": str(ROOT)}
    with (Path(folder) / f"{words[0]}.log").open("a") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "dask", *words], cwd=folder, env=surroundings, stdout=log, stderr=log
        )
    try:
        yield
    finally:
        process.kill()
        process.wait()


def _await(file: Path) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not file.exists() or not file.read_text().endswith("}"):
        if time.monotonic() > deadline:
            raise OSError(f"the Dask scheduler did not start within {PATIENCE_S:g} s")
        time.sleep(0.1)


def _address(file: Path, workers: int) -> str:
    """The scheduler's, once all workers are there."""
    from distributed import Client

    with Client(scheduler_file=str(file), set_as_default=False) as client:
        client.wait_for_workers(workers, timeout=PATIENCE_S)
        return str(client.scheduler.address)
