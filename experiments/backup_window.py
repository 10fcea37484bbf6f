"""How long a night's backup takes: the longest stretch in which some backup was due and not yet over.

A *round* is one job's backups that were due at one moment: from then, whether a backup could begin or not, until the
last of its VMs is done, consolidation included. Rounds of several jobs that overlap are one window, rounds with a pause
between them are several. A round that got through its VMs although backups failed has an end; one that the run's end or
the job's limit cut off has none, and no figure would be true of it. A skipped round makes no window of its own: the
round before it was longer than the interval, and says so.
"""

from collections.abc import Iterable

from models.result import JobRow

NAN = float("nan")
CUT_OFF = ("unfinished", "failed: the job took longer")
"""Beginnings of the outcomes of backups that were not let finish: by the run's end, by the job's limit."""


def backup_window_ns(jobs: Iterable[JobRow]) -> float:
    """The longest window, ns; nan where there is none or a round was cut off."""
    rounds: dict[tuple[str, int], tuple[int, int]] = {}
    for row in jobs:
        if row.outcome.startswith("skipped"):
            continue
        if row.outcome.startswith(CUT_OFF):
            return NAN
        key = (row.job, row.ordinal)
        _, end = rounds.get(key, (0, 0))
        rounds[key] = (row.scheduled_ns, max(end, row.end_ns))
    spans = sorted(rounds.values())
    covered: list[tuple[int, int]] = []
    for start, end in spans:
        if covered and start <= covered[-1][1]:
            start, end = covered[-1][0], max(covered.pop()[1], end)
        covered.append((start, end))
    return float(max((end - start for start, end in covered), default=NAN))
