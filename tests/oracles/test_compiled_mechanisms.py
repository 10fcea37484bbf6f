"""Every mechanism compiled by Numba does to columns of 64-bit integers what Python does to lists.

One caller per state, `..._step`, runs the mechanism numbered `op`; the same caller is run by Python and compiled.
"""

import ast
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from house_rules import ROOT, marked, python_files

from models.mechanisms import (
    appliance,
    bloom,
    bucket,
    cbt,
    grains,
    mclock,
    mirror,
    queuefull,
    replication,
    slowdown,
    tablecache,
    throttle,
    wire,
    workers,
    writecache,
)
from sim import mechanism

numba = pytest.importorskip("numba")
from numba import types  # noqa: E402
from numba.extending import overload  # noqa: E402

pytestmark = pytest.mark.slow
Step = tuple[int, int, int, int]
FAR = 1 << 61
"""A clock time beyond any run; sums of a few stay below 2^63."""


@overload(mechanism.bit_length)
def _bit_length(x: Any) -> Any:
    def counted(x: Any) -> Any:
        bits = 0
        while x:
            x >>= 1
            bits += 1
        return bits

    return counted if isinstance(x, types.Integer) else None


@overload(mechanism.take)
def _take(pool: Any, words: Any) -> Any:
    def appended(pool: Any, words: Any) -> Any:
        at = len(pool)
        for _ in range(words):
            pool.append(0)
        return at

    return appended if isinstance(pool, types.ListType) else None


def bucket_step(s, op, a, b, c):  # type: ignore[no-untyped-def]
    if op == 0:
        return bucket.admit(s, a, b)
    if op == 2:
        return bucket.left(s, a)
    return bucket.transfer_ns(b, c)


def bucket_steps(draw: random.Random, s: bucket.Bucket) -> Iterator[Step]:
    now = FAR
    for _ in range(300):
        now += draw.randrange(100)
        yield 0, now, draw.randrange(100), 0
        yield 2, now + draw.randrange(60), 0, 0
        yield 1, 0, draw.choice([draw.randrange(2**33), 2**33 - 1]), draw.choice([0, draw.randrange(2**58), 2**58 - 1])


def bloom_step(s, op, a, b, c):  # type: ignore[no-untyped-def]
    if op == 0:
        bloom.add(s, a, b)
    return int(bloom.maybe(s, a, b))


def bloom_steps(draw: random.Random, s: bloom.Bloom) -> Iterator[Step]:
    for _ in range(500):
        yield int(draw.random() < 0.3), draw.randrange(1, 33), draw.randrange(1 << 37), 0


def workers_step(s, op, a, b, c):  # type: ignore[no-untyped-def]
    if op == 0:
        return workers.hop(s, a, b)
    if op == 1:
        return workers.starts(s, a)
    return workers.on_core(s, a, b, c)


def workers_steps(draw: random.Random, s: workers.Workers) -> Iterator[Step]:
    now = FAR
    for _ in range(600):
        now += draw.randrange(60)
        yield (
            draw.randrange(3),
            now + draw.choice([0, 0, 100]),
            draw.choice([0, draw.randrange(200)]),
            draw.randrange(99),
        )


def appliance_step(s, op, a, b, c):  # type: ignore[no-untyped-def]
    if op == 0:
        return int(appliance.fits(s, a))
    if op == 1:
        appliance.took(s, a)
        return 0
    if op == 2:
        return appliance.processed(s, a, b)
    return appliance.sent(s, a, b)


def appliance_steps(draw: random.Random, s: appliance.Appliance) -> Iterator[Step]:
    now = FAR
    for _ in range(300):
        now += draw.randrange(1 << 30)
        yield 0, draw.randrange(900), 0, 0
        yield 1, draw.choice([40, -40]), 0, 0
        yield draw.choice([2, 3]), now, draw.randrange(1 << 20), 0


def wire_step(s, op, a, b, c):  # type: ignore[no-untyped-def]
    return wire.sent_at(s, a, b)


