"""Observe windows: only inside them every I/O is simulated; outside, guests' writes leave their mark and nothing else.

Inside a window the run is as it always is. Outside, a guest makes no requests: what it would write reaches at once, in
no time and at no cost to anyone, the change tracking, the top delta, the replication buffer and the recovery points'
accounts (`unseen`). Stories - backups, merges, replication - run throughout, with real I/Os of their own. So a stun
there waits for no guest I/O in flight, and a merge meets no guest's load: rows carry `observed`.

Arrivals are Poisson, so a process that is cut out of windows is the same process, in law. An open loop's rate, its
bursts and the states of a two-state process go on outside. A trace's I/Os fall into windows or not by their times. A
closed loop's clock stands still between windows; meanwhile it writes at the rate of the asymptotic bounds of
operational analysis: outstanding / (think + service), or what disks, devices and datastores can carry if that is less.
Left out: reads outside windows (they change nothing), and what a full queue would do to a closed loop's rate there.
"""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from models.arrivals import NEVER_NS, Stretch, arrival_times, rates
from models.scenario import Datastore, RunSpec, Scenario, ServiceLaw, Vm, Window, Workload
from models.workload import Block, Bools, Draw, Ints, guest_blocks
from sim.streams import BLOCK, Floats, uniform_stream
from sim.units import NS_PER_S

UNSEEN_SLOT = (1 << 20) - 1
"""The place of a workload's unseen writes in the order at one instant: behind its own requests."""
PPM = 1_000_000
IMMEDIATE = ServiceLaw(latency_ns=0, distribution="fixed", sigma_milli=0, stream_bytes_per_s=0, quantiles=())


def observed(windows: tuple[Window, ...], start_ns: int, end_ns: int) -> bool:
    """Whether [start, end] lies in one window. Without windows all is observed."""
    return not windows or any(one.start_ns <= start_ns and end_ns <= one.end_ns for one in windows)


def measured(run: RunSpec) -> int:
    """How much of the run's time is measured, in ns: without the warm-ups of the run and of each window."""
    if not run.observe:
        return run.duration_ns - run.warmup_ns
    begins = [max(run.warmup_ns, one.start_ns + run.observe_warmup_ns) for one in run.observe]
    return sum(max(0, one.end_ns - begin) for one, begin in zip(run.observe, begins, strict=True))


def inside(windows: tuple[Window, ...], times: Ints) -> Bools:
    """For each instant whether it is in a window. Without windows every one is."""
    borders = np.array([border for one in windows for border in (one.start_ns, one.end_ns)], dtype=np.int64)
    passed = np.searchsorted(borders, times, side="right")
    return np.asarray(passed % 2 == 1) if windows else np.ones(len(times), dtype=np.bool_)


def gap_before(windows: tuple[Window, ...], number: int) -> int:
    """From the end of the window before (0: from the run's start) to the start of `number`; NEVER_NS: there is none."""
    end = windows[number - 1].end_ns if number else 0
    return windows[number].start_ns - end if number < len(windows) else NEVER_NS


def first_gap(windows: tuple[Window, ...]) -> int:
    """From the run's start to the first window."""
    return gap_before(windows, 0) if windows else 0


def cut(stretches: Iterator[Stretch], windows: tuple[Window, ...], keep: bool) -> Iterator[Stretch]:
    """The stretches of a rate without arrivals outside the windows; `keep` False: without arrivals in them."""
    borders = [border for one in windows for border in ((one.start_ns, False), (one.end_ns, True))]
    borders.append((NEVER_NS, False))  # up to each border: in a window?
    now, at = 0, 0
    for end, gap in stretches:
        while at < len(borders) and borders[at][0] <= end:
            border, in_window = borders[at]
            if border > now:
                yield border, gap if in_window == keep else 0
                now = border
            at += 1
        if keep and at == len(borders) - 1:  # nothing comes after the last window: the states need not be drawn
            yield NEVER_NS, 0
            return
        if end > now:
            yield end, gap if borders[at][1] == keep else 0
            now = end


def seen_rates(spec: Workload, states: Iterator[float], windows: tuple[Window, ...]) -> Iterator[Stretch]:
    """Stretches of the rate of an open workload's requests: all of it, or what lies in the windows."""
    stretches = rates(spec, states)
    return cut(stretches, windows, keep=True) if windows else stretches


def writes_only(spec: Workload) -> Workload:
    """The workload with its writes alone."""
    return replace(spec, read_ppm=0)


def at_once(stores: dict[str, Datastore]) -> dict[str, Datastore]:
    """The datastores with services that take no time: nobody waits for an unseen write."""
    return {name: replace(store, read=IMMEDIATE, write=IMMEDIATE) for name, store in stores.items()}


