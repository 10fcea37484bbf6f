"""Every entry of the assumption register: where it acts in a scenario, or why it cannot be varied."""

from pathlib import Path
from typing import Any

import pytest

from experiments.scenario.profiles import PREFIX
from experiments.scenario.schema import ScenarioFile
from experiments.scenario.settings import EVERY
from experiments.scenario.shape import table_at
from experiments.scenario.source import read_toml
from experiments.sensitivity.fields import never, patterns, places
from models.assumptions import REGISTER, Assumption

DEMO = Path(__file__).parents[2] / "scenarios" / "demo.toml"


@pytest.mark.parametrize("row", REGISTER, ids=lambda row: str(row.key))
def test_every_entry_is_a_field_of_the_schema_or_says_why_not(row: Assumption) -> None:
    if never(row.key):
        assert not patterns(row.key)
        return
    assert patterns(row.key)
    for pattern in patterns(row.key):
        concrete = tuple(0 if part == EVERY and pattern[i - 1] in ("disk", "workload") else part
                         for i, part in enumerate(pattern))  # fmt: skip
        table = table_at(concrete[:-1], ScenarioFile)
        assert table is not None, pattern
        field = table.model_fields[str(pattern[-1])]
        if row.key.startswith((PREFIX, "timer.", "transport.", "workload.origin.", "snapshots.vmfssparse.")):
            continue  # whose default depends on something: the schema's note is another one's, or none
        assert field.description is not None
        assert field.description.startswith(f"{row.note}. Default from: {row.source}")  # it is this entry's field


def test_what_is_never_varied() -> None:
    reasons = {row.key: never(row.key) for row in REGISTER if never(row.key)}
    assert {key.split(".")[0] for key in reasons} == {"run", "fixed", "disk", "workload", "profile", "transport"}
    assert sum(key.startswith("disk.") for key in reasons) == 3
    assert [key for key in reasons if key.startswith(("workload.", "transport."))] == [
        "workload.kind", "transport.san.proxy_rate",
    ]  # fmt: skip


OLTP: dict[str, Any] = {
    "datastore": {"a": {}, "b": {"cache": {}}},
    "vm": {
        "sql": {
            "disk": [{}, {}],
            "workload": [{"profile": "oltp"}, {"profile": "oltp", "think": "1 ms", "addresses": {"pattern": "zipf"}}],
        },
        "my app": {"disk": [{}], "workload": [{"rate": "5 iops"}, {"kind": "trace"}, {"sizes": {"8 KiB": 1}}]},
    },
    "protection": {"vadp": {"night": {"transport": "hotadd"}, "day": {}}},
    "timer": {"sql-availability-group": {}},
}


@pytest.mark.parametrize(
    ("key", "fields"),
    [
        ("vadp.commit", ["protection.vadp.night.commit", "protection.vadp.day.commit"]),
        ("transport.nbd.stream", ["protection.vadp.day.stream"]),
        ("transport.hotadd.stream", ["protection.vadp.night.stream"]),
        ("transport.san.stream", []),
        ("vaio.checkpoint", []),
        ("host.path_latency", ["host.esx1.path_latency"]),
        ("datastore.cache.size", ["datastore.b.cache.size"]),
        ("datastore.sigma", [f"datastore.{d}.{law}.sigma" for law in ("read", "write") for d in ("a", "b")]),
        ("disk.shares", ["vm.sql.disk[0].shares", "vm.sql.disk[1].shares", 'vm."my app".disk[0].shares']),
        ("vm.guest.dirty", ["vm.sql.guest.dirty", 'vm."my app".guest.dirty']),
        ("profile.oltp.think", ["vm.sql.workload[0].think"]),
        ("workload.think", ["vm.sql.workload[1].think"]),
        ("workload.rate", ['vm."my app".workload[0].rate', 'vm."my app".workload[2].rate']),
        ("workload.size", ['vm."my app".workload[0].size']),
        ("workload.exponent", ["vm.sql.workload[1].addresses.exponent"]),
        ("workload.origin.closed", ["vm.sql.workload[0].origin", "vm.sql.workload[1].origin"]),
        ("workload.origin.trace", ['vm."my app".workload[1].origin']),
        ("workload.two_state.busy", []),
        ("workload.speed", ['vm."my app".workload[1].speed']),
        ("snapshots.delta.cached_tables", ["snapshots.delta.cached_tables"]),
        ("snapshots.vmfssparse.cached_tables", []),
        ("timer.sql-availability-group", ["timer.sql-availability-group.limit"]),
        ("timer.windows-cluster-2016", []),
        ("control.poll", ["protection.control.poll"]),
    ],
)
def test_an_entry_acts_where_its_default_would_stand(key: str, fields: list[str]) -> None:
    found = places(key, OLTP)
    assert sorted(found.fields) == sorted(fields)
    assert bool(found.reason) == (not fields)


def test_a_document_is_left_as_it_is() -> None:
    text = DEMO.read_text(encoding="utf-8")
    document = read_toml(text, "demo")
    for row in REGISTER:
        places(row.key, document)
    assert document == read_toml(text, "demo")
