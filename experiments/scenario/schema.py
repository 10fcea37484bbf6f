"""The scenario file: its top level, run, hosts, datastores, filters and timers. Guests and protections stand beside.

Field names are the file's keys. Values are in base units after loading (`experiments.scenario.quantities`). What a
single table cannot know (does that datastore exist? does the disk fit?) is in `experiments.scenario.checks`.
"""

import re
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema, WrapValidator
from pydantic_core import PydanticCustomError
from pydantic_core.core_schema import ValidatorFunctionWrapHandler

from experiments.scenario.guests import VmTable
from experiments.scenario.protections import ProtectionTables, ProxyTable, RepositoryTable, SnapshotsTable
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
    Ratio,
    Seed,
    SizeOrNone,
    Table,
    Time,
    TimeOrNone,
    registered,
)

MOST_IN_SERVICE = 1024
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
    filter_cores: CountOrNone = registered("host.filter_cores")
    filter_cpu: Time = registered("host.filter_cpu")


def _whole_curve(value: Any, handler: ValidatorFunctionWrapHandler) -> Any:
    """Refuses a table of quantiles that leaves out an end, names one twice or falls."""
    checked: dict[int, int] = handler(value)
    if not {0, 1_000_000} <= set(checked):
        raise PydanticCustomError("quantiles", 'does not reach from "0 %" to "100 %", add the least and the greatest')
    if len(checked) < len(value):
        raise PydanticCustomError("quantiles", "names one share twice, in two spellings, keep one")
    times = [checked[ppm] for ppm in sorted(checked)]
    if times != sorted(times):
        raise PydanticCustomError("quantiles", "falls somewhere, a larger share needs at least the same time")
    return checked


def _in_service(value: object) -> object:
    """A number of commands in service, which is a key and therefore a text."""
    if not isinstance(value, str) or not re.fullmatch(r"[1-9][0-9]{0,3}", value) or int(value) > MOST_IN_SERVICE:
        raise PydanticCustomError("in_service", "is no number in service, write a whole number from 1 to {most}",
                                  {"most": MOST_IN_SERVICE})  # fmt: skip
    return int(value)


def _from_one(value: Any, handler: ValidatorFunctionWrapHandler) -> Any:
    """Refuses a table of factors that does not say what one alone takes."""
    checked: dict[int, int] = handler(value)
    if 1 not in checked:
        raise PydanticCustomError("slowdown", "does not begin with one in service, add 1 = 1.0")
    return checked


InService = Annotated[int, BeforeValidator(_in_service), WithJsonSchema({"type": "string", "pattern": "^[1-9][0-9]*$"})]


class ReadLaw(Table):
    """Service time of one read in the array."""

    latency: Time = registered("datastore.read.latency")
    distribution: Literal["fixed", "exponential", "lognormal", "quantiles"] = registered("datastore.distribution")
    sigma: Number = registered("datastore.sigma")
    stream: RateOrNone = registered("datastore.stream")
    quantiles: Annotated[dict[Percentage, Time], WrapValidator(_whole_curve)] | None = Field(
        default=None, description='of the drawn part, instead of latency: { "0 %" = "60 us", ..., "100 %" = "8 ms" }'
    )


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

    kind: Literal["vmfs", "nfs3", "nfs41", "vsan", "vvol"] = registered("datastore.kind")
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
    slowdown: Annotated[dict[InService, Ratio], WrapValidator(_from_one)] | None = Field(
        default=None,
        description="factor of a service by the number in service: { 1 = 1.0, 8 = 2.5 }, straight lines between",
    )


class FilterTable(Table):
    """An inline I/O filter: a hop down and a hop up, by so many workers."""

    down: Time = registered("filter.down")
    up: Time = registered("filter.up")
    distribution: Literal["fixed", "exponential"] = registered("filter.distribution")
    workers: CountOrNone = registered("filter.workers")


class ApplianceTable(Table):
    """A replication appliance that the groups share which name it."""

    throughput: RateOrNone = registered("appliance.throughput")
    writes: IopsOrNone = registered("appliance.writes")
    link: RateOrNone = registered("appliance.link")
    buffer: SizeOrNone = registered("appliance.buffer")
    disks: CountOrNone = registered("appliance.disks")


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
    proxy: dict[Name, ProxyTable] = Field(default_factory=dict, description="machines that move backup data")
    repository: dict[Name, RepositoryTable] = Field(default_factory=dict, description="where backups are stored")
    protection: ProtectionTables = Field(default_factory=ProtectionTables)
    appliance: dict[Name, ApplianceTable] = Field(default_factory=dict)
    timer: dict[Name, TimerTable] = Field(default_factory=dict, description="absent: those of the register")


def json_schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of a scenario file, defaults and their reasons included."""
    schema = ScenarioFile.model_json_schema()
    return {"$schema": "https://json-schema.org/draft/2020-12/schema"} | schema
