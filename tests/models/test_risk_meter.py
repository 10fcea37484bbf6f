"""The risk meter against brute force: at every nanosecond of a short life, all writes so far are looked at again."""

from typing import NamedTuple

from hypothesis import given
from hypothesis import strategies as st

from models.measure.risk import BLOCK_BYTES, RiskMeter
from models.result import Ramp
from sim.histogram import Histogram

END = 120


class Write(NamedTuple):
    captured: int
    acknowledged: int
    epoch: int
    disk: int
    offset: int
    size: int


class Point(NamedTuple):
    epoch: int
    cut: int
    usable: int


@st.composite
def lives(draw: st.DrawFn) -> tuple[list[Write], list[Point], list[int]]:
    """Writes captured between cuts and acknowledged later; some cuts become usable, in order."""
    cuts = sorted(draw(st.sets(st.integers(1, END - 2), max_size=6)))
    writes = []
    for _ in range(draw(st.integers(0, 12))):
        captured = draw(st.integers(0, END - 2))
        ack = draw(st.integers(captured, END - 1))
        epoch = 1 + sum(1 for cut in cuts if cut <= captured)
        offset = draw(st.integers(0, 5)) * BLOCK_BYTES + draw(st.sampled_from([0, 512]))
        size = draw(st.sampled_from([1, 512, BLOCK_BYTES, 3 * BLOCK_BYTES]))
        writes.append(Write(captured, ack, epoch, draw(st.integers(0, 1)), offset, size))
    points, before = [], 0
    for number, cut in enumerate(cuts):
        if draw(st.booleans()):
            usable = draw(st.integers(max(cut, before), END))
            if usable < END:
                points.append(Point(number + 1, cut, usable))
                before = usable
    return writes, points, cuts


def metered(writes: list[Write], points: list[Point], cuts: list[int], warmup: int) -> RiskMeter:
    """A meter that was told all of it in time order; at one instant acknowledgements first, then cuts, then points."""
    meter = RiskMeter("p", "vm", False, warmup)
    events = [(w.acknowledged, 0, i) for i, w in enumerate(writes)]
    events += [(cut, 1, i) for i, cut in enumerate(cuts)]
    events += [(p.usable, 2, i) for i, p in enumerate(points)]
    for now, kind, index in sorted(events):
        if kind == 0:
            w = writes[index]
            meter.acknowledged(now, w.epoch, w.disk, w.offset, w.size)
        elif kind == 1:
            assert meter.cut() == index + 1
        else:
            meter.usable(points[index].epoch, points[index].cut, now)
    return meter


def blocks(writes: list[Write]) -> int:
    """Distinct 4 KiB blocks, byte by byte."""
    return len({(w.disk, byte // BLOCK_BYTES) for w in writes for byte in range(w.offset, w.offset + w.size)})


def at(ramps: tuple[Ramp, ...], time: int) -> int | None:
    """The ramps' value in the nanosecond from `time` on; None where they say nothing."""
    found = [ramp for ramp in ramps if ramp.t0_ns <= time < ramp.t1_ns]
    assert len(found) <= 1
    return found[0].v0_ns + found[0].slope * (time - found[0].t0_ns) if found else None


@given(lives(), st.sampled_from([0, 0, 30]))
def test_age_exposure_and_bytes_at_risk_at_every_nanosecond(
    life: tuple[list[Write], list[Point], list[int]], warmup: int
) -> None:
    writes, points, cuts = life
    result = metered(writes, points, cuts, warmup).result(END)
    written, unique, undefined = Histogram(), Histogram(), 0
    for time in range(warmup, END):
        usable = [point for point in points if point.usable <= time]
        if not usable:
            undefined += 1
            assert at(result.age, time) is None
            assert at(result.exposure, time) is None
            continue
        newest = usable[-1]
        lost = [w for w in writes if w.acknowledged <= time and w.epoch > newest.epoch]
        assert at(result.age, time) == time - newest.cut
        assert at(result.exposure, time) == (time - min(w.acknowledged for w in lost) if lost else 0)
        written.add(sum(w.size for w in lost))
        unique.add(blocks(lost) * BLOCK_BYTES)
    assert result.undefined_ns == undefined
    assert result.risk_written == written
    assert result.risk_unique == unique


@given(lives())
def test_what_a_cut_holds_since_the_last_usable_point(life: tuple[list[Write], list[Point], list[int]]) -> None:
    """Asked at the end of life: acknowledged, captured up to that epoch, after the newest usable point."""
    writes, points, cuts = life
    meter = metered(writes, points, cuts, 0)
    usable = points[-1].epoch if points else 0
    epoch = meter.cut()
    held = [w for w in writes if usable < w.epoch <= epoch]
    assert meter.since_usable(epoch) == (sum(w.size for w in held), blocks(held) * BLOCK_BYTES)


@given(st.lists(st.tuples(st.integers(0, 20), st.sampled_from(["write", "turn"])), max_size=12))
def test_in_sync_nothing_is_at_risk_and_the_point_is_now(steps: list[tuple[int, str]]) -> None:
    """Whatever is acknowledged in sync is safe for ever; out of it, the newest point is the moment of leaving."""
    meter = RiskMeter("p", "vm", True, 0)
    meter.usable(0, 0, 0)
    now, synced, left, lost = 0, False, 0, list[int]()
    ages, exposures = list[int](), list[int]()
    for gap, kind in [*steps, (5, "end")]:
        ages += [0 if synced else time - left for time in range(now, now + gap)]
        exposures += [time - lost[0] if lost else 0 for time in range(now, now + gap)]
        now += gap
        if kind == "write":
            meter.acknowledged(now, meter.epoch, 0, 0, 512)
            lost += [] if synced else [now]
        elif kind == "turn" and synced:
            meter.out_of_sync(meter.epoch, now)
            meter.cut()
            synced, left = False, now
        elif kind == "turn":
            meter.usable(meter.cut(), now, now)
            meter.in_sync(now)
            synced = True
            lost.clear()
    result = meter.result(now)
    assert [at(result.age, time) for time in range(now)] == ages
    assert [at(result.exposure, time) for time in range(now)] == exposures


def test_samples_say_minus_one_until_there_is_a_point() -> None:
    meter = RiskMeter("p", "vm", True, 0)
    meter.acknowledged(3, 1, 0, 100, BLOCK_BYTES)
    meter.sample(5)
    meter.usable(0, 0, 6)
    meter.sample(10)
    assert meter.result(END).risk_series == ((5, -1, -1), (10, BLOCK_BYTES, 2 * BLOCK_BYTES))
    assert meter.points[0].usable_ns == 6
