"""Open and closed queues through the whole simulator against queueing theory.

The device queue is as deep as the datastore has servers, so that all waiting is seen as QAVG and none in the array.
Times of rows are in milliseconds. Sources: Kleinrock, "Queueing Systems"; Reiser and Lavenberg (exact MVA).
"""

from dataclasses import replace
from itertools import takewhile
from typing import NamedTuple

from experiments.validate import forms
from experiments.validate.build import DEEP, KIB, MS, S, closed_loop, disk, law, open_loop, scenario, store, vm
from experiments.validate.measure import ledger_mean, mean_latency, one, rate, runs
from experiments.validate.row import Claim, Row, Slack, exact, judge, judge_sample, share
from models.arrivals import poisson, rates
from models.scenario import Distribution, Scenario, ServiceLaw
from models.workload import guest_io

REPLICATIONS = 10
IOS = 4000
"""Guest I/Os after warm-up of one replication, about."""


class Open(NamedTuple):
    """An open queue: Poisson arrivals at `rate` a second to `servers` of 4 ms mean service."""

    name: str
    rate: int
    servers: int
    distribution: Distribution
    sigma_milli: int


WAITS = (
    Open("M/M/1, load 0.3", 75, 1, "exponential", 0),
    Open("M/M/1, load 0.5", 125, 1, "exponential", 0),
    Open("M/M/1, load 0.6", 150, 1, "exponential", 0),
    Open("M/D/1, load 0.5", 125, 1, "fixed", 0),
    Open("M/D/1, load 0.7", 175, 1, "fixed", 0),
    Open("M/G/1 lognormal sigma 0.5, load 0.6", 150, 1, "lognormal", 500),
)
"""Loads are such that 40,000 I/Os know the mean wait to about 2.5 % (a pilot outside the simulator said so): a tenth is
then four standard errors. Heavier loads need more I/Os than this command has time for; `same_draws` covers them."""
LATENCIES = (
    Open("M/M/2, load 0.6 per server", 300, 2, "exponential", 0),
    Open("M/M/4, load 0.7 per server", 700, 4, "exponential", 0),
    Open("M/M/8, load 0.7 per server", 1400, 8, "exponential", 0),
)
"""Here waits are rare, so that their mean is known badly; wait and service together are known well."""
SAME_DRAWS = (
    Open("M/M/1, load 0.9", 225, 1, "exponential", 0),
    Open("M/D/1, load 0.9", 225, 1, "fixed", 0),
    Open("M/G/1 lognormal sigma 1.0, load 0.8", 200, 1, "lognormal", 1000),
    Open("M/M/4, load 0.9 per server", 900, 4, "exponential", 0),
    Open("M/M/8, load 0.9 per server", 1800, 8, "exponential", 0),
)
MEAN = 4 * MS


def open_waits() -> list[Row]:
    """Mean waits of single servers."""
    return [_open_row(queue, True) for queue in WAITS]


def open_latencies() -> list[Row]:
    """Mean latencies of several servers."""
    return [_open_row(queue, False) for queue in LATENCIES]


def _service(queue: Open) -> ServiceLaw:
    return law(MEAN, queue.distribution, queue.sigma_milli)


def _open_row(queue: Open, wait_only: bool) -> Row:
    expected, source = forms.mmc_wait(queue.rate, MEAN / S, queue.servers), "Erlang C"
    if queue.distribution != "exponential":
        sigma = queue.sigma_milli / 1000 if queue.distribution == "lognormal" else 0.0
        second = forms.lognormal_second_moment(MEAN / S, sigma)
        expected, source = forms.mg1_wait(queue.rate, MEAN / S, second), "Pollaczek-Khinchine"
    results = runs(_open_scenario(queue, IOS), REPLICATIONS)
    if wait_only:
        waits = [ledger_mean(result, "data: device queue") / MS for result in results]
        return judge_sample(Claim(f"{queue.name}: mean wait", source, "ms"), expected * 1000, waits)
    latencies = [mean_latency(result) / MS for result in results]
    return judge_sample(Claim(f"{queue.name}: mean latency", source, "ms"), expected * 1000 + MEAN / MS, latencies)


def same_draws() -> list[Row]:
    """Heavy loads without sampling error: the exact FIFO recursion over the very arrivals and services of the run."""
    return [_same_row(queue) for queue in SAME_DRAWS]


def _same_row(queue: Open) -> Row:
    spec = _open_scenario(queue, 2 * IOS)
    result = one(spec)
    machine, end = spec.vms[0], spec.run.duration_ns
    draws = guest_io(machine, machine.workloads[0], {spec.datastores[0].name: spec.datastores[0]}, spec.run.seed, 0)
    timed = list(takewhile(lambda one: one[0] < end, poisson(draws, rates(machine.workloads[0], iter(())))))
    arrivals, services = [at for at, _ in timed], [draw.service_ns for _, draw in timed]
    waits = forms.fifo_waits(arrivals, services, queue.servers)
    seen = [
        wait
        for arrival, service, wait in zip(arrivals, services, waits, strict=True)
        if arrival >= spec.run.warmup_ns and arrival + wait + service < end
    ]
    column = result.causes.index("data: device queue")
    simulated = sum(one.ns[column] for one in result.vms[0].ledger)
    claim = Claim(f"{queue.name}: summed waits of {len(seen)} I/Os", "Kiefer-Wolfowitz on the same draws", "ns")
    return judge(claim, sum(seen), simulated, exact())


