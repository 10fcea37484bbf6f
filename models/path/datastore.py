"""A shared datastore: parallel servers behind one FIFO queue, with caps on I/Os and bytes over all of them.

A command takes the first free server for its service time: drawn latency plus transfer at the server's stream rate,
stretched by the slowdown. It keeps the server until the datastore's caps let it through. In front of the servers there
may be a limit of commands that the array holds, beyond which it answers QUEUE FULL, and a write-back cache: a write
that finds room there is acknowledged after the cache's latency, and destaged from then on by the same servers, for the
time that the write would have taken itself; one that finds none waits for room, in order; one larger than the whole
cache passes it by. Left out: read hits, garbage collection, RAID.
"""

from collections import defaultdict, deque
from typing import TYPE_CHECKING

from simpy.events import Event

from models import scenario
from models.mechanisms import writecache
from models.mechanisms.bucket import Bucket, admit, bucket, left, transfer_ns
from models.mechanisms.slowdown import slowdown, stretched
from models.path.io import DESTAGE, Command
from sim.clock import COMPLETION, Clock, order
from sim.units import NS_PER_S

if TYPE_CHECKING:
    from models.path.device import Flow

PPM = 1_000_000


class Destages:
    """The flow of an array's own writes to its media; no host's, so it is its own device."""

    def __init__(self, store: "Datastore", number: int) -> None:
        self.device = self
        self.completion_key = order(COMPLETION, 2, number)
        self.ordinal = 0
        self.store = store

    def completed(self, _: "Destages", command: Command) -> None:
        """Its bytes make room in the cache."""
        self.store.destaged(command)


def buckets(spec: scenario.Datastore) -> tuple[Bucket, Bucket]:
    """Those of the bytes' and of the I/Os' cap, as full as the scenario says."""
    owed = spec.burst_ns * (PPM - spec.credit_ppm) // PPM
    return bucket(spec.burst_ns, owed), bucket(spec.burst_ns, owed)


