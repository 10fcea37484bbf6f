"""Where compiled code is kept: in a folder of its own for each state of the source, because Numba's cache looks at one file.

The folder is named by a hash of all sources of `sim` and `models` and stands in STUNLAB_CACHE, or in the user's cache
(XDG_CACHE_HOME, ~/.cache); where neither can be written, nothing is kept and each process compiles for itself.
"""

import os
from collections.abc import Callable
from functools import cache
from hashlib import blake2b
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any, TypeVar

import numba

Function = TypeVar("Function", bound=Callable[..., Any])
ROOT = Path(__file__).resolve().parents[1]


@cache
def source_hash() -> str:
    """Of every Python file of `sim` and `models`, and the compiler's version: 16 hexadecimal digits."""
    digest = blake2b(numba.__version__.encode(), digest_size=8)
    for package in ("sim", "models"):
        for path in sorted((ROOT / package).rglob("*.py")):
            digest.update(f"\0{path.relative_to(ROOT).as_posix()}\0".encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()


@cache
def folder() -> Path | None:
    """Where the compiled code of this source is kept; None when there is no place that can be written."""
    base = os.environ.get("STUNLAB_CACHE") or os.environ.get("XDG_CACHE_HOME")
    place = Path(base) if base else Path.home() / ".cache"
    place = (place if os.environ.get("STUNLAB_CACHE") else place / "stunlab") / source_hash()
    try:
        place.mkdir(parents=True, exist_ok=True)
        with TemporaryFile(dir=place):
            return place
    except OSError:
        return None


def entry(function: Function) -> Function:
    """The function, compiled when it is first called; the result is kept in `folder()`."""
    place = folder()
    if place is not None:
        numba.config.CACHE_DIR = str(place)
    compiled: Function = numba.njit(cache=place is not None)(function)
    return compiled


def is_kept() -> bool:
    """Whether the folder holds compiled code: the first call then takes half a second."""
    place = folder()
    return place is not None and any(place.rglob("*.nbc"))
