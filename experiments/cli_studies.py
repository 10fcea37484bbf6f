"""Commands that do many runs: each reads its file, has the runs done, writes a folder, prints the answer.

They share one set of options and one store of finished runs, so that what one of them ran another need not run again.
"""

from collections.abc import Callable
from pathlib import Path

from cyclopts import App

from experiments.options import Files, Flag, StudyOptions
from models.scenario import Engine

DEFAULTS = StudyOptions()


def sweep(file: Path, *, only: str | None = None, options: StudyOptions = DEFAULTS) -> int:
    """Run a scenario at every point of a design: fields that change, arms, replications; tables with intervals.

    Parameters
    ----------
    file
        Sweep file (TOML).
    only
        Do one run alone, by its name, for example "interval=5 min, vms=8/vadp/3", and write its whole result.
    """
    if only is not None:
        from experiments.sweep.only import main as alone

        return alone(file, only, options)
    from experiments.sweep.session import main

    return main(file, options)


def plan(file: Path, *, options: StudyOptions = DEFAULTS) -> int:
    """Find how much fits under objectives: the most VMs, the least bandwidth, with what binds and what is left.

    Parameters
    ----------
    file
        Plan file (TOML).
    """
    from experiments.plan.session import main

    return main(file, options)


def sensitivity(file: Path, *, options: StudyOptions = DEFAULTS) -> int:
    """Which assumptions move an answer, and could one flip the verdict between two arms? Tables, charts, report.

    Parameters
    ----------
    file
        Sensitivity file (TOML).
    """
    from experiments.sensitivity.session import main

    return main(file, options)


def question(name: str | None = None, /, *, quick: Flag = False, options: StudyOptions = DEFAULTS) -> int:
    """Ask one of the questions that ship, by its name; without a name, list them.

    Parameters
    ----------
    name
        Of the question.
    quick
        A short look: fewer and smaller runs, wider intervals.
    """
    from experiments.questions.session import main

    return main(name, quick, options)


def rerun(file: Path, *, trace: Files = None, engine: Engine | None = None) -> int:
    """Do a failed run of a study again, alone and in this process.

    Parameters
    ----------
    file
        What the study wrote of it into the folder "failed" beside its store.
    trace
        A file of recorded I/O that the run replays; once for each file.
    engine
        What carries the I/Os.
    """
    from experiments.study.failed import rerun as again

    return again(file, tuple(trace or ()), engine)


COMMANDS: tuple[Callable[..., int], ...] = (sweep, plan, sensitivity, question, rerun)


def register(app: App) -> None:
    """`app` has these commands."""
    for command in COMMANDS:
        app.command(command)
