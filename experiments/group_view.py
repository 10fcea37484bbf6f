"""One run as one VM group felt it: its VMs' histograms merged, its rows after warm-up.

The whole run is seen as the group ALL_VMS. Where several protections act on one VM (arm "both"), the one with the
lowest mean recovery-point age counts, because one would restore from it; a VM without a usable point has no recovery.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from models.result import IntervalRow, JobRow, RecoveryResult, RunResult, StunRow, VmResult
from sim.histogram import Histogram, merged
from sim.statistics import TimeWeighted, time_weighted

ALL_VMS = "all VMs"


class Recovery(NamedTuple):
    """The recovery points of one VM under the protection that serves it best."""

    rows: RecoveryResult
    age: TimeWeighted


@dataclass(frozen=True)
class GroupView:
    """What one run says about one VM group (or about ALL_VMS). Everything is derived once, when first asked for."""

    run: RunResult
    group: str

    @property
    def seconds(self) -> float:
        """Measured time: the run without its warm-up, or its observe windows without theirs."""
        return self.run.measured_ns / 1e9

    @cached_property
    def vms(self) -> tuple[VmResult, ...]:
        return tuple(vm for vm in self.run.vms if self.group in (vm.group, ALL_VMS))

    @cached_property
    def names(self) -> frozenset[str]:
        return frozenset(vm.vm for vm in self.vms)

    @cached_property
    def guest(self) -> Histogram:
        return merged(histogram for vm in self.vms for histogram in (vm.guest_read, vm.guest_write))

    @cached_property
    def guest_write(self) -> Histogram:
        return merged(vm.guest_write for vm in self.vms)

    @cached_property
    def vscsi(self) -> Histogram:
        return merged(vm.vscsi for vm in self.vms)

    @cached_property
    def gavg(self) -> Histogram:
        return merged(vm.gavg for vm in self.vms)

    @cached_property
    def probe(self) -> Histogram:
        return merged(vm.probe for vm in self.vms)

    @cached_property
    def intervals(self) -> tuple[IntervalRow, ...]:
        return tuple(
            r for r in self.run.intervals if r.vm in self.names and r.t_ns >= self.run.warmup_ns and r.observed
        )

    @cached_property
    def stuns(self) -> tuple[StunRow, ...]:
        return tuple(r for r in self.run.stuns if r.vm in self.names and r.start_ns >= self.run.warmup_ns)

    @cached_property
    def felt(self) -> tuple[StunRow, ...]:
        """The stuns that met the guests' I/Os: those in observe windows."""
        return tuple(row for row in self.stuns if row.observed)

    @cached_property
    def stun_lengths(self) -> Histogram:
        """How long these took, ns."""
        lengths = Histogram()
        for row in self.felt:
            lengths.add(row.duration_ns)
        return lengths

    @cached_property
    def jobs(self) -> tuple[JobRow, ...]:
        return tuple(r for r in self.run.jobs if r.vm in self.names and r.scheduled_ns >= self.run.warmup_ns)

    @cached_property
    def incrementals(self) -> tuple[JobRow, ...]:
        """The successful incremental backups."""
        return tuple(job for job in self.jobs if job.kind == "incremental" and job.outcome == "ok")

    @cached_property
    def recovery(self) -> tuple[Recovery, ...]:
        """One entry for each VM that has a usable recovery point, in the order of the VMs."""
        return tuple(_best_recoveries(self.vms, self.run.recovery))

    @cached_property
    def age(self) -> TimeWeighted:
        """Recovery-point age over time, all VMs' time together."""
        return time_weighted(ramp for one in self.recovery for ramp in one.rows.age)

    @cached_property
    def exposure(self) -> TimeWeighted:
        """Loss exposure over time, all VMs' time together."""
        return time_weighted(ramp for one in self.recovery for ramp in one.rows.exposure)

    @cached_property
    def risk_written(self) -> Histogram:
        return merged(one.rows.risk_written for one in self.recovery)

    @cached_property
    def risk_unique(self) -> Histogram:
        return merged(one.rows.risk_unique for one in self.recovery)


def _best_recoveries(vms: Iterable[VmResult], rows: tuple[RecoveryResult, ...]) -> Iterator[Recovery]:
    for vm in vms:
        offers = [Recovery(row, time_weighted(row.age)) for row in rows if row.vm == vm.vm]
        usable = [offer for offer in offers if offer.age.defined_ns > 0]
        if usable:
            yield min(usable, key=lambda offer: offer.age.mean)


def groups(run: RunResult) -> tuple[str, ...]:
    """ALL_VMS, then the VM groups in the scenario's order."""
    return (ALL_VMS, *dict.fromkeys(vm.group for vm in run.vms))
