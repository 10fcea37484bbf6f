"""Where is the break-even? Backup interval against write rate, VAIO against VADP."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from experiments.charts import sweep_frontier
from experiments.charts.paper import Identity
from experiments.charts.sheets import draw_sheets
from experiments.identity import ROOT
from experiments.questions.question import Answer, Lab, Question, Table, around
from experiments.study.cells import Contrast
from experiments.study.sequential import Replication
from experiments.sweep.conduct import conduct
from experiments.sweep.file import Sweep, load_sweep
from experiments.sweep.result import SweepResult
from models.run import SimulationError

SWEEP = ROOT / "scenarios" / "questions" / "break-even-sweep.toml"
AGE, LATENCY = "age_mean", "write_p99"
LINK_WRITES = 73
"""Writes a second that the link carries."""


def ask(lab: Lab) -> Answer:
    """The shipped sweep; each point's sign from differences paired by replication."""
    sweep = load_sweep(SWEEP, lab.seed)
    result = conduct(_corners(sweep) if lab.quick else sweep, lab.runner, lab.engine)
    if result.failures:
        raise SimulationError("\n".join(f"{one.run}: {one.reason}" for one in result.failures))
    below = [one.better for number, one in _contrasts(result, AGE) if number < LINK_WRITES]
    latency = [one.better for _, one in _contrasts(result, LATENCY)]
    losses = sum(better == "vadp" for better in latency)
    first, last = result.points[0].point.name, result.points[-1].point.name
    ends = [result.contrast(name, AGE, "vaio", "vadp") for name in (first, last)]
    said = [
        f"{around(one.difference.interval, 's')} at {name}"
        for one, name in zip(ends, (first, last), strict=True)
        if one
    ]
    return Answer(
        f"{' '.join(sheet.describe(sheet.data) for sheet in sweep_frontier.sheets(result))} In the recovery point's "
        f"mean age VAIO less VADP is {' and '.join(said)}.",
        all(better == "vaio" for better in below) and not losses and any(_lost(result)),
        f"where the link carries the writes VAIO has the younger recovery point at {below.count('vaio')} of "
        f"{len(below)} points, where it does not VADP has it at {sum(_lost(result))} of {len(list(_lost(result)))}; "
        f"its write p99 is surely worse at {losses} of {len(latency)}",
        {"differences": Table(
            ("point", "metric", "n", "vaio_less_vadp", "low", "high", "sign_settled", "better"), list(_rows(result)))},
        lambda folder, identity: _draw(result, folder, identity),
        result.points[0].replications,
        compressed=result.compressed,
    )  # fmt: skip


def _corners(sweep: Sweep) -> Sweep:
    """The points at the ends of both axes, in three replications."""
    across, up = ([point.levels[axis] for point in sweep.points] for axis in (0, 1))
    kept = [n for n, point in enumerate(sweep.points)
            if point.levels[0] in (across[0], across[-1]) and point.levels[1] in (up[0], up[-1])]  # fmt: skip
    points, scenarios = (tuple(of[n] for n in kept) for of in (sweep.points, sweep.scenarios))
    return replace(sweep, points=points, scenarios=scenarios, replication=Replication.fixed(3))  # type: ignore[arg-type]


def _contrasts(result: SweepResult, metric: str) -> Iterator[tuple[float, Contrast]]:
    """VAIO less VADP at each point, with the point's write rate."""
    for one in result.points:
        contrast = result.contrast(one.point.name, metric, "vaio", "vadp")
        if contrast is not None:
            yield one.point.levels[0].number, contrast


def _lost(result: SweepResult) -> Iterator[bool]:
    """Whether VADP has the younger recovery point, at each point where the link does not carry the writes."""
    return (one.better == "vadp" for number, one in _contrasts(result, AGE) if number > LINK_WRITES)


def _rows(result: SweepResult) -> Iterator[tuple[str | int | float, ...]]:
    for one in result.points:
        for metric in (AGE, LATENCY):
            contrast = result.contrast(one.point.name, metric, "vaio", "vadp")
            if contrast is not None:
                found = contrast.difference.interval
                settled = str(contrast.difference.sign_settled).lower()
                yield (one.point.name, metric, found.n, found.mean, found.low, found.high, settled, contrast.better)


def _draw(result: SweepResult, folder: Path, identity: Identity) -> None:
    draw_sheets(sweep_frontier.sheets(result), identity, folder, workers=1)


QUESTION = Question(
    "break-even",
    "Where is the break-even between VAIO and VADP?",
    "Where the link carries the writes, VAIO's recovery point is younger at every backup interval, and its write p99 "
    "is never worse: filter hops cost microseconds, stuns and young deltas milliseconds. Where the link does not "
    "carry them, replication falls behind without end, and there are intervals at which a backup's point is younger.",
    f"The sweep in {SWEEP.parent.name}/{SWEEP.name}: four backup intervals by six write rates around what the "
    "replication's link carries. Both protections see the same guest I/O, and each difference is paired by "
    "replication; its sign counts as settled when the 95 % interval leaves out zero.",
    sweep_frontier.HOW_TO_READ,
    ask,
)
