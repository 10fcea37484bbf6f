"""The canonical case in a scenario's words; `benchmarks/idiomatic.py` has the same in plain SimPy.

16 VMs keep 8 I/Os outstanding, think an exponential 1 ms, pass two filters of 20 us, share 64 device slots (in order of
arrival, or by mClock) and 32 servers with a lognormal service of 0.5 ms. Utilisation is about 1, mean latency 1 ms.
DSNRO is set so high that it never binds, and the host's own path costs nothing: the other model has neither.
"""

from typing import Any, Literal

from experiments.scenario import build
from models.scenario import Scenario

Scheduler = Literal["fifo", "mclock"]
SCHEDULERS: tuple[Scheduler, ...] = ("fifo", "mclock")

RATE = 64_000
"""I/Os a simulated second, about."""

CAPACITY = "16 TiB"
"""Room for the disks of far more VMs than 16."""

GUEST: dict[str, Any] = {
    "filters": ["first", "second"],
    "disk": [{"size": "8 GiB"}],
    "workload": [{"kind": "closed", "outstanding": 8, "think": "1 ms", "read": "70 %", "size": "8 KiB"}],
}
HOP = {"down": "20 us", "up": "0 s", "distribution": "exponential"}
LAW = {"latency": "0.5 ms", "distribution": "lognormal", "sigma": 0.8, "stream": "none"}


def canonical(
    scheduler: Scheduler, seconds: float, seed: int, servers: int = 32, interval_s: float | None = None
) -> Scenario:
    """The case with this I/O scheduler. With mClock a quarter of the VMs is limited and a quarter has a reservation.

    Its time series has a row a second, as scenarios have unless they say otherwise; a shorter run has one row.
    """
    if scheduler == "mclock":
        vms = {"limited": guests(4, limit="3000 iops"), "reserved": guests(4, reservation="1000 iops"),
               "other": guests(8)}  # fmt: skip
    else:
        vms = {"guest": guests(16)}
    return around(vms, scheduler, seconds, seed, servers, interval_s)


def around(
    vms: dict[str, Any], scheduler: Scheduler, seconds: float, seed: int, servers: int = 32,
    interval_s: float | None = None, protection: dict[str, Any] | None = None,
) -> Scenario:  # fmt: skip
    """The canonical case's host, filters and datastore with these VMs."""
    return build(
        {
            "name": f"canonical-{scheduler}",
            "run": {"duration": f"{seconds} s", "interval": f"{interval_s or min(1.0, seconds)} s", "seed": seed,
                    "replications": 1},
            "host": {"esx1": {"scheduler": scheduler, "dsnro": 256, "path_latency": "0 s"}},
            "datastore": {"store": {"capacity": CAPACITY, "device_queue_depth": 64, "servers": servers, "read": LAW,
                                    "write": LAW}},
            "filter": {"first": HOP, "second": HOP},
            "vm": vms,
            "protection": protection or {},
        }
    )  # fmt: skip


def guests(count: int, **claims: str) -> dict[str, Any]:
    """That many VMs whose disks have these claims."""
    return {**GUEST, "count": count, "disk": [{"size": "8 GiB", **claims}]}
