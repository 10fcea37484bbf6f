"""The compiled measures, and the lists they stand on, against the Python classes they are twins of.

One function is compiled for all of it: it takes a table of operations over a real flat memory, one after the other.
"""

import random
from collections import deque
from collections.abc import Callable, Iterable
from functools import cache
from heapq import heappop, heappush
from unittest.mock import patch

import numba
import numpy as np
import pytest
from worlds import world

from models.compiled import books, histogram, layout, lists, probe, risk
from models.compiled.conductor import advance
from models.compiled.engine import Conducted, Engine
from models.compiled.ledgers import Book, Meter, Recorder, new_histogram
from models.compiled.ledgers import histogram as read_back
from models.measure.door import DoorProbe
from models.measure.risk import RiskMeter
from sim import compiling
from sim.flat import memory_of
from sim.histogram import Histogram, Ramps, bucket_low, bucket_of
from sim.mechanism import register_all

Step = tuple[int, ...]
OPERANDS = 7
(
    ADD, ADD_WEIGHTED, ADD_PRODUCT, BUCKET_OF, BUCKET_LOW, RAMP, CHANGE, TOOK, PASSED, STUN, FINISH, ACKNOWLEDGED,
    USABLE, SETTLE, PUSH, POP, WAIT, WAKE, SOON, TURN, SLOW, APPEND, FIRST,
) = range(23)  # fmt: skip


def run_all(words, steps, answers):  # type: ignore[no-untyped-def]
    m = memory_of(words)
    for i in range(len(steps)):
        op, a, b, c = steps[i, 0], steps[i, 1], steps[i, 2], steps[i, 3]
        d, e, f, g = steps[i, 4], steps[i, 5], steps[i, 6], steps[i, 7]
        answer = 0
        if op == ADD:
            answer = histogram.add(m, a, b)
        elif op == ADD_WEIGHTED:
            histogram.add_weighted(m, a, b, c)
        elif op == ADD_PRODUCT:
            histogram.add_product(m, a, b, c)
        elif op == BUCKET_OF:
            answer = histogram.bucket_of(a)
        elif op == BUCKET_LOW:
            answer = histogram.bucket_low(a)
        elif op == RAMP:
            probe.ramp(m, a, b, c)
        elif op == CHANGE:
            probe.change(m, a, b, c, d, e)
        elif op == TOOK:
            probe.took(m, a, b, c)
        elif op == PASSED:
            probe.passed(m, a, b, c, d)
        elif op == STUN:
            probe.stun(m, a, b, c, d)
        elif op == FINISH:
            probe.finish(m, a, b, c)
        elif op == ACKNOWLEDGED:
            risk.acknowledged(m, a, b, c, d, e, f)
        elif op == USABLE:
            risk.usable(m, a, b, c, d)
        elif op == SETTLE:
            risk.settle_age(m, a, b)
            risk.settle_exposure(m, a, b)
            risk.settle_risk(m, a, b)
        elif op == PUSH:
            lists.push(m, a, b, c)
        elif op == POP:
            answer = lists.pop(m)
        elif op == WAIT:
            lists.wait(m, a, b, c)
        elif op == WAKE:
            lists.wake(m, a)
        elif op == SOON:
            lists.soon(m, a, b)
        elif op == TURN:
            if layout.World(m, 0).woken:
                answer = lists.first_of(m, layout.WOKEN)
        elif op == SLOW:
            books.keep_if_slow(m, a, b, c)
        elif op == APPEND:
            lists.append(m, a, b)
        elif op == FIRST:
            answer = lists.first_of(m, a)
        answers[i] = answer + g


SIGNATURE = "void(int64[::1], int64[:, ::1], int64[::1])"


@cache
def compiled() -> Callable[..., None]:
    """`run_all`, compiled as the loop is (sim.compiling), but kept for this process only."""
    register_all()
    with compiling._only_to_be_inlined():
        numba.njit(run_all).compile(SIGNATURE)
    made = numba.njit(run_all)
    made.compile(SIGNATURE)
    return made  # type: ignore[no-any-return]


