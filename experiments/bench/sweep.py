"""`stunlab bench sweep`: what the runner of studies costs - for a task, from one worker to two, and in memory.

Everything goes through the real runner and a store on disk. A task of the overhead is a run whose summary is there
already: keys, pickling, the pool and the store are left. Scaling is measured with real runs. It judges nothing.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass

from experiments.bench import machine, progress
from experiments.bench.machine import Machine
from experiments.bench.spread import Spread, spread
from experiments.bench.sweep_memory import Resident, resident

LOCAL, CLUSTER = "processes", "Dask cluster"
WORKERS = 2


@dataclass(frozen=True)
class Plan:
    """Sizes of a full look."""

    rounds: int = 5
    tasks: int = 1_000  # of a round, that do nothing
    runs: int = 24  # of a round, that are real
    seconds: float = 10.0  # simulated by each of these
    results: tuple[int, ...] = (1_000, 10_000)  # of one study each


QUICK = Plan(rounds=1, tasks=100, runs=8, seconds=2.0, results=(100, 1_000))


@dataclass(frozen=True)
class Overhead:
    """What a run costs besides itself: wall time a task, where two workers have nothing to do."""

    where: str
    ms: Spread


@dataclass(frozen=True)
class Scaling:
    """The same runs by one worker and by two: wall time of all of them, and how much faster, round by round."""

    where: str
    one_s: Spread
    two_s: Spread
    ratio: Spread


@dataclass(frozen=True)
class Report:
    """What was measured where, and what it came to. Without `distributed` there is no cluster."""

    plan: Plan
    machine: Machine
    overhead: list[Overhead]
    scaling: list[Scaling]
    memory: list[Resident]


def main(as_json: bool, quick: bool = False) -> int:
    """Measures and prints; returns 0. Says on standard error what it is at."""
    from experiments.bench.sweep_text import as_text

    report = measured(QUICK if quick else Plan())
    print(json.dumps(asdict(report), indent=1) if as_json else as_text(report))
    return 0


def measured(plan: Plan) -> Report:
    """All figures, place by place and round by round."""
    from experiments.bench.sweep_runs import busy_s, idle_ms
    from experiments.engines import ready

    load = machine.load()
    ready("compiled")
    overhead, scaling = [], []
    with places() as found:
        for where, cluster in found.items():
            idle, pairs = [], []
            for turn in range(1, plan.rounds + 1):
                progress(f"{where}, round {turn} of {plan.rounds}: {plan.tasks} tasks, then {plan.runs} runs twice ...")
                idle.append(idle_ms(WORKERS, cluster[WORKERS], plan.tasks))
                pairs.append(tuple(busy_s(n, cluster[n], plan.runs, plan.seconds) for n in (1, WORKERS)))
            overhead.append(Overhead(where, spread(idle)))
            ones, twos = zip(*pairs, strict=True)
            ratio = spread(one / two for one, two in pairs)
            scaling.append(Scaling(where, spread(ones), spread(twos), ratio))
    residents = []
    for results in plan.results:
        progress(f"memory: {results:,} results ...")
        residents.append(resident(results))
    return Report(plan, machine.machine(load), overhead, scaling, residents)


@contextmanager
def places() -> Iterator[dict[str, dict[int, str | None]]]:
    """Where studies are run: by place and number of workers the address of a cluster, None for processes."""
    from experiments.bench.sweep_cluster import own_cluster

    local: dict[int, str | None] = {1: None, WORKERS: None}
    with own_cluster(1) as one, own_cluster(WORKERS) as two:
        yield {LOCAL: local} if two is None else {LOCAL: local, CLUSTER: {1: one, WORKERS: two}}
