"""Reads one number out of run results, for rows.

Leaves out: intervals and comparisons, which are `sim.statistics` and `experiments.compare`.
"""

from models.result import RunResult, VmResult
from models.scenario import Arm, Scenario
from sim.histogram import Histogram, merged
from sim.units import NS_PER_S


def runs(spec: Scenario, replications: int, arm: Arm = "none") -> list[RunResult]:
    """That many independent runs of one arm, by the engine that runs by default: both give the same result."""
    from experiments.engines import by_default, chosen
    from models.run import simulate

    engine = chosen(by_default())
    return [simulate(spec, arm, replicate, engine) for replicate in range(replications)]


def one(spec: Scenario, arm: Arm = "none") -> RunResult:
    """One run."""
    return runs(spec, 1, arm)[0]


def ledger_mean(result: RunResult, cause: str) -> float:
    """Mean nanoseconds that a guest I/O spent on `cause`, over all VMs."""
    column = result.causes.index(cause)
    bins = [one for vm in result.vms for one in vm.ledger]
    return sum(one.ns[column] for one in bins) / sum(one.ios for one in bins)


def latency(vm: VmResult) -> Histogram:
    """Guest latency of reads and writes."""
    return merged((vm.guest_read, vm.guest_write))


def mean_latency(result: RunResult) -> float:
    """Mean guest latency over all VMs, ns."""
    return merged(latency(vm) for vm in result.vms).mean()


def rate(result: RunResult, vm: int = 0) -> float:
    """Guest I/Os of one VM delivered a second after warm-up, which must be a whole number of intervals.

    Counted by delivery: `VmResult.ios` leaves out what arrived before the warm-up's end and came back after it, which
    are all I/Os outstanding then; under a deep backlog that would look like a lower rate.
    """
    name = result.vms[vm].vm
    delivered = sum(row.ios for row in result.intervals if row.vm == name and row.t_ns >= result.warmup_ns)
    return delivered * NS_PER_S / (result.duration_ns - result.warmup_ns)
