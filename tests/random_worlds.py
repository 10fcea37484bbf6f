"""Random small scenarios over the whole vocabulary, made to collide: whole milliseconds, tiny queues, odd disks.

`scenarios()` draws them; limits, drains, spaces and buffers are often too small on purpose, so that things fail.
"""

from dataclasses import replace
from typing import Any

import numpy as np
from hypothesis import strategies as st
from worlds import MS, scripted, trace

from experiments.scenario import build
from models.scenario import Scenario

Draw = st.DrawFn
SIZES = ["512 B", "4 KiB", "6 KiB", "64 KiB", "192 KiB"]
DISKS = [100 * 1024, 512 * 513, 1 << 20, (1 << 20) + 512, 3 << 20]


def _ms(most: int, least: int = 0) -> st.SearchStrategy[str]:
    return st.integers(least, most).map(lambda n: f"{n} ms")


def _maybe(strategy: st.SearchStrategy[Any], other: Any) -> st.SearchStrategy[Any]:
    return st.booleans().flatmap(lambda yes: strategy if yes else st.just(other))


PLAIN_LAW = st.fixed_dictionaries({
    "latency": _ms(6, 1), "distribution": st.sampled_from(["fixed", "fixed", "exponential", "lognormal"]),
    "stream": st.sampled_from(["none", "10 MB/s"]),
})  # fmt: skip
TABLE_LAW = st.fixed_dictionaries({
    "distribution": st.just("quantiles"), "stream": st.sampled_from(["none", "10 MB/s"]),
    "quantiles": st.tuples(_ms(2), _ms(4, 2), _ms(20, 4)).map(
        lambda times: dict(zip(("0 %", "50 %", "100 %"), times, strict=True))),
})  # fmt: skip
LAW = st.one_of(PLAIN_LAW, PLAIN_LAW, PLAIN_LAW, TABLE_LAW)
SWITCHES = st.fixed_dictionaries({"dsnro_rule": st.just("switches"), "dsnro_switches": st.integers(1, 3),
                                  "dsnro_requests": st.integers(1, 6)})  # fmt: skip
