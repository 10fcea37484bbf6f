"""VM groups of a scenario file: disks, workloads and where a workload's I/Os go."""

from typing import Annotated, Any, Literal

from pydantic import Field, WrapValidator
from pydantic_core import PydanticCustomError
from pydantic_core.core_schema import ValidatorFunctionWrapHandler

from experiments.scenario.quantities import (
    Count,
    FullSize,
    Iops,
    IopsOrNone,
    IoSize,
    LongTime,
    Name,
    Number,
    Percentage,
    Positive,
    PositiveIops,
    Ratio,
    Shares,
    Size,
    SizeOrNone,
    Table,
    Time,
    registered,
)

Pattern = Literal["uniform", "zipf", "sequential"]
Profile = Literal["oltp", "vdi", "vdi-boot", "file-server", "mail", "streaming", "backup-target"]
Spread = Literal["fixed", "exponential", "lognormal"]


def _each_once(value: Any, handler: ValidatorFunctionWrapHandler) -> Any:
    """Refuses a size that is written in two ways ("8 KiB", "8192 B"): one of them would vanish silently."""
    checked = handler(value)
    if not checked:
        raise PydanticCustomError("sizes", 'is empty, write for example { "8 KiB" = 70, "64 KiB" = 30 }')
    if len(checked) < len(value):
        raise PydanticCustomError("sizes", "names one size twice, in two spellings, keep one")
    return checked


class AddressesTable(Table):
    """Where I/Os go, inside a region of each disk."""

    pattern: Pattern = registered("workload.pattern")
    exponent: Number = registered("workload.exponent")
    align: FullSize = registered("workload.align")
    start: Size = registered("workload.start")
    span: SizeOrNone = registered("workload.span")


class BurstTable(Table):
    """A stretch of time with another arrival rate."""

    at: Time = Field(description="from the run's start", examples=["60 s"])
    duration: LongTime = Field(examples=["10 s"])
    rate: Iops = Field(examples=["300 iops"])


class TwoStateTable(Table):
    """Random bursts: quiet at the workload's rate, busy at `busy_rate`, exponential stays in both."""

    busy_rate: PositiveIops = Field(examples=["300 iops"])
    quiet: LongTime = registered("workload.two_state.quiet")
    busy: LongTime = registered("workload.two_state.busy")


class WorkloadTable(Table):
    """One stream of guest I/O."""

    name: Name | None = Field(default=None, description="absent: its profile or kind, numbered from the second on")
    profile: Profile | None = Field(
        default=None, description="a kind of application: stands for the keys that docs/profiles.md has under it"
    )
    kind: Literal["open", "closed", "trace"] = registered("workload.kind")
    origin: Literal["guest", "external"] | None = Field(
        default=None,
        description="who asks: external requests keep arriving in a stun. Absent: external, for closed loops guest",
    )
    disks: list[Count] | None = Field(default=None, description="disk numbers, from 0; absent: all (trace: the first)")
    read: Percentage = registered("workload.read")
    size: IoSize = registered("workload.size")
    sizes: Annotated[dict[IoSize, Positive], WrapValidator(_each_once)] | None = Field(
        default=None, description="a mix of sizes with their weights, instead of size"
    )
    addresses: AddressesTable = Field(default_factory=AddressesTable)
    read_addresses: AddressesTable | None = Field(default=None, description="for reads; absent: addresses")
    write_addresses: AddressesTable | None = Field(default=None, description="for writes; absent: addresses")
    rate: Iops = registered("workload.rate")
    two_state: TwoStateTable | None = Field(default=None, description="open loop: random bursts")
    burst: list[BurstTable] = Field(default_factory=list, description="open loop: bursts at known times")
    outstanding: Positive = registered("workload.outstanding")
    think: Time = registered("workload.think")
    think_distribution: Spread = registered("workload.think_distribution")
    trace: str | None = Field(default=None, description="file of recorded I/O, relative to the scenario file")
    begin: Literal["first", "random"] = registered("workload.begin")
    repeat: bool = registered("workload.repeat")
    speed: Annotated[Ratio, Field(ge=100, le=1_000_000)] = registered("workload.speed")


class DiskTable(Table):
    """Virtual disks (VMDKs) of one kind."""

    count: Annotated[Positive, Field(le=256)] = registered("disk.count")
    size: FullSize = registered("disk.size")
    datastore: str | None = Field(default=None, description="may be absent where there is only one")
    shares: Shares = registered("disk.shares")
    limit: IopsOrNone = registered("disk.limit")
    reservation: IopsOrNone = registered("disk.reservation")


class VmTable(Table):
    """A group of equal VMs."""

    count: Annotated[Positive, Field(le=10_000)] = registered("vm.count")
    host: str | None = Field(default=None, description="may be absent where there is only one")
    filters: list[str] = Field(default_factory=list, description="names of inline filters, in write order")
    disk_queue_depth: Positive = registered("vm.disk_queue_depth")
    adapter_queue_depth: Positive = registered("vm.adapter_queue_depth")
    guest_clock: Literal["frozen", "jumps"] = registered("vm.guest_clock")
    disk_timeout: LongTime = registered("vm.disk_timeout")
    disk: Annotated[list[DiskTable], Field(min_length=1)]
    workload: list[WorkloadTable] = Field(default_factory=list, description="none: the VM is idle")
