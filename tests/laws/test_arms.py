"""Law: what does not act in an arm cannot be seen in its runs. Studies rely on it: such runs are done once."""

from dataclasses import replace

from engines import outcome
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from random_worlds import scenarios

from experiments.scenario.identity import identity
from experiments.study.work import Run, key_of
from models.scenario import Arm, Scenario

ALL = list(HealthCheck)


def altered(one: Scenario, other: Scenario, arm: Arm) -> Scenario:
    """`one` with what has no part in that arm as `other` has it; its VADP and VAIO protections: none."""
    if arm == "vadp":
        return replace(one, vaio=())
    changed = replace(one, vadp=(), control=other.control, snapshots=other.snapshots)
    return replace(changed, vaio=()) if arm == "none" else changed


@settings(max_examples=12, suppress_health_check=ALL, database=None)
@given(scenarios(400), scenarios(400), st.sampled_from(["none", "vadp", "vaio"]))
def test_what_does_not_act_in_an_arm_cannot_be_seen(one: Scenario, other: Scenario, arm: Arm) -> None:
    changed = altered(one, other, arm)
    assert outcome(one, arm, "compiled") == outcome(changed, arm, "compiled")
    runs = [Run("p", identity(scenario), arm, 0, "compiled") for scenario in (one, changed)]
    assert key_of(runs[0]) == key_of(runs[1])


@settings(max_examples=12, suppress_health_check=ALL, database=None)
@given(scenarios(400), scenarios(400))
def test_what_acts_is_part_of_the_key(one: Scenario, other: Scenario) -> None:
    """Whatever else differs, and with both protections all of it."""
    for arm, change in (
        ("vadp", {"snapshots": other.snapshots}), ("vadp", {"control": other.control}), ("vaio", {"vaio": other.vaio}),
        ("none", {"hosts": other.hosts}), ("both", {"vadp": other.vadp, "vaio": other.vaio}),
    ):  # fmt: skip
        changed = replace(one, **change)
        keys = {key_of(Run("p", identity(scenario), arm, 0, "compiled")) for scenario in (one, changed)}  # type: ignore[arg-type]
        assert len(keys) == 1 + (changed != one)
