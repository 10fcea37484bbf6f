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
    FullSize,
    IopsOrNone,
    LongTime,
    Name,
    Number,
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
