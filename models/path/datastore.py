"""A shared datastore: parallel servers behind one FIFO queue, with caps on I/Os and bytes over all of them.

A command takes the first free server for its service time: drawn latency plus transfer at the server's stream rate,
stretched by the slowdown. It
keeps the server until the datastore's caps let it through. Left out: cache and destage, garbage collection, RAID.
"""

from collections import defaultdict, deque
from typing import TYPE_CHECKING

from simpy.events import Event

from models import scenario
from models.mechanisms.bucket import admit, bucket, transfer_ns
from models.mechanisms.slowdown import slowdown, stretched
from models.path.io import Command
from sim.clock import Clock
from sim.units import NS_PER_S

if TYPE_CHECKING:
    from models.path.device import Flow


class Datastore:
    """The station that all hosts' devices for this datastore issue to."""

    def __init__(self, clock: Clock, spec: scenario.Datastore) -> None:
        self.clock = clock
        self.spec = spec
        self.idle = spec.servers or 1 << 40
        self.queue: deque[tuple[Flow, Command]] = deque()
        self.bytes_cap = bucket(spec.burst_ns)
        self.iops_cap = bucket(spec.burst_ns)
        self.slowdown = slowdown(spec.slowdown_milli) if spec.slowdown_milli else None
        self.free_bytes = 0  # set when the disks are placed
        self.freed_bytes = 0  # by an operator, during the run
        self.busy_ns = 0  # server time given to commands, whole services
        self._serving = self._ends_ns = 0  # commands in service, and the sum of their ends
        self._area_ns = self._area_at = 0  # commands in service, integrated over time
        self.served: defaultdict[tuple[int, bool], list[int]] = defaultdict(lambda: [0, 0])
        # (cause, write) -> [commands, bytes], completed

    def take_space(self, size_bytes: int) -> bool:
        """Takes that much space; False, and nothing taken, when there is less."""
        if size_bytes > self.free_bytes:
            return False
        self.free_bytes -= size_bytes
        return True

    def free(self, size_bytes: int) -> None:
        """An operator has freed so much, of what no disk of this run takes."""
        self.free_bytes += size_bytes
        self.freed_bytes += size_bytes

    def issue(self, flow: "Flow", command: Command) -> None:
        """The array has the command; `flow.device.completed` hears of its end."""
        if self.idle and not self.queue:
            self._start(flow, command)
        else:
            self.queue.append((flow, command))

    def _start(self, flow: "Flow", command: Command) -> None:
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
        if spec.iops_cap:
            end = max(end, admit(self.iops_cap, now, NS_PER_S // spec.iops_cap))
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
        tally = self.served[command.cause, command.write]
        tally[0] += 1
        tally[1] += command.size
        flow.device.completed(flow, command)

    def _integrate(self, now: int) -> None:
        self._area_ns += self._serving * (now - self._area_at)
        self._area_at = now

    def utilisation(self, now: int) -> tuple[int, int]:
        """The utilisation law in integers: busy servers integrated over time, and service given up to now."""
        self._integrate(now)
        return self._area_ns, self.busy_ns - (self._ends_ns - self._serving * now)
