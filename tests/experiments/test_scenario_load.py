"""What a scenario file becomes: values in their right fields, defaults from the register, an identity."""

import json
import math
import tomllib
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from experiments.errors import InputError
from experiments.scenario import Overrides, build, json_schema, load
from experiments.scenario.quantities import Table
from experiments.scenario.schema import ScenarioFile
from experiments.scenario.shape import table_at
from models.assumptions import REGISTER, default, find
from models.scenario import Scenario, Timer, TwoState
from sim.units import GIB, KIB, MIB, NS_PER_S, parse

SCENARIOS = Path(__file__).parents[2] / "scenarios"
SHIPPED = sorted(SCENARIOS.glob("*.toml"))

WHOLE = """
name = "whole"
title = "every key"
compressed = true
[run]
duration = "101 s"
warmup = "2 s"
interval = "3 s"
seed = 4
replications = 5
slowest = 6
observe = [{ start = "102 ms", duration = "103 ms" }]
observe_warmup = "50 ms"
arms = ["both", "none"]
[host.esx1]
scheduler = "fifo"
cost_unit = "7 KiB"
idle_credit = 8
dsnro = 9
dsnro_per = "device"
dsnro_rule = "switches"
dsnro_switches = 3
dsnro_requests = 4
qfull_sample = 32
qfull_threshold = 5
qfull_reading = "refusals"
busy_delay = "11 ms"
path_latency = "10 us"
filter_cores = 11
filter_cpu = "12 us"
[host.esx2]
[datastore.gold]
capacity = "900 GiB"
device_queue_depth = 12
servers = 13
read = { latency = "14 ms", distribution = "fixed", sigma = 0.15, stream = "16 MB/s" }
write = { latency = "17 ms", distribution = "lognormal", sigma = 1.8, stream = "none" }
bandwidth = "200 MB/s"
iops = "2100 iops"
burst = "22 ms"
peak_bandwidth = "300 MB/s"
peak_iops = "2200 iops"
credit = "5 %"
queue_limit = 6
cache = { size = "7 GiB", latency = "8 ms", destagers = 9 }
[datastore.gold.sioc]
threshold = "10 ms"
period = "11 s"
gain = "12 %"
smoothing = "13 %"
least_depth = 14
shares_per_slot = 15
[datastore.silver]
[filter.inspect]
down = "23 us"
up = "24 us"
distribution = "exponential"
workers = 91
[vm.sql]
count = 2
host = "esx2"
filters = ["inspect"]
disk_queue_depth = 25
adapter_queue_depth = 26
guest_clock = "frozen"
disk_timeout = "27 s"
[vm.sql.guest]
memory = "121 MiB"
prepare = "122 ms"
dirty = "123 KiB"
dirty_age = "124 ms"
dirty_most = "125 MiB"
flush = "126 KiB"
flush_outstanding = 127
freeze_limit = "128 s"
[[vm.sql.disk]]
size = "28 GiB"
datastore = "gold"
shares = "high"
limit = "2900 iops"
reservation = "30 iops"
[[vm.sql.disk]]
count = 2
size = "31 GiB"
datastore = "silver"
shares = 32
[[vm.sql.workload]]
name = "pages"
kind = "open"
origin = "guest"
disks = [0, 2]
read = "33 %"
sizes = { "8 KiB" = 34, "64 KiB" = 35 }
read_addresses = { pattern = "zipf", exponent = 1.36, align = "37 KiB", start = "38 KiB", span = "3 GiB" }
write_addresses = { pattern = "sequential" }
rate = "40 iops"
two_state = { busy_rate = "41 iops", quiet = "42 s", busy = "43 s" }
[[vm.sql.workload]]
kind = "closed"
outstanding = 47
think = "48 ms"
think_distribution = "fixed"
[[vm.sql.workload]]
kind = "closed"
[[vm.sql.workload]]
name = "flood"
[[vm.sql.workload.burst]]
at = "44 s"
duration = "5 s"
rate = "46 iops"
[snapshots]
api = "49 ms"
format = "native"
consolidation = "helper"
[snapshots.helper]
estimate = "131 s"
rounds = 132
force = true
[snapshots.native]
create_ios = 133
delete_ios = 134
[snapshots.memory]
io = "135 KiB"
pause = "136 ms"
lazy = false
stun = "137 ms"
[snapshots.quiesce]
prepare_limit = "138 s"
hold_limit = "139 s"
[snapshots.full]
answer = "cancel"
wait = "146 s"
freed = "147 MiB"
[snapshots.removal]
failure = "14 %"
retries = 141
wait = "142 s"
[snapshots.stun]
stop = "50 ms"
resume = "51 ms"
close = "52 ms"
create = "53 ms"
open = "54 ms"
close_ios = 55
create_ios = 56
open_ios = 57
cbt_close_ios = 58
cbt_open_ios = 59
metadata_size = "60 KiB"
drain_limit = "61 s"
cpt_extra = "62 ms"
[snapshots.delta]
grain = "8 KiB"
table_grains = 64
growth = "65 MiB"
metadata = "6.6 %"
metadata_writes = 67
metadata_size = "68 KiB"
cached_tables = 69
table_size = "143 B"
directory_writes = 144
bloom = "145 B"
bloom_hashes = 14
[snapshots.merge]
streams = 70
chunk = "72 KiB"
rate = "72 MB/s"
limit = "73 s"
[protection.vadp.nightly]
vms = ["sql-2"]
first = "74 s"
interval = "75 s"
parallel_vms = 76
serving_host = "esx2"
cbt_block = "77 KiB"
tool_block = "78 KiB"
query_page_extents = 79
query_page = "80 ms"
disk_open = "81 ms"
reads_in_flight = 82
stream = "83 MB/s"
host_rate = "84 MB/s"
repository = "85 MB/s"
reduction = 8.6
commit = "87 ms"
job_limit = "88 s"
quiesce = true
on_quiesce_failure = "crash-consistent"
[protection.vaio.cdp]
vms = ["sql"]
link = "89 Mbit/s"
down = "90 us"
up = "91 us"
buffer = "92 MB"
link_latency = "93 ms"
reduction = 9
journal = "94 MB/s"
checkpoint = "95 s"
extent = "96 KiB"
resync_reads = 97
seeded = false
link_timeout = "99 s"
retry = "100 s"
retry_most = "101 s"
history = "102 s"
journal_size = "103 MB"
appliance = "box"
[[protection.vaio.cdp.outage]]
at = "80 s"
duration = "105 s"
[[protection.vaio.cdp.outage]]
at = "60 s"
duration = "7 s"
[appliance.box]
throughput = "106 MB/s"
writes = "107 iops"
link = "108 MB/s"
buffer = "109 MB"
disks = 110
[timer.heartbeat]
limit = "98 s"
"""


