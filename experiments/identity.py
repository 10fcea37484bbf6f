"""What makes a result this result: scenario, trace digests, seed, replications, arms, version and source of the engine.

Leaves out whatever must not change a result: engine, workers, wall time, paths. numpy's version is written beside a
result (`experiments.output`) but is not part of its identity.
"""

import hashlib
import json
from pathlib import Path

from models.scenario import Scenario

VERSION = "0.1.0"
ROOT = Path(__file__).resolve().parents[1]


def source_hash(root: Path = ROOT) -> str:
    """BLAKE2b (32 hex digits) of the path and text of every Python file in `sim` and `models`."""
    digest = hashlib.blake2b(digest_size=16)
    for path in sorted((*(root / "sim").rglob("*.py"), *(root / "models").rglob("*.py"))):
        text = path.read_bytes()
        digest.update(f"{path.relative_to(root).as_posix()}\0{len(text)}\0".encode())
        digest.update(text)
    return digest.hexdigest()


def trace_digests(scenario: Scenario) -> dict[str, str]:
    """The digest of each trace, by "<VM>/<workload>"."""
    return {
        f"{vm.name}/{workload.name}": workload.trace.digest
        for vm in scenario.vms
        for workload in vm.workloads
        if workload.trace is not None
    }


def trace_speeds(scenario: Scenario) -> dict[str, int]:
    """By digest, the speed of each trace that is not replayed as fast as it was recorded, in thousandths.

    Digests are of what is replayed: whoever has the file needs the speed to come to them.
    """
    traces = [workload.trace for vm in scenario.vms for workload in vm.workloads if workload.trace is not None]
    return {trace.digest: trace.speed_milli for trace in traces if trace.speed_milli != 1000}


def result_hash(scenario: Scenario, source: str, first: int = 0) -> str:
    """Ten hex digits that name the result of this scenario, run by the engine whose source hash is `source`.

    `first` is the number of its first replication.
    """
    identity = {
        "scenario": scenario.identity,
        "traces": trace_digests(scenario),
        "seed": scenario.run.seed,
        "replications": scenario.run.replications,
        "arms": scenario.arms,
        "version": VERSION,
        "source": source,
    } | ({"first": first} if first else {})
    text = json.dumps(identity, sort_keys=True, separators=(",", ":"))
    return hashlib.blake2b(text.encode(), digest_size=5).hexdigest()
