"""Stuns: the affine law of an idle VM, the drain, and published stuns.

The VM is idle and the datastore's latency fixed, so that a stun is a sum of known parts. The law restates the
register's fit to published stuns and is therefore calibrated; what it shows is that nothing else creeps in.
"""

from dataclasses import replace

import numpy as np

from experiments.validate import published
from experiments.validate.build import MIB, MS, S, disk, law, open_loop, scenario, store, traced, vm
from experiments.validate.growth import JOB
from experiments.validate.measure import one
from experiments.validate.row import Claim, Row, Slack, exact, judge, judge_least, judge_range, share
from models.result import RunResult
from models.scenario import Snapshots

LAW = "fit to published stuns: 120 ms + n (60 ms + 16 L), tracked disks"
TARGET_3 = "fit to published stuns: 40 to 120 ms a disk"
SMALL = 4 * MIB


def defaults() -> Snapshots:
    """Snapshots as the assumption register has them."""
    from experiments.scenario import build

    return build({"name": "validate", "vm": {"app": {"disk": [{"size": "1 GiB"}], "workload": [{}]}}}).snapshots


def idle_stun(snapshots: Snapshots, disks: int, latency_ns: int) -> RunResult:
    """One backup of an idle VM."""
    own = tuple(disk(f"vm:{i}", SMALL) for i in range(disks))
    spec = scenario((vm("vm", open_loop(0), own),), (store(64, law(latency_ns)),), 1000 * S)
    return one(replace(spec, snapshots=snapshots, vadp=(JOB,), arms=("vadp",)), "vadp")


def _stun_s(result: RunResult, reason: str) -> float:
    return next(row.duration_ns for row in result.stuns if row.reason == reason) / S


def stun_law() -> list[Row]:
    """Every create stun of an idle VM is 120 ms + n (60 ms + 16 L), to the nanosecond."""
    rows: list[Row] = []
    stuns: dict[tuple[int, int], float] = {}
    snapshots = defaults()
    for disks, latency in ((1, 1), (4, 1), (8, 1), (12, 1), (1, 2), (4, 2), (4, 40), (8, 40), (4, 80), (8, 80)):
        stuns[disks, latency] = found = _stun_s(idle_stun(snapshots, disks, latency * MS), "snapshot create")
        expected = 0.12 + disks * (0.06 + 16 * latency / 1000)
        claim = Claim(f"create stun, idle VM, {disks} disks at {latency} ms", LAW, "s", "calibrated")
        rows.append(judge(claim, expected, found, Slack(1e-9, "a nanosecond: fixed latencies")))
    slope = (stuns[12, 1] - stuns[4, 1]) / 8 * 1000
    claim = Claim(
        "slope of the stun over disks at 1 ms", "fit to published stuns: 40 to 120 ms a disk", "ms/disk", "calibrated"
    )
    rows.append(judge_range(claim, 40, 120, slope, "the range of the published stuns"))
    ratio = (stuns[8, 80] - stuns[4, 80]) / (stuns[8, 40] - stuns[4, 40])
    claim = Claim("slope at 80 ms over slope at 40 ms", TARGET_3, "ratio", "calibrated")
    return [*rows, judge(claim, 2, ratio, share(2, 0.05, "proportional to latency above 20 ms, fixed part aside"))]


def published_stuns() -> list[Row]:
    """Stuns of vmware.log files and knowledge base articles."""
    snapshots, rows = defaults(), []
    for case in published.STUNS:
        found = _stun_s(idle_stun(snapshots, case.disks, case.metadata_ms * MS), case.reason)
        claim = Claim(case.claim, case.source, "s", "calibrated")
        rows.append(judge_range(claim, case.low_s, case.high_s, found, "the range of the published stuns"))
    congested = idle_stun(snapshots, published.CONGESTED_DISKS, published.CONGESTED_MS * MS)
    claim = Claim("create stun, 8 disks, 250 ms", published.KB_437724, "s", "calibrated")
    rows.append(judge_least(claim, published.CONGESTED_S, _stun_s(congested, "snapshot create")))
    result = idle_stun(snapshots, 4, 2 * MS)
    longer = (result.stuns[0].cpt_ns - result.stuns[0].duration_ns) / MS
    claim = Claim("CPT total beyond the stop", published.KB_417644, "ms", "calibrated")
    rows.append(judge(claim, 29.5, longer, Slack(1.0, "the register rounds it to whole ms")))
    untracked = replace(snapshots, stun=replace(snapshots.stun, cbt_close_ios=0, cbt_open_ios=0))
    with_cbt = _stun_s(idle_stun(snapshots, 1, 250 * MS), "snapshot create")
    more = with_cbt - _stun_s(idle_stun(untracked, 1, 250 * MS), "snapshot create")
    claim = Claim("CBT lengthens a create stun at 250 ms", "elatov: 2 s with CBT, 1 s without", "s", "calibrated")
    return [*rows, judge(claim, 1.0, more, Slack(0.5, "published in whole seconds"))]


def drain() -> list[Row]:
    """A stun waits for what is in flight: a read of 350 ms issued 50 ms before makes a drain of 300 ms."""
    read = traced(np.array([S]), np.array([0]), 4096, write=False)
    workload = replace(open_loop(0), kind="trace", trace=read)
    spec = scenario((vm("vm", workload, (disk("vm:0", SMALL),)),), (store(1, law(350 * MS)),), 60 * S)
    job = replace(JOB, first_ns=S + 50 * MS)
    result = one(replace(spec, vadp=(job,), arms=("vadp",)), "vadp")
    claim = Claim("drain of an I/O with 300 ms to go", "the stun contains the drain", "ms")
    return [judge(claim, 300, result.stuns[0].drain_ns / MS, exact("fixed service, one I/O in flight"))]
