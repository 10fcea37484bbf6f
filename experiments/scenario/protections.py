"""Snapshots and protections of a scenario file: what a stun is made of, deltas, consolidation, VADP jobs, VAIO."""

from typing import Literal

from pydantic import Field

from experiments.scenario.quantities import (
    Count,
    FullSize,
    IoSize,
    LongTime,
    Name,
    Percentage,
    Positive,
    Rate,
    RateOrNone,
    Ratio,
    Size,
    Table,
    Time,
    TimeOrNone,
    registered,
)
from experiments.scenario.snapshots import (
    BloomSize,
    FullTable,
    Hashes,
    HelperTable,
    MemoryTable,
    NativeTable,
    QuiesceTable,
    RemovalTable,
)


class StunTable(Table):
    """The parts of a stun besides the drain."""

    stop: Time = registered("snapshots.stun.stop")
    resume: Time = registered("snapshots.stun.resume")
    close: Time = registered("snapshots.stun.close")
    create: Time = registered("snapshots.stun.create")
    open: Time = registered("snapshots.stun.open")
    close_ios: Count = registered("snapshots.stun.close_ios")
    create_ios: Count = registered("snapshots.stun.create_ios")
    open_ios: Count = registered("snapshots.stun.open_ios")
    cbt_close_ios: Count = registered("snapshots.stun.cbt_close_ios")
    cbt_open_ios: Count = registered("snapshots.stun.cbt_open_ios")
    metadata_size: IoSize = registered("snapshots.stun.metadata_size")
    drain_limit: LongTime = registered("snapshots.stun.drain_limit")
    cpt_extra: Time = registered("snapshots.stun.cpt_extra")


class DeltaTable(Table):
    """A sparse delta disk. The defaults are SEsparse's; those of VMFSsparse stand in the register."""

    grain: IoSize = registered("snapshots.delta.grain")
    table_grains: Positive = registered("snapshots.delta.table_grains")
    growth: FullSize = registered("snapshots.delta.growth")
    metadata: Percentage = registered("snapshots.delta.metadata")
    metadata_writes: Count = registered("snapshots.delta.metadata_writes")
    metadata_size: IoSize = registered("snapshots.delta.metadata_size")
    cached_tables: Count = registered("snapshots.delta.cached_tables")
    table_size: Size = registered("snapshots.delta.table_size")
    directory_writes: Count = registered("snapshots.delta.directory_writes")
    bloom: BloomSize = registered("snapshots.delta.bloom")
    bloom_hashes: Hashes = registered("snapshots.delta.bloom_hashes")


class MergeTable(Table):
    """The copiers of a consolidation, per disk."""

    streams: Positive = registered("snapshots.merge.streams")
    chunk: IoSize = registered("snapshots.merge.chunk")
    rate: RateOrNone = registered("snapshots.merge.rate")
    limit: LongTime = registered("snapshots.merge.limit")


class SnapshotsTable(Table):
    """How this vSphere release takes and removes snapshots."""

    api: Time = registered("snapshots.api")
    format: Literal["sesparse", "vmfssparse", "native"] = registered("snapshots.format")
    consolidation: Literal["mirror", "helper"] = registered("snapshots.consolidation")
    stun: StunTable = Field(default_factory=StunTable)
    delta: DeltaTable = Field(default_factory=DeltaTable)
    merge: MergeTable = Field(default_factory=MergeTable)
    helper: HelperTable = Field(default_factory=HelperTable)
    native: NativeTable = Field(default_factory=NativeTable)
    memory: MemoryTable = Field(default_factory=MemoryTable)
    quiesce: QuiesceTable = Field(default_factory=QuiesceTable)
    removal: RemovalTable = Field(default_factory=RemovalTable)
    full: FullTable = Field(default_factory=FullTable)


class VadpTable(Table):
    """A snapshot backup job."""

    vms: list[str] = Field(min_length=1, description="VM groups, or single VMs of a group")
    first: Time = registered("vadp.first")
    interval: LongTime = Field(examples=["24 h"])
    parallel_vms: Positive = registered("vadp.parallel_vms")
    serving_host: str | None = Field(default=None, description="host that serves the NBD reads; absent: the first")
    cbt_block: FullSize = registered("vadp.cbt_block")
    tool_block: IoSize = registered("vadp.tool_block")
    query_page_extents: Positive = registered("vadp.query_page_extents")
    query_page: Time = registered("vadp.query_page")
    disk_open: Time = registered("vadp.disk_open")
    reads_in_flight: Positive = registered("vadp.reads_in_flight")
    stream: RateOrNone = registered("vadp.stream")
    host_rate: RateOrNone = registered("vadp.host_rate")
    repository: RateOrNone = registered("vadp.repository")
    reduction: Ratio = registered("vadp.reduction")
    commit: Time = registered("vadp.commit")
    job_limit: TimeOrNone = registered("vadp.job_limit")
    quiesce: bool = registered("vadp.quiesce")
    on_quiesce_failure: Literal["fail", "crash-consistent"] = registered("vadp.on_quiesce_failure")
    memory: bool = registered("vadp.memory")


class VaioTable(Table):
    """Asynchronous replication by an inline filter: one consistency group."""

    vms: list[str] = Field(min_length=1, description="VM groups, or single VMs of a group")
    link: Rate = Field(examples=["100 Mbit/s"])
    down: Time = registered("vaio.down")
    up: Time = registered("vaio.up")
    buffer: FullSize = registered("vaio.buffer")
    link_latency: Time = registered("vaio.link_latency")
    reduction: Ratio = registered("vaio.reduction")
    journal: RateOrNone = registered("vaio.journal")
    checkpoint: LongTime = registered("vaio.checkpoint")
    extent: IoSize = registered("vaio.extent")
    resync_reads: Positive = registered("vaio.resync_reads")
    seeded: bool = registered("vaio.seeded")


class ProtectionTables(Table):
    """The protections; which of them act is a matter of the arm."""

    vadp: dict[Name, VadpTable] = Field(default_factory=dict)
    vaio: dict[Name, VaioTable] = Field(default_factory=dict)