def wire_steps(draw: random.Random, s: wire.Wire) -> Iterator[Step]:
    now = 0
    for _ in range(300):
        now += draw.randrange(60)
        yield 0, now, draw.choice([0, draw.randrange(40)]), 0


def slowdown_step(s, op, a, b, c):  # type: ignore[no-untyped-def]
    return slowdown.stretched(s, a, b)


def slowdown_steps(draw: random.Random, s: slowdown.Slowdown) -> Iterator[Step]:
    for _ in range(300):
        yield 0, draw.randrange(6), draw.choice([draw.randrange(2**20), 2**50]), 0


def throttle_step(s, op, a, b, c):  # type: ignore[no-untyped-def]
    if op == 0:
        throttle.enqueued(s, a, b)
    elif op == 1:
        throttle.issued(s, a, b)
    elif op == 2:
        throttle.completed(s, a, b)
    elif op == 4:
        throttle.adapt(s, b)
    elif op == 5:
        throttle.widen(s, b)
    return throttle.capped_time(s, a, b) * 2 + int(throttle.has_slot(s))


def throttle_steps(draw: random.Random, s: throttle.Throttle) -> Iterator[Step]:
    now = FAR // 2
    for _ in range(600):
        now, flow, op = now + draw.randrange(9), draw.randrange(4), draw.randrange(4)
        may = op == 1 and s.queued[flow] and s.room[flow] and throttle.has_slot(s)
        if op in (0, 3) or may or (op == 2 and s.outstanding[flow]):
            yield op, flow, now, 0
        if draw.randrange(40) == 0:
            yield draw.choice([4, 5]), 0, draw.randrange(1, 10), 0


def full_step(s, op, a, b, c):  # type: ignore[no-untyped-def]
    return queuefull.answered(s, op)


def full_steps(draw: random.Random, s: queuefull.QueueFull) -> Iterator[Step]:
    for _ in range(900):
        yield int(draw.randrange(12) == 0), 0, 0, 0


def array_cache_step(s, op, a, b, c):  # type: ignore[no-untyped-def]
    if op == 0:
        return int(writecache.take(s, a))
    if op == 1:
        return int(writecache.begin(s))
    writecache.clean(s, a)
    return 0


def array_cache_steps(draw: random.Random, s: writecache.WriteCache) -> Iterator[Step]:
    for _ in range(600):
        op, size = draw.randrange(3), draw.randrange(1, 40)
        if op < 2 or (s.facts[writecache.DESTAGING] and s.facts[writecache.HELD]):
            yield op, min(size, s.facts[writecache.HELD]) if op == 2 else size, 0, 0


def mclock_step(s, op, a, b, c):  # type: ignore[no-untyped-def]
    if op == 0:
        r, limit, p = mclock.tag(s, a, b, c)
        mclock.set_head(s, a, r, limit, p)
        return (r ^ limit) + (p >> 1)
    if op == 1:
        return mclock.next_time(s, s.queued) ^ mclock.lowest(s.backlog[0] | 8)
    flow, phase = mclock.pick(s, s.queued, c)
    if phase != mclock.NOBODY:
        mclock.dispatched(s, flow, b, phase)
    return flow * 8 + phase


def mclock_steps(draw: random.Random, s: mclock.MClock) -> Iterator[Step]:
    now = FAR
    for _ in range(600):
        now += draw.randrange(10**6)
        yield draw.randrange(3), draw.randrange(4), draw.choice([0, 1, 32]), now


def cache_step(s, op, a, b, c):  # type: ignore[no-untyped-def]
    if op == 0:
        return int(tablecache.look_up(s, a))
    if op == 1:
        tablecache.keep(s, a)
    else:
        tablecache.forget(s)
    return 0


def cache_steps(draw: random.Random, s: tablecache.TableCache) -> Iterator[Step]:
    for _ in range(600):
        yield draw.choice([0] * 20 + [1] * 5 + [2]), draw.randrange(12), 0, 0


