"""Law: a run's bytes do not depend on the process that made them, nor on its hash seed."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
PROGRAM = """
import hashlib, pickle, sys
sys.path[:0] = [{root!r}, {tests!r}]
from experiments.scenario import build
from models.run import simulate
from worlds import CROWD
for arm in {arms!r}:
    print(arm, hashlib.sha256(pickle.dumps(simulate(build(CROWD), arm, 0))).hexdigest())
"""


def digests(hash_seed: str, arms: list[str]) -> list[str]:
    program = PROGRAM.format(root=str(ROOT), tests=str(Path(__file__).parents[1]), arms=arms)
    done = subprocess.run(
        [sys.executable, "-c", program], env={"PYTHONHASHSEED": hash_seed}, capture_output=True, text=True, check=True
    )
    return sorted(done.stdout.splitlines())


def test_a_hash_seed_and_the_order_of_the_arms_cannot_be_seen() -> None:
    first = digests("0", ["none", "vadp", "vaio", "both"])
    assert len({line.split()[1] for line in first}) == 4  # the arms differ
    assert digests("4294967295", ["both", "vaio", "none", "vadp"]) == first
