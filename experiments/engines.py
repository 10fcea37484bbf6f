"""Which engine carries the I/Os, and that it is ready before the work begins.

Both give the same result: "simpy" is the readable path, "compiled" the fast one. The fast one needs Numba and is
compiled once for each version of the sources. That is this process's affair, before there are workers: they find it in
the folder where it is kept (`sim.compiling`). All is said on standard error.
"""

import os
import sys
import time
from functools import cache
from tempfile import TemporaryDirectory
from typing import Literal, TypeVar

from experiments.errors import InputError
from models.assumptions import default
from models.scenario import Engine

Wanted = Literal["compiled", "simpy", "both"]
"""What can be asked for; "both" runs everything with either and holds the results against each other."""

Asked = TypeVar("Asked", Engine, Wanted)

REMEDY = 'install it with: pip install "numba>=0.68"'


def by_default() -> Engine:
    """The register's choice."""
    return "simpy" if default("run.engine") == "simpy" else "compiled"


def chosen(wanted: Asked) -> Asked:
    """What runs: as wanted, but "simpy" in place of "compiled" where Numba is missing, which is said once.

    Raises InputError for "both" without Numba: what was asked for cannot be done.
    """
    lack = "" if wanted == "simpy" else _lack_of_numba()
    if not lack:
        return wanted
    if wanted == "both":
        raise InputError([f"--engine: both needs Numba, which cannot be loaded ({lack}); {REMEDY}"])
    _say(f"notice: the fast path needs Numba, which cannot be loaded ({lack}): the readable path runs instead, with "
         f"the same result but slower; {REMEDY}")  # fmt: skip
    return "simpy"


def ready(wanted: Asked) -> Asked:
    """`chosen`, and if it is compiled, this process and its workers find it kept; compiling is announced."""
    engine = chosen(wanted)
    if engine == "simpy" or _is_kept():
        return engine
    from sim.compiling import OVERRIDE

    how = "once for this version"
    if not _has_folder():
        if not _take_temporary_folder():
            return _without_any_folder(wanted)
        how = f"for this command only (no folder to keep it in can be written: name one in {OVERRIDE})"
    compile_now(how)
    return engine


def compile_now(how: str) -> None:
    """The fast path is compiled and kept; before and after it is said."""
    from models.compiled.conductor import advance

    print(f"compiling the fast path, {how}: about 20 s ...", file=sys.stderr, flush=True)
    began = time.monotonic()
    advance.ready()
    print(f"compiled in {time.monotonic() - began:.0f} s", file=sys.stderr, flush=True)


def _lack_of_numba() -> str:
    """Why Numba cannot be imported; '' when it can."""
    try:
        import numba  # noqa: F401
    except (ImportError, OSError) as problem:  # OSError: a library that it needs
        return str(problem)
    return ""


def _is_kept() -> bool:
    from models.compiled.conductor import advance

    return advance.is_kept()


def _has_folder() -> bool:
    from sim.compiling import folder

    return folder() is not None


@cache
def _temporary_folder() -> TemporaryDirectory[str] | None:
    """A folder for this process and its workers, gone with it; None if there is not even that."""
    try:
        return TemporaryDirectory(prefix="stunlab-")
    except OSError:
        return None


def _take_temporary_folder() -> bool:
    """The compiled code goes into a temporary folder from now on: compiled once a command, not once a process."""
    from sim.compiling import OVERRIDE, folder

    temporary = _temporary_folder()
    if temporary is None:
        return False
    os.environ[OVERRIDE] = temporary.name
    folder.cache_clear()
    return _has_folder()


def _without_any_folder(wanted: Asked) -> Asked:
    """Each process would compile for itself: the readable path is done by then. A comparison was asked for, though."""
    if wanted == "both":
        _say("notice: no folder to keep the fast path in can be written: each process compiles it, about 20 s")
        return wanted
    from sim.compiling import OVERRIDE

    _say(f"notice: no folder to keep the fast path in can be written: the readable path runs instead, with the same "
         f"result but slower; name a folder in {OVERRIDE}")  # fmt: skip
    return "simpy"


@cache
def _say(line: str) -> None:
    """Prints the line, once a process."""
    print(line, file=sys.stderr, flush=True)
