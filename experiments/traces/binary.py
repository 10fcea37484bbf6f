"""Reads the binary vSCSI traces of ESXi, both versions.

Little-endian, no file header, records of 32 bytes (version 1) or 40 (version 2) without padding; one file is one
virtual disk. Times are microseconds since some start of the host's. Version 2's response time is left out: stunlab
predicts latencies, it does not replay them. Opcodes that move no data (SYNCHRONIZE CACHE, UNMAP ...) are counted and
left out. Layout: the trace format of the published CloudPhysics traces; checked on a real version 1 file, version 2 on
constructed ones only.
"""

from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from experiments.traces.raw import Mistakes, Place, Raw

SECTOR = 512
READS = (0x08, 0x28, 0x88, 0xA8)
WRITES = (0x0A, 0x2A, 0x8A, 0xAA)
FIELD = {"time": "ts", "address": "lbn", "size": "len"}


class Version(NamedTuple):
    """One record layout."""

    number: int
    record: np.dtype[np.void]
    name: str


V1 = Version(
    1,
    np.dtype(
        [("sn", "<u4"), ("len", "<u4"), ("sg", "<u4"), ("cmd", "<u2"), ("ver", "<u2"), ("lbn", "<u8"), ("ts", "<u8")]
    ),
    "vSCSI binary, version 1",
)
V2 = Version(
    2,
    np.dtype(
        [("cmd", "<u2"), ("ver", "<u2"), ("sn", "<u4"), ("len", "<u4"), ("sg", "<u4"),
         ("lbn", "<u8"), ("ts", "<u8"), ("rt", "<u8")]
    ),
    "vSCSI binary, version 2",
)  # fmt: skip


def sniff(head: bytes) -> Version | None:
    """The version whose number stands in the first two records (or the only one) of `head`; None if neither's does.

    Two records, not one: a field of the other version may look like a version number by chance.
    """
    for version in (V2, V1):
        count = min(2, len(head) // version.record.itemsize)
        records = np.frombuffer(head, version.record, count)
        if count and bool((records["ver"] >> 8 == version.number).all()):
            return version
    return None


def read_binary(path: Path, version: Version, mistakes: Mistakes) -> Raw:
    """The reads and writes of a vSCSI file. Notes a last record cut short, wrong version numbers and opcodes."""
    width = version.record.itemsize
    content = path.read_bytes()
    whole = len(content) // width
    records = np.frombuffer(content, version.record, whole)
    if len(content) % width:
        _note_cut(path, content, whole, width, mistakes)
    other_version = records["ver"] >> 8 != version.number
    _note_field(path, records, "ver", other_version, f"is not version {version.number}.x", mistakes)
    _note_field(path, records, "cmd", records["cmd"] > 0xFF, "is not a SCSI opcode, which has one byte", mistakes)
    is_write = np.isin(records["cmd"], WRITES)
    moves_data = is_write | np.isin(records["cmd"], READS)
    rows = np.flatnonzero(moves_data)
    others, counts = np.unique(records["cmd"][~moves_data], return_counts=True)

    def locate(row: int, column: str) -> Place:
        return _place(path, records, int(rows[row]), FIELD[column])

    return Raw(
        layout=version.name,
        records=whole,
        ignored={f"opcode {code:#04x}": count for code, count in zip(others.tolist(), counts.tolist(), strict=True)},
        tick_ns=1000,
        address_unit=SECTOR,
        size_unit=1,
        time=records["ts"][rows].astype(np.uint64),
        address=records["lbn"][rows].astype(np.uint64),
        size=records["len"][rows].astype(np.uint64),
        write=is_write[rows],
        locate=locate,
    )


def _note_cut(path: Path, content: bytes, whole: int, width: int, mistakes: Mistakes) -> None:
    start = whole * width
    place = Place(start, f"{path}: record {whole + 1} at byte {start}", content[start:].hex(" "))
    advice = f"copy the file again, or drop the piece with: truncate -s {start} FILE"
    mistakes.add("cut", place, f"the file ends inside this record ({len(content) - start} of {width} bytes), {advice}")


def _note_field(
    path: Path, records: npt.NDArray[np.void], field: str, wrong: npt.NDArray[np.bool_], what: str, mistakes: Mistakes
) -> None:
    mistakes.add_rows(
        field,
        np.flatnonzero(wrong),
        lambda row: _place(path, records, row, field),
        lambda row: f"{what} ({int(records[field][row]):#06x}), the record is corrupt: copy the file again",
    )


def _place(path: Path, records: npt.NDArray[np.void], record: int, field: str) -> Place:
    start = record * records.dtype.itemsize
    return Place(start, f"{path}: record {record + 1} at byte {start}: {field}", records[record].tobytes().hex(" "))