class Datastore:
    """The station that all hosts' devices for this datastore issue to. `number`: its place in the scenario."""

    def __init__(self, clock: Clock, spec: scenario.Datastore, number: int) -> None:
        self.clock = clock
        self.spec = spec
        self.idle = spec.servers or 1 << 40
        self.queue: deque[tuple[Flow | Destages, Command]] = deque()
        self.bytes_cap, self.iops_cap = buckets(spec)
        self.peak_bytes, self.peak_iops = bucket(0), bucket(0)
        self.slowdown = slowdown(spec.slowdown_milli) if spec.slowdown_milli else None
        self.free_bytes = 0  # set when the disks are placed
        self.lowest_bytes = 0  # the least of it that there was
        self.freed_bytes = 0  # by an operator, during the run
        self.busy_ns = 0  # server time given to commands, whole services
        self._serving = self._ends_ns = 0  # commands in service, and the sum of their ends
        self._area_ns = self._area_at = 0  # commands in service, integrated over time
        self.served: defaultdict[tuple[int, bool], list[int]] = defaultdict(lambda: [0, 0])
        # (cause, write) -> [commands, bytes], completed
        self.front = bool(spec.queue_limit or spec.cache)
        self.inside = 0  # hosts' commands in the array, where `front` counts them
        cache = spec.cache
        self.cache = writecache.write_cache(cache.size_bytes, cache.destagers) if cache else None
        self._destages = Destages(self, number)
        self._dirty: deque[Command] = deque()  # acknowledged, their destage has not begun
        self.waiting: deque[tuple[Flow, Command]] = deque()  # writes that find no room in the cache

    def take_space(self, size_bytes: int) -> bool:
        """Takes that much space; False, and nothing taken, when there is less."""
        if size_bytes > self.free_bytes:
            return False
        self.free_bytes -= size_bytes
        self.lowest_bytes = min(self.lowest_bytes, self.free_bytes)
        return True

    def free(self, size_bytes: int) -> None:
        """An operator has freed so much, of what no disk of this run takes."""
        self.free_bytes += size_bytes
        self.freed_bytes += size_bytes

    def issue(self, flow: "Flow", command: Command) -> None:
        """The array has the command; `flow.device.completed` hears of its end, `refused` that it takes no more."""
        if self.front:
            if self.spec.queue_limit and self.inside >= self.spec.queue_limit:
                flow.device.refused(flow, command)
                return
            self.inside += 1
            if self.cache is not None and command.write and command.size <= self.cache.facts[writecache.SIZE]:
                self.waiting.append((flow, command))
                self._admit()
                return
        self._enter(flow, command)

    def _enter(self, flow: "Flow | Destages", command: Command) -> None:
        if self.idle and not self.queue:
            self._start(flow, command)
        else:
            self.queue.append((flow, command))

    def _start(self, flow: "Flow | Destages", command: Command) -> None:
        now = self.clock._now
        self.idle -= 1
        spec = self.spec
        law = spec.write if command.write else spec.read
        service = command.service_ns
        if law.stream_bytes_per_s:
            service += transfer_ns(command.size, law.stream_bytes_per_s)
        if self.slowdown is not None:
            service = stretched(self.slowdown, self._serving, service)
        end = now + service
        if spec.bandwidth_bytes_per_s:
            end = max(end, admit(self.bytes_cap, now, transfer_ns(command.size, spec.bandwidth_bytes_per_s)))
            if spec.peak_bandwidth_bytes_per_s:
                peak = transfer_ns(command.size, spec.peak_bandwidth_bytes_per_s)
                end = max(end, admit(self.peak_bytes, now, peak))
        if spec.iops_cap:
            end = max(end, admit(self.iops_cap, now, NS_PER_S // spec.iops_cap))
            if spec.peak_iops:
                end = max(end, admit(self.peak_iops, now, NS_PER_S // spec.peak_iops))
        self._integrate(now)
        self.busy_ns += end - now
        self._serving += 1
        self._ends_ns += end
        self.clock.call(end, flow.completion_key + command.ordinal, self._complete, (flow, command))

    def _complete(self, service: Event) -> None:
        flow, command = service._value
        now = self.clock._now
        self._integrate(now)
        self._serving -= 1
        self._ends_ns -= now
        self.idle += 1
        if self.queue:
            self._start(*self.queue.popleft())
        self._tally(command)
        flow.device.completed(flow, command)

    def _tally(self, command: Command) -> None:
        tally = self.served[command.cause, command.write]
        tally[0] += 1
        tally[1] += command.size
        if self.front and command.cause != DESTAGE:
            self.inside -= 1

    # -- the write-back cache ----------------------------------------------------------------------------------------

    def _admit(self) -> None:
        """Writes that wait go into the cache, in order, as long as it has room for the first."""
        cache, spec = self.cache, self.spec.cache
        assert cache is not None
        assert spec is not None
        while self.waiting and writecache.take(cache, self.waiting[0][1].size):
            flow, command = self.waiting.popleft()
            self._taken(flow, command)
            end = self.clock._now + spec.latency_ns
            self.clock.call(end, flow.completion_key + command.ordinal, self._acknowledge, (flow, command))

    def _taken(self, flow: "Flow", command: Command) -> None:
        """The cache has room for the write. (A traced datastore says so.)"""

    def _acknowledge(self, moment: Event) -> None:
        flow, command = moment._value
        self._tally(command)
        dirty = Command(DESTAGE, True, command.size, command.service_ns, 0)
        self._destages.ordinal = dirty.ordinal = self._destages.ordinal + 1
        self._dirty.append(dirty)
        self._destage()
        flow.device.completed(flow, command)

    def _destage(self) -> None:
        assert self.cache is not None
        while self._dirty and writecache.begin(self.cache):
            self._enter(self._destages, self._dirty.popleft())

    def destaged(self, command: Command) -> None:
        """The array has written what a host's write had left in its cache."""
        assert self.cache is not None
        writecache.clean(self.cache, command.size)
        self._destage()
        self._admit()

    def cached(self) -> tuple[int, int, int]:
        """Bytes that the cache has taken, those cleaned again, and those it holds; zeros without a cache."""
        facts = self.cache.facts if self.cache is not None else [0] * 6
        return facts[writecache.TAKEN], facts[writecache.CLEANED], facts[writecache.HELD]

    def credit_ns(self, now: int) -> tuple[int, int]:
        """What is left of the depth of the bytes' and of the I/Os' cap, as time at the capped rate."""
        return left(self.bytes_cap, now), left(self.iops_cap, now)

    # -- the audit's -------------------------------------------------------------------------------------------------

    def _integrate(self, now: int) -> None:
        self._area_ns += self._serving * (now - self._area_at)
        self._area_at = now

    def utilisation(self, now: int) -> tuple[int, int]:
        """The utilisation law in integers: busy servers integrated over time, and service given up to now."""
        self._integrate(now)
        return self._area_ns, self.busy_ns - (self._ends_ns - self._serving * now)
