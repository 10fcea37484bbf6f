"""Law: the compiled path gives what the readable path gives, to the bit: every row, every bucket, or the same error."""

from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from engines import agreed, cramped, difference, happened, outcome
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from random_extremes import chains, coarse, extremes, fine
from random_worlds import scenarios
from worlds import MS, VADP, VAIO, merged, scripted, trace, world, writes

from experiments.bench.canonical import canonical
from experiments.scenario import load
from models.run import Run
from models.scenario import Arm, Engine, Scenario

ROOT = Path(__file__).parents[2]
ARMS: st.SearchStrategy[Arm] = st.sampled_from(["none", "vadp", "vaio", "both"])
BACKED_UP: st.SearchStrategy[Arm] = st.sampled_from(["vadp", "both"])
ALL = list(HealthCheck)
WANTED = {
    "ok", "failed", "skipped", "unfinished", "ok, needs consolidation",
    "first sync", "in order", "overflow", "resync",
    "data", "parent read", "metadata", "mirror", "merge", "backup", "snapshot",
    "guest queue", "stun hold in", "stun hold out", "mirror hold", "data: limit", "data: DSNRO", "data: device queue",
    "data: service", "metadata: DSNRO", "mirror: service", "parent read: service", "filter plain", "filter noisy",
    "filter copy0", "host path", "late mirror copy", "late guest disk timeout", "idle VM",
    "in sync", "out of sync", "connection lost", "connection lived",
    "memory", "snapshot delete", "helper create", "helper merge", "quiesced: ok",
    "quiesced: failed", "quiesce hold",
    "refused", "destage", "cached", "I/O credit", "byte credit", "SIOC latency",
    "unseen write",
}  # fmt: skip
"""What must occur among the random runs: engines that agree on what never happens have agreed on little."""


def together(seen: set[str], worlds: st.SearchStrategy[Scenario], arms: st.SearchStrategy[Arm], examples: int) -> None:
    """Both engines agree on so many of these worlds; what happened in them is added to `seen`."""

    @settings(max_examples=examples, suppress_health_check=ALL, database=None)
    @given(worlds, arms)
    def agree(scenario: Scenario, arm: Arm) -> None:
        seen.update(happened(agreed(scenario, arm)))

    agree()


def test_both_engines_agree_whatever_happens() -> None:
    seen: set[str] = set()
    together(seen, scenarios(800), ARMS, 110)
    together(seen, coarse(600), ARMS, 32)
    together(seen, fine(400), ARMS, 6)
    together(seen, extremes(300), ARMS, 8)
    together(seen, chains(300), BACKED_UP, 40)
    assert WANTED - seen == set()


@pytest.mark.slow
@pytest.mark.parametrize("worlds", [scenarios(2_000), coarse(), fine(), extremes(), chains()], ids="mcfec")
def test_both_engines_agree_in_many_more(worlds: st.SearchStrategy[Scenario]) -> None:
    together(set(), worlds, ARMS, 40)


@pytest.mark.parametrize("examples", [2, pytest.param(6, marks=pytest.mark.slow)])
def test_coming_back_for_memory_heap_draws_or_budget_changes_no_bit(examples: int) -> None:
    @settings(max_examples=examples, suppress_health_check=ALL, database=None)
    @given(st.one_of(scenarios(250), coarse(250), chains(100)), ARMS)
    def agree(scenario: Scenario, arm: Arm) -> None:
        roomy = outcome(scenario, arm, "compiled")
        with cramped():
            tight = outcome(scenario, arm, "compiled")
        assert roomy == tight, difference(roomy, tight)

    agree()


# -- scenarios by name -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "duration", "arm"),
    [("demo", 11_500, "both"), ("oltp-host", 250, "vaio"), ("backup-night", 10_500, "vadp"),
     ("replication-overflow", 9_000, "vaio")],
)  # fmt: skip
def test_the_shipped_scenarios_cut_short(name: str, duration: int, arm: Arm) -> None:
    """(By their own start of backups and bursts; the busy host without its warm-up.)"""
    spec = load(ROOT / "scenarios" / f"{name}.toml").scenario
    run = replace(spec.run, duration_ns=duration * MS, warmup_ns=0, interval_ns=min(spec.run.interval_ns, 100 * MS))
    assert not isinstance(agreed(replace(spec, run=run), arm), str)


@pytest.mark.parametrize("scheduler", ["fifo", "mclock"])
def test_the_canonical_case(scheduler: Any) -> None:
    assert not isinstance(agreed(canonical(scheduler, 0.05, 1), "none"), str)


