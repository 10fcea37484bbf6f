"""Rows of validate: what passes, what fails, how they are printed, and that a wrong simulator does not pass."""

import json
import math
from pathlib import Path

import pytest

import experiments.validate as validate
from experiments.errors import InputError
from experiments.validate import counters, laws, merges, published
from experiments.validate.row import (
    Claim,
    Row,
    Slack,
    exact,
    judge,
    judge_least,
    judge_range,
    judge_sample,
    not_run,
    share,
)
from experiments.validate.table import as_json_text, number, summary, text
from models.run import SimulationError

CLAIM = Claim("a claim", "a book", "ms")
GOOD = judge(CLAIM, 10, 10.5, Slack(0.5, "half a millisecond"))


@pytest.mark.parametrize(
    ("simulated", "slack", "verdict"),
    [(10.0, 0.0, "pass"), (10.5, 0.5, "pass"), (10.6, 0.5, "fail"), (9.4, 0.5, "fail"), (math.nan, 1e9, "fail")],
)
def test_a_row_passes_within_its_tolerance(simulated: float, slack: float, verdict: str) -> None:
    assert judge(CLAIM, 10, simulated, Slack(slack, "why")).verdict == verdict


def test_ranges_and_lower_bounds() -> None:
    assert [judge_range(CLAIM, 1, 3, x, "why").verdict for x in (0.9, 1, 3, 3.1)] == ["fail", "pass", "pass", "fail"]
    assert [judge_least(CLAIM, 20, x).verdict for x in (19.9, 20, 500, math.nan)] == ["fail", "pass", "pass", "fail"]
    assert share(-200, 0.05, "why").size == 10


def test_a_noisy_sample_gets_no_more_than_a_tenth() -> None:
    tight = judge_sample(CLAIM, 10, [9.9, 10.0, 10.1] * 4)
    noisy = judge_sample(CLAIM, 10, [1.0, 25.0] * 3)
    single = judge_sample(CLAIM, 10, [10.9])
    assert (tight.verdict, tight.tolerance < 0.2) == ("pass", True)
    assert (noisy.verdict, noisy.tolerance) == ("fail", 1.0)
    assert (single.verdict, single.tolerance) == ("pass", 1.0)


def test_the_table_names_everything_about_a_row() -> None:
    bad = judge(CLAIM, 10, 12, exact())
    page = text([("Things", [GOOD, bad, not_run(CLAIM, "no data")])])
    assert "ok    a claim" in page
    assert "FAIL  a claim" in page
    assert "expected 10, simulated 10.5 ms, error 0.5 (+5.00 %), tolerance 0.5 [half a millisecond]" in page
    assert "a claim: not run (no data)" in page
    assert "1 of 2 predicted rows hold, 0 of 0 calibrated rows hold; 1 failed, 1 not run" in page
    assert summary([GOOD]) == "1 of 1 predicted rows hold, 0 of 0 calibrated rows hold; 0 failed, 0 not run"
    assert [number(x) for x in (math.nan, 3.0, 1234.567)] == ["-", "3", "1235"]


def test_json_has_no_numbers_that_json_does_not_know() -> None:
    objects = json.loads(as_json_text([("Things", [GOOD, not_run(CLAIM, "no data")])]))
    assert objects[0]["section"] == "Things"
    assert objects[0]["simulated"] == 10.5
    assert objects[1]["expected"] is None
    assert objects[1]["verdict"] == "not run"


def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the quick counter rows, in this process."""
    monkeypatch.setattr(validate, "TASKS", (validate.Task(validate.COUNTERS, "counters", "mixed_commands"),))
    monkeypatch.setattr(validate, "available_cpus", lambda: 1)


def test_the_command_succeeds_and_says_what_was_not_run(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    few(monkeypatch)
    assert validate.main(None, as_json=False) == 0
    page = capsys.readouterr().out
    assert "3 of 3 predicted rows hold" in page
    assert page.count("not run (no data directory given: use --data)") >= len(validate.MEASURED)  # one row or more each


def test_the_command_fails_when_a_claim_does(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    few(monkeypatch)
    monkeypatch.setattr(published, "COUNTERS", ((4, 99.0),))
    assert validate.main(None, as_json=True) == 1
    assert any(one["verdict"] == "fail" for one in json.loads(capsys.readouterr().out))


def test_a_simulation_without_result_is_a_row_that_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> list[Row]:
        raise SimulationError("the audit failed: it does not add up")

    monkeypatch.setattr(counters, "mixed_commands", broken)
    (row,) = validate.run(validate.Task(validate.COUNTERS, "counters", "mixed_commands"))
    assert (row.verdict, row.why) == ("fail", "the audit failed: it does not add up")


def test_a_copier_of_another_speed_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    """Positive control: the closed form of a pass at 1000 grains a second does not hold at 900."""
    scene = merges._mirror_scenario(250, 4)
    monkeypatch.setattr(merges, "COPIES", 900)
    monkeypatch.setattr(merges, "_mirror_scenario", lambda writes, held_s: scene)
    assert merges.mirror_pass()[0].verdict == "fail"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "columns: missing (law, "),
        (b"law,unit\n", "columns: missing (configuration, "),
        (b"\xff\xfe", "cannot be read as a table"),
        (b"HEAD\nA1.closed_loop_iops,m,device=T2000 qd=1,s,i,x,3,1,1,1,0,\n", ":2:1: predicted: is not a number (x)"),
        (b"HEAD\nA1.closed_loop_iops,m,device=T2000,s,i,1,3,1,1,1,0,\n", ":2:1: configuration: does not name device"),
    ],
)  # fmt: skip
def test_measured_data_that_cannot_be_used(tmp_path: Path, content: bytes, message: str) -> None:
    head = (
        b"law,level,configuration,statement,unit,predicted,n,measured_median,measured_min,measured_max,error_pct,note"
    )
    (tmp_path / "qemu").mkdir()
    (tmp_path / laws.FILE).write_bytes(content.replace(b"HEAD", head))
    with pytest.raises(InputError) as caught:
        laws.check(tmp_path)
    assert message in caught.value.messages[0]


def test_absent_data_is_no_mistake(tmp_path: Path) -> None:
    laws.check(None)
    laws.check(tmp_path)
    assert laws.missing("A1", tmp_path)[0].verdict == "not run"
