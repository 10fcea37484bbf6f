"""What the path tells whoever measures it. The path itself counts only what the audit compares (models.audit)."""

from typing import TYPE_CHECKING, Protocol

from models.path.io import Command, GuestIo

if TYPE_CHECKING:
    from models.path.device import Flow


class Watch(Protocol):
    """Calls in the order things happen; times are the clock's now. `vm` is an index into Scenario.vms."""

    def arrived(self, vm: int, io: GuestIo) -> None:
        """The guest wants this I/O."""

    def posted(self, vm: int, io: GuestIo) -> None:
        """Its completion is posted to the virtual adapter (vSCSI's end)."""

    def delivered(self, vm: int, io: GuestIo) -> None:
        """The guest has it: the ledger is complete."""

    def absorbed(self, vm: int, io: GuestIo) -> None:
        """A write outside the windows has left its marks."""

    def command_done(self, flow: "Flow", command: Command) -> None:
        """A back-end command has completed."""

    def door(self, vm: int, disk: int, waiting: int, full: bool) -> None:
        """The virtual adapter's state towards a new request to that disk may have changed."""

    def door_opened(self, vm: int, disk: int) -> None:
        """The adapter takes a waiting request of that disk."""

    def door_passed(self, vm: int, disk: int, arrival_ns: int) -> None:
        """It takes another disk's request, of that arrival, though this disk has slots."""

    def stunned(self, vm: int, stunned: bool) -> None:
        """The VM's vCPUs stopped, or run again."""
