"""What is wrong with a trace file is said all at once, with its place and a remedy, as InputError."""

import os
from pathlib import Path

import pytest
from trace_files import FLUSH, READ, RECORDS, Record, csv, msr, vscsi1, vscsi2, vscsistats

from experiments.errors import InputError
from experiments.traces import read_trace


def messages(folder: Path, content: bytes) -> list[str]:
    path = folder / "bad"
    path.write_bytes(content)
    with pytest.raises(InputError) as caught:
        read_trace(path)
    return [message.replace(str(path), "bad") for message in caught.value.messages]


def test_a_record_cut_short_names_byte_record_and_remedy(tmp_path: Path) -> None:
    (message,) = messages(tmp_path, vscsi1()[:-7])
    assert message.startswith("bad: record 4 at byte 96: the file ends inside this record (25 of 32 bytes)")
    assert "truncate -s 96 FILE" in message
    assert message.endswith(vscsi1()[96:-7].hex(" "))


def test_every_mistake_of_a_binary_file_is_said_in_the_files_order(tmp_path: Path) -> None:
    records = tuple(Record(5_000_000 + i, READ, 8 * i, 512) for i in range(8))
    content = bytearray(vscsi2(records))
    content[40 * 2 + 3] = 9  # version
    content[40 * 3 + 1] = 0x07  # opcode
    content[40 * 4 + 8 : 40 * 4 + 12] = (0).to_bytes(4, "little")
    content[40 * 5 + 8 : 40 * 5 + 12] = (2**31).to_bytes(4, "little")
    content[40 * 6 + 16 : 40 * 6 + 24] = (2**64 - 1).to_bytes(8, "little")
    content[40 * 7 + 24 : 40 * 7 + 32] = (2**63).to_bytes(8, "little")
    found = messages(tmp_path, bytes(content[:-1]) + b"\0\0\0")
    starts = [message.split(" (")[0] for message in found]
    assert starts == [
        "bad: record 3 at byte 80: ver: is not version 2.x",
        "bad: record 4 at byte 120: cmd: is not a SCSI opcode, which has one byte",
        "bad: record 5 at byte 160: len: is zero",
        "bad: record 6 at byte 200: len: is beyond 64 MiB",
        "bad: record 7 at byte 240: lbn: is beyond 64 TiB, more than any virtual disk",
        "bad: record 8 at byte 280: ts: lies long after the earliest record",
        "bad: record 9 at byte 320: the file ends inside this record",
    ]


def test_every_mistake_of_a_text_file_has_line_column_and_the_line_itself(tmp_path: Path) -> None:
    content = (
        b"time_us,op,offset_bytes,size_bytes\n10,read,0,4096\n20,rad,0,4096\n30,write,-5,1e3\n40,write,0,0\n"
        b"50,w,0\n60,w,99999999999999999999999,512\n70,w,0,512"
    )
    assert messages(tmp_path, content) == [
        "bad:3:4: op: is no known operation (rad), write one of: read, r, write, w, flush, sync, unmap, trim, discard, "
        "other\n    20,rad,0,4096",
        "bad:4:10: offset_bytes: is no plain number of 0 or more (-5), write digits without sign or exponent"
        "\n    30,write,-5,1e3",
        "bad:4:13: size_bytes: is no plain number of 0 or more (1e3), write digits without sign or exponent"
        "\n    30,write,-5,1e3",
        "bad:5:12: size_bytes: is zero (0 bytes), delete the record if it moved nothing, else mend it"
        "\n    40,write,0,0",
        "bad:6:1: has 3 fields, not 4, the line may be cut short: mend or delete it\n    50,w,0",
        "bad:7:6: offset_bytes: is no plain number of 0 or more (99999999999999999999999), write digits without sign "
        "or exponent\n    60,w,99999999999999999999999,512",
    ]


def test_the_first_twenty_are_shown_and_the_rest_counted(tmp_path: Path) -> None:
    zero = RECORDS[0]._replace(size=0)
    for make in (csv, vscsi1):
        found = messages(tmp_path, make((zero,) * 50))
        assert len(found) == 21
        assert found[-1] == "bad: 30 more mistakes"
        assert len(messages(tmp_path, make((zero,) * 20))) == 20


