"""What a run returns: rows and histograms, never prints.

Times are integer nanoseconds from the run's start, sizes integer bytes. Every row stands for itself; tables are made
of them in `experiments`. `WARM-UP`: histograms and ledgers leave out I/Os that arrived before `RunSpec.warmup_ns`;
series, stuns, jobs and points keep everything and the reader cuts.
"""

from dataclasses import dataclass
from typing import NamedTuple

from models.accounts import DeviceAccount as DeviceAccount
from models.accounts import StoreRow as StoreRow
from models.accounts import VmCounts as VmCounts
from models.replication_rows import CutRow as CutRow
from models.replication_rows import JournalRow as JournalRow
from models.snapshot_rows import QuestionRow as QuestionRow
from models.snapshot_rows import QuiesceRow as QuiesceRow
from sim.audit import Line
from sim.histogram import Histogram

COMMAND_CAUSES: tuple[str, ...] = ("data", "parent read", "metadata", "mirror")
"""Why a back-end command on an I/O's critical path was there. Parent read: a write into a part of a new grain needs the
rest of it. Metadata: grain tables read or written. Mirror: a write's second copy during consolidation."""

LAYERS: tuple[str, ...] = ("limit", "DSNRO", "device queue", "service")
"""Where such a command spent its time: held by the disk's IOPS limit; by its outstanding I/Os at DSNRO; waiting for
a device slot (QAVG); issued to completed (DAVG: array queue and media)."""


ORDERED: tuple[str, ...] = ("in order", "in sync")
"""Modes of a replication in which checkpoints are cut."""

HOLDS: tuple[str, ...] = ("quiesce hold", "space hold")
"""Columns that only some runs have. Quiesce hold: a write of a guest that was frozen for a snapshot. Space hold: an I/O
of a VM whose delta could not grow, until its question was answered."""


def ledger_causes(
    filters: tuple[str, ...], synchronous: tuple[str, ...] = (), holds: tuple[str, ...] = ()
) -> tuple[str, ...]:
    """The columns of a ledger for a run with these filters, these synchronous replications among them, these holds.

    The ledger of an I/O sums to its guest latency, exactly.
    """
    return (
        "guest queue",  # waiting for a slot of the virtual adapter
        "stun hold in",  # arrived while the VM was stunned
        *holds,
        *(f"filter {name}" for name in filters),  # its hops, down and up
        "mirror hold",  # write into the region that consolidation was copying just then
        *(f"{cause}: {layer}" for cause in COMMAND_CAUSES for layer in LAYERS),
        *(f"replica {name}" for name in synchronous),  # the disk has answered, the target not yet
        "host path",  # fixed software cost in VMM and VMkernel
        "stun hold out",  # completed while the VM was stunned, waiting for its resume
    )


class LedgerBin(NamedTuple):
    """Summed ledgers of the guest I/Os whose latency fell into one histogram bucket."""

    bucket: int  # see sim.histogram
    ios: int
    ns: tuple[int, ...]  # by RunResult.causes


class SlowIo(NamedTuple):
    """One of the slowest guest I/Os, with where its time went."""

    vm: str
    workload: str
    ordinal: int
    disk: str
    write: bool
    offset_bytes: int
    size_bytes: int
    arrival_ns: int
    latency_ns: int
    ledger_ns: tuple[int, ...]  # by RunResult.causes


@dataclass(frozen=True)
class VmResult:
    """One VM over the whole run, after warm-up."""

    vm: str
    group: str
    protected_by: tuple[str, ...]  # names of the protections that acted on it in this arm
    guest_read: Histogram  # ns, application's latency
    guest_write: Histogram
    vscsi: Histogram  # ns, adapter accept to completion posted
    gavg: Histogram  # ns, per back-end command of this VM's disks: KAVG + DAVG
    probe: Histogram  # ns waited at the VM's door, weighted by time (ns)
    ios: int  # delivered, of those that arrived after warm-up
    bytes_read: int
    bytes_written: int
    ledger: tuple[LedgerBin, ...]
    slowest: tuple[SlowIo, ...]


class IntervalRow(NamedTuple):
    """One VM in one interval [t, t + interval). Latencies are of I/Os delivered in it."""

    t_ns: int
    vm: str
    arrivals: int
    ios: int
    bytes_written: int  # outside observe windows, too
    latency: Histogram  # guest latency of reads and writes
    commands: int  # back-end commands completed
    kavg_ns: int  # mean over these commands, 0 if none
    davg_ns: int
    qavg_ns: int
    writes: int  # delivered
    write_ns: int  # their mean guest latency without stun holds, 0 if none
    extra_commands: int  # of `commands`: metadata and parent reads, which only a delta disk causes
    observed: bool = True  # all of it in an observe window: else guests made no requests in part or all of it


class StunRow(NamedTuple):
    """One stun of one VM, phase by phase."""

    vm: str
    reason: str  # "snapshot create" | "snapshot delete" | "mirror insert" | "mirror switch" | "lock recovery" | ...
    job: str  # protection's name, '' if by hand
    start_ns: int
    duration_ns: int  # vCPUs stopped until they run again = sum of the phases
    stop_ns: int
    drain_ns: int
    close_ns: int
    create_ns: int
    open_ns: int
    resume_ns: int
    cpt_ns: int  # ESXi 8's longer total of the same event
    in_flight: int  # I/Os the drain waited for
    held: int  # guest I/Os held at the door or back from delivery
    outcome: str  # "ok" | the name of the failure
    observed: bool = True  # all of it in an observe window: else it may have met less load than it would
    work_ns: int = 0  # another phase: a helper merged, or memory written, inside the stun


