"""A sweep from the command line: read, run, write the folder, print the verdict."""

import sys
import time
from collections.abc import Callable
from pathlib import Path

from experiments.options import StudyOptions
from experiments.study.runner import running
from experiments.study.session import means, opened, say, say_failure, study_executed, workers_of
from experiments.sweep.conduct import conduct
from experiments.sweep.file import load_sweep
from experiments.sweep.output import write_sweep
from experiments.sweep.result import SweepResult
from experiments.sweep.verdict import document, lines


def main(path: Path, options: StudyOptions) -> int:
    """Every point in every arm and replicate: result folder written, verdict printed; 0, or 1 if no run succeeded."""
    sweep = opened(load_sweep, path, options)
    engine = options.engine or sweep.engine
    began = time.monotonic()
    with running(means(options), sweep.name) as run:
        result = conduct(sweep, lambda runs: run(runs, say_failure), engine, lambda note: setattr(run, "note", note))
    execution = study_executed(options, engine, began)
    folder = write_sweep(result, execution, options.out, options.force, _also(options), options.parquet)
    say(options, document(result, str(folder)), lines(result), folder)
    return 0 if any(one.replications for one in result.points) else 1


def _also(options: StudyOptions) -> Callable[[SweepResult, Path], None] | None:
    """What is put into the folder besides tables: charts and report.html, unless they are not wanted."""
    if options.no_report:
        return None
    from experiments.sweep.report import write_sweep_report

    if sys.stderr.isatty() or not options.json:
        print("drawing the report", file=sys.stderr)
    return lambda result, folder: write_sweep_report(result, folder, workers_of(options))
