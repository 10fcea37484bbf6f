"""Plan files: levels, limits, and every mistake at once, at its place."""

import re
from pathlib import Path

import pytest
from plan_files import PLAN, written

from experiments.errors import InputError
from experiments.metrics import BY_KEY
from experiments.plan.file import Plan, load_plan, looks
from experiments.plan.levels import limit_of, stepped
from experiments.plan.schema import ObjectiveTable, PlanFile, ReplicationTable, UnknownTable
from experiments.plan.tables import TABLES

ROOT = Path(__file__).parents[2]


def messages(folder: Path, plan: str) -> str:
    with pytest.raises(InputError) as caught:
        load_plan(written(folder, plan))
    return "\n".join(caught.value.messages).replace(f"{folder}/", "")


def texts(plan: Plan) -> list[str]:
    return [choice.level.text for choice in plan.unknown.choices]


def test_a_plan_holds_what_its_file_says(tmp_path: Path) -> None:
    plan = load_plan(written(tmp_path))
    assert texts(plan) == ["1", "2", "3", "4", "5", "6", "7", "8"]
    assert (plan.want, plan.arms, plan.looks) == ("most", ("none",), (10, 20, 40))
    assert (plan.confidence, plan.budget) == (0.95, 0)
    (objective,) = plan.objectives
    assert (objective.limit, objective.unit, objective.words) == (10, "ms", "Guest latency p99 at most 10 ms")
    assert len(plan.scenario(plan.unknown.choices[4], None).vms) == 5
    assert plan.scenario(plan.unknown.choices[4], None).arms == ("none",)


def test_the_least_is_searched_from_the_greatest_down(tmp_path: Path) -> None:
    """What is easiest stands first; quantities are exact in the finest unit that is written."""
    bandwidth = """field = "datastore.d.bandwidth"
from = "0.1 GB/s"
to = "160 MB/s"
step = "20 MB/s"
want = "least"
"""
    text = PLAN.replace('field = "vm.app.count"\nfrom = 1\nto = 8\nwant = "most"\n', bandwidth)
    plan = load_plan(written(tmp_path, text))
    assert texts(plan) == ["160 MB/s", "140 MB/s", "120 MB/s", "100 MB/s"]
    assert plan.unknown.axis.unit == "MB/s"
    assert plan.scenario(plan.unknown.choices[3], None).datastores[0].bandwidth_bytes_per_s == 100_000_000


def test_a_second_unknown_is_gone_through(tmp_path: Path) -> None:
    more = '[unknown.rate]\nlabel = "Load"\nfield = "vm.app.workload[0].rate"\nvalues = ["10 iops", "50 iops"]\n'
    plan = load_plan(written(tmp_path, PLAN + more))
    assert plan.along is not None
    assert [choice.level.text for choice in plan.along.choices] == ["10 iops", "50 iops"]
    scenario = plan.scenario(plan.unknown.choices[0], plan.along.choices[1])
    assert {vm.name for vm in scenario.vms} == {"app"}
    assert plan.hash != load_plan(written(tmp_path, PLAN)).hash


def test_the_hash_is_of_what_decides_the_result(tmp_path: Path) -> None:
    one = load_plan(written(tmp_path)).hash
    assert load_plan(written(tmp_path, "# a note\n" + PLAN)).hash == one
    others = [PLAN.replace("10 ms", "11 ms"), PLAN.replace("to = 8", "to = 7"), PLAN + "[replication]\nmost = 30\n"]
    hashes = {load_plan(written(tmp_path, text)).hash for text in others} | {load_plan(written(tmp_path), seed=7).hash}
    assert len(hashes | {one}) == 5


def test_every_mistake_is_told_at_once_with_its_place(tmp_path: Path) -> None:
    text = """
name = "p"
scenario = "small.toml"
arm = "none"
[unknown.vms]
feild = "vm.app.count"
from = 1
to = 8
[[objective]]
metric = "gest_p99"
at_most = "10 ms"
[[objective]]
metric = "guest_p99"
at_most = "10 MB"
[[objective]]
metric = "datastore_free"
group = "app"
at_most = "10 %"
[[objective]]
metric = "age_p99"
group = "apps"
at_most = "1 min"
at_least = "1 s"
[replication]
least = 20
most = 10
"""
    told = messages(tmp_path, text)
    for part in (
        'plan.toml:6:1: unknown.vms.feild: is an unknown key, did you mean "field"?',
        'plan.toml:5:10: unknown.vms: does not say what is wanted, add want = "most" or "least"',
        "plan.toml:5:10: unknown.vms: names no field of the scenario",
        'plan.toml:10:10: objective[0].metric: is no metric ("gest_p99"), did you mean "guest_p99"?',
        "plan.toml:14:11: objective[1].at_most: is a size, not a time (10 MB)",
        "plan.toml:18:1: objective[2].at_most: is the wrong side for Datastore space free, lowest, write at_least",
        "plan.toml:17:9: objective[2].group: is of the whole run (datastore_free), leave the group out",
        'plan.toml:21:9: objective[3].group: is no VM group of the scenario ("apps"), did you mean "app"?',
        "objective[3]: has two limits, write two objectives",
        "plan.toml:26:8: replication.most: is less than least (10 of 20), write at least as many",
    ):
        assert part in told, told


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [('arm = "none"\n', "", "arm: is missing, the scenario has several: write arm as one of none, vadp, or arms"),
     ('arm = "none"', 'arm = "vaio"', "vaio"),
     ("small.toml", "smal.toml", 'scenario: names no file that can be read ("smal.toml")'),
     ("vm.app.count", "vm.apps.count", 'plan.toml:6:9: unknown.vms.field: the scenario has no [vm.apps]'),
     ("vm.app.count", "run.seed", "all levels share their random numbers, use --seed"),
     ("to = 8", "to = 20", "too small for its disks (112 GiB on 100 GiB), enlarge it or move disks away (at vms=14)"),
     ("to = 8", "to = 1", "unknown.vms.to: is not more than from, write a larger one (1)"),
     ("to = 8", "to = 8\nstep = 2", "the last level before it is 7: write that (8)"),
     ("to = 8", 'to = "8 MB"', "unknown.vms.to: is not of the same kind as from"),
     ('"10 ms"', "10", 'objective[0].at_most: needs a text with a unit, write for example "10 ms" (10)'),
     ('metric = "guest_p99"\nat_most = "10 ms"', 'metric = "stuns"\nat_most = "1 s"', "the metric has no unit"),
     ("to = 8", "to = 8\nvalues = [1, 2]", "unknown.vms.values: are for what is gone through")],
)  # fmt: skip
def test_single_mistakes(tmp_path: Path, old: str, new: str, told: str) -> None:
    assert old in PLAN
    assert told in messages(tmp_path, PLAN.replace(old, new))


