"""Removing snapshots and bringing guests to rest: helper rounds, forced stuns, the array's snapshots, time limits.

Sources: the convergence rule of helper rounds (round k holds S (w/c)^k), documented limits of VSS and of backup tools.
Grains, chunks and writes here are of 1 MB, and new writes never come to an old place, so that w is unique bytes.
"""

from dataclasses import replace

import numpy as np

from experiments.validate.build import (
    GUEST,
    HOST,
    MS,
    NO_STUN,
    PLAIN_DELTA,
    SNAPSHOTS,
    US,
    S,
    closed_loop,
    disk,
    law,
    open_loop,
    store,
    traced,
    vm,
)
from experiments.validate.build import scenario as machines
from experiments.validate.growth import JOB
from experiments.validate.measure import one, rate
from experiments.validate.row import Claim, Row, Slack, exact, judge, judge_least, judge_range, share
from experiments.validate.stuns import defaults
from models.result import RunResult
from models.scenario import Guest, HelperRounds, MergeCosts, Scenario, SnapshotRequest, StunCosts

MB = 10**6
DELTA_MB, COPIED_MB = 20_000, 100
"""What the delta holds when its removal begins, and what the copier moves in a second: 200 s of copying."""
ROUNDS = "Snapshot consolidation changes in vSphere 6.0 (12 s); KB 2039754 (10 rounds); S (w/c)^k"
OPEN_S = 22
QUIESCED = SnapshotRequest(True, "fail", False)


