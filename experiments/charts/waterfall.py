"""Chart: where the time of single I/Os went - a panel for each, its ledger as a waterfall in order of time.

Drawn by `stunlab explain`, not with a report: it shows I/Os of one run.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from experiments.charts import palette, paper
from experiments.charts.ledger import folded
from experiments.charts.paper import Identity
from experiments.explain.story import ARRAY_QUEUE, CAP, Step, Story, clock
from experiments.explain.text import what
from models.scenario import Scenario

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST = 8
"""More I/Os than this are not drawn: the first ones are."""
LETTERS = 125
"""So many fit beside each other in a panel."""
QUESTION = "Why were these I/Os slow?"


class OneRun(Identity):
    """The foot line of a chart that shows a single run."""

    def sample(self) -> str:
        return "single I/Os of one run: no interval"


def style_of(step: Step) -> tuple[str, str]:
    """Colour and hatch of a step: its ledger cause's, hatched where service is taken apart."""
    colour, hatch = palette.CAUSE_STYLE[folded(step.cause)]
    part = step.name.rpartition(": ")[2]
    return colour, {ARRAY_QUEUE: "////", CAP: "xxxx"}.get(part, hatch)


def draw(stories: Sequence[Story], run: str, identity: Identity) -> "Figure":
    """The figure: a row for each step, placed where it was in the I/O's life."""
    stories = stories[:MOST]
    subtitle = f"Each step of an I/O's ledger in order of time; {run}; each panel has its own scale"
    heights = [0.62 + 0.24 * len(story.steps) for story in stories]
    figure = paper.sheet(0.3 + sum(heights), QUESTION, subtitle, identity)
    cells = figure.subplots(len(stories), 1, squeeze=False, height_ratios=heights)
    for number, (axes, story) in enumerate(zip(cells[:, 0], stories, strict=True), 1):
        _draw_story(axes, story)
        axes.set_title(f"#{number}  {story.io.vm} {what(story)} at {clock(story.io.arrival_ns)}: "
                       f"{paper.latency_text(story.io.latency_ns / 1e6)}")  # fmt: skip
    cells[-1, 0].set_xlabel("ms since the guest wanted the I/O")
    return figure


def _draw_story(axes: "Axes", story: Story) -> None:
    arrival, latency = story.io.arrival_ns, story.io.latency_ns / 1e6
    for row, step in enumerate(story.steps):
        colour, hatch = style_of(step)
        start, width = (step.start_ns - arrival) / 1e6, step.ns / 1e6
        looks = {"color": colour, "hatch": hatch or None, "edgecolor": "white", "linewidth": 0}
        axes.barh(row, width, left=start, height=0.72, **looks)
        notes = sorted(step.notes, key=lambda note: not note.startswith("behind"))  # there is not room for all
        _annotate(axes, row, start / latency, width / latency, " · ".join((paper.latency_text(width), *notes)))
    axes.set_yticks(range(len(story.steps)), [step.name for step in story.steps])
    axes.set_ylim(len(story.steps) - 0.5, -0.5)
    axes.set_xlim(0, latency)
    axes.grid(axis="y", visible=False)


def _annotate(axes: "Axes", row: int, start: float, width: float, note: str) -> None:
    """Writes as much of the note as fits where there is most room: inside the bar, before it or behind it."""
    room, x, shift, ha = max(
        (width, start, 4, "left"), (start, start, -4, "right"), (1 - start - width, start + width, 4, "left")
    )
    letters = max(8, int(room * LETTERS))
    inside = room == width
    dark = not inside or axes.patches[-1].get_facecolor()[:3] > (0.3, 0.3, 0.3)
    axes.annotate(
        note if len(note) <= letters else f"{note[: letters - 1]}…", (x, row), xytext=(shift, 0),
        xycoords=axes.get_yaxis_transform(), textcoords="offset points", ha=ha, va="center", size=7.5,
        color="#333333" if dark else "white",
    )  # fmt: skip


def draw_file(stories: Sequence[Story], scenario: Scenario, result: str, run: str, folder: Path) -> Path:
    """`folder` (made if needed) has waterfall.svg and waterfall.png; the path of the latter."""
    folder.mkdir(parents=True, exist_ok=True)
    identity = OneRun(scenario.name, result, scenario.run.seed, 1, compressed=scenario.compressed)
    with paper.style():
        paper.save(draw(stories, run, identity), folder, "waterfall")
    return folder / "waterfall.png"
