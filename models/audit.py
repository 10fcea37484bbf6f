"""A run audits itself: bytes, I/Os, grains, space and time must balance, exactly wherever they can.

docs/words.md has the laws in words. A law that fails is an error of the
model, not of the scenario.
"""

from collections.abc import Iterator

from models.mechanisms import grains, replication
from models.path.build import Hypervisor
from models.path.disk import Disk
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
        name = f"{host} / {store}"
        inside = [command for flow in device.flows for command in flow.queue] + list(device.inside.values())
        finished = device.bytes_finished + sum(command.size for command in inside)
        yield Line("bytes submitted = completed + in flight", name, device.bytes_submitted, finished)
        yield Line("commands submitted = completed + in flight", name, device.submitted, device.finished + len(inside))
        yield Line("Little's law at the device", name, *device.little(now))


def _stores(hypervisor: Hypervisor, now: int) -> Iterator[Line]:
    for name, store in hypervisor.stores.items():
        yield Line("utilisation law", name, *store.utilisation(now))
        disks = [disk for vm in hypervisor.vms for disk in vm.disks if disk.spec.datastore == name]
        used = sum(disk.spec.size_bytes + disk.delta_bytes() for disk in disks)
        yield Line("space = disks + deltas + free", name, store.spec.capacity_bytes, used + store.free_bytes)


def _vms(hypervisor: Hypervisor, now: int) -> Iterator[Line]:
    for vm, book in zip(hypervisor.vms, hypervisor.recorder.books, strict=True):
        name = vm.spec.name
        yield Line("I/Os issued = delivered + in the VM", name, book.arrived[0], book.delivered[0] + vm.inside())
        yield Line("Little's law at the VM", name, *hypervisor.recorder.little(vm.index, now))
        yield Line("no I/O is delivered inside a stun", name, book.delivered_in_stun, 0)
        ledger = sum(sum(sums[1:]) for sums in book.ledger.values())
        yield Line("ledgers add up to the latencies", name, ledger, book.guest[0].total + book.guest[1].total)
        reached = sum(sum(disk.levels_written) for disk in vm.disks)
        on_the_way = book.arrived[1] - book.delivered[1]
        yield Line("each acknowledged write reached one level", name, reached, book.delivered[1], on_the_way)


def _chains(hypervisor: Hypervisor) -> Iterator[Line]:
    for vm in hypervisor.vms:
        for disk in vm.disks:
            held = grains.copies(disk.map)
            yield Line("grains in maps = grains allocated", disk.spec.name, held, disk.held_grains)
            yield Line("grains by level add up", disk.spec.name, _by_level(disk), disk.held_grains)


def _by_level(disk: Disk) -> int:
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
        flags = replication.dirty_flags(replicator.group)
        yield Line("dirty extents counted = flagged", name, facts[replication.DIRTY], flags)
