"""The books of one run: every call of the path's Watch becomes numbers, per VM and per interval.

I/Os that arrived before the warm-up's end are left out of histograms and ledgers, not out of the series.
"""

from heapq import heappush, heappushpop

from models.arrivals import NEVER_NS
from models.measure.door import DoorProbe
from models.measure.risk import RiskMeter
from models.path.causes import Causes
from models.path.device import Flow
from models.path.io import METADATA, PARENT_READ, Command, GuestIo
from models.result import IntervalRow, LedgerBin, SlowIo, VmCounts, VmResult
from models.scenario import Scenario, Vm
from sim.clock import Clock
from sim.histogram import Histogram

GATHERED = 4096
"""After so many commands of a long interval its latencies are added to the histograms: memory stays bounded."""


def workload_name(vm: Vm, number: int) -> str:
    """The name of a VM's workload of that number; behind the last stand the writes of its flushes."""
    return vm.workloads[number].name if number < len(vm.workloads) else "flush"


class LedgerError(Exception):
    """The ledger of an I/O does not add up to its latency."""

    def __init__(self, vm: str, ordinal: int, latency_ns: int) -> None:
        super().__init__(f"VM '{vm}': the ledger of I/O {ordinal} misses its latency of {latency_ns} ns")


class Interval:
    """One VM's current interval. Latencies wait in lists: to add them to histograms together is cheaper."""

    __slots__ = (
        "arrivals", "bytes_written", "commands", "davg", "extra", "gavg", "ios", "kavg", "latencies", "latency", "qavg",
        "vscsi", "write_ns", "writes",
    )  # fmt: skip

    def __init__(self) -> None:
        self.arrivals = self.ios = self.bytes_written = self.commands = 0
        self.kavg = self.davg = self.qavg = self.write_ns = 0  # sums
        self.writes = self.extra = 0
        self.latency = Histogram()
        self.latencies: list[int] = []  # not yet in `latency`
        self.vscsi: list[int] = []  # not yet in the book's, likewise GAVG
        self.gavg: list[int] = []


class Book:
    """One VM's whole run."""

    def __init__(self, spec: Vm, warmup_ns: int) -> None:
        self.spec = spec
        self.guest = (Histogram(), Histogram())  # read, write
        self.vscsi = Histogram()
        self.gavg = Histogram()
        self.probe = Histogram()
        self.doors = [DoorProbe(self.probe, warmup_ns) for _ in spec.disks]
        self.meters: list[RiskMeter] = []
        self.ledger: dict[int, list[int]] = {}  # bucket -> [I/Os, ns by cause ...]
        self.slowest: list[tuple[int, int, int, SlowIo]] = []
        self.interval = Interval()
        self.bytes = [0, 0]  # read, written; after warm-up
        self.arrived = [0, 0]  # I/Os, write bytes; whole run
        self.delivered = [0, 0]
        self.absorbed = [0, 0]  # writes outside the windows, their bytes
        self.stunned = False
        self.delivered_in_stun = 0
        self.late: tuple[int, int] = (0, 0)  # I/Os beyond the guest's disk timeout, the longest; without stuns
        self.area_ns = self.sojourn_ns = 0  # for Little's law
        self.open_arrivals_ns = 0  # summed arrival times of I/Os not delivered yet
        self.area_at = 0

    def integrate(self, now: int) -> None:
        """The area under the guest I/Os in the VM reaches up to `now`."""
        self.area_ns += (self.arrived[0] - self.delivered[0]) * (now - self.area_at)
        self.area_at = now

    def gather(self) -> None:
        """All latencies so far are in the histograms."""
        now = self.interval
        for histogram, values in ((now.latency, now.latencies), (self.vscsi, now.vscsi), (self.gavg, now.gavg)):
            histogram.add_all(values)
            values.clear()


