"""What would be lost: recovery-point age, loss exposure and bytes at risk of one VM under one protection.

Every guest write is stamped with the epoch of the recovery point that will hold it (at the gate for a snapshot, at the
splitter for replication). Only acknowledged writes count. Age and exposure are kept as ramps, bytes at risk as
time-weighted histograms: all exact. Memory: one entry per distinct 4 KiB block written.
"""

from models.result import PointRow, Ramp, RecoveryResult
from sim.histogram import Histogram

BLOCK_BYTES = 4096
DISK_SHIFT = 40


class RiskMeter:
    """Told of acknowledged writes and of usable points, in time order."""

    def __init__(self, protection: str, vm: str, inline: bool, warmup_ns: int) -> None:
        self.protection = protection
        self.vm = vm
        self.inline = inline
        self.epoch = 1  # of writes that are captured now
        self.point_ns = -1  # of the newest usable point; -1: none yet
        self.usable_epoch = 0
        self.synced = False  # the target has every acknowledged write: the newest point is now
        self.points: list[PointRow] = []
        self._latest: dict[int, int] = {}  # block -> epoch of its last acknowledged write
        self._unique: dict[int, int] = {}  # epoch -> blocks whose last write it is
        self._written: dict[int, int] = {}
        self._first_ack: dict[int, int] = {}
        self._at_risk = [0, 0]  # written bytes, unique blocks after the newest usable point
        self._age: list[Ramp] = []
        self._exposure: list[Ramp] = []
        self._undefined_ns = 0
        self._risk = (Histogram(), Histogram())
        self._series: list[tuple[int, int, int]] = []
        self._age_since = self._exposure_since = self._risk_since = warmup_ns

    def acknowledged(self, now: int, epoch: int, disk: int, offset: int, size: int) -> None:
        """The guest knows that this write, captured in `epoch`, is done."""
        if epoch <= self.usable_epoch or self.synced:
            return
        self._settle_risk(now)
        if not self._first_ack:
            self._settle_exposure(now)
        self._first_ack.setdefault(epoch, now)
        self._written[epoch] = self._written.get(epoch, 0) + size
        self._at_risk[0] += size
        latest, unique, usable = self._latest, self._unique, self.usable_epoch
        base = disk << DISK_SHIFT
        for block in range(base + offset // BLOCK_BYTES, base + (offset + size - 1) // BLOCK_BYTES + 1):
            before = latest.get(block, 0)
            if before < epoch:
                latest[block] = epoch
                unique[epoch] = unique.get(epoch, 0) + 1
                if before > usable:
                    unique[before] -= 1
                else:
                    self._at_risk[1] += 1

    def cut(self) -> int:
        """A point is cut: returns its epoch; later captures belong to the next."""
        self.epoch += 1
        return self.epoch - 1

    def since_usable(self, epoch: int) -> tuple[int, int]:
        """(bytes written, distinct bytes) acknowledged after the newest usable point, captured up to `epoch`."""
        written = sum(size for e, size in self._written.items() if e <= epoch)
        unique = sum(blocks for e, blocks in self._unique.items() if self.usable_epoch < e <= epoch)
        return written, unique * BLOCK_BYTES

    def usable(self, epoch: int, point_ns: int, now: int) -> None:
        """The point of that epoch, cut at `point_ns`, can be restored from now on."""
        self._settle_age(now)
        self._settle_exposure(now)
        self._settle_risk(now)
        self.usable_epoch, self.point_ns = epoch, point_ns
        for book in (self._written, self._first_ack, self._unique):
            for old in [e for e in book if e <= epoch]:
                del book[old]
        self._at_risk = [sum(self._written.values()), sum(self._unique.values())]
        self.points.append(PointRow(self.protection, self.vm, point_ns, now))

    def in_sync(self, now: int) -> None:
        """From now on the target has every acknowledged write; the newest point must be usable already."""
        self._settle_age(now)
        self.synced = True

    def out_of_sync(self, epoch: int, now: int) -> None:
        """The target had them until now: that is the newest usable point. Writes up to that epoch are in it."""
        self._settle_age(now)
        self._settle_exposure(now)
        self._settle_risk(now)
        self.synced = False
        self.usable_epoch, self.point_ns = epoch, now
        self.points.append(PointRow(self.protection, self.vm, now, now))

    def sample(self, now: int) -> None:
        """Notes bytes at risk for the time series."""
        if self.point_ns < 0:
            self._series.append((now, -1, -1))
        else:
            self._series.append((now, self._at_risk[0], self._at_risk[1] * BLOCK_BYTES))

    def result(self, now: int) -> RecoveryResult:
        """All of it, up to now."""
        self._settle_age(now)
        self._settle_exposure(now)
        self._settle_risk(now)
        return RecoveryResult(
            self.protection, self.vm, tuple(self._age), tuple(self._exposure), self._undefined_ns,
            self._risk[0], self._risk[1], tuple(self._series),
        )  # fmt: skip

    def _settle_age(self, now: int) -> None:
        start = self._age_since
        if now > start:
            self._age_since = now
            if self.point_ns < 0:
                self._undefined_ns += now - start
            elif self.synced:
                self._age.append(Ramp(start, now, 0, 0))
            else:
                self._age.append(Ramp(start, now, start - self.point_ns, 1))

    def _settle_exposure(self, now: int) -> None:
        start = self._exposure_since
        if now > start:
            self._exposure_since = now
            if self.point_ns >= 0:
                oldest = min(self._first_ack.values(), default=-1)
                self._exposure.append(
                    Ramp(start, now, start - oldest, 1) if oldest >= 0 else Ramp(start, now, 0, 0)
                )  # an oldest write from before the first usable point counts from its own time

    def _settle_risk(self, now: int) -> None:
        start = self._risk_since
        if now > start:
            self._risk_since = now
            if self.point_ns >= 0:
                self._risk[0].add(self._at_risk[0], now - start)
                self._risk[1].add(self._at_risk[1] * BLOCK_BYTES, now - start)
