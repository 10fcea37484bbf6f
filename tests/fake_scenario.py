"""A hand-made scenario that looks like the demo; `fakes` has the results that pretend to have run it."""

from experiments.validate.build import NO_CONTROL, PLAIN_SCHEDULE, PLAIN_TRANSPORT
from models.hardware import Dsnro, QueueFull
from models.scenario import (
    Addresses,
    Burst,
    Datastore,
    DeltaFormat,
    Disk,
    Filter,
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
    Timer,
    Vadp,
    Vaio,
    Vm,
    Workload,
)

S, MS, US = 10**9, 10**6, 10**3
MIB, GIB = 2**20, 2**30
DURATION, INTERVAL = 240 * S, S
CUTS = (11 * S, 91 * S, 171 * S)  # of the SQL VM; its backup starts a second before
READ_NS, COMMIT_NS, MERGE_NS = 25 * S, S, 10 * S
OVERFLOW, RESYNC, IN_ORDER_AGAIN = 130 * S, 140 * S, 165 * S
MEMBERS = (("sql", "sql", 4), ("ingest", "ingest", 1), ("vdi-1", "vdi", 1), ("vdi-2", "vdi", 1))
RATES = {"sql": 20, "ingest": 10, "vdi": 5}  # guest I/Os per second
PROTECTED = ("sql", "ingest")
ARMS = ("none", "vadp", "vaio")
GUEST = Guest(
    memory_bytes=8 * GIB,
    prepare_ns=S,
    dirty_bytes=16 * MIB,
    dirty_ns=5 * S,
    dirty_most_bytes=GIB,
    flush_bytes=65536,
    flush_outstanding=8,
    freeze_limit_ns=60 * S,
)


def _workload(group: str) -> Workload:
    everywhere = Addresses("uniform", 0, 4096, 0, 0)
    bursts = (Burst(60 * S, 10 * S, 300), Burst(125 * S, 10 * S, 300)) if group == "ingest" else ()
    size = 65536 if group == "ingest" else 8192
    read_ppm = 0 if group == "ingest" else 600_000
    disks = (0, 1, 2, 3) if group == "sql" else (0,)
    return Workload(
        name="main",
        kind="open",
        origin="external",
        disks=disks,
        read_ppm=read_ppm,
        sizes=((size, 1),),
        read_addresses=everywhere,
        write_addresses=everywhere,
        rate_iops=RATES[group],
        two_state=None,
        bursts=bursts,
        outstanding=0,
        think_ns=0,
        think_distribution="fixed",
        trace=None,
        begin="first",
        repeat=False,
    )


def _vm(name: str, group: str, disks: int) -> Vm:
    flows = tuple(
        Disk(name=f"{name}:{i}", size_bytes=GIB, datastore="gold", shares=1000, limit_iops=0, reservation_iops=0)
        for i in range(disks)
    )
    inspect = Filter("inspect", 10 * US, 5 * US, "fixed", 0)
    return Vm(
        name=name,
        group=group,
        host="esx1",
        disks=flows,
        workloads=(_workload(group),),
        filters=(inspect,),
        disk_queue_depth=64,
        adapter_queue_depth=256,
        guest_clock="jumps",
        disk_timeout_ns=60 * S,
        guest=GUEST,
    )


