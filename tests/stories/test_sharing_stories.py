"""Stories of what hosts share: DSNRO's rules, QUEUE FULL, the array's write cache, burst credits, SIOC.

A command takes 1 ms in the datastore; what it waits for is said by the ledger, to the nanosecond.
"""

from itertools import pairwise
from typing import Any

import pytest
from worlds import GRAIN, KIB, MS, Played, S, merged, reads, scripted, trace, world, writes

SERVICE = {"data: service": 1 * MS}
TWO = {"vm": {name: {"disk": [{"size": "64 MiB"}]} for name in ("a", "b")}, "run": {"slowest": 999}}
HOSTS = {"host": {"h": {}, "other": {"path_latency": "0 s"}}, "vm": {"a": {"host": "h"}, "b": {"host": "other"}}}


def two_vms(changes: dict[str, Any], a: list[Any], b: list[Any]) -> Played:
    """VM a makes the first I/Os, VM b the second."""
    return Played(scripted(scripted(world(merged(TWO, changes)), trace(a)), trace(b), vm="b"))


def alone(changes: dict[str, Any], script: list[Any]) -> Played:
    return Played(scripted(world(merged({"run": {"slowest": 999}}, changes)), trace(script)))


def levels(story: Played, level: str, host: str = "") -> list[int]:
    return [row.value for row in story.result.levels if (row.level, row.host) == (level, host)]


# -- DSNRO ------------------------------------------------------------------------------------------------------------


def test_dsnro_of_the_device_is_shared_by_its_disks() -> None:
    """Two in all while both want more; by disk it would be two of each."""
    changes = {"host": {"h": {"dsnro": 2, "dsnro_per": "device", "idle_credit": 0}}}
    story = two_vms(changes, reads(*[0] * 4), reads(*[0] * 4))
    assert [story.latency(n) for n in range(4)] == [n * MS for n in range(1, 5)]
    assert [story.latency(n, vm=1) for n in range(4)] == [n * MS for n in range(1, 5)]
    assert story.ledger(3) == {"data: DSNRO": 3 * MS, **SERVICE}
    single = two_vms(changes, reads(*[0] * 4), reads(9 * MS))
    assert [single.latency(n) for n in range(4)] == [1 * MS] * 4


def test_dsnro_of_the_device_holds_each_host_for_itself() -> None:
    changes = merged(HOSTS, {"host": {h: {"dsnro": 2, "dsnro_per": "device"} for h in ("h", "other")}})
    story = two_vms(changes, reads(*[0] * 4), reads(*[0] * 4))
    assert [story.latency(n, vm) for n in range(4) for vm in (0, 1)] == [1 * MS] * 8


def test_dsnro_begins_to_act_after_so_many_switches() -> None:
    """a, b by turns at 0, 1, 2, 3 ms are three switches. Then a wants four at once and may have one."""
    changes = {"host": {"h": {"dsnro": 1, "dsnro_rule": "switches", "dsnro_switches": 3, "dsnro_requests": 3}}}
    story = two_vms(changes, reads(0, 2 * MS, *[9 * MS] * 6), reads(1 * MS, 3 * MS))
    # The first of the six is the fourth switch, the third is the third in succession: from then on all may go.
    assert [story.latency(n) for n in range(2, 8)] == [1 * MS, 2 * MS, 3 * MS, 3 * MS, 3 * MS, 3 * MS]
    assert story.ledger(7) == {"data: DSNRO": 2 * MS, **SERVICE}
    fewer = two_vms(changes, reads(0, 2 * MS, *[9 * MS] * 4), reads(1 * MS))
    assert [fewer.latency(n) for n in range(2, 6)] == [1 * MS] * 4  # two switches only


def test_by_switches_two_that_compete_at_once_are_not_held_at_first() -> None:
    changes = {"host": {"h": {"dsnro": 2, "dsnro_rule": "switches", "idle_credit": 0}}}
    story = two_vms(changes, reads(*[0] * 3), reads(*[0] * 3))  # a b a b a b: five switches of six
    assert [story.latency(n, vm) for n in range(3) for vm in (0, 1)] == [1 * MS] * 6
    longer = two_vms(changes, reads(*[0] * 5), reads(*[0] * 5))
    # The seventh command is the sixth switch: by then four and three are out, from then on two of each may be.
    assert [longer.latency(n) for n in range(5)] == [1 * MS] * 4 + [2 * MS]
    assert [longer.latency(n, vm=1) for n in range(5)] == [1 * MS] * 3 + [2 * MS] * 2


# -- QUEUE FULL -------------------------------------------------------------------------------------------------------

FULL = {"datastore": {"d": {"queue_limit": 2}}, "host": {"h": {"busy_delay": "5 ms"}}}


