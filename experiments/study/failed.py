"""Keeps the runs that failed beside the store, each as a file that says how it ended and can be run again.

A file is gone as soon as its run has a result. Leaves out: recorded I/O, of which it holds the digests alone.
"""

import contextlib
import json
import os
from collections.abc import Mapping
from pathlib import Path

from experiments.errors import InputError
from experiments.identity import VERSION, trace_digests
from experiments.study.work import Run, study_source
from models.scenario import Engine, Trace

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
        "scenario": run.scenario.identity,
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


def read(path: Path, traces: Mapping[str, Trace], engine: Engine) -> Run:
    """The run that a file of `write` holds; `traces` by their digest. Raises InputError."""
    from experiments.scenario.identity import restored

    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        plain = json.loads(content["scenario"])
        arms, seed = tuple(plain["arms"]), content["seed"]
        missing = sorted(set(content["traces"].values()) - set(traces))
        if missing:
            raise InputError([f"{path}: the run replays recorded I/O with the digest {one}; name its file with --trace"
                              for one in missing])  # fmt: skip
        scenario = restored(plain, arms, seed, content["replicate"] + 1, traces)
        return Run(content["point"], scenario, content["arm"], content["replicate"], engine)
    except OSError as error:
        raise InputError([f"{path} cannot be read: {error.strerror}; name a file of the folder {FOLDER}"]) from None
    except (KeyError, TypeError, ValueError) as error:
        raise InputError([f"{path} is no failed run of this version ({error}); run its study again"]) from None
