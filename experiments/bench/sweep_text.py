"""The figures of `stunlab bench sweep` as tables for people."""

from collections.abc import Iterator

from experiments.bench.spread import Spread
from experiments.bench.sweep import CLUSTER, Report
from experiments.bench.text import span


def as_text(report: Report) -> str:
    """All tables."""
    return "\n".join(lines(report))


def lines(report: Report) -> Iterator[str]:
    """Line by line."""
    plan = report.plan
    yield report.machine.line()
    yield (
        f"wall time; median of {plan.rounds} rounds (lowest to highest)" if plan.rounds > 1 else "wall time; one round"
    )
    yield ""
    yield f"{f'overhead: {plan.tasks:,} tasks that do nothing':<52}{'ms a task':>30}"
    for one in report.overhead:
        yield f"{f'{one.where}, two workers':<52}{span(one.ms):>30}"
    yield ""
    yield (
        f"{f'scaling: {plan.runs} runs of {plan.seconds:g} s simulated':<38}{'one worker, s':>26}{'two workers, s':>26}"
        f"{'times faster':>26}"
    )
    for found in report.scaling:
        figures: tuple[Spread, ...] = (found.one_s, found.two_s, found.ratio)
        yield f"{found.where:<38}" + "".join(f"{span(figure):>26}" for figure in figures)
    if CLUSTER not in [one.where for one in report.overhead]:
        yield "Dask cluster: left out, distributed is not installed"
    yield ""
    yield f"{'memory of the coordinator':<38}{'MiB after 20 results':>26}{'MiB at most':>26}"
    for size in report.memory:
        yield f"{f'{size.results:,} results':<38}{size.before_kib / 1024:>26.1f}{size.peak_kib / 1024:>26.1f}"
