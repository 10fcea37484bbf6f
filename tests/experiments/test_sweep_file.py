"""Mistakes in a sweep file: all at once, each with its place and its remedy, before anything runs."""

from pathlib import Path

import pytest
from house_rules import ROOT
from sweep_files import GOOD, SCENARIO, loaded

from experiments.errors import InputError
from experiments.sweep.file import load_sweep
from experiments.sweep.schema import json_schema


def said(folder: Path, text: str, scenario: str = SCENARIO) -> list[str]:
    with pytest.raises(InputError) as caught:
        loaded(folder, text, scenario)
    return [message.replace(f"{folder}/", "") for message in caught.value.messages]


def test_a_good_file_is_a_sweep_of_checked_scenarios(tmp_path: Path) -> None:
    sweep = loaded(tmp_path, GOOD)
    assert [point.name for point in sweep.points] == [
        "interval=3 s, vms=1", "interval=3 s, vms=4", "interval=4 s, vms=1", "interval=4 s, vms=4",
    ]  # fmt: skip
    assert [len(one.vms) for one in sweep.scenarios] == [1, 4, 1, 4]
    assert [one.vadp[0].interval_ns for one in sweep.scenarios] == [3 * 10**9] * 2 + [4 * 10**9] * 2
    assert (sweep.arms, sweep.groups, sweep.metrics) == (
        ("none", "vadp"), ("all VMs", "db"), ("guest_p99", "stuns"),
    )  # fmt: skip
    assert (sweep.replication.least, sweep.replication.most, sweep.budget) == (2, 4, 40)


ONE_EDIT = [
    ('"3 s", "4 s"', '"3 s", "5 parsec"', 'sweep.toml:8:18: axis.interval.values[1]: "5 parsec" for protection.vadp.'
     "nightly.interval: has an unknown unit (5 parsec)"),
    ("nightly.interval", "nightly.intervall", 'sweep.toml:7:9: axis.interval.field: names no field of the scenario '
     '("intervall"), did you mean "interval"?'),
    ("vadp.nightly.i", "vadp.night.i", 'axis.interval.field: names no vadp of the scenario ("night"), did you mean'),
    ('field = "vm.db.count"', 'field = "vm.web.count"', 'names no vm of the scenario ("web"), known here: db'),
    ('field = "vm.db.count"', 'field = "vm.db.disk[1].size"', "names no item of the scenario (disk[1]), it has 1"),
    ('field = "vm.db.count"', 'field = "vm..count"', 'axis.vms.field: is not the name of a field ("vm..count")'),
    ('field = "vm.db.count"', 'field = "run.seed"', "axis.vms.field: cannot be changed by an axis"),
    ('field = "vm.db.count"', 'field = "run.*"', "axis.vms.field: cannot be changed by an axis"),
    ('field = "vm.db.count"', 'field = "protection.*.*.interval"', 'sets what "protection.vadp.nightly.interval" of '
     "axis.interval sets"),
    ('field = "vm.db.count"\n', "", "axis.vms: names no field of the scenario"),
    ("from = 1\n", "", "axis.vms: has no from, add it"),
    ("to = 4", "to = 1", "axis.vms.to: is not more than from, write a larger one (1)"),
    ("to = 4", 'to = "4 s"', "axis.vms.to: is not of the same kind as from"),
    ("from = 1", "from = 0", "axis.vms.to: is reached from zero"),
    ("steps = 2\n", "", "axis.vms: has no steps"),
    ('"3 s", "4 s"', '"60 s", "1 min"', 'axis.interval.values[1]: stands twice ("1 min"), keep one'),
    ("from = 1", "form = 1", 'axis.vms.form: is an unknown key, did you mean "from"?'),
    ('scale = "log"', 'scale = "lin"', 'axis.vms.scale: is none of "linear", "log" ("lin"), did you mean "linear"?'),
    ('"guest_p99", "stuns"]', '"guest_p9", "stuns"]',
     'metrics[0]: is no metric ("guest_p9"), did you mean "guest_p99"?'),
    ('groups = ["db"]', 'groups = ["dbs"]', 'groups[0]: is no VM group of the scenario ("dbs"), did you mean "db"?'),
    ('sign = ["none", "vadp"]', 'sign = ["none", "vaio"]', 'settle[1].sign[1]: is not run ("vaio"), the arms of this '
     "sweep: none, vadp"),
    ('sign = ["none", "vadp"]', 'sign = ["vadp", "vadp"]', "settle[1].sign: is one arm twice"),
    ('within = "5 %"', 'within = "0.2 s"\nsign = ["none", "vadp"]', "settle[0]: needs within"),
    ('within = "5 %"', 'within = "5 MB"', "settle[0].within: is a size, not a time (5 MB)"),
    ("most = 4", "most = 1", "replication.most: is too small (1), write at least 2"),
    ("least = 2", "least = 6", "replication.most: is less than least (4), which is 6"),
    ("budget = 40", "budget = 15", "replication.budget: does not reach to the first look (15): the points and arms "
     "need 16 runs"),
    ("least = 2", "count = 2", "replication.settle: stands beside count"),
    ('name = "good"', 'name = "good"\npoints = 8', "points: is for a sample"),
    ('name = "good"', 'name = "good"\ndesign = "sobol"', 'design: needs the number of points ("sobol")'),
    ('name = "good"', 'name = "good"\ndesign = "sobol"\npoints = 9', "points: is no power of two (9), the next is 16"),
    ('name = "good"', 'name = "good"\ndesign = "latin hypercube"\npoints = 9\nblock = 4', "points: is no multiple of "
     "block (9), the next is 12"),
    ('name = "good"', 'name = "good"\narms = ["none", "vaio"]', 'arms: asks for "vaio", but the file has no such'),
    ('"base.toml"', '"bas.toml"', 'scenario: names no file that can be read ("bas.toml")'),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "what"), ONE_EDIT, ids=lambda text: text[:40])
