"""Puts the machines of a run together in flat memory: datastores, devices, VMs with their disks and filters.

Built in the order of `models.path.machine`, with the same numbers for entities: these decide ties.
"""

from collections.abc import Iterator

from models import scenario
from models.arrivals import NEVER_NS
from models.compiled import layout
from models.compiled.device import SERVED_WORDS
from models.compiled.draws import Columns, Stream, hops, services
from models.compiled.engine import Conducted, Engine
from models.compiled.ledgers import Book, Recorder
from models.compiled.parts import Device, Disk, Store, Vm
from models.compiled.reserve import burst_of, reserve_of
from models.mechanisms import bucket, grains, mclock, slowdown, workers, writecache
from models.path.causes import Causes, holds_of
from models.path.datastore import buckets
from models.path.device import Share, dsnro_of, full_of, throttle_of
from models.path.machine import server, server_name
from models.result import COMMAND_CAUSES, LAYERS
from sim.clock import ARRIVAL, COMPLETION, DISPATCH, order
from sim.memory import Record
from sim.units import NS_PER_S


class Machine:
    """Hosts, datastores and VMs of one run, without protections; nothing runs yet."""

    def __init__(self, spec: scenario.Scenario, replicate: int) -> None:
        self.spec = spec
        self.seed, self.replicate = spec.run.seed, replicate
        self.servers = {server_name(job): server(job) for job in spec.vadp if job.transport.kind == "san"}
        filters = tuple(dict.fromkeys(f.name for vm in spec.vms for f in vm.filters))
        groups = tuple(group.name for group in spec.vaio)
        synchronous = tuple(group.name for group in spec.vaio if group.synchronous)
        self.causes = Causes(filters + groups, synchronous, holds_of(spec.vadp, spec.snapshots))
        self.columns = self._columns(deltas=bool(spec.vadp))
        self.clock = Conducted()
        self.engine = self.clock.engine = Engine(self.clock)
        self._set_world()
        self._specs = {s.name: s for s in spec.datastores}
        self.stores = {s.name: self._store(s) for s in spec.datastores}
        self.devices: dict[tuple[str, str], Device] = {}
        self._shares: dict[tuple[str, str], list[Share]] = {}
        self._threads: dict[tuple[str, str], int] = {}  # by host and filter: its workers
        self._cores = {
            h.name: (self.engine.memory.place(workers.workers(h.filter_cores)), h.filter_cpu_ns)
            for h in spec.hosts if h.filter_cores
        }  # fmt: skip
        self._entities = 0
        self._splitters: dict[int, list[tuple[Record, scenario.Vaio, int]]] = {}  # by VM: replica, its spec, first disk
        self.recorder = Recorder(self.engine, [Book(self.engine, vm, spec.run.slowest) for vm in spec.vms])
        self.vms = [self._vm(vm, index) for index, vm in enumerate(spec.vms)]
        self.index = {vm.name: index for index, vm in enumerate(spec.vms)}

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
            space_hold=self._column(causes.space_hold) if causes.space_hold in self.columns else 0,
            quiesce_hold=self._column(causes.quiesce_hold) if causes.quiesce_hold in self.columns else 0,
            closed=NEVER_NS, mirror_hold=self._column(causes.mirror_hold) if causes.mirror_hold in self.columns else 0,
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
        bytes_cap, iops_cap = buckets(spec)
        record = self.engine.new(layout.STORE).set(
            idle=spec.servers or 1 << 40, bytes_cap=memory.place(bytes_cap), iops_cap=memory.place(iops_cap),
            peak_bandwidth=spec.peak_bandwidth_bytes_per_s, peak_bytes=memory.place(bucket.bucket(0)),
            peak_iops=memory.place(bucket.bucket(0)), peak_ns=NS_PER_S // spec.peak_iops if spec.peak_iops else 0,
            array=self._array(spec) if spec.queue_limit or spec.cache else 0, bandwidth=spec.bandwidth_bytes_per_s,
            iops_ns=NS_PER_S // spec.iops_cap if spec.iops_cap else 0, read_stream=spec.read.stream_bytes_per_s,
            write_stream=spec.write.stream_bytes_per_s, free_bytes=spec.capacity_bytes - disks,
            lowest=spec.capacity_bytes - disks, served=memory.take(SERVED_WORDS),
        )  # fmt: skip
        if record.array:  # its own writes have a flow and a device, which nobody else sees
            own = self.engine.new(layout.DEVICE).set(store=record.address)
            flow = self.engine.at(layout.FLOW, self.engine.at(layout.ARRAY, record.array).flow)
            flow.device = own.address
        if spec.slowdown_milli:
            record.slowdown = memory.place(slowdown.slowdown(spec.slowdown_milli))
        return Store(self.engine, spec, record)

    def _array(self, spec: scenario.Datastore) -> int:
        """What stands before the servers."""
        key = order(COMPLETION, 2, self.spec.datastores.index(spec))
        array = self.engine.new(layout.ARRAY).set(limit=spec.queue_limit)
        array.flow = self.engine.new(layout.FLOW).set(completion_key=key).address
        if spec.cache:
            state = writecache.write_cache(spec.cache.size_bytes, spec.cache.destagers)
            array.set(cache=self.engine.memory.place(state), latency=spec.cache.latency_ns)
        return array.address

    def _device(self, host_name: str, datastore: str) -> Device:
        place = host_name, datastore
        if place not in self.devices:
            host, entity, spec = self._host(host_name), len(self.devices), self._specs[datastore]
            record = self.engine.new(layout.DEVICE).set(
                store=self.stores[datastore].record.address, timer=-1, hopeless=-1, fifo=host.scheduler == "fifo",
                capping=dsnro_of(host, spec) <= self._depth(host_name, datastore), retry=host.queue_full.retry_ns,
                again_key=order(DISPATCH, 3, entity),
                cost_unit=host.cost_unit_bytes, dispatch_key=order(DISPATCH, 0, entity),
                due_key=order(DISPATCH, 1, entity), limit_key=order(DISPATCH, 2, entity),
            )  # fmt: skip
            self._shares[place] = []
            self.devices[place] = Device(self.engine, record, [], self._shares[place])
        return self.devices[place]

    def _host(self, name: str) -> scenario.Host:
        return self.servers.get(name) or next(host for host in self.spec.hosts if host.name == name)

    def _depth(self, host: str, datastore: str) -> int:
        if host in self.servers:
            return self.servers[host].dsnro.outstanding
        return self._specs[datastore].device_queue_depth

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
            host, shares, spec = self._host(host_name), self._shares[host_name, store], self._specs[store]
            depth = self._depth(host_name, store)
            tags = mclock.mclock(
                [s.reservation for s in shares], [s.limit for s in shares], [s.shares for s in shares], host.idle_credit
            )
            device.record.set(
                flows=memory.row([flow.address for flow in device.flows]),
                heads=memory.take(len(shares)), tags=memory.place(tags),
                throttle=memory.place(throttle_of(host, spec, len(shares), depth)),
            )  # fmt: skip
            if full := full_of(host, spec, depth):
                device.record.full = memory.place(full)
        world.devices = memory.row([device.record.address for device in self.devices.values()])
        world.device_count = len(self.devices)

    # -- VMs -------------------------------------------------------------------------------------------------

    def _vm(self, spec: scenario.Vm, index: int) -> Vm:
        engine, memory, book = self.engine, self.engine.memory, self.recorder.books[index]
        book.columns, book.causes = self.columns, len(self.causes.names)
        host, count = self._host(spec.host), len(spec.disks)
        record = engine.new(layout.VM).set(
            index=index, adapter_free=spec.adapter_queue_depth, disk_count=count, book=book.record.address,
            workloads=len(spec.workloads),
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
            metadata_bytes=delta.metadata_bytes, growth=delta.growth_bytes, table_bytes=delta.table_bytes,
            directory_writes=delta.directory_writes,
        )  # fmt: skip
        engine.names[record.address] = spec.datastore, spec.name
        return Disk(engine, spec, delta, store, record)

    def cores(self) -> dict[str, tuple[int, int]]:
        """By host that counts them: the cores for filters, and the CPU time of all hops."""
        states = {host: self.engine.memory.fetch(workers.Workers, at).facts for host, (at, _) in self._cores.items()}
        return {host: (int(fact[workers.COUNT]), int(fact[workers.BUSY])) for host, fact in states.items()}

    def _filters(self, vm: Vm) -> None:
        """The VM's filters, then the splitters of its replications."""
        engine, places, splitters = self.engine, layout.HOP_WORDS, self._splitters.get(vm.index, [])
        vm.record.filter_count = len(vm.spec.filters) + len(splitters)
        vm.record.filters = engine.memory.take(vm.record.filter_count * places)
        cores, cpu = self._cores.get(vm.spec.host, (0, 0))
        for number, f in enumerate(vm.spec.filters):
            hop = engine.at(layout.HOP, vm.record.filters + number * places)
            hop.set(cause=self._column(self.causes.filter[f.name]), down=f.down_ns, up=f.up_ns, cores=cores, cpu=cpu)
            if f.workers:
                threads = engine.memory.place(workers.workers(f.workers))
                hop.workers = self._threads.setdefault((vm.spec.host, f.name), threads)
            if f.distribution != "fixed":
                blocks = hops(self.seed, self.replicate, f"{vm.spec.name}/{f.name}", f, self._progress)
                hop.stream = self._stream(blocks, 2)
        for number, (replica, spec, first) in enumerate(splitters, len(vm.spec.filters)):
            hop = engine.at(layout.HOP, vm.record.filters + number * places)
            cause = self._column(self.causes.filter[spec.name])
            hop.set(
                cause=cause, splitter=replica.address, first_disk=first, down=spec.down_ns, up=spec.up_ns, cores=cores,
                cpu=cpu,
            )  # fmt: skip

    def _progress(self) -> tuple[int, int]:
        """The time now, and when the run ends."""
        return self.engine.world.now, self.spec.run.duration_ns

    def _stream(self, blocks: Iterator[Columns], width: int = 1) -> int:
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
