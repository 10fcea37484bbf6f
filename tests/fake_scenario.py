"""A hand-made scenario that looks like the demo; `fakes` has the results that pretend to have run it."""

from experiments.validate.build import NO_CONTROL, PLAIN_SCHEDULE, PLAIN_TRANSPORT
from models.hardware import Dsnro, QueueFull
from models.scenario import (
    Addresses,
    Burst,
    Datastore,
    DeltaFormat,
    Disk,
    Filter,
    FullPolicy,
    Guest,
    HelperRounds,
    Host,
    MemoryDump,
    MergeCosts,
    NativeCosts,
    QuiesceLimits,
    RemovalPolicy,
    RunSpec,
    Scenario,
    ServiceLaw,
    SnapshotRequest,
    Snapshots,
    StunCosts,
    Timer,
    Vadp,
    Vaio,
    Vm,
    Workload,
)

S, MS, US = 10**9, 10**6, 10**3
MIB, GIB = 2**20, 2**30
DURATION, INTERVAL = 240 * S, S
CUTS = (11 * S, 91 * S, 171 * S)  # of the SQL VM; its backup starts a second before
READ_NS, COMMIT_NS, MERGE_NS = 25 * S, S, 10 * S
OVERFLOW, RESYNC, IN_ORDER_AGAIN = 130 * S, 140 * S, 165 * S
MEMBERS = (("sql", "sql", 4), ("ingest", "ingest", 1), ("vdi-1", "vdi", 1), ("vdi-2", "vdi", 1))
RATES = {"sql": 20, "ingest": 10, "vdi": 5}  # guest I/Os per second
PROTECTED = ("sql", "ingest")
ARMS = ("none", "vadp", "vaio")
GUEST = Guest(8 * GIB, S, 16 * MIB, 5 * S, GIB, 65536, 8, 60 * S)


def _workload(group: str) -> Workload:
    everywhere = Addresses("uniform", 0, 4096, 0, 0)
    bursts = (Burst(60 * S, 10 * S, 300), Burst(125 * S, 10 * S, 300)) if group == "ingest" else ()
    size = 65536 if group == "ingest" else 8192
    read_ppm = 0 if group == "ingest" else 600_000
    disks = (0, 1, 2, 3) if group == "sql" else (0,)
    return Workload("main", "open", "external", disks, read_ppm, ((size, 1),), everywhere, everywhere, RATES[group],
                    None, bursts, 0, 0, "fixed", None, "first", False)  # fmt: skip


def _vm(name: str, group: str, disks: int) -> Vm:
    flows = tuple(Disk(f"{name}:{i}", GIB, "gold", 1000, 0, 0) for i in range(disks))
    inspect = Filter("inspect", 10 * US, 5 * US, "fixed", 0)
    return Vm(name, group, "esx1", flows, (_workload(group),), (inspect,), 64, 256, "jumps", 60 * S, GUEST)


def fake_scenario(arms: tuple[str, ...] = ARMS, replications: int = 5) -> Scenario:
    """The scenario that `fake_result` pretends to have run."""
    stun = StunCosts(40 * MS, 80 * MS, 15 * MS, 25 * MS, 20 * MS, 3, 5, 4, 2, 2, 4096, 30 * S, 30 * MS)
    snapshots = Snapshots(
        200 * MS, "sesparse", "mirror", stun, DeltaFormat(4096, 4096, 16 * MIB, 1000, 1, 4096, 0, 0, 0, 0, 0),
        MergeCosts(6, 65536, 20 * 10**6, 0), HelperRounds(12 * S, 10, False), NativeCosts(1, 1),
        MemoryDump(8 * MIB, 0, True, 500 * MS), QuiesceLimits(900 * S, 10 * S), RemovalPolicy(0, 0, 4 * 3600 * S),
        FullPolicy("retry", 1800 * S, 10 * GIB),
    )  # fmt: skip
    vadp = Vadp("nightly", PROTECTED, 10 * S, 80 * S, 1, "esx1", "v1", 65536, MIB, 1000, 10 * MS, 500 * MS, 4, 0, 0, 0,
                2000, COMMIT_NS, 0, PLAIN_TRANSPORT, PLAIN_SCHEDULE, SnapshotRequest(False, "fail", False))  # fmt: skip
    vaio = Vaio(
        "cdp", PROTECTED, 20 * US, 10 * US, 64 * 10**6, 5 * 10**6, 10 * MS, 2000, 0, 5 * S, 65536, 8, True, False,
        "asynchronous", 10 * S, True, (), 60 * S, 10 * S, 90 * S, 3600 * S, 0, None,
    )  # fmt: skip
    return Scenario(
        name="demo",
        title="A fake that looks like the demo",
        compressed=True,
        hosts=(
            Host(
                "esx1",
                "mclock",
                32768,
                4,
                Dsnro(32, "disk", "competition", 6, 128),
                QueueFull(0, 8, "samples", 400 * MS),
                250 * US,
                0,
                0,
            ),
        ),
        datastores=(
            Datastore(
                "gold",
                40 * GIB,
                64,
                8,
                ServiceLaw(4 * MS, "exponential", 0, 0, ()),
                ServiceLaw(3 * MS, "exponential", 0, 0, ()),
                0,
                0,
                0,
                (),
                "vmfs",
                0,
                0,
                10**6,
                0,
                None,
                None,
            ),
        ),
        vms=tuple(_vm(*member) for member in MEMBERS),
        snapshots=snapshots,
        vadp=(vadp,),
        vaio=(vaio,),
        control=NO_CONTROL,
        timers=(Timer("cluster heartbeat", 5 * S),),
        arms=arms,  # type: ignore[arg-type]
        run=RunSpec(DURATION, 0, INTERVAL, 1, replications, 20, (), 0),
        identity='{"name":"demo","fake":true}',
    )
