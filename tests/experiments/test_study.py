"""A study's runs: kept under keys that say what they are, read back as they were, run once."""

from dataclasses import replace
from pathlib import Path

import pytest

from experiments.scenario import Overrides, load
from experiments.scenario.identity import identity
from experiments.scenario.settings import Setting, parsed
from experiments.study.runner import Failure, Means, running
from experiments.study.summary import RunSummary, read
from experiments.study.work import Run, do, key_of
from models.scenario import Scenario

MINIMAL = Path(__file__).parents[2] / "scenarios" / "minimal.toml"


@pytest.fixture(scope="module")
def scenario() -> Scenario:
    return load(MINIMAL, Overrides(settings=(Setting("run.duration", "12 s", "here"),))).scenario


def test_a_summary_reads_back_as_it_was(scenario: Scenario) -> None:
    text = do(Run("p", scenario, "vadp", 0, "compiled"))
    again = read(text)
    assert again.text == text
    assert again.histograms["all VMs"]["guest"].quantile(0.99) / 1e6 == again.value("guest_p99")


def test_a_key_is_of_what_a_run_is_not_of_who_asks(scenario: Scenario) -> None:
    run = Run("p", scenario, "vadp", 0, "compiled")
    assert key_of(run._replace(point="q", engine="simpy")) == key_of(run)
    others = [
        run._replace(arm="none"),
        run._replace(replicate=1),
        run._replace(scenario=replace(scenario, run=replace(scenario.run, seed=9))),
        run._replace(scenario=load(MINIMAL).scenario),
    ]
    assert len({key_of(one) for one in (run, *others)}) == 5
    alone = identity(replace(scenario, arms=("vadp",)))
    assert key_of(run._replace(scenario=alone)) == key_of(run), "whichever arms are compared with it"


def test_what_is_stored_is_not_run_again(scenario: Scenario, tmp_path: Path) -> None:
    runs = [Run("p", scenario, arm, replicate, "compiled") for arm in ("none", "vadp") for replicate in (0, 1)]
    told: list[str] = []
    for count in (3, 4, 4):
        with running(Means(tmp_path / "runs.sqlite", workers=2, quiet=True), "test") as runner:
            outcomes = list(runner(runs[:count], lambda run, outcome: told.append(run.name)))
    assert sorted(told) == ["p/none/0", "p/none/1", "p/vadp/0", "p/vadp/1"]
    assert [outcome.text for outcome in outcomes if isinstance(outcome, RunSummary)] == [do(run) for run in runs]


def test_a_run_that_fails_costs_itself_alone(scenario: Scenario) -> None:
    homeless = identity(replace(scenario, datastores=()))
    runs = [Run("bad", homeless, "vadp", 0, "compiled"), Run("good", scenario, "vadp", 0, "compiled")]
    with running(Means(workers=2, quiet=True), "test") as runner:
        bad, good = runner(runs)
    assert isinstance(bad, Failure)
    assert bad.name == "bad/vadp/0"
    assert isinstance(good, RunSummary)


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("vm.sql.disk[0].size", ("vm", "sql", "disk", 0, "size")),
        ('vm."my vm".count', ("vm", "my vm", "count")),
        ("protection.vadp.*.commit", ("protection", "vadp", "*", "commit")),
        ("vm.*.workload[*].rate", ("vm", "*", "workload", "*", "rate")),
        ("vm..x", None),
        ("", None),
        ("[0].x", None),
        ("vm.a b", None),
    ],
)
def test_fields_are_named_as_in_a_file(text: str, path: tuple[str | int, ...] | None) -> None:
    assert parsed(text) == path
