"""`stunlab explain`: the slowest guest I/Os of a result, why they were slow, and a window as a Perfetto trace.

Rows of a result do not hold who was ahead of whom. So the one run is made again on the readable path, with a tracer at
it, as far as it must be; that it is the same run is checked on latency and ledger of every explained I/O.
"""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from experiments.errors import InputError
from experiments.explain import perfetto
from experiments.explain.choice import Choice, Wish, choose, explained
from experiments.explain.happenings import Happening, happenings
from experiments.explain.stored import Stored, read_result
from experiments.explain.story import Story, Teller, clock, counted
from experiments.explain.text import lines
from experiments.identity import VERSION
from experiments.progress import progress
from experiments.scenario.messages import printable
from models.measure.lives import IoLife
from models.measure.tracer import TooManyLives
from models.run import SimulationError
from models.trace import Trace, trace
from sim.units import NS_PER_S, human_time


def main(
    folder: Path, wish: Wish, recorded: Sequence[Path] = (), trace_file: Path | None = None, charts: Path | None = None
) -> int:
    """The slowest I/Os of a result are explained on standard output, in a trace file and a chart if asked; 0.

    Raises InputError, and SimulationError if the run made again is not the same.
    """
    _check_places(trace_file, charts)
    stored = read_result(folder, recorded)
    choice = choose(stored, wish)
    seen = _again(stored, choice)
    lives = _same(stored, choice, wish, seen)
    happened = happenings(stored, choice.arm, choice.replicate)
    teller = Teller(stored.scenario, seen, happened)
    stories = [teller.tell(io) for io in lives]
    print(_title(stored, choice, wish, stories))
    for line in lines(stories):
        print(line)
    if choice.window is not None and seen.undelivered:
        print(f"\n{counted(seen.undelivered, 'I/O')} of the window had not been delivered at the run's end")
    if charts is not None:
        _draw(stored, choice, stories, charts)
    if trace_file is not None:
        _write(stored, choice, seen, happened, trace_file)
    return 0


def _check_places(trace_file: Path | None, charts: Path | None) -> None:
    """Raises InputError if what was asked for could not be written, before time is spent."""
    mistakes = []
    if trace_file is not None:
        if trace_file.is_dir():
            mistakes.append(f"--perfetto: {printable(str(trace_file))} is a folder, name a file in it")
        elif not trace_file.parent.is_dir():
            mistakes.append(f"--perfetto: there is no folder {printable(str(trace_file.parent))}, make it first")
    if charts is not None and charts.exists() and not charts.is_dir():
        mistakes.append(f"--chart: {printable(str(charts))} is no folder, name one to put the chart into")
    if mistakes:
        raise InputError(mistakes)


def _again(stored: Stored, choice: Choice) -> Trace:
    """The run again, with progress in simulated time."""
    end = max(end for _, end in choice.spans)
    what = f"arm {choice.arm}, replicate {choice.replicate}"
    print(f"running {what} again on the readable path, {human_time(end)} of simulated time", file=sys.stderr)
    try:
        total = -(-end // NS_PER_S)
        with progress(stored.scenario.name, total, False, "simulated seconds") as on_done:

            def on_progress(now: int, all_ns: int) -> None:
                on_done(total if now == all_ns else max(1, now // NS_PER_S), total)

            return trace(stored.scenario, choice.arm, choice.replicate, choice.spans, on_progress)
    except TooManyLives as problem:
        raise InputError([f"--window: {problem}, name a shorter one"]) from None


def _same(stored: Stored, choice: Choice, wish: Wish, seen: Trace) -> tuple[IoLife, ...]:
    """The lives to explain, once those that are stored have proved to be the same in this run."""
    import numpy

    columns = stored.columns()
    rows = {(row.io.vm, row.io.workload, row.io.ordinal): row.io for row in stored.slowest()
            if (row.arm, row.replicate) == (choice.arm, choice.replicate)}  # fmt: skip
    try:
        lives = explained(choice, wish, seen)
        for io in lives:
            row = rows.get((io.vm, io.workload, io.ordinal))
            if row is not None:
                spent = dict(zip(seen.causes, io.ledger_ns(len(seen.causes)), strict=True))
                ledger = tuple(spent.get(column, 0) for column in columns)
                mine = (io.disk, io.write, io.offset_bytes, io.size_bytes, io.arrival_ns, io.latency_ns, ledger)
                if mine != (*row[3:9], row.ledger_ns):
                    raise KeyError(io.ordinal)
    except KeyError as ordinal:
        raise SimulationError(
            f"the run made again is not the run of {stored.folder}: I/O {ordinal} is another there; was it made with "
            f"another numpy ({stored.manifest.get('numpy')}, here {numpy.__version__})? Make the result again"
        ) from None
    return lives


def _title(stored: Stored, choice: Choice, wish: Wish, stories: Sequence[Story]) -> str:
    many = "the slowest guest I/O" if len(stories) == 1 else f"the {len(stories)} slowest guest I/Os"
    of = f" of {wish.vm}" if wish.vm else ""
    where = ""
    if choice.window is not None:
        where = f" that came from {clock(choice.window[0])} to {clock(choice.window[1])}"
        many = many if stories else "no guest I/O"
    run = f"arm {choice.arm}, replicate {choice.replicate} of {stored.scenario.run.replications}"
    return f"{stored.scenario.name} {stored.hash}, {run}: {many}{of}{where}"


def _draw(stored: Stored, choice: Choice, stories: Sequence[Story], folder: Path) -> None:
    from experiments.charts import waterfall

    if not stories:
        print("no I/O to draw: no chart", file=sys.stderr)
        return
    run = f"arm {choice.arm}, replicate {choice.replicate}"
    print(f"Chart in {waterfall.draw_file(stories, stored.scenario, stored.hash, run, folder)}")


def _write(stored: Stored, choice: Choice, seen: Trace, happened: Sequence[Happening], path: Path) -> None:
    about: dict[str, Any] = {
        "scenario": stored.scenario.name, "result": stored.hash, "seed": stored.scenario.run.seed, "arm": choice.arm,
        "replicate": choice.replicate, "version": VERSION, "from ns": choice.shown[0], "to ns": choice.shown[1],
        "not delivered by the run's end": seen.undelivered,
    }  # fmt: skip
    names = [vm.name for vm in stored.scenario.vms]
    content = perfetto.document(seen, choice.shown, happened, names, about)
    perfetto.write(path, content)
    slices = counted(sum(1 for event in content["traceEvents"] if event["ph"] == "X"), "slice")
    print(f"Trace in {path}: {slices}, {clock(choice.shown[0])} to {clock(choice.shown[1])}; open it in Perfetto")
