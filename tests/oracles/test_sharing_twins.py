"""What hosts share, against twins that count everything anew: DSNRO's rules, QUEUE FULL, credits, cache, PARDA."""

from fractions import Fraction
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.mechanisms import bucket, parda, queuefull, throttle, writecache

FLOWS = 3
STEPS = st.lists(st.tuples(st.integers(0, 5), st.sampled_from("qqiiic"), st.integers(0, FLOWS - 1)), max_size=160)
Rule = tuple[bool, int, int]
"""(the sum of all flows, switches: 0 by competition, requests)"""
RULES = st.tuples(st.booleans(), st.integers(0, 3), st.integers(1, 4))


class RetoldThrottle:
    """Knows only what has happened: the queues, and the flows in the order in which they were issued."""

    def __init__(self, dsnro: int, rule: Rule) -> None:
        self.dsnro, (self.together, self.switches, self.requests) = dsnro, rule
        self.queued, self.outstanding, self.issued = [0] * FLOWS, [0] * FLOWS, list[int]()
        self.capped_ns = [0] * FLOWS

    def acts(self) -> bool:
        if not self.switches:
            return sum(1 for f in range(FLOWS) if self.queued[f] + self.outstanding[f]) > 1
        acting, switched = False, 0
        for n, flow in enumerate(self.issued):
            last = self.issued[max(0, n + 1 - self.requests) : n + 1]
            switched += n > 0 and self.issued[n - 1] != flow
            if last == [flow] * self.requests:
                acting, switched = False, 0
            elif switched >= self.switches:
                acting = True
        return acting

    def capped(self, flow: int) -> bool:
        held = sum(self.outstanding) if self.together else self.outstanding[flow]
        return self.acts() and held >= self.dsnro


@given(st.integers(1, 6), st.integers(1, 4), RULES, STEPS)
def test_dsnro_by_each_rule_and_reading_counts_as_its_twin(
    depth: int, dsnro: int, rule: Rule, steps: list[tuple[int, str, int]]
) -> None:
    together, switches, requests = rule
    state = throttle.throttle(FLOWS, depth, dsnro, together, switches, requests)
    twin, now = RetoldThrottle(dsnro, rule), 0
    for gap, kind, flow in steps:
        now += gap
        for one in range(FLOWS):
            twin.capped_ns[one] += gap * twin.capped(one)
        if kind == "q":
            throttle.enqueued(state, flow, now)
            twin.queued[flow] += 1
        elif kind == "i" and twin.queued[flow] and state.room[flow] and throttle.has_slot(state):
            throttle.issued(state, flow, now)
            twin.queued[flow] -= 1
            twin.outstanding[flow] += 1
            twin.issued.append(flow)
        elif kind == "c" and twin.outstanding[flow]:
            throttle.completed(state, flow, now)
            twin.outstanding[flow] -= 1
        assert throttle.has_slot(state) == (sum(twin.outstanding) < depth)
        for one in range(FLOWS):
            assert state.room[one] == (not twin.capped(one))
            assert throttle.capped_time(state, one, now) == twin.capped_ns[one]


def test_six_switches_and_dsnro_acts_until_128_of_one_disk() -> None:
    state = throttle.throttle(2, 256, 2, False, 6, 128)
    acts = []
    for flow in [0, 1] * 4 + [0] * 127 + [1] + [0] * 128 + [1, 0] * 3:
        throttle.enqueued(state, flow, 0)
        throttle.issued(state, flow, 0)
        throttle.completed(state, flow, 0)
        acts.append(state.device[throttle.THROTTLED])
    assert acts == [0] * 6 + [1] * (2 + 127 + 1 + 127) + [0] * 6 + [1]  # the seventh is the sixth switch, and so again


def test_each_of_what_makes_the_queue_shallow_holds() -> None:
    state = throttle.throttle(1, 8, 99)
    depths = []
    for change, slots in ((throttle.adapt, 4), (throttle.widen, 6), (throttle.widen, 3), (throttle.adapt, 2),
                          (throttle.widen, 3), (throttle.adapt, 8), (throttle.widen, 8)):  # fmt: skip
        change(state, slots)
        depths.append(state.device[throttle.DEPTH])
    assert depths == [4, 4, 3, 2, 2, 3, 8]


# -- QUEUE FULL -------------------------------------------------------------------------------------------------------


