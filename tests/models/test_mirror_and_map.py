"""The mirror's pass and the replication map, step by random step, against what the bytes would be."""

from hypothesis import given
from hypothesis import strategies as st

from models.mechanisms import grains, mirror, replication

GRAINS, COPIERS = 20, 3
STEPS = st.lists(
    st.tuples(st.sampled_from(["take", "finish", "write", "write"]), st.integers(0, GRAINS - 1), st.integers(1, 6)),
    max_size=80,
)


class Bytes:
    """A disk with a delta over a base: the version of each grain's content in both."""

    def __init__(self, first: list[int], chunk: int, table: int) -> None:
        self.map = grains.grain_map(GRAINS, table)
        grains.push(self.map)
        self.base, self.delta = [0] * GRAINS, [0] * GRAINS
        self.version = 0
        for grain in first:
            self.put(grain)
        self.pass_ = mirror.mirror(GRAINS, chunk, COPIERS)
        self.busy: dict[int, tuple[int, int, dict[int, int]]] = {}  # by copier: its chunk and what was read of it
        self.copies = [0] * GRAINS

    def put(self, grain: int) -> None:
        self.version += 1
        self.delta[grain] = self.version
        grains.allocate(self.map, grain)

    def take(self) -> bool:
        copier = next(c for c in range(COPIERS) if c not in self.busy)
        first, last = mirror.take(self.pass_, self.map, copier)
        if first < 0:
            return False
        held = [g for g in range(first, last + 1) if grains.newest(self.map, g)]
        assert held[0] == first
        for grain in held:
            self.copies[grain] += 1
        self.busy[copier] = first, last, {g: self.delta[g] for g in held}
        return True

    def finish(self, which: int) -> None:
        if self.busy:
            copier = sorted(self.busy)[which % len(self.busy)]
            _, _, read = self.busy.pop(copier)
            mirror.copied(self.pass_, copier)
            for grain, version in read.items():
                self.base[grain] = version

    def write(self, first: int, last: int) -> None:
        where = mirror.where(self.pass_, first, last)
        touches = any(first <= b and a <= last for a, b, _ in self.busy.values())
        assert (where == mirror.COPYING) == touches
        if where == mirror.COPYING:
            return  # held until the chunk is done
        for grain in range(first, last + 1):
            self.put(grain)
            if where == mirror.BEHIND:
                self.base[grain] = self.delta[grain]


@given(st.lists(st.integers(0, GRAINS - 1), max_size=12), st.integers(1, 5), st.sampled_from([1, 4, 64]), STEPS)
def test_after_the_pass_the_base_has_every_grain_and_each_was_copied_at_most_once(
    first: list[int], chunk: int, table: int, steps: list[tuple[str, int, int]]
) -> None:
    disk = Bytes(first, chunk, table)
    for kind, a, size in steps:
        if kind == "take" and len(disk.busy) < COPIERS:
            disk.take()
        elif kind == "finish":
            disk.finish(a)
        elif kind == "write":
            disk.write(a, min(a + size - 1, GRAINS - 1))
    while disk.take():
        disk.finish(0)
    while disk.busy:
        disk.finish(0)
    held = [grain for grain in range(GRAINS) if disk.delta[grain]]
    assert [disk.base[grain] for grain in held] == [disk.delta[grain] for grain in held]
    assert max(disk.copies) <= 1
    assert mirror.where(disk.pass_, 0, GRAINS - 1) == mirror.BEHIND


@given(st.sets(st.integers(0, 99)), st.sampled_from([1, 7, 16, 128]), st.integers(0, 99))
def test_the_next_held_grain(held: set[int], table: int, start: int) -> None:
    state = grains.grain_map(100, table)
    grains.push(state)
    for grain in sorted(held, reverse=True):
        grains.allocate(state, grain)
    assert grains.next_held(state, start, 100, 1) == min((g for g in held if g >= start), default=100)
    assert grains.fold(state) == len(held)
    assert grains.next_held(state, start, 100, 1) == 100


# -- the replication map ---------------------------------------------------------------------------------------------

DISKS = [410, 33, 960]
"""41, 4 and 96 extents of 10 bytes: a disk's last word is the next one's first."""
EXTENT = 10
SPLITS = st.lists(
    st.one_of(
        st.tuples(st.just("write"), st.integers(0, 2), st.integers(0, 959), st.integers(1, 400)),
        st.tuples(
            st.sampled_from(["confirm", "drained", "take", "hold", "let go"]), st.just(0), st.just(0), st.just(0)
        ),
    ),
    max_size=60,
)


