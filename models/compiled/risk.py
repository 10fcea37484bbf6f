"""The risk meter (`models.measure.risk`) in flat memory. Twin of RiskMeter: same calls, same rows.

Per 4 KiB block the epoch of its last acknowledged write, paged; per epoch that is not usable yet a record, in order.
"""

from models.compiled.histogram import add_weighted
from models.compiled.layout import (
    AGE,
    EPOCH_WORDS,
    EXPOSURE,
    LATEST_PAGE,
    POINT,
    Epoch,
    Meter,
)
from models.compiled.lists import log
from models.measure.risk import BLOCK_BYTES
from sim.flat import Memory
from sim.mechanism import mechanism, take


@mechanism
def settle_age(m: Memory, at: int, now: int) -> None:
    """The age is a ramp up to now."""
    meter = Meter(m, at)
    start = meter.age_since
    if now > start:
        meter.age_since = now
        if meter.point < 0:
            meter.undefined += now - start
        elif meter.synced:
            log(m, AGE, at, start, now, -1)
        else:
            log(m, AGE, at, start, now, start - meter.point)


@mechanism
def settle_exposure(m: Memory, at: int, now: int) -> None:
    """The exposure is a ramp up to now, from the oldest acknowledged write at risk; or nothing is at risk."""
    meter = Meter(m, at)
    start = meter.exposure_since
    if now > start:
        meter.exposure_since = now
        if meter.point >= 0:
            oldest, epoch = -1, meter.first
            while epoch:
                first = Epoch(m, epoch).first_ack
                if first >= 0 and (oldest < 0 or first < oldest):
                    oldest = first
                epoch = m[epoch]
            log(m, EXPOSURE, at, start, now, start - oldest if oldest >= 0 else -1)


@mechanism
def settle_risk(m: Memory, at: int, now: int) -> None:
    """The bytes at risk were what they are until now."""
    meter = Meter(m, at)
    start = meter.risk_since
    if now > start:
        meter.risk_since = now
        if meter.point >= 0:
            add_weighted(m, meter.risk_written, meter.written, now - start)
            add_weighted(m, meter.risk_unique, meter.unique * BLOCK_BYTES, now - start)


@mechanism
def epoch_record(m: Memory, at: int, number: int) -> int:
    """The record of that epoch, in its place in the list; made when it is new."""
    meter = Meter(m, at)
    after = meter.last
    while after and Epoch(m, after).number > number:
        after = Epoch(m, after).before
    if after and Epoch(m, after).number == number:
        return after
    new = take(m, EPOCH_WORDS)
    epoch = Epoch(m, new)
    epoch.number, epoch.first_ack, epoch.before = number, -1, after
    behind = m[after] if after else meter.first
    epoch.next = behind
    if after:
        m[after] = new
    else:
        meter.first = new
    if behind:
        Epoch(m, behind).before = new
    else:
        meter.last = new
    return new


@mechanism
def latest_place(m: Memory, at: int, disk: int, block: int) -> int:
    """The address of the word that holds the epoch of that block's last acknowledged write."""
    entry = m[Meter(m, at).latest + disk] + block // LATEST_PAGE
    if not m[entry]:
        m[entry] = take(m, LATEST_PAGE)
    return m[entry] + block % LATEST_PAGE


@mechanism
def acknowledged(m: Memory, at: int, now: int, number: int, disk: int, offset: int, size: int) -> None:
    """The guest knows that this write, captured in epoch `number`, is done."""
    meter = Meter(m, at)
    if number <= meter.usable_epoch or meter.synced:
        return
    settle_risk(m, at, now)
    if not meter.acks:
        settle_exposure(m, at, now)
    epoch = Epoch(m, epoch_record(m, at, number))
    if epoch.first_ack < 0:
        epoch.first_ack = now
        meter.acks += 1
    epoch.written += size
    meter.written += size
    for block in range(offset // BLOCK_BYTES, (offset + size - 1) // BLOCK_BYTES + 1):
        place = latest_place(m, at, disk, block)
        before = m[place]
        if before < number:
            m[place] = number
            epoch.unique += 1
            if before > meter.usable_epoch:
                Epoch(m, epoch_record(m, at, before)).unique -= 1
            else:
                meter.unique += 1


@mechanism
def usable(m: Memory, at: int, number: int, point: int, now: int) -> None:
    """The point of that epoch, cut at `point`, can be restored from now on."""
    settle_age(m, at, now)
    settle_exposure(m, at, now)
    settle_risk(m, at, now)
    meter = Meter(m, at)
    meter.usable_epoch, meter.point = number, point
    while meter.first and Epoch(m, meter.first).number <= number:
        old = Epoch(m, meter.first)
        if old.first_ack >= 0:
            meter.acks -= 1
        meter.written -= old.written
        meter.unique -= old.unique
        meter.first = old.next
    if meter.first:
        Epoch(m, meter.first).before = 0
    else:
        meter.last = 0
    log(m, POINT, at, point, now, 0)


@mechanism
def in_sync(m: Memory, at: int, now: int) -> None:
    """From now on the target has every acknowledged write; the newest point must be usable already."""
    settle_age(m, at, now)
    Meter(m, at).synced = 1


@mechanism
def out_of_sync(m: Memory, at: int, number: int, now: int) -> None:
    """The target had them until now: that is the newest usable point. Writes up to that epoch are in it."""
    settle_age(m, at, now)
    settle_exposure(m, at, now)
    settle_risk(m, at, now)
    meter = Meter(m, at)
    meter.synced, meter.usable_epoch, meter.point = 0, number, now
    log(m, POINT, at, now, now, 0)
