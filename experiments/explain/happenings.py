"""What went on in a run over seconds, and which of it an I/O met: stuns, guests at rest, backups, merges, questions of
VMs without space, replication out of order.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from experiments.explain.stored import Stored
from models.measure.lives import IoLife
from models.scenario import Scenario

PHASES = (
    ("backup job", "start_ns", "end_ns"),
    ("backup read", "read_start_ns", "read_end_ns"),
    ("merge", "merge_start_ns", "merge_end_ns"),
)
"""A VM's backup job and stretches of it: name, and the columns of `JobRow` for begin and end (-1: not reached)."""


class Happening(NamedTuple):
    """A stretch of time with a name. `vms` it happened to; `by` is the protection behind it."""

    kind: str
    vms: tuple[str, ...]
    by: str
    start_ns: int
    end_ns: int

    @property
    def stun(self) -> bool:
        """Whether the VM did not run."""
        return self.kind.endswith(" stun")

    def subject(self) -> str:
        """Whom it happened to, in words."""
        return self.vms[0] if len(self.vms) == 1 else f"{len(self.vms)} VMs"


def happenings(stored: Stored, arm: str, replicate: int) -> tuple[Happening, ...]:
    """All of one run, in order of time."""
    found = (
        *_stuns(stored, arm, replicate), *_phases(stored, arm, replicate), *_holds(stored, arm, replicate),
        *_modes(stored, arm, replicate),
    )  # fmt: skip
    return tuple(sorted(found, key=lambda one: (one.start_ns, one.end_ns, one.kind, one.vms)))


def _stuns(stored: Stored, arm: str, replicate: int) -> Iterator[Happening]:
    for row in stored.stuns(arm, replicate):
        yield Happening(f"{row.reason} stun", (row.vm,), row.job, row.start_ns, row.start_ns + row.duration_ns)


def _phases(stored: Stored, arm: str, replicate: int) -> Iterator[Happening]:
    for row in stored.jobs(arm, replicate):
        for kind, first, last in PHASES:
            start, end = getattr(row, first), getattr(row, last)
            if start >= 0:
                yield Happening(kind, (row.vm,), row.job, start, end if end >= 0 else stored.scenario.run.duration_ns)


def _holds(stored: Stored, arm: str, replicate: int) -> Iterator[Happening]:
    """Guests whose writes are held: at rest for a snapshot, or without space."""
    end = stored.scenario.run.duration_ns
    for row in stored.quiesces(arm, replicate):
        yield Happening("quiesce", (row.vm,), row.job, row.start_ns, row.thaw_ns if row.thaw_ns >= 0 else end)
    for asked in stored.questions(arm, replicate):
        until = asked.answer_ns if asked.answer_ns >= 0 else end
        yield Happening("question", (asked.vm,), asked.datastores, asked.start_ns, until)


def _modes(stored: Stored, arm: str, replicate: int) -> Iterator[Happening]:
    members = {group.name: group.vms for group in stored.scenario.vaio}
    for row in stored.modes(arm, replicate):
        if row.mode != "in order":
            yield Happening(row.mode, members[row.protection], row.protection, row.start_ns, row.end_ns)


def met(io: IoLife, found: Sequence[Happening], scenario: Scenario) -> tuple[Happening, ...]:
    """What an I/O met in its life: stuns of its own VM; the rest also of VMs with a disk on its datastore."""
    stores = {vm.name: {disk.datastore for disk in vm.disks} for vm in scenario.vms}
    home = next(disk.datastore for vm in scenario.vms for disk in vm.disks if disk.name == io.disk)
    near = {name for name, its in stores.items() if home in its} | {io.vm}
    return tuple(
        one for one in found
        if one.start_ns < io.end_ns and one.end_ns > io.arrival_ns
        and (io.vm in one.vms if one.stun else not near.isdisjoint(one.vms))
    )  # fmt: skip
