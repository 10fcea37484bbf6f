"""Which points to run: shares of the way through each assumption's range, for Sobol indices or Morris screening.

Both designs are prefix-stable: a larger one begins with the smaller one's points. Sources: Saltelli et al., "Variance
based sensitivity analysis of model output" (2010), radial design with both matrices from one scrambled Sobol sequence;
Morris, "Factorial sampling plans for preliminary computational experiments" (1991), four levels.
"""

from typing import NamedTuple

from sim.streams import Floats, philox, uniforms

LEVELS = 4
STEP = LEVELS / (2 * (LEVELS - 1))  # two thirds of the range


class Designed(NamedTuple):
    """A point: its name, and for each assumption the share of the way from its low to its high."""

    name: str
    shares: tuple[float, ...]


def sobol(keys: tuple[str, ...], size: int, seed: int) -> list[Designed]:
    """`size` (a power of two) rows of 2 + len(keys) points: A, B, then A with each assumption from B."""
    count = len(keys)
    points = []
    for row, shares in enumerate(_sequence(2 * count, size, seed), 1):
        a, b = tuple(shares[:count]), tuple(shares[count:])
        points += [Designed(f"row {row}, A", a), Designed(f"row {row}, B", b)]
        for place, key in enumerate(keys):
            points.append(Designed(f"row {row}, {key} from B", (*a[:place], b[place], *a[place + 1 :])))
    return points


def _sequence(dimensions: int, size: int, seed: int) -> list[list[float]]:
    from scipy.stats import qmc

    start = int(philox(seed, 0, "sensitivity", "sobol").random_raw())
    found: list[list[float]] = qmc.Sobol(dimensions, scramble=True, rng=start).random(size).tolist()
    return found


class Step(NamedTuple):
    """What one step of a trajectory changed: the assumption's place among the keys, and by how much of its range."""

    place: int
    change: float


def morris(keys: tuple[str, ...], size: int, seed: int) -> tuple[list[Designed], list[tuple[Step, ...]]]:
    """`size` trajectories of 1 + len(keys) points, and the steps between them. Each step moves one assumption."""
    points: list[Designed] = []
    walks: list[tuple[Step, ...]] = []
    for row in range(size):
        draws: Floats = uniforms(philox(seed, row, "sensitivity", "morris"), len(keys), 2)
        starts = [int(u * LEVELS) for u in draws[:, 0].tolist()]
        order = sorted(range(len(keys)), key=draws[:, 1].tolist().__getitem__)
        shares = [start / (LEVELS - 1) for start in starts]
        points.append(Designed(f"walk {row + 1}, start", tuple(shares)))
        walk = []
        for place in order:
            change = LEVELS // 2 if starts[place] < LEVELS // 2 else -(LEVELS // 2)
            shares[place] = (starts[place] + change) / (LEVELS - 1)
            walk.append(Step(place, STEP if change > 0 else -STEP))
            points.append(Designed(f"walk {row + 1}, {keys[place]}", tuple(shares)))
        walks.append(tuple(walk))
    return points, walks