def retold_depths(depth: int, sample: int, threshold: int, reading: str, statuses: list[bool]) -> list[int]:
    """The depth after each status, from the lists of statuses since the last change or judgement."""
    now, judged, good, depths = depth, list[bool](), 0, []
    for refused in statuses:
        judged.append(refused)
        if not refused and now < depth:
            good += 1
            if good == threshold:
                now, good = now + 1, 0
        over = len(judged) == sample if reading == "samples" else judged.count(True) == sample
        if over:
            if reading == "refusals" or judged.count(True) >= threshold:
                now, good = max(1, now // 2), 0
            judged = []
        depths.append(now)
    return depths


@given(
    st.integers(1, 70), st.integers(1, 9), st.integers(1, 5), st.sampled_from(["samples", "refusals"]),
    st.lists(st.sampled_from([True, False, False]), max_size=300),
)  # fmt: skip
def test_the_queue_depth_after_refusals_is_its_twins(
    depth: int, sample: int, threshold: int, reading: Literal["samples", "refusals"], statuses: list[bool]
) -> None:
    state = queuefull.queue_full(depth, sample, threshold, reading == "samples")
    found = [queuefull.answered(state, int(refused)) for refused in statuses]
    assert found == retold_depths(depth, sample, threshold, reading, statuses)


def test_without_a_sample_the_depth_stays() -> None:
    state = queuefull.queue_full(64, 0, 8, by_statuses=True)
    assert {queuefull.answered(state, 1) for _ in range(999)} == {64}


# -- burst credits, cache ---------------------------------------------------------------------------------------------


@given(st.integers(0, 60), st.integers(0, 60), st.lists(st.tuples(st.integers(0, 30), st.integers(0, 40)), max_size=40))
def test_what_is_left_of_a_bucket_is_its_tokens(depth: int, owed: int, steps: list[tuple[int, int]]) -> None:
    owed = min(depth, owed)
    cap, tokens, now = bucket.bucket(depth, owed), depth - owed, 0
    for gap, cost in steps:
        now += gap
        tokens = min(depth, tokens + gap)
        assert bucket.left(cap, now) == max(0, tokens)
        tokens -= cost
        bucket.admit(cap, now, cost)
        assert bucket.left(cap, now) == max(0, tokens)


@given(st.integers(1, 50), st.integers(1, 4), st.lists(st.tuples(st.sampled_from("tbc"), st.integers(1, 20))))
def test_a_write_cache_holds_what_was_taken_and_not_cleaned(
    size: int, destagers: int, steps: list[tuple[str, int]]
) -> None:
    cache, held, under_way = writecache.write_cache(size, destagers), list[int](), 0
    for kind, amount in steps:
        if kind == "t":
            fits = sum(held) + amount <= size
            assert writecache.take(cache, amount) == fits
            held += [amount] * fits
        elif kind == "b":
            assert writecache.begin(cache) == (under_way < destagers)
            under_way = min(destagers, under_way + 1)
        elif under_way and held:
            writecache.clean(cache, held.pop(0))
            under_way -= 1
        facts = cache.facts
        assert facts[writecache.HELD] == sum(held) == facts[writecache.TAKEN] - facts[writecache.CLEANED]


# -- PARDA ------------------------------------------------------------------------------------------------------------


@given(st.integers(1, 256 * 10**6), st.integers(1, 10**9), st.integers(0, 20 * 10**6), st.integers(0, 10**6))
def test_a_window_is_pardas_formula_rounded_down(before: int, latency: int, claim: int, gain: int) -> None:
    g, exact = Fraction(gain, 10**6), Fraction(30 * 10**6 * before, latency)
    wanted = (1 - g) * before + g * (exact + claim)
    found = parda.window(before, latency, 30 * 10**6, claim, gain, 0, 1 << 80)
    assert wanted - 2 < found <= wanted
    assert parda.window(before, latency, 30 * 10**6, claim, gain, 5, 9) == min(9, max(5, found))


def test_the_fixed_point_is_pardas() -> None:
    """An array of T I/Os a second and four equal hosts: Lavg = L + 4 / T and w = 1 + T L / 4, from anywhere."""
    windows, seconds = [32 * 10**6, 5 * 10**6, 9 * 10**6, 60 * 10**6], 3_350
    for _ in range(500):  # differences between hosts shrink by 3 % in each
        latency = sum(windows) * 1_000 // seconds
        windows = [parda.window(w, latency, 30 * 10**6, 10**6, 800_000, 10**6, 1 << 60) for w in windows]
    assert latency == pytest.approx(30 * 10**6 + 4 * 10**9 / seconds, rel=1e-5)
    assert windows == pytest.approx([(1 + seconds * 0.030 / 4) * 10**6] * 4, rel=1e-5)


@pytest.mark.parametrize(("before", "weight", "mean"), [(0, 1, 90), (30, 500_000, 60), (30, 10**6, 90)])
def test_a_mean_latency_is_smoothed(before: int, weight: int, mean: int) -> None:
    assert parda.smoothed(before, 90, weight) == mean