class Recorder:
    """Implements models.path.watch.Watch."""

    def __init__(self, clock: Clock, scenario: Scenario, causes: Causes) -> None:
        self.clock = clock
        self.run = scenario.run
        self.warmup_ns = scenario.run.warmup_ns
        self.closed_ns = NEVER_NS  # the window's end: I/Os that come later, by a guest's flush, are not measured
        self.causes = causes
        self.books = [Book(vm, scenario.run.warmup_ns) for vm in scenario.vms]
        self.rows: list[IntervalRow] = []

    # -- Watch ----------------------------------------------------------------------------------------------------

    def arrived(self, vm: int, io: GuestIo) -> None:
        book = self.books[vm]
        book.integrate(io.arrival_ns)
        book.open_arrivals_ns += io.arrival_ns
        book.arrived[0] += 1
        book.interval.arrivals += 1
        if io.write:
            book.arrived[1] += io.size

    def posted(self, vm: int, io: GuestIo) -> None:
        if self.warmup_ns <= io.arrival_ns < self.closed_ns:
            self.books[vm].interval.vscsi.append(self.clock._now - io.accepted_ns)

    def delivered(self, vm: int, io: GuestIo) -> None:
        book, now = self.books[vm], self.clock._now
        latency = now - io.arrival_ns
        unexplained = latency
        for _, ns in io.ledger:
            unexplained -= ns
        if unexplained:
            raise LedgerError(book.spec.name, io.ordinal, latency)
        book.integrate(now)
        book.sojourn_ns += latency
        book.open_arrivals_ns -= io.arrival_ns
        book.delivered[0] += 1
        book.delivered_in_stun += book.stunned
        interval = book.interval
        interval.ios += 1
        interval.latencies.append(latency)
        if io.write:
            book.delivered[1] += io.size
            interval.bytes_written += io.size
            interval.writes += 1
            interval.write_ns += latency - io.held_ns
            self._acknowledge(book, io, now)
        if self.warmup_ns <= io.arrival_ns < self.closed_ns:
            self._enter(book, io, latency)

    def _acknowledge(self, book: Book, io: GuestIo, now: int) -> None:
        for meter, epoch in zip(book.meters, io.epochs, strict=True):
            meter.acknowledged(now, epoch, io.disk, io.offset, io.size)

    def absorbed(self, vm: int, io: GuestIo) -> None:
        book = self.books[vm]
        book.absorbed[0] += 1
        book.absorbed[1] += io.size
        book.interval.bytes_written += io.size
        self._acknowledge(book, io, self.clock._now)

    def window(self, warmup_ns: int, closed_ns: int) -> None:
        """From now on I/Os and commands are measured that come from `warmup_ns` on and before `closed_ns`."""
        self.warmup_ns, self.closed_ns = warmup_ns, closed_ns

    def command_done(self, flow: Flow, command: Command) -> None:
        if flow.vm < 0:
            return
        book = self.books[flow.vm]
        interval = book.interval
        interval.commands += 1
        interval.kavg += command.issue_ns - command.enter_ns
        interval.davg += command.done_ns - command.issue_ns
        interval.qavg += command.slot_ns
        interval.extra += command.cause in (METADATA, PARENT_READ)
        if self.warmup_ns <= command.enter_ns < self.closed_ns:
            interval.gavg.append(command.done_ns - command.enter_ns)
        if not interval.commands % GATHERED:
            book.gather()

    def door(self, vm: int, disk: int, waiting: int, full: bool) -> None:
        probe = self.books[vm].doors[disk]
        if full or probe.full:
            probe.change(self.clock._now, waiting, full)

    def door_opened(self, vm: int, disk: int) -> None:
        self.books[vm].doors[disk].took(self.clock._now)

    def door_passed(self, vm: int, disk: int, arrival_ns: int) -> None:
        self.books[vm].doors[disk].passed(self.clock._now, arrival_ns)

    def stunned(self, vm: int, stunned: bool) -> None:
        self.books[vm].stunned = stunned
        for probe in self.books[vm].doors:
            probe.stun(self.clock._now, stunned)

    # -- the books ------------------------------------------------------------------------------------------------

    def _enter(self, book: Book, io: GuestIo, latency: int) -> None:
        book.bytes[io.write] += io.size
        bucket = book.guest[io.write].add(latency)
        sums = book.ledger.get(bucket)
        if sums is None:
            sums = book.ledger[bucket] = [0] * (len(self.causes.names) + 1)
        sums[0] += 1
        for cause, ns in io.ledger:
            sums[cause + 1] += ns
        if latency > book.spec.disk_timeout_ns:
            running = latency - io.held_ns
            if running > book.spec.disk_timeout_ns:
                book.late = (book.late[0] + 1, max(book.late[1], running))
        kept = self.run.slowest
        if kept and (len(book.slowest) < kept or latency > book.slowest[0][0]):
            entry = (latency, -io.workload, -io.ordinal, self._slow(book, io, latency))
            if len(book.slowest) < kept:
                heappush(book.slowest, entry)
            else:
                heappushpop(book.slowest, entry)

    def _slow(self, book: Book, io: GuestIo, latency: int) -> SlowIo:
        ledger = [0] * len(self.causes.names)
        for cause, ns in io.ledger:
            ledger[cause] += ns
        workload = workload_name(book.spec, io.workload)
        disk = book.spec.disks[io.disk].name
        return SlowIo(
            book.spec.name,
            workload,
            io.ordinal,
            disk,
            io.write,
            io.offset,
            io.size,
            io.arrival_ns,
            latency,
            tuple(ledger),
        )

    def tick(self, start: int) -> None:
        """The interval that began at `start` ends: its rows are written."""
        for book in self.books:
            book.gather()
            now, n = book.interval, book.interval.commands
            means = (now.kavg // n, now.davg // n, now.qavg // n) if n else (0, 0, 0)
            write_ns = now.write_ns // now.writes if now.writes else 0
            row = (now.arrivals, now.ios, now.bytes_written, now.latency, n, *means, now.writes, write_ns, now.extra)
            self.rows.append(IntervalRow(start, book.spec.name, *row))
            book.interval = Interval()

    def little(self, vm: int, now: int) -> tuple[int, int]:
        """Guest I/Os in the VM integrated over time, and the sum of their times in it so far."""
        book = self.books[vm]
        book.integrate(now)
        inside = book.arrived[0] - book.delivered[0]
        return book.area_ns, book.sojourn_ns + inside * now - book.open_arrivals_ns

    def meters(self) -> list[RiskMeter]:
        """Every protection's account, VM by VM."""
        return [meter for book in self.books for meter in book.meters]

    def finish(self, end: int) -> None:
        """The run ends: the probes count whoever still waits."""
        for book in self.books:
            for probe in book.doors:
                probe.finish(end)

    def counts(self, vm: int) -> VmCounts:
        """What the audit and the timers compare."""
        book = self.books[vm]
        ledger = sum(sum(sums[1:]) for sums in book.ledger.values())
        ios, sums = book.arrived, book.guest[0].total + book.guest[1].total
        return VmCounts(
            ios[0],
            ios[1],
            book.delivered[0],
            book.delivered[1],
            book.delivered_in_stun,
            ledger,
            sums,
            *book.late,
            *book.absorbed,
        )

    def vm_result(self, vm: int) -> VmResult:
        """One VM's part of the result."""
        book = self.books[vm]
        bins = tuple(LedgerBin(bucket, sums[0], tuple(sums[1:])) for bucket, sums in sorted(book.ledger.items()))
        slowest = tuple(entry[3] for entry in sorted(book.slowest, key=lambda e: (-e[0], -e[1], -e[2])))
        return VmResult(
            book.spec.name, book.spec.group, tuple(meter.protection for meter in book.meters),
            book.guest[0], book.guest[1], book.vscsi, book.gavg, book.probe,
            book.guest[0].count + book.guest[1].count, book.bytes[0], book.bytes[1], bins, slowest,
        )  # fmt: skip
