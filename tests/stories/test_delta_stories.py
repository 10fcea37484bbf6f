"""Stories of delta disks and of their consolidation: which commands each I/O becomes, and what the merge copies.

The backup begins at 1,000 ms with a stun of 30 ms and has 64 tool blocks to read, 1 ms each. Then the mirror is
inserted in a second stun of 30 ms, and the copiers run: 1 ms to read a chunk, 1 ms to write it.
"""

from typing import Any

import pytest
from worlds import GRAIN, KIB, MIB, MS, VADP, Played, merged, reads, scripted, trace, world, writes

SLOW_BACKUP = {**VADP, "disk_open": "1 s"}
"""Its delta is open for a second longer: it reads from 2,030 to 2,094 ms, the mirror's copiers start at 2,124 ms."""
SERVICE = {"data: service": 1 * MS}


def played(script: list[tuple[int, int, int, bool]], changes: dict[str, Any] | None = None) -> Played:
    base = {"protection": {"vadp": {"job": SLOW_BACKUP}}, "run": {"slowest": 100, "duration": "4 s"}}
    return Played(scripted(world(merged(base, changes or {})), trace(script)), "vadp")


def test_the_first_touch_of_a_grain_writes_metadata_after_the_data_and_a_rewrite_does_not() -> None:
    story = played(writes(900 * MS, 1_100 * MS, 1_200 * MS, 1_300 * MS) + writes(1_400 * MS, offset=GRAIN))
    assert story.ledger(0) == SERVICE  # no snapshot yet
    assert story.ledger(1) == {**SERVICE, "metadata: service": 1 * MS}
    assert story.ledger(2) == story.ledger(3) == SERVICE
    assert story.latency(4) == 2 * MS  # its neighbour is a grain of its own
    assert story.commands("metadata") == (2, 0, 2 * GRAIN)
    assert story.commands("parent read") == (0, 0, 0)


@pytest.mark.parametrize("number", [0, 1, 3])
def test_metadata_writes_are_serial_and_as_many_as_said(number: int) -> None:
    story = played(writes(1_100 * MS), {"snapshots": {"delta": {"metadata_writes": number}}})
    assert story.latency(0) == (1 + number) * MS


def test_a_write_across_two_grain_tables_updates_both() -> None:
    table = 16 * MIB
    assert played(writes(1_100 * MS, size=8 * KIB, offset=table - GRAIN)).latency(0) == 3 * MS
    assert played(writes(1_100 * MS, size=8 * KIB, offset=table)).latency(0) == 2 * MS


@pytest.mark.parametrize(
    ("offset", "size", "parent"),
    [
        (512, 1024, (1, GRAIN - 1024)),  # inside one grain: one read of what is around
        (0, 1024, (1, GRAIN - 1024)),
        (512, GRAIN, (2, GRAIN)),  # head of the first, tail of the second
        (0, 3 * GRAIN, (0, 0)),
        (0, 2 * GRAIN + 512, (1, GRAIN - 512)),
        (64 * MIB - 512, 512, (1, GRAIN - 512)),  # the disk's end
    ],
)
def test_a_write_into_a_part_of_a_new_grain_reads_the_rest_from_the_parent(
    offset: int, size: int, parent: tuple[int, int]
) -> None:
    again = 1_200 * MS
    story = played(writes(1_100 * MS, size=size, offset=offset) + writes(again, size=size, offset=offset))
    commands, read_bytes = parent
    assert story.commands("parent read") == (commands, read_bytes, 0)
    expected = {**SERVICE, "metadata: service": 1 * MS}
    assert story.ledger(0) == (expected | {"parent read: service": 1 * MS} if commands else expected)
    assert story.ledger(1) == SERVICE  # the grain is there: any part of it can be written alone
    grains = (offset + size - 1) // GRAIN - offset // GRAIN + 1
    assert story.commands("data")[2] == grains * GRAIN + size  # new grains are written whole


def test_the_last_grain_of_an_odd_disk_has_no_rest_to_read() -> None:
    odd = {"vm": {"a": {"disk": [{"size": "66048 B"}]}}}  # 16 grains and a sector
    story = played(writes(1_100 * MS, size=512, offset=65_536), odd)
    assert story.commands("parent read") == (0, 0, 0)
    assert story.latency(0) == 2 * MS
    assert story.commands("backup") == (1, 66_048, 0)


def test_a_read_splits_where_the_data_lies_apart() -> None:
    """Grain 1 is in the delta, 0 and 2 in the base: three pieces, side by side."""
    story = played(writes(1_100 * MS, offset=GRAIN) + reads(1_200 * MS, size=3 * GRAIN))
    assert story.latency(1) == 1 * MS
    before = story.commands("data")
    whole = played(writes(1_100 * MS, offset=GRAIN) + reads(1_200 * MS, size=3 * GRAIN, offset=4 * GRAIN))
    assert before == (4, 3 * GRAIN, GRAIN)
    assert whole.commands("data") == (2, 3 * GRAIN, GRAIN)


