"""Formats of delta disks: what a chain's lookups cost, how often a Bloom filter errs, what VMFSsparse's metadata takes.

Sources: the walk through a chain (a metadata read for each level whose table is not in memory); the formula of a Bloom
filter; table sizes of VMFSsparse.
"""

from dataclasses import replace
from math import exp

import numpy as np

from experiments.validate.build import KIB, MIB, MS, PLAIN_DELTA, SNAPSHOTS, S, disk, law, open_loop, store, traced, vm
from experiments.validate.build import scenario as machines
from experiments.validate.growth import JOB
from experiments.validate.measure import ledger_mean, one
from experiments.validate.row import Claim, Row, Slack, exact, judge, share
from models.result import RunResult
from models.scenario import DeltaFormat, FullPolicy, Scenario

WALK = "A Closer Look at vSAN Snapshots: newest delta first, one metadata read a level that is not cached"
DISK = 64 * MIB
TABLE_GRAINS = 16
NIGHT_S = 4


def _chain(levels: int, delta: DeltaFormat) -> Scenario:
    """So many deltas that no removal takes away, each with a write at each table; then reads of what the base holds.

    Writes go to the even grains of the first half of each table, reads to the odd ones.
    """
    tables = DISK // (4 * KIB * TABLE_GRAINS)
    writes = [
        (night * NIGHT_S * S + 2 * S + table * MS, (table * TABLE_GRAINS + 2 * (table % 4)) * 4 * KIB, True)
        for night in range(levels) for table in range(tables)
    ]  # fmt: skip
    last = levels * NIGHT_S * S
    reads = [(last + table * 9 * MS // 10, (table * TABLE_GRAINS + 9) * 4 * KIB, False) for table in range(tables)]
    times, places, kinds = (np.array(column) for column in zip(*writes, *reads, strict=True))
    script = replace(traced(times.astype(np.int64), places.astype(np.int64), 4 * KIB, write=True), write=kinds)
    machine = vm("vm", replace(open_loop(0), kind="trace", trace=script), (disk("vm:0", DISK),))
    spec = machines((machine,), (store(0, law(MS)),), last + 3 * S, last)
    left = replace(SNAPSHOTS.removal, failure_ppm=1_000_000)
    job = replace(JOB, first_ns=S, interval_ns=NIGHT_S * S, tool_block_bytes=64 * MIB)
    snapshots = replace(SNAPSHOTS, delta=delta, removal=left)
    return replace(spec, snapshots=snapshots, vadp=(job,), arms=("vadp",))


def _lookups(result: RunResult) -> float:
    """Metadata reads of an I/O, in the mean."""
    return ledger_mean(result, "metadata: service") / MS


def chains() -> list[Row]:
    """Reads of the base through 1 to 32 levels: with no table in memory, with all of them, and behind Bloom filters."""
    bare = replace(PLAIN_DELTA, table_grains=TABLE_GRAINS, cached_tables=1)
    rows = []
    for levels in (1, 2, 8, 32):
        found = _lookups(one(_chain(levels, bare), "vadp"))
        claim = Claim(f"chain of {levels}: metadata reads of a read from the base, no table in memory", WALK, "")
        rows.append(judge(claim, levels, found, exact("each read of its own table, once")))
    kept = _lookups(one(_chain(8, replace(bare, cached_tables=0)), "vadp"))
    rows.append(judge(Claim("chain of 8: the same, all tables in memory", WALK, ""), 0, kept, exact()))
    bits, hashes, grains = 4096, 2, DISK // (4 * KIB * TABLE_GRAINS)
    filtered = _lookups(one(_chain(8, replace(bare, bloom_bits=bits, bloom_hashes=hashes)), "vadp"))
    wrong = (1 - exp(-hashes * grains / bits)) ** hashes
    claim = Claim(
        "chain of 8 behind Bloom filters: metadata reads of a read from the base", "levels x (1-e^(-kn/m))^k", ""
    )
    spread = 4 * (8 * wrong / grains) ** 0.5
    return [*rows, judge(claim, 8 * wrong, filtered, Slack(spread, "4 standard deviations of a count over the reads"))]


def filling() -> list[Row]:
    """When a datastore fills up under writes that never come to an old place, who asks then, and who does not."""
    free, rate_mb = 200 * MIB, 4
    machines_ = []
    for name, every in (("grows", MS), ("too", 3 * MS)):
        count = 60 * S // (250 * every)
        script = traced(
            np.arange(count, dtype=np.int64) * 250 * every + 2 * S, np.arange(count, dtype=np.int64) * MIB, MIB, True
        )
        workload = replace(open_loop(0), kind="trace", trace=script)
        machines_.append(vm(name, workload, (disk(f"{name}:0", 256 * MIB),)))
    thick = vm("thick", replace(open_loop(50, read_ppm=0)), (disk("thick:0", 256 * MIB),))
    place = replace(store(0, law(MS)), capacity_bytes=3 * 256 * MIB + free)
    spec = machines((*machines_, thick), (place,), 70 * S)
    policy = replace(SNAPSHOTS, delta=PLAIN_DELTA, full=FullPolicy("retry", 1000 * S, 0))
    job = replace(JOB, vms=("grows", "too"), parallel_vms=2, first_ns=S, disk_open_ns=100 * S)
    result = one(replace(spec, snapshots=policy, vadp=(job,), arms=("vadp",)), "vadp")
    expected = free / MIB / (rate_mb + rate_mb / 3)
    asked = {row.vm: (row.start_ns - 2 * S) / S for row in result.questions}
    claim = Claim("datastore full: first question", "free / sum of unique write rates", "s")
    rows = [judge(claim, expected, min(asked.values()), Slack(0.5, "whole writes of 1 MiB"))]
    claim = Claim("datastore full: the other VM asks at its own next growth", "each VM that must allocate", "s")
    rows.append(judge(claim, expected, max(asked.values()), Slack(1.25, "its next write of 1 MiB, every 0.75 s")))
    waited = max(row.latency.maximum for row in result.intervals if row.vm == "thick") / MS
    claim = Claim("datastore full: longest write of a VM without a delta", "thick disks go on", "ms")
    return [*rows, judge(claim, 1, waited, exact("fixed service, nobody waits"))]


def vmfssparse() -> list[Row]:
    """What VMFSsparse's file takes, and what a write that touches first costs beside one in SEsparse."""
    size, from_ = 32 * MIB, "COWD reader of vmdk-core: 4,096 entries of 4 B a table"
    places = np.arange(size // (64 * KIB), dtype=np.int64)
    workload = replace(open_loop(0), kind="trace", trace=traced(2 * S + places * MS, places * 64 * KIB, 64 * KIB, True))
    machine = vm("vm", workload, (disk("vm:0", DISK),))
    spec = machines((machine,), (store(0, law(100_000)),), 6 * S)
    spec = replace(spec, run=replace(spec.run, interval_ns=S))
    sparse = DeltaFormat(
        grain_bytes=512,
        table_grains=4096,
        growth_bytes=KIB,
        metadata_ppm=0,
        metadata_writes=1,
        metadata_bytes=512,
        cached_tables=0,
        table_bytes=16 * KIB,
        directory_writes=1,
        bloom_bits=0,
        bloom_hashes=0,
    )
    job = replace(JOB, first_ns=S, disk_open_ns=20 * S)
    spec = replace(spec, snapshots=replace(SNAPSHOTS, delta=sparse), vadp=(job,), arms=("vadp",))
    result = one(spec, "vadp")
    stored = next(row for row in result.space if row.t_ns == 5 * S).stored_bytes
    claim = Claim("VMFSsparse: metadata of a full delta, share of its data", from_, "%")
    rows = [judge(claim, 0.78, (stored / size - 1) * 100, share(0.78, 0.01, "published in two digits"))]
    writes = sum(row.commands for row in result.devices if row.cause == "metadata")
    tables = size // (2 * MIB)
    claim = Claim("VMFSsparse: metadata writes of 512 first touches in 16 tables", "data, table, new: directory", "")
    return [*rows, judge(claim, len(places) + tables, writes, exact("a count"))]
