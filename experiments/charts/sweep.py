"""The charts of a sweep: which there are for this very sweep, and how they get into files.

In the order of the report: the break-even between two arms, maps over two axes, each metric along each axis.
"""

from pathlib import Path
from typing import NamedTuple

from experiments.charts import Drawn, sweep_axis, sweep_difference, sweep_frontier, sweep_map
from experiments.charts.paper import Identity, save, style
from experiments.charts.sweep_parts import Sheet, identity
from experiments.sweep.result import SweepResult
from sim.replication import run_all


class Task(NamedTuple):
    """One chart to draw."""

    sheet: Sheet
    identity: Identity
    folder: Path


def sheets(result: SweepResult) -> tuple[Sheet, ...]:
    """Every chart that has something to show."""
    kinds = (sweep_difference, sweep_frontier, sweep_map, sweep_axis)
    return tuple(sheet for kind in kinds for sheet in kind.sheets(result))


def draw_one(task: Task) -> None:
    """The chart's two files are in the folder."""
    with style():
        save(task.sheet.draw(task.sheet.data, task.sheet.question, task.identity), task.folder, task.sheet.name)


def draw_sweep(result: SweepResult, folder: Path, workers: int = 2) -> tuple[Drawn, ...]:
    """Every chart of the sweep is in `folder` (made if needed) as .svg and .png; says of each what it is.

    The files are the same for any number of `workers`, the processes that draw.
    """
    folder.mkdir(parents=True, exist_ok=True)
    found, mark = sheets(result), identity(result)
    run_all([Task(sheet, mark, folder) for sheet in found], draw_one, workers,
            name=lambda task: f"chart {task.sheet.name}")  # fmt: skip
    return tuple(Drawn(one.name, one.question, one.how_to_read, one.describe(one.data), "") for one in found)
