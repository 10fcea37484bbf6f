"""A sweep from the command line: read, run, write the folder, print the verdict."""

import json
import os
import shlex
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from experiments.engines import ready
from experiments.options import StudyOptions
from experiments.output import Execution, check_free, folder_of
from experiments.study.runner import Means, running
from experiments.sweep.conduct import conduct
from experiments.sweep.file import load_sweep
from experiments.sweep.output import write_sweep
from experiments.sweep.result import SweepResult
from experiments.sweep.verdict import document, lines
from sim.replication import available_cpus


def main(path: Path, options: StudyOptions) -> int:
    """Every point in every arm and replicate: result folder written, verdict printed, 0 returned."""
    sweep = load_sweep(path, options.seed)
    check_free(folder_of(sweep.name, sweep.hash, options.out), options.force)
    for warning in sweep.warnings:
        print(f"warning: {warning}", file=sys.stderr)
    workers = options.workers or available_cpus()
    engine = ready(options.engine or sweep.engine)
    began = time.monotonic()
    means = Means(options.store or options.out / "runs.sqlite", workers, options.cluster, options.json)
    with running(means, sweep.name) as run:
        result = conduct(sweep, run, engine)
    execution = Execution(engine, workers, round(time.monotonic() - began, 3), _now(), _command())
    folder = write_sweep(result, execution, options.out, options.force, _also(options, workers))
    if options.json:
        print(json.dumps(document(result, str(folder)), indent=1, allow_nan=False))
    else:
        for line in lines(result):
            print(line)
        print(f"Written to {folder}")
    return 0


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _command() -> str:
    return os.fsencode(shlex.join(["stunlab", *sys.argv[1:]])).decode(errors="backslashreplace")


def _also(options: StudyOptions, workers: int) -> Callable[[SweepResult, Path], None] | None:
    return None
