"""The hardware of a scenario: hosts and datastores, with what stands between them (QUEUE FULL, write cache, SIOC).

As in `models.scenario`: whole numbers in base units, no defaults.
"""

from dataclasses import dataclass
from typing import Literal

Distribution = Literal["fixed", "exponential", "lognormal"]


@dataclass(frozen=True, slots=True)
class Dsnro:
    """When DSNRO acts at a device, and on what."""

    outstanding: int  # Disk.SchedNumReqOutstanding
    per: Literal["disk", "device"]  # each virtual disk may have that many outstanding, or all of the device together
    rule: Literal["competition", "switches"]  # while several compete; or by the two counts below
    switches: int  # Disk.SchedQControlVMSwitches: so many switches between disks, and it acts
    requests: int  # Disk.SchedQControlSeqReqs: so many I/Os in succession of one disk, and it acts no more


@dataclass(frozen=True, slots=True)
class QueueFull:
    """What a host does when an array answers QUEUE FULL."""

    sample: int  # QFullSampleSize; 0: its queue depth stays as it is
    threshold: int  # QFullThreshold
    reading: Literal["samples", "refusals"]  # what halves the depth; see models.mechanisms.queuefull
    retry_ns: int  # Disk.DelayOnBusy: until a refused command is issued again


@dataclass(frozen=True, slots=True)
class Host:
    """An ESXi host: one I/O scheduler in front of each device it mounts."""

    name: str
    scheduler: Literal["mclock", "fifo"]
    cost_unit_bytes: int  # Disk.SchedCostUnit: an I/O costs ceil(bytes / unit)
    idle_credit: int  # mClock burst credit sigma, in cost units
    dsnro: Dsnro
    queue_full: QueueFull
    path_latency_ns: int  # fixed software cost of one guest I/O in the VMM and VMkernel, no queueing
    filter_cores: int  # cores that carry the hops of all filters of its VMs; 0: not counted
    filter_cpu_ns: int  # of such a core, one hop of one filter


@dataclass(frozen=True, slots=True)
class ServiceLaw:
    """Service time of one command in one server: drawn latency plus bytes / stream rate."""

    latency_ns: int  # mean of the drawn part
    distribution: Distribution | Literal["quantiles"]
    sigma_milli: int  # of the underlying normal; lognormal only
    stream_bytes_per_s: int  # 0: size does not matter
    quantiles: tuple[tuple[int, int], ...]  # (ppm, ns) from 0 to 1,000,000 ppm, straight lines between; quantiles only


@dataclass(frozen=True, slots=True)
class WriteCache:
    """An array's write-back cache."""

    size_bytes: int
    latency_ns: int  # of a write that finds room
    destagers: int  # destages at once; each holds a server


@dataclass(frozen=True, slots=True)
class Sioc:
    """Storage I/O Control, version 1: PARDA's windows over the hosts of a datastore."""

    threshold_ns: int  # L
    period_ns: int
    gain_ppm: int
    smoothing_ppm: int  # weight of the newest period's mean latency
    least_depth: int
    shares_per_slot: int  # shares that count as a claim (beta) of one slot


@dataclass(frozen=True, slots=True)
class Datastore:
    """A shared datastore: parallel servers behind one queue, with optional rate buckets."""

    name: str
    capacity_bytes: int
    device_queue_depth: int  # DQLEN of each host's device for it
    servers: int  # 0: no server limit (service starts at once)
    read: ServiceLaw
    write: ServiceLaw
    bandwidth_bytes_per_s: int  # cap over all commands; 0: none
    iops_cap: int  # cap over all commands; 0: none
    burst_ns: int  # depth of both caps' buckets, as time at the capped rate
    slowdown_milli: tuple[int, ...]  # factor of a service by number in service, from 1; the last for more; empty: none
    kind: Literal["vmfs", "nfs3", "nfs41", "vsan", "vvol"]  # what a backup's transport may and must do with it
    peak_bandwidth_bytes_per_s: int  # of a burst; 0: no limit
    peak_iops: int  # likewise
    credit_ppm: int  # of the buckets' depth, at the start
    queue_limit: int  # commands it holds at once; one more is answered by QUEUE FULL; 0: no limit
    cache: WriteCache | None
    sioc: Sioc | None
