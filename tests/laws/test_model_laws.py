"""Laws of whole runs over random small scenarios: books that balance, equal results, paired guests, idle corners."""

import pickle
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, assume, event, given, settings
from hypothesis import strategies as st
from random_worlds import scenarios
from worlds import S

from models.measure.recorder import workload_name
from models.path.io import GuestIo
from models.result import RunResult, VmResult
from models.run import Run, SimulationError, simulate
from models.scenario import Arm, Engine, Scenario

ARMS = st.sampled_from(["none", "vadp", "vaio", "both"])
SLOW_DRAWS = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]
Asked = dict[tuple[str, str, int], tuple[int, int, int, int, bool, int]]


def outcome(scenario: Scenario, arm: Arm, engine: Engine = "simpy") -> RunResult | None:
    """The result, or None when a datastore is full: nothing else may go wrong."""
    try:
        return simulate(scenario, arm, 0, engine)
    except SimulationError as problem:
        if "is full: the delta of disk" not in str(problem):
            raise
        event("datastore full")
        return None


def asked(scenario: Scenario, arm: Arm) -> Asked:
    """All guest I/Os by identity: (time, disk, offset, size, write, service). Up to a full datastore."""
    run, found = Run(scenario, arm, 0), {}
    arrived = run.hypervisor.recorder.arrived

    def note(vm: int, io: GuestIo) -> None:
        spec = scenario.vms[vm]
        identity = (spec.name, workload_name(spec, io.workload), io.ordinal)
        assert identity not in found
        found[identity] = (io.arrival_ns, io.disk, io.offset, io.size, io.write, io.service_ns)
        arrived(vm, io)

    run.hypervisor.recorder.arrived = note  # type: ignore[method-assign]
    try:
        run.go()
    except Exception as problem:
        assume("full" not in str(problem))
        raise
    return found


WANTED = {
    "ok", "failed", "skipped", "unfinished", "ok, needs consolidation", "first sync", "in order",
    "overflow", "resync", "data", "parent read", "metadata", "mirror", "merge", "backup", "snapshot",
    "late guest disk timeout", "a hop waits for a worker", "memory", "snapshot delete",
    "helper create", "helper merge", "quiesced: ok", "quiesced: failed",
    "lock recovery", "stopped", "throttled", "tried again",
    "a disk waits for its turn", "writes outside the windows",
    "a law of quantiles", "a slowdown", "a trace goes round",
    "in sync", "a write waits for its target", "writes are let go", "connection lost", "points dropped", "cores busy",
    "destage", "refused", "cached", "a shallow queue",
}  # fmt: skip
"""What must occur among the random runs: a law that meets no failure says little."""


@pytest.mark.slow
def test_the_books_balance_whatever_happens() -> None:
    seen: set[str] = set()

    @settings(max_examples=320, suppress_health_check=SLOW_DRAWS, database=None)
    @given(scenarios(), ARMS)
    def holds(scenario: Scenario, arm: Arm) -> None:
        result = outcome(scenario, arm)
        seen.update(check_all(scenario, result) if result is not None else ["datastore full"])

    holds()
    assert seen >= WANTED


@settings(max_examples=100, suppress_health_check=SLOW_DRAWS, database=None)
@given(scenarios(), ARMS)
def test_the_books_balance(scenario: Scenario, arm: Arm) -> None:
    result = outcome(scenario, arm)
    if result is not None:
        check_all(scenario, result)


@pytest.mark.slow
@settings(max_examples=300, suppress_health_check=SLOW_DRAWS)
@given(scenarios(), ARMS)
def test_the_books_balance_in_many_more(scenario: Scenario, arm: Arm) -> None:
    result = outcome(scenario, arm, "compiled")  # equal to the readable path's, by another law
    if result is not None:
        check_all(scenario, result)


