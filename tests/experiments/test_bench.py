"""The benchmark: events per I/O are counted exactly, both models of the canonical case agree, the command prints."""

import heapq
import json
from math import sqrt
from statistics import fmean, variance
from typing import Any

import pytest

from benchmarks import idiomatic
from experiments import bench
from experiments.bench.canonical import GUEST, HOP, LAW, canonical
from experiments.bench.measure import duel, guest_ios
from experiments.identity import ROOT
from experiments.scenario import build
from models.result import RunResult
from models.run import simulate
from models.scenario import Scenario


class Pushes:
    """Counts what is pushed to a heap."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self, heap: list[Any], item: Any) -> None:
        self.count += 1
        heapq.heappush(heap, item)


def lone(filters: list[str]) -> Scenario:
    """One VM with one I/O outstanding: nothing ever waits for anything else."""
    workload = {**GUEST["workload"][0], "outstanding": 1}
    return build(
        {
            "name": "lone",
            "run": {"duration": "0.2 s", "interval": "0.1 s"},
            "host": {"esx1": {"path_latency": "0 s"}},
            "datastore": {"store": {"read": LAW, "write": LAW}},
            "filter": {"first": HOP, "second": HOP},
            "vm": {"guest": {**GUEST, "filters": filters, "workload": [workload]}},
        }
    )


@pytest.mark.parametrize(("filters", "events"), [([], 3), (["first"], 4), (["first", "second"], 4)])
def test_an_io_takes_these_events(filters: list[str], events: int) -> None:
    """Arrival, dispatch, completion; all filters on the way down together are one more."""
    result = simulate(lone(filters), "none", 0)
    assert guest_ios(result) > 50
    assert (result.events - 1) // events == guest_ios(result), "the last I/O is under way with at least one event"


def test_events_are_counted_as_they_go_through_the_heap(monkeypatch: pytest.MonkeyPatch) -> None:
    moments, others = Pushes(), Pushes()
    monkeypatch.setattr("sim.clock.heappush", moments)
    monkeypatch.setattr("simpy.core.heappush", others)
    result = simulate(canonical("mclock", 0.1, seed=1), "none", 0)
    assert moments.count == result.events
    slots, workloads, dispatchers = 16 * 64, 16 * 8, 1
    assert others.count == slots + workloads + dispatchers, "processes start once, and nothing else is left to SimPy"


def test_events_per_io_of_the_canonical_case() -> None:
    fifo, mclock = (simulate(canonical(scheduler, 0.1, seed=1), "none", 0) for scheduler in ("fifo", "mclock"))
    assert round(fifo.events / guest_ios(fifo), 1) == 4.0
    assert 4.3 < mclock.events / guest_ios(mclock) < 4.6, "limited disks wait for their tags' time"


def test_events_per_io_of_the_idiomatic_model() -> None:
    """Think, process start, two filters, two grants, service, two releases, process end; mClock kicks besides."""
    fifo, mclock = (idiomatic.simulate(mclock, 0.1, seed=1, counted=True) for mclock in (False, True))
    under_way = idiomatic.VMS * idiomatic.OUTSTANDING
    assert fifo.ios * 10 < fifo.events < (fifo.ios + under_way) * 10 + under_way
    assert 14 < mclock.events / mclock.ios < 16


def test_counting_does_not_change_the_idiomatic_model() -> None:
    counted = idiomatic.simulate(True, 0.1, seed=3, counted=True)
    assert counted._replace(events=0) == idiomatic.simulate(True, 0.1, seed=3)
    assert sum(counted.histogram.values()) == counted.ios


def mean_latency(result: RunResult) -> float:
    """In ns, reads and writes together."""
    histograms = [one for vm in result.vms for one in (vm.guest_read, vm.guest_write)]
    return sum(one.total for one in histograms) / sum(one.count for one in histograms)


def apart(ours: list[float], theirs: list[float]) -> float:
    """How far apart two means are, in standard errors of their difference."""
    error = sqrt((variance(ours) + variance(theirs)) / len(ours))
    return abs(fmean(ours) - fmean(theirs)) / error


@pytest.mark.slow
@pytest.mark.parametrize("scheduler", ["fifo", "mclock"])
def test_both_models_of_the_canonical_case_agree(scheduler: str) -> None:
    seeds, seconds = range(1, 5), 0.25
    runs = [simulate(canonical(scheduler, seconds, seed), "none", 0) for seed in seeds]  # type: ignore[arg-type]
    others = [idiomatic.simulate(scheduler == "mclock", seconds, seed) for seed in seeds]
    done, theirs_done = fmean(guest_ios(run) for run in runs), fmean(other.ios for other in others)
    assert done == pytest.approx(theirs_done, rel=0.01)
    ours, theirs = [mean_latency(run) / 1e9 for run in runs], [other.mean_s for other in others]
    assert fmean(ours) == pytest.approx(fmean(theirs), rel=0.02)
    assert apart(ours, theirs) < 3


@pytest.mark.slow
def test_disagreement_would_be_seen() -> None:
    """A positive control: one server in twenty missing is far outside what the test above lets pass."""
    seeds, seconds = range(1, 4), 0.1
    theirs = [idiomatic.simulate(False, seconds, seed).mean_s for seed in seeds]
    few = [canonical("fifo", seconds, seed, servers=30) for seed in seeds]
    ours = [mean_latency(simulate(scenario, "none", 0)) / 1e9 for scenario in few]
    assert apart(ours, theirs) > 6


def test_a_duel_reports_both_models() -> None:
    found = duel("fifo", 0.05, rounds=2)
    assert found.stunlab.events_per_io == pytest.approx(4.0, abs=0.2)
    assert found.idiomatic.events_per_io == pytest.approx(10.0, abs=0.5)
    assert found.ratio_low <= found.ratio <= found.ratio_high


def test_the_command_prints_json_or_tables(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(bench, "SECONDS", 0.05)
    monkeypatch.setattr(bench, "ROUNDS", 1)
    monkeypatch.setattr(bench, "DEMO", ROOT / "scenarios" / "minimal.toml")
    assert bench.main(as_json=True) == 0
    document = json.loads(capsys.readouterr().out)
    assert [one["scheduler"] for one in document["canonical"]] == ["fifo", "mclock"]
    assert document["machine"]["processors"] >= 1
    assert document["demo"][0]["guest_ios"] > 5_000
    assert bench.main(as_json=False) == 0
    printed = capsys.readouterr().out
    assert "idiomatic SimPy" in printed
    assert "guest I/Os per s" in printed
