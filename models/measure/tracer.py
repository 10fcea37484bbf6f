"""Keeps the lives of I/Os and commands in some spans of time: a watch of the path, around the books.

It is attached from outside (models.path.traced) and changes nothing: all it is told goes on to the books first. Kept is
what touches a span, and the commands of the I/Os that arrived in one until the last of these is delivered. A life is
put down when it ends, so that a tracer costs little before its first span and its memory is bounded by what it keeps.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from models.measure.lives import CommandLife, IoLife, Segment, split_by
from models.measure.recorder import workload_name
from models.mechanisms.bucket import transfer_ns
from models.mechanisms.slowdown import stretched
from models.path.datastore import Destages
from models.path.io import KINDS, Command, GuestIo
from models.path.watch import Watch

if TYPE_CHECKING:
    from models.path.build import Hypervisor
    from models.path.datastore import Datastore
    from models.path.device import Flow

Span = tuple[int, int]
"""From a time to a time, in ns, the second not included."""

CACHED = -1
"""In place of how many were in service: a write that a cache took."""

MOST = 1_000_000
"""More lives than this are not kept."""


class TooManyLives(Exception):
    """The spans hold more lives than are kept: the message says how many."""

    def __init__(self) -> None:
        super().__init__(f"more than {MOST:,} I/Os and commands in the window")


def united(spans: Iterable[Span]) -> tuple[Span, ...]:
    """The same time as ordered spans that do not touch."""
    out: list[Span] = []
    for start, end in sorted(spans):
        if out and start <= out[-1][1]:
            out[-1] = (out[-1][0], max(end, out[-1][1]))
        else:
            out.append((start, end))
    return tuple(out)


class Tracer:
    """Implements models.path.watch.Watch. `ios` and `commands` are in the order in which they ended."""

    def __init__(self, spans: Sequence[Span]) -> None:
        self.spans = united(spans)
        self.ios: list[IoLife] = []
        self.commands: list[CommandLife] = []
        self.stuns: list[list[Span]] = []  # by VM, those that are over
        self._ends = [end for _, end in self.spans]
        self._open: dict[GuestIo, list[CommandLife]] = {}  # arrived in a span: their critical path so far
        self._steps: dict[Command, CommandLife | None] = {}  # commands of these that are under way, or just back
        self._serving: dict[Command, tuple[Flow | Destages, int, int]] = {}
        # what the array works on, or its cache has (CACHED): since when, beside how many
        self._refused: dict[Command, tuple[Flow, int, int]] = {}  # the first time, and how often
        self._again: dict[Command, Flow] = {}  # refused, and not yet issued again
        self._stunned: dict[int, int] = {}  # VM -> since when

    def attach(self, hypervisor: "Hypervisor", books: Watch) -> None:
        """What the path tells the books it tells this tracer, which passes it on."""
        self.hypervisor, self.books, self.clock = hypervisor, books, hypervisor.clock
        self.stuns = [[] for _ in hypervisor.vms]

    @property
    def wanting(self) -> bool:
        """Whether something is still to come that belongs to a span."""
        return bool(self.spans) and (self.clock._now < self._ends[-1] or bool(self._open))

    @property
    def undelivered(self) -> int:
        """I/Os that arrived in a span and have not been delivered."""
        return len(self._open)

    def everything(self) -> tuple[CommandLife, ...]:
        """The commands kept and those still under way now."""
        return (*self.commands, *self._under_way())

    def _touches(self, start: int, end: int) -> bool:
        """Whether a life from `start` to `end` (not before now) touches a span."""
        place = bisect_right(self._ends, start)
        return place < len(self.spans) and self.spans[place][0] <= end

    # -- what the traced parts of the path say ------------------------------------------------------------------------

    def started(self, flow: "Flow | Destages", command: Command) -> None:
        """The array begins to serve it."""
        self._serving[command] = (flow, self.clock._now, flow.device.store._serving)

    def cached(self, flow: "Flow", command: Command) -> None:
        """The array's cache takes the write."""
        self._serving[command] = (flow, self.clock._now, CACHED)

    def refused(self, flow: "Flow", command: Command) -> None:
        """The array answers QUEUE FULL."""
        _, first, count = self._refused.get(command, (flow, self.clock._now, 0))
        self._refused[command] = (flow, first, count + 1)
        self._again[command] = flow

    def accepted(self, command: Command) -> None:
        """The array takes it."""
        self._again.pop(command, None)

    def destaged(self, flow: Destages, command: Command) -> None:
        """The array has written to its media what its cache held."""
        self._ended(flow, command)

    def step_begins(self, io: GuestIo, commands: list[Command]) -> None:
        """The I/O has these commands run side by side."""
        if io in self._open:
            self._steps.update(dict.fromkeys(commands))

    def step_ends(self, io: GuestIo, commands: list[Command]) -> None:
        """All have completed: the last of them was on the critical path."""
        if io in self._open:
            lives = [self._steps.pop(command) for command in commands]
            last = max(range(len(commands)), key=lambda n: (commands[n].done_ns, commands[n].ordinal))
            life = lives[last]
            assert life is not None
            self._open[io].append(life)

    # -- Watch ----------------------------------------------------------------------------------------------------

    def arrived(self, vm: int, io: GuestIo) -> None:
        self.books.arrived(vm, io)
        if self._touches(io.arrival_ns, io.arrival_ns):
            self._open[io] = []

    def posted(self, vm: int, io: GuestIo) -> None:
        self.books.posted(vm, io)

    def delivered(self, vm: int, io: GuestIo) -> None:
        self.books.delivered(vm, io)
        commands = self._open.pop(io, None)
        if commands is not None or self._touches(io.arrival_ns, self.clock._now):
            self.ios.append(self._io_life(vm, io, commands or []))
            self._bound()

    def command_done(self, flow: "Flow", command: Command) -> None:
        self.books.command_done(flow, command)
        self._ended(flow, command)

    def _ended(self, flow: "Flow | Destages", command: Command) -> None:
        """A life is over: it is kept if it touches a span, or belongs to an I/O that does."""
        _, start, others = self._serving.pop(command)
        if self._open or self._touches(command.enter_ns, command.done_ns):
            life = _command_life(flow, command, command.issue_ns, start, command.done_ns, others)
            life = self._with_refusals(life, command)
            self.commands.append(life)
            if command in self._steps:
                self._steps[command] = life
            self._bound()
        self._refused.pop(command, None)

    def absorbed(self, vm: int, io: GuestIo) -> None:
        self.books.absorbed(vm, io)

    def door(self, vm: int, disk: int, waiting: int, full: bool) -> None:
        self.books.door(vm, disk, waiting, full)

    def door_opened(self, vm: int, disk: int) -> None:
        self.books.door_opened(vm, disk)

    def door_passed(self, vm: int, disk: int, arrival_ns: int) -> None:
        self.books.door_passed(vm, disk, arrival_ns)

    def stunned(self, vm: int, stunned: bool) -> None:
        self.books.stunned(vm, stunned)
        if stunned:
            self._stunned[vm] = self.clock._now
        else:
            self.stuns[vm].append((self._stunned.pop(vm), self.clock._now))

    # -- lives --------------------------------------------------------------------------------------------------------

    def _bound(self) -> None:
        if len(self.ios) + len(self.commands) > MOST:
            raise TooManyLives

    def _io_life(self, vm: int, io: GuestIo, commands: list[CommandLife]) -> IoLife:
        spec = self.hypervisor.spec.vms[vm]
        return IoLife(
            spec.name, workload_name(spec, io.workload), io.ordinal, spec.disks[io.disk].name, io.write, io.offset,
            io.size, io.arrival_ns, io.accepted_ns, self.clock._now, tuple(self._segments(vm, io)), tuple(commands),
        )  # fmt: skip

    def _segments(self, vm: int, io: GuestIo) -> Iterator[Segment]:
        """The ledger in order of time. It is written in that order but for the waits before the gate: of each the books
        need only know how much was stun, here it is cut where the stuns were."""
        stun, at = self.hypervisor.causes.stun_hold_in, io.arrival_ns
        waits: list[list[int]] = []  # (cause, ns) before the gate, stuns included
        later: list[Segment] = []
        for cause, ns in io.ledger:
            if ns and at >= io.accepted_ns:
                later.append(Segment(cause, at, at + ns))
            elif cause == stun and waits:
                waits[-1][1] += ns
            elif ns:
                waits.append([cause, ns])
            at += ns
        at = io.arrival_ns
        for cause, ns in waits:
            for stunned, start, end in split_by(self.stuns[vm], at, at + ns):
                yield Segment(stun if stunned else cause, start, end)
            at += ns
        yield from later

    def _under_way(self) -> Iterator[CommandLife]:
        for device in self.hypervisor.devices.values():
            for flow in device.flows:
                for command in flow.queue:
                    yield _command_life(flow, command)
        for store in self.hypervisor.stores.values():
            for owner, command in (*store.waiting, *store.queue):
                yield self._with_refusals(_command_life(owner, command, command.issue_ns), command)
        for command, (owner, start, others) in self._serving.items():
            yield self._with_refusals(_command_life(owner, command, command.issue_ns, start, others=others), command)
        for command, flow in self._again.items():
            yield self._with_refusals(_command_life(flow, command), command)

    def _with_refusals(self, life: CommandLife, command: Command) -> CommandLife:
        if command not in self._refused:
            return life
        _, first, count = self._refused[command]
        return life._replace(refused_ns=first, refusals=count)


def _command_life(
    flow: "Flow | Destages", command: Command, issue: int = -1, start: int = -1, end: int = -1, others: int = 0
) -> CommandLife:
    store = flow.device.store
    host, name, arrival = "", f"the cache of {store.spec.name}", command.ordinal
    if not isinstance(flow, Destages):
        host, name, arrival = flow.device.host.name, flow.name, command.arrival
    return CommandLife(
        host, store.spec.name, name, KINDS[command.cause], command.write, command.size, arrival, command.enter_ns,
        issue, start, end, command.service_ns, _own_ns(store, command, others), cached=others == CACHED,
    )  # fmt: skip


def _own_ns(store: "Datastore", command: Command, others: int) -> int:
    """What the array needs for it if no cap holds it, beside so many others in service."""
    if others == CACHED:
        assert store.spec.cache is not None
        return store.spec.cache.latency_ns
    law = store.spec.write if command.write else store.spec.read
    transfer = transfer_ns(command.size, law.stream_bytes_per_s) if law.stream_bytes_per_s else 0
    own = command.service_ns + transfer
    return own if store.slowdown is None else stretched(store.slowdown, others, own)
