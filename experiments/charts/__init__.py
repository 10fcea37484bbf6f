"""The charts of a comparison: one question each, as PNG and SVG, with the same bytes for the same result.

A chart is three plain functions: `data` takes numbers from the results (tested on numbers), `draw` puts them on paper,
`describe` says them in words. The order here is the order of the report.
"""

from pathlib import Path
from typing import NamedTuple

from experiments.charts import (
    changes,
    deltas,
    latency_tail,
    latency_time,
    ledger,
    neighbours,
    recovery_point,
    replication,
    stun_anatomy,
)
from experiments.charts.chart import Chart, Compared, identity

CHARTS: tuple[Chart, ...] = (
    latency_tail.CHART,
    latency_time.CHART,
    ledger.CHART,
    stun_anatomy.CHART,
    neighbours.CHART,
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


def draw_all(comparison: Compared, folder: Path) -> tuple[Drawn, ...]:
    """Every chart with something to show is in `folder` (made if needed) as .svg and .png; says of each what it is."""
    from experiments.charts import paper

    folder.mkdir(parents=True, exist_ok=True)
    mark = identity(comparison)
    out = []
    with paper.style():
        for chart in CHARTS:
            found = chart.data(comparison)
            if found is None:
                out.append(Drawn(chart.name, chart.question, chart.how_to_read, "", chart.absent))
                continue
            paper.save(chart.draw(found, mark), folder, chart.name)
            out.append(Drawn(chart.name, chart.question, chart.how_to_read, chart.describe(found), ""))
    return tuple(out)
