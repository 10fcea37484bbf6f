"""Rows of a result that only replication has; `models.result` has them all."""

from typing import NamedTuple


class CutRow(NamedTuple):
    """One time without a connection to a replication's target."""

    protection: str
    cut_ns: int
    restored_ns: int  # the link itself is whole again
    lost_ns: int  # the connection is given up; -1: it lived
    back_ns: int  # things are sent again
    probes: int


class JournalRow(NamedTuple):
    """A replication's journal at an interval's end: the points that can be selected."""

    t_ns: int
    protection: str
    points: int
    oldest_ns: int  # point times; -1: no point yet
    newest_ns: int
    bytes: int  # raw, after the oldest point
    dropped: int  # points merged into the replica's disks so far
