"""Conducts a sensitivity study: the scan and the design in one go, and what they come to.

All points and arms share their random numbers. A point's figure is its mean over replications; a point in which a
replication failed or has no such figure is left out, with the row of the design that it belongs to.
"""

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from experiments.sensitivity.file import Sensitivity
from experiments.sensitivity.indices import Effect, morris_effects, noise, sobol_effects
from experiments.sensitivity.result import Mixed, Moved, Noise, Scanned, SensitivityResult, Turn, Verdict
from experiments.study.cells import Contrast, cells_of, contrast
from experiments.study.runner import Failure, Outcome
from experiments.study.summary import RunSummary
from experiments.study.work import Run, study_source
from experiments.sweep.result import Failed
from models.scenario import Arm, Engine
from sim.streams import Floats

NAN = float("nan")


def conduct(study: Sensitivity, run: Callable[[Sequence[Run]], Sequence[Outcome]], engine: Engine) -> SensitivityResult:
    """The whole study, its runs done by `run`. The result does not depend on how, nor on the engine."""
    points = [(f"{one.key}={one.level}" if one.key else "as it is", one.scenario) for one in study.scans]
    points += study.points
    runs = [
        Run(name, scenario, arm, replicate, engine)
        for name, scenario in points
        for arm in study.arms
        for replicate in range(study.replications)
    ]
    outcomes = run(runs)
    each = len(study.arms) * study.replications
    scans = tuple(_scans(study, outcomes[: len(study.scans) * each], each))
    values, failures = _values(study, outcomes)
    values = values[len(study.scans) :]
    figures = list(_figures(study, values))
    plain = study.plain
    return SensitivityResult(
        name=study.name,
        title=study.title,
        scenario=plain.name,
        compressed=plain.compressed,
        seed=plain.run.seed,
        hash=study.hash,
        source=study_source(),
        method=study.method,
        size=study.size,
        replications=study.replications,
        arms=study.arms,
        between=study.between,
        group=study.group,
        metrics=study.metrics,
        entries=study.entries,
        scans=scans,
        moved=tuple(one for metric, of, rows in figures for one in _moved(study, metric, of, rows)),
        noise=tuple(Noise(metric, of, noise(rows)) for metric, of, rows in figures),
        mixed=tuple(_mixed(study, figures)),
        turns=tuple(_turns(study, scans)),
        runs=len(runs),
        failures=failures,
        warnings=study.warnings,
    )


def _values(study: Sensitivity, outcomes: Sequence[Outcome]) -> tuple[Floats, tuple[Failed, ...]]:
    """Every figure, by point, arm, replicate and metric (nan: undefined, or no result), and the failures."""
    failures = []
    rows = []
    for one in outcomes:
        if isinstance(one, Failure):
            failures.append(Failed(one.name, one.reason))
            rows.append([NAN] * len(study.metrics))
        else:
            rows.append([one.value(metric, study.group) for metric in study.metrics])
    shape = (-1, len(study.arms), study.replications, len(study.metrics))
    return np.array(rows, dtype=np.float64).reshape(shape), tuple(dict.fromkeys(failures))


def _scans(study: Sensitivity, outcomes: Sequence[Outcome], each: int) -> Iterator[Scanned]:
    """The scan's points that have a replication without a failure in any arm; over these replications."""
    for place, scan in enumerate(study.scans):
        block = list(outcomes[place * each : (place + 1) * each])
        by_arm = [block[i : i + study.replications] for i in range(0, each, study.replications)]
        kept: dict[Arm, list[RunSummary]] = {arm: [] for arm in study.arms}
        for together in zip(*by_arm, strict=True):
            found = [one for one in together if isinstance(one, RunSummary)]
            if len(found) == len(study.arms):
                for arm, one in zip(study.arms, found, strict=True):
                    kept[arm].append(one)
        cells = cells_of(kept, study.metrics, (study.group,))
        if not cells:
            continue
        contrasts: tuple[Contrast, ...] = ()
        if study.between:
            first, second = ([one for one in cells if one.arm == arm] for arm in study.between)
            contrasts = tuple(contrast(arm, base) for arm, base in zip(first, second, strict=True))
        yield Scanned(scan.key, scan.level, cells, contrasts)


def _figures(study: Sensitivity, values: Floats) -> Iterator[tuple[str, str, Floats]]:
    """Metric, arm or difference, and its values by point and replicate."""
    for number, metric in enumerate(study.metrics):
        for place, arm in enumerate(study.arms):
            yield metric, arm, values[:, place, :, number]
        if study.between:
            first, second = (study.arms.index(arm) for arm in study.between)
            yield metric, " - ".join(study.between), values[:, first, :, number] - values[:, second, :, number]


def _moved(study: Sensitivity, metric: str, of: str, rows: Floats) -> Iterator[Moved]:
    means = rows.mean(axis=1)  # nan where any replication is
    seed = study.plain.run.seed
    effects: list[Effect]
    if study.method == "sobol":
        effects = sobol_effects(means, len(study.entries), seed)
    else:
        effects = morris_effects(means, study.walks, seed)
    for entry, effect in zip(study.entries, effects, strict=True):
        yield Moved(metric, of, entry.key, effect)


def _mixed(study: Sensitivity, figures: Sequence[tuple[str, str, Floats]]) -> Iterator[Mixed]:
    from experiments.metrics import BY_KEY

    for metric, of, rows in figures:
        direction = {"low": -1, "high": 1, "neither": 0}[BY_KEY[metric].better]
        if of in study.arms or not direction:
            continue
        means = rows.mean(axis=1) * direction
        yield Mixed(metric, int(np.isfinite(means).sum()), (int((means > 0).sum()), int((means < 0).sum())))


def _turns(study: Sensitivity, scans: Sequence[Scanned]) -> Iterator[Turn]:
    """What each level of the scan does to the verdict, by metric; where both are defined."""
    if not scans or scans[0].key:
        return
    before = {one.metric: one for one in scans[0].contrasts}
    for metric in study.metrics:
        for scan in scans[1:]:
            after = next((one for one in scan.contrasts if one.metric == metric), None)
            base = before.get(metric)
            if after is not None and base is not None and after.difference.interval.n and base.difference.interval.n:
                yield Turn(metric, scan.key, scan.level, _verdict(base.better, after.better), after.better, base.better)


def _verdict(was: str, now: str) -> Verdict:
    if was and now:
        return "keeps" if was == now else "flips"
    return "opens" if was else "settles" if now else "keeps"
