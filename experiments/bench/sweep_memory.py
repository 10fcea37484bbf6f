"""Resident memory of a study's coordinator: a study in a process of its own, its results read one after the other."""

import json
import subprocess
import sys
from dataclasses import dataclass

from experiments.bench.memory import peak_kib
from experiments.identity import ROOT

BEFORE = 20


@dataclass(frozen=True)
class Resident:
    """The coordinator of one study."""

    results: int
    before_kib: int  # highest resident size after 20 results
    peak_kib: int  # and after all of them


def resident(results: int) -> Resident:
    """A study with that many results, in a fresh process."""
    words = [sys.executable, "-m", "experiments.bench.sweep_memory", str(results)]
    found = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=True)
    return Resident(**json.loads(found.stdout))


def main(results: int) -> None:
    """Prints what this process came to, as JSON."""
    from experiments.bench.sweep_runs import SAME, finish, idling, stored
    from experiments.study.runner import running

    with stored(2) as means, idling(), running(means, "bench") as run:
        finish(run, [SAME._replace(replicate=number) for number in range(BEFORE)])
        before = peak_kib()
        finish(run, [SAME._replace(replicate=number) for number in range(results)])
    print(json.dumps({"results": results, "before_kib": before, "peak_kib": peak_kib()}))


if __name__ == "__main__":
    main(int(sys.argv[1]))
