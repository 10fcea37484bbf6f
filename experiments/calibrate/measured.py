"""What a benchmark says: one row for each depth, block size and mix that it ran, and Little's law as the judge of it.

In a closed loop I/Os per second times (mean latency + the pause between a reply and the next request) is the number
outstanding. A benchmark pauses for microseconds; a row that needs more was not what it says it was (a rate limit, a
depth never reached, jobs merged), and nothing is fitted to it.
"""

from typing import NamedTuple

LITTLE = 0.05
"""How far a row may be from Little's law. fio's own rows keep it to 2 %, with its start and end inside the counts."""
PAUSE_NS = 10_000
"""A pause that is the benchmark's own: what one thread takes to reap a reply and to submit the next request."""
NS_PER_S = 1_000_000_000

Quantiles = tuple[tuple[int, float], ...]
"""(ppm, ns), rising."""


class Side(NamedTuple):
    """One direction of a row."""

    iops: float
    mean_ns: float  # from the request to its completion
    size_bytes: int
    quantiles: Quantiles  # of the same time; empty: unknown
    least_ns: float
    most_ns: float


class Row(NamedTuple):
    """So many I/Os outstanding, and what came of it."""

    source: str  # file and job, for messages
    depth: int  # of all jobs together
    read: Side | None
    write: Side | None
    sequential: bool
    remarks: tuple[str, ...]  # what may break Little's law here, from the job's options

    @property
    def sides(self) -> tuple[tuple[str, Side], ...]:
        """The directions that moved something."""
        both = (("read", self.read), ("write", self.write))
        return tuple((name, side) for name, side in both if side is not None)

    @property
    def iops(self) -> float:
        return sum(side.iops for _, side in self.sides)

    @property
    def bytes_per_s(self) -> float:
        return sum(side.iops * side.size_bytes for _, side in self.sides)

    @property
    def outstanding(self) -> float:
        """Mean number of I/Os in flight, by Little's law."""
        return sum(side.iops * side.mean_ns for _, side in self.sides) / NS_PER_S

    @property
    def pause_ns(self) -> float:
        """Mean time between a reply and the next request, by Little's law; below 0 where the row contradicts it."""
        return (self.depth - self.outstanding) / self.iops * NS_PER_S

    @property
    def name(self) -> str:
        """What distinguishes it, in a few letters: "4 KiB read, depth 8"."""
        sizes = " + ".join(dict.fromkeys(size_text(side.size_bytes) for _, side in self.sides))
        share = f"{self.read.iops / self.iops:.0%} read" if self.read and self.write else self.sides[0][0]
        return f"{sizes} {share}, depth {self.depth}"


Kind = tuple[int, tuple[int, ...], bool]


def kind_of(row: Row) -> Kind:
    """What rows of one sweep have in common: reads first, then mixes, then writes; small blocks before large ones."""
    share = round(10 * row.read.iops / row.iops) if row.read and row.write else 10 * (row.read is not None)
    return -share, tuple(side.size_bytes for _, side in row.sides), row.sequential


def size_text(size_bytes: int) -> str:
    """A block size as one writes it: "4 KiB"."""
    return f"{size_bytes // 1024} KiB" if size_bytes % 1024 == 0 else f"{size_bytes} B"


def against_little(row: Row) -> str:
    """Why the row cannot be what it says it is; '' if Little's law holds on it."""
    seen = row.outstanding
    if abs(seen - row.depth) <= LITTLE * row.depth or 0 <= row.pause_ns <= PAUSE_NS:
        return ""
    told = f"Little's law: {row.iops:.0f} iops x mean latency = {seen:.2f} outstanding, not {row.depth}"
    if row.remarks:
        return f"{told}; {'; '.join(row.remarks)}"
    if seen < row.depth:
        return (
            f"{told}; the depth was not kept up (a rate limit, think time, a slow submitter), or the run was too short"
        )
    return f"{told}; more ran at once than it says (jobs merged, another numjobs or iodepth)"
