"""Random scenarios at the edges: all on one tick, nothing on one tick, and numbers as small or as large as may be.

`coarse` and `fine` change a drawn scenario's times; `extremes` draws what `random_worlds` leaves out: single slots,
grains of a sector, tables of a grain, I/Os as large as a disk, chains that grow because no merge ends, many loops.
"""

from dataclasses import replace
from typing import Any

from hypothesis import strategies as st
from random_worlds import busy, scenarios
from worlds import MS, S, scripted, trace

from models.scenario import Burst, Scenario, ServiceLaw, Workload

Draw = st.DrawFn
TICK = MS
KIB = 1 << 10
NONE_OR = st.sampled_from([0, 1])


def _law(law: ServiceLaw, latency_ns: int, distribution: Any) -> ServiceLaw:
    return replace(law, latency_ns=latency_ns, distribution=distribution, stream_bytes_per_s=0)


@st.composite
def coarse(draw: Draw, duration_ms: int = 1_000) -> Scenario:
    """Every time a whole millisecond, or as good as: fixed laws, no arrivals by chance, rates of 4 KiB a tick."""
    base = draw(scenarios(max(250, duration_ms)))
    tick = st.integers(0, 3).map(lambda n: n * TICK)
    rate = NONE_OR.map(lambda n: n * 4 * KIB * 1_000)
    stores = tuple(
        replace(
            store, read=_law(store.read, draw(tick), "fixed"), write=_law(store.write, draw(tick) or TICK, "fixed"),
            bandwidth_bytes_per_s=draw(rate) * 8, iops_cap=draw(NONE_OR) * 500, burst_ns=draw(tick),
        )
        for store in base.datastores
    )  # fmt: skip
    hosts = tuple(replace(host, path_latency_ns=draw(tick)) for host in base.hosts)
    vms = tuple(replace(vm, workloads=tuple(_loop(draw, w) for w in vm.workloads)) for vm in base.vms)
    vms = tuple(replace(vm, filters=tuple(_hop(draw, f) for f in vm.filters)) for vm in vms)
    vadp = tuple(
        replace(job, stream_bytes_per_s=draw(rate), host_bytes_per_s=draw(rate), repository_bytes_per_s=draw(rate))
        for job in base.vadp
    )
    vaio = tuple(
        replace(
            group, link_bytes_per_s=16 * KIB * 1_000, journal_bytes_per_s=draw(rate) * 4, down_ns=draw(tick),
            up_ns=draw(tick), link_latency_ns=draw(tick), reduction_milli=1000,
        )
        for group in base.vaio
    )  # fmt: skip
    return replace(base, datastores=stores, hosts=hosts, vms=vms, vadp=vadp, vaio=vaio)


def _hop(draw: Draw, one: Any) -> Any:
    return replace(
        one, down_ns=draw(st.integers(0, 1)) * TICK, up_ns=draw(st.integers(0, 1)) * TICK, distribution="fixed"
    )


def _loop(draw: Draw, workload: Workload) -> Workload:
    """A closed loop that thinks whole ticks, in the place of arrivals by chance."""
    if workload.kind == "trace":
        return workload
    return replace(
        workload, kind="closed", outstanding=draw(st.integers(1, 4)), two_state=None,
        think_ns=draw(st.integers(0, 8)) * TICK, think_distribution="fixed",
    )  # fmt: skip


@st.composite
def fine(draw: Draw, duration_ms: int = 1_000) -> Scenario:
    """Times in nanoseconds by continuous laws: hardly anything is a tie."""
    base = draw(scenarios(max(250, duration_ms)))
    ns, law = st.integers(1, 6 * MS), st.sampled_from(["exponential", "lognormal"])
    stores = tuple(
        replace(
            store, read=_law(store.read, draw(ns), draw(law)), write=_law(store.write, draw(ns), draw(law)),
        )
        for store in base.datastores
    )  # fmt: skip
    vms = tuple(
        replace(
            vm, workloads=tuple(
                replace(w, think_ns=draw(ns), think_distribution=draw(law)) if w.kind == "closed" else w
                for w in vm.workloads
            ),
            filters=tuple(replace(f, down_ns=draw(ns), up_ns=draw(ns), distribution=draw(law)) for f in vm.filters),
        )
        for vm in base.vms
    )  # fmt: skip
    stun = replace(base.snapshots.stun, stop_ns=draw(ns), resume_ns=draw(ns))
    return replace(base, datastores=stores, vms=vms, snapshots=replace(base.snapshots, stun=stun))


