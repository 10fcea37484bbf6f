"""From a checked scenario file to the frozen `models.scenario.Scenario`: names filled in, groups expanded to VMs.

Values are in base units already. What a file may leave out because there is only one of it (host, datastore) is
resolved here; `Names` holds these rules, for the checks too.
"""

from dataclasses import dataclass

from experiments.scenario.guests import AddressesTable, DiskTable, VmTable, WorkloadTable
from experiments.scenario.identity import identity
from experiments.scenario.protections import SnapshotsTable, VadpTable, VaioTable
from experiments.scenario.schema import ArmName, DatastoreTable, HostTable, ReadLaw, ScenarioFile
from models.assumptions import TIMERS, default
from models.scenario import (
    Addresses,
    Burst,
    Datastore,
    DeltaFormat,
    Disk,
    Filter,
    Host,
    MergeCosts,
    RunSpec,
    Scenario,
    ServiceLaw,
    Snapshots,
    StunCosts,
    Timer,
    Trace,
    TwoState,
    Vadp,
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
    """The workloads' names: as written, else the kind, numbered from the second of its kind on."""
    names: list[str] = []
    for workload in workloads:
        name, number = workload.name or workload.kind, 2
        while not workload.name and name in names:
            name, number = f"{workload.kind}-{number}", number + 1
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
        snapshots=_snapshots(file.snapshots),
        vadp=tuple(_vadp(names, name, table) for name, table in file.protection.vadp.items()),
        vaio=tuple(_vaio(names, name, table) for name, table in file.protection.vaio.items()),
        timers=tuple(Timer(name, table.limit) for name, table in file.timer.items()) or _registered_timers(),
        arms=names.arms(),
        run=RunSpec(run.duration, run.warmup, run.interval, run.seed, run.replications, run.slowest),
        identity="",
    )
    return identity(scenario)


def _registered_timers() -> tuple[Timer, ...]:
    return tuple(Timer(row.key.removeprefix("timer."), int(default(row.key))) for row in TIMERS)


def _host(name: str, host: HostTable) -> Host:
    return Host(name, host.scheduler, host.cost_unit, host.idle_credit, host.dsnro, host.path_latency)


def _law(law: ReadLaw) -> ServiceLaw:
    return ServiceLaw(law.latency, law.distribution, law.sigma, law.stream)


def _datastore(name: str, store: DatastoreTable) -> Datastore:
    return Datastore(name, store.capacity, store.device_queue_depth, store.servers, _law(store.read), _law(store.write),
                     store.bandwidth, store.iops, store.burst)  # fmt: skip


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
        vms.append(Vm(vm, group, host, disks, workloads, filters, table.disk_queue_depth, table.adapter_queue_depth,
                      table.guest_clock, table.disk_timeout))  # fmt: skip
    return vms


def _filter(file: ScenarioFile, name: str) -> Filter:
    table = file.filter[name]
    return Filter(name, table.down, table.up, table.distribution)


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
    )


def _addresses(table: AddressesTable) -> Addresses:
    zipf = table.exponent if table.pattern == "zipf" else 0
    return Addresses(table.pattern, zipf, table.align, table.start, table.span)


def _snapshots(s: SnapshotsTable) -> Snapshots:
    stun, delta, merge = s.stun, s.delta, s.merge
    return Snapshots(
        api_ns=s.api,
        stun=StunCosts(stun.stop, stun.resume, stun.close, stun.create, stun.open, stun.close_ios, stun.create_ios,
                       stun.open_ios, stun.cbt_close_ios, stun.cbt_open_ios, stun.metadata_size, stun.drain_limit,
                       stun.cpt_extra),
        delta=DeltaFormat(delta.grain, delta.table_grains, delta.growth, delta.metadata, delta.metadata_writes,
                          delta.metadata_size, delta.cached_tables),
        merge=MergeCosts(merge.streams, merge.chunk, merge.rate, merge.limit),
    )  # fmt: skip


def _vadp(names: Names, name: str, t: VadpTable) -> Vadp:
    serving_host = t.serving_host or next(iter(names.hosts()))
    return Vadp(name, names.vms(t.vms), t.first, t.interval, t.parallel_vms, serving_host, t.cbt_block, t.tool_block,
                t.query_page_extents, t.query_page, t.disk_open, t.reads_in_flight, t.stream, t.host_rate, t.repository,
                t.reduction, t.commit, t.job_limit)  # fmt: skip


def _vaio(names: Names, name: str, t: VaioTable) -> Vaio:
    return Vaio(name, names.vms(t.vms), t.down, t.up, t.buffer, t.link, t.link_latency, t.reduction, t.journal,
                t.checkpoint, t.extent, t.resync_reads, t.seeded)  # fmt: skip