def events_of(engine: Engine) -> tuple[int, int]:
    """Of a short canonical run: guest I/Os delivered, and events that went through a heap."""
    run = Run(canonical("fifo", 0.05, 1), "none", 0, engine)
    run.go()
    parts: Any = run.hypervisor
    ios = sum(row.ios for row in run.result().intervals)
    return ios, parts.events if engine == "simpy" else int(parts.engine.world.pops)


def test_how_many_events_an_io_takes() -> None:
    """Its think time, its hops down and its service; on the readable path its device's dispatch goes by the heap, too.

    (The hops up take no time here.) What is under way at the start and at the end is counted in part.
    """
    outstanding = 16 * 8
    ios, moments = events_of("simpy")
    same, pops = events_of("compiled")
    assert ios == same > 2_000
    assert abs(pops - 3 * ios) <= 3 * outstanding
    assert abs(moments - 4 * ios) <= 4 * outstanding


BUSY = {"kind": "open", "rate": "300 iops", "size": "4 KiB", "read": "50 %"}
TIMED = {**BUSY, "origin": "guest"}
LOOP = {"kind": "closed", "outstanding": 4, "think": "0 s", "size": "4 KiB", "read": "50 %"}
PROTECTED: dict[str, Any] = {
    "run": {"duration": "1 s"},
    "protection": {"vadp": {"job": {**VADP, "interval": "400 ms", "first": "100 ms"}}, "vaio": {"copy": VAIO}},
}
NAMED: dict[str, dict[str, Any]] = {
    "many VMs on a host": {
        "datastore": {"d": {"servers": 8, "device_queue_depth": 16}},
        "vm": {"a": {"count": 64, "workload": [{**BUSY, "rate": "25 iops"}]}},
        "protection": {"vadp": {"job": {"vms": ["a"]}}, "vaio": {"copy": {"vms": ["a"]}}},
    },
    "a full adapter": {"vm": {"a": {"workload": [{**BUSY, "rate": "3000 iops"}], "adapter_queue_depth": 2}}},
    "deep queues": {
        "datastore": {"d": {"servers": 1}},
        "vm": {"a": {"workload": [{**LOOP, "outstanding": 256}], "disk_queue_depth": 64, "adapter_queue_depth": 128}},
    },
    "loops that do not think": {"vm": {"a": {"workload": [LOOP, {**LOOP, "name": "other"}]}}},
    "a guest at rest": {"vm": {"a": {"workload": [BUSY, LOOP]}}, "protection": {"vadp": {"job": {"quiesce": True}}}},
    "a guest at rest between windows": {
        "run": {"observe": [{"start": "600 ms", "duration": "200 ms"}], "observe_warmup": "0 s"},
        "vm": {"a": {"workload": [BUSY]}},
        "protection": {"vadp": {"job": {"quiesce": True}}},
    },
    "a guest that is too busy": {
        "vm": {"a": {"workload": [BUSY], "guest": {"freeze_limit": "30 ms", "prepare": "10 ms"}}},
        "protection": {"vadp": {"job": {"quiesce": True, "on_quiesce_failure": "crash-consistent"}}},
    },
    "memory": {"vm": {"a": {"workload": [BUSY], "guest": {"memory": "100 MiB"}}},
               "protection": {"vadp": {"job": {"memory": True}}}},
    "helper rounds": {
        "snapshots": {"consolidation": "helper", "helper": {"estimate": "1 ms", "force": True, "rounds": 3}},
        "vm": {"a": {"workload": [BUSY, LOOP]}},
    },
    "the array's snapshots": {"snapshots": {"format": "native"}, "vm": {"a": {"workload": [BUSY]}}},
    "removals tried again": {
        "snapshots": {"removal": {"failure": "60 %", "retries": 3, "wait": "50 ms"}},
        "vm": {"a": {"workload": [BUSY]}},
    },
    "a datastore that fills up": {
        "datastore": {"d": {"capacity": "65 MiB"}}, "snapshots": {"full": {"wait": "40 ms", "freed": "512 KiB"}},
        "vm": {"a": {"workload": [BUSY, LOOP]}}, "protection": {"vadp": {"job": {"quiesce": True, "disk_open": "1 s"}}},
    },
    "a datastore that fills again and again": {
        "datastore": {"d": {"capacity": "66048 KiB"}},
        "snapshots": {"full": {"wait": "40 ms", "freed": "256 KiB"}, "delta": {"growth": "64 KiB"}},
        "vm": {"a": {"workload": [BUSY, LOOP]}}, "protection": {"vadp": {"job": {"disk_open": "1 s"}}},
    },
    "a stun while a question waits": {
        "datastore": {"d": {"capacity": "66048 KiB"}},
        "snapshots": {"full": {"wait": "300 ms", "freed": "256 KiB"}, "delta": {"growth": "64 KiB"}},
        "vm": {"a": {"workload": [BUSY, LOOP]}}, "protection": {"vadp": {"job": {"disk_open": "20 ms"}}},
    },
    "a question in a stun of a guest at rest": {
        "run": {"duration": "4 s"}, "filter": {"f": {"distribution": "exponential", "down": "30 ms"}},
        "datastore": {"d": {"capacity": "66048 KiB"}},
        "snapshots": {
            "full": {"wait": "10 ms", "freed": "64 KiB"}, "delta": {"growth": "64 KiB"}, "merge": {"limit": "1 ns"},
        },
        "vm": {"a": {
            "filters": ["f"], "workload": [{**BUSY, "rate": "1000 iops"}],
            "guest": {"prepare": "1 ms", "dirty": "4 KiB", "dirty_most": "8 KiB"},
        }},
        "protection": {"vadp": {"job": {"quiesce": True, "interval": "150 ms", "disk_open": "1 ms"}}},
    },
    "a datastore that nobody frees": {
        "datastore": {"d": {"capacity": "66048 KiB"}},
        "snapshots": {"full": {"answer": "cancel", "wait": "40 ms"}, "delta": {"growth": "64 KiB"}},
        "vm": {"a": {"workload": [BUSY, LOOP]}}, "protection": {"vadp": {"job": {"disk_open": "1 s"}}},
    },
    "a job that takes too long": {
        "vm": {"a": {"workload": [BUSY]}}, "protection": {"vadp": {"job": {"job_limit": "60 ms"}}},
        "snapshots": {"merge": {"limit": "1 ns"}},
    },
    "a target that is far away": {
        "vm": {"a": {"workload": [BUSY, LOOP]}},
        "protection": {"vaio": {"copy": {"synchronous": True, "link": "50 MB/s", "link_latency": "5 ms"}}},
    },
    "a clock that stands still": {"vm": {"a": {"workload": [TIMED, LOOP], "guest_clock": "frozen"}}},
    "a clock that jumps": {"vm": {"a": {"workload": [TIMED, LOOP], "guest_clock": "jumps"}}},
}  # fmt: skip


