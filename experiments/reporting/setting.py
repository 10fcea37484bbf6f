"""The scenario and the assumptions behind it, as tables for people.

Sizes, rates and times are rounded for reading; the exact values stand in manifest.json.
"""

from experiments.reporting.tables import Table
from models.assumptions import REGISTER
from models.scenario import Datastore, RunSpec, Scenario, ServiceLaw, Vadp, Vaio, Vm, Workload
from sim.units import human_bytes, human_rate, human_time

NONE = "none"


def scenario_tables(scenario: Scenario) -> tuple[Table, ...]:
    """Run, hosts, datastores, VMs, workloads and protections, in this order; empty tables are left out."""
    tables = (
        _run(scenario),
        _hosts(scenario),
        _datastores(scenario),
        _vms(scenario),
        _workloads(scenario),
        _backups(scenario),
        _replications(scenario),
    )
    return tuple(table for table in tables if table.rows)


def assumptions() -> Table:
    """The register: every default a scenario starts from."""
    rows = tuple(
        (
            row.key,
            row.value,
            row.low if row.low == row.high else f"{row.low} to {row.high}",
            row.grade,
            row.source,
            row.note,
        )
        for row in REGISTER
    )
    head = ("setting", "default", "plausible range", "grade", "source", "note")
    note = "A scenario may set any of these otherwise; the tables above and manifest.json hold what this one used."
    return Table("Assumptions: the defaults a scenario starts from", head, rows, note)


def _observed(run: RunSpec) -> str:
    if not run.observe:
        return "all"
    length = sum(one.end_ns - one.start_ns for one in run.observe)
    warmup = f", {human_time(run.observe_warmup_ns)} of each warm-up" if run.observe_warmup_ns else ""
    return f"{len(run.observe)} windows, {human_time(length)} together{warmup}"


def _run(scenario: Scenario) -> Table:
    run = scenario.run
    row = (
        human_time(run.duration_ns),
        _observed(run),
        human_time(run.warmup_ns),
        human_time(run.interval_ns),
        str(run.replications),
        str(run.seed),
        "compressed" if scenario.compressed else "real",
    )
    head = ("simulated time", "observed", "warm-up", "interval of series", "replications", "seed", "time scale")
    return Table("Run", head, (row,))


def _hosts(scenario: Scenario) -> Table:
    rows = tuple(
        (
            host.name,
            host.scheduler,
            str(host.dsnro),
            human_bytes(host.cost_unit_bytes),
            human_time(host.path_latency_ns),
        )
        for host in scenario.hosts
    )
    return Table("Hosts", ("host", "I/O scheduler", "DSNRO", "cost unit", "host path"), rows)


def _law(law: ServiceLaw) -> str:
    stream = f", {human_rate(law.stream_bytes_per_s)} a stream" if law.stream_bytes_per_s else ""
    return f"{human_time(law.latency_ns)} {law.distribution}{stream}"


def _datastores(scenario: Scenario) -> Table:
    head = ("datastore", "capacity", "DQLEN", "servers", "read", "write", "caps")
    return Table("Datastores", head, tuple(map(_datastore, scenario.datastores)))


def _datastore(store: Datastore) -> tuple[str, ...]:
    caps = [human_rate(store.bandwidth_bytes_per_s)] if store.bandwidth_bytes_per_s else []
    caps += [f"{store.iops_cap:,} IOPS"] if store.iops_cap else []
    servers = str(store.servers) if store.servers else "no limit"
    if slow := store.slowdown_milli:
        servers += f", {slow[-1] / slow[0]:.3g} times as slow with {len(slow)} in service"
    return (
        store.name,
        human_bytes(store.capacity_bytes),
        str(store.device_queue_depth),
        servers,
        _law(store.read),
        _law(store.write),
        ", ".join(caps) or NONE,
    )


def _first_of_groups(scenario: Scenario) -> list[Vm]:
    """One VM of each group, for all of it: they differ in their names only."""
    first = {vm.group: vm for vm in reversed(scenario.vms)}
    return [first[group] for group in scenario.groups]


def _vms(scenario: Scenario) -> Table:
    rows = tuple(_group(vm, len(scenario.members(vm.group))) for vm in _first_of_groups(scenario))
    head = (
        "VM group",
        "VMs",
        "host",
        "disks of each",
        "shares, limit, reservation",
        "queue depths",
        "filters",
        "clock",
    )
    return Table("VMs", head, rows, "Queue depths of the virtual adapter: each disk, all disks.")