@pytest.fixture
def engine() -> Engine:
    """An engine with room enough for everything here, and no loop."""
    with patch.object(advance, "ready"):
        made = Engine(Conducted())
    made.memory.grow(1 << 21)
    made.world.set(size=1 << 21, causes=3)
    return made


def run(engine: Engine, steps: Iterable[Step]) -> list[int]:
    """Takes these steps; what each answers."""
    table = np.array([[*step, *[0] * (1 + OPERANDS - len(step))] for step in steps], dtype=np.int64)
    answers = np.zeros(len(table), dtype=np.int64)
    room = len(engine.memory.words)
    if len(table):
        compiled()(engine.memory.words, table, answers)
    assert engine.world.free_end <= room
    return list(answers.tolist())


# -- the histogram -----------------------------------------------------------------------------------------------

EDGES = sorted({max(0, (1 << bit) + off) for bit in range(63) for off in (-1, 0, 1)})


def test_buckets_are_those_of_the_histogram(engine: Engine) -> None:
    values = [*range(3_000), *EDGES, (1 << 63) - 1]
    assert run(engine, [(BUCKET_OF, value) for value in values]) == [bucket_of(value) for value in values]
    buckets = range(bucket_of((1 << 63) - 1) + 1)
    assert run(engine, [(BUCKET_LOW, bucket) for bucket in buckets]) == [bucket_low(bucket) for bucket in buckets]


def test_single_observations(engine: Engine) -> None:
    draw, at, twin = random.Random(1), new_histogram(engine), Histogram()
    assert read_back(engine, at) == twin
    values = [draw.randrange(1 << draw.randrange(1, 50)) for _ in range(2_000)] + [1 << 62, 0]
    assert run(engine, [(ADD, at, value) for value in values]) == [twin.add(value) for value in values]
    assert read_back(engine, at) == twin
    one = new_histogram(engine)  # the smallest is not 0
    run(engine, [(ADD, one, 7), (ADD, one, 5), (ADD, one, 9)])
    assert (read_back(engine, one).minimum, read_back(engine, one).maximum) == (5, 9)


def test_weights_and_sums_beyond_63_bits(engine: Engine) -> None:
    draw, at, twin = random.Random(2), new_histogram(engine), Histogram()
    most = (1 << 60) - 1
    pairs = [(most, 1), (most, 5), (1, most), (0, 3)]
    pairs += [
        (draw.randrange(1 << draw.randrange(1, 61)), 1 + draw.randrange(1 << draw.randrange(1, 48))) for _ in range(999)
    ]
    run(engine, [(ADD_WEIGHTED, at, value, weight) for value, weight in pairs])
    for value, weight in pairs:
        twin.add(value, weight)
    assert twin.total > 1 << 70
    assert read_back(engine, at) == twin


def test_products_at_their_bound(engine: Engine) -> None:
    at, most = new_histogram(engine), (1 << 60) - 1
    large = [(ADD_PRODUCT, at, most, most), (ADD_PRODUCT, at, 2 * most, most)]  # together below 2^123
    run(engine, [*large, *[(ADD_PRODUCT, at, (1 << 50) - 1, (1 << 55) - 3)] * 5_000, (ADD, at, 1)])
    assert read_back(engine, at).total == 3 * most * most + 5_000 * ((1 << 50) - 1) * ((1 << 55) - 3) + 1


# -- the probe ---------------------------------------------------------------------------------------------------


def booked(engine: Engine, doors: int) -> tuple[Book, list[int]]:
    """A VM's books and its doors' addresses."""
    book = Book(engine, world().vms[0], 0)
    return book, [engine.new(layout.DOOR).set(since=5).address for _ in range(doors)]


def test_ramps(engine: Engine) -> None:
    draw = random.Random(3)
    book, _ = booked(engine, 0)
    twin, whole, steps = Ramps(), Histogram(), []
    spans = [(0, 1), (5, 5), (7, 3), (255, 257), (0, 1 << 59), ((1 << 59) - 1, 1 << 59)]
    for _ in range(300):
        low = draw.randrange(1 << draw.randrange(1, 40))
        spans.append((low, low + draw.randrange(1 << draw.randrange(1, 40))))
    for low, high in spans:
        steps.append((RAMP, book.record.address, low, high))
        twin.add(low, high)
    run(engine, steps)
    twin.pour(whole)
    assert book.result().probe == whole


