"""Where the ledger's columns are, for one run: filters have columns by name."""

from models.path.io import Command, GuestIo
from models.result import COMMAND_CAUSES, LAYERS, ledger_causes


class Causes:
    """Indices into the ledger of a run with these filters."""

    def __init__(self, filters: tuple[str, ...]) -> None:
        self.names = ledger_causes(filters)
        self.guest_queue = 0
        self.stun_hold_in = 1
        self.filter = {name: 2 + i for i, name in enumerate(filters)}
        self.mirror_hold = 2 + len(filters)
        self.commands = 3 + len(filters)
        self.host_path = self.commands + len(COMMAND_CAUSES) * len(LAYERS)
        self.stun_hold_out = self.host_path + 1

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
