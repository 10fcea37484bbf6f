"""Ideal machines for validation: every cost that a claim does not name is zero, every queue it does not name is deep.

Each helper returns a frozen piece of a scenario; `dataclasses.replace` changes what a claim is about. Leaves out: the
register's defaults (rows about published numbers load them through `experiments.scenario`).
"""

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from models.hardware import Dsnro, QueueFull
from models.jobs import Control, Schedule, Transport
from models.scenario import (
    Addresses,
    Datastore,
    DeltaFormat,
    Disk,
    Distribution,
    FullPolicy,
    Guest,
    HelperRounds,
    Host,
    MemoryDump,
    MergeCosts,
    NativeCosts,
    QuiesceLimits,
    RemovalPolicy,
    RunSpec,
    Scenario,
    ServiceLaw,
    SnapshotRequest,
    Snapshots,
    StunCosts,
    Trace,
    Vm,
    Workload,
)

US, MS, S = 10**3, 10**6, 10**9
KIB, MIB, GIB = 2**10, 2**20, 2**30
DEEP = 1 << 10
"""Deeper than any backlog of these scenarios."""

DSNRO = Dsnro(DEEP, "disk", "competition", 6, 128)
HOST = Host("esx1", "fifo", 32 * KIB, 32, DSNRO, QueueFull(0, 8, "samples", 400 * MS), 0, 0, 0)
ANYWHERE = Addresses("uniform", 0, 4 * KIB, 0, 0)
NO_STUN = StunCosts(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4 * KIB, 60 * S, 0)
PLAIN_DELTA = DeltaFormat(4 * KIB, 4096, MIB, 0, 0, 4 * KIB, 0, 0, 0, 0, 0)
PLAIN_MERGE = MergeCosts(1, 64 * KIB, 0, 3600 * S)
SNAPSHOTS = Snapshots(
    0, "sesparse", "mirror", NO_STUN, PLAIN_DELTA, PLAIN_MERGE, HelperRounds(12 * S, 10, False), NativeCosts(0, 0),
    MemoryDump(MIB, 0, True, 0), QuiesceLimits(0, 0), RemovalPolicy(0, 0, S),
    FullPolicy("end", S, 0),
)  # fmt: skip
GUEST = Guest(GIB, 0, 0, 0, 0, 64 * KIB, 8, 0)
"""A guest whose caches owe nothing."""
PLAIN = SnapshotRequest(False, "fail", False)


PLAIN_TRANSPORT = Transport("nbd", "proxy", 0, 0, DEEP, "repository", 0, 0, 0, 0, 0, 0, 0)
PLAIN_SCHEDULE = Schedule("stop", "listed", 0, S)
NO_CONTROL = Control(0, 0, 0, 0, S)


def law(latency_ns: int, distribution: Distribution = "fixed", sigma_milli: int = 0) -> ServiceLaw:
    """A service law without transfer time."""
    return ServiceLaw(latency_ns, distribution, sigma_milli, 0, ())


def store(servers: int, service: ServiceLaw, name: str = "datastore1") -> Datastore:
    """A datastore that serves reads and writes alike; its device queue is deep."""
    return Datastore(name, 1 << 44, DEEP, servers, service, service, 0, 0, 0, (), "vmfs", 0, 0, 10**6, 0, None, None)


def disk(name: str, size_bytes: int = GIB, datastore: str = "datastore1") -> Disk:
    """A disk with normal shares, no limit and no reservation."""
    return Disk(name, size_bytes, datastore, 1000, 0, 0)


def open_loop(rate_iops: int, read_ppm: int = 1_000_000, size_bytes: int = 4 * KIB) -> Workload:
    """Poisson arrivals on the VM's first disk, uniform addresses."""
    return Workload(
        "io", "open", "external", (0,), read_ppm, ((size_bytes, 1),), ANYWHERE, ANYWHERE,
        rate_iops, None, (), 0, 0, "fixed", None, "first", False,
    )  # fmt: skip


def closed_loop(outstanding: int, read_ppm: int = 1_000_000, size_bytes: int = 4 * KIB) -> Workload:
    """So many I/Os always outstanding on the VM's first disk, no think time."""
    return Workload(
        "io", "closed", "guest", (0,), read_ppm, ((size_bytes, 1),), ANYWHERE, ANYWHERE,
        0, None, (), outstanding, 0, "fixed", None, "first", False,
    )  # fmt: skip


def traced(times_ns: npt.NDArray[np.int64], offsets: npt.NDArray[np.int64], size_bytes: int, write: bool) -> Trace:
    """Recorded I/O that nobody recorded: equal sizes, one direction."""
    sizes, writes = np.full(len(times_ns), size_bytes, dtype=np.int64), np.full(len(times_ns), write)
    return Trace("validate", "validate", times_ns, offsets, sizes, writes)


def vm(name: str, workload: Workload, disks: tuple[Disk, ...] = (), queue_depth: int = DEEP) -> Vm:
    """A VM on the one host; without `disks` it has one."""
    own = disks or (disk(f"{name}:0"),)
    return Vm(name, name, "esx1", own, (workload,), (), queue_depth, queue_depth * len(own), "jumps", 60 * S, GUEST)


def scenario(vms: tuple[Vm, ...], stores: tuple[Datastore, ...], duration_ns: int, warmup_ns: int = 0) -> Scenario:
    """The whole: no protection, one replication, seed 1, intervals as long as the warm-up."""
    run = RunSpec(duration_ns, warmup_ns, warmup_ns or duration_ns, 1, 1, 0, (), 0)
    return Scenario(
        "validate", "validation", False, (HOST,), stores, vms, SNAPSHOTS, (), (), NO_CONTROL, (), ("none",), run,
        "validate",
    )  # fmt: skip


def with_host(spec: Scenario, host: Host) -> Scenario:
    """The same on another host."""
    return replace(spec, hosts=(host,))