def test_a_refused_command_comes_again_and_has_waited_in_the_device_queue() -> None:
    """Two fit; the third and fourth are refused at 0 and come again at 5 ms."""
    story = alone(FULL, reads(0, 0, 0, 0))
    assert [story.latency(n) for n in range(4)] == [1 * MS, 1 * MS, 6 * MS, 6 * MS]
    assert story.ledger(2) == {"data: device queue": 5 * MS, **SERVICE}
    assert story.result.intervals[0].davg_ns == 1 * MS
    assert levels(story, "refused", "h")[0] == 2
    assert set(levels(story, "queue depth", "h")) == {64}  # adaptive queue depth is off


def test_a_refused_command_keeps_its_slot() -> None:
    """Depth 3: the fourth finds no slot at 0; it goes at 1 ms, when the first two are back."""
    story = alone(merged(FULL, {"datastore": {"d": {"device_queue_depth": 3}}}), reads(0, 0, 0, 0))
    assert [story.latency(n) for n in range(4)] == [1 * MS, 1 * MS, 6 * MS, 2 * MS]


def test_the_arrays_limit_is_of_all_hosts_and_its_queue_counts() -> None:
    """One server: b's command finds two of a's inside, one of them waiting."""
    more = {"datastore": {"d": {"servers": 1}}, "host": {"other": {"busy_delay": "7 ms"}}}
    changes = merged(merged(FULL, HOSTS), more)
    story = two_vms(changes, reads(0, 0), reads(500_000))
    assert [story.latency(0), story.latency(1)] == [1 * MS, 2 * MS]
    assert story.ledger(0, vm=1) == {"data: device queue": 7 * MS, **SERVICE}
    assert levels(story, "refused", "other")[0] == 1


