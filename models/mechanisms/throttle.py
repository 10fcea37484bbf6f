"""How many I/Os a host keeps outstanding at a device: the device queue depth, and DSNRO between competing VMDKs.

The device takes at most `depth` (DQLEN). While more than one flow competes - has I/Os queued or outstanding - each may
have at most `dsnro` outstanding (Disk.SchedNumReqOutstanding, read per VMDK). Time that a flow spends at that cap is
kept, so that a waiting I/O can be charged to what bound it. Left out: the switching hysteresis
(Disk.SchedQControl...), adaptive throttling after QFULL.
"""

from typing import NamedTuple

from sim.mechanism import mechanism

DEPTH, DSNRO, OUTSTANDING, COMPETING, RELEASED, FLOWS = range(6)


class Throttle(NamedTuple):
    """One entry per flow in each column; `device`: the six facts above, RELEASED the times a flow got room again."""

    queued: list[int]
    outstanding: list[int]
    room: list[int]  # 1: the flow may have another I/O issued, as far as the caps go
    capped_since: list[int]  # -1: not at DSNRO
    capped_ns: list[int]  # total of the finished stretches at DSNRO
    device: list[int]


def throttle(flows: int, depth: int, dsnro: int) -> Throttle:
    """An idle device."""
    return Throttle([0] * flows, [0] * flows, [1] * flows, [-1] * flows, [0] * flows, [depth, dsnro, 0, 0, 0, flows])


@mechanism
def enqueued(s: Throttle, flow: int, now: int) -> None:
    """An I/O of `flow` waits."""
    if not s.queued[flow] and not s.outstanding[flow]:
        _compete(s, 1, now)
    s.queued[flow] += 1


@mechanism
def issued(s: Throttle, flow: int, now: int) -> None:
    """One of its waiting I/Os went to the device."""
    s.queued[flow] -= 1
    s.outstanding[flow] += 1
    s.device[OUTSTANDING] += 1
    _cap(s, flow, now)


@mechanism
def completed(s: Throttle, flow: int, now: int) -> None:
    """One of its I/Os came back."""
    s.outstanding[flow] -= 1
    s.device[OUTSTANDING] -= 1
    _cap(s, flow, now)
    if not s.queued[flow] and not s.outstanding[flow]:
        _compete(s, -1, now)


@mechanism
def has_slot(s: Throttle) -> bool:
    """Whether the device takes one more."""
    return s.device[OUTSTANDING] < s.device[DEPTH]


@mechanism
def capped_time(s: Throttle, flow: int, now: int) -> int:
    """How long the flow has been at DSNRO so far, in ns."""
    since = s.capped_since[flow]
    return s.capped_ns[flow] + (now - since if since >= 0 else 0)


@mechanism
def _compete(s: Throttle, change: int, now: int) -> None:
    before = s.device[COMPETING]
    s.device[COMPETING] += change
    if (before > 1) != (s.device[COMPETING] > 1) and s.device[OUTSTANDING] >= s.device[DSNRO]:
        for flow in range(s.device[FLOWS]):  # with fewer outstanding in all, no flow is or was at DSNRO
            _cap(s, flow, now)


@mechanism
def _cap(s: Throttle, flow: int, now: int) -> None:
    capped = s.device[COMPETING] > 1 and s.outstanding[flow] >= s.device[DSNRO]
    if capped and s.capped_since[flow] < 0:
        s.capped_since[flow] = now
        s.room[flow] = 0
    elif not capped and s.capped_since[flow] >= 0:
        s.capped_ns[flow] += now - s.capped_since[flow]
        s.capped_since[flow] = -1
        s.room[flow] = 1
        s.device[RELEASED] += 1
