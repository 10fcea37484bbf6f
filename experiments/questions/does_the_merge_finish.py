"""Does the merge finish? Write rate against merge rate, by helper rounds (before 6.0) and by mirror driver."""

import math
from pathlib import Path
from typing import Any, NamedTuple

from experiments.charts.consolidation import HOW_TO_READ, NAME, Case, Region, boundary, draw, pass_s, saturated
from experiments.charts.paper import Identity, save, style
from experiments.questions.counts import share
from experiments.questions.question import Answer, Lab, Measured, Place, Question, around
from models.run import SimulationError
from sim.statistics import Interval, mean_interval

MIB = 2**20
BLOCK = MIB // 4
"""Of a write and of a copy. A workload's rate is in whole I/Os a second: rates here are whole numbers of blocks."""
ESTIMATE_S, ROUNDS = 12, 10
MARGIN = 0.05
"""Nearer to a boundary than this, chance may decide: the expectation says nothing there."""


class Size(NamedTuple):
    """How much is asked."""

    delta_mib: int
    disk_mib: int
    merge_mib: tuple[int, ...]  # MiB/s
    ratios: tuple[float, ...]  # write rate over merge rate, besides those on the boundaries
    replications: int


FULL = Size(1024, 4096, (5, 10, 20), (0.5, 0.65, 0.75, 0.85, 1.0, 1.2), 4)
QUICK = Size(256, 1024, (10,), (0.5, 1.2), 2)


def _rates(size: Size, merge_mib: int) -> list[int]:
    """Blocks a second that the guest writes: the ratios asked for, and what lies on and between the two boundaries."""
    copies, region = merge_mib * MIB // BLOCK, Region((), size.delta_mib * MIB, size.disk_mib * MIB, ESTIMATE_S, ROUNDS)
    low, high = boundary(region, merge_mib * MIB) / BLOCK, saturated(region, merge_mib * MIB) / BLOCK
    between = () if len(size.merge_mib) == 1 else (low, (low + high) / 2, high)
    return sorted({round(one) for one in (*(ratio * copies for ratio in size.ratios), *between)})


def _scenario(size: Size, by: str, merge_mib: int, blocks: int) -> dict[str, Any]:
    """One VM that writes at random places; its snapshot stays until its delta holds `delta_mib`, then it is removed."""
    writes = blocks * BLOCK  # bytes a second
    ratio = writes / (merge_mib * MIB)
    open_s = -size.disk_mib * MIB / writes * math.log1p(-size.delta_mib / size.disk_mib)
    held, merging_s = float(size.delta_mib * MIB), 0.0
    for _ in range(ROUNDS + 1):
        merging_s += held / (merge_mib * MIB)
        held = size.disk_mib * MIB * -math.expm1(-ratio * held / size.disk_mib / MIB)
    no_cost = dict.fromkeys(("stop", "resume", "close", "create", "open"), "0 s")
    no_ios = dict.fromkeys(("close_ios", "create_ios", "open_ios", "cbt_close_ios", "cbt_open_ios"), 0)
    return {
        "name": "does-the-merge-finish",
        "run": {"duration": f"{math.ceil(open_s + 1.2 * merging_s + 60)} s", "interval": "60 s"},
        "datastore": {"gold": {kind: {"latency": "0.2 ms", "stream": "none"} for kind in ("read", "write")}},
        "vm": {"db": {
            "disk": [{"size": f"{size.disk_mib} MiB"}],
            "workload": [{"rate": f"{blocks} iops", "size": f"{BLOCK} B", "read": "0 %",
                          "addresses": {"pattern": "uniform", "align": f"{BLOCK} B"}}],
        }},
        "snapshots": {
            "api": "0 s", "consolidation": by, "stun": no_cost | no_ios,
            "merge": {"streams": 1, "chunk": f"{BLOCK} B", "rate": f"{merge_mib * MIB} B/s"},
            "helper": {"estimate": f"{ESTIMATE_S} s", "rounds": ROUNDS},
        },
        "protection": {"vadp": {"once": {
            "vms": ["db"], "first": "1 s", "interval": "7 d", "disk_open": f"{open_s:.3f} s", "tool_block": "1 MiB",
            "stream": "none", "host_rate": "none", "repository": "none", "commit": "0 s",
        }}},
    }  # fmt: skip


