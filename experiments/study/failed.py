"""Keeps the runs that failed beside the store, each as a file that says how it ended and can be run again.

A file is gone as soon as its run has a result. Leaves out: recorded I/O, of which it holds the digests alone.
"""

import contextlib
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import get_args

from experiments.engines import by_default, ready
from experiments.errors import InputError
from experiments.identity import VERSION, trace_digests, trace_speeds
from experiments.study.work import Run, do, study_source
from models.scenario import Arm, Engine

FOLDER = "failed"


def write(folder: Path, key: str, run: Run, reason: str) -> Path | None:
    """The file that was written; None if that was not possible (a full disk): the failure is reported in any case."""
    content = {
        "run": run.name,
        "reason": reason,
        "point": run.point,
        "arm": run.arm,
        "replicate": run.replicate,
        "seed": run.scenario.run.seed,
        "version": VERSION,
        "source": study_source(),
        "traces": trace_digests(run.scenario),
        "speeds": trace_speeds(run.scenario),
        "scenario": json.loads(run.scenario.identity),
    }
    path, part = folder / f"{key}.json", folder / f".{key}.{os.getpid()}.part"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        part.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
        part.replace(path)
    except OSError:
        return None
    return path


def remove(folder: Path, key: str) -> None:
    """No file says any more that this run failed."""
    with contextlib.suppress(OSError):
        (folder / f"{key}.json").unlink(missing_ok=True)


def read(path: Path, traces: Sequence[Path], engine: Engine) -> Run:
    """The run that a file of `write` holds; recorded I/O is looked for in `traces`. Raises InputError."""
    from experiments.explain.stored import recorded
    from experiments.scenario.identity import restored
    from experiments.scenario.messages import printable

    shown = printable(str(path))
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        point, arm, replicate, seed = (content[key] for key in ("point", "arm", "replicate", "seed"))
        found = recorded(content, traces)
        plain = content["scenario"]
        if arm not in get_args(Arm) or not all(isinstance(one, int) and one >= 0 for one in (replicate, seed)):
            raise ValueError(arm)
        return Run(
            str(point), restored(plain, tuple(plain["arms"]), seed, replicate + 1, found), arm, replicate, engine
        )
    except OSError as error:
        raise InputError([f"{shown}: cannot be read ({error.strerror}), name a file of a folder {FOLDER}"]) from None
    except (AttributeError, KeyError, TypeError, ValueError):
        raise InputError([f"{shown}: is no failed run that this version can repeat, run its study again"]) from None


def rerun(path: Path, traces: Sequence[Path], engine: Engine | None) -> int:
    """The run was done again in this process, which is said; 0. Raises whatever the run raises."""
    run = read(path, traces, engine or by_default())
    run = run._replace(engine=ready(run.engine))
    print(f"{run.name}: running again, here and alone", file=sys.stderr, flush=True)
    do(run)
    print(f"{run.name}: finished this time; give its study's command again, which keeps the result")
    return 0
