"""The points of a sweep: every combination of levels, or a sample of them that can be continued.

Samples come from named streams of the seed (`sim.streams`): a larger one holds the smaller one's points, in their
order. Source of the sequences: scipy.stats.qmc (Sobol with Owen's scrambling; Latin hypercubes, block by block).
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import product
from typing import Any, Literal, NamedTuple

from experiments.sweep.axes import Choice, Levels
from experiments.sweep.result import Point
from sim.streams import philox

Design = Literal["grid", "latin hypercube", "sobol"]


class Designed(NamedTuple):
    """A point, and what is set for each axis."""

    point: Point
    values: tuple[Any, ...]


def grid(axes: Sequence[Levels]) -> tuple[Designed, ...]:
    """Every combination of levels, the last axis fastest."""
    return _points(axes, product(*(axis.listed for axis in axes)))


def sample(axes: Sequence[Levels], design: Design, points: int, block: int, seed: int) -> tuple[Designed, ...]:
    """So many points spread evenly over the axes; fewer where rounding makes two the same.

    `points` is a power of two for Sobol, a multiple of `block` for Latin hypercubes.
    """
    shares = _sobol(len(axes), points, seed) if design == "sobol" else _hypercubes(len(axes), points, block, seed)
    return _points(axes, (tuple(map(Levels.sampled, axes, row)) for row in shares))


def _points(axes: Sequence[Levels], rows: Iterable[Sequence[Choice]]) -> tuple[Designed, ...]:
    """The points, each once, in the order of their first coming."""
    found: dict[str, Designed] = {}
    for row in rows:
        name = ", ".join(f"{axis.axis.key}={choice.level.text}" for axis, choice in zip(axes, row, strict=True))
        point = Point(name, tuple(choice.level for choice in row))
        found.setdefault(name, Designed(point, tuple(choice.value for choice in row)))
    return tuple(found.values())


def _sobol(dimensions: int, points: int, seed: int) -> list[list[float]]:
    from scipy.stats import qmc

    sequence = qmc.Sobol(dimensions, scramble=True, rng=_drawn(seed, 0, "sobol"))
    shares: list[list[float]] = sequence.random(points).tolist()
    return shares


def _hypercubes(dimensions: int, points: int, block: int, seed: int) -> Iterator[list[float]]:
    from scipy.stats import qmc

    for number in range(points // block):
        yield from qmc.LatinHypercube(dimensions, rng=_drawn(seed, number, "latin hypercube")).random(block).tolist()


def _drawn(seed: int, block: int, design: Design) -> int:
    """What starts the generator of a block: the first word of its own stream."""
    return int(philox(seed, block, "sweep", design).random_raw())
