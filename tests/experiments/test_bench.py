"""The benchmark: events per I/O are counted exactly, models of the canonical case agree, parts make a whole."""

import heapq
import json
from dataclasses import replace
from math import sqrt
from statistics import fmean, variance
from typing import Any

import pytest

from benchmarks import creference, idiomatic
from experiments import bench
from experiments.bench import apart, contest, growth, machine, shipped
from experiments.bench.canonical import GUEST, HOP, LAW, around, canonical
from experiments.bench.contest import C_BOOKS, C_LOOP, COMPILED, IDIOMATIC, READABLE
from experiments.bench.plan import FULL, QUICK, Plan
from experiments.bench.report import Report, as_document
from experiments.bench.runs import by_stunlab, guest_ios
from experiments.bench.spread import Spread, Target, spread
from experiments.bench.text import as_text, span
from experiments.scenario import build
from models.result import RunResult
from models.run import simulate
from models.scenario import Engine, Scenario

TINY = Plan(
    rounds=1, fast_s=0.1, slow_s=0.05, scenario_s=0.2, memory_ios=(3_000,), growth_ios=1_000, vms=(1, 3),
    outstanding=(2,), depths=(0, 2),
)  # fmt: skip
MODELS = [IDIOMATIC, READABLE, COMPILED]
WITH_C = MODELS + ([C_LOOP, C_BOOKS] if creference.compiler() else [])


@pytest.fixture(scope="module")
def tiny() -> Report:
    """Everything once, as small as it goes."""
    return bench.measured(TINY)


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


@pytest.mark.parametrize(("engine", "more"), [("simpy", 1), ("compiled", 0)])
@pytest.mark.parametrize(("filters", "events"), [([], 2), (["first"], 3), (["first", "second"], 3)])
def test_an_io_takes_these_events(filters: list[str], events: int, engine: Engine, more: int) -> None:
    """Arrival and completion; all filters on the way down together are one more. The readable path's dispatcher has
    one as well, that of the compiled one none."""
    sample = by_stunlab(lone(filters), "none", engine)
    assert sample.ios > 50
    assert (sample.events - more) // (events + more) == sample.ios, "the last I/O is under way"


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
    assert 4.1 < mclock.events / guest_ios(mclock) < 4.4, "limited disks wait for their tags' time"


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


def errors_apart(ours: list[float], theirs: list[float]) -> float:
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
    assert errors_apart(ours, theirs) < 3


@pytest.mark.slow
def test_disagreement_would_be_seen() -> None:
    """A positive control: one server in twenty missing is far outside what the test above lets pass."""
    seeds, seconds = range(1, 4), 0.1
    theirs = [idiomatic.simulate(False, seconds, seed).mean_s for seed in seeds]
    few = [canonical("fifo", seconds, seed, servers=30) for seed in seeds]
    ours = [mean_latency(simulate(scenario, "none", 0)) / 1e9 for scenario in few]
    assert errors_apart(ours, theirs) > 6


@pytest.mark.slow
@pytest.mark.parametrize("scheduler", ["fifo", "mclock"])
def test_a_contest_reports_every_model(scheduler: Any, tiny: Report) -> None:
    found = next(one for one in tiny.canonical if one.scheduler == scheduler)
    by_name = {speed.model: speed for speed in found.models}
    assert list(by_name) == WITH_C
    assert by_name[IDIOMATIC].of_idiomatic == Spread(1, 1, 1)
    assert by_name[COMPILED].events_per_io == pytest.approx(3.0 if scheduler == "fifo" else 3.2, abs=0.1)
    assert by_name[COMPILED].ios == guest_ios(simulate(canonical(scheduler, TINY.fast_s, seed=1), "none", 0))
    assert set(by_name[COMPILED].us_per_io) == set(apart.PARTS)
    for speed in found.models:
        assert speed.ios_per_second.low <= speed.ios_per_second.median <= speed.ios_per_second.high
        assert (speed.of_c is None) == (C_LOOP not in WITH_C)
    if C_LOOP in WITH_C:
        assert by_name[C_LOOP].ios == by_name[C_BOOKS].ios == by_name[COMPILED].ios, "the same draws, the same I/Os"
        assert len(found.targets()) == 6


@pytest.mark.slow
def test_without_a_compiler_three_models_are_left_and_it_says_so(monkeypatch: pytest.MonkeyPatch, tiny: Report) -> None:
    monkeypatch.setattr(creference, "compiler", lambda: None)
    found = contest.contest("fifo", TINY, [contest.one_round("fifo", TINY)])
    assert [speed.model for speed in found.models] == MODELS
    assert len(found.targets()) == 2
    printed = as_text(replace(tiny, canonical=[found], machine=machine.machine(None), memory=[]))
    assert "no C compiler;" in printed
    assert "no `cc` on the PATH" in printed
    assert "memory: left out" in printed


def test_parts_of_a_run_are_all_of_it() -> None:
    sample = by_stunlab(canonical("fifo", 0.1, seed=1), "none", "compiled")
    assert set(sample.parts) == set(apart.PARTS)
    assert min(sample.parts.values()) > 0
    assert sum(sample.parts.values()) == pytest.approx(sample.cpu_s)


def test_measuring_in_parts_changes_nothing_and_leaves_nothing_behind() -> None:
    spec = canonical("mclock", 0.1, seed=2)
    before = [getattr(owner, name) for _, owner, name in apart.places()]
    alone = simulate(spec, "none", 0, "compiled")
    with apart.parted():
        assert simulate(spec, "none", 0, "compiled") == alone
    assert [getattr(owner, name) for _, owner, name in apart.places()] == before


