"""The comparison: intervals, paired differences, order, identity, errors, and the same bytes for any worker count."""

import math
import pickle
from dataclasses import replace
from pathlib import Path

import pytest
from fakes import fake_result, fake_scenario

from experiments import identity
from experiments.compare import Comparison, Task, compare, summarise, task_name
from experiments.scenario import Loaded
from experiments.tables import TABLES
from experiments.verdict import document, legend, lines
from models.result import IntervalRow, RunResult
from models.run import SimulationError
from sim.statistics import mean_interval, paired_difference

N = 2


def run_fake(task: Task) -> RunResult:
    return fake_result(task.arm, task.replicate)


def run_failing(task: Task) -> RunResult:
    if task.arm == "vadp":
        raise SimulationError("arm 'vadp', replicate 0: the audit failed: Little's law, gold")
    return fake_result(task.arm, task.replicate)


@pytest.fixture(scope="module")
def compared() -> Comparison:
    return compare(Loaded(fake_scenario(replications=N), ["file:1:1: a warning"], ["a warning"]), 1, run=run_fake)


def test_cells_hold_each_replications_value_and_its_interval(compared: Comparison) -> None:
    cell = compared.cell("guest_mean", "vadp", "sql")
    vms = [fake_result("vadp", i).vms[0] for i in range(N)]
    expected = [
        (vm.guest_read.total + vm.guest_write.total) / (vm.guest_read.count + vm.guest_write.count) / 1e6 for vm in vms
    ]
    assert cell.values == pytest.approx(expected)
    assert cell.interval == mean_interval(cell.values)
    assert math.isnan(cell.pooled)


def test_a_pooled_quantile_says_how_many_ios_lie_beyond_it(compared: Comparison) -> None:
    cell = compared.cell("guest_p99", "none", "sql")
    assert cell.beyond == pytest.approx(0.01 * N * 4800, abs=1)
    assert not compared.cell("guest_p50", "none", "sql").few
    assert compared.cell("guest_p999", "none", "sql").few
    assert min(cell.values) <= cell.pooled <= max(cell.values)


def test_differences_are_paired_by_replication(compared: Comparison) -> None:
    vadp, vaio = (compared.cell("guest_p999", arm, "sql") for arm in ("vadp", "vaio"))
    contrast = compared.contrast("guest_p999", "vaio", "vadp", "sql")
    assert contrast.difference == paired_difference(vaio.values, vadp.values)
    assert contrast.difference.sign_settled
    assert contrast.better == "vaio"


def test_undefined_settles_nothing(compared: Comparison) -> None:
    contrast = compared.contrast("age_mean", "vadp", "none")
    assert contrast.difference.interval.n == 0
    assert (contrast.difference.sign_settled, contrast.better) == (False, "")


def test_two_workers_give_the_same_comparison() -> None:
    loaded = Loaded(fake_scenario(("none", "vadp"), 1), [])
    here, there = (compare(loaded, workers, run=run_fake) for workers in (1, 2))
    assert pickle.dumps(here.cells) == pickle.dumps(there.cells)
    for name in ("metrics", "differences", "jobs", "stuns", "slowest"):
        assert TABLES[name](here).to_csv() == TABLES[name](there).to_csv(), name


def test_results_in_any_order_give_the_same_but_none_may_be_missing(compared: Comparison) -> None:
    results = [run for runs in compared.results.values() for run in reversed(runs)]
    assert summarise(compared.scenario, results).results == compared.results
    with pytest.raises(ValueError, match="replications"):
        summarise(compared.scenario, results[1:])


@pytest.mark.parametrize("workers", [1, 2])
def test_a_failed_run_names_arm_replicate_and_law(workers: int) -> None:
    with pytest.raises(SimulationError) as caught:
        compare(Loaded(fake_scenario(("none", "vadp"), 1), []), workers, run=run_failing)
    assert str(caught.value) == "arm 'vadp', replicate 0: the audit failed: Little's law, gold"


def run_out_of_memory(task: Task) -> RunResult:
    raise MemoryError


def test_a_run_that_does_not_fit_into_memory_is_a_failed_run() -> None:
    with pytest.raises(SimulationError, match=r'^arm "none", replicate 0: out of memory; fewer workers'):
        compare(Loaded(fake_scenario(("none",), 1), []), 1, run=run_out_of_memory)


def test_tasks_have_names() -> None:
    assert task_name(Task(fake_scenario(), "vaio", 4, "simpy")) == 'arm "vaio", replicate 4'


