"""What is to be explained: which run of the result, which of its I/Os, and so which spans of time to see again."""

import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from experiments.errors import InputError
from experiments.explain.stored import Slow, Stored
from experiments.scenario.messages import printable
from models.measure.lives import IoLife
from models.measure.tracer import Span
from models.result import SlowIo
from models.scenario import Arm
from models.trace import Trace
from sim.units import UnitError, human_time, parse

MARGIN_NS = 100_000_000
"""Before and after the slowest I/O in a Perfetto file of no window: so much, or a tenth of its life if that is more."""


@dataclass(frozen=True)
class Wish:
    """What the command line asked for; None: no wish."""

    arm: Arm | None = None
    replicate: int | None = None
    vm: str | None = None
    slowest: int = 3
    window: str | None = None
    margins: bool = False  # what is around the I/Os is wanted too


class Choice(NamedTuple):
    """One run, and what of it is wanted. Without a window the I/Os are known; with one the trace will show them."""

    arm: Arm
    replicate: int
    ios: tuple[SlowIo, ...]  # stored rows, the slowest first
    window: Span | None
    spans: tuple[Span, ...]
    shown: Span  # of a Perfetto file


def choose(stored: Stored, wish: Wish) -> Choice:
    """The run and the I/Os that a wish means. Raises InputError with every mistake in it."""
    window = _check(stored, wish)
    rows = [row for row in stored.slowest() if wish.arm in (None, row.arm) and wish.replicate in (None, row.replicate)
            and wish.vm in (None, row.io.vm)]  # fmt: skip
    if window is not None:
        arm, replicate = _run_of(stored, wish, rows)
        return Choice(arm, replicate, (), window, (window,), window)
    if not rows:
        raise InputError([f"{stored.folder}: holds no slowest I/O of what was asked for; name a --window, as 10s..11s"])
    worst = max(rows, key=lambda row: row.io.latency_ns)
    arm, replicate = worst.arm, worst.replicate
    mine = [row.io for row in rows if (row.arm, row.replicate) == (arm, replicate)]
    ios = tuple(sorted(mine, key=_slowest_first)[: wish.slowest])
    lives = [(io.arrival_ns, io.arrival_ns + max(1, io.latency_ns)) for io in ios]
    start, end = lives[0]
    margin = max(MARGIN_NS, (end - start) // 10)
    shown = (max(0, start - margin), min(end + margin, stored.scenario.run.duration_ns))
    return Choice(arm, replicate, ios, None, (*lives, shown) if wish.margins else tuple(lives), shown)


def _slowest_first(io: SlowIo | IoLife) -> tuple[int, int, str, str, int]:
    return -io.latency_ns, io.arrival_ns, io.vm, io.workload, io.ordinal


def _run_of(stored: Stored, wish: Wish, rows: Sequence[Slow]) -> tuple[Arm, int]:
    """The run that is named, else that of the slowest I/O among those that could be meant, else the first."""
    arm, replicate = wish.arm, wish.replicate
    worst = max(rows, key=lambda row: row.io.latency_ns) if rows else None
    if arm is None:
        arm = worst.arm if worst else stored.scenario.arms[0]
    if replicate is None:
        mine = [row for row in rows if row.arm == arm]
        replicate = max(mine, key=lambda row: row.io.latency_ns).replicate if mine else 0
    return arm, replicate


def _check(stored: Stored, wish: Wish) -> Span | None:
    """The window in ns. Raises InputError."""
    scenario, mistakes, window = stored.scenario, [], None
    if wish.arm is not None and wish.arm not in scenario.arms:
        mistakes.append(f'--arm: the result has no arm "{wish.arm}", it has: {", ".join(scenario.arms)}')
    if wish.replicate is not None and not 0 <= wish.replicate < scenario.run.replications:
        last = scenario.run.replications - 1
        mistakes.append(f"--replicate: the result has no replicate {wish.replicate}, it has: "
                        f"{'0' if not last else f'0 to {last}'}")  # fmt: skip
    names = [vm.name for vm in scenario.vms]
    if wish.vm is not None and wish.vm not in names:
        near = difflib.get_close_matches(wish.vm, names, 1)
        hint = f', did you mean "{near[0]}"?' if near else f", its VMs: {', '.join(names[:20])}"
        mistakes.append(f'--vm: the scenario has no VM "{printable(wish.vm)}"{hint}')
    if wish.window is not None:
        try:
            window = parse_window(wish.window, scenario.run.duration_ns)
        except ValueError as problem:
            mistakes.append(f"--window: {problem}")
    if mistakes:
        raise InputError(mistakes)
    return window


def parse_window(text: str, duration_ns: int) -> Span:
    """A window like "100s..101s" in ns, inside the run. Raises ValueError with what is wrong and what to write."""
    first, dots, second = text.partition("..")
    if not dots:
        raise ValueError(f'"{printable(text[:40])}" is no window, write two times of the run with two dots between '
                         'them, for example "100s..101s"')  # fmt: skip
    ends = []
    for part in (first, second):
        try:
            ends.append(0 if part.strip() == "0" else parse(part, "time"))
        except UnitError as problem:
            raise ValueError(str(problem)) from None
    start, end = ends
    if start >= end:
        raise ValueError(f'"{printable(text[:40])}" ends before it begins, write the earlier time first')
    if start >= duration_ns:
        raise ValueError(f"begins after the run's end, which is at {human_time(duration_ns)}")
    return start, min(end, duration_ns)


def explained(choice: Choice, wish: Wish, trace: Trace) -> tuple[IoLife, ...]:
    """The lives to tell of: those of the stored rows, or the slowest that arrived in the window.

    KeyError if a stored I/O is not in the trace.
    """
    if choice.window is None:
        lives = {(io.vm, io.workload, io.ordinal): io for io in trace.ios}
        return tuple(lives[io.vm, io.workload, io.ordinal] for io in choice.ios)
    start, end = choice.window
    inside = [io for io in trace.ios if start <= io.arrival_ns < end and wish.vm in (None, io.vm)]
    return tuple(sorted(inside, key=_slowest_first)[: wish.slowest])
