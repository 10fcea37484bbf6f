"""How many I/Os a host keeps outstanding at a device: the device queue depth, and DSNRO between competing VMDKs.

The device takes at most `DEPTH`: its DQLEN, or less after QUEUE FULL (`adapt`) or in an SIOC window (`widen`). DSNRO
(Disk.SchedNumReqOutstanding) acts by one of two rules: while more than one flow competes - has I/Os queued or
outstanding - or from so many switches between flows on (Disk.SchedQControlVMSwitches) until so many I/Os in succession
were one flow's (Disk.SchedQControlSeqReqs), counted as they are issued. It is read in one of two ways: each flow may
have that many outstanding, or all flows of the device together. Time that a flow spends at that cap is kept, so that a
waiting I/O can be charged to what bound it.
"""

from typing import NamedTuple

from sim.mechanism import mechanism

(
    DEPTH, DSNRO, OUTSTANDING, COMPETING, RELEASED, FLOWS, THROTTLED, TOGETHER, SWITCHES, REQUESTS, LAST, SWITCHED, RUN,
    ADAPTED, WINDOW, BY_RULE,
) = range(16)  # fmt: skip


class Throttle(NamedTuple):
    """One entry per flow in each column; `device`: the facts above.

    RELEASED: times a flow got room again. THROTTLED: DSNRO acts now. TOGETHER: it is the sum of all flows. SWITCHES:
    by how many it begins to act, 0: by competition; REQUESTS: by how many of one flow it ends. LAST, RUN: the flow
    that was issued last, and how often in succession; SWITCHED: switches since DSNRO acted last. ADAPTED, WINDOW: what
    DEPTH is the lesser of. BY_RULE: it is not each flow's, by competition.
    """

    queued: list[int]
    outstanding: list[int]
    room: list[int]  # 1: the flow may have another I/O issued, as far as the caps go
    capped_since: list[int]  # -1: not at DSNRO
    capped_ns: list[int]  # total of the finished stretches at DSNRO
    device: list[int]


def throttle(
    flows: int, depth: int, dsnro: int, together: bool = False, switches: int = 0, requests: int = 0
) -> Throttle:
    """An idle device. DSNRO of each flow, or of all `together`; by competition, or by so many switches and I/Os."""
    device = [depth, dsnro, 0, 0, 0, flows, 0, int(together), switches, requests, -1, 0, 0, depth, depth,
              int(together or switches > 0)]  # fmt: skip
    return Throttle([0] * flows, [0] * flows, [1] * flows, [-1] * flows, [0] * flows, device)


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
    if s.device[BY_RULE]:
        _issued_by_rule(s, flow, now)
    else:
        _cap(s, flow, now)


@mechanism
def completed(s: Throttle, flow: int, now: int) -> None:
    """One of its I/Os came back."""
    s.outstanding[flow] -= 1
    s.device[OUTSTANDING] -= 1
    if s.device[TOGETHER]:
        _cap_all(s, now)
    else:
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
def adapt(s: Throttle, slots: int) -> None:
    """From now on the device takes at most so many, for what the array has answered."""
    s.device[ADAPTED] = slots
    s.device[DEPTH] = min(slots, s.device[WINDOW])


@mechanism
def widen(s: Throttle, slots: int) -> None:
    """From now on the device takes at most so many, for what SIOC says."""
    s.device[WINDOW] = slots
    s.device[DEPTH] = min(slots, s.device[ADAPTED])


@mechanism
def _compete(s: Throttle, change: int, now: int) -> None:
    before = s.device[COMPETING]
    s.device[COMPETING] += change
    if (before > 1) != (s.device[COMPETING] > 1) and not s.device[SWITCHES]:
        _act(s, 1 - (before > 1), now)


@mechanism
def _issued_by_rule(s: Throttle, flow: int, now: int) -> None:
    if s.device[SWITCHES]:
        _count(s, flow, now)
    if s.device[TOGETHER]:
        _cap_all(s, now)
    else:
        _cap(s, flow, now)


@mechanism
def _count(s: Throttle, flow: int, now: int) -> None:
    """One more I/O was issued: is it a switch, and does DSNRO begin or end to act by it?"""
    if s.device[LAST] == flow:
        s.device[RUN] += 1
    else:
        if s.device[LAST] >= 0:
            s.device[SWITCHED] += 1
        s.device[LAST] = flow
        s.device[RUN] = 1
    if s.device[RUN] >= s.device[REQUESTS]:
        s.device[SWITCHED] = 0
        if s.device[THROTTLED]:
            _act(s, 0, now)
    elif s.device[SWITCHED] >= s.device[SWITCHES] and not s.device[THROTTLED]:
        _act(s, 1, now)


@mechanism
def _act(s: Throttle, acts: int, now: int) -> None:
    """DSNRO begins (1) or ends (0) to act."""
    s.device[THROTTLED] = acts
    if s.device[OUTSTANDING] >= s.device[DSNRO]:  # with fewer outstanding in all, no flow is or was at DSNRO
        if s.device[TOGETHER]:
            _cap_all(s, now)
        else:
            for flow in range(s.device[FLOWS]):
                _cap(s, flow, now)


@mechanism
def _cap_all(s: Throttle, now: int) -> None:
    capped = s.device[THROTTLED] > 0 and s.device[OUTSTANDING] >= s.device[DSNRO]
    if capped != (s.capped_since[0] >= 0):
        for flow in range(s.device[FLOWS]):
            _set(s, flow, capped, now)


@mechanism
def _cap(s: Throttle, flow: int, now: int) -> None:
    _set(s, flow, s.device[THROTTLED] > 0 and s.outstanding[flow] >= s.device[DSNRO], now)


@mechanism
def _set(s: Throttle, flow: int, capped: bool, now: int) -> None:
    if capped and s.capped_since[flow] < 0:
        s.capped_since[flow] = now
        s.room[flow] = 0
    elif not capped and s.capped_since[flow] >= 0:
        s.capped_ns[flow] += now - s.capped_since[flow]
        s.capped_since[flow] = -1
        s.room[flow] = 1
        s.device[RELEASED] += 1
