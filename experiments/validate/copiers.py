"""A real block layer's dirty-map copiers: laws C1 and E2 of data/qemu, against the resync of a replication.

A copier that has a dirty map, a rate of its own and guest writes against it is what a replication is after an overflow
(models.mechanisms.replication); without a buffer it is nothing else. A granule of the data is an extent here, the job's
speed the link's, operations a second are an appliance's. Tolerances are the data's own. It did not record how long a
job without end was watched: that is taken from what it says was copied. How long a mirror ran follows from the file's
own prediction where that is a closed form, and is the others' seven seconds where it is not.
"""

import math
from dataclasses import replace
from functools import cache
from pathlib import Path
from statistics import fmean, median
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from experiments.validate.build import KIB, MIB, MS, S, disk, law, open_loop, scenario, store, traced, vm
from experiments.validate.laws import Measured, claim_of, measured, missing, of_law, present
from experiments.validate.measure import one
from experiments.validate.replication import LINK
from experiments.validate.row import Row, Slack, exact, judge, not_run, share
from models.replication import Appliance
from models.result import RunResult
from models.scenario import Scenario, Vaio
from sim.streams import philox, uniforms

DISK = 256 * MIB
BLOCK = 4 * KIB
COPIER = replace(LINK, buffer_bytes=0, resync_reads=1)
"""A replication that has nothing but its dirty map."""
START_NS = S
LIMIT_S = 40
"""A job that has not ended by then is taken to have no end."""
NEAR = 0.15


def _copied(script_ns: npt.NDArray[np.int64], places: npt.NDArray[np.int64], sizes: npt.NDArray[np.int64], link: Vaio,
            duration_ns: int) -> Scenario:  # fmt: skip
    """One VM that makes these writes, on a datastore that takes no time."""
    trace = replace(traced(script_ns, places, BLOCK, write=True), size_bytes=sizes)
    workload = replace(open_loop(0, read_ppm=0), kind="trace", trace=trace)
    spec = scenario((vm("vm", workload, (disk("vm:0", DISK),)),), (store(0, law(0)),), duration_ns)
    return replace(spec, vaio=(link,), arms=("vaio",), run=replace(spec.run, interval_ns=50 * MS))


