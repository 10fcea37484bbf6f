"""Where the ledger's columns are, for one run: filters have columns by name."""

from collections.abc import Sequence

from models.path.io import Command, GuestIo
from models.result import COMMAND_CAUSES, LAYERS, ledger_causes
from models.scenario import Snapshots, Vadp


def holds_of(jobs: Sequence[Vadp], snapshots: Snapshots) -> tuple[str, ...]:
    """The columns that these backup jobs need besides those of every run."""
    quiesce = ("quiesce hold",) if any(job.request.quiesce for job in jobs) else ()
    space = ("space hold",) if jobs and snapshots.full.answer != "end" and snapshots.format != "native" else ()
    return quiesce + space


class Causes:
    """Indices into the ledger of a run with these filters; -1: it has no such column."""

    def __init__(
        self, filters: tuple[str, ...], synchronous: tuple[str, ...] = (), holds: tuple[str, ...] = ()
    ) -> None:
        self.names = ledger_causes(filters, synchronous, holds)
        column = self.names.index
        self.guest_queue = column("guest queue")
        self.stun_hold_in = column("stun hold in")
        self.filter = {name: column(f"filter {name}") for name in filters}
        self.replica = {name: column(f"replica {name}") for name in synchronous}
        self.quiesce_hold = column("quiesce hold") if "quiesce hold" in holds else -1
        self.space_hold = column("space hold") if "space hold" in holds else -1
        self.mirror_hold = column("mirror hold")
        self.commands = column(f"{COMMAND_CAUSES[0]}: {LAYERS[0]}")  # the first of all causes by all layers
        self.host_path = column("host path")
        self.stun_hold_out = column("stun hold out")

    def charge_command(self, io: GuestIo, command: Command) -> None:
        """The time from the ledger's end to now was this command's: by layer."""
        at = self.commands + command.cause * len(LAYERS)
        ledger = io.ledger
        if command.issue_ns != command.enter_ns:
            if command.limit_ns:
                ledger.append((at, command.limit_ns))
            if command.dsnro_ns:
                ledger.append((at + 1, command.dsnro_ns))
            if command.slot_ns:
                ledger.append((at + 2, command.slot_ns))
        ledger.append((at + 3, command.done_ns - command.issue_ns))
        io.clock_ns = command.done_ns
