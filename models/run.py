"""One run: a scenario, one protection arm, one replicate - simulated, measured, audited."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager

from models import scenario
from models.audit import audit
from models.chain import OutOfSpace
from models.levels import Levels
from models.measure.journal import Journal
from models.measure.recorder import LedgerError
from models.mechanisms.replication import MODE_NAMES
from models.outages import cuts
from models.path.build import Hypervisor as Readable
from models.path.io import KINDS
from models.replay import seen
from models.result import (
    CoreRow,
    CutRow,
    DeviceRow,
    FlowRow,
    IntervalRow,
    JobRow,
    JournalRow,
    ModeRow,
    RunResult,
    SpaceRow,
    StoreRow,
    StunRow,
    TimerRow,
)
from models.stories import sioc
from models.stories.acts import Hypervisor
from models.stories.backup import Backup
from models.stories.control import LatencyControl
from models.stories.full import Questions
from models.stories.observe import look
from models.stories.replicate import checkpoints, connection
from models.stories.slots import Slots
from models.stories.snapshot import Snapshots
from models.stories.tasks import Tasks, places
from models.windows import measured, observed
from sim.audit import broken
from sim.clock import ClockError

LINKS = {"nbd": "NBD", "nbdssl": "NBD", "hotadd": "HotAdd", "san": "SAN"}
"""What a job's bytes pass, as FlowRow.link calls it, by transport."""


class SimulationError(Exception):
    """The run has no result: the message says why and when."""


def simulate(
    spec: scenario.Scenario, arm: scenario.Arm, replicate: int, engine: scenario.Engine = "simpy"
) -> RunResult:
    """The result of one run. Equal arguments give equal results, to the bit, with either engine.

    Raises SimulationError when a datastore fills up, time stands still, a ledger does not add up or the audit fails.
    """
    run = Run(spec, arm, replicate, engine)
    with run.failures(), uncollected():
        run.go()
    return run.result()


def hypervisor(spec: scenario.Scenario, replicate: int, engine: scenario.Engine) -> Hypervisor:
    """The path of this engine, for a scenario as a run sees it. The compiled one needs Numba; it is loaded only when it
    is asked for.
    """
    if engine == "compiled":
        from models.compiled.hypervisor import Hypervisor as Compiled

        return Compiled(spec, replicate)
    return Readable(spec, replicate)