@pytest.mark.parametrize("seed", range(12))
def test_doors(engine: Engine, seed: int) -> None:
    """Any calls at all, in order of time: two doors that share a histogram."""
    draw, now = random.Random(seed), 0
    book, doors = booked(engine, 2)
    b, shared = book.record.address, Histogram()
    twins, steps = [DoorProbe(shared, 5) for _ in doors], []
    for _ in range(600):
        now += draw.choice([0, 1, 7, draw.randrange(1 << draw.randrange(1, 30))])
        door, op = draw.randrange(2), draw.choice([CHANGE, CHANGE, CHANGE, TOOK, TOOK, PASSED, STUN])
        twin, at = twins[door], doors[door]
        if op == CHANGE:
            waiting, full = draw.randrange(4), draw.randrange(3) > 0
            steps.append((CHANGE, b, at, now, waiting, full))
            twin.change(now, waiting, full)
        elif op == TOOK:
            steps.append((TOOK, b, at, now))
            twin.took(now)
        elif op == PASSED:
            arrival = max(0, now - draw.randrange(1 << draw.randrange(1, 30)))
            steps.append((PASSED, b, at, now, arrival))
            twin.passed(now, arrival)
        else:
            stunned = draw.randrange(3) == 0
            for twin, at in zip(twins, doors, strict=True):
                steps.append((STUN, b, at, now, stunned))
                twin.stun(now, stunned)
    for twin, at in zip(twins, doors, strict=True):
        steps.append((FINISH, b, at, now))
        twin.finish(now)
    run(engine, steps)
    assert book.result().probe == shared
    assert shared.count == 2 * (now - 5)


# -- the risk meter ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(12))
def test_meters(engine: Engine, seed: int) -> None:
    """Writes acknowledged out of order, cuts, points that skip some cuts; questions in between."""
    draw, vm = random.Random(seed), world({"vm": {"a": {"disk": [{"size": "64 MiB"}] * 2}}}).vms[0]
    twin, meter = RiskMeter("p", vm.name, True, 3), Meter(engine, "p", vm, True, 3)
    recorder, at, now, cuts = Recorder(engine, []), meter.record.address, 0, deque[int]()
    recorder.readers[at] = meter
    for _ in range(400):
        now += draw.choice([0, 1, draw.randrange(1 << draw.randrange(1, 40))])
        kind = draw.randrange(10)
        if kind < 7:
            epoch = max(1, twin.epoch - draw.choice([0, 0, 1, 2, 5]))
            disk, size = draw.randrange(2), draw.choice([1, 512, 4096, 20_000, 1 << 22])
            offset = draw.randrange((64 << 20) - size) if draw.randrange(2) else draw.randrange(9) * 2048
            twin.acknowledged(now, epoch, disk, offset, size)
            run(engine, [(ACKNOWLEDGED, at, now, epoch, disk, offset, size)])
        elif kind == 7:
            cuts.append(twin.cut())
            assert meter.cut() == cuts[-1]
        elif kind == 8 and cuts:
            epoch = cuts.popleft()
            if draw.randrange(3):
                twin.usable(epoch, max(0, now - 50), now)
                run(engine, [(USABLE, at, epoch, max(0, now - 50), now)])
        else:
            twin.sample(now)
            meter.sample(now)
            for epoch in (1, twin.epoch - 1, twin.epoch):
                assert meter.since_usable(epoch) == twin.since_usable(epoch)
    run(engine, [(SETTLE, at, now + 9)])
    recorder._read_log()
    assert meter.result(now + 9) == twin.result(now + 9)
    assert meter.points == twin.points != []


