"""The whole path as a FIFO queue, I/O by I/O: each wait and each latency is that of the slow twin."""

from dataclasses import replace
from itertools import takewhile

import pytest

from experiments.validate.build import MS, S, law, open_loop, scenario, store, vm
from models.arrivals import poisson, rates
from models.run import simulate
from models.scenario import Distribution
from models.workload import guest_io
from tests.oracles.twins import fifo_starts


@pytest.mark.parametrize(
    ("servers", "depth", "distribution", "rate"),
    [(1, 1, "exponential", 220), (1, 1024, "lognormal", 200), (3, 3, "fixed", 700), (4, 9, "exponential", 900)],
)
def test_every_latency(servers: int, depth: int, distribution: Distribution, rate: int) -> None:
    """The device queue's depth moves waiting between scheduler and array, never the sum."""
    datastore = replace(store(servers, law(4 * MS, distribution, 800)), device_queue_depth=depth)
    machine = vm("vm", open_loop(rate))
    spec = scenario((machine,), (datastore,), 4 * S)
    spec = replace(spec, run=replace(spec.run, slowest=10**6))
    result = simulate(spec, "none", 0)
    draws = guest_io(machine, machine.workloads[0], {datastore.name: datastore}, spec.run.seed, 0)
    timed = list(takewhile(lambda one: one[0] < 4 * S, poisson(draws, rates(machine.workloads[0], iter(())))))
    services = [draw.service_ns for _, draw in timed]
    starts = fifo_starts([at for at, _ in timed], services, servers)
    seen = {io.ordinal: (io.arrival_ns, io.latency_ns) for io in result.vms[0].slowest}
    expected = {
        ordinal: (at, start + service - at)
        for ordinal, ((at, _), start, service) in enumerate(zip(timed, starts, services, strict=True))
        if start + service < 4 * S
    }
    assert seen == expected
    assert len(seen) > 600
    if depth == servers:
        column = result.causes.index("data: device queue")
        waits = {io.ordinal: io.ledger_ns[column] for io in result.vms[0].slowest}
        assert waits == {ordinal: starts[ordinal] - timed[ordinal][0] for ordinal in expected}
