"""Measures: the canonical case on the readable path and in idiomatic SimPy by turns, and the demo arm by arm.

CPU seconds, not wall seconds, and the two models side by side: on a shared machine only the ratio can be trusted.
Building the model and, on the readable path, its audit are part of the time.
"""

import gc
import platform
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from statistics import median
from time import process_time
from typing import Any, TypeVar

from benchmarks import idiomatic
from experiments.bench.canonical import Scheduler, canonical
from models.result import RunResult
from models.run import simulate
from models.scenario import Scenario
from sim.replication import available_cpus

Result = TypeVar("Result")


@dataclass(frozen=True)
class Machine:
    """Where it was measured."""

    python: str
    processors: int  # that this process may use
    simpy: str
    numpy: str


@dataclass(frozen=True)
class Speed:
    """One model of the canonical case."""

    model: str
    events_per_io: float
    ios: int  # in one run
    ios_per_second: float  # simulated I/Os per CPU second, median of the runs


@dataclass(frozen=True)
class Duel:
    """The two models of the canonical case with one scheduler."""

    scheduler: Scheduler
    idiomatic: Speed
    stunlab: Speed
    ratio: float  # of the speeds, stunlab over idiomatic: median of the rounds
    ratio_low: float  # worst round
    ratio_high: float


@dataclass(frozen=True)
class ArmSpeed:
    """One arm of the demo, run once."""

    arm: str
    guest_ios: int
    commands: int  # back-end commands
    cpu_seconds: float
    events_per_io: float

    @property
    def ios_per_second(self) -> float:
        return self.guest_ios / self.cpu_seconds

    @property
    def commands_per_second(self) -> float:
        return self.commands / self.cpu_seconds


def machine() -> Machine:
    """This machine."""
    python = f"{platform.python_implementation()} {platform.python_version()}"
    return Machine(python, available_cpus(), version("simpy"), version("numpy"))


def duel(scheduler: Scheduler, seconds: float, rounds: int) -> Duel:
    """Both models by turns, `rounds` times, each time `seconds` of simulated time."""
    mclock = scheduler == "mclock"
    scenario = canonical(scheduler, seconds, seed=1)
    ours, theirs = [], []
    result = simulate(canonical(scheduler, 0.1, seed=1), "none", 0)  # what is imported on the way is not timed
    outcome = idiomatic.simulate(mclock, seconds, seed=1, counted=True)
    events = outcome.events / outcome.ios
    for _ in range(rounds):
        outcome, spent = timed(idiomatic.simulate, mclock, seconds, 1)
        theirs.append(outcome.ios / spent)
        result, spent = timed(simulate, scenario, "none", 0)
        ours.append(guest_ios(result) / spent)
    ratios = [our / their for our, their in zip(ours, theirs, strict=True)]
    return Duel(
        scheduler,
        Speed("idiomatic SimPy", events, outcome.ios, median(theirs)),
        Speed("stunlab", result.events / guest_ios(result), guest_ios(result), median(ours)),
        median(ratios), min(ratios), max(ratios),
    )  # fmt: skip


def arm_speeds(scenario: Scenario) -> list[ArmSpeed]:
    """Every arm of a scenario, first replicate."""
    speeds = []
    for arm in scenario.arms:
        result, spent = timed(simulate, scenario, arm, 0)
        ios = guest_ios(result)
        commands = sum(row.commands for row in result.devices)
        speeds.append(ArmSpeed(arm, ios, commands, spent, result.events / ios))
    return speeds


def guest_ios(result: RunResult) -> int:
    """Guest I/Os delivered, warm-up and all."""
    return sum(row.ios for row in result.intervals)


def timed(function: Callable[..., Result], *arguments: Any) -> tuple[Result, float]:
    """What `function` returns, and the CPU seconds it took; the garbage of others is collected before."""
    gc.collect()
    start = process_time()
    value = function(*arguments)
    return value, process_time() - start
