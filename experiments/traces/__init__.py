"""Readers of recorded disk I/O: one file, one virtual disk, one `Trace`.

The format is told from the first bytes, never from the file's name: vSCSI binary (versions 1 and 2), `vscsiStats -e`
text, MSR Cambridge CSV, CSV with a header (`experiments.traces.text` has its columns). What is wrong with a file is
said all at once, each mistake with its place, as `InputError`.
"""

import stat
from pathlib import Path

from experiments.errors import InputError
from experiments.traces import binary, text
from experiments.traces.check import Reading, check, finish, make_trace
from experiments.traces.raw import MOST_FILE_BYTES, Mistakes, printable
from experiments.traces.summary import SummaryRow, describe_reading, distinct_bytes, summary
from models.scenario import Trace

__all__ = ["Reading", "SummaryRow", "describe", "distinct_bytes", "make_trace", "read", "read_trace", "summary"]

HEAD_BYTES = 4096
FOREIGN = (
    (b"\x1f\x8b", "gzip-compressed: unpack it first (gunzip)"),
    (b"\x28\xb5\x2f\xfd", "zstd-compressed: unpack it first (unzstd)"),
    (b"BZh", "bzip2-compressed: unpack it first (bunzip2)"),
    (b"\xfd7zXZ", "xz-compressed: unpack it first (unxz)"),
    (b"PK\x03\x04", "a zip archive or an Excel workbook: unpack it, or save the sheet as CSV"),
    (b"\xff\xfe", "UTF-16 text: save it as UTF-8"),
    (b"\xfe\xff", "UTF-16 text: save it as UTF-8"),
)


def read_trace(path: Path) -> Trace:
    """The trace in a file. Raises InputError with everything that is wrong with it."""
    return read(path).trace


def read(path: Path) -> Reading:
    """The trace in a file, with its format, the records left out and those that were sorted. Raises InputError."""
    mistakes = Mistakes()
    try:
        head = _head(path)
        version = binary.sniff(head) if b"\0" in head else None
        layout = text.sniff(head) if b"\0" not in head else None
        if version:
            raw = binary.read_binary(path, version, mistakes)
        elif layout:
            raw = text.read_text(path, layout, mistakes)
        else:
            raise InputError([f"{path}: {_unknown(head)}"])
        check(path, raw, mistakes)
        mistakes.stop(str(path))
    except OSError as error:
        reason = error.strerror or "I/O error"
        raise InputError([f"{path}: cannot be read ({reason}), check the name and the permissions"]) from None
    return finish(path, raw)


def describe(path: Path) -> str:
    """What a trace file holds, as lines for a terminal. Raises InputError."""
    return describe_reading(read(path))


def _head(path: Path) -> bytes:
    """The file's first bytes, once it is known to be a regular file of a sane size."""
    if "\0" in str(path):
        raise InputError([f"{str(path)!r}: is no file name, it holds a zero character"])
    status = path.stat()
    if stat.S_ISDIR(status.st_mode):
        raise InputError([f"{path}: is a folder, name the trace file in it"])
    if not stat.S_ISREG(status.st_mode):
        raise InputError([f"{path}: is not a regular file, copy its content into one"])
    if status.st_size == 0:
        raise InputError([f"{path}: is empty (0 bytes), record or copy it again"])
    if status.st_size > MOST_FILE_BYTES:
        size = f"{status.st_size / 2**30:.1f} GiB, at most 1 GiB is read"
        raise InputError([f"{path}: is too large ({size}), cut a shorter stretch of whole records out of it"])
    with path.open("rb") as file:
        return file.read(HEAD_BYTES)


def _unknown(head: bytes) -> str:
    for magic, what in FOREIGN:
        if head.startswith(magic):
            return f"is {what}"
    first = head[:16].hex(" ") if b"\0" in head else printable(head.split(b"\n", 1)[0].strip())
    return (
        f"is no trace that can be read (it begins with: {first}). Readable: vSCSI binary (version 1 or 2), "
        "vscsiStats -e text, MSR Cambridge CSV, and CSV whose first line names the columns "
        "time_us, op, offset_bytes, size_bytes (or time_ns, time_ms, time_s; lbn; size_sectors)"
    )
