"""Commands that do many runs: each reads its file, has the runs done, writes a folder, prints the answer.

They share one set of options and one store of finished runs, so that what one of them ran another need not run again.
"""

from collections.abc import Callable
from pathlib import Path

from cyclopts import App

from experiments.options import Flag, StudyOptions

DEFAULTS = StudyOptions()


def sweep(file: Path, *, options: StudyOptions = DEFAULTS) -> int:
    """Run a scenario at every point of a design: fields that change, arms, replications; tables with intervals.

    Parameters
    ----------
    file
        Sweep file (TOML).
    """
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


COMMANDS: tuple[Callable[..., int], ...] = (sweep, plan, question)


def register(app: App) -> None:
    """`app` has these commands."""
    for command in COMMANDS:
        app.command(command)
