"""Runs `canonical.c`: builds it with the machine's `cc`, gives it the draws of the readable path, times both apart.

What comes out equals the readable path's result to the nanosecond; a test holds the two together. Needs a C compiler,
which nothing else here does.

`python -m benchmarks.creference` prints how fast it is on this machine.
"""

import ctypes
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from time import process_time
from typing import Any, NamedTuple

import numpy as np

from models.mechanisms.mclock import mclock
from models.scenario import Filter, Scenario, Vm
from models.workload import Ints, guest_blocks, hop_blocks
from sim.histogram import Histogram, bucket_of

SOURCE = Path(__file__).with_name("canonical.c")
BUILD = ("-std=c11", "-O3", "-ffp-contract=off", "-shared", "-fPIC")
VMS, OUTSTANDING, ADMITTED, SERVERS = 16, 8, 64, 32
"""What canonical.c is made for."""

BUCKETS = bucket_of((1 << 63) - 1) + 1
BLOCK = 4096
"""Draws at a time: more no longer fit the processor's caches."""

DONE, OUT_OF_DRAWS = 0, 1
Pointer = ctypes.POINTER(ctypes.c_int64)


class Draws(NamedTuple):
    """A row of whole nanoseconds for each VM: by ordinal, or as hops are begun, down and up."""

    think: Ints
    service: Ints
    hop1: Ints
    hop2: Ints


class Outcome(NamedTuple):
    """What a run came to. CPU seconds of the loop, and of drawing all that it was given (some of it unused)."""

    ios: int
    events: int  # given to the heap
    histogram: Histogram  # of latencies in ns; its `total` is their sum
    drawn: int  # I/Os
    loop_s: float
    drawing_s: float


class Case(ctypes.Structure):
    """`Case` of canonical.c."""

    _fields_ = [(name, ctypes.c_int64) for name in ("end", "mclock", "count")] + [
        (name, Pointer) for name in (*Draws._fields, "r_step", "l_step", "p_step", "credit")
    ]


class Found(ctypes.Structure):
    """`Outcome` of canonical.c."""

    _fields_ = [(name, ctypes.c_int64) for name in ("ios", "total", "minimum", "maximum", "events")]


def compiler() -> str | None:
    """Where this machine has its C compiler; None: nowhere."""
    return shutil.which("cc")


@cache
def library(books: bool = False) -> ctypes.CDLL:
    """canonical.c, built and loaded; no file of it is left. `books`: it keeps what the compiled path keeps, too."""
    cc = compiler()
    if cc is None:
        raise RuntimeError("there is no C compiler: no `cc` on the PATH")
    with tempfile.TemporaryDirectory() as folder:
        built = Path(folder) / "canonical.so"
        subprocess.run([cc, *BUILD, *["-DBOOKS"] * books, str(SOURCE), "-o", str(built)], check=True)
        loaded = ctypes.CDLL(str(built))
    if books:
        loaded.ledger.restype = Pointer
    loaded.simulate.argtypes = [ctypes.POINTER(Case), ctypes.POINTER(Found), Pointer]
    return loaded


def simulate(scenario: Scenario, replicate: int = 0, books: bool = False) -> Outcome:
    """Runs a canonical scenario, without protection. ValueError where the C loop would leave out something of it."""
    check(scenario)
    library(books)
    count = 256 + scenario.run.duration_ns * OUTSTANDING * 11 // (scenario.vms[0].workloads[0].think_ns * 20)
    while True:  # a VM issues about half of what it would if it did nothing but think
        start = process_time()
        given = draws(scenario, replicate, count)
        drawing_s = process_time() - start
        status, found, buckets, loop_s = run(scenario, given, books)
        if status == DONE:
            return Outcome(found.ios, found.events, histogram(found, buckets), VMS * count, loop_s, drawing_s)
        if status != OUT_OF_DRAWS:
            wrong = "keeps books that do not add up" if books else "has no room for that many tags that fall due"
            raise RuntimeError(f"canonical.c {wrong}")
        count *= 2


def run(scenario: Scenario, given: Draws, books: bool = False) -> tuple[int, Found, Ints, float]:
    """The loop on these draws: why it stopped, what it found, its buckets, its CPU seconds."""
    flows = [vm.disks[0] for vm in scenario.vms]
    tags = mclock(
        [disk.reservation_iops for disk in flows],
        [disk.limit_iops for disk in flows],
        [disk.shares for disk in flows],
        scenario.hosts[0].idle_credit,
    )
    steps = (tags.r_step, tags.l_step, tags.p_step, tags.credit)
    columns = [*given, *(np.array(column, dtype=np.int64) for column in steps)]
    by_mclock = scenario.hosts[0].scheduler == "mclock"
    case = Case(scenario.run.duration_ns, by_mclock, given.think.shape[1], *map(pointer, columns))
    found, buckets = Found(), np.zeros(BUCKETS, dtype=np.int64)
    start = process_time()
    status = library(books).simulate(case, found, pointer(buckets))
    return status, found, buckets, process_time() - start


def pointer(column: Ints) -> Any:
    """Where C finds the column; it must live as long as C needs it."""
    assert column.flags.c_contiguous
    return column.ctypes.data_as(Pointer)


