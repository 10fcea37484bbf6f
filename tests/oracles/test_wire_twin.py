"""A cut link against twins that live through it nanosecond by nanosecond."""

from hypothesis import given
from hypothesis import strategies as st

from models.mechanisms.wire import sent_at, wire
from models.outages import Cut, plan

GAPS = st.lists(st.tuples(st.integers(1, 20), st.integers(1, 30)), max_size=4)
FAR = 1 << 60


def outages_of(gaps: list[tuple[int, int]], start: int = 0) -> list[tuple[int, int]]:
    """(start, end) one after the other."""
    out, at = [], start
    for gap, length in gaps:
        out.append((at + gap, at + gap + length))
        at += gap + length
    return out


def lived(outages: list[tuple[int, int]], timeout: int, retry: int, most: int, round_trip: int) -> list[Cut]:
    """The sender's days: it waits, gives up, probes; a probe needs the link at its beginning, its end and between."""

    def down(now: int) -> bool:
        return any(start <= now < end for start, end in outages)

    found, now, end = [], 0, max((end for _, end in outages), default=0)
    while now < end:
        if not down(now):
            now += 1
            continue
        cut, lost, probes, whole = now, -1, 0, now
        while True:
            if lost < 0 and not down(now):
                found.append(Cut(cut, now, -1, now, 0))
                break
            if lost < 0 and now - cut == timeout:
                lost = now
                due = now + min(retry, most)
            if lost >= 0 and now == due:
                probes += 1
                if not any(down(then) for then in range(now, now + round_trip + 1)):
                    found.append(Cut(cut, whole, lost, now + round_trip, probes))
                    now += round_trip
                    break
                due = now + min((probes + 1) * retry, most)
            now += 1
            whole = now if down(now - 1) else whole
    return found


@given(GAPS, st.integers(0, 20), st.integers(1, 9), st.integers(1, 15), st.integers(0, 5))
def test_what_a_cut_means_for_the_sender(
    gaps: list[tuple[int, int]], timeout: int, retry: int, most: int, round_trip: int
) -> None:
    outages = outages_of(gaps)
    found = plan(outages, timeout, retry, most, round_trip)
    assert found == lived(outages, timeout, retry, most, round_trip)
    far = plan([(start + FAR, end + FAR) for start, end in outages], timeout, retry, most, round_trip)
    assert far == [
        Cut(c.cut + FAR, c.restored + FAR, c.lost + FAR if c.lost >= 0 else -1, c.back + FAR, c.probes) for c in found
    ]


def crossed(without: list[tuple[int, int]], begins: int, ns: int) -> int:
    """It begins as early as it can where the link is whole for so long, or for an instant."""
    start = begins
    while any(first <= now < last for now in range(start, start + max(ns, 1)) for first, last in without):
        start += 1
    return start + ns


@given(GAPS, st.lists(st.tuples(st.integers(0, 25), st.integers(0, 12)), max_size=20), st.sampled_from([0, FAR]))
def test_what_is_being_sent_at_a_cut_begins_again(
    gaps: list[tuple[int, int]], things: list[tuple[int, int]], start: int
) -> None:
    without = outages_of(gaps, start)
    state = wire([cut for cut, _ in without], [back for _, back in without])
    now = start
    for gap, ns in things:
        now += gap
        sent = sent_at(state, now, ns)
        assert sent == crossed(without, now, ns)
        now = sent
