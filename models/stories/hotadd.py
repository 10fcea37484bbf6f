"""HotAdd: a proxy VM attaches a VM's disks before it reads them and detaches them afterwards, one reconfiguration at a
time.

On NFSv3 the proxy's host takes the lock of the VM's files over; if the VM runs on another host, that one must win it
back when the disks are gone from the proxy, and the VM is stunned for as long. Source: Veeam KB1681 and virtual
appliance mode; KB 1007909 for the time. Left out: the proxy's own redo logs beside the base disks, disks that stay
attached when a proxy dies.
"""

from collections.abc import Generator
from typing import Any

from simpy.events import Event

from models.result import StunRow
from models.stories.acts import Hypervisor, Job, Vm
from models.stories.slots import Slots
from models.stories.snapshot import Snapshots
from sim.clock import Story

REASON = "lock recovery"
"""Of the stun, as StunRow.reason."""


def reconfigure(story: Story, slots: Slots, job: Job, duration_ns: int) -> Generator[Event, Any, None]:
    """A disk is attached to the proxy, or detached: for that time nobody else's is."""
    place = [("reconfiguration", job.spec.transport.proxy)]
    yield from slots.take(story, place)
    if duration_ns:
        yield story.sleep(duration_ns)
    slots.give_back(place)


def loses_lock(hypervisor: Hypervisor, job: Job, vm: Vm) -> bool:
    """Whether the VM's host must win a lock back after this job's proxy has had the VM's disks."""
    way = job.spec.transport
    on_nfs3 = any(hypervisor.stores[disk.spec.datastore].spec.kind == "nfs3" for disk in vm.disks)
    return bool(way.kind == "hotadd" and way.lock_recovery_ns and on_nfs3 and job.spec.serving_host != vm.spec.host)


def recover_lock(snapshots: Snapshots, story: Story, vm: Vm, job: Job) -> Generator[Event, Any, None]:
    """The VM was stunned until its host had the lock again; it belongs to the stun's opening of disks."""
    costs, start, in_flight = snapshots.spec.stun, story.now, vm.in_flight
    vm.hold()
    yield story.wait(vm.drained(), costs.drain_limit_ns)
    drain = story.now - start
    yield story.sleep(job.spec.transport.lock_recovery_ns)
    held = vm.held
    vm.release()
    lasted = story.now - start
    snapshots.stuns.append(
        StunRow(
            vm=vm.spec.name, reason=REASON, job=job.spec.name, start_ns=start, duration_ns=lasted, stop_ns=0,
            drain_ns=drain, close_ns=0, create_ns=0, open_ns=lasted - drain, resume_ns=0,
            cpt_ns=lasted + costs.cpt_extra_ns, in_flight=in_flight, held=held, outcome="ok",
        )
    )  # fmt: skip