FULL = st.fixed_dictionaries({
    "qfull_sample": st.sampled_from([2, 3]), "qfull_threshold": st.integers(1, 2),
    "qfull_reading": st.sampled_from(["samples", "refusals"]),
})  # fmt: skip
CACHE = st.fixed_dictionaries({
    "size": st.sampled_from(["5 KiB", "64 KiB", "1 MiB"]), "latency": st.sampled_from(["0 s", "0.1 ms", "1 ms"]),
    "destagers": st.integers(1, 3),
})  # fmt: skip
SIOC = st.fixed_dictionaries({
    "threshold": _ms(3, 1), "period": st.sampled_from(["20 ms", "40 ms"]),
    "gain": st.sampled_from(["30 %", "80 %", "100 %"]), "smoothing": st.sampled_from(["50 %", "100 %"]),
    "least_depth": st.integers(1, 3), "shares_per_slot": st.sampled_from([100, 1000]),
})  # fmt: skip
ARRAY = st.fixed_dictionaries({}, optional={
    "cache": CACHE, "sioc": SIOC, "queue_limit": st.sampled_from([1, 1, 2]), "credit": st.sampled_from(["0 %", "50 %"]),
    "peaks": st.just({"bandwidth": "5 MB/s", "peak_bandwidth": "20 MB/s", "iops": "300 iops", "peak_iops": "900 iops"}),
})  # fmt: skip
HOST = st.fixed_dictionaries({
    "scheduler": st.sampled_from(["mclock", "fifo"]), "dsnro": st.integers(1, 4), "idle_credit": st.integers(0, 4),
    "cost_unit": st.sampled_from(["4 KiB", "32 KiB"]), "path_latency": st.sampled_from(["0 s", "10 us", "1 ms"]),
    "dsnro_per": st.sampled_from(["disk", "device"]), "busy_delay": st.sampled_from(["1 ms", "7 ms"]),
}, optional={
    "filter_cores": st.sampled_from([1, 2]),
}).flatmap(lambda host: _maybe(
    st.sampled_from(["0 s", "1 ms"]).map(lambda cpu: host | {"filter_cpu": cpu}), host
) if "filter_cores" in host else st.just(host))  # fmt: skip
STORE = st.fixed_dictionaries({
    "device_queue_depth": st.integers(1, 6), "servers": st.integers(0, 4), "read": LAW, "write": LAW,
    "bandwidth": st.sampled_from(["none", "5 MB/s"]), "iops": st.sampled_from(["none", "600 iops"]),
    "burst": st.sampled_from(["1 ns", "10 ms"]),
}, optional={
    "slowdown": st.sampled_from([{"1": 1.0, "3": 2.0}, {"1": 0.5, "2": 3.0}]),
})  # fmt: skip
DISK = st.fixed_dictionaries({
    "size": st.sampled_from(DISKS).map(lambda n: f"{n} B"), "shares": st.sampled_from([1, 500, 1000, 4000]),
    "limit": st.sampled_from(["none", "none", "50 iops", "200 iops"]),
    "reservation": st.sampled_from(["none", "20 iops", "50 iops"]),
})  # fmt: skip
ADDRESSES = st.fixed_dictionaries({
    "pattern": st.sampled_from(["uniform", "zipf", "sequential"]), "align": st.sampled_from(["512 B", "4 KiB"]),
})  # fmt: skip
WORKERS = st.sampled_from(["none", 1, 1, 2])
MIX = st.dictionaries(st.sampled_from(SIZES[:4]), st.integers(1, 3), min_size=1, max_size=3)
ORIGIN = st.sampled_from(["guest", "external"])
OPEN = st.fixed_dictionaries({
    "kind": st.just("open"), "rate": st.sampled_from(["0 iops", "20 iops", "150 iops"]), "origin": ORIGIN,
    "read": st.sampled_from(["0 %", "50 %", "100 %"]), "sizes": MIX, "addresses": ADDRESSES,
}, optional={
    "two_state": st.just({"busy_rate": "400 iops", "quiet": "300 ms", "busy": "100 ms"}),
})  # fmt: skip
CLOSED = st.fixed_dictionaries({
    "kind": st.just("closed"), "outstanding": st.integers(1, 4), "think": _ms(8), "origin": ORIGIN,
    "think_distribution": st.sampled_from(["fixed", "exponential", "lognormal"]),
    "read": st.sampled_from(["0 %", "50 %"]), "sizes": MIX, "addresses": ADDRESSES,
})  # fmt: skip
VM = st.fixed_dictionaries({
    "disk": st.lists(DISK, min_size=1, max_size=3), "workload": st.lists(OPEN | CLOSED, max_size=2),
    "filters": st.sampled_from([[], ["plain"], ["plain", "noisy"]]),
    "guest_clock": st.sampled_from(["frozen", "jumps"]),
    "disk_queue_depth": st.integers(1, 4), "adapter_queue_depth": st.integers(1, 5),
    "disk_timeout": st.sampled_from(["30 ms", "60 s"]),
    "guest": st.fixed_dictionaries({
        "memory": st.sampled_from(["1 B", "100 KiB"]), "prepare": _ms(9), "dirty": st.sampled_from(["0 B", "96 KiB"]),
        "dirty_age": _ms(99), "dirty_most": st.sampled_from(["64 KiB", "1 MiB"]),
        "flush": st.sampled_from(["512 B", "24 KiB"]), "flush_outstanding": st.integers(1, 3),
        "freeze_limit": st.sampled_from(["none"] * 4 + ["60 ms"]),
    }),
})  # fmt: skip
SNAPSHOTS = st.fixed_dictionaries({
    "api": st.sampled_from(["0 s", "5 ms"]),
    "format": st.sampled_from(["sesparse"] * 7 + ["native"]),
    "consolidation": st.sampled_from(["mirror", "mirror", "helper"]),
    "helper": st.fixed_dictionaries({
        "estimate": st.sampled_from(["1 ns", "5 ms", "12 s"]), "rounds": st.integers(0, 3), "force": st.booleans(),
    }),
    "native": st.fixed_dictionaries({"create_ios": st.integers(0, 2), "delete_ios": st.integers(0, 2)}),
    "memory": st.fixed_dictionaries({
        "io": st.sampled_from(["4 KiB", "64 KiB"]), "pause": _ms(2), "lazy": st.booleans(), "stun": _ms(3),
    }),
    "full": st.fixed_dictionaries({
        "answer": st.sampled_from(["retry", "retry", "cancel", "end"]), "wait": _ms(300, 20),
        "freed": st.sampled_from(["0 B", "100 KiB"]),
    }),
    "quiesce": st.fixed_dictionaries({
        "prepare_limit": st.sampled_from(["none", "none", "40 ms"]),
        "hold_limit": st.sampled_from(["none", "none", "15 ms"]),
    }),
    "removal": st.fixed_dictionaries({
        "failure": st.sampled_from(["0 %", "0 %", "0 %", "50 %"]), "retries": st.integers(0, 2), "wait": _ms(90, 1),
    }),
    "stun": st.fixed_dictionaries({
        "stop": _ms(5), "resume": _ms(5), "close": _ms(2), "create": _ms(2), "open": _ms(2),
        "close_ios": st.integers(0, 2), "create_ios": st.integers(0, 2), "open_ios": st.integers(0, 1),
        "cbt_close_ios": st.integers(0, 1), "cbt_open_ios": st.integers(0, 1),
        "drain_limit": st.sampled_from(["60 s", "60 s", "60 s", "4 ms"]),
    }),
    "delta": st.fixed_dictionaries({
        "grain": st.sampled_from(["512 B", "4 KiB", "64 KiB"]), "table_grains": st.sampled_from([1, 16, 4096]),
        "growth": st.sampled_from(["64 KiB", "100 KiB", "1 MiB"]), "metadata": st.sampled_from(["0 %", "1 %"]),
        "metadata_writes": st.integers(0, 2), "cached_tables": st.sampled_from([0, 1, 3]),
        "table_size": st.sampled_from(["0 B", "16 KiB"]), "directory_writes": st.integers(0, 1),
        "bloom": st.sampled_from(["none", "1 B", "8 B"]), "bloom_hashes": st.integers(1, 3),
    }),
    "merge": st.fixed_dictionaries({
        "streams": st.integers(1, 3), "chunk": st.sampled_from(["64 KiB", "128 KiB"]),
        "rate": st.sampled_from(["none", "5 MB/s"]), "limit": st.sampled_from(["24 h", "30 ms", "1 ns"]),
    }),
})  # fmt: skip
VADP = st.fixed_dictionaries({
    "first": _ms(300), "interval": _ms(900, 100), "parallel_vms": st.integers(1, 2),
    "cbt_block": st.sampled_from(["16 KiB", "64 KiB"]), "tool_block": st.sampled_from(["16 KiB", "64 KiB", "256 KiB"]),
    "query_page_extents": st.sampled_from([1, 2000]), "query_page": _ms(3), "disk_open": _ms(10),
    "reads_in_flight": st.integers(1, 3), "stream": st.sampled_from(["none", "5 MB/s"]),
    "cbt": st.sampled_from(["v1", "v2"]), "repository": st.sampled_from(["none", "5 MB/s"]),
    "reduction": st.sampled_from([1.0, 2.0]), "commit": _ms(5),
    "job_limit": st.sampled_from(["none", "60 ms", "100 ms"]),
    "on_quiesce_failure": st.sampled_from(["fail", "crash-consistent"]),
})  # fmt: skip
NBD = {"host_rate": st.sampled_from(["none", "20 MB/s"]), "connections": st.sampled_from(["none", 1, 2])}
TRANSPORTS = {
    "nbd": NBD,
    "nbdssl": {**NBD, "ssl": st.sampled_from(["none", "5 MB/s"]), "ssl_host": st.sampled_from(["none", "5 MB/s"])},
    "hotadd": {"attach": _ms(4), "detach": _ms(4), "lock_recovery": st.just("20 ms")},
    "san": {},
}
PROXY = st.fixed_dictionaries({
    "tasks": st.sampled_from(["none", 1, 2]), "rate": st.sampled_from(["none", "10 MB/s"]),
    "queue_depth": st.integers(1, 3),
})  # fmt: skip
REPOSITORY = st.fixed_dictionaries({
    "tasks": st.sampled_from(["none", 1, 2]), "rate": st.sampled_from(["none", "5 MB/s"]),
})  # fmt: skip
SCHEDULE = st.fixed_dictionaries({"order": st.sampled_from(["listed", "missed first"]), "retries": st.integers(0, 2)})
CONTROL = st.fixed_dictionaries({
    "open_snapshots": st.sampled_from(["none", "none", 1]), "datastore_tasks": st.sampled_from(["none", "none", 1, 2]),
    "stop_latency": st.sampled_from(["none", "none", "none", "4 ms", "8 ms"]), "poll": _ms(60, 20),
    "throttle_latency": st.sampled_from(["none", "none", "8 ms", "12 ms"]),
})  # fmt: skip
OUTAGES = st.lists(st.tuples(st.integers(0, 600), st.integers(1, 300)), max_size=3).map(
    lambda found: [
        {"at": f"{300 * n + sum(sum(one) for one in found[:n]) + gap} ms", "duration": f"{length} ms"}
        for n, (gap, length) in enumerate(found)
    ]
)  # fmt: skip
"""Apart, in order."""
REQUEST = st.sampled_from([{}, {}, {"quiesce": True}, {"quiesce": True}, {"memory": True}])
VAIO = st.fixed_dictionaries({
    "link": st.sampled_from(["200 kB/s", "5 MB/s"]), "down": _ms(1), "up": _ms(1),
    "buffer": st.sampled_from(["1 B", "40 KiB", "10 MB"]), "link_latency": _ms(5),
    "reduction": st.sampled_from([1.0, 3.0]), "journal": st.sampled_from(["none", "1 MB/s"]),
    "checkpoint": _ms(200, 7), "extent": st.sampled_from(["8 KiB", "64 KiB"]), "resync_reads": st.integers(1, 4),
    "seeded": st.booleans(),
    "synchronous": st.booleans(), "on_loss": st.sampled_from(["asynchronous", "asynchronous", "hold"]),
    "hold_limit": st.sampled_from(["4 ms", "60 ms", "1 s"]), "blocks_drain": st.booleans(),
    "outage": OUTAGES, "link_timeout": st.sampled_from(["0 s", "30 ms", "200 ms"]), "retry": _ms(40, 1),
    "retry_most": _ms(60, 1), "appliance": st.sampled_from([None, "box", "box"]), "history": _ms(1_000, 1),
    "journal_size": st.sampled_from(["none", "1 B", "100 KiB"]),
})  # fmt: skip


