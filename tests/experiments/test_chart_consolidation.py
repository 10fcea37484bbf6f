"""The consolidation region: its boundaries against worked figures and against rounds counted one by one."""

import math
from pathlib import Path

import pytest

from experiments.charts import consolidation
from experiments.charts.consolidation import Case, Region, boundary, ends, pass_s, saturated
from experiments.charts.paper import Identity, save, style

GB, MB = 1e9, 1e6
CASES = (
    Case(30 * MB, 100 * MB, 4, 4, (200.0, 202.0)),
    Case(90 * MB, 100 * MB, 4, 1),
    Case(150 * MB, 100 * MB, 4, 0),
    Case(30 * MB, 50 * MB, 4, 4),
)
REGION = Region(CASES, 20 * GB, 40 * GB)


def test_the_boundary_is_where_the_last_round_leaves_what_merges_in_twelve_seconds() -> None:
    writes = boundary(REGION, 100 * MB)
    assert 20 * GB * (writes / (100 * MB)) ** 10 / (100 * MB) == pytest.approx(12)
    assert writes == pytest.approx(75.48 * MB, rel=1e-3)  # 200 s of copying: (12/200)^(1/10)


def test_a_delta_that_merges_at_once_may_be_written_faster_than_it_is_copied() -> None:
    writes = boundary(REGION, 2500 * MB)  # 8 s of copying; its only round must leave 12 s
    assert writes == pytest.approx(2500 * MB * 12 / 8)
    assert 8 * writes / (2500 * MB) == pytest.approx(12)


def test_overwrites_lift_the_boundary_and_a_disk_that_merges_in_time_has_none() -> None:
    assert boundary(REGION, 100 * MB) < saturated(REGION, 100 * MB) < 100 * MB * 1.2
    wide = Region(CASES, 20 * GB, 1e18)  # hardly a place is written twice
    assert saturated(wide, 100 * MB) == pytest.approx(boundary(wide, 100 * MB), rel=1e-4)
    assert saturated(REGION, 40 * GB / 12) == math.inf


def test_rounds_end_below_the_boundary_and_not_above() -> None:
    edge = saturated(REGION, 100 * MB)
    assert ends(REGION, 0.999 * edge, 100 * MB)
    assert not ends(REGION, 1.001 * edge, 100 * MB)


def test_the_mirror_pass_lasts_at_least_its_delta_and_at_most_its_disk() -> None:
    assert pass_s(REGION, 1.0, 100 * MB) == pytest.approx(200, rel=1e-3)
    assert 200 < pass_s(REGION, 100 * MB, 100 * MB) < pass_s(REGION, 1000 * MB, 100 * MB) < 400


def test_cases_are_told_by_how_often_they_finished() -> None:
    assert [case.verdict for case in CASES] == ["always", "sometimes", "never", "always"]
    text = consolidation.describe(REGION)
    assert "at 4 pairs of rates: 2 always, 1 sometimes, 1 never. Of 2 below the closed-form boundary 2 always" in text
    assert "the longest of 2 after 3.37 min (closed form: 3.58 min)" in text


def test_both_panels_are_drawn_the_same_every_time(tmp_path: Path) -> None:
    written = []
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        with style():
            figure = consolidation.draw(REGION, Identity("x", "y", 1, 4, compressed=False))
            assert len(figure.axes) == 2
            save(figure, tmp_path / name, "consolidation")
        written.append([path.read_bytes() for path in sorted((tmp_path / name).iterdir())])
    assert len(written[0]) == 2
    assert written[0] == written[1]
