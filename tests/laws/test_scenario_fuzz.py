"""Law: whatever is done to a scenario, loading it works or tells mistakes, every one with its place. Nothing else."""

import copy
import re
import tempfile
import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from experiments.errors import InputError
from experiments.scenario import Overrides, build, load
from models.scenario import Scenario

SCENARIOS = Path(__file__).parents[2] / "scenarios"
TEXTS = {path.stem: path.read_text(encoding="utf-8") for path in sorted(SCENARIOS.glob("*.toml"))}
TEXTS["mixed"] = """
name = "mixed"
run = { duration = "9 s", warmup = "1 s" }
vm.a = { count = 2, host = "h1", filters = ["f"], disk = [{ size = "1 GiB", shares = "low" }, { count = 2 }] }
[host]
h1.dsnro = 8
h2 = {}
[filter.f]
[vm.b]
host = "h2"
[[vm.b.disk]]
[[vm.b.workload]]
kind = "closed"
sizes = { "4 KiB" = 1, "1 MiB" = 2 }
[[vm.b.workload]]
two_state = { busy_rate = "9 iops" }
disks = [
  0, # the first
]
[protection]
vadp.n = { vms = ["a", "b"], interval = "5 s", serving_host = "h2" }
vaio.r = { vms = ["a-2"], link = "1 Mbit/s" }
"""
WORDS = ["name", "vm", "disk", "size", "count", "sql", "x", "rate", "vms", "kind", "trace", "read", "latency", "a.b"]
VALUES = [
    "0", "-1", "3", "1.5", "nan", "inf", "true", "1979-05-27", "07:32:00", '""', '"8 KiB"', '"4 ms"', '"8 kb"',
    '"none"', '"60 %"', '"sql"', '"99999999999 TiB"', '"1 ns"', "[]", "[[]]", "{}", '["sql"]', "[1, 'x']", "{ a = 1 }",
    "9223372036854775807", "'''x\ny'''", '"\\u0000"', '"trace"', '"closed"', '"zipf"', '"1 B"', '"0 s"', '"1 iops"',
    '"/dev/null"', "99999",
]  # fmt: skip
PIECES = [*VALUES, *WORDS, "[", "]", "{", "}", "=", ".", '"', "'", "#", "\n", "\\", ",", " ", "\t", "é", "\0", "\r",
          "[[vm.sql.disk]]\n", "[run]\n", '"""', "\ufeff"]  # fmt: skip

EDITS = st.lists(
    st.tuples(st.sampled_from(["drop line", "double line", "move line", "new value", "new key", "put", "cut", "end"]),
              st.integers(0, 10**6), st.integers(0, 10**6), st.sampled_from(PIECES), st.sampled_from(VALUES)),
    min_size=1, max_size=5)  # fmt: skip


def edited(text: str, edits: list[tuple[str, int, int, str, str]]) -> str:
    """The text after all edits."""
    for kind, first, second, piece, value in edits:
        lines = text.split("\n")
        line, other = first % len(lines), second % len(lines)
        at = first % (len(text) + 1)
        if kind == "drop line":
            del lines[line]
        elif kind == "double line":
            lines.insert(other, lines[line])
        elif kind == "move line":
            lines.insert(other, lines.pop(line))
        elif kind == "new value" and "=" in lines[line]:
            lines[line] = f"{lines[line].split('=')[0]}= {value}"
        elif kind == "new key" and "=" in lines[line]:
            lines[line] = f"{piece} ={lines[line].split('=', 1)[1]}"
        text = "\n".join(lines)
        if kind == "put":
            text = text[:at] + piece + text[at:]
        elif kind == "cut":
            text = text[:at] + text[at + second % 40 :]
        elif kind == "end":
            text = text[:at]
    return text