def test_a_step_back_of_more_than_a_second_is_an_error_once_for_its_stretch(tmp_path: Path) -> None:
    second_recording = tuple(Record(us, READ, 0, 512) for us in (7_000_000, 8_000_000, 1_000_000, 1_500_000, 9_000_000))
    (message,) = messages(tmp_path, vscsistats(second_recording))
    assert message.startswith("bad:5:25: Time Stamp: lies behind an earlier record (7 s; up to 1 s is sorted)")
    assert "split the file here if two recordings were joined" in message


def test_a_slow_drift_backwards_is_seen_too(tmp_path: Path) -> None:
    drifting = tuple(Record(10_000_000 - i * 600_000, READ, 0, 512) for i in range(4))
    (message,) = messages(tmp_path, vscsi1(drifting))
    assert message.startswith("bad: record 3 at byte 64: ts: lies behind an earlier record (1.2 s")


def test_two_disks_in_one_file(tmp_path: Path) -> None:
    content = msr(RECORDS[:2]).replace(b"hm,0,Write", b"hm,1,Write")
    (message,) = messages(tmp_path, content)
    assert message.startswith(
        "bad:2:1: is of another disk (hm 1; the file began with hm 0), keep the lines of one disk"
    )
    assert messages(tmp_path, b"disk,time_s,op,lbn,size_bytes\na,0,r,0,512\nb,0,r,0,512\n")[0].startswith(
        "bad:3:1: is of"
    )


def test_nothing_in_a_message_can_steer_a_terminal(tmp_path: Path) -> None:
    for content in (
        b"time_us,op,offset_bytes,size_bytes\n\x1b[2J\x07,w,0,512\n",
        b"\x1b[2J",
        b"time_us,op,offset_bytes,size_bytes\n1,\x9b\xff,0,512\n",
    ):
        (message,) = messages(tmp_path, content)
        assert all(c.isprintable() or c == "\n" for c in message)


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"", "is empty (0 bytes)"),
        (b"hello\n", "is no trace that can be read (it begins with: hello)"),
        (b"time_us,op,offset_bytes\n", "is no trace that can be read"),
        (b"time_us,time_s,op,lbn,size_bytes\n", "is no trace that can be read"),
        (b"\0\1\2", "it begins with: 00 01 02"),
        (bytes(64), "is no trace that can be read"),
        (vscsi1()[:31], "is no trace that can be read"),
        (b"\x1f\x8b\x08" + bytes(20), "gunzip"),
        (b"PK\x03\x04" + bytes(20), "save the sheet as CSV"),
        ("time_us,op\n".encode("utf-16"), "save it as UTF-8"),
        (b"time_us,op,offset_bytes,size_bytes\n", "holds no read and no write (0 records)"),
        (vscsi2((Record(1, FLUSH, 0, 0),)), "holds no read and no write (1 records)"),
    ],
)
def test_what_is_no_trace_says_so_in_one_message(tmp_path: Path, content: bytes, what: str) -> None:
    (message,) = messages(tmp_path, content)
    assert message.startswith("bad: ")
    assert what in message


def test_what_is_no_regular_file_is_refused_without_reading_it(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    huge = tmp_path / "huge"
    with huge.open("wb") as file:
        file.truncate(2**30 + 1)
    expected = {
        tmp_path: "is a folder",
        tmp_path / "none": "cannot be read (No such file or directory)",
        tmp_path / "pipe": "is not a regular file",
        huge: "is too large (1.0 GiB, at most 1 GiB is read)",
        tmp_path / ("n" * 300): "cannot be read (File name too long)",
        tmp_path / "a\0b": "is no file name",
    }
    for path, what in expected.items():
        with pytest.raises(InputError, match=what.split("(")[0]) as caught:
            read_trace(path)
        assert what in caught.value.messages[0]


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_permission_is_one_message(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    path.write_bytes(csv())
    path.chmod(0)
    with pytest.raises(InputError, match="Permission denied"):
        read_trace(path)
