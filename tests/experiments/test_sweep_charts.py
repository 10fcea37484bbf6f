"""Charts of a sweep: their numbers against figures worked out by hand, then that they are drawn, always the same."""

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from fake_sweep import INTERVAL, SCHEDULER, WRITES, fake_sweep

from experiments.charts import sweep_axis, sweep_difference, sweep_frontier, sweep_map
from experiments.charts.paper import style
from experiments.charts.sheets import draw_sheets
from experiments.charts.sweep import sheets
from experiments.charts.sweep_parts import choices, identity, in_sentence, levels, middle, pair, spread, ticks
from experiments.charts.sweep_sign import crossings, sign_of
from experiments.group_view import ALL_VMS
from experiments.sweep import verdict
from experiments.sweep.findings import findings
from experiments.sweep.result import Level, SweepResult

HALF = 4.302653 * 0.3 / math.sqrt(3)  # of a cell: t of 2 degrees of freedom; of a difference twice as much


@pytest.fixture(scope="module")
def two() -> SweepResult:
    return fake_sweep(WRITES, INTERVAL)


# --- what they share ---


def test_the_pair_is_vaio_less_vadp_whenever_both_are_there() -> None:
    assert pair(fake_sweep(WRITES)) == ("vaio", "vadp")
    assert pair(fake_sweep(WRITES, arms=("none", "vadp"))) == ("vadp", "none")
    assert pair(fake_sweep(WRITES, arms=("vadp",))) is None


def test_axes_that_are_not_shown_stay_at_their_middle_level_on_a_grid(two: SweepResult) -> None:
    assert {n: level.text for n, level in middle(two, [0]).items()} == {1: "20 s"}
    assert middle(replace(two, design="sobol"), [0]) == {}
    assert [level.text for level in spread(levels(two, 0), 4)] == ["50 iops", "100 iops", "400 iops", "800 iops"]


def test_words_at_an_axis_are_words_and_quantities_numbers() -> None:
    assert ticks(SCHEDULER, (Level("mclock", 0), Level("fifo", 1))) == ["mclock", "fifo"]
    assert ticks(SCHEDULER, (Level("4 servers", 0), Level("8", 1))) == ["4 servers", "8"]
    assert ticks(SCHEDULER, (Level("8", 8), Level("1500", 1500))) == ["8", "1,500"]
    assert ticks(INTERVAL, (Level("500 ms", 0.5), Level("1500 s", 1500))) == ["0.5", "1,500"]
    assert (in_sentence("Backup interval"), in_sentence("GAVG mean")) == ("backup interval", "GAVG mean")
    assert in_sentence("I/Os delivered") == "I/Os delivered"


def test_the_foot_line_says_how_many_replications_the_points_have() -> None:
    found = fake_sweep(WRITES, lost=0)
    more = replace(found, points=(*found.points[:-1], found.points[-1]._replace(replications=9)))
    assert identity(found).sample().startswith("n = 3 replications")
    assert identity(more).sample().startswith("n = 3 to 9 replications")


def test_a_group_that_the_file_names_has_charts_and_findings_of_its_own() -> None:
    groups = (ALL_VMS, "sql", "files")
    both = ((WRITES, INTERVAL), (WRITES,))
    plane, line = (replace(fake_sweep(*axes, groups=groups), mapped=groups[:2]) for axes in both)
    for kind, result in ((sweep_map, plane), (sweep_frontier, plane), (sweep_difference, line)):
        whole, more = kind.sheets(replace(result, mapped=groups[:1])), kind.sheets(result)
        assert [sheet.name for sheet in more[: len(whole)]] == [sheet.name for sheet in whole]
        assert len(more) > len(whole)
        assert all("-sql" in sheet.name for sheet in more[len(whole) :])
        assert len({sheet.name for sheet in more}) == len({sheet.question for sheet in more}) == len(more)
        assert all("VM group sql" in sheet.data.subtitle for sheet in more[len(whole) :])
    titles = [one.title for one in findings(line)]
    assert "Guest latency p99, sql" in titles
    assert "VAIO or VADP: guest latency p99, sql" in titles
    assert not any("files" in title for title in titles)


# --- along one axis ---


def test_marks_are_the_cells_with_their_intervals() -> None:
    picture = sweep_axis.data(fake_sweep(WRITES), 0)
    assert picture is not None
    assert [panel.choice.metric.key for panel in picture.panels] == ["guest_p99", "age_mean", "jobs_unfinished"]
    vaio = picture.panels[0].lines[2]
    assert [mark.x for mark in vaio.marks] == [50, 100, 200, 400, 800]
    assert [mark.mean for mark in vaio.marks] == pytest.approx([3, 4, 6, 10, 18])
    assert vaio.marks[0].high - 3 == pytest.approx(HALF, rel=1e-5)
    assert [(mark.few, mark.settled) for mark in vaio.marks[3:]] == [(False, True), (True, False)]
    assert picture.panels[1].lines[0].marks == ()  # unprotected, there is no recovery point