def two_sizes() -> list[Row]:
    """M/G/1 whose service is transfer time: 4 KiB and 64 KiB reads at 16 MiB/s."""
    service = ServiceLaw(MS, "fixed", 0, 16 * KIB * KIB, ())
    workload = replace(open_loop(200), sizes=((4 * KIB, 3), (64 * KIB, 1)))
    one_server = replace(store(1, service), device_queue_depth=1)
    spec = scenario((vm("two sizes", workload),), (one_server,), (IOS // 200 + 2) * S, 2 * S)
    times = [0.001 + size / (16 * 2**20) for size in (4 * KIB, 4 * KIB, 4 * KIB, 64 * KIB)]
    mean, second = sum(times) / 4, sum(t * t for t in times) / 4
    waits = [ledger_mean(result, "data: device queue") / MS for result in runs(spec, REPLICATIONS)]
    claim = Claim("M/G/1 of two I/O sizes: mean wait", "Pollaczek-Khinchine", "ms")
    return [judge_sample(claim, forms.mg1_wait(200, mean, second) * 1000, waits)]


def _open_scenario(queue: Open, ios: int) -> Scenario:
    """Its VM is called after the queue, so that each queue has random streams of its own."""
    datastore = replace(store(queue.servers, _service(queue)), device_queue_depth=queue.servers)
    return scenario((vm(queue.name, open_loop(queue.rate)),), (datastore,), (-(-ios // queue.rate) + 2) * S, 2 * S)


class Closed(NamedTuple):
    """A closed network: customers that think 10 ms (exponential), then visit exponential stations."""

    customers: int
    stations: tuple[forms.Station, ...]  # service in ms
    name: str


CLOSED = (
    Closed(4, (forms.Station(1, 4.0),), "4 customers, one server"),
    Closed(12, (forms.Station(1, 4.0),), "12 customers, one server"),
    Closed(12, (forms.Station(4, 8.0),), "12 customers, 4 servers"),
    Closed(24, (forms.Station(8, 4.0),), "24 customers, 8 servers"),
    Closed(10, (forms.Station(1, 4.0, 0.5), forms.Station(1, 2.0, 0.5)), "10 customers, two datastores"),
    Closed(16, (forms.Station(2, 4.0, 0.5), forms.Station(4, 8.0, 0.5)), "16 customers, datastores of 2 and 4 servers"),
)
THINK_MS = 10.0


def closed_networks() -> list[Row]:
    """Throughput and response of closed networks."""
    return [row for network in CLOSED for row in _closed_rows(network)]


def _closed_rows(network: Closed) -> list[Row]:
    spec = _closed_scenario(network)
    results = runs(spec, REPLICATIONS)
    throughput, responses = forms.mva(network.customers, THINK_MS, network.stations)
    response = sum(station.visits * r for station, r in zip(network.stations, responses, strict=True))
    name = f"closed network, {network.name}"
    return [
        judge_sample(
            Claim(f"{name}: throughput", "exact MVA", "IOPS"), throughput * 1000, [rate(result) for result in results]
        ),
        judge_sample(
            Claim(f"{name}: mean latency", "exact MVA", "ms"),
            response,
            [mean_latency(result) / MS for result in results],
        ),
    ]


def _closed_scenario(network: Closed) -> Scenario:
    stores = tuple(
        replace(store(s.servers, law(round(s.service * MS), "exponential"), f"store{i}"), device_queue_depth=s.servers)
        for i, s in enumerate(network.stations)
    )
    disks = tuple(disk(f"vm:{i}", datastore=one.name) for i, one in enumerate(stores))
    workload = replace(
        closed_loop(network.customers),
        disks=tuple(range(len(disks))),
        think_ns=round(THINK_MS * MS),
        think_distribution="exponential",
    )
    expected = forms.mva(network.customers, THINK_MS, network.stations)[0] * 1000
    seconds = round(IOS / expected) + 1
    return scenario((vm(network.name, workload, disks),), stores, (seconds + 1) * S, S)


def laws() -> list[Row]:
    """Little's law from the outside, and the queue depth rows of an ESXi device."""
    spec = scenario((vm("vm", closed_loop(32)),), (store(4, law(MEAN, "exponential")),), 11 * S, S)
    result = one(spec)
    inside = rate(result) * mean_latency(result) / S
    claim = Claim("Little's law: 32 I/Os always outstanding = IOPS x latency", "Little's law", "I/Os")
    ends = 32 / result.vms[0].ios
    little = judge(claim, 32, inside, share(32, 2 * ends, "I/Os in flight at the window's two ends"))
    return [little, *_device_queue_rows()]


def _device_queue_rows() -> list[Row]:
    """DQLEN: 64 outstanding, 1 ms fixed service, enough servers; throughput is depth / service, the rest is KAVG."""
    source = "Little's law on the queue depths of the ESXi troubleshooting guide"
    rows: list[Row] = []
    for depth, kavg in ((32, 1.0), (64, 0.0)):
        datastore = replace(store(DEEP, law(MS)), device_queue_depth=depth)
        result = one(scenario((vm("vm", closed_loop(64)),), (datastore,), S // 2, S // 10))
        wait = ledger_mean(result, "data: device queue") / MS
        ends = share(depth * 1000, 64 / result.vms[0].ios, "one round of 64 I/Os at the window's ends")
        rows.append(
            judge(Claim(f"DQLEN {depth}, 64 outstanding: IOPS", source, "IOPS"), depth * 1000, rate(result), ends)
        )
        claim = Claim(f"DQLEN {depth}, 64 outstanding: KAVG", source, "ms")
        rows.append(judge(claim, kavg, wait, Slack(1e-6, "a nanosecond: fixed service, after the fill")))
    return rows