def check_valid(scenario: Scenario) -> None:
    """Every name stands for something, every index for a disk; nothing is negative."""
    hosts, stores = {host.name for host in scenario.hosts}, {store.name for store in scenario.datastores}
    vms = {vm.name: vm for vm in scenario.vms}
    assert len(vms) == len(scenario.vms) > 0
    for vm in scenario.vms:
        assert vm.host in hosts
        assert {disk.datastore for disk in vm.disks} <= stores
        for workload in vm.workloads:
            assert workload.disks
            assert all(0 <= index < len(vm.disks) for index in workload.disks)
            assert (workload.trace is not None) == (workload.kind == "trace")
            room = min(vm.disks[index].size_bytes for index in workload.disks)
            for region in (workload.read_addresses, workload.write_addresses):
                end = region.start_bytes + region.span_bytes if region.span_bytes else room
                assert workload.trace or max(size for size, _ in workload.sizes) <= end - region.start_bytes <= room
    assert all(name in vms for job in (*scenario.vadp, *scenario.vaio) for name in job.vms)
    assert all(job.serving_host in hosts for job in scenario.vadp)
    assert scenario.run.warmup_ns < scenario.run.duration_ns
    assert not re.search(r":-[0-9]", scenario.identity)


def outcome(text: str, overrides: Overrides | None = None) -> str:
    """ "scenario" or "messages"; fails the test for a wrong scenario, an unlocated message, or anything else."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "s.toml"
        path.write_bytes(text.encode("utf-8", "surrogatepass"))
        lines = text.replace("\r\n", "\n").count("\n") + 1
        messages: list[str] = []
        try:
            loaded = load(path, overrides)
            check_valid(loaded.scenario)
            messages, result = loaded.warnings, "scenario"
        except InputError as error:
            messages, result = error.messages, "messages"
            assert messages
        for message in messages:
            place = re.match(re.escape(str(path)) + r":(\d+):(\d+): .", message)
            assert (place and 1 <= int(place[1]) <= lines) or message.startswith("--")
            assert message.replace("\n", "").isprintable()
        return result


@pytest.mark.parametrize("name", TEXTS)
@settings(max_examples=-(-500 // len(TEXTS)))
@given(edits=EDITS)
def test_an_edited_text_loads_or_tells_located_mistakes(name: str, edits: list[tuple[str, int, int, str, str]]) -> None:
    outcome(edited(TEXTS[name], edits))


OPTIONS = st.builds(
    Overrides,
    seed=st.none() | st.integers(),
    replications=st.none() | st.integers(),
    duration=st.none() | st.text(max_size=8),
    trace=st.none() | st.just(Path("/dev/null")),
    trace_group=st.none() | st.text(max_size=4),
)


@settings(max_examples=60)
@given(st.text(max_size=60), OPTIONS)
def test_any_text_and_any_options_too(text: str, overrides: Overrides) -> None:
    outcome(text.encode("utf-8", "replace").decode(), overrides)
    outcome(TEXTS["minimal"], overrides)


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6) | st.sampled_from(["8 KiB", "4 ms"]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(WORDS), inner, max_size=2),
    max_leaves=4,
)


def paths_in(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [found for key, inner in items for found in ((*path, key), *paths_in(inner, (*path, key)))]


@pytest.mark.parametrize("name", ["demo", "mixed"])
@settings(max_examples=60)
@given(changes=st.lists(st.tuples(st.integers(0, 10**6), ANYTHING, st.sampled_from(["put", "drop", "add"])),
                        min_size=1, max_size=4))  # fmt: skip
def test_a_changed_dictionary_builds_or_tells_paths(name: str, changes: list[tuple[int, Any, str]]) -> None:
    data = tomllib.loads(TEXTS[name])
    for place, value, kind in changes:
        every = paths_in(data)
        if not every:
            break
        path = every[place % len(every)]
        holder: Any = data
        for part in path[:-1]:
            holder = holder[part]
        if kind == "add" and isinstance(holder, dict):
            holder[WORDS[place % len(WORDS)]] = copy.deepcopy(value)
        elif kind == "drop":
            del holder[path[-1]]
        else:
            holder[path[-1]] = copy.deepcopy(value)
    messages: list[str] = []
    try:
        check_valid(build(data))
    except InputError as error:
        messages = error.messages
        assert messages
    assert all(message.startswith("scenario: ") for message in messages)


def test_the_fuzz_reaches_both_outcomes() -> None:
    assert {outcome(text) for text in TEXTS.values()} == {"scenario"}
    assert outcome(TEXTS["demo"][:900]) == "messages"