def fake_scenario(arms: tuple[str, ...] = ARMS, replications: int = 5) -> Scenario:
    """The scenario that `fake_result` pretends to have run."""
    stun = StunCosts(
        stop_ns=40 * MS,
        resume_ns=80 * MS,
        close_ns=15 * MS,
        create_ns=25 * MS,
        open_ns=20 * MS,
        close_ios=3,
        create_ios=5,
        open_ios=4,
        cbt_close_ios=2,
        cbt_open_ios=2,
        metadata_bytes=4096,
        drain_limit_ns=30 * S,
        cpt_extra_ns=30 * MS,
    )
    snapshots = Snapshots(
        api_ns=200 * MS,
        format="sesparse",
        consolidation="mirror",
        stun=stun,
        delta=DeltaFormat(
            grain_bytes=4096,
            table_grains=4096,
            growth_bytes=16 * MIB,
            metadata_ppm=1000,
            metadata_writes=1,
            metadata_bytes=4096,
            cached_tables=0,
            table_bytes=0,
            directory_writes=0,
            bloom_bits=0,
            bloom_hashes=0,
        ),
        merge=MergeCosts(6, 65536, 20 * 10**6, 0),
        helper=HelperRounds(12 * S, 10, False),
        native=NativeCosts(1, 1),
        memory=MemoryDump(8 * MIB, 0, True, 500 * MS),
        quiesce=QuiesceLimits(900 * S, 10 * S),
        removal=RemovalPolicy(0, 0, 4 * 3600 * S),
        full=FullPolicy("retry", 1800 * S, 10 * GIB),
    )
    vadp = Vadp(
        name="nightly",
        vms=PROTECTED,
        first_ns=10 * S,
        interval_ns=80 * S,
        parallel_vms=1,
        serving_host="esx1",
        cbt="v1",
        cbt_block_bytes=65536,
        tool_block_bytes=MIB,
        query_page_extents=1000,
        query_page_ns=10 * MS,
        disk_open_ns=500 * MS,
        reads_in_flight=4,
        stream_bytes_per_s=0,
        host_bytes_per_s=0,
        repository_bytes_per_s=0,
        reduction_milli=2000,
        commit_ns=COMMIT_NS,
        job_limit_ns=0,
        transport=PLAIN_TRANSPORT,
        schedule=PLAIN_SCHEDULE,
        request=SnapshotRequest(False, "fail", False),
    )
    vaio = Vaio(
        name="cdp",
        vms=PROTECTED,
        down_ns=20 * US,
        up_ns=10 * US,
        buffer_bytes=64 * 10**6,
        link_bytes_per_s=5 * 10**6,
        link_latency_ns=10 * MS,
        reduction_milli=2000,
        journal_bytes_per_s=0,
        checkpoint_ns=5 * S,
        extent_bytes=65536,
        resync_reads=8,
        seeded=True,
        synchronous=False,
        on_loss="asynchronous",
        hold_limit_ns=10 * S,
        blocks_drain=True,
        outages=(),
        link_timeout_ns=60 * S,
        retry_ns=10 * S,
        retry_most_ns=90 * S,
        history_ns=3600 * S,
        journal_size_bytes=0,
        appliance=None,
    )
    return Scenario(
        name="demo",
        title="A fake that looks like the demo",
        compressed=True,
        hosts=(
            Host(
                name="esx1",
                scheduler="mclock",
                cost_unit_bytes=32768,
                idle_credit=4,
                dsnro=Dsnro(32, "disk", "competition", 6, 128),
                queue_full=QueueFull(0, 8, "samples", 400 * MS),
                path_latency_ns=250 * US,
                filter_cores=0,
                filter_cpu_ns=0,
            ),
        ),
        datastores=(
            Datastore(
                name="gold",
                capacity_bytes=40 * GIB,
                device_queue_depth=64,
                servers=8,
                read=ServiceLaw(4 * MS, "exponential", 0, 0, ()),
                write=ServiceLaw(3 * MS, "exponential", 0, 0, ()),
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
            ),
        ),
        vms=tuple(_vm(*member) for member in MEMBERS),
        snapshots=snapshots,
        vadp=(vadp,),
        vaio=(vaio,),
        control=NO_CONTROL,
        timers=(Timer("cluster heartbeat", 5 * S),),
        arms=arms,  # type: ignore[arg-type]
        run=RunSpec(
            duration_ns=DURATION,
            warmup_ns=0,
            interval_ns=INTERVAL,
            seed=1,
            replications=replications,
            slowest=20,
            observe=(),
            observe_warmup_ns=0,
        ),
        identity='{"name":"demo","fake":true}',
    )
