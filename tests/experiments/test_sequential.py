"""When a study has enough replications: what is not settled is said in words, and its numbers are checked."""

import math

import pytest

from experiments.metrics import BY_KEY
from experiments.study.cells import Cell, cell, contrasts_of
from experiments.study.sequential import Replication, Sign, Target, Width, mistakes, unsettled

STEADY = (10.0, 10.1, 9.9, 10.05)
WILD = (10.0, 20.0, 5.0, 11.0)
HIGH = (12.0, 12.1, 11.9, 12.0)
NONE = (math.nan,) * 4


def cells(metric: str, group: str = "all VMs", **by_arm: tuple[float, ...]) -> list[Cell]:
    return [cell(BY_KEY[metric], group, arm, values, ()) for arm, values in by_arm.items()]


def open_ones(target: Target, found: list[Cell]) -> tuple[str, ...]:
    return unsettled(Replication(2, 4, (target,)), found, contrasts_of(found))


def test_a_fixed_number_settles_whatever_comes() -> None:
    fixed = Replication.fixed(7)
    found = cells("guest_mean", none=WILD)
    assert (fixed.next_count(0), fixed.sequential) == (7, False)
    assert unsettled(fixed, found, ()) == ()


def test_the_number_grows_by_a_quarter_from_the_least_to_the_most() -> None:
    rule = Replication(10, 30, (Width("guest_mean", 0.05),))
    looks, done = [], 0
    while done < 30:
        done = rule.next_count(done)
        looks.append(done)
    assert looks == [10, 12, 15, 18, 22, 27, 30]
    assert rule.next_count(30) == 30
    few = Replication(2, 4, (Width("guest_mean", 0.05),))
    assert [few.next_count(done) for done in (0, 2, 3)] == [2, 3, 4]


def test_an_interval_is_narrow_enough_or_it_says_how_wide_it_is() -> None:
    found = cells("guest_mean", none=STEADY, vadp=WILD)
    (text,) = open_ones(Width("guest_mean", 0.05), found)
    assert text == "Guest latency mean, vadp: 11.5 ± 9.9 ms = 86.4 %, 5 % asked for"
    assert open_ones(Width("guest_mean", 0.9), found) == ()
    (text,) = open_ones(Width("guest_mean", 2.0, relative=False), found)
    assert text == "Guest latency mean, vadp: 11.5 ± 9.9 ms, 2 ms asked for"
    assert open_ones(Width("guest_mean", 11.0, relative=False), found) == ()


def test_a_sign_is_settled_or_the_difference_is_said() -> None:
    found = cells("guest_mean", vadp=STEADY, vaio=HIGH, both=WILD)
    assert open_ones(Sign("guest_mean", "vadp", "vaio"), found) == ()
    assert open_ones(Sign("guest_mean", "vaio", "vadp"), found) == ()
    (text,) = open_ones(Sign("guest_mean", "vadp", "both"), found)
    assert text.startswith("Guest latency mean, vadp against both: the difference may be -8.")
    assert text.endswith("ms, its sign is not settled")
    (text,) = open_ones(Sign("guest_mean", "vadp", "none"), found)
    assert text == "Guest latency mean, vadp against none: not both of these arms ran"


def test_an_arm_that_never_has_the_figure_does_not_count() -> None:
    target = Width("age_mean", 0.1)
    assert open_ones(target, cells("age_mean", none=NONE, vadp=STEADY)) == ()
    (text,) = open_ones(target, cells("age_mean", none=NONE, vadp=NONE))
    assert text == "Recovery-point age mean: undefined in every run"
    (text,) = open_ones(target, cells("age_mean", none=NONE, vadp=(1.0, *NONE[1:])))
    assert text == "Recovery-point age mean, vadp: defined in one replication only, no interval"
    (text,) = open_ones(Sign("age_mean", "vadp", "none"), cells("age_mean", none=NONE, vadp=STEADY))
    assert text == "Recovery-point age mean, vadp against none: defined in both in fewer than two replications"


def test_a_mean_of_zero_is_settled_only_without_any_spread() -> None:
    assert open_ones(Width("stuns", 0.1), cells("stuns", none=(0.0,) * 4)) == ()
    (text,) = open_ones(Width("stuns", 0.1), cells("stuns", none=(-1.0, 1.0, -1.0, 1.0)))
    assert "%" not in text.split(",")[1]


def test_groups_are_apart() -> None:
    found = [*cells("guest_mean", none=STEADY), *cells("guest_mean", "sql", none=WILD)]
    assert open_ones(Width("guest_mean", 0.05), found) == ()
    (text,) = open_ones(Width("guest_mean", 0.05, group="sql"), found)
    assert text.startswith("Guest latency mean of sql, none:")


def test_all_bad_numbers_are_said_at_once() -> None:
    targets = (
        Width("guest_men", 0.05),
        Width("guest_mean", 0.0),
        Width("guest_mean", math.nan, relative=False),
        Width("guest_mean", 1.0),
        Sign("guest_mean", "vadp", "vadp"),
        Width("delta_peak", 0.1, group="sql"),
    )
    found = mistakes(1, 0, targets)
    assert len(found) == 8
    assert found[0] == "at least 2 replications are needed (1): one replication has no interval"
    assert mistakes(1, 1) == []
    assert mistakes(0, 20_000) == [
        "at least 1 replications are needed (0)",
        "20000 replications are too many, write at most 10000",
    ]
    with pytest.raises(ValueError, match="raise it"):
        Replication(5, 4)
