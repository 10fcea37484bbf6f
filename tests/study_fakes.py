"""Runs that cost nothing and misbehave as their point's name says, and pools that complete in any order."""

import json
import os
import random
import signal
import sys
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from concurrent.futures import BrokenExecutor, Future
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from fake_scenario import fake_scenario

from experiments.study.summary import RunSummary
from experiments.study.work import Run
from sim.histogram import Histogram

FAKE = fake_scenario()


def fake_run(point: str, replicate: int = 0, marks: Path | None = None) -> Run:
    """`marks` is a folder: each time that the run begins it leaves a file there."""
    scenario = replace(FAKE, identity=json.dumps({"name": point}), title=str(marks or ""))
    return Run(point, scenario, "vadp", replicate, "simpy")


def text_of(run: Run) -> str:
    """What stands for the summary of a fake run; some 20 kB that hardly compress, as a real one."""
    noise = random.Random(f"{run.name}/{run.scenario.identity}").randbytes(10_000).hex()
    metrics = {"replicate": float(run.replicate), "length": float(len(run.point))}
    histogram = Histogram()
    histogram.add(7)
    return RunSummary({"all VMs": metrics}, {"all VMs": {noise: histogram}}, cut_ns=0, settled=True).text


def answer(run: Run) -> bytes:
    """As `do_packed`, for fake runs. "killer": kills its worker; "raiser": raises; "once": kills it the first time;
    "slow": takes a moment; "hungry": has no memory."""
    first = _leave_mark(run)
    if "killer" in run.point or ("once" in run.point and first):
        time.sleep(0.1)  # others are in flight by then
        os.kill(os.getpid(), signal.SIGKILL)
    if "raiser" in run.point:
        raise LookupError("nothing there")
    if "hungry" in run.point:
        raise MemoryError
    if "slow" in run.point:
        time.sleep(0.1)
    return zlib.compress(text_of(run).encode())


def calm(run: Run) -> bytes:
    """As `answer`, of a run that has got over what it was named for."""
    return zlib.compress(text_of(run).encode())


def modules(run: Run) -> bytes:
    """The modules that the worker has loaded."""
    return json.dumps(sorted(sys.modules)).encode()


def _leave_mark(run: Run) -> bool:
    """Whether it is the first time that this run begins."""
    if not run.scenario.title:
        return False
    folder, name = Path(run.scenario.title), run.name.replace("/", "_")
    before = list(folder.glob(f"{name}.*"))
    (folder / f"{name}.{os.getpid()}.{time.monotonic_ns()}").touch()
    return not before


class ShuffledPool:
    """Does one task at a time, whichever it likes of those submitted. One that kills takes all others along."""

    def __init__(self, width: int, seed: int, kills: Callable[[Any], bool] = lambda task: False) -> None:
        self.width = width
        self.most = 0  # tasks in flight at once
        self.begun: list[Any] = []
        self._chance = random.Random(seed)
        self._kills = kills
        self._pending: list[tuple[Future[Any], Callable[[Any], Any], Any]] = []
        self._change = threading.Condition()
        self._broken = self._over = False
        self._thread = threading.Thread(target=self._work, daemon=True)
        self._thread.start()

    def submit(self, function: Callable[[Any], Any], task: Any) -> Future[Any]:
        future: Future[Any] = Future()
        with self._change:
            if self._broken:
                future.set_exception(BrokenExecutor())
            else:
                self._pending.append((future, function, task))
                self.most = max(self.most, len(self._pending))
                self._change.notify()
        return future

    def is_lost(self, error: BaseException) -> bool:
        return isinstance(error, BrokenExecutor)

    def renew(self) -> None:
        assert self._broken
        assert not self._pending
        self._broken = False

    def close(self) -> None:
        with self._change:
            self._over = True
            self._change.notify()
        self._thread.join()

    def _work(self) -> None:
        while True:
            with self._change:
                while not self._pending and not self._over:
                    self._change.wait()
                if self._over:
                    return
                future, function, task = self._pending.pop(self._chance.randrange(len(self._pending)))
                self.begun.append(task)
                if self._kills(task):
                    self._broken = True
                    lost = [future, *(one for one, _, _ in self._pending)]
                    self._pending.clear()
                    for one in lost:
                        one.set_exception(BrokenExecutor())
                    continue
            try:
                future.set_result(function(task))
            except Exception as error:
                future.set_exception(error)


@contextmanager
def shuffled(width: int, seed: int, kills: Callable[[Any], bool] = lambda task: False) -> Iterator[ShuffledPool]:
    pool = ShuffledPool(width, seed, kills)
    try:
        yield pool
    finally:
        pool.close()
