"""Sensitivity indices against functions whose indices are known, and what holds for every function."""

import math
from collections.abc import Callable

import numpy as np
import pytest

from experiments.sensitivity.design import STEP, Designed, morris, sobol
from experiments.sensitivity.indices import Effect, morris_effects, noise, sobol_effects
from sim.streams import Floats, philox, uniforms

THREE = ("a", "b", "c")


def evaluated(points: list[Designed], function: Callable[[Floats], Floats]) -> Floats:
    return function(np.array([point.shares for point in points]))


def ishigami(shares: Floats) -> Floats:
    x = (2 * shares - 1) * math.pi
    values: Floats = np.sin(x[:, 0]) + 7 * np.sin(x[:, 1]) ** 2 + 0.1 * x[:, 2] ** 4 * np.sin(x[:, 0])
    return values


def of_ishigami(size: int) -> list[Effect]:
    return sobol_effects(evaluated(sobol(THREE, size, 1), ishigami), 3, 1)


def test_the_ishigami_functions_indices_are_found() -> None:
    # a = 7, b = 0.1: V = a^2/8 + b pi^4/5 + b^2 pi^8/18 + 1/2, known in closed form
    effects = of_ishigami(1024)
    total, first = [0.5576, 0.4424, 0.2437], [0.3139, 0.4424, 0.0]
    assert [one.total for one in effects] == pytest.approx(total, abs=0.03)
    assert [one.other for one in effects] == pytest.approx(first, abs=0.03)
    assert all(one.low < truth < one.high for one, truth in zip(effects, total, strict=True))
    assert all(one.high - one.low < 0.2 for one in effects)


def test_the_estimator_is_scipys() -> None:
    from scipy.stats import sobol_indices

    values = evaluated(sobol(THREE, 64, 1), ishigami).reshape(64, 5)
    parts = {"f_A": values[:, 0][None], "f_B": values[:, 1][None], "f_AB": values[:, 2:].T[:, None, :]}
    theirs = sobol_indices(func=parts, n=64)
    ours = sobol_effects(values.ravel(), 3, 1)
    assert [one.total for one in ours] == pytest.approx(theirs.total_order.ravel().tolist(), rel=1e-9)
    assert [one.other for one in ours] == pytest.approx(theirs.first_order.ravel().tolist(), rel=1e-9)


def test_what_does_not_act_has_no_effect_at_all() -> None:
    effects = sobol_effects(evaluated(sobol(THREE, 16, 1), lambda x: x[:, 0] ** 2), 3, 1)
    assert effects[0].total == pytest.approx(1.0, abs=0.5)
    assert effects[1][:4] == effects[2][:4] == (0.0, 0.0, 0.0, 0.0)
    constant = sobol_effects(evaluated(sobol(THREE, 16, 1), lambda x: 0 * x[:, 0] + 0.1), 3, 1)
    assert [one.total for one in constant] == [0.0, 0.0, 0.0]


def test_morris_is_exact_for_a_linear_function() -> None:
    points, walks = morris(THREE, 6, 1)
    effects = morris_effects(evaluated(points, lambda x: 3 * x[:, 0] - 2 * x[:, 1] + 5), walks, 1)
    assert [one.total for one in effects] == pytest.approx([3, 2, 0], abs=1e-12)
    assert [one.other for one in effects] == pytest.approx([0, 0, 0], abs=1e-12)
    assert [one.low for one in effects] == pytest.approx([one.high for one in effects], abs=1e-12)


def test_morris_sees_interaction_in_sigma() -> None:
    points, walks = morris(THREE, 40, 1)
    effects = morris_effects(evaluated(points, lambda x: x[:, 0] * x[:, 1] + x[:, 2]), walks, 1)
    # an elementary effect of a is b itself: levels 0, 1/3, 2/3 and 1, alike often
    assert effects[0].total == pytest.approx(0.5, abs=0.1)
    assert effects[0].other == pytest.approx(math.sqrt(5) / 6, abs=0.08)
    assert effects[2].total == pytest.approx(1)
    assert effects[2].other == pytest.approx(0, abs=1e-12)


def test_a_walk_moves_one_assumption_at_a_time_and_stays_inside() -> None:
    points, walks = morris(THREE, 9, 7)
    for row, walk in enumerate(walks):
        own = points[4 * row : 4 * row + 4]
        assert sorted(step.place for step in walk) == [0, 1, 2]
        for before, after, step in zip(own, own[1:], walk, strict=False):
            moved = [b - a for a, b in zip(before.shares, after.shares, strict=True)]
            assert moved[step.place] == pytest.approx(step.change)
            assert abs(step.change) == STEP
            assert sum(map(abs, moved)) == pytest.approx(STEP)
            assert all(0 <= share <= 1 for share in after.shares)


def test_a_larger_design_begins_with_the_smaller() -> None:
    assert sobol(THREE, 8, 3) == sobol(THREE, 16, 3)[: 8 * 5]
    assert morris(THREE, 5, 3)[0] == morris(THREE, 9, 3)[0][: 5 * 4]
    assert sobol(THREE, 8, 3) != sobol(THREE, 8, 4)


def test_rows_with_an_undefined_value_are_left_out() -> None:
    values = evaluated(sobol(THREE, 8, 1), ishigami)
    values[5:10] = math.nan
    kept = np.delete(values.reshape(8, 5), 1, axis=0).ravel()
    assert sobol_effects(values, 3, 1) == sobol_effects(kept, 3, 1)
    assert sobol_effects(values, 3, 1)[0].rows == 7
    assert sobol_effects(values * math.nan, 3, 1)[0].rows == 0


def test_noise_is_what_replications_add_differently_to_points() -> None:
    points = np.linspace(0, 1, 2000)[:, None]
    shared = np.array([[0.0, 5.0, -3.0, 1.0]])  # a replication that is slow everywhere: no noise
    assert noise(points + shared) == pytest.approx(0, abs=1e-12)
    own = uniforms(philox(1, 0, "noise", "test"), 8000, 1).reshape(2000, 4)
    variance = float(points.var(ddof=1))
    assert noise(points + shared + own) == pytest.approx((1 / 12 / 4) / (variance + 1 / 12 / 4), rel=0.05)
    assert math.isnan(noise(points))
    assert noise(np.zeros((5, 3))) == 0.0
