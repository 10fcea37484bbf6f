"""Resident memory of the compiled path: the canonical case in a process of its own, short and long.

A result has a row for each VM and interval, so both runs have the same number of intervals; what is left to grow is
what the I/Os themselves leave behind.
"""

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from experiments.bench.canonical import RATE, canonical
from experiments.identity import ROOT

INTERVALS = 100
STATUS = Path("/proc/self/status")


@dataclass(frozen=True)
class Resident:
    """One run."""

    ios: int
    before_kib: int  # highest resident size before it: Python, its libraries, the compiled loop
    peak_kib: int  # and at its end


def resident(ios: int) -> Resident:
    """About that many I/Os in a fresh process."""
    words = [sys.executable, "-m", "experiments.bench.memory", str(ios)]
    found = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=True)
    return Resident(**json.loads(found.stdout))


def peak_kib() -> int:
    """The highest resident size of this process so far."""
    if STATUS.is_file():
        for line in STATUS.read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1])
    import resource

    size = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return size // 1024 if sys.platform == "darwin" else size


def main(ios: int) -> None:
    """Prints what this process came to, as JSON."""
    from experiments.bench.runs import guest_ios
    from models.run import simulate

    simulate(canonical("fifo", 0.1, seed=1), "none", 0, "compiled")
    before, seconds = peak_kib(), ios / RATE
    result = simulate(canonical("fifo", seconds, seed=1, interval_s=seconds / INTERVALS), "none", 0, "compiled")
    print(json.dumps({"ios": guest_ios(result), "before_kib": before, "peak_kib": peak_kib()}))


if __name__ == "__main__":
    main(int(sys.argv[1]))