class JobRow(NamedTuple):
    """One VM in one VADP job. Times that were not reached are -1."""

    job: str
    vm: str
    ordinal: int
    kind: str  # "full" | "incremental"
    scheduled_ns: int
    start_ns: int
    cut_ns: int  # the point's time
    read_start_ns: int
    read_end_ns: int
    usable_ns: int  # last byte and metadata committed
    merge_start_ns: int
    merge_end_ns: int
    end_ns: int
    written_bytes: int  # by the guest between the previous successful cut and this one (full: since the start)
    unique_bytes: int  # of these, distinct 4 KiB blocks
    cbt_bytes: int  # at changed-block granularity
    read_bytes: int  # at the tool's block size
    stored_bytes: int  # after reduction
    extents: int
    delta_bytes: int  # in the delta when consolidation began
    outcome: str  # "ok" | "skipped: ..." | "failed: ..." | "unfinished"
    needs_consolidation: bool
    observed: bool = True  # start to end in an observe window


class PointRow(NamedTuple):
    """A recovery point of one VM."""

    protection: str
    vm: str
    point_ns: int
    usable_ns: int


class Ramp(NamedTuple):
    """A piece of a piecewise-linear function: value `v0` at `t0`, rising with slope 1 (or flat) until `t1`."""

    t0_ns: int
    t1_ns: int
    v0_ns: int
    slope: int  # 0 or 1


@dataclass(frozen=True)
class RecoveryResult:
    """Recovery of one VM under one protection, from the warm-up's end to the run's end.

    `age`: ramps of the recovery-point age; time before the first usable point is absent (undefined, not zero).
    `exposure`: ramps of the loss exposure; likewise. Bytes at risk are step functions; the histograms are weighted by
    time (ns), the series are (t, written, unique) at each interval's end (-1: no usable point yet).
    """

    protection: str
    vm: str
    age: tuple[Ramp, ...]
    exposure: tuple[Ramp, ...]
    undefined_ns: int  # time without any usable point
    risk_written: Histogram
    risk_unique: Histogram
    risk_series: tuple[tuple[int, int, int], ...]


class ModeRow(NamedTuple):
    """A stretch of one replication mode: "first sync" | "in order" | "overflow" | "resync" | "in sync"."""

    protection: str
    mode: str
    start_ns: int
    end_ns: int


class CoreRow(NamedTuple):
    """The cores that a host gives its filters, over the run."""

    host: str
    cores: int
    busy_ns: int  # CPU time of all hops that were asked for


class SpaceRow(NamedTuple):
    """One disk's delta chain at an interval's end."""

    t_ns: int
    disk: str
    datastore: str
    levels: int
    grains: int  # over all levels
    stored_bytes: int  # of delta files: grains rounded up to growth steps, plus metadata


class FlowRow(NamedTuple):
    """Bytes that crossed one link or tap in one interval: "<vaio> WAN", "<vadp> NBD" (HotAdd, SAN) or repository."""

    t_ns: int
    link: str
    bytes: int
    backlog_bytes: int  # waiting in front of it at the interval's end (raw)


class LevelRow(NamedTuple):
    """How full something between hosts and array was at an interval's end; for datastores whose scenario has it.

    "queue depth" (slots) and "refused" (commands in the interval) of a host's device; "cached" (bytes), "I/O credit"
    and "byte credit" (what a burst has left), "SIOC latency" (ns) of the datastore, with host ''.
    """

    t_ns: int
    datastore: str
    host: str
    level: str
    value: int


class ControlRow(NamedTuple):
    """What latency control measured at one datastore, and did. No rows without such control."""

    t_ns: int
    datastore: str
    latency_ns: int  # mean DAVG of the hosts' commands since the last poll, 0: none came back
    stopped: bool  # no new task begins there
    reads_allowed: int  # in flight, of each task
    tasks: int  # that were read there just then


class DeviceRow(NamedTuple):
    """One datastore over the run: what was asked of it, by cause."""

    datastore: str
    cause: str  # one of models.path.io.KINDS
    commands: int
    bytes_read: int
    bytes_written: int


class TimerRow(NamedTuple):
    """How often a stun outlasted an outside timer, or a running guest's I/O its disk timeout."""

    timer: str
    limit_ns: int
    subject: str  # VM
    outlasted: int
    longest_ns: int


@dataclass(frozen=True)
class RunResult:
    """All that one run (one arm, one replicate) has to say. Pickles; equal runs give equal bytes."""

    scenario: str
    arm: str
    replicate: int
    causes: tuple[str, ...]  # the ledger's columns, see ledger_causes
    duration_ns: int
    warmup_ns: int
    measured_ns: int  # time whose guest I/Os are in histograms and ledgers: without warm-ups, in observe windows only
    interval_ns: int
    vms: tuple[VmResult, ...]
    intervals: tuple[IntervalRow, ...]
    stuns: tuple[StunRow, ...]
    jobs: tuple[JobRow, ...]
    points: tuple[PointRow, ...]
    recovery: tuple[RecoveryResult, ...]
    modes: tuple[ModeRow, ...]
    cuts: tuple[CutRow, ...]
    journals: tuple[JournalRow, ...]
    cores: tuple[CoreRow, ...]
    space: tuple[SpaceRow, ...]
    flows: tuple[FlowRow, ...]
    devices: tuple[DeviceRow, ...]
    control: tuple[ControlRow, ...]
    timers: tuple[TimerRow, ...]
    audit: tuple[Line, ...]  # the laws that the run held itself against
    events: int  # events the simulation's clock handled
    quiesces: tuple[QuiesceRow, ...] = ()
    questions: tuple[QuestionRow, ...] = ()
    levels: tuple[LevelRow, ...] = ()
    stores: tuple[StoreRow, ...] = ()
