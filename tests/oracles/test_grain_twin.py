"""The grain map against its dictionary twin: the same writes, the same answers."""

from hypothesis import given
from hypothesis import strategies as st

from models.mechanisms import grains
from tests.oracles.twins import DictChain

GRAINS, GRAIN_BYTES = 96, 4096
SECTOR = 512
SPAN = GRAINS * GRAIN_BYTES

ios = st.tuples(st.integers(0, SPAN // SECTOR - 1), st.integers(1, 128)).map(
    lambda io: (io[0] * SECTOR, min(io[1] * SECTOR, SPAN - io[0] * SECTOR))
)
steps = st.lists(st.one_of(st.just("push"), st.just("fold"), st.integers(0, 3), ios), max_size=60)


@given(steps, st.integers(1, 40), ios)
def test_grain_map_agrees_with_dictionaries(history: list[object], table_grains: int, read: tuple[int, int]) -> None:
    twin, under = DictChain(GRAIN_BYTES), grains.grain_map(GRAINS, table_grains)
    for step in history:
        if step == "push":
            twin.push()
            grains.push(under)
        elif step == "fold":
            assert grains.fold(under) == sum(len(delta) for delta in twin.deltas)
            twin = DictChain(GRAIN_BYTES)
        elif isinstance(step, int):
            levels = min(step, len(twin.deltas))
            assert grains.fold_below(under, levels) == sum(len(delta) for delta in twin.deltas[:levels])
            del twin.deltas[:levels]
        elif twin.deltas and isinstance(step, tuple):
            touched = twin.grains(*step)
            new = [grain for grain in touched if grains.allocate(under, grain)]
            assert new == twin.write(*step)
    _same(twin, under, read)


@given(st.lists(st.lists(ios, max_size=12), max_size=8), st.sampled_from([1, 8, 40]), ios)
def test_pages_given_back_are_clean_and_are_used_before_new_ones(
    rounds: list[list[tuple[int, int]]], table_grains: int, read: tuple[int, int]
) -> None:
    """Each round is a delta that is folded at its end: memory is that of the round that touched most tables."""
    under, most = grains.grain_map(GRAINS, table_grains), 0
    for writes in rounds:
        twin = DictChain(GRAIN_BYTES)
        twin.push()
        grains.push(under)
        for write in writes:
            for grain in twin.write(*write):
                assert grains.allocate(under, grain)
        _same(twin, under, read)
        most = max(most, len({grain // table_grains for grain in twin.deltas[0]}))
        assert len(under.pool) == most * (2 * table_grains + 1)
        assert grains.fold(under) == len(twin.deltas[0])
        assert grains.copies(under) == 0


@given(st.lists(ios, min_size=grains.MAX_DEPTH, max_size=grains.MAX_DEPTH), ios)
def test_the_deepest_chain(writes: list[tuple[int, int]], read: tuple[int, int]) -> None:
    twin, under = DictChain(GRAIN_BYTES), grains.grain_map(GRAINS, 16)
    for write in writes:
        twin.push()
        grains.push(under)
        for grain in twin.write(*write):
            assert grains.allocate(under, grain)
    assert grains.depth(under) == grains.MAX_DEPTH
    _same(twin, under, read)


def test_what_stays_above_a_merge_keeps_its_counts_and_the_rest_its_pages_gives_back() -> None:
    """Three deltas of 1, 2 and 3 grains; the lowest one goes, then the next, then the last has nothing of table 0."""
    under = grains.grain_map(GRAINS, 8)
    for held in ((0,), (0, 1), (8, 9, 10)):
        grains.push(under)
        assert [grains.allocate(under, grain) for grain in held] == [True] * len(held)
    pages = len(under.pool)
    assert grains.fold_below(under, 1) == 1
    assert (under.allocated[1:3], under.tabled[1:3]) == ([2, 3], [1, 1])
    assert grains.fold_below(under, 1) == 2
    assert (under.allocated[1], under.page_of[0]) == (3, -1)
    grains.allocate(under, 95)
    assert len(under.pool) == pages, "the page of table 0 serves the table that is touched next"


def _same(twin: DictChain, under: grains.GrainMap, read: tuple[int, int]) -> None:
    depth = len(twin.deltas)
    assert grains.depth(under) == depth
    assert grains.copies(under) == under.facts[grains.TOTAL] == sum(len(delta) for delta in twin.deltas)
    assert under.allocated[1 : depth + 1] == [len(delta) for delta in twin.deltas]
    tables = [{grain // under.facts[grains.TABLE_GRAINS] for grain in delta} for delta in twin.deltas]
    assert under.tabled[1 : depth + 1] == [len(found) for found in tables]
    assert [grains.newest(under, g) for g in range(GRAINS)] == [twin.find(g)[0] for g in range(GRAINS)]
    touched = twin.grains(*read)
    assert grains.runs(under, touched[0], touched[-1]) == twin.runs(*read)
    for below in range(depth + 1):
        assert grains.runs_below(under, touched[0], touched[-1], below) == twin.runs_below(*read, below)
    for table in range(under.facts[grains.TABLES]):
        inside = range(table * under.facts[grains.TABLE_GRAINS], (table + 1) * under.facts[grains.TABLE_GRAINS])
        assert grains.table_is_empty(under, table) == (not any(twin.find(g)[0] for g in inside))
    held = [g for g in range(GRAINS) if twin.find(g)[0]]
    for start in range(GRAINS):
        assert grains.next_held(under, start, GRAINS, depth) == next((g for g in held if g >= start), GRAINS)
    for level in range(depth + 1):
        held = [g for g in range(GRAINS) if twin.find(g, level)[0]]
        for start in range(0, GRAINS, 7):
            assert grains.next_held(under, start, GRAINS, level) == next((g for g in held if g >= start), GRAINS)


def test_a_wrong_twin_is_caught() -> None:
    """Positive control: the comparison sees one missing grain."""
    twin, under = DictChain(GRAIN_BYTES), grains.grain_map(GRAINS, 16)
    twin.push()
    grains.push(under)
    twin.write(0, 4 * GRAIN_BYTES)
    for grain in (0, 1, 2):
        grains.allocate(under, grain)
    caught = False
    try:
        _same(twin, under, (0, 4 * GRAIN_BYTES))
    except AssertionError:
        caught = True
    assert caught