@pytest.fixture(scope="module")
def whole() -> Scenario:
    return build(tomllib.loads(WHOLE))


def flat(value: Any) -> list[Any]:
    """A dataclass's values in order, nested ones too."""
    if is_dataclass(value):
        return [leaf for field in fields(value) for leaf in flat(getattr(value, field.name))]
    if isinstance(value, tuple):
        return [leaf for item in value for leaf in flat(item)]
    return [value]


MS, US = 10**6, 10**3


def test_each_host_and_datastore_key_lands_in_its_field(whole: Scenario) -> None:
    assert flat(whole.run) == [101 * NS_PER_S, 2 * NS_PER_S, 3 * NS_PER_S, 4, 5, 6, 102 * MS, 205 * MS, 50 * MS]
    assert flat(whole.hosts[0]) == [
        "esx1", "fifo", 7 * KIB, 8, 9, "device", "switches", 3, 4, 32, 5, "refusals", 11 * MS, 10 * US, 11,
        12 * US]  # fmt: skip
    assert flat(whole.datastores[0]) == [
        "gold", 900 * GIB, 12, 13, 14 * MS, "fixed", 150, 16_000_000, 17 * MS, "lognormal", 1800, 0,
        200_000_000, 2100, 22 * MS, "vmfs", 300_000_000, 2200, 50_000, 6, 7 * GIB, 8 * MS, 9,
        10 * MS, 11 * NS_PER_S, 120_000, 130_000, 14, 15]  # fmt: skip
    assert whole.timers == (Timer("heartbeat", 98 * NS_PER_S),)
    assert (whole.arms, whole.title, whole.compressed) == (("both", "none"), "every key", True)


