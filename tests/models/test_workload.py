"""The guest's I/O: a function of its identity, inside its region, as often and as large as was asked for."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from worlds import GRAIN, KIB, MIB, WORLD, S, trace, world

from experiments.scenario import build
from models.arrivals import poisson, rates
from models.scenario import Scenario, ServiceLaw, Workload
from models.workload import (
    Block,
    Draw,
    guest_blocks,
    guest_io,
    hop_blocks,
    hop_stream,
    latencies,
    quantile_of,
    service_blocks,
    service_stream,
    unit_mean,
)
from sim.streams import BLOCK, Floats, philox, uniforms


def draws(scenario: Scenario, count: int, workload: int = 0, replicate: int = 0) -> list[Draw]:
    stores = {store.name: store for store in scenario.datastores}
    vm = scenario.vms[0]
    return list(islice(guest_io(vm, vm.workloads[workload], stores, scenario.run.seed, replicate), count))


def workload(keys: dict[str, Any], disk: dict[str, Any] | None = None) -> Scenario:
    return world({"vm": {"a": {"disk": [disk or {"size": "64 MiB"}], "workload": [keys]}}})


REGION = st.fixed_dictionaries({
    "pattern": st.sampled_from(["uniform", "zipf", "sequential"]),
    "align": st.sampled_from(["512 B", "4 KiB", "64 KiB"]),
    "start": st.sampled_from(["0 B", "1 MiB", "1000 B"]), "span": st.sampled_from(["64 KiB", "700 KiB", "1 MiB"]),
})  # fmt: skip


@settings(max_examples=60)
@given(REGION, st.sampled_from([512, 700, 4096, 64 * KIB]), st.integers(1, 3))
def test_every_io_lies_in_its_region_and_is_aligned_there(region: dict[str, Any], size: int, disks: int) -> None:
    spec = workload({"addresses": region, "size": f"{size} B", "read": "50 %"}, {"size": "3 MiB", "count": disks})
    rule = spec.vms[0].workloads[0].read_addresses
    for draw in draws(spec, 700):
        assert rule.start_bytes <= draw.offset <= rule.start_bytes + rule.span_bytes - size
        assert (draw.offset - rule.start_bytes) % rule.align_bytes == 0
        assert 0 <= draw.disk < disks
        assert draw.size == size


def test_an_ordinal_draws_the_same_whatever_is_asked_before_or_besides() -> None:
    spec = workload({"sizes": {"4 KiB": 1, "8 KiB": 1}, "read": "50 %"})
    long = draws(spec, 3 * BLOCK + 5)
    assert draws(spec, 10) == long[:10]
    faster = workload({"sizes": {"4 KiB": 1, "8 KiB": 1}, "read": "50 %", "rate": "900 iops"})
    assert draws(faster, 100) == long[:100]  # the rate only stretches the gaps
    assert draws(spec, 100, replicate=1) != long[:100]
    reader = draws(workload({"sizes": {"4 KiB": 1, "8 KiB": 1}, "read": "100 %"}), 400)
    assert [d.size for d in reader] == [d.size for d in long[:400]]  # a choice does not shift the next ones


@pytest.mark.parametrize("kind", ["open", "closed"])
def test_mixes_come_out_as_asked(kind: str) -> None:
    count = 20_000
    spec = workload({"kind": kind, "sizes": {"4 KiB": 3, "64 KiB": 1}, "read": "70 %"}, {"size": "64 MiB", "count": 4})
    found = draws(spec, count)
    assert abs(sum(not d.write for d in found) / count - 0.7) < 0.015
    assert abs(sum(d.size == 4 * KIB for d in found) / count - 0.75) < 0.015
    assert all(abs(sum(d.disk == disk for d in found) / count - 0.25) < 0.015 for disk in range(4))
    assert abs(sum(d.gap for d in found) / count - 1) < 0.03
    both = sum(d.write and d.size == 4 * KIB for d in found) / count
    assert abs(both - 0.3 * 0.75) < 0.015  # independent of each other


def test_a_sequential_stream_goes_on_where_it_was_and_round_its_region() -> None:
    spec = workload({"addresses": {"pattern": "sequential", "span": "64 KiB"}, "size": "4 KiB", "read": "0 %"})
    assert [d.offset for d in draws(spec, 40)] == [(n % 16) * GRAIN for n in range(40)]
    two = workload(
        {"addresses": {"pattern": "sequential", "span": "64 KiB"}, "size": "4 KiB", "read": "0 %"},
        {"size": "64 MiB", "count": 2},
    )
    assert [(d.disk, d.offset) for d in draws(two, 6)] == [(n % 2, n // 2 * GRAIN) for n in range(6)]


def test_a_sequential_stream_does_not_stumble_over_blocks_of_draws() -> None:
    spec = workload({"addresses": {"pattern": "sequential"}, "size": "12 KiB", "read": "0 %"})
    offsets = [d.offset for d in draws(spec, 3 * BLOCK)]
    assert offsets == [n * 12 * KIB % (64 * MIB) for n in range(3 * BLOCK)]


def test_zipf_prefers_few_places_and_uniform_none() -> None:
    def hottest(pattern: dict[str, Any]) -> float:
        found = [d.offset for d in draws(workload({"addresses": pattern, "size": "4 KiB"}), 8_000)]
        _, counts = np.unique(found, return_counts=True)
        return float(np.sort(counts)[-82:].sum()) / len(found)  # of half a per cent of the 16,384 places

    steep = hottest({"pattern": "zipf", "exponent": 1.2})
    mild = hottest({"pattern": "zipf", "exponent": 0.8})
    ranks = np.arange(1, 16_385) ** -1.2
    assert abs(steep - ranks[:82].sum() / ranks.sum()) < 0.04
    assert steep > mild > 3 * hottest({"pattern": "uniform"})


def test_a_trace_is_replayed_as_it_was_and_ends() -> None:
    ios = [(n * 1000, n * 512, 512 + n, n % 3 == 0) for n in range(BLOCK + 7)]
    spec = replace(world(), vms=(replace(world().vms[0], workloads=(trace(ios),)),))
    found = draws(spec, 10_000)
    assert [(d.offset, d.size, d.write) for d in found] == [(o, s, w) for _, o, s, w in ios]


@pytest.mark.parametrize(
    ("distribution", "variance"), [("fixed", 0.0), ("exponential", 1.0), ("lognormal", np.exp(0.25) - 1)]
)
def test_distributions_have_a_mean_of_one(distribution: Any, variance: float) -> None:
    u: Floats = uniforms(philox(1, 0, "e", "p"), 100_000, 1)[:, 0]
    values = unit_mean(u, distribution, 500)
    assert abs(float(values.mean()) - 1) < 0.02
    assert abs(float(values.var()) - variance) < 0.05 * max(variance, 0.01)


def arrivals(keys: dict[str, Any], until_s: int = 100) -> list[float]:
    """Arrival times in seconds."""
    spec: Workload = workload(keys).vms[0].workloads[0]
    source = iter(draws(workload(keys), 200_000))
    states = iter(uniforms(philox(1, 0, "s", "t"), 10_000, 1)[:, 0].tolist())
    found = []
    for time, _ in poisson(source, rates(spec, states)):
        if time >= until_s * S:
            return found
        found.append(time / S)
    return found


def test_poisson_arrivals_come_at_their_rate() -> None:
    times = arrivals({"rate": "200 iops"})
    assert abs(len(times) - 20_000) < 4 * 141
    gaps = np.diff(times)
    assert abs(float(gaps.std() / gaps.mean()) - 1) < 0.03
    assert times == sorted(times)


def test_a_burst_has_its_own_rate_and_ends() -> None:
    burst = [
        {"at": "20 s", "duration": "10 s", "rate": "500 iops"},
        {"at": "40 s", "duration": "10 s", "rate": "0 iops"},
    ]
    keys = {"rate": "50 iops", "burst": burst}
    spec = world({"run": {"duration": "100 s"}, "vm": {"a": {"workload": [keys]}}})
    states = iter([0.5] * 10)
    source = poisson(iter(draws(spec, 50_000)), rates(spec.vms[0].workloads[0], states))
    times = np.array([time / S for time, _ in islice(source, 20_000)])
    counts = [int(((times >= a) & (times < b)).sum()) for a, b in ((0, 20), (20, 30), (30, 40), (40, 50), (50, 100))]
    for count, expected in zip(counts, (1000, 5000, 500, 0, 2500), strict=True):
        assert abs(count - expected) <= 4 * expected**0.5


def test_two_states_mix_their_rates_by_their_stays() -> None:
    keys = {"rate": "20 iops", "two_state": {"busy_rate": "400 iops", "quiet": "3 s", "busy": "1 s"}}
    times = np.array(arrivals(keys, 1000))
    expected = (20 * 3 + 400 * 1) / 4 * 1000
    assert abs(len(times) - expected) < 0.15 * expected
    per_second = np.histogram(times, bins=1000, range=(0, 1000))[0]
    assert per_second.var() > 20 * per_second.mean()  # far from Poisson


def test_an_idle_workload_asks_for_nothing() -> None:
    assert arrivals({"rate": "0 iops"}) == []
    assert arrivals({"rate": "0 iops", "two_state": {"busy_rate": "100 iops", "quiet": "1 s", "busy": "1 s"}}) != []


def test_a_service_quantile_belongs_to_the_io_and_the_law_to_its_datastore() -> None:
    slow = {"latency": "10 ms", "distribution": "exponential", "stream": "none"}
    fast = {"latency": "1 ms", "distribution": "exponential", "stream": "none"}
    keys = {"vm": {"a": {"workload": [{"read": "50 %"}]}}}
    one = draws(world({"datastore": {"d": {"read": slow, "write": fast}}, **keys}), 500)
    other = draws(world({"datastore": {"d": {"read": fast, "write": slow}}, **keys}), 500)
    for a, b in zip(one, other, strict=True):
        factor = 0.1 if a.write else 10
        assert abs(a.service_ns - b.service_ns * factor) <= 10


MIXES = st.fixed_dictionaries({
    "addresses": st.fixed_dictionaries({
        "pattern": st.sampled_from(["uniform", "zipf", "sequential"]), "span": st.sampled_from(["64 KiB", "700 KiB"]),
        "align": st.sampled_from(["512 B", "4 KiB"]),
    }),
    "sizes": st.sampled_from([{"4 KiB": 1}, {"4 KiB": 1, "12 KiB": 2, "64 KiB": 1}]),
    "read": st.sampled_from(["0 %", "40 %", "100 %"]), "kind": st.sampled_from(["open", "closed"]),
})  # fmt: skip
LAWS = {
    "read": {"latency": "0.5 ms", "distribution": "lognormal", "sigma": 0.8, "stream": "none"},
    "write": {"latency": "2 ms", "distribution": "exponential", "stream": "none"},
}


def same(blocks: Iterator[Block], rows: list[Draw]) -> bool:
    """Whether the blocks' rows are these, as far as they go."""
    columns = [np.concatenate(column).tolist() for column in zip(*blocks, strict=True)]
    return list(map(Draw, *columns))[: len(rows)] == rows


