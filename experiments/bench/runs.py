"""One timed run of each model: how many I/Os, events, back-end commands, and the CPU seconds they took.

CPU seconds, not wall seconds. Building the model and, on stunlab's paths, its rows and its audit are part of the time.
"""

import gc
from collections.abc import Callable
from dataclasses import dataclass, field
from time import process_time
from typing import Any, TypeVar

from benchmarks import creference, idiomatic
from experiments.bench.apart import parted
from experiments.bench.canonical import Scheduler, canonical
from models.result import RunResult
from models.run import Run
from models.scenario import Arm, Engine, Scenario

Result = TypeVar("Result")


@dataclass(frozen=True)
class Sample:
    """One run."""

    ios: int
    events: int
    cpu_s: float
    commands: int = 0
    parts: dict[str, float] = field(default_factory=dict)  # CPU seconds by part, together `cpu_s`; {}: not told apart

    @property
    def rate(self) -> float:
        """I/Os per CPU second."""
        return self.ios / self.cpu_s


def by_idiomatic(scheduler: Scheduler, seconds: float) -> Sample:
    """The canonical case in idiomatic SimPy; its events are not counted here, for that would cost time."""
    outcome, spent = timed(idiomatic.simulate, scheduler == "mclock", seconds, 1)
    return Sample(outcome.ios, 0, spent)


def by_c(scheduler: Scheduler, seconds: float, books: bool = False) -> Sample:
    """The canonical case in C, with what it is given to draw; needs a C compiler. `books`: keeping them, too."""
    creference.library(books)
    gc.collect()
    found = creference.simulate(canonical(scheduler, seconds, seed=1), 0, books)
    parts = {"loop": found.loop_s, "drawing": found.drawing_s}
    return Sample(found.ios, found.events, found.loop_s + found.drawing_s, found.ios, parts)


def by_stunlab(spec: Scenario, arm: Arm, engine: Engine) -> Sample:
    """A scenario's first replicate. Events of the readable path are all it gives its heap, and dispatches; those of the
    compiled path what its loop takes off its own."""
    if engine == "simpy":
        (_, result), spent = timed(whole, spec, arm, engine)
        return Sample(guest_ios(result), result.events, spent, commands(result))
    with parted() as parts:
        (run, result), _ = timed(whole, spec, arm, engine)
    events = run.hypervisor.engine.world.pops  # type: ignore[attr-defined]
    return Sample(guest_ios(result), int(events), sum(parts.values()), commands(result), parts)


def whole(spec: Scenario, arm: Arm, engine: Engine) -> tuple[Run, RunResult]:
    """What `models.run.simulate` does, and the run itself."""
    run = Run(spec, arm, 0, engine)
    run.go()
    return run, run.result()


def guest_ios(result: RunResult) -> int:
    """Guest I/Os delivered, warm-up and all."""
    return sum(row.ios for row in result.intervals)


def commands(result: RunResult) -> int:
    """Back-end commands, of guests and of all that protects them."""
    return sum(row.commands for row in result.devices)


def timed(function: Callable[..., Result], *arguments: Any) -> tuple[Result, float]:
    """What `function` returns, and the CPU seconds it took; the garbage of others is collected before."""
    gc.collect()
    start = process_time()
    value = function(*arguments)
    return value, process_time() - start
