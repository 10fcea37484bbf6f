"""Runs everything with either engine and holds the results against each other, table by table and row by row.

Worker processes import `run_both` by name.
"""

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from experiments.compare import Comparison, Task, run_tasks, summarise
from experiments.difference import first_difference
from models.result import RunResult
from models.run import SimulationError, simulate
from models.scenario import Engine

if TYPE_CHECKING:
    from experiments.scenario import Loaded

ENGINES: tuple[Engine, Engine] = ("simpy", "compiled")


class Pair(NamedTuple):
    """A run that both engines gave the same result, and the processor time that each took."""

    result: RunResult
    simpy_s: float
    compiled_s: float


def run_both(task: Task) -> Pair:
    """Raises SimulationError with the first difference, or with what failed in both alike."""
    from models.compiled.conductor import advance

    advance.ready()  # loading it is not timed
    (simpy, failed, simpy_s), (compiled, failed_too, compiled_s) = (_tried(task, engine) for engine in ENGINES)
    where = f"arm '{task.arm}', replicate {task.replicate}: the engines differ: "
    if failed != failed_too:
        ends = zip(ENGINES, (failed, failed_too), strict=True)
        told = "\n".join(f"  {name}: {text or 'a result'}" for name, text in ends)
        raise SimulationError(f"{where}not both have a result\n{told}")
    if simpy is None or compiled is None:
        raise SimulationError(failed)
    difference = first_difference(simpy, compiled, ENGINES)
    if difference is not None:
        raise SimulationError(where + difference)
    return Pair(compiled, simpy_s, compiled_s)


def _tried(task: Task, engine: Engine) -> tuple[RunResult | None, str, float]:
    """(result, '', seconds), or (None, why there is none, seconds)."""
    began = time.process_time()
    try:
        return simulate(task.scenario, task.arm, task.replicate, engine), "", time.process_time() - began
    except SimulationError as problem:
        return None, str(problem), time.process_time() - began


def compare_both(
    loaded: "Loaded", workers: int, on_progress: Callable[[int, int], None] | None = None
) -> tuple[Comparison, dict[str, float]]:
    """The comparison, and the seconds of processor time of each engine over all runs.

    Raises SimulationError at the first run in which the engines differ.
    """
    pairs = run_tasks(loaded, run_both, workers, on_progress)
    spent = {"simpy": sum(pair.simpy_s for pair in pairs), "compiled": sum(pair.compiled_s for pair in pairs)}
    comparison = summarise(loaded.scenario, [pair.result for pair in pairs], loaded.remarks)
    return comparison, {name: round(seconds, 3) for name, seconds in spent.items()}
