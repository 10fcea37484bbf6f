"""What few replications do to an interval: how often it held the truth where the truth is known."""

from typing import NamedTuple

ENOUGH = 30


class Covered(NamedTuple):
    """Of 95 % intervals over so many replications, the share that held the truth."""

    mean: float  # of the mean latency
    p99: float  # of the p99 of runs of that length: more skewed


MEASURED = {
    2: Covered(0.947, 0.942),
    3: Covered(0.939, 0.926),
    5: Covered(0.940, 0.920),
    10: Covered(0.937, 0.929),
    20: Covered(0.945, 0.943),
    30: Covered(0.947, 0.946),
}
"""By number of replications, on M/M/1 at load 0.8 with replications of 2,000 I/Os: `python -m
experiments.validate.coverage` measures it, a slow test holds this table against that."""


def coverage_note(replications: int) -> str:
    """What to know about intervals over so few replications, one sentence; '' from 30 on."""
    if replications >= ENOUGH:
        return ""
    if replications < 2:
        return "One replication gives no interval: nothing here is settled."
    known = max(count for count in MEASURED if count <= replications)
    covered = MEASURED[known]
    return (
        f"{replications} replications are few: on a queue with known answers 95 % intervals over {known} held the mean "
        f"in {covered.mean:.1%} and the p99 in {covered.p99:.1%} of all cases; rare events, such as stuns, "
        f"do worse. From {ENOUGH} on they keep their word."
    )
