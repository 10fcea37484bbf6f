"""Plants the faults of `table.py`, one at a time in each copy of this checkout, and says which are noticed.

A copy for each processor; each fault costs a compilation of its own: all of them more than an hour of two processors.

`python tests/mutants/run.py [WORD ...]`: those whose file or text holds one of the words; without words all of them.
Ends with 1 when a fault survives that no list calls harmless. `make mutants` runs it; the suite plants a few.
"""

import os
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from queue import SimpleQueue
from tempfile import TemporaryDirectory

sys.path.insert(0, str(Path(__file__).parent))
from table import ALL, EQUIVALENT, Mutant

ROOT = Path(__file__).resolve().parents[2]
COPIED = ("sim", "models", "experiments", "tests", "scenarios", "benchmarks", "pyproject.toml")
FAILED = 1
"""pytest's exit code when tests ran and some failed."""


ENDLESS_S = 300
"""A test that takes longer, compiling included, goes round for ever: that notices a fault, too."""


def copy(to: Path) -> None:
    """A checkout that tests can run in."""
    to.mkdir(parents=True, exist_ok=True)
    for name in COPIED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, to / name, ignore=shutil.ignore_patterns("__pycache__", "results"))
        elif source.exists():
            shutil.copy(source, to / name)


def planted(mutant: Mutant, text: str) -> str:
    """The file's text with the fault in it."""
    if text.count(mutant.before) != 1:
        raise ValueError(f"{mutant.file}: stands {text.count(mutant.before)} times: {mutant.before!r}")
    return text.replace(mutant.before, mutant.after)


def caught(mutant: Mutant, house: Path) -> bool:
    """Whether the tests that should notice the fault do, in the copy `house`, which is whole again afterwards."""
    path = house / mutant.file
    text = path.read_text()
    path.write_text(planted(mutant, text))
    try:
        code = tried(mutant.tests, house)
        return code == FAILED or code < 0  # or it crashed
    finally:
        path.write_text(text)


def tried(tests: str, house: Path) -> int:
    """pytest's exit code for these tests in `house`, up to the first failure."""
    options = [
        "-q",
        "-x",
        "-p",
        "no:cacheprovider",
        "--tb=no",
        "--hypothesis-profile=unshrunk",
        f"--timeout={ENDLESS_S}",
    ]
    environment = {**os.environ, "STUNLAB_CACHE": str(house / "cache"), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-m", "pytest", *options, *shlex.split(tests)]
    return subprocess.run(command, cwd=house, env=environment, capture_output=True).returncode


@contextmanager
def houses(count: int) -> Iterator[SimpleQueue[Path]]:
    """So many copies; who takes one puts it back."""
    free: SimpleQueue[Path] = SimpleQueue()
    with TemporaryDirectory() as folder:
        for number in range(count):
            copy(Path(folder) / str(number))
            free.put(Path(folder) / str(number))
        yield free


def judged(mutant: Mutant, free: SimpleQueue[Path]) -> bool:
    """Plants the fault in a free copy and prints its line; whether it survives without an excuse."""
    house = free.get()
    try:
        shutil.rmtree(house / "cache", ignore_errors=True)
        began = time.monotonic()
        found, reason = caught(mutant, house), EQUIVALENT.get((mutant.file, mutant.before), "")
    finally:
        free.put(house)
    word = "caught" if found else f"harmless: {reason}" if reason else "SURVIVED"
    print(f"{word:9} {time.monotonic() - began:4.0f} s  {mutant.file}: {mutant.before!r}", flush=True)
    return not found and not reason


def main(words: list[str]) -> int:
    """Plants each, prints a line for each as it is done; the exit code."""
    chosen = [m for m in ALL if not words or any(word in f"{m.file} {m.before}" for word in words)]
    workers = os.cpu_count() or 1
    with houses(workers) as free, ThreadPoolExecutor(workers) as pool:
        survived = sum(pool.map(lambda mutant: judged(mutant, free), chosen))
    print(f"{len(chosen)} faults, {survived} survived")
    return 1 if survived else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
