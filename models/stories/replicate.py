"""The VAIO session: checkpoints cut at a regular pace, and the connection, lost and found. The rest is on the path."""

from collections.abc import Generator
from typing import Any

from simpy.events import Event

from models.outages import Cut
from models.stories import CHECKPOINT_RANK, CONNECTION_RANK
from models.stories.acts import Replicator
from sim.clock import Story


def checkpoints(replicator: Replicator, number: int) -> None:
    """Starts cutting a checkpoint every `checkpoint_ns`; while order is lost none is cut."""
    story = Story(replicator.clock, f"VAIO {replicator.spec.name}", CHECKPOINT_RANK, number)

    def tick() -> Generator[Event, Any, None]:
        while True:
            yield story.sleep(replicator.spec.checkpoint_ns)
            replicator.checkpoint()

    story.start(tick())


def connection(replicator: Replicator, number: int, cuts: list[Cut]) -> None:
    """Starts telling a synchronous group when its connection is lost, and when a probe has brought it back."""
    story = Story(replicator.clock, f"VAIO {replicator.spec.name}", CONNECTION_RANK, number)

    def lost_and_found() -> Generator[Event, Any, None]:
        for cut in cuts:
            if cut.lost >= 0:
                yield story.until(cut.lost)
                replicator.connection(False)
                yield story.until(cut.back)
                replicator.connection(True)

    story.start(lost_and_found())
