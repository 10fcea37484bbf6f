"""One run of a study: its name for people, its key in a store, and what a worker does with it."""

import hashlib
import json
import zlib
from functools import cache, lru_cache
from typing import NamedTuple

from experiments.identity import ROOT, VERSION, source_hash, trace_digests
from experiments.study.summary import summary_of
from models.run import SimulationError, simulate
from models.scenario import Arm, Engine, Scenario

KEPT_BY = (
    "experiments/backup_window.py",
    "experiments/group_view.py",
    "experiments/metrics.py",
    "experiments/study/summary.py",
)
"""Sources besides the engine's that decide what a stored run says."""


class Run(NamedTuple):
    """One arm of one scenario in one replicate. `engine` is no part of what it is: both give the same."""

    point: str  # the name of the scenario in its study, for example "interval=5 min, vms=8"
    scenario: Scenario
    arm: Arm
    replicate: int
    engine: Engine

    @property
    def name(self) -> str:
        """What it is called in messages and on the command line."""
        return f"{self.point}/{self.arm}/{self.replicate}"


def key_of(run: Run) -> str:
    """32 hex digits: equal keys mean equal summaries. Does not depend on the study, its point's name, the engine, or
    what does not act in the run's arm: an arm that an axis of a sweep cannot move is one run at all its levels.
    """
    identity = {
        "scenario": acting(run.scenario.identity, run.arm),
        "traces": trace_digests(run.scenario),
        "seed": run.scenario.run.seed,
        "arm": run.arm,
        "replicate": run.replicate,
        "version": VERSION,
        "source": study_source(),
    }
    text = json.dumps(identity, sort_keys=True, separators=(",", ":"))
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


@lru_cache(maxsize=64)
def acting(identity: str, arm: Arm) -> str:
    """The scenario's text without what cannot be seen in a run of this arm: protections of others, and where nobody
    takes snapshots, how they are taken. Nor the arms that are to be run: each is the same run in any such list.
    """
    document = json.loads(identity)
    idle = [] if arm in ("vadp", "both") else ["vadp", "control", "snapshots"]
    idle += [] if arm in ("vaio", "both") else ["vaio"]
    for part in ("arms", *idle):
        document.pop(part, None)
    return json.dumps(document, sort_keys=True, separators=(",", ":"))


@cache
def study_source() -> str:
    """32 hex digits of everything that decides what a run's summary says: the engine, and what summarises it."""
    digest = hashlib.blake2b(source_hash().encode(), digest_size=16)
    for name in KEPT_BY:
        digest.update((ROOT / name).read_bytes())
    return digest.hexdigest()


def do(run: Run) -> str:
    """The run's summary as text: the same bytes wherever and with whichever engine. Raises as `simulate`."""
    return summary_of(simulate(run.scenario, run.arm, run.replicate, run.engine)).text


class RunError(Exception):
    """A run raised what it should not; the message says what. Unlike some it can be sent to a coordinator."""


def do_packed(run: Run) -> bytes:
    """What `do` gives, compressed as a store keeps it: the worker's work, not the coordinator's.

    Raises SimulationError, MemoryError, or RunError in place of anything else.
    """
    try:
        return zlib.compress(do(run).encode())
    except (SimulationError, MemoryError):
        raise
    except Exception as error:
        raise RunError(f"{type(error).__name__}: {error}") from None