@pytest.mark.parametrize(
    ("reading", "sample", "depths"),
    [("samples", 4, [8, 8, 8, 4, 4, 4, 4, 2]), ("refusals", 2, [8, 4, 4, 2, 2, 1, 1, 1])],
)
def test_refusals_halve_the_queue_depth(reading: str, sample: int, depths: list[int]) -> None:
    """The array takes one command, which stays; another comes at half a second and is refused once a second."""
    changes = {
        "datastore": {"d": {"queue_limit": 1, "device_queue_depth": 8, "read": {"latency": "60 s"}}},
        "host": {"h": {"busy_delay": "1 s", "qfull_sample": sample, "qfull_threshold": 2, "qfull_reading": reading}},
        "run": {"duration": "8 s"},
    }
    story = alone(changes, reads(0, S // 2))
    assert levels(story, "queue depth", "h") == depths


def test_good_statuses_give_the_slots_back() -> None:
    """Two refusals halve 4 to 2; then three good statuses a slot."""
    changes = merged(FULL, {
        "datastore": {"d": {"device_queue_depth": 4}},
        "host": {"h": {"qfull_sample": 2, "qfull_threshold": 2, "qfull_reading": "refusals", "busy_delay": "10 ms"}},
        "run": {"duration": "100 ms", "interval": "5 ms"},
    })  # fmt: skip
    story = alone(changes, [*reads(0, 0, 0, 0), *reads(*[(21 + 5 * n) * MS for n in range(9)])])
    # The first two are answered at 1 ms: one slot. The two that come again at 10 ms are answered at 11 ms: one more.
    assert levels(story, "queue depth", "h")[:5] == [3, 3, 4, 4, 4]


# -- the write cache --------------------------------------------------------------------------------------------------

CACHE = {"datastore": {"d": {"servers": 1, "cache": {"size": "8 KiB", "latency": "0.1 ms", "destagers": 1},
                             "write": {"latency": "2 ms"}}}}  # fmt: skip
HIT = 100_000


def test_writes_are_acknowledged_by_the_cache_until_it_is_full() -> None:
    """Two fit. The first is destaged from 0.1 to 2.1 ms, which makes room for the third, and so on every 2 ms."""
    story = alone(CACHE, writes(*[0] * 5))
    assert [story.latency(n) for n in range(5)] == [HIT, HIT] + [HIT + n * 2 * MS + HIT for n in (1, 2, 3)]
    assert story.ledger(4) == {"data: service": 2 * HIT + 6 * MS}
    assert story.commands("destage") == (5, 0, 5 * GRAIN)
    assert story.commands("data") == (5, 0, 5 * GRAIN)
    assert levels(story, "cached") == [0] * 10


def test_reads_wait_behind_destages_and_hit_nothing() -> None:
    """The server destages from 0.1 to 2.1 ms; a read at 1 ms waits for it; then the next destage waits for the read."""
    story = alone(CACHE, [*writes(0, 0, 0), *reads(1 * MS)])
    assert story.latency(3) == 2 * MS - 1 * MS + HIT + 1 * MS
    assert story.latency(2) == 2 * MS + 2 * HIT
    assert story.result.levels[0].value == 0


def test_what_the_cache_holds_is_shown_and_is_more_destagers_sooner_clean() -> None:
    changes = merged(CACHE, {"run": {"duration": "8 ms", "interval": "1 ms"}, "datastore": {"d": {"servers": 2}}})
    two = merged(changes, {"datastore": {"d": {"cache": {"destagers": 2}}}})
    assert levels(alone(changes, writes(0, 0)), "cached") == [2 * GRAIN] * 2 + [GRAIN] * 2 + [0] * 4
    assert levels(alone(two, writes(0, 0)), "cached") == [2 * GRAIN] * 2 + [0] * 6


def test_a_write_larger_than_the_cache_passes_it_by() -> None:
    story = alone(CACHE, [*writes(0, size=8 * KIB), *writes(0, size=8 * KIB + 512)])
    assert [story.latency(n) for n in range(2)] == [HIT, 2 * MS]
    assert story.commands("destage")[0] == 1


def test_room_is_given_in_the_order_in_which_writes_came() -> None:
    """4 KiB is free, but an 8 KiB write waits for more, and the 4 KiB write behind it waits, too."""
    story = alone(CACHE, [*writes(0), *writes(10_000, size=8 * KIB), *writes(20_000)])
    assert [story.latency(n) for n in range(3)] == [HIT, 2 * MS + 2 * HIT - 10_000, 4 * MS + 3 * HIT - 20_000]


def test_one_destage_may_make_room_for_several_writes() -> None:
    story = alone(CACHE, [*writes(0, size=8 * KIB), *writes(10_000, 10_000)])
    assert [story.latency(n) for n in range(3)] == [HIT] + [2 * MS + 2 * HIT - 10_000] * 2


def test_hosts_share_the_cache() -> None:
    story = two_vms(merged(CACHE, HOSTS), writes(0, 0), writes(50_000))
    assert story.latency(0, vm=1) == 2 * MS + 2 * HIT - 50_000


# -- burst credits ----------------------------------------------------------------------------------------------------

CREDIT = {"datastore": {"d": {"iops": "100 iops", "burst": "60 ms", "peak_iops": "500 iops"}}}


def test_a_burst_runs_at_the_peak_while_its_credit_lasts() -> None:
    """Six I/Os of credit. Each is through when both rates let it: 2 ms apart, then from 10 n - 60 on 10 ms apart."""
    story = alone(CREDIT, reads(*[0] * 12))
    expected = [max(2 * n, 10 * n - 60) * MS for n in range(1, 13)]
    assert [story.latency(n) for n in range(12)] == expected
    assert [b - a for a, b in pairwise(expected)] == [2 * MS] * 6 + [6 * MS] + [10 * MS] * 4


def test_the_credit_at_the_start_and_how_it_refills() -> None:
    """Half of it: three I/Os. 45 ms later it is 30 - 40 + 45 = 35 of 60 ms, at the end it is full."""
    run = {"duration": "90 ms", "interval": "45 ms"}
    changes = merged(CREDIT, {"datastore": {"d": {"credit": "50 %"}}, "run": run})
    story = alone(changes, reads(*[0] * 4))
    assert [story.latency(n) for n in range(4)] == [max(2 * n, 10 * n - 30) * MS for n in range(1, 5)]
    assert levels(story, "I/O credit") == [3, 6]


def test_a_byte_rate_has_its_credit_and_its_peak() -> None:
    """4 KiB take 10 ms at the baseline and 2.5 ms at the peak; the credit is 20 ms of the baseline, two of them."""
    rates = {"bandwidth": "409600 B/s", "peak_bandwidth": "1638400 B/s", "burst": "20 ms"}
    story = alone({"datastore": {"d": rates}}, reads(0, 0, 0, 0))
    assert [story.latency(n) for n in range(4)] == [2_500_000, 5 * MS, 10 * MS, 20 * MS]
    assert set(levels(story, "byte credit")) == {8192}


# -- SIOC -------------------------------------------------------------------------------------------------------------


def sioc(changes: dict[str, Any], a: list[Any], b: list[Any]) -> Played:
    """Two hosts on one server of 1 ms, DQLEN 8, acting each second with full gain and no smoothing on 10 ms."""
    control = {"threshold": "10 ms", "period": "1 s", "gain": "100 %", "smoothing": "100 %", "least_depth": 1}
    base = {"datastore": {"d": {"servers": 1, "device_queue_depth": 8, "sioc": control}},
            "run": {"duration": "4 s"}}  # fmt: skip
    return two_vms(merged(merged(HOSTS, base), changes), a, b)


def test_a_window_shrinks_by_the_latency_of_all_hosts_and_never_below_the_least() -> None:
    """Sixteen at once: their latencies are 1 to 16 ms, 8.5 ms on average: above a threshold of 4 ms."""
    quick = {"datastore": {"d": {"sioc": {"threshold": "4 ms"}}}}
    bursts = [n * S + S // 2 for n in range(4)]
    story = sioc(quick, reads(*bursts * 8), reads(*bursts * 8))
    # 8 x 4 / 8.5 + 1 = 4.76 slots: 4. Then 8 at a time are 1 to 8 ms, with the others behind them: 4.5, and so on.
    assert levels(story, "SIOC latency")[:2] == [0, 8_500_000]
    assert levels(story, "queue depth", "h")[:2] == levels(story, "queue depth", "other")[:2] == [8, 4]
    least = merged(quick, {"datastore": {"d": {"sioc": {"threshold": "1 us", "least_depth": 3}}}})
    assert levels(sioc(least, reads(*bursts * 8), reads(*bursts * 8)), "queue depth", "h") == [8, 3, 3, 3]


def test_below_the_threshold_no_shares_act() -> None:
    story = sioc({"vm": {"b": {"disk": [{"size": "64 MiB", "shares": 4000}]}}}, reads(0), reads(0))
    assert levels(story, "queue depth", "h") == levels(story, "queue depth", "other") == [8] * 4


def test_a_host_claims_by_the_shares_of_the_disks_that_did_something() -> None:
    """Latencies of 4.5 ms against a threshold of 1 us: the window is the claim alone."""
    claims = {
        "datastore": {"d": {"sioc": {"threshold": "1 us"}}},
        "vm": {"a": {"disk": [{"size": "64 MiB", "shares": 4000}, {"size": "64 MiB", "shares": 2000}]},
               "b": {"disk": [{"size": "64 MiB", "shares": 3000}]}},
    }  # fmt: skip
    spec = merged(claims, {"run": {"duration": "5 s"}})
    story = sioc(spec, reads(*[S // 2] * 8, *[3 * S + S // 2] * 8), reads(*[S // 2] * 8, *[2 * S + S // 2] * 8))
    # a's second disk is idle. Where a host had no command it claims nothing, and keeps the least.
    assert levels(story, "queue depth", "h") == [8, 4, 4, 1, 4]
    assert levels(story, "queue depth", "other") == [8, 3, 3, 3, 1]


def test_a_disk_whose_commands_are_still_under_way_claims_too() -> None:
    """Four reads at 0.5 s, one every 600 ms: none is back at 1 s, two at 2 s, all at 3 s."""
    slow = {
        "datastore": {"d": {"read": {"latency": "600 ms"}, "sioc": {"threshold": "1 us"}}},
        "vm": {"a": {"disk": [{"size": "64 MiB", "shares": 4000}]}},
    }
    story = sioc(slow, reads(*[S // 2] * 4), reads(100 * S))
    assert levels(story, "queue depth", "h") == [8, 8, 4, 1]  # each as it was before that second


def test_a_wider_window_lets_those_who_wait_go_at_once() -> None:
    """At 1 s the window is the claim of disk 0, one slot; at 2 s that of both disks, four: disk 1 need not wait on."""
    disks = [{"size": "64 MiB", "shares": 1000}, {"size": "64 MiB", "shares": 3000}]
    control = {"threshold": "1 us", "period": "1 s", "gain": "100 %", "smoothing": "100 %", "least_depth": 1}
    spec = world(merged(TWO, {
        "datastore": {"d": {"read": {"latency": "400 ms"}, "sioc": control}}, "vm": {"a": {"disk": disks}},
    }))  # fmt: skip
    first = trace(reads(0, 1_100 * MS, 1_700 * MS))  # the last of them has the slot until 2.1 s
    story = Played(scripted(spec, first, trace(reads(1_800 * MS), "second", disk=1)))
    assert levels(story, "queue depth", "h")[:3] == [8 * 8, 1, 4]
    assert story.ledger(0, workload="second") == {"data: device queue": 200 * MS, "data: service": 400 * MS}


def test_with_sioc_its_window_takes_the_place_of_dsnro() -> None:
    changes = merged(TWO, {"host": {"h": {"dsnro": 1}}, "datastore": {"d": {"sioc": {}}}})
    story = two_vms(changes, reads(0, 0), reads(0, 0))
    assert [story.latency(n, vm) for n in range(2) for vm in (0, 1)] == [1 * MS] * 4
