"""A sensitivity study from the command line: read, run, write the folder, print the verdict."""

import time
from pathlib import Path
from typing import Any

from experiments.options import StudyOptions
from experiments.output import Execution, execution_document, folder_of, write_folder
from experiments.sensitivity.conduct import conduct
from experiments.sensitivity.file import load_sensitivity
from experiments.sensitivity.result import SensitivityResult
from experiments.sensitivity.tables import write_tables
from experiments.sensitivity.verdict import document, lines
from experiments.study.runner import running
from experiments.study.session import means, opened, say, say_failure, signed, study_executed, workers_of


def main(path: Path, options: StudyOptions) -> int:
    """Scan and design in every arm and replicate: folder written, verdict printed; 0, or 1 if no scan succeeded."""
    study = opened(load_sensitivity, path, options)
    engine = options.engine or study.engine
    began = time.monotonic()
    with running(means(options), study.name) as run:
        result = conduct(study, lambda runs: run(runs, say_failure), engine)
    folder = write(result, study_executed(options, engine, began), options)
    say(options, document(result, str(folder)), lines(result), folder)
    return 0 if result.scans else 1


def write(result: SensitivityResult, execution: Execution, options: StudyOptions) -> Path:
    """The finished folder: tables, verdict.txt, report and charts unless they are not wanted, manifest.json, run.json.

    A result that is there is replaced only if asked for. After an exception, Ctrl-C included, the folder is as it was.
    """
    folder = folder_of(result.name, result.hash, options.out)

    def fill(part: Path) -> None:
        write_tables(result, part / "tables", options.parquet)
        (part / "verdict.txt").write_text("\n".join(lines(result)) + "\n", encoding="utf-8")
        if not options.no_report:
            from experiments.sensitivity.report import write_sensitivity_report

            write_sensitivity_report(result, part, workers_of(options))

    write_folder(folder, options.force, fill, _manifest(result), execution_document(execution))
    return folder


def _manifest(result: SensitivityResult) -> dict[str, Any]:
    import numpy

    return {
        "kind": "sensitivity",
        **signed(result),
        "numpy": numpy.__version__,
        "scenario": result.scenario,
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