def check_all(scenario: Scenario, result: RunResult) -> list[str]:
    """Fails the test when anything contradicts; returns what has happened, in words."""
    check_books(scenario, result)
    check_recovery(scenario, result)
    check_jobs(scenario, result)
    words = [job.outcome.split(": ")[0].split(" on ")[0] for job in result.jobs]
    words += [mode.mode for mode in result.modes] + [row.cause for row in result.devices]
    words += [f"asked: {row.answer}" for row in result.questions]
    words += [row.reason for row in result.stuns]
    words += [f"quiesced: {row.outcome.split(':')[0]}" for row in result.quiesces]
    used = {disk.datastore for vm in scenario.vms if vm.workloads for disk in vm.disks}
    stores = [store for store in scenario.datastores if store.name in used]
    laws = [law for store in stores for law in (store.read, store.write)]
    words += ["a trace goes round"] * any(w.repeat and w.begin == "random" for vm in scenario.vms for w in vm.workloads)
    words += ["a slowdown"] * any(store.slowdown_milli and store.servers != 1 for store in stores)
    words += ["a law of quantiles"] * any(law.quantiles for law in laws)
    words += ["a hop waits for a worker"] * hops_waited(scenario, result) + turns(scenario, result)
    words += check_replication(scenario, result)
    check_levels(scenario, result)
    words += [row.level for row in result.levels if row.value]
    words += ["a shallow queue"] * shallow(scenario, result)
    unseen = any(row.bytes_written and not row.ios for row in result.intervals)
    words += ["writes outside the windows"] * unseen
    return words + [f"late {timer.timer}" for timer in result.timers if timer.outlasted]


def turns(scenario: Scenario, result: RunResult) -> list[str]:
    """What jobs have waited for, heeded and tried again."""
    words = [stun.reason for stun in result.stuns if stun.reason == "lock recovery"]
    words += ["stopped"] * any(row.stopped for row in result.control)
    most = max((job.reads_in_flight for job in scenario.vadp), default=0)
    words += ["throttled"] * any(row.tasks and row.reads_allowed < most for row in result.control)
    attempts = [(row.job, row.vm, row.ordinal) for row in result.jobs]
    words += ["tried again"] * (len(set(attempts)) < len(attempts))
    assert len(attempts) <= sum(1 + job.schedule.retries for job in scenario.vadp) * len(set(attempts))
    single = {job.name for job in scenario.vadp if 1 in (job.transport.proxy_tasks, job.transport.repository_tasks)}
    several = {vm.name for vm in scenario.vms if len(vm.disks) > 1}
    waited = any(row.job in single and row.vm in several and row.read_end_ns >= 0 for row in result.jobs)
    return words + ["a disk waits for its turn"] * waited


def hops_waited(scenario: Scenario, result: RunResult) -> bool:
    """Whether one of the slowest I/Os has spent more at a filter of fixed cost than that cost."""
    filters = {one for vm in scenario.vms for one in vm.filters if one.distribution == "fixed"}
    cost = {result.causes.index(f"filter {one.name}"): one.down_ns + one.up_ns for one in filters}
    kept = [io.ledger_ns for vm in result.vms for io in vm.slowest]
    return any(ledger[column] > ns for ledger in kept for column, ns in cost.items())


def check_levels(scenario: Scenario, result: RunResult) -> None:
    """No queue is deeper than its DQLEN, no cache holds more than it may, no credit is more than the burst's."""
    stores = {store.name: store for store in scenario.datastores}
    hosts = {host.name for host in scenario.hosts}
    for row in result.levels:
        if row.host and row.host not in hosts:
            continue  # a backup server has a depth of its own
        store = stores[row.datastore]
        most = {
            "queue depth": store.device_queue_depth, "cached": store.cache.size_bytes if store.cache else 0,
            "I/O credit": store.burst_ns * store.iops_cap // S,
            "byte credit": store.burst_ns * store.bandwidth_bytes_per_s // S,
        }.get(row.level, row.value)  # fmt: skip
        assert int(row.level == "queue depth") <= row.value <= most


def shallow(scenario: Scenario, result: RunResult) -> bool:
    """Whether a host's queue was once less deep than its DQLEN."""
    depths = {store.name: store.device_queue_depth for store in scenario.datastores}
    return any(row.level == "queue depth" and row.value < depths[row.datastore] for row in result.levels)


