"""Mistakes of a scenario file: each at its place, in plain words, all at once; and never a traceback."""

import os
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from experiments.errors import InputError
from experiments.scenario import build, load

GOOD = """\
name = "good"
[run]
duration = "100 s"
[host.esx1]
[datastore.gold]
capacity = "100 GiB"
read = { latency = "4 ms", distribution = "exponential" }
[filter.inspect]
[vm.sql]
count = 2
filters = ["inspect"]
[[vm.sql.disk]]
size = "1 GiB"
limit = "500 iops"
[[vm.sql.workload]]
rate = "200 iops"
size = "8 KiB"
addresses = { pattern = "zipf", span = "512 MiB" }
[[vm.sql.workload.burst]]
at = "60 s"
duration = "10 s"
rate = "300 iops"
[vm.web]
[[vm.web.disk]]
size = "2 GiB"
[protection.vadp.nightly]
vms = ["sql", "web"]
interval = "1 h"
[protection.vaio.cdp]
vms = ["sql"]
link = "50 MB/s"
"""

LAW = 'read = { latency = "4 ms", distribution = "exponential" }'

ONE_EDIT = [
    ('name = "good"', "", 'name: is missing, add for example name = "first-try"'),
    ('name = "good"', 'name = "my demo"', '1:8: name: is no usable name ("my demo"), use letters'),
    ("[host.esx1]", "[host.esx1]\ndsnro_switches = 6", "5:1: host.esx1.dsnro_switches: acts only by the"),
    ("[host.esx1]", "[host.esx1]\nqfull_threshold = 4", "5:1: host.esx1.qfull_threshold: acts only with qfull_sample"),
    ("[host.esx1]", "[host.esx1]\nqfull_sample = 4", "qfull_threshold: is above the sample (8 of 4 statuses), lower"),
    ("[datastore.gold]", '[datastore.gold]\npeak_iops = "9 iops"', "6:1: datastore.gold.peak_iops: is the peak of a"),
    ("[datastore.gold]", '[datastore.gold]\npeak_iops = "9 iops"\niops = "9 iops"',
     "6:13: datastore.gold.peak_iops: is not above iops (9 of 9 iops), raise it"),
    ("[datastore.gold]", '[datastore.gold]\nbandwidth = "9 MB/s"\npeak_bandwidth = "8 MB/s"',
     "7:18: datastore.gold.peak_bandwidth: is not above bandwidth (8 MB/s of 9 MB/s), raise"),
    ("[datastore.gold]", "[datastore.gold]\nqueue_limit = 0", "6:15: datastore.gold.queue_limit: is too small (0)"),
    ("[host.esx1]", "[hots.esx1]", '4:2: hots: is an unknown key, did you mean "host"?'),
    ("[run]", '[run]\nscheduler = "fifo"', '3:1: run.scheduler: is an unknown key (there is one in "host"), known'),
    (LAW, 'read = { distribution = "quantiles" }', "7:25: datastore.gold.read.distribution: needs a table, add"),
    (LAW, LAW[:-1] + ', quantiles = { "0 %" = "1 s", "100 %" = "1 s" } }',
     '7:59: datastore.gold.read.quantiles: acts only with distribution = "quantiles" (this one is "exponential")'),
    (LAW, 'read = { latency = "1 s", distribution = "quantiles", quantiles = { "0 %" = "1 s", "100 %" = "1 s" } }',
     "7:10: datastore.gold.read.latency: does not act beside quantiles"),
    (LAW, 'read = { distribution = "quantiles", quantiles = { "1 %" = "1 s", "100 %" = "1 s" } }',
     '7:50: datastore.gold.read.quantiles: does not reach from "0 %" to "100 %"'),
    (LAW, 'read = { distribution = "quantiles", quantiles = { "0 %" = "2 s", "100 %" = "1 s" } }',
     "7:50: datastore.gold.read.quantiles: falls somewhere"),
    (LAW, 'read = { distribution = "quantiles", quantiles = { "0 %" = "1 s", "0.0 %" = "1 s", "100 %" = "1 s" } }',
     "7:50: datastore.gold.read.quantiles: names one share twice"),
    ('duration = "100 s"', 'duration = "100"', '3:12: run.duration: has no unit (100), write for example "100 s"'),
    ('duration = "100 s"', "duration = 100", "3:12: run.duration: needs a text with a unit (100), write for example"),
    ('duration = "100 s"', 'duration = "0 s"', '3:12: run.duration: is zero ("0 s"), write a larger one'),
    ('duration = "100 s"', 'warmup = "60 s"', "3:10: run.warmup: is not shorter than the run (60 s of 60 s)"),
    ('duration = "100 s"', 'observe = [{start = "60 s", duration = "5 s"}]',
     '3:21: run.observe[0].start: is not before the run\'s end (60 s of 60 s), write an earlier one'),
    ('duration = "100 s"', 'observe = [{every = "4 s", duration = "5 s"}]',
     "3:21: run.observe[0].every: is shorter than the window (4 s of 5 s), windows must lie apart"),
    ('duration = "100 s"', 'observe = [{duration = "1 s"}]',
     "3:24: run.observe[0].duration: is not longer than observe_warmup (1 s of 1 s), lengthen it"),
    ('duration = "100 s"', 'observe = [{duration = "9 s"}, {start = "8 s", duration = "9 s"}]',
     "3:41: run.observe[1].start: lets a window start inside another (8 s before 9 s), move it"),
    ('duration = "100 s"', 'observe_warmup = "0 s"\nobserve = [{duration = "1 us", every = "2 us"}]',
     "4:40: run.observe[0].every: makes more than 100000 windows, let them come less often"),
    ('duration = "100 s"', 'interval = "1 h"', "3:12: run.interval: is longer than the run (60 min of 60 s)"),
    ('duration = "100 s"', 'duration = "100 s"\nseed = 1.5', "4:8: run.seed: is not a whole number (1.5)"),
    ('duration = "100 s"', 'duration = "100 s"\nseed = true', "4:8: run.seed: is not a whole number (true)"),
    ('duration = "100 s"', 'duration = "100 s"\narms = ["vaoi"]', '4:9: run.arms[0]: is none of "none", "vadp"'),
    ('duration = "100 s"', 'duration = "100 s"\narms = []', "4:8: run.arms: is empty, name at least one arm"),
    ('duration = "100 s"', 'duration = "100 s"\narms = ["none", "none"]', 'arms[1]: names arm "none" a second time'),
    ('"4 ms"', '"200 mb/s"', '7:20: datastore.gold.read.latency: has an unknown unit (200 mb/s), did you'),
    ('"exponential"', '"Exponential"', 'did you mean "exponential"?'),
    ('"100 GiB"', '"3 GiB"', "6:12: datastore.gold.capacity: is too small for its disks (4 GiB on 3 GiB)"),
    ("[datastore.gold]", "[datastore]\ngold = 3\n[datastore.silver]", "6:8: datastore.gold: is not a table (3)"),
    ("[datastore.gold]", "[datastore.gold]\n[datastore.silver]", 'disk[0].datastore: is missing, there are several'),
    ("count = 2", "count = 0", "10:9: vm.sql.count: is too small (0), write at least 1"),
    ("count = 2", "count = 99999999999999999999", "10:9: vm.sql.count: is too large (99999999999999999999)"),
    ("count = 2", 'count = 2\nhost = "esx2"', '11:8: vm.sql.host: is an unknown host ("esx2"), did you mean "esx1"?'),
    ('["inspect"]', '["inspct"]', '11:12: vm.sql.filters[0]: is an unknown filter ("inspct"), did you mean "inspect"?'),
    ('["inspect"]', '["inspect", "inspect"]', 'vm.sql.filters[1]: names filter "inspect" a second time'),
    ('size = "1 GiB"', 'size = "1 GiB"\ndatastore = "glod"', "14:13: vm.sql.disk[0].datastore: is an unknown"),
    ('size = "1 GiB"', 'size = "1000 B"', "13:8: vm.sql.disk[0].size: is not a whole number of 512-byte sectors"),
    ('limit = "500 iops"', 'limit = "none"\nshares = "hgih"', '15:10: vm.sql.disk[0].shares: is no preset ("hgih")'),
    ('"500 iops"', '"500 iops"\nreservation = "600 iops"', "disk[0].reservation: is above the limit (600 of 500 iops)"),
    ('"500 iops"', '"0 iops"', 'is zero ("0 iops"), write a larger one or "none"'),
    ("[[vm.sql.disk]]", "[[vm.sql.disk]]\ncount = 257", "vm.sql.disk[0].count: is too large (257), write at most 256"),
    ("[[vm.web.disk]]\n", "[vm.web.disk]\n", "vm.web.disk: is not an array of tables (a table), write each"),
    ('[[vm.web.disk]]\nsize = "2 GiB"', "", "vm.web.disk: is missing, add a disk: [[vm.web.disk]]"),
    ("[vm.web]", "[vm.sql-1]", 'vm.sql-1: has a VM called "sql-1", and so has group "sql", rename one of the groups'),
    ('rate = "200 iops"', 'kind = "closed"', 'burst: does not act in a workload of kind "closed"'),
    ('rate = "200 iops"', 'kind = "trace"', 'workload[0].trace: is missing, add trace = "FILE"'),
    ('rate = "200 iops"', "outstanding = 3", '16:1: vm.sql.workload[0].outstanding: does not act in a workload'),
    ('rate = "200 iops"', "disks = [1]", "16:10: vm.sql.workload[0].disks[0]: is no disk of this VM (1), its 1 disks"),
    ('rate = "200 iops"', "disks = []", "workload[0].disks: is empty"),
    ('rate = "200 iops"', "disks = [0, 0]", "workload[0].disks[1]: names disk 0 a second time"),
    ('interval = "1 h"', 'interval = "1 h"\nquiesce = true\nmemory = true', "memory: stands beside quiesce"),
    ('size = "8 KiB"', 'size = "8 KiB"\nsizes = { "8 KiB" = 1 }', "18:1: vm.sql.workload[0].sizes: stands beside size"),
    ('size = "8 KiB"', 'sizes = { "8 KiB" = 1, "8192 B" = 2 }', "sizes: names one size twice, in two spellings"),
    ('size = "8 KiB"', "sizes = {}", 'workload[0].sizes: is empty, write for example { "8 KiB" = 70'),
    ('size = "8 KiB"', 'sizes = { "8 kb" = 1 }', '17:11: vm.sql.workload[0].sizes."8 kb": has an unknown unit (8 kb)'),
    ('"512 MiB"', '"2 GiB"', "addresses.span: reaches beyond the disk (region 0 B to 2 GiB, disk 1 GiB)"),
    ('"512 MiB"', '"512 MiB", start = "1 GiB"', "addresses.span: reaches beyond the disk (region 1 GiB to 1.5 GiB"),
    ('span = "512 MiB"', 'start = "1 GiB"', "addresses.start: reaches beyond the disk"),
    ('"512 MiB"', '"4 KiB"', "addresses.span: leaves 4 KiB for I/Os of 8 KiB, widen the region"),
    ('"zipf"', '"uniform", exponent = 1.1', "addresses.exponent: acts only in a zipf pattern (this one is uniform)"),
    ('at = "60 s"', 'at = "95 s"', "20:6: vm.sql.workload[0].burst[0].at: ends after the run (95 s + 10 s of 100 s)"),
    ('rate = "200 iops"', 'rate = "200 iops"\ntwo_state = { busy_rate = "500 iops" }',
     "17:1: vm.sql.workload[0].two_state: stands beside burst, keep one of them or make two workloads"),
    ("[host.esx1]", '[host.esx1]\nfilter_cpu = "3 us"', "5:1: host.esx1.filter_cpu: does not act without filter_cores"),
    ('link = "50 MB/s"', 'link = "50 MB/s"\nhold_limit = "1 s"',
     "32:1: protection.vaio.cdp.hold_limit: acts only in a synchronous replication"),
    ('link = "50 MB/s"', 'link = "50 MB/s"\nsynchronous = true\non_loss = "hold"\nhold_limit = "1 s"',
     '34:1: protection.vaio.cdp.hold_limit: stands beside on_loss = "hold"'),
    ('link = "50 MB/s"', 'link = "50 MB/s"\nretry = "1 s"',
     "32:1: protection.vaio.cdp.retry: acts only where the link is cut"),
    ('link = "50 MB/s"', 'link = "50 MB/s"\noutage = [{ at = "100 s", duration = "1 s" }]',
     "32:18: protection.vaio.cdp.outage[0].at: begins after the run (100 s of 100 s)"),
    ('link = "50 MB/s"',
     'link = "50 MB/s"\noutage = [{ at = "9 s", duration = "1 s" }, { at = "2 s", duration = "7 s" }]',
     "32:18: protection.vaio.cdp.outage[0].at: begins before another outage is over (9 s, that ends at 9 s)"),
    ('link = "50 MB/s"', 'link = "50 MB/s"\nretry = "1 us"\noutage = [{ at = "1 s", duration = "10 s" }]',
     "33:36: protection.vaio.cdp.outage[0].duration: is probed for more than 1000000 times"),
    ('at = "60 s"', "", 'burst[0].at: is missing, add for example at = "60 s"'),
    ("[vm.web]", '[[vm.sql.workload.burst]]\nat = "65 s"\nduration = "1 s"\nrate = "1 iops"\n[vm.web]',
     "24:6: vm.sql.workload[0].burst[1].at: starts inside another burst (65 s before 70 s)"),
    ('["sql", "web"]', '["sql", "wbe"]', '27:15: protection.vadp.nightly.vms[1]: is an unknown VM ("wbe"), did you'),
    ('["sql", "web"]', '["sql", "sql-2"]', 'vms[1]: protects VM "sql-2", which is here already, leave it out of one'),
    ('["sql", "web"]', '"sql"', 'protection.vadp.nightly.vms: is not an array ("sql"), write it in square brackets'),
    ('interval = "1 h"', "", 'protection.vadp.nightly.interval: is missing, add for example interval = "24 h"'),
    ('interval = "1 h"', 'interval = "1 h"\nserving_host = "esx7"', "serving_host: is an unknown host"),
    ("[protection.vaio.cdp]", "[protection.vaio.nightly]", "shares its name with a vadp of the file"),
    ("[protection.vaio.cdp]", "[protection.vaio.inspect]", 'shares its name with a filter of the file ("inspect")'),
    ("[protection.vaio.cdp]", '[protection.vaio.a]\nvms = ["web", "sql"]\nlink = "1 MB/s"\n[protection.vaio.cdp]',
     'protection.vaio.cdp.vms[0]: protects VM "sql-1", which is in VAIO "a" already'),
    ('link = "50 MB/s"', 'link = "50 MBps"', '31:8: protection.vaio.cdp.link: has an unknown unit (50 MBps)'),
    ('link = "50 MB/s"', 'link = "50 MB/s"\nreduction = 0', "32:13: protection.vaio.cdp.reduction: is too small (0)"),
    ("[filter.inspect]", "[filter.inspect]\n[snapshots.delta]\ngrain = \"48 KiB\"", "is not a whole number of grains"),
    ("[filter.inspect]", "[filter.inspect]\n[snapshots.delta]\nmetadata = \"101 %\"", 'is more than 100 % ("101 %")'),
    ("[filter.inspect]", "[filter.inspect]\nworkers = 0", "9:11: filter.inspect.workers: is too small (0), write"),
    ("[filter.inspect]", "[filter.inspect]\nworkers = 2000", "workers: is too large (2000), write at most"),
    ("[filter.inspect]", "[filter.inspect]\nworkers = true", "workers: is not a whole number (true), write"),
    ("[filter.inspect]", "[filter.inspect]\n[timer.hb]", 'timer.hb.limit: is missing, add for example limit = "10 s"'),
    ("[filter.inspect]", "filter = 5\n[timer.hb]", "datastore.gold.filter: is an unknown key"),
]  # fmt: skip


