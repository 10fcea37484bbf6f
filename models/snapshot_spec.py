"""How snapshots are taken and removed, and what a guest brings into them: a part of `models.scenario`, same rules.

Source of each number: the assumption register. `models.stories.snapshot` acts on these.
"""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class StunCosts:
    """What a stun is made of besides the drain. Per-disk metadata I/Os are real I/Os on that disk's flow."""

    stop_ns: int
    resume_ns: int
    close_ns: int  # per disk, host work
    create_ns: int
    open_ns: int
    close_ios: int  # per disk, serial metadata I/Os
    create_ios: int
    open_ios: int
    cbt_close_ios: int  # more of them when the disk is tracked
    cbt_open_ios: int
    metadata_bytes: int
    drain_limit_ns: int  # a longer drain fails the operation, which rolls back
    cpt_extra_ns: int  # ESXi 8's "CPT" total is longer than "vm stopped for" by this; recorded apart


@dataclass(frozen=True, slots=True)
class DeltaFormat:
    """A sparse delta disk: SEsparse, VMFSsparse."""

    grain_bytes: int
    table_grains: int  # grains that one grain table maps
    growth_bytes: int  # the file grows in steps of this
    metadata_ppm: int  # of the disk's size, reserved at creation
    metadata_writes: int  # serial metadata writes for a write that allocates, per grain table
    metadata_bytes: int  # of one metadata I/O
    cached_tables: int  # grain tables kept in memory per disk; a miss costs a metadata read; 0: all
    table_bytes: int  # of the file, when a grain table gets its first entry; 0: all tables are laid out at creation
    directory_writes: int  # serial metadata writes when a grain table gets its first entry
    bloom_bits: int  # of one level's Bloom filter; 0: none
    bloom_hashes: int


@dataclass(frozen=True, slots=True)
class MergeCosts:
    """The copiers of a consolidation: so many in flight per disk, chunk by chunk, under a rate cap."""

    streams: int
    chunk_bytes: int
    rate_bytes_per_s: int  # cap; 0: none
    limit_ns: int  # a longer consolidation fails: the VM needs consolidation; 0: none


@dataclass(frozen=True, slots=True)
class HelperRounds:
    """Consolidation before 6.0: helper after helper takes the writes while what is below it is merged."""

    estimate_ns: int  # a helper that merges in this time is merged in a stun (snapshot.maxConsolidateTime)
    rounds: int  # before that; 0: stunned at once (snapshot.maxIterations)
    force: bool  # after the last round merge in a stun all the same (asyncConsolidate.forceSync), or give up


@dataclass(frozen=True, slots=True)
class NativeCosts:
    """Snapshots that the array takes: metadata only, the running disk stays the base."""

    create_ios: int  # per disk, serial metadata I/Os in the stun
    delete_ios: int


@dataclass(frozen=True, slots=True)
class MemoryDump:
    """The VM's memory written beside its first disk, one I/O after the other."""

    io_bytes: int  # mainMem.ioBlockPages
    pause_ns: int  # between two of them (mainMem.iowait, and what vSAN does)
    lazy: bool  # the VM runs meanwhile; otherwise all of it is stun
    stun_ns: int  # more stun of a lazy one


@dataclass(frozen=True, slots=True)
class QuiesceLimits:
    """How long a guest may be brought to rest, outside the guest."""

    prepare_ns: int  # from the request until it is frozen and flushed; 0: none
    hold_ns: int  # from there to the thaw: the provider blocks writes no longer; 0: none


@dataclass(frozen=True, slots=True)
class Guest:
    """What a VM's guest brings into a snapshot: its memory, and the writes that its caches owe the disks."""

    memory_bytes: int
    prepare_ns: int  # from the request to the freeze, it runs
    dirty_bytes: int  # in its file-system cache when it writes nothing
    dirty_ns: int  # and what it wrote in so much time
    dirty_most_bytes: int
    flush_bytes: int  # of one write of a flush
    flush_outstanding: int
    freeze_limit_ns: int  # its writers stay frozen no longer; 0: none


@dataclass(frozen=True, slots=True)
class SnapshotRequest:
    """What a backup job asks of its snapshots."""

    quiesce: bool
    fallback: Literal["fail", "crash-consistent"]  # when it cannot be quiesced
    memory: bool


@dataclass(frozen=True, slots=True)
class RemovalPolicy:
    """What becomes of snapshots that cannot be removed."""

    failure_ppm: int  # of removals find a file locked
    retries: int  # of a consolidation that a VM needs, besides the next job's
    wait_ns: int  # before each


@dataclass(frozen=True, slots=True)
class FullPolicy:
    """What is answered when a VM asks because its delta cannot grow."""

    answer: Literal["retry", "cancel", "end"]  # cancel: it never goes on; end: the run ends with an error
    wait_ns: int  # until the answer
    freed_bytes: int  # by then, on the datastore that is full


@dataclass(frozen=True, slots=True)
class Snapshots:
    """How this vSphere release takes and removes snapshots."""

    api_ns: int  # from the API call to the first thing the host does
    format: Literal["sesparse", "vmfssparse", "native"]
    consolidation: Literal["mirror", "helper"]  # of sparse deltas
    stun: StunCosts
    delta: DeltaFormat
    merge: MergeCosts
    helper: HelperRounds
    native: NativeCosts
    memory: MemoryDump
    quiesce: QuiesceLimits
    removal: RemovalPolicy
    full: FullPolicy