def check_books(scenario: Scenario, result: RunResult) -> None:
    """Ledgers, histograms, intervals and probes say the same."""
    length = result.duration_ns - result.warmup_ns
    for spec, vm in zip(scenario.vms, result.vms, strict=True):
        check_ledger(vm)
        assert vm.probe.count == len(spec.disks) * length
        assert vm.vscsi.count >= vm.ios  # posted, perhaps not delivered
        rows = [row for row in result.intervals if row.vm == spec.name]
        assert [row.t_ns for row in rows] == list(range(0, result.duration_ns, result.interval_ns))
        assert sum(row.latency.count for row in rows) == sum(row.ios for row in rows) >= vm.ios
        assert sum(row.bytes_written for row in rows) >= vm.bytes_written
    for stun in result.stuns:
        phases = stun.stop_ns + stun.drain_ns + stun.close_ns + stun.create_ns + stun.open_ns + stun.resume_ns
        assert phases + stun.work_ns == stun.duration_ns
    for rest in result.quiesces:
        reached = [time for time in (rest.start_ns, rest.freeze_ns, rest.flushed_ns, rest.thaw_ns) if time >= 0]
        assert reached == sorted(reached)
        assert (rest.outcome == "ok") <= (rest.flushed_ns >= 0)
    assert all(abs(line.left - line.right) <= line.tolerance for line in result.audit)


def check_ledger(vm: VmResult) -> None:
    latencies = vm.guest_read.total + vm.guest_write.total
    assert sum(sum(one.ns) for one in vm.ledger) == latencies
    assert sum(one.ios for one in vm.ledger) == vm.ios == vm.guest_read.count + vm.guest_write.count
    assert all(ns >= 0 for one in vm.ledger for ns in one.ns)
    for slow in vm.slowest:
        assert sum(slow.ledger_ns) == slow.latency_ns
        assert min(slow.ledger_ns) >= 0
    kept = [slow.latency_ns for slow in vm.slowest]
    assert kept == sorted(kept, reverse=True)
    assert kept[:1] in ([], [max(vm.guest_read.maximum, vm.guest_write.maximum)])


def check_recovery(scenario: Scenario, result: RunResult) -> None:
    """Age and exposure cover the time from the first point on; nothing is at risk while nothing is exposed."""
    length = result.duration_ns - result.warmup_ns
    for one in result.recovery:
        for ramps in (one.age, one.exposure):
            assert sum(ramp.t1_ns - ramp.t0_ns for ramp in ramps) == length - one.undefined_ns
            assert all(a.t1_ns == b.t0_ns for a, b in pairwise(ramps))
            assert all(ramp.v0_ns >= 0 for ramp in ramps)
        assert one.risk_written.count == one.risk_unique.count == length - one.undefined_ns
        assert one.risk_unique.maximum <= max(one.risk_written.maximum * 16, -1)  # 512 bytes may touch two blocks
        age_at = {ramp.t0_ns: ramp.v0_ns for ramp in one.age}
        assert all(ramp.v0_ns <= age_at.get(ramp.t0_ns, ramp.v0_ns) + 10 * S for ramp in one.exposure)
    for point in result.points:
        assert 0 <= point.point_ns <= point.usable_ns <= result.duration_ns
    for vm in scenario.vms:
        for name in {point.protection for point in result.points}:
            mine = [p for p in result.points if (p.vm, p.protection) == (vm.name, name)]
            assert mine == sorted(mine, key=lambda p: (p.usable_ns, p.point_ns))


def check_replication(scenario: Scenario, result: RunResult) -> list[str]:
    """Cuts and journals are as described, a group that never left sync had nothing at risk; what has happened."""
    words = ["connection lost" for cut in result.cuts if cut.lost_ns >= 0]
    words += ["points dropped" for row in result.journals if row.dropped] + [
        "cores busy" for c in result.cores if c.busy_ns
    ]
    columns = [n for n, cause in enumerate(result.causes) if cause.startswith("replica ")]
    words += ["a write waits for its target" for vm in result.vms for one in vm.ledger for n in columns if one.ns[n]]
    groups = {group.name: group for group in scenario.vaio}
    for cut in result.cuts:
        assert cut.cut_ns < cut.restored_ns <= cut.back_ns
        assert (cut.lost_ns < 0) == (cut.probes == 0)
    for row in result.journals:
        group = groups[row.protection]
        assert row.points < 2 or row.t_ns - row.oldest_ns <= group.history_ns
        assert row.points < 2 or not group.journal_size_bytes or row.bytes <= group.journal_size_bytes
        assert row.oldest_ns <= row.newest_ns <= row.t_ns
    for one in result.recovery:
        modes = [row.mode for row in result.modes if row.protection == one.protection]
        if modes == ["in sync"]:
            assert {(ramp.v0_ns, ramp.slope) for ramp in (*one.age, *one.exposure)} == {(0, 0)}
            assert one.risk_written.maximum == 0
        words += ["writes are let go"] * ("in sync" in modes[:-1])
    return words


