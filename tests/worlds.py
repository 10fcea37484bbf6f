"""Small worlds for tests of the model: one host, one datastore of a fixed latency, nothing that costs time unasked.

Every number of a story can then be worked out by hand: a guest I/O takes 1 ms at the datastore and nothing else.
"""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import numpy as np

from experiments.scenario import build
from models.path.build import Hypervisor
from models.result import RunResult
from models.run import Run
from models.scenario import Arm, Scenario, Trace, Workload

US, MS, S = 1_000, 1_000_000, 1_000_000_000
KIB, MIB, GIB = 1 << 10, 1 << 20, 1 << 30
GRAIN = 4 * KIB

FIXED = {"latency": "1 ms", "distribution": "fixed", "stream": "none"}
WORLD: dict[str, Any] = {
    "name": "world",
    "run": {"duration": "10 s", "arms": ["none"]},
    "host": {"h": {"path_latency": "0 s"}},
    "datastore": {"d": {"capacity": "64 GiB", "servers": 1000, "read": FIXED, "write": FIXED}},
    "vm": {"a": {"disk": [{"size": "64 MiB"}]}},
    "snapshots": {
        "api": "0 s",
        "stun": {
            "stop": "10 ms", "resume": "20 ms", "close": "0 s", "create": "0 s", "open": "0 s", "close_ios": 0,
            "create_ios": 0, "open_ios": 0, "cbt_close_ios": 0, "cbt_open_ios": 0, "cpt_extra": "0 s",
        },
        "delta": {"growth": "1 MiB", "metadata": "0 %"},
        "merge": {"streams": 1, "chunk": "16 KiB", "rate": "none"},
    },
}  # fmt: skip
"""The world that stories change: `world` merges their keys into it."""

VADP: dict[str, Any] = {
    "vms": ["a"], "first": "1 s", "interval": "100 s", "query_page": "0 s", "disk_open": "0 s", "commit": "0 s",
    "reads_in_flight": 1, "stream": "none", "host_rate": "none", "reduction": 1.0,
}  # fmt: skip
"""A backup at 1 s that costs only its reads."""

VAIO: dict[str, Any] = {
    "vms": ["a"], "link": "1 MB/s", "down": "0 s", "up": "0 s", "link_latency": "0 s", "reduction": 1.0,
    "checkpoint": "1 s", "extent": "64 KiB", "buffer": "1 MB",
}  # fmt: skip
"""A replication whose link carries a byte in a microsecond."""

CROWD: dict[str, Any] = {
    "name": "crowd", "run": {"duration": "1800 ms"}, "filter": {"f": {"distribution": "exponential"}},
    "host": {"h1": {}, "h2": {"scheduler": "fifo"}},
    "datastore": {"gold": {"servers": 2, "device_queue_depth": 4, "iops": "900 iops"}, "tin": {"servers": 1}},
    "vm": {
        name: {
            "count": 2, "host": host, "filters": ["f"],
            "disk": [{"size": "8 MiB", "datastore": "gold"}, {"size": "5 MiB", "datastore": "tin"}],
            "workload": [{"rate": "80 iops", "read": "30 %", "sizes": {"4 KiB": 2, "6 KiB": 1}}, {"kind": "closed"}],
        }
        for name, host in (("a", "h1"), ("b", "h2"))
    },
    "protection": {
        "vadp": {"job": {"vms": ["a", "b"], "interval": "1 s", "disk_open": "50 ms", "parallel_vms": 2}},
        "vaio": {"copy": {"vms": ["a"], "link": "100 kB/s", "buffer": "64 KiB"}},
    },
    "snapshots": {"api": "10 ms"},
}  # fmt: skip
"""Four VMs, two hosts, two datastores, both protections: much goes on in it."""

Io = tuple[int, int, int, bool]
"""(time in ns, offset, size, write) of a recorded I/O."""


def merged(base: Any, changes: Any) -> Any:
    """`base` with the tables of `changes` merged into its tables; neither is altered."""
    if not isinstance(base, dict) or not isinstance(changes, dict):
        return changes
    return {key: merged(base.get(key), changes[key]) if key in changes else base[key] for key in {**base, **changes}}


def world(changes: dict[str, Any] | None = None) -> Scenario:
    """The small world with these changes."""
    return build(merged(WORLD, changes or {}))


def trace(ios: Iterable[Io], name: str = "script", disk: int = 0, origin: str = "external") -> Workload:
    """A workload that makes just these I/Os."""
    time, offset, size, write = (np.array(column) for column in zip(*sorted(ios), strict=True))
    columns = Trace("", name, time.astype(np.int64), offset.astype(np.int64), size.astype(np.int64), write.astype(bool))
    whole = world({"vm": {"a": {"workload": [{}]}}}).vms[0].workloads[0]
    return replace(whole, name=name, kind="trace", origin=origin, disks=(disk,), trace=columns)  # type: ignore[arg-type]


def scripted(scenario: Scenario, *workloads: Workload, vm: str = "a") -> Scenario:
    """The scenario with these workloads added to a VM."""
    vms = tuple(replace(v, workloads=(*v.workloads, *workloads)) if v.name == vm else v for v in scenario.vms)
    return replace(scenario, vms=vms)


def reads(*times: int, size: int = GRAIN, offset: int = 0) -> list[Io]:
    """Equal reads at these times."""
    return [(time, offset, size, False) for time in times]


def writes(*times: int, size: int = GRAIN, offset: int = 0) -> list[Io]:
    """Equal writes at these times."""
    return [(time, offset, size, True) for time in times]


class Played:
    """A run that went to its end, with its parts still at hand."""

    def __init__(self, scenario: Scenario, arm: Arm = "none") -> None:
        self.run = Run(scenario, arm, 0)
        self.run.go()
        self.result: RunResult = self.run.result()

    @property
    def parts(self) -> Hypervisor:
        return self.run.hypervisor

    def latency(self, ordinal: int, vm: int = 0, workload: str = "script") -> int:
        """Guest latency of one I/O, in ns; it must be among the slowest kept."""
        return self._slow(ordinal, vm, workload).latency_ns

    def ledger(self, ordinal: int, vm: int = 0, workload: str = "script") -> dict[str, int]:
        """Its ledger without the causes that took no time."""
        slow = self._slow(ordinal, vm, workload)
        return {cause: ns for cause, ns in zip(self.result.causes, slow.ledger_ns, strict=True) if ns}

    def delivered(self, ordinal: int, vm: int = 0, workload: str = "script") -> int:
        """When the guest had it."""
        slow = self._slow(ordinal, vm, workload)
        return slow.arrival_ns + slow.latency_ns

    def commands(self, cause: str, datastore: str = "d") -> tuple[int, int, int]:
        """(commands, bytes read, bytes written) of one cause."""
        rows = [row for row in self.result.devices if row.cause == cause and row.datastore == datastore]
        return (rows[0].commands, rows[0].bytes_read, rows[0].bytes_written) if rows else (0, 0, 0)

    def _slow(self, ordinal: int, vm: int, workload: str):  # type: ignore[no-untyped-def]
        kept = self.result.vms[vm].slowest
        return next(one for one in kept if one.ordinal == ordinal and one.workload == workload)
