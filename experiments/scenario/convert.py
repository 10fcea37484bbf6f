"""From a checked scenario file to the frozen `models.scenario.Scenario`: names filled in, groups expanded to VMs.

Values are in base units already. What a file may leave out because there is only one of it (host, datastore) is
resolved here; `Names` holds these rules, for the checks too.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from experiments.scenario.backups import backup, control
from experiments.scenario.guests import AddressesTable, DiskTable, GuestTable, VmTable, WorkloadTable
from experiments.scenario.identity import identity
from experiments.scenario.protections import VaioTable
from experiments.scenario.schema import ArmName, DatastoreTable, HostTable, ReadLaw, ScenarioFile
from experiments.scenario.snapshots import snapshots_of
from experiments.scenario.windows import windows
from models.assumptions import TIMERS, default
from models.hardware import Dsnro, QueueFull, Sioc, WriteCache
from models.scenario import (
    Addresses,
    Appliance,
    Burst,
    Datastore,
    Disk,
    Filter,
    Guest,
    Host,
    Outage,
    RunSpec,
    Scenario,
    ServiceLaw,
    Timer,
    Trace,
    TwoState,
    Vaio,
    Vm,
    Workload,
)

ONLY_HOST, ONLY_DATASTORE = "esx1", "datastore1"
Traces = dict[tuple[str, int], Trace]
"""The traces that workloads replay, by (VM group, number of the workload)."""


@dataclass(frozen=True)
class Names:
    """What a file's names stand for."""

    file: ScenarioFile

    def hosts(self) -> dict[str, HostTable]:
        return self.file.host or {ONLY_HOST: HostTable()}

    def datastores(self) -> dict[str, DatastoreTable]:
        return self.file.datastore or {ONLY_DATASTORE: DatastoreTable()}

    def datastore(self, disk: DiskTable) -> str:
        return disk.datastore or next(iter(self.datastores()))

    def members(self, group: str) -> list[str]:
        """The VMs of a group: `sql` alone, or `sql-1`, `sql-2` ..."""
        count = self.file.vm[group].count
        return [group] if count == 1 else [f"{group}-{number}" for number in range(1, count + 1)]

    def vms(self, references: list[str]) -> tuple[str, ...]:
        """The VMs that groups' and VMs' names stand for, in order."""
        return tuple(vm for name in references for vm in (self.members(name) if name in self.file.vm else [name]))

    def arms(self) -> tuple[ArmName, ...]:
        """The arms asked for, or "none" and each protection there is."""
        if self.file.run.arms is not None:
            return tuple(self.file.run.arms)
        arms: list[ArmName] = ["none"]
        arms += ["vadp"] if self.file.protection.vadp else []
        arms += ["vaio"] if self.file.protection.vaio else []
        return tuple(arms)


def disks_of(vm: VmTable) -> list[DiskTable]:
    """The group's disks, one by one."""
    return [disk for disk in vm.disk for _ in range(disk.count)]


def workload_names(workloads: list[WorkloadTable]) -> list[str]:
    """The workloads' names: as written, else the profile or kind, numbered from the second of its kind on."""
    names: list[str] = []
    for workload in workloads:
        plain = workload.profile or workload.kind
        name, number = workload.name or plain, 2
        while not workload.name and name in names:
            name, number = f"{plain}-{number}", number + 1
        names.append(name)
    return names


def convert(file: ScenarioFile, traces: Traces) -> Scenario:
    """The scenario that `file` describes. The file has passed `experiments.scenario.checks`."""
    names, run = Names(file), file.run
    scenario = Scenario(
        name=file.name,
        title=file.title or file.name,
        compressed=file.compressed,
        hosts=tuple(_host(name, host) for name, host in names.hosts().items()),
        datastores=tuple(_datastore(name, store) for name, store in names.datastores().items()),
        vms=tuple(vm for group in file.vm for vm in _vms(names, group, traces)),
        snapshots=snapshots_of(file.snapshots),
        vadp=tuple(backup(names, name, table) for name, table in file.protection.vadp.items()),
        vaio=tuple(_vaio(names, name, table) for name, table in file.protection.vaio.items()),
        control=control(file.protection.control),
        timers=tuple(Timer(name, table.limit) for name, table in file.timer.items()) or _registered_timers(),
        arms=names.arms(),
        run=RunSpec(
            run.duration,
            run.warmup,
            run.interval,
            run.seed,
            run.replications,
            run.slowest,
            windows(run),
            run.observe_warmup,
        ),
        identity="",
    )
    return identity(scenario)


def _registered_timers() -> tuple[Timer, ...]:
    return tuple(Timer(row.key.removeprefix("timer."), int(default(row.key))) for row in TIMERS)


def _host(name: str, host: HostTable) -> Host:
    return Host(
        name=name, scheduler=host.scheduler, cost_unit_bytes=host.cost_unit, idle_credit=host.idle_credit,
        dsnro=Dsnro(host.dsnro, host.dsnro_per, host.dsnro_rule, host.dsnro_switches, host.dsnro_requests),
        queue_full=QueueFull(host.qfull_sample, host.qfull_threshold, host.qfull_reading, host.busy_delay),
        path_latency_ns=host.path_latency, filter_cores=host.filter_cores, filter_cpu_ns=host.filter_cpu,
    )  # fmt: skip


def _law(law: ReadLaw) -> ServiceLaw:
    table = tuple(sorted((law.quantiles or {}).items()))
    return ServiceLaw(mean_of(table) if table else law.latency, law.distribution, law.sigma, law.stream, table)


def mean_of(table: Sequence[tuple[int, int]]) -> int:
    """The mean, in ns, of a table of quantiles (ppm, ns) with straight lines between them."""
    doubled = sum((q - p) * (a + b) for (p, a), (q, b) in pairwise(table))
    return (doubled + 1_000_000) // 2_000_000


