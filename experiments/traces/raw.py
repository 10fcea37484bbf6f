"""A recorded trace as its file has it, and the list of what is wrong with it.

The limits are ours: nothing that a virtual disk can really do is beyond them, and inside them no whole number of the
simulation can overflow. 62 TB is the documented largest VMDK; ESXi splits guest I/Os far below 64 MiB.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from experiments.errors import InputError

MOST_FILE_BYTES = 1 << 30
MOST_SIZE_BYTES = 64 << 20
MOST_ADDRESS_BYTES = 64 << 40
MOST_SPAN_YEARS = 10
STEP_BACK_NS = 10**9
SHOWN = 20

Indices = npt.NDArray[np.intp]


class Place(NamedTuple):
    """Where something stands in a file."""

    position: int  # byte; orders the messages
    where: str  # "disk.csv:17:23: size_bytes" or "disk.vscsi: record 17 at byte 512: len"
    line: str  # the line or the record itself, printable


class Raw(NamedTuple):
    """The reads and writes of a file in the file's own units, not yet checked. Columns are equally long."""

    layout: str  # "vSCSI binary, version 1"
    records: int  # in the file, with those that are ignored
    ignored: dict[str, int]  # how often, by operation: they move no data
    tick_ns: int  # one unit of `time`
    address_unit: int  # bytes in one unit of `address`
    size_unit: int  # bytes in one unit of `size`
    time: npt.NDArray[np.uint64]
    address: npt.NDArray[np.uint64]
    size: npt.NDArray[np.uint64]
    write: npt.NDArray[np.bool_]
    locate: Callable[[int, str], Place]  # (row, "time" | "address" | "size")


class Mistakes:
    """Everything that is wrong with one file. Counts all, keeps the text of the first few of each kind."""

    def __init__(self) -> None:
        self.counts: dict[str, int] = {}
        self.kept: list[tuple[int, str]] = []

    def add(self, kind: str, place: Place, text: str) -> None:
        """Notes one mistake."""
        self.counts[kind] = self.counts.get(kind, 0) + 1
        if self.counts[kind] <= SHOWN:
            line = f"\n    {place.line}" if place.line else ""
            self.kept.append((place.position, f"{place.where}: {text}{line}"))

    def add_rows(self, kind: str, rows: Indices, place: Callable[[int], Place], text: Callable[[int], str]) -> None:
        """Notes the same mistake of many rows, which may be millions: only the first are put into words."""
        for row in rows[:SHOWN].tolist():
            self.add(kind, place(row), text(row))
        self.counts[kind] = self.counts.get(kind, 0) + max(0, len(rows) - SHOWN)

    @property
    def total(self) -> int:
        """How many mistakes were found."""
        return sum(self.counts.values())

    def stop(self, name: str) -> None:
        """Raises InputError with the first messages in file order if anything was noted."""
        if not self.total:
            return
        messages = [text for _, text in sorted(self.kept, key=lambda entry: entry[0])[:SHOWN]]
        if self.total > len(messages):
            messages.append(f"{name}: {self.total - len(messages)} more mistakes")
        raise InputError(messages)


def printable(text: bytes, most: int = 120) -> str:
    """`text` as it can stand on a terminal: one line, no control characters, cut at `most` bytes."""
    shown = text[:most].decode("utf-8", "backslashreplace")
    shown = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in shown)
    return shown + ("..." if len(text) > most else "")
