"""Shows on standard error how far a run has come: a bar on a terminal, plain lines elsewhere, or nothing.

Whether there is a terminal is asked of the stream itself: an environment that forces colours (as CI does) must not put
escape codes into a log.
"""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

OnDone = Callable[[int, int], None]

LINE_EVERY_S = 5.0


@contextmanager
def progress(title: str, total: int, quiet: bool, unit: str = "runs") -> Iterator[OnDone]:
    """A function to call with (done, all) after each of these. `quiet` says nothing unless there is a terminal."""
    if sys.stderr.isatty():
        with _bar(title, total, unit) as on_done:
            yield on_done
    elif quiet:
        yield lambda done, count: None
    else:
        yield _lines(title, unit)


@contextmanager
def _bar(title: str, total: int, unit: str) -> Iterator[OnDone]:
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    columns = (
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn(unit),
        TextColumn("{task.fields[rate]}"), TimeElapsedColumn(), TextColumn("left"), TimeRemainingColumn(),
    )  # fmt: skip
    began = time.monotonic()
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(title, total=total, rate="")

        def on_done(done: int, count: int) -> None:
            rate = f"{60 * done / (time.monotonic() - began):.0f}/min"
            bar.update(task, completed=done, total=count, rate=rate)

        yield on_done


def _lines(title: str, unit: str) -> OnDone:
    began = last = time.monotonic()

    def on_done(done: int, count: int) -> None:
        nonlocal last
        now = time.monotonic()
        if done < count and now - last < LINE_EVERY_S:
            return
        last = now
        left = f", about {(now - began) / done * (count - done):.0f} s left" if done < count else ""
        print(f"{title}: {done} of {count} {unit} in {now - began:.0f} s{left}", file=sys.stderr, flush=True)

    return on_done
