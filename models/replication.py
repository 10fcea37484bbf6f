"""What is simulated, of replication: frozen, in base units and without defaults, as all of `models.scenario`."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Outage:
    """From `start_ns` for `duration_ns` nothing crosses a link."""

    start_ns: int
    duration_ns: int


@dataclass(frozen=True, slots=True)
class Appliance:
    """What groups share that name it: caps on raw bytes, writes and bytes on the wire, and a buffer; 0: no cap."""

    name: str
    bytes_per_s: int
    writes_per_s: int
    link_bytes_per_s: int
    buffer_bytes: int


@dataclass(frozen=True, slots=True)
class Vaio:
    """Replication by an inline filter: one consistency group, one buffer, one link, one journal."""

    name: str
    vms: tuple[str, ...]
    down_ns: int
    up_ns: int
    buffer_bytes: int  # raw bytes
    link_bytes_per_s: int  # on the wire, after reduction
    link_latency_ns: int  # one way
    reduction_milli: int
    journal_bytes_per_s: int  # target journal, raw; 0: no cap
    checkpoint_ns: int
    extent_bytes: int  # granularity of the dirty map
    resync_reads: int  # extents read ahead of the link
    seeded: bool  # the target holds the disks at time 0; otherwise a full first sync
    synchronous: bool  # the guest's write is done when the target has it, too
    on_loss: Literal["asynchronous", "hold"]  # synchronous: what a guest gets whose writes the target does not confirm
    hold_limit_ns: int  # on_loss asynchronous: no write is held longer
    blocks_drain: bool  # a stun's drain waits for held writes
    outages: tuple[Outage, ...]  # in order, apart
    link_timeout_ns: int  # so long after a cut the connection is lost
    retry_ns: int  # the pause before probe k is k times this
    retry_most_ns: int  # and at most this
    history_ns: int  # the journal keeps points of this age
    journal_size_bytes: int  # and at most so many raw bytes after its oldest point; 0: no limit
    appliance: Appliance | None  # shared with the other groups that name it
