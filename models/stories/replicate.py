"""The VAIO session: checkpoints cut at a regular pace. The rest happens on the path (models.path.replica)."""

from collections.abc import Generator
from typing import Any

from simpy.events import Event

from models.stories import CHECKPOINT_RANK
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
