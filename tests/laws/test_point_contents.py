"""Law: a recovery point holds what it claims. Contents are followed sector by sector beside random runs.

The model moves no bytes; here each write gives its sectors a new version. What a backup's blocks or a replica's items
carry is then applied to a copy, which must equal the disk as it was when the point was cut - after failed jobs, skipped
jobs, overflows and resyncs alike. A write counts as on the disk from when it passes tracking or splitter.
"""

from collections import deque
from collections.abc import Callable
from typing import Any
from unittest.mock import patch

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from random_worlds import busy, scenarios
from worlds import MS

from models.mechanisms import replication
from models.path.device import Flow
from models.path.disk import Disk, OutOfSpace
from models.path.io import Command, GuestIo
from models.path.replica import IN_ORDER, Item, Replicator
from models.run import Run
from models.scenario import Arm, Scenario
from models.stories.backup import Cut

SECTOR = 512
SLOW_DRAWS = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]
Image = dict[tuple[int, int], int]
"""Versions by (disk, sector); absent: as in the beginning."""


def sectors(disk: int, start: int, size: int) -> list[tuple[int, int]]:
    return [(disk, sector) for sector in range(start // SECTOR, (start + size - 1) // SECTOR + 1)]


def played(run: Run) -> None:
    try:
        run.go()
    except OutOfSpace:
        return  # up to here the points must have been right


class Repository:
    """Follows one VM's disks and the backups made of them."""

    def __init__(self, disks: list[Disk]) -> None:
        self.disks = disks
        self.source: Image = {}
        self.stored: Image = {}
        self.cuts: dict[int, Image] = {}
        self.ended = 0  # jobs
        self.versions = 0
        for number, disk in enumerate(disks):
            disk.access = self.noted(number, disk.access)  # type: ignore[method-assign]

    def noted(self, number: int, access: Callable[[GuestIo], Any]) -> Callable[[GuestIo], Any]:
        def with_note(io: GuestIo) -> Any:
            if io.write:
                self.versions += 1
                self.source.update(dict.fromkeys(sectors(number, io.offset, io.size), self.versions))
            return access(io)

        return with_note

    def succeed(self, cut: Cut) -> None:
        """The blocks of the cut are in the repository, as they were at the cut: together they are the disk."""
        image, tool = self.cuts[id(cut)], cut.backup.job.spec.tool_block_bytes
        for number, blocks in enumerate(cut.blocks):
            for block in blocks:
                start = block * tool
                size = min(tool, self.disks[number].spec.size_bytes - start)
                assert size > 0
                for sector in sectors(number, start, size):
                    self.stored.pop(sector, None)
                    if sector in image:
                        self.stored[sector] = image[sector]
        assert self.stored == image


@settings(max_examples=50, suppress_health_check=SLOW_DRAWS)
@given(scenarios(3_000), st.sampled_from(["vadp", "both"]), st.integers(0, 99), st.sampled_from([0, 0, 150]))
def test_every_backup_with_those_before_it_is_the_disk_at_its_cut(
    scenario: Scenario, arm: Arm, seed: int, limit_ms: int
) -> None:
    """Some jobs are too long; of the others some are lost at the very end, by the bits of `seed`."""
    run = Run(busy(scenario, seed, limit_ms * MS), arm, 0)
    repositories = {vm.index: Repository(vm.disks) for vm in run.hypervisor.vms}
    take, succeed = Cut.take, Cut.succeed

    def take_too(self: Cut, *args: Any) -> None:
        repository = repositories[self.vm.index]
        repository.cuts[id(self)] = dict(repository.source)
        take(self, *args)

    def succeed_too(self: Cut, now: int) -> None:
        repository = repositories[self.vm.index]
        repository.ended += 1
        if seed >> repository.ended & 1 == 0:
            repository.succeed(self)
            succeed(self, now)

    with patch.object(Cut, "take", take_too), patch.object(Cut, "succeed", succeed_too):
        played(run)
    jobs = [record.row for backup in run.backups for record in backup.records]
    assert sum(r.ended for r in repositories.values()) == sum(job.usable_ns >= 0 for job in jobs)


class Target:
    """Follows one replication group: what each thing on the link carries, and the image that it makes."""

    def __init__(self, replicator: Replicator) -> None:
        self.replicator = replicator
        self.versions = 0
        self.source: Image = {}
        self.image: Image = {}
        self.carried: list[tuple[int, Image]] = []  # (epoch or kind, versions), in the order of the link
        self.cuts: dict[int, Image] = {}
        self.points = 0
        self.next: Image = {}  # what the next thing given to the link carries
        self.taken = (0, 0)  # disk and start of the extents taken last
        self.reads: dict[int, tuple[int, int]] = {}  # the same for reads under way
        if not replicator.spec.seeded:  # the target starts with other content everywhere
            every = [(n, disk.spec.size_bytes) for n, disk in enumerate(replicator.disks)]
            self.image = {sector: -1 for n, size in every for sector in sectors(n, 0, size)}
        self.safe: set[int] = set()  # versions that the target is known to have
        self.flying: deque[int] = deque()  # in order on the link, not confirmed
        self.version_of: dict[int, int] = {}  # by guest I/O
        self.left = 0  # sync, with a point of that moment
        self.write, self.completed, self.send = replicator.write, replicator.completed, replicator._send
        self.usable, self.confirmed = replicator._usable, replicator._confirmed
        replicator._confirmed = self.confirmed_too  # type: ignore[method-assign]
        if replicator.sync is not None:
            self.leave = replicator.sync.leave
            replicator.sync.leave = self.leave_too  # type: ignore[method-assign]
        replicator.write, replicator.completed = self.write_too, self.completed_too  # type: ignore[method-assign]
        replicator._send, replicator._usable = self.send_too, self.usable_too  # type: ignore[method-assign]
        for device in {disk.device.entity: disk.device for disk in replicator.disks}.values():
            device.submit = self.noted(device.submit)  # type: ignore[method-assign]

    def noted(self, submit: Callable[[Flow, Command], None]) -> Callable[[Flow, Command], None]:
        def with_note(flow: Flow, command: Command) -> None:
            if getattr(command, "waiter", None) is self.replicator:
                self.reads[id(command)] = self.taken
            submit(flow, command)

        return with_note

    def write_too(self, disk: int, io: GuestIo) -> None:
        self.versions += 1
        self.next = dict.fromkeys(sectors(disk, io.offset, io.size), self.versions)
        self.source |= self.next
        self.version_of[id(io)] = self.versions
        self.write(disk, io)

    def confirmed_too(self, item: Item) -> None:
        self.safe.add(self.flying.popleft())
        self.confirmed(item)

    def leave_too(self) -> None:
        assert self.replicator.sync is not None
        self.left += self.replicator.sync.synced
        self.leave()

    def delivered(self, io: GuestIo) -> None:
        """In sync the target has what the guest is told."""
        version = self.version_of.pop(id(io), None)
        if version is not None and self.replicator.sync is not None and self.replicator.sync.synced:
            assert version in self.safe

    def completed_too(self, command: Command) -> None:
        """A run of extents has been read: it carries the disk's content of now."""
        disk, start = self.reads.pop(id(command))
        self.next = {sector: self.source.get(sector, 0) for sector in sectors(disk, start, command.size)}
        self.completed(command)

    def send_too(self, item: Item) -> None:
        if item.epoch >= 0:
            self.cuts[item.epoch] = dict(self.source)
            self.carried.append((item.epoch, {}))
        else:
            self.carried.append((item.epoch, self.next))
            if item.epoch == IN_ORDER:
                self.flying.append(self.versions)
        self.send(item)

    def usable_too(self, item: Item, admitted: int) -> None:
        """All that is before the checkpoint on the link has been applied: the image is the source at the cut."""
        while True:
            epoch, versions = self.carried.pop(0)
            self.image |= versions
            self.safe.update(versions.values())
            if epoch == item.epoch:
                break
        image = {sector: version for sector, version in self.image.items() if version}
        assert image == self.cuts.pop(item.epoch)
        sync = self.replicator.sync
        self.points += sync is None or item.epoch > sync.left_epoch
        self.usable(item, admitted)


def follow_deliveries(run: Run, targets: list[Target]) -> None:
    """Each target hears of what the guests are told."""
    delivered = run.hypervisor.recorder.delivered

    def told(vm: int, io: GuestIo) -> None:
        for target in targets:
            target.delivered(io)
        delivered(vm, io)

    run.hypervisor.recorder.delivered = told  # type: ignore[method-assign]


@settings(max_examples=50, suppress_health_check=SLOW_DRAWS)
@given(scenarios(), st.sampled_from(["vaio", "both"]), st.integers(0, 99))
def test_every_checkpoint_is_the_source_at_its_cut(scenario: Scenario, arm: Arm, seed: int) -> None:
    scenario = busy(scenario, seed, 0)
    take, targets = replication.take_dirty, {}

    def take_too(group: replication.Group) -> tuple[int, int, int]:
        disk, first, extents = take(group)
        target = targets.get(id(group))
        if target is not None:
            target.taken = (disk, first * target.replicator.spec.extent_bytes)
        return disk, first, extents

    with patch.object(Replicator, "start", lambda _: None):  # the target is watched from the very beginning
        run = Run(scenario, arm, 0)
    with patch.object(replication, "take_dirty", take_too):
        for replicator in run.hypervisor.replicators:
            targets[id(replicator.group)] = Target(replicator)
            replicator.start()
        follow_deliveries(run, list(targets.values()))
        played(run)
    seeded = sum(len(r.meters) for r in run.hypervisor.replicators if r.spec.seeded)
    points = sum(len(meter.points) for r in run.hypervisor.replicators for meter in r.meters)
    groups = {id(r.group): len(r.meters) for r in run.hypervisor.replicators}
    assert points == seeded + sum((target.points + target.left) * groups[key] for key, target in targets.items())
