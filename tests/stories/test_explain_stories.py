"""Stories of who was ahead: two VMs at one datastore, worked out by hand. A command takes 1 ms, nothing else costs."""

from typing import Any

import pytest
from worlds import MS, VADP, merged, reads, scripted, world, writes
from worlds import trace as recorded

from experiments.explain.happenings import Happening, met
from experiments.explain.perfetto import document
from experiments.explain.story import Story, Teller, shown_quantile
from models.measure.lives import (
    CommandLife,
    Found,
    Holder,
    Segment,
    ahead_at_device,
    ahead_in_array,
    destaged_meanwhile,
    found,
    shared,
    split_by,
)
from models.measure.tracer import united
from models.scenario import Arm
from models.trace import Trace, trace

TWO = {"vm": {name: {"disk": [{"size": "64 MiB"}]} for name in ("a", "b")}, "host": {"h": {"scheduler": "fifo"}}}


def looked_at(changes: dict[str, Any], a: list[Any], b: list[Any], arm: Arm = "none") -> tuple[Trace, Story]:
    """VM a makes the first I/Os, VM b one: the trace of the run and the story of b's."""
    scenario = scripted(scripted(world(merged(TWO, changes)), recorded(a)), recorded(b), vm="b")
    seen = trace(scenario, arm, 0, [(0, 2_000 * MS)])
    (mine,) = [io for io in seen.ios if io.vm == "b"]
    return seen, Teller(scenario, seen, ()).tell(mine)


def steps(story: Story) -> list[tuple[str, int]]:
    return [(step.name, step.ns) for step in story.steps]


def test_in_the_array_b_waits_for_those_that_are_served_before_it() -> None:
    """One server. a's three reads are served until 3 ms; b asks at 0.5 ms."""
    seen, story = looked_at({"datastore": {"d": {"servers": 1}}}, reads(0, 0, 0), reads(500_000))
    (command,) = story.io.commands
    assert ahead_in_array(command, seen.commands) == (Holder("a:0", "data", False, 3, 2_500_000, 2_500_000),)
    assert ahead_at_device(command, seen.commands) == ()
    assert found(command, seen.commands) == Found(0, 3)
    assert steps(story) == [("data: array queue", 2_500_000), ("data: service", 1 * MS)]
    assert story.steps[0].notes == ("behind 3 commands: 3 data reads of a:0 (2.500 ms)",)
    assert story.steps[1].notes == ("its own service drew 1.000 ms",)
    assert story.mostly() == "data: array queue 71%"


def test_with_two_servers_shares_of_the_wait_are_half_of_the_service() -> None:
    """a's four reads: two until 1 ms, two until 2 ms. b waits 1.5 ms while 3 ms of service are given."""
    seen, story = looked_at({"datastore": {"d": {"servers": 2}}}, reads(0, 0, 0, 0), writes(500_000))
    assert ahead_in_array(story.io.commands[0], seen.commands) == (
        Holder("a:0", "data", False, 4, 3_000_000, 1_500_000),
    )


def test_at_the_device_b_waits_for_its_slots() -> None:
    """One slot: a reads twice and writes once before b, which finds two of them waiting and one outstanding."""
    changes = {"datastore": {"d": {"device_queue_depth": 1}}}
    seen, story = looked_at(changes, reads(0, 0) + writes(1), reads(500_000))
    (command,) = story.io.commands
    assert ahead_at_device(command, seen.commands) == (
        Holder("a:0", "data", False, 2, 1_500_000, 1_500_000),
        Holder("a:0", "data", True, 1, 1_000_000, 1_000_000),
    )
    assert found(command, seen.commands) == Found(2, 1)
    assert steps(story) == [("data: device queue", 2_500_000), ("data: service", 1 * MS)]
    assert story.steps[0].notes == (
        "found 2 waiting and 1 outstanding at h / d, which has 1 slot",
        "behind 3 commands: 2 data reads of a:0 (1.500 ms), 1 data write of a:0 (1.000 ms)",
    )


