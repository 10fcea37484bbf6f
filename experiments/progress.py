"""Shows on standard error how far a run has come: a bar on a terminal, plain lines elsewhere, or nothing.

Whether there is a terminal is asked of the stream itself: an environment that forces colours (as CI does) must not put
escape codes into a log.
"""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

LINE_EVERY_S = 5.0


class OnDone(Protocol):
    """Tells that so many of all are done. `count` may grow; `note` is what there is to say about it just now."""

    def __call__(self, done: int, count: int, note: str = "") -> None: ...


@contextmanager
def progress(title: str, total: int, quiet: bool, unit: str = "runs") -> Iterator[OnDone]:
    """A function to call with (done, all) after each of these. `quiet` says nothing unless there is a terminal."""
    if sys.stderr.isatty():
        with _bar(title, total, unit) as on_done:
            yield on_done
    elif quiet:
        yield lambda done, count, note="": None
    else:
        lines = Lines(title, unit)
        yield lines
        lines.close()


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
        TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn(), TextColumn(unit),
        TextColumn("{task.fields[rate]}"), TimeElapsedColumn(), TextColumn("left"), TimeRemainingColumn(),
        TextColumn("{task.fields[note]}", markup=False),
    )  # fmt: skip
    began = time.monotonic()
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(title, total=total, rate="", note="")

        def on_done(done: int, count: int, note: str = "") -> None:
            rate = f"{60 * done / (time.monotonic() - began):.0f}/min"
            bar.update(task, completed=done, total=count, rate=rate, note=note)

        yield on_done


class Lines:
    """Prints a line every few seconds, and one at the end: of a whole that has stopped growing by then."""

    def __init__(self, title: str, unit: str) -> None:
        self._title = title
        self._unit = unit
        self._began = self._last = time.monotonic()
        self._unsaid: tuple[int, int, str] | None = None

    def __call__(self, done: int, count: int, note: str = "") -> None:
        self._unsaid = (done, count, note)
        if time.monotonic() - self._last >= LINE_EVERY_S:
            self._say()

    def close(self) -> None:
        """The last that was told has been said."""
        if self._unsaid is not None:
            self._say()

    def _say(self) -> None:
        assert self._unsaid is not None
        done, count, note = self._unsaid
        self._last, self._unsaid = time.monotonic(), None
        spent = self._last - self._began
        left = f", about {spent / done * (count - done):.0f} s left" if done < count else ""
        rate = f", {60 * done / spent:.0f}/min" if spent >= 1 else ""
        said = f"; {note}" if note else ""
        line = f"{self._title}: {done} of {count} {self._unit} in {spent:.0f} s{rate}{left}{said}"
        print(line, file=sys.stderr, flush=True)
