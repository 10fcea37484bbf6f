"""The trace file: a schema of our own for the trace event format, lanes without overlaps, whole ns, sums of ledgers."""

import itertools
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from worlds import CROWD as DOCUMENT

from experiments.explain.happenings import Happening
from experiments.explain.perfetto import Slice, document, lanes, micros, write
from experiments.scenario import build
from models.trace import Trace, trace

MS = 1_000_000
WINDOW = (400 * MS, 1_400 * MS)
NAMES = [vm.name for vm in build(DOCUMENT).vms]
HAPPENED = (Happening("snapshot create stun", (NAMES[0],), "job", 500 * MS, 600 * MS),
            Happening("backup read", (NAMES[0],), "job", 600 * MS, 900 * MS),
            Happening("overflow", tuple(NAMES[:2]), "copy", 100 * MS, 1_300 * MS),
            Happening("merge", (NAMES[3],), "job", 1_400 * MS, 1_500 * MS))  # fmt: skip
"""The last is outside the window."""


@pytest.fixture(scope="module")
def seen() -> Trace:
    return trace(build(DOCUMENT), "both", 0, [WINDOW])


@pytest.fixture(scope="module")
def read(seen: Trace, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The file's content, read as JSON."""
    path = tmp_path_factory.mktemp("trace") / "x.json"
    write(path, document(seen, WINDOW, HAPPENED, NAMES, {"seed": 1}))
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return content


def whole(value: float) -> int:
    """The nanoseconds that Perfetto reads: it multiplies doubles and cuts."""
    return int(value * 1000.0)


@given(st.one_of(st.integers(0, 1 << 50), st.integers(0, 10**7)))
def test_every_whole_ns_comes_out_whether_a_reader_cuts_or_rounds(ns: int) -> None:
    text = json.dumps(micros(ns))
    assert "e" not in text
    assert whole(json.loads(text)) == round(json.loads(text) * 1000) == ns
    assert round(Decimal(text) * 1000) == ns
    assert abs(Decimal(text) * 1000 - ns) <= Decimal("0.2")


def test_the_bare_quotient_would_lose_a_ns() -> None:
    lost = [ns for ns in range(10_000) if whole(ns / 1000) != ns]
    assert lost[0] == 1001
    assert len(lost) > 50
    assert micros(1001) == 1.0012


SHAPES = {
    "M": {"name": str, "pid": int, "tid": int, "args": dict},
    "X": {"name": str, "cat": str, "pid": int, "tid": int, "ts": float, "dur": float, "args": dict},
    "C": {"name": str, "pid": int, "tid": int, "ts": float, "args": dict},
}


def test_the_file_follows_the_trace_event_format(read: dict[str, Any]) -> None:
    assert list(read) == ["traceEvents", "displayTimeUnit", "otherData"]
    assert read["displayTimeUnit"] == "ns"
    for event in read["traceEvents"]:
        shape = SHAPES[event["ph"]]
        assert {key: type(value) for key, value in event.items() if key != "ph"} == shape
        assert all(isinstance(value, str | int) for value in event["args"].values())
        assert event["pid"] > 0 < event["tid"] < 2**31
        if event["ph"] != "M":
            assert event["ts"] >= 0 <= event.get("dur", 0)
    named = [(e["name"], e["pid"], e["tid"]) for e in read["traceEvents"] if e["ph"] == "M"]
    assert len(named) == len(set(named))
    processes = {pid for name, pid, _ in named if name == "process_name"}
    threads = {tid: pid for name, pid, tid in named if name == "thread_name"}
    assert not processes & set(threads)
    for event in read["traceEvents"]:
        if event["ph"] == "X":
            assert threads[event["tid"]] == event["pid"]
        assert event["pid"] in processes


def by_lane(read: dict[str, Any]) -> dict[int, list[dict[str, Any]]]:
    rows: dict[int, list[dict[str, Any]]] = {}
    for event in read["traceEvents"]:
        if event["ph"] == "X":
            rows.setdefault(event["tid"], []).append(event)
    return rows


def test_slices_of_a_lane_nest_or_follow_each_other(read: dict[str, Any]) -> None:
    for row in by_lane(read).values():
        inside: list[int] = []  # ends of the slices that are open
        before = 0
        for event in row:
            start, end = whole(event["ts"]), whole(event["ts"]) + whole(event["dur"])
            assert start >= before
            before = start
            while inside and inside[-1] <= start:
                inside.pop()
            assert not inside or end <= inside[-1], event
            inside.append(end)


def test_what_is_inside_an_i_o_is_its_ledger(read: dict[str, Any], seen: Trace) -> None:
    lives = {(io.disk, io.workload, io.ordinal): io for io in seen.ios}
    disks = {e["tid"]: e["args"]["name"].partition(" #")[0] for e in read["traceEvents"] if e["name"] == "thread_name"}
    told = 0
    for tid, row in by_lane(read).items():
        for at, event in enumerate(row):
            if event["cat"] != "guest I/O":
                continue
            told += 1
            io = lives[disks[tid], event["args"]["workload"], event["args"]["ordinal"]]
            assert (whole(event["ts"]), whole(event["dur"])) == (io.arrival_ns, io.latency_ns)
            assert event["args"]["latency ns"] == io.latency_ns
            inner = []
            for follower in row[at + 1 :]:
                if follower["cat"] == "guest I/O":
                    break
                inner += [follower] if follower["cat"] == "ledger" else []
            found = [(e["name"], whole(e["ts"]), whole(e["dur"])) for e in inner]
            assert found == [(seen.causes[s.cause], s.start_ns, s.end_ns - s.start_ns) for s in io.segments]
            assert [e["args"]["ns"] for e in inner] == [ns for _, _, ns in found]
    assert told == len(seen.ios) > 100


def test_service_is_taken_apart_where_it_is_more_than_one_thing(read: dict[str, Any]) -> None:
    parts = [event for row in by_lane(read).values() for event in row if event["cat"] == "service"]
    assert {event["name"] for event in parts} == {"array queue", "own service", "datastore cap"}


def test_stories_and_mechanisms_have_lanes(read: dict[str, Any]) -> None:
    names = {e["args"]["name"].partition(" #")[0] for e in read["traceEvents"] if e["name"] == "thread_name"}
    assert {"stuns", "backups, merges, holds, replication", "backup of NBD job", f"{NAMES[0]}:0"} <= names
    told = [event["name"] for row in by_lane(read).values() for event in row if event["cat"] == "story"]
    assert sorted(told) == ["backup read", "overflow", "overflow", "snapshot create stun"]


def test_counters_count_commands(read: dict[str, Any], seen: Trace) -> None:
    counters = [event for event in read["traceEvents"] if event["ph"] == "C"]
    titles = {e["pid"]: e["args"]["name"] for e in read["traceEvents"] if e["name"] == "process_name"}
    assert {titles[event["pid"]] for event in counters} >= {"device h1 / gold", "device h2 / tin"}
    for event in counters:
        now = whole(event["ts"])
        assert WINDOW[0] <= now < WINDOW[1]
        mine = [c for c in seen.commands if f"device {c.host} / {c.datastore}" == titles[event["pid"]]]
        inside = [c for c in mine if c.enter_ns <= now and (c.end_ns < 0 or c.end_ns > now)]
        issued = [c for c in inside if 0 <= c.issue_ns <= now]
        assert event["args"] == {"waiting": len(inside) - len(issued), "outstanding": len(issued)}
        assert len(issued) <= 4 or "gold" not in titles[event["pid"]]


def test_the_same_trace_is_the_same_bytes(seen: Trace, tmp_path: Path) -> None:
    again = trace(build(DOCUMENT), "both", 0, [WINDOW])
    for name, one in (("a", seen), ("b", again)):
        write(tmp_path / name, document(one, WINDOW, HAPPENED, NAMES, {}))
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "b"]


def test_a_file_that_cannot_be_written_whole_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(TypeError):
        write(tmp_path / "a", {"traceEvents": [{"bad": object()}]})
    assert list(tmp_path.iterdir()) == []


TIMES = st.lists(st.tuples(st.integers(0, 40), st.integers(1, 12)), max_size=30)


@given(TIMES)
def test_lanes_are_as_few_as_slices_at_once(times: list[tuple[int, int]]) -> None:
    slices = [Slice("", "", start, start + length, {}) for start, length in times]
    rows = lanes(slices)
    for row in rows:
        assert all(a.end_ns <= b.start_ns for a, b in itertools.pairwise(row))
    assert sorted(one.start_ns for row in rows for one in row) == sorted(start for start, _ in times)
    at_once = [sum(1 for s, n in times if s <= t < s + n) for t in range(60)]
    assert len(rows) <= max(at_once)
