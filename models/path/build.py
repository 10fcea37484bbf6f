"""Puts a hypervisor together from its description: the readable path. Its machines, then its protections."""

from collections.abc import Iterator

from models import scenario
from models.assumptions import default
from models.measure.risk import RiskMeter
from models.mechanisms.bucket import Bucket, bucket
from models.path import guest
from models.path.bulk import BackupRead, Merge, Transport, metadata_ios
from models.path.device import Flow, Share
from models.path.disk import Disk
from models.path.machine import Machine
from models.path.replica import Replicator, Splitter
from models.windows import first_gap, unseen_writes
from models.workload import guest_io, service_stream
from sim.clock import Signal
from sim.streams import uniform_stream

CBT_MAX_DISK = int(default("fixed.cbt_doubling"))
"""Up to this disk size changed blocks have the configured size; it doubles with the disk above (CBT v1)."""

NBD_SHARE = Share(reservation=0, limit=0, shares=int(default("fixed.nbd_shares")))
"""A serving host's reads compete as one normal disk does, for each job and datastore (nothing is published)."""


class Job:
    """A VADP protection as the path sees it: flows of its NBD reads, and what its bytes pass."""

    def __init__(self, spec: scenario.Vadp, host: Bucket) -> None:
        self.spec = spec
        self.transport = Transport(spec, host)
        self.flows: dict[str, Flow] = {}  # by datastore
        self.draws: dict[str, Iterator[int]] = {}
        self.meters: dict[int, RiskMeter] = {}  # by VM index


class Hypervisor(Machine):
    """Everything that carries I/O in one run: the readable path. Stories act on its parts."""

    def __init__(self, spec: scenario.Scenario, arm: scenario.Arm, replicate: int) -> None:
        super().__init__(spec, arm, replicate)
        self._nbd: dict[str, Bucket] = {}  # by serving host
        self.jobs = [self._job(job) for job in self.job_specs]
        self.replicators = [self._replicator(group) for group in self.group_specs]
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

    def shut(self, gap_ns: int) -> None:
        """Closed loops make no requests for so long (0: they do): the time to the next window."""
        for vm in self.vms:
            vm.shut_ns = gap_ns

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
                guest.start(self.clock, vm, number, draws, states, self.spec.run.observe)
                if self.spec.run.observe:
                    writes = unseen_writes(self.spec, vm.spec, workload, self.seed, self.replicate)
                    guest.start_unseen(self.clock, vm, number, writes)
