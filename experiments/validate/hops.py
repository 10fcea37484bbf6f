"""The workers of a filter's daemon against queueing theory: hops of an open workload are customers, workers servers.

A hop down costs 4 ms on average and a hop up nothing, so that none waits on the way up; the datastore answers at once.
What the ledger has under the filter is wait and cost together. Times of rows are in milliseconds.
"""

from dataclasses import replace
from itertools import takewhile
from typing import NamedTuple

from experiments.validate import forms
from experiments.validate.build import MS, S, law, open_loop, scenario, store, vm
from experiments.validate.measure import ledger_mean, one, runs
from experiments.validate.row import Claim, Row, exact, judge, judge_sample
from models.arrivals import poisson, rates
from models.scenario import Distribution, Filter, Scenario
from models.workload import guest_io

REPLICATIONS, IOS = 10, 4000
MEAN = 4 * MS


class Daemon(NamedTuple):
    """So many VMs of one host that share a filter's workers; `rate` is that of all together."""

    name: str
    rate: int
    workers: int
    distribution: Distribution
    vms: int = 1


WAITS = (
    Daemon("M/D/1 at a filter, load 0.5", 125, 1, "fixed"),
    Daemon("M/D/1 at a filter, load 0.7", 175, 1, "fixed"),
    Daemon("M/D/1 at a filter of five VMs, load 0.5", 125, 1, "fixed", 5),
    Daemon("M/M/1 at a filter, load 0.6", 150, 1, "exponential"),
)
TOGETHER = (
    Daemon("M/M/2 at a filter, load 0.6 per worker", 300, 2, "exponential"),
    Daemon("M/M/4 at a filter of two VMs, load 0.7 per worker", 700, 4, "exponential", 2),
)
"""Here waits are rare, so that their mean is known badly; wait and cost together are known well."""
SAME = (
    Daemon("M/D/1 at a filter, load 0.9", 225, 1, "fixed"),
    Daemon("M/D/3 at a filter, load 0.9 per worker", 675, 3, "fixed"),
)


def waits() -> list[Row]:
    """Mean waits for one worker."""
    return [_row(daemon, MEAN / MS) for daemon in WAITS]


def together() -> list[Row]:
    """Mean wait and cost with several workers."""
    return [_row(daemon, 0.0) for daemon in TOGETHER]


def _row(daemon: Daemon, less: float) -> Row:
    """The mean at the filter, less that many ms."""
    expected, source = forms.mmc_wait(daemon.rate, MEAN / S, daemon.workers), "Erlang C"
    if daemon.distribution == "fixed":
        expected, source = forms.mg1_wait(daemon.rate, MEAN / S, (MEAN / S) ** 2), "Pollaczek-Khinchine"
    found = [ledger_mean(result, "filter daemon") / MS - less for result in runs(_scenario(daemon, IOS), REPLICATIONS)]
    claim = Claim(f"{daemon.name}: mean {'wait' if less else 'wait and cost'}", source, "ms")
    return judge_sample(claim, expected * 1000 + MEAN / MS - less, found)


def same_draws() -> list[Row]:
    """Heavy loads without sampling error: the exact FIFO recursion over the very arrivals of the run."""
    return [_same_row(daemon) for daemon in SAME]


def _same_row(daemon: Daemon) -> Row:
    spec = _scenario(daemon, 2 * IOS)
    result = one(spec)
    machine, end = spec.vms[0], spec.run.duration_ns
    draws = guest_io(machine, machine.workloads[0], {spec.datastores[0].name: spec.datastores[0]}, spec.run.seed, 0)
    timed = takewhile(lambda one: one[0] < end, poisson(draws, rates(machine.workloads[0], iter(()))))
    arrivals = [at for at, _ in timed]
    found = [
        wait + MEAN
        for arrival, wait in zip(
            arrivals, forms.fifo_waits(arrivals, [MEAN] * len(arrivals), daemon.workers), strict=True
        )
        if arrival >= spec.run.warmup_ns and arrival + wait + MEAN < end
    ]
    column = result.causes.index("filter daemon")
    simulated = sum(one.ns[column] for one in result.vms[0].ledger)
    claim = Claim(f"{daemon.name}: summed time of {len(found)} I/Os", "Kiefer-Wolfowitz on the same draws", "ns")
    return judge(claim, sum(found), simulated, exact())


def _scenario(daemon: Daemon, ios: int) -> Scenario:
    """Its VMs are called after it, so that each has random streams of its own."""
    daemon_filter = Filter("daemon", MEAN, 0, daemon.distribution, daemon.workers)
    vms = tuple(
        replace(vm(f"{daemon.name}, {number}", open_loop(daemon.rate // daemon.vms)), filters=(daemon_filter,))
        for number in range(daemon.vms)
    )
    return scenario(vms, (store(0, law(0)),), (-(-ios // daemon.rate) + 2) * S, 2 * S)
