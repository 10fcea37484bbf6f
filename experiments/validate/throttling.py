"""Ceilings of the host path: adapter depth, DSNRO in both readings and by both rules, queue depth after QUEUE FULL.

The array takes 1 ms for a command and works on any number at once, so that throughput is what is outstanding.
"""

from dataclasses import replace

import numpy as np

from experiments.validate.build import DEEP, HOST, KIB, MS, S, closed_loop, law, open_loop, scenario, store, traced, vm
from experiments.validate.build import with_host as on
from experiments.validate.measure import one, rate
from experiments.validate.row import Claim, Row, exact, judge, share
from models.hardware import QueueFull
from models.result import RunResult
from models.scenario import Host, Scenario

GUIDE = "VMware ESXi Performance Troubleshooting; Little's law"
ADAPTERS = (("LSI Logic SAS, 32", 32), ("PVSCSI, 64", 64), ("PVSCSI, 254", 254))
DQLEN, DSNRO = 256, 32
OPTIONS = "Disk.SchedNumReqOutstanding = 32 and Disk.SchedQControlVMSwitches = 6"


def adapters() -> list[Row]:
    """What one disk can have at an array of 1 ms, by its virtual adapter's queue."""
    rows = []
    for name, depth in ADAPTERS:
        machine = vm("vm", closed_loop(2 * depth), queue_depth=depth)
        found = rate(one(scenario((machine,), (store(DEEP, law(MS)),), 300 * MS, 100 * MS)))
        slack = share(1000 * depth, 0.005, "one round of I/Os at an end of 200 rounds")
        rows.append(judge(Claim(f"1 ms array, {name} outstanding: IOPS", GUIDE, "IOPS"), 1000 * depth, found, slack))
    return rows


def dsnro() -> list[Row]:
    """Two disks that want all they can get of a device of DQLEN 256, and one alone."""
    each, together = replace(HOST.dsnro, outstanding=DSNRO), replace(HOST.dsnro, outstanding=DSNRO, per="device")
    cases = (
        ("two disks, DSNRO 32 per disk: IOPS of one", each, 2, DSNRO),
        ("two disks, DSNRO 32 per disk, by switches: IOPS of one", replace(each, rule="switches"), 2, DSNRO),
        ("two disks, DSNRO 32 per device: IOPS of one", together, 2, DSNRO / 2),
        ("one disk alone, DSNRO 32: IOPS", each, 1, DQLEN),
        ("one disk alone, DSNRO 32 by switches: IOPS", replace(each, rule="switches"), 1, DQLEN),
    )
    rows = []
    for name, rule, vms, outstanding in cases:
        machines = tuple(vm(f"vm{i}", closed_loop(DQLEN)) for i in range(vms))
        device = replace(store(DEEP, law(MS)), device_queue_depth=DQLEN)
        spec = scenario(machines, (device,), 300 * MS, 100 * MS)
        found = rate(one(on(spec, replace(HOST, scheduler="mclock", dsnro=rule))))
        slack = share(1000 * outstanding, 0.005, "one round of I/Os at an end of 200 rounds")
        rows.append(judge(Claim(name, OPTIONS, "IOPS"), 1000 * outstanding, found, slack))
    return rows


FULL = "Controlling LUN queue depth throttling (KB 1010922), conformity to the rule"
DEPTH, SAMPLE, THRESHOLD = 64, 32, 8


def _host(reading: str, retry_ns: int) -> Host:
    by = "samples" if reading == "samples" else "refusals"
    return replace(HOST, queue_full=QueueFull(SAMPLE, THRESHOLD, by, retry_ns))  # type: ignore[arg-type]


def _refusing(times_ns: list[int], limit: int, service_ns: int, duration_ns: int) -> Scenario:
    """Recorded reads at an array that holds so many."""
    at = np.array(times_ns, dtype=np.int64)
    trace = traced(at, np.arange(len(at), dtype=np.int64) * 4 * KIB, 4 * KIB, write=False)
    device = replace(store(0, law(service_ns)), device_queue_depth=DEPTH, queue_limit=limit)
    machine = vm("vm", replace(open_loop(0), kind="trace", trace=trace))
    spec = scenario((machine,), (device,), duration_ns)
    return replace(spec, run=replace(spec.run, interval_ns=MS))


def _depths(result: RunResult) -> list[int]:
    return [row.value for row in result.levels if row.level == "queue depth"]


def queue_full() -> list[Row]:
    """How many statuses halve the depth and give it back, in both readings of the sources."""
    return [row for reading in ("samples", "refusals") for row in (*_halved(reading), _given_back(reading))]


def _halved(reading: str) -> list[Row]:
    """One command stays in an array that holds one; another comes, and is refused once a millisecond."""
    result = one(on(_refusing([0, MS // 2], 1, 10 * S, 250 * MS), _host(reading, MS)))
    depths = _depths(result)
    rows = []
    for depth, refusals in ((32, SAMPLE), (16, 2 * SAMPLE), (1, 6 * SAMPLE)):
        found = next((count for count, now in enumerate(depths, 1) if now == depth), -1)
        claim = Claim(f"QUEUE FULL by {reading}: refusals until a depth of 64 is {depth}", FULL, "statuses")
        rows.append(judge(claim, refusals, found, exact()))
    return rows


def _given_back(reading: str) -> Row:
    """64 at once, half of them refused: the depth is 32. They come again at 10 ms; then one read a millisecond."""
    more = [(20 + number) * MS for number in range(250)]
    depths = _depths(one(on(_refusing([0] * DEPTH + more, 32, MS // 2, 275 * MS), _host(reading, 10 * MS))))
    good = [DEPTH + max(0, number - 20) for number in range(1, len(depths) + 1)]  # completed at each interval's end
    found = next((count for count, depth in zip(good, depths, strict=True) if depth == DEPTH), -1)
    claim = Claim(f"QUEUE FULL by {reading}: good statuses until 32 is 64 again", FULL, "statuses")
    return judge(claim, (DEPTH - 32) * THRESHOLD, found, exact())
