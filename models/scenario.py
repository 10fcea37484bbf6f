"""What is simulated: a frozen description of hosts, datastores, VMs, filters and protections.

Everything is a whole number in one base unit, so that nothing is rounded in a run: ``*_ns`` nanoseconds, ``*_bytes``
bytes, ``*_ppm`` millionths, ``*_milli`` thousandths, ``*_iops`` I/Os per second. Zero means "none / unlimited" only
where a comment says so. No defaults here: they come from `models.assumptions` at the edge (`experiments.scenario`).
"""

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import numpy.typing as npt

from models.hardware import Datastore as Datastore
from models.hardware import Distribution as Distribution
from models.hardware import Host as Host
from models.hardware import ServiceLaw as ServiceLaw
from models.jobs import Control as Control
from models.jobs import Vadp as Vadp
from models.replication import Appliance as Appliance
from models.replication import Outage as Outage
from models.replication import Vaio as Vaio
from models.snapshot_spec import DeltaFormat as DeltaFormat
from models.snapshot_spec import FullPolicy as FullPolicy
from models.snapshot_spec import Guest as Guest
from models.snapshot_spec import HelperRounds as HelperRounds
from models.snapshot_spec import MemoryDump as MemoryDump
from models.snapshot_spec import MergeCosts as MergeCosts
from models.snapshot_spec import NativeCosts as NativeCosts
from models.snapshot_spec import QuiesceLimits as QuiesceLimits
from models.snapshot_spec import RemovalPolicy as RemovalPolicy
from models.snapshot_spec import SnapshotRequest as SnapshotRequest
from models.snapshot_spec import Snapshots as Snapshots
from models.snapshot_spec import StunCosts as StunCosts

Arm = Literal["none", "vadp", "vaio", "both"]
"""Which protections of the scenario act in a run."""

Engine = Literal["compiled", "simpy"]
"""Which path carries the I/Os: both give the same result, `simpy` is to be read, `compiled` is fast."""


@dataclass(frozen=True, slots=True)
class Disk:
    """A virtual disk (VMDK). It is also one scheduler flow, with its deltas and maps."""

    name: str  # "sql-1:0"
    size_bytes: int
    datastore: str
    shares: int
    limit_iops: int  # 0: unlimited; counted in 32 KiB units (Host.cost_unit_bytes)
    reservation_iops: int  # 0: none


@dataclass(frozen=True, slots=True)
class Burst:
    """From `start_ns` for `duration_ns` an open-loop workload arrives at `rate_iops` instead of its own rate."""

    start_ns: int
    duration_ns: int
    rate_iops: int


@dataclass(frozen=True, slots=True)
class TwoState:
    """A two-state burst process (MMPP): exponential dwell in a quiet and in a busy state."""

    busy_rate_iops: int
    mean_quiet_ns: int
    mean_busy_ns: int


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where a workload's I/Os go, inside [start, start + span) of each of its disks."""

    pattern: Literal["uniform", "zipf", "sequential"]
    zipf_milli: int  # exponent; zipf only
    align_bytes: int  # addresses are multiples of this
    start_bytes: int
    span_bytes: int  # 0: to the end of the disk


@dataclass(frozen=True)
class Trace:
    """Recorded I/O of one virtual disk: equal-length columns, sorted by time, first at 0."""

    digest: str  # of the columns; part of the result's identity
    source: str  # file name, for messages only
    time_ns: npt.NDArray[np.int64]
    offset_bytes: npt.NDArray[np.int64]
    size_bytes: npt.NDArray[np.int64]
    write: npt.NDArray[np.bool_]
    speed_milli: int = 1000  # how many times as fast as the file says, in thousandths; the columns have it already


