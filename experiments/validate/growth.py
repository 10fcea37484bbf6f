"""How deltas, changed blocks and backups grow with random writes, against the sum of 1 - (1 - p)^n.

The writes go through the whole simulator into a delta that a backup job holds open, or between two jobs; the counts
are those of its space and job rows. Source of the law: occupancy, confirmed on a real block layer (law D1).
"""

from dataclasses import replace

from experiments.validate import build as plain
from experiments.validate import forms
from experiments.validate.build import KIB, MIB, MS, PLAIN, S, disk, law, open_loop, scenario, store, vm
from experiments.validate.measure import one
from experiments.validate.row import Claim, Row, Slack, judge, judge_range
from models.result import JobRow
from models.scenario import Addresses, Scenario, Vadp

SOURCE = "occupancy: sum of 1 - (1 - p)^n"
DISK = 64 * MIB
GRAINS = DISK // (4 * KIB)
RATE = 600
HELD_S = 30

JOB = Vadp(
    name="job",
    vms=("vm",),
    first_ns=0,
    interval_ns=1000 * S,
    parallel_vms=1,
    serving_host="esx1",
    cbt="v1",
    cbt_block_bytes=64 * KIB,
    tool_block_bytes=MIB,
    query_page_extents=2000,
    query_page_ns=0,
    disk_open_ns=0,
    reads_in_flight=4,
    stream_bytes_per_s=0,
    host_bytes_per_s=0,
    repository_bytes_per_s=0,
    reduction_milli=1000,
    commit_ns=0,
    job_limit_ns=0,
    transport=plain.PLAIN_TRANSPORT,
    schedule=plain.PLAIN_SCHEDULE,
    request=PLAIN,
)
"""A backup job that costs nothing but its reads."""


def writer(pattern: Addresses, duration_s: int, job: Vadp) -> Scenario:
    """One VM that writes 4 KiB at `RATE` into a 64 MiB disk under a backup job."""
    workload = replace(open_loop(RATE, read_ppm=0), write_addresses=pattern)
    spec = scenario((vm("vm", workload, (disk("vm:0", DISK),)),), (store(64, law(MS)),), duration_s * S)
    spec = replace(spec, vadp=(job,), arms=("vadp",))
    return replace(spec, run=replace(spec.run, interval_ns=S))


def grains() -> list[Row]:
    """Grains in a delta that stays open, uniform and Zipf."""
    held = replace(JOB, disk_open_ns=(HELD_S + 5) * S)
    patterns = {
        "uniform": (Addresses("uniform", 0, 4 * KIB, 0, 0), [1 / GRAINS] * GRAINS),
        "Zipf 0.9": (Addresses("zipf", 900, 4 * KIB, 0, 0), forms.zipf_probabilities(GRAINS, 0.9)),
        "Zipf 1.2": (Addresses("zipf", 1200, 4 * KIB, 0, 0), forms.zipf_probabilities(GRAINS, 1.2)),
    }
    rows: list[Row] = []
    for name, (addresses, probabilities) in patterns.items():
        result = one(writer(addresses, HELD_S, held), "vadp")
        cut = result.jobs[0].cut_ns
        for second in (2, 8, 29):
            writes = sum(row.ios for row in result.intervals if cut <= row.t_ns < second * S)
            found = next(row.grains for row in result.space if row.t_ns == second * S)
            claim = Claim(f"delta growth, {name}: grains after {second} s", SOURCE, "grains")
            rows.append(judge(claim, forms.distinct(writes, probabilities), found, spread(writes, probabilities)))
    return rows


def spread(draws: float, probabilities: list[float]) -> Slack:
    """Four standard deviations of the count."""
    deviation = forms.distinct_deviation(draws, probabilities)
    return Slack(4 * deviation + 2, "4 standard deviations and 2 writes in flight")


def incremental() -> list[Row]:
    """What the second backup of a disk finds: written, unique at 4 KiB, at CBT and at the tool's granularity."""
    job = replace(JOB, interval_ns=2 * S)
    jobs = [row for row in one(writer(Addresses("uniform", 0, 4 * KIB, 0, 0), 12, job), "vadp").jobs if _done(row)]
    rows: list[Row] = []
    for name, block in (("unique 4 KiB", 4 * KIB), ("CBT 64 KiB", 64 * KIB), ("tool 1 MiB", MIB)):
        cells = DISK // block
        expected = found = variance = 0.0
        for row in jobs:
            writes = row.written_bytes // (4 * KIB)
            expected += block * forms.distinct(writes, [1 / cells] * cells)
            found += {4 * KIB: row.unique_bytes, 64 * KIB: row.cbt_bytes, MIB: row.read_bytes}[block]
            variance += (4 * block * forms.distinct_deviation(writes, [1 / cells] * cells)) ** 2
        slack = Slack((variance**0.5 + 2 * block) / MIB, "4 standard deviations and 2 blocks in flight")
        claim = Claim(f"{len(jobs)} incremental backups: {name} blocks changed", SOURCE, "MiB")
        rows.append(judge(claim, expected / MIB, found / MIB, slack))
    return [*rows, _written(jobs)]


def _written(jobs: list[JobRow]) -> Row:
    """Bytes written between cuts against the rate of the workload."""
    expected = RATE * 4 * KIB * sum(1 for _ in jobs) * 2 / MIB
    writes = RATE * 2 * len(jobs)
    width = 4 * expected / writes**0.5
    claim = Claim(f"{len(jobs)} incremental backups: written", "rate x time", "MiB")
    found = sum(row.written_bytes for row in jobs) / MIB
    return judge_range(claim, expected - width, expected + width, found, "4 standard deviations of a Poisson count")


def _done(row: JobRow) -> bool:
    return row.kind == "incremental" and row.outcome == "ok"
