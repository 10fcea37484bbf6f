"""The charts of a sweep: which there are for this very sweep.

In the order of the report: the break-even between two arms, maps over two axes, each metric along each axis.
"""

from pathlib import Path

from experiments.charts import Drawn, sweep_axis, sweep_difference, sweep_frontier, sweep_map
from experiments.charts.sheets import Sheet, draw_sheets
from experiments.charts.sweep_parts import identity
from experiments.sweep.result import SweepResult


def sheets(result: SweepResult) -> tuple[Sheet, ...]:
    """Every chart that has something to show."""
    kinds = (sweep_difference, sweep_frontier, sweep_map, sweep_axis)
    return tuple(sheet for kind in kinds for sheet in kind.sheets(result))


def draw_sweep(result: SweepResult, folder: Path, workers: int = 2) -> tuple[Drawn, ...]:
    """Every chart of the sweep is in `folder` (made if needed) as .svg and .png; says of each what it is."""
    return draw_sheets(sheets(result), identity(result), folder, workers)
