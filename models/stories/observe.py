"""Observe windows open and close: who is measured, and whether closed loops make requests (`models.windows`)."""

from collections.abc import Generator
from typing import Any

from simpy.events import Event

from models.arrivals import NEVER_NS
from models.stories import WINDOW_RANK
from models.stories.acts import Hypervisor
from models.windows import first_gap, gap_before
from sim.clock import Story


def look(hypervisor: Hypervisor) -> None:
    """Only windows are observed. Called before the run begins; there is at least one window.

    The path is built shut where the run does not begin with a window: closed loops may start while it is built.
    """
    run = hypervisor.spec.run
    story = Story(hypervisor.clock, "observe windows", WINDOW_RANK, 0)

    def windows() -> Generator[Event, Any, None]:
        for number, window in enumerate(run.observe):
            if window.start_ns > story.now:
                yield story.until(window.start_ns)
            hypervisor.shut(0)
            hypervisor.recorder.window(max(run.warmup_ns, window.start_ns + run.observe_warmup_ns), window.end_ns)
            yield story.until(window.end_ns)
            hypervisor.shut(gap_before(run.observe, number + 1))

    if first_gap(run.observe):
        hypervisor.recorder.window(NEVER_NS, 0)
    story.start(windows())
