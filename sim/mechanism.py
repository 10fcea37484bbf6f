"""Marks state machines whose one source runs in two ways: by Python over lists, and compiled by Numba over memory.

A mechanism is a function of a state and whole numbers. The state is a NamedTuple of columns, and a column is used by
index alone. On the readable path a column is a `list[int]`; compiled, it is a stretch of one flat memory of 64-bit
integers. So the source keeps to what both have: loops, branches, arithmetic that stays below 2^63, calls of other
mechanisms. No length, no method, no list built, no exception, no default argument, one type for each variable.

What a state cannot know the size of beforehand lies in a column `pool`, which grows at its end: `take` gives the index
of fresh words, and whoever took them keeps it. Functions that only stories, the audit and tests call are plain Python;
they are written for both kinds of column as well, but are not compiled.
"""

from collections.abc import Callable
from typing import Any, TypeVar

Function = TypeVar("Function", bound=Callable[..., Any])


_noted: list[Callable[..., Any]] = []
"""Mechanisms that the compiler does not know yet: nobody who does not compile waits for Numba."""


def mechanism(function: Function) -> Function:
    """The function itself, noted for the compiler: after `register_all` compiled code may call it."""
    _noted.append(function)
    return function


def register_all() -> None:
    """Every mechanism that is marked by now is known to the compiler, once. Needs Numba; call it before compiling."""
    from numba.extending import register_jitable

    register = register_jitable(no_cfunc_wrapper=True)  # compiled code alone calls them
    while _noted:
        register(_noted.pop(0))


def take(pool: list[int], words: int) -> int:
    """The pool has that many words more, all 0; returns the index of the first. (Compiled: an overload.)"""
    at = len(pool)
    pool.extend([0] * words)
    return at


def bit_length(x: int) -> int:
    """The number of the highest set bit, counted from 1; 0 for 0. `x` is not negative. (Compiled: an overload.)"""
    return int(x).bit_length()
