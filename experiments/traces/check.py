"""Judges the columns of any trace file by the same rules and turns them into a `Trace`.

Order: a record may stand up to one second behind the latest one before it; such records are sorted, equal times keep
the file's order. A larger step back is an error: two recordings were joined, or a time is corrupt.
"""

from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path

import numpy as np
import numpy.typing as npt

from experiments.traces.raw import (
    MOST_ADDRESS_BYTES,
    MOST_SIZE_BYTES,
    MOST_SPAN_YEARS,
    STEP_BACK_NS,
    Mistakes,
    Place,
    Raw,
)
from models.scenario import Trace
from sim.units import NS_PER_S

NS_PER_YEAR = 365 * 86_400 * NS_PER_S


@dataclass(frozen=True)
class Reading:
    """A trace and what was done to the file to get it."""

    trace: Trace
    layout: str
    records: int  # in the file
    ignored: tuple[tuple[str, int], ...]  # (operation that moves no data, how many)
    reordered: int  # records that stood behind a later one


def check(path: Path, raw: Raw, mistakes: Mistakes) -> None:
    """Notes sizes, addresses and times that no virtual disk can have, and a file without any read or write."""
    if not len(raw.time):
        if not mistakes.total:
            text = f"holds no read and no write ({raw.records} records), is it the trace of another disk?"
            mistakes.add("empty", Place(0, str(path), ""), text)
        return
    _check_sizes(raw, mistakes)
    _check_times(raw, mistakes)


def _check_sizes(raw: Raw, mistakes: Mistakes) -> None:
    def note(column: str, wrong: npt.NDArray[np.bool_], what: str) -> None:
        values = raw.size if column == "size" else raw.address
        unit = "bytes" if (raw.size_unit if column == "size" else raw.address_unit) == 1 else "sectors of 512 bytes"
        mistakes.add_rows(
            f"{column} {what}",
            np.flatnonzero(wrong),
            lambda row: raw.locate(row, column),
            lambda row: what.format(f"{int(values[row])} {unit}"),
        )

    note("size", raw.size == 0, "is zero ({}), delete the record if it moved nothing, else mend it")
    note("size", raw.size > MOST_SIZE_BYTES // raw.size_unit, "is beyond 64 MiB ({}), mend or delete the record")
    too_far = raw.address > MOST_ADDRESS_BYTES // raw.address_unit
    note("address", too_far, "is beyond 64 TiB, more than any virtual disk ({}), mend or delete the record")


def _check_times(raw: Raw, mistakes: Mistakes) -> None:
    latest = np.maximum.accumulate(raw.time)
    behind = latest - raw.time > STEP_BACK_NS // raw.tick_ns
    earliest = int(raw.time.min())
    ahead = raw.time - np.uint64(earliest) > MOST_SPAN_YEARS * NS_PER_YEAR // raw.tick_ns

    def back(row: int) -> str:
        step = (int(latest[row]) - int(raw.time[row])) * raw.tick_ns
        return (
            f"lies behind an earlier record ({step / NS_PER_S:g} s; up to 1 s is sorted), "
            "split the file here if two recordings were joined, else mend the time"
        )

    def forward(row: int) -> str:
        years = (int(raw.time[row]) - earliest) * raw.tick_ns / NS_PER_YEAR
        return f"lies long after the earliest record ({years:.0f} years; at most {MOST_SPAN_YEARS}), mend or delete it"

    mistakes.add_rows("back", _beginnings(behind), lambda row: raw.locate(row, "time"), back)
    mistakes.add_rows("ahead", _beginnings(ahead), lambda row: raw.locate(row, "time"), forward)


def _beginnings(flags: npt.NDArray[np.bool_]) -> npt.NDArray[np.intp]:
    """Where each stretch of True begins: a whole stretch has one cause."""
    return np.flatnonzero(flags & ~np.concatenate(([False], flags[:-1])))


def finish(path: Path, raw: Raw) -> Reading:
    """The trace of columns that passed `check`: sorted by time, from zero, in nanoseconds and bytes."""
    reordered = int(np.count_nonzero(raw.time < np.maximum.accumulate(raw.time)))
    order = np.argsort(raw.time, kind="stable") if reordered else slice(None)
    time = raw.time[order]
    trace = make_trace(
        path.name,
        ((time - time[0]) * np.uint64(raw.tick_ns)).astype(np.int64),
        (raw.address[order] * np.uint64(raw.address_unit)).astype(np.int64),
        (raw.size[order] * np.uint64(raw.size_unit)).astype(np.int64),
        raw.write[order],
    )
    return Reading(trace, raw.layout, raw.records, tuple(raw.ignored.items()), reordered)


def make_trace(
    source: str,
    time_ns: npt.NDArray[np.int64],
    offset_bytes: npt.NDArray[np.int64],
    size_bytes: npt.NDArray[np.int64],
    write: npt.NDArray[np.bool_],
) -> Trace:
    """A trace of these columns (sorted by time, first at 0), read-only, with their digest.

    The digest is BLAKE2b, 128 bits, of the columns' little-endian bytes one after the other. It does not depend on the
    file's name or format.
    """
    digest = blake2b(digest_size=16)
    for column in (time_ns, offset_bytes, size_bytes):
        digest.update(np.ascontiguousarray(column, dtype="<i8").tobytes())
    digest.update(np.ascontiguousarray(write, dtype=np.uint8).tobytes())
    for array in (time_ns, offset_bytes, size_bytes, write):
        array.flags.writeable = False
    return Trace(digest.hexdigest(), source, time_ns, offset_bytes, size_bytes, write)
