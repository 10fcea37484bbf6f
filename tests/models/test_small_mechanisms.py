"""Small mechanisms against twins written from their definitions: table cache, changed blocks, buckets, throttle."""

from collections import deque
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.mechanisms import bucket, cbt, tablecache, throttle

# -- grain tables in memory ------------------------------------------------------------------------------------------


class SecondChance:
    """An ordered queue of [key, used]; whoever is at its front and was used goes to the back once."""

    def __init__(self, slots: int) -> None:
        self.slots = slots
        self.queue: deque[list[int]] = deque()

    def look_up(self, key: int) -> bool:
        for entry in self.queue:
            if entry[0] == key:
                entry[1] = 1
                return True
        while len(self.queue) == self.slots:
            entry = self.queue.popleft()
            if entry[1]:
                self.queue.append([entry[0], 0])
        self.queue.append([key, 1])
        return False


@given(st.integers(1, 5), st.lists(st.integers(-1, 7), max_size=80))
def test_the_table_cache_gives_a_second_chance(slots: int, keys: list[int]) -> None:
    cache, twin = tablecache.table_cache(8, slots), SecondChance(slots)
    for key in keys:
        if key < 0:
            tablecache.forget(cache)
            twin = SecondChance(slots)
        else:
            assert tablecache.look_up(cache, key) == twin.look_up(key)
    assert sorted(key for key in cache.key_in if key >= 0) == sorted(entry[0] for entry in twin.queue)


@given(st.lists(st.integers(0, 7), max_size=40), st.integers(0, 7))
def test_after_forgetting_nothing_is_in_memory(keys: list[int], key: int) -> None:
    cache = tablecache.table_cache(8, 3)
    for one in keys:
        tablecache.look_up(cache, one)
    tablecache.forget(cache)
    assert not tablecache.look_up(cache, key)
    assert tablecache.look_up(cache, key)


def test_without_slots_everything_is_in_memory() -> None:
    cache = tablecache.table_cache(0, 0)
    assert all(tablecache.look_up(cache, key) for key in range(100))


# -- changed blocks --------------------------------------------------------------------------------------------------

WRITES = st.lists(st.one_of(st.none(), st.tuples(st.integers(0, 3999), st.integers(1, 300))), max_size=40)
"""Writes (offset, size) of a disk of 4,000 bytes, and cuts (None): at 1 byte a block that is 4 pages."""