MUST = {
    "a guest that is too busy": {"ok, crash-consistent"},
    "a datastore that fills again and again": {"asked: retry", "space hold"},
    "a target that is far away": {"a wait for a replica"}, "a job that takes too long": {"job took longer"},
    "a question in a stun of a guest at rest": {"asked at rest and stunned"},
    "a full adapter": {"table misses"}, "a datastore that nobody frees": {"asked: cancel"},
}  # fmt: skip
"""What must occur there: it is too rare in random worlds."""


@pytest.mark.parametrize("name", NAMED)
def test_worlds_by_name(name: str) -> None:
    result = agreed(world(merged(PROTECTED, NAMED[name])), "both")
    assert not isinstance(result, str)
    assert MUST.get(name, set()) <= happened(result)


TURNS: dict[str, dict[str, Any]] = {
    "nbdssl": {"ssl": "9 MB/s", "ssl_host": "12 MB/s", "connections": 1},
    "hotadd": {"attach": "7 ms", "detach": "3 ms", "lock_recovery": "50 ms", "proxy": "p"},
    "san": {"proxy": "p"},
}  # fmt: skip


@pytest.mark.parametrize("kind", TURNS)
def test_backups_that_wait_and_are_throttled(kind: str) -> None:
    """Two jobs at one proxy of two places, on a datastore that is slow when they read."""
    job = {key: value for key, value in VADP.items() if key != "host_rate"} | {
        "transport": kind, **TURNS[kind], "interval": "700 ms", "reads_in_flight": 4, "parallel_vms": 2,
        "tool_block": "64 KiB", "first": "100 ms", "job_limit": "500 ms", "into": "r",
    }  # fmt: skip
    vms = {name: {"host": "h", "workload": [BUSY], "disk": [{"size": "3 MiB"}, {"size": "1 MiB"}]} for name in "abcd"}
    made = agreed(world(merged({"vm": vms}, {
        "run": {"duration": "2 s"}, "host": {"h": {}, "other": {"path_latency": "0 s"}},
        "datastore": {"d": {"servers": 4, "kind": "vmfs" if kind == "san" else "nfs3"}},
        "proxy": {"p": {"host": "other", "tasks": 2, "queue_depth": 3}}, "repository": {"r": {"tasks": 3}},
        "protection": {
            "vadp": {"one": {**job, "vms": ["a", "b"]}, "two": {**job, "vms": ["c", "d"], "order": "missed first"}},
            "control": {"throttle_latency": "2 ms", "stop_latency": "1800 us", "poll": "20 ms", "open_snapshots": 3},
        },
    })), "vadp")  # fmt: skip
    assert not isinstance(made, str)
    assert any(row.reads_allowed < 4 and row.tasks for row in made.control)
    assert any(row.reads_allowed > before.reads_allowed for before, row in pairwise(made.control))
    assert any(row.stopped for row in made.control)
    assert ("lock recovery" in {stun.reason for stun in made.stuns}) == (kind == "hotadd")


