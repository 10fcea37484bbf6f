"""The VADP job: schedule, snapshot, changed-block query, reads, repository write, release - VM after VM.

The first backup of a VM reads all of it, later ones what changed since the last successful one, in whole blocks of the
backup tool. The recovery point is usable when the last byte and its metadata are in the repository; consolidation
comes after. A job that has not ended when the next is due lets that one be skipped. Which VM's turn it is and where
its disks find places is in `tasks` and `slots`. Left out: quiesce.
"""

from collections.abc import Generator, Iterator
from typing import Any

from simpy.events import Event

from models.mechanisms import cbt
from models.result import JobRow
from models.stories import JOB_RANK
from models.stories.acts import Vm
from models.stories.hotadd import loses_lock, recover_lock
from models.stories.snapshot import Snapshots
from models.stories.tasks import Tasks, snapshot_places
from sim.clock import Signal, Story


class Record:
    """One VM's backup while it happens; becomes a JobRow. Times not reached are -1."""

    def __init__(self, job: str, vm: str, ordinal: int, kind: str, scheduled_ns: int) -> None:
        never, none = -1, 0
        self.row = JobRow(
            job=job, vm=vm, ordinal=ordinal, kind=kind, scheduled_ns=scheduled_ns,
            start_ns=never, cut_ns=never, read_start_ns=never, read_end_ns=never, usable_ns=never,
            merge_start_ns=never, merge_end_ns=never, end_ns=never,
            written_bytes=none, unique_bytes=none, cbt_bytes=none, read_bytes=none, stored_bytes=none, extents=none,
            delta_bytes=none, outcome="unfinished", needs_consolidation=False,
        )  # fmt: skip

    def note(self, **fields: Any) -> None:
        """These columns of the row are known now."""
        self.row = self.row._replace(**fields)