@settings(max_examples=40, deadline=None)
@given(MIXES, st.integers(1, 3), st.sampled_from([1, 7, 100, 511, 513, 4096]))
def test_a_block_of_any_length_holds_the_same_ios(mix: dict[str, Any], disks: int, block: int) -> None:
    vm = {"disk": [{"size": "3 MiB", "count": disks}], "workload": [mix]}
    spec = world({"datastore": {"d": LAWS}, "vm": {"a": vm}})
    stores, count = {store.name: store for store in spec.datastores}, 60 if block == 1 else 1300
    blocks = guest_blocks(spec.vms[0], spec.vms[0].workloads[0], stores, spec.run.seed, 0, block)
    assert same(islice(blocks, -(-count // block)), draws(spec, count))


@pytest.mark.parametrize("block", [1, 7, 519, 520, 4096])
def test_a_block_of_any_length_holds_the_same_trace(block: int) -> None:
    ios = [(n * 1000, n * 512, 512 + n, n % 3 == 0) for n in range(519)]
    spec = replace(world(), vms=(replace(world().vms[0], workloads=(trace(ios),)),))
    stores = {store.name: store for store in spec.datastores}
    blocks = list(guest_blocks(spec.vms[0], spec.vms[0].workloads[0], stores, spec.run.seed, 0, block))
    assert [len(part.gap) for part in blocks] == [min(block, 519 - at) for at in range(0, 519, block)]
    assert same(iter(blocks), draws(spec, 10_000))


@pytest.mark.parametrize("block", [1, 7, 513, 4096])
def test_hops_and_mechanisms_services_too(block: int) -> None:
    store, count = world({"datastore": {"d": LAWS}}).datastores[0], 60 if block == 1 else 1300

    def head(blocks: Iterator[Any]) -> list[float]:
        return [value for part in islice(blocks, -(-count // block)) for value in part.tolist()][:count]

    assert head(hop_blocks(3, 1, "a/first", block)) == list(islice(hop_stream(3, 1, "a/first"), count))
    for write in (False, True):
        stream = list(islice(service_stream(3, 1, "a:0", store, write), count))
        assert head(service_blocks(3, 1, "a:0", store, write, block)) == stream


TABLE = {"0 %": "1 ms", "50 %": "2 ms", "99 %": "10 ms", "100 %": "110 ms"}
TABLE_MEAN = 500_000 * 1.5 + 490_000 * 6 + 10_000 * 60  # ppm x ms: shares times the middles of the straight lines


def test_a_table_of_quantiles_is_its_own_law() -> None:
    law = {"distribution": "quantiles", "quantiles": TABLE, "stream": "none"}
    store = build({**WORLD, "datastore": {"d": {"read": law}}}).datastores[0]
    read = replace(store.read, latency_ns=0)
    at = np.array([0.0, 0.25, 0.5, 0.745, 0.99, 0.995, 1.0])
    assert latencies(at, read).tolist() == [ms * 100_000 for ms in (10, 15, 20, 60, 100, 600, 1100)]
    assert store.read.latency_ns == TABLE_MEAN
    drawn = np.concatenate(list(islice(service_blocks(1, 0, "x", store, False), 400)))
    assert abs(drawn.mean() - TABLE_MEAN) < 4 * drawn.std() / np.sqrt(len(drawn))


def test_one_direction_by_a_table_leaves_the_other_its_own_draws() -> None:
    plain = workload({"read": "50 %", "rate": "100 iops"})
    store = plain.datastores[0]
    shaped = replace(store.read, distribution="quantiles", quantiles=((0, 5), (1_000_000, 5)))
    before = draws(plain, 300)
    after = draws(replace(plain, datastores=(replace(store, read=shaped),)), 300)
    assert [draw for draw in after if draw.write] == [draw for draw in before if draw.write]
    assert {draw.service_ns for draw in after if not draw.write} == {5}


@given(st.floats(0.001, 0.9999), st.sampled_from(["exponential", "lognormal"]), st.integers(1, 2_000))
def test_a_drawn_service_tells_its_quantile(u: float, distribution: Any, sigma_milli: int) -> None:
    law = ServiceLaw(10**12, distribution, sigma_milli, 0, ())
    drawn = int(latencies(np.array([u]), law)[0])
    quantile = quantile_of(law, drawn)
    assert quantile is not None
    assert abs(quantile - u) < 1e-6


def test_where_all_services_draw_the_same_there_is_no_quantile() -> None:
    assert quantile_of(ServiceLaw(1_000, "fixed", 0, 0, ()), 1_000) is None
    assert quantile_of(ServiceLaw(0, "exponential", 0, 0, ()), 0) is None
    assert quantile_of(ServiceLaw(1_000, "lognormal", 0, 0, ()), 1_000) is None


def test_a_time_drawn_from_a_table_tells_its_quantile() -> None:
    law = ServiceLaw(0, "quantiles", 0, 0, ((0, 1_000), (500_000, 2_000), (1_000_000, 12_000)))
    assert [quantile_of(law, ns) for ns in (1_000, 1_500, 2_000, 7_000, 12_000)] == [0, 0.25, 0.5, 0.75, 1]
    assert quantile_of(replace(law, quantiles=((0, 5), (1_000_000, 5))), 5) is None
