"""The books of the compiled path as rows of the result: the Python side of `models.compiled.books` and `risk`."""

import numpy as np

from models import scenario
from models.arrivals import NEVER_NS
from models.compiled import layout
from models.compiled.engine import Engine
from models.measure.recorder import workload_name
from models.measure.risk import BLOCK_BYTES
from models.result import IntervalRow, LedgerBin, PointRow, Ramp, RecoveryResult, SlowIo, VmCounts, VmResult
from sim.histogram import Histogram, Ramps
from sim.memory import Record, Words

INTERVAL_WORDS = len(layout.BOOK.split()) - layout.BOOK_INTERVAL


def pages(engine: Engine, directory: int) -> dict[int, int]:
    """Bucket -> count of a paged table, those that are not 0."""
    words = engine.memory.words
    table: dict[int, int] = {}
    for page, at in enumerate(words[directory : directory + layout.OCTAVES].tolist()):
        if at:
            here = words[at : at + layout.PAGE]
            found = np.flatnonzero(here)
            table.update(zip((found + page * layout.PAGE).tolist(), here[found].tolist(), strict=True))
    return table


def histogram(engine: Engine, at: int, halved: bool = False) -> Histogram:
    """The histogram whose record is at that address; `halved`: its sum was kept twice as large."""
    record, out = engine.at(layout.HISTOGRAM, at), Histogram()
    if record.count:
        out.buckets = pages(engine, at + layout.HISTOGRAM_WORDS)
        out.count, out.minimum, out.maximum = record.count, record.minimum, record.maximum
        out.total = record.total + (record.mid << 30) + (record.high << 60)
        if halved:
            out.total //= 2
    return out


def new_histogram(engine: Engine) -> int:
    """The address of an empty one."""
    return engine.new(layout.HISTOGRAM, layout.OCTAVES).address


