"""Stories of groups that share an appliance. Links carry a byte in a microsecond; all instants by hand."""

from typing import Any

import pytest
from worlds import KIB, MS, US, VAIO, Io, Played, S, merged, scripted, trace, world, writes

from experiments.errors import InputError

BLOCK = 64 * KIB
SEND = BLOCK * US
TWO = {"vm": {"b": {"disk": [{"size": "64 MiB"}]}}, "run": {"slowest": 9, "duration": "4 s"}}


def spec(box: dict[str, Any], **copy: Any) -> dict[str, Any]:
    """VM a in one group, VM b in another."""
    groups = {"one": {**VAIO, "vms": ["a"], "appliance": "box", **copy}}
    groups["two"] = {**groups["one"], "vms": ["b"]}
    return merged(TWO, {"protection": {"vaio": groups}, "appliance": {"box": box}})


def played(first: list[Io], second: list[Io], box: dict[str, Any], **copy: Any) -> Played:
    made = scripted(world(spec(box, **copy)), trace(first))
    return Played(scripted(made, trace(second), vm="b"), "vaio")


def usable(story: Played) -> list[int]:
    """When the first point after the start was usable, group by group."""
    return [next(p.usable_ns for p in story.result.points if p.protection == g and p.point_ns) for g in ("one", "two")]


def test_without_caps_groups_do_not_meet() -> None:
    assert usable(played(writes(999 * MS, size=BLOCK), writes(999 * MS, size=BLOCK), {})) == [999 * MS + SEND] * 2


@pytest.mark.parametrize(
    ("box", "waits"),
    [
        ({"throughput": "1 MB/s"}, (SEND + SEND, 2 * SEND + SEND)),  # processed, then sent
        ({"writes": "10 iops"}, (100 * MS + SEND, 200 * MS + SEND)),
        ({"throughput": "1 MB/s", "writes": "10 iops"}, (100 * MS + SEND, 200 * MS + SEND)),  # whichever is longer
        ({"link": "1 MB/s"}, (2 * SEND, 2 * SEND)),  # one's checkpoint has its turn behind two's write
        ({"link": "500 kB/s"}, (4 * SEND, 4 * SEND)),
    ],
)
def test_what_comes_first_goes_first(box: dict[str, Any], waits: tuple[int, int]) -> None:
    story = played(writes(999 * MS, size=BLOCK), writes(999 * MS, size=BLOCK), box)
    assert usable(story) == [999 * MS + ns for ns in waits]


def test_the_shared_link_takes_turns() -> None:
    """Two writes each: a's first, b's first, a's second, b's second, a's checkpoint, b's."""
    story = played(writes(999 * MS, 999 * MS, size=BLOCK), writes(999 * MS, 999 * MS, size=BLOCK), {"link": "1 MB/s"})
    assert usable(story) == [999 * MS + 4 * SEND] * 2
    first = played(writes(999 * MS, size=BLOCK), writes(999 * MS, 999 * MS, size=BLOCK), {"link": "1 MB/s"})
    assert usable(first) == [999 * MS + 2 * SEND, 999 * MS + 3 * SEND]


def test_a_cut_group_does_not_stop_the_others() -> None:
    """Both have the same link; only one's own line is cut, and it asks for the shared one when it is back."""
    cut = {"outage": [{"at": "900 ms", "duration": "400 ms"}], "link_timeout": "1 s"}
    changed = merged(spec({"link": "1 MB/s"}), {"protection": {"vaio": {"one": cut}}})
    made = scripted(scripted(world(changed), trace(writes(999 * MS, size=BLOCK))), trace(writes(999 * MS, size=BLOCK)),
                    vm="b")  # fmt: skip
    assert usable(Played(made, "vaio")) == [1_300 * MS + SEND, 999 * MS + SEND]


def test_one_buffer_for_all() -> None:
    """100 KiB hold a's write; b's overflows although its own buffer is empty, and a's second, when sent, does not."""
    story = played(writes(100 * MS, 200 * MS, size=BLOCK), writes(101 * MS, size=BLOCK), {"buffer": "100 KiB"})
    modes = [(row.protection, row.mode, row.start_ns) for row in story.result.modes]
    assert modes[:3] == [("one", "in order", 0), ("two", "in order", 0), ("two", "overflow", 101 * MS)]
    assert {row.mode for row in story.result.modes if row.protection == "one"} == {"in order"}


def test_more_disks_than_it_takes_are_a_mistake() -> None:
    with pytest.raises(InputError, match=r"appliance\.box\.disks: is less than its groups have \(2 of 1\)"):
        world(spec({"disks": 1}))
    assert world(spec({"disks": 2})).vaio[0].appliance is not None
    with pytest.raises(InputError, match=r'appliance: is an unknown appliance \("bx"\), did you mean "box"'):
        world(merged(spec({}), {"protection": {"vaio": {"one": {"appliance": "bx"}}}}))


def test_the_resync_passes_it_too() -> None:
    story = played(writes(100 * MS, size=BLOCK), writes(3 * S), {"throughput": "1 MB/s"}, buffer="1 B")
    assert [row.start_ns for row in story.result.modes if row.mode == "in order"][1] == 101 * MS  # read, not yet sent
    assert usable(story)[0] == 101 * MS + 2 * SEND