@st.composite
def extremes(draw: Draw, duration_ms: int = 1_000) -> Scenario:
    """Sizes, depths and counts at their ends."""
    base = draw(scenarios(max(250, duration_ms)))
    pick = lambda *values: draw(st.sampled_from(values))  # noqa: E731
    delta = replace(
        base.snapshots.delta, grain_bytes=pick(512, 4 * KIB), table_grains=pick(1, 2, 4096),
        cached_tables=pick(0, 1, 2), metadata_writes=pick(0, 1, 3), growth_bytes=pick(512, 64 * KIB),
    )  # fmt: skip
    merge = replace(
        base.snapshots.merge, chunk_bytes=pick(4 * KIB, 64 * KIB, 1 << 20), streams=pick(1, 2, 7),
        limit_ns=pick(0, 1, 20 * MS),
    )  # fmt: skip
    stun = replace(base.snapshots.stun, drain_limit_ns=pick(*[60 * S] * 7, 3 * MS))
    stores = tuple(
        replace(store, device_queue_depth=pick(1, 2, 64), servers=pick(0, 1, 64)) for store in base.datastores
    )
    hosts = tuple(
        replace(host, dsnro=replace(host.dsnro, outstanding=pick(1, 2, 64)), idle_credit=pick(0, 8))
        for host in base.hosts
    )
    vms = []
    for vm in base.vms:
        disks = tuple(replace(disk, limit_iops=pick(0, 0, 0, 1, 30, 1000), reservation_iops=0) for disk in vm.disks)
        disks = tuple(replace(disk, reservation_iops=pick(0, disk.limit_iops)) for disk in disks)
        room = min(disk.size_bytes for disk in disks)
        workloads = tuple(_edge(draw, w, room) for w in vm.workloads)
        more = [w for w in workloads if w.kind == "closed"][:1]
        more = [replace(w, name=f"more{n}", outstanding=1 + n) for w in more for n in range(pick(0, 1, 4))]
        vms.append(
            replace(
                vm, disks=disks, workloads=(*workloads, *more), disk_queue_depth=pick(1, 2, 64),
                adapter_queue_depth=pick(1, 2, 256),
            )
        )  # fmt: skip
    vaio = tuple(
        replace(group, extent_bytes=pick(512, 4 * KIB, 1 << 20), resync_reads=pick(1, 32), buffer_bytes=pick(1, 20_000))
        for group in base.vaio
    )
    vadp = tuple(
        replace(job, cbt_block_bytes=pick(512, 64 * KIB), tool_block_bytes=pick(512 * 9, 1 << 20),
                reads_in_flight=pick(1, 16), interval_ns=pick(40 * MS, 150 * MS), parallel_vms=pick(1, 3),
                first_ns=pick(0, 30 * MS), disk_open_ns=pick(0, 20 * MS), job_limit_ns=pick(0, 0, 0, 90 * MS))
        for job in base.vadp
    )  # fmt: skip
    snapshots = replace(base.snapshots, delta=delta, merge=merge, stun=stun)
    scenario = replace(base, snapshots=snapshots, datastores=stores, hosts=hosts, vms=tuple(vms), vaio=vaio, vadp=vadp)
    scenario = replace(scenario, run=replace(base.run, slowest=pick(0, 100_000)))
    shape = pick("plain", "whole", "busy", "busy")
    if shape == "whole":
        return whole_disk(scenario)
    return busy(scenario, draw(st.integers(0, 99)), pick(0, 90 * MS)) if shape == "busy" else scenario


@st.composite
def chains(draw: Draw, duration_ms: int = 600) -> Scenario:
    """Backups so often, and merges so slow or so short, that writes meet deltas, copiers and chains that grow."""
    base = draw(scenarios(max(250, duration_ms)))
    pick = lambda *values: draw(st.sampled_from(values))  # noqa: E731
    snapshots = replace(
        base.snapshots, api_ns=0,
        stun=replace(base.snapshots.stun, drain_limit_ns=60 * S, stop_ns=0, resume_ns=pick(0, 2 * MS)),
        delta=replace(base.snapshots.delta, grain_bytes=pick(512, 4 * KIB, 64 * KIB), table_grains=pick(1, 16),
                      cached_tables=pick(0, 1, 2), metadata_writes=pick(1, 4)),
        merge=replace(base.snapshots.merge, chunk_bytes=pick(64 * KIB, 192 * KIB), streams=pick(1, 3),
                      limit_ns=pick(0, 1, 1, 30 * MS), rate_bytes_per_s=pick(0, 2_000_000)),
    )  # fmt: skip
    vms = []
    for vm in base.vms:
        disks = tuple(replace(disk, limit_iops=0, reservation_iops=0) for disk in vm.disks)
        vms.append(replace(vm, disks=disks, disk_queue_depth=8, adapter_queue_depth=pick(3, 16)))
    vadp = tuple(
        replace(job, first_ns=pick(0, 20 * MS), interval_ns=pick(40 * MS, 100 * MS), disk_open_ns=pick(0, 20 * MS),
                query_page_ns=0, commit_ns=0, stream_bytes_per_s=0, host_bytes_per_s=0, repository_bytes_per_s=0,
                parallel_vms=3, tool_block_bytes=1 << 20)
        for job in base.vadp
    )  # fmt: skip
    stores = tuple(
        replace(store, device_queue_depth=pick(4, 32), servers=0, bandwidth_bytes_per_s=0, iops_cap=0,
                queue_limit=0, sioc=None, capacity_bytes=store.capacity_bytes + (1 << 30))
        for store in base.datastores
    )  # fmt: skip
    run = replace(base.run, slowest=100_000, warmup_ns=0)
    base = replace(base, run=run, datastores=stores, snapshots=snapshots, vms=tuple(vms), vadp=vadp)
    return busy(base, draw(st.integers(0, 99)), 0)


def _edge(draw: Draw, workload: Workload, room: int) -> Workload:
    """The workload with bursts, or with I/Os as large as the disk."""
    if workload.kind == "trace":
        return workload
    if draw(st.integers(0, 3)) == 0:
        workload = replace(workload, sizes=((room - room % 512, 1), (512, 3)))
    if workload.kind == "open" and workload.two_state is None and draw(st.booleans()):
        bursts = (Burst(100 * MS, 50 * MS, 900), Burst(150 * MS, 1, 1), Burst(400 * MS, 100 * MS, 0))
        workload = replace(workload, bursts=bursts)
    return workload


def whole_disk(scenario: Scenario) -> Scenario:
    """The scenario with I/Os that cover each disk whole, every 50 ms a read or a write."""
    for vm in scenario.vms:
        for disk, spec in enumerate(vm.disks):
            ios = [(n * 50 * MS, 0, spec.size_bytes, bool(n % 2)) for n in range(scenario.run.duration_ns // (50 * MS))]
            scenario = scripted(scenario, trace(ios, f"whole{disk}", disk), vm=vm.name)
    return scenario
