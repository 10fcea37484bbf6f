"""Commands that do many runs: each reads its file, has the runs done, writes a folder, prints the answer.

They share one set of options and one store of finished runs, so that what one of them ran another need not run again.
"""

from collections.abc import Callable
from pathlib import Path

from cyclopts import App

from experiments.options import StudyOptions

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


def sensitivity(file: Path, *, options: StudyOptions = DEFAULTS) -> int:
    """Which assumptions move an answer, and could one flip the verdict between two arms? Tables and tornado charts.

    Parameters
    ----------
    file
        Sensitivity file (TOML).
    """
    from experiments.sensitivity.session import main

    return main(file, options)


COMMANDS: tuple[Callable[..., int], ...] = (sweep, sensitivity)


def register(app: App) -> None:
    """`app` has these commands."""
    for command in COMMANDS:
        app.command(command)