@dataclass(frozen=True, slots=True)
class Workload:
    """One stream of guest I/O of a VM.

    ``open``: Poisson arrivals at `rate_iops` (plus `two_state` or `bursts`). ``closed``: `outstanding` slots, each
    thinks, then issues. ``trace``: arrivals as recorded. `origin` says who asks: an ``external`` request keeps arriving
    while the VM is stunned; a ``guest`` request hangs on the guest's own timers (`Vm.guest_clock`).
    """

    name: str
    kind: Literal["open", "closed", "trace"]
    origin: Literal["guest", "external"]
    disks: tuple[int, ...]  # indices into Vm.disks; drawn uniformly (sequential: round robin)
    read_ppm: int
    sizes: tuple[tuple[int, int], ...]  # (bytes, weight)
    read_addresses: Addresses
    write_addresses: Addresses
    rate_iops: int  # open
    two_state: TwoState | None  # open
    bursts: tuple[Burst, ...]  # open
    outstanding: int  # closed
    think_ns: int  # closed: mean
    think_distribution: Distribution  # closed
    trace: Trace | None
    begin: Literal["first", "random"]  # trace: with its first record, or at a moment of the VM's own, going round
    repeat: bool  # trace: again and again until the run ends


@dataclass(frozen=True, slots=True)
class Filter:
    """An inline I/O filter: it costs a hop on the way down and one on the way up, which its workers carry."""

    name: str
    down_ns: int
    up_ns: int
    distribution: Distribution  # fixed or exponential
    workers: int  # of its daemon in each host, shared by the host's VMs; 0: no limit


@dataclass(frozen=True, slots=True)
class Vm:
    """A virtual machine. A VM group of the scenario file becomes `count` of these."""

    name: str  # "sql-1"; a group of one keeps the group's name
    group: str
    host: str
    disks: tuple[Disk, ...]
    workloads: tuple[Workload, ...]
    filters: tuple[Filter, ...]  # in write order; a replication filter comes after them
    disk_queue_depth: int  # virtual adapter, per disk
    adapter_queue_depth: int  # virtual adapter, all disks
    guest_clock: Literal["frozen", "jumps"]
    disk_timeout_ns: int  # of the guest
    guest: Guest


@dataclass(frozen=True, slots=True)
class Timer:
    """A time-out that a stun is held against (heartbeat of a cluster, session of an availability group ...)."""

    name: str
    limit_ns: int


@dataclass(frozen=True, slots=True)
class Window:
    """A stretch of the run in which every I/O is simulated; see `models.windows`."""

    start_ns: int
    end_ns: int


@dataclass(frozen=True, slots=True)
class RunSpec:
    """How long a run is, what of it counts, and how often it is repeated."""

    duration_ns: int
    warmup_ns: int  # cut from statistics, kept in series
    interval_ns: int  # of time series
    seed: int
    replications: int
    slowest: int  # this many slowest guest I/Os are kept with their ledger
    observe: tuple[Window, ...]  # apart from each other, in order; none: all of the run
    observe_warmup_ns: int  # cut from statistics at each window's start


@dataclass(frozen=True, slots=True)
class Scenario:
    """One whole experiment. `arms` are the protections to compare; the guest I/O is the same in all."""

    name: str
    title: str
    compressed: bool  # a compressed time scale, said in every report
    hosts: tuple[Host, ...]
    datastores: tuple[Datastore, ...]
    vms: tuple[Vm, ...]
    snapshots: Snapshots
    vadp: tuple[Vadp, ...]
    vaio: tuple[Vaio, ...]
    control: Control
    timers: tuple[Timer, ...]
    arms: tuple[Arm, ...]
    run: RunSpec
    identity: str  # canonical JSON of the scenario with trace digests, without seed and replications

    def under(self, arm: Arm) -> "Scenario":
        """The scenario that a run of this arm sees: the protections that do not act in it are not there."""
        vadp, vaio = arm in ("vadp", "both"), arm in ("vaio", "both")
        return replace(self, vadp=self.vadp if vadp else (), vaio=self.vaio if vaio else ())

    @property
    def groups(self) -> tuple[str, ...]:
        """The VM groups, in order."""
        return tuple(dict.fromkeys(vm.group for vm in self.vms))

    def members(self, group: str) -> tuple[str, ...]:
        """The names of a group's VMs, in order."""
        return tuple(vm.name for vm in self.vms if vm.group == group)
