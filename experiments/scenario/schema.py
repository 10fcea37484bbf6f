"""The scenario file: its top level, run, hosts, datastores, filters and timers. Guests and protections stand beside.

Field names are the file's keys. Values are in base units after loading (`experiments.scenario.quantities`). What a
single table cannot know (does that datastore exist? does the disk fit?) is in `experiments.scenario.checks`.
"""

from typing import Annotated, Any, Literal

from pydantic import Field

from experiments.scenario.guests import VmTable
from experiments.scenario.protections import ProtectionTables, SnapshotsTable
from experiments.scenario.quantities import (
    Count,
    CountOrNone,
    Credit,
    DepthOrNone,
    FullSize,
    IopsOrNone,
    LongTime,
    Name,
    Number,
    Percentage,
    Positive,
    RateOrNone,
    Seed,
    Table,
    Time,
    TimeOrNone,
    registered,
)

ArmName = Literal["none", "vadp", "vaio", "both"]


class ObserveTable(Table):
    """A window of time in which every I/O is simulated; outside them guests' writes only leave their marks."""

    start: Time = registered("run.observe.start")
    duration: LongTime = Field(examples=["30 min"])
    every: TimeOrNone = registered("run.observe.every")


class RunTable(Table):
    """What to simulate, and how often."""

    duration: LongTime = registered("run.duration")
    warmup: Time = registered("run.warmup")
    interval: LongTime = registered("run.interval")
    seed: Seed = registered("run.seed")
    replications: Annotated[Positive, Field(le=10_000)] = registered("run.replications")
    slowest: Count = registered("run.slowest")
    engine: Literal["compiled", "simpy"] = registered("run.engine")
    observe: list[ObserveTable] = Field(default_factory=list, description="absent: all of the run")
    observe_warmup: Time = registered("run.observe_warmup")
    arms: list[ArmName] | None = Field(
        default=None,
        description='the protections to compare; absent: "none", then "vadp" and "vaio" if the file has them',
    )


class HostTable(Table):
    """An ESXi host."""

    scheduler: Literal["mclock", "fifo"] = registered("host.scheduler")
    cost_unit: FullSize = registered("host.cost_unit")
    idle_credit: Credit = registered("host.idle_credit")
    dsnro: Positive = registered("host.dsnro")
    dsnro_per: Literal["disk", "device"] = registered("host.dsnro_per")
    dsnro_rule: Literal["competition", "switches"] = registered("host.dsnro_rule")
    dsnro_switches: Positive = registered("host.dsnro_switches")
    dsnro_requests: Positive = registered("host.dsnro_requests")
    qfull_sample: CountOrNone = registered("host.qfull_sample")
    qfull_threshold: Positive = registered("host.qfull_threshold")
    qfull_reading: Literal["samples", "refusals"] = registered("host.qfull_reading")
    busy_delay: LongTime = registered("host.busy_delay")
    path_latency: Time = registered("host.path_latency")


class ReadLaw(Table):
    """Service time of one read in the array."""

    latency: Time = registered("datastore.read.latency")
    distribution: Literal["fixed", "exponential", "lognormal"] = registered("datastore.distribution")
    sigma: Number = registered("datastore.sigma")
    stream: RateOrNone = registered("datastore.stream")


class WriteLaw(ReadLaw):
    """Service time of one write in the array."""

    latency: Time = registered("datastore.write.latency")


class CacheTable(Table):
    """An array's write-back cache."""

    size: FullSize = registered("datastore.cache.size")
    latency: Time = registered("datastore.cache.latency")
    destagers: Positive = registered("datastore.cache.destagers")


class SiocTable(Table):
    """Storage I/O Control, version 1: windows of the hosts of a shared datastore."""

    threshold: LongTime = registered("datastore.sioc.threshold")
    period: LongTime = registered("datastore.sioc.period")
    gain: Percentage = registered("datastore.sioc.gain")
    smoothing: Percentage = registered("datastore.sioc.smoothing")
    least_depth: Positive = registered("datastore.sioc.least_depth")
    shares_per_slot: Positive = registered("datastore.sioc.shares_per_slot")


class DatastoreTable(Table):
    """A shared datastore."""

    capacity: FullSize = registered("datastore.capacity")
    device_queue_depth: Positive = registered("datastore.device_queue_depth")
    servers: Count = registered("datastore.servers")
    read: ReadLaw = Field(default_factory=ReadLaw)
    write: WriteLaw = Field(default_factory=WriteLaw)
    bandwidth: RateOrNone = registered("datastore.bandwidth")
    iops: IopsOrNone = registered("datastore.iops")
    burst: LongTime = registered("datastore.burst")
    peak_bandwidth: RateOrNone = registered("datastore.peak_bandwidth")
    peak_iops: IopsOrNone = registered("datastore.peak_iops")
    credit: Percentage = registered("datastore.credit")
    queue_limit: DepthOrNone = registered("datastore.queue_limit")
    cache: CacheTable | None = Field(default=None, description="a write-back cache; absent: none")
    sioc: SiocTable | None = Field(default=None, description="Storage I/O Control, version 1; absent: off")


class FilterTable(Table):
    """An inline I/O filter: a hop down and a hop up, by so many workers."""

    down: Time = registered("filter.down")
    up: Time = registered("filter.up")
    distribution: Literal["fixed", "exponential"] = registered("filter.distribution")
    workers: CountOrNone = registered("filter.workers")


class TimerTable(Table):
    """A time-out outside the VM that its stuns are held against."""

    limit: LongTime = Field(examples=["10 s"])


class ScenarioFile(Table):
    """One scenario: the machines, what they do, how they are protected, and the run."""

    name: Name = Field(description="short name, used for the results folder", examples=["first-try"])
    title: str = Field(default="", description="one line for reports; absent: the name")
    compressed: bool = Field(default=False, description="a compressed time scale; every report says so")
    run: RunTable = Field(default_factory=RunTable)
    host: dict[Name, HostTable] = Field(default_factory=dict, description="absent: one host, esx1")
    datastore: dict[Name, DatastoreTable] = Field(default_factory=dict, description="absent: one, datastore1")
    vm: dict[Name, VmTable] = Field(description="VM groups by name")
    filter: dict[Name, FilterTable] = Field(default_factory=dict)
    snapshots: SnapshotsTable = Field(default_factory=SnapshotsTable)
    protection: ProtectionTables = Field(default_factory=ProtectionTables)
    timer: dict[Name, TimerTable] = Field(default_factory=dict, description="absent: those of the register")


def json_schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of a scenario file, defaults and their reasons included."""
    schema = ScenarioFile.model_json_schema()
    return {"$schema": "https://json-schema.org/draft/2020-12/schema"} | schema