@given(WRITES, st.sampled_from([1, 3, 7, 64, 1000, 4096]))
def test_changed_blocks_are_those_written_since_the_given_cut(steps: list[tuple[int, int] | None], block: int) -> None:
    tracking = cbt.cbt(block, 4000)
    since: dict[int, set[int]] = {0: set()}  # by changeId: blocks written after it
    for step in steps:
        if step is None:
            since[cbt.cut(tracking)] = set()
        else:
            offset, size = step[0], min(step[1], 4000 - step[0])
            cbt.mark(tracking, offset, size)
            touched = {byte // block for byte in range(offset, offset + size)}
            for blocks in since.values():
                blocks |= touched
    for change_id, blocks in since.items():
        found = cbt.changed(tracking, change_id)
        assert found == sorted(blocks)
        assert cbt.extents(found) == sum(1 for one in blocks if one - 1 not in blocks)
    pages = {block // cbt.PAGE_BLOCKS for block in since[0]}
    assert len(tracking.pool) == len(pages) * cbt.PAGE_BLOCKS


@given(st.integers(1, 1000), st.integers(1, 200), st.integers(1, 200), st.data())
def test_the_tools_blocks_cover_the_changed_bytes_of_the_disk_and_no_more(
    size: int, block: int, tool: int, data: st.DataObject
) -> None:
    every = range(-(-size // block))
    blocks = sorted(data.draw(st.sets(st.sampled_from(every))))
    bytes_changed = {byte for b in blocks for byte in range(b * block, min((b + 1) * block, size))}
    assert cbt.covering(blocks, block, tool, size) == sorted({byte // tool for byte in bytes_changed})


# -- rate caps -------------------------------------------------------------------------------------------------------

STARTS = (0, 1 << 61)
"""Clock times: at the start, and beyond any run."""


@given(
    st.integers(0, 50),
    st.lists(st.tuples(st.integers(0, 30), st.integers(0, 40)), max_size=40),
    st.sampled_from(STARTS),
)
def test_a_bucket_is_a_bucket_of_tokens(depth: int, steps: list[tuple[int, int]], start: int) -> None:
    """Tokens of one ns drip in every ns, at most `depth` of them; work takes its cost and waits while they are owed."""
    cap, tokens, now = bucket.bucket(depth), depth, start
    for gap, cost in steps:
        now += gap
        tokens = min(depth, tokens + gap) - cost
        assert bucket.admit(cap, now, cost) == now + max(0, -tokens)


@given(
    st.one_of(st.integers(0, 2**33 - 1), st.just(2**33 - 1)), st.one_of(st.integers(1, 2**58 - 1), st.just(2**58 - 1))
)
def test_a_transfer_takes_its_time_to_the_nearest_ns(size: int, rate: int) -> None:
    exact = Fraction(size * 10**9, rate)
    assert abs(bucket.transfer_ns(size, rate) - exact) <= Fraction(1, 2)
    assert bucket.transfer_ns(size, 0) == 0
    assert size * 10**9 + rate // 2 < 2**63  # as its bound says


# -- DSNRO and the device queue --------------------------------------------------------------------------------------

FLOWS = 3


class SlowThrottle:
    """Counts everything anew at each question; time at DSNRO is a list of instants."""

    def __init__(self, depth: int, dsnro: int) -> None:
        self.depth, self.dsnro = depth, dsnro
        self.queued, self.outstanding = [0] * FLOWS, [0] * FLOWS
        self.capped_ns = [0] * FLOWS

    def capped(self, flow: int) -> bool:
        competing = sum(1 for f in range(FLOWS) if self.queued[f] + self.outstanding[f])
        return competing > 1 and self.outstanding[flow] >= self.dsnro

    def pass_time(self, ns: int) -> None:
        for flow in range(FLOWS):
            self.capped_ns[flow] += ns * self.capped(flow)


@given(
    st.integers(1, 6),
    st.integers(1, 4),
    st.lists(st.tuples(st.integers(0, 5), st.sampled_from("qic"), st.integers(0, FLOWS - 1)), max_size=120),
)
def test_the_throttle_counts_as_its_slow_twin(depth: int, dsnro: int, steps: list[tuple[int, str, int]]) -> None:
    state, twin, now = throttle.throttle(FLOWS, depth, dsnro), SlowThrottle(depth, dsnro), 0
    for gap, kind, flow in steps:
        now += gap
        twin.pass_time(gap)
        if kind == "q":
            throttle.enqueued(state, flow, now)
            twin.queued[flow] += 1
        elif kind == "i" and twin.queued[flow] and state.room[flow] and throttle.has_slot(state):
            throttle.issued(state, flow, now)
            twin.queued[flow] -= 1
            twin.outstanding[flow] += 1
        elif kind == "c" and twin.outstanding[flow]:
            throttle.completed(state, flow, now)
            twin.outstanding[flow] -= 1
        assert throttle.has_slot(state) == (sum(twin.outstanding) < depth)
        for one in range(FLOWS):
            assert state.room[one] == (not twin.capped(one))
            assert throttle.capped_time(state, one, now) == twin.capped_ns[one]


@pytest.mark.parametrize("dsnro", [1, 32])
def test_alone_a_flow_is_not_capped(dsnro: int) -> None:
    state = throttle.throttle(2, 64, dsnro)
    for _ in range(40):
        throttle.enqueued(state, 0, 0)
        throttle.issued(state, 0, 0)
    assert state.room == [1, 1]
    throttle.enqueued(state, 1, 5)
    assert state.room == [0, 1]


def test_a_table_that_was_used_again_gets_a_second_chance() -> None:
    s = tablecache.table_cache(9, 3)
    assert [tablecache.look_up(s, key) for key in (0, 1, 2, 3)] == [False] * 4  # 3 in the place of 0, all marks taken
    assert tablecache.look_up(s, 1)
    assert not tablecache.look_up(s, 4)  # in the place of 2: the hand has passed over 1
    assert [tablecache.look_up(s, key) for key in (3, 1, 4)] == [True] * 3
