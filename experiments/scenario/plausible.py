"""Warnings: what is possible but will probably not go as meant, each with its arithmetic.

Rough on purpose: mean rates, no queueing, closed-loop workloads left out (they slow down by themselves). What really
happens is what the simulation is for.
"""

from collections.abc import Iterator, Sequence
from math import exp

from experiments.scenario.locate import Path
from experiments.scenario.messages import Mistake
from experiments.scenario.sharing import unanswered
from models.replay import cycle_ns
from models.scenario import Addresses, Datastore, Filter, Scenario, ServiceLaw, Vadp, Vm, Workload
from sim.units import NS_PER_S, human_bytes, human_rate, human_time

SHORT_INTERVAL_NS = 15 * 60 * NS_PER_S
PPM, MILLI = 1_000_000, 1000
MANY = 20_000_000
"""Guest I/Os, or rows of a series, in all runs together: from here on it is minutes to hours, or gigabytes."""


def warnings_of(scenario: Scenario) -> list[Mistake]:
    """All that looks wrong in the scenario, at the places to change."""
    found = [*_work(scenario), *_backups(scenario), *_replication(scenario), *_datastores(scenario),
             *_filters(scenario), *_cores(scenario), *_holding(scenario), *unanswered(scenario)]  # fmt: skip
    if not scenario.compressed and any(job.interval_ns < SHORT_INTERVAL_NS for job in scenario.vadp):
        text = ("should say whether time is compressed: backups are minutes apart "
                "(write compressed = true, and reports will say so)")  # fmt: skip
        found.append(Mistake(("name",), text))
    control = scenario.control
    if scenario.run.observe and (control.stop_latency_ns or control.throttle_latency_ns):
        text = "measures the backups' own commands only where guests make none, outside the windows of run.observe"
        found.append(Mistake(("protection", "control"), text))
    return found


