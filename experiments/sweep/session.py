"""A sweep from the command line: read, run, write the folder, print the verdict."""

import json
import os
import shlex
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from experiments.options import StudyOptions
from experiments.output import Execution, check_free, folder_of
from experiments.study.export import check_parquet
from experiments.study.runner import Failure, Means, Outcome, running
from experiments.study.work import Run
from experiments.sweep.conduct import conduct
from experiments.sweep.file import load_sweep
from experiments.sweep.output import write_sweep
from experiments.sweep.result import SweepResult
from experiments.sweep.verdict import MOST_OPEN, document, lines
from sim.replication import available_cpus


def main(path: Path, options: StudyOptions) -> int:
    """Every point in every arm and replicate: result folder written, verdict printed; 0, or 1 if no run succeeded."""
    check_parquet(options.parquet)
    sweep = load_sweep(path, options.seed)
    check_free(folder_of(sweep.name, sweep.hash, options.out), options.force)
    for warning in sweep.warnings[:MOST_OPEN]:
        print(f"warning: {warning}", file=sys.stderr)
    workers = options.workers or available_cpus()
    engine = options.engine or sweep.engine
    began = time.monotonic()
    with running(means(options), sweep.name) as run:
        result = conduct(sweep, lambda runs: run(runs, say_failure), engine, lambda note: setattr(run, "note", note))
    execution = Execution(engine, workers, round(time.monotonic() - began, 3), _now(), _command())
    folder = write_sweep(result, execution, options.out, options.force, _also(options, workers), options.parquet)
    if options.json:
        print(json.dumps(document(result, str(folder)), indent=1, allow_nan=False))
    else:
        for line in lines(result):
            print(line)
        print(f"Written to {folder}" + ("" if options.no_report else f": open {folder / 'report.html'}"))
    return 0 if any(one.replications for one in result.points) else 1


def say_failure(run: Run, outcome: Outcome) -> None:
    """Says at once, on standard error, what a run failed of, and where what it takes to run it again is kept."""
    if isinstance(outcome, Failure):
        kept = f"; what it takes to run it again is in {outcome.scenario}" if outcome.scenario else ""
        print(f"failed: {outcome.name}: {outcome.reason}{kept}", file=sys.stderr, flush=True)


def means(options: StudyOptions) -> Means:
    """With what a study is run from the command line."""
    return Means(options.store or options.out / "runs.sqlite", options.workers, options.cluster, options.json)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _command() -> str:
    return os.fsencode(shlex.join(["stunlab", *sys.argv[1:]])).decode(errors="backslashreplace")


def _also(options: StudyOptions, workers: int) -> Callable[[SweepResult, Path], None] | None:
    """What is put into the folder besides tables: charts and report.html, unless they are not wanted."""
    if options.no_report:
        return None
    from experiments.sweep.report import write_sweep_report

    if sys.stderr.isatty() or not options.json:
        print("drawing the report", file=sys.stderr)
    return lambda result, folder: write_sweep_report(result, folder, workers)
