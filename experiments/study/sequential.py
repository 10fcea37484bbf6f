"""How many replications a study makes: a fixed number, or as many as it takes until its targets are settled.

A target is an interval narrow enough, or the sign of a difference between two arms. Between two looks the number grows
by a quarter: looking after every single one would find a moment of luck more often. Even so an interval of a sequential
study covers less often than its level says, and a sign is called settled more often: `docs/statistics.md` says by how
much. Leaves out: corrections for that, and for several targets.
"""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from experiments.group_view import ALL_VMS
from experiments.metrics import BY_KEY, show
from experiments.study.cells import Cell, Contrast

LEAST = 10
MOST = 10_000


class Width(NamedTuple):
    """The interval's half-width in every arm is at most this: a share of the mean, or so much in the metric's unit."""

    metric: str
    size: float
    relative: bool = True
    group: str = ALL_VMS

    @property
    def wanted(self) -> str:
        """In words, for example "5 %"."""
        return f"{self.size * 100:.3g} %" if self.relative else f"{self.size:.3g} {BY_KEY[self.metric].unit}".rstrip()


class Sign(NamedTuple):
    """It is settled which of two arms has more; their order does not matter."""

    metric: str
    arm: str
    base: str
    group: str = ALL_VMS


Target = Width | Sign


@dataclass(frozen=True)
class Replication:
    """From `least` replications on, until the targets are settled or there are `most`. No targets: exactly `most`."""

    least: int
    most: int
    targets: tuple[Target, ...] = ()

    def __post_init__(self) -> None:
        if found := mistakes(self.least, self.most, self.targets):
            raise ValueError("; ".join(found))

    @classmethod
    def fixed(cls, count: int) -> "Replication":
        """So many, whatever comes of them."""
        return cls(count, count)

    @property
    def sequential(self) -> bool:
        return bool(self.targets)

    def next_count(self, done: int) -> int:
        """How many there are at the next look after one at `done` (0: before the first); `most` is the last."""
        if not self.targets:
            return self.most
        return min(self.most, max(self.least, done + max(1, done // 4)))


def mistakes(least: int, most: int, targets: Iterable[Target] = ()) -> list[str]:
    """What is wrong with these numbers, each with its remedy; empty: nothing."""
    targets = tuple(targets)
    found = []
    fewest = 2 if targets else 1
    if least < fewest:
        why = ": one replication has no interval" if targets else ""
        found.append(f"at least {fewest} replications are needed ({least}){why}")
    if most < least:
        found.append(f"at most {most} replications are fewer than the {least} that are made at least, raise it")
    if most > MOST:
        found.append(f"{most} replications are too many, write at most {MOST}")
    return found + [text for target in targets for text in _target_mistakes(target)]


def _target_mistakes(target: Target) -> Iterator[str]:
    if target.metric not in BY_KEY:
        yield f'"{target.metric}" is no metric'
    elif BY_KEY[target.metric].scope == "run" and target.group != ALL_VMS:
        yield f'{target.metric} is of the whole run, it has no figure for the group "{target.group}"'
    if isinstance(target, Sign):
        if target.arm == target.base:
            yield f'a difference is between two arms, not "{target.arm}" and itself'
    elif not (math.isfinite(target.size) and target.size > 0):
        yield f"a half-width to reach is a number above zero ({target.size})"
    elif target.relative and target.size >= 1:
        yield f"a half-width of {target.wanted} of the mean says nothing, write less than 100 %"


def unsettled(replication: Replication, cells: Iterable[Cell], contrasts: Iterable[Contrast]) -> tuple[str, ...]:
    """What is not settled yet, in words, in the order of the targets; empty: all is.

    An arm in which a metric is undefined in every replication (a recovery point where nothing protects) cannot settle
    and does not count, unless that is so in all arms.
    """
    by_row: dict[tuple[str, str], list[Cell]] = {}
    for cell in cells:
        by_row.setdefault((cell.metric, cell.group), []).append(cell)
    found: list[str] = []
    all_contrasts = tuple(contrasts)
    for target in replication.targets:
        if isinstance(target, Width):
            found += _wide(target, by_row.get((target.metric, target.group), []))
        else:
            found += _open(target, all_contrasts)
    return tuple(dict.fromkeys(found))


def _wide(target: Width, cells: list[Cell]) -> Iterator[str]:
    defined = [cell for cell in cells if cell.interval.n]
    if not defined:
        yield f"{_name(target)}: undefined in every run"
    for cell in defined:
        interval = cell.interval
        where = f"{_name(target)}, {cell.arm}"
        limit = abs(interval.mean) * target.size if target.relative else target.size
        if interval.n < 2:
            yield f"{where}: defined in one replication only, no interval"
        elif not interval.half_width <= limit:
            share = f" = {interval.half_width / abs(interval.mean) * 100:.3g} %" if interval.mean else ""
            have = f"{show(interval.mean, interval.half_width)} {BY_KEY[cell.metric].unit}".rstrip()
            yield f"{where}: {have}{share if target.relative else ''}, {target.wanted} asked for"


def _open(target: Sign, contrasts: tuple[Contrast, ...]) -> Iterator[str]:
    found = [
        one
        for one in contrasts
        if (one.metric, one.group) == (target.metric, target.group) and {one.arm, one.base} == {target.arm, target.base}
    ]
    where = f"{_name(target)}, {target.arm} against {target.base}"
    if not found:
        yield f"{where}: not both of these arms ran"
    for one in found:
        interval = one.difference.interval
        if interval.n < 2:
            yield f"{where}: defined in both in fewer than two replications"
        elif not one.difference.sign_settled:
            low, high = (f"{show(end)}" for end in (interval.low, interval.high))
            unit = BY_KEY[one.metric].unit
            yield f"{where}: the difference may be {low} to {high} {unit}".rstrip() + ", its sign is not settled"


def _name(target: Target) -> str:
    label = BY_KEY[target.metric].label
    return label if target.group == ALL_VMS else f"{label} of {target.group}"
