"""Observe windows of a scenario file: one by one, and what can be wrong with them."""

from collections.abc import Iterator
from itertools import pairwise

from experiments.scenario.locate import Path
from experiments.scenario.messages import Mistake
from experiments.scenario.schema import ObserveTable, RunTable
from models.scenario import Window
from sim.units import human_time

MOST_WINDOWS = 100_000


def windows(run: RunTable) -> tuple[Window, ...]:
    """The windows by their start; those that reach beyond the run's end are cut there."""
    found = sorted((start, one.duration) for one in run.observe for start in _starts(one, run.duration))
    return tuple(Window(start, min(start + length, run.duration)) for start, length in found)


def _starts(one: ObserveTable, duration: int) -> range:
    return range(one.start, duration, one.every or duration)


def check_windows(run: RunTable) -> Iterator[Mistake]:
    """Windows must lie in the run, apart from each other, and be longer than their warm-up."""
    sound = True
    for number, one in enumerate(run.observe):
        at: Path = ("run", "observe", number)
        for mistake in _alone(at, one, run):
            sound = False
            yield mistake
    if sound and sum(len(_starts(one, run.duration)) for one in run.observe) > MOST_WINDOWS:
        sound = False
        text = f"makes more than {MOST_WINDOWS} windows, let them come less often or shorten the run"
        yield Mistake(("run", "observe", 0, "every"), text, needs=(("run", "duration"), ("run", "observe")))
    if sound:
        yield from _apart(run)


def _alone(at: Path, one: ObserveTable, run: RunTable) -> Iterator[Mistake]:
    needs: tuple[Path, ...] = (("run", "duration"), at)
    if one.start >= run.duration:
        text = (
            f"is not before the run's end ({human_time(one.start)} of {human_time(run.duration)}), write an earlier one"
        )
        yield Mistake((*at, "start"), text, needs=needs)
    if 0 < one.every < one.duration:
        text = (f"is shorter than the window ({human_time(one.every)} of {human_time(one.duration)}), windows must lie "
                "apart: lengthen it or shorten the window")  # fmt: skip
        yield Mistake((*at, "every"), text, needs=(at,))
    if one.duration <= run.observe_warmup:
        text = (f"is not longer than observe_warmup ({human_time(one.duration)} of {human_time(run.observe_warmup)}), "
                "lengthen it or shorten the warm-up: nothing would be measured")  # fmt: skip
        yield Mistake((*at, "duration"), text, needs=(("run", "observe_warmup"),))


def _apart(run: RunTable) -> Iterator[Mistake]:
    """The first windows of different tables that overlap."""
    spans = sorted(
        (start, start + one.duration, number)
        for number, one in enumerate(run.observe)
        for start in _starts(one, run.duration)
    )
    for (_, end, first), (start, _, second) in pairwise(spans):
        if start < end and first != second:
            text = f"lets a window start inside another ({human_time(start)} before {human_time(end)}), move it"
            at: Path = ("run", "observe", second, "start")
            yield Mistake(at, text, needs=(("run", "observe", first), ("run", "observe", second)))
            return
