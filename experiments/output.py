"""Writes a result folder so that it is either finished or not there.

Everything is written into a temporary folder beside the place where it belongs and renamed at the end. A lock on the
temporary folder, which its process holds, tells a folder in the making from one that a dead process left behind.
`manifest.json` and all files it lists have the same bytes for the same result; `run.json` says when, where and how
fast. Leaves out: file systems without directory locks (there, leftovers stay).
"""

import fcntl
import hashlib
import json
import os
import re
import shlex
import shutil
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from experiments.compare import Comparison
from experiments.errors import InputError
from experiments.identity import VERSION, trace_digests, trace_speeds
from experiments.tables import TABLES

PART = ".part"  # ends the name of a folder in the making


@dataclass(frozen=True)
class Execution:
    """How a result was made: what must not change its result."""

    engine: str
    workers: int
    wall_seconds: float
    date: str
    command: str
    engine_seconds: dict[str, float] = field(default_factory=dict)  # of processor time, where engines were compared


def executed(engine: str, workers: int, began: float, engine_seconds: dict[str, float] | None = None) -> Execution:
    """This process's command, which began at this time of `time.monotonic` and ends now."""
    return Execution(
        engine=engine,
        workers=workers,
        wall_seconds=round(time.monotonic() - began, 3),
        date=datetime.now(UTC).isoformat(timespec="seconds"),
        command=os.fsencode(shlex.join(["stunlab", *sys.argv[1:]])).decode(errors="backslashreplace"),
        engine_seconds=engine_seconds or {},
    )


def folder_of(name: str, result: str, out: Path) -> Path:
    """Where the result with this hash of the scenario of this name belongs under `out`."""
    safe = re.sub(r"[^\w.-]+", "-", name).strip(".-") or "scenario"
    return out / f"{safe}-{result}"


def check_free(folder: Path, force: bool) -> None:
    """Raises InputError if a result could not be written to `folder`: it is there already, or `out` is no folder."""
    for parent in folder.parents:
        if os.path.lexists(parent):
            if not parent.is_dir():
                raise InputError([f"--out: {parent} is not a folder; name a folder to write results into"])
            if not os.access(parent, os.W_OK | os.X_OK):
                raise InputError([f"--out: no permission to write into {parent}; name another folder"])
            break
    if not os.path.lexists(folder):
        return
    if folder.is_symlink():
        raise InputError([f"{folder} is a link and is neither followed nor replaced: remove it, or use another --out"])
    if not force:
        raise InputError(
            [f"{folder} exists already; the same scenario, seed and version give the same result: read it, "
             "or replace it with --force"]
        )  # fmt: skip
    if not (folder / "manifest.json").is_file():
        raise InputError(
            [f"{folder} exists and is no result folder (no manifest.json): move it away; --force keeps off"]
        )


def write_result(
    comparison: Comparison,
    execution: Execution,
    out: Path,
    force: bool,
    draw: Callable[[Comparison, Path], None] | None = None,
) -> Path:
    """The finished result folder under `out`: tables, what `draw(comparison, folder)` adds, manifest.json, run.json.

    An existing result is replaced only with `force`. After an exception, Ctrl-C included, the folder is as it was.
    """
    folder = folder_of(comparison.scenario.name, comparison.hash, out)

    def fill(part: Path) -> None:
        _write_tables(comparison, part / "tables")
        if draw is not None:
            draw(comparison, part)

    write_folder(folder, force, fill, _manifest(comparison), _run(comparison, execution))
    return folder


def write_folder(
    folder: Path, force: bool, fill: Callable[[Path], None], manifest: dict[str, Any], run: dict[str, Any]
) -> None:
    """The finished folder: what `fill` put into a folder, manifest.json with a digest of each file, run.json.

    An existing result is replaced only with `force`. After an exception, Ctrl-C included, the folder is as it was.
    """
    check_free(folder, force)
    with _in_the_making(folder) as part:
        fill(part)
        _write_json(part / "manifest.json", manifest | {"files": _digests(part)})
        _write_json(part / "run.json", run)
        check_free(folder, force)
        _put_in_place(part, folder)


def _digests(part: Path) -> dict[str, str]:
    files = sorted(path for path in part.rglob("*") if path.is_file())
    return {path.relative_to(part).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


@contextmanager
def _in_the_making(folder: Path) -> Iterator[Path]:
    """A new locked folder beside `folder`; gone when the block is left, unless it was renamed."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    part = folder.parent / f".{folder.name}.{uuid.uuid4().hex}{PART}"
    with _locked(folder.parent):  # nobody takes the new folder for a leftover before it is locked
        _remove_leftovers(folder.parent)
        part.mkdir()
        lock = _lock(part, wait=False)
    try:
        yield part
    finally:
        shutil.rmtree(part, ignore_errors=True)
        if lock is not None:
            os.close(lock)


def _put_in_place(part: Path, folder: Path) -> None:
    """Renames `part` to `folder`; a result that was there is gone only after the new one is in its place."""
    if not folder.exists():
        part.rename(folder)
        return
    old = folder.parent / f".{folder.name}.{uuid.uuid4().hex}{PART}"
    folder.rename(old)
    try:
        part.rename(folder)
    except BaseException:
        old.rename(folder)
        raise
    shutil.rmtree(old, ignore_errors=True)


def _remove_leftovers(parent: Path) -> None:
    """Removes folders in the making whose process is gone."""
    for leftover in sorted(parent.glob(f".*{PART}")):
        lock = _lock(leftover, wait=False)
        if lock is not None:
            shutil.rmtree(leftover, ignore_errors=True)
            os.close(lock)


def _lock(folder: Path, wait: bool) -> int | None:
    """The descriptor of a locked folder; closing it, or the process's end, unlocks. None if it cannot be locked."""
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    except OSError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        return None
    return descriptor


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    descriptor = _lock(folder, wait=True)
    try:
        yield
    finally:
        if descriptor is not None:
            os.close(descriptor)


def _write_tables(comparison: Comparison, folder: Path) -> None:
    folder.mkdir()
    for name, table in TABLES.items():
        table(comparison).to_csv(folder / f"{name}.csv", index=False, lineterminator="\n")


def _write_json(path: Path, content: dict[str, Any]) -> None:
    text = json.dumps(content, indent=1, sort_keys=True, ensure_ascii=False, allow_nan=False)
    path.write_text(text + "\n", encoding="utf-8")


def _manifest(comparison: Comparison) -> dict[str, Any]:
    import numpy

    scenario = comparison.scenario
    return {
        "name": scenario.name,
        "title": scenario.title,
        "result": comparison.hash,
        "version": VERSION,
        "source": comparison.source,
        "numpy": numpy.__version__,
        "seed": comparison.seed,
        "replications": comparison.replications,
        **({"first": comparison.first} if comparison.first else {}),
        "arms": list(comparison.arms),
        "scenario": json.loads(scenario.identity),
        "traces": trace_digests(scenario),
        "speeds": trace_speeds(scenario),
    }


def _run(comparison: Comparison, execution: Execution) -> dict[str, Any]:
    events = sum(run.events for runs in comparison.results.values() for run in runs)
    return execution_document(execution) | {"events": events, "warnings": list(comparison.warnings)}


def execution_document(execution: Execution) -> dict[str, Any]:
    """What run.json says of any result: how it was run, and on what."""
    import platform

    return {
        **{name: value for name, value in asdict(execution).items() if value != {}},
        "cpus": os.cpu_count(),
        "python": platform.python_version(),
        "platform": platform.platform(),
    }