def check_jobs(scenario: Scenario, result: RunResult) -> None:
    """A job's times are in order, its bytes inside its disks, its point usable if and only if it is ok."""
    sizes = {vm.name: sum(disk.size_bytes for disk in vm.disks) for vm in scenario.vms}
    for job in result.jobs:
        times = (
            job.scheduled_ns, job.start_ns, job.cut_ns, job.read_start_ns, job.read_end_ns, job.usable_ns,
            job.merge_start_ns, job.merge_end_ns, job.end_ns,
        )  # fmt: skip
        reached = [time for time in times if time >= 0]
        assert reached == sorted(reached)
        assert 0 <= job.stored_bytes <= job.read_bytes <= sizes[job.vm]
        assert job.unique_bytes <= 16 * job.written_bytes
        points = [p for p in result.points if (p.protection, p.vm, p.usable_ns) == (job.job, job.vm, job.usable_ns)]
        assert len(points) == (job.usable_ns >= 0)
        if job.kind == "full" and job.usable_ns >= 0:
            assert job.read_bytes == sizes[job.vm]
        assert job.outcome.startswith(("ok", "failed: ", "skipped: ", "unfinished"))
        if job.outcome.startswith("ok"):
            assert job.usable_ns >= 0


@settings(max_examples=20, suppress_health_check=SLOW_DRAWS)
@given(scenarios(1_000), st.permutations(["none", "vadp", "vaio", "both"]))
def test_equal_runs_give_equal_bytes_in_any_order_of_the_arms(scenario: Scenario, arms: list[Arm]) -> None:
    first = {arm: outcome(scenario, arm) for arm in sorted(arms)}
    for arm in arms:
        again = outcome(scenario, arm)
        assert again == first[arm]
        assert pickle.dumps(again) == pickle.dumps(first[arm])


def shared_arrivals(scenario: Scenario) -> set[tuple[str, str]]:
    """(VM, workload) whose arrival times no arm can move."""
    return {
        (vm.name, w.name)
        for vm in scenario.vms
        for w in vm.workloads
        if w.kind != "closed" and not (w.origin == "guest" and vm.guest_clock == "frozen")
    }


@settings(max_examples=20, suppress_health_check=SLOW_DRAWS)
@given(scenarios(), st.sampled_from(["vadp", "vaio", "both"]))
def test_every_arm_sees_the_same_guest_io(scenario: Scenario, arm: Arm) -> None:
    bare, protected = asked(scenario, "none"), asked(scenario, arm)
    shared = shared_arrivals(scenario)
    assert {k: v for k, v in bare.items() if k[:2] in shared} == {k: v for k, v in protected.items() if k[:2] in shared}
    for identity in bare.keys() & protected.keys():  # closed loops and frozen clocks pair by ordinal
        assert bare[identity][1:] == protected[identity][1:]
        assert bare[identity][0] <= protected[identity][0] or identity[:2] not in frozen(scenario)


def frozen(scenario: Scenario) -> set[tuple[str, str]]:
    """Workloads that a stun makes late."""
    return {
        (vm.name, w.name)
        for vm in scenario.vms
        for w in vm.workloads
        if w.kind != "closed" and w.origin == "guest" and vm.guest_clock == "frozen"
    }


