"""A host's answer to QUEUE FULL: the device's depth is halved, and grows by one at a time as long as all goes well.

Sources differ in what halves it. By statuses: so many of them are a sample, and a sample with at least THRESHOLD
refusals is congestion (text of the options QFullSampleSize and QFullThreshold). By refusals: so many refusals are
congestion, however many good statuses lie between (KB on LUN queue depth throttling). In both readings THRESHOLD good
statuses give one slot back, up to the original depth, counted anew after each change.
"""

from typing import NamedTuple

from sim.mechanism import mechanism

SAMPLE, THRESHOLD, BY_STATUSES, ORIGINAL, DEPTH, SEEN, REFUSED, GOOD = range(8)


class QueueFull(NamedTuple):
    """`facts`: the settings, the depth as it was and as it is, and what was counted since it was decided last."""

    facts: list[int]


def queue_full(depth: int, sample: int, threshold: int, by_statuses: bool) -> QueueFull:
    """A device of that depth that was never refused; `sample` 0: its depth stays as it is."""
    return QueueFull([sample, threshold, int(by_statuses), depth, depth, 0, 0, 0])


@mechanism
def answered(s: QueueFull, refused: int) -> int:
    """The depth after one more status: a refusal (1) or a good one (0). A halved depth is at least 1.

    A good status first gives its slot back; then, if it ends a sample, the sample is judged.
    """
    if not s.facts[SAMPLE]:
        return s.facts[DEPTH]
    s.facts[SEEN] += 1
    if refused:
        s.facts[REFUSED] += 1
    elif s.facts[DEPTH] < s.facts[ORIGINAL]:
        s.facts[GOOD] += 1
        if s.facts[GOOD] == s.facts[THRESHOLD]:
            s.facts[GOOD] = 0
            s.facts[DEPTH] += 1
    counted, enough = s.facts[REFUSED], s.facts[SAMPLE]
    if s.facts[BY_STATUSES]:
        counted, enough = s.facts[SEEN], s.facts[THRESHOLD]
    if counted >= s.facts[SAMPLE]:
        if s.facts[REFUSED] >= enough:
            s.facts[DEPTH] = max(1, s.facts[DEPTH] // 2)
            s.facts[GOOD] = 0
        s.facts[SEEN] = 0
        s.facts[REFUSED] = 0
    return s.facts[DEPTH]