def unseen_rates(scenario: Scenario, vm: Vm, spec: Workload, states: Iterator[float]) -> Iterator[Stretch]:
    """Stretches of the rate of an open or closed workload's writes outside the windows."""
    writes = PPM - spec.read_ppm
    if not writes:
        return iter([(NEVER_NS, 0)])
    if spec.kind == "closed":
        iops_milli = closed_rate(scenario, vm, spec)
        stretches: Iterator[Stretch] = iter([(NEVER_NS, NS_PER_S * 1000 // iops_milli if iops_milli else 0)])
    else:
        stretches = rates(spec, states)
    thinned = ((end, gap * PPM // writes) for end, gap in stretches)
    return cut(thinned, scenario.run.observe, keep=False)


def closed_rate(scenario: Scenario, vm: Vm, spec: Workload) -> int:
    """I/Os per 1000 s that a closed loop makes at most, when nobody else is there: asymptotic bounds."""
    stores = {one.name: one for one in scenario.datastores}
    host = next(one for one in scenario.hosts if one.name == vm.host)
    used = [vm.disks[number] for number in spec.disks]
    hops = sum(one.down_ns + one.up_ns for one in vm.filters) + host.path_latency_ns
    depth = sum(min(stores[disk.datastore].device_queue_depth, vm.disk_queue_depth) for disk in used)
    depth = min(depth, vm.adapter_queue_depth)
    service = _service([stores[disk.datastore] for disk in used], spec, spec.think_ns + hops, depth)
    bounds = [spec.outstanding * NS_PER_S * 1000 // max(1, spec.think_ns + service + hops)]
    bounds.append(depth * NS_PER_S * 1000 // max(1, service))
    size = mean_size(spec)
    for name in {disk.datastore for disk in used}:
        store, share = stores[name], [disk.datastore for disk in used].count(name)
        most = [store.servers * NS_PER_S * 1000 // max(1, service)] if store.servers else []
        most += [store.iops_cap * 1000] if store.iops_cap else []
        most += [store.bandwidth_bytes_per_s * 1000 // max(1, size)] if store.bandwidth_bytes_per_s else []
        bounds += [bound * len(used) // share for bound in most]
    units = max(1, -(-size // host.cost_unit_bytes))
    bounds += [disk.limit_iops * 1000 * len(used) // units for disk in used if disk.limit_iops]
    return min(bounds)


def mean_size(spec: Workload) -> int:
    """Of the workload's I/Os, in bytes, rounded down."""
    return sum(bytes_ * weight for bytes_, weight in spec.sizes) // sum(weight for _, weight in spec.sizes)


def _service(stores: list[Datastore], spec: Workload, outside_ns: int, depth: int) -> int:
    """The mean service time of a closed loop's I/Os on disks in these datastores (one each), stretched by what the
    loop itself has in service there. `outside_ns`: of its cycle, what is not service; `depth`: most in service.

    How many are in service follows from how long service takes, and the other way round; the search begins at one and
    only goes up, so that it ends.
    """
    alone = [_alone(store, spec) for store in stores]
    busy, most = 1, min(spec.outstanding, depth)
    while True:
        each = -(-busy // len(stores))
        service = sum(_stretched(*one, each) for one in zip(stores, alone, strict=True)) // len(stores)
        now = min(most, spec.outstanding * service // max(1, outside_ns + service))
        if now <= busy:
            return service
        busy = now


def _stretched(store: Datastore, service_ns: int, count: int) -> int:
    """A service there when so many are in service, itself among them, as far as the servers go."""
    count = min(count, store.servers) if store.servers else count
    table = store.slowdown_milli
    return service_ns * table[min(count, len(table)) - 1] // 1000 if table else service_ns


def _alone(store: Datastore, spec: Workload) -> int:
    """The mean service time there of an I/O that is alone, in ns."""
    size, total = mean_size(spec), 0
    for law, share in ((store.read, spec.read_ppm), (store.write, PPM - spec.read_ppm)):
        transfer = size * NS_PER_S // law.stream_bytes_per_s if law.stream_bytes_per_s else 0
        total += (law.latency_ns + transfer) * share
    return total // PPM


def unseen_blocks(
    scenario: Scenario, vm: Vm, spec: Workload, seed: int, replicate: int, block: int | Iterator[int] = BLOCK
) -> Iterator[tuple[Ints, Block]]:
    """(times, I/Os) of a workload's writes outside the windows, so many at a time; both have the same length."""
    name, windows = f"{vm.name}/{spec.name}", scenario.run.observe
    stores = at_once({one.name: one for one in scenario.datastores})
    blocks = guest_blocks(vm, writes_only(spec), stores, seed, replicate, block, "unseen I/O")
    if spec.trace is not None:
        first = 0
        for one in blocks:
            times = spec.trace.time_ns[first : first + len(one.disk)]
            first += len(times)
            kept = ~inside(windows, times) & one.write
            yield times[kept], one.part(kept)
        return
    states = uniform_stream(seed, replicate, name, "burst states")
    taken: list[Block] = []

    def gaps() -> Iterator[Floats]:
        for one in blocks:
            taken.append(one)
            yield one.gap

    for times in arrival_times(gaps(), unseen_rates(scenario, vm, spec, states)):
        yield times, taken.pop().part(slice(len(times)))


def unseen_writes(scenario: Scenario, vm: Vm, spec: Workload, seed: int, replicate: int) -> Iterator[tuple[int, Draw]]:
    """The same, one after the other."""
    for times, block in unseen_blocks(scenario, vm, spec, seed, replicate):
        yield from zip(times.tolist(), map(Draw, *(column.tolist() for column in block)), strict=True)