class SetMap:
    """The dirty map as a set of (disk, extent), and the modes by their definition."""

    def __init__(self, capacity: int, seeded: bool) -> None:
        self.capacity = capacity
        self.mode = replication.IN_ORDER if seeded else replication.FIRST_SYNC
        every = {(disk, e) for disk, size in enumerate(DISKS) for e in range(-(-size // EXTENT))}
        self.dirty = set() if seeded else every
        self.buffer: list[int] = []

    def write(self, disk: int, offset: int, size: int, room: bool) -> bool:
        if self.mode == replication.IN_SYNC or (
            room and self.mode == replication.IN_ORDER and sum(self.buffer) + size <= self.capacity
        ):
            self.buffer.append(size)
            return True
        if self.mode == replication.IN_ORDER:
            self.mode = replication.OVERFLOW
        self.dirty |= {(disk, byte // EXTENT) for byte in range(offset, offset + size)}
        return False


@given(st.integers(1, 900), st.booleans(), SPLITS)
def test_the_map_is_a_set_and_a_run_is_contiguous_dirty_and_on_one_disk(
    capacity: int, seeded: bool, steps: list[tuple[str, int, int, int]]
) -> None:
    group, twin = replication.group(DISKS, EXTENT, capacity, seeded), SetMap(capacity, seeded)
    lost, held = (replication.RESYNC, replication.FIRST_SYNC), False
    for kind, disk, offset, size in steps:
        if kind == "write" and offset < DISKS[disk]:
            size, room = min(size, DISKS[disk] - offset), size % 7 > 0
            assert replication.split(group, disk, offset, size, room) == twin.write(disk, offset, size, room)
        elif kind == "confirm" and twin.buffer:
            replication.confirmed(group, twin.buffer.pop(0))
        elif kind == "drained" and twin.mode == replication.OVERFLOW:
            replication.begin_resync(group)
            twin.mode = replication.RESYNC
        elif kind == "hold" and twin.mode == replication.IN_ORDER:
            replication.turn_sync(group, True)
            twin.mode, held = replication.IN_SYNC, True
        elif kind == "let go" and twin.mode == replication.IN_SYNC:
            replication.turn_sync(group, False)
            twin.mode = replication.IN_ORDER
        elif kind == "take" and twin.mode in lost:
            check_run(group, twin)
            if not twin.dirty:
                replication.order_is_back(group)
                twin.mode = replication.IN_ORDER
        facts = group.facts
        assert facts[replication.MODE] == twin.mode
        assert facts[replication.USED] == sum(twin.buffer)
        assert held or sum(twin.buffer) <= capacity
        assert facts[replication.DIRTY] == len(twin.dirty) == replication.dirty_flags(group)
        assert facts[replication.SPLIT] == facts[replication.BUFFERED] + facts[replication.DIRTIED]


def check_run(group: replication.Group, twin: SetMap) -> None:
    disk, first, extents = replication.take_dirty(group)
    if disk < 0:
        assert not twin.dirty
        return
    run = {(disk, extent) for extent in range(first, first + extents)}
    assert run <= twin.dirty
    assert 1 <= extents <= replication.RUN_EXTENTS
    assert extents == replication.RUN_EXTENTS or (disk, first + extents) not in twin.dirty
    twin.dirty -= run


@given(st.sets(st.integers(0, 99), min_size=1))
def test_the_search_goes_round_so_that_a_busy_extent_starves_none(dirty: set[int]) -> None:
    """Extent 0 is marked again after every take: all others still get their turn."""
    group = replication.group([1000], EXTENT, 1, seeded=True)
    group.facts[replication.MODE] = replication.RESYNC
    for extent in dirty:
        replication.split(group, 0, extent * EXTENT, 1, True)
    seen: set[int] = set()
    for _ in range(101):
        _, first, extents = replication.take_dirty(group)
        seen |= set(range(first, first + extents))
        replication.split(group, 0, 0, 1, True)
    assert dirty <= seen


def test_the_search_for_dirty_extents_goes_round() -> None:
    """An extent that is written again and again does not keep the link from those behind it."""
    s = replication.group([100 * 64], 64, 0, seeded=True)
    for extent in (3, 60):
        replication.split(s, 0, extent * 64, 64, True)
    assert replication.take_dirty(s) == (0, 3, 1)
    replication.split(s, 0, 3 * 64, 64, True)
    assert [replication.take_dirty(s) for _ in range(3)] == [(0, 60, 1), (0, 3, 1), (-1, 0, 0)]