APPLIANCE = st.fixed_dictionaries({
    "throughput": st.sampled_from(["none", "300 kB/s"]), "writes": st.sampled_from(["none", "100 iops"]),
    "link": st.sampled_from(["none", "500 kB/s"]), "buffer": st.sampled_from(["none", "30 KiB", "300 KiB"]),
})  # fmt: skip


def _windows(ms: int) -> st.SearchStrategy[list[dict[str, str]]]:
    """Windows of a run of so many ms; mostly all is observed."""
    again = {"start": f"{ms // 4} ms", "duration": f"{ms // 6} ms", "every": f"{ms // 3} ms"}
    two = [{"duration": f"{ms // 8} ms"}, {"start": f"{ms // 2} ms", "duration": f"{ms // 3} ms"}]
    return st.integers(0, 4).map(lambda which: [dict(one) for one in ([], [], [], [again], two)[which]])


def bytes_of(size: str) -> int:
    """The number of bytes that a text like "6 KiB" says."""
    number, unit = size.split()
    return int(number) * {"B": 1, "KiB": 1024}[unit]


def _fit(vm: dict[str, Any]) -> dict[str, Any]:
    """Reservations below limits, I/Os that fit the disks: what the scenario's checks would refuse."""
    for disk in vm["disk"]:
        if disk["limit"] == "50 iops" and disk["reservation"] != "none":
            disk["reservation"] = "20 iops"
    room = min(bytes_of(disk["size"]) for disk in vm["disk"])
    for workload in vm["workload"]:
        workload["sizes"] = {s: w for s, w in workload["sizes"].items() if bytes_of(s) <= room}
        if not workload["sizes"]:
            workload["sizes"] = {"4 KiB": 1}
    return vm


