"""Marking a mechanism costs nothing until something is compiled, and the readable path never waits for Numba."""

import subprocess
import sys
from pathlib import Path

import pytest

from sim.mechanism import mechanism, register_all

ROOT = Path(__file__).parents[2]


def test_the_readable_path_does_not_load_numba() -> None:
    program = "import sys, models.run; print('numba' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


@pytest.mark.slow
def test_a_mechanism_that_is_marked_late_is_registered_by_the_next_call() -> None:
    numba = pytest.importorskip("numba")
    register_all()

    @mechanism
    def late(x: int) -> int:
        return x + 1

    def caller(x: int) -> int:
        return late(x) * 2

    register_all()
    register_all()  # each function once
    assert numba.njit(caller)(20) == 42
