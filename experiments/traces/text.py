"""Reads traces that are text: what `vscsiStats -e` prints, MSR Cambridge CSV, and CSV with a header of stunlab's own.

The header's columns, in any order, others are ignored:
``time_ns`` | ``time_us`` | ``time_ms`` | ``time_s``; ``op`` (read, write; r, w); ``offset_bytes`` | ``lbn`` (512-byte
sectors); ``size_bytes`` | ``size_sectors``. Comma, semicolon or tab between them. A column ``disk`` must not change: a
trace is one virtual disk. Lines that begin with # are comments.
Left out: response times, and flushes, trims and the like, which are counted. MSR times are 100 ns ticks (FILETIME).
"""

from array import array
from pathlib import Path
from typing import NamedTuple

import numpy as np

from experiments.traces.raw import Mistakes, Place, Raw, printable

BYTE_ORDER_MARK = b"\xef\xbb\xbf"
VSCSISTATS_TITLE = b"#Vscsi Cmd Trace"
READ_WORDS = (b"read", b"r", b"rd")
WRITE_WORDS = (b"write", b"w", b"wr")
OTHER_WORDS = (b"flush", b"sync", b"unmap", b"trim", b"discard", b"other")
TIME_UNITS = {b"time_ns": 1, b"time_us": 10**3, b"time_ms": 10**6, b"time_s": 10**9}
ADDRESS_UNITS = {b"offset_bytes": 1, b"lbn": 512}
SIZE_UNITS = {b"size_bytes": 1, b"size_sectors": 512}
MOST_DIGITS = 20
MOST_NUMBER = (1 << 64) - 1


class Layout(NamedTuple):
    """Which field of a line is what."""

    name: str
    separator: bytes
    width: int  # fields on each line
    field: dict[str, int]  # "time", "op", "address", "size" -> field
    names: dict[str, str]  # the same -> the file's word for it
    tick_ns: int  # times are kept in this
    time_scale: int  # a time of 1 is so many ticks
    address_unit: int
    size_unit: int
    same: tuple[int, ...]  # fields that must not change: they name the disk
    any_op: bool  # an unknown operation is one that moves no data
    has_header: bool


VSCSISTATS = Layout(
    "vscsiStats text", b",", 6, {"size": 1, "op": 3, "address": 4, "time": 5},
    {"size": "IO Data Length", "op": "Command Type", "address": "LBN", "time": "Time Stamp"},
    1000, 1, 512, 1, (), True, False,
)  # fmt: skip
MSR = Layout(
    "MSR Cambridge CSV", b",", 7, {"time": 0, "op": 3, "address": 4, "size": 5},
    {"time": "Timestamp", "op": "Type", "address": "Offset", "size": "Size"},
    100, 1, 1, 1, (1, 2), False, False,
)  # fmt: skip


def sniff(head: bytes) -> Layout | None:
    """The layout that the title, the header or the first row in `head` announces; None if it is no known one."""
    lines = [line.strip() for line in head.removeprefix(BYTE_ORDER_MARK).split(b"\n")]
    if any(line.startswith(VSCSISTATS_TITLE) for line in lines):
        return VSCSISTATS
    first = next((line for line in lines if line and not line.startswith(b"#")), b"")
    fields = first.split(b",")
    if len(fields) == MSR.width and fields[0].isdigit() and fields[3].lower() in READ_WORDS + WRITE_WORDS:
        return MSR
    return _header(first)


def _header(first: bytes) -> Layout | None:
    separator = max((b",", b";", b"\t"), key=first.count)
    columns = [_bare(field).lower() for field in first.split(separator)]
    times = [column for column in columns if column in TIME_UNITS]
    addresses = [column for column in columns if column in ADDRESS_UNITS]
    sizes = [column for column in columns if column in SIZE_UNITS]
    if not (len(times) == len(addresses) == len(sizes) == columns.count(b"op") == 1):
        return None
    words = {"time": times[0], "op": b"op", "address": addresses[0], "size": sizes[0]}
    return Layout(
        name="CSV with a header",
        separator=separator,
        width=len(columns),
        field={what: columns.index(word) for what, word in words.items()},
        names={what: word.decode() for what, word in words.items()},
        tick_ns=1,
        time_scale=TIME_UNITS[times[0]],
        address_unit=ADDRESS_UNITS[addresses[0]],
        size_unit=SIZE_UNITS[sizes[0]],
        same=tuple(i for i, column in enumerate(columns) if column == b"disk"),
        any_op=False,
        has_header=True,
    )


def number(text: bytes, scale: int) -> int | None:
    """`text` times `scale`, rounded half up once; None if it is not plain digits (with a fraction where scaled)."""
    whole, _, fraction = text.partition(b".")
    if not whole.isdigit() or (fraction and not fraction.isdigit()) or max(len(whole), len(fraction)) > MOST_DIGITS:
        return None
    if not fraction:
        return int(whole) * scale
    if scale == 1 and fraction.strip(b"0"):
        return None
    power: int = 10 ** len(fraction)
    return int(whole) * scale + (2 * int(fraction) * scale + power) // (2 * power)