def _acting(copy: dict[str, Any], duration_ms: int) -> dict[str, Any]:
    """The replication without keys that would be ignored, and without outages after the run."""
    found = [one for one in copy["outage"] if int(one["at"].split()[0]) < duration_ms]
    copy = copy | {"outage": found}
    idle = set() if copy["synchronous"] else {"on_loss", "hold_limit", "blocks_drain"}
    idle |= {"hold_limit"} if copy["on_loss"] == "hold" else set()
    idle |= set() if copy["outage"] else {"link_timeout", "retry", "retry_most"}
    idle |= set() if copy["appliance"] else {"appliance"}
    return {key: value for key, value in copy.items() if key not in idle}


def _with(store: dict[str, Any], array: dict[str, Any]) -> dict[str, Any]:
    """The datastore with what stands before its servers."""
    more = dict(array)
    return store | more.pop("peaks", {}) | more


def _get_their_turn(draw: Draw, job: dict[str, Any], hosts: list[str], home: str) -> None:
    """A transport with the keys that act under it, a proxy, a repository, and what becomes of failures."""
    job["transport"] = transport = draw(st.sampled_from(["nbd", "hotadd", "hotadd", *TRANSPORTS]))
    job |= draw(st.fixed_dictionaries(TRANSPORTS[transport])) | draw(SCHEDULE)
    if job["retries"]:
        job["retry_wait"] = draw(_ms(40, 1))
    if job["job_limit"] != "none":
        job["overrun"] = draw(st.sampled_from(["stop", "stop", "finish"]))
    if draw(st.integers(0, 2)) == 0:
        job["proxy"] = "p0"
    if transport != "san" and not (transport == "hotadd" and "proxy" in job):
        elsewhere = [host for host in hosts if host != home]
        job["serving_host"] = draw(st.sampled_from(hosts if transport != "hotadd" else [*elsewhere, *elsewhere, home]))
    if draw(st.booleans()):
        del job["repository"]
        job["into"] = "r0"