@pytest.mark.parametrize(
    ("low", "high", "step", "found"),
    [(1, 3, None, [1, 2, 3]), (2, 8, 3, [2, 5, 8]), ("1 h", "2 h", "30 min", [60, 90, 120]),
     (0.5, 1, 0.25, [0.5, 0.75, 1]), ("10 %", "11 %", "0.5 %", [10, 10.5, 11])],
)  # fmt: skip
def test_levels_are_exact(low: object, high: object, step: object, found: list[float]) -> None:
    choices, _ = stepped(low, high, step)
    assert not isinstance(choices, str)
    assert [float(choice.level.text.split()[0]) for choice in choices] == found


def test_limits_are_in_the_metrics_unit() -> None:
    cases: list[tuple[str, object, float]] = [
        ("guest_p99", "10 ms", 10),
        ("age_p99", "15 min", 900),
        ("backup_window", "8 h", 28800),
        ("datastore_free", "10 %", 10),
        ("delta_peak", "1 GiB", 1024),
        ("iops", "2 kiops", 2000),
        ("stuns", 3, 3),
    ]
    assert [limit_of(BY_KEY[key], text) for key, text, _ in cases] == [limit for _, _, limit in cases]


def test_looks_double_up_to_the_most() -> None:
    assert [looks(10, 40), looks(10, 10), looks(3, 10)] == [(10, 20, 40), (10,), (3, 6, 10)]


def test_few_replications_are_warned_of(tmp_path: Path) -> None:
    assert not load_plan(written(tmp_path)).warnings
    (warning,) = load_plan(written(tmp_path, PLAN + "[replication]\nleast = 4\n")).warnings
    assert warning.startswith("4 replications at the first look are few")


@pytest.mark.parametrize("path", sorted((ROOT / "scenarios" / "plans").glob("*.toml")), ids=lambda path: path.stem)
def test_shipped_plans_can_be_conducted(path: Path) -> None:
    plan = load_plan(path)
    assert plan.name == path.stem
    assert not plan.warnings


@pytest.mark.parametrize("number", [0, 1])
def test_the_plans_on_their_page_can_be_conducted(tmp_path: Path, number: int) -> None:
    page = (ROOT / "docs" / "plan.md").read_text()
    text = re.findall(r"^```toml\n(.*?)^```", page, re.MULTILINE | re.DOTALL)[number]
    (tmp_path / "desktops.toml").write_text((ROOT / "scenarios" / "desktops.toml").read_text())
    (tmp_path / "plans").mkdir()
    (tmp_path / "plans" / "page.toml").write_text(text)
    assert len(load_plan(tmp_path / "plans" / "page.toml").unknown.choices) == (110, 11)[number]


def test_the_page_of_plans_has_every_key_and_column() -> None:
    page = (ROOT / "docs" / "plan.md").read_text()
    tables = (PlanFile, UnknownTable, ObjectiveTable, ReplicationTable)
    keys = {field.alias or name for table in tables for name, field in table.model_fields.items()}
    keys |= {column for _, columns in TABLES.values() for column in columns if column.endswith(("ed", "d_percent"))}
    assert {
        key for key in keys if f"`{key}`" not in page and f"[{key}" not in page and f"`{key} =" not in page
    } == set()


def test_one_field_is_one_unknown_and_one_objective_stands_once(tmp_path: Path) -> None:
    twice = PLAN + '[unknown.all]\nfield = "vm.*.count"\nvalues = [1, 2]\n'
    told = messages(tmp_path, twice + PLAN[PLAN.index("[[objective]]") :].split("[unknown")[0])
    assert 'unknown.all.field: sets what "vm.app.count" of unknown.vms sets ("vm.*.count")' in told
    assert 'objective[1]: stands twice ("guest_p99"), keep one' in told


def test_what_rests_on_a_mistake_is_not_another_one(tmp_path: Path) -> None:
    more = '[unknown.rate]\nfield = "vm.app.workload[0].rate"\nvalues = []\n'
    assert len(messages(tmp_path, PLAN + more).split("plan.toml:")) == 2
