"""What the audit compares at a run's end, and what space each datastore had left."""

from typing import NamedTuple


class DeviceAccount(NamedTuple):
    """One device's commands at the run's end, for the audit."""

    submitted: int
    finished: int
    inside: int  # waiting or issued
    bytes_submitted: int
    bytes_finished: int
    bytes_inside: int
    area_ns: int  # commands issued and not back, integrated over time
    sojourn_ns: int  # summed times in the device, up to now


class VmCounts(NamedTuple):
    """One VM's guest I/Os over the run, for the audit and the timers."""

    arrived: int
    arrived_bytes: int  # of writes
    delivered: int
    delivered_bytes: int
    delivered_in_stun: int
    ledger_ns: int  # all ledgers after warm-up
    latency_ns: int  # all latencies after warm-up
    late: int  # I/Os beyond the guest's disk timeout, stuns left out
    latest_ns: int  # the longest of them
    absorbed: int  # writes outside the observe windows
    absorbed_bytes: int


class StoreRow(NamedTuple):
    """One datastore's space over the run, warm-up included: exact, not only at intervals' ends."""

    datastore: str
    capacity_bytes: int
    lowest_free_bytes: int  # the least that base disks, deltas and memory images left
