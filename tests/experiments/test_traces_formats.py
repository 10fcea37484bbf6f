"""Each format's reader gives the same trace for the same records."""

import os
from pathlib import Path

import numpy as np
import pytest
from trace_files import FLUSH, FORMATS, READ, RECORDS, WRITE, Record, csv, msr, vscsi1, vscsi2

from experiments.traces import read, read_trace
from experiments.traces.text import number


def written(folder: Path, content: bytes) -> Path:
    path = folder / "disk.trace"
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_gives_the_records_in_nanoseconds_and_bytes(tmp_path: Path, name: str) -> None:
    trace = read_trace(written(tmp_path, FORMATS[name]()))
    assert trace.time_ns.tolist() == [0, 10_000, 10_000, 900_000_000]
    assert trace.offset_bytes.tolist() == [2048 * 512, 4096 * 512, 63 * 512, 2**39]
    assert trace.size_bytes.tolist() == [4096, 65536, 512, 8192]
    assert trace.write.tolist() == [False, True, True, False]
    assert trace.source == "disk.trace"
    assert (trace.time_ns.dtype, trace.write.dtype) == (np.dtype(np.int64), np.dtype(np.bool_))


def test_the_digest_is_of_the_columns_not_of_the_file(tmp_path: Path) -> None:
    digests = {read_trace(written(tmp_path, make())).digest for make in FORMATS.values()}
    assert len(digests) == 1
    other = (*RECORDS[:3], RECORDS[3]._replace(size=4096))
    assert read_trace(written(tmp_path, csv(other))).digest not in digests


def test_the_digest_sees_every_column(tmp_path: Path) -> None:
    r = RECORDS[1]
    records = (r, r._replace(us=r.us - 5), r._replace(cmd=READ), r._replace(lbn=1), r._replace(size=512))
    digests = [read_trace(written(tmp_path, csv((RECORDS[0], record)))).digest for record in records]
    assert len(set(digests)) == 5


def test_operations_that_move_no_data_are_counted_and_left_out(tmp_path: Path) -> None:
    records = (Record(1, FLUSH, 0, 0), *RECORDS, Record(5_000_900_001, FLUSH, 0, 0))
    reading = read(written(tmp_path, vscsi1(records)))
    assert reading.ignored == (("opcode 0x35", 2),)
    assert (reading.records, len(reading.trace.time_ns)) == (6, 4)
    assert reading.trace.time_ns[0] == 0, "time begins at the first read or write"
    assert read(written(tmp_path, csv(records))).ignored == (("flush", 2),)


def test_records_up_to_a_second_late_are_sorted_and_equal_times_keep_their_order(tmp_path: Path) -> None:
    records = (
        Record(2_000_000, READ, 1, 512),
        Record(1_000_000, READ, 2, 512),
        Record(2_000_000, READ, 3, 512),
        Record(1_000_000, READ, 4, 512),
    )
    reading = read(written(tmp_path, vscsi2(records)))
    assert reading.trace.time_ns.tolist() == [0, 0, 10**9, 10**9]
    assert (reading.trace.offset_bytes // 512).tolist() == [2, 4, 1, 3]
    assert reading.reordered == 2


@pytest.mark.parametrize(
    ("header", "row"),
    [
        ("time_ns,op,offset_bytes,size_bytes", "1500000000,W,1024,512"),
        ("time_us,op,lbn,size_sectors", "1500000.0,w,2,1"),
        ("time_ms;op;offset_bytes;size_bytes", "1500;write;1024;512"),
        ("time_s\top\toffset_bytes\tsize_bytes", "1.5\tWrite\t1024\t512"),
        ('"op","latency","size_bytes","time_s","lbn"', '"write",3.5,512,1.4999999996,2'),
    ],
)
def test_the_header_names_units_and_order(tmp_path: Path, header: str, row: str) -> None:
    first = {"op": "read", "size_sectors": "1", "size_bytes": "512"}
    separator = next(c for c in ";\t," if c in header)
    zero = separator.join(first.get(name.strip('"'), "0") for name in header.split(separator))
    step = "" if header.startswith("time_ns") else "\r"
    trace = read_trace(written(tmp_path, f"\ufeff# a remark\n{header}{step}\n{zero}\n\n{row}{step}\n".encode()))
    assert trace.time_ns.tolist() == [0, 1_500_000_000]
    assert (trace.offset_bytes[1], trace.size_bytes[1], bool(trace.write[1])) == (1024, 512, True)


def test_decimal_times_are_rounded_half_up_once() -> None:
    cases = {b"0.0000000004": 0, b"0.0000000005": 1, b"1": 10**9, b"1.": 10**9, b"7.123456789": 7_123_456_789}
    assert {text: number(text, 10**9) for text in cases} == cases
    assert [number(text, 1) for text in (b"4096.0", b"4096.5", b"1e3", b"", b".", b"-1", b"+1", b"1_0", b"nan")] == (
        [4096] + [None] * 8
    )


def test_msr_times_are_exact_although_they_do_not_fit_64_bits_in_nanoseconds(tmp_path: Path) -> None:
    lines = "128166385295514663,hm,0,Write,0,512,1\n128166385295514878,hm,0,Read,0,512,1\n"
    assert read_trace(written(tmp_path, lines.encode())).time_ns.tolist() == [0, 21_500]


def test_the_format_is_told_from_the_content_not_from_the_name(tmp_path: Path) -> None:
    path = tmp_path / "looks.csv"
    path.write_bytes(vscsi2())
    assert read(path).layout == "vSCSI binary, version 2"
    assert read(written(tmp_path, msr())).layout == "MSR Cambridge CSV"


def test_two_records_decide_the_version_because_one_can_look_like_the_other(tmp_path: Path) -> None:
    content = bytearray(vscsi1())
    content[3] = 2  # the serial number of a version 1 record where version 2 keeps its version
    reading = read(written(tmp_path, bytes(content)))
    assert (reading.layout, reading.records) == ("vSCSI binary, version 1", 4)


def test_a_single_record_is_a_trace(tmp_path: Path) -> None:
    for make in FORMATS.values():
        assert len(read_trace(written(tmp_path, make(RECORDS[:1]))).time_ns) == 1


def test_columns_cannot_be_changed_behind_the_digest(tmp_path: Path) -> None:
    trace = read_trace(written(tmp_path, csv()))
    with pytest.raises(ValueError, match="read-only"):
        trace.size_bytes[0] = 1


@pytest.mark.skipif(os.name != "posix", reason="symbolic links")
def test_a_link_to_a_trace_is_followed(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(written(tmp_path, csv((RECORDS[1]._replace(cmd=WRITE),))))
    assert read_trace(tmp_path / "link").source == "link"