def test_notes_say_what_a_reader_must_know(compared: Comparison) -> None:
    assert any("compressed" in note for note in compared.notes)
    assert "a warning" in compared.notes
    single = summarise(fake_scenario(("none",), 1), [fake_result("none", 0)])
    assert any("One replication" in note for note in single.notes)
    assert "no interval" in legend(single)
    assert len({line.title for line in lines(single)}) == len(lines(single))
    vm = single.scenario.vms[3]
    closed = replace(vm, workloads=(replace(vm.workloads[0], kind="closed"),))
    scenario = replace(compared.scenario, vms=(*compared.scenario.vms[:3], closed))
    assert any("Closed-loop guests (vdi)" in note for note in replace(compared, scenario=scenario).notes)


def test_headlines_are_about_the_protected_group_and_its_neighbours(compared: Comparison) -> None:
    rows = {line.title: line for line in lines(compared)}
    assert "Longest stun [ms], sql" in rows
    assert "Guest latency p99 [ms], vdi" in rows
    age = rows["Recovery-point age mean [s]"]
    assert age.arms[0] == "-"
    assert age.differences[:2] == ("-", "-")
    assert age.differences[2].endswith("●")
    assert rows["Guest latency p99.9 [ms], sql"].arms[1].endswith("?")


def test_the_document_is_plain_and_undefined_is_null(compared: Comparison) -> None:
    plain = document(compared, "results/x")
    value = next(v for v in plain["values"] if (v["metric"], v["group"], v["arm"]) == ("age_mean", "all VMs", "none"))
    assert value["mean"] is None
    assert value["replications"] == [None] * N
    assert plain["version"] == identity.VERSION
    assert plain["source"] == compared.source
    assert plain["warnings"] == list(compared.warnings)


def test_identity_hears_of_everything_that_may_change_a_result(tmp_path: Path) -> None:
    scenario = fake_scenario()
    run = scenario.run
    others = [
        replace(scenario, identity="{}"), replace(scenario, arms=("none",)),
        replace(scenario, run=replace(run, seed=2)), replace(scenario, run=replace(run, replications=6)),
    ]  # fmt: skip
    hashes = [identity.result_hash(one, "source") for one in (scenario, *others)]
    hashes.append(identity.result_hash(scenario, "another source"))
    assert len(set(hashes)) == len(hashes)
    assert identity.result_hash(fake_scenario(), "source") == hashes[0]
    assert len(hashes[0]) == 10


def test_source_hash_hears_of_an_edit_and_of_a_new_name(tmp_path: Path) -> None:
    for folder in ("sim", "models"):
        (tmp_path / folder).mkdir()
    (tmp_path / "sim" / "a.py").write_text("x = 1\n", encoding="utf-8")
    first = identity.source_hash(tmp_path)
    (tmp_path / "sim" / "notes.txt").write_text("no source", encoding="utf-8")
    assert identity.source_hash(tmp_path) == first
    (tmp_path / "sim" / "a.py").write_text("x = 2\n", encoding="utf-8")
    second = identity.source_hash(tmp_path)
    (tmp_path / "sim" / "a.py").rename(tmp_path / "models" / "a.py")
    assert len({first, second, identity.source_hash(tmp_path)}) == 3


def test_the_version_is_the_packages() -> None:
    assert f'version = "{identity.VERSION}"' in (identity.ROOT / "pyproject.toml").read_text(encoding="utf-8")


def test_tables_are_tidy_and_integers_stay_integers(compared: Comparison) -> None:
    frames = {name: table(compared) for name, table in TABLES.items()}
    assert len(frames["stuns"]) == sum(len(run.stuns) for run in compared.results["vadp"])
    assert len(frames["replicates"]) == N * len(frames["metrics"])
    slowest = frames["slowest"]
    ledger = [column for column in slowest if column.endswith(" ns")]
    assert (slowest[ledger].sum(axis=1) == slowest["latency_ns"]).all()
    assert (slowest["filter cdp ns"].dtype, slowest["latency_ns"].dtype) == ("int64", "int64")
    histogram = frames["latency_histogram"]
    mine = histogram[(histogram.arm == "none") & (histogram.vm == "sql") & (histogram.measure == "GAVG")]
    assert mine["count"].sum() == N * 4800
    assert {name for name in IntervalRow._fields if name != "latency"} < set(frames["intervals"])
    assert {"age", "exposure"} == set(frames["recovery"]["measure"])