class Line(NamedTuple):
    """One line of the file and where it stands."""

    number: int  # the first is 1
    start: int  # its first byte
    text: bytes


class _Reader:
    """The columns read so far. Each line becomes a row, is counted as ignored, or its mistakes are noted."""

    def __init__(self, path: Path, layout: Layout, mistakes: Mistakes) -> None:
        self.path, self.layout, self.mistakes = path, layout, mistakes
        self.columns = {"time": array("Q"), "address": array("Q"), "size": array("Q")}
        self.write = array("B")
        self.line_number = array("Q")  # of each row
        self.line_start = array("Q")
        self.ignored: dict[str, int] = {}
        self.records = 0
        self.disk: list[bytes] = []

    def read(self) -> None:
        """Takes every line but the title, the header, comments and empty ones."""
        header_pending = self.layout.has_header
        start = 0
        with self.path.open("rb") as file:
            for line_number, text in enumerate(file, 1):
                bare = text.removeprefix(BYTE_ORDER_MARK).strip()
                if bare and not bare.startswith(b"#"):
                    if header_pending:
                        header_pending = False
                    else:
                        self._take(Line(line_number, start, text.rstrip(b"\r\n")))
                start += len(text)

    def _take(self, line: Line) -> None:
        self.records += 1
        fields = [_bare(field) for field in line.text.split(self.layout.separator)]
        if len(fields) != self.layout.width:
            text = f"has {len(fields)} fields, not {self.layout.width}, the line may be cut short: mend or delete it"
            self.mistakes.add("fields", self.place(line, ""), text)
            return
        self._check_disk(line, [fields[i] for i in self.layout.same])
        operation = fields[self.layout.field["op"]].lower()
        if operation in READ_WORDS or operation in WRITE_WORDS:
            self._add(line, fields, operation in WRITE_WORDS)
        elif operation in OTHER_WORDS or self.layout.any_op:
            word = printable(operation, 20)
            self.ignored[word] = self.ignored.get(word, 0) + 1
        else:
            words = ", ".join(word.decode() for word in READ_WORDS[:2] + WRITE_WORDS[:2] + OTHER_WORDS)
            text = f"is no known operation ({printable(operation, 20)}), write one of: {words}"
            self.mistakes.add("op", self.place(line, "op"), text)

    def _check_disk(self, line: Line, disk: list[bytes]) -> None:
        if self.records == 1:
            self.disk = disk
        elif disk != self.disk:
            told = f"({printable(b' '.join(disk), 40)}; the file began with {printable(b' '.join(self.disk), 40)})"
            self.mistakes.add("disk", self.place(line, ""), f"is of another disk {told}, keep the lines of one disk")

    def _add(self, line: Line, fields: list[bytes], write: bool) -> None:
        values: dict[str, int] = {}
        for what in self.columns:
            scale = self.layout.time_scale if what == "time" else 1
            field = fields[self.layout.field[what]]
            value = number(field, scale)
            if value is None:
                text = (
                    f"is no plain number of 0 or more ({printable(field, 40)}), write digits without sign or exponent"
                )
                self.mistakes.add("number", self.place(line, what), text)
            elif value > MOST_NUMBER:
                text = f"is too large ({printable(field, 40)}), the most is {MOST_NUMBER // scale}"
                self.mistakes.add("number", self.place(line, what), text)
            else:
                values[what] = value
        if len(values) < len(self.columns):
            return
        for what, column in self.columns.items():
            column.append(values[what])
        self.write.append(write)
        self.line_number.append(line.number)
        self.line_start.append(line.start)

    def place(self, line: Line, what: str) -> Place:
        """Where a line, or its field for `what`, stands."""
        index = self.layout.field.get(what, 0)
        before = line.text.split(self.layout.separator)[:index]
        column = 1 + sum(len(field) + 1 for field in before)
        word = f": {self.layout.names[what]}" if what else ""
        return Place(line.start, f"{self.path}:{line.number}:{column}{word}", printable(line.text))

    def row_place(self, row: int, what: str) -> Place:
        """Where a row's field stands; reads the line again."""
        with self.path.open("rb") as file:
            file.seek(self.line_start[row])
            text = file.readline().rstrip(b"\r\n")
        return self.place(Line(self.line_number[row], self.line_start[row], text), what)


def read_text(path: Path, layout: Layout, mistakes: Mistakes) -> Raw:
    """The reads and writes of a text trace. Notes lines and fields that cannot be read."""
    reader = _Reader(path, layout, mistakes)
    reader.read()
    columns = {what: np.array(column, dtype=np.uint64) for what, column in reader.columns.items()}
    return Raw(
        layout=layout.name,
        records=reader.records,
        ignored=dict(sorted(reader.ignored.items())),
        tick_ns=layout.tick_ns,
        address_unit=layout.address_unit,
        size_unit=layout.size_unit,
        write=np.array(reader.write, dtype=np.bool_),
        locate=reader.row_place,
        **columns,
    )


def _bare(field: bytes) -> bytes:
    return field.strip().strip(b'"')
