"""The connection to a Dask scheduler: made within seconds or refused with the address and what to do."""

import logging
import re
import time
import warnings
from collections.abc import Callable, Collection, Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from typing import Any

from experiments.errors import InputError
from experiments.study.worker import resource

ADDRESS = re.compile(r"(tcp|tls)://(\[[0-9a-fA-F:.]+\]|[^\s:/\[\]]+):[0-9]{1,5}")
CONNECT_S = 5.0
STATED = ("python", "distributed", "dask")
"""Packages of the scheduler that must be this process's; of Python its first two numbers."""

REMEDY = 'start one in a checkout of this version: "PYTHONPATH=. dask scheduler" (docs/cluster.md)'
LOGGERS = ("distributed.client", "distributed.core", "distributed.comm", "distributed.batched", "distributed.utils")


class WorkersGone(Exception):
    """A run was lost: with its worker, with all workers, or with the scheduler."""


class Connection:
    """A client of a scheduler, and what this project asks of it."""

    def __init__(self, client: Any, address: str) -> None:
        self._client = client
        self.address = address

    @property
    def alive(self) -> bool:
        """Whether the scheduler is there now."""
        return bool(self._client.status == "running")

    @property
    def may_come_back(self) -> bool:
        """False once the client has given the scheduler up."""
        return self._client.status in ("running", "connecting")

    def executor(self, resource: str) -> Executor:
        """Takes tasks for workers that have this resource; each needs one unit of it."""
        return self._client.get_executor(pure=False, resources={resource: 1})  # type: ignore[no-any-return]

    def workers(self) -> dict[str, str]:
        """The name of each worker that is there now, by its address."""
        found = self._client.scheduler_info(n_workers=-1)["workers"]
        return {address: str(about["name"]) for address, about in sorted(found.items())}

    def ask(self, function: Callable[..., Any], *arguments: Any, workers: Collection[str]) -> dict[str, Any]:
        """What each of these workers answers; an exception in the place of an answer where there is none."""
        return dict(self._client.run(function, *arguments, workers=list(workers), on_error="return"))

    def at(self, function: Callable[[], None], worker: str) -> Any:
        """The function is done by that worker, beside what it may be doing; has `result()`."""
        return self._client.submit(function, workers=[worker], pure=False)

    def told(self, error: BaseException) -> Exception | None:
        """That a task's workers died under it, in our words; None if `error` says something else."""
        from distributed import KilledWorker

        if not isinstance(error, KilledWorker):
            return None
        died = error.allowed_failures + 1
        who = "1 worker died while it had it" if died == 1 else f"{died} workers died while they had it, in turn"
        return WorkersGone(f"{who} (killed, or out of memory), the last of them {error.last_worker.address}")


@contextmanager
def connected(address: str) -> Iterator[Connection]:
    """A client of the scheduler at that address. Raises InputError, within seconds, when there is none to be used."""
    if ADDRESS.fullmatch(address) is None:
        raise InputError([f'--cluster: "{address}" is no address of a Dask scheduler; write it as tcp://10.0.0.5:8786'])
    try:
        import dask
        from distributed import Client
    except ImportError as lack:
        raise InputError(
            [f'--cluster: needs the package distributed ({lack}); install it with: pip install "distributed>=2026.1"']
        ) from lack
    settings = {
        "distributed.admin.large-graph-warning-threshold": "1TB",
        "distributed.comm.timeouts.connect": CONNECT_S,
    }
    with dask.config.set(settings), _quiet():
        client = _client(Client, address)
        try:
            _check(client, address)
            yield Connection(client, address)
        finally:
            client.close(timeout=CONNECT_S)


def _client(kind: Any, address: str) -> Any:
    try:
        with warnings.catch_warnings(action="ignore"):  # of versions that differ: `_check` says that, with a remedy
            return kind(address, timeout=CONNECT_S, set_as_default=False, name="stunlab")
    except Exception as problem:
        why = re.sub(r"\s+", " ", str(problem))[:200] or type(problem).__name__
        raise InputError([f"--cluster: no Dask scheduler answers at {address} ({why}); {REMEDY}"]) from problem


def _check(client: Any, address: str) -> None:
    """Raises InputError unless the scheduler is of our versions and has a worker, or gets one in seconds."""
    versions = client.get_versions()
    theirs, ours = versions["scheduler"]["packages"], versions["client"]["packages"]
    differ = [f"{name} {_short(theirs.get(name))} (here {_short(ours[name])})" for name in STATED
              if _short(theirs.get(name)) != _short(ours[name])]  # fmt: skip
    if differ:
        raise InputError([f"--cluster: the scheduler at {address} has {', '.join(differ)}; {REMEDY}"])
    try:
        client.run_on_scheduler(resource, {})
    except Exception as lack:  # it reads what is submitted, and cannot without our modules
        raise InputError([f"--cluster: the scheduler at {address} cannot import stunlab ({lack}); {REMEDY}"]) from lack
    deadline = time.monotonic() + CONNECT_S
    while not client.scheduler_info(n_workers=-1)["workers"]:
        if time.monotonic() > deadline:
            raise InputError(
                [f"--cluster: no worker is connected to the scheduler at {address}; start one in a checkout of this "
                 f'version: "PYTHONPATH=. dask worker {address} --nthreads 1" (docs/cluster.md)']
            )  # fmt: skip
        time.sleep(0.1)


def _short(version: str | None) -> str:
    """Of 3.11.7.final.0 only 3.11: patches of Python speak the same."""
    return "none" if version is None else re.sub(r"^(\d+\.\d+)\.\d+\.final\.\d+$", r"\1", version)


@contextmanager
def _quiet() -> Iterator[None]:
    """Dask's own log lines are left out inside: what matters of them is said here in a line of ours."""
    loggers = [logging.getLogger(name) for name in LOGGERS]
    before = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        for logger, level in zip(loggers, before, strict=True):
            logger.setLevel(level)
