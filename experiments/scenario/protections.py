"""Snapshots and protections of a scenario file: what a stun is made of, deltas, consolidation, VADP jobs, VAIO."""

from typing import Annotated, Literal

from pydantic import Field

from experiments.scenario.quantities import (
    Count,
    CountOrNone,
    FullSize,
    IoSize,
    LongTime,
    Name,
    Percentage,
    Positive,
    Rate,
    RateOrNone,
    Ratio,
    Table,
    Time,
    TimeOrNone,
    registered,
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
    """A sparse delta disk."""

    grain: IoSize = registered("snapshots.delta.grain")
    table_grains: Positive = registered("snapshots.delta.table_grains")
    growth: FullSize = registered("snapshots.delta.growth")
    metadata: Percentage = registered("snapshots.delta.metadata")
    metadata_writes: Count = registered("snapshots.delta.metadata_writes")
    metadata_size: IoSize = registered("snapshots.delta.metadata_size")
    cached_tables: Count = registered("snapshots.delta.cached_tables")


class MergeTable(Table):
    """Consolidation by mirror driver, per disk."""

    streams: Positive = registered("snapshots.merge.streams")
    chunk: IoSize = registered("snapshots.merge.chunk")
    rate: RateOrNone = registered("snapshots.merge.rate")
    limit: LongTime = registered("snapshots.merge.limit")


class SnapshotsTable(Table):
    """How this vSphere release takes and removes snapshots."""

    api: Time = registered("snapshots.api")
    stun: StunTable = Field(default_factory=StunTable)
    delta: DeltaTable = Field(default_factory=DeltaTable)
    merge: MergeTable = Field(default_factory=MergeTable)


class VadpTable(Table):
    """A snapshot backup job."""

    vms: list[str] = Field(min_length=1, description="VM groups, or single VMs of a group")
    first: Time = registered("vadp.first")
    interval: LongTime = Field(examples=["24 h"])
    parallel_vms: Positive = registered("vadp.parallel_vms")
    transport: Literal["nbd", "nbdssl", "hotadd", "san"] = registered("vadp.transport")
    serving_host: str | None = Field(
        default=None, description="host that serves the NBD reads, or where a hotadd proxy runs; absent: the first"
    )
    proxy: str | None = Field(default=None, description="a [proxy.NAME]; absent: one of its own, without limits")
    into: str | None = Field(default=None, description="a [repository.NAME]; absent: one of its own, at repository")
    connections: CountOrNone = registered("vadp.connections")
    cbt: Literal["v1", "v2"] = registered("vadp.cbt")
    cbt_block: FullSize = registered("vadp.cbt_block")
    tool_block: IoSize = registered("vadp.tool_block")
    query_page_extents: Positive = registered("vadp.query_page_extents")
    query_page: Time = registered("vadp.query_page")
    disk_open: Time | None = Field(default=None, description="open and close of a disk; absent: the transport's")
    attach: Time = registered("vadp.attach")
    detach: Time = registered("vadp.detach")
    lock_recovery: TimeOrNone = registered("vadp.lock_recovery")
    reads_in_flight: Positive = registered("vadp.reads_in_flight")
    stream: RateOrNone | None = Field(default=None, description="of one disk; absent: the transport's")
    host_rate: RateOrNone | None = Field(default=None, description="of a serving host (nbd); absent: the transport's")
    ssl: RateOrNone = registered("vadp.ssl")
    ssl_host: RateOrNone = registered("vadp.ssl_host")
    repository: RateOrNone = registered("vadp.repository")
    reduction: Ratio = registered("vadp.reduction")
    commit: Time = registered("vadp.commit")
    job_limit: TimeOrNone = registered("vadp.job_limit")
    overrun: Literal["stop", "finish"] = registered("vadp.overrun")
    order: Literal["listed", "missed first"] = registered("vadp.order")
    retries: Annotated[Count, Field(le=100)] = registered("vadp.retries")
    retry_wait: LongTime = registered("vadp.retry_wait")


class ProxyTable(Table):
    """A machine that moves backup data: jobs that name it share it."""

    host: str | None = Field(default=None, description="hotadd: where its VM runs; absent: the first host")
    tasks: CountOrNone = registered("proxy.tasks")
    rate: RateOrNone = registered("proxy.rate")
    queue_depth: Positive = registered("proxy.queue_depth")


class RepositoryTable(Table):
    """Where backups are stored: jobs that name it share it."""

    tasks: CountOrNone = registered("repository.tasks")
    rate: RateOrNone = registered("repository.rate")


class ControlTable(Table):
    """What all backup jobs heed together, at each datastore."""

    open_snapshots: CountOrNone = registered("control.open_snapshots")
    datastore_tasks: CountOrNone = registered("control.datastore_tasks")
    stop_latency: TimeOrNone = registered("control.stop_latency")
    throttle_latency: TimeOrNone = registered("control.throttle_latency")
    poll: LongTime = registered("control.poll")


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

    control: ControlTable = Field(default_factory=ControlTable)
    vadp: dict[Name, VadpTable] = Field(default_factory=dict)
    vaio: dict[Name, VaioTable] = Field(default_factory=dict)
