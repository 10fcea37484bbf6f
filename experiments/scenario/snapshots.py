"""Tables of `[snapshots]` besides stun, delta and merge, and how all of them become `models.scenario.Snapshots`."""

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from experiments.scenario.quantities import (
    Count,
    IoSize,
    LongTime,
    Percentage,
    Positive,
    Size,
    SizeOrNone,
    Table,
    Time,
    TimeOrNone,
    registered,
)
from models.assumptions import REGISTER, default
from models.scenario import (
    DeltaFormat,
    FullPolicy,
    HelperRounds,
    MemoryDump,
    MergeCosts,
    NativeCosts,
    QuiesceLimits,
    RemovalPolicy,
    Snapshots,
    StunCosts,
)
from sim.units import MIB

if TYPE_CHECKING:
    from experiments.scenario.protections import SnapshotsTable


BloomSize = Annotated[SizeOrNone, Field(le=MIB)]
Hashes = Annotated[Positive, Field(le=16)]


class HelperTable(Table):
    """Consolidation before 6.0, in rounds."""

    estimate: LongTime = registered("snapshots.helper.estimate")
    rounds: Count = registered("snapshots.helper.rounds")
    force: bool = registered("snapshots.helper.force")


class NativeTable(Table):
    """Snapshots of the array."""

    create_ios: Count = registered("snapshots.native.create_ios")
    delete_ios: Count = registered("snapshots.native.delete_ios")


class MemoryTable(Table):
    """A VM's memory in its snapshot."""

    io: IoSize = registered("snapshots.memory.io")
    pause: Time = registered("snapshots.memory.pause")
    lazy: bool = registered("snapshots.memory.lazy")
    stun: Time = registered("snapshots.memory.stun")


class QuiesceTable(Table):
    """How long a guest may be brought to rest, outside the guest."""

    prepare_limit: TimeOrNone = registered("snapshots.quiesce.prepare_limit")
    hold_limit: TimeOrNone = registered("snapshots.quiesce.hold_limit")


class RemovalTable(Table):
    """Snapshots that cannot be removed."""

    failure: Percentage = registered("snapshots.removal.failure")
    retries: Count = registered("snapshots.removal.retries")
    wait: LongTime = registered("snapshots.removal.wait")


class FullTable(Table):
    """A datastore that is full: the VM whose delta cannot grow asks."""

    answer: Literal["retry", "cancel", "end"] = registered("snapshots.full.answer")
    wait: LongTime = registered("snapshots.full.wait")
    freed: Size = registered("snapshots.full.freed")


def _delta(s: "SnapshotsTable") -> DeltaFormat:
    """The format of its deltas: what the file says of it, and the format's own defaults."""
    prefix = "snapshots.vmfssparse."
    own = {row.key.removeprefix(prefix): default(row.key) for row in REGISTER if row.key.startswith(prefix)}
    said = s.delta.model_fields_set
    delta = s.delta.model_copy(update={k: v for k, v in own.items() if s.format == "vmfssparse" and k not in said})
    return DeltaFormat(
        grain_bytes=delta.grain, table_grains=delta.table_grains, growth_bytes=delta.growth,
        metadata_ppm=delta.metadata, metadata_writes=delta.metadata_writes, metadata_bytes=delta.metadata_size,
        cached_tables=delta.cached_tables, table_bytes=delta.table_size, directory_writes=delta.directory_writes,
        bloom_bits=8 * delta.bloom, bloom_hashes=delta.bloom_hashes,
    )  # fmt: skip


def snapshots_of(s: "SnapshotsTable") -> Snapshots:
    """The tables in base units, as the model reads them."""
    stun, merge = s.stun, s.merge
    return Snapshots(
        api_ns=s.api,
        format=s.format,
        consolidation=s.consolidation,
        stun=StunCosts(
            stop_ns=stun.stop, resume_ns=stun.resume, close_ns=stun.close, create_ns=stun.create, open_ns=stun.open,
            close_ios=stun.close_ios, create_ios=stun.create_ios, open_ios=stun.open_ios,
            cbt_close_ios=stun.cbt_close_ios, cbt_open_ios=stun.cbt_open_ios, metadata_bytes=stun.metadata_size,
            drain_limit_ns=stun.drain_limit, cpt_extra_ns=stun.cpt_extra,
        ),
        delta=_delta(s),
        merge=MergeCosts(
            streams=merge.streams, chunk_bytes=merge.chunk, rate_bytes_per_s=merge.rate, limit_ns=merge.limit
        ),
        helper=HelperRounds(s.helper.estimate, s.helper.rounds, s.helper.force),
        native=NativeCosts(s.native.create_ios, s.native.delete_ios),
        memory=MemoryDump(s.memory.io, s.memory.pause, s.memory.lazy, s.memory.stun),
        quiesce=QuiesceLimits(s.quiesce.prepare_limit, s.quiesce.hold_limit),
        removal=RemovalPolicy(s.removal.failure, s.removal.retries, s.removal.wait),
        full=FullPolicy(s.full.answer, s.full.wait, s.full.freed),
    )  # fmt: skip
