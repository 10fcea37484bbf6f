"""What a trace holds, in figures: for a person who wants to know it before simulating with it.

Distinct bytes are whole blocks touched by writes, at the sizes at which writes are later counted: 4 KiB (grains, bytes
at risk), 64 KiB (changed blocks), 1 MiB (blocks of a backup tool).
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from experiments.traces.check import Reading
from models.scenario import Trace
from sim.units import NS_PER_S, human_bytes, human_time

BLOCKS = ((4 << 10, "4 KiB"), (64 << 10, "64 KiB"), (1 << 20, "1 MiB"))
SIZES_SHOWN = 5


class SummaryRow(NamedTuple):
    """One figure. Units: "", "ns", "bytes", "iops", "ppm"."""

    what: str
    value: float  # whole but for the mean rate
    unit: str


def summary(trace: Trace) -> list[SummaryRow]:
    """The figures of a trace in a fixed order. Rates per second are counted in whole seconds, the last may be short."""
    records = len(trace.time_ns)
    duration = int(trace.time_ns[-1])
    busy_seconds = np.sort(np.unique(trace.time_ns // NS_PER_S, return_counts=True)[1])
    writes = int(np.count_nonzero(trace.write))
    rows = [
        SummaryRow("reads and writes", records, ""),
        SummaryRow("reads", records - writes, ""),
        SummaryRow("writes", writes, ""),
        SummaryRow("read share", (records - writes) * 10**6 // records, "ppm"),
        SummaryRow("duration", duration, "ns"),
        SummaryRow("rate, mean", round(records * NS_PER_S / max(duration, 1), 1), "iops"),
        SummaryRow("rate, 99 % of seconds at most", _p99(busy_seconds, duration // NS_PER_S + 1), "iops"),
        SummaryRow("rate, busiest second", int(busy_seconds[-1]), "iops"),
        SummaryRow("bytes read", int(trace.size_bytes[~trace.write].sum()), "bytes"),
        SummaryRow("bytes written", int(trace.size_bytes[trace.write].sum()), "bytes"),
    ]
    rows += [
        SummaryRow(f"bytes of distinct {name} blocks written", distinct_bytes(trace, block), "bytes")
        for block, name in BLOCKS
    ]
    rows.append(SummaryRow("highest address", int((trace.offset_bytes + trace.size_bytes).max()), "bytes"))
    return rows + _sizes(trace.size_bytes)


def distinct_bytes(trace: Trace, block: int) -> int:
    """How many bytes the distinct blocks of `block` bytes hold that any write touched.

    Works on the blocks' intervals, not on a list of blocks: memory is bounded by the number of records.
    """
    first = trace.offset_bytes[trace.write] // block
    end = -(-(trace.offset_bytes + trace.size_bytes)[trace.write] // block)
    order = np.argsort(first, kind="stable")
    first, end = first[order], end[order]
    if not len(first):
        return 0
    covered = np.concatenate(([0], np.maximum.accumulate(end)[:-1]))
    return int(np.maximum(end - np.maximum(first, covered), 0).sum()) * block


def _p99(busy: npt.NDArray[np.intp], seconds: int) -> int:
    """The 99 % quantile over `seconds` seconds, all but the ascending `busy` ones being 0."""
    rank = -(-99 * seconds // 100) - (seconds - len(busy))
    return int(busy[rank - 1]) if rank > 0 else 0


def _sizes(size_bytes: npt.NDArray[np.int64]) -> list[SummaryRow]:
    sizes, counts = np.unique(size_bytes, return_counts=True)
    order = np.lexsort((sizes, -counts))
    shown = [
        SummaryRow(f"share of size {int(sizes[i])} bytes", int(counts[i]) * 10**6 // len(size_bytes), "ppm")
        for i in order[:SIZES_SHOWN]
    ]
    rest = len(size_bytes) - int(counts[order[:SIZES_SHOWN]].sum())
    others = SummaryRow(f"share of {len(sizes) - len(shown)} other sizes", rest * 10**6 // len(size_bytes), "ppm")
    return [*shown, others] if rest else shown


def describe_reading(reading: Reading) -> str:
    """`summary` as aligned lines for a terminal, headed by the file, its format and what was left out or sorted."""
    lines = [f"{reading.trace.source}: {reading.layout}, {reading.records} records"]
    lines += [f"  left out, they move no data: {count} x {operation}" for operation, count in reading.ignored]
    if reading.reordered:
        lines.append(f"  sorted by time: {reading.reordered} records stood behind a later one, by 1 s at most")
    rows = summary(reading.trace)
    width = max(len(row.what) for row in rows)
    lines += [f"  {row.what:{width}}  {_shown(row):>12}" for row in rows]
    lines.append(f"  {'digest':{width}}  {reading.trace.digest}")
    return "\n".join(lines)


def _shown(row: SummaryRow) -> str:
    if row.unit == "ns":
        return human_time(int(row.value))
    if row.unit == "bytes":
        return human_bytes(int(row.value))
    if row.unit == "ppm":
        return f"{row.value / 10**4:.1f} %"
    return f"{row.value:,} {row.unit}".rstrip()
