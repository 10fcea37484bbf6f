"""Puts a hypervisor together from its description: datastores, devices, VMs with their disks and filters, protections.

The order of building is the order of the scenario; entities are numbered in it, and these numbers decide ties.
"""

from collections.abc import Iterator

from models import scenario
from models.assumptions import default
from models.measure.recorder import Recorder
from models.measure.risk import RiskMeter
from models.mechanisms.bucket import Bucket, bucket
from models.mechanisms.workers import Workers, hop, workers
from models.path import guest
from models.path.bulk import BackupRead, Merge, Transport, metadata_ios
from models.path.causes import Causes
from models.path.datastore import Datastore
from models.path.device import Device, Flow, Share
from models.path.disk import Disk
from models.path.replica import Replicator, Splitter
from models.path.vm import Vm
from models.workload import guest_io, hop_stream, service_stream
from sim.clock import Clock, Signal
from sim.streams import uniform_stream

CBT_MAX_DISK = int(default("fixed.cbt_doubling"))
"""Up to this disk size changed blocks have the configured size; it doubles with the disk above (CBT v1)."""

NBD_SHARE = Share(reservation=0, limit=0, shares=int(default("fixed.nbd_shares")))
"""A serving host's reads compete as one normal disk does, for each job and datastore (nothing is published)."""


class Hop:
    """A filter in one VM; its workers, if they are counted, are those of the host."""

    def __init__(self, spec: scenario.Filter, draws: Iterator[float], threads: Workers | None) -> None:
        self.name = spec.name
        self.spec = spec
        self.draws = None if spec.distribution == "fixed" else draws
        self.threads = threads

    def down_ns(self, begins_ns: int) -> int:
        return self._cross(begins_ns, self.spec.down_ns)

    def up_ns(self, begins_ns: int) -> int:
        return self._cross(begins_ns, self.spec.up_ns)

    def _cross(self, begins_ns: int, mean_ns: int) -> int:
        cost = mean_ns if self.draws is None else round(mean_ns * next(self.draws))
        return cost if self.threads is None else hop(self.threads, begins_ns, cost)

    def passes(self, disk: int, io: object) -> None:
        """It looks at nothing."""


class Job:
    """A VADP protection as the path sees it: flows of its NBD reads, and what its bytes pass."""

    def __init__(self, spec: scenario.Vadp, host: Bucket) -> None:
        self.spec = spec
        self.transport = Transport(spec, host)
        self.flows: dict[str, Flow] = {}  # by datastore
        self.draws: dict[str, Iterator[int]] = {}
        self.meters: dict[int, RiskMeter] = {}  # by VM index


