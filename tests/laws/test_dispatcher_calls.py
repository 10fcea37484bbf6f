"""Law: the calls of the dispatcher that a device leaves out would have found nobody to serve."""

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st
from random_worlds import scenarios

from experiments.bench.canonical import canonical
from models.mechanisms import throttle
from models.path.device import Device
from models.result import RunResult
from models.run import SimulationError, simulate
from models.scenario import Arm, Scenario


def outcome(scenario: Scenario, arm: Arm) -> RunResult | str:
    """All of the result but the number of events, or why there is none."""
    try:
        return replace(simulate(scenario, arm, 0), events=0)
    except SimulationError as problem:
        return str(problem)


def always(device: Device) -> None:
    """What `Device._ring_if_useful` leaves some of out."""
    device.ring()


@settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(scenario=scenarios(), arm=st.sampled_from(["none", "vadp", "vaio", "both"]))
def test_a_call_left_out_would_have_found_nobody(scenario: Scenario, arm: Arm) -> None:
    sparing = outcome(scenario, arm)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Device, "_ring_if_useful", always)
        lavish = outcome(scenario, arm)
    assert sparing == lavish
    event("a result" if isinstance(sparing, RunResult) else "none")


def test_calls_are_left_out_and_limits_still_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """A positive control: where disks are limited, fewer events give the same result."""
    scenario = canonical("mclock", 0.1, seed=1)
    sparing = simulate(scenario, "none", 0)
    monkeypatch.setattr(Device, "_ring_if_useful", always)
    lavish = simulate(scenario, "none", 0)
    assert sparing.events < 0.95 * lavish.events
    assert replace(sparing, events=0) == replace(lavish, events=0)


def test_a_call_left_out_wrongly_would_be_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    def without_timer(device: Device, now: int) -> None:
        device.hopeless = device.throttle.device[throttle.RELEASED]

    scenario = canonical("mclock", 0.1, seed=1)
    right = outcome(scenario, "none")
    monkeypatch.setattr(Device, "_call_when_due", without_timer)
    assert outcome(scenario, "none") != right
