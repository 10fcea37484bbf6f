"""The VADP job: recovery-point age against the renewal formula, NBD rates against published ones."""

from dataclasses import replace
from itertools import pairwise

from experiments.validate import forms, published
from experiments.validate.build import MIB, US, S, disk, law, open_loop, scenario, store, vm
from experiments.validate.growth import JOB
from experiments.validate.measure import one
from experiments.validate.row import Claim, Row, Slack, judge, judge_range, share
from models.result import RunResult
from models.scenario import Vadp

RENEWAL = "E[X^2]/(2E[X]) + E[X_i D_(i+1)]/E[X]"
INTERVAL_S, STREAM, SIZE = 20, 8 * MIB, 32 * MIB


def age() -> list[Row]:
    """Mean age under a backup every 20 s that reads a whole 32 MiB disk at 8 MiB/s and commits for 1 s.

    Writes touch each of the 32 tool blocks in every interval but for a chance of about 1e-26, so each backup reads all.
    """
    job = replace(JOB, interval_ns=INTERVAL_S * S, stream_bytes_per_s=STREAM, commit_ns=S, reads_in_flight=4)
    machine = vm("vm", open_loop(100, read_ppm=0), (disk("vm:0", SIZE),))
    spec = scenario((machine,), (store(0, law(100 * US)),), 130 * S)
    result = one(replace(spec, vadp=(job,), arms=("vadp",)), "vadp")
    done = [row for row in result.jobs if row.usable_ns >= 0]
    cuts = [row.cut_ns / S for row in done]
    lasted = [(row.usable_ns - row.cut_ns) / S for row in done]
    between = [b - a for a, b in pairwise(cuts)]
    simulated = mean_age_s(result, done[0].usable_ns, done[-1].usable_ns)
    by_hand = INTERVAL_S / 2 + SIZE / STREAM + 1
    first_read = Slack(0.01, "the first reads' 0.1 ms and drains of 0.1 ms")
    return [
        judge(Claim("mean recovery-point age, intervals as simulated", RENEWAL, "s"),
              forms.periodic_age(between, lasted), simulated, Slack(1e-6, "a microsecond: float sums of exact ramps")),
        judge(Claim("mean recovery-point age, X = 20 s, D = 5 s", RENEWAL, "s"), by_hand, simulated, first_read),
        judge(Claim("lowest recovery-point age", "the job's duration D = 5 s", "s"), 5.0,
              min(ramp.v0_ns for ramp in result.recovery[0].age) / S, first_read),
    ]  # fmt: skip


def mean_age_s(result: RunResult, start: int, end: int) -> float:
    """Time average of the age over [start, end), from its ramps."""
    area = time = 0
    for ramp in result.recovery[0].age:
        low, high = max(ramp.t0_ns, start), min(ramp.t1_ns, end)
        if low < high:
            area += (2 * ramp.v0_ns + ramp.slope * (low + high - 2 * ramp.t0_ns)) * (high - low)
            time += high - low
    return area / 2 / time / S


def nbd() -> list[Row]:
    """Full reads over NBD from one host, at the register's rates: one stream, then the host's ceiling."""
    job, rows = register_job(), []
    claim = Claim("NBD, one disk", "Forklift/MTV (100 MiB/s); CDI issue 3752 (141 to 145 MB/s)", "MB/s", "calibrated")
    low, high = published.NBD_ONE_LOW, published.NBD_ONE_HIGH
    rows.append(judge_range(claim, low, high, _full_read_rate(job, 1) / 1e6, "between the two published rates"))
    for disks, expected in published.NBD:
        claim = Claim(f"NBD, {disks} disks of one host", "Forklift/MTV performance metrics", "MiB/s", "calibrated")
        slack = share(expected, 0.10, "10 % of a measured curve, read off by hand")
        rows.append(judge(claim, expected, _full_read_rate(job, disks) / MIB, slack))
    return rows


def register_job() -> Vadp:
    """A backup job as the assumption register has it."""
    from experiments.scenario import build

    machine = {"disk": [{"size": "1 GiB"}], "workload": [{}]}
    job = {"vms": ["app"], "interval": "1 h"}
    return build({"name": "validate", "vm": {"app": machine}, "protection": {"vadp": {"job": job}}}).vadp[0]


def _full_read_rate(job: Vadp, disks: int) -> float:
    """Bytes a second of one full backup of an idle VM with that many disks, between its first and last read."""
    own = tuple(disk(f"vm:{i}", 128 * MIB) for i in range(disks))
    spec = scenario((vm("vm", open_loop(0), own, 32),), (store(0, law(500 * US)),), 200 * S)
    only = replace(job, vms=("vm",), first_ns=0, interval_ns=1000 * S)
    row = one(replace(spec, vadp=(only,), arms=("vadp",)), "vadp").jobs[0]
    return row.read_bytes * S / (row.read_end_ns - row.read_start_ns)