def test_another_host_holds_no_slots_of_this_one_but_keeps_the_array_busy() -> None:
    hosts = {"host": {"h": {}, "other": {"path_latency": "0 s", "scheduler": "fifo"}}, "vm": {"a": {"host": "other"},
             "b": {"host": "h"}}, "datastore": {"d": {"servers": 1, "device_queue_depth": 1}}}  # fmt: skip
    seen, story = looked_at(hosts, reads(0), reads(200_000))
    (command,) = story.io.commands
    assert found(command, seen.commands) == Found(0, 0)
    assert ahead_at_device(command, seen.commands) == ()
    assert ahead_in_array(command, seen.commands) == (Holder("a:0", "data", False, 1, 800_000, 800_000),)


def test_a_backup_read_is_called_by_its_name() -> None:
    """The backup of a reads block after block from 1,030 ms on, one server: b asks in the middle of the first."""
    changes = {"protection": {"vadp": {"job": VADP}}, "datastore": {"d": {"servers": 1}}}
    _, story = looked_at(changes, reads(0), reads(1_030 * MS + 400_000), "vadp")
    assert story.steps[0].notes == ("behind 1 command: 1 backup read of NBD job (0.600 ms)",)


def test_a_cap_of_the_datastore_is_told_from_the_service() -> None:
    """1,000 IOPS, a bucket of 1 ns: the second of two at once is held until 2 ms, the third until 3 ms."""
    changes = {"datastore": {"d": {"iops": "1000 iops", "burst": "1 ns"}}}
    _, story = looked_at(changes, reads(0, 0), reads(0))
    assert steps(story) == [("data: service", 1 * MS), ("data: datastore cap", 2 * MS - 1)]
    assert story.steps[1].notes == ("d lets no more through than 1000 IOPS",)


def test_the_wait_before_the_gate_is_cut_where_the_stun_was() -> None:
    """One slot for b. Its first I/O has it from 999.5 ms, is done at 1,000.5 and held out by the stun, from 1,000 to
    1,030.5 ms. The second asked at 999.6: it waits for the slot, in the stun, then is carried."""
    changes = {"protection": {"vadp": {"job": {**VADP, "vms": ["b"]}}}, "vm": {"b": {"disk_queue_depth": 1}}}
    scenario = scripted(world(merged(TWO, changes)), recorded(reads(999_500_000, 999_600_000)), vm="b")
    seen = trace(scenario, "vadp", 0, [(0, 2_000 * MS)])
    second = seen.ios[1]
    told = [(seen.causes[s.cause], s.start_ns, s.end_ns) for s in second.segments]
    assert told == [
        ("guest queue", 999_600_000, 1_000 * MS),
        ("stun hold in", 1_000 * MS, 1_030_500_000),
        ("data: service", 1_030_500_000, 1_031_500_000),
    ]
    stun = Happening("snapshot create stun", ("b",), "job", 1_000 * MS, 1_030_500_000)
    queued, held, _ = Teller(scenario, seen, (stun,)).tell(second).steps
    assert held.notes == ("snapshot create stun of job, 0:00:01.000 to 0:00:01.030",)
    assert queued.notes[0].startswith("no slot at the virtual adapter (1 a disk,")


CACHED = {"datastore": {"d": {"servers": 1, "cache": {"size": "8 KiB", "latency": "0.1 ms", "destagers": 1}}}}


def test_a_write_waits_for_room_in_a_cache_until_a_destage_makes_it() -> None:
    """a's two writes fill the cache; the first is destaged from 0.1 to 1.1 ms. b's comes at 0.05 ms."""
    seen, story = looked_at(CACHED, writes(0, 0), writes(50_000))
    (command,) = story.io.commands
    assert (command.cached, destaged_meanwhile(command, seen.commands)) == (True, 1)
    assert steps(story) == [("data: cache full", 1_050_000), ("data: write cache", 100_000)]
    assert [step.notes for step in story.steps] == [
        ("the write cache of 8 KiB of d was full until 1 destage had ended",), ("acknowledged from memory",),
    ]  # fmt: skip