def _group(vm: Vm, count: int) -> tuple[str, ...]:
    disks = dict.fromkeys(f"{human_bytes(disk.size_bytes)} on {disk.datastore}" for disk in vm.disks)
    shares = dict.fromkeys(
        f"{disk.shares}, {f'{disk.limit_iops:,} IOPS' if disk.limit_iops else NONE}, {disk.reservation_iops or NONE}"
        for disk in vm.disks
    )
    depths = f"{vm.disk_queue_depth}, {vm.adapter_queue_depth}"
    filters = ", ".join(one.name for one in vm.filters) or NONE
    return (
        vm.group,
        str(count),
        vm.host,
        f"{len(vm.disks)} × {' or '.join(disks)}",
        "; ".join(shares),
        depths,
        filters,
        vm.guest_clock,
    )


def _workloads(scenario: Scenario) -> Table:
    rows = [(vm.group, *_workload(work)) for vm in _first_of_groups(scenario) for work in vm.workloads]
    head = ("VM group", "workload", "load of each VM", "read share", "sizes", "addresses written", "bursts", "asked by")
    return Table("Workloads", head, tuple(rows))


def _workload(work: Workload) -> tuple[str, ...]:
    if work.trace is not None:
        how = [", each from a random moment"] * (work.begin == "random") + [", again and again"] * work.repeat
        recorded = f"trace {work.trace.source}, {len(work.trace.time_ns):,} I/Os{''.join(how)}"
        return (work.name, recorded, "-", "as recorded", "as recorded", NONE, work.origin)
    load = (
        f"open, {work.rate_iops:,} IOPS"
        if work.kind == "open"
        else f"closed, {work.outstanding} outstanding, {human_time(work.think_ns)} think time"
    )
    total = sum(weight for _, weight in work.sizes)
    sizes = ", ".join(
        human_bytes(size) + (f" ({100 * weight / total:.3g} %)" if len(work.sizes) > 1 else "")
        for size, weight in work.sizes
    )
    where = work.write_addresses
    addresses = where.pattern + (f" {where.zipf_milli / 1000:g}" if where.pattern == "zipf" else "")
    addresses += f" over {human_bytes(where.span_bytes)}" if where.span_bytes else ""
    bursts = [f"{b.rate_iops:,} IOPS at {b.start_ns / 1e9:g} s for {human_time(b.duration_ns)}" for b in work.bursts]
    if work.two_state is not None:
        bursts.append(f"at random, {work.two_state.busy_rate_iops:,} IOPS")
    return (work.name, load, f"{work.read_ppm / 10_000:g} %", sizes, addresses, "; ".join(bursts) or NONE, work.origin)


TRANSPORT = {"nbd": "NBD", "nbdssl": "NBDSSL", "hotadd": "HotAdd", "san": "SAN"}


def _backups(scenario: Scenario) -> Table:
    head = (
        "backup",
        "VMs",
        "every",
        "at once",
        "changed block",
        "tool's block",
        "transport",
        "repository",
        "reduction",
    )
    return Table("Snapshot backup (VADP)", head, tuple(map(_backup, scenario.vadp)))


def _backup(job: Vadp) -> tuple[str, ...]:
    caps = (
        (job.stream_bytes_per_s, "a disk"), (job.host_bytes_per_s, "a host"),
        (job.transport.proxy_bytes_per_s, "a proxy"),
    )  # fmt: skip
    way = TRANSPORT[job.transport.kind]
    limits = [f"{human_rate(rate)} {per}" for rate, per in caps if rate]
    repository = human_rate(job.repository_bytes_per_s) if job.repository_bytes_per_s else "no limit"
    return (
        job.name,
        ", ".join(job.vms),
        human_time(job.interval_ns),
        str(job.parallel_vms),
        human_bytes(job.cbt_block_bytes),
        human_bytes(job.tool_block_bytes),
        f"{way}, {', '.join(limits) or 'no limit'}",
        repository,
        f"{job.reduction_milli / 1000:g} : 1",
    )


def _replications(scenario: Scenario) -> Table:
    head = ("replication", "VMs", "hops down, up", "buffer", "link", "reduction", "checkpoint every", "extent")
    return Table("Inline replication (VAIO)", head, tuple(map(_replication, scenario.vaio)))


def _replication(one: Vaio) -> tuple[str, ...]:
    link = f"{human_rate(one.link_bytes_per_s)}, {human_time(one.link_latency_ns)} one way"
    return (
        one.name,
        ", ".join(one.vms),
        f"{human_time(one.down_ns)}, {human_time(one.up_ns)}",
        human_bytes(one.buffer_bytes),
        link,
        f"{one.reduction_milli / 1000:g} : 1",
        human_time(one.checkpoint_ns),
        human_bytes(one.extent_bytes),
    )