@settings(max_examples=20, suppress_health_check=SLOW_DRAWS)
@given(scenarios(), scenarios(), ARMS)
def test_one_more_vm_at_the_end_leaves_the_others_requests_alone(one: Scenario, other: Scenario, arm: Arm) -> None:
    stores = {store.name for store in one.datastores}
    hosts = {host.name for host in one.hosts}
    extra = [vm for vm in other.vms if vm.host in hosts and {disk.datastore for disk in vm.disks} <= stores]
    assume(extra)
    more = replace(extra[0], name="more", disks=tuple(replace(d, name=f"more:{d.name}") for d in extra[0].disks))
    roomy = tuple(replace(store, capacity_bytes=1 << 40) for store in one.datastores)
    one = replace(one, datastores=roomy)
    shared = shared_arrivals(one)
    before = {k: v for k, v in asked(one, arm).items() if k[:2] in shared}
    after = asked(replace(one, vms=(*one.vms, more)), arm)
    assert before == {k: v for k, v in after.items() if k[:2] in shared}


@settings(max_examples=20, suppress_health_check=SLOW_DRAWS)
@given(scenarios(), st.sampled_from(["none", "vaio"]))
def test_shares_count_by_their_ratio(scenario: Scenario, arm: Arm) -> None:
    """(NBD flows have shares of their own, so not with a backup; SIOC counts them against a slot.)"""
    scenario = replace(scenario, datastores=tuple(replace(store, sioc=None) for store in scenario.datastores))
    vms = tuple(
        replace(vm, disks=tuple(replace(disk, shares=disk.shares * 1000) for disk in vm.disks)) for vm in scenario.vms
    )
    assert outcome(scenario, arm) == outcome(replace(scenario, vms=vms), arm)


@settings(max_examples=20, suppress_health_check=SLOW_DRAWS)
@given(scenarios(), ARMS, st.integers(0, 1_999))
def test_a_warm_up_cuts_statistics_and_no_series(scenario: Scenario, arm: Arm, warmup_ms: int) -> None:
    cold = replace(scenario, run=replace(scenario.run, warmup_ns=0, slowest=100_000))
    warm = replace(scenario, run=replace(scenario.run, warmup_ns=warmup_ms * 1_000_000, slowest=100_000))
    one, two = outcome(cold, arm), outcome(warm, arm)
    if one is None or two is None:
        assert one is two
        return
    for series in ("intervals", "stuns", "jobs", "points", "modes", "space", "flows", "devices", "events"):
        assert getattr(one, series) == getattr(two, series)
    for before, after in zip(one.vms, two.vms, strict=True):
        kept = [slow for slow in before.slowest if slow.arrival_ns >= two.warmup_ns]
        assert list(after.slowest) == kept
        assert after.ios == len(kept)


@settings(max_examples=30, suppress_health_check=SLOW_DRAWS)
@given(scenarios(), ARMS, st.booleans())
def test_finite_load_drains_and_leaves_every_vm_empty(scenario: Scenario, arm: Arm, backups: bool) -> None:
    """Only recorded I/O, once, a minute to spare and no further job: nothing waits for ever."""
    traced = (tuple(replace(w, repeat=False) for w in vm.workloads if w.kind == "trace") for vm in scenario.vms)
    vms = tuple(replace(vm, workloads=recorded) for vm, recorded in zip(scenario.vms, traced, strict=True))
    once = tuple(replace(job, interval_ns=3600 * S) for job in scenario.vadp) if backups else ()
    full = replace(scenario.snapshots.full, answer="end")
    scenario = replace(scenario, snapshots=replace(scenario.snapshots, full=full))
    quiet = replace(
        scenario, vms=vms, vadp=once, run=replace(scenario.run, duration_ns=120 * S, interval_ns=60 * S, observe=())
    )
    run = Run(quiet, arm, 0)
    try:
        run.go()
    except Exception as problem:
        assume("full" not in str(problem))
        raise
    run.result()
    for vm in run.hypervisor.vms:
        assert (vm.inside(), vm.in_flight, vm.stunned) == (0, 0, False)
        asked_for = sum(len(w.trace.time_ns) for w in vm.spec.workloads if w.trace is not None)
        flushed = run.snapshots.caches.written[vm.index]
        assert run.hypervisor.recorder.books[vm.index].delivered[0] == asked_for + flushed
    for device in run.hypervisor.devices.values():
        assert device.submitted == device.finished
    for backup in run.backups:
        assert all(record.row.outcome != "unfinished" for record in backup.records)
    for replicator in run.hypervisor.replicators:
        assert replicator.backlog_bytes() == 0
