"""What a VM has at its edges: the doors of its virtual adapter, its filters' stages and its protections' meters."""

from collections import deque
from typing import Protocol

from models.path.io import GuestIo
from sim.clock import Signal


class FilterStage(Protocol):
    """An inline filter of a VM: hops that cost time, and a look at each I/O on its way down."""

    name: str

    def down_ns(self, begins_ns: int) -> int:
        """Time from then until the next hop down is over. Asked at the gate, for all filters at once."""

    def up_ns(self, begins_ns: int) -> int:
        """The same for the next hop up. Asked when the disk has answered."""

    def passes(self, disk: int, io: GuestIo) -> None:
        """The I/O has crossed the hops down. Only the last filter may act on it (so the hops are one wait)."""


class Door:
    """A disk's share of the virtual adapter: its queue slots and the requests that wait for one."""

    __slots__ = ("idle", "waiting", "was_full")

    def __init__(self) -> None:
        self.idle: list[Signal] = []  # slot processes that wait for work
        self.waiting: deque[tuple[GuestIo, int]] = deque()  # with the VM's stunned time when they came
        self.was_full = False


class Meter(Protocol):
    """A protection's account of a VM's writes (models.measure.risk)."""

    epoch: int
    inline: bool  # a filter stamps the write; otherwise the gate does
