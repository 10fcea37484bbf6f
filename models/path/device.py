"""One host's device for a datastore: the ESXi I/O scheduler in front of the device queue.

Commands wait per flow (host, virtual disk). A dispatcher process moves them to the datastore, one round at an instant,
while the device has slots: by mClock tags, or in order of arrival (FIFO). Each waiting nanosecond is charged to what
bound it: the limit first, then DSNRO, then device slots. Nothing is pushed into the device early: that would destroy
shares.
"""

from collections import deque
from collections.abc import Generator
from typing import NamedTuple

from simpy.events import Event

from models import scenario
from models.mechanisms import mclock, queuefull, throttle
from models.path.datastore import Datastore
from models.path.io import Command
from models.path.watch import Watch
from models.result import DeviceAccount
from sim.clock import COMPLETION, DISPATCH, Clock, Signal, order

NO_DSNRO = 1 << 40
"""With SIOC its window takes DSNRO's place."""


class Flow:
    """What the scheduler tells apart: a virtual disk of a host, or a bulk reader of its own."""

    __slots__ = ("completion_key", "device", "entity", "index", "name", "ordinal", "queue", "vm")

    def __init__(self, device: "Device", name: str, index: int, entity: int, vm: int) -> None:
        self.device = device
        self.name = name
        self.index = index  # on its device
        self.entity = entity  # over all devices: its place in the order at one instant
        self.completion_key = order(COMPLETION, 0, entity)  # its commands' ordinals are added
        self.vm = vm  # index of the VM it serves; -1: none
        self.queue: deque[Command] = deque()
        self.ordinal = 0


class Share(NamedTuple):
    """A flow's claims at the scheduler."""

    reservation: int  # cost units per second; 0: none
    limit: int  # likewise
    shares: int


def dsnro_of(host: scenario.Host, store: scenario.Datastore) -> int:
    """How many outstanding I/Os DSNRO leaves."""
    return NO_DSNRO if store.sioc else host.dsnro.outstanding


def throttle_of(host: scenario.Host, store: scenario.Datastore, flows: int, depth: int) -> throttle.Throttle:
    """The device's, idle."""
    rule = host.dsnro
    switches = rule.switches if rule.rule == "switches" else 0
    return throttle.throttle(flows, depth, dsnro_of(host, store), rule.per == "device", switches, rule.requests)


def full_of(host: scenario.Host, store: scenario.Datastore, depth: int) -> queuefull.QueueFull | None:
    """The device's answer to QUEUE FULL; None: it keeps its depth, or is never refused."""
    rule = host.queue_full
    if not (rule.sample and store.queue_limit):
        return None
    return queuefull.queue_full(depth, rule.sample, rule.threshold, rule.reading == "samples")


