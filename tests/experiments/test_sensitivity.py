"""Sensitivity studies end to end: what acts is found, what does not is nothing at all, a verdict that turns is said."""

import csv
import json
import math
from dataclasses import replace
from pathlib import Path

import pytest
from page_rules import dead_ends, outlined, requests, shape_faults, table_faults

from experiments.errors import InputError
from experiments.options import StudyOptions
from experiments.sensitivity.conduct import conduct
from experiments.sensitivity.file import load_sensitivity
from experiments.sensitivity.report import page
from experiments.sensitivity.result import Noise
from experiments.sensitivity.schema import json_schema
from experiments.sensitivity.session import main
from experiments.sensitivity.verdict import sentences
from experiments.study.runner import Means, running

SCENARIO = """
name = "small"
[run]
duration = "4 s"
replications = 2
arms = ["none", "vadp", "vaio"]
[datastore.d]
capacity = "8 GiB"
read = { latency = "1 ms" }
write = { latency = "1 ms" }
[[vm.a.disk]]
size = "64 MiB"
[[vm.a.workload]]
rate = "100 iops"
read = "50 %"
[protection.vadp.night]
vms = ["a"]
first = "1 s"
interval = "20 s"
[protection.vaio.copy]
vms = ["a"]
link = "10 MB/s"
"""
STUDY = """
name = "study"
title = "What matters?"
scenario = "small.toml"
arms = ["vadp", "vaio"]
metrics = ["guest_mean"]
method = "METHOD"
size = SIZE
[[assumption]]
key = "vaio.down"
high = "40 ms"
[[assumption]]
key = "snapshots.memory.pause"
"""
ROOT = Path(__file__).parents[2]


def written(folder: Path, study: str = STUDY, method: str = "morris", size: int = 1) -> Path:
    (folder / "small.toml").write_text(SCENARIO, encoding="utf-8")
    path = folder / "study.toml"
    path.write_text(study.replace("METHOD", method).replace("SIZE", str(size)), encoding="utf-8")
    return path


