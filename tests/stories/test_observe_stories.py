"""Stories of observe windows: what is measured, what a write outside leaves behind, when a closed loop asks again.

A command takes 1 ms in the datastore.
"""

from typing import Any

import pytest
from worlds import KIB, MS, VADP, VAIO, Played, S, merged, reads, scripted, trace, world, writes

from models.arrivals import NEVER_NS
from models.scenario import Scenario, Window
from models.windows import closed_rate, cut, inside, measured, observed

TWICE = {"run": {"observe": [{"start": "2 s", "duration": "1 s", "every": "3 s"}], "duration": "6 s",
                 "observe_warmup": "0 s", "slowest": 100, "interval": "1 s"}}  # fmt: skip
"""Windows from 2 to 3 s and from 5 to 6 s."""


def watched(changes: dict[str, Any], *ios: Any) -> Scenario:
    return scripted(world(merged(TWICE, changes)), *(trace(one, f"script{n}") for n, one in enumerate(ios)))


def test_only_ios_in_a_window_are_made() -> None:
    times = [1 * S, 2 * S, 2_500 * MS, 3 * S, 4 * S, 5 * S]
    story = Played(watched({}, reads(*times)))
    assert [io.arrival_ns // MS for io in story.result.vms[0].slowest] == [2_000, 2_500, 5_000]
    assert [(row.arrivals, row.observed) for row in story.result.intervals] == [
        (0, False), (0, False), (2, True), (0, False), (0, False), (1, True),
    ]  # fmt: skip
    assert story.result.measured_ns == 2 * S


def test_each_windows_warmup_is_cut_from_histograms_and_kept_in_the_series() -> None:
    changes = {"run": {"observe_warmup": "500 ms"}}
    story = Played(watched(changes, reads(2_499 * MS, 2_500 * MS, 5_100 * MS, 5_600 * MS)))
    assert story.result.vms[0].ios == 2
    assert story.result.vms[0].gavg.count == 2
    assert sum(row.ios for row in story.result.intervals) == 4
    assert story.result.measured_ns == 1 * S


def test_what_is_under_way_at_a_windows_end_is_still_delivered() -> None:
    story = Played(watched({}, reads(3 * S - 1)))
    assert story.result.vms[0].ios == 1
    assert story.latency(0, workload="script0") == 1 * MS


def test_a_write_outside_leaves_its_mark_in_tracking_delta_and_recovery_points() -> None:
    """The first backup cuts at 1.03 s and opens its disk for long: the delta stays. The second follows at 5.1 s."""
    job = {**VADP, "interval": "4100 ms", "disk_open": "2 s"}
    changes = {"protection": {"vadp": {"job": job}}, "run": {"duration": "9 s"}}
    outside = writes(500 * MS, 1_500 * MS, 1_600 * MS, 3_200 * MS, size=6 * KIB)
    story = Played(watched(changes, outside), "vadp")
    first, second = story.result.jobs
    assert (first.written_bytes, second.written_bytes) == (6 * KIB, 18 * KIB)
    assert second.cbt_bytes == 64 * KIB
    assert [row.grains for row in story.result.space if row.t_ns == 2 * S] == [2]  # 6 KiB: two grains, no parent read
    assert story.commands("data") == (0, 0, 0)
    assert story.commands("parent read") == (0, 0, 0)
    assert [row.observed for row in story.result.jobs] == [False, False]
    assert not any(stun.observed for stun in story.result.stuns if stun.start_ns < 2 * S)
    assert story.result.vms[0].bytes_written == 0


def test_a_write_outside_goes_over_the_link() -> None:
    """10 KB at 1 MB/s: the checkpoint at 1 s is behind them in the queue, and durable when they are."""
    story = Played(watched({"protection": {"vaio": {"copy": VAIO}}}, writes(999 * MS, size=10_240)), "vaio")
    assert sum(row.bytes for row in story.result.flows) == 10_240
    points = [(row.point_ns, row.usable_ns) for row in story.result.points if row.point_ns == 1 * S]
    assert points == [(1 * S, 999 * MS + 10_240_000)]


def test_a_write_outside_waits_for_the_end_of_a_stun() -> None:
    """The stun from 1 s on takes 30 ms; the cut comes within it, so the write is after the point."""
    story = Played(watched({"protection": {"vadp": {"job": VADP}}}, writes(1_005 * MS)), "vadp")
    assert [(job.written_bytes, job.cut_ns) for job in story.result.jobs] == [(0, 1_010 * MS)]
    assert story.commands("merge")[2] == 4 * KIB  # it went into the delta


@pytest.mark.parametrize("origin", ["guest", "external"])
@pytest.mark.parametrize("clock", ["frozen", "jumps"])
def test_a_closed_loops_clock_stands_still_between_windows(origin: str, clock: str) -> None:
    """It thinks 400 ms and waits 1 ms: on its own clock it asks at 400, 801, 1202, 1603 and 2004 ms."""
    loop = {"kind": "closed", "outstanding": 1, "think": "400 ms", "think_distribution": "fixed", "origin": origin,
            "read": "100 %"}  # fmt: skip
    changes = {"vm": {"a": {"workload": [loop], "guest_clock": clock}}, "run": {"duration": "7900 ms"}}
    story = Played(world(merged(TWICE, changes)))
    asked = sorted(io.arrival_ns // MS for io in story.result.vms[0].slowest)
    assert asked == [2_400, 2_801, 5_202, 5_603]
    assert story.commands("data")[0] == 4, "and after the last window never again"


def test_a_closed_loop_writes_outside_at_the_rate_of_its_bounds() -> None:
    """Four outstanding, 19 ms of thought and 1 ms of service: 200 I/Os a second, half of them writes."""
    loop = {"kind": "closed", "outstanding": 4, "think": "19 ms", "read": "50 %", "size": "4 KiB"}
    spec = world(merged(TWICE, {"vm": {"a": {"workload": [loop]}}, "run": {"duration": "60 s", "observe": [
        {"start": "59 s", "duration": "1 s"}]}}))  # fmt: skip
    story = Played(spec)
    written = sum(row.bytes_written for row in story.result.intervals[:59]) // (4 * KIB)
    assert abs(written - 5_900) < 4 * 5_900**0.5


def test_a_datastore_that_slows_down_slows_the_rate_outside_too() -> None:
    """1 ms a service, 4 ms with eight in service: one outstanding makes 1,000 a second, 8 make 2,000; two servers
    serve 500 each."""
    loop = {"kind": "closed", "think": "0 s", "size": "4 KiB"}
    found = []
    for outstanding, servers in ((1, 64), (8, 64), (8, 2)):
        slower = {"servers": servers, "slowdown": {"1": 1.0, "2": 2.0, "8": 4.0}}
        busy = [{**loop, "outstanding": outstanding}]
        spec = world({"vm": {"a": {"workload": busy}}, "datastore": {"d": slower}})
        (machine, *_) = spec.vms
        found.append(closed_rate(spec, machine, machine.workloads[0]) // 1000)
    assert found == [1000, 2000, 1000]


def test_an_unseen_write_asks_nobody() -> None:
    counts = Played(watched({}, writes(500 * MS))).parts.recorder.counts(0)
    assert (counts.arrived, counts.absorbed, counts.absorbed_bytes) == (0, 1, 4 * KIB)


# -- the arithmetic ---------------------------------------------------------------------------------------------------

PAIR = (Window(10, 20), Window(30, 40))


def test_stretches_are_cut_at_the_borders() -> None:
    rates = [(15, 7), (35, 0), (NEVER_NS, 9)]
    assert list(cut(iter(rates), PAIR, keep=True)) == [
        (10, 0), (15, 7), (20, 0), (30, 0), (35, 0), (40, 9), (NEVER_NS, 0),
    ]  # fmt: skip
    assert list(cut(iter(rates), PAIR, keep=False)) == [
        (10, 7), (15, 0), (20, 0), (30, 0), (35, 0), (40, 0), (NEVER_NS, 9),
    ]  # fmt: skip


def test_a_stretch_is_observed_when_one_window_holds_all_of_it() -> None:
    assert observed((), 0, 100)
    assert observed(PAIR, 10, 20)
    assert not observed(PAIR, 15, 35)
    assert not observed(PAIR, 9, 12)


def test_a_window_holds_its_start_and_not_its_end() -> None:
    import numpy as np

    assert inside(PAIR, np.array([9, 10, 19, 20, 30, 40])).tolist() == [False, True, True, False, True, False]
    assert inside((), np.array([5])).tolist() == [True]


def test_measured_time_is_without_warmups() -> None:
    run = world(merged(TWICE, {"run": {"observe_warmup": "200 ms", "warmup": "2500 ms"}})).run
    assert measured(run) == 500 * MS + 800 * MS