class Device:
    """Scheduler, throttle and device queue of one (host, datastore). Flows are added before `start`."""

    def __init__(
        self, clock: Clock, host: scenario.Host, store: Datastore, depth: int, entity: int, watch: Watch
    ) -> None:
        self.clock = clock
        self.host = host
        self.store = store
        self.depth = depth
        self.entity = entity
        self.watch = watch
        self.flows: list[Flow] = []
        self.shares: list[Share] = []
        self.bell = clock.signal()  # the dispatcher waits for it
        self.rung = False
        self.inside: dict[int, Command] = {}  # issued and not back, by arrival
        self.timer_ns = -1  # when the dispatcher is next called for a tag that falls due
        self.hopeless = -1  # RELEASED as it was when the dispatcher found nobody to serve before the timer; -1: it may
        self.outstanding_area = 0  # integral of outstanding commands over time, for Little's law
        self.sojourn_ns = 0  # summed time in device of completed commands
        self._area_ns = 0
        self.submitted = self.finished = 0  # commands
        self.capping = dsnro_of(host, store.spec) <= depth  # DSNRO may bind first
        self.refusals = self.retried_ns = 0  # QUEUE FULL answers, and the time until these commands were issued again
        self.backlog: dict[int, Flow] = {}  # flows with commands that wait, by index
        self._dispatch_key = order(DISPATCH, 0, entity)
        self.bytes_submitted = self.bytes_finished = 0

    def add_flow(self, name: str, entity: int, vm: int, share: Share) -> Flow:
        """A new flow of this device."""
        flow = Flow(self, name, len(self.flows), entity, vm)
        self.flows.append(flow)
        self.shares.append(share)
        return flow

    def start(self) -> None:
        """The dispatcher runs from now on."""
        self.throttle = throttle_of(self.host, self.store.spec, len(self.flows), self.depth)
        self.full = full_of(self.host, self.store.spec, self.depth)
        self.tags = mclock.mclock(
            [s.reservation for s in self.shares],
            [s.limit for s in self.shares],
            [s.shares for s in self.shares],
            self.host.idle_credit,
        )
        self.clock.process(self._dispatch())

    def submit(self, flow: Flow, command: Command) -> None:
        """The command enters the I/O scheduler; its waiter hears when it has completed."""
        now, index = self.clock._now, flow.index
        if command.cost < 0:
            command.cost = -(-command.size // self.host.cost_unit_bytes)
        flow.ordinal = command.ordinal = flow.ordinal + 1
        command.enter_ns = now
        command.capped_ns = throttle.capped_time(self.throttle, index, now)
        self.submitted = command.arrival = self.submitted + 1
        self.bytes_submitted += command.size
        tags = mclock.tag(self.tags, index, command.cost, now)
        command.r_tag, command.limit_tag, command.p_tag = tags
        if command.limit_tag > now and self.capping:
            self._when_limit_passes(flow, command)
        if not flow.queue:
            mclock.set_head(self.tags, index, *tags)
            self.backlog[index] = flow
            self.hopeless = -1
        flow.queue.append(command)
        throttle.enqueued(self.throttle, index, now)
        if throttle.has_slot(self.throttle):
            self._ring_if_useful()

    def _when_limit_passes(self, flow: Flow, command: Command) -> None:
        """Only from then on is time at DSNRO charged to DSNRO: the limit binds first."""

        def note(moment: Event) -> None:
            command.capped_ns = throttle.capped_time(self.throttle, flow.index, self.clock._now)

        self.clock.call(command.limit_tag, order(DISPATCH, 2, self.entity, command.arrival), note)

    def completed(self, flow: Flow, command: Command) -> None:
        """The array has answered."""
        now = self.clock._now
        command.done_ns = now
        self._integrate(now)
        self.sojourn_ns += now - command.issue_ns
        del self.inside[command.arrival]
        self.finished += 1
        self.bytes_finished += command.size
        throttle.completed(self.throttle, flow.index, now)
        if self.full is not None:
            throttle.adapt(self.throttle, queuefull.answered(self.full, 0))
        if self.backlog:
            self._ring_if_useful()
        self.watch.command_done(flow, command)
        waiter = command.waiter
        del command.waiter  # it may hold the command from here on: a cycle would wait for the garbage collector
        waiter.completed(command)

    def refused(self, flow: Flow, command: Command) -> None:
        """The array has answered QUEUE FULL: the command keeps its slot, and is issued again after a while."""
        self.refusals += 1
        if self.full is not None:
            throttle.adapt(self.throttle, queuefull.answered(self.full, 1))
        again = self.clock._now + self.host.queue_full.retry_ns
        self.clock.call(again, order(DISPATCH, 3, self.entity, command.arrival), self._again, (flow, command))

    def _again(self, moment: Event) -> None:
        """Up to now it has waited in the device queue, as before it was issued."""
        flow, command = moment._value
        waited = self.clock._now - command.issue_ns
        command.slot_ns += waited
        command.issue_ns += waited
        self.sojourn_ns += waited
        self.retried_ns += waited
        self.store.issue(flow, command)

    # -- what SIOC sees and does -------------------------------------------------------------------------------------

    @property
    def slots(self) -> int:
        """Commands that the device may have outstanding now."""
        return self.throttle.device[throttle.DEPTH]

    def set_window(self, slots: int) -> None:
        """From now on at most so many outstanding, or fewer where something else says so; who waits may go."""
        throttle.widen(self.throttle, slots)
        if self.backlog:
            self._ring_if_useful()

    def activity(self) -> list[tuple[int, int, int]]:
        """For each flow its shares, the commands it has had, and those of them not completed."""
        caps = self.throttle
        return [
            (share.shares, flow.ordinal, caps.queued[flow.index] + caps.outstanding[flow.index])
            for share, flow in zip(self.shares, self.flows, strict=True)
        ]

    def _ring_if_useful(self) -> None:
        """Calls the dispatcher, unless it would find nobody again: no head is new, no flow has room again."""
        if self.hopeless != self.throttle.device[throttle.RELEASED]:
            self.ring()

    def ring(self) -> None:
        """Calls the dispatcher once at this instant, after all completions and arrivals."""
        if not self.rung:
            self.rung = True
            self.clock.fire_at(self.clock._now, self._dispatch_key, self.bell)

    def _dispatch(self) -> Generator[Event, None, None]:
        while True:
            yield self.bell
            self.bell = Signal(self.clock)
            self.rung, self.hopeless = False, -1
            now = self.clock._now
            while self.backlog and throttle.has_slot(self.throttle):
                index, phase = self._pick(now)
                if index < 0:
                    self._call_when_due(now)
                    break
                self._issue(self.flows[index], phase, now)

    def _pick(self, now: int) -> tuple[int, int]:
        """The flow to serve and by which phase; (-1, _) when none may be served now."""
        room = self.throttle.room
        if self.host.scheduler == "mclock":
            return mclock.pick(self.tags, room, now)
        best, oldest = -1, 0
        for index, flow in self.backlog.items():  # FIFO: who came first, unless its disk's limit or DSNRO holds it
            head = flow.queue[0]
            if room[index] and head.limit_tag <= now and (best < 0 or head.arrival < oldest):
                best, oldest = index, head.arrival
        return best, mclock.CONSTRAINT

    def _issue(self, flow: Flow, phase: int, now: int) -> None:
        command = flow.queue.popleft()
        mclock.dispatched(self.tags, flow.index, command.cost, phase)
        if flow.queue:
            head = flow.queue[0]
            mclock.set_head(self.tags, flow.index, head.r_tag, head.limit_tag, head.p_tag)
        else:
            del self.backlog[flow.index]
        wait = now - command.enter_ns
        if wait:
            command.limit_ns = min(max(command.limit_tag - command.enter_ns, 0), wait)
            at_dsnro = throttle.capped_time(self.throttle, flow.index, now) - command.capped_ns
            command.dsnro_ns = min(at_dsnro, wait - command.limit_ns)
            command.slot_ns = wait - command.limit_ns - command.dsnro_ns
        command.issue_ns = now
        self.inside[command.arrival] = command
        self._integrate(now)
        throttle.issued(self.throttle, flow.index, now)
        self.store.issue(flow, command)

    def _call_when_due(self, now: int) -> None:
        """Some flow may be waiting for a tag: calls the dispatcher when the earliest falls due."""
        due = mclock.next_time(self.tags, self.throttle.room)
        if due <= now:
            return
        self.hopeless = self.throttle.device[throttle.RELEASED]
        if due < mclock.NEVER and not now < self.timer_ns <= due:
            self.timer_ns = due
            self.clock.call(due, order(DISPATCH, 1, self.entity), lambda _: self.ring())

    def _integrate(self, now: int) -> None:
        self.outstanding_area += self.throttle.device[throttle.OUTSTANDING] * (now - self._area_ns)
        self._area_ns = now

    def davg(self) -> tuple[int, int]:
        """Commands completed so far, and their times from issue to completion summed: DAVG is the quotient."""
        return self.finished, self.sojourn_ns - self.retried_ns  # without the time until refused ones came again

    def account(self, now: int) -> DeviceAccount:
        """What the audit compares; Little's law is in integers."""
        self._integrate(now)
        inside = [command for flow in self.flows for command in flow.queue] + list(self.inside.values())
        sojourn = self.sojourn_ns + sum(now - command.issue_ns for command in self.inside.values())
        return DeviceAccount(
            self.submitted, self.finished, len(inside), self.bytes_submitted, self.bytes_finished,
            sum(command.size for command in inside), self.outstanding_area, sojourn,
        )  # fmt: skip
