"""What stories and the audit see of the compiled path: VMs, disks, datastores, devices as objects over flat memory.

They have the names and the meaning of the readable path's objects (`models.path`); the state is in the records.
"""

from models import scenario
from models.chain import Chain
from models.compiled import layout
from models.compiled.engine import Engine
from models.mechanisms import bloom, bucket, cbt, grains, tablecache, throttle, writecache
from models.path.device import Share
from models.path.io import KINDS
from models.result import DeviceAccount
from sim.clock import Signal
from sim.memory import Record


class Store:
    """A datastore."""

    def __init__(self, engine: Engine, spec: scenario.Datastore, record: Record) -> None:
        self.engine = engine
        self.spec = spec
        self.record = record
        self.freed_bytes = 0  # by an operator, during the run

    @property
    def free_bytes(self) -> int:
        return int(self.record.free_bytes)

    @free_bytes.setter
    def free_bytes(self, size_bytes: int) -> None:
        self.record.free_bytes = size_bytes

    def take_space(self, size_bytes: int) -> bool:
        """Takes that much space; False, and nothing taken, when there is less."""
        if size_bytes > self.free_bytes:
            return False
        self.free_bytes -= size_bytes
        self.record.lowest = min(self.record.lowest, self.free_bytes)
        return True

    @property
    def lowest_bytes(self) -> int:
        """The least of `free_bytes` that there was."""
        return int(self.record.lowest)

    def free(self, size_bytes: int) -> None:
        """An operator has freed so much, of what no disk of this run takes."""
        self.free_bytes += size_bytes
        self.freed_bytes += size_bytes

    @property
    def served(self) -> dict[tuple[int, bool], list[int]]:
        """(cause, write) -> [commands, bytes], completed."""
        words, at = self.engine.memory.words, self.record.served
        table = {}
        for cause in range(len(KINDS)):
            for write in (False, True):
                place = at + 2 * (2 * cause + write)
                table[cause, write] = words[place : place + 2].tolist()
        return table

    def cached(self) -> tuple[int, int, int]:
        """Bytes that the cache has taken, those cleaned again, and those it holds; zeros without a cache."""
        at = self.engine.at(layout.ARRAY, self.record.array).cache if self.record.array else 0
        if not at:
            return 0, 0, 0
        facts = self.engine.memory.fetch(writecache.WriteCache, at).facts
        return int(facts[writecache.TAKEN]), int(facts[writecache.CLEANED]), int(facts[writecache.HELD])

    def credit_ns(self, now: int) -> tuple[int, int]:
        """What is left of the depth of the bytes' and of the I/Os' cap, as time at the capped rate."""
        memory, r = self.engine.memory, self.record
        caps = (memory.fetch(bucket.Bucket, at) for at in (r.bytes_cap, r.iops_cap))
        held, ios = (int(bucket.left(cap, now)) for cap in caps)
        return held, ios

    def utilisation(self, now: int) -> tuple[int, int]:
        """Busy servers integrated over time, and service given up to now."""
        r = self.record
        return r.area + r.serving * (now - r.area_at), r.busy - (r.ends - r.serving * now)


class Device:
    """A host's device for a datastore."""

    def __init__(self, engine: Engine, record: Record, flows: list[Record], shares: list[Share]) -> None:
        self.engine = engine
        self.record = record
        self.flows = flows
        self.shares = shares

    @property
    def slots(self) -> int:
        """Commands that the device may have outstanding now."""
        return int(self._caps().device[throttle.DEPTH])

    @property
    def refusals(self) -> int:
        """QUEUE FULL answers up to now."""
        return int(self.record.refusals)

    def set_window(self, slots: int) -> None:
        """From now on at most so many outstanding, or fewer where something else says so; who waits may go."""
        self.engine.tell(layout.RESIZE, self.record.address, slots)

    def activity(self) -> list[tuple[int, int, int]]:
        """For each flow its shares, the commands it has had, and those of them not completed."""
        caps = self._caps()
        return [
            (share.shares, flow.ordinal, int(caps.queued[flow.index] + caps.outstanding[flow.index]))
            for share, flow in zip(self.shares, self.flows, strict=True)
        ]

    def _caps(self) -> throttle.Throttle:
        return self.engine.memory.fetch(throttle.Throttle, self.record.throttle)

    def davg(self) -> tuple[int, int]:
        """Commands completed so far, and their times from issue to completion summed: DAVG is the quotient."""
        return int(self.record.finished), int(self.record.sojourn) - int(self.record.retried)

    def account(self, now: int) -> DeviceAccount:
        """What the audit compares."""
        r = self.record
        outstanding = int(self._caps().device[throttle.OUTSTANDING])
        waiting = [size for flow in self.flows for size in self._sizes(flow.first)]
        area = r.outstanding_area + outstanding * (now - r.area_at)
        sojourn = r.sojourn + outstanding * now - r.inside_issued
        return DeviceAccount(
            r.submitted, r.finished, outstanding + len(waiting),
            r.bytes_submitted, r.bytes_finished, r.inside_bytes + sum(waiting), area, sojourn,
        )  # fmt: skip

    def _sizes(self, at: int) -> list[int]:
        sizes = []
        while at:
            command = self.engine.at(layout.COMMAND, at)
            sizes.append(command.size)
            at = command.next
        return sizes


