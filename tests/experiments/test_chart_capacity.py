"""The capacity curve: what it takes from a plan, and that it can be drawn with all that may be in it."""

import math

import pytest

from experiments.charts import capacity
from experiments.charts.paper import style
from experiments.plan.result import Answer, Judged, LevelResult, Objective, PlanResult
from experiments.sweep.result import Axis, Level
from sim.statistics import Interval

LATENCY = Objective("write_p99", "vdi", "Guest write latency p99", "ms", True, 10.0, "10 ms")
FREE = Objective("iops", "all VMs", "I/Os delivered", "IOPS", False, 100.0, "100 iops")
VMS = Axis("vms", "VMs", ("vm.vdi.count",), "", False)
LINK = Axis("link", "Replication link", ("protection.vaio.cdp.link",), "MB/s", False)
SLOW, FAST = Level("1 MB/s", 1.0), Level("4 MB/s", 4.0)


def judged(level: int, slope: float) -> LevelResult:
    """Latency is `slope` ms a VM, I/Os 500 whatever happens."""
    latency = level * slope
    fits = latency <= 10
    parts = (
        Judged(Interval(latency, latency - 0.5, latency + 0.5, 10, 0.95), 0, 50 if level < 10 else 500,
               "fits" if fits else "does not fit", 100 * (1 - latency / 10)),
        Judged(Interval(500, 490, 510, 10, 0.95), 0, -1, "fits", 400),
    )  # fmt: skip
    return LevelResult(Level(str(level), float(level)), level - 1, 0, "bisection", parts, parts[0].verdict, 10, ())


def answer(arm: str, slope: float, along: Level | None, tried: tuple[int, ...] = (1, 5, 10, 20)) -> Answer:
    levels = tuple(judged(level, slope) for level in tried)
    fitting = [one for one in levels if one.verdict == "fits"]
    beyond = next((one for one in levels if one.verdict != "fits"), None)
    best = fitting[-1] if fitting else None
    return Answer(arm, along, best, beyond, True, levels, (), False, 0.95, 40)


def plan(*answers: Answer, along: Axis | None = None) -> PlanResult:
    arms = tuple(dict.fromkeys(one.arm for one in answers))
    return PlanResult("fit", "How many?", "demo", False, 1, "0123456789", "f" * 32, VMS, "most", 20, along, arms,
                      (LATENCY, FREE), 0.95, (10, 20), answers, (), ())  # fmt: skip


ONE = plan(answer("vadp", 2.0, None), answer("vaio", 0.8, None))
TWO = plan(
    answer("vaio", 3.0, SLOW),
    answer("vaio", 0.1, FAST),
    answer("vadp", 11.0, SLOW),
    answer("vadp", 1.0, FAST),
    along=LINK,
)


def test_each_objective_has_its_figures_limit_and_answer() -> None:
    picture = capacity.data(ONE, None)
    latency, free = picture.panels
    assert [(mark.x, mark.mean, mark.holds, mark.few) for mark in latency.lines[0].marks] == [
        (1, 2, True, True), (5, 10, True, True), (10, 20, False, False), (20, 40, False, False)
    ]  # fmt: skip
    assert [line.best for line in latency.lines] == [5, 10]
    assert [line.binds for line in latency.lines] == [True, True]
    assert [line.binds for line in free.lines] == [False, False]
    assert picture.subtitle == "VADP: 5; VAIO: 10"
    text = capacity.describe(picture)
    assert "VAIO is bound by Guest write latency p99 of vdi at most 10 ms" in text


def test_where_all_that_was_searched_fits_nothing_binds() -> None:
    picture = capacity.data(plan(answer("vaio", 0.1, None)), None)
    assert picture.answers == ("VAIO: 20 or more",)
    assert not any(line.binds for panel in picture.panels for line in panel.lines)


def test_where_nothing_fits_it_says_so() -> None:
    picture = capacity.data(plan(answer("vadp", 11.0, None)), None)
    assert picture.answers == ("VADP: no level was shown to fit",)
    assert math.isnan(picture.panels[0].lines[0].best)
    assert picture.panels[0].lines[0].binds


def test_answers_over_a_second_thing_say_what_binds_at_each() -> None:
    over = capacity.answers(TWO)
    assert over is not None
    assert [(one.x, one.best, one.beyond, one.binds) for one in over.arms["vaio"]] == [
        (1, 1, False, "Guest write latency p99"), (4, 20, True, "")
    ]  # fmt: skip
    assert math.isnan(over.arms["vadp"][0].best)
    assert "VAIO: 1 at 1 MB/s, 20 at 4 MB/s" in capacity.describe_answers(over)
    assert capacity.answers(ONE) is None


@pytest.mark.parametrize(
    ("result", "names"), [(ONE, ["capacity"]), (TWO, ["capacity-answers", "capacity-1", "capacity-2"])]
)
def test_every_sheet_is_drawn(result: PlanResult, names: list[str]) -> None:
    found = capacity.sheets(result)
    assert [sheet.name for sheet in found] == names
    with style():
        for sheet in found[:2]:
            figure = sheet.draw(sheet.data, sheet.question, capacity.identity(result))
            assert len(figure.axes) == (1 if sheet.name == "capacity-answers" else 2)
