"""A run traced: the same run again on the readable path, as far as the spans reach, with the lives in them kept.

A run is determined by scenario, arm and replicate, so that it can be looked at closely after it is known where to look.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from models import scenario
from models.measure.lives import CommandLife, IoLife
from models.measure.tracer import Span, Tracer
from models.path.traced import TracedHypervisor
from models.replay import seen
from models.run import Run, uncollected

STEPS = 200
"""Progress is told of about so often."""


class Trace(NamedTuple):
    """What was seen in some spans of a run."""

    causes: tuple[str, ...]  # the ledger's columns
    spans: tuple[Span, ...]
    ios: tuple[IoLife, ...]  # in the order of delivery
    commands: tuple[CommandLife, ...]  # in the order of completion, then those still under way
    end_ns: int  # the run was followed up to here
    undelivered: int  # I/Os that arrived in a span and were not delivered before the run's end


def trace(
    spec: scenario.Scenario,
    arm: scenario.Arm,
    replicate: int,
    spans: Sequence[Span],
    on_progress: Callable[[int, int], None] | None = None,
) -> Trace:
    """The I/Os and commands of these spans, which end with the run at the latest.

    `on_progress(now_ns, end_ns)` is called on the way to the last span's end. Raises SimulationError as
    `models.run.simulate`, and TooManyLives.
    """
    tracer = Tracer(spans)
    run = Run(spec, arm, replicate, TracedHypervisor(seen(spec, arm, replicate), replicate, tracer))
    end = max((end for _, end in spans), default=0)
    step, now = max(1, end // STEPS), 0
    with run.failures(), uncollected():
        while tracer.wanting and now < spec.run.duration_ns:
            now = min(now + step, spec.run.duration_ns)
            run.hypervisor.clock.run_until(now)
            if on_progress is not None and now - step < end:
                on_progress(min(now, end), end)
    causes = run.hypervisor.causes.names
    return Trace(causes, tracer.spans, tuple(tracer.ios), tracer.everything(), now, tracer.undelivered)