def _removal(written: int, helper: HelperRounds | None, copied: int = COPIED_MB) -> Scenario:
    """A delta of 20 GB, filled in 20 s; then the guest writes so many new MB a second while it is merged."""
    before = np.arange(DELTA_MB, dtype=np.int64) * MS + S
    seconds = 1200 if written else 2200
    after = np.arange(written * seconds, dtype=np.int64) * (S // max(1, written)) + OPEN_S * S
    times = np.concatenate([before, after])
    places = np.arange(len(times), dtype=np.int64) * MB
    workload = replace(open_loop(0), kind="trace", trace=traced(times, places, MB, write=True))
    machine = vm("vm", workload, (disk("vm:0", (len(times) + 1) * MB),))
    spec = machines((machine,), (store(0, law(100 * US)),), (OPEN_S + seconds) * S)
    snapshots = replace(
        SNAPSHOTS, consolidation="helper" if helper else "mirror",
        delta=replace(PLAIN_DELTA, grain_bytes=MB, growth_bytes=MB),
        merge=MergeCosts(1, MB, copied * MB, 0), helper=helper or SNAPSHOTS.helper,
    )  # fmt: skip
    job = replace(JOB, disk_open_ns=OPEN_S * S, tool_block_bytes=64 * MB, interval_ns=10_000 * S)
    return replace(spec, hosts=(replace(HOST, path_latency_ns=0),), snapshots=snapshots, vadp=(job,), arms=("vadp",))


def _stuns(result: RunResult, reason: str) -> list[float]:
    """Seconds of work inside each stun of that kind."""
    return [row.work_ns / S for row in result.stuns if row.reason == reason]


def rounds() -> list[Row]:
    """How many helpers it takes, and the last stun, for writes slower than the copier by different shares."""
    rows = []
    late = "what is written during a round's last copy and while the backup reads"
    for percent, number in ((30, 3), (50, 5), (60, 6), (70, 8), (74, 10)):
        result = one(_removal(percent, HelperRounds(12 * S, 10, False)), "vadp")
        claim = Claim(f"helper rounds, 20 GB at 100 MB/s, w/c = {percent / 100:g}: rounds", ROUNDS, "")
        rows.append(judge(claim, number, len(_stuns(result, "helper create")), exact("a count")))
        if percent == 50:
            claim = Claim("helper rounds, w/c = 0.5: merged in the last stun", ROUNDS, "s")
            rows.append(judge(claim, 6.25, sum(_stuns(result, "helper merge")), share(6.25, 0.02, late)))
    left = one(_removal(80, HelperRounds(12 * S, 10, False)), "vadp")
    claim = Claim("helper rounds, w/c = 0.8: given up after rounds", ROUNDS, "")
    given_up = len(_stuns(left, "helper create")) if left.jobs[0].needs_consolidation else 0
    rows.append(judge(claim, 10, given_up, exact("a count")))
    forced = one(_removal(80, HelperRounds(12 * S, 10, True)), "vadp")
    claim = Claim("helper rounds, w/c = 0.8: forced stun after 10", ROUNDS, "s")
    rows.append(judge(claim, 21.5, sum(_stuns(forced, "helper merge")), share(21.5, 0.02, late)))
    return [*rows, *_alternatives()]


def _alternatives() -> list[Row]:
    """The same delta by mirror driver, and merged in one stun."""
    spec = _removal(80, None)
    spec = replace(spec, snapshots=replace(spec.snapshots, stun=defaults().stun))
    mirrored = one(spec, "vadp")
    longest = max(row.duration_ns for row in mirrored.stuns if row.reason.startswith("mirror")) / S
    source = "Snapshot consolidation changes in vSphere 6.0 (C. Hogan)"
    rows = [judge_range(Claim("mirror driver, w/c = 0.8: longest stun", source, "s"), 0, 2, longest, "below 2 s")]
    passes = sum(row.reason == "mirror switch" for row in mirrored.stuns) * (not mirrored.jobs[0].needs_consolidation)
    rows.append(judge(Claim("mirror driver, w/c = 0.8: passes", source, ""), 1, passes, exact("a count")))
    forced = one(_removal(0, HelperRounds(12 * S, 0, True), 10), "vadp")
    stun = sum(_stuns(forced, "helper merge"))
    claim = Claim("20 GB merged in a stun at 10 MB/s", "stun = delta / rate", "s")
    rows.append(judge(claim, 2000, stun, share(2000, 1e-3, "the last copy is not paced")))
    claim = Claim("forced merge of a large delta", "KB 2039754 as quoted by codenotary: 30 min to an hour", "s")
    return [*rows, judge_least(claim, 1800, stun)]


def native() -> list[Row]:
    """A closed loop on an array's snapshot against none, and what a chain that no removal shortens comes to."""
    spec = machines((vm("vm", closed_loop(16, 500_000)),), (store(8, law(500 * US, "exponential")),), 60 * S, 2 * S)
    job = replace(JOB, disk_open_ns=100 * S)
    held = replace(spec, snapshots=replace(SNAPSHOTS, format="native"), vadp=(job,), arms=("vadp",))
    share_left = rate(one(held, "vadp")) / rate(one(spec))
    claim = Claim("IOPS on a native snapshot / without", "Scalable snapshots demo with vSAN ESA: loss below 2 %", "")
    rows = [judge_range(claim, 0.98, 1.02, share_left, "the published loss, either way")]
    small = vm("vm", open_loop(0), (disk("vm:0", 1 << 20),))
    nights = machines((small,), (store(0, law(MS)),), 40 * S)
    left = replace(SNAPSHOTS, removal=replace(SNAPSHOTS.removal, failure_ppm=1_000_000))
    nights = replace(nights, snapshots=left, vadp=(replace(JOB, interval_ns=S),), arms=("vadp",))
    outcomes = [row.outcome for row in one(nights, "vadp").jobs]
    claim = Claim(
        "no removal succeeds: nights until no snapshot can be taken", "32 levels a chain (vSAN tech note)", ""
    )
    done = next(number for number, outcome in enumerate(outcomes) if outcome.startswith("failed"))
    return [*rows, judge(claim, 32, done, exact("a count"))]


def _quiesced(create_ns: int, guest: Guest, hold_ns: int) -> RunResult:
    """A quiesced backup whose stun takes so long; the writes of its flush take 100 ms each, one at a time."""
    machine = replace(vm("vm", open_loop(0), (disk("vm:0", 1 << 20),)), guest=guest)
    stun: StunCosts = replace(NO_STUN, create_ns=create_ns)
    limits = replace(SNAPSHOTS.quiesce, hold_ns=hold_ns)
    spec = machines((machine,), (store(0, law(100 * MS)),), 200 * S)
    job = replace(JOB, request=QUIESCED)
    return one(
        replace(spec, snapshots=replace(SNAPSHOTS, stun=stun, quiesce=limits), vadp=(job,), arms=("vadp",)), "vadp"
    )


def quiesce() -> list[Row]:
    """The longest stun that a quiesced snapshot survives, by each limit, and how long a flush takes."""
    rows, clean = [], replace(GUEST, flush_outstanding=1)
    cases = (
        ("provider's 10 s", "Microsoft KB 975688", 10, clean, 10 * S),
        ("Exchange's 20 s", "Veeam: Persistent VSS snapshots", 20, replace(clean, freeze_limit_ns=20 * S), 0),
        ("writers' 60 s", "Microsoft: CVssWriter::OnFreeze", 60, replace(clean, freeze_limit_ns=60 * S), 0),
        ("Exchange's 20 s, 5 s of flushing", "Veeam: Persistent VSS snapshots", 15,
         replace(clean, freeze_limit_ns=20 * S, dirty_bytes=50 << 16, dirty_most_bytes=1 << 30), 0),
    )  # fmt: skip
    for name, source, expected, guest, hold in cases:
        survived = [s for s in range(1, 64) if _quiesced(s * S, guest, hold).jobs[0].outcome == "ok"]
        claim = Claim(f"longest create stun inside the {name}", source, "s")
        rows.append(judge(claim, expected, max(survived), exact("whole seconds tried")))
    busy = replace(clean, prepare_ns=S, dirty_ns=5 * S, dirty_most_bytes=1 << 40, flush_outstanding=4)
    machine = replace(vm("vm", open_loop(400, read_ppm=0)), guest=busy)
    spec = machines((machine,), (store(0, law(MS)),), 60 * S)
    job = replace(JOB, first_ns=10 * S, request=QUIESCED)
    row = one(replace(spec, vadp=(job,), arms=("vadp",)), "vadp").quiesces[0]
    expected = 400 * 5 * 4096 / 65_536 / 4
    claim = Claim("flush of a guest that writes 400 iops, 5 s of them dirty", "dirty bytes / device speed", "ms")
    slack = Slack(4 * expected / 20 + 1, "4 standard deviations of a second's arrivals, and a write")
    return [*rows, judge(claim, expected, (row.flushed_ns - row.freeze_ns) / MS, slack), *_memory()]


def _memory() -> list[Row]:
    """A memory image takes as long as its writes; without one, memory is no matter."""
    dump = replace(SNAPSHOTS.memory, io_bytes=8 << 20, pause_ns=10 * MS)
    spec = machines((vm("vm", open_loop(0), (disk("vm:0", 1 << 20),)),), (store(0, law(70 * MS)),), 100 * S)
    job = replace(JOB, request=SnapshotRequest(False, "fail", True))
    spec = replace(spec, snapshots=replace(SNAPSHOTS, memory=dump), vadp=(job,), arms=("vadp",))
    starts = one(spec, "vadp").stuns[0].start_ns / S
    claim = Claim("1 GiB of memory in writes of 8 MiB", "KB 76687: one after the other, with pauses", "s")
    rows = [judge(claim, 128 * 0.08, starts, Slack(1e-9, "a nanosecond: fixed latencies"))]
    large = replace(spec.vms[0], guest=replace(GUEST, memory_bytes=1 << 40))
    lengths = [
        one(replace(spec, vms=(machine,), vadp=(JOB,)), "vadp").stuns[0].duration_ns for machine in (large, spec.vms[0])
    ]
    claim = Claim("create stun without memory: 1 TiB less 1 GiB of RAM", "RAM matters only with the memory flag", "ns")
    return [*rows, judge(claim, 0, lengths[0] - lengths[1], exact())]