@contextmanager
def uncollected() -> Iterator[None]:
    """Inside, nobody looks for cycles of garbage: a run makes hardly any, and keeps much that would be looked at."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


class Run:
    """One run in progress, on the path of an engine or on one that was built for it."""

    def __init__(
        self, spec: scenario.Scenario, arm: scenario.Arm, replicate: int, path: scenario.Engine | Hypervisor = "simpy"
    ) -> None:
        self.arm = arm
        self.replicate = replicate
        self.hypervisor = hypervisor(seen(spec, arm, replicate), replicate, path) if isinstance(path, str) else path
        self.spec = spec = self.hypervisor.spec
        self.snapshots = Snapshots(self.hypervisor)
        slots = Slots(self.hypervisor.clock, places(spec))
        self.control = LatencyControl(self.hypervisor, slots)
        self.backups = [
            Backup(Tasks(self.hypervisor, job, number, slots, self.control), self.snapshots)
            for number, job in enumerate(self.hypervisor.jobs)
        ]
        self.questions = Questions(self.hypervisor)
        if spec.run.observe:
            look(self.hypervisor)
        for number, replicator in enumerate(self.hypervisor.replicators):
            checkpoints(replicator, number)
            if replicator.spec.synchronous:
                connection(replicator, number, cuts(replicator.spec))
        self.levels = Levels(self.hypervisor, sioc.start(self.hypervisor))
        self.space: list[SpaceRow] = []
        self.flows: list[FlowRow] = []
        self.journals: list[JournalRow] = []
        self._seen: dict[str, int] = {}
        groups = [replicator.spec for replicator in self.hypervisor.replicators]
        self._journals = [Journal(g.name, g.history_ns, g.journal_size_bytes) for g in groups]

    @contextmanager
    def failures(self) -> Iterator[None]:
        """Inside, what ends a run before its time is a SimulationError that says when."""
        try:
            yield
        except (OutOfSpace, ClockError, LedgerError) as problem:
            at = f"{self.hypervisor.clock._now / 1e9:.3f} s"
            raise SimulationError(f"arm '{self.arm}', replicate {self.replicate}: at {at}: {problem}") from None

    def go(self) -> None:
        """Runs to the end, interval by interval."""
        step, end = self.spec.run.interval_ns, self.spec.run.duration_ns
        for start in range(0, end, step):
            now = min(start + step, end)
            self.hypervisor.clock.run_until(now)
            self.hypervisor.recorder.tick(start)
            self._sample(start, now)
        for backup in self.backups:
            backup.finish(end)
        self.hypervisor.recorder.finish(end)

    def _sample(self, start: int, now: int) -> None:
        for meter in self.hypervisor.recorder.meters():
            meter.sample(now)
        self.levels.sample(now)
        for vm in self.hypervisor.vms:
            for disk in vm.disks:
                if disk.depth:
                    held, stored = disk.held_grains, disk.delta_bytes()
                    self.space.append(SpaceRow(now, disk.spec.name, disk.spec.datastore, disk.depth, held, stored))
        for job in self.hypervisor.jobs:
            self._flow(start, f"{job.spec.name} {LINKS[job.spec.transport.kind]}", job.transport.network_bytes, 0)
            self._flow(start, f"{job.spec.name} repository", job.transport.stored_bytes, 0)
        for replicator, journal in zip(self.hypervisor.replicators, self._journals, strict=True):
            self.journals.append(journal.look(now, replicator.journaled, replicator.admitted_bytes))
            replicator.journaled.clear()
            self._flow(start, f"{replicator.spec.name} WAN", replicator.wire_bytes, replicator.backlog_bytes())

    def _flow(self, start: int, link: str, total: int, backlog: int) -> None:
        self.flows.append(FlowRow(start, link, total - self._seen.get(link, 0), backlog))
        self._seen[link] = total

    def result(self) -> RunResult:
        """All rows; raises SimulationError when the books do not balance."""
        run, recorder = self.spec.run, self.hypervisor.recorder
        lines = audit(self.hypervisor, run.duration_ns)
        wrong = broken(lines)
        if wrong:
            laws = "; ".join(str(line) for line in wrong[:5])
            raise SimulationError(f"arm '{self.arm}', replicate {self.replicate}: the audit failed: {laws}")
        meters = recorder.meters()
        return RunResult(
            scenario=self.spec.name,
            arm=self.arm,
            replicate=self.replicate,
            causes=self.hypervisor.causes.names,
            duration_ns=run.duration_ns,
            warmup_ns=run.warmup_ns,
            measured_ns=measured(run),
            interval_ns=run.interval_ns,
            vms=tuple(recorder.vm_result(vm.index) for vm in self.hypervisor.vms),
            intervals=tuple(self._intervals()),
            stuns=tuple(self._stuns()),
            jobs=tuple(self._jobs()),
            points=tuple(point for meter in meters for point in meter.points),
            recovery=tuple(meter.result(run.duration_ns) for meter in meters),
            modes=tuple(self._modes()),
            cuts=tuple(self._cuts()),
            journals=tuple(self.journals),
            cores=tuple(CoreRow(host, *spent) for host, spent in self.hypervisor.cores().items()),
            space=tuple(self.space),
            flows=tuple(self.flows),
            devices=tuple(self._devices()),
            control=tuple(self.control.rows),
            timers=tuple(self._timers(self.snapshots.stuns)),
            audit=tuple(lines),
            events=self.hypervisor.events,
            quiesces=tuple(self.snapshots.quiesces),
            questions=tuple(self.questions.rows),
            levels=tuple(self.levels.rows),
            stores=tuple(
                StoreRow(name, store.spec.capacity_bytes, store.lowest_bytes)
                for name, store in self.hypervisor.stores.items()
            ),
        )

    def _intervals(self) -> list[IntervalRow]:
        rows, windows, step = self.hypervisor.recorder.rows, self.spec.run.observe, self.spec.run.interval_ns
        if not windows:
            return list(rows)
        return [row._replace(observed=observed(windows, row.t_ns, row.t_ns + step)) for row in rows]

    def _stuns(self) -> list[StunRow]:
        windows = self.spec.run.observe
        return [
            row._replace(observed=observed(windows, row.start_ns, row.start_ns + row.duration_ns))
            for row in self.snapshots.stuns
        ]

    def _jobs(self) -> list[JobRow]:
        """A backup that did not begin is observed where it was due; one that did not end is not."""
        windows, rows = self.spec.run.observe, [record.row for backup in self.backups for record in backup.records]
        marked = []
        for row in rows:
            start = row.start_ns if row.start_ns >= 0 else row.scheduled_ns
            end = row.end_ns if row.end_ns >= 0 else (start if row.start_ns < 0 else self.spec.run.duration_ns)
            marked.append(row._replace(observed=observed(windows, start, end)))
        return marked

    def _modes(self) -> list[ModeRow]:
        rows = []
        for replicator in self.hypervisor.replicators:
            ends = [since for _, since in replicator.modes[1:]] + [self.spec.run.duration_ns]
            for (mode, since), end in zip(replicator.modes, ends, strict=True):
                rows.append(ModeRow(replicator.spec.name, MODE_NAMES[mode], since, end))
        return rows

    def _cuts(self) -> list[CutRow]:
        end = self.spec.run.duration_ns
        groups = [replicator.spec for replicator in self.hypervisor.replicators]
        return [CutRow(group.name, *cut) for group in groups for cut in cuts(group) if cut.cut < end]

    def _devices(self) -> list[DeviceRow]:
        rows = []
        for name, store in self.hypervisor.stores.items():
            for cause, kind in enumerate(KINDS):
                reads, writes = (store.served.get((cause, write), [0, 0]) for write in (False, True))
                if reads[0] or writes[0]:
                    rows.append(DeviceRow(name, kind, reads[0] + writes[0], reads[1], writes[1]))
        return rows

    def _timers(self, stuns: list[StunRow]) -> list[TimerRow]:
        rows = []
        for vm in self.hypervisor.vms:
            counts = self.hypervisor.recorder.counts(vm.index)
            mine = [stun for stun in stuns if stun.vm == vm.spec.name and stun.start_ns >= self.spec.run.warmup_ns]
            lengths = [stun.duration_ns for stun in mine]
            longest = max(lengths, default=0)
            for timer in self.spec.timers:
                count = sum(1 for length in lengths if length > timer.limit_ns)
                rows.append(TimerRow(timer.name, timer.limit_ns, vm.spec.name, count, longest))
            limit = vm.spec.disk_timeout_ns
            rows.append(TimerRow("guest disk timeout", limit, vm.spec.name, counts.late, counts.latest_ns))
        return rows
