"""Outages of a replication's link: when the connection is found to be gone, and when probing finds it back.

A cut that ends within the time-out is waited for: the connection lives. After the time-out the connection is lost and
the sender probes, each time after a longer pause; the first probe whose round trip meets no cut brings it back. All
of this is known beforehand, because nothing that is sent has a say in it.
"""

from typing import NamedTuple

from models.mechanisms.wire import Wire, wire
from models.scenario import Vaio


class Cut(NamedTuple):
    """One time without a connection, in ns. `lost` is -1 and there are no probes when the connection lived."""

    cut: int
    restored: int  # the link itself is whole again
    lost: int
    back: int  # things are sent again
    probes: int  # the last is the one that gets through


def cuts(spec: Vaio) -> list[Cut]:
    """The times without a connection to the replication's target."""
    outages = [(one.start_ns, one.start_ns + one.duration_ns) for one in spec.outages]
    return plan(outages, spec.link_timeout_ns, spec.retry_ns, spec.retry_most_ns, 2 * spec.link_latency_ns)


def wire_of(spec: Vaio) -> Wire:
    """The link to the target, at time 0."""
    found = cuts(spec)
    return wire([one.cut for one in found], [one.back for one in found])


def plan(outages: list[tuple[int, int]], timeout_ns: int, retry_ns: int, most_ns: int, round_trip_ns: int) -> list[Cut]:
    """What these outages, (start, end) in order and apart, mean for the sender.

    The pause before probe k is k * `retry_ns`, `most_ns` at most. An outage that begins while the sender probes for
    another only makes probes fail.
    """
    found: list[Cut] = []
    for start, end in outages:
        if found and start < found[-1].back:
            continue
        if end - start <= timeout_ns:
            found.append(Cut(start, end, -1, end, 0))
            continue
        probe, probes = start + timeout_ns, 0
        while True:
            probes += 1
            probe += min(probes * retry_ns, most_ns)
            if not any(first <= probe + round_trip_ns and probe < last for first, last in outages):
                break
        restored = max(last for first, last in outages if first < probe)
        found.append(Cut(start, restored, start + timeout_ns, probe + round_trip_ns, probes))
    return found
