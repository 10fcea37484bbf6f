"""`stunlab bench`: how fast the two paths simulate here, beside idiomatic SimPy and plain C.

One run measures everything by turns, round by round: the canonical case by four models, three shipped scenarios,
memory, and how the cost of an I/O grows. It judges nothing: the exit code is 0 whatever the figures. docs/bench.md says
how to read them.
"""

import json
import sys
from typing import TYPE_CHECKING

from experiments.bench.plan import FULL, QUICK, Plan

if TYPE_CHECKING:
    from experiments.bench.report import Report


def main(as_json: bool, quick: bool = False) -> int:
    """Measures and prints; returns 0. Says on standard error what it is at."""
    from experiments.bench.report import as_document
    from experiments.bench.text import as_text

    report = measured(QUICK if quick else FULL)
    print(json.dumps(as_document(report), indent=1) if as_json else as_text(report))
    return 0


def measured(plan: Plan) -> "Report":
    """All figures."""
    from experiments.bench import contest, growth, machine, memory, shipped
    from experiments.bench.canonical import SCHEDULERS
    from experiments.bench.report import Report
    from experiments.bench.runs import Sample

    load = machine.load()
    progress("compiled loop: compiling it, or fetching it from the cache ...")
    warm()
    points = growth.series(plan)
    duels: list[list[contest.Round]] = [[] for _ in SCHEDULERS]
    nights: list[list[shipped.Round]] = [[] for _ in shipped.FILES]
    samples: list[list[Sample]] = [[] for _ in points]
    for turn in range(1, plan.rounds + 1):
        for scheduler, duel in zip(SCHEDULERS, duels, strict=True):
            progress(f"round {turn} of {plan.rounds}: canonical case, {scheduler} ...")
            duel.append(contest.one_round(scheduler, plan))
        for (name, arm), night in zip(shipped.FILES, nights, strict=True):
            progress(f"round {turn} of {plan.rounds}: {name}, {arm} ...")
            night.append(shipped.one_round(name, arm, plan))
        progress(f"round {turn} of {plan.rounds}: growth ...")
        for point, sample in zip(points, samples, strict=True):
            sample.append(growth.measure(point, plan))
    residents = []
    for ios in plan.memory_ios:
        progress(f"memory: {ios / 1e6:g} million I/Os ...")
        residents.append(memory.resident(ios))
    return Report(
        plan,
        machine.machine(load),
        [contest.contest(scheduler, plan, duel) for scheduler, duel in zip(SCHEDULERS, duels, strict=True)],
        [shipped.shipped(*one, night) for one, night in zip(shipped.FILES, nights, strict=True)],
        residents,
        [growth.point(point, sample) for point, sample in zip(points, samples, strict=True)],
    )


def warm() -> None:
    """What is imported or compiled on the way is not timed."""
    from benchmarks import creference
    from experiments.bench.canonical import SCHEDULERS, canonical
    from experiments.bench.runs import by_c
    from models.run import simulate

    for scheduler in SCHEDULERS:
        spec = canonical(scheduler, 0.05, seed=1)
        simulate(spec, "none", 0, "compiled")
        simulate(spec, "none", 0, "simpy")
        if creference.compiler():
            by_c(scheduler, 0.05)


def progress(text: str) -> None:
    """On standard error: results have standard output for themselves."""
    print(text, file=sys.stderr, flush=True)
