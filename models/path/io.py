"""What travels on the path: guest I/Os, and the back-end commands they and the mechanisms cause."""

from typing import Protocol

from sim.clock import Clock, Signal

DATA, PARENT_READ, METADATA, MIRROR = range(4)
"""Causes of commands on a guest I/O's critical path; the order of models.result.COMMAND_CAUSES."""

KINDS = ("data", "parent read", "metadata", "mirror", "merge", "backup", "resync", "snapshot", "memory", "destage")
"""Every reason for a back-end command; the first four are the causes above, the last is the array's own."""
MERGE, BACKUP, RESYNC, SNAPSHOT, MEMORY, DESTAGE = range(4, 10)


class GuestIo:
    """One guest I/O: its identity, what it asks, and its ledger so far as (cause, ns) pairs."""

    __slots__ = (
        "accepted_ns", "arrival_ns", "clock_ns", "deferred", "disk", "done", "epochs", "held_ns", "ledger", "offset",
        "ordinal", "service_ns", "size", "workload", "write",
    )  # fmt: skip

    def __init__(
        self, workload: int, ordinal: int, disk: int, write: bool, offset: int, size: int, service_ns: int, now: int
    ) -> None:
        self.workload = workload
        self.ordinal = ordinal
        self.disk = disk
        self.write = write
        self.offset = offset
        self.size = size
        self.service_ns = service_ns
        self.arrival_ns = now
        self.clock_ns = now  # up to here the ledger is written
        self.accepted_ns = now  # the adapter has taken it and the VM runs
        self.held_ns = 0  # of its ledger: in stuns, and in a frozen guest
        self.ledger: list[tuple[int, int]] = []
        self.done: Signal | None = None  # a closed loop waits for its delivery
        self.deferred: Deferred | None = None  # a synchronous write: until the target has it
        self.epochs: list[int] = []  # per protection of the VM: which future recovery point will hold this write

    def charge(self, cause: int, now: int) -> None:
        """All time since the last entry was spent on `cause`."""
        if now != self.clock_ns:
            self.ledger.append((cause, now - self.clock_ns))
            self.clock_ns = now

    def charge_ahead(self, cause: int, ns: int) -> int:
        """The next `ns` will be spent on `cause`: they are in the ledger already; returns them."""
        self.ledger.append((cause, ns))
        self.clock_ns += ns
        return ns


class Waiter(Protocol):
    """Who wants to know that a command has completed."""

    def completed(self, command: "Command") -> None: ...


class Command:
    """One back-end command of a flow: the unit of the I/O scheduler, the device queue and GAVG."""

    __slots__ = (
        "arrival", "capped_ns", "cause", "cost", "done_ns", "dsnro_ns", "enter_ns", "issue_ns", "limit_ns", "limit_tag",
        "ordinal", "p_tag", "r_tag", "service_ns", "size", "slot_ns", "waiter", "write",
    )  # fmt: skip

    waiter: "Waiter"  # set by whoever submits it

    def __init__(self, cause: int, write: bool, size: int, service_ns: int, cost: int = -1) -> None:
        self.cause = cause  # index into KINDS
        self.write = write
        self.size = size
        self.service_ns = service_ns  # latency part
        self.cost = cost  # in cost units; -1: by size; 0: paid by another part of the same guest I/O
        self.ordinal = 0  # in its flow
        self.arrival = 0  # at its device
        self.enter_ns = self.issue_ns = self.done_ns = 0
        self.limit_ns = self.dsnro_ns = self.slot_ns = 0  # how KAVG divides
        self.capped_ns = 0
        self.r_tag = self.limit_tag = self.p_tag = 0


class Deferred(Signal):
    """A filter holds a guest I/O's completion until this fires: a wait for `cause` of the ledger."""

    def __init__(self, clock: Clock, cause: int, blocks_drain: bool) -> None:
        super().__init__(clock)
        self.cause = cause
        self.blocks_drain = blocks_drain
        self.parked = False  # all but this is done


class Stage(Signal):
    """Some commands that run side by side: fires when the last has completed; its value is that one."""

    def __init__(self, clock: Clock, commands: int) -> None:
        self.env = clock
        self.callbacks = []
        self.left = commands

    def completed(self, command: Command) -> None:
        self.left -= 1
        if not self.left:
            self.fire(command)
