"""Puts the machines of a run together: datastores, devices, VMs with their disks and filters.

The order of building is the order of the scenario; entities are numbered in it, and these numbers decide ties.
"""

from models import scenario
from models.assumptions import default
from models.hardware import Dsnro, QueueFull
from models.measure.recorder import Recorder
from models.mechanisms.workers import BUSY, COUNT, Workers, workers
from models.path.causes import Causes, holds_of
from models.path.datastore import Datastore
from models.path.device import Device, Share
from models.path.disk import Disk
from models.path.hops import Cores, Hop
from models.path.vm import Vm
from models.workload import hop_stream, service_stream
from sim.clock import Clock

BUSY_DELAY = int(default("host.busy_delay"))
SERVER_UNIT, SERVER_CREDIT = 32 << 10, 32
"""Of a backup server's scheduler: its reads are one flow for each datastore and have no tags to wait for."""


def server_name(spec: scenario.Vadp) -> str:
    """The backup server of a job that reads from the array: a machine beside the hosts."""
    return f"server {spec.transport.proxy}"


def server(spec: scenario.Vadp) -> scenario.Host:
    """That server as what stands in front of its devices: first come, first served, up to its queue's depth."""
    rule, full = Dsnro(spec.transport.queue_depth, "disk", "competition", 1, 1), QueueFull(0, 1, "samples", BUSY_DELAY)
    return scenario.Host(server_name(spec), "fifo", SERVER_UNIT, SERVER_CREDIT, rule, full, 0, 0, 0)


class Machine:
    """Hosts, datastores and VMs of one run, without protections; nothing runs yet."""

    store_type: type[Datastore] = Datastore  # a traced path has its own (models.path.traced)
    disk_type: type[Disk] = Disk

    def __init__(self, spec: scenario.Scenario, replicate: int) -> None:
        self.spec = spec
        self.replicate = replicate
        self.seed = spec.run.seed
        self.clock = Clock()
        self.servers = {server_name(job): server(job) for job in spec.vadp if job.transport.kind == "san"}
        filters = tuple(dict.fromkeys(f.name for vm in spec.vms for f in vm.filters))
        groups = tuple(group.name for group in spec.vaio)
        synchronous = tuple(group.name for group in spec.vaio if group.synchronous)
        self.causes = Causes(filters + groups, synchronous, holds_of(spec.vadp, spec.snapshots))
        self.recorder = Recorder(self.clock, spec, self.causes)
        stores = enumerate(spec.datastores)
        self.stores = {s.name: self.store_type(self.clock, s, number) for number, s in stores}
        self.devices: dict[tuple[str, str], Device] = {}
        self._threads: dict[tuple[str, str], Workers] = {}  # by host and filter
        self._cores = {h.name: Cores(h) for h in spec.hosts if h.filter_cores}
        self._entities = 0
        self.vms = [self._vm(vm, index) for index, vm in enumerate(spec.vms)]
        self.index = {vm.name: index for index, vm in enumerate(spec.vms)}
        self._place_disks()

    def _device(self, host: str, datastore: str) -> Device:
        if (host, datastore) not in self.devices:
            spec, store = self.servers.get(host), self.stores[datastore]
            depth = store.spec.device_queue_depth if spec is None else spec.dsnro.outstanding
            spec = spec or next(h for h in self.spec.hosts if h.name == host)
            self.devices[host, datastore] = Device(self.clock, spec, store, depth, len(self.devices), self.recorder)
        return self.devices[host, datastore]

    def _entity(self) -> int:
        self._entities += 1
        return self._entities

    def _vm(self, spec: scenario.Vm, index: int) -> Vm:
        vm = Vm(self.clock, spec, index, self.causes, self.recorder)
        host = next(h for h in self.spec.hosts if h.name == spec.host)
        vm.path_latency_ns = host.path_latency_ns
        for f in spec.filters:
            draws = hop_stream(self.seed, self.replicate, f"{spec.name}/{f.name}")
            vm.filters.append(Hop(f, draws, self._workers(spec.host, f), self._cores.get(spec.host)))
        for d in spec.disks:
            share = Share(d.reservation_iops, d.limit_iops, d.shares)
            flow = self._device(spec.host, d.datastore).add_flow(d.name, self._entity(), index, share)
            disk = self.disk_type(d, self.spec.snapshots.delta, flow, self.causes)
            store = self.stores[d.datastore].spec
            disk.read_draws = service_stream(self.seed, self.replicate, d.name, store, write=False)
            disk.write_draws = service_stream(self.seed, self.replicate, d.name, store, write=True)
            disk.owner = vm
            vm.disks.append(disk)
        return vm

    def _workers(self, host: str, spec: scenario.Filter) -> Workers | None:
        """The filter's workers in that host; None: they are not counted."""
        return self._threads.setdefault((host, spec.name), workers(spec.workers)) if spec.workers else None

    def cores(self) -> dict[str, tuple[int, int]]:
        """By host that counts them: the cores for filters, and the CPU time of all hops."""
        facts = {host: one.state.facts for host, one in self._cores.items()}
        return {host: (fact[COUNT], fact[BUSY]) for host, fact in facts.items()}

    def _place_disks(self) -> None:
        for store in self.stores.values():
            store.free_bytes = store.spec.capacity_bytes
        for vm in self.spec.vms:
            for disk in vm.disks:
                self.stores[disk.datastore].free_bytes -= disk.size_bytes
        for store in self.stores.values():
            store.lowest_bytes = store.free_bytes
