"""The C loop of the canonical case gives the readable path's numbers, to the nanosecond."""

import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from benchmarks import creference
from experiments.bench.canonical import canonical
from models import run
from models.scenario import Distribution, Scenario
from sim.histogram import Histogram, merged

needs_cc = pytest.mark.skipif(creference.compiler() is None, reason="no C compiler here: no `cc` on the PATH")
CAUSES = 10
"""Of the ledger in books.h."""
SCHEDULERS = pytest.mark.parametrize("scheduler", ["fifo", "mclock"])


def readable(scenario: Scenario) -> Histogram:
    """Latencies of all guest I/Os on the readable path."""
    vms = run.simulate(scenario, "none", 0).vms
    return merged(one for vm in vms for one in (vm.guest_read, vm.guest_write))


def storm(scenario: Scenario, distribution: Distribution | None = None) -> Scenario:
    """The case with all times a 10,000th: they are a few nanoseconds, and most things happen together. With a
    distribution all draws are of that."""

    def small(law: Any) -> Any:
        return replace(law, latency_ns=50, distribution=distribution or law.distribution)

    def shrunk(vm: Any) -> Any:
        (disk,), (loop,) = vm.disks, vm.workloads
        disk = replace(disk, limit_iops=disk.limit_iops * 10_000, reservation_iops=disk.reservation_iops * 10_000)
        loop = replace(loop, think_ns=100, think_distribution=distribution or loop.think_distribution)
        hops = [replace(hop, down_ns=2, distribution=distribution or hop.distribution) for hop in vm.filters]
        return replace(vm, disks=(disk,), workloads=(loop,), filters=tuple(hops))

    (store,) = scenario.datastores
    store = replace(store, read=small(store.read), write=small(store.write))
    return replace(
        scenario,
        datastores=(store,),
        vms=tuple(map(shrunk, scenario.vms)),
        run=replace(scenario.run, duration_ns=30_000, interval_ns=30_000),
    )


@needs_cc
@SCHEDULERS
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_every_nanosecond_is_the_readable_paths(scheduler: Any, seed: int) -> None:
    scenario = canonical(scheduler, 0.1, seed)
    found = creference.simulate(scenario)
    assert found.histogram == readable(scenario)
    assert found.ios == found.histogram.count > 6_000
    assert 3 < found.events / found.ios < (3.3 if scheduler == "mclock" else 3.1)


@needs_cc
@SCHEDULERS
@pytest.mark.parametrize("distribution", [None, "fixed", "exponential"])
@pytest.mark.parametrize("seed", [4, 5])
def test_where_most_things_happen_together_too(scheduler: Any, distribution: Distribution | None, seed: int) -> None:
    """Their order at one instant is the readable path's."""
    scenario = storm(canonical(scheduler, 1, seed), distribution)
    found = creference.simulate(scenario)
    assert found.histogram == readable(scenario)
    assert found.ios > 10_000


@needs_cc
@SCHEDULERS
@pytest.mark.parametrize("seed", [1, 6])
def test_the_books_kept_in_c_are_the_readable_paths(scheduler: Any, seed: int) -> None:
    scenario = canonical(scheduler, 0.1, seed)
    found, vms = creference.simulate(scenario, books=True), run.simulate(scenario, "none", 0).vms
    assert found.histogram == readable(scenario)
    causes, rows = creference.library(True).ledger(), [row.ns for vm in vms for row in vm.ledger]
    kept = {causes[place] for place in range(CAUSES)} - {0}
    assert kept == set(map(sum, zip(*rows, strict=True))) - {0}
    assert len(kept) == (5 if scheduler == "mclock" else 4)


@needs_cc
def test_one_nanosecond_would_be_seen() -> None:
    scenario = canonical("fifo", 0.1, 1)
    given = creference.draws(scenario, 0, 1000)
    _, before, _, _ = creference.run(scenario, given)
    given.service[3, 1] += 1
    _, after, _, _ = creference.run(scenario, given)
    assert after.total != before.total


@needs_cc
def test_it_stops_where_draws_run_out() -> None:
    scenario = canonical("fifo", 0.1, 1)
    status, _, _, _ = creference.run(scenario, creference.draws(scenario, 0, 20))
    assert status == creference.OUT_OF_DRAWS


@needs_cc
def test_building_leaves_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    beside = set(creference.SOURCE.parent.glob("*.so"))
    assert creference.library.__wrapped__().simulate
    assert list(tmp_path.iterdir()) == []
    assert set(creference.SOURCE.parent.glob("*.so")) == beside


def test_without_a_compiler_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(creference, "compiler", lambda: None)
    with pytest.raises(RuntimeError, match="no `cc` on the PATH"):
        creference.library.__wrapped__()


CASE = canonical("fifo", 0.1, 1)
VM = CASE.vms[0]
STORE = CASE.datastores[0]


def first_vm(**fields: Any) -> Callable[[], Scenario]:
    return lambda: replace(CASE, vms=(replace(VM, **fields), *CASE.vms[1:]))


@pytest.mark.parametrize(
    ("other", "fault"),
    [
        (lambda: replace(CASE, vms=CASE.vms[1:]), "16 VMs"),
        (lambda: canonical("fifo", 0.1, 1, servers=30), "32 servers"),
        (lambda: replace(CASE, datastores=(replace(STORE, iops_cap=5),)), "no caps"),
        (lambda: replace(CASE, hosts=(replace(CASE.hosts[0], path_latency_ns=1),)), "no host path"),
        (lambda: replace(CASE, run=replace(CASE.run, warmup_ns=1)), "no warm-up"),
        (first_vm(guest_clock="frozen"), "its VMs"),
        (first_vm(workloads=(replace(VM.workloads[0], outstanding=9),)), "its VMs"),
        (first_vm(filters=VM.filters[:1]), "its VMs"),
        (first_vm(disks=(replace(VM.disks[0], limit_iops=100),)), "no limits"),
    ],
)
def test_another_case_is_refused(other: Callable[[], Scenario], fault: str) -> None:
    creference.check(CASE)
    with pytest.raises(ValueError, match=f"not the canonical case: .*{fault}"):
        creference.check(other())