def test_a_part_inside_another_stops_its_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    readings = iter([0.0, 10.0, 11.0, 21.0])
    monkeypatch.setattr(apart, "process_time", lambda: next(readings))
    watch = apart.Stopwatch()
    with watch.at(apart.STORIES), watch.at(apart.LOOP):
        pass
    assert (watch.spent[apart.STORIES], watch.spent[apart.LOOP]) == (20.0, 1.0)


def test_a_place_that_is_gone_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apart, "places", lambda: [(apart.LOOP, canonical, "no_such_name")])
    with pytest.raises(AttributeError, match="no_such_name"), apart.parted():
        pass


@pytest.mark.parametrize(("name", "arm"), shipped.FILES)
def test_a_shipped_scenario_is_measured_on_both_paths(name: str, arm: Any) -> None:
    turn = shipped.one_round(name, arm, TINY)
    assert (turn.readable.ios, turn.readable.commands) == (turn.compiled.ios, turn.compiled.commands)
    found = shipped.shipped(name, arm, [turn])
    assert found.guest_ios == turn.compiled.ios > 0
    assert found.of_readable.median == pytest.approx(turn.compiled.rate / turn.readable.rate)


def test_without_seconds_a_shipped_scenario_is_whole() -> None:
    assert shipped.scenario("backup-night", None).run.duration_ns == 235 * 10**9
    short = shipped.scenario("oltp-host", 0.25).run
    assert (short.duration_ns, short.interval_ns) == (250_000_000, 250_000_000)
    assert short.warmup_ns < short.duration_ns


def test_a_chain_carries_its_deltas() -> None:
    """Without a delta a guest I/O is one command; a write into one makes a grain table's update besides."""
    flat, deep = (growth.chain(depth, 2, "mclock", 2_000) for depth in (0, 2))
    assert flat.commands == pytest.approx(flat.ios, abs=40)
    assert 1.2 * deep.ios < deep.commands < 2 * deep.ios
    assert flat.ios == pytest.approx(2_000, rel=0.1)


def test_the_largest_crowd_fits_its_datastore() -> None:
    spec = around({"guest": growth.crowd(max(FULL.vms), 8)}, "fifo", 0.1, seed=1)
    assert len(spec.vms) == max(FULL.vms)


@pytest.mark.slow
def test_every_point_of_growth_has_about_as_many_ios(tiny: Report) -> None:
    for found in tiny.growth:
        assert found.ios == pytest.approx(TINY.growth_ios, rel=0.25)
        assert 0 < found.loop_us_per_io.median < found.us_per_io.median


@pytest.mark.slow
def test_memory_is_measured_in_a_process_of_its_own(tiny: Report) -> None:
    (found,) = tiny.memory
    assert found.ios == pytest.approx(3_000, rel=0.1)
    assert 0 < found.before_kib <= found.peak_kib


def test_a_spread_is_median_lowest_and_highest() -> None:
    assert spread([3.0, 1.0, 5.0, 2.0, 4.0]) == Spread(3.0, 1.0, 5.0)
    assert (span(spread([2.0])), span(spread([1.0, 2.0, 3.0])), span(None)) == ("2", "2 (1 to 3)", "-")


@pytest.mark.parametrize(("found", "hit"), [(0.69, False), (0.7, True), (2.0, True)])
def test_a_target_is_hit_from_its_value_on(found: float, hit: bool) -> None:
    assert Target("x", 0.7, found).hit is hit


def test_a_full_look_has_the_rounds_and_the_ios_that_are_promised() -> None:
    assert FULL.rounds >= 5
    assert FULL.scenario_s is None
    assert FULL.memory_ios == (1_000_000, 50_000_000)
    assert (min(FULL.vms), max(FULL.vms), max(FULL.outstanding), max(FULL.depths)) == (1, 512, 256, 8)
    assert QUICK.memory_ios == ()


@pytest.mark.slow
def test_the_document_has_every_figure(tiny: Report) -> None:
    document = json.loads(json.dumps(as_document(tiny)))
    assert list(document) == ["plan", "machine", "canonical", "scenarios", "memory", "growth", "targets"]
    assert [one["scheduler"] for one in document["canonical"]] == ["fifo", "mclock"]
    assert [speed["model"] for speed in document["canonical"][0]["models"]] == WITH_C
    assert [[one["scenario"], one["arm"]] for one in document["scenarios"]] == [list(one) for one in shipped.FILES]
    assert [[one["what"], one["scheduler"], one["size"]] for one in document["growth"]] == [
        list(one) for one in growth.series(TINY)
    ]
    assert len(document["memory"]) == 1
    assert {"python", "numba", "numpy", "simpy", "cc", "processors", "load_at_start", "load_at_end"} == set(
        document["machine"]
    )
    assert all(one["hit"] == (one["found"] >= one["wanted"]) for one in document["targets"])


@pytest.mark.slow
def test_the_tables_have_every_figure(tiny: Report) -> None:
    printed = as_text(tiny)
    for word in (*WITH_C, "oltp-host", "backup-night", "replication-overflow", "MiB at most", "outstanding", "chain"):
        assert word in printed
    assert printed.count("missed") + printed.count("   hit") == len(tiny.targets())


@pytest.mark.slow
@pytest.mark.parametrize("quick", [False, True])
def test_the_command_prints_json_or_tables(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tiny: Report, quick: bool
) -> None:
    asked: list[Plan] = []

    def measured(plan: Plan) -> Report:
        asked.append(plan)
        return tiny

    monkeypatch.setattr(bench, "measured", measured)
    assert (bench.main(as_json=True, quick=quick), bench.main(as_json=False, quick=quick)) == (0, 0)
    assert asked == [QUICK if quick else FULL] * 2
    assert capsys.readouterr().out == f"{json.dumps(as_document(tiny), indent=1)}\n{as_text(tiny)}\n"