# -- heap and lists ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("spread", [3, 1 << 61])
def test_the_heap_is_a_heap(engine: Engine, spread: int) -> None:
    """Many ties of time; keys as large as an order's may be. Equal (time, key) come in any order."""
    draw, room = random.Random(spread), 600
    engine.world.set(heap=engine.memory.take(3 * room), heap_room=room)
    twin: list[tuple[int, int, int]] = []
    steps: list[Step] = []
    wanted: list[int] = []
    used: set[tuple[int, int]] = set()
    for number in range(5_000):
        time, key = draw.randrange(spread), draw.randrange(1 << 62)
        if len(twin) < room and draw.random() < 0.55 and (time, key) not in used:
            used.add((time, key))
            heappush(twin, (time, key, number))
            steps.append((PUSH, time, key, number))
            wanted.append(0)
        elif twin:
            steps.append((POP,))
            wanted.append(heappop(twin)[2])
    assert run(engine, steps) == wanted
    assert (engine.world.heap_size, engine.world.pops) == (len(twin), sum(1 for step in steps if step == (POP,)))


def test_who_waits_wakes_in_order(engine: Engine) -> None:
    """Two lists to wait in, records that go on soon, and turns taken in between."""
    draw, memory = random.Random(7), engine.memory
    heads = [memory.take(2) for _ in range(2)]
    free = [memory.take(2) for _ in range(40)]
    waiting: dict[int, deque[int]] = {head: deque() for head in heads}
    woken: deque[int] = deque()
    for _ in range(3_000):
        head, op = draw.choice(heads), draw.choice([WAIT, WAIT, WAIT, WAKE, SOON, TURN, TURN, TURN])
        if op == TURN:
            one = woken.popleft() if woken else 0
            assert run(engine, [(TURN,)]) == [one]
            free += [one] if one else []
        elif op == WAKE:
            run(engine, [(WAKE, head)])
            woken += waiting[head]
            waiting[head].clear()
        elif free:
            one, action = free.pop(draw.randrange(len(free))), draw.randrange(32)
            run(engine, [(WAIT, head, one, action) if op == WAIT else (SOON, one, action)])
            (waiting[head] if op == WAIT else woken).append(one)
            assert memory.words[one + 1] == action


def test_a_list_is_a_queue(engine: Engine) -> None:
    head, records = engine.memory.take(2), [engine.memory.take(1) for _ in range(9)]
    assert run(engine, [(APPEND, head, one) for one in records[:5]]) == [0] * 5
    assert run(engine, [(FIRST, head)] * 5) == records[:5]
    assert run(engine, [(APPEND, head, one) for one in records] + [(FIRST, head)] * 9)[9:] == records


# -- the slowest -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kept", [1, 2, 7, 64])
def test_the_slowest_are_kept(engine: Engine, kept: int) -> None:
    """Many ties of latency: those that are kept already stay, and they are told by workload and ordinal."""
    draw = random.Random(kept)
    loops = [{"kind": "closed", "name": f"w{n}"} for n in range(3)]
    book = Book(engine, world({"vm": {"a": {"workload": loops}}}).vms[0], kept)
    book.columns, book.causes = [0, 1, 2], 3
    engine.world.slowest = kept
    io = engine.new(layout.IO, 3)
    twin: list[tuple[int, int, int]] = []
    for ordinal in range(400):
        latency, workload = draw.choice([*[draw.randrange(9)] * 19, draw.randrange(1 << 40)]), draw.randrange(3)
        io.set(workload=workload, ordinal=ordinal, offset=ordinal * 512, size=512, arrival=ordinal)
        engine.memory.words[io.address + layout.IO_WORDS] = latency
        run(engine, [(SLOW, book.record.address, io.address, latency)])
        if len(twin) < kept or latency > min(twin)[0]:
            twin = sorted([*twin, (latency, -workload, -ordinal)])[-kept:]
    wanted = [(latency, f"w{-workload}", -ordinal) for latency, workload, ordinal in reversed(twin)]
    rows = book.slowest()
    assert [(row.latency_ns, row.workload, row.ordinal) for row in rows] == wanted
    assert all(row.ledger_ns == (row.latency_ns, 0, 0) for row in rows)