def _datastore(name: str, store: DatastoreTable) -> Datastore:
    cache, sioc = store.cache, store.sioc
    return Datastore(
        name=name, capacity_bytes=store.capacity, device_queue_depth=store.device_queue_depth, servers=store.servers,
        read=_law(store.read), write=_law(store.write), bandwidth_bytes_per_s=store.bandwidth, iops_cap=store.iops,
        burst_ns=store.burst, slowdown_milli=_every(store.slowdown or {}), kind=store.kind,
        peak_bandwidth_bytes_per_s=store.peak_bandwidth, peak_iops=store.peak_iops,
        credit_ppm=store.credit, queue_limit=store.queue_limit,
        cache=WriteCache(cache.size, cache.latency, cache.destagers) if cache else None,
        sioc=Sioc(sioc.threshold, sioc.period, sioc.gain, sioc.smoothing, sioc.least_depth, sioc.shares_per_slot)
        if sioc else None,
    )  # fmt: skip


def _every(points: dict[int, int]) -> tuple[int, ...]:
    """The factor for each number in service up to the last that is named: straight lines between those named."""
    at = sorted(points)
    whole = [
        p + (n - a) * (points[b] - p) // (b - a) for a, b in pairwise(at) for p in [points[a]] for n in range(a, b)
    ]
    return (*whole, points[at[-1]]) if at else ()


def _vms(names: Names, group: str, traces: Traces) -> list[Vm]:
    table = names.file.vm[group]
    filters = tuple(_filter(names.file, name) for name in table.filters)
    workloads = tuple(
        _workload(name, workload, len(disks_of(table)), traces.get((group, number)))
        for number, (name, workload) in enumerate(zip(workload_names(table.workload), table.workload, strict=True))
    )
    host = table.host or next(iter(names.hosts()))
    vms = []
    for vm in names.members(group):
        disks = tuple(
            Disk(f"{vm}:{number}", disk.size, names.datastore(disk), disk.shares, disk.limit, disk.reservation)
            for number, disk in enumerate(disks_of(table))
        )
        vms.append(Vm(
            name=vm, group=group, host=host, disks=disks, workloads=workloads, filters=filters,
            disk_queue_depth=table.disk_queue_depth, adapter_queue_depth=table.adapter_queue_depth,
            guest_clock=table.guest_clock, disk_timeout_ns=table.disk_timeout, guest=_guest(table.guest),
        ))  # fmt: skip
    return vms


def _guest(g: GuestTable) -> Guest:
    return Guest(
        memory_bytes=g.memory, prepare_ns=g.prepare, dirty_bytes=g.dirty, dirty_ns=g.dirty_age,
        dirty_most_bytes=g.dirty_most, flush_bytes=g.flush, flush_outstanding=g.flush_outstanding,
        freeze_limit_ns=g.freeze_limit,
    )  # fmt: skip


def _filter(file: ScenarioFile, name: str) -> Filter:
    table = file.filter[name]
    return Filter(name, table.down, table.up, table.distribution, table.workers)


def _workload(name: str, w: WorkloadTable, disks: int, trace: Trace | None) -> Workload:
    origin = w.origin or default(f"workload.origin.{w.kind}")
    everywhere = [0] if w.kind == "trace" else list(range(disks))
    two = w.two_state
    return Workload(
        name=name,
        kind=w.kind,
        origin="guest" if origin == "guest" else "external",
        disks=tuple(w.disks if w.disks is not None else everywhere),
        read_ppm=w.read,
        sizes=tuple((w.sizes or {w.size: 1}).items()),
        read_addresses=_addresses(w.read_addresses or w.addresses),
        write_addresses=_addresses(w.write_addresses or w.addresses),
        rate_iops=w.rate if w.kind == "open" else 0,
        two_state=TwoState(two.busy_rate, two.quiet, two.busy) if two else None,
        bursts=tuple(Burst(b.at, b.duration, b.rate) for b in sorted(w.burst, key=lambda burst: burst.at)),
        outstanding=w.outstanding if w.kind == "closed" else 0,
        think_ns=w.think if w.kind == "closed" else 0,
        think_distribution=w.think_distribution,
        trace=trace,
        begin=w.begin,
        repeat=w.repeat,
    )


def _addresses(table: AddressesTable) -> Addresses:
    zipf = table.exponent if table.pattern == "zipf" else 0
    return Addresses(table.pattern, zipf, table.align, table.start, table.span)


def _appliance(file: ScenarioFile, name: str) -> Appliance:
    table = file.appliance[name]
    return Appliance(name, table.throughput, table.writes, table.link, table.buffer)


def _vaio(names: Names, name: str, t: VaioTable) -> Vaio:
    return Vaio(
        name=name, vms=names.vms(t.vms), down_ns=t.down, up_ns=t.up, buffer_bytes=t.buffer, link_bytes_per_s=t.link,
        link_latency_ns=t.link_latency, reduction_milli=t.reduction, journal_bytes_per_s=t.journal,
        checkpoint_ns=t.checkpoint, extent_bytes=t.extent, resync_reads=t.resync_reads, seeded=t.seeded,
        synchronous=t.synchronous, on_loss=t.on_loss, hold_limit_ns=t.hold_limit, blocks_drain=t.blocks_drain,
        outages=tuple(Outage(one.at, one.duration) for one in sorted(t.outage, key=lambda one: one.at)),
        link_timeout_ns=t.link_timeout, retry_ns=t.retry, retry_most_ns=t.retry_most, history_ns=t.history,
        journal_size_bytes=t.journal_size, appliance=_appliance(names.file, t.appliance) if t.appliance else None,
    )  # fmt: skip