def _work(scenario: Scenario) -> Iterator[Mistake]:
    """Simulations that take long or write much."""
    run = scenario.run
    runs = len(scenario.arms) * run.replications
    seconds = sum(one.end_ns - one.start_ns for one in run.observe) / NS_PER_S or run.duration_ns / NS_PER_S
    iops = sum(mean_iops(workload, run.duration_ns) for vm in scenario.vms for workload in vm.workloads)
    how_often = f"{len(scenario.arms)} arms x {run.replications} replications"
    if (ios := iops * seconds * runs) > MANY:
        text = (f"makes this a long simulation: {iops:.0f} iops x {seconds:g} s x {how_often} are {ios:.2g} guest I/Os "
                f"(stunlab bench says how many a second this machine simulates)")  # fmt: skip
        yield Mistake(("run", "duration"), text)
    intervals = -(-run.duration_ns // run.interval_ns)
    if (rows := intervals * len(scenario.vms) * runs) > MANY:
        text = (f"makes this a large result: {intervals:.2g} intervals x {len(scenario.vms)} VMs x {how_often} are "
                f"{rows:.2g} rows of the time series")  # fmt: skip
        yield Mistake(("run", "interval"), text)


def mean_iops(workload: Workload, duration_ns: int) -> float:
    """The open or traced workload's mean arrival rate over the run; 0 for a closed loop."""
    if workload.trace is not None:
        return len(workload.trace.time_ns) * _times_round(workload, duration_ns) * NS_PER_S / duration_ns
    rate = float(workload.rate_iops)
    if (state := workload.two_state) is not None:
        stays = state.mean_quiet_ns + state.mean_busy_ns
        rate = (rate * state.mean_quiet_ns + state.busy_rate_iops * state.mean_busy_ns) / stays
    extra = sum((burst.rate_iops - rate) * burst.duration_ns for burst in workload.bursts)
    return max(0.0, rate + extra / duration_ns)


def written_bytes_per_s(workload: Workload, duration_ns: int) -> float:
    """What the open or traced workload writes, on average over the run."""
    if (trace := workload.trace) is not None:
        once = float(trace.size_bytes[trace.write].sum())
        return once * _times_round(workload, duration_ns) * NS_PER_S / duration_ns
    return mean_iops(workload, duration_ns) * (1 - workload.read_ppm / PPM) * _mean_size(workload)


def _times_round(workload: Workload, duration_ns: int) -> float:
    """How often the records of its trace are replayed; those of one that goes round are not cut to the run."""
    if workload.trace is None or not (workload.repeat or workload.begin == "random"):
        return 1.0
    rounds = duration_ns / cycle_ns(workload.trace)
    return rounds if workload.repeat else min(1.0, rounds)


def _mean_size(workload: Workload) -> float:
    return sum(size * weight for size, weight in workload.sizes) / sum(weight for _, weight in workload.sizes)


def _backups(scenario: Scenario) -> Iterator[Mistake]:
    duration = scenario.run.duration_ns
    vms = {vm.name: vm for vm in scenario.vms}
    for job in scenario.vadp:
        at: Path = ("protection", "vadp", job.name)
        if job.first_ns >= duration:
            text = f"starts no backup: the run ends first ({human_time(job.first_ns)} of {human_time(duration)})"
            yield Mistake((*at, "first"), text)
        members = [vms[name] for name in job.vms]
        full = [sum(disk.size_bytes for disk in vm.disks) for vm in members]
        changed = [_changed_bytes(vm, job, duration) for vm in members]
        for what, sizes in (("the full backup", full), ("an incremental backup", changed)):
            needed = _read_s(job, members, sizes)
            if needed * NS_PER_S > job.interval_ns:
                size, rate = human_bytes(int(sum(sizes))), human_rate(int(sum(sizes) / needed))
                text = (f"is too short for {what}: {size} at {rate} take at least "
                        f"{human_time(int(needed * NS_PER_S))}, longer than {human_time(job.interval_ns)}")  # fmt: skip
                yield Mistake((*at, "interval"), text)
        yield from _deltas(scenario, job, members, _read_s(job, members, full))


def _read_s(job: Vadp, members: list[Vm], sizes: Sequence[float]) -> float:
    """The least time, in seconds, to read that many bytes of each VM, all disks of a VM at once."""
    stored, way = job.repository_bytes_per_s * job.reduction_milli / MILLI, job.transport
    attaching = sum(len(vm.disks) for vm in members) * (way.attach_ns + way.detach_ns) / NS_PER_S
    shared = (job.host_bytes_per_s, stored, way.proxy_bytes_per_s, way.ssl_host_bytes_per_s)
    alone = [attaching]
    for vm, size in zip(members, sizes, strict=True):
        caps = (job.stream_bytes_per_s * len(vm.disks), *shared)
        alone.append(max(size / cap if cap else 0.0 for cap in caps))
    together = max(sum(sizes) / cap if cap else 0.0 for cap in shared)
    return max(together, sum(alone) / job.parallel_vms, *alone)


def _changed_bytes(vm: Vm, job: Vadp, duration_ns: int) -> float:
    """What an incremental reads after one interval: whole blocks of the backup tool that a random writer touched."""
    total = 0.0
    for workload in vm.workloads:
        if workload.trace is not None:
            continue
        writes = mean_iops(workload, duration_ns) * (1 - workload.read_ppm / PPM) * job.interval_ns / NS_PER_S
        for index in workload.disks:
            region = _region(workload.write_addresses, vm.disks[index].size_bytes)
            blocks = max(1.0, region / job.tool_block_bytes)
            per_disk = writes / len(workload.disks)
            if workload.write_addresses.pattern == "sequential":
                total += min(float(region), per_disk * _mean_size(workload))
            elif workload.write_addresses.pattern == "uniform":
                total += min(float(region), blocks * job.tool_block_bytes) * (1 - exp(-per_disk / blocks))
    return total


def _region(addresses: Addresses, disk_bytes: int) -> int:
    return addresses.span_bytes or disk_bytes - addresses.start_bytes


def _deltas(scenario: Scenario, job: Vadp, members: list[Vm], backup_s: float) -> Iterator[Mistake]:
    """What the deltas may hold at the end of a full backup, against the space that is left on their datastores."""
    for store in scenario.datastores:
        on_it = [disk for vm in scenario.vms for disk in vm.disks if disk.datastore == store.name]
        free = store.capacity_bytes - sum(disk.size_bytes for disk in on_it)
        growth = 0.0
        for vm in members:
            sizes = [disk.size_bytes for disk in vm.disks if disk.datastore == store.name]
            rate = sum(_written_to(vm, workload, store.name, scenario.run.duration_ns) for workload in vm.workloads)
            growth += min(float(sum(sizes)), rate * backup_s)
            growth += sum(sizes) * scenario.snapshots.delta.metadata_ppm / PPM
        if growth > free:
            text = (f"may run full: its disks leave {human_bytes(free)}, deltas may reach {human_bytes(int(growth))} "
                    f'while backup "{job.name}" reads for {human_time(int(backup_s * NS_PER_S))}')  # fmt: skip
            yield Mistake(("datastore", store.name, "capacity"), text)


def _written_to(vm: Vm, workload: Workload, datastore: str, duration_ns: int) -> float:
    here = sum(1 for index in workload.disks if vm.disks[index].datastore == datastore)
    return written_bytes_per_s(workload, duration_ns) * here / len(workload.disks)


def _replication(scenario: Scenario) -> Iterator[Mistake]:
    for group in scenario.vaio:
        members = [vm for vm in scenario.vms if vm.name in group.vms]
        written = sum(written_bytes_per_s(w, scenario.run.duration_ns) for vm in members for w in vm.workloads)
        on_wire = written * MILLI / group.reduction_milli
        if on_wire > group.link_bytes_per_s:
            needed = f"{human_rate(int(written))} / {group.reduction_milli / MILLI:g} = {human_rate(int(on_wire))}"
            link = human_rate(group.link_bytes_per_s)
            text = (
                f"is slower than the mean write rate: {needed} on a link of {link}, replication falls behind for good"
            )
            yield Mistake(("protection", "vaio", group.name, "link"), text)


def _datastores(scenario: Scenario) -> Iterator[Mistake]:
    for store in scenario.datastores:
        at: Path = ("datastore", store.name)
        iops, rate, busy, reserved = _offered(scenario, store)
        if store.servers and busy > store.servers:
            text = (f"will saturate: {iops:.0f} iops keep {busy:.2f} servers busy on average, it has {store.servers} "
                    f"(utilisation {busy / store.servers:.2f})")  # fmt: skip
            yield Mistake((*at, "servers"), text)
        if store.iops_cap and iops > store.iops_cap:
            yield Mistake((*at, "iops"), f"is less than what its guests ask for ({iops:.0f} of {store.iops_cap} iops)")
        if store.bandwidth_bytes_per_s and rate > store.bandwidth_bytes_per_s:
            text = f"is less than what its guests move ({human_rate(int(rate))})"
            yield Mistake((*at, "bandwidth"), text)
        mean_ns = (store.read.latency_ns + store.write.latency_ns) / 2
        if store.servers and mean_ns and reserved > store.servers * NS_PER_S / mean_ns:
            most = store.servers * NS_PER_S / mean_ns
            text = f"cannot honour its reservations: {reserved} iops reserved, about {most:.0f} possible"
            yield Mistake((*at, "servers"), text)


def _filters(scenario: Scenario) -> Iterator[Mistake]:
    """Daemons whose workers have more to do than they can, in some host."""
    busy: dict[tuple[Filter, str], float] = {}
    for vm in scenario.vms:
        iops = sum(mean_iops(workload, scenario.run.duration_ns) for workload in vm.workloads)
        for one in vm.filters:
            busy[one, vm.host] = busy.get((one, vm.host), 0.0) + iops * (one.down_ns + one.up_ns) / NS_PER_S
    for (one, host), load in busy.items():
        if 0 < one.workers < load:
            text = f'will saturate: guests keep {load:.2f} workers busy on "{host}" on average, it has {one.workers}'
            yield Mistake(("filter", one.name, "workers"), text)


def _cores(scenario: Scenario) -> Iterator[Mistake]:
    """Hosts whose filters have more to do than their cores can."""
    groups = {name: group for group in scenario.vaio for name in group.vms}
    for host in scenario.hosts:
        hops = 0.0
        for vm in (one for one in scenario.vms if one.host == host.name):
            costs = [cost for one in vm.filters for cost in (one.down_ns, one.up_ns)]
            if vm.name in groups:
                costs += [groups[vm.name].down_ns, groups[vm.name].up_ns]
            iops = sum(mean_iops(workload, scenario.run.duration_ns) for workload in vm.workloads)
            hops += iops * sum(1 for cost in costs if cost)
        load = hops * host.filter_cpu_ns / NS_PER_S
        if 0 < host.filter_cores < load:
            text = (f"will saturate: {hops:.0f} hops a second keep {load:.2f} cores busy on average, it has "
                    f"{host.filter_cores}")  # fmt: skip
            yield Mistake(("host", host.name, "filter_cores"), text)


def _holding(scenario: Scenario) -> Iterator[Mistake]:
    """Synchronous groups that let go of a write before it can have been confirmed."""
    for group in scenario.vaio:
        trip = 2 * group.link_latency_ns
        if group.synchronous and group.on_loss == "asynchronous" and group.hold_limit_ns <= trip:
            limit = human_time(group.hold_limit_ns)
            text = f"is no longer than the link's round trip ({limit} of {human_time(trip)}), no write is ever in time"
            yield Mistake(("protection", "vaio", group.name, "hold_limit"), text)


def _offered(scenario: Scenario, store: Datastore) -> tuple[float, float, float, int]:
    """What guests ask of a datastore: I/Os and bytes per second, mean busy servers, reserved I/Os per second."""
    iops = rate = busy = 0.0
    reserved = 0
    for vm in scenario.vms:
        reserved += sum(disk.reservation_iops for disk in vm.disks if disk.datastore == store.name)
        for workload in vm.workloads:
            here = sum(1 for index in workload.disks if vm.disks[index].datastore == store.name) / len(workload.disks)
            asked = here * mean_iops(workload, scenario.run.duration_ns)
            size, reads = _mix(workload)
            iops, rate = iops + asked, rate + asked * size
            busy += asked * (reads * _service_s(store.read, size) + (1 - reads) * _service_s(store.write, size))
    return iops, rate, busy, reserved


def _mix(workload: Workload) -> tuple[float, float]:
    """Mean size and share of reads."""
    if (trace := workload.trace) is not None:
        return float(trace.size_bytes.mean()), 1 - float(trace.write.mean())
    return _mean_size(workload), workload.read_ppm / PPM


def _service_s(law: ServiceLaw, size: float) -> float:
    stream = size / law.stream_bytes_per_s if law.stream_bytes_per_s else 0.0
    return law.latency_ns / NS_PER_S + stream
