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
HOST = Host(
    name="esx1",
    scheduler="fifo",
    cost_unit_bytes=32 * KIB,
    idle_credit=32,
    dsnro=DSNRO,
    queue_full=QueueFull(0, 8, "samples", 400 * MS),
    path_latency_ns=0,
    filter_cores=0,
    filter_cpu_ns=0,
)
ANYWHERE = Addresses("uniform", 0, 4 * KIB, 0, 0)
NO_STUN = StunCosts(
    stop_ns=0,
    resume_ns=0,
    close_ns=0,
    create_ns=0,
    open_ns=0,
    close_ios=0,
    create_ios=0,
    open_ios=0,
    cbt_close_ios=0,
    cbt_open_ios=0,
    metadata_bytes=4 * KIB,
    drain_limit_ns=60 * S,
    cpt_extra_ns=0,
)
PLAIN_DELTA = DeltaFormat(
    grain_bytes=4 * KIB,
    table_grains=4096,
    growth_bytes=MIB,
    metadata_ppm=0,
    metadata_writes=0,
    metadata_bytes=4 * KIB,
    cached_tables=0,
    table_bytes=0,
    directory_writes=0,
    bloom_bits=0,
    bloom_hashes=0,
)
PLAIN_MERGE = MergeCosts(1, 64 * KIB, 0, 3600 * S)
SNAPSHOTS = Snapshots(
    api_ns=0,
    format="sesparse",
    consolidation="mirror",
    stun=NO_STUN,
    delta=PLAIN_DELTA,
    merge=PLAIN_MERGE,
    helper=HelperRounds(12 * S, 10, False),
    native=NativeCosts(0, 0),
    memory=MemoryDump(MIB, 0, True, 0),
    quiesce=QuiesceLimits(0, 0),
    removal=RemovalPolicy(0, 0, S),
    full=FullPolicy("end", S, 0),
)
GUEST = Guest(
    memory_bytes=GIB,
    prepare_ns=0,
    dirty_bytes=0,
    dirty_ns=0,
    dirty_most_bytes=0,
    flush_bytes=64 * KIB,
    flush_outstanding=8,
    freeze_limit_ns=0,
)
"""A guest whose caches owe nothing."""
PLAIN = SnapshotRequest(False, "fail", False)


PLAIN_TRANSPORT = Transport(
    kind="nbd",
    proxy="proxy",
    proxy_tasks=0,
    proxy_bytes_per_s=0,
    queue_depth=DEEP,
    repository="repository",
    repository_tasks=0,
    connections=0,
    ssl_bytes_per_s=0,
    ssl_host_bytes_per_s=0,
    attach_ns=0,
    detach_ns=0,
    lock_recovery_ns=0,
)
PLAIN_SCHEDULE = Schedule("stop", "listed", 0, S)
NO_CONTROL = Control(0, 0, 0, 0, S)


def law(latency_ns: int, distribution: Distribution = "fixed", sigma_milli: int = 0) -> ServiceLaw:
    """A service law without transfer time."""
    return ServiceLaw(latency_ns, distribution, sigma_milli, 0, ())


def store(servers: int, service: ServiceLaw, name: str = "datastore1") -> Datastore:
    """A datastore that serves reads and writes alike; its device queue is deep."""
    return Datastore(
        name=name,
        capacity_bytes=1 << 44,
        device_queue_depth=DEEP,
        servers=servers,
        read=service,
        write=service,
        bandwidth_bytes_per_s=0,
        iops_cap=0,
        burst_ns=0,
        slowdown_milli=(),
        kind="vmfs",
        peak_bandwidth_bytes_per_s=0,
        peak_iops=0,
        credit_ppm=10**6,
        queue_limit=0,
        cache=None,
        sioc=None,
    )


def disk(name: str, size_bytes: int = GIB, datastore: str = "datastore1") -> Disk:
    """A disk with normal shares, no limit and no reservation."""
    return Disk(name=name, size_bytes=size_bytes, datastore=datastore, shares=1000, limit_iops=0, reservation_iops=0)


def open_loop(rate_iops: int, read_ppm: int = 1_000_000, size_bytes: int = 4 * KIB) -> Workload:
    """Poisson arrivals on the VM's first disk, uniform addresses."""
    return Workload(
        name="io",
        kind="open",
        origin="external",
        disks=(0,),
        read_ppm=read_ppm,
        sizes=((size_bytes, 1),),
        read_addresses=ANYWHERE,
        write_addresses=ANYWHERE,
        rate_iops=rate_iops,
        two_state=None,
        bursts=(),
        outstanding=0,
        think_ns=0,
        think_distribution="fixed",
        trace=None,
        begin="first",
        repeat=False,
    )


def closed_loop(outstanding: int, read_ppm: int = 1_000_000, size_bytes: int = 4 * KIB) -> Workload:
    """So many I/Os always outstanding on the VM's first disk, no think time."""
    return Workload(
        name="io",
        kind="closed",
        origin="guest",
        disks=(0,),
        read_ppm=read_ppm,
        sizes=((size_bytes, 1),),
        read_addresses=ANYWHERE,
        write_addresses=ANYWHERE,
        rate_iops=0,
        two_state=None,
        bursts=(),
        outstanding=outstanding,
        think_ns=0,
        think_distribution="fixed",
        trace=None,
        begin="first",
        repeat=False,
    )


def traced(times_ns: npt.NDArray[np.int64], offsets: npt.NDArray[np.int64], size_bytes: int, write: bool) -> Trace:
    """Recorded I/O that nobody recorded: equal sizes, one direction."""
    sizes, writes = np.full(len(times_ns), size_bytes, dtype=np.int64), np.full(len(times_ns), write)
    return Trace(
        digest="validate", source="validate", time_ns=times_ns, offset_bytes=offsets, size_bytes=sizes, write=writes
    )


def vm(name: str, workload: Workload, disks: tuple[Disk, ...] = (), queue_depth: int = DEEP) -> Vm:
    """A VM on the one host; without `disks` it has one."""
    own = disks or (disk(f"{name}:0"),)
    return Vm(
        name=name,
        group=name,
        host="esx1",
        disks=own,
        workloads=(workload,),
        filters=(),
        disk_queue_depth=queue_depth,
        adapter_queue_depth=queue_depth * len(own),
        guest_clock="jumps",
        disk_timeout_ns=60 * S,
        guest=GUEST,
    )


def scenario(vms: tuple[Vm, ...], stores: tuple[Datastore, ...], duration_ns: int, warmup_ns: int = 0) -> Scenario:
    """The whole: no protection, one replication, seed 1, intervals as long as the warm-up."""
    run = RunSpec(
        duration_ns=duration_ns,
        warmup_ns=warmup_ns,
        interval_ns=warmup_ns or duration_ns,
        seed=1,
        replications=1,
        slowest=0,
        observe=(),
        observe_warmup_ns=0,
    )
    return Scenario(
        name="validate",
        title="validation",
        compressed=False,
        hosts=(HOST,),
        datastores=stores,
        vms=vms,
        snapshots=SNAPSHOTS,
        vadp=(),
        vaio=(),
        control=NO_CONTROL,
        timers=(),
        arms=("none",),
        run=run,
        identity="validate",
    )


def with_host(spec: Scenario, host: Host) -> Scenario:
    """The same on another host."""
    return replace(spec, hosts=(host,))
