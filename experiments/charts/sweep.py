"""The charts of a sweep: which there are for this very sweep.

In the order of the report: the break-even between two arms, maps over two axes, each metric along each axis.
"""

from experiments.charts import sweep_axis, sweep_difference, sweep_frontier, sweep_map
from experiments.charts.sheets import Sheet
from experiments.sweep.result import SweepResult


def sheets(result: SweepResult) -> tuple[Sheet, ...]:
    """Every chart that has something to show."""
    kinds = (sweep_difference, sweep_frontier, sweep_map, sweep_axis)
    return tuple(sheet for kind in kinds for sheet in kind.sheets(result))
