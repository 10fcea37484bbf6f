"""Puts a hypervisor together in flat memory: the compiled path. Twin of `models.path.build`.

Its machines, and then its protections, in the order of the scenario; what stories start.
"""

from models import scenario
from models.compiled import layout
from models.compiled.bulkwork import JobParts, ReadWork, Replicator, Work, Works
from models.compiled.draws import guest_rows, unseen_rows
from models.compiled.ledgers import Meter
from models.compiled.machine import Machine
from models.compiled.parts import Disk, Vm
from models.mechanisms import appliance, bucket, replication
from models.mechanisms.cbt import tracked_block
from models.outages import wire_of
from models.path.build import CBT_DOUBLING, NBD_SHARE, reading_flow, shared_pipes
from models.path.io import SNAPSHOT
from models.windows import UNSEEN_SLOT, first_gap
from models.workload import Draw
from sim.clock import ARRIVAL, Signal, order


class Hypervisor(Machine):
    """Everything that carries I/O in one run: the compiled path. Stories act on its parts."""

    def __init__(self, spec: scenario.Scenario, replicate: int) -> None:
        super().__init__(spec, replicate)
        self.works = Works(self.engine)
        self._pipes: dict[tuple[str, str], int] = {}  # by what it is, and whose: its bucket
        self._appliances: dict[str, int] = {}
        self.jobs = [self._job(job) for job in spec.vadp]
        self.replicators = [self._replicator(group) for group in spec.vaio]
        self.shut(first_gap(spec.run.observe))
        self._start()

    @property
    def events(self) -> int:
        """Moments that SimPy's heap and the compiled loop's were given."""
        return self.clock.moments + int(self.engine.world.moments)

    # -- protections -----------------------------------------------------------------------------------------

    def _meter(self, name: str, vm: int, inline: bool) -> Meter:
        book = self.recorder.books[vm]
        meter = Meter(self.engine, name, self.spec.vms[vm], inline, self.spec.run.warmup_ns)
        book.meters.append(meter)
        self.recorder.readers[meter.record.address] = meter
        book.record.meters = self.engine.memory.row([one.record.address for one in book.meters])
        book.record.meter_count = len(book.meters)
        return meter

    def _job(self, spec: scenario.Vadp) -> JobParts:
        place, way = self.engine.memory.place, spec.transport
        host, ssl, proxy, repository = (
            self._pipes.setdefault(pipe, place(bucket.bucket(0))) for pipe in shared_pipes(spec)
        )
        transport = self.engine.new(layout.TRANSPORT).set(
            host=host, ssl=ssl, proxy=proxy, repository=repository, stream_rate=spec.stream_bytes_per_s,
            host_rate=spec.host_bytes_per_s, repository_rate=spec.repository_bytes_per_s,
            ssl_rate=way.ssl_bytes_per_s, ssl_host_rate=way.ssl_host_bytes_per_s, proxy_rate=way.proxy_bytes_per_s,
            reduction=spec.reduction_milli, tool_block=spec.tool_block_bytes,
        )  # fmt: skip
        job = JobParts(spec, transport)
        for name in spec.vms:
            index = self.index[name]
            job.meters[index] = self._meter(spec.name, index, inline=False)
            for disk in self.vms[index].disks:
                store, size = disk.spec.datastore, disk.spec.size_bytes
                disk.track_changes(tracked_block(spec.cbt_block_bytes, size, CBT_DOUBLING[spec.cbt]))
                self._draws_for(disk, writes=True)
                key, machine, _ = reading_flow(spec, disk.spec)
                if key not in job.flows:
                    job.flows[key] = self._flow(machine, store, 0, NBD_SHARE).address
                if store not in job.draws:
                    job.draws[store] = self._services(f"{spec.name}/{store}", store, write=False)
        return job

    def _replicator(self, spec: scenario.Vaio) -> Replicator:
        members = [self.vms[self.index[name]] for name in spec.vms]
        disks = [disk for vm in members for disk in vm.disks]
        memory, entity = self.engine.memory, self._entity()
        group = replication.group(
            [disk.spec.size_bytes for disk in disks], spec.extent_bytes, spec.buffer_bytes, spec.seeded
        )
        synced = spec.synchronous and spec.seeded
        if synced:
            replication.turn_sync(group, True)
        record = self.engine.new(layout.REPLICA).set(
            group=memory.place(group), entity=entity, epoch=1,
            disks=memory.row([disk.record.address for disk in disks]), meter_count=len(members),
            journal=memory.place(bucket.bucket(0)), link_rate=spec.link_bytes_per_s, latency=spec.link_latency_ns,
            reduction=spec.reduction_milli, journal_rate=spec.journal_bytes_per_s, extent=spec.extent_bytes,
            resync_reads=spec.resync_reads, sent_key=order(ARRIVAL, 4, entity), durable_key=order(ARRIVAL, 5, entity),
            back_key=order(ARRIVAL, 6, entity), wire=memory.place(wire_of(spec)), sync=spec.synchronous,
            shared=self._appliance(spec.appliance) if spec.appliance is not None else 0,
            lets_go=spec.on_loss == "asynchronous", limit=spec.hold_limit_ns, blocks=spec.blocks_drain,
            cause=self._column(self.causes.replica[spec.name]) if spec.synchronous else 0, turn=synced, synced=synced,
            left=-1, look_key=order(ARRIVAL, 7, entity), release_key=order(ARRIVAL, 8, entity),
        )  # fmt: skip
        replicator, first, meters = Replicator(self.engine, spec, record), 0, []
        replicator.modes.append((group.facts[replication.MODE], 0))
        self.recorder.modes[record.address] = replicator.modes
        self.recorder.journaled[record.address] = replicator.journaled
        for disk in disks:
            self._draws_for(disk, writes=False)
        for vm in members:
            self._splitters.setdefault(vm.index, []).append((record, spec, first))
            first += len(vm.disks)
            meters.append(self._meter(spec.name, vm.index, inline=True))
            if spec.seeded:
                meters[-1].usable(0, 0, 0)
            meters[-1].record.synced = synced
        if spec.seeded:
            replicator.journaled.append((0, 0, 0))
        record.meters = memory.row([meter.record.address for meter in meters])
        return replicator

    def _appliance(self, spec: scenario.Appliance) -> int:
        state = appliance.appliance(spec.bytes_per_s, spec.writes_per_s, spec.link_bytes_per_s, spec.buffer_bytes)
        return self._appliances.setdefault(spec.name, self.engine.memory.place(state))

    def shut(self, gap_ns: int) -> None:
        """Closed loops make no requests for so long (0: they do): the time to the next window."""
        self.engine.world.shut = gap_ns

    # -- what stories start ----------------------------------------------------------------------------------

    def metadata(self, disk: Disk, ios: int, size_bytes: int, kind: int = SNAPSHOT) -> Signal:
        """Writes that many pieces of metadata, or of memory, on the disk's flow, one by one; fires after the last."""
        return self.works.metadata(disk, ios, size_bytes, kind)

    def merge(self, disk: Disk, level: int = 0) -> Work:
        """The mirror driver's pass over a disk begins; or one over its deltas up to `level` alone."""
        return self.works.merge(disk, self.spec.snapshots.merge, level)

    def flush(self, vm: Vm, draws: list[Draw], first: int, outstanding: int) -> Signal:
        """The guest's caches write these, so many at a time; fires when all are delivered."""
        return self.works.flush(vm, draws, first, outstanding, self.burst)

    def read(self, job: JobParts, disk: Disk, blocks: list[int], allowed: int = 0) -> ReadWork:
        """The job reads these of its tool's blocks of one disk, with so many reads in flight (0: its own number)."""
        return self.works.read(job, disk, blocks, allowed)

    # -- the beginning ---------------------------------------------------------------------------------------

    def _start(self) -> None:
        self._start_devices()
        for replicator in self.replicators:
            if not replicator.spec.seeded:
                self.engine.tell(layout.SYNC, replicator.record.address)
        for vm in self.vms:
            self._filters(vm)
            for number, workload in enumerate(vm.spec.workloads):
                self._start_workload(vm, number, workload)

    def _start_workload(self, vm: Vm, number: int, spec: scenario.Workload) -> None:
        identity, windows = (self.seed, self.replicate), self.spec.run.observe
        rows = guest_rows(vm.spec, spec, self._specs, identity, windows, self._progress)
        workload = self.engine.new(layout.WORKLOAD).set(stream=self._stream(rows, layout.ROW_WORDS))
        key = order(ARRIVAL, 0, vm.index, number << 20)
        closed, outside = spec.kind == "closed", spec.origin == "external"
        for slot in range(spec.outstanding if closed else 1):
            loop = self.engine.new(layout.LOOP).set(
                vm=vm.record.address, workload=workload.address, number=number, key=key + slot, kind=closed,
                outside=outside, frozen=not outside and vm.spec.guest_clock == "frozen",
                thinks=bool(spec.think_ns) if closed else 1,
            )  # fmt: skip
            self.engine.start([loop.address], layout.LOOP_STARTS)
        if windows:
            self._start_unseen(vm, number, spec)

    def _start_unseen(self, vm: Vm, number: int, spec: scenario.Workload) -> None:
        """The workload's writes outside the windows."""
        rows = unseen_rows(self.spec, vm.spec, spec, (self.seed, self.replicate), self._progress)
        workload = self.engine.new(layout.WORKLOAD).set(stream=self._stream(rows, layout.ROW_WORDS))
        loop = self.engine.new(layout.LOOP).set(
            vm=vm.record.address, workload=workload.address, number=number, frozen=1, thinks=1, unseen=1,
            key=order(ARRIVAL, 0, vm.index, (number << 20) + UNSEEN_SLOT),
        )  # fmt: skip
        self.engine.start([loop.address], layout.LOOP_STARTS)