@st.composite
def documents(draw: Draw, duration_ms: int = 2_000) -> dict[str, Any]:
    """A random scenario as a dictionary."""
    hosts = {f"h{n}": draw(HOST) for n in range(draw(st.integers(1, 2)))}
    for host in hosts.values():
        host |= draw(_maybe(SWITCHES, {})) | draw(_maybe(FULL, {}))
    stores = {f"d{n}": _with(draw(STORE), draw(_maybe(ARRAY, {}))) for n in range(draw(st.integers(1, 2)))}
    vms = {f"v{n}": _fit(draw(VM)) for n in range(draw(st.integers(1, 3)))}
    for vm in vms.values():
        vm["host"] = draw(st.sampled_from(sorted(hosts)))
        for disk in vm["disk"]:
            disk["datastore"] = draw(st.sampled_from(sorted(stores)))
    for name, store in stores.items():
        disks = [disk for vm in vms.values() for disk in vm["disk"] if disk["datastore"] == name]
        size = sum(bytes_of(disk["size"]) for disk in disks)
        store["capacity"] = f"{size + draw(st.sampled_from([1, 200_000, 1 << 30, 1 << 30, 1 << 30]))} B"
    split = draw(st.integers(1, len(vms)))
    groups = [sorted(vms)[:split], sorted(vms)[split:]]
    jobs = {f"job{n}": draw(VADP) | draw(REQUEST) | {"vms": part} for n, part in enumerate(groups) if part}
    for job in jobs.values():
        _get_their_turn(draw, job, sorted(hosts), vms[job["vms"][0]]["host"])
    if not any(job["transport"] == "san" for job in jobs.values()):
        for store in stores.values():
            store["kind"] = draw(st.sampled_from(["nfs3", "nfs3", "nfs3", "vsan"]))
    proxies = {"p0": draw(PROXY) | {"host": draw(st.sampled_from(sorted(hosts)))}}
    control = draw(CONTROL)
    observe = draw(_windows(duration_ms))
    only = {"synchronous": False} if observe else {}
    replicas = {
        f"copy{n}": _acting(draw(VAIO) | only, duration_ms) | {"vms": p} for n, p in enumerate(reversed(groups)) if p
    }
    return {
        "name": "random",
        "run": {
            "duration": f"{duration_ms + draw(st.integers(0, 9))} ms", "interval": "250 ms",
            "seed": draw(st.integers(0, 9)),
            "observe": observe, "observe_warmup": draw(st.sampled_from(["0 s", "10 ms"])),
            "warmup": draw(st.sampled_from(["0 s", "100 ms"])), "slowest": draw(st.sampled_from([0, 3, 100_000])),
            "arms": ["none"],
        },
        "host": hosts, "datastore": stores, "vm": vms, "snapshots": draw(SNAPSHOTS),
        "filter": {
            "plain": {"down": "1 ms", "up": draw(st.sampled_from(["0 s", "10 us", "1 ms"])), "workers": draw(WORKERS)},
            "noisy": {"down": "0.1 ms", "distribution": "exponential", "workers": draw(WORKERS)},
        },
        "appliance": {"box": draw(APPLIANCE)}, "proxy": proxies, "repository": {"r0": draw(REPOSITORY)},
        "protection": {"vadp": jobs, "vaio": replicas, "control": control},
    }  # fmt: skip


