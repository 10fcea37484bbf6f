"""The result folder of a sweep: finished or not there, tables and manifest with the same bytes for the same result."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from experiments.output import Execution, execution_document, folder_of, write_folder
from experiments.study.session import signed
from experiments.sweep.result import SweepResult
from experiments.sweep.tables import write_tables


def write_sweep(
    result: SweepResult,
    execution: Execution,
    out: Path,
    force: bool,
    also: Callable[[SweepResult, Path], None] | None = None,
    parquet: bool = False,
) -> Path:
    """The finished folder under `out`: tables, what `also` adds to it, manifest.json, run.json.

    An existing result is replaced only with `force`. After an exception, Ctrl-C included, the folder is as it was.
    """
    folder = folder_of(result.name, result.hash, out)

    def fill(part: Path) -> None:
        write_tables(result, part / "tables", parquet)
        if also is not None:
            also(result, part)

    write_folder(folder, force, fill, _manifest(result), execution_document(execution))
    return folder


def _manifest(result: SweepResult) -> dict[str, Any]:
    import numpy

    return {
        "kind": "sweep",
        **signed(result),
        "numpy": numpy.__version__,
        "scenario": result.scenario,
        "design": result.design,
        "axes": [{"key": axis.key, "label": axis.label, "fields": list(axis.fields), "unit": axis.unit}
                 for axis in result.axes],
        "arms": list(result.arms),
        "groups": list(result.groups),
        "metrics": list(result.metrics),
        "points": [one.point.name for one in result.points],
        "warnings": list(result.warnings),
    }  # fmt: skip