def test_one_edit_gives_its_message(old: str, new: str, what: str, tmp_path: Path) -> None:
    assert GOOD.count(old) == 1
    messages = said(tmp_path, GOOD.replace(old, new))
    assert any(what in message.split("\n")[0] for message in messages), messages
    assert all(message.startswith("sweep.toml:") for message in messages), messages


def test_all_mistakes_are_said_at_once_with_their_lines(tmp_path: Path) -> None:
    text = GOOD.replace('"guest_p99", "stuns"]', '"gest", "stuns"]').replace("steps = 2\n", "")
    assert said(tmp_path, text + "[axis.a]\nvalue = 1\n", SCENARIO.replace("10 s", "10 sec")) == [
        'sweep.toml:3:12: metrics[0]: is no metric ("gest"), did you mean "guest_p99"?\n'
        '    metrics = ["gest", "stuns"]\n'
        "               ^^^^^^",
        "sweep.toml:10:7: axis.vms: has no steps, add for example steps = 4, or list values\n"
        "    [axis.vms]\n"
        "          ^^^",
        "sweep.toml:29:7: axis.a: has no values = [...], add it, or from and to\n    [axis.a]\n          ^",
        'sweep.toml:29:7: axis.a: names no field of the scenario, add for example field = "vm.sql.count"\n'
        "    [axis.a]\n"
        "          ^",
        'sweep.toml:30:1: axis.a.value: is an unknown key, did you mean "values"?\n    value = 1\n    ^^^^^',
        'base.toml:4:12: run.duration: has an unknown unit (10 sec), did you mean "10 s"?\n'
        '    duration = "10 sec"\n'
        "               ^^^^^^^^",
    ]


@pytest.mark.parametrize(
    ("good", "bad"),
    [("steps = 2", "steps = 0"), ("steps = 2", "steps = 1000000000000"), ('["3 s", "4 s"]', "[]"),
     ('["3 s", "4 s"]', "[inf]"), ('field = "protection.vadp.nightly.interval"', "fields = []")],
)  # fmt: skip
def test_what_rests_on_a_mistake_is_not_another_one(tmp_path: Path, good: str, bad: str) -> None:
    assert good in GOOD
    assert len(said(tmp_path, GOOD.replace(good, bad))) == 1


def test_an_item_that_is_not_there_is_said_at_its_field(tmp_path: Path) -> None:
    more = '[axis.rate]\nfield = "vm.db.workload[7].rate"\nvalues = ["50 iops"]\n'
    (told,) = said(tmp_path, GOOD + more)
    assert "axis.rate.field: names no item of the scenario (workload[7]), it has 1, numbered from 0" in told


def test_a_mistake_of_many_points_is_said_once_and_one_of_some_names_its_point(tmp_path: Path) -> None:
    bad = said(tmp_path, GOOD.replace('"3 s", "4 s"', '"3 s", "4 kb"'))
    assert len(bad) == 1
    assert bad[0].splitlines()[1:] == ['    values = ["3 s", "4 kb"]', "                     ^^^^^^"]
    tight = SCENARIO + '[datastore.small]\ncapacity = "2 GiB"\n'
    (full,) = said(tmp_path, GOOD, tight)
    assert full.startswith("base.toml:")
    assert '(at the point "interval=3 s, vms=4" and 1 more)' in full.splitlines()[0]


def test_a_warning_that_differs_in_figures_only_is_said_once(tmp_path: Path) -> None:
    short = [text for text in loaded(tmp_path, GOOD).warnings if "too short for the full backup" in text]
    assert len(short) == 1
    assert short[0].startswith("protection.vadp.nightly.interval: is too short for the full backup: 1 GiB at ")
    some = GOOD.replace('"3 s", "4 s"', '"3 s", "60 s"')
    (one,) = (text for text in loaded(tmp_path, some).warnings if "too short for the full backup" in text)
    assert one.endswith('(at the point "interval=3 s, vms=1" and 1 more)')


def test_the_seed_is_the_scenario_s_unless_another_is_asked_for(tmp_path: Path) -> None:
    sample = GOOD.replace('name = "good"', 'name = "good"\ndesign = "sobol"\npoints = 4').replace("steps = 2\n", "")
    one = loaded(tmp_path, sample)
    other = load_sweep(tmp_path / "sweep.toml", seed=7)
    assert (one.seed, other.seed) == (1, 7)
    assert one.hash != other.hash


@pytest.mark.parametrize("path", sorted((ROOT / "scenarios" / "sweeps").glob("*.toml")), ids=lambda path: path.stem)
def test_shipped_sweeps_load(path: Path) -> None:
    assert len(load_sweep(path).points) > 8


def test_editors_get_a_schema() -> None:
    axis = json_schema()["$defs"]["AxisTable"]["properties"]
    assert set(axis) == {"label", "field", "fields", "values", "from", "to", "steps", "scale"}
