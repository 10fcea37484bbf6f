"""mClock and IOPS limits: who gets what of a contended device.

The table was recomputed from the algorithm of Gulati et al. (mClock, OSDI 2010): three VMs
that always have I/O waiting, RD and OLTP with reservations, DM with a limit. Rates come from the whole simulator;
which phase served an I/O is no result of a run, so those counts come from the mechanism alone.
"""

import math
from collections.abc import Sequence
from dataclasses import replace

from experiments.validate import forms
from experiments.validate.build import HOST, KIB, MIB, S, closed_loop, disk, law, scenario, store, vm, with_host
from experiments.validate.measure import one, rate
from experiments.validate.row import Claim, Row, Slack, exact, judge, share
from models.mechanisms import mclock
from models.scenario import Disk, Scenario

SOURCE = "mClock (OSDI 2010), recomputed from its algorithm"
NAMES = ("RD", "OLTP", "DM")
RESERVATIONS, LIMITS, SHARES = (250, 250, 0), (0, 0, 1000), (100, 200, 300)
TOTALS = (500, 875, 1200, 1800, 2500, 3000)
SECONDS = 8
BACKLOG = 64


def table(total: int) -> list[Row]:
    """One line of the table: IOPS of the three VMs when the device does `total`."""
    result = one(_contention(total))
    limits = [limit or math.inf for limit in LIMITS]
    expected = forms.water_filling(total, RESERVATIONS, limits, SHARES)
    slack = Slack(
        4 * 2 / SECONDS + 1e-3 * total, "two dispatches at each end of the window, 0.1 % for whole-ns service"
    )
    return [
        judge(Claim(f"mClock at {total} IOPS: {name}", SOURCE, "IOPS"), expected[i], rate(result, i), slack)
        for i, name in enumerate(NAMES)
    ]


