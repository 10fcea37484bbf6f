"""One run of a sweep alone, by its name: a result folder as `stunlab run` writes it, for `stunlab explain`."""

import difflib
from dataclasses import replace
from pathlib import Path

from experiments.errors import InputError
from experiments.options import Options, StudyOptions
from experiments.scenario import Loaded
from experiments.scenario.messages import printable
from experiments.session import simulate
from experiments.study.runner import running
from experiments.study.session import means
from experiments.sweep.conduct import pilots
from experiments.sweep.file import Sweep, load_sweep
from models.scenario import Arm

NEAR = 3


def main(path: Path, name: str, options: StudyOptions) -> int:
    """That run's result folder written, its figures printed, 0 returned. Raises InputError for an unknown name."""
    sweep = load_sweep(path, options.seed)
    index, arm, replicate = found(sweep, name)
    scenario = sweep.scenarios[index]
    if sweep.pilots:
        with running(means(options), sweep.name) as run:
            scenario = pilots(sweep, [index], run, options.engine or sweep.engine)[0].scenario
    one = replace(scenario, arms=(arm,), run=replace(scenario.run, replications=1))
    plain = Options(
        workers=options.workers, engine=options.engine, out=options.out, json=options.json, force=options.force,
        no_report=options.no_report,
    )  # fmt: skip
    return simulate(Loaded(one, [], engine=sweep.engine), plain, first=replicate)


def found(sweep: Sweep, name: str) -> tuple[int, Arm, int]:
    """The run of this name: the number of its point, its arm, its replicate. Raises InputError."""
    point, arm, replicate = [*name.rsplit("/", 2), "", ""][:3]
    names = [one.name for one in sweep.points]
    mistakes = []
    if point not in names:
        near = difflib.get_close_matches(point, names, NEAR, cutoff=0.3) or names[:NEAR]
        listed = ", ".join(f'"{one}"' for one in near)
        mistakes.append(f'"{printable(point)}" is no point of the sweep; it has for example {listed}')
    chosen = [one for one in sweep.arms if one == arm]
    if not chosen:
        mistakes.append(f'"{printable(arm)}" is no arm of the sweep, which has {", ".join(sweep.arms)}')
    if not (replicate.isascii() and replicate.isdecimal() and len(replicate) < 6):
        mistakes.append(f'"{printable(replicate)}" is no replicate, write a whole number from 0')
    if mistakes:
        example = f"{names[0]}/{sweep.arms[0]}/0"
        raise InputError([f'--only: {one}; a run is named POINT/ARM/REPLICATE, as in "{example}"' for one in mistakes])
    return names.index(point), chosen[0], int(replicate)
