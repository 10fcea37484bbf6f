"""The figures of a trace: by hand on a small one, against the published sample's facts on the real one."""

import os
from pathlib import Path

import numpy as np
import pytest
from trace_files import FLUSH, READ, WRITE, Record, csv

from experiments.traces import describe, distinct_bytes, make_trace, read_trace, summary
from models.scenario import Trace


def trace_of(folder: Path, *records: Record) -> Trace:
    path = folder / "disk.csv"
    path.write_bytes(csv(records))
    return read_trace(path)


def figures(trace: Trace) -> dict[str, float]:
    return {row.what: row.value for row in summary(trace)}


def test_rates_count_empty_seconds_and_bytes_count_whole_blocks(tmp_path: Path) -> None:
    busy = [Record(i, READ, 0, 4096) for i in range(7)]
    trace = trace_of(tmp_path, *busy, Record(9_500_000, WRITE, 127, 1024), Record(9_500_001, WRITE, 128, 512))
    found = figures(trace)
    assert found["rate, busiest second"] == 7
    assert found["rate, 99 % of seconds at most"] == 7  # the worst of ten seconds
    assert found["rate, mean"] == round(9 / 9.500001, 1)
    assert (found["bytes read"], found["bytes written"], found["read share"]) == (28672, 1536, 777_777)
    assert found["bytes of distinct 4 KiB blocks written"] == 2 * 4096  # 65,024 to 66,048 crosses 65,536
    assert found["bytes of distinct 64 KiB blocks written"] == 2 * 65536
    assert found["bytes of distinct 1 MiB blocks written"] == 1 << 20
    assert found["highest address"] == 127 * 512 + 1024


def test_the_quantile_of_seconds_is_zero_where_nearly_all_are_empty(tmp_path: Path) -> None:
    assert (
        figures(trace_of(tmp_path, Record(0, READ, 0, 512), Record(1000 * 10**6, READ, 0, 512)))[
            "rate, 99 % of seconds at most"
        ]
        == 0
    )


def test_distinct_bytes_are_those_of_a_set_of_blocks() -> None:
    rng = np.random.default_rng(1)
    count = 500
    offset = rng.integers(0, 300_000, count) * 512
    size = rng.integers(1, 200, count) * 512
    write = rng.random(count) < 0.5
    trace = make_trace("made", np.arange(count, dtype=np.int64), offset, size, write)
    for block in (512, 4096, 65536, 1 << 20):
        blocks = {
            b
            for o, s, w in zip(offset.tolist(), size.tolist(), write.tolist(), strict=True)
            if w
            for b in range(o // block, (o + s - 1) // block + 1)
        }
        assert distinct_bytes(trace, block) == len(blocks) * block


def test_a_trace_of_reads_alone_writes_nothing(tmp_path: Path) -> None:
    assert distinct_bytes(trace_of(tmp_path, Record(0, READ, 0, 512)), 4096) == 0


def test_describe_tells_what_was_left_out_and_sorted(tmp_path: Path) -> None:
    path = tmp_path / "disk.csv"
    path.write_bytes(csv((Record(9, READ, 0, 512), Record(5, WRITE, 0, 512), Record(10, FLUSH, 0, 0))))
    text = describe(path)
    assert text.startswith("disk.csv: CSV with a header, 3 records\n  left out, they move no data: 1 x flush\n")
    assert "sorted by time: 1 records stood behind a later one" in text
    assert read_trace(path).digest in text


def data() -> Path:
    """The folder with recorded traces, or a clear skip."""
    folder = Path(os.environ.get("STUNLAB_DATA", Path(__file__).parents[3] / "shared" / "data"))
    if not (folder / "vscsi").is_dir():
        pytest.skip(f"no recorded traces at {folder}: set STUNLAB_DATA to the data folder")
    return folder


def test_the_published_trace_has_its_published_figures() -> None:
    found = figures(read_trace(data() / "vscsi" / "cloudPhysicsIO.vscsi"))
    assert (found["reads and writes"], found["reads"], found["writes"]) == (113_872, 46_974, 66_898)
    assert (found["rate, mean"], found["rate, 99 % of seconds at most"], found["rate, busiest second"]) == (
        15.8,
        382,
        2204,
    )
    assert round(found["duration"] / 1e9) == 7200
    assert round(found["bytes written"] / 1e9, 2) == 2.41
    assert round(found["bytes of distinct 64 KiB blocks written"] / 1e9, 2) == 0.96
    assert round(found["bytes of distinct 1 MiB blocks written"] / 1e9, 2) == 1.94
    shares = [round(found[f"share of size {kib * 1024} bytes"] / 1e4) for kib in (64, 8, 4, 68)]
    assert shares == [34, 17, 13, 10]


def test_binary_and_printed_form_of_the_published_trace_agree() -> None:
    binary = read_trace(data() / "vscsi" / "cloudPhysicsIO.vscsi")
    printed = read_trace(data() / "vscsistats" / "cloudPhysics_as_vscsi_cmd_trace_v1.head3000.csv")
    for column in ("time_ns", "offset_bytes", "size_bytes", "write"):
        assert np.array_equal(getattr(printed, column), getattr(binary, column)[:3000])


def test_the_constructed_twins_and_the_msr_sample_are_read() -> None:
    one, two = (read_trace(data() / "vscsi" / f"vscsi{v}_CONSTRUCTED_500.vscsi") for v in (1, 2))
    assert one.digest == two.digest
    sample = read_trace(data() / "blocktraces" / "msr-cambridge1-sample.csv")
    assert (len(sample.time_ns), int(sample.write.sum())) == (1000, 492)
