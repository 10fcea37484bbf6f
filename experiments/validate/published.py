"""Published numbers that need no data directory: stuns, consolidations, transports, counters, one array under load.

Rows marked calibrated repeat what the register's defaults were fitted to (semantics: the stun's fixed costs, bytes in
flight of a merge, NBD rates); they show that the simulator still says so, not that it is right. Sources by title.
"""

from typing import NamedTuple


class Stun(NamedTuple):
    """A range about published stuns and the machine that it is compared with."""

    claim: str
    source: str
    disks: int
    metadata_ms: int  # latency of one metadata I/O
    reason: str  # StunRow.reason
    low_s: float
    high_s: float


KB_417644 = "Broadcom KB 417644: 385 and 408 ms"
KB_437724 = "Broadcom KB 437724: vSAN stuns above 20 s"

STUNS = (
    Stun("create stun, one disk, 1 ms", "How long are VMs stunned? (virten.net): 188 ms", 1, 1, "snapshot create",
         0.1, 0.35),
    Stun("create stun, four disks, 2 ms", KB_417644, 4, 2, "snapshot create", 0.3, 0.6),
    Stun("removal stun on a sick array (6 tracked disks and 3 s were chosen to fit)",
         "VMs losing high number of pings (elatov): ten removals of 176 to 237 s", 6, 3000, "mirror switch",
         176.0, 237.0),
)  # fmt: skip
CONGESTED_DISKS, CONGESTED_MS, CONGESTED_S = 8, 250, 20.0
"""KB 437724 gives the 20 s only; with the fitted costs it takes about 8 disks at 250 ms."""


class Merge(NamedTuple):
    """A published consolidation rate and the latencies of its array."""

    claim: str
    read_us: int
    write_us: int
    rate: float  # MB/s
    part: float  # tolerance


PURE = "FlashArray//C VMware managed snapshot performance (Pure)"
MERGES = (
    Merge("consolidation at 0.3 ms reads", 300, 400, 583.0, 0.25),
    Merge("consolidation at 3.5 ms reads", 3500, 400, 104.0, 0.25),
)
SPINNING_LOW, SPINNING_HIGH = 15.0, 40.0
"""MB/s at 10 ms a read and a write (arithmetic on the bytes in flight that fit the arrays above)."""

NBD = ((10, 272.0), (20, 284.0), (30, 294.0))
"""(disks read at once over NBD from one host, MiB/s): Forklift/MTV performance metrics, ESXi 7.0.3."""
NBD_MANY = ((50, 280.7), (80, 293.5), (100, 291.0))
"""Likewise, from its wall times of 35 GiB a disk: 1:46:24 (50), 2:42:49 (80) and 3:25:15 (100)."""
NBD_EIGHT_HOSTS = 1173.0
"""MiB/s of 80 disks that eight hosts serve: the same."""
NBD_ONE_LOW, NBD_ONE_HIGH = 104.9, 145.0
"""MB/s of one disk: 100 MiB/s (Forklift/MTV) to 145 MB/s (CDI issue 3752)."""

COUNTERS = ((4, 100.8), (9, 50.9), (19, 25.95))
"""(commands of 1 ms beside one of 500 ms, mean latency in ms): Broadcom KB 309140."""

PARDA_HOSTS, PARDA_DEPTH, PARDA_IOPS, PARDA_MS = 4, 32, 3360, 37.0
"""Uncontrolled 16 KiB random reads of four hosts at depth 32: PARDA (FAST 2009), table 3."""