def table(folder: Path, name: str) -> list[dict[str, str]]:
    with (folder / "tables" / f"{name}.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def files(folder: Path) -> dict[str, bytes]:
    """Everything but run.json, which says how it was made."""
    found = (path for path in folder.rglob("*") if path.is_file() and path.name != "run.json")
    return {str(path.relative_to(folder)): path.read_bytes() for path in found}


def test_an_assumption_that_turns_the_verdict_round_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = written(tmp_path)
    options = StudyOptions(out=tmp_path / "out", workers=1)
    assert main(path, options) == 0
    said = capsys.readouterr().out
    (folder,) = (tmp_path / "out").glob("study-*")
    assert "vaio is better as the scenario is. Turned round by vaio.down = 40 ms (vadp is better)." in said
    assert said.startswith("What matters? (study: 2 assumptions, Morris screening of 1 walks, arms vadp, vaio, 32 runs")
    assert (folder / "verdict.txt").read_text(encoding="utf-8") in said
    rows = {(row["of"], row["assumption"]): row for row in table(folder, "table")}
    assert len(rows) == 6
    assert float(rows["vaio", "vaio.down"]["mu_star"]) == pytest.approx(59.9, rel=0.02)  # 0.071 to 40 ms over 2/3
    for of in ("vadp", "vaio", "vadp - vaio"):
        assert float(rows[of, "snapshots.memory.pause"]["mu_star"]) == 0.0  # acts nowhere: not even noise
    assert float(rows["vadp", "vaio.down"]["mu_star"]) == 0.0
    scan = [row for row in table(folder, "scan") if row["of"] == "vadp - vaio"]
    assert [(row["assumption"], row["level"], row["verdict"]) for row in scan] == [
        ("", "", ""), ("vaio.down", "3 us", "keeps"), ("vaio.down", "40 ms", "flips"),
        ("snapshots.memory.pause", "0 s", "keeps"), ("snapshots.memory.pause", "200 ms", "keeps"),
    ]  # fmt: skip
    assert sorted(one.name for one in (folder / "charts").iterdir()) == [
        "tornado-guest_mean.png", "tornado-guest_mean.svg",
    ]  # fmt: skip
    page = (folder / "report.html").read_text(encoding="utf-8")
    outline = outlined(page)
    assert [*shape_faults(outline), *requests(page, outline), *dead_ends(outline, folder), *table_faults(outline)] == []
    for words in (
        "VAIO is better as the scenario is. Turned round by vaio.down = 40 ms (VADP is better).",
        "it is moved most by vaio.down; not at all by snapshots.memory.pause.",
        "What moves guest latency mean, and could it turn the verdict between VADP and VAIO round?",
        "Moved most by vaio.down:",
    ):
        assert words in page
    # again as JSON: from the store, the same bytes
    before = files(folder)
    assert main(path, StudyOptions(out=tmp_path / "out", force=True, json=True, no_report=True)) == 0
    document = json.loads(capsys.readouterr().out)
    assert [turn["verdict"] for turn in document["turns"]] == ["keeps", "flips", "keeps", "keeps"]
    assert document["between"] == ["vadp", "vaio"]
    tables = [name for name in before if name.startswith(("tables", "verdict"))]
    assert len(tables) == 4
    assert {name: files(folder)[name] for name in tables} == {name: before[name] for name in tables}


BAD = """
name = "study"
scenario = "small.toml"
metrics = ["guest_men", "guest_mean"]
method = "sobol"
size = 12
between = ["vadp", "vadp"]
[[assumption]]
key = "vadp.comit"
[[assumption]]
key = "fixed.resync_run"
[[assumption]]
key = "transport.san.stream"
[[assumption]]
key = "vadp.commit"
low = "3 MB"
[[assumption]]
key = "vadp.query_page"
low = "2 s"
[[assumption]]
key = "vadp.query_page_extents"
[[assumption]]
key = "host.scheduler"
low = "fifo"
"""


def test_all_mistakes_are_said_at_once_at_their_places(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        load_sensitivity(written(tmp_path, BAD))
    firsts = [message.split("\n")[0].split("study.toml:")[1] for message in caught.value.messages]
    assert firsts == [
        '4:12: metrics[0]: is no metric ("guest_men"), did you mean "guest_mean"?',
        "6:8: size: is no power of two (12), the next is 16",
        '7:11: between: is one arm twice ("vadp"), name two',
        '9:7: assumption[0].key: is no entry of the register ("vadp.comit"), did you mean "vadp.commit"?',
        '11:7: assumption[1].key: is built into the code: no field holds it ("fixed.resync_run"), leave it out',
        '13:7: assumption[2].key: acts nowhere in this scenario ("transport.san.stream"), leave it out',
        '16:7: assumption[3].low: is not of the kind of vadp.commit ("3 MB"), write it like 0.5 s',
        '19:7: assumption[4].low: leaves no range: from "2 s" to "1 s", the low one goes first',
        "21:7: assumption[5].key: has one value in the register (2000), add low and high of your own to vary it",
        '24:7: assumption[6].low: is of no use ("fifo"): host.scheduler is a choice, all of them are tried',
    ]


def test_a_level_that_the_scenario_cannot_have_is_said_once(tmp_path: Path) -> None:
    text = STUDY.replace('key = "snapshots.memory.pause"', 'key = "datastore.capacity"\nlow = "1 MiB"')
    with pytest.raises(InputError) as caught:
        load_sensitivity(written(tmp_path, text))
    (message,) = caught.value.messages
    assert "study.toml:13:7: datastore.capacity: 1 MiB for datastore.d.capacity: " in message


def test_points_of_a_screening_are_levels_of_the_scenario(tmp_path: Path) -> None:
    study = load_sensitivity(written(tmp_path, size=3), seed=5)
    assert study.plain.run.seed == 5
    assert [one.level for one in study.scans] == ["", "3 us", "40 ms", "0 s", "200 ms"]
    assert len(study.points) == 9
    downs = {scenario.vaio[0].down_ns for _, scenario in study.points}
    assert downs <= {3_000, 71_140, 1_687_000, 40_000_000}  # more than a decade: even steps of the logarithm
    assert study.entries[0].log
    assert not study.entries[1].log
    longer = load_sensitivity(written(tmp_path, size=5), seed=5)
    assert longer.points[:9] == study.points
    assert longer.hash != study.hash


@pytest.mark.slow
def test_sobol_indices_of_a_whole_study_in_any_number_of_processes(tmp_path: Path) -> None:
    path = written(tmp_path, method="sobol", size=4)
    for workers in (1, 2):
        assert main(path, StudyOptions(out=tmp_path / f"out{workers}", workers=workers, no_report=True)) == 0
    one, two = (files(next((tmp_path / f"out{workers}").glob("study-*"))) for workers in (1, 2))
    assert one == two
    (folder,) = (tmp_path / "out1").glob("study-*")
    rows = {(row["of"], row["assumption"]): row for row in table(folder, "table")}
    assert float(rows["vadp - vaio", "vaio.down"]["total"]) > 0.2
    assert float(rows["vadp - vaio", "snapshots.memory.pause"]["total"]) == 0.0
    assert int(rows["vadp", "vaio.down"]["rows"]) == 4


def test_the_shipped_study_can_be_read() -> None:
    study = load_sensitivity(ROOT / "scenarios" / "studies" / "assumptions.toml")
    assert study.between == ("vadp", "vaio")
    assert len(study.scans) == 1 + 2 * len(study.entries)


def test_the_schema_is_of_these_files() -> None:
    schema = json_schema()
    assert set(schema["required"]) == {"name", "scenario", "metrics", "assumption"}
    assert set(schema["$defs"]["AssumptionTable"]["properties"]) == {"key", "low", "high"}


def test_whose_points_replications_alone_explain_is_said(tmp_path: Path) -> None:
    """Of the difference alone where there is a verdict: an arm that hardly moves is all noise, and means nothing."""
    study = load_sensitivity(written(tmp_path, size=1))
    with running(Means(workers=1, quiet=True), "test") as run:
        result = conduct(study, run, "compiled")
    noisy = tuple(Noise("guest_mean", of, share) for of, share in (("vaio", 1.0), ("vadp - vaio", 0.25)))
    found = [
        text for text in sentences(replace(result, noise=noisy), "guest_mean", str.upper) if "replications" in text
    ]
    assert found == [
        "Guest latency mean, VADP less VAIO: replications alone explain 25% of the points' differences: more of them "
        "would help."
    ]
    assert not [text for text in sentences(replace(result, noise=noisy[:1]), "guest_mean") if "replications" in text]


def test_where_the_difference_is_not_defined_there_is_no_verdict(tmp_path: Path) -> None:
    study = load_sensitivity(written(tmp_path, size=1))
    with running(Means(workers=1, quiet=True), "test") as run:
        result = conduct(study, run, "compiled")
    known = tuple(one for one in result.turns if (one.key, one.level) != ("snapshots.memory.pause", "200 ms"))
    (said,) = [one for one in sentences(replace(result, turns=known), "guest_mean") if "as the scenario is" in one]
    assert "Not defined with snapshots.memory.pause = 200 ms, so no verdict there. Turned round by vaio.down" in said
    kept = tuple(one for one in known if one.verdict == "keeps")
    (said,) = [one for one in sentences(replace(result, turns=kept), "guest_mean") if "as the scenario is" in one]
    assert said.endswith("so no verdict there. Nothing else changes that alone.")
    gone = tuple(
        one._replace(effect=one.effect._replace(total=math.nan)) for one in result.moved if one.key == "vaio.down"
    )
    rest = tuple(one for one in result.moved if one.key != "vaio.down")
    (finding,) = page(replace(result, moved=(*rest, *gone))).findings
    assert "not at all by snapshots.memory.pause; how much by vaio.down is not known" in finding.text


def test_an_assumption_that_acts_in_no_arm_that_is_run_is_refused(tmp_path: Path) -> None:
    text = STUDY.replace('arms = ["vadp", "vaio"]', 'arms = ["none", "vaio"]').replace(
        "snapshots.memory.pause", "vadp.commit"
    )
    with pytest.raises(InputError) as caught:
        load_sensitivity(written(tmp_path, text))
    (message,) = caught.value.messages
    assert "assumption[1].key: acts in no arm that is run (none, vaio)" in message
