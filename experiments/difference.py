"""Where two results of one run differ first: which table, which row, the two values, and the row's fields side by side.

Ledgers are shown cause by cause, so that one sees where the time went in one engine and not in the other. Equal means
equal values of equal types: the results would pickle to the same bytes.
"""

from collections.abc import Iterator
from dataclasses import dataclass, fields, is_dataclass
from itertools import zip_longest
from typing import Any

from models.result import RunResult
from sim.histogram import Histogram, bucket_low

KEYS = (
    "t_ns", "start_ns", "vm", "job", "protection", "workload", "ordinal", "disk", "datastore", "cause", "reason",
    "link", "mode", "point_ns", "bucket", "timer", "law", "subject",
)  # fmt: skip
"""Fields that say which row it is."""
LEDGERS = ("ns", "ledger_ns")
SUMS = ("count", "total", "minimum", "maximum")
"""Of a histogram."""
ABSENT = "-"


def first_difference(a: RunResult, b: RunResult, names: tuple[str, str] = ("first", "second")) -> str | None:
    """The first difference, in lines to be read; None if there is none. `names` say whose result is whose."""
    differing = [field.name for field in fields(RunResult) if not same(getattr(a, field.name), getattr(b, field.name))]
    if not differing:
        return None
    x, y = getattr(a, differing[0]), getattr(b, differing[0])
    where = f"table {differing[0]}" if isinstance(x, tuple) else differing[0]
    text = "\n".join(Reader(a.causes, names).found(where, x, y))
    return text + (f"\nalso different: {', '.join(differing[1:])}" if differing[1:] else "")


def same(x: Any, y: Any) -> bool:
    """Whether the values are equal, and of one type all the way down."""
    if type(x) is not type(y):
        return False
    if isinstance(x, tuple):
        return len(x) == len(y) and all(map(same, x, y))
    if is_dataclass(x):
        return all(same(getattr(x, field.name), getattr(y, field.name)) for field in fields(x))
    if isinstance(x, Histogram):
        return x == y and all(same(getattr(x, name), getattr(y, name)) for name in SUMS)
    return bool(x == y)


@dataclass(frozen=True)
class Reader:
    """Puts a difference into words."""

    causes: tuple[str, ...]  # the columns of ledgers
    names: tuple[str, str]

    def found(self, where: str, x: Any, y: Any) -> Iterator[str]:
        """The lines about two values of one name that are not the same."""
        if type(x) is not type(y):
            yield self._values(where, x, y)
        elif hasattr(x, "_fields"):
            yield from self._rows(where + key_of(x, y), x._asdict(), y._asdict())
        elif is_dataclass(x):
            inner = [field.name for field in fields(x) if not same(getattr(x, field.name), getattr(y, field.name))]
            yield from self.found(f"{where}{key_of(x, y)}: {inner[0]}", getattr(x, inner[0]), getattr(y, inner[0]))
        elif isinstance(x, tuple):
            yield from self._table(where, x, y)
        elif isinstance(x, Histogram):
            yield from self._histogram(where, x, y)
        else:
            yield self._values(where, x, y)

    def _values(self, where: str, x: Any, y: Any) -> str:
        kinds = f", of type {type(x).__name__} and {type(y).__name__}" if type(x) is not type(y) else ""
        return f"{where} is {x} ({self.names[0]}) and {y} ({self.names[1]}){kinds}"

    def _table(self, where: str, x: tuple[Any, ...], y: tuple[Any, ...]) -> Iterator[str]:
        for number, (one, other) in enumerate(zip(x, y, strict=False)):
            if not same(one, other):
                yield from self.found(f"{where}, row {number}", one, other)
                return
        common = min(len(x), len(y))
        owner, row = (self.names[0], x[common]) if len(x) > common else (self.names[1], y[common])
        yield f"{where} has {len(x)} rows ({self.names[0]}) and {len(y)} ({self.names[1]})"
        yield f"  the first that only {owner} has: {row}"

    def _rows(self, where: str, x: dict[str, Any], y: dict[str, Any]) -> Iterator[str]:
        """The first field that differs, then all of them side by side."""
        name = next(name for name in x if not same(x[name], y[name]))
        if name in LEDGERS and len(x[name]) == len(y[name]) == len(self.causes):
            cause = next(i for i in range(len(self.causes)) if not same(x[name][i], y[name][i]))
            yield self._values(f'{where}: {name} of "{self.causes[cause]}"', x[name][cause], y[name][cause])
        else:
            yield from self.found(f"{where}: {name}", x[name], y[name])
        lines = list(self._side_by_side(x, y))
        widths = [max(len(line[column]) for line in lines) for column in range(3)]
        for label, one, other, mark in lines:
            yield f"  {label:<{widths[0]}}  {one:>{widths[1]}}  {other:>{widths[2]}}{mark}"

    def _side_by_side(self, x: dict[str, Any], y: dict[str, Any]) -> Iterator[tuple[str, str, str, str]]:
        yield "", *self.names, ""
        for name in x:
            if name not in LEDGERS:
                yield name, str(x[name]), str(y[name]), mark(x[name], y[name])
                continue
            for cause, one, other in zip_longest(self.causes, x[name], y[name], fillvalue=ABSENT):
                yield f"  {cause}", str(one), str(other), mark(one, other)

    def _histogram(self, where: str, x: Histogram, y: Histogram) -> Iterator[str]:
        for bucket in sorted(x.buckets.keys() | y.buckets.keys()):
            counts = x.buckets.get(bucket, 0), y.buckets.get(bucket, 0)
            if not same(*counts):
                yield self._values(f"{where}: count from {bucket_low(bucket)} to {bucket_low(bucket + 1)}", *counts)
                return
        for name in SUMS:
            if not same(getattr(x, name), getattr(y, name)):
                yield self._values(f"{where}: {name}", getattr(x, name), getattr(y, name))
                return


def mark(x: Any, y: Any) -> str:
    """What stands behind a line of two values: nothing if they are the same, else by how much they differ."""
    if same(x, y):
        return ""
    return f"  <- {y - x:+d}" if type(x) is type(y) is int else "  <-"


def key_of(x: Any, y: Any) -> str:
    """Which row it is, by the fields that name it and are the same in both."""
    found = [(name, getattr(x, name)) for name in KEYS if hasattr(x, name) and same(getattr(x, name), getattr(y, name))]
    return " (" + ", ".join(f"{name} {value}" for name, value in found) + ")" if found else ""
