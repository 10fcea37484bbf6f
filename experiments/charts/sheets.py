"""Charts whose question depends on what was studied: the sheets of a sweep or a plan, and how they get into files.

A `Chart` of a comparison asks the same question of every scenario. A `Sheet` is made for one result: its question names
that result's metrics and axes, and its numbers are in it.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from experiments.charts import Drawn
from experiments.charts.paper import Identity, save, style
from sim.replication import run_all

if TYPE_CHECKING:
    from matplotlib.figure import Figure


class Sheet(NamedTuple):
    """A chart of one result with its numbers, ready to be drawn. The functions stand at the top of their modules."""

    name: str  # of its files
    question: str
    how_to_read: str
    data: Any
    draw: Callable[[Any, str, Identity], "Figure"]  # the second is the question
    describe: Callable[[Any], str]


class Task(NamedTuple):
    """One sheet to draw."""

    sheet: Sheet
    identity: Identity
    folder: Path


def draw_one(task: Task) -> None:
    """The sheet's two files are in the folder."""
    with style():
        save(task.sheet.draw(task.sheet.data, task.sheet.question, task.identity), task.folder, task.sheet.name)


def draw_sheets(sheets: Sequence[Sheet], identity: Identity, folder: Path, workers: int = 2) -> tuple[Drawn, ...]:
    """Every sheet is in `folder` (made if needed) as .svg and .png; says of each what it is.

    The files are the same for any number of `workers`, the processes that draw.
    """
    folder.mkdir(parents=True, exist_ok=True)
    tasks = [Task(sheet, identity, folder) for sheet in sheets]
    run_all(tasks, draw_one, workers, name=lambda task: f"chart {task.sheet.name}")
    return tuple(Drawn(one.name, one.question, one.how_to_read, one.describe(one.data), "") for one in sheets)