def _contention(total: int) -> Scenario:
    machines = tuple(
        vm(name, closed_loop(BACKLOG), (_flow(name, r, limit, shares),))
        for name, r, limit, shares in zip(NAMES, RESERVATIONS, LIMITS, SHARES, strict=True)
    )
    datastore = replace(store(1, law(S // total)), device_queue_depth=1)
    spec = scenario(machines, (datastore,), (SECONDS + 2) * S, 2 * S)
    return with_host(spec, replace(HOST, scheduler="mclock", dsnro=replace(HOST.dsnro, outstanding=BACKLOG)))


def _flow(name: str, reservation: int, limit: int, shares: int) -> Disk:
    return replace(disk(f"{name}:0"), reservation_iops=reservation, limit_iops=limit, shares=shares)


def phases() -> list[Row]:
    """How many I/Os a second the constraint phase serves: the reservations, at every total."""
    rows = []
    for total in TOTALS:
        log = backlogged(RESERVATIONS, LIMITS, SHARES, total, SECONDS)
        for flow in (0, 1):
            served = sum(1 for at, who, phase in log if at >= 2 * S and who == flow and phase == mclock.CONSTRAINT)
            claim = Claim(f"mClock at {total} IOPS: {NAMES[flow]} by constraint phase", SOURCE, "IOPS")
            slack = Slack(2 / (SECONDS - 2), "one dispatch at each end of 6 s")
            rows.append(judge(claim, RESERVATIONS[flow], served / (SECONDS - 2), slack))
    return rows


def scaled() -> list[Row]:
    """Shares multiplied by 1000 change no dispatch."""
    plain = backlogged(RESERVATIONS, LIMITS, SHARES, 1800, 2)
    big = backlogged(RESERVATIONS, LIMITS, [share * 1000 for share in SHARES], 1800, 2)
    differing = sum(a != b for a, b in zip(plain, big, strict=True))
    claim = Claim("mClock: dispatches that differ when all shares are 1000 times larger", "semantics of shares", "I/Os")
    return [judge(claim, 0, differing, exact(f"of {len(plain)} dispatches in order"))]


def backlogged(
    reservations: Sequence[int], limits: Sequence[int], shares: Sequence[int], total: int, seconds: int
) -> list[tuple[int, int, int]]:
    """(time, flow, phase) of the dispatches of one server of `total` I/Os a second to flows with a deep backlog.

    A flow's next I/O arrives when one of its I/Os completes, so that `BACKLOG` are always in the system.
    """
    state = mclock.mclock(list(reservations), list(limits), list(shares), HOST.idle_credit)
    queues = [[mclock.tag(state, flow, 1, 0) for _ in range(BACKLOG)] for flow in range(len(shares))]
    for flow, queue in enumerate(queues):
        mclock.set_head(state, flow, *queue[0])
    room, now, log = [1] * len(shares), 0, []
    while now < seconds * S:
        flow, phase = mclock.pick(state, room, now)
        if phase == mclock.NOBODY:
            now = mclock.next_time(state, room)
            continue
        log.append((now, flow, phase))
        queues[flow].pop(0)
        mclock.dispatched(state, flow, 1, phase)
        mclock.set_head(state, flow, *queues[flow][0])
        now += S // total
        queues[flow].append(mclock.tag(state, flow, 1, now))
    return log


def pulls() -> list[Row]:
    """Six dispatches to two flows with a backlog; reservations are overdue where there are any."""
    source = "unit tests of the dmclock library (Ceph)"
    rows = []
    for name, reservations, weights, expected in (
        ("weights 1:2", (0, 0), (1, 2), 2),
        ("reservations 2:1, overdue", (2, 1), (1, 1), 4),
        ("weights 200:200", (0, 0), (200, 200), 3),
    ):
        state = mclock.mclock(list(reservations), [0, 0], list(weights), 0)
        queues = [[mclock.tag(state, flow, 1, 0) for _ in range(6)] for flow in (0, 1)]
        served = [0, 0]
        for _ in range(6):
            for flow in (0, 1):
                mclock.set_head(state, flow, *queues[flow][0])
            flow, phase = mclock.pick(state, [1, 1], 100 * S)
            mclock.dispatched(state, flow, 1, phase)
            queues[flow].pop(0)
            served[flow] += 1
        claim = Claim(f"mClock, {name}: of 6 dispatches to the first", source, "I/Os")
        rows.append(judge(claim, expected, served[0], exact()))
    return rows


def limits() -> list[Row]:
    """A limit counts in 32 KiB units: 800 IOPS are 800 I/Os of 4 KiB or 25 of 1 MiB."""
    source = "Yellow-Bricks: Disk IO limits caveat (limit 100 and 64 KB give 50 IOPS); the other sizes by arithmetic"
    rows = []
    for size, part in ((4 * KIB, 1), (32 * KIB, 1), (64 * KIB, 2), (128 * KIB, 4), (256 * KIB, 8), (MIB, 32)):
        flow = replace(disk("vm:0"), limit_iops=800)
        machine = vm("vm", closed_loop(16, size_bytes=size), (flow,))
        spec = with_host(
            scenario((machine,), (store(64, law(100_000)),), 12 * S, 2 * S), replace(HOST, scheduler="mclock")
        )
        simulated = rate(one(spec))
        claim = Claim(f"limit 800 IOPS, {size // KIB} KiB I/Os", source, "IOPS")
        rows.append(judge(claim, 800 / part, simulated, Slack(0.2, "an I/O at each end of 10 s")))
    return rows


def unequal_depths() -> list[Row]:
    """Shares hold whatever the queue depths: 1:2 shares at depths 32 and 8 give 1:2, not the depths' 4:1."""
    depths, shares = (32, 8), (1000, 2000)
    machines = tuple(
        vm(f"vm{i}", closed_loop(depth), (_flow(f"vm{i}", 0, 0, shares[i]),)) for i, depth in enumerate(depths)
    )
    spec = scenario(machines, (replace(store(1, law(S // 1500)), device_queue_depth=1),), 12 * S, 2 * S)
    result = one(with_host(spec, replace(HOST, scheduler="mclock")))
    claim = Claim("mClock: share of the VM with 2/3 of the shares, depths 32 and 8", "semantics of shares", "%")
    part = 100 * rate(result, 1) / (rate(result, 0) + rate(result, 1))
    return [judge(claim, 200 / 3, part, share(200 / 3, 0.002, "one dispatch of 15,000 at each end"))]