def cbt_step(s, op, a, b, c):  # type: ignore[no-untyped-def]
    if op == 0:
        cbt.mark(s, a, b)
        return 0
    return cbt.cut(s)


def cbt_steps(draw: random.Random, s: cbt.Cbt) -> Iterator[Step]:
    for _ in range(300):
        yield draw.choice([0, 0, 0, 1]), draw.randrange(19_000), draw.randrange(1, 1000), 0


def grain_step(s, op, a, b, c):  # type: ignore[no-untyped-def]
    if op == 0:
        grains.push(s)
    elif op == 1:
        return int(grains.allocate(s, a))
    elif op == 2:
        return grains.fold(s)
    elif op == 3:
        end, level = grains.piece(s, a, b)
        return end * 64 + level
    elif op == 4:
        end, level = grains.piece_below(s, a, b, c)
        return end * 64 + level
    elif op == 5:
        return grains.next_held(s, a, 200, c) * 2 + int(grains.table_is_empty(s, a // 16))
    elif op == 7:
        return grains.fold_below(s, c)
    return (grains.newest(s, a) * 64 + grains.newest_below(s, a, c)) * 64 + grains.depth(s)


def grain_steps(draw: random.Random, s: grains.GrainMap) -> Iterator[Step]:
    for _ in range(3000):
        deep = s.facts[grains.DEPTH]
        ops = [1] * 40 * (deep > 0) + [3, 4, 5, 6] * 3 + [0] * 5 * (deep < grains.MAX_DEPTH)
        ops += [2, 7, 7, 7] * (deep > 20)
        first = draw.randrange(200)
        yield draw.choice(ops), first, min(first + draw.randrange(12), 199), draw.randrange(deep + 1)


class MirroredDisk(tuple[mirror.Mirror, grains.GrainMap]):
    """A pass over a map: the two states of one caller."""


def mirror_step(s, op, a, b, c):  # type: ignore[no-untyped-def]
    if op == 0:
        first, last = mirror.take(s[0], s[1], a)
        return first * 1024 + last
    if op == 1:
        mirror.copied(s[0], a)
        return 0
    return mirror.where(s[0], a, b)


def mirror_steps(draw: random.Random, s: MirroredDisk) -> Iterator[Step]:
    for grain in range(0, 200, 3):
        grains.allocate(s[1], grain)
    for _ in range(400):
        copier, first = draw.randrange(3), draw.randrange(200)
        yield 2, first, min(first + 3, 199), 0
        yield int(s[0].busy[2 * copier] >= 0), copier, 0, 0


def group_step(s, op, a, b, c):  # type: ignore[no-untyped-def]
    if op == 0:
        return int(replication.split(s, a, b, c, c % 9 > 0))
    if op == 1:
        replication.confirmed(s, a)
    elif op == 2:
        replication.begin_resync(s)
    elif op == 3:
        replication.order_is_back(s)
    elif op == 5:
        replication.turn_sync(s, a % 2 == 0)
    else:
        disk, first, extents = replication.take_dirty(s)
        return (disk * 1024 + first) * 1024 + extents
    return 0


def group_steps(draw: random.Random, s: replication.Group) -> Iterator[Step]:
    for _ in range(900):
        op, disk = draw.choice([0, 0, 1, 2, 3, 4, 4, 4, 5]), draw.randrange(3)
        offset = draw.randrange((410, 33, 960)[disk])
        size = draw.randrange(1, (410, 33, 960)[disk] - offset + 1)
        yield (0, disk, offset, size) if op == 0 else (op, min(size, s.facts[replication.USED]), 0, 0)


def deep_map() -> grains.GrainMap:
    s = grains.grain_map(200, 16)
    grains.push(s)
    return s


CUTS = list(range(50, 9000, 90))
CASES: dict[str, tuple[Any, Callable[..., Any], Callable[..., Iterator[Step]]]] = {
    "bucket": (bucket.bucket(50), bucket_step, bucket_steps),
    "bloom": (bloom.bloom(61, 3), bloom_step, bloom_steps),
    "slowdown": (slowdown.slowdown((1000, 700, 2500)), slowdown_step, slowdown_steps),
    "workers": (workers.workers(3), workers_step, workers_steps),
    "appliance": (appliance.appliance(10**9, 9000, 10**8, 900), appliance_step, appliance_steps),
    "wire": (
        wire.wire(CUTS, [at + at % 7 + 1 for at in CUTS]),
        wire_step,
        wire_steps,
    ),
    "throttle": (throttle.throttle(4, 9, 3), throttle_step, throttle_steps),
    "throttle of the sum": (throttle.throttle(4, 9, 4, together=True), throttle_step, throttle_steps),
    "throttle by switches": (throttle.throttle(4, 9, 3, False, 3, 4), throttle_step, throttle_steps),
    "queue full by statuses": (queuefull.queue_full(64, 16, 3, by_statuses=True), full_step, full_steps),
    "queue full by refusals": (queuefull.queue_full(64, 7, 4, by_statuses=False), full_step, full_steps),
    "write cache": (writecache.write_cache(100, 3), array_cache_step, array_cache_steps),
    "mclock": (mclock.mclock([0, 100, 2000, 0], [0, 0, 4000, 300], [1, 4096, 7, 50], 8), mclock_step, mclock_steps),
    "tablecache": (tablecache.table_cache(12, 5), cache_step, cache_steps),
    "tablecache without slots": (tablecache.table_cache(12, 0), cache_step, cache_steps),
    "cbt": (cbt.cbt(3, 20_000), cbt_step, cbt_steps),
    "grains": (grains.grain_map(200, 16), grain_step, grain_steps),
    "mirror": (MirroredDisk((mirror.mirror(200, 5, 3, 1), deep_map())), mirror_step, mirror_steps),
    "replication": (replication.group([410, 33, 960], 10, 900, False), group_step, group_steps),
    "seeded replication": (replication.group([410, 33, 960], 10, 900, True), group_step, group_steps),
}


def compiled_form(s: Any) -> Any:
    """The same state with columns of int64; a pool that grows is a typed list."""
    if isinstance(s, MirroredDisk):
        return tuple(compiled_form(state) for state in s)
    columns = {name: np.array(column, np.int64) for name, column in s._asdict().items()}
    if "pool" in columns:
        pool = numba.typed.List.empty_list(types.int64)
        for word in s.pool:
            pool.append(word)
        columns["pool"] = pool
    return type(s)(**columns)


def content(s: Any) -> Any:
    """A state as lists of whole numbers."""
    if not hasattr(s, "_fields"):
        return [content(state) for state in s]
    return {name: [int(x) for x in column] for name, column in s._asdict().items()}


def copy(s: Any) -> Any:
    if isinstance(s, MirroredDisk):
        return MirroredDisk(copy(state) for state in s)
    return type(s)(*(list(column) for column in s))


@pytest.mark.parametrize("name", CASES)
def test_compiled_and_plain_are_one(name: str) -> None:
    first, step, steps = CASES[name]
    mechanism.register_all()
    plain, compiled = copy(first), numba.njit(step)
    done, answers = [], []
    for one in steps(random.Random(name), plain):
        if not done:
            before = copy(plain)
        done.append(one)
        answers.append(step(plain, *one))
    state = compiled_form(before)
    assert [int(compiled(state, *one)) for one in done] == answers
    assert content(state) == content(plain)
    assert len(set(answers)) > 1


def test_each_mechanism_is_compiled_here() -> None:
    """Called by a caller above, or private to a mechanism that is."""
    tree = ast.parse(Path(__file__).read_text())
    callers = [node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name.endswith("_step")]
    called = {ast.unparse(node.func) for caller in callers for node in ast.walk(caller) if isinstance(node, ast.Call)}
    names = {
        f"{Path(path).stem}.{function.name}"
        for path, tree in python_files(ROOT, ("models/mechanisms",))
        for function in marked(tree)
        if not function.name.startswith("_")
    }
    assert len(names) > 30
    assert sorted(names - called) == []
