"""Holds the simulator against closed forms, published numbers and a real block layer, claim by claim.

Every row says what was expected, what was simulated, how far apart they may be and why, and whether the expected value
was used to choose a default (calibrated) or not (predicted). Tasks run side by side; rows come in the order of `TASKS`.
"""

from pathlib import Path
from typing import NamedTuple

from experiments.validate.row import Claim, Row, exact, judge
from sim.replication import available_cpus, run_all

QUEUES, SHARES, PATHS = "Queues", "Shares and limits", "Host path and array"
GROWTH, BACKUPS, REPLICATION = "Deltas and changed blocks", "Snapshots and backups", "Replication"
COUNTERS, STATISTICS, BLOCK_LAYER = "Counters", "Intervals", "A real block layer (QEMU 7.2)"
FITTED = "A datastore fitted to a benchmark (fio)"
SECTIONS = (QUEUES, SHARES, PATHS, GROWTH, BACKUPS, REPLICATION, COUNTERS, STATISTICS, BLOCK_LAYER, FITTED)


class Task(NamedTuple):
    """Some rows that are made together, by a function of a module of this package."""

    section: str
    module: str
    function: str
    arguments: tuple[object, ...] = ()


TASKS = (
    Task(QUEUES, "queueing", "open_waits"),
    Task(QUEUES, "queueing", "open_latencies"),
    Task(QUEUES, "queueing", "two_sizes"),
    Task(QUEUES, "queueing", "same_draws"),
    Task(QUEUES, "queueing", "closed_networks"),
    Task(QUEUES, "queueing", "laws"),
    Task(QUEUES, "hops", "waits"),
    Task(QUEUES, "hops", "together"),
    Task(QUEUES, "hops", "same_draws"),
    Task(QUEUES, "cores", "waits"),
    Task(QUEUES, "cores", "same_draws"),
    Task(QUEUES, "cores", "saturation"),
    *(Task(SHARES, "sharing", "table", (total,)) for total in (500, 875, 1200, 1800, 2500, 3000)),
    Task(SHARES, "sharing", "phases"),
    Task(SHARES, "sharing", "scaled"),
    Task(SHARES, "sharing", "unequal_depths"),
    Task(SHARES, "sharing", "limits"),
    Task(SHARES, "sharing", "pulls"),
    Task(PATHS, "throttling", "adapters"),
    Task(PATHS, "throttling", "dsnro"),
    Task(PATHS, "throttling", "queue_full"),
    Task(PATHS, "arrays", "write_cache"),
    Task(PATHS, "arrays", "burst_credits"),
    Task(PATHS, "sayings", "slope"),
    Task(PATHS, "sioc", "equal"),
    Task(PATHS, "sioc", "unequal"),
    Task(PATHS, "sioc", "end_to_end"),
    Task(PATHS, "sioc", "idle"),
    Task(GROWTH, "growth", "grains"),
    Task(GROWTH, "growth", "incremental"),
    Task(GROWTH, "formats", "chains"),
    Task(GROWTH, "formats", "vmfssparse"),
    Task(GROWTH, "formats", "filling"),
    Task(GROWTH, "transports", "tracked"),
    Task(GROWTH, "sayings", "lost_tracking"),
    Task(BACKUPS, "stuns", "stun_law"),
    Task(BACKUPS, "stuns", "published_stuns"),
    Task(BACKUPS, "stuns", "drain"),
    Task(BACKUPS, "merges", "mirror_pass"),
    Task(BACKUPS, "merges", "merge_rates"),
    Task(BACKUPS, "removals", "rounds"),
    Task(BACKUPS, "removals", "native"),
    Task(BACKUPS, "removals", "quiesce"),
    Task(BACKUPS, "backups", "age"),
    Task(BACKUPS, "backups", "nbd"),
    Task(BACKUPS, "transports", "nbd_hosts"),
    Task(BACKUPS, "transports", "ssl_and_san"),
    Task(BACKUPS, "transports", "hotadd"),
    Task(BACKUPS, "nights", "makespan"),
    Task(BACKUPS, "nights", "overrun"),
    Task(BACKUPS, "nights", "latency_control"),
    Task(BACKUPS, "sayings", "snapshots"),
    Task(BACKUPS, "windows", "against_full"),
    Task(BACKUPS, "windows", "unseen_growth"),
    Task(REPLICATION, "replication", "overflow"),
    Task(REPLICATION, "replication", "published_buffer"),
    Task(REPLICATION, "replication", "in_order"),
    *(
        Task(REPLICATION, "synchronous", rows)
        for rows in ("latency", "throughput", "cut", "overflowing_cut", "probing")
    ),
    Task(REPLICATION, "synchronous", "journal"),
    Task(REPLICATION, "synchronous", "examples"),
    Task(REPLICATION, "synchronous", "appliances"),
    Task(REPLICATION, "synchronous", "violation"),
    Task(COUNTERS, "counters", "mixed_commands"),
    Task(COUNTERS, "counters", "parda"),
    Task(STATISTICS, "coverage", "rows"),
    Task(FITTED, "fio_sweeps", "known_servers"),
    Task(FITTED, "fio_sweeps", "known_caps"),
    Task(FITTED, "fio_sweeps", "known_curves"),
    Task(FITTED, "fio_sweeps", "sample"),
)
MEASURED = (
    Task(BLOCK_LAYER, "qemu", "closed_loops"),
    Task(BLOCK_LAYER, "qemu", "open_loops"),
    Task(BLOCK_LAYER, "cow", "first_touches"),
    Task(BLOCK_LAYER, "cow", "first_touch_speed"),
    Task(BLOCK_LAYER, "cow", "slumps"),
    Task(BLOCK_LAYER, "layers", "lookups"),
    Task(BLOCK_LAYER, "copiers", "jobs"),
    Task(BLOCK_LAYER, "copiers", "mirrors"),
    Task(BLOCK_LAYER, "qemu", "unique_bytes"),
    Task(FITTED, "fio_sweeps", "held_out"),
)
"""Tasks whose argument is the data directory."""


def main(data: Path | None, as_json: bool) -> int:
    """Prints all rows; 1 if one fails, else 0. Raises InputError for measured data that cannot be read."""
    from experiments.validate.table import as_json_text, text

    sections = rows(data)
    print(as_json_text(sections) if as_json else text(sections))
    return int(any(row.verdict == "fail" for _, found in sections for row in found))


def rows(data: Path | None) -> list[tuple[str, list[Row]]]:
    """All rows by section. Raises InputError for measured data that cannot be read."""
    from experiments.engines import by_default, ready
    from experiments.validate.laws import check

    check(data)
    ready(by_default())
    tasks = [*TASKS, *(task._replace(arguments=(data,)) for task in MEASURED)]
    found = run_all(tasks, run, available_cpus(), name=lambda task: f"{task.module}.{task.function}")
    return [
        (section, [row for task, made in zip(tasks, found, strict=True) if task.section == section for row in made])
        for section in SECTIONS
    ]


def run(task: Task) -> list[Row]:
    """The rows of one task. A simulation that fails is a row that fails, not the end of the command."""
    from importlib import import_module

    from models.run import SimulationError

    function = getattr(import_module(f"experiments.validate.{task.module}"), task.function)
    try:
        made: list[Row] = function(*task.arguments)
    except SimulationError as problem:
        claim = Claim(f"{task.module}.{task.function} has results", "the simulator itself", "")
        return [judge(claim, 0, float("nan"), exact(str(problem)))]
    return made