def messages_of(text: str, tmp_path: Path) -> list[str]:
    path = tmp_path / "s.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError) as caught:
        load(path)
    return [message.removeprefix(f"{tmp_path}{os.sep}") for message in caught.value.messages]


def test_the_good_one_is_good(tmp_path: Path) -> None:
    path = tmp_path / "s.toml"
    path.write_text(GOOD)
    assert load(path).scenario.vms[0].name == "sql-1"


@pytest.mark.parametrize(("old", "new", "said"), ONE_EDIT, ids=lambda text: text[:50])
def test_one_edit_gives_its_message(old: str, new: str, said: str, tmp_path: Path) -> None:
    assert GOOD.count(old) == 1
    messages = messages_of(GOOD.replace(old, new), tmp_path)
    assert any(said in message.split("\n")[0] for message in messages), messages
    assert all(message.startswith("s.toml:") for message in messages)


def test_the_line_itself_is_shown_and_the_place_marked(tmp_path: Path) -> None:
    text = GOOD.replace('size = "1 GiB"', '\tsize = "1 gib" # small')
    assert messages_of(text, tmp_path) == [
        's.toml:13:9: vm.sql.disk[0].size: has an unknown unit (1 gib), did you mean "1 GiB"?\n'
        '     size = "1 gib" # small\n'
        "            ^^^^^^^"
    ]


