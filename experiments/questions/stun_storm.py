"""What does a stun storm do to the neighbours? Ever more VMs backed up at once, on one datastore."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from experiments.charts import palette
from experiments.charts.paper import Identity
from experiments.questions.picture import Curve, Panel, draw
from experiments.questions.question import Answer, Lab, Measured, Place, Question, around
from models.scenario import Arm

NEIGHBOURS, SERVERS = "web", "server"


class Size(NamedTuple):
    """How much is asked."""

    servers: int
    parallel: tuple[int, ...]
    seconds: int  # of the second, incremental job and the time until the next one would begin
    replications: int


FULL = Size(12, (1, 2, 4, 8, 12), 240, 6)
QUICK = Size(3, (1, 3), 60, 3)


def _scenario(size: Size, parallel: int) -> dict[str, Any]:
    """Servers that are backed up, and neighbours that are not, on an array of spinning disks."""
    slow = {"latency": "5 ms", "distribution": "exponential"}
    return {
        "name": "stun-storm",
        "compressed": True,
        "run": {"duration": f"{2 * size.seconds} s", "warmup": f"{size.seconds} s"},
        "datastore": {"array": {"servers": 10, "read": slow, "write": slow}},
        "vm": {
            SERVERS: {"count": size.servers, "disk": [{"count": 2, "size": "256 MiB"}],
                      "workload": [{"rate": "40 iops", "size": "16 KiB", "read": "60 %"}]},
            NEIGHBOURS: {"count": 4, "disk": [{"size": "2 GiB"}],
                         "workload": [{"rate": "50 iops", "size": "8 KiB", "read": "80 %"}]},
        },
        "protection": {"vadp": {"nightly": {
            "vms": [SERVERS], "first": "0 s", "interval": f"{size.seconds} s", "parallel_vms": parallel,
            "disk_open": "1 s", "commit": "1 s",
        }}},
    }  # fmt: skip


def ask(lab: Lab) -> Answer:
    """The same night with ever more VMs at once, beside the same hours without a backup."""
    size = QUICK if lab.quick else FULL
    places: dict[Place, dict[str, Any]] = {(number,): _scenario(size, number) for number in size.parallel}
    found = lab.measure(("vms_at_once",), places, ("none", "vadp"), size.replications)
    one, all_ = (size.parallel[0],), (size.parallel[-1],)
    calm = found.mean(one, "guest_p999", "none", NEIGHBOURS)
    p999 = [found.mean(place, "guest_p999", "vadp", NEIGHBOURS) for place in (one, all_)]
    stun = [found.mean(place, "stun_max", "vadp", SERVERS) for place in (one, all_)]
    window = [found.mean(place, "backup_window", "vadp") for place in (one, all_)]
    worse = found.less(all_, one, "guest_p999", "vadp", NEIGHBOURS)
    longer = found.less(all_, one, "stun_max", "vadp", SERVERS)
    shorter = found.less(all_, one, "backup_window", "vadp")
    return Answer(
        f"From one VM at a time to all {size.servers} at once the night shrinks from {around(window[0], 's')} to "
        f"{around(window[1], 's')}; the longest stun grows from {around(stun[0], 'ms')} to {around(stun[1], 'ms')}, "
        f"and the p99.9 of neighbours that nobody backs up from {around(p999[0], 'ms')} to {around(p999[1], 'ms')} "
        f"(without backups: {around(calm, 'ms')}).",
        worse.sign_settled and worse.interval.mean > 0 and longer.sign_settled and longer.interval.mean > 0
        and shorter.sign_settled and shorter.interval.mean < 0,
        f"all at once less one at a time: the night {around(shorter.interval, 's')}, the longest stun "
        f"{around(longer.interval, 'ms')}, the neighbours' p99.9 {around(worse.interval, 'ms')}",
        {"values": found.table("guest_mean", "guest_p99", "guest_p999", "stun_p99", "stun_max", "stuns",
                               "backup_window", "jobs_ok", groups=("all VMs", SERVERS, NEIGHBOURS))},
        lambda folder, identity: _draw(found, size.parallel, folder, identity),
        size.replications,
        compressed=True,
    )  # fmt: skip


def _draw(found: Measured, parallel: Sequence[int], folder: Path, identity: Identity) -> None:
    def curve(label: str, colour: str, metric: str, arm: Arm, group: str) -> Curve:
        y = [found.mean((number,), metric, arm, group) for number in parallel]
        return Curve(label, colour, parallel, y)

    across = "VMs backed up at once"
    tails = [
        curve("neighbours' p99.9, VADP", palette.VERMILLION, "guest_p999", "vadp", NEIGHBOURS),
        curve("neighbours' p99, VADP", palette.ORANGE, "guest_p99", "vadp", NEIGHBOURS),
        curve("neighbours' p99.9, no backup", palette.GREY, "guest_p999", "none", NEIGHBOURS),
    ]
    stuns = [
        curve("longest stun", palette.PURPLE, "stun_max", "vadp", SERVERS),
        curve("stun p99", palette.SKY, "stun_p99", "vadp", SERVERS),
    ]
    night = [curve("backup window", palette.BLUE, "backup_window", "vadp", "all VMs")]
    panels = (
        Panel("Neighbours without a backup", across, "guest latency [ms]", tails),
        Panel("Stuns of the servers", across, "stun [ms]", stuns),
        Panel("The night", across, "backup window [s]", night),
    )
    subtitle = "Servers and their neighbours share one datastore of spinning disks"
    draw(folder, "storm", QUESTION.question, subtitle, panels, identity)


QUESTION = Question(
    "stun-storm",
    "What does a stun storm do to the neighbours?",
    "The more VMs are backed up at once, the shorter the night, but the longer every stun, because its metadata I/Os "
    "meet the others' reads and merges; and the worse the tail of neighbours that have no backup at all.",
    "Servers with two disks each are backed up by one job, ever more of them at once, beside neighbours that are not "
    "backed up, on one small array. The second, incremental job is measured; the same hours without a backup are the "
    "control. Differences between the ends are paired by replication.",
    "Left: what neighbours feel; the grey line is the same I/O without any backup. Middle: the servers' own stuns. "
    "Right: what is bought with it. Look for the number at which the night hardly shrinks any more while the left "
    "still rises.",
    ask,
)
