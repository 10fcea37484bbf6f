"""The canonical case in a scenario's words; `benchmarks/idiomatic.py` has the same in plain SimPy.

16 VMs keep 8 I/Os outstanding, think an exponential 1 ms, pass two filters of 20 us, share 64 device slots (in order of
arrival, or by mClock) and 32 servers with a lognormal service of 0.5 ms. Utilisation is about 1, mean latency 1 ms.
DSNRO is set so high that it never binds, and the host's own path costs nothing: the other model has neither.
"""

from typing import Any, Literal

from experiments.scenario import build
from models.scenario import Scenario

Scheduler = Literal["fifo", "mclock"]

GUEST: dict[str, Any] = {
    "filters": ["first", "second"],
    "disk": [{"size": "8 GiB"}],
    "workload": [{"kind": "closed", "outstanding": 8, "think": "1 ms", "read": "70 %", "size": "8 KiB"}],
}
HOP = {"down": "20 us", "up": "0 s", "distribution": "exponential"}
LAW = {"latency": "0.5 ms", "distribution": "lognormal", "sigma": 0.8, "stream": "none"}


def canonical(scheduler: Scheduler, seconds: float, seed: int, servers: int = 32) -> Scenario:
    """The case with this I/O scheduler. With mClock a quarter of the VMs is limited and a quarter has a reservation."""
    if scheduler == "mclock":
        vms = {"limited": _guests(4, limit="3000 iops"), "reserved": _guests(4, reservation="1000 iops"),
               "other": _guests(8)}  # fmt: skip
    else:
        vms = {"guest": _guests(16)}
    return build(
        {
            "name": f"canonical-{scheduler}",
            "run": {"duration": f"{seconds} s", "interval": f"{min(seconds, 1.0)} s", "seed": seed, "replications": 1},
            "host": {"esx1": {"scheduler": scheduler, "dsnro": 64, "path_latency": "0 s"}},
            "datastore": {"store": {"device_queue_depth": 64, "servers": servers, "read": LAW, "write": LAW}},
            "filter": {"first": HOP, "second": HOP},
            "vm": vms,
        }
    )


def _guests(count: int, **claims: str) -> dict[str, Any]:
    """That many VMs whose disks have these claims."""
    return {**GUEST, "count": count, "disk": [{"size": "8 GiB", **claims}]}