def test_each_vm_key_lands_in_its_field(whole: Scenario) -> None:
    assert [vm.name for vm in whole.vms] == ["sql-1", "sql-2"]
    vm = whole.vms[1]
    assert flat(vm.disks) == [
        "sql-2:0", 28 * GIB, "gold", 2000, 2900, 30,
        "sql-2:1", 31 * GIB, "silver", 32, 0, 0,
        "sql-2:2", 31 * GIB, "silver", 32, 0, 0]  # fmt: skip
    assert flat(vm.filters) == ["inspect", 23 * US, 24 * US, "exponential", 91]
    assert (vm.group, vm.host, vm.guest_clock) == ("sql", "esx2", "frozen")
    assert (vm.disk_queue_depth, vm.adapter_queue_depth, vm.disk_timeout_ns) == (25, 26, 27 * NS_PER_S)
    assert flat(vm.guest) == [
        121 * MIB, 122 * MS, 123 * KIB, 124 * MS, 125 * MIB, 126 * KIB, 127, 128 * NS_PER_S]  # fmt: skip


def test_each_workload_key_lands_in_its_field(whole: Scenario) -> None:
    pages, closed, second, flood = whole.vms[0].workloads
    assert (pages.name, closed.name, second.name, flood.name) == ("pages", "closed", "closed-2", "flood")
    assert (pages.origin, pages.disks, pages.read_ppm) == ("guest", (0, 2), 330_000)
    assert pages.sizes == ((8192, 34), (65536, 35))
    assert flat(pages.read_addresses) == ["zipf", 1360, 37 * KIB, 38 * KIB, 3 * GIB]
    assert flat(pages.write_addresses)[:2] == ["sequential", 0]
    assert (pages.rate_iops, pages.two_state) == (40, TwoState(41, 42 * NS_PER_S, 43 * NS_PER_S))
    assert flat(flood.bursts) == [44 * NS_PER_S, 5 * NS_PER_S, 46]
    assert (closed.outstanding, closed.think_ns, closed.think_distribution) == (47, 48 * MS, "fixed")
    assert (closed.origin, closed.disks, closed.rate_iops) == ("guest", (0, 1, 2), 0)
    assert (second.outstanding, second.think_ns) == (default("workload.outstanding"), default("workload.think"))


def test_each_snapshot_key_lands_in_its_field(whole: Scenario) -> None:
    assert flat(whole.snapshots) == [
        49 * MS, "native", "helper", 50 * MS, 51 * MS, 52 * MS, 53 * MS, 54 * MS, 55, 56, 57, 58, 59, 60 * KIB,
        61 * NS_PER_S, 62 * MS, 8 * KIB, 64, 65 * MIB, 66_000, 67, 68 * KIB, 69, 143, 144, 145 * 8, 14, 70, 72 * KIB,
        72_000_000, 73 * NS_PER_S, 131 * NS_PER_S, 132, True, 133, 134, 135 * KIB, 136 * MS, False, 137 * MS,
        138 * NS_PER_S, 139 * NS_PER_S, 140_000, 141, 142 * NS_PER_S, "cancel",
        146 * NS_PER_S, 147 * MIB]  # fmt: skip


def test_each_protection_key_lands_in_its_field(whole: Scenario) -> None:
    assert flat(whole.vadp) == [
        "nightly", "sql-2", 74 * NS_PER_S, 75 * NS_PER_S, 76, "esx2", "v1", 77 * KIB, 78 * KIB, 79, 80 * MS, 81 * MS,
        82, 83_000_000, 84_000_000, 85_000_000, 8600, 87 * MS, 88 * NS_PER_S,
        "nbd", "of job nightly", 0, 0, 64, "of job nightly", 0, 48, 0, 0, 0, 0, 0,
        "stop", "listed", 0, 600 * NS_PER_S, True, "crash-consistent", False]  # fmt: skip
    assert flat(whole.vaio) == [
        "cdp", "sql-1", "sql-2", 90 * US, 91 * US, 92_000_000, 11_125_000, 93 * MS, 9000, 94_000_000, 95 * NS_PER_S,
        96 * KIB, 97, False, False, "asynchronous", 10 * NS_PER_S, True, 60 * NS_PER_S, 7 * NS_PER_S, 80 * NS_PER_S,
        105 * NS_PER_S, 99 * NS_PER_S, 100 * NS_PER_S, 101 * NS_PER_S, 102 * NS_PER_S, 103_000_000,
        "box", 106_000_000, 107, 108_000_000, 109_000_000]  # fmt: skip