def test_a_chain_that_grows_because_no_merge_ends() -> None:
    grows = {"snapshots": {"merge": {"limit": "1 ns"}}, "vm": {"a": {"workload": [BUSY]}}}
    assert "deep chain" in happened(agreed(world(merged(PROTECTED, grows)), "both"))


def recorded() -> Scenario:
    """A trace: bursts at one instant, and I/Os between."""
    ios = [(n // 7 * 20 * MS, (n * 37 % 900) * 4096, 4096 * (1 + n % 3), n % 3 > 0) for n in range(500)]
    return scripted(world(PROTECTED), trace(ios))


def test_a_recorded_workload() -> None:
    assert not isinstance(agreed(recorded(), "both"), str)


def claims() -> dict[str, Any]:
    """Limited and reserved disks at a full device: a reservation lets commands go before their limit's tag is due.

    The note of that tag then finds its command gone, or another one in its place.
    """
    loop = {"kind": "closed", "size": "64 KiB"}
    loops = [{**loop, "name": f"w{n}", "outstanding": 4 + 4 * (n > 0), "disks": [n]} for n in range(3)]
    loops = [{**one, "think": think} for one, think in zip(loops, ("3 ms", "0 s", "3 ms"), strict=True)]
    bursts = {"busy_rate": "900 iops", "quiet": "100 ms", "busy": "50 ms"}
    bursty = {"kind": "open", "name": "o", "rate": "100 iops", "two_state": bursts, "disks": [0]}
    law = {"latency": "3 ms", "stream": "none"}
    claim = {"size": "64 MiB", "limit": "20 iops", "reservation": "10 iops"}
    return {
        "run": {"duration": "1 s", "seed": 14}, "host": {"h": {"dsnro": 2, "idle_credit": 4}},
        "datastore": {"d": {"servers": 2, "device_queue_depth": 2, "read": law, "write": law}},
        "vm": {"a": {"disk": [claim, claim, {"size": "64 MiB"}], "workload": [*loops, bursty]}},
    }  # fmt: skip


def test_limits_below_which_something_is_reserved() -> None:
    assert {"data: limit", "data: DSNRO"} <= happened(agreed(world(claims()), "none"))


def test_limits_of_a_hold_after_a_quiet_time() -> None:
    """A look that finds nothing held ends the looking; the next held write begins it anew."""
    held = {"synchronous": True, "on_loss": "asynchronous", "hold_limit": "20 ms"}
    times = [100 * MS, *(300 * MS + n * MS for n in range(20))]  # each crosses the link in 16 ms
    story = scripted(
        world(merged(PROTECTED, {"protection": {"vaio": {"copy": held}}})), trace(writes(*times, size=16 << 10))
    )
    told = agreed(story, "vaio")
    assert not isinstance(told, str)
    assert [row.mode for row in told.modes][:2] == ["in sync", "in order"]


FULL = {
    "run": {"duration": "3 s"}, "datastore": {"d": {"capacity": "65 MiB"}}, "snapshots": {"full": {"answer": "end"}},
    "protection": {"vadp": {"job": {**VADP, "disk_open": "1 s"}}},
}  # fmt: skip


def test_a_datastore_that_fills_up_is_the_same_error() -> None:
    told = agreed(scripted(world(FULL), trace(writes(*(1_100 * MS + n * MS for n in range(600)), size=4096))), "vadp")
    assert not isinstance(told, str)  # one place, again and again
    spread = [(1_100 * MS + n * MS, n * 4096, 4096, True) for n in range(600)]
    told = agreed(scripted(world(FULL), trace(spread)), "vadp")
    assert told == "arm 'vadp', replicate 0: at 1.356 s: datastore 'd' is full: the delta of disk 'a:0' cannot grow"


def test_time_that_stands_still_is_the_same_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sim.clock.STANDSTILL", 1_000)  # the compiled loop keeps its own
    nothing = {"latency": "0 s", "distribution": "fixed", "stream": "none"}
    still: dict[str, Any] = {
        "datastore": {"d": {"servers": 0, "read": nothing, "write": nothing}}, "vm": {"a": {"workload": [LOOP]}},
    }  # fmt: skip
    told = agreed(world(still), "none")
    assert isinstance(told, str)
    assert "at 0.000 s: more than 1000 events at 0 ns" in told
