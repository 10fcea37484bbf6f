"""A sensitivity study from the command line: read, run, write the folder, print the verdict."""

import json
import os
import shlex
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from experiments.identity import VERSION
from experiments.options import StudyOptions
from experiments.output import Execution, check_free, execution_document, folder_of, write_folder
from experiments.sensitivity.conduct import conduct
from experiments.sensitivity.file import load_sensitivity
from experiments.sensitivity.result import SensitivityResult
from experiments.sensitivity.tables import write_tables
from experiments.sensitivity.verdict import document, lines
from experiments.study.export import check_parquet
from experiments.study.runner import running
from experiments.sweep.session import means, say_failure
from sim.replication import available_cpus


def main(path: Path, options: StudyOptions) -> int:
    """Scan and design in every arm and replicate: folder written, verdict printed; 0, or 1 if no scan succeeded."""
    check_parquet(options.parquet)
    study = load_sensitivity(path, options.seed)
    check_free(folder_of(study.name, study.hash, options.out), options.force)
    for warning in study.warnings:
        print(f"warning: {warning}", file=sys.stderr)
    engine = options.engine or study.engine
    began = time.monotonic()
    with running(means(options), study.name) as run:
        result = conduct(study, lambda runs: run(runs, say_failure), engine)
    workers = options.workers or available_cpus()
    date = datetime.now(UTC).isoformat(timespec="seconds")
    command = os.fsencode(shlex.join(["stunlab", *sys.argv[1:]])).decode(errors="backslashreplace")
    execution = Execution(engine, workers, round(time.monotonic() - began, 3), date, command)
    folder = write(result, execution, options)
    if options.json:
        print(json.dumps(document(result, str(folder)), indent=1, allow_nan=False))
    else:
        for line in lines(result):
            print(line)
        print(f"Written to {folder}")
    return 0 if result.scans else 1


def write(result: SensitivityResult, execution: Execution, options: StudyOptions) -> Path:
    """The finished folder: tables, verdict.txt, charts unless they are not wanted, manifest.json, run.json.

    A result that is there is replaced only if asked for. After an exception, Ctrl-C included, the folder is as it was.
    """
    folder = folder_of(result.name, result.hash, options.out)

    def fill(part: Path) -> None:
        write_tables(result, part / "tables", options.parquet)
        (part / "verdict.txt").write_text("\n".join(lines(result)) + "\n", encoding="utf-8")
        if not options.no_report:
            from experiments.charts import tornado

            tornado.draw_files(result, part / "charts")

    write_folder(folder, options.force, fill, _manifest(result), execution_document(execution))
    return folder


def _manifest(result: SensitivityResult) -> dict[str, Any]:
    import numpy

    return {
        "kind": "sensitivity",
        "name": result.name,
        "title": result.title,
        "result": result.hash,
        "version": VERSION,
        "source": result.source,
        "numpy": numpy.__version__,
        "scenario": result.scenario,
        "seed": result.seed,
        "method": result.method,
        "size": result.size,
        "replications": result.replications,
        "arms": list(result.arms),
        "between": list(result.between),
        "group": result.group,
        "metrics": list(result.metrics),
        "assumptions": [{"key": one.key, "low": one.low, "high": one.high} for one in result.entries],
        "warnings": list(result.warnings),
    }