class Disk(Chain):
    """A virtual disk."""

    def __init__(
        self, engine: Engine, spec: scenario.Disk, delta: scenario.DeltaFormat, store: Store, record: Record
    ) -> None:
        self.record = record
        super().__init__(spec, delta)
        self.engine = engine
        self.store = store
        self._facts = int(engine.memory.words[record.map + grains.GrainMap._fields.index("facts")])
        self.pass_at = 0  # the state of its mirror passes; it belongs to the disk until mirroring stops

    @property
    def depth(self) -> int:
        return int(self.engine.memory.words[self._facts + grains.DEPTH])

    @property
    def held_grains(self) -> int:
        return int(self.engine.memory.words[self._facts + grains.TOTAL])

    def reopened(self) -> None:
        if self.record.cache:
            self.engine.tell(layout.FORGET, self.record.cache)

    @property
    def space(self) -> Store:  # type: ignore[override]  # a view, made anew: the memory may have grown
        return self.store

    @property
    def map(self) -> grains.GrainMap:  # type: ignore[override]  # a view, made anew: the memory may have grown
        return self.engine.memory.fetch(grains.GrainMap, self.record.map)

    @property
    def cache(self) -> tablecache.TableCache | None:  # type: ignore[override]  # a view, made anew: the memory may have grown
        at = self.record.cache
        return self.engine.memory.fetch(tablecache.TableCache, at) if at else None

    @property
    def tracking(self) -> cbt.Cbt | None:  # type: ignore[override]  # a view, made anew: the memory may have grown
        at = self.record.tracking
        return self.engine.memory.fetch(cbt.Cbt, at) if at else None

    @property
    def filters(self) -> bloom.Bloom | None:  # type: ignore[override]  # a view, made anew: the memory may have grown
        at = self.record.filters
        return self.engine.memory.fetch(bloom.Bloom, at) if at else None

    @property
    def owed_bytes(self) -> int:
        """Of its top delta: grains that are there, whose space is not; their writes wait."""
        return int(self.record.owed)

    @owed_bytes.setter
    def owed_bytes(self, size_bytes: int) -> None:
        self.record.owed = size_bytes

    def make_filters(self) -> None:
        filters = bloom.bloom(self.delta.bloom_bits, self.delta.bloom_hashes)
        self.record.filters = self.engine.memory.place(filters)

    def make_cache(self, tables: int) -> None:
        self.record.cache = self.engine.memory.place(tablecache.table_cache(tables, self.delta.cached_tables))

    def track_changes(self, block_bytes: int) -> None:
        """Changed blocks are tracked from now on."""
        self.record.tracking = self.engine.memory.place(cbt.cbt(block_bytes, self.spec.size_bytes))

    def stop_mirroring(self) -> None:
        """Writes go to the top delta, or to the base when there is none, and nowhere else."""
        self.record.mirror = 0

    def fold_map(self, levels: int) -> None:
        self.engine.tell(layout.FOLD, self.record.map, levels)

    @property
    def levels_written(self) -> list[int]:  # type: ignore[override]  # a view, made anew: the memory may have grown
        """Acknowledged guest write bytes sent to [base, top delta]."""
        return [self.record.written_base, self.record.written_top]


class Vm:
    """A virtual machine. `index` is its place in Scenario.vms."""

    def __init__(self, engine: Engine, spec: scenario.Vm, index: int, record: Record) -> None:
        self.engine = engine
        self.spec = spec
        self.index = index
        self.record = record
        self.disks: list[Disk] = []

    @property
    def in_flight(self) -> int:
        """I/Os past the gate, not yet posted."""
        return int(self.record.in_flight)

    @property
    def held(self) -> int:
        """I/Os that have waited at the gate in this stun, either way."""
        return int(self.record.held)

    def hold(self) -> None:
        """The vCPUs stop: nothing passes the gate in either direction."""
        self.engine.tell(layout.HOLD, self.record.address)

    def release(self) -> None:
        """The vCPUs run: all that waited at the gate goes on now."""
        self.engine.tell(layout.RELEASE, self.record.address)

    def drained(self) -> Signal:
        """Fires when no I/O is past the gate any more; at once when none is."""
        if not self.in_flight:
            signal = self.engine.clock.signal()
            signal.fire()
            return signal
        self.record.draining = 1
        return self.engine.signal(self.record.address)

    @property
    def writes_held(self) -> int:
        """Since it was frozen."""
        return int(self.record.writes_held)

    def freeze(self) -> None:
        """The guest is quiesced: writes that it asks for from now on wait in the guest."""
        self.record.set(frozen=1, writes_held=0)

    def asked(self) -> Signal:
        """Fires when the VM asks because a delta cannot grow; from now on there is someone who answers."""
        if not self.record.question:
            self.record.question = self.engine.memory.take(1)
        return self.engine.signal(self.record.question)

    def answer(self) -> None:
        """Whatever waited for space tries again, in order; then what the guest has asked for meanwhile goes on."""
        self.engine.tell(layout.ANSWER, self.record.address)

    def thaw(self) -> None:
        """All writes that have waited go on now."""
        self.engine.tell(layout.THAW, self.record.address)

    def inside(self) -> int:
        """Guest I/Os that are in the VM now: waiting or carried by a slot."""
        doors = [self.engine.at(layout.DOOR, self.record.doors + n * layout.DOOR_WORDS) for n in range(len(self.disks))]
        slots = self.spec.disk_queue_depth
        return int(self.record.behind_count) + sum(door.waiting + slots - door.idle for door in doors)