def ask(lab: Lab) -> Answer:
    """Every pair of rates by both ways of consolidation."""
    size = QUICK if lab.quick else FULL
    places: dict[Place, dict[str, Any]] = {
        (by, merge, blocks * BLOCK / MIB): _scenario(size, by, merge, blocks)
        for by in ("helper", "mirror")
        for merge in size.merge_mib
        for blocks in _rates(size, merge)
    }
    found = lab.measure(("consolidation", "merge_mib_s", "write_mib_s"), places, ("vadp",), size.replications)
    cases = tuple(_case(found, int(merge), float(write)) for by, merge, write in places if by == "helper")
    region = Region(cases, size.delta_mib * MIB, size.disk_mib * MIB, ESTIMATE_S, ROUNDS)
    wrong = [case for case in cases if not _as_expected(region, case)]
    passes = [one / pass_s(region, case.write_rate, case.merge_rate) for case in cases for one in case.passes_s]
    all_passed = len(passes) == len(cases) * size.replications
    below = [case for case in cases if case.write_rate < (1 - MARGIN) * boundary(region, case.merge_rate)]
    ended = share(sum(case.finished for case in below), sum(case.replications for case in below))
    return Answer(
        f"{_said(region)} Of {ended.n} runs below the formula {ended.mean:.0%} finished (95 %: at least "
        f"{ended.low:.1%}). The mirror pass came to an end in {len(passes)} of {len(cases) * size.replications} runs, "
        f"up to {max(size.ratios):g} times as many writes as copies, after "
        f"{around(_ratio(region, size.replications), '')} times the closed form.",
        not wrong and all_passed and max(abs(one - 1) for one in passes) < 2 * MARGIN,
        f"of {len(cases)} pairs of rates {len(wrong)} lie on the wrong side of their boundary, and the mirror pass "
        f"differs from its closed form by {100 * max(abs(one - 1) for one in passes):.1f} % at most",
        {"values": found.table("needs_consolidation", "merge_mean", "stuns", "jobs_unfinished")},
        lambda folder, identity: _draw(region, folder, identity),
        size.replications,
        compressed=True,
    )


def _case(found: Measured, merge: int, write: float) -> Case:
    helper, mirror = ("helper", merge, write), ("mirror", merge, write)
    if any(any(found.values(place, "jobs_unfinished", "vadp")) for place in (helper, mirror)):
        raise SimulationError(f"the run is too short for a removal at {merge} MiB/s under {write} MiB/s")
    finished = sum(left == 0 for left in found.values(helper, "needs_consolidation", "vadp"))
    passes = tuple(one for one in found.values(mirror, "merge_mean", "vadp") if one == one)
    replications = len(found.runs[helper]["vadp"])
    return Case(write * MIB, merge * MIB, replications, finished, passes)


def _as_expected(region: Region, case: Case) -> bool:
    """Whether all rounds end below the boundary, and none above that which counts overwrites."""
    if case.write_rate < (1 - MARGIN) * boundary(region, case.merge_rate):
        return case.verdict == "always"
    if case.write_rate > (1 + MARGIN) * saturated(region, case.merge_rate):
        return case.verdict == "never"
    return True


def _ratio(region: Region, replications: int) -> Interval:
    """The mirror pass over its closed form: each replication's mean over all rates (they share their draws)."""
    ratios = [
        [one / pass_s(region, case.write_rate, case.merge_rate) for one in case.passes_s] for case in region.cases
    ]
    return mean_interval(sum(row[n] for row in ratios) / len(ratios) for n in range(replications))


def _said(region: Region) -> str:
    """Where helper rounds end, for each merge rate: the highest ratio that always does, the lowest that never does."""
    parts = []
    for rate in sorted({case.merge_rate for case in region.cases}):
        mine = [case for case in region.cases if case.merge_rate == rate]
        surely = max((c.write_rate / rate for c in mine if c.verdict == "always"), default=0.0)
        never = min((c.write_rate / rate for c in mine if c.verdict == "never"), default=math.inf)
        upper = f"never from {never:.3g}" if never < math.inf else "at no ratio never"
        formula = f"{boundary(region, rate) / rate:.2f} to {saturated(region, rate) / rate:.2f}"
        parts.append(f"at {rate / 1e6:.3g} MB/s always up to w/c = {surely:.3g} and {upper} (formula: {formula})")
    return f"Helper rounds finish {'; '.join(parts)}."


def _draw(region: Region, folder: Path, identity: Identity) -> None:
    with style():
        save(draw(region, identity), folder, NAME)


QUESTION = Question(
    "does-the-merge-finish",
    "Does the merge finish?",
    "Helper rounds (before 6.0) end while the guest writes at most c (12 s c / S)^(1/10), with c the merge rate and S "
    "the delta: each round leaves the next at most w/c of its own work. They never end above the same with overwrites "
    "counted. The mirror driver's single pass ends for every write rate, after (N/w) ln(1 - p0 + p0 e^(w/c)).",
    "One VM writes blocks of 256 KiB at random places of its disk. Its snapshot stays until the delta holds a quarter "
    "of the disk, then it is removed: at each pair of write rate w and merge rate c by helpers (12 s, 10 rounds) and "
    "by mirror driver, several times. The stun's fixed costs are set to nothing, so that what remains of a "
    f"consolidation is copying. Within {MARGIN:.0%} of a boundary chance may decide, and the expectation says nothing.",
    HOW_TO_READ,
    ask,
)
