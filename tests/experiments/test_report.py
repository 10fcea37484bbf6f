"""The report: one offline page with every chart, table and number, and the same bytes every time."""

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from fakes import CUTS, READ_NS, S, fake_result, fake_scenario
from page_rules import Outline, dead_ends, outlined, requests, shape_faults, table_faults

from experiments.charts import CHARTS
from experiments.compare import Comparison, summarise
from experiments.report import write_report
from experiments.reporting import setting, tables
from experiments.reporting.findings import findings
from models.assumptions import REGISTER
from models.result import RunResult
from models.scenario import Burst, Scenario


def compared(
    arms: tuple[str, ...], replications: int, change: Callable[[RunResult], RunResult] = lambda run: run
) -> Comparison:
    runs = [change(fake_result(arm, replicate)) for arm in arms for replicate in range(replications)]
    return summarise(fake_scenario(arms, replications), runs)


SHOWN = tuple(chart for chart in CHARTS if chart.name != "queue-depth")
"""What the report on all four arms draws: no datastore of the hand-made scenario has a depth that moves."""


@pytest.fixture(scope="module")
def three() -> Comparison:
    return compared(("none", "vadp", "vaio"), 2)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A report on all four arms, whose title needs escaping."""
    found = compared(("none", "vadp", "vaio", "both"), 1)
    titled = replace(found, scenario=replace(found.scenario, title="A <b>bold</b> & compressed title"))
    out = tmp_path_factory.mktemp("report")
    write_report(titled, out, workers=1)
    return out


@pytest.fixture(scope="module")
def page(folder: Path) -> str:
    return (folder / "report.html").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def outline(page: str) -> Outline:
    return outlined(page)


def test_every_chart_is_a_png_and_a_small_svg_without_date_or_writer(folder: Path) -> None:
    names = [chart.name for chart in SHOWN]
    files = sorted(path.name for path in (folder / "charts").iterdir())
    assert files == sorted(f"{name}.{kind}" for name in names for kind in ("png", "svg"))
    for name in names:
        svg = (folder / "charts" / f"{name}.svg").read_text(encoding="utf-8")
        assert len(svg) < 400_000
        assert "dc:date" not in svg
        png = (folder / "charts" / f"{name}.png").read_bytes()
        assert png.startswith(b"\x89PNG")
        assert b"Software" not in png


def test_the_page_is_well_formed_and_each_identifier_is_used_once(outline: Outline) -> None:
    assert shape_faults(outline) == []


def test_the_page_asks_nobody_for_anything(page: str, outline: Outline) -> None:
    assert requests(page, outline) == []


def test_links_and_references_point_at_something(outline: Outline, folder: Path) -> None:
    assert dead_ends(outline, folder) == []


def test_drawings_have_a_text_and_tables_have_heads(outline: Outline) -> None:
    drawings = [attributes for tag, attributes in outline.tags if tag == "svg"]
    assert len(drawings) == len(SHOWN)
    for attributes, chart in zip(drawings, SHOWN, strict=True):
        assert attributes["role"] == "img"
        assert (attributes["aria-label"] or "").startswith(chart.question)
        assert re.search(r"\d", (attributes["aria-label"] or "")[len(chart.question) :])
    assert table_faults(outline) == []


def test_text_from_a_scenario_is_escaped(page: str) -> None:
    assert "A &lt;b&gt;bold&lt;/b&gt; &amp; compressed title" in page
    assert "<b>bold</b>" not in page


def test_the_page_says_which_result_it_is_and_what_it_rests_on(page: str) -> None:
    found = compared(("none", "vadp", "vaio", "both"), 1)
    assert found.hash in page
    assert found.source in page
    for word in ("The time scale is compressed", "Not modelled", "SEsparse", "One replication"):
        assert word in page
    assert all(row.key in page for row in REGISTER)


@pytest.mark.slow
def test_the_bytes_are_the_same_for_any_number_of_workers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("experiments.charts.CHARTS", CHARTS[-2:])
    files = []
    for workers in (1, 2):
        out = tmp_path / str(workers)
        out.mkdir()
        write_report(compared(("none", "vadp"), 1), out, workers)
        files.append({path.relative_to(out): path.read_bytes() for path in sorted(out.rglob("*.*"))})
    assert len(files[0]) == 5
    assert files[0] == files[1]


def test_charts_without_anything_to_show_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("experiments.charts.CHARTS", CHARTS[-2:])
    write_report(compared(("none",), 1), tmp_path, workers=1)
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert page.count("Not drawn") == 2
    assert "no incremental backup job succeeded" in page
    assert list((tmp_path / "charts").iterdir()) == []


# --- findings ---


def test_findings_tell_this_results_numbers(three: Comparison) -> None:
    found = {finding.title: finding.text.replace("\u00a0", " ") for finding in findings(three)}
    assert len(found) == 5
    stun = found["A stun that esxtop does not show"]
    assert "sql is stunned 9 times a run" in stun
    longest = three.cell("stun_max", "vadp", "sql").interval
    assert f"{longest.mean:.0f}" in stun or f"{longest.mean:.1f}" in stun
    age = found["A backup's recovery point is never new"]
    assert "never falls below 26 s" in age  # a read of 25 s and a commit of 1 s
    assert "climbs to 106 s" in age
    assert "× 8" in found["Small changes, large reads"]


def test_findings_follow_the_results_and_not_a_script(three: Comparison) -> None:
    def longer(run: RunResult) -> RunResult:
        return replace(run, stuns=tuple(row._replace(duration_ns=row.duration_ns + 9 * S) for row in run.stuns))

    text = findings(compared(("none", "vadp"), 2, longer))[0].text.replace("\u00a0", " ")
    assert re.search(r"up to 9,[56]\d\d", text), text


def test_what_did_not_run_is_not_told() -> None:
    assert findings(compared(("none",), 1)) == ()
    titles = [finding.title for finding in findings(compared(("vaio",), 1))]
    assert titles == ["A burst that fits the buffer, and one that does not"]


def test_stuns_of_the_warm_up_are_not_told() -> None:
    def late(run: RunResult) -> RunResult:
        return replace(run, warmup_ns=239 * S)

    assert any("stun" in finding.title for finding in findings(compared(("vadp",), 1)))
    assert not any("stun" in finding.title for finding in findings(compared(("vadp",), 1, late)))


def test_replication_without_planned_bursts_is_told_by_its_modes_alone() -> None:
    scenario = fake_scenario(("vaio",), 1)
    calm = tuple(replace(vm, workloads=tuple(replace(work, bursts=()) for work in vm.workloads)) for vm in scenario.vms)
    (finding,) = findings(summarise(replace(scenario, vms=calm), [fake_result("vaio", 0)]))
    assert finding.title == "How closely replication follows"
    assert "The burst at" not in finding.text
    assert "10 s in overflow and 25 s in resync" in finding.text.replace("\u00a0", " ")


def test_bursts_are_told_apart_by_what_they_did(three: Comparison) -> None:
    text = next(f.text for f in findings(three) if f.title.startswith("A burst")).replace("\u00a0", " ")
    assert re.search(r"burst at 60 s .* stayed in order\. The burst at 125 s .* overflowed in 2 of 2", text)
    assert "10 s in overflow and 25 s in resync" in text
    assert "between two recovery points is 40 s" in text


# --- tables ---


def test_stuns_are_counted_by_arm_vm_and_reason(three: Comparison) -> None:
    table = tables.stuns(three)
    assert len(table.rows) == 6
    assert {row[0] for row in table.rows} == {"VADP"}
    assert {row[3] for row in table.rows} == {"6"}
    assert all(len(row) == len(table.head) for row in table.rows)


def test_failed_stuns_are_named() -> None:
    def fail(run: RunResult) -> RunResult:
        return replace(run, stuns=tuple(row._replace(outcome="drain limit") for row in run.stuns))

    assert tables.stuns(compared(("vadp",), 1, fail)).rows[0][-1] == "3: drain limit"


def test_jobs_are_those_of_the_first_replication(three: Comparison) -> None:
    table = tables.jobs(three)
    assert len(table.rows) == 6
    assert table.rows[0][1:7] == ("sql", "nightly 1, full", "10.00 s", "26 s", "24 s", "10 s")
    unfinished = compared(
        ("vadp",), 1, lambda run: replace(run, jobs=(run.jobs[0]._replace(usable_ns=-1, outcome="unfinished"),))
    )
    assert tables.jobs(unfinished).rows[0][4] == "-"
    assert tables.jobs(unfinished).rows[0][-1] == "unfinished"
    assert CUTS[0] + READ_NS < 240 * S


def test_bars_of_the_slowest_ios_are_whole_and_sorted(three: Comparison) -> None:
    slow = tables.slowest(three)
    assert len(slow) == 3 * tables.SLOWEST
    for io in slow:
        assert sum(float(part.percent) for part in io.parts) == pytest.approx(100, abs=0.1)
        assert len(io.cells) == len(tables.SLOW_HEAD)
    assert "stun hold in" in slow[tables.SLOWEST].words
    longest = max(io.latency_ns for run in three.results["vadp"] for vm in run.vms for io in vm.slowest)
    assert slow[tables.SLOWEST].cells[-1] == f"{longest / 1e6:.3g} ms"


def test_the_audit_counts_every_line(three: Comparison) -> None:
    (row,) = tables.audit(three).rows
    assert row[1:] == ("6", "6", "exact")


def test_rows_fit_their_heads_whatever_the_scenario_says() -> None:
    scenario: Scenario = fake_scenario()
    first = scenario.vms[0]
    work = replace(first.workloads[0], kind="closed", bursts=(Burst(S, S, 5),), sizes=((4096, 1), (8192, 3)))
    store = replace(scenario.datastores[0], servers=0, bandwidth_bytes_per_s=10**8, iops_cap=5000)
    changed = replace(
        scenario, vms=(replace(first, filters=(), workloads=(work,)), *scenario.vms[1:]), datastores=(store,)
    )
    for table in (*setting.scenario_tables(changed), setting.assumptions()):
        assert table.rows
        assert all(len(row) == len(table.head) for row in table.rows), table.caption
    shown = {table.caption: table.rows for table in setting.scenario_tables(changed)}
    assert shown["Datastores"][0][3] == "no limit"
    assert shown["Datastores"][0][-1] == "100 MB/s, 5,000 IOPS"
    assert shown["Workloads"][0][4] == "4 KiB (25 %), 8 KiB (75 %)"
    assert shown["Workloads"][0][2].startswith("closed, 0 outstanding")
