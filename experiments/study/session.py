"""What every command that does many runs does alike: its means, its failures told, its answer said."""

import json
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Protocol, TypeVar

from experiments.identity import VERSION
from experiments.options import StudyOptions
from experiments.output import Execution, check_free, executed, folder_of
from experiments.study.export import check_parquet
from experiments.study.runner import Failure, Means, Outcome
from experiments.study.work import Run
from sim.replication import available_cpus

MOST_WARNINGS = 8
"""So many are said one by one: the points of a large design may each have one."""


class Asked(Protocol):
    """What a study's file asks for, as far as all kinds of studies have it."""

    @property
    def name(self) -> str: ...
    @property
    def hash(self) -> str: ...
    @property
    def warnings(self) -> tuple[str, ...]: ...


Study = TypeVar("Study", bound=Asked)


def opened(load: Callable[[Path, int | None], Study], path: Path, options: StudyOptions) -> Study:
    """What the file asks for; its warnings are on standard error.

    Raises InputError for mistakes in it, and before anything runs for a result that stands where its own will.
    """
    check_parquet(options.parquet)
    study = load(path, options.seed)
    check_free(folder_of(study.name, study.hash, options.out), options.force)
    for warning in study.warnings[:MOST_WARNINGS]:
        print(f"warning: {warning}", file=sys.stderr)
    if len(study.warnings) > MOST_WARNINGS:
        print(f"warning: and {len(study.warnings) - MOST_WARNINGS} more, in manifest.json", file=sys.stderr)
    return study


class Named(Protocol):
    """What results of studies have in common."""

    @property
    def name(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def hash(self) -> str: ...
    @property
    def source(self) -> str: ...
    @property
    def seed(self) -> int: ...


def signed(result: Named) -> dict[str, Any]:
    """How manifests and JSON documents of studies begin: which result it is."""
    return {
        "name": result.name,
        "title": result.title,
        "result": result.hash,
        "version": VERSION,
        "source": result.source,
        "seed": result.seed,
    }


def means(options: StudyOptions) -> Means:
    """With what a study is run from the command line."""
    return Means(options.store or options.out / "runs.sqlite", options.workers, options.cluster, options.json)


def workers_of(options: StudyOptions) -> int:
    """How many processes there are."""
    return options.workers or available_cpus()


def study_executed(options: StudyOptions, engine: str, began: float) -> Execution:
    """How a study was run that began at this time of `time.monotonic` and ends now."""
    return executed(engine, workers_of(options), began)


def say_failure(run: Run, outcome: Outcome) -> None:
    """Says at once, on standard error, what a run failed of, and where what it takes to run it again is kept."""
    if isinstance(outcome, Failure):
        kept = f"; what it takes to run it again is in {outcome.scenario}" if outcome.scenario else ""
        print(f"failed: {outcome.name}: {outcome.reason}{kept}", file=sys.stderr, flush=True)


def say(options: StudyOptions, document: dict[str, Any], lines: Iterable[str], folder: Path) -> None:
    """The answer stands on standard output: as JSON if asked for, else in words, with where it was written."""
    if options.json:
        print(json.dumps(document, indent=1, allow_nan=False))
        return
    for line in lines:
        print(line)
    page = folder / "report.html"
    print(f"Written to {folder}" + (f": open {page}" if page.exists() else ""))
