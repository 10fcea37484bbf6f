"""A run audits itself: bytes, I/Os, grains, space and time must balance, exactly wherever they can.

docs/words.md has the laws in words. A law that fails is an error of the
model, not of the scenario.
"""

from collections.abc import Iterator

from models.chain import Chain
from models.mechanisms import grains, replication
from models.path.io import DESTAGE
from models.stories.acts import Hypervisor
from sim.audit import Line


def audit(hypervisor: Hypervisor, now: int) -> list[Line]:
    """Every law on every subject, at the run's end."""
    return [
        *_devices(hypervisor, now),
        *_stores(hypervisor, now),
        *_vms(hypervisor, now),
        *_chains(hypervisor),
        *_groups(hypervisor),
    ]


def _devices(hypervisor: Hypervisor, now: int) -> Iterator[Line]:
    for (host, store), device in hypervisor.devices.items():
        name, a = f"{host} / {store}", device.account(now)
        yield Line(
            "bytes submitted = completed + in flight", name, a.bytes_submitted, a.bytes_finished + a.bytes_inside
        )
        yield Line("commands submitted = completed + in flight", name, a.submitted, a.finished + a.inside)
        yield Line("Little's law at the device", name, a.area_ns, a.sojourn_ns)


def _stores(hypervisor: Hypervisor, now: int) -> Iterator[Line]:
    for name, store in hypervisor.stores.items():
        yield Line("utilisation law", name, *store.utilisation(now))
        disks = [disk for vm in hypervisor.vms for disk in vm.disks if disk.spec.datastore == name]
        used = sum(disk.spec.size_bytes + disk.delta_bytes() for disk in disks)
        if store.spec.cache:
            taken, cleaned, held = store.cached()
            yield Line("bytes cached = destaged + dirty", name, taken, cleaned + held)
            written = store.served.get((DESTAGE, True), [0, 0])[1]
            yield Line("bytes destaged = written by destages", name, cleaned, written)
        had = store.spec.capacity_bytes + store.freed_bytes
        yield Line("space = disks + deltas + free", name, had, used + store.free_bytes)


def _vms(hypervisor: Hypervisor, now: int) -> Iterator[Line]:
    for vm in hypervisor.vms:
        name, count = vm.spec.name, hypervisor.recorder.counts(vm.index)
        yield Line("I/Os issued = delivered + in the VM", name, count.arrived, count.delivered + vm.inside())
        yield Line("Little's law at the VM", name, *hypervisor.recorder.little(vm.index, now))
        yield Line("no I/O is delivered inside a stun", name, count.delivered_in_stun, 0)
        yield Line("ledgers add up to the latencies", name, count.ledger_ns, count.latency_ns)
        reached = sum(sum(disk.levels_written) for disk in vm.disks)
        on_the_way = count.arrived_bytes - count.delivered_bytes
        written = count.delivered_bytes + count.absorbed_bytes
        yield Line("each acknowledged write reached one level", name, reached, written, on_the_way)


def _chains(hypervisor: Hypervisor) -> Iterator[Line]:
    for vm in hypervisor.vms:
        for disk in vm.disks:
            held = grains.copies(disk.map)
            yield Line("grains in maps = grains allocated", disk.spec.name, held, disk.held_grains)
            yield Line("grains by level add up", disk.spec.name, _by_level(disk), disk.held_grains)


def _by_level(disk: Chain) -> int:
    return sum(int(held) for held in disk.map.allocated[1 : disk.depth + 1])


def _groups(hypervisor: Hypervisor) -> Iterator[Line]:
    for replicator in hypervisor.replicators:
        name, facts = replicator.spec.name, [int(fact) for fact in replicator.group.facts]
        turned = facts[replication.BUFFERED] + facts[replication.DIRTIED]
        yield Line("bytes split = buffered + turned into dirty map", name, facts[replication.SPLIT], turned)
        unconfirmed = replicator.queued_bytes + replicator.flying_bytes
        found = unconfirmed + replicator.journal_bytes
        yield Line("bytes buffered = waiting + on the wire + journal", name, facts[replication.BUFFERED], found)
        yield Line("buffer holds what is not confirmed", name, facts[replication.USED], unconfirmed)
        if (shared := replicator.spec.appliance) is not None:
            sharing = [one for one in hypervisor.replicators if one.spec.appliance == shared]
            held = sum(int(one.group.facts[replication.USED]) for one in sharing)
            yield Line("appliance holds what its groups do", f"{shared.name}, {name}", replicator.shared_bytes(), held)
        flags = replication.dirty_flags(replicator.group)
        yield Line("dirty extents counted = flagged", name, facts[replication.DIRTY], flags)
