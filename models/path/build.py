"""Puts a hypervisor together from its description: the readable path. Its machines, then its protections."""

from collections.abc import Iterator

from models import scenario
from models.assumptions import default
from models.measure.risk import RiskMeter
from models.mechanisms.appliance import Appliance, appliance
from models.mechanisms.bucket import Bucket, bucket
from models.mechanisms.cbt import tracked_block
from models.path import guest
from models.path.bulk import BackupRead, Merge, Pipes, Transport, metadata_ios
from models.path.device import Flow, Share
from models.path.disk import Disk
from models.path.io import SNAPSHOT
from models.path.machine import Machine, server_name
from models.path.replica import Replicator, Splitter
from models.path.vm import Vm
from models.windows import first_gap, unseen_writes
from models.workload import Draw, guest_io, service_stream
from sim.clock import Signal
from sim.streams import uniform_stream

CBT_DOUBLING = {"v1": int(default("fixed.cbt_doubling")), "v2": 0}
"""Up to this disk size changed blocks have the configured size; above it doubles with the disk. 0: it never does."""

NBD_SHARE = Share(reservation=0, limit=0, shares=int(default("fixed.nbd_shares")))
"""A serving host's reads compete as one normal disk does, for each job and datastore (nothing is published)."""


def reading_flow(spec: scenario.Vadp, disk: scenario.Disk) -> tuple[str, str, str]:
    """Which flow of a job reads that disk (a key), the machine it belongs to, and its name.

    A serving host and a backup server have one for each job and datastore. A hot-added disk is a virtual disk of the
    proxy VM, so a flow of its own.
    """
    kind = spec.transport.kind
    if kind == "hotadd":
        return disk.name, spec.serving_host, f"HotAdd {disk.name}"
    if kind == "san":
        return disk.datastore, server_name(spec), f"SAN {spec.name}"
    return disk.datastore, spec.serving_host, f"NBD {spec.name}"


def shared_pipes(spec: scenario.Vadp) -> tuple[tuple[str, str], ...]:
    """What a job's bytes pass beside its streams, as of `Pipes`: what each is, and whose."""
    way = spec.transport
    host = spec.serving_host
    return ("host", host), ("ssl", host), ("proxy", way.proxy), ("repository", way.repository)


class Job:
    """A VADP protection as the path sees it: flows of its reads, and what its bytes pass."""

    def __init__(self, spec: scenario.Vadp, pipes: Pipes) -> None:
        self.spec = spec
        self.transport = Transport(spec, pipes)
        self.flows: dict[str, Flow] = {}  # by the key of `reading_flow`
        self.draws: dict[str, Iterator[int]] = {}
        self.meters: dict[int, RiskMeter] = {}  # by VM index