def test_a_long_line_is_cut_around_the_place(tmp_path: Path) -> None:
    text = GOOD.replace('rate = "200 iops"', "disks = [" + " " * 300 + "7]")
    last = messages_of(text, tmp_path)[-1]
    place, line, mark = last.split("\n")
    assert "disks[0]: is no disk of this VM (7)" in place
    assert len(line) < 120
    assert line[mark.index("^")] == "7"


def test_all_mistakes_are_told_at_once_in_the_order_of_the_file(tmp_path: Path) -> None:
    text = GOOD
    edits = [('"100 s"', '"100 sec"'), ("[host.esx1]", "[host.esx1]\ndsrno = 3"), ('"4 ms"', '"4"'),
             ("count = 2", 'count = 2\nhost = "esx9"'), ('limit = "500 iops"', 'datastore = "glod"'),
             ('"512 MiB"', '"2 GiB"'), ('interval = "1 h"', ""), ('["sql", "web"]', '["sql", "wbe"]'),
             ('link = "50 MB/s"', 'link = 5\nseeded = "no"')]  # fmt: skip
    for old, new in edits:
        assert old in text
        text = text.replace(old, new)
    messages = messages_of(text, tmp_path)
    paths = [message.split(": ")[1] for message in messages]
    assert paths == [
        "run.duration", "host.esx1.dsrno", "datastore.gold.read.latency", "vm.sql.host", "vm.sql.disk[0].datastore",
        "vm.sql.workload[0].addresses.span", "protection.vadp.nightly.interval", "protection.vadp.nightly.vms[1]",
        "protection.vaio.cdp.link", "protection.vaio.cdp.seeded"]  # fmt: skip


