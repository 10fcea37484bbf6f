"""The chart of device queues: numbers from levels, and that it can be drawn; shaded time in all charts over time."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from fake_scenario import fake_scenario
from fakes import fake_result

from experiments.charts import CHARTS, numbers, queue_depth
from experiments.charts.chart import identity
from experiments.charts.paper import save, style
from experiments.compare import Comparison, summarise
from models.hardware import Sioc
from models.result import LevelRow, RunResult
from models.scenario import RunSpec, Window

MS, S = 10**6, 10**9
SIOC = Sioc(
    threshold_ns=20 * MS, period_ns=4 * S, gain_ppm=500_000, smoothing_ppm=500_000, least_depth=4, shares_per_slot=100
)


def shared(sioc: Sioc | None, limit: int, *runs: RunResult) -> Comparison:
    scenario = fake_scenario(("none",), len(runs))
    first = replace(scenario.datastores[0], sioc=sioc, queue_limit=limit)
    return summarise(replace(scenario, datastores=(first, *scenario.datastores[1:])), list(runs))


def levels(depth: int, *more: tuple[str, str, int]) -> tuple[LevelRow, ...]:
    """At the ends of the first and the second interval: two hosts' depths, and `more` of the second."""
    store = fake_scenario(("none",), 1).datastores[0].name
    interval = fake_result("none", 0).interval_ns
    rows = [(interval, "h1", "queue depth", 64), (interval, "h2", "queue depth", 64),
            (2 * interval, "h1", "queue depth", depth), (2 * interval, "h2", "queue depth", 8),
            *((2 * interval, host, level, value) for host, level, value in more)]  # fmt: skip
    return tuple(LevelRow(t, store, *rest) for t, *rest in rows)  # type: ignore[arg-type]


def test_windows_are_means_over_replications_and_no_latency_is_known_before_the_first(tmp_path: Path) -> None:
    runs = [replace(fake_result("none", r), levels=levels(depth, ("", "SIOC latency", 30 * MS)))
            for r, depth in enumerate((20, 30))]  # fmt: skip
    two = shared(SIOC, 0, *runs)
    shown = queue_depth.data(two)
    assert shown is not None
    (panel,) = shown.panels
    assert shown.hosts == ("h1", "h2")
    assert [panel.depth[host].mean[:2].tolist() for host in shown.hosts] == [[64, 25], [64, 8]]
    assert panel.latency is not None
    assert np.isnan(panel.latency.mean[0])
    assert (panel.latency.mean[1], panel.threshold_ms, panel.refused) == (30, 20, None)
    assert "h1 25 at least, 25 at the end, h2 8 at least" in queue_depth.describe(shown)
    assert "at most 30 ms" in queue_depth.describe(shown)
    with style():
        save(queue_depth.draw(shown, identity(two)), tmp_path, "chart")
    assert (tmp_path / "chart.png").stat().st_size > 10_000


def test_refusals_are_those_of_all_hosts_in_a_second(tmp_path: Path) -> None:
    run = replace(fake_result("none", 0), levels=levels(32, ("h1", "refused", 30), ("h2", "refused", 12)))
    one = shared(None, 64, run)
    shown = queue_depth.data(one)
    assert shown is not None
    (panel,) = shown.panels
    assert (panel.latency, panel.threshold_ms) == (None, 0)
    assert panel.refused is not None
    assert panel.refused.mean[1] == 42 * S / run.interval_ns
    with style():
        save(queue_depth.draw(shown, identity(one)), tmp_path, "chart")


def test_nothing_is_drawn_where_depths_do_not_change() -> None:
    assert queue_depth.data(shared(None, 0, fake_result("none", 0))) is None


def test_time_that_is_not_observed_lies_between_the_windows() -> None:
    run = fake_scenario(("none",), 1).run
    assert numbers.unseen(run) == ()
    assert numbers.unseen(_windows(run, (0, 10), (30, 40))) == ((10 * S, 30 * S), (40 * S, run.duration_ns))
    assert numbers.unseen(_windows(run, (5, run.duration_ns // S))) == ((0, 5 * S),)


def _windows(run: RunSpec, *windows: tuple[int, int]) -> RunSpec:
    return replace(run, observe=tuple(Window(start * S, end * S) for start, end in windows))


@pytest.mark.slow
def test_every_chart_over_time_shades_what_is_not_observed() -> None:
    scenario = fake_scenario(("vadp", "vaio"), 1)
    seen = replace(scenario, run=_windows(scenario.run, (20, 60)))
    runs = [fake_result(arm, 0) for arm in ("vadp", "vaio")]
    comparisons = [summarise(one, runs) for one in (scenario, seen)]
    shading = set()
    for chart in CHARTS:
        labels = []
        for comparison in comparisons:
            found = chart.data(comparison)
            with style():
                figure = None if found is None else chart.draw(found, identity(comparison))
            texts = [] if figure is None else [text.get_text() for one in figure.legends for text in one.get_texts()]
            labels.append("not observed" in texts)
        assert labels[0] is False
        if labels[1]:
            shading.add(chart.name)
    assert shading == {"latency-time", "night", "recovery-point", "replication", "deltas"}