def test_grains_written_in_another_order_lie_apart_in_the_delta() -> None:
    forward = writes(1_100 * MS) + writes(1_110 * MS, offset=GRAIN) + reads(1_200 * MS, size=2 * GRAIN)
    backward = writes(1_100 * MS, offset=GRAIN) + writes(1_110 * MS) + reads(1_200 * MS, size=2 * GRAIN)
    assert played(forward).commands("data")[0] == 3
    assert played(backward).commands("data")[0] == 4


def test_a_lookup_in_a_table_that_is_not_in_memory_reads_it_first() -> None:
    """One table fits. Grain 0 is in table 0, the other in table 1: each pushes the other out."""
    far = 16 * MIB
    script = writes(1_100 * MS) + writes(1_110 * MS, offset=far)
    script += reads(1_200 * MS, 1_210 * MS) + reads(1_300 * MS, offset=2 * far)
    small = {"snapshots": {"delta": {"cached_tables": 1}}}
    story = played(script, small)
    assert story.ledger(2) == {"metadata: service": 1 * MS, **SERVICE}
    assert story.ledger(3) == SERVICE
    assert story.ledger(4) == SERVICE  # table 2 has no entry: the directory says so
    assert played(script).ledger(2) == SERVICE


def test_a_lookup_reads_tables_down_to_the_lowest_level_that_it_needs() -> None:
    """Two deltas, no memory but for one table. Grain 0 is in both, grain 1 in the lower only."""
    twice = {
        "protection": {"vadp": {"job": {**SLOW_BACKUP, "interval": "4 s"}}}, "run": {"duration": "8 s"},
        "snapshots": {"delta": {"cached_tables": 1}, "merge": {"limit": "1 ns"}},
    }  # fmt: skip
    low, high = 1_100 * MS, 5_200 * MS
    script = writes(low, size=2 * GRAIN) + writes(high) + writes(high + 10 * MS, offset=32 * MIB)
    one = played(script + reads(5_300 * MS), twice)
    two = played(script + reads(5_300 * MS, size=2 * GRAIN), twice)
    assert one.parts.vms[0].disks[0].depth == 2  # the first merge ran into its limit, the second too
    assert one.ledger(3) == {"metadata: service": 1 * MS, **SERVICE}
    assert two.ledger(3) == {"metadata: service": 2 * MS, **SERVICE}


