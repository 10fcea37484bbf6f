"""Laws of a traced run: it is the same run, each life is its ledger in order of time, and whoever waited was kept.

The strongest: while a command waits in an array of k servers, the others' service there sums to k times the wait.
"""

import re
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from random_extremes import chains
from random_worlds import scenarios

from experiments.explain.perfetto import document
from experiments.explain.story import Teller
from models.measure.lives import IoLife, ahead_at_device, ahead_in_array, destaged_meanwhile
from models.measure.tracer import Tracer
from models.path.io import KINDS
from models.path.traced import TracedHypervisor
from models.replay import seen
from models.result import RunResult
from models.run import Run, SimulationError, simulate
from models.scenario import Arm, Scenario
from models.trace import Trace, trace

ARMS: st.SearchStrategy[Arm] = st.sampled_from(["none", "vadp", "vaio", "both"])
TOLD = {
    "guest queue", "stun hold in", "stun hold out", "mirror hold", "data: DSNRO", "data: device queue", "data: limit",
    "data: array queue", "data: datastore cap", "data: service", "metadata: service", "parent read: service",
    "mirror: service", "filter plain", "host path", "data: write cache", "data: cache full", "quiesce hold",
}  # fmt: skip
"""Names of steps that must occur among the random runs: else little has been looked at."""


def whole(scenario: Scenario) -> Scenario:
    """The scenario with all its I/Os among the slowest kept."""
    return replace(scenario, run=replace(scenario.run, slowest=100_000, warmup_ns=0, observe=()))


def seen_again(scenario: Scenario, arm: Arm) -> tuple[RunResult, Trace] | None:
    """A run and its trace; None for a run that failed, as its trace then does too."""
    end = scenario.run.duration_ns
    try:
        result = simulate(scenario, arm, 0)
    except SimulationError as problem:
        with pytest.raises(SimulationError, match=re.escape(str(problem))):
            trace(scenario, arm, 0, [(0, end)])
        return None
    return result, trace(scenario, arm, 0, [(0, end)])


def hold_life(io: IoLife) -> None:
    """Its segments follow each other from arrival to delivery; its commands are inside it, one after the other."""
    at = io.arrival_ns
    for segment in io.segments:
        assert segment.start_ns == at < segment.end_ns
        at = segment.end_ns
    assert at == io.end_ns
    at = io.accepted_ns
    for command in io.commands:
        assert at <= command.enter_ns <= command.slot_ns <= command.issue_ns <= command.start_ns
        assert (command.refusals > 0) == (command.refused_ns >= 0)
        assert command.start_ns + command.own_ns <= command.end_ns
        at = command.end_ns
    assert at <= io.end_ns


def hold_waits(scenario: Scenario, seen: Trace) -> None:
    """Holders' shares sum to the wait; in the array they kept all its servers busy for all of it. A write that waits
    for room in a cache waits until destages make it."""
    servers = {store.name: store.servers for store in scenario.datastores}
    for command in [command for io in seen.ios for command in io.commands][:40]:
        wait = command.start_ns - command.issue_ns
        array = ahead_in_array(command, seen.commands)
        if command.cached:
            assert (destaged_meanwhile(command, seen.commands) > 0) == (wait > 0)
        else:
            assert sum(one.held_ns for one in array) == servers[command.datastore] * wait
            assert sum(one.share_ns for one in array) == wait
        device = ahead_at_device(command, seen.commands)
        assert all(one.kind in KINDS and one.commands > 0 < one.held_ns for one in (*array, *device))
        assert sum(one.share_ns for one in device) in (0, command.slot_ns - command.enter_ns)


def hold_all(told: set[str], worlds: st.SearchStrategy[Scenario], arms: st.SearchStrategy[Arm], examples: int) -> None:
    """The laws hold in so many of these worlds; the names of the steps are added to `told`."""

    @settings(max_examples=examples, suppress_health_check=list(HealthCheck), database=None)
    @given(worlds, arms)
    def hold(drawn: Scenario, arm: Arm) -> None:
        scenario = whole(drawn)
        both = seen_again(scenario, arm)
        if both is None:
            return
        result, seen = both
        stored = {(io.vm, io.workload, io.ordinal): io for vm in result.vms for io in vm.slowest}
        assert len(stored) == len(seen.ios)
        teller = Teller(scenario, seen, ())
        for io in seen.ios:
            row = stored[io.vm, io.workload, io.ordinal]
            assert (io.arrival_ns, io.latency_ns, io.disk) == (row.arrival_ns, row.latency_ns, row.disk)
            assert io.ledger_ns(len(seen.causes)) == row.ledger_ns
            hold_life(io)
        for io in sorted(seen.ios, key=lambda io: -len(io.segments))[:60]:
            steps = teller.tell(io).steps
            assert [a.end_ns for a in steps[:-1]] == [b.start_ns for b in steps[1:]]
            for cause, ns in zip(seen.causes, stored[io.vm, io.workload, io.ordinal].ledger_ns, strict=True):
                assert sum(step.ns for step in steps if step.cause == cause) == ns
            told.update(step.name for step in steps)
        hold_waits(scenario, seen)

    hold()


@pytest.mark.parametrize("examples", [20, pytest.param(60, marks=pytest.mark.slow)])
def test_a_traced_run_is_the_same_run_and_its_lives_are_the_ledgers(examples: int) -> None:
    told: set[str] = set()
    hold_all(told, scenarios(700), ARMS, examples)
    hold_all(told, chains(400), st.sampled_from(["vadp", "both"]), examples // 3)
    assert examples < 60 or TOLD - told == set()


@settings(max_examples=12, suppress_health_check=list(HealthCheck), database=None)
@given(scenarios(500), ARMS)
def test_a_tracer_changes_nothing(scenario: Scenario, arm: Arm) -> None:
    tracer = Tracer([(0, scenario.run.duration_ns)])
    run = Run(scenario, arm, 0, TracedHypervisor(seen(scenario, arm, 0), 0, tracer))
    try:
        result = simulate(scenario, arm, 0)
    except SimulationError:
        return
    run.go()
    assert run.result() == result


@settings(max_examples=20, suppress_health_check=list(HealthCheck), database=None)
@given(scenarios(600), ARMS, st.integers(0, 590), st.integers(1, 100))
def test_a_window_shows_what_the_whole_run_shows_of_it(scenario: Scenario, arm: Arm, start: int, length: int) -> None:
    window = (start * 1_000_000, min((start + length) * 1_000_000, scenario.run.duration_ns))
    try:
        all_of_it = trace(scenario, arm, 0, [(0, scenario.run.duration_ns)])
    except SimulationError:
        return
    part = trace(scenario, arm, 0, [window])
    touching = {
        (io.vm, io.workload, io.ordinal): io._replace(commands=())
        for io in all_of_it.ios if io.arrival_ns < window[1] and io.end_ns >= window[0]
    }  # fmt: skip
    mine = {(io.vm, io.workload, io.ordinal): io._replace(commands=()) for io in part.ios}
    assert {key: mine.get(key) for key in touching if touching[key].end_ns <= part.end_ns} == {
        key: io for key, io in touching.items() if io.end_ns <= part.end_ns
    }
    names = [vm.name for vm in scenario.vms]
    counters = [
        [e for e in document(t, window, (), names, {})["traceEvents"] if e["ph"] == "C"] for t in (part, all_of_it)
    ]
    assert [(e["ts"], e["args"]) for e in counters[0]] == [(e["ts"], e["args"]) for e in counters[1]]
