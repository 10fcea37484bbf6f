"""Commands that do many runs: each reads its file, has the runs done, writes a folder, prints the answer.

They share one set of options and one store of finished runs, so that what one of them ran another need not run again.
"""

from collections.abc import Callable

from cyclopts import App

COMMANDS: tuple[Callable[..., int], ...] = ()


def register(app: App) -> None:
    """`app` has these commands."""
    for command in COMMANDS:
        app.command(command)
