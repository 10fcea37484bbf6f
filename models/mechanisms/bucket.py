"""A rate cap with a burst depth: the virtual-time form of a token bucket, in FIFO order.

State is one number, the time at which all work admitted so far would be done at the capped rate. Work of `cost_ns`
(bytes / rate or 1 / rate) is through when that time, less the depth, has come: with depth 0 this is a pipe that
transfers one thing after the other, with depth d it lets d ns worth of work pass at once after a pause. Two of them
one after the other are a volume with burst credits: a deep one at the baseline rate, and a pipe at the peak rate. Its
credits last credits / (peak - baseline) under full load.
"""

from typing import NamedTuple

from sim.mechanism import mechanism
from sim.units import NS_PER_S


class Bucket(NamedTuple):
    """Columns of one entry: the depth, and when all admitted work would be done."""

    depth_ns: list[int]
    done: list[int]


def bucket(depth_ns: int, owed_ns: int = 0) -> Bucket:
    """A bucket at time 0, full but for `owed_ns` worth of work; an idle pipe where it has no depth."""
    return Bucket([depth_ns], [owed_ns])


@mechanism
def admit(s: Bucket, now: int, cost_ns: int) -> int:
    """When work of `cost_ns` admitted now is through; never before now."""
    s.done[0] = max(s.done[0], now) + cost_ns
    return max(now, s.done[0] - s.depth_ns[0])


@mechanism
def left(s: Bucket, now: int) -> int:
    """How much work of its depth could pass at once now, in ns; 0 while work waits."""
    return max(0, s.depth_ns[0] - max(0, s.done[0] - now))


@mechanism
def transfer_ns(size_bytes: int, bytes_per_s: int) -> int:
    """Time to move that many bytes at that rate, to the nearest ns; 0 for a rate of 0 (no cap).

    Bound: below 2^33 bytes at once and 2^58 bytes per second the sum of products stays below 2^63.
    """
    return (size_bytes * NS_PER_S + bytes_per_s // 2) // bytes_per_s if bytes_per_s else 0
