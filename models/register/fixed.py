"""Assumptions that a scenario file cannot change: readings of the literature that the code is built on."""

from models.register.row import Assumption as A

FIXED = (
    A("fixed.scheduler_flow", "host and virtual disk", "choice", "host and file", "host and virtual disk",
      "Controlling Per File I/O Scheduling (vSphere 7.0 storage guide)", "inferred",
      "one flow covers a disk's base, deltas and maps: per-file queues are documented, their sharing is our reading"),
    A("fixed.nbd_shares", "1000", "count", "200", "4000", "own setting", "guess",
      "shares of a serving host's NBD reads: a flow like a virtual disk's with normal shares"),
    A("fixed.cbt_doubling", "128 GiB", "size", "128 GiB", "128 GiB",
      "ESXi CBT bug (KB 2090639), pragmaticio.com", "inferred",
      "up to this disk size changed blocks have the configured size; it doubles with the disk above (CBT v1)"),
    A("fixed.resync_run", "16", "count", "1", "16",
      "vSphere Replication, ESXi advanced options with their defaults: contiguous extents merged into one update",
      "documented", "dirty extents read and sent as one in a resync"),
    A("fixed.table_replacement", "second chance", "choice", "least recently used", "second chance", "own setting",
      "guess", "which grain table leaves the memory when another is needed"),
)  # fmt: skip
