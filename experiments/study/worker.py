"""What a worker of a cluster says of itself, and what it is told: nothing here needs Dask.

Two processes give the same bytes if their sources, the packages that draw and round, and the processor's own arithmetic
are the same. The last is tried, not looked up: vector units differ in the last bit of a logarithm, and no version says
so.
"""

import platform
from functools import cache
from hashlib import blake2b
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from experiments.identity import VERSION
from experiments.study.work import study_source

Likeness = dict[str, str]
"""What must be equal for equal bytes, by what it is called in a message."""

PACKAGES = ("numpy", "scipy", "numba", "distributed")
SOURCE = "engine source"
ABSENT = "not installed"


@cache
def likeness() -> Likeness:
    """This process's."""
    return {
        SOURCE: study_source(),
        "stunlab": VERSION,
        "Python": ".".join(platform.python_version_tuple()[:2]),
        **{package: _installed(package) for package in PACKAGES},
        "arithmetic of the processor": arithmetic(),
    }


def differences(ours: Likeness, theirs: Likeness) -> str:
    """What differs, in words; '' if nothing does."""
    return ", ".join(f"{what} {theirs.get(what, 'missing')} (here {value})" for what, value in ours.items()
                     if theirs.get(what) != value)  # fmt: skip


def arithmetic() -> str:
    """Ten hex digits of what the functions that draws are made of give for the same 4,096 uniforms."""
    import numpy as np
    from scipy.special import ndtr, ndtri

    from sim.streams import exponential, philox, uniforms

    u = uniforms(philox(1, 0, "cluster", "likeness"), 4096, 1)[:, 0]
    columns = (exponential(u), np.exp(u), np.log(u), np.expm1(u), np.sqrt(u), np.power(u, 0.7), ndtri(u), ndtr(u))
    return blake2b(b"".join(column.tobytes() for column in columns), digest_size=5).hexdigest()


def resource(mine: Likeness) -> str:
    """The name of the Dask resource that only workers of this likeness have."""
    return "stunlab-" + blake2b(repr(sorted(mine.items())).encode(), digest_size=8).hexdigest()


def introduce(wanted: Likeness) -> tuple[str, str]:
    """This worker's host, and in what it differs from `wanted` (see `differences`)."""
    return platform.node(), differences(wanted, likeness())


async def take_tasks(wanted: Likeness, dask_worker: Any) -> None:
    """This worker takes tasks of the `resource` from now on, one at a time. Dask hands the worker in."""
    name = resource(wanted)
    if name not in dask_worker.state.total_resources:
        await dask_worker.set_resources(**{name: 1})


def has_engine() -> bool:
    """Whether the compiled path is at hand here, or never can be (no Numba): then nothing need be compiled."""
    if _installed("numba") == ABSENT or compile_engine.cache_info().currsize:
        return True
    from models.compiled.conductor import advance

    return advance.is_kept()


@cache
def compile_engine() -> None:
    """The compiled path is at hand in this process, and kept for its neighbours if there is a folder to keep it in."""
    from models.compiled.conductor import advance

    advance.ready()


def _installed(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ABSENT