def test_one_mistake_is_not_told_twice(tmp_path: Path) -> None:
    """A disk whose size has a mistake is not also too big for its datastore or too small for its workload."""
    messages = messages_of(GOOD.replace('size = "1 GiB"', 'size = "1 gib"').replace("100 GiB", "3 GiB"), tmp_path)
    assert len(messages) == 1
    messages = messages_of(GOOD.replace("count = 2", "count = 2.5").replace('"web"]', '"sql-2"]'), tmp_path)
    assert len(messages) == 1


def test_very_many_mistakes_are_counted(tmp_path: Path) -> None:
    messages = messages_of(GOOD + "".join(f"k{number} = 1\n" for number in range(150)), tmp_path)
    assert len(messages) == 101
    assert "and 50 more" in messages[-1]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "s.toml:1:1: the file is empty"),
        (b" \n\n", "s.toml:1:1: the file is empty"),
        (b"# only words\n", 's.toml:1:1: name: is missing, add for example name = "first-try"'),
        (b'name = "x', "s.toml:1:10: is not valid TOML: unterminated string"),
        (b'name = "x"\nname = "y"', "s.toml:2:11: is not valid TOML: cannot overwrite a value"),
        (b"[a.b]\n[a.b]\n", "s.toml:2:5: is not valid TOML: cannot declare [a.b] twice"),
        (b'name = "x"\n\xff', "s.toml:2:1: is not UTF-8 text (byte 0xff), save it as UTF-8"),
        (b"\x00", "s.toml:1:1: is not valid TOML"),
        (b"a = " + b"[" * 9000, "s.toml:1:1: is not valid TOML: is nested too deeply"),
        (b"a = " + b"[" * 30 + b"]" * 30, "s.toml:1:1: is not valid TOML: is nested too deeply"),
        (b"x." * 3000 + b"y = 1", "s.toml:1:1: is not valid TOML: is nested too deeply"),
        (b"\na = " + b"9" * 9000, "s.toml:2:5: is not valid TOML: has a number with too many digits"),
    ],
)
def test_what_is_no_toml_is_one_located_message(content: bytes, said: str, tmp_path: Path) -> None:
    path = tmp_path / "s.toml"
    path.write_bytes(content)
    with pytest.raises(InputError) as caught:
        load(path)
    assert caught.value.messages[0].removeprefix(f"{tmp_path}{os.sep}").startswith(said)


