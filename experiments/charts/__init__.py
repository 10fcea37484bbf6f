"""The charts of a comparison: one question each, as PNG and SVG, with the same bytes for the same result.

A chart is three plain functions: `data` takes numbers from the results (tested on numbers), `draw` puts them on paper,
`describe` says them in words. The order here is the order of the report.
"""

from pathlib import Path
from typing import Any, NamedTuple

from experiments.charts import (
    changes,
    deltas,
    latency_tail,
    latency_time,
    ledger,
    neighbours,
    night,
    queue_depth,
    recovery_point,
    replication,
    slump,
    stun_anatomy,
    stun_storm,
)
from experiments.charts.chart import Chart, Compared, identity
from experiments.charts.paper import Identity, save, style
from sim.replication import run_all

CHARTS: tuple[Chart, ...] = (
    latency_tail.CHART,
    latency_time.CHART,
    ledger.CHART,
    stun_anatomy.CHART,
    slump.CHART,
    neighbours.CHART,
    queue_depth.CHART,
    night.CHART,
    stun_storm.CHART,
    recovery_point.CHART,
    replication.CHART,
    deltas.CHART,
    changes.CHART,
)


class Drawn(NamedTuple):
    """A chart as it was drawn, or why it was not (`absent`, empty if it was)."""

    name: str
    question: str
    how_to_read: str
    description: str
    absent: str


class Task(NamedTuple):
    """One chart to draw, apart from the results it came from."""

    chart: Chart
    data: Any
    identity: Identity
    folder: Path


def draw_one(task: Task) -> None:
    """The chart's two files are in the folder."""
    with style():
        save(task.chart.draw(task.data, task.identity), task.folder, task.chart.name)


def draw_all(comparison: Compared, folder: Path, workers: int = 2) -> tuple[Drawn, ...]:
    """Every chart with something to show is in `folder` (made if needed) as .svg and .png; says of each what it is.

    The files are the same for any number of `workers`, the processes that draw.
    """
    folder.mkdir(parents=True, exist_ok=True)
    mark = identity(comparison)
    found = [chart.data(comparison) for chart in CHARTS]
    tasks = [Task(chart, data, mark, folder) for chart, data in zip(CHARTS, found, strict=True) if data is not None]
    run_all(tasks, draw_one, workers, name=lambda task: f"chart {task.chart.name}")
    return tuple(
        Drawn(chart.name, chart.question, chart.how_to_read, "", chart.absent)
        if data is None
        else Drawn(chart.name, chart.question, chart.how_to_read, chart.describe(data), "")
        for chart, data in zip(CHARTS, found, strict=True)
    )
