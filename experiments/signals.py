"""Ends a command in good order when it is told to stop: what is half done is put away, as after Ctrl-C.

Represents: SIGTERM (kill, a service manager, a job's time limit) and SIGHUP (a terminal that is gone) as an exception.
Leaves out: SIGINT, which Python turns into KeyboardInterrupt itself, and SIGKILL, which nobody can answer.
"""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

ENDING = (signal.SIGTERM, signal.SIGHUP)


class Terminated(BaseException):
    """The process was told to stop; `code` is the exit code that says so."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.code = 128 + number


@contextmanager
def raised() -> Iterator[None]:
    """Inside the block the first such signal raises Terminated and later ones do nothing; for the main thread."""
    before = {number: signal.signal(number, _raise) for number in ENDING if signal.getsignal(number) == signal.SIG_DFL}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _raise(number: int, frame: FrameType | None) -> None:
    for other in ENDING:
        signal.signal(other, signal.SIG_IGN)
    raise Terminated(number)
