"""Stories of the way of an I/O: adapter slots, I/O scheduler, limits, DSNRO, device slots, datastore, probe.

A command takes 1 ms in the datastore; what it waits for is said by the ledger, to the nanosecond.
"""

from typing import Any

import pytest
from worlds import GRAIN, KIB, MIB, MS, VADP, Played, S, merged, reads, scripted, trace, world, writes

SERVICE = {"data: service": 1 * MS}
TWO = {"vm": {name: {"disk": [{"size": "64 MiB"}]} for name in ("a", "b")}, "run": {"slowest": 100}}


def two_vms(changes: dict[str, Any], a: list[Any], b: list[Any]) -> Played:
    """VM a makes the first I/Os, VM b the second."""
    return Played(scripted(scripted(world(merged(TWO, changes)), trace(a)), trace(b), vm="b"))


# -- the adapter ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("depth", "waits"), [(1, [0, 1, 2]), (2, [0, 0, 1]), (3, [0, 0, 0])])
def test_a_disk_has_so_many_slots(depth: int, waits: list[int]) -> None:
    vm = {"vm": {"a": {"disk_queue_depth": depth}}, "run": {"slowest": 100}}
    story = Played(scripted(world(vm), trace(reads(0, 0, 0))))
    assert [story.ledger(n).get("guest queue", 0) for n in range(3)] == [wait * MS for wait in waits]
    assert [story.latency(n) for n in range(3)] == [(1 + wait) * MS for wait in waits]
    assert story.result.vms[0].vscsi.maximum == 1 * MS  # the guest's queue is before the adapter


