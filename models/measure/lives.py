"""Lives of I/Os and commands, stamped with time: what a tracer has seen of one run, and who was ahead of whom.

A guest I/O's life is its ledger in order of time; a command's is its way through scheduler, device and array. Who was
ahead of a command is read off the lives of the others, afterwards. Left out: commands of an I/O that were not on its
critical path are commands like any other here.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple


class Segment(NamedTuple):
    """A stretch of an I/O's life that its ledger charges to one cause."""

    cause: int  # index into the run's ledger columns
    start_ns: int
    end_ns: int


class CommandLife(NamedTuple):
    """One back-end command: it enters the scheduler, is issued to the array, starts there, ends. -1: not by then.

    One that the array has refused (QUEUE FULL) keeps its slot until it is issued again. An array's own destage has no
    host and waits for no slot. A write that a cache takes starts when there is room for it, and takes no server.
    """

    host: str
    datastore: str
    flow: str  # the disk, or the reader of a backup
    kind: str  # see models.path.io.KINDS
    write: bool
    size_bytes: int
    arrival: int  # its number at its device, in order of entering
    enter_ns: int
    issue_ns: int
    start_ns: int
    end_ns: int
    drawn_ns: int  # the latency that its service drew
    own_ns: int  # the same and the transfer, slowed down: its service if no cap held it; cached: until acknowledged
    refused_ns: int = -1  # when the array first refused it
    refusals: int = 0  # how often
    cached: bool = False  # a write-back cache took it

    @property
    def slot_ns(self) -> int:
        """When it got its slot of the device queue; -1: not by then."""
        return self.refused_ns if self.refused_ns >= 0 else self.issue_ns


class IoLife(NamedTuple):
    """One guest I/O from the guest's wish to its delivery. Its segments are contiguous and sum to its latency."""

    vm: str
    workload: str
    ordinal: int
    disk: str
    write: bool
    offset_bytes: int
    size_bytes: int
    arrival_ns: int
    accepted_ns: int  # it passed the gate
    end_ns: int
    segments: tuple[Segment, ...]
    commands: tuple[CommandLife, ...]  # on its critical path, one after the other; empty if it came before the trace

    @property
    def latency_ns(self) -> int:
        """From arrival to delivery."""
        return self.end_ns - self.arrival_ns

    def ledger_ns(self, causes: int) -> tuple[int, ...]:
        """The sums by cause, as the books have them."""
        sums = [0] * causes
        for segment in self.segments:
            sums[segment.cause] += segment.end_ns - segment.start_ns
        return tuple(sums)


class Holder(NamedTuple):
    """Some commands alike that held what another waited for. Shares of all holders sum to the wait, exactly."""

    flow: str
    kind: str
    write: bool
    commands: int
    held_ns: int  # slot or server time that they took during the wait
    share_ns: int  # of the wait


class Found(NamedTuple):
    """A device as a command found it: commands that waited in its scheduler, and those issued and not back."""

    waiting: int
    outstanding: int


def found(command: CommandLife, others: Iterable[CommandLife]) -> Found:
    """The command's device at the moment it entered the scheduler; of that moment, what came before it."""
    waiting = outstanding = 0
    for other in others:
        if (other.host, other.datastore) == (command.host, command.datastore) and other.arrival < command.arrival:
            if other.slot_ns < 0 or other.slot_ns >= command.enter_ns:
                waiting += 1
            elif other.end_ns < 0 or other.end_ns > command.enter_ns:
                outstanding += 1
    return Found(waiting, outstanding)


def ahead_at_device(command: CommandLife, others: Iterable[CommandLife]) -> tuple[Holder, ...]:
    """Whose commands held the device's slots while this one waited in the scheduler; the largest share first."""
    same = (o for o in others if (o.host, o.datastore) == (command.host, command.datastore))
    return _holders(command.enter_ns, command.slot_ns, ((o, o.slot_ns) for o in same if o is not command))


def ahead_in_array(command: CommandLife, others: Iterable[CommandLife]) -> tuple[Holder, ...]:
    """Whose commands, of any host or its own, the array served while this one waited in it; the largest share first."""
    same = (o for o in others if o.datastore == command.datastore and not o.cached)
    return _holders(command.issue_ns, command.start_ns, ((o, o.start_ns) for o in same if o is not command))


def destaged_meanwhile(command: CommandLife, others: Iterable[CommandLife]) -> int:
    """How many destages ended while this write waited for room in the array's cache: they made it."""
    mine = (o for o in others if o.datastore == command.datastore and o.kind == "destage")
    return sum(1 for o in mine if command.issue_ns < o.end_ns <= command.start_ns)


def _holders(start: int, end: int, holding: Iterable[tuple[CommandLife, int]]) -> tuple[Holder, ...]:
    """Groups those that held something from a time on, by how much of [start, end) each group held it."""
    sums: dict[tuple[str, str, bool], list[int]] = {}
    for other, since in holding:
        until = end if other.end_ns < 0 else min(end, other.end_ns)
        held = until - max(start, since)
        if since >= 0 and held > 0:
            group = sums.setdefault((other.flow, other.kind, other.write), [0, 0])
            group[0] += 1
            group[1] += held
    shares = shared(end - start, [held for _, held in sums.values()])
    holders = [
        Holder(flow, kind, write, count, held, share)
        for ((flow, kind, write), (count, held)), share in zip(sums.items(), shares, strict=True)
    ]
    return tuple(sorted(holders, key=lambda holder: (-holder.held_ns, holder.flow, holder.kind, holder.write)))


def shared(whole: int, weights: Sequence[int]) -> list[int]:
    """Parts of `whole` in proportion to the weights: whole numbers, each within 1 of its due, that sum to it."""
    total, given, seen, parts = sum(weights), 0, 0, []
    for weight in weights:
        seen += weight
        parts.append(whole * seen // total - given)
        given += parts[-1]
    return parts


def split_by(spans: Iterable[tuple[int, int]], start: int, end: int) -> Iterator[tuple[bool, int, int]]:
    """[start, end) cut at the borders of these ordered spans: (inside one, from, to), without empty pieces."""
    at = start
    for low, high in spans:
        low, high = max(low, at), min(high, end)
        if low < high:
            if at < low:
                yield False, at, low
            yield True, low, high
            at = high
    if at < end:
        yield False, at, end
