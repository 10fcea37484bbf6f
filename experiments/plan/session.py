"""A plan from the command line: read, searched, its folder written, the answer printed."""

import sys
import time
from pathlib import Path
from typing import Any

from experiments.options import StudyOptions
from experiments.output import execution_document, folder_of, write_folder
from experiments.plan.conduct import conduct
from experiments.plan.file import load_plan
from experiments.plan.result import PlanResult
from experiments.plan.tables import write_tables
from experiments.plan.verdict import document, lines
from experiments.study.runner import running
from experiments.study.session import means, opened, say, signed, study_executed, workers_of


def main(path: Path, options: StudyOptions) -> int:
    """The plan's answers: result folder written, words printed, 0 returned."""
    plan = opened(load_plan, path, options)
    engine = options.engine or plan.engine
    began = time.monotonic()
    with running(means(options), plan.name) as run:
        result = conduct(plan, run, engine, lambda text: None if options.json else print(text, file=sys.stderr))
    execution = study_executed(options, engine, began)
    folder = folder_of(result.name, result.hash, options.out)

    def fill(part: Path) -> None:
        write_tables(result, part / "tables", options.parquet)
        if not options.no_report:
            from experiments.plan.report import write_plan_report

            write_plan_report(result, part, workers_of(options))

    write_folder(folder, options.force, fill, manifest(result), execution_document(execution))
    say(options, document(result, str(folder)), lines(result), folder)
    return 0


def manifest(result: PlanResult) -> dict[str, Any]:
    """What manifest.json says of a plan, the files' digests apart."""
    import numpy

    return {
        "kind": "plan",
        **signed(result),
        "numpy": numpy.__version__,
        "scenario": result.scenario,
        "unknown": result.unknown._asdict(),
        "want": result.want,
        "along": result.along._asdict() if result.along is not None else None,
        "arms": list(result.arms),
        "objectives": [one._asdict() for one in result.objectives],
        "answers": [[one.arm, one.along.text if one.along else "", one.best.level.text if one.best else ""]
                    for one in result.answers],
        "warnings": list(result.warnings),
    }  # fmt: skip
