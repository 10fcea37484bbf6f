"""fio's JSON: what a file says is what the rows say, and everything that is wrong with all files is told at once."""

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from experiments.calibrate.fio import quantiles_of, read_rows
from experiments.calibrate.measured import Row, against_little
from experiments.errors import InputError

PERCENTILE = {"1.000000": 30_000, "50.000000": 80_000, "99.000000": 200_000, "0.00": 0}
READ = {
    "iops": 10_000.0, "total_ios": 600_000,
    "lat_ns": {"min": 20_000, "max": 900_000, "mean": 100_000.0},
    "clat_ns": {"min": 18_000, "max": 898_000, "mean": 98_000.0, "percentile": PERCENTILE},
}  # fmt: skip
JOB = {"jobname": "one", "groupid": 0, "error": 0, "read": READ, "write": {"iops": 0.0}}
OPTIONS = {"rw": "randread", "bs": "4k", "ioengine": "libaio", "iodepth": "1"}


def job(options: dict[str, str] | None = None, **changes: Any) -> dict[str, Any]:
    return copy.deepcopy({**JOB, "job options": {**OPTIONS, **(options or {})}, **changes})


def rows_in(folder: Path, *jobs: dict[str, Any], before: str = "", **more: Any) -> list[Row]:
    path = folder / "fio.json"
    path.write_text(before + json.dumps({"fio version": "fio-3.1", "jobs": list(jobs), **more}))
    return read_rows([path])


def test_a_job_is_a_row(tmp_path: Path) -> None:
    (row,) = rows_in(tmp_path, job(), before="fio: a warning {first\n")
    assert row.source.endswith("fio.json: jobs[0] (one)")
    assert (row.depth, row.write, row.sequential, row.name) == (1, None, False, "4 KiB read, depth 1")
    assert row.read is not None
    assert (row.read.iops, row.read.mean_ns, row.read.size_bytes) == (10_000.0, 100_000.0, 4096)
    assert (row.read.least_ns, row.read.most_ns) == (20_000, 900_000)
    assert row.read.quantiles == ((10_000, 32_000), (500_000, 82_000), (990_000, 202_000))  # with 2 us of submission
    assert against_little(row) == ""


def test_options_are_the_global_ones_and_the_jobs_own(tmp_path: Path) -> None:
    own = {"iodepth": "8", "numjobs": "2", "group_reporting": "1"}
    two = job(own, **{"job options": own, "groupid": 1})
    first, second = rows_in(tmp_path, job(), two, **{"global options": {**OPTIONS, "bs": "64k,8k", "iodepth": "2"}})
    assert (first.depth, second.depth) == (1, 16)
    assert first.read is not None
    assert second.read is not None
    assert (first.read.size_bytes, second.read.size_bytes) == (4096, 65_536)


def test_an_engine_that_waits_has_one_outstanding(tmp_path: Path) -> None:
    assert rows_in(tmp_path, job({"ioengine": "psync", "iodepth": "32"}))[0].depth == 1


def test_jobs_side_by_side_are_one_row(tmp_path: Path) -> None:
    slow = copy.deepcopy(READ) | {"iops": 5_000.0}
    slow["lat_ns"] |= {"mean": 200_000.0}
    slow["clat_ns"] |= {"max": 5_000_000}
    (row,) = rows_in(tmp_path, job({"iodepth": "1"}), job({"iodepth": "2"}, read=slow))
    assert (row.depth, row.iops) == (3, 15_000.0)
    assert row.read is not None
    assert row.read.mean_ns == pytest.approx((10_000 * 100_000 + 5_000 * 200_000) / 15_000)
    assert row.read.quantiles == (), "percentiles of several jobs are unknown"
    assert row.read.most_ns == pytest.approx(5_000_000, rel=0.02)


def test_bins_of_jobs_side_by_side_are_added(tmp_path: Path) -> None:
    halves = []
    for bins in ({"50000": 98, "70000": 2}, {"50000": 92, "90000": 8}):
        side = copy.deepcopy(READ)
        side["clat_ns"] |= {"bins": bins, "mean": 100_000.0}
        halves.append(job(read=side))
    (row,) = rows_in(tmp_path, *halves)
    assert row.read is not None
    found = dict(row.read.quantiles)
    assert (found[950_000], found[990_000]) == (50_000, 90_000)  # of 200: 190 at 50, 2 at 70, 8 at 90 us
    assert quantiles_of({10: 1, 20: 1})[-1] == (999_900, 20.0)


@pytest.mark.parametrize(
    ("options", "iops", "said"),
    [
        ({}, 9_600.0, ""), ({}, 10_400.0, ""), ({}, 9_200.0, ""),  # 8.7 us between a reply and the next
        ({}, 9_000.0, "9000 iops x mean latency = 0.90 outstanding, not 1; the depth was not kept up"),
        ({}, 10_600.0, "= 1.06 outstanding, not 1; more ran at once than it says"),
        ({"rate_iops": "8000"}, 8_000.0, "= 0.80 outstanding, not 1; the job sets rate_iops = 8000"),
    ],
)  # fmt: skip
def test_little_decides(tmp_path: Path, options: dict[str, str], iops: float, said: str) -> None:
    told = against_little(rows_in(tmp_path, job(options, read=READ | {"iops": iops}))[0])
    assert said in told
    assert bool(said) == bool(told)


WRONG = [
    (job(error=5), "ended with error 5"),
    (job({"iodepth": "many"}), 'iodepth is no number of 1 or more ("many")'),
    (job({"bs": "4x"}), 'bs is no block size up to 64 MiB ("4x")'),
    (job({"bssplit": "4k/50:8k/50"}), "mixes block sizes (bssplit)"),
    (job(read={"iops": 0.0}), "has neither reads nor writes"),
    (job(read={"iops": "fast"}), "read.iops: is missing or no number"),
    (job(read={"iops": 5.0, "clat": {"mean": 3}}), 'read.clat_ns.mean: is missing ("clat" without _ns is'),
    (job(read=READ | {"clat_ns": {"mean": 5.0}}), "read.clat_ns.percentile: is missing, measure with"),
    (job(**{"job options": {}}), 'has no "job options" (iodepth, bs)'),
    ("text", "is no job"),
]  # fmt: skip


def test_every_mistake_of_every_file_is_told_at_once(tmp_path: Path) -> None:
    files = {
        "cut.json": '{"jobs": [',
        "list.json": "[1, 2]",
        "old.json": json.dumps({"fio version": "fio-2.19", "jobs": [job()]}),
        "client.json": json.dumps({"fio version": "fio-3.1", "client_stats": []}),
        "jobs.json": json.dumps({"fio version": "fio-3.1", "jobs": [one for one, _ in WRONG]}),
    }
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    (tmp_path / "binary.json").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError) as caught:
        read_rows([*(tmp_path / name for name in files), tmp_path / "binary.json", tmp_path / "absent.json"])
    told = [message.replace(f"{tmp_path}/", "") for message in caught.value.messages]
    wanted = [
        "cut.json:1: is no JSON", 'list.json: is no result of fio, it has no "jobs"',
        'old.json: "fio version" is fio-2.19',
        "client.json: is no result of fio", *(text for _, text in WRONG), "binary.json: is no text",
        "absent.json: cannot be read (No such file",
    ]  # fmt: skip
    assert len(told) == len(wanted)
    assert all(text in message for text, message in zip(wanted, told, strict=True)), told


def test_sizes_side_by_side_cannot_be_told_apart(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="other block sizes"):
        rows_in(tmp_path, job(), job({"bs": "8k"}))
