"""Nights of several VMs: makespan against list scheduling, recovery points under overrun, latency control.

Jobs of known length are laid out by hand; latency control is held to what its source says it does: latency under the
upper threshold, no new task above the lower one.
"""

from dataclasses import replace
from itertools import pairwise

from experiments.validate import forms
from experiments.validate.backups import mean_age_s
from experiments.validate.build import MIB, MS, US, S, disk, law, open_loop, scenario, store, vm
from experiments.validate.growth import JOB
from experiments.validate.measure import one
from experiments.validate.row import Claim, Row, Slack, exact, judge, judge_least
from models.jobs import Control
from models.result import RunResult
from models.scenario import Scenario

SIZES_MIB = (40, 8, 24, 16, 64, 8, 8, 32, 16, 48)
READ_MS = 5
VEEAM = "Veeam: storage latency control"


def makespan() -> list[Row]:
    """Ten disks of known reading times through one to four places of a proxy, against list scheduling."""
    machines = tuple(vm(f"vm{i}", open_loop(0), (disk(f"vm{i}:0", size * MIB),)) for i, size in enumerate(SIZES_MIB))
    names = tuple(machine.name for machine in machines)
    spec = scenario(machines, (store(0, law(READ_MS * MS)),), 4 * S)
    rows = []
    for tasks in (1, 2, 3, 4):
        way = replace(JOB.transport, proxy_tasks=tasks)
        job = replace(JOB, vms=names, parallel_vms=len(names), reads_in_flight=1, transport=way)
        found = one(replace(spec, vadp=(job,), arms=("vadp",)), "vadp").jobs
        ends = forms.list_schedule([size * READ_MS for size in SIZES_MIB], tasks)
        begin = min(row.read_start_ns for row in found)
        wrong = sum(row.read_end_ns - begin != end * MS for row, end in zip(found, ends, strict=True))
        text = f"10 disks, {tasks} task{'s' * (tasks > 1)} at the proxy"
        last = max(row.read_end_ns for row in found) - begin
        rows.append(judge(Claim(f"{text}: makespan", "list scheduling", "ms"), max(ends), last / MS, exact()))
        rows.append(judge(Claim(f"{text}: disks that end at another time", "list scheduling", ""), 0, wrong, exact()))
    return rows


INTERVAL_S, SIZE, STREAM = 20, 200 * MIB, 8 * MIB


def overrun() -> list[Row]:
    """A backup of 25 s every 20 s: every second one is skipped, so it is one of 25 s every 40 s."""
    job = replace(JOB, interval_ns=INTERVAL_S * S, stream_bytes_per_s=STREAM, reads_in_flight=4)
    machine = vm("vm", open_loop(400, read_ppm=0), (disk("vm:0", SIZE),))
    spec = scenario((machine,), (store(0, law(100 * US)),), 250 * S)
    result = one(replace(spec, vadp=(job,), arms=("vadp",)), "vadp")
    done = [row for row in result.jobs if row.usable_ns >= 0]
    skipped = [row for row in result.jobs if row.outcome.startswith("skipped")]
    between = [(b.cut_ns - a.cut_ns) / S for a, b in pairwise(done)]
    lasted = [(row.usable_ns - row.cut_ns) / S for row in done]
    found = mean_age_s(result, done[0].usable_ns, done[-1].usable_ns)
    renewal = "E[X^2]/(2E[X]) + E[X_i D_(i+1)]/E[X]"
    by_hand = 2 * INTERVAL_S / 2 + SIZE / STREAM
    return [
        judge(Claim("overrun: mean recovery-point age, cuts as simulated", renewal, "s"),
              forms.periodic_age(between, lasted), found, Slack(1e-6, "a microsecond: float sums of exact ramps")),
        judge(Claim("overrun: mean recovery-point age, X = 40 s, D = 25 s", renewal, "s"), by_hand, found,
              Slack(0.5, "a block of 1 MiB (0.125 s) that was not written in an interval is not read: up to 4")),
        judge(Claim("overrun: jobs skipped for each that ran", "25 s of work every 20 s", ""), 1,
              len(skipped) / len(done), Slack(1 / len(done), "one at the end of the run")),
    ]  # fmt: skip


STOP_MS, THROTTLE_MS, POLL_S = 20, 30, 2
DISKS = 8


def _night(control: Control) -> Scenario:
    """A spinning array that guests keep half busy; eight disks of 512 MiB are read, 16 reads in flight for each."""
    guest = vm("guest", open_loop(300), (disk("guest:0"),))
    own = tuple(vm(f"vm{i}", open_loop(0), (disk(f"vm{i}:0", 512 * MIB),)) for i in range(DISKS))
    job = replace(JOB, vms=tuple(machine.name for machine in own), parallel_vms=DISKS, reads_in_flight=16)
    job = replace(job, first_ns=20 * S, tool_block_bytes=MIB // 4, transport=replace(job.transport, proxy_tasks=4))
    spec = scenario((guest, *own), (store(6, law(10 * MS, "exponential")),), 300 * S)
    return replace(spec, vadp=(job,), arms=("vadp",), control=control)


def latency_control() -> list[Row]:
    """The same night without control, throttled, and throttled and stopped."""
    throttled = Control(0, 0, 0, THROTTLE_MS * MS, POLL_S * S)
    both = replace(throttled, stop_latency_ns=STOP_MS * MS)
    watched = replace(throttled, throttle_latency_ns=1000 * S)  # measures, and never acts
    free, held, stopped = (one(_night(control), "vadp") for control in (watched, throttled, both))
    above = Claim("no latency control: mean DAVG while disks are read", "above the threshold, or no test", "ms")
    under = Claim("latency control: mean DAVG while disks are read, threshold 30 ms", VEEAM, "ms")
    longer = Claim("latency control: time to read all, against none", f"{VEEAM}: job time rises", "times")
    begun = Claim("latency control: disks that begin while measured above 20 ms", VEEAM, "disks")
    stops = Claim("latency control: polls above 20 ms in that night", "at least one, or no test", "polls")
    return [
        judge_least(above, THROTTLE_MS, _mean_ms(free)),
        judge(under, THROTTLE_MS / 2, _mean_ms(held), Slack(THROTTLE_MS / 2, "anything up to the threshold")),
        judge_least(longer, 1.0, _length(held) / _length(free)),
        judge(begun, 0, _begun_while_stopped(stopped), exact("a stopped datastore gets no task")),
        judge_least(stops, 1, sum(row.stopped for row in stopped.control)),
    ]


def _mean_ms(result: RunResult) -> float:
    """Over the polls at which disks were being read, but the first five: it takes those from 16 reads to one."""
    found = [row.latency_ns / MS for row in result.control if row.tasks][5:]
    return sum(found) / len(found)


def _length(result: RunResult) -> float:
    return (max(row.read_end_ns for row in result.jobs) - min(row.read_start_ns for row in result.jobs)) / S


def _begun_while_stopped(result: RunResult) -> int:
    """Polls at which more disks were being read than at the one before, though that had stopped the datastore."""
    return sum(b.tasks > a.tasks for a, b in pairwise(result.control) if a.stopped)
