"""Consolidation by mirror driver: the cursor's closed form and published merge rates.

Sources: semantics of the mirror pass (derived in `forms.mirror_pass`); Pure's merge times, to which the copiers' bytes
in flight were fitted.
"""

import math
from dataclasses import replace

import numpy as np

from experiments.validate import forms, published
from experiments.validate.build import (
    KIB,
    MIB,
    MS,
    PLAIN_DELTA,
    SNAPSHOTS,
    US,
    S,
    disk,
    law,
    open_loop,
    scenario,
    store,
    traced,
    vm,
)
from experiments.validate.growth import JOB
from experiments.validate.measure import one
from experiments.validate.row import Claim, Row, Slack, judge, judge_range, share
from experiments.validate.stuns import defaults
from models.result import RunResult
from models.scenario import MergeCosts, Scenario


def merge_rates() -> list[Row]:
    """Consolidation is bound by latency: bytes in flight / (read + write)."""
    rows = []
    for case in published.MERGES:
        found = _merge_rate(case.read_us * US, case.write_us * US)
        claim = Claim(case.claim, published.PURE, "MB/s", "calibrated")
        rows.append(
            judge(claim, case.rate, found, share(case.rate, case.part, "one constant was fitted to three arrays"))
        )
    claim = Claim("consolidation at 10 ms", "arithmetic on the same bytes in flight", "MB/s", "calibrated")
    found = _merge_rate(10 * MS, 10 * MS)
    low, high = published.SPINNING_LOW, published.SPINNING_HIGH
    rows.append(judge_range(claim, low, high, found, "inferred from the same bytes in flight"))
    return rows


def _merge_rate(read_ns: int, write_ns: int) -> float:
    """MB/s of a pass over a full delta of 64 MiB, with the register's copiers."""
    size, chunk = 64 * MIB, 64 * KIB
    places = np.arange(size // chunk, dtype=np.int64)
    workload = replace(open_loop(0), kind="trace", trace=traced(S + places * MS, places * chunk, chunk, write=True))
    datastore = replace(store(0, law(0)), read=law(read_ns), write=law(write_ns))
    spec = scenario((vm("vm", workload, (disk("vm:0", size),)),), (datastore,), 60 * S)
    job = replace(JOB, first_ns=S // 2, disk_open_ns=2 * S)
    result = one(replace(spec, snapshots=defaults(), vadp=(job,), arms=("vadp",)), "vadp")
    return result.jobs[0].delta_bytes / (_pass_s(result) * 1e6)


def _pass_s(result: RunResult) -> float:
    """From the end of the first mirror insert to the start of its switch."""
    insert = next(row for row in result.stuns if row.reason == "mirror insert")
    switch = next(row for row in result.stuns if row.reason == "mirror switch")
    return (switch.start_ns - insert.start_ns - insert.duration_ns) / S


MIRRORED = 32 * MIB
COPIES = 1000
"""Grains a second that the copier moves, capped."""


def mirror_pass() -> list[Row]:
    """Pass time against (N/w) ln(1 - p0 + p0 exp(w/c)), for writes slower and faster than the copier."""
    rows = []
    grains = MIRRORED // (4 * KIB)
    for writes, held_s in ((250, 4), (500, 4), (1000, 3), (2000, 2), (4000, 1)):
        result = one(_mirror_scenario(writes, held_s), "vadp")
        dirty = result.jobs[0].delta_bytes / (4 * KIB) / grains
        expected = forms.mirror_pass(grains, writes, COPIES, dirty)
        slack = Slack(4 * _deviation_s(grains, writes, dirty, expected) + 1e-3, "4 standard deviations, and a copy")
        claim = Claim(f"mirror pass, w/c = {writes / COPIES:g}", "(N/w) ln(1 - p0 + p0 e^(w/c))", "s")
        rows.append(judge(claim, expected, _pass_s(result), slack))
    return rows


def _deviation_s(grains: int, writes: int, dirty: float, pass_s: float) -> float:
    """Standard deviation of a pass: what was dirty at its start is known, what was dirtied ahead of it is a count.

    One dirty grain more at the start makes the pass longer by more than its copy, as more is dirtied meanwhile.
    """
    growth = math.exp(writes / COPIES)
    longer = (growth - 1) / (1 - dirty + dirty * growth) / writes
    return longer * math.sqrt(max(0.0, COPIES * pass_s - grains * dirty))


def _mirror_scenario(writes: int, held_s: int) -> Scenario:
    """One copier of single grains under a rate cap; the delta has grown for `held_s` seconds before the pass."""
    machine = vm(f"vm{writes}", open_loop(writes, read_ppm=0), (disk("vm:0", MIRRORED),))
    spec = scenario((machine,), (store(0, law(100 * US)),), (held_s + 9) * S)
    merge = MergeCosts(1, 4 * KIB, COPIES * 4 * KIB, 0)
    job = replace(JOB, vms=(machine.name,), disk_open_ns=held_s * S)
    snapshots = replace(SNAPSHOTS, merge=merge, delta=replace(PLAIN_DELTA, table_grains=256))
    return replace(spec, snapshots=snapshots, vadp=(job,), arms=("vadp",))