class Backup:
    """One VADP protection at work."""

    def __init__(self, tasks: Tasks, snapshots: Snapshots) -> None:
        self.tasks = tasks
        self.slots = tasks.slots
        self.hypervisor = tasks.hypervisor
        self.job = tasks.job
        self.number = tasks.number
        self.snapshots = snapshots
        self.records: list[Record] = []
        self._change_ids: dict[str, int] = {}  # by disk, of the last successful backup
        self._ordinal = 0  # of the job that runs or is due next
        self._started_ns = 0
        self._failed: list[str] = []  # VMs without success in the last round of the job
        story = self._story(0)
        story.start(self._schedule(story))

    def _story(self, worker: int) -> Story:
        name = f"VADP job {self.job.spec.name}"
        return Story(self.hypervisor.clock, name, JOB_RANK, self.number, worker)

    def _schedule(self, story: Story) -> Generator[Event, Any, None]:
        while True:
            due = self._due()
            if due < story.now:
                self._skip()
            else:
                yield story.until(due)
                self._started_ns = due
                yield from self._job(story)
            self._ordinal += 1

    def _job(self, story: Story) -> Generator[Event, Any, None]:
        """All VMs once, then those that failed again, as often as the job may."""
        spec, plan = self.job.spec, self.job.spec.schedule
        todo = self._in_turn()
        for attempt in range(1 + plan.retries):
            if attempt:
                yield story.sleep(plan.retry_wait_ns)
                if self._over(story.now):
                    break
            self._failed = []
            vms = iter([self.hypervisor.vms[self.hypervisor.index[name]] for name in todo])
            ends = [self._worker(1 + i, self._ordinal, vms) for i in range(min(spec.parallel_vms, len(todo)))]
            for end in ends:
                yield story.wait(end)
            todo = [name for name in spec.vms if name in self._failed]
            if not todo or self._over(story.now):
                break

    def _in_turn(self) -> list[str]:
        """The job's VMs in the order in which they begin."""
        missed = self._failed if self.job.spec.schedule.order == "missed first" else []
        return sorted(self.job.spec.vms, key=lambda name: name not in missed)

    def _over(self, now: int) -> bool:
        """Whether the job's window has ended."""
        limit = self.job.spec.job_limit_ns
        return bool(limit) and now >= self._started_ns + limit

    def _left(self) -> int:
        """Of the window, for what runs now, ns; 0: it need not end."""
        limit = self.job.spec.job_limit_ns
        if not limit or self.job.spec.schedule.overrun == "finish":
            return 0
        return max(1, self._started_ns + limit - self.hypervisor.clock._now)

    def _due(self) -> int:
        return self.job.spec.first_ns + self._ordinal * self.job.spec.interval_ns

    def _skip(self) -> None:
        for name in self.job.spec.vms:
            vm = self.hypervisor.vms[self.hypervisor.index[name]]
            record = Record(self.job.spec.name, name, self._ordinal, self._kind(vm), self._due())
            record.note(outcome="skipped: the previous job was still running")
            self.records.append(record)

    def finish(self, end_ns: int) -> None:
        """The run ends: jobs that were due while the last one still runs are skipped, too."""
        self._ordinal += 1
        while self._due() < end_ns:
            self._skip()
            self._ordinal += 1

    def _worker(self, number: int, ordinal: int, vms: Iterator[Vm]) -> Signal:
        """Backs up VM after VM; fires when there is none left."""
        story, done = self._story(number), self.hypervisor.clock.signal()

        def work() -> Generator[Event, Any, None]:
            for vm in vms:
                yield from self._turn(story, number, vm, ordinal)
            done.fire()

        story.start(work())
        return done

    def _kind(self, vm: Vm) -> str:
        """Full until each of the VM's disks has been backed up with success."""
        return "incremental" if all(disk.spec.name in self._change_ids for disk in vm.disks) else "full"

    def _turn(self, story: Story, worker: int, vm: Vm, ordinal: int) -> Generator[Event, Any, None]:
        """One VM, between taking and giving back its places for open snapshots."""
        spec, kind, keys = self.job.spec, self._kind(vm), snapshot_places(vm)
        record = Record(spec.name, vm.spec.name, ordinal, kind, spec.first_ns + ordinal * spec.interval_ns)
        self.records.append(record)
        # A job whose window has ended takes no more snapshots.
        if not self._over(story.now) and (yield from self.slots.take(story, keys, self._to_begin())):
            yield from self._back_up(story, worker, vm, record)
            self.slots.give_back(keys)
        else:
            record.note(outcome=self._too_long())
        if not record.row.outcome.startswith("ok"):
            self._failed.append(vm.spec.name)

    def _to_begin(self) -> int:
        """How long a VM may wait for its turn, ns; 0: for ever."""
        limit = self.job.spec.job_limit_ns
        return max(1, self._started_ns + limit - self.hypervisor.clock._now) if limit else 0

    def _back_up(self, story: Story, worker: int, vm: Vm, record: Record) -> Generator[Event, Any, None]:
        spec, kind = self.job.spec, record.row.kind
        record.note(start_ns=story.now)
        cut = Cut(self, vm, full=kind == "full")
        outcome = yield from self.snapshots.create(story, vm, spec.name, lambda: cut.take(story.now, record))
        if outcome == "ok":
            outcome = yield from self._copy(story, worker, vm, cut, record)
            if cut.attached and loses_lock(self.hypervisor, self.job, vm):
                yield from recover_lock(self.snapshots, story, vm, self.job)
            record.note(merge_start_ns=story.now, delta_bytes=sum(disk.held_bytes() for disk in vm.disks))
            merged = yield from self.snapshots.consolidate(story, vm, spec.name)
            record.note(merge_end_ns=story.now)
            if outcome == "ok" and merged != "ok":
                outcome = f"ok, needs consolidation: {merged.removeprefix('failed: ')}"
        left = any(disk.depth for disk in vm.disks)  # by this job or an earlier one
        record.note(end_ns=story.now, outcome=outcome, needs_consolidation=left)

    def _copy(self, story: Story, worker: int, vm: Vm, cut: "Cut", record: Record) -> Generator[Event, Any, str]:
        """Query, read and store; the point is usable at its end."""
        spec = self.job.spec
        pages = [max(1, -(-extents // spec.query_page_extents)) for extents in cut.extents]
        yield story.sleep(len(vm.disks) * spec.disk_open_ns + sum(pages) * spec.query_page_ns)
        record.note(read_start_ns=story.now)
        copied = yield from self.tasks.copy(story, worker, vm, cut.blocks, self._left)
        cut.attached = bool(copied.reads)
        record.note(
            read_end_ns=story.now,
            read_bytes=sum(read.bytes_read for read in copied.reads),
            stored_bytes=sum(read.bytes_stored for read in copied.reads),
        )
        if not copied.finished:
            return self._too_long()
        yield story.sleep(spec.commit_ns)
        record.note(usable_ns=story.now)
        cut.succeed(story.now)
        return "ok"

    def _too_long(self) -> str:
        return f"failed: the job took longer than {self.job.spec.job_limit_ns / 1e9:g} s"

    def last_change_id(self, disk: str) -> int:
        """Of the disk's last successful backup; 0: none."""
        return self._change_ids.get(disk, 0)

    def succeeded(self, disk: str, change_id: int) -> None:
        """The next query of this disk starts after `change_id`."""
        self._change_ids[disk] = change_id


class Cut:
    """What one snapshot of a VM froze: the changed blocks of each disk, and the point it will become."""

    def __init__(self, backup: Backup, vm: Vm, full: bool) -> None:
        self.backup = backup
        self.vm = vm
        self.full = full
        self.blocks: list[list[int]] = []  # per disk: the tool's blocks to read
        self.extents: list[int] = []
        self.attached = False  # the transport has had a disk
        self._ids: list[int] = []
        self._epoch = 0
        self._time_ns = 0

    def take(self, now: int, record: Record) -> None:
        """The cut: the VM is drained, the deltas come on top."""
        spec, self._time_ns = self.backup.job.spec, now
        meter = self.backup.job.meters[self.vm.index]
        self._epoch = meter.cut()
        written, unique = meter.since_usable(self._epoch)
        cbt_bytes = 0
        for disk in self.vm.disks:
            changed, change_id = disk.changed_at_cut(self.backup.last_change_id(disk.spec.name))
            self._ids.append(change_id)
            cbt_bytes += len(changed) * disk.track_bytes
            self.extents.append(1 if self.full else cbt.extents(changed))
            everything = range(-(-disk.spec.size_bytes // spec.tool_block_bytes))
            tool = cbt.covering(changed, disk.track_bytes, spec.tool_block_bytes, disk.spec.size_bytes)
            self.blocks.append(list(everything) if self.full else tool)
        record.note(
            cut_ns=now, written_bytes=written, unique_bytes=unique, cbt_bytes=cbt_bytes, extents=sum(self.extents)
        )

    def succeed(self, now: int) -> None:
        """The point is usable; the next job asks for changes after it."""
        self.backup.job.meters[self.vm.index].usable(self._epoch, self._time_ns, now)
        for disk, change_id in zip(self.vm.disks, self._ids, strict=True):
            self.backup.succeeded(disk.spec.name, change_id)