def test_a_second_axis_makes_columns_and_a_third_is_held() -> None:
    picture = sweep_axis.data(fake_sweep(WRITES, INTERVAL, SCHEDULER), 0)
    assert picture is not None
    assert [panel.title for panel in picture.panels[:3]] == [f"Backup interval {s} s" for s in (10, 20, 40)]
    assert picture.columns == 3
    assert "at scheduler fifo" in picture.subtitle
    assert [mark.mean for mark in picture.panels[5].lines[1].marks] == pytest.approx([20] * 5)
    text = sweep_axis.describe(picture)
    assert "Recovery-point age mean, Backup interval 40 s: VADP from 20 to 20 s, VAIO from 0.500 to 8 s" in text
    assert "interval 20 s" not in text


def test_a_random_design_shows_all_its_points_and_says_what_varies() -> None:
    picture = sweep_axis.data(fake_sweep(WRITES, INTERVAL, design="sobol"), 0)
    assert picture is not None
    assert len(picture.panels[0].lines[0].marks) == 8
    assert not picture.joined
    assert "in which the other axes vary as well" in picture.subtitle


def test_a_group_that_was_asked_for_has_charts_of_its_own() -> None:
    names = [sheet.name for sheet in sweep_axis.sheets(fake_sweep(WRITES, groups=("all VMs", "sql")))]
    assert names == ["axis-1-writes", "axis-1-writes-sql"]


# --- over two axes ---


def test_a_map_has_a_value_for_each_cell_and_none_where_the_runs_failed() -> None:
    result = fake_sweep(WRITES, INTERVAL, lost=3)  # 100 iops, 10 s
    picture = sweep_map.data(result, choices(result)[0])
    matrix = picture.matrix("vadp")
    assert matrix.shape == (3, 5)
    assert np.isnan(matrix).tolist() == [[False, True, False, False, False], [False] * 5, [False] * 5]
    assert matrix[2].tolist() == pytest.approx([4.5, 5, 6, 8, 12])
    assert [sweep_map.mark(spot) for spot in picture.spots["vaio"][-3:]] == ["18? ○"] * 3
    assert list(sweep_map.data(result, choices(result)[1]).spots) == ["vadp", "vaio"]
    assert "VADP: lowest 4.50 at 50 iops, 10 s; highest 12 at 800 iops, 40 s" in sweep_map.describe(picture)


def test_one_axis_has_no_map_and_two_have_no_line() -> None:
    assert sweep_map.sheets(fake_sweep(WRITES)) == []
    assert sweep_frontier.sheets(fake_sweep(WRITES)) == []
    assert sweep_difference.sheets(fake_sweep(WRITES, INTERVAL)) == []


# --- the break-even ---


def test_a_crossing_is_where_the_mean_is_zero_and_its_interval_where_the_ribbon_holds_zero() -> None:
    (found,) = crossings((0, 1, 2, 3), (-3, -1, 1, 3), (-4, -2, 0, 2), (-2, 0, 2, 4), log=False)
    assert found == pytest.approx((1.5, 1, 2))
    (wide,) = crossings((0, 1, 2), (-1, 1, 3), (-5, -3, -1), (3, 5, 7), log=False)
    assert wide.at == pytest.approx(0.5)
    assert math.isnan(wide.low)
    assert math.isnan(wide.high)
    (logarithmic,) = crossings((1, 100), (-1, 1), (-1.5, 0.5), (-0.5, 1.5), log=True)
    assert logarithmic == pytest.approx((10, 100**0.25, 100**0.75))


def test_a_zero_between_two_signs_is_a_crossing_and_one_at_the_rim_is_none() -> None:
    nan = (math.nan,) * 3
    assert [one.at for one in crossings((0, 1, 2), (-1, 0, 1), nan, nan, log=False)] == [1]
    assert crossings((0, 1, 2), (0, 1, 2), nan, nan, log=False) == ()
    assert crossings((0, 1, 2), (1, 0, 1), nan, nan, log=False) == ()
    assert len(crossings((0, 1, 2), (1, -1, 1), nan, nan, log=False)) == 2


def test_the_difference_along_an_axis_says_who_is_better_and_where_they_are_even() -> None:
    picture = sweep_difference.data(fake_sweep(WRITES))
    assert picture is not None
    latency, age = picture.panels  # a count without a direction is left out
    assert latency.mean == pytest.approx((-1.5, -1, 0, 2, 6))
    assert latency.signs == ("arm", "open", "open", "base", "base")
    assert latency.crossings[0].at == pytest.approx(200)
    assert 50 < latency.crossings[0].low < 100 < 200 < latency.crossings[0].high < 400
    assert age.crossings == ()
    assert "break-even at 200 (50.7 to 335) IOPS" in sweep_difference.describe(picture)
    assert "break-even nowhere" in sweep_difference.describe(picture)


def test_no_difference_at_all_is_told_from_an_open_sign(two: SweepResult) -> None:
    contrast = two.contrast("writes=200 iops, interval=20 s", "guest_p99", "vaio", "vadp")
    assert contrast is not None
    assert sign_of(contrast) == "open"
    none = contrast.difference._replace(interval=contrast.difference.interval._replace(mean=0, low=0, high=0))
    assert sign_of(contrast._replace(difference=none)) == "equal"
    assert sign_of(None) == "none"


