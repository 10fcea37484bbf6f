"""Law: whatever bytes a trace file holds, reading it gives a valid trace or located messages, and little memory."""

import tempfile
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from trace_files import FORMATS, READ, WRITE, Record

from experiments.errors import InputError
from experiments.traces import read_trace, summary
from models.scenario import Trace

RECORDS = tuple(Record(5_000_000_000 + 700 * i, (READ, WRITE)[i % 2], 64 * i, 4096) for i in range(130))
MOST_MEMORY = 3_000_000
edits = st.lists(st.tuples(st.integers(0, 2**16), st.integers(0, 255)), min_size=1, max_size=8)


def outcome(content: bytes) -> str:
    """ "trace" or "messages"; fails the test if the result is neither valid nor located."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "fuzzed.bin"
        path.write_bytes(content)
        messages: list[str] = []
        try:
            trace = read_trace(path)
        except InputError as error:
            messages = error.messages
        else:
            assert_valid(trace)
            return "trace"
        assert 1 <= len(messages) <= 21
        assert all(message.startswith(f"{path}:") for message in messages)
        return "messages"


def assert_valid(trace: Trace) -> None:
    assert len(trace.time_ns) == len(trace.offset_bytes) == len(trace.size_bytes) == len(trace.write) > 0
    assert trace.time_ns[0] == 0
    assert bool((np.diff(trace.time_ns) >= 0).all())
    assert bool((trace.offset_bytes >= 0).all())
    assert int(trace.offset_bytes.max()) <= 2**46
    assert int(trace.size_bytes.min()) > 0
    assert int(trace.size_bytes.max()) <= 2**26
    assert len(summary(trace)) > 10


def edited(content: bytes, changes: list[tuple[int, int]]) -> bytes:
    out = bytearray(content)
    for place, value in changes:
        out[place % len(out)] = value
    return bytes(out)


@pytest.mark.parametrize("name", FORMATS)
@given(changes=edits)
def test_changed_bytes(name: str, changes: list[tuple[int, int]]) -> None:
    outcome(edited(FORMATS[name](RECORDS), changes))


@pytest.mark.parametrize("name", FORMATS)
@given(begin=st.integers(0, 6000), end=st.integers(0, 6000))
def test_pieces_of_a_file(name: str, begin: int, end: int) -> None:
    outcome(FORMATS[name](RECORDS)[begin:end])


@given(
    content=st.binary(max_size=400) | st.text(alphabet="0123456789,;\t\n.rwead#-e\x00é", max_size=400).map(str.encode)
)
def test_any_bytes(content: bytes) -> None:
    outcome(content)


@given(rows=st.text(alphabet="0123456789,.-erw\n\"' ", max_size=300))
def test_any_rows_below_a_good_header(rows: str) -> None:
    outcome(b"time_s,op,lbn,size_bytes\n" + rows.encode())


@pytest.mark.parametrize("name", FORMATS)
def test_both_outcomes_occur(name: str) -> None:
    whole = FORMATS[name](RECORDS)
    assert outcome(whole) == "trace"
    assert outcome(whole[len(whole) // 2 + 1 : -1]) == "messages"


@pytest.mark.parametrize("name", ["vscsi1", "vscsi2"])
def test_corrupt_records_do_not_cost_memory(name: str) -> None:
    """The widest sizes, addresses and gaps that pass the checks, thousands of times."""
    largest = tuple(Record(i * 10**11, WRITE, 2**36 - 8 * i, 2**26) for i in range(3000))
    content = FORMATS[name](largest)
    tracemalloc.start()
    try:
        assert outcome(content) == "trace"
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < MOST_MEMORY, f"{peak} bytes for a file of {len(content)}"
