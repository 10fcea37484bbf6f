"""A replication appliance that some groups share: caps on what it processes and sends, and one buffer for all.

What comes passes the appliance in the order in which it comes, at so many raw bytes and so many writes a second,
whichever takes longer; then each group's link may take it, at the rate of the link that they all share. The buffer
counts raw bytes until the target has confirmed. Left out: its CPU as such, and a failure of it.
"""

from typing import NamedTuple

from models.mechanisms.bucket import transfer_ns
from sim.mechanism import mechanism
from sim.units import NS_PER_S


class Appliance(NamedTuple):
    """`facts`: BYTES a second, NS_A_WRITE, bytes a second of the LINK, ROOM of the buffer (0 each: no cap), bytes USED,
    and until when it PROCESSES and its link is BUSY with what it has been given.
    """

    facts: list[int]


BYTES, NS_A_WRITE, LINK, ROOM, USED, PROCESSES, BUSY = range(7)


def appliance(bytes_per_s: int, writes_per_s: int, link_bytes_per_s: int, buffer_bytes: int) -> Appliance:
    """An idle, empty one; 0: no cap."""
    a_write = NS_PER_S // writes_per_s if writes_per_s else 0
    return Appliance([bytes_per_s, a_write, link_bytes_per_s, buffer_bytes, 0, 0, 0])


@mechanism
def fits(s: Appliance, size: int) -> bool:
    """Whether the buffer has room for so many bytes."""
    return s.facts[ROOM] == 0 or s.facts[USED] + size <= s.facts[ROOM]


@mechanism
def took(s: Appliance, size: int) -> None:
    """So many more bytes are in the buffer; less than none are given back."""
    s.facts[USED] += size


@mechanism
def processed(s: Appliance, now: int, size: int) -> int:
    """When a write of that size, which comes now, can go to the link."""
    cost = max(transfer_ns(size, s.facts[BYTES]), s.facts[NS_A_WRITE])
    s.facts[PROCESSES] = max(now, s.facts[PROCESSES]) + cost
    return s.facts[PROCESSES]


@mechanism
def sent(s: Appliance, now: int, size: int) -> int:
    """When so many bytes, which the shared link is given now, have crossed it."""
    s.facts[BUSY] = max(now, s.facts[BUSY]) + transfer_ns(size, s.facts[LINK])
    return s.facts[BUSY]