def test_the_frontier_runs_where_the_mean_difference_is_zero() -> None:
    result = fake_sweep(WRITES, INTERVAL, arms=("vadp", "vaio"))
    latency = sweep_frontier.data(result, choices(result)[0], "vaio", "vadp")
    (line,) = latency.panels[0].frontier
    assert line[:, 0] == pytest.approx([2] * len(line))  # 200 IOPS is the third level
    age = sweep_frontier.data(result, choices(result)[1], "vaio", "vadp")
    (line,) = age.panels[0].frontier  # writes/100 = interval/2: between 400 and 800 IOPS at 10 s
    at_ten = line[np.argmin(line[:, 1])]
    assert at_ten.tolist() == pytest.approx([3.25, 0])  # 4 s are 1 below 5 s, 8 s are 3 above
    signs = [spot.sign for spot in age.panels[0].spots]
    assert (signs.count("arm"), signs.count("base"), signs.count("open")) == (13, 1, 1)
    assert "VADP is better at 1 of 15 points, most at 800 iops, 10 s (by 3 s); not settled at 1" in (
        sweep_frontier.describe(age)
    )


def test_a_third_axis_gives_the_frontier_panels() -> None:
    result = fake_sweep(WRITES, INTERVAL, SCHEDULER)
    picture = sweep_frontier.data(result, choices(result)[0], "vaio", "vadp")
    assert [panel.title for panel in picture.panels] == ["Scheduler mclock", "Scheduler fifo"]
    assert len(picture.panels[0].spots) == 15


def test_a_random_design_has_its_first_metric_over_each_pair_of_axes() -> None:
    names = [sheet.name for sheet in sweep_frontier.sheets(fake_sweep(SCHEDULER, WRITES, INTERVAL, design="sobol"))]
    assert names == [
        "break-even-guest_p99", "break-even-guest_p99-scheduler-interval", "break-even-guest_p99-writes-interval",
        "break-even-age_mean",
    ]  # fmt: skip
    assert len(sweep_frontier.sheets(fake_sweep(WRITES, INTERVAL, SCHEDULER))) == 2


# --- drawn ---


@pytest.mark.parametrize(
    ("result", "names"),
    [
        (fake_sweep(WRITES), ["break-even-writes", "axis-1-writes"]),
        (
            fake_sweep(WRITES, INTERVAL, design="sobol", arms=("vadp", "vaio")),
            ["break-even-guest_p99", "break-even-age_mean", "map-guest_p99", "map-age_mean", "map-jobs_unfinished",
             "axis-1-writes", "axis-2-interval"],
        ),
        (fake_sweep(SCHEDULER, arms=("none",)), ["axis-1-scheduler"]),
    ],
)  # fmt: skip
def test_each_sweep_has_the_charts_that_it_can_fill(result: SweepResult, names: list[str]) -> None:
    found = sheets(result)
    assert [sheet.name for sheet in found] == names
    for sheet in found:
        assert sheet.question.endswith("?")
        assert any(character.isdigit() for character in sheet.describe(sheet.data))


def test_points_without_a_figure_are_counted_in_the_verdict() -> None:
    said = "\n".join(verdict.lines(fake_sweep(WRITES, groups=(ALL_VMS, "sql"), lost=1)))
    assert "Guest latency p99 [ms], vaio (at 4 of 5 points)" in said
    assert "the 4 of 5 points that have it" in said
    assert "Guest latency p99 [ms], sql, vaio" in said


@pytest.mark.filterwarnings("error")
def test_a_label_may_hold_any_character(tmp_path: Path) -> None:
    result = fake_sweep(INTERVAL._replace(label="Backup \N{FLOPPY DISK} interval"), arms=("vadp",))
    draw_sheets(sheets(result)[:1], identity(result), tmp_path, 1)


@pytest.mark.slow
def test_charts_are_drawn_the_same_by_any_number_of_workers(tmp_path: Path) -> None:
    result = replace(fake_sweep(INTERVAL, arms=("vadp", "vaio")), metrics=("guest_p99",))
    files = []
    for workers in (1, 2):
        drawn = draw_sheets(sheets(result), identity(result), tmp_path / str(workers), workers)
        files.append({path.name: path.read_bytes() for path in sorted((tmp_path / str(workers)).iterdir())})
        assert sorted({name.split(".")[0] for name in files[-1]}) == sorted(one.name for one in drawn)
    assert len(files[0]) == 4
    assert files[0] == files[1]


def test_cells_and_points_are_drawn_with_all_that_may_be_in_them() -> None:
    grid, random = fake_sweep(WRITES, INTERVAL, lost=0), fake_sweep(WRITES, INTERVAL, design="sobol")
    with style():
        for result, panels in ((grid, {3, 4, 1}), (random, {3, 4, 1})):
            for sheet in sheets(result)[:3]:
                figure = sheet.draw(sheet.data, sheet.question, identity(result))
                assert len(figure.axes) in panels