RECORDED = st.lists(
    st.tuples(
        st.integers(0, 1_500), st.integers(0, 10**7), st.sampled_from([512, 700, 4096, 65_536, 100_000, 4 << 20]),
        st.booleans(),
    ),
    min_size=1,
    max_size=40,
)  # fmt: skip
"""(ms, anywhere, size, write) of recorded I/Os; `scenarios` fits them to their disk."""


WORTH_A_CIRCLE = 1_000 * MS


@st.composite
def scenarios(draw: Draw, duration_ms: int = 2_000) -> Scenario:
    """A random scenario; some VMs also replay unaligned I/Os, up to 4 MiB, at whole milliseconds."""
    scenario = build(draw(documents(duration_ms)))
    for vm in scenario.vms:
        for disk, spec in enumerate(vm.disks):
            if draw(st.integers(0, 2)) == 0:
                ios = []
                for ms, anywhere, size, write in draw(RECORDED):
                    fits = min(size, spec.size_bytes)
                    ios.append((ms * 1_000_000, anywhere % (spec.size_bytes - fits + 1), fits, write))
                recorded = trace(ios, f"trace{disk}", disk, draw(ORIGIN))
                if len(ios) > 1 and max(ios)[0] >= WORTH_A_CIRCLE:
                    begin, repeat = draw(st.sampled_from(["first", "random"])), draw(st.booleans())
                    recorded = replace(recorded, begin=begin, repeat=repeat)
                scenario = scripted(scenario, recorded, vm=vm.name)
    return scenario


def busy(scenario: Scenario, seed: int, job_limit_ns: int) -> Scenario:
    """The scenario with some 40 random writes to each disk, spread over the run, and with that limit for its jobs."""
    chance = np.random.default_rng(seed)
    for vm in scenario.vms:
        for disk, spec in enumerate(vm.disks):
            ios = []
            for time in chance.integers(0, scenario.run.duration_ns // MS, 40).tolist():
                size = min(int(chance.choice([512, 4096, 20_000])), spec.size_bytes)
                ios.append((time * MS, int(chance.integers(0, spec.size_bytes - size + 1)), size, True))
            scenario = scripted(scenario, trace(ios, f"busy{disk}", disk), vm=vm.name)
    return replace(scenario, vadp=tuple(replace(job, job_limit_ns=job_limit_ns) for job in scenario.vadp))
