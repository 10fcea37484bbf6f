"""Puts a hypervisor together in flat memory: the compiled path. Twin of `models.path.build`.

Built in the same order, with the same numbers for entities: these decide ties.
"""

from collections.abc import Iterator

from models import scenario
from models.compiled import layout
from models.compiled.bulkwork import JobParts, ReadWork, Replicator, Work, Works
from models.compiled.device import SERVED_WORDS
from models.compiled.draws import Stream, guest_rows, hops, services
from models.compiled.engine import Conducted, Engine
from models.compiled.ledgers import Book, Meter, Recorder
from models.compiled.parts import Device, Disk, Store, Vm
from models.compiled.reserve import burst_of, reserve_of
from models.mechanisms import bucket, grains, mclock, replication, throttle, workers
from models.path.build import CBT_MAX_DISK, NBD_SHARE
from models.path.causes import Causes
from models.path.device import Share
from models.result import COMMAND_CAUSES, LAYERS
from sim.clock import ARRIVAL, COMPLETION, DISPATCH, Signal, order
from sim.memory import Record, Words
from sim.units import NS_PER_S


class Hypervisor:
    """Everything that carries I/O in one run: the compiled path. Stories act on its parts."""

    def __init__(self, spec: scenario.Scenario, arm: scenario.Arm, replicate: int) -> None:
        self.spec = spec
        self.seed, self.replicate = spec.run.seed, replicate
        jobs = spec.vadp if arm in ("vadp", "both") else ()
        groups = spec.vaio if arm in ("vaio", "both") else ()
        names = tuple(dict.fromkeys(f.name for vm in spec.vms for f in vm.filters)) + tuple(g.name for g in groups)
        self.causes = Causes(names)
        self.columns = self._columns(deltas=bool(jobs))
        self.clock = Conducted()
        self.engine = self.clock.engine = Engine(self.clock)
        self.works = Works(self.engine)
        self._set_world()
        self._specs = {s.name: s for s in spec.datastores}
        self.stores = {s.name: self._store(s) for s in spec.datastores}
        self.devices: dict[tuple[str, str], Device] = {}
        self._shares: dict[tuple[str, str], list[Share]] = {}
        self._nbd: dict[str, int] = {}  # by serving host: its bucket
        self._threads: dict[tuple[str, str], int] = {}  # by host and filter: its workers
        self._entities = 0
        self._splitters: dict[int, list[tuple[Record, scenario.Vaio, int]]] = {}  # by VM: replica, its spec, first disk
        self.recorder = Recorder(self.engine, [Book(self.engine, vm, spec.run.slowest) for vm in spec.vms])
        self.vms = [self._vm(vm, index) for index, vm in enumerate(spec.vms)]
        self.index = {vm.name: index for index, vm in enumerate(spec.vms)}
        self.jobs = [self._job(job) for job in jobs]
        self.replicators = [self._replicator(group) for group in groups]
        self._start()

    @property
    def events(self) -> int:
        """Moments that SimPy's heap and the compiled loop's were given."""
        return self.clock.moments + int(self.engine.world.moments)

    def _set_world(self) -> None:
        spec, causes = self.spec, self.causes
        members = [one.vms for one in spec.vadp] + [one.vms for one in spec.vaio]
        meters = max((sum(vm.name in names for names in members) for vm in spec.vms), default=0)  # of one VM, at most
        self.burst = burst_of(spec)
        count = len(self.columns)
        self.engine.world.set(
            warmup=spec.run.warmup_ns, causes=count, meters=meters, slowest=spec.run.slowest,
            io_words=layout.IO_WORDS + count + meters, commands=self._column(causes.commands),
            host_path=self._column(causes.host_path), hold_in=self._column(causes.stun_hold_in),
            hold_out=self._column(causes.stun_hold_out), guest_queue=self._column(causes.guest_queue),
            mirror_hold=self._column(causes.mirror_hold) if causes.mirror_hold in self.columns else 0,
        )  # fmt: skip
        self.engine.ready(self.burst, reserve_of(spec, self.burst, count))

    def _columns(self, deltas: bool) -> list[int]:
        """The ledger's columns that this run can fill: without deltas no metadata, parent reads or mirrored writes."""
        causes = self.causes
        first, last = causes.commands + len(LAYERS), causes.commands + len(COMMAND_CAUSES) * len(LAYERS)
        return [c for c in range(len(causes.names)) if deltas or not (first <= c < last or c == causes.mirror_hold)]

    def _column(self, cause: int) -> int:
        """Where a column of the result's ledger is in this run's."""
        return self.columns.index(cause)

    # -- datastores and devices ------------------------------------------------------------------------------

    def _store(self, spec: scenario.Datastore) -> Store:
        memory = self.engine.memory
        disks = sum(disk.size_bytes for vm in self.spec.vms for disk in vm.disks if disk.datastore == spec.name)
        record = self.engine.new(layout.STORE).set(
            idle=spec.servers or 1 << 40, bytes_cap=memory.place(bucket.bucket(spec.burst_ns)),
            iops_cap=memory.place(bucket.bucket(spec.burst_ns)), bandwidth=spec.bandwidth_bytes_per_s,
            iops_ns=NS_PER_S // spec.iops_cap if spec.iops_cap else 0, read_stream=spec.read.stream_bytes_per_s,
            write_stream=spec.write.stream_bytes_per_s, free_bytes=spec.capacity_bytes - disks,
            served=memory.take(SERVED_WORDS),
        )  # fmt: skip
        return Store(self.engine, spec, record)

    def _device(self, host_name: str, datastore: str) -> Device:
        place = host_name, datastore
        if place not in self.devices:
            host, entity = self._host(host_name), len(self.devices)
            record = self.engine.new(layout.DEVICE).set(
                store=self.stores[datastore].record.address, timer=-1, hopeless=-1, fifo=host.scheduler == "fifo",
                capping=host.dsnro <= self._specs[datastore].device_queue_depth,
                cost_unit=host.cost_unit_bytes, dispatch_key=order(DISPATCH, 0, entity),
                due_key=order(DISPATCH, 1, entity), limit_key=order(DISPATCH, 2, entity),
            )  # fmt: skip
            self.devices[place] = Device(self.engine, record, [])
            self._shares[place] = []
        return self.devices[place]

    def _host(self, name: str) -> scenario.Host:
        return next(host for host in self.spec.hosts if host.name == name)

    def _flow(self, host: str, datastore: str, vm: int, share: Share) -> Record:
        """A new flow of that device; `vm`: the record of the VM it serves, 0: none."""
        device, entity = self._device(host, datastore), self._entity()
        flow = self.engine.new(layout.FLOW).set(
            device=device.record.address, index=len(device.flows), entity=entity, vm=vm,
            completion_key=order(COMPLETION, 0, entity),
        )  # fmt: skip
        device.flows.append(flow)
        self._shares[host, datastore].append(share)
        return flow

    def _entity(self) -> int:
        self._entities += 1
        return self._entities

    def _start_devices(self) -> None:
        memory, world = self.engine.memory, self.engine.world
        for (host_name, store), device in self.devices.items():
            host, shares = self._host(host_name), self._shares[host_name, store]
            depth = self._specs[store].device_queue_depth
            tags = mclock.mclock(
                [s.reservation for s in shares], [s.limit for s in shares], [s.shares for s in shares], host.idle_credit
            )
            device.record.set(
                flows=memory.row([flow.address for flow in device.flows]),
                heads=memory.row([mclock.NEVER] * len(shares)), tags=memory.place(tags),
                throttle=memory.place(throttle.throttle(len(shares), depth, host.dsnro)),
            )  # fmt: skip
        world.devices = memory.row([device.record.address for device in self.devices.values()])
        world.device_count = len(self.devices)

    # -- VMs -------------------------------------------------------------------------------------------------

    def _vm(self, spec: scenario.Vm, index: int) -> Vm:
        engine, memory, book = self.engine, self.engine.memory, self.recorder.books[index]
        book.columns, book.causes = self.columns, len(self.causes.names)
        host, count = self._host(spec.host), len(spec.disks)
        record = engine.new(layout.VM).set(
            index=index, adapter_free=spec.adapter_queue_depth, disk_count=count, book=book.record.address,
            doors=memory.take(count * layout.DOOR_WORDS), down_key=order(ARRIVAL, 1, index),
            up_key=order(COMPLETION, 1, index), path_latency=host.path_latency_ns,
        )  # fmt: skip
        vm = Vm(engine, spec, index, record)
        for number, disk in enumerate(spec.disks):
            engine.at(layout.DOOR, record.doors + number * layout.DOOR_WORDS).set(
                idle=spec.disk_queue_depth, since=self.spec.run.warmup_ns
            )
            share = Share(disk.reservation_iops, disk.limit_iops, disk.shares)
            vm.disks.append(self._disk(disk, self._flow(spec.host, disk.datastore, record.address, share)))
        record.disks = memory.row([disk.record.address for disk in vm.disks])
        self.recorder.vms.append(record)
        engine.owners[record.address] = spec.name
        return vm

    def _disk(self, spec: scenario.Disk, flow: Record) -> Disk:
        delta, engine = self.spec.snapshots.delta, self.engine
        store, count = self.stores[spec.datastore], -(-spec.size_bytes // delta.grain_bytes)
        held = grains.grain_map(count, delta.table_grains)
        record = engine.new(layout.DISK).set(
            flow=flow.address, store=store.record.address, size=spec.size_bytes, map=engine.memory.place(held),
            grain=delta.grain_bytes, grains=count, table_grains=delta.table_grains,
            tables=held.facts[grains.TABLES], cached=delta.cached_tables, metadata_writes=delta.metadata_writes,
            metadata_bytes=delta.metadata_bytes, growth=delta.growth_bytes,
        )  # fmt: skip
        engine.names[record.address] = spec.datastore, spec.name
        return Disk(engine, spec, delta, store, record)

    def _filters(self, vm: Vm) -> None:
        """The VM's filters, then the splitters of its replications."""
        engine, places, splitters = self.engine, layout.HOP_WORDS, self._splitters.get(vm.index, [])
        vm.record.filter_count = len(vm.spec.filters) + len(splitters)
        vm.record.filters = engine.memory.take(vm.record.filter_count * places)
        for number, f in enumerate(vm.spec.filters):
            hop = engine.at(layout.HOP, vm.record.filters + number * places)
            hop.set(cause=self._column(self.causes.filter[f.name]), down=f.down_ns, up=f.up_ns)
            if f.workers:
                threads = engine.memory.place(workers.workers(f.workers))
                hop.workers = self._threads.setdefault((vm.spec.host, f.name), threads)
            if f.distribution != "fixed":
                blocks = hops(self.seed, self.replicate, f"{vm.spec.name}/{f.name}", f)
                hop.stream = self._stream(blocks, 2)
        for number, (replica, spec, first) in enumerate(splitters, len(vm.spec.filters)):
            hop = engine.at(layout.HOP, vm.record.filters + number * places)
            cause = self._column(self.causes.filter[spec.name])
            hop.set(cause=cause, splitter=replica.address, first_disk=first, down=spec.down_ns, up=spec.up_ns)

    def _stream(self, blocks: Iterator[Words], width: int = 1) -> int:
        stream = Stream(self.engine.memory, blocks, self.burst, width)
        self.engine.streams[stream.address] = stream
        return stream.address

    def _services(self, entity: str, datastore: str, write: bool) -> int:
        return self._stream(services(self.seed, self.replicate, entity, self._specs[datastore], write))

    def _draws_for(self, disk: Disk, writes: bool) -> None:
        """Mechanisms will cause I/Os of this disk."""
        name, store = disk.spec.name, disk.spec.datastore
        if not disk.record.read_draws:
            disk.record.read_draws = self._services(name, store, write=False)
        if writes and not disk.record.write_draws:
            disk.record.write_draws = self._services(name, store, write=True)

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
        memory = self.engine.memory
        transport = self.engine.new(layout.TRANSPORT).set(
            host=self._nbd.setdefault(spec.serving_host, memory.place(bucket.bucket(0))),
            repository=memory.place(bucket.bucket(0)), stream_rate=spec.stream_bytes_per_s,
            host_rate=spec.host_bytes_per_s, repository_rate=spec.repository_bytes_per_s,
            reduction=spec.reduction_milli, tool_block=spec.tool_block_bytes,
        )  # fmt: skip
        job = JobParts(spec, transport)
        for name in spec.vms:
            index = self.index[name]
            job.meters[index] = self._meter(spec.name, index, inline=False)
            for disk in self.vms[index].disks:
                store, size, block = disk.spec.datastore, disk.spec.size_bytes, spec.cbt_block_bytes
                while size > CBT_MAX_DISK:
                    block, size = block * 2, size // 2
                disk.track_changes(block)
                self._draws_for(disk, writes=True)
                if store not in job.flows:
                    job.flows[store] = self._flow(spec.serving_host, store, 0, NBD_SHARE).address
                    job.draws[store] = self._services(f"{spec.name}/{store}", store, write=False)
        return job

    def _replicator(self, spec: scenario.Vaio) -> Replicator:
        members = [self.vms[self.index[name]] for name in spec.vms]
        disks = [disk for vm in members for disk in vm.disks]
        memory, entity = self.engine.memory, self._entity()
        group = replication.group(
            [disk.spec.size_bytes for disk in disks], spec.extent_bytes, spec.buffer_bytes, spec.seeded
        )
        record = self.engine.new(layout.REPLICA).set(
            group=memory.place(group), entity=entity, epoch=1,
            disks=memory.row([disk.record.address for disk in disks]), meter_count=len(members),
            journal=memory.place(bucket.bucket(0)), link_rate=spec.link_bytes_per_s, latency=spec.link_latency_ns,
            reduction=spec.reduction_milli, journal_rate=spec.journal_bytes_per_s, extent=spec.extent_bytes,
            resync_reads=spec.resync_reads, sent_key=order(ARRIVAL, 4, entity), durable_key=order(ARRIVAL, 5, entity),
            back_key=order(ARRIVAL, 6, entity),
        )  # fmt: skip
        replicator, first, meters = Replicator(self.engine, spec, record), 0, []
        replicator.modes.append((group.facts[replication.MODE], 0))
        self.recorder.modes[record.address] = replicator.modes
        for disk in disks:
            self._draws_for(disk, writes=False)
        for vm in members:
            self._splitters.setdefault(vm.index, []).append((record, spec, first))
            first += len(vm.disks)
            meters.append(self._meter(spec.name, vm.index, inline=True))
            if spec.seeded:
                meters[-1].usable(0, 0, 0)
        record.meters = memory.row([meter.record.address for meter in meters])
        return replicator

    # -- what stories start ----------------------------------------------------------------------------------

    def metadata(self, disk: Disk, ios: int, size_bytes: int) -> Signal:
        """Writes that many pieces of metadata on the disk's flow, one after the other; fires after the last."""
        return self.works.metadata(disk, ios, size_bytes)

    def merge(self, disk: Disk) -> Work:
        """One disk's pass of the mirror driver begins."""
        return self.works.merge(disk, self.spec.snapshots.merge)

    def read(self, job: JobParts, disk: Disk, blocks: list[int]) -> ReadWork:
        """The job reads these of its tool's blocks of one disk."""
        return self.works.read(job, disk, blocks)

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
        rows = guest_rows(vm.spec, spec, self._specs, self.seed, self.replicate)
        workload = self.engine.new(layout.WORKLOAD).set(stream=self._stream(rows, layout.ROW_WORDS), number=number)
        key = order(ARRIVAL, 0, vm.index, number << 20)
        closed, outside = spec.kind == "closed", spec.origin == "external"
        for slot in range(spec.outstanding if closed else 1):
            loop = self.engine.new(layout.LOOP).set(
                vm=vm.record.address, workload=workload.address, number=number, key=key + slot, kind=closed,
                outside=outside, frozen=not outside and vm.spec.guest_clock == "frozen",
                thinks=bool(spec.think_ns) if closed else 1,
            )  # fmt: skip
            self.engine.start([loop.address], layout.LOOP_STARTS)
