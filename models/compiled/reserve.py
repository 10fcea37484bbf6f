"""How much one step of the loop may take: what it must find before it begins, because it cannot stop half way."""

from models.compiled import layout
from models.measure.risk import BLOCK_BYTES
from models.mechanisms import cbt
from models.scenario import Scenario

IOS_A_STEP = 4
"""Guest I/Os that one step may set going: one that is delivered lets its loop issue the next and a waiting one pass."""


def largest_io(spec: Scenario) -> int:
    """Bytes of the largest guest I/O that any workload or flush makes."""
    largest = 0
    for vm in spec.vms:
        for workload in vm.workloads:
            if workload.trace is not None:
                largest = max(largest, int(workload.trace.size_bytes.max(initial=0)))
            else:
                largest = max([largest, *(size for size, _ in workload.sizes)])
    if any(job.request.quiesce for job in spec.vadp):
        largest = max([largest, *(vm.guest.flush_bytes for vm in spec.vms)])
    return largest


def burst_of(spec: Scenario) -> int:
    """Commands, draws or events that one step makes at most: what lies apart in an I/O, a chunk or a tool's block."""
    grain = spec.snapshots.delta.grain_bytes
    largest = max([largest_io(spec), spec.snapshots.merge.chunk_bytes, *(job.tool_block_bytes for job in spec.vadp)])
    reads = max((group.resync_reads for group in spec.vaio), default=0)
    return IOS_A_STEP * (largest // grain + 2) + reads + 16


def reserve_of(spec: Scenario, burst: int, causes: int) -> int:
    """Words that one step takes at most: records of commands and I/Os, pages of maps, histograms and ledgers."""
    delta, largest = spec.snapshots.delta, largest_io(spec)
    tables = largest // (delta.grain_bytes * delta.table_grains) + 2
    tracked = min((job.cbt_block_bytes for job in spec.vadp), default=1 << 16)
    protections = len(spec.vadp) + len(spec.vaio)
    maps = (
        tables * (2 * delta.table_grains + 1)
        + (largest // (tracked * cbt.PAGE_BLOCKS) + 2) * cbt.PAGE_BLOCKS
        + protections * (largest // (BLOCK_BYTES * layout.LATEST_PAGE) + 2) * layout.LATEST_PAGE
        + protections * (len(spec.vms) + 1) * (2 * layout.EPOCH_WORDS + 8 * layout.LOG_WORDS + 8 * layout.PAGE)
    )
    records = burst * (layout.COMMAND_WORDS + layout.ITEM_WORDS) + 64 * (layout.IO_WORDS + causes + protections)
    bins = layout.PAGE * (layout.BIN_COUNTS + causes)
    books = 64 * layout.PAGE + bins + 8 * (causes + layout.SLOW_WORDS) + 64 * layout.NODE_WORDS
    probes = 4 * layout.NODE_WORDS * max((len(vm.disks) for vm in spec.vms), default=0)
    return IOS_A_STEP * (maps + books + probes) + records
