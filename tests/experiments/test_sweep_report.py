"""The report of a sweep: one offline page, what it says of this very sweep, the same bytes every time."""

import re
from dataclasses import replace
from pathlib import Path

import pytest
from fake_sweep import INTERVAL, WRITES, fake_sweep
from page_rules import Outline, dead_ends, outlined, requests, shape_faults, table_faults

from experiments.charts.sweep import sheets
from experiments.reporting.study_page import failures
from experiments.sweep import report
from experiments.sweep.findings import findings
from experiments.sweep.report import write_sweep_report
from experiments.sweep.result import SweepResult


@pytest.fixture(scope="module")
def result() -> SweepResult:
    """One axis, one metric, all runs of one point failed."""
    return replace(fake_sweep(WRITES, lost=1), metrics=("guest_p99",))


@pytest.fixture(scope="module")
def folder(result: SweepResult, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("report")
    write_sweep_report(result, out, workers=1)
    return out


@pytest.fixture(scope="module")
def page(folder: Path) -> str:
    return (folder / "report.html").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def outline(page: str) -> Outline:
    return outlined(page)


def test_the_page_keeps_the_rules_of_pages(page: str, outline: Outline, folder: Path) -> None:
    assert shape_faults(outline) == []
    assert requests(page, outline) == []
    assert dead_ends(outline, folder) == []
    assert table_faults(outline) == []


def test_a_page_that_breaks_the_rules_would_be_seen(tmp_path: Path) -> None:
    bad = '<p id="a"><b id="a"></p><img src="x.png"><a href="#b"></a><table><th></th></table>'
    outline = outlined(bad)
    assert {"p", "a"} <= set(shape_faults(outline))
    assert requests(bad, outline) == ["img", "x.png"]
    assert dead_ends(outline, tmp_path) == ["#b"]
    assert table_faults(outline) == ["table without a caption", "th without a scope"]


def test_every_chart_is_in_it_with_its_text(result: SweepResult, outline: Outline, folder: Path) -> None:
    drawings = [attributes for tag, attributes in outline.tags if tag == "svg"]
    names = [sheet.name for sheet in sheets(result)]
    assert [(one["aria-label"] or "").split("?")[0] + "?" for one in drawings] == [
        one.question for one in sheets(result)
    ]
    assert all(re.search(r"\d", one["aria-label"] or "") for one in drawings)
    files = sorted(path.name for path in (folder / "charts").iterdir())
    assert files == sorted(f"{name}.{kind}" for name in names for kind in ("png", "svg"))


def test_it_says_which_result_it_is_and_what_must_be_known_first(page: str, result: SweepResult) -> None:
    assert result.hash in page
    assert result.source in page
    assert "A &lt;b&gt;bold&lt;/b&gt; &amp; fake sweep" in page
    assert "<b>bold</b>" not in page
    for words in (
        "The time scale is compressed",
        "half the writes are ahead of a checkpoint",
        "Runs without a result: 1",
        "1 of 5 points have fewer than two replications",
        "3 replications are few",
        "found by MSER-5 on pilot runs at 5 points",
    ):
        assert words in page


# --- findings ---


def test_findings_tell_extremes_break_even_what_is_open_and_what_failed() -> None:
    found = {one.title: one.text.replace("\u00a0", " ") for one in findings(fake_sweep(WRITES, lost=1))}
    assert found["Guest latency p99"].startswith("no protection: 1.00 ± 0.75 ms throughout. VADP: best")
    assert found["Guest latency p99"].endswith(
        "VAIO: best 3.00 ± 0.75 ms at writes=50 iops, worst 18.00 ± 0.75 ms (fewer than 100 I/Os beyond it) at "
        "writes=800 iops. No figure: no protection at 1 of 5 points, VADP at 1 of 5 points and VAIO at 1 of 5 points."
    )
    assert "no protection: 1.00 ± 0.75 ms" in found["Guest latency p99"]
    even = found["VAIO or VADP: guest latency p99"]
    assert "Of 4 points VAIO is better at 1, VADP is better at 2 and the sign is not settled at 1." in even
    assert re.search(r"The mean difference is zero at 200 \(5\d\.\d to 335\) IOPS", even)
    assert found["VAIO or VADP: recovery-point age mean"] == "At all 4 points VAIO is better."
    assert found["What is not settled"].startswith("1 of 5 points had the most replications there may be")
    assert "writes=100 iops/vadp/0: the datastore gold is too small." in found["What failed"]


def test_a_change_of_the_better_arm_between_neighbours_is_told() -> None:
    wide = fake_sweep(WRITES, INTERVAL, arms=("vadp", "vaio"))
    kept = tuple(one for one in wide.points if one.point.levels[0].number not in (100, 200))
    found = {one.title: one.text for one in findings(replace(wide, points=kept))}
    text = found["VAIO or VADP: guest latency p99"]
    assert "from VAIO at Guest write rate 50 iops to VADP at 400 iops (at Backup interval 10 s)" in text
    assert text.count("from VAIO") == 3
    sampled = replace(wide, design="sobol", points=kept)
    assert "changes" not in findings(sampled)[3].text


def test_what_did_not_happen_is_not_told() -> None:
    calm = fake_sweep(INTERVAL, arms=("vadp",))
    assert [one.title for one in findings(calm)] == [
        "Guest latency p99", "Recovery-point age mean", "Backups unfinished at the end"
    ]  # fmt: skip


# --- tables ---


def test_tables_have_a_row_for_each_point_and_columns_for_arms_and_differences() -> None:
    result = fake_sweep(WRITES, lost=1)
    tables = report.page(result).tables
    assert [table.caption for table in tables] == [
        "Guest latency p99 [ms]", "Recovery-point age mean [s]", "Backups unfinished at the end"
    ]  # fmt: skip
    latency, age, _ = tables
    assert latency.head == ("Guest write rate", "no protection", "VADP", "VAIO", "VADP − no protection",
                            "VAIO − no protection", "VAIO − VADP")  # fmt: skip
    assert latency.rows[0][:4] == ("50 iops", "1.00 ± 0.75", "4.50 ± 0.75", "3.00 ± 0.75")
    assert latency.rows[1][1:] == ("-",) * 6
    assert latency.rows[4][3] == "18.00 ± 0.75 ?"
    assert latency.rows[4][-1] == "6.0 ± 1.5 ●"
    assert age.head == ("Guest write rate", "VADP", "VAIO", "VAIO − VADP")
    for table in (*tables, report.axes(result), report.points(result), failures(result)):
        assert table.rows
        assert all(len(row) == len(table.head) for row in table.rows)


def test_long_designs_are_cut_and_say_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(report, "MOST_ROWS", 2)
    monkeypatch.setattr(report, "MOST_TABLES", 1)
    page = report.page(fake_sweep(WRITES))
    assert len(page.tables) == 1
    assert len(page.tables[0].rows) == 2
    assert page.left_out == "Not shown here: 2 tables more, points after the first 2. The CSV files have them."


def test_a_single_replication_is_said(result: SweepResult) -> None:
    single = replace(result, points=tuple(one._replace(replications=1) for one in result.points), failures=())
    notes = report.page(single).notes
    assert notes[1] == "5 of 5 points have fewer than two replications: no interval there."
