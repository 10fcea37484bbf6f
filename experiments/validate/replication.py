"""Asynchronous replication as a fluid: buffer, link, overflow, drain and resync, against buffer arithmetic.

Writes come from a made-up trace at even distances, so that the simulator's input is as near to a fluid as whole writes
can be. Tolerances are the writes and checkpoints that a fluid does not have.
"""

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from experiments.validate import forms
from experiments.validate.build import KIB, MIB, MS, US, S, disk, law, open_loop, scenario, store, traced, vm
from experiments.validate.measure import one
from experiments.validate.row import Claim, Row, Slack, judge, share
from models.result import RunResult
from models.scenario import Scenario, Trace, Vaio
from sim.streams import philox, uniforms

FLUID = "fluid buffer: size / (inflow - outflow)"
WRITE = 64 * KIB
LINK = Vaio(
    name="cdp",
    vms=("vm",),
    down_ns=0,
    up_ns=0,
    buffer_bytes=1 << 40,
    link_bytes_per_s=1,
    link_latency_ns=0,
    reduction_milli=1000,
    journal_bytes_per_s=0,
    checkpoint_ns=S,
    extent_bytes=WRITE,
    resync_reads=8,
    seeded=True,
    synchronous=False,
    on_loss="asynchronous",
    hold_limit_ns=S,
    blocks_drain=True,
    outages=(),
    link_timeout_ns=60 * S,
    retry_ns=10 * S,
    retry_most_ns=90 * S,
    history_ns=24 * 3600 * S,
    journal_size_bytes=0,
    appliance=None,
)


def even_writes(rates: tuple[tuple[int, int], ...], size: int, disk_bytes: int) -> Trace:
    """Writes of `size` at uniform places; `rates` are (seconds, writes a second) one after the other."""
    times: list[npt.NDArray[np.int64]] = []
    start = 0
    for seconds, rate in rates:
        times.append(start + np.arange(seconds * rate, dtype=np.int64) * (S // rate))
        start += seconds * S
    time = np.concatenate(times)
    places = uniforms(philox(1, 0, "validate", "places"), len(time), 1)[:, 0] * (disk_bytes // size)
    return traced(time, places.astype(np.int64) * size, size, write=True)


def replicated(trace: Trace, link: Vaio, disk_bytes: int, seconds: int) -> Scenario:
    """One VM with that trace under that replication, on a datastore that is never busy."""
    workload = replace(open_loop(0, read_ppm=0), kind="trace", trace=trace)
    spec = scenario((vm("vm", workload, (disk("vm:0", disk_bytes),)),), (store(0, law(100 * US)),), seconds * S)
    return replace(spec, vaio=(link,), arms=("vaio",), run=replace(spec.run, interval_ns=S))


def _modes(result: RunResult) -> dict[str, tuple[int, int]]:
    """The first stretch of each mode."""
    found: dict[str, tuple[int, int]] = {}
    for row in result.modes:
        found.setdefault(row.mode, (row.start_ns, row.end_ns))
    return found


def overflow() -> list[Row]:
    """A buffer that fills, drains while new writes are only marked, and the resync of what was marked.

    8 MiB/s of raw link, 64 MiB of buffer. 24 MiB/s of writes for 20 s fill it after 64 / 16 = 4 s; it empties in 8 s
    more; resync starts with what was marked since, and ends against 4 MiB/s of writes that go on.
    """
    size, granules = 256 * MIB, 256 * MIB // WRITE
    link = replace(LINK, buffer_bytes=64 * MIB, link_bytes_per_s=8 * MIB)
    heavy, light = 24 * MIB // WRITE, 4 * MIB // WRITE
    result = one(replicated(even_writes(((12, heavy), (108, light)), WRITE, size), link, size, 120), "vaio")
    modes = _modes(result)
    nowhere = (-1, -1)
    full, began = modes.get("overflow", nowhere)
    start, end = modes.get("resync", nowhere)
    fill = forms.fill_time(64, 24, 8)
    drain = forms.drain_time(64, 0, 8)
    marked = forms.distinct(heavy * (12 - fill), [1 / granules] * granules)
    expected = forms.resync_time(8 * MIB / WRITE, granules, light, marked)
    a_write = Slack(2 / heavy + WRITE / (8 * MIB), "two writes and one on the link")
    return [
        judge(Claim("replication: buffer full after", FLUID, "s"), fill, full / S, a_write),
        judge(Claim("replication: overflow lasts", FLUID, "s"), drain, (began - full) / S, a_write),
        judge(
            Claim("replication: resync lasts", "dirty-map copier: (N/w) ln((D0-Dinf)/(-Dinf))", "s"),
            expected, (end - start) / S, share(expected, 0.05, "random places, runs read ahead of the link"),
        ),
    ]  # fmt: skip


def published_buffer() -> list[Row]:
    """Zerto's 2 GB appliance: 100 MB/s of writes, 25 MB/s of WAN, 50 % compression."""
    link = replace(LINK, buffer_bytes=1_337_000_000, link_bytes_per_s=25_000_000, reduction_milli=2000)
    size = 1 << 30
    write = 1_000_000
    trace = even_writes(((40, 100),), write, size)
    full, _ = _modes(one(replicated(trace, link, size, 32), "vaio")).get("overflow", (-1, -1))
    source = "Zerto KB (VRA memory), Assurestor: 27 s if the buffer holds raw bytes"
    claim = Claim("replication: 1337 MB buffer overflows after", source, "s", "calibrated")
    return [judge(claim, 27.0, full / S, Slack(0.5, "published to the second"))]


def in_order() -> list[Row]:
    """Age of recovery points and wire bytes of a link that keeps up."""
    size = 64 * MIB
    link = replace(LINK, link_bytes_per_s=80 * MIB, checkpoint_ns=2 * S, link_latency_ns=10 * MS, reduction_milli=2000)
    trace = even_writes(((60, 64),), WRITE, size)
    result = one(replicated(trace, link, size, 60), "vaio")
    points = result.points
    ages = result.recovery[0].age
    whole = [ramp for ramp in ages if points[0].usable_ns <= ramp.t0_ns and ramp.t1_ns <= points[-1].usable_ns]
    area = sum((2 * ramp.v0_ns + ramp.t1_ns - ramp.t0_ns) * (ramp.t1_ns - ramp.t0_ns) / 2 for ramp in whole)
    mean = area / sum(ramp.t1_ns - ramp.t0_ns for ramp in whole)
    wire = sum(row.bytes for row in result.flows if row.link == "cdp WAN")
    one_write = Slack(WRITE / 2 / (80 * MIB) * 2, "up to two half-size writes ahead of a checkpoint on the link")
    claim = Claim("replication: mean recovery-point age, checkpoints every 2 s, 10 ms link", "period / 2 + delay", "s")
    return [
        judge(claim, 1.01, mean / S, one_write),
        judge(
            Claim("replication: bytes on the wire at 2:1", "written / 2", "MiB"), 60 * 64 * WRITE / 2 / MIB, wire / MIB,
            Slack(WRITE / MIB, "two writes under way at the end"),
        ),
    ]  # fmt: skip
