"""Compiles the one function of the compiled path, and keeps the result where the next process finds it.

Numba's cache notices a change in one file only, so the folder is named by a hash of all sources of `sim` and `models`;
and of what Numba looks for besides: processor, place and time of the file. What stands in it is then what Numba takes.
It stands in STUNLAB_CACHE, or in the user's cache (XDG_CACHE_HOME, ~/.cache): a read-only installation is no hindrance.
Where nothing can be written nothing is kept, and each process compiles for itself.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from hashlib import blake2b
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

import numba
from llvmlite.binding import Linkage, get_host_cpu_features, get_host_cpu_name
from numba.core import codegen, config
from numba.core.registry import cpu_target

from sim.mechanism import register_all

ROOT = Path(__file__).resolve().parents[1]
OVERRIDE = "STUNLAB_CACHE"


@cache
def code_hash() -> str:
    """Of every Python file of `sim` and `models`, the compiler and the processor: 16 hexadecimal digits."""
    machine = (numba.__version__, get_host_cpu_name(), get_host_cpu_features().flatten(), str(ROOT))
    digest = blake2b("\0".join(machine).encode(), digest_size=8)
    for package in ("sim", "models"):
        for path in sorted((ROOT / package).rglob("*.py")):
            digest.update(f"\0{path.relative_to(ROOT).as_posix()}\0".encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()


@cache
def folder() -> Path | None:
    """Where the compiled code of this source is kept; None when there is no place that can be written."""
    try:
        place = _base() / code_hash()
        place.mkdir(parents=True, exist_ok=True)
        with TemporaryFile(dir=place):
            return place
    except (OSError, RuntimeError):  # RuntimeError: no home
        return None


def _base() -> Path:
    if os.environ.get(OVERRIDE):
        return Path(os.environ[OVERRIDE])
    if os.environ.get("XDG_CACHE_HOME"):
        return Path(os.environ["XDG_CACHE_HOME"]) / "stunlab"
    return Path.home() / ".cache" / "stunlab"


class Compiled:
    """A function of that signature, compiled when `ready` is first called. `run` is what to call then."""

    def __init__(self, function: Callable[..., Any], signature: str) -> None:
        self.function = function
        self.signature = signature
        self.run: Callable[..., Any] = self._not_ready

    def is_kept(self) -> bool:
        """Whether the folder holds it: `ready` then takes half a second, not half a minute."""
        place = self._place()
        return place is not None and any(place.rglob("*.nbc"))

    def _place(self) -> Path | None:
        """The folder of the function as its file is now: Numba takes nothing that was made of an older one."""
        place = folder()
        return place and place / str(Path(self.function.__code__.co_filename).stat().st_mtime_ns)

    def ready(self) -> Callable[..., Any]:
        """The compiled function, from the folder or compiled now."""
        if self.run == self._not_ready:
            place = self._place()
            if place is not None:
                config.CACHE_DIR = str(place)
            register_all()
            if not self.is_kept():
                with _only_to_be_inlined():
                    numba.njit(error_model="numpy")(self.function).compile(self.signature)
            dispatcher = numba.njit(cache=place is not None, error_model="numpy")(self.function)
            with _closed():
                dispatcher.compile(self.signature)
            self.run = dispatcher
        return self.run

    def _not_ready(self, *arguments: Any) -> Any:
        raise RuntimeError("compile it first: ready()")


@contextmanager
def _only_to_be_inlined() -> Iterator[None]:
    """Inside, what Numba compiles is typed and lowered, but neither optimised nor made into machine code.

    That is what the functions called by a compiled one need: they are linked into it, and optimised there, once. Numba
    would make each of them fit to be called from Python, with all that it calls: three times the time. These are its
    inner parts; where a version has them otherwise nothing is changed, and compiling takes longer.
    """
    library, generator, level = codegen.JITCodeLibrary, codegen.JITCPUCodegen, config.OPT
    replaced: list[tuple[Any, str, Any]] = [
        (library, "_finalize_specific", lambda self: None),
        (library, "get_pointer_to_function", lambda self, name: self._ensure_finalized() or 0),
        (generator, "_add_module", lambda self, module: None),
        (generator, "set_env", lambda self, name, env: None),
    ]
    if not all(hasattr(owner, name) for owner, name, _ in replaced):
        yield
        return
    cpu_target.target_context.codegen()  # made at the level of its first use
    before = [(owner, name, getattr(owner, name)) for owner, name, _ in replaced]
    try:
        config.OPT = type(level)(0)
        for owner, name, function in replaced:
            setattr(owner, name, function)
        yield
    finally:
        config.OPT = level
        for owner, name, function in before:
            setattr(owner, name, function)


@contextmanager
def _closed() -> Iterator[None]:
    """Inside, what a compiled function calls is its own: nobody else can call what is linked into it.

    So the optimiser may put whatever is called in one place into that place, and sees that no call fails; Numba leaves
    these functions open to others. As above, where a version has this otherwise nothing is changed.
    """
    library = codegen.CPUCodeLibrary
    optimise = getattr(library, "_optimize_final_module", None)
    if optimise is None:
        yield
        return

    def closed_first(self: Any) -> None:
        for function in self._final_module.functions:
            if not function.is_declaration and function.linkage == Linkage.linkonce_odr:
                function.linkage = Linkage.internal
        optimise(self)

    try:
        library._optimize_final_module = closed_first
        yield
    finally:
        library._optimize_final_module = optimise
