"""Synchronous replication on the path: writes that the filter holds until the target has them, and when it lets go.

A write goes to the disk and to the target side by side, and is done when both have it. In sync the target has every
acknowledged write: nothing can be lost. A group is in sync from when a checkpoint that was cut with nothing before it
in front of the link is durable. With `on_loss = asynchronous` it lets go of all held writes when one of them has been
held for the limit, or the connection is lost; it holds again when the link has sent all that waited. With `hold` it
never lets go, and the guest's own disk timeout runs.
"""

from collections import deque
from typing import TYPE_CHECKING

from models.mechanisms import replication
from models.path.io import Deferred, GuestIo
from sim.clock import ARRIVAL, order

if TYPE_CHECKING:
    from models.path.replica import Replicator


class Synchrony:
    """A group's held writes. `turn` numbers the times in which it holds; 0 is none of them."""

    def __init__(self, replicator: "Replicator", cause: int) -> None:
        self.replicator = replicator
        self.clock = replicator.clock
        self.cause = cause  # of the ledger
        self.lets_go = replicator.spec.on_loss == "asynchronous"
        self.turn = 0
        self.synced = False  # nothing can be lost
        self.lost = False  # the connection is
        self.left_epoch = -1  # of the point that is the moment of leaving sync, the newest of them
        self._pending: deque[tuple[GuestIo, Deferred, int]] = deque()  # with when each began to be held
        self._released: deque[Deferred] = deque()
        self._releases = 0
        self._armed = False

    def begin(self) -> None:
        """The target holds the disks at the start: in sync from the beginning."""
        self.turn = 1
        self._in_sync()

    def _in_sync(self) -> None:
        self.synced = True
        for meter in self.replicator.meters:
            meter.in_sync(self.clock._now)

    # -- held writes ----------------------------------------------------------------------------------------------

    def hold(self, io: GuestIo) -> int:
        """The write will be done when the target has it, too. Returns the turn that its item is to carry."""
        now = self.clock._now
        io.deferred = Deferred(self.clock, self.cause, self.replicator.spec.blocks_drain)
        self._pending.append((io, io.deferred, now))
        if self.lets_go and not self._armed:
            self._arm(now)
        return self.turn

    def confirmed(self, turn: int) -> None:
        """The target has the write that has been held longest, if it is still held."""
        if turn == self.turn and turn:
            io, deferred, _ = self._pending.popleft()
            io.deferred = None
            if deferred.parked:
                deferred.fire()

    def durable(self, turn: int) -> None:
        """A checkpoint of that turn is: with it the target has every acknowledged write."""
        if turn == self.turn and turn:
            self._in_sync()

    def _arm(self, since: int) -> None:
        self._armed = True
        turn, entity = self.turn, self.replicator.entity
        due = since + self.replicator.spec.hold_limit_ns
        self.clock.call(due, order(ARRIVAL, 7, entity, turn), lambda _: self._look(turn))

    def _look(self, turn: int) -> None:
        """Whether the write that has been held longest has been held too long; if not, when to look again."""
        if turn != self.turn:
            return
        self._armed = False
        if self._pending:
            since = self._pending[0][2]
            if since + self.replicator.spec.hold_limit_ns <= self.clock._now:
                self.leave()
            else:
                self._arm(since)

    # -- in sync and out of it ------------------------------------------------------------------------------------

    def enter(self) -> None:
        """The link has sent all that waited: from now on writes are held. The link is to be kicked."""
        r = self.replicator
        if r.group.facts[replication.MODE] == replication.IN_ORDER and not self.lost:
            replication.turn_sync(r.group, True)
            r.note_mode()
            self.turn += 1
            r.checkpoint(self.turn)

    def leave(self) -> None:
        """No write is held any more. What is acknowledged from now on is not in the newest point, which is now."""
        r, now = self.replicator, self.clock._now
        replication.turn_sync(r.group, False)
        r.note_mode()
        self.turn += 1  # items of held writes find nobody any more
        self._armed = False
        if self.synced:
            self.synced, self.left_epoch = False, r.epoch
            r.journaled.append((now, now, r.admitted_bytes))
            for meter in r.meters:
                meter.out_of_sync(r.epoch, now)
            r.next_epoch()
            for io, _, _ in self._pending:
                io.epochs[-1] = r.epoch
        for io, deferred, _ in self._pending:
            io.deferred = None
            if deferred.parked:
                self._released.append(deferred)
        self._pending.clear()
        if self._released:
            self._release_next()

    def _release_next(self) -> None:
        self._releases += 1
        key = order(ARRIVAL, 8, self.replicator.entity, self._releases)
        self.clock.call(self.clock._now, key, lambda _: self._release())

    def _release(self) -> None:
        """One held write goes on; the next in a moment of its own."""
        self._released.popleft().fire()
        if self._released:
            self._release_next()

    def connection(self, up: bool) -> None:
        """The connection is lost, or back."""
        self.lost = not up
        if up:
            self.replicator.caught_up()
        elif self.lets_go and self.replicator.group.facts[replication.MODE] == replication.IN_SYNC:
            self.leave()