@pytest.mark.parametrize(("depth", "waits"), [(1, [0, 1]), (2, [0, 0])])
def test_an_adapter_has_so_many_slots_for_all_disks(depth: int, waits: list[int]) -> None:
    changes = {"vm": {"a": {"adapter_queue_depth": depth, "disk": [{"size": "64 MiB", "count": 2}]}},
               "run": {"slowest": 9}}  # fmt: skip
    story = Played(scripted(world(changes), trace(reads(0)), trace(reads(0), "second", disk=1)))
    assert [story.ledger(0, workload=name).get("guest queue", 0) // MS for name in ("script", "second")] == waits


def test_whoever_waits_longest_gets_the_slot_among_those_it_suits() -> None:
    """One slot in all. Disk 0 asks at 0, 0.3 and 0.5 ms, disk 1 at 0.4 ms."""
    changes = {"vm": {"a": {"adapter_queue_depth": 1, "disk": [{"size": "64 MiB", "count": 2}]}},
               "run": {"slowest": 9}}  # fmt: skip
    first, second = trace(reads(0, 300_000, 500_000)), trace(reads(400_000), "second", disk=1)
    story = Played(scripted(world(changes), first, second))
    assert [story.delivered(n) // MS for n in range(3)] == [1, 2, 4]
    assert story.delivered(0, workload="second") == 3 * MS


# -- filters ----------------------------------------------------------------------------------------------------------


def filtered(workers: int | str, more: dict[str, Any], *ios: Any, up: str = "0 s") -> Played:
    """VMs a, b and so on make these I/Os, each through a filter whose hop down costs 2 ms."""
    names = "abcd"[: len(ios)]
    vms = {name: {"disk": [{"size": "64 MiB"}], "filters": ["f"]} for name in names}
    filters = {"filter": {"f": {"down": "2 ms", "up": up, "workers": workers}}, "run": {"slowest": 9}, "vm": vms}
    spec = world(merged(filters, more))
    for name, script in zip(names, ios, strict=True):
        spec = scripted(spec, trace(script), vm=name)
    return Played(spec)


@pytest.mark.parametrize(("workers", "hops"), [("none", [2, 2, 2]), (1, [2, 4, 6]), (2, [2, 2, 4]), (3, [2, 2, 2])])
def test_a_hop_waits_for_a_worker(workers: int | str, hops: list[int]) -> None:
    story = filtered(workers, {}, reads(0, 0, 0))
    assert [story.ledger(n) for n in range(3)] == [{"filter f": hop * MS, **SERVICE} for hop in hops]


def test_a_worker_serves_all_vms_of_its_host_and_no_other() -> None:
    hosts = {"host": {"h": {}, "other": {"path_latency": "0 s"}}, "vm": {v: {"host": "h"} for v in "ab"}}
    hosts["vm"]["c"] = {"host": "other"}
    story = filtered(1, hosts, reads(0), reads(1 * MS), reads(0))
    assert [story.ledger(0, vm)["filter f"] for vm in range(3)] == [2 * MS, 3 * MS, 2 * MS]


def test_hops_up_and_down_share_the_worker() -> None:
    """The first is down at 2 ms and back from the disk at 3. The second has the worker until 4, the third until 6."""
    story = filtered(1, {}, reads(0, 0, 500_000), up="1 ms")
    # Up: the first asks at 3 ms, after the third's hop down, and goes up from 6 to 7; the second asks at 5, until 8;
    # the third, back at 7, until 9.
    assert [story.ledger(n)["filter f"] for n in range(3)] == [(2 + 4) * MS, (4 + 3) * MS, 5_500_000 + 2 * MS]
    assert [story.delivered(n) for n in range(3)] == [7 * MS, 8 * MS, 9 * MS]


def test_the_next_filters_hop_begins_when_the_one_before_ends() -> None:
    """f has one worker, 2 ms; then g has one, 3 ms: the second I/O is through f at 4 ms and through g at 8 ms."""
    g = {"filter": {"g": {"down": "3 ms", "up": "0 s", "workers": 1}}, "vm": {"a": {"filters": ["f", "g"]}}}
    story = filtered(1, g, reads(0, 0))
    assert story.ledger(0) == {"filter f": 2 * MS, "filter g": 3 * MS, **SERVICE}
    assert story.ledger(1) == {"filter f": 4 * MS, "filter g": 4 * MS, **SERVICE}


def test_hops_are_served_in_the_order_in_which_they_are_asked_for() -> None:
    """a's hop at g begins at 2 ms but is asked for at 0; b, who has no f, asks at 1 ms and waits until a is through."""
    g = {"filter": {"g": {"down": "3 ms", "up": "0 s", "workers": 1}},
         "vm": {"a": {"filters": ["f", "g"]}, "b": {"filters": ["g"]}}}  # fmt: skip
    story = filtered("none", g, reads(0), reads(1 * MS))
    assert story.ledger(0, vm=0) == {"filter f": 2 * MS, "filter g": 3 * MS, **SERVICE}
    assert story.ledger(0, vm=1) == {"filter g": 7 * MS, **SERVICE}


# -- the device -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("depth", "latencies"), [(1, [1, 2, 3, 4]), (2, [1, 1, 2, 2]), (4, [1, 1, 1, 1])])
def test_a_device_has_so_many_slots(depth: int, latencies: list[int]) -> None:
    changes = {"datastore": {"d": {"device_queue_depth": depth}}, "run": {"slowest": 9}}
    story = Played(scripted(world(changes), trace(reads(0, 0, 0, 0))))
    assert [story.latency(n) for n in range(4)] == [n * MS for n in latencies]
    assert [story.ledger(n).get("data: device queue", 0) for n in range(4)] == [(n - 1) * MS for n in latencies]


def test_dsnro_caps_a_disk_only_while_another_competes() -> None:
    """Two at a time for a while b has I/Os: until 1 ms. Alone, all six go at once."""
    changes = {"host": {"h": {"dsnro": 2}}}
    alone = two_vms(changes, reads(*[0] * 6), reads(5 * MS))
    assert [alone.latency(n) for n in range(6)] == [1 * MS] * 6
    together = two_vms(changes, reads(*[0] * 6), reads(0, 0))
    assert [together.latency(n) for n in range(6)] == [1 * MS] * 2 + [2 * MS] * 4
    assert together.ledger(5) == {"data: DSNRO": 1 * MS, **SERVICE}
    longer = two_vms(changes, reads(*[0] * 6), reads(0, 0, 0, 0))
    assert [longer.latency(n) for n in range(6)] == [1 * MS] * 2 + [2 * MS] * 2 + [3 * MS] * 2
    assert [longer.latency(n, vm=1) for n in range(4)] == [1 * MS] * 2 + [2 * MS] * 2


def test_the_limit_is_charged_before_dsnro_and_dsnro_before_slots() -> None:
    """a may have one outstanding and 20 I/Os a second; b and c fill both slots from 30 ms on for 200 ms."""
    changes = {
        "host": {"h": {"dsnro": 1}},
        "datastore": {"d": {"device_queue_depth": 2, "read": {"latency": "30 ms"}, "write": {"latency": "200 ms"}}},
        "vm": {"a": {"disk": [{"size": "64 MiB", "limit": "20 iops"}]}, "c": {"disk": [{"size": "64 MiB"}]}},
    }
    base = scripted(world(merged(TWO, changes)), trace(reads(0, 0)))
    story = Played(scripted(scripted(base, trace(writes(1 * MS)), vm="b"), trace(writes(2 * MS)), vm="c"))
    # b has a slot from 1 to 201 ms, c from 30 to 230 ms. a's second read: its limit lets it go at 50 ms. It is at DSNRO
    # from 1 to 30 ms only, which the limit covers; then it waits for b's slot.
    assert story.ledger(1) == {"data: limit": 50 * MS, "data: device queue": 151 * MS, "data: service": 30 * MS}
    unlimited = merged(changes, {"vm": {"a": {"disk": [{"size": "64 MiB"}]}}})
    base = scripted(world(merged(TWO, unlimited)), trace(reads(0, 0, 5 * MS)))
    story = Played(scripted(scripted(base, trace(writes(1 * MS)), vm="b"), trace(writes(2 * MS)), vm="c"))
    # Both reads go at 0, before anyone competes. The third waits at DSNRO from 5 ms till both are back at 30 ms; then
    # b and c, who have had nothing yet, take the slots.
    assert story.ledger(2) == {"data: DSNRO": 25 * MS, "data: device queue": 200 * MS, "data: service": 30 * MS}


@pytest.mark.parametrize(("size", "gap_ms"), [(4 * KIB, 10), (32 * KIB, 10), (32 * KIB + 512, 20), (4 * MIB, 1_280)])
def test_a_limit_counts_in_units_of_32_kib(size: int, gap_ms: int) -> None:
    changes = {"vm": {"a": {"disk": [{"size": "64 MiB", "limit": "100 iops"}]}}, "run": {"slowest": 9}}
    story = Played(scripted(world(changes), trace(reads(0, 0, 0, size=size))))
    assert [story.delivered(n) for n in range(3)] == [(n * gap_ms + 1) * MS for n in range(3)]
    assert story.ledger(2)["data: limit"] == 2 * gap_ms * MS


def test_a_split_request_is_charged_once_to_its_limit() -> None:
    """In the delta grain 1 lies apart: a read of 32 KiB becomes three commands and costs one unit."""
    changes = {
        "vm": {"a": {"disk": [{"size": "64 MiB", "limit": "100 iops"}]}}, "run": {"slowest": 99, "duration": "3 s"},
        "protection": {"vadp": {"job": {**VADP, "disk_open": "1 s"}}}, "snapshots": {"delta": {"metadata_writes": 0}},
    }  # fmt: skip
    script = [*writes(1_100 * MS, offset=GRAIN), *reads(1_500 * MS, 1_500 * MS, size=32 * KIB)]
    story = Played(scripted(world(changes), trace(script)), "vadp")
    assert story.commands("data")[0] == 1 + 3 + 3
    assert [story.latency(n) for n in (1, 2)] == [1 * MS, 11 * MS]


CLOSED = {"kind": "closed", "outstanding": 8, "think": "0 s", "read": "100 %", "size": "4 KiB"}
ONE_AT_A_TIME = {"datastore": {"d": {"device_queue_depth": 1}}, "run": {"duration": "1 s", "interval": "1 s"}}


def ios(a: dict[str, Any], b: dict[str, Any], scheduler: str = "mclock") -> tuple[int, int]:
    """How many I/Os two disks get in a second of a device that does a thousand."""
    vm = {name: {"disk": [{"size": "64 MiB", **share}], "workload": [CLOSED]} for name, share in (("a", a), ("b", b))}
    story = Played(world(merged(ONE_AT_A_TIME, {"vm": vm, "host": {"h": {"scheduler": scheduler, "idle_credit": 0}}})))
    return story.result.vms[0].ios, story.result.vms[1].ios


@pytest.mark.parametrize(("shares", "expected"), [((1000, 1000), 500), ((3000, 1000), 750), ((500, 2000), 200)])
def test_shares_divide_a_device_that_both_want(shares: tuple[int, int], expected: int) -> None:
    a, b = ios({"shares": shares[0]}, {"shares": shares[1]})
    assert a + b in (999, 1000)  # the one that ends at the run's end is not counted
    assert abs(a - expected) <= 2


def test_a_fifo_scheduler_knows_no_shares_and_no_reservations() -> None:
    a, b = ios({"shares": 4000, "reservation": "900 iops"}, {"shares": 200}, "fifo")
    assert abs(a - b) <= 8  # a asked for eight at once, first


def test_a_reservation_is_kept_against_shares() -> None:
    a, b = ios({"reservation": "600 iops", "shares": 200}, {"shares": 4000})
    assert abs(a - 600) <= 2  # its share alone would be 48
    assert a + b in (999, 1000)


@pytest.mark.parametrize("scheduler", ["mclock", "fifo"])
def test_a_limit_holds_under_both_schedulers_and_leaves_the_rest(scheduler: str) -> None:
    a, b = ios({"limit": "200 iops"}, {}, scheduler)
    assert (a, a + b) in {(200, 999), (200, 1000), (199, 999)}


@pytest.mark.parametrize(("scheduler", "latency"), [("mclock", 1_500_000), ("fifo", 4_500_000)])
def test_a_queue_of_others_is_passed_by_under_mclock_only(scheduler: str, latency: int) -> None:
    """One slot; a asks for four at 0 ms, b for one at 0.5 ms."""
    changes = {"host": {"h": {"scheduler": scheduler}}, "datastore": {"d": {"device_queue_depth": 1}}}
    assert two_vms(changes, reads(0, 0, 0, 0), reads(500_000)).latency(0, vm=1) == latency


# -- the datastore ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("servers", "latencies"), [(1, [1, 2, 3]), (2, [1, 1, 2]), (0, [1, 1, 1])])
def test_servers_work_side_by_side(servers: int, latencies: list[int]) -> None:
    changes = {"datastore": {"d": {"servers": servers}}, "run": {"slowest": 9}}
    story = Played(scripted(world(changes), trace(reads(0, 0, 0))))
    assert [story.ledger(n) for n in range(3)] == [{"data: service": n * MS} for n in latencies]  # DAVG: in the array


@pytest.mark.parametrize(
    ("cap", "third"),
    [
        ({"iops": "100 iops", "burst": "1 ns"}, 30 * MS - 1),
        ({"iops": "100 iops", "burst": "20 ms"}, 10 * MS),
        ({"iops": "100 iops", "burst": "30 ms"}, 1 * MS),  # three at once after a pause
        ({"bandwidth": "409600 B/s", "burst": "1 ns"}, 30 * MS - 1),
        ({"read": {"latency": "1 ms", "stream": "4096 kB/s"}}, 2 * MS),
    ],
)
def test_caps_of_a_datastore(cap: dict[str, Any], third: int) -> None:
    story = Played(scripted(world({"datastore": {"d": cap}, "run": {"slowest": 9}}), trace(reads(0, 0, 0))))
    assert story.latency(2) == third


def test_two_hosts_share_a_datastore_and_nothing_else() -> None:
    changes = {
        "host": {"other": {"path_latency": "0 s"}}, "vm": {"a": {"host": "h"}, "b": {"host": "other"}},
        "datastore": {"d": {"servers": 1, "device_queue_depth": 1}},
    }  # fmt: skip
    story = two_vms(changes, reads(0, 0), reads(0))
    assert story.ledger(0) == SERVICE
    assert story.ledger(0, vm=1) == {"data: service": 2 * MS}  # its own device has a slot; the array has none
    assert story.ledger(1) == {"data: device queue": 1 * MS, "data: service": 2 * MS}


# -- order at one instant ---------------------------------------------------------------------------------------------


def test_completions_come_before_arrivals() -> None:
    """The only slot is free again at the instant at which the next request arrives."""
    for changes in ({"vm": {"a": {"disk_queue_depth": 1}}}, {"datastore": {"d": {"device_queue_depth": 1}}}):
        story = Played(scripted(world(merged(changes, {"run": {"slowest": 9}})), trace(reads(0, 1 * MS, 2 * MS))))
        assert [story.ledger(n) for n in range(3)] == [SERVICE] * 3


def test_dispatch_comes_after_all_arrivals_of_the_instant() -> None:
    """One slot, both ask at 1 ms, a first. With a reservation b is served first: the dispatcher has seen both."""
    slot = {"datastore": {"d": {"device_queue_depth": 1}}}
    plain = two_vms(slot, reads(1 * MS), reads(1 * MS))
    assert (plain.latency(0), plain.latency(0, vm=1)) == (1 * MS, 2 * MS)
    reserved = merged(slot, {"vm": {"b": {"disk": [{"size": "64 MiB", "reservation": "10 iops"}]}}})
    story = two_vms(reserved, reads(1 * MS), reads(1 * MS))
    assert (story.latency(0), story.latency(0, vm=1)) == (2 * MS, 1 * MS)


# -- the probe --------------------------------------------------------------------------------------------------------


def test_the_probe_sees_a_stun_that_no_io_sees() -> None:
    """An idle VM: three stuns of 30 ms, each a ramp from 30 ms to 0; the rest of the time nobody waits."""
    story = Played(world({"protection": {"vadp": {"job": VADP}}}), "vadp")
    probe = story.result.vms[0].probe
    assert story.result.vms[0].ios == 0
    assert probe.count == 10 * S
    assert probe.total == 3 * sum(range(30)) * MS * MS + 3 * 30 * (MS * (MS - 1) // 2)
    assert probe.maximum == 30 * MS - 1
    assert probe.buckets[0] == 10 * S - 3 * 30 * MS + 3  # a ramp ends at 0, too


def test_the_probe_sees_a_full_adapter() -> None:
    """One slot, three reads at 0: who asks in the first 3 ms waits until 3 ms."""
    changes = {"vm": {"a": {"disk_queue_depth": 1}}, "run": {"duration": "1 s"}}
    probe = Played(scripted(world(changes), trace(reads(0, 0, 0)))).result.vms[0].probe
    assert (probe.count, probe.maximum) == (1 * S, 3 * MS - 1)
    assert probe.total == 3 * MS * (3 * MS - 1) // 2


def test_the_probe_sees_slots_go_to_another_disk() -> None:
    """One slot in all; disk 0 keeps asking. A request to disk 1 at t waits for those who asked before t only."""
    changes = {"vm": {"a": {"adapter_queue_depth": 1, "disk": [{"size": "64 MiB", "count": 2}]}},
               "run": {"duration": "1 s"}}  # fmt: skip
    times = [0, *[300_000 + n * MS for n in range(100)]]  # the slot is never free before 101 ms
    probe = Played(scripted(world(changes), trace(reads(*times)))).result.vms[0].probe
    assert probe.maximum < 2 * MS  # one in service, one before it
