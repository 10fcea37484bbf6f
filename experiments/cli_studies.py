"""Commands that do many runs: each reads its file, has the runs done, writes a folder, prints the answer.

They share one set of options and one store of finished runs, so that what one of them ran another need not run again.
"""

from collections.abc import Callable
from pathlib import Path

from cyclopts import App

from models.scenario import Engine


def rerun(file: Path, *, trace: list[Path] | None = None, engine: Engine | None = None) -> int:
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


COMMANDS: tuple[Callable[..., int], ...] = (rerun,)


def register(app: App) -> None:
    """`app` has these commands."""
    for command in COMMANDS:
        app.command(command)
