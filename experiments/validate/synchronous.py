"""Synchronous replication, cuts of the link, and the journal's history against closed forms and published examples."""

from dataclasses import replace

from experiments.validate import published
from experiments.validate.build import GIB, KIB, MIB, MS, US, S, closed_loop, disk, law, open_loop, scenario, store, vm
from experiments.validate.growth import JOB
from experiments.validate.measure import mean_latency, one, rate
from experiments.validate.replication import LINK, WRITE, even_writes, replicated
from experiments.validate.row import Claim, Row, Slack, exact, judge, share
from models.mechanisms.bucket import transfer_ns
from models.outages import plan
from models.result import RunResult
from models.scenario import Appliance, Outage, Scenario, Vaio

SYNC = replace(LINK, synchronous=True, on_loss="hold", link_bytes_per_s=64 * MIB, link_latency_ns=5 * MS)
SIDE_BY_SIDE = "max(local, wire + journal + round trip)"
WINDOW = "bandwidth-delay: min(outstanding / (wire + round trip), 1 / wire)"


def latency() -> list[Row]:
    """One write at a time: whoever is later, disk or target, decides."""
    journal = replace(SYNC, journal_bytes_per_s=32 * MIB)
    cases = (("remote", SYNC, 1 * MS), ("local", SYNC, 20 * MS), ("remote journal", journal, 1 * MS),
             ("2:1", replace(journal, reduction_milli=2000), 1 * MS))  # fmt: skip
    rows = []
    for name, link, local in cases:
        result = one(_closed(link, 1, local, 4), "vaio")
        wire = transfer_ns(WRITE * 1000 // link.reduction_milli, link.link_bytes_per_s)
        durable = transfer_ns(WRITE, link.journal_bytes_per_s)
        expected = max(local, wire + durable + 2 * link.link_latency_ns)
        claim = Claim(f"synchronous write, {name}: latency", SIDE_BY_SIDE, "ms")
        rows.append(judge(claim, expected / MS, mean_latency(result) / MS, exact()))
    claim = Claim("synchronous, in sync: highest recovery-point age", "RPO 0", "s")
    return [*rows, judge(claim, 0.0, _oldest_s(one(_closed(SYNC, 8, MS, 4), "vaio")), exact())]


def throughput() -> list[Row]:
    """Writes outstanding against a link of 64 MiB/s and 10 ms of round trip: 11 writes of 64 KiB are on their way."""
    rows = []
    for outstanding in (1, 4, 8, 64):
        wire, trip = WRITE / (64 * MIB), 0.01
        expected = min(outstanding / (wire + trip), 1 / wire)
        found = rate(one(_closed(SYNC, outstanding, MS, 11), "vaio"))
        claim = Claim(f"synchronous, {outstanding} outstanding: writes a second", WINDOW, "iops")
        rows.append(judge(claim, expected, found, share(expected, 0.01, "writes under way at both ends")))
    return rows


def _closed(link: Vaio, outstanding: int, local_ns: int, seconds: int) -> Scenario:
    workload = closed_loop(outstanding, read_ppm=0, size_bytes=WRITE)
    spec = scenario((vm("vm", workload),), (store(0, law(local_ns)),), seconds * S, S)
    return replace(spec, vaio=(link,), arms=("vaio",))


def _oldest_s(result: RunResult) -> float:
    """The highest recovery-point age of the run, in seconds."""
    return max(ramp.v0_ns + ramp.slope * (ramp.t1_ns - ramp.t0_ns) for ramp in result.recovery[0].age) / S


# -- cuts ------------------------------------------------------------------------------------------------------------


def cut() -> list[Row]:
    """8 MiB/s of writes on a link of 24 MiB/s, a checkpoint each second, the link cut for 20 s at 10.25 s.

    The checkpoint of 11 s waits for the connection and for 0.75 s of writes; all is made up for at 24 - 8 MiB/s.
    """
    start, length, inflow, outflow, delay = 10.25, 20, 8, 24, 0.01
    link = replace(LINK, link_bytes_per_s=outflow * MIB, link_latency_ns=10 * MS, outages=(_outage(start, length),),
                   link_timeout_ns=60 * S)  # fmt: skip
    result = one(replicated(even_writes(((60, inflow * MIB // WRITE),), WRITE, GIB), link, GIB, 60), "vaio")
    back, first = start + length, 11.0
    usable = back + inflow * (first - start) / outflow + delay
    late = [p for p in result.points if (p.usable_ns - p.point_ns) / S > delay + 2 * WRITE / (outflow * MIB)]
    made_up = back + inflow * length / (outflow - inflow)
    buffered = max(row.backlog_bytes for row in result.flows if row.link == "cdp WAN") / MIB
    a_write = Slack(
        2 * WRITE / (outflow * MIB) + WRITE / (inflow * MIB), "two writes on the link, one between checkpoints"
    )
    return [
        judge(Claim("cut of 20 s: highest recovery-point age", "back + w (checkpoint - cut) / r + delay - last", "s"),
              usable - 10, _oldest_s(result), a_write),
        judge(Claim("cut of 20 s: last checkpoint that comes late", "back + w T / (r - w)", "s"),
              made_up, late[-1].point_ns / S, Slack(1.0, "a checkpoint a second")),
        judge(Claim("cut of 20 s: backlog at 30 s", "fluid buffer: w (t - cut)", "MiB"),
              inflow * (30 - start), buffered, Slack(2 * WRITE / MIB, "two writes")),
    ]  # fmt: skip


def overflowing_cut() -> list[Row]:
    """The same with a buffer of 64 MiB: full 8 s after the cut, empty 64 / 24 s after the link is back, then resync."""
    start, length, inflow, outflow, buffer = 10.25, 20, 8, 24, 64
    link = replace(LINK, link_bytes_per_s=outflow * MIB, outages=(_outage(start, length),), link_timeout_ns=60 * S,
                   buffer_bytes=buffer * MIB)  # fmt: skip
    result = one(replicated(even_writes(((60, inflow * MIB // WRITE),), WRITE, GIB), link, GIB, 60), "vaio")
    full = next((row.start_ns for row in result.modes if row.mode == "overflow"), -1) / S
    began = next((row.start_ns for row in result.modes if row.mode == "resync"), -1) / S
    a_write = Slack(2 * WRITE / (inflow * MIB), "two writes")
    return [
        judge(Claim("cut of 20 s, 64 MiB of buffer: full at", "cut + buffer / w", "s"),
              start + buffer / inflow, full, a_write),
        judge(Claim("cut of 20 s, 64 MiB of buffer: resync from", "back + buffer / r", "s"),
              start + length + buffer / outflow, began, a_write),
    ]  # fmt: skip


def probing() -> list[Row]:
    """The connection is given up after 60 s; probes after 10, 20, 30 ... 90 s more, then every 90 s."""
    rows = []
    for seconds, back in ((59, 59), (61, 70), (500, 510), (1200, 1230)):
        found = plan([(0, seconds * S)], 60 * S, 10 * S, 90 * S, 0)[0]
        claim = Claim(f"link cut for {seconds} s: connection back after", published.HBR_RETRIES, "s", "calibrated")
        rows.append(judge(claim, float(back), found.back / S, exact()))
    return rows


def _outage(start_s: float, length_s: int) -> Outage:
    return Outage(round(start_s * S), length_s * S)


# -- the journal -----------------------------------------------------------------------------------------------------


def journal() -> list[Row]:
    """History is the shorter of the window and size / rate; Zerto's example of 50 GB."""
    rows, write = [], 4_000_000
    cases = (
        ("60 s wanted, size for 100 s", 60, 700_000_000, 60.0, Claim("", "min(window, size / rate)", "s")),
        ("60 s wanted, size for 30 s", 60, 840_000_000 // 4, 30.0, Claim("", "min(window, size / rate)", "s")),
    )
    for name, window, size, expected, claim in cases:
        history = _history(window, size, 7_000_000, write // 8, 150)
        rows.append(judge(claim._replace(text=f"journal, {name}: oldest point"), expected, history,
                          Slack(1.1, "a checkpoint a second, a write")))  # fmt: skip
    claim = Claim("journal of 50 GB at 28 MB/s, 4 h wanted: oldest point", published.ZERTO_JOURNAL, "min", "calibrated")
    found = _history(4 * 3600, 50_000_000_000, 28_000_000, write, 2000, 10) / 60
    return [*rows, judge(claim, 30.0, found, Slack(0.5, "the rate is inferred from the same example, to the minute"))]


def _history(window: int, size: int, inflow: int, write: int, seconds: int, checkpoint: int = 1) -> float:
    """Age of the oldest point at the end, in seconds."""
    link = replace(LINK, link_bytes_per_s=1 << 40, history_ns=window * S, journal_size_bytes=size,
                   checkpoint_ns=checkpoint * S)  # fmt: skip
    spec = replicated(even_writes(((seconds, inflow // write),), write, 4 * GIB), link, 4 * GIB, seconds)
    row = one(spec, "vaio").journals[-1]
    return (row.t_ns - row.oldest_ns) / S


# -- published examples ----------------------------------------------------------------------------------------------


def examples() -> list[Row]:
    """Buffers, links and rates that vendors work out."""
    buffer, size, source = 1_337_000_000, GIB, published.ZERTO_BUFFER
    compressed = replace(LINK, buffer_bytes=2 * buffer, link_bytes_per_s=25_000_000, reduction_milli=2000)
    full = next((row.start_ns for row in _busy(compressed, 60).modes if row.mode == "overflow"), -1) / S
    roomy = _busy(replace(compressed, buffer_bytes=buffer, link_bytes_per_s=50_000_000), 60)
    daily = replicated(even_writes(((60, 176),), 64 * KIB, size), replace(LINK, link_bytes_per_s=1 << 40), size, 60)
    mbit = sum(row.bytes for row in one(daily, "vaio").flows) * 8 / 60 / 1e6
    sync = replace(LINK, seeded=False, link_bytes_per_s=published.SYNC_RATE)
    machine = vm("vm", closed_loop(0), (disk("vm:0", 100_000_256),))
    idle = scenario((machine,), (store(0, law(100 * US)),), 20 * S)
    done = one(replace(idle, vaio=(sync,), arms=("vaio",)), "vaio").points[0].usable_ns / S
    return [
        judge(Claim("1337 MB buffer of compressed bytes, 100 MB/s at 50 %: overflows after", source, "s"),
              53.0, full, Slack(0.6, "published to the second")),
        judge(Claim("100 MB/s at 50 % over 50 MB/s: seconds in overflow", f"{source}: WAN needed 50 MB/s", "s"),
              0.0, float(sum(r.end_ns - r.start_ns for r in roomy.modes if r.mode != "in order")) / S, exact()),
        judge(Claim("5 % of 20 TB changed a day: mean rate", published.ZERTO_DAILY, "Mbit/s"),
              92.6, mbit, Slack(0.5, "176 writes of 64 KiB a second are 92.3")),
        judge(Claim("first sync of 100 GB over 100 Mbit/s (1 : 1000)", published.VR_FIRST_SYNC, "h", "calibrated"),
              3.0, done * 1000 / 3600, Slack(0.05, "the rate that arrives is inferred from the same example")),
    ]  # fmt: skip


def violation() -> list[Row]:
    """RPO 15 min with transfers of 10 min back to back: an instance carries the time at which its transfer started.

    Told by a backup job whose snapshot is the instance: cut at the start, usable 10 minutes later.
    """
    job = replace(JOB, interval_ns=600 * S, commit_ns=599 * S)
    idle = scenario((vm("vm", closed_loop(0), (disk("vm:0", MIB),)),), (store(0, law(100 * US)),), 4300 * S)
    ages = one(replace(idle, vadp=(job,), arms=("vadp",)), "vadp").recovery[0].age
    start, end, limit = 1200 * S, 4200 * S, 900 * S  # five cycles
    above = 0
    for ramp in ages:
        low = max(ramp.t0_ns + max(0, limit - ramp.v0_ns), start)
        above += max(0, min(ramp.t1_ns, end) - low)
    claim = Claim("RPO 15 min, transfers of 10 min: violated for, each cycle", published.VR_VIOLATION, "min")
    return [judge(claim, 5.0, above / 5 / 60 / S, Slack(0.05, "the job ends a second before the next"))]


def appliances() -> list[Row]:
    """A vRPA of 2 vCPU saturates at 50 MB/s or 4,500 writes a second, whichever is first; groups share what it has."""
    rows, box = [], Appliance("vra", 50_000_000, 4500, 0, 0)
    roomy = replace(LINK, link_bytes_per_s=1 << 40)
    for size, share_of in ((64_000, "50 MB/s"), (4_000, "4,500 writes a second")):
        expected = min(50_000_000, 4500 * size) / 1e6
        found = _carried((replace(roomy, appliance=box),), size, 80_000_000 // size)[0]
        claim = Claim(
            f"appliance of 2 vCPU, writes of {size // 1000} kB: MB/s", f"{published.VRPA}: {share_of}", "MB/s"
        )
        rows.append(judge(claim, expected, found, share(expected, 0.01, "writes under way at the end")))
    pair = tuple(
        replace(roomy, name=name, vms=(name,), appliance=replace(box, link_bytes_per_s=16_000_000)) for name in "ab"
    )  # fmt: skip
    for name, found in zip("ab", _carried(pair, 64_000, 400), strict=True):
        claim = Claim(f"two groups on a link of 16 MB/s, group {name}", "turn by turn: half of it each", "MB/s")
        rows.append(judge(claim, 8.0, found, share(8.0, 0.01, "writes under way at the end")))
    full = replace(LINK, link_bytes_per_s=8_000_000, appliance=Appliance("vra", 0, 0, 0, 200_000_000))
    both = tuple(replace(full, name=name, vms=(name,)) for name in "ab")
    result = _run(both, 1_000_000, 24, 30)
    first = min((row.start_ns for row in result.modes if row.mode == "overflow"), default=-1) / S
    claim = Claim(
        "two groups of 24 MB/s each on 8 MB/s, 200 MB of buffer: full after", "size / (inflow - outflow)", "s"
    )
    return [*rows, judge(claim, 200 / (2 * (24 - 8)), first, Slack(0.25, "writes of 1 MB on the links"))]


def _carried(links: tuple[Vaio, ...], size: int, rate_iops: int, seconds: int = 10) -> list[float]:
    """MB/s that each group's link carries, of VMs that write more than that."""
    result = _run(links, size, rate_iops, seconds)
    flows = {link.name: sum(row.bytes for row in result.flows if row.link == f"{link.name} WAN") for link in links}
    return [total / seconds / 1e6 for total in flows.values()]


def _run(links: tuple[Vaio, ...], size: int, rate_iops: int, seconds: int) -> RunResult:
    trace = even_writes(((seconds, rate_iops),), size, GIB)
    workload = replace(open_loop(0, read_ppm=0), kind="trace", trace=trace)
    machines = tuple(vm(name, workload, (disk(f"{name}:0"),)) for link in links for name in link.vms)
    spec = scenario(machines, (store(0, law(100 * US)),), seconds * S)
    return one(replace(spec, vaio=links, arms=("vaio",), run=replace(spec.run, interval_ns=S)), "vaio")


def _busy(link: Vaio, seconds: int) -> RunResult:
    """100 MB/s of writes."""
    return one(replicated(even_writes(((seconds, 100),), 1_000_000, GIB), link, GIB, seconds), "vaio")
