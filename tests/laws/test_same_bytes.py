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
from test_same_bytes import DOCUMENT
for arm in {arms!r}:
    print(arm, hashlib.sha256(pickle.dumps(simulate(build(DOCUMENT), arm, 0))).hexdigest())
"""
DOCUMENT = {
    "name": "two", "run": {"duration": "1800 ms"}, "filter": {"f": {"distribution": "exponential"}},
    "host": {"h1": {}, "h2": {"scheduler": "fifo"}},
    "datastore": {"gold": {"servers": 2, "device_queue_depth": 4, "iops": "900 iops"}, "tin": {"servers": 1}},
    "vm": {
        name: {
            "count": 2, "host": host, "filters": ["f"],
            "disk": [{"size": "8 MiB", "datastore": "gold"}, {"size": "5 MiB", "datastore": "tin"}],
            "workload": [{"rate": "80 iops", "read": "30 %", "sizes": {"4 KiB": 2, "6 KiB": 1}}, {"kind": "closed"}],
        }
        for name, host in (("a", "h1"), ("b", "h2"))
    },
    "protection": {
        "vadp": {"job": {"vms": ["a", "b"], "interval": "1 s", "disk_open": "50 ms", "parallel_vms": 2}},
        "vaio": {"copy": {"vms": ["a"], "link": "100 kB/s", "buffer": "64 KiB"}},
    },
    "snapshots": {"api": "10 ms"},
}  # fmt: skip


def digests(hash_seed: str, arms: list[str]) -> list[str]:
    program = PROGRAM.format(root=str(ROOT), tests=str(Path(__file__).parent), arms=arms)
    done = subprocess.run(
        [sys.executable, "-c", program], env={"PYTHONHASHSEED": hash_seed}, capture_output=True, text=True, check=True
    )
    return sorted(done.stdout.splitlines())


def test_a_hash_seed_and_the_order_of_the_arms_cannot_be_seen() -> None:
    first = digests("0", ["none", "vadp", "vaio", "both"])
    assert len({line.split()[1] for line in first}) == 4  # the arms differ
    assert digests("4294967295", ["both", "vaio", "none", "vadp"]) == first
