"""Calibration: the closed form gives its own numbers back, laws are told from percentiles, and the table is a
scenario's."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from experiments import cli
from experiments.calibrate import calibrate
from experiments.calibrate.fio import SHARES
from experiments.calibrate.fit import Fit, fit, monotone, predicted_iops, predicted_mean_ns
from experiments.calibrate.measured import Row, Side
from experiments.calibrate.shape import shape
from experiments.calibrate.snippet import datastore, table
from experiments.errors import InputError
from experiments.identity import ROOT
from experiments.scenario import build
from models.workload import unit_mean

SAMPLE = ROOT / "scenarios" / "fio-sample.json"
DEPTHS = (1, 2, 4, 8, 16, 32, 64)
PLAIN = Fit(0.0, 0.0, 8, 400e3, 0.0, 0.0, False, 0.0, 0.0, (), 0.0)


def row(depth: int, known: Fit, reads: float = 1.0, size: int = 4096) -> Row:
    """The row that the closed form predicts."""
    sides = [Side(share, 1.0, size, (), 1.0, 1.0) if share else None for share in (reads, 1 - reads)]
    asked = Row("row", depth, sides[0], sides[1], False, ())
    iops = predicted_iops(asked, known)
    found = [side._replace(iops=iops * side.iops, mean_ns=predicted_mean_ns(asked, known, write)) if side else None
             for side, write in zip(sides, (False, True), strict=True)]  # fmt: skip
    return asked._replace(read=found[0], write=found[1])


def test_the_closed_form_by_hand() -> None:
    known = replace(PLAIN, path_ns=100e3, stream_bytes_per_s=40_960_000.0)  # 400 us drawn, 100 us of transfer
    assert [round(row(depth, known).iops) for depth in (1, 4, 9, 10, 64)] == [1667, 6667, 15_000, 16_000, 16_000]
    last = row(64, known).read
    assert last is not None
    assert last.mean_ns == pytest.approx(64 / 16_000 * 1e9)
    assert row(4, replace(known, iops=5_000.0)).iops == 5_000
    assert row(4, replace(known, bandwidth_bytes_per_s=4_096_000.0)).iops == pytest.approx(1_000)
    assert row(4, replace(known, path_ns=50e3, pause_ns=50e3)).iops == row(4, known).iops


def test_a_slowdown_is_taken_where_rate_and_depth_agree() -> None:
    known = replace(PLAIN, servers=4, slowdown=((1, 1.0), (2, 1.5), (4, 3.0)))
    rates = [row(depth, known).iops for depth in (1, 2, 4, 8)]
    assert rates == pytest.approx([2_500, 2 / 600e-6, 4 / 1200e-6, 4 / 1200e-6])
    rising = replace(known, path_ns=200e3, slowdown=((1, 1.0), (2, 1.2), (4, 2.0)))
    outside = row(3, rising).iops  # 3 - X / 5000 inside, each 400 us x (its factor)
    inside = 3 - outside * 200e-6
    assert 2 < inside < 3
    assert outside == pytest.approx(inside / (400e-6 * np.interp(inside, (1, 2, 4), (1.0, 1.2, 2.0))))


@settings(max_examples=6, deadline=None)
@given(st.integers(1, 24), st.floats(20e3, 9e6), st.floats(1.1, 4), st.sampled_from([0.0, 10e3]))
def test_servers_and_latencies_come_back(servers: int, read: float, slower: float, path: float) -> None:
    known = replace(PLAIN, path_ns=path, servers=servers, read_ns=read, write_ns=read * slower)
    rows = [row(depth, known, reads) for reads in (1.0, 0.7, 0.0) for depth in DEPTHS]
    found = fit(rows, path, 0.0)
    assert found.servers == servers
    assert (found.read_ns, found.write_ns) == pytest.approx((read, read * slower), rel=0.002)
    assert (found.iops, found.bandwidth_bytes_per_s, found.slowdown) == (0, 0, ())
    assert found.rms < 0.002


def test_a_stream_slower_than_what_was_measured_is_not_taken_from_the_register() -> None:
    rows = [row(depth, replace(PLAIN, read_ns=10e3), size=65_536) for depth in DEPTHS]  # 64 KiB in 10 us
    assert fit(rows, 0.0, 1e9).stream_bytes_per_s == 0
    assert fit(rows, 0.0, 1e11).stream_bytes_per_s == 1e11


def test_the_nearest_rising_rates_by_hand() -> None:
    rows = [
        Row("", depth, Side(iops, 1.0, 1, (), 1, 1), None, False, ()) for depth, iops in ((4, 100), (1, 50), (2, 200))
    ]
    assert monotone(rows) == pytest.approx([20_000**0.5, 50, 20_000**0.5])


def shaped(times: list[float], ppm: list[int], mean: float) -> Row:
    side = Side(1.0, mean, 4096, tuple(zip(ppm, times, strict=True)), min(times), max(times))
    return Row("", 1, side, None, False, ())


@pytest.mark.parametrize(
    ("kind", "sigma"), [("fixed", 0.0), ("exponential", 0.0), ("lognormal", 0.3), ("lognormal", 1.1)]
)
def test_laws_are_told_from_their_percentiles(kind: str, sigma: float) -> None:
    ppm = [round(share * 10_000) for share in SHARES]
    drawn = 400e3 * unit_mean(np.array(ppm) / 1e6, kind, round(sigma * 1000))  # type: ignore[arg-type]
    found = shape([shaped([50e3 + ns for ns in drawn.tolist()], ppm, 450e3)], replace(PLAIN, path_ns=50e3), False)
    assert found is not None
    assert found.distribution == kind
    assert found.sigma == pytest.approx(sigma, abs=0.002)


def test_what_no_law_is_like_is_its_own_table() -> None:
    ppm = [100_000, 300_000, 500_000, 700_000, 900_000, 990_000]
    found = shape([shaped([100e3, 100e3, 100e3, 900e3, 900e3, 900e3], ppm, 420e3)], PLAIN, False)
    assert found is not None
    assert found.distribution == "quantiles"
    assert [ppm for ppm, _ in found.table] == [0, *ppm, 1_000_000]
    store = datastore(table("x", PLAIN, {"read": found, "write": None}))
    assert store.read.latency_ns == pytest.approx(400e3, abs=2), "the fitted mean"
    assert store.write == store.read
    few = shape([shaped([100e3, 420e3, 900e3], [100_000, 500_000, 900_000], 420e3)], PLAIN, False)
    assert few is not None
    assert few.distribution == "quantiles", "three percentiles are like many laws"
    assert shape([row(1, PLAIN)], PLAIN, False) is None


def test_the_table_says_what_was_fitted() -> None:
    known = replace(PLAIN, write_ns=500e3, stream_bytes_per_s=4e8, iops=16_000.0, bandwidth_bytes_per_s=5e8,
                    slowdown=((1, 1.0), (4, 1.5)))  # fmt: skip
    store = datastore(table("gold", known, {"read": None, "write": None}))
    assert (store.name, store.servers, store.iops_cap, store.bandwidth_bytes_per_s) == ("gold", 8, 16_000, 500_000_000)
    assert (store.read.latency_ns, store.write.latency_ns, store.read.stream_bytes_per_s) == (
        400_000,
        500_000,
        400_000_000,
    )
    assert store.slowdown_milli == (1000, 1166, 1333, 1500)


def test_rows_that_cannot_be_fitted_are_the_users_mistake() -> None:
    with pytest.raises(InputError, match="is faster than the host path"):
        calibrate([row(1, replace(PLAIN, read_ns=5e3))], 10_000)
    with pytest.raises(InputError, match="Little's law"):
        calibrate([row(1, PLAIN)._replace(depth=3)], 0)


def test_the_command_prints_writes_and_draws(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out, chart = tmp_path / "fitted.toml", tmp_path / "sweep.png"
    arguments = ["calibrate", str(SAMPLE), "--path", "0 s", "--name", "san", "--out", str(out), "--chart", str(chart)]
    assert cli.main(arguments) == 0
    told = capsys.readouterr().out
    assert "Little's law holds on 7 of 7 rows" in told
    assert "Fit: 16 servers, read 495 µs" in told
    assert "no writes were measured" in told
    assert {path.name for path in tmp_path.iterdir()} == {"fitted.toml", "sweep.png", "sweep.svg"}
    import tomllib

    document = tomllib.loads(out.read_text())
    assert out.read_text().endswith(told[told.index("[datastore.san]") : told.index("Written to")].rstrip("\n") + "\n")
    vms = {"a": {"disk": [{}], "workload": [{"rate": "10 iops"}]}}
    assert build({"name": "x", "vm": vms, **document}).datastores[0].servers == 16
    assert cli.main(arguments) == 2
    assert "--out" in capsys.readouterr().err
    assert cli.main([*arguments, "--force"]) == 0


def test_bad_options_are_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert (
        cli.main(["calibrate", str(SAMPLE), "--out", str(tmp_path / "no" / "x"), "--chart", str(tmp_path / "x.svg")])
        == 2
    )
    told = capsys.readouterr().err
    assert "there is no folder" in told
    assert "is no PNG" in told
    assert cli.main(["calibrate", str(SAMPLE), "--path", "long"]) == 2
    assert cli.main(["calibrate", str(SAMPLE), "--name", "a b"]) == 2


def test_a_file_that_is_named_twice_would_count_twice(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["calibrate", str(SAMPLE), str(SAMPLE.parent / "." / SAMPLE.name)]) == 2
    assert "is named twice, name each file once" in capsys.readouterr().err
