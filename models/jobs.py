"""Backup jobs, how they move their data and get their turn: a part of `models.scenario`, frozen, without defaults.

Units and the meaning of zero as there. Left out: the backup product's own machines as consumers of CPU and memory.
"""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Transport:
    """How a backup job's bytes leave the datastore, and through which machines.

    ``nbd`` and ``nbdssl``: the serving host reads and sends. ``hotadd``: a proxy VM on the serving host attaches the
    disks and reads them itself, each as a flow of its own. ``san``: a backup server reads from the array itself.
    """

    kind: Literal["nbd", "nbdssl", "hotadd", "san"]
    proxy: str  # who moves the data; jobs that name the same one share it
    proxy_tasks: int  # disks it processes at once; 0: no limit
    proxy_bytes_per_s: int  # raw bytes; 0: no cap
    queue_depth: int  # san: of the backup server's device for each datastore
    repository: str  # jobs that name the same one share it
    repository_tasks: int  # disks it takes at once; 0: no limit
    connections: int  # nbd: open disks of one serving host at once (NFC); 0: no limit
    ssl_bytes_per_s: int  # nbdssl: what one stream's thread encrypts; 0: at no cost
    ssl_host_bytes_per_s: int  # nbdssl: what the serving host encrypts, all streams together; 0: no cap
    attach_ns: int  # hotadd: per disk, one after the other at the proxy
    detach_ns: int
    lock_recovery_ns: int  # hotadd by another host on NFSv3: the VM's host wins its lock back in a stun; 0: no stun


@dataclass(frozen=True, slots=True)
class Schedule:
    """What becomes of VMs that fail, or that the job's window leaves out."""

    overrun: Literal["stop", "finish"]  # VMs that run when the window ends: are stopped and fail, or are finished
    order: Literal["listed", "missed first"]  # missed first: VMs without success in the last job begin this one
    retries: int  # times that the VMs which failed are tried again, within the window
    retry_wait_ns: int  # before each


@dataclass(frozen=True, slots=True)
class Vadp:
    """A snapshot backup job over some VMs, one VM after the other (`parallel_vms` at once)."""

    name: str
    vms: tuple[str, ...]  # VM names
    first_ns: int
    interval_ns: int
    parallel_vms: int
    serving_host: str  # whose flow the reads are: NBD's serving host, HotAdd's proxy's; san: not used
    cbt: Literal["v1", "v2"]  # v1: the block doubles with the disk above 128 GiB
    cbt_block_bytes: int
    tool_block_bytes: int  # the backup tool reads and stores whole blocks of this
    query_page_extents: int
    query_page_ns: int
    disk_open_ns: int  # per disk: open and close
    reads_in_flight: int  # per disk
    stream_bytes_per_s: int  # per disk; 0: no cap
    host_bytes_per_s: int  # nbd, per serving host; 0: no cap
    repository_bytes_per_s: int  # 0: no cap; after reduction
    reduction_milli: int  # raw : stored, e.g. 2000 for 2:1
    commit_ns: int  # repository metadata after the last byte
    job_limit_ns: int  # its window: a longer job takes no more VMs, see Schedule.overrun; 0: none
    transport: Transport
    schedule: Schedule


@dataclass(frozen=True, slots=True)
class Control:
    """What all jobs heed together: places at each datastore, and its latency."""

    open_snapshots: int  # VMs in backup at once with a disk on one datastore; 0: no limit
    datastore_tasks: int  # disks read at once from one datastore; 0: no limit
    stop_latency_ns: int  # measured above this, a datastore's disks get no new task; 0: never
    throttle_latency_ns: int  # above this, its tasks halve their reads in flight; 0: never
    poll_ns: int  # between two measurements, each the mean DAVG of all hosts' commands since the last
