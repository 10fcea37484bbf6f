"""`calibrate` held against datastores that are known, and against depths of real sweeps that it has not seen.

A known datastore is simulated at each depth, written down as fio would, read and fitted. Of a real sweep every second
depth is fitted and the others are predicted by simulation.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from experiments.calibrate import Calibration, calibrate
from experiments.calibrate.fio import SHARES, read_rows, rows_of
from experiments.calibrate.fit import Fit
from experiments.calibrate.loop import Simulated, loop_of, simulated
from experiments.calibrate.measured import Row, Side
from experiments.identity import ROOT
from experiments.validate.build import KIB, MS, law, store
from experiments.validate.row import Claim, exact, judge, not_run, share
from experiments.validate.row import Row as Verdict
from models.scenario import Datastore, ServiceLaw
from sim.histogram import Histogram

SAMPLE = ROOT / "scenarios" / "fio-sample.json"
BOOK, FIO = "a known datastore, simulated and written as fio JSON", "data/fio_plot (fio 3.1, measured)"
DEPTHS = (1, 2, 4, 8, 16, 32, 64)
PATH_NS = 10_000


def _asked(depth: int, reads: float, size: int) -> Row:
    """A row of which only the question is known."""
    sides = [Side(part, 0.0, size, (), 0.0, 0.0) if part else None for part in (reads, 1 - reads)]
    return Row("", depth, sides[0], sides[1], False, ())


def fio_job(row: Row, result: Simulated) -> dict[str, Any]:
    """What fio 3.x would have written of this closed loop."""
    ran = {name: seen for name, seen in (("read", result.read), ("write", result.write)) if seen.count}
    whole = sum(seen.count for seen in ran.values())
    sides = {name: _fio_side(seen, result.iops * seen.count / whole) for name, seen in ran.items()}
    rw = "randrw" if len(ran) > 1 else f"rand{next(iter(ran))}"
    options = {"rw": rw, "bs": str(row.sides[0][1].size_bytes), "iodepth": str(row.depth), "ioengine": "libaio"}
    return {
        "jobname": rw,
        "error": 0,
        "job options": options,
        **{name: {"iops": 0.0} for name in ("read", "write")},
        **sides,
    }


def _fio_side(seen: Histogram, iops: float) -> dict[str, Any]:
    percentile = {f"{share:.6f}": seen.quantile(share / 100) for share in SHARES}
    ns = {"min": seen.minimum, "max": seen.maximum, "mean": seen.mean()}
    return {"iops": iops, "lat_ns": ns, "clat_ns": {**ns, "percentile": percentile}}


def refitted(known: Datastore, sweeps: Sequence[tuple[float, int]]) -> Calibration:
    """What `calibrate` makes of sweeps (share of reads, block size) of a known datastore."""
    jobs = []
    for reads, size in sweeps:
        for depth in DEPTHS:
            row = _asked(depth, reads, size)
            about = Fit(PATH_NS, 0.0, 0, 1, 1, 0, False, 0, 0, (), 0.0)
            jobs.append(fio_job(row, simulated(loop_of(row, known, about, 4000.0 * min(depth, 8)))))
    for number, job in enumerate(jobs):
        job["groupid"] = number
    mistakes: list[str] = []
    rows = rows_of({"fio version": "fio-3.33", "jobs": jobs}, "simulated", mistakes)
    assert not mistakes, mistakes
    return calibrate(rows, PATH_NS)


PLAIN = replace(store(8, law(MS * 2 // 5, "exponential")), write=law(MS // 2, "exponential"))
WHY = "20,000 I/Os know a mean to 1 %"
READS, WRITES, SMALL, LARGE = 1.0, 0.0, 4 * KIB, 64 * KIB


def known_servers() -> list[Verdict]:
    """Servers, latencies and laws of latency come back."""
    found = refitted(PLAIN, ((READS, SMALL), (WRITES, SMALL)))
    fit, transfer = found.fit, 4.096e3
    rows = [
        judge(Claim("calibrate: servers of 8", BOOK, ""), 8, fit.servers, exact()),
        _mean("read of 0.4 ms, exponential", 400e3 - transfer, fit.read_ns),
        _mean("write of 0.5 ms, exponential", 500e3 - transfer, fit.write_ns),
        judge(Claim("calibrate: both laws are exponential", BOOK, ""), 2, _laws(found, "exponential"), exact()),
    ]
    shaped = refitted(replace(PLAIN, read=law(MS * 2 // 5, "lognormal", 600), write=law(MS // 2)),
                      ((READS, SMALL), (WRITES, SMALL)))  # fmt: skip
    read = shaped.shapes["read"]
    sigma = read.sigma if read else 0.0
    return [
        *rows,
        judge(Claim("calibrate: sigma of a lognormal 0.6", BOOK, ""), 0.6, sigma, share(0.6, 0.03, WHY)),
        judge(Claim("calibrate: one law is lognormal", BOOK, ""), 1, _laws(shaped, "lognormal"), exact()),
        judge(Claim("calibrate: a fixed write comes back fixed", BOOK, ""), 1, _laws(shaped, "fixed"), exact()),
    ]


def _laws(found: Calibration, kind: str) -> int:
    return sum(shape is not None and shape.distribution == kind for shape in found.shapes.values())


def _mean(what: str, expected_ns: float, found_ns: float) -> Verdict:
    return judge(Claim(f"calibrate: {what}", BOOK, "us"), expected_ns / 1e3, found_ns / 1e3,
                 share(expected_ns / 1e3, 0.02, WHY))  # fmt: skip


def known_caps() -> list[Verdict]:
    """Size dependence and caps come back where several sizes and directions tell them apart."""
    streamed = replace(PLAIN, servers=32, read=replace(PLAIN.read, stream_bytes_per_s=400_000_000),
                       write=replace(PLAIN.write, stream_bytes_per_s=400_000_000))  # fmt: skip
    capped = replace(streamed, iops_cap=16_000, burst_ns=MS)
    narrow = replace(streamed, bandwidth_bytes_per_s=500_000_000, burst_ns=MS)
    sweeps = ((READS, SMALL), (READS, LARGE), (WRITES, SMALL), (WRITES, LARGE))
    rows = []
    for known, what in ((streamed, "no cap"), (capped, "16,000 iops"), (narrow, "500 MB/s")):
        fit = refitted(known, sweeps).fit
        rate = known.read.stream_bytes_per_s / 1e6
        claims = (
            ("stream of 400 MB/s", "MB/s", rate, fit.stream_bytes_per_s / 1e6, 0.05),  # a difference of two means
            ("the iops cap", "iops", known.iops_cap, fit.iops, 0.02),
            ("the bandwidth cap", "MB/s", known.bandwidth_bytes_per_s / 1e6, fit.bandwidth_bytes_per_s / 1e6, 0.02),
        )
        rows += [judge(Claim(f"calibrate: {name}, {what}", BOOK, unit), expected, seen, share(expected, part, WHY))
                 for name, unit, expected, seen, part in claims]  # fmt: skip
    return rows


TABLE = ((0, 60_000), (500_000, 200_000), (990_000, 900_000), (1_000_000, 5_000_000))
TABLE_MEAN = 65e3 + 269.5e3 + 29.5e3
FACTORS = {1: 1.0, 2: 1.2, 4: 1.5, 8: 2.1, 16: 3.4, 32: 6.0, 64: 11.5}


def known_curves() -> list[Verdict]:
    """A table of quantiles, and a datastore that slows down with what it is given, come back."""
    table = ServiceLaw(round(TABLE_MEAN), "quantiles", 0, 0, TABLE)
    found = refitted(replace(PLAIN, read=table), ((READS, SMALL),))
    shape = found.shapes["read"]
    at = dict(shape.table) if shape else {}
    rows = [_mean("mean of a table of quantiles", TABLE_MEAN - 4.096e3, found.fit.read_ns)]
    for ppm, ns in TABLE[1:3]:
        moved = ns - 4.096e3  # the register's stream stands in for the one size's transfer
        claim = Claim(f"calibrate: p{ppm / 10_000:g} of that table", BOOK, "us")
        slack = share(moved / 1e3, 0.05, "20,000 I/Os know a p99 to about 4 %")
        rows.append(judge(claim, moved / 1e3, at.get(ppm, 0.0) / 1e3, slack))
    factors = np.interp(range(1, 65), list(FACTORS), list(FACTORS.values()))
    milli = tuple(np.rint(1000 * factors).astype(int).tolist())
    slow = refitted(replace(PLAIN, servers=64, slowdown_milli=milli), ((READS, SMALL), (WRITES, SMALL)))
    points = dict(slow.fit.slowdown)
    for depth in (2, 8, 32):
        claim = Claim(f"calibrate: slowdown with {depth} in service", BOOK, "")
        rows.append(
            judge(claim, FACTORS[depth], points.get(depth, 0.0), share(FACTORS[depth], 0.04, f"two means; {WHY}"))
        )
    return rows


def sample() -> list[Verdict]:
    """The shipped sweep, written by hand from 16 servers of 0.5 ms that come to 32,000 I/Os per second."""
    found = calibrate(read_rows([SAMPLE]), 0)
    name = "scenarios/fio-sample.json, written by hand"
    return [
        judge(Claim("the shipped sweep: servers", name, ""), 16, found.fit.servers, exact()),
        judge(Claim("the shipped sweep: read latency", name, "us"), 500, found.fit.service_ns(False, 8 * KIB) / 1e3,
              share(500, 0.03, "its numbers are rounded")),
    ]  # fmt: skip


class _Sweep(NamedTuple):
    """A measured sweep, and what is claimed of it."""

    folder: str
    direction: str
    shallowest: int  # that is predicted
    rate: float  # tolerance
    p99: float  # tolerance; 0: not claimed
    why: str


LINE = "between two depths a straight line stands for a curve"
CONTROLLER = "the rates of this controller jump: 27,300 at depth 2, 22,200 at depth 4"
SWEEPS = (
    _Sweep("ssd_sata_IntelD3S4610_microserver", "read", 4, 0.10, 0.20, LINE),
    _Sweep("ssd_sata_IntelD3S4610_microserver", "write", 4, 0.10, 0.20, LINE),
    _Sweep("hdd_7k2_HGST_microserver", "read", 2, 0.10, 0.0, LINE),
    _Sweep("hdd_7k2_HGST_microserver", "write", 2, 0.10, 0.0, LINE),
    _Sweep("raid_P420i_IntelD3S4610_dl380", "read", 4, 0.30, 0.0, CONTROLLER),
    _Sweep("raid_P420i_IntelD3S4610_dl380", "write", 4, 0.30, 0.0, CONTROLLER),
)
"""Not claimed, because it cannot be had: depth 2 of SSD and controller, which serve one I/O alone more slowly than
one of two (they fall asleep in between), so that it does not follow from depths 1 and 4; the p99 of the disk, which
reorders its queue and lets some starve; that of the controller, whose tails shrink with depth."""


def held_out(data: Path | None) -> list[Verdict]:
    """Real sweeps: fitted at every second depth, predicted at the others."""
    found: list[Verdict] = []
    for sweep in SWEEPS:
        folder, direction = sweep.folder, sweep.direction
        place = data / "fio_plot" / folder if data is not None else None
        files = sorted(place.glob(f"rand{direction}-*-1.json")) if place is not None and place.is_dir() else []
        if not files:
            where = "no data directory given: use --data" if data is None else f"there is no {place}"
            found.append(not_run(Claim(f"fio, {folder}, {direction}s", FIO, ""), where))
            continue
        rows = sorted(read_rows(files), key=lambda row: row.depth)
        found += _predicted(sweep, rows)
    return found


def _predicted(sweep: _Sweep, rows: list[Row]) -> Iterator[Verdict]:
    from experiments.calibrate.loop import simulate
    from experiments.calibrate.snippet import datastore

    kept = [row for n, row in enumerate(rows) if n % 2 == 0 or n == len(rows) - 1]
    found = calibrate(kept, 0)
    known = datastore(found.table)
    for row in rows:
        if row in kept or row.depth < sweep.shallowest:
            continue
        again = simulate(row, known, found.fit)
        (direction, side), seen = row.sides[0], again.read if row.read else again.write
        depths = ", ".join(str(one.depth) for one in kept)
        text = f"fio, {sweep.folder.split('_')[0]}: {direction} at depth {row.depth}, predicted from depths {depths}"
        yield judge(Claim(f"{text}: rate", FIO, "iops"), row.iops, again.iops,
                    share(row.iops, sweep.rate, sweep.why))  # fmt: skip
        if sweep.p99:
            expected = dict(side.quantiles)[990_000] / 1e3
            slack = share(expected, sweep.p99, "the benchmark's own p99 moves by a fifth between neighbouring depths")
            yield judge(Claim(f"{text}: p99", FIO, "us"), expected, seen.quantile(0.99) / 1e3, slack)