class Meter:
    """A protection's account of one VM's writes, as stories and the run see it."""

    def __init__(self, engine: Engine, protection: str, vm: scenario.Vm, inline: bool, warmup_ns: int) -> None:
        self.engine = engine
        self.protection = protection
        self.vm = vm.name
        self.points: list[PointRow] = []
        self._age: list[Ramp] = []
        self._exposure: list[Ramp] = []
        self._series: list[tuple[int, int, int]] = []
        self.record = engine.new(layout.METER).set(
            epoch=1, inline=inline, point=-1, age_since=warmup_ns, exposure_since=warmup_ns, risk_since=warmup_ns,
            risk_written=new_histogram(engine), risk_unique=new_histogram(engine),
        )  # fmt: skip
        maps = []
        for disk in vm.disks:
            blocks = -(-disk.size_bytes // BLOCK_BYTES)
            maps.append(engine.memory.take(-(-blocks // layout.LATEST_PAGE)))
        self.record.latest = engine.memory.row(maps)

    def cut(self) -> int:
        """A point is cut: returns its epoch; later captures belong to the next."""
        self.record.epoch += 1
        return int(self.record.epoch) - 1

    def since_usable(self, epoch: int) -> tuple[int, int]:
        """(bytes written, distinct bytes) acknowledged after the newest usable point, captured up to `epoch`."""
        written = unique = 0
        at = self.record.first
        while at:
            one = self.engine.at(layout.EPOCH, at)
            if one.number <= epoch:
                written += one.written
                unique += one.unique
            at = one.next
        return written, unique * BLOCK_BYTES

    def usable(self, epoch: int, point_ns: int, now: int) -> None:
        """The point of that epoch, cut at `point_ns`, can be restored from now on."""
        assert now == self.engine.clock._now
        self.engine.tell(layout.USABLE, self.record.address, epoch, point_ns)

    def sample(self, now: int) -> None:
        """Notes bytes at risk for the time series."""
        r = self.record
        self._series.append((now, -1, -1) if r.point < 0 else (now, r.written, r.unique * BLOCK_BYTES))

    def logged(self, kind: int, a: int, b: int, c: int) -> None:
        """A row that the loop has written about it."""
        if kind == layout.AGE:
            self._age.append(Ramp(a, b, c, 1) if c >= 0 else Ramp(a, b, 0, 0))
        elif kind == layout.EXPOSURE:
            self._exposure.append(Ramp(a, b, c, 1) if c >= 0 else Ramp(a, b, 0, 0))
        else:
            self.points.append(PointRow(self.protection, self.vm, a, b))

    def result(self, now: int) -> RecoveryResult:
        """All of it, up to now. The recorder has settled it."""
        r, engine = self.record, self.engine
        return RecoveryResult(
            self.protection, self.vm, tuple(self._age), tuple(self._exposure), r.undefined,
            histogram(engine, r.risk_written), histogram(engine, r.risk_unique), tuple(self._series),
        )  # fmt: skip


class Book:
    """One VM's books."""

    def __init__(self, engine: Engine, spec: scenario.Vm, slowest: int) -> None:
        self.engine = engine
        self.spec = spec
        self.meters: list[Meter] = []
        self.columns: list[int] = []  # of the result's ledger that this run's can fill
        self.causes = 0  # columns of the result's ledger
        new, memory = new_histogram, engine.memory
        self.record = engine.new(layout.BOOK).set(
            guest_read=new(engine), guest_write=new(engine), vscsi=new(engine), gavg=new(engine), probe=new(engine),
            latency=new(engine), covers=memory.take(layout.OCTAVES), bins=memory.take(layout.OCTAVES),
            seen=memory.take(2 * layout.SEEN_ROOM),
            slow=memory.take(slowest), slow_from=-1 if slowest else NEVER_NS, timeout=spec.disk_timeout_ns,
        )  # fmt: skip
        first = self.record.address + layout.BOOK_INTERVAL
        self._interval = slice(first, first + INTERVAL_WORDS)
        self._latency = slice(self.record.latency, self.record.latency + layout.HISTOGRAM_WORDS)
        self._seen = self.record.seen
        self._read: tuple[int, tuple[Words, Words]] | None = None  # rows of the bins, after so many were delivered

    def interval(self, start: int) -> IntervalRow:
        """The row of the interval that began at `start`; the next one begins."""
        here = self.engine.memory.words[self._interval]
        arrivals, ios, written, n, kavg, davg, qavg, write_ns, writes, extra, seen = here.tolist()
        here[:] = 0
        return IntervalRow(
            start, self.spec.name, arrivals, ios, written, self._latencies(seen), n, kavg // (n or 1), davg // (n or 1),
            qavg // (n or 1), writes, write_ns // (writes or 1), extra,
        )  # fmt: skip

    def _latencies(self, seen: int) -> Histogram:
        """The interval's latencies, of so many buckets; their sum and extremes are forgotten here."""
        words, out = self.engine.memory.words, Histogram()
        if seen:
            table = words[self._seen : self._seen + 2 * seen].tolist()
            out.buckets = dict(zip(table[::2], table[1::2], strict=True))
            summary = words[self._latency]
            out.count, out.total, _, _, out.minimum, out.maximum = summary.tolist()
            summary[:] = 0
        return out

    def _rows(self) -> tuple[Words, Words]:
        """(bucket, row: counts, then ns by column) of every bin that is not empty."""
        words, r, width = self.engine.memory.words, self.record, layout.BIN_COUNTS + len(self.columns)
        if self._read is not None and self._read[0] == r.delivered:
            return self._read[1]
        buckets, rows = [np.zeros(0, dtype=np.int64)], [np.zeros((0, width), dtype=np.int64)]
        for page, at in enumerate(words[r.bins : r.bins + layout.OCTAVES].tolist()):
            if at:
                table = words[at : at + layout.PAGE * width].reshape(layout.PAGE, width)
                found = np.flatnonzero(table[:, 0] + table[:, 1])
                buckets.append(found + page * layout.PAGE)
                rows.append(table[found])
        found_rows = np.concatenate(buckets), np.concatenate(rows)
        self._read = r.delivered, found_rows
        return found_rows

    def guest(self) -> tuple[Histogram, Histogram]:
        """Latencies of reads and of writes."""
        buckets, rows = self._rows()
        out = []
        for column, at in enumerate((self.record.guest_read, self.record.guest_write)):
            one = Histogram()
            found = np.flatnonzero(rows[:, column])
            if len(found):
                one.buckets = dict(zip(buckets[found].tolist(), rows[found, column].tolist(), strict=True))
                summary = self.engine.memory.words[at : at + layout.HISTOGRAM_WORDS].tolist()
                one.count, one.total, _, _, one.minimum, one.maximum = summary
            out.append(one)
        return out[0], out[1]

    def bins(self) -> tuple[LedgerBin, ...]:
        """Summed ledgers by latency."""
        buckets, rows = self._rows()
        ledgers = np.zeros((len(rows), self.causes), dtype=np.int64)
        ledgers[:, self.columns] = rows[:, layout.BIN_COUNTS :]
        ios = rows[:, 0] + rows[:, 1]
        return tuple(
            LedgerBin(bucket, count, tuple(ns))
            for bucket, count, ns in zip(buckets.tolist(), ios.tolist(), ledgers.tolist(), strict=True)
        )

    def totals(self) -> tuple[int, int]:
        """All ledgers, and all latencies, after the warm-up."""
        _, rows = self._rows()
        latencies = sum(
            self.engine.at(layout.HISTOGRAM, at).total for at in (self.record.guest_read, self.record.guest_write)
        )
        return int(rows[:, layout.BIN_COUNTS :].sum()), latencies

    def slowest(self) -> tuple[SlowIo, ...]:
        """The slowest I/Os, slowest first."""
        words, out = self.engine.memory.words, []
        for at in words[self.record.slow : self.record.slow + self.record.slow_count].tolist():
            row = words[at : at + layout.SLOW_WORDS + len(self.columns)].tolist()
            number, ordinal, disk, write, offset, size, arrival, latency, *spent = row
            ledger = [0] * self.causes
            for column, ns in zip(self.columns, spent, strict=True):
                ledger[column] = ns
            slow = SlowIo(
                self.spec.name, workload_name(self.spec, number), ordinal, self.spec.disks[disk].name, bool(write),
                offset, size, arrival, latency, tuple(ledger),
            )  # fmt: skip
            out.append((-latency, number, ordinal, slow))
        return tuple(row for *_, row in sorted(out, key=lambda entry: entry[:3]))

    def result(self) -> VmResult:
        """The VM's part of the result."""
        r, engine, spec = self.record, self.engine, self.spec
        read, write = self.guest()
        ramps, probe = Ramps(), histogram(engine, r.probe, halved=True)
        ramps.covers, ramps.sums = pages(engine, r.covers), probe
        whole = Histogram()
        ramps.pour(whole)
        return VmResult(
            spec.name, spec.group, tuple(meter.protection for meter in self.meters), read, write,
            histogram(engine, r.vscsi), histogram(engine, r.gavg), whole, read.count + write.count, r.read_bytes,
            r.written_bytes, self.bins(), self.slowest(),
        )  # fmt: skip


class Recorder:
    """The books of a run, interval by interval."""

    def __init__(self, engine: Engine, books: list[Book]) -> None:
        self.engine = engine
        self.books = books
        self.rows: list[IntervalRow] = []
        self.vms: list[Record] = []
        self.readers: dict[int, Meter] = {}
        self.modes: dict[int, list[tuple[int, int]]] = {}  # by replica: (mode, since)
        self.journaled: dict[int, list[tuple[int, int, int]]] = {}  # by replica

    def meters(self) -> list[Meter]:
        """Every protection's account, VM by VM."""
        return [meter for book in self.books for meter in book.meters]

    def tick(self, start: int) -> None:
        """The interval that began at `start` ends: its rows are written."""
        self._read_log()
        self.rows += [book.interval(start) for book in self.books]

    def finish(self, end: int) -> None:
        """The run ends: probes and meters count up to now."""
        for vm in self.vms:
            self.engine.tell(layout.PROBES_END, vm.address)
        for meter in self.meters():
            self.engine.tell(layout.SETTLE, meter.record.address)
        self._read_log()

    def _read_log(self) -> None:
        world = self.engine.world
        at, world.log = world.log, 0
        while at:
            row = self.engine.at(layout.LOG, at)
            if row.kind == layout.MODE:
                self.modes[row.subject].append((row.a, row.b))
            elif row.kind == layout.JOURNALED:
                self.journaled[row.subject].append((row.a, row.b, row.c))
            else:
                self.readers[row.subject].logged(row.kind, row.a, row.b, row.c)
            at = row.next

    def window(self, warmup_ns: int, closed_ns: int) -> None:
        """From now on I/Os and commands are measured that come from `warmup_ns` on and before `closed_ns`."""
        self.engine.world.set(warmup=warmup_ns, closed=closed_ns)

    def little(self, vm: int, now: int) -> tuple[int, int]:
        """Guest I/Os in the VM integrated over time, and the sum of their times in it so far."""
        r = self.books[vm].record
        inside = r.arrived - r.delivered
        return r.area + inside * (now - r.area_at), r.sojourn + inside * now - r.open_arrivals

    def counts(self, vm: int) -> VmCounts:
        """What the audit and the timers compare."""
        book = self.books[vm]
        r = book.record
        ledger, latency = book.totals()
        return VmCounts(
            r.arrived, r.arrived_bytes, r.delivered, r.delivered_bytes, r.delivered_in_stun, ledger, latency, r.late,
            r.latest, r.absorbed, r.absorbed_bytes,
        )  # fmt: skip

    def vm_result(self, vm: int) -> VmResult:
        """One VM's part of the result."""
        return self.books[vm].result()
