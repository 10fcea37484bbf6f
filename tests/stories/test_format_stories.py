"""Stories of delta formats: VMFSsparse's small grains, tables that come with their first entry, Bloom filters.

The backup begins at 1,000 ms and holds its delta open until 2,094 ms; every command takes 1 ms.
"""

from typing import Any

import pytest
from worlds import KIB, MIB, MS, VADP, Played, merged, reads, scripted, trace, world, writes

from models.scenario import DeltaFormat, Scenario

SERVICE = {"data: service": 1 * MS}
DELTA = {"growth": "16 MiB", "metadata": "0 %"}
Script = list[tuple[int, int, int, bool]]


def story_of(script: Script, **changes: Any) -> Scenario:
    base = {
        "protection": {"vadp": {"job": {**VADP, "disk_open": "1 s"}}}, "run": {"slowest": 100, "duration": "2 s"},
        "snapshots": {"format": "vmfssparse", "delta": DELTA},
    }  # fmt: skip
    return scripted(world(merged(base, changes)), trace(script))


def played(script: Script, **changes: Any) -> Played:
    return Played(story_of(script, **changes), "vadp")


def test_the_formats_have_their_own_defaults_and_what_is_said_holds() -> None:
    sparse = story_of(writes(0)).snapshots.delta
    assert sparse == DeltaFormat(512, 4096, 16 * MIB, 0, 1, 512, 1024, 16 * KIB, 1, 0, 4)
    said = story_of(writes(0), snapshots={"delta": {"cached_tables": 7}}).snapshots.delta
    assert (said.cached_tables, said.grain_bytes) == (7, 512)
    other = story_of(writes(0), snapshots={"format": "sesparse"}).snapshots.delta
    assert (other.grain_bytes, other.table_bytes, other.directory_writes) == (4096, 0, 0)


def test_a_first_touch_writes_data_then_table_then_directory_where_the_table_is_new() -> None:
    near, far = 100 * KIB, 4 * MIB
    story = played(writes(1_100 * MS, 1_200 * MS) + writes(1_300 * MS, offset=near) + writes(1_400 * MS, offset=far))
    assert story.ledger(0) == {**SERVICE, "metadata: service": 2 * MS}
    assert story.ledger(1) == SERVICE
    assert story.ledger(2) == {**SERVICE, "metadata: service": 1 * MS}  # the same table
    assert story.ledger(3) == {**SERVICE, "metadata: service": 2 * MS}
    assert story.commands("metadata") == (5, 0, 5 * 512)


@pytest.mark.parametrize(("offset", "size"), [(512, 512), (100 * 512, 1536), (7 * 512, 4096)])
def test_a_grain_of_a_sector_is_never_covered_in_part(offset: int, size: int) -> None:
    story = played(writes(1_100 * MS, size=size, offset=offset))
    assert story.commands("parent read") == (0, 0, 0)
    assert story.commands("data")[2] == size


def test_small_grains_scatter_what_was_written_in_small_pieces() -> None:
    """4 KiB written backwards in sectors lie in eight places of the file; forwards in one."""
    back = [(1_100 * MS + n * 5 * MS, (7 - n) * 512, 512, True) for n in range(8)]
    forward = [(1_100 * MS + n * 5 * MS, n * 512, 512, True) for n in range(8)]
    assert played([*back, *reads(1_900 * MS)]).commands("data")[0] == 8 + 8
    assert played([*forward, *reads(1_900 * MS)]).commands("data")[0] == 8 + 1


def test_tables_take_space_in_the_file_when_they_come() -> None:
    """Steps of 64 KiB: a sector and its table are 16.5 KiB; the fourth table begins the second step."""
    script = [(1_100 * MS + n * 10 * MS, n * 2 * MIB, 512, True) for n in range(4)]
    steps = {}
    for number in (1, 3, 4):
        story = played(script[:number], snapshots={"delta": {"growth": "64 KiB"}})
        steps[number] = story.parts.vms[0].disks[0].delta_bytes() // (64 * KIB)
        assert story.parts.stores["d"].free_bytes == 64 * 1024 * MIB - 64 * MIB - steps[number] * 64 * KIB
    assert steps == {1: 1, 3: 1, 4: 2}


# -- Bloom filters -----------------------------------------------------------------------------------------------------

TWICE = {
    "protection": {"vadp": {"job": {**VADP, "disk_open": "1 s", "interval": "4 s"}}}, "run": {"duration": "8 s"},
    "snapshots": {"format": "sesparse", "merge": {"limit": "1 ns"}},
}  # fmt: skip
OTHER, ASKED = 32 * MIB, 5_300 * MS


@pytest.mark.parametrize(("bloom", "cost"), [("none", 2), ("64 KiB", 0)])
def test_a_level_whose_filter_says_no_is_not_looked_up(bloom: str, cost: int) -> None:
    """One table in memory, not this one. A grain beside the one that both levels hold: two tables, or none."""
    delta = {"cached_tables": 1, "bloom": bloom}
    script = writes(1_100 * MS) + writes(5_200 * MS) + writes(5_210 * MS, offset=OTHER)
    changes = merged(TWICE, {"snapshots": {"delta": delta}})
    none = played(script + reads(ASKED, offset=64 * KIB), **changes)
    assert none.ledger(3).get("metadata: service", 0) == cost * MS
    held = played(script + reads(ASKED), **changes)
    assert held.ledger(3) == {"metadata: service": 1 * MS, **SERVICE}  # the upper level has it, and says so


def test_a_full_filter_says_maybe_to_everything() -> None:
    delta = {"cached_tables": 1, "bloom": "1 B", "bloom_hashes": 8}
    script = writes(1_100 * MS) + [(5_200 * MS + n * MS, n * 4096, 4096, True) for n in range(1, 40)]
    changes = merged(TWICE, {"snapshots": {"delta": delta}})
    story = played([*script, *writes(5_290 * MS, offset=OTHER), *reads(ASKED, offset=400 * KIB)], **changes)
    assert story.ledger(len(script) + 1)["metadata: service"] >= 1 * MS