def test_windows_line_ends_and_marks_are_read(tmp_path: Path) -> None:
    path = tmp_path / "s.toml"
    path.write_bytes(b"\xef\xbb\xbf" + GOOD.replace("\n", "\r\n").encode())
    assert load(path).scenario.name == "good"
    path.write_bytes(path.read_bytes().replace(b"count = 2", b"count = 0"))
    with pytest.raises(InputError, match=r"s.toml:10:9: vm.sql.count"):
        load(path)


def test_what_is_no_file_is_one_message(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    for name, said in (("missing", "there is no such file"), ("folder", "is a folder"), ("pipe", "is not a regular"),
                       ("a\0b", "cannot be read"), ("x" * 999, "cannot be read")):  # fmt: skip
        with pytest.raises(InputError) as caught:
            load(tmp_path / name)
        assert len(caught.value.messages) == 1
        assert said in caught.value.messages[0]
        assert caught.value.messages[0].isprintable()


def test_a_dictionary_has_paths_instead_of_lines() -> None:
    data: dict[str, Any] = tomllib.loads(GOOD)
    data["vm"]["sql"]["disk"][0]["size"] = "1 gb"
    with pytest.raises(InputError) as caught:
        build(data)
    assert caught.value.messages == [
        'scenario: vm.sql.disk[0].size: has an unknown unit (1 gb), did you mean "1 GB"?']  # fmt: skip
    assert data["vm"]["sql"]["disk"][0]["size"] == "1 gb"


@pytest.mark.parametrize(
    ("host", "shares", "size", "message"),
    [
        ({"idle_credit": 10**8}, 1000, "8 KiB", "host.h.idle_credit: is too large"),
        ({}, 1, "8 KiB", "vm.a.disk[0].shares: is less than 1 / 4096 of the largest shares (1 of 5000)"),
        ({}, 1000, "10 GiB", 'vm.a.workload[0].size: is more than 64 MiB ("10 GiB"), the largest I/O there is'),
    ],
)
def test_what_the_fast_path_could_not_count_is_a_mistake(
    host: dict[str, int], shares: int, size: str, message: str
) -> None:
    disks = [{"size": "20 GiB", "shares": shares}, {"size": "20 GiB", "shares": 5000}]
    document = {"name": "x", "host": {"h": host}, "datastore": {"d": {}},
                "vm": {"a": {"disk": disks, "workload": [{"size": size}]}}}  # fmt: skip
    with pytest.raises(InputError, match=re.escape(message)):
        build(document)
