"""Parts of a scenario about what hosts share: how DSNRO acts, QUEUE FULL, the array's write cache, SIOC.

As in `models.scenario`: whole numbers in base units, no defaults.
"""

from dataclasses import dataclass
from typing import Literal


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