def _even(rate: int, duration_ns: int) -> npt.NDArray[np.int64]:
    """Times at even distances from the start on."""
    return START_NS + np.arange(rate * duration_ns // S, dtype=np.int64) * (S // max(1, rate))


# -- C1: a job that copies what is dirty, while the guest makes more so -----------------------------------------------


class Job(NamedTuple):
    """What a row of law C1 names: granules, those dirty at first, granules a second written and copied."""

    granules: int
    dirty: int
    written: int
    copied: int

    @property
    def near(self) -> bool:
        """So close to c = w that the data's notes leave it out."""
        return abs(self.written / self.copied - 1) < NEAR


def job_of(row: Measured) -> Job:
    """The row's configuration."""
    names = ("N", "D0", "w", "c")
    return Job(*(int(row.setting(name).removesuffix("/s")) for name in names))


@cache
def job_run(job: Job) -> RunResult:
    """The dirty half is written at once; from then on uniform writes at even times."""
    granule = DISK // job.granules
    times = _even(job.written, LIMIT_S * S)
    places = (uniforms(philox(1, 0, "validate", "copier"), len(times), 1)[:, 0] * job.granules).astype(np.int64)
    times, places = np.insert(times, 0, START_NS), np.insert(places * granule, 0, 0)
    sizes = np.full(len(times), BLOCK, dtype=np.int64)
    sizes[0] = job.dirty * granule
    link = replace(COPIER, extent_bytes=granule, link_bytes_per_s=job.copied * granule)
    return one(_copied(times, places, sizes, link, START_NS + LIMIT_S * S), "vaio")


def _ready_s(result: RunResult) -> float:
    """How long the first resync took; nan if it was still at it."""
    row = next(row for row in result.modes if row.mode == "resync")
    return (row.end_ns - START_NS) / S if row.end_ns < result.duration_ns else math.nan


def _moved(result: RunResult, after_s: float) -> tuple[float, float]:
    """(bytes copied by then, linear inside an interval; bytes to copy at the end of the interval that holds it)."""
    until, copied, left = START_NS + round(after_s * S), 0.0, 0
    for row in result.flows:
        if row.link == f"{COPIER.name} WAN" and row.t_ns < until:
            copied += row.bytes * min(1.0, (until - row.t_ns) / result.interval_ns)
            left = row.backlog_bytes
    return copied, left


def jobs(data: Path | None) -> list[Row]:
    """Law C1: whether such a job ends, when, what it copied until then, and what is left of one that does not."""
    if data is None or not present(data):
        return missing("C1", data)
    found = of_law(data, "C1.converges", "C1.t_ready", "C1.residual", "C1.extra_copy")
    watched = {
        row.machine: row.predicted * MIB / (job_of(row).copied * DISK / job_of(row).granules)
        for row in found if row.law == "C1.extra_copy"
    }  # fmt: skip
    rows = []
    for row in found:
        job, what = job_of(row), row.law.removeprefix("C1.")
        if job.near:
            rows.append(not_run(claim_of(row), "the data's notes leave it out: within 15 % of c = w"))
            continue
        ready = _ready_s(job_run(job))
        copied, left = _moved(job_run(job), watched[row.machine] if math.isnan(ready) else ready)
        values = {"converges": float(not math.isnan(ready)), "t_ready": ready, "extra_copy": copied / MIB,
                  "residual": left / (DISK / job.granules)}  # fmt: skip
        slack = exact("it ends or not") if what == "converges" else measured(row, 0.06, "the data's own")
        rows.append(judge(claim_of(row), row.median, values[what], slack))
    return rows


# -- E2: a mirror in the background, and how far it is behind --------------------------------------------------------


class Mirror(NamedTuple):
    """What a row of law E2 names; 0 and '': not said."""

    granule: int
    rate: int
    bytes_per_s: int
    ops_per_s: int
    pattern: str
    blocking: bool


WATCHED_S = 7.0
RUNS = 5
"""A lag of some hundred granules differs by 5 % between runs: the mean of so many."""
SKEWED = "where its Zipf ranks lie, which decides, was not recorded: with the places here it is 8 % less"


def mirror_of(row: Measured) -> Mirror:
    """The row's configuration."""
    granule, rate, bandwidth, ops = (int(row.setting(name) or 0) for name in ("granularity", "rate", "bps", "iops"))
    return Mirror(granule, rate, bandwidth, ops, row.setting("dist"), row.setting("mode") == "write-blocking")


def watched_s(mirror: Mirror, predicted: float) -> float:
    """How long it ran, by the file's own closed form."""
    granules, copied = DISK // mirror.granule, mirror.bytes_per_s / mirror.granule
    if mirror.pattern or mirror.ops_per_s or predicted <= 0:
        return WATCHED_S
    return -math.log(1 - predicted / (granules * (1 - copied / mirror.rate))) * granules / mirror.rate


def mirror_run(mirror: Mirror, duration_ns: int, replicate: int) -> RunResult:
    """Writes of 4 KiB at even times to uniform places; the copier is at it from the first on."""
    times = _even(mirror.rate, duration_ns)
    draws = uniforms(philox(1, replicate, "validate", "mirror"), len(times), 1)[:, 0]
    places = (draws * (DISK // BLOCK)).astype(np.int64) * BLOCK
    link = replace(COPIER, extent_bytes=mirror.granule, link_bytes_per_s=mirror.bytes_per_s or 1 << 40,
                   synchronous=mirror.blocking, on_loss="hold")  # fmt: skip
    if mirror.ops_per_s:
        link = replace(link, appliance=Appliance("copier", 0, mirror.ops_per_s, 0, 0))
    sizes = np.full(len(times), BLOCK, dtype=np.int64)
    return one(_copied(times, places, sizes, link, START_NS + duration_ns), "vaio")


def mirrors(data: Path | None) -> list[Row]:
    """Law E2: granules that the mirror is behind; none if it is faster, or if the guest's writes wait for it."""
    if data is None or not present(data):
        return missing("E2", data)
    rows = []
    for row in of_law(data, "E2.lag", "E2.sync_lag"):
        mirror = mirror_of(row)
        if mirror.pattern:
            rows.append(not_run(claim_of(row), SKEWED))
            continue
        lasted = round(watched_s(mirror, row.predicted) * S)
        if mirror.blocking:
            series = mirror_run(mirror, lasted, 0).recovery[0].risk_series
            unique = max(at_risk for _, _, at_risk in series)
            rows.append(judge(claim_of(row), row.median, unique / mirror.granule, exact("no acknowledged write lacks")))
            continue
        lags = [_lag(mirror, mirror_run(mirror, lasted, replicate)) for replicate in range(RUNS)]
        slack = share(row.median, 0.05, f"the data's own; repeats {row.low:g} to {row.high:g}")
        if not row.median:
            slack = Slack(1.0, "the one that is being copied")
        rows.append(judge(claim_of(row), row.median, fmean(lags), slack))
    return rows


def _lag(mirror: Mirror, result: RunResult) -> float:
    """Granules that the target lacks at the end, or mostly where the mirror is faster than the guest."""
    backlog = [one.backlog_bytes / mirror.granule for one in result.flows if one.link == f"{COPIER.name} WAN"]
    faster = mirror.bytes_per_s > mirror.rate * mirror.granule
    return median(backlog[len(backlog) // 2 :]) if faster else backlog[-1]