def test_a_destage_holds_a_server_and_a_cached_write_does_not() -> None:
    """a's write is in the cache from 0 on and destaged from 0.1 to 1.1 ms. b's read comes at 0.5 ms."""
    seen, story = looked_at(CACHED, writes(0), reads(500_000))
    (command,) = story.io.commands
    assert ahead_in_array(command, seen.commands) == (Holder("the cache of d", "destage", True, 1, 600_000, 600_000),)
    assert found(command, seen.commands) == Found(0, 0)
    assert story.steps[0].notes == ("behind 1 command: 1 destage write of the cache of d (0.600 ms)",)
    titles = [event["args"]["name"] for event in document(seen, (0, 2 * MS), (), ("a", "b"), {})["traceEvents"]
              if event["name"] in ("process_name", "thread_name")]  # fmt: skip
    assert titles == ["VM a", "a:0", "VM b", "b:0", "device h / d", "array d", "destage of the cache of d"]


def test_a_refused_command_keeps_its_slot_and_says_so() -> None:
    """The array holds one: b is refused at 0.5 ms, and issued again 5 ms later."""
    changes = {"datastore": {"d": {"queue_limit": 1}}, "host": {"h": {"busy_delay": "5 ms"}}}
    seen, story = looked_at(changes, reads(0), reads(500_000))
    (command,) = story.io.commands
    assert (command.slot_ns, command.issue_ns, command.refusals) == (500_000, 5_500_000, 1)
    assert ahead_at_device(command, seen.commands) == ()
    assert steps(story) == [("data: device queue", 5 * MS), ("data: service", 1 * MS)]
    assert story.steps[0].notes == (
        "found 0 waiting and 1 outstanding at h / d, which has 64 slots",
        "d answered QUEUE FULL, 1 time from 0:00:00.000 on: 5.000 ms",
    )


def test_what_a_guest_at_rest_and_one_without_space_wait_for_is_said() -> None:
    """b's write is held by its guest until the thaw, and by its VM until the answer."""
    scenario = scripted(world(TWO), recorded(writes(5 * MS)), vm="b")
    seen = trace(scenario, "none", 0, [(0, 10 * MS)])
    (io,) = seen.ios
    happened = [Happening("quiesce", ("b",), "j", 4 * MS, 8 * MS), Happening("question", ("b",), "d", 5 * MS, 9 * MS)]
    causes = (*seen.causes, "quiesce hold", "space hold")
    held = io._replace(segments=tuple(Segment(len(seen.causes) + n, 5 * MS, 6 * MS) for n in (0, 1)))
    told = Teller(scenario, seen._replace(causes=causes), happened).tell(held)
    assert [step.notes for step in told.steps] == [
        ("its guest was at rest for j, 0:00:00.004 to 0:00:00.008",),
        ("its VM asked for space at 0:00:00.005, answered at 0:00:00.009",),
    ]


def test_an_i_o_meets_its_own_stuns_and_its_datastores_merges() -> None:
    changes = {"datastore": {"other": {}}, "vm": {"a": {"disk": [{"size": "1 MiB", "datastore": "d"}]},
               "b": {"disk": [{"size": "1 MiB", "datastore": "d"}]},
               "c": {"disk": [{"size": "1 MiB", "datastore": "other"}]}}}  # fmt: skip
    scenario = scripted(world(merged(TWO, changes)), recorded(reads(5 * MS)), vm="b")
    (io,) = trace(scenario, "none", 0, [(0, 10 * MS)]).ios  # from 5 to 6 ms
    yes = [Happening("merge", ("a",), "j", 0, 6 * MS), Happening("resync", ("b",), "r", 5 * MS + 1, 9 * MS),
           Happening("mirror insert stun", ("b",), "j", 0, 5 * MS + 1)]  # fmt: skip
    no = [Happening("mirror insert stun", ("a",), "j", 0, 9 * MS), Happening("merge", ("c",), "j", 0, 9 * MS),
          Happening("merge", ("a",), "j", 0, 5 * MS), Happening("merge", ("a",), "j", 6 * MS, 9 * MS)]  # fmt: skip
    assert met(io, [*yes, *no], scenario) == tuple(yes)


def test_shares_are_whole_and_sum_to_the_whole() -> None:
    assert shared(10, [1, 1, 1]) == [3, 3, 4]
    assert shared(7, [5, 0, 2]) == [5, 0, 2]
    assert shared(3, []) == []