def test_the_keys_of_a_synchronous_replication() -> None:
    """(They do not go with observe windows, which the whole scenario has.)"""
    keys = {"vms": ["a"], "link": "1 MB/s", "synchronous": True, "hold_limit": "98 s", "blocks_drain": False}
    data = {"name": "sync", "vm": {"a": {"disk": [{}]}}, "protection": {"vaio": {"cdp": keys}}}
    group = build(data).vaio[0]
    assert (group.synchronous, group.on_loss, group.hold_limit_ns, group.blocks_drain) == (
        True, "asynchronous", 98 * NS_PER_S, False,
    )  # fmt: skip
    with pytest.raises(InputError, match="synchronous: holds writes, but outside observe windows nobody waits"):
        build(data | {"run": {"observe": [{"start": "1 s", "duration": "9 s"}]}})


def test_the_least_scenario_gets_one_host_one_datastore_and_registered_defaults() -> None:
    scenario = build({"name": "least", "vm": {"app": {"disk": [{}], "workload": [{}]}}})
    assert scenario.hosts[0].name == scenario.vms[0].host == "esx1"
    assert scenario.datastores[0].name == scenario.vms[0].disks[0].datastore == "datastore1"
    assert scenario.arms == ("none",)
    assert scenario.title == "least"
    assert scenario.vms[0].workloads[0].rate_iops == default("workload.rate")
    assert scenario.snapshots.stun.create_ios == default("snapshots.stun.create_ios") == 5
    assert [timer.name for timer in scenario.timers][-1] == "sql-availability-group"


def test_arms_follow_the_protections_unless_they_are_named() -> None:
    data = tomllib.loads(WHOLE)
    del data["run"]["arms"]
    assert build(data).arms == ("none", "vadp", "vaio")
    del data["protection"]["vadp"]
    assert build(data).arms == ("none", "vaio")


def tables() -> list[tuple[str, type[Table]]]:
    """The schema's tables with the register's name of each."""
    places = {"run": ("run",), "run.observe": ("run", "observe", 0),
              "host": ("host", "x"), "datastore": ("datastore", "x"), "vm": ("vm", "x"),
              "datastore.read": ("datastore", "x", "read"), "datastore.write": ("datastore", "x", "write"),
              "datastore.cache": ("datastore", "x", "cache"), "datastore.sioc": ("datastore", "x", "sioc"),
              "disk": ("vm", "x", "disk", 0), "workload": ("vm", "x", "workload", 0),
              "workload.addresses": ("vm", "x", "workload", 0, "addresses"),
              "workload.two_state": ("vm", "x", "workload", 0, "two_state"), "filter": ("filter", "x"),
              "snapshots": ("snapshots",), "snapshots.stun": ("snapshots", "stun"),
              "snapshots.delta": ("snapshots", "delta"), "snapshots.merge": ("snapshots", "merge"),
              "snapshots.helper": ("snapshots", "helper"), "snapshots.native": ("snapshots", "native"),
              "snapshots.memory": ("snapshots", "memory"), "snapshots.quiesce": ("snapshots", "quiesce"),
              "snapshots.removal": ("snapshots", "removal"), "snapshots.full": ("snapshots", "full"),
              "vm.guest": ("vm", "x", "guest"),
              "proxy": ("proxy", "x"), "repository": ("repository", "x"), "control": ("protection", "control"),
              "vadp": ("protection", "vadp", "x"), "vaio": ("protection", "vaio", "x"),
              "appliance": ("appliance", "x")}  # fmt: skip
    found = [(name, table_at(path, ScenarioFile)) for name, path in places.items()]
    return [(name, table) for name, table in found if table is not None]