def histogram(found: Found, buckets: Ints) -> Histogram:
    """What C found, as stunlab keeps it."""
    made = Histogram()
    made.buckets = {int(bucket): int(buckets[bucket]) for bucket in np.flatnonzero(buckets)}
    made.count, made.total = found.ios, found.total
    if found.ios:
        made.minimum, made.maximum = found.minimum, found.maximum
    return made


def draws(scenario: Scenario, replicate: int, count: int) -> Draws:
    """The first `count` I/Os of each VM, as the readable path draws them."""
    given = Draws(*(np.empty((VMS, times * count), dtype=np.int64) for times in (1, 1, 2, 2)))
    stores, seed = {store.name: store for store in scenario.datastores}, scenario.run.seed
    for row, vm in enumerate(scenario.vms):
        workload = vm.workloads[0]
        at = 0
        for block in guest_blocks(vm, workload, stores, seed, replicate, min(BLOCK, count)):
            fill(given.think[row], at, np.rint(workload.think_ns * block.gap).astype(np.int64))
            at = fill(given.service[row], at, block.service_ns)
            if at == count:
                break
        for stage, hops in zip(vm.filters, (given.hop1[row], given.hop2[row]), strict=True):
            at = 0
            for waits in hop_times(seed, replicate, vm, stage):
                at = fill(hops, at, waits)
                if at == len(hops):
                    break
    return given


def hop_times(seed: int, replicate: int, vm: Vm, stage: Filter) -> Iterator[Ints]:
    """Waits for the hops down. Those up wait for nothing, but take their draws from the same stream."""
    if stage.distribution == "fixed":
        while True:
            yield np.full(BLOCK, stage.down_ns, dtype=np.int64)
    for block in hop_blocks(seed, replicate, f"{vm.name}/{stage.name}", BLOCK):
        yield np.rint(stage.down_ns * block).astype(np.int64)


def fill(row: Ints, at: int, values: Ints) -> int:
    """Writes as much of `values` into the row as there is room from `at`; returns where to go on."""
    end = min(len(row), at + len(values))
    row[at:end] = values[: end - at]
    return end


def check(scenario: Scenario) -> None:
    """ValueError unless this is the canonical case, apart from its times and its seed."""
    host, store = scenario.hosts[0], scenario.datastores[0]
    by_mclock, limited = host.scheduler == "mclock", any(vm.disks[0].limit_iops for vm in scenario.vms)
    wanted = {
        "16 VMs on one host with one datastore": (len(scenario.vms), len(scenario.hosts), len(scenario.datastores))
        == (VMS, 1, 1),
        "64 device slots, 32 servers": (store.device_queue_depth, store.servers) == (ADMITTED, SERVERS),
        "no caps": not (store.bandwidth_bytes_per_s or store.iops_cap),
        "no transfer times": not (store.read.stream_bytes_per_s or store.write.stream_bytes_per_s),
        "no host path and no DSNRO": host.path_latency_ns == 0 and host.dsnro.outstanding >= OUTSTANDING,
        "no warm-up": scenario.run.warmup_ns == 0,
        "its VMs": all(map(is_canonical, scenario.vms)),
        "I/Os of one cost unit": all(vm.workloads[0].sizes[-1][0] <= host.cost_unit_bytes for vm in scenario.vms),
        "no limits without mClock": by_mclock or not limited,
    }
    missing = [what for what, is_so in wanted.items() if not is_so]
    if missing:
        raise ValueError(f"not the canonical case: {'; '.join(missing)}")


def is_canonical(vm: Vm) -> bool:
    """One disk, one closed loop of I/Os of one size, two filters that cost nothing on the way up."""
    loop = vm.workloads[0]
    return (
        (len(vm.disks), len(vm.workloads), len(vm.filters), len(loop.sizes)) == (1, 1, 2, 1)
        and (loop.kind, loop.outstanding, vm.guest_clock) == ("closed", OUTSTANDING, "jumps")
        and loop.think_ns > 0
        and min(vm.disk_queue_depth, vm.adapter_queue_depth) > OUTSTANDING
        and all(stage.up_ns == stage.workers == 0 for stage in vm.filters)
    )


def main() -> None:
    """Prints I/Os per CPU second, the median of five runs of 20 s."""
    from statistics import median

    from experiments.bench.canonical import canonical

    print(f"{'scheduler':<10} {'I/Os per s':>12} {'with drawing':>13} {'events per I/O':>15} {'drawn per I/O':>14}")
    for scheduler in ("fifo", "mclock"):
        runs = [simulate(canonical(scheduler, 20, seed)) for seed in range(1, 6)]
        loop = median(one.ios / one.loop_s for one in runs)
        both = median(one.ios / (one.loop_s + one.drawing_s) for one in runs)
        events = median(one.events / one.ios for one in runs)
        drawn = median(one.drawn / one.ios for one in runs)
        print(f"{scheduler:<10} {loop:>12,.0f} {both:>13,.0f} {events:>15.2f} {drawn:>14.2f}")


if __name__ == "__main__":
    main()