@pytest.mark.parametrize("dirty", [[0], [0, 1, 2, 3], [0, 2], [5, 6], [0, 100, 200], [16_383]])
def test_the_merge_copies_exactly_the_dirty_grains(dirty: list[int]) -> None:
    story = played([(1_100 * MS + i * MS, grain * GRAIN, GRAIN, True) for i, grain in enumerate(dirty)])
    job = story.result.jobs[0]
    commands, read_bytes, written = story.commands("merge")
    assert read_bytes == written == job.delta_bytes == len(dirty) * GRAIN
    assert job.outcome == "ok"
    assert story.parts.vms[0].disks[0].depth == 0
    assert story.parts.stores["d"].free_bytes == 64 * 1024 * MIB - 64 * MIB
    chunks = len({min(d for d in dirty if d // 4 == grain // 4) for grain in dirty})  # 16 KiB from the first dirty
    assert job.merge_end_ns - job.merge_start_ns == 60 * MS + 2 * MS * chunks
    assert commands >= 2 * chunks


def test_a_rate_cap_paces_the_merge() -> None:
    script = [(1_100 * MS + i * MS, i * 4 * GRAIN, GRAIN, True) for i in range(10)]
    job = played(script, {"snapshots": {"merge": {"rate": "1024 KiB/s"}}}).result.jobs[0]
    # 4 KiB at 1 MiB/s are 3,906,250 ns a chunk, more than the 2 ms of copying
    assert job.merge_end_ns - job.merge_start_ns == 60 * MS + 10 * 3_906_250


DIRTY = [(1_100 * MS + i * MS, i * 4 * GRAIN, GRAIN, True) for i in range(10)]
"""Ten chunks: chunk k is read from 2,124 + 2k ms, written from 2,125 + 2k ms and done at 2,126 + 2k ms."""


def test_a_write_behind_the_cursor_goes_to_both_and_one_ahead_to_the_delta_only() -> None:
    behind, ahead = 2_130 * MS + 500_000, 2_130 * MS + 600_000
    story = played([*DIRTY, *writes(behind, offset=0), *writes(ahead, offset=9 * 4 * GRAIN)])
    assert story.result.jobs[0].merge_start_ns == 2_094 * MS
    assert story.latency(10) == story.latency(11) == 1 * MS
    assert story.commands("mirror") == (1, 0, GRAIN)
    assert story.commands("merge")[2] == 10 * GRAIN


def test_a_write_into_the_chunk_being_copied_waits_for_it_and_is_mirrored() -> None:
    story = played([*DIRTY, *writes(2_128 * MS + 700_000, offset=2 * 4 * GRAIN)])  # copied from 2,128 to 2,130 ms
    held = story.ledger(10)
    assert held.pop("mirror hold") == 1_300_000
    assert sum(held.values()) == 1 * MS
    assert story.commands("mirror") == (1, 0, GRAIN)


SLOW_WRITES = {"datastore": {"d": {"write": {"latency": "5 ms"}}}}
"""A chunk takes 1 + 5 ms: chunk 2 is copied from 2,136 to 2,142 ms."""


def test_a_write_that_the_cursor_overtakes_is_mirrored_before_the_guest_hears_of_it() -> None:
    done_before = played([*DIRTY[:3], *writes(2_130 * MS + 500_000, offset=2 * 4 * GRAIN)], SLOW_WRITES)
    assert done_before.ledger(3) == {"data: service": 5 * MS}
    overtaken = played([*DIRTY[:3], *writes(2_135 * MS + 500_000, offset=2 * 4 * GRAIN)], SLOW_WRITES)
    assert overtaken.ledger(3) == {
        "data: service": 5 * MS,  # until 2,140.5 ms
        "mirror hold": 1_500_000,  # the chunk is still being copied
        "mirror: service": 5 * MS,  # the second copy
        "stun hold out": overtaken.result.stuns[2].duration_ns - 5 * MS,  # meanwhile the merge has ended
    }


def test_a_write_ahead_makes_its_grain_part_of_the_pass() -> None:
    story = played([*DIRTY[:3], *writes(2_125 * MS, offset=400 * GRAIN)])
    assert story.commands("mirror") == (0, 0, 0)
    assert story.commands("merge")[2] == 4 * GRAIN


def test_the_cursor_may_pass_by_a_grain_that_a_write_is_about_to_allocate() -> None:
    """A part of a grain: while the rest is read from the parent, the cursor runs over the empty chunk to the end."""
    slow = {"datastore": {"d": {"write": {"latency": "40 ms"}}}}
    story = played([*DIRTY[:1], *writes(2_164 * MS + 500_000, size=512, offset=200 * GRAIN)], slow)
    assert story.commands("merge")[2] == GRAIN  # done at 2,165 ms; the new grain is not in it ...
    assert story.commands("mirror") == (1, 0, 512)  # ... but its data is in the base
    switch = story.result.stuns[2]
    assert (switch.start_ns, switch.drain_ns) == (2_165 * MS, 120_500_000)  # data, metadata and mirror: 40 ms each


def test_a_delta_takes_space_in_steps_and_gives_it_back() -> None:
    script = [(1_100 * MS + i * MS, i * 256 * KIB, 256 * KIB, True) for i in range(5)]
    story = played(script, {"snapshots": {"delta": {"metadata": "1 %"}}, "run": {"interval": "100 ms"}})
    meta = 64 * MIB // 100
    taken = {row.t_ns: row.stored_bytes for row in story.result.space}
    assert taken[1_100 * MS] == meta
    assert taken[1_200 * MS] == meta + 2 * MIB  # 1.25 MiB in steps of 1 MiB
    assert max(taken) == 2_200 * MS
    assert story.parts.stores["d"].free_bytes == 64 * 1024 * MIB - 64 * MIB


def test_a_merge_beyond_its_limit_leaves_the_delta_and_the_next_one_folds_both() -> None:
    limit = {
        "snapshots": {"merge": {"limit": "5 ms"}}, "run": {"duration": "8 s"},
        "protection": {"vadp": {"job": {**SLOW_BACKUP, "interval": "4 s"}}},
    }  # fmt: skip
    second = [(5_100 * MS, 0, GRAIN, True), (5_110 * MS, 100 * GRAIN, GRAIN, True)]
    story = played([*DIRTY, *second], limit)
    one, two = story.result.jobs[:2]
    assert one.outcome == "ok, needs consolidation: consolidation took longer than 0.005 s"
    assert one.needs_consolidation
    assert one.usable_ns == 2_094 * MS  # the backup itself is good
    assert one.merge_end_ns - one.merge_start_ns == 60 * MS + 6 * MS  # the chunk under way is finished: the third
    assert two.delta_bytes == 12 * GRAIN  # grain 0 in both
    assert two.needs_consolidation
    assert story.parts.vms[0].disks[0].depth == 2
    longer = played([*DIRTY, *second], merged(limit, {"snapshots": {"merge": {"limit": "21 ms"}}}))
    assert longer.parts.vms[0].disks[0].depth == 0
    # a limit that is met exactly is met: ten chunks of 2 ms
    exact = played([*DIRTY, *second], merged(limit, {"snapshots": {"merge": {"limit": "20 ms"}}}))
    assert exact.result.jobs[0].outcome == "ok"
    short = played([*DIRTY, *second], merged(limit, {"snapshots": {"merge": {"limit": "19 ms"}}}))
    assert short.result.jobs[0].needs_consolidation
    assert short.result.jobs[1].delta_bytes == 12 * GRAIN


def test_a_vm_needs_consolidation_as_long_as_a_delta_is_left() -> None:
    """The first merge fails; the second job cannot even stun (a 300 ms read is under way): the delta is still there."""
    changes = {
        "snapshots": {"merge": {"limit": "1 ns"}, "stun": {"drain_limit": "100 ms"}}, "run": {"duration": "6 s"},
        "datastore": {"d": {"write": {"latency": "300 ms"}}},
        "protection": {"vadp": {"job": {**SLOW_BACKUP, "interval": "4 s"}}},
    }  # fmt: skip
    one, two = played([*writes(1_100 * MS), *writes(4_900 * MS, offset=GRAIN)], changes).result.jobs
    assert (one.needs_consolidation, two.needs_consolidation) == (True, True)
    assert two.outcome == "failed: the drain took longer than 0.1 s"
    fresh = played(writes(4_900 * MS), merged(changes, {"snapshots": {"merge": {"limit": "1 h"}}})).result.jobs[1]
    assert (fresh.outcome, fresh.needs_consolidation) == (two.outcome, False)


def test_two_levels_fold_once_each_grain() -> None:
    """A merge stops after the chunk it is at; one of two levels copies a grain that is in both once."""
    rate = {
        "snapshots": {"merge": {"limit": "9 ms"}}, "run": {"duration": "10 s"},
        "protection": {"vadp": {"job": {**SLOW_BACKUP, "interval": "4 s"}}},
    }  # fmt: skip
    first = [(1_100 * MS + i * MS, i * GRAIN, GRAIN, True) for i in range(24)]  # six chunks: 12 ms
    second = [(5_100 * MS, 0, GRAIN, True)]
    failed = played([*first, *second], rate)
    assert [job.needs_consolidation for job in failed.result.jobs[:2]] == [True, True]
    assert failed.commands("merge")[2] == 2 * 5 * 4 * GRAIN  # twice the five chunks begun in 9 ms
    third = merged(rate, {"run": {"duration": "14 s"}, "snapshots": {"merge": {"limit": "11 ms"}}})
    story = played([*first, *second], merged(third, {"protection": {"vadp": {"job": {"job_limit": "none"}}}}))
    assert [job.needs_consolidation for job in story.result.jobs[:3]] == [True, True, True]
    wide = merged(rate, {"snapshots": {"merge": {"chunk": "24 KiB"}}})  # four chunks: 8 ms
    assert not played([*first, *second], wide).result.jobs[0].needs_consolidation


def test_a_full_datastore_ends_the_run_if_it_shall_and_is_named() -> None:
    from models.run import SimulationError

    tight = {"datastore": {"d": {"capacity": "65 MiB"}}, "snapshots": {"full": {"answer": "end"}}}
    fits = [(1_100 * MS + i * MS, i * 512 * KIB, 512 * KIB, True) for i in range(2)]
    assert played(fits, tight).result.jobs[0].outcome == "ok"
    over = [*fits, (1_200 * MS, 32 * MIB, GRAIN, True)]
    with pytest.raises(SimulationError, match=r"^arm 'vadp', replicate 0: at 1.200 s: datastore 'd' is full: .*'a:0'"):
        _simulate(over, tight)


def _simulate(script: list[tuple[int, int, int, bool]], changes: dict[str, Any]) -> None:
    from models.run import simulate

    base = {"protection": {"vadp": {"job": SLOW_BACKUP}}, "run": {"slowest": 100, "duration": "4 s"}}
    simulate(scripted(world(merged(base, changes)), trace(script)), "vadp", 0)


def test_no_space_for_a_deltas_metadata_fails_the_job_only() -> None:
    """The second disk's metadata does not fit: what the first one took is given back."""
    tight = {
        "datastore": {"d": {"capacity": "129 MiB"}}, "snapshots": {"delta": {"metadata": "1 %"}},
        "vm": {"a": {"disk": [{"size": "64 MiB", "count": 2}]}},
    }  # fmt: skip
    story = played(writes(1_100 * MS), tight)
    assert story.result.jobs[0].outcome == "failed: no space on datastore 'd' for the delta of 'a:1'"
    assert story.parts.stores["d"].free_bytes == 1 * MIB
    assert story.result.stuns == ()
    assert story.latency(0) == 1 * MS