class Hypervisor(Machine):
    """Everything that carries I/O in one run: the readable path. Stories act on its parts."""

    def __init__(self, spec: scenario.Scenario, replicate: int) -> None:
        super().__init__(spec, replicate)
        self._pipes: dict[tuple[str, str], Bucket] = {}  # by what it is, and whose
        self._appliances: dict[str, Appliance] = {}
        self.jobs = [self._job(job) for job in spec.vadp]
        self.replicators = [self._replicator(group) for group in spec.vaio]
        for device in self.devices.values():
            device.start()
        for replicator in self.replicators:
            replicator.start()
        self.shut(first_gap(spec.run.observe))
        self._start_guests()

    def _meter(self, name: str, vm: int, inline: bool) -> RiskMeter:
        meter = RiskMeter(name, self.spec.vms[vm].name, inline, self.spec.run.warmup_ns)
        self.vms[vm].meters.append(meter)
        self.recorder.books[vm].meters.append(meter)
        return meter

    def _job(self, spec: scenario.Vadp) -> Job:
        job = Job(spec, Pipes(*(self._pipes.setdefault(pipe, bucket(0)) for pipe in shared_pipes(spec))))
        for name in spec.vms:
            index = self.index[name]
            job.meters[index] = self._meter(spec.name, index, inline=False)
            for disk in self.vms[index].disks:
                store, size = disk.spec.datastore, disk.spec.size_bytes
                disk.track_changes(tracked_block(spec.cbt_block_bytes, size, CBT_DOUBLING[spec.cbt]))
                key, machine, name = reading_flow(spec, disk.spec)
                if key not in job.flows:
                    job.flows[key] = self._device(machine, store).add_flow(name, self._entity(), -1, NBD_SHARE)
                if store not in job.draws:
                    job.draws[store] = service_stream(
                        self.seed, self.replicate, f"{spec.name}/{store}", self.stores[store].spec, write=False
                    )
        return job

    def _replicator(self, spec: scenario.Vaio) -> Replicator:
        members = [self.index[name] for name in spec.vms]
        disks = [disk for index in members for disk in self.vms[index].disks]
        cause = self.causes.replica.get(spec.name, 0)
        shared = self._appliance(spec.appliance) if spec.appliance is not None else None
        replicator = Replicator(self.clock, spec, self._entity(), disks, cause, shared)
        first = 0
        for index in members:
            self.vms[index].filters.append(Splitter(replicator, first, self._cores.get(self.spec.vms[index].host)))
            first += len(self.vms[index].disks)
            meter = self._meter(spec.name, index, inline=True)
            replicator.meters.append(meter)
            if spec.seeded:
                meter.usable(0, 0, 0)
        return replicator

    def _appliance(self, spec: scenario.Appliance) -> Appliance:
        made = appliance(spec.bytes_per_s, spec.writes_per_s, spec.link_bytes_per_s, spec.buffer_bytes)
        return self._appliances.setdefault(spec.name, made)

    @property
    def events(self) -> int:
        """Moments that the clock was given."""
        return self.clock.moments

    def shut(self, gap_ns: int) -> None:
        """Closed loops make no requests for so long (0: they do): the time to the next window."""
        for vm in self.vms:
            vm.shut_ns = gap_ns

    # -- what stories start ---------------------------------------------------------------------------------------

    def metadata(self, disk: Disk, ios: int, size_bytes: int, kind: int = SNAPSHOT) -> Signal:
        """Writes that many pieces of metadata, or of memory, on the disk's flow, one by one; fires after the last."""
        return metadata_ios(disk, ios, size_bytes, kind)

    def merge(self, disk: Disk, level: int = 0) -> Merge:
        """The mirror driver's pass over a disk begins; or one over its deltas up to `level` alone."""
        return Merge(disk, self.spec.snapshots.merge, level)

    def flush(self, vm: Vm, draws: list[Draw], first: int, outstanding: int) -> Signal:
        """The guest's caches write these, so many at a time; fires when all are delivered."""
        return guest.flush(self.clock, vm, draws, first, outstanding)

    def read(self, job: Job, disk: Disk, blocks: list[int], allowed: int = 0) -> BackupRead:
        """The job reads these of its tool's blocks of one disk, with so many reads in flight (0: its own number)."""
        flow = job.flows[reading_flow(job.spec, disk.spec)[0]]
        return BackupRead(disk, flow, job.draws[disk.spec.datastore], job.transport, blocks, allowed)

    def _start_guests(self) -> None:
        stores = {s.name: s for s in self.spec.datastores}
        for vm in self.vms:
            for number, workload in enumerate(vm.spec.workloads):
                draws = guest_io(vm.spec, workload, stores, self.seed, self.replicate)
                states = uniform_stream(self.seed, self.replicate, f"{vm.spec.name}/{workload.name}", "burst states")
                guest.start(self.clock, vm, number, draws, states, self.spec.run.observe)
                if self.spec.run.observe:
                    writes = unseen_writes(self.spec, vm.spec, workload, self.seed, self.replicate)
                    guest.start_unseen(self.clock, vm, number, writes)
