"""How the compiled path's cost of an I/O grows with the work: VMs on a host, I/Os outstanding, deltas in a chain."""

import gc
from collections.abc import Callable
from dataclasses import dataclass
from time import process_time
from typing import Any

from experiments.bench.apart import DRAWING, LOOP, parted
from experiments.bench.canonical import GUEST, RATE, Scheduler, around, guests
from experiments.bench.plan import Plan
from experiments.bench.runs import Sample, by_stunlab
from experiments.bench.spread import Spread, spread
from models.run import Run
from models.scenario import Scenario
from sim.units import NS_PER_S

CYCLE_S = 0.0016
"""From one I/O to the next where nothing waits: think, filters, service."""
MANY_VMS = 64
"""From here on more VMs do more I/Os: what a VM costs once should not be most of it."""
DEEP_VMS, DEEP_DISK = 4, "256 MiB"
LEVEL_PART = 4  # a level of the chain is filled by that part of the I/Os that are measured then
DRAIN_NS = NS_PER_S // 10

Series = tuple[str, Scheduler, int]
"""What grows, the scheduler, how large it is."""


@dataclass(frozen=True)
class Point:
    """One size of one thing."""

    what: str
    scheduler: Scheduler
    size: int
    ios: int
    events_per_io: float
    commands_per_io: float
    us_per_io: Spread  # CPU, the whole run; of a chain: from when it stands
    loop_us_per_io: Spread  # of it inside the loop
    drawing_us_per_io: Spread


def series(plan: Plan) -> list[Series]:
    """All points, in the order they are measured."""
    schedulers: tuple[Scheduler, ...] = ("fifo", "mclock")
    return (
        [("VMs", scheduler, size) for scheduler in schedulers for size in plan.vms]
        + [("outstanding", "mclock", size) for size in plan.outstanding]
        + [("chain", "mclock", size) for size in plan.depths]
    )


def measure(point: Series, plan: Plan) -> Sample:
    """That point once."""
    what, scheduler, size = point
    if what == "chain":
        return chain(size, max(plan.depths), scheduler, plan.growth_ios)
    vms, loops = (size, 8) if what == "VMs" else (1, size)
    ios = plan.growth_ios * max(1, vms // MANY_VMS)
    seconds = ios / min(RATE, vms * loops / CYCLE_S)
    return by_stunlab(around({"guest": crowd(vms, loops)}, scheduler, seconds, seed=1), "none", "compiled")


def point(which: Series, samples: list[Sample]) -> Point:
    """What the rounds came to."""
    one = samples[0]

    def per_io(cost: Callable[[Sample], float]) -> Spread:
        return spread(1e6 * cost(sample) / sample.ios for sample in samples)

    what, scheduler, size = which
    return Point(
        what, scheduler, size, one.ios, one.events / one.ios, one.commands / one.ios,
        per_io(lambda sample: sample.cpu_s), per_io(lambda sample: sample.parts[LOOP]),
        per_io(lambda sample: sample.parts[DRAWING]),
    )  # fmt: skip


def crowd(vms: int, outstanding: int) -> dict[str, Any]:
    """That many of the canonical VMs, with so many I/Os outstanding each. Their queues hold 64 of them."""
    return {**guests(vms), "workload": [{**GUEST["workload"][0], "outstanding": outstanding}]}


def deep(seconds: float, scheduler: Scheduler) -> Scenario:
    """A few VMs with small disks, so that each level of a chain holds a good part of the disk. They have a backup job
    whose hour never comes: only a disk that may get deltas is built with what deltas need."""
    vms = {**guests(DEEP_VMS), "disk": [{"size": DEEP_DISK}]}
    job = {"vms": ["guest"], "first": "24 h", "interval": "24 h"}
    return around({"guest": vms}, scheduler, seconds, seed=1, protection={"vadp": {"never": job}})


def chain(depth: int, deepest: int, scheduler: Scheduler, ios: int) -> Sample:
    """The I/Os of VMs whose disks carry that many deltas. The levels come while the guests work, as they do when one
    consolidation after the other fails; before the first of them come as many I/Os as the deepest chain needs."""
    seconds = ios / (DEEP_VMS * 8 / CYCLE_S)
    level, part = round(seconds / LEVEL_PART * NS_PER_S), round(seconds * NS_PER_S)
    with parted() as parts:
        run = Run(deep(seconds * (2 + deepest), scheduler), "vadp", 0, "compiled")
        clock, now = run.hypervisor.clock, 0
        for step in range(deepest):
            if step >= deepest - depth:
                now = push(run, now)
            now += level
            clock.run_until(now)
        gc.collect()
        before, events, parts_before = delivered(run), events_of(run), dict(parts)
        commands, start = commands_of(run), process_time()
        clock.run_until(now + part)
        spent = process_time() - start
        return Sample(
            delivered(run) - before, events_of(run) - events, spent, commands_of(run) - commands,
            {name: parts[name] - parts_before[name] for name in (LOOP, DRAWING)},
        )  # fmt: skip


def push(run: Run, now: int) -> int:
    """Every disk has one delta more; the VMs stand still meanwhile. Returns the time after it."""
    vms = run.hypervisor.vms
    for vm in vms:
        vm.hold()
    now += DRAIN_NS
    run.hypervisor.clock.run_until(now)
    for vm in vms:
        if vm.in_flight or not all(disk.reserve_delta() for disk in vm.disks):
            raise RuntimeError("no delta can come while I/O is in flight, or where there is no space")
        for disk in vm.disks:
            disk.push_delta()
            disk.reopened()
        vm.release()
    return now


def delivered(run: Run) -> int:
    """Guest I/Os so far."""
    return sum(run.hypervisor.recorder.counts(vm.index).delivered for vm in run.hypervisor.vms)


def commands_of(run: Run) -> int:
    """Back-end commands so far."""
    return sum(count for store in run.hypervisor.stores.values() for count, _ in store.served.values())


def events_of(run: Run) -> int:
    """Events that the loop has taken off its heap so far."""
    return int(run.hypervisor.engine.world.pops)  # type: ignore[attr-defined]
