"""Progress: lines in a log, a bar on a terminal, nothing when quiet; the whole may grow."""

import io
import os
import pty
import re
import sys
import threading

import pytest

from experiments import progress as module
from experiments.progress import progress


def test_a_log_gets_a_line_now_and_then_and_one_at_the_end(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    clock = [100.0]
    monkeypatch.setattr(module.time, "monotonic", lambda: clock[0])
    with progress("storms", 0, quiet=False) as show:
        for done, clock[0], count in ((1, 102.0, 10), (2, 106.0, 10), (3, 107.0, 10), (10, 112.0, 10), (10, 112.0, 20)):
            show(done, count, f"widest: {done}")
        clock[0] = 120.0
        show(20, 20)
        clock[0] = 121.0
        show(20, 21)
    assert capsys.readouterr().err.splitlines() == [
        "storms: 2 of 10 runs in 6 s, 20/min, about 24 s left; widest: 2",
        "storms: 10 of 10 runs in 12 s, 50/min; widest: 10",
        "storms: 20 of 20 runs in 20 s, 60/min",
        "storms: 20 of 21 runs in 21 s, 57/min, about 1 s left",
    ]


def test_a_short_log_has_one_line_and_a_quiet_one_none(capsys: pytest.CaptureFixture[str]) -> None:
    for quiet in (False, True):
        with progress("storms", 2, quiet) as show:
            show(1, 2)
            show(2, 2, "done")
    assert capsys.readouterr().err == "storms: 2 of 2 runs in 0 s; done\n"


def test_nothing_done_nothing_said(capsys: pytest.CaptureFixture[str]) -> None:
    with progress("storms", 0, quiet=False):
        pass
    assert capsys.readouterr().err == ""


def test_a_terminal_gets_a_bar_with_rate_rest_and_note(monkeypatch: pytest.MonkeyPatch) -> None:
    ours, theirs = pty.openpty()
    shown = bytearray()

    def take() -> None:
        while True:
            try:
                shown.extend(os.read(ours, 4096))
            except OSError:  # the other side is closed
                return

    reader = threading.Thread(target=take)
    reader.start()
    monkeypatch.setenv("COLUMNS", "160")
    monkeypatch.setenv("TERM", "xterm")
    with io.TextIOWrapper(io.FileIO(theirs, "w"), write_through=True) as terminal:
        monkeypatch.setattr(sys, "stderr", terminal)
        with progress("storms", 0, quiet=False) as show:
            show(3, 9, "widest: p99 of [sql] at interval=5 min, 12 % wide")
    reader.join()
    os.close(ours)
    text = re.sub(rb"\x1b\[[0-9;?]*[A-Za-z]", b"", bytes(shown)).decode()
    assert re.search(r"storms .*3/9 runs \d+/min \d:\d\d:\d\d left .*widest: p99 of \[sql\] at interval=5 min", text)