class Hypervisor:
    """Everything that carries I/O in one run: the readable path. Stories act on its parts."""

    def __init__(self, spec: scenario.Scenario, arm: scenario.Arm, replicate: int) -> None:
        self.spec = spec
        self.replicate = replicate
        self.seed = spec.run.seed
        self.clock = Clock()
        jobs = spec.vadp if arm in ("vadp", "both") else ()
        groups = spec.vaio if arm in ("vaio", "both") else ()
        names = tuple(dict.fromkeys(f.name for vm in spec.vms for f in vm.filters)) + tuple(g.name for g in groups)
        self.causes = Causes(names)
        self.recorder = Recorder(self.clock, spec, self.causes)
        self.stores = {s.name: Datastore(self.clock, s) for s in spec.datastores}
        self.devices: dict[tuple[str, str], Device] = {}
        self._nbd: dict[str, Bucket] = {}  # by serving host
        self._threads: dict[tuple[str, str], Workers] = {}  # by host and filter
        self._entities = 0
        self.vms = [self._vm(vm, index) for index, vm in enumerate(spec.vms)]
        self.index = {vm.name: index for index, vm in enumerate(spec.vms)}
        self._place_disks()
        self.jobs = [self._job(job) for job in jobs]
        self.replicators = [self._replicator(group) for group in groups]
        for device in self.devices.values():
            device.start()
        for replicator in self.replicators:
            replicator.start()
        self._start_guests()

    def _device(self, host: str, datastore: str) -> Device:
        if (host, datastore) not in self.devices:
            spec = next(h for h in self.spec.hosts if h.name == host)
            device = Device(self.clock, spec, self.stores[datastore], len(self.devices), self.recorder)
            self.devices[host, datastore] = device
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
            vm.filters.append(Hop(f, draws, self._workers(spec.host, f)))
        for d in spec.disks:
            share = Share(d.reservation_iops, d.limit_iops, d.shares)
            flow = self._device(spec.host, d.datastore).add_flow(d.name, self._entity(), index, share)
            disk = Disk(d, self.spec.snapshots.delta, flow, self.causes)
            store = self.stores[d.datastore].spec
            disk.read_draws = service_stream(self.seed, self.replicate, d.name, store, write=False)
            disk.write_draws = service_stream(self.seed, self.replicate, d.name, store, write=True)
            vm.disks.append(disk)
        return vm

    def _workers(self, host: str, spec: scenario.Filter) -> Workers | None:
        """The filter's workers in that host; None: they are not counted."""
        return self._threads.setdefault((host, spec.name), workers(spec.workers)) if spec.workers else None

    def _place_disks(self) -> None:
        for store in self.stores.values():
            store.free_bytes = store.spec.capacity_bytes
        for vm in self.spec.vms:
            for disk in vm.disks:
                self.stores[disk.datastore].free_bytes -= disk.size_bytes

    def _meter(self, name: str, vm: int, inline: bool) -> RiskMeter:
        meter = RiskMeter(name, self.spec.vms[vm].name, inline, self.spec.run.warmup_ns)
        self.vms[vm].meters.append(meter)
        self.recorder.books[vm].meters.append(meter)
        return meter

    def _job(self, spec: scenario.Vadp) -> Job:
        job = Job(spec, self._nbd.setdefault(spec.serving_host, bucket(0)))
        for name in spec.vms:
            index = self.index[name]
            job.meters[index] = self._meter(spec.name, index, inline=False)
            for disk in self.vms[index].disks:
                store, size = disk.spec.datastore, disk.spec.size_bytes
                block = spec.cbt_block_bytes
                while size > CBT_MAX_DISK:
                    block, size = block * 2, size // 2
                disk.track_changes(block)
                if store not in job.flows:
                    device = self._device(spec.serving_host, store)
                    job.flows[store] = device.add_flow(f"NBD {spec.name}", self._entity(), -1, NBD_SHARE)
                    job.draws[store] = service_stream(
                        self.seed, self.replicate, f"{spec.name}/{store}", self.stores[store].spec, write=False
                    )
        return job

    def _replicator(self, spec: scenario.Vaio) -> Replicator:
        members = [self.index[name] for name in spec.vms]
        disks = [disk for index in members for disk in self.vms[index].disks]
        replicator = Replicator(self.clock, spec, self._entity(), disks)
        first = 0
        for index in members:
            self.vms[index].filters.append(Splitter(replicator, first))
            first += len(self.vms[index].disks)
            meter = self._meter(spec.name, index, inline=True)
            replicator.meters.append(meter)
            if spec.seeded:
                meter.usable(0, 0, 0)
        return replicator

    @property
    def events(self) -> int:
        """Moments that the clock was given."""
        return self.clock.moments

    # -- what stories start ---------------------------------------------------------------------------------------

    def metadata(self, disk: Disk, ios: int, size_bytes: int) -> Signal:
        """Writes that many pieces of metadata on the disk's flow, one after the other; fires after the last."""
        return metadata_ios(disk, ios, size_bytes)

    def merge(self, disk: Disk) -> Merge:
        """One disk's pass of the mirror driver begins."""
        return Merge(disk, self.spec.snapshots.merge)

    def read(self, job: Job, disk: Disk, blocks: list[int]) -> BackupRead:
        """The job reads these of its tool's blocks of one disk."""
        store = disk.spec.datastore
        return BackupRead(disk, job.flows[store], job.draws[store], job.transport, blocks)

    def _start_guests(self) -> None:
        stores = {s.name: s for s in self.spec.datastores}
        for vm in self.vms:
            for number, workload in enumerate(vm.spec.workloads):
                draws = guest_io(vm.spec, workload, stores, self.seed, self.replicate)
                states = uniform_stream(self.seed, self.replicate, f"{vm.spec.name}/{workload.name}", "burst states")
                guest.start(self.clock, vm, number, draws, states)