def test_every_default_of_the_schema_is_the_registers_and_none_there_is_idle() -> None:
    assert len(tables()) == 31
    used = set()
    for name, table in tables():
        for field, info in table.model_fields.items():
            if info.is_required() or info.default is None or info.default_factory is not None:
                continue
            keys = (f"{name}.{field}", f"{name.split('.')[0]}.{field}")
            key = next(key for key in keys if key in {row.key for row in REGISTER})
            row = find(key)
            assert info.default == (default(key) if row.dimension == "count" and row.value != "none" else info.default)
            if isinstance(info.default, str):
                assert info.default == row.value
            used.add(key)
    elsewhere = (
        "timer.", "workload.origin.", "disk.shares.", "fixed.", "profile.", "transport.", "snapshots.vmfssparse.",
    )  # fmt: skip
    apart = {row.key for row in REGISTER if row.key.startswith(elsewhere)}
    assert {row.key for row in REGISTER} - used - apart == set()


@pytest.mark.parametrize("row", REGISTER, ids=lambda row: row.key)
def test_a_registered_default_lies_in_its_range_and_has_a_source(row: Any) -> None:
    assert row.source
    assert row.note
    if row.dimension == "choice":
        assert default(row.key) == row.value
        return
    low, high = parse(row.low, row.dimension), parse(row.high, row.dimension)
    value = default(row.key)
    assert isinstance(value, int)
    assert low <= value <= high or row.value == "none"


def test_identity_leaves_out_seed_and_replications_and_nothing_else(whole: Scenario) -> None:
    data = tomllib.loads(WHOLE)
    data["run"] |= {"seed": 99, "replications": 50}
    again = build(data)
    assert again.identity == whole.identity
    assert replace(again, run=whole.run) == whole
    changed = tomllib.loads(WHOLE.replace('"72 MB/s"', '"73 MB/s"'))
    assert build(changed).identity != whole.identity
    assert sorted(json.loads(whole.identity)["run"]) == [
        "duration_ns", "interval_ns", "observe", "observe_warmup_ns", "slowest", "warmup_ns"]  # fmt: skip


def test_identity_does_not_depend_on_spelling_or_on_writing_a_default() -> None:
    one = build({"name": "a", "vm": {"x": {"disk": [{"size": "1 GiB"}]}}})
    two = build({"vm": {"x": {"disk": [{"size": "1024 MiB", "shares": "normal"}]}}, "name": "a", "run": {}})
    assert one.identity == two.identity


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.name)
def test_the_shipped_scenarios_load_without_a_warning(path: Path) -> None:
    loaded = load(path)
    assert loaded.warnings == []
    assert loaded.scenario == build(tomllib.loads(path.read_text(encoding="utf-8")))


def test_options_replace_seed_replications_and_duration() -> None:
    loaded = load(SCENARIOS / "minimal.toml", Overrides(seed=7, replications=2, duration="30 s"))
    assert flat(loaded.scenario.run)[0] == 30 * NS_PER_S
    assert (loaded.scenario.run.seed, loaded.scenario.run.replications) == (7, 2)


def test_a_bad_option_is_named_not_a_line_of_the_file() -> None:
    with pytest.raises(InputError) as caught:
        load(SCENARIOS / "minimal.toml", Overrides(seed=-1, duration="30"))
    assert caught.value.messages == [
        '--duration: has no unit (30), write for example "30 s"',
        "--seed: is too small (-1), write at least 0",
    ]


def test_the_schema_describes_every_key_and_its_default() -> None:
    schema = json_schema()
    assert schema["required"] == ["name", "vm"]
    merge = schema["$defs"]["MergeTable"]
    assert merge["additionalProperties"] is False
    assert merge["properties"]["rate"]["default"] == "1 GB/s"
    assert "none" in merge["properties"]["rate"]["pattern"]
    assert json.loads(json.dumps(schema)) == schema


def test_the_schemas_defaults_match_its_own_patterns() -> None:
    import re

    checked = 0
    for table in json_schema()["$defs"].values():
        for key in table["properties"].values():
            if "pattern" in key and "default" in key:
                assert re.search(key["pattern"], key["default"])
                checked += 1
    assert checked > 60


def test_a_number_that_is_none_is_refused() -> None:
    for wrong in (math.nan, math.inf, -1.0, True, "2:1"):
        with pytest.raises(InputError, match="reduction: is "):
            build({"name": "a", "vm": {"x": {"disk": [{}]}},
                   "protection": {"vaio": {"p": {"vms": ["x"], "link": "5 MB/s", "reduction": wrong}}}})  # fmt: skip
