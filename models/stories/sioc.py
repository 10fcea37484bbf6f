"""Storage I/O Control, version 1: the hosts of a datastore tell each other the latency of its I/Os, period by period,
and each sets the depth of its own device by PARDA's law.

The signal is the time from driver to array and back (DAVG), the mean over all hosts' commands of the period, smoothed
over periods. A host's claim (beta) is the sum of the shares of its flows that had a command in the period. A period
without commands changes nothing. Left out: the signal's correction for I/O sizes, the detection of load from outside,
the automatic threshold.
"""

from collections.abc import Generator
from typing import Any

from simpy.events import Event

from models import scenario
from models.hardware import Sioc
from models.mechanisms.parda import PPM, smoothed, window
from models.stories import SIOC_RANK
from models.stories.acts import Device, Hypervisor
from sim.clock import Story


class Member:
    """One host at the datastore."""

    def __init__(self, device: Device, depth: int) -> None:
        self.device = device
        self.window = self.most = depth * PPM
        self._work = (0, 0)
        self._had = [0] * len(device.activity())

    def news(self) -> tuple[int, int]:
        """Commands completed since it was last asked, and their summed time in the array."""
        before, self._work = self._work, self.device.davg()
        return self._work[0] - before[0], self._work[1] - before[1]

    def claim(self, shares_per_slot: int) -> int:
        """The shares of the flows with a command since it was last asked, in millionths of a slot."""
        found = self.device.activity()
        active = [shares for (shares, had, left), had_before in zip(found, self._had, strict=True)
                  if left or had > had_before]  # fmt: skip
        self._had = [had for _, had, _ in found]
        return sum(active) * PPM // shares_per_slot


class StorageIoControl:
    """SIOC on one datastore, from the run's start."""

    def __init__(self, hypervisor: Hypervisor, store: scenario.Datastore, number: int, spec: Sioc) -> None:
        self.spec = spec
        self.store = store.name
        self.latency_ns = 0  # smoothed; 0: nothing measured yet
        hosts = {host.name for host in hypervisor.spec.hosts}
        self.members = [
            Member(device, store.device_queue_depth)
            for (host, name), device in hypervisor.devices.items()
            if name == store.name and host in hosts  # a backup server takes no part
        ]  # fmt: skip
        self._story = Story(hypervisor.clock, f"SIOC {store.name}", SIOC_RANK, number)
        self._story.start(self._run())

    def _run(self) -> Generator[Event, Any, None]:
        while True:
            yield self._story.sleep(self.spec.period_ns)
            self._act()

    def _act(self) -> None:
        """All hosts look at the same mean, then each sets its window."""
        news = [member.news() for member in self.members]
        claims = [member.claim(self.spec.shares_per_slot) for member in self.members]
        commands = sum(count for count, _ in news)
        if not commands:
            return
        sample = max(1, sum(ns for _, ns in news) // commands)
        self.latency_ns = smoothed(self.latency_ns, sample, self.spec.smoothing_ppm)
        for member, claim in zip(self.members, claims, strict=True):
            least = min(member.most, self.spec.least_depth * PPM)
            member.window = window(
                member.window, self.latency_ns, self.spec.threshold_ns, claim, self.spec.gain_ppm, least, member.most
            )
            member.device.set_window(max(1, member.window // PPM))


def start(hypervisor: Hypervisor) -> list[StorageIoControl]:
    """SIOC runs on each datastore that has it."""
    return [
        StorageIoControl(hypervisor, store, number, store.sioc)
        for number, store in enumerate(hypervisor.spec.datastores) if store.sioc is not None
    ]  # fmt: skip
