"""The stories on a terminal: a head line, what the I/O met, and its ledger as a waterfall."""

from collections.abc import Iterator, Sequence

from experiments.explain.story import Step, Story, clock, ms
from sim.units import human_bytes

WIDTH = 30
"""Columns of the waterfall: its whole width is the I/O's latency."""
MOST_MET = 6
MARGIN = "      "


def lines(stories: Sequence[Story]) -> Iterator[str]:
    """All stories, one after the other."""
    for number, story in enumerate(stories, 1):
        yield ""
        yield f"#{number}  {heading(story)}"
        yield from _met(story)
        yield from _waterfall(story)


def heading(story: Story) -> str:
    """What the I/O was, when it came and how long it took."""
    io = story.io
    return (f"{io.vm} {what(story)} at {clock(io.arrival_ns)}: {ms(io.latency_ns)}, mostly {story.mostly()}  "
            f"[{io.workload} {io.ordinal}, {io.disk} at byte {io.offset_bytes}]")  # fmt: skip


def what(story: Story) -> str:
    """Direction and size: "write 8 KiB"."""
    return f"{'write' if story.io.write else 'read'} {human_bytes(story.io.size_bytes)}"


def _met(story: Story) -> Iterator[str]:
    if not story.met:
        yield f"{MARGIN}met no stun, quiesce, backup, merge, question or resync"
    for one in story.met[:MOST_MET]:
        by = f" ({one.by})" if one.by else ""
        yield f"{MARGIN}met {one.kind} of {one.subject()}{by}, {clock(one.start_ns)} to {clock(one.end_ns)}"
    if len(story.met) > MOST_MET:
        yield f"{MARGIN}and {len(story.met) - MOST_MET} more"


def _waterfall(story: Story) -> Iterator[str]:
    """A line a step: how long, which, where in the I/O's life; below it what explains it."""
    name = max(len(step.name) for step in story.steps) if story.steps else 0
    for step in story.steps:
        yield f"{MARGIN}{step.ns / 1e6:>11,.3f} ms  {step.name.ljust(name)}  {_bar(story, step)}"
        for note in step.notes:
            yield f"{MARGIN}{'':16}{note}"
    yield f"{MARGIN}{story.io.latency_ns / 1e6:>11,.3f} ms  in all"


def _bar(story: Story, step: Step) -> str:
    """The step's place in the I/O's life; whatever takes time can be seen."""
    start, end = (
        (at - story.io.arrival_ns) * WIDTH // story.io.latency_ns for at in (step.start_ns, step.end_ns)
    )  # fmt: skip
    start = min(start, WIDTH - 1)
    return f"|{' ' * start}{'#' * max(1, end - start)}".ljust(WIDTH + 1) + "|"
