"""A VM's memory in its snapshot: written beside the VM's first disk, one I/O after the other.

With a lazy checkpoint the VM runs meanwhile, and only the end of it is stun; otherwise all of it is. The writer may
sleep between its I/Os. The image takes as much space as the VM has memory until the snapshot is deleted.
Source: KB 76687 and KB 326722 (Broadcom). Left out: pages that the running VM changes before they are written; that the
writes are of low priority where the datastore knows such.
"""

from collections.abc import Generator
from typing import Any

from simpy.events import Event

from models.path.io import MEMORY
from models.stories.acts import Hypervisor, Vm
from sim.clock import Story


def write_memory(hypervisor: Hypervisor, story: Story, vm: Vm) -> Generator[Event, Any, None]:
    """The image is written. Its space must be taken."""
    costs, disk, left = hypervisor.spec.snapshots.memory, vm.disks[0], vm.spec.guest.memory_bytes
    if not costs.pause_ns and left >= costs.io_bytes:
        yield story.wait(hypervisor.metadata(disk, left // costs.io_bytes, costs.io_bytes, MEMORY))
        left %= costs.io_bytes
    while left:
        size = min(left, costs.io_bytes)
        yield story.wait(hypervisor.metadata(disk, 1, size, MEMORY))
        left -= size
        if costs.pause_ns:
            yield story.sleep(costs.pause_ns)
