"""Where a run's CPU time goes: the parts of a run are wrapped from outside, and each part counts what is its own.

While a part runs inside another one, the inner one's clock goes and the outer one's stands still: together they are the
whole run. A few thousand readings of the clock for a million I/Os are all that it costs.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import process_time
from typing import Any

from models import run

LOOP, DRAWING, BUILDING, ROWS, AUDIT, RESULT, STORIES = (
    "loop", "drawing", "building", "rows", "audit", "result", "stories",
)  # fmt: skip
PARTS = (LOOP, DRAWING, BUILDING, ROWS, AUDIT, RESULT, STORIES)


class Stopwatch:
    """CPU seconds by part; one part's clock goes at a time."""

    def __init__(self) -> None:
        self.spent = dict.fromkeys(PARTS, 0.0)
        self._inside: list[str] = []
        self._since = 0.0

    def _lap(self) -> None:
        now = process_time()
        if self._inside:
            self.spent[self._inside[-1]] += now - self._since
        self._since = now

    @contextmanager
    def at(self, part: str) -> Iterator[None]:
        """Inside, that part's clock goes."""
        self._lap()
        self._inside.append(part)
        try:
            yield
        finally:
            self._lap()
            self._inside.pop()

    def wrapped(self, part: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """The function, on that part's account."""

        def timed(*arguments: Any, **named: Any) -> Any:
            with self.at(part):
                return function(*arguments, **named)

        return timed


def places() -> list[tuple[str, Any, str]]:
    """(part, where, name): what is wrapped. One that is no longer there is an error, not a part of zero."""
    from models.compiled import conductor, draws, ledgers

    conductor.advance.ready()
    return [
        (LOOP, conductor.advance, "run"),
        (DRAWING, draws.Stream, "fill"),
        (BUILDING, run.Run, "__init__"),
        (ROWS, ledgers.Recorder, "tick"),
        (ROWS, ledgers.Recorder, "finish"),
        (ROWS, run.Run, "_sample"),
        (AUDIT, run, "audit"),
        (RESULT, run.Run, "result"),
        (STORIES, run.Run, "go"),  # and the clock that lets loop and stories run by turns
    ]


@contextmanager
def parted() -> Iterator[dict[str, float]]:
    """Inside, runs of the compiled path are timed in parts; the dictionary has CPU seconds by part."""
    watch, before = Stopwatch(), []
    for part, owner, name in places():
        function = getattr(owner, name)
        before.append((owner, name, function))
        setattr(owner, name, watch.wrapped(part, function))
    try:
        yield watch.spent
    finally:
        for owner, name, function in reversed(before):
            setattr(owner, name, function)