def test_pieces_of_a_time_that_spans_cut() -> None:
    assert list(split_by([(0, 2), (4, 6), (8, 9)], 1, 5)) == [(True, 1, 2), (False, 2, 4), (True, 4, 5)]
    assert list(split_by([], 3, 4)) == [(False, 3, 4)]
    assert list(split_by([(1, 9)], 3, 3)) == []
    assert united([(5, 6), (1, 2), (2, 3)]) == ((1, 3), (5, 6))


def test_a_quantile_is_told_from_one() -> None:
    assert [shown_quantile(q) for q in (0.5, 0.9994, 0.9999, 1 - 1e-9)] == ["0.500", "0.999", "0.9999", "0.999999999"]


def test_a_trace_goes_on_until_what_came_in_its_spans_is_delivered_or_the_run_ends() -> None:
    scenario = scripted(world(TWO), recorded(reads(5 * MS, 9_999 * MS + 500_000)), vm="b")
    first = trace(scenario, "none", 0, [(5 * MS, 5 * MS + 1)])
    assert [(io.ordinal, io.end_ns) for io in first.ios] == [(0, 6 * MS)]
    assert (first.undelivered, first.end_ns < 7 * MS) == (0, True)
    last = trace(scenario, "none", 0, [(9_999 * MS, 10_000 * MS)])
    assert (last.ios, last.undelivered, last.end_ns) == ((), 1, 10_000 * MS)
    (command,) = last.commands
    assert (command.start_ns, command.end_ns) == (9_999_500_000, -1)
    assert trace(scenario, "none", 0, []).ios == ()


def test_progress_ends_with_the_last_span() -> None:
    told: list[tuple[int, int]] = []
    trace(scripted(world(TWO), recorded(reads(4 * MS)), vm="b"), "none", 0, [(0, 5 * MS)], lambda *p: told.append(p))
    assert told[-1] == (5 * MS, 5 * MS)
    assert len(told) == len(set(told)) == 200


def test_between_two_spans_nothing_is_kept() -> None:
    scenario = scripted(world(TWO), recorded(reads(5 * MS, 10 * MS, 20 * MS)), vm="b")
    seen = trace(scenario, "none", 0, [(20 * MS, 21 * MS), (5 * MS, 6 * MS)])
    assert [io.ordinal for io in seen.ios] == [0, 2]
    assert [command.enter_ns for command in seen.commands] == [5 * MS, 20 * MS]


def test_what_got_its_slot_at_the_very_moment_was_found_waiting() -> None:
    """A dispatch comes after all that enters at its moment; what ended at that moment is no longer there."""
    mine = CommandLife("h", "d", "a", "data", False, 4096, 9, 100, -1, -1, -1, 0, 0)
    slots = [(100, 200), (99, 101), (99, 100), (-1, -1), (101, 200)]  # got and given back
    before = [
        mine._replace(arrival=number, enter_ns=0, issue_ns=issue, start_ns=issue, end_ns=end)
        for number, (issue, end) in enumerate(slots)
    ]
    after = mine._replace(arrival=10, issue_ns=100, start_ns=100, end_ns=200)
    assert found(mine, [*before, after]) == Found(waiting=3, outstanding=1)


@pytest.mark.parametrize(("per", "whose"), [("disk", "a:0"), ("device", "the disks of h")])
def test_who_had_as_many_outstanding_as_dsnro_lets_it_is_said(per: str, whose: str) -> None:
    """a's second read waits while b has one to make, too."""
    changes = {"host": {"h": {"dsnro": 1, "dsnro_per": per}}}
    scenario = scripted(scripted(world(merged(TWO, changes)), recorded(reads(0, 0))), recorded(reads(0)), vm="b")
    seen = trace(scenario, "none", 0, [(0, 10 * MS)])
    told = [Teller(scenario, seen, ()).tell(io) for io in seen.ios]
    said = [note for story in told for step in story.steps if step.name.endswith("DSNRO") for note in step.notes]
    assert f"while others competed, {whose} had 1 outstanding at h / d" in said
