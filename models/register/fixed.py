"""Assumptions that a scenario file cannot change: readings of the literature that the code is built on."""

from models.register.row import Assumption as A

FIXED = (
    A("fixed.scheduler_flow", "host and virtual disk", "choice", "host and file", "host and virtual disk",
      "Controlling Per File I/O Scheduling (vSphere 7.0 storage guide)", "inferred",
      "one flow covers a disk's base, deltas and maps: per-file queues are documented, their sharing is our reading"),
    A("fixed.nbd_shares", "1000", "count", "200", "4000", "own setting", "guess",
      "shares of a flow of backup reads, of a serving host or a proxy VM's disk: like a virtual disk's normal shares"),
    A("fixed.hotadd_disks", "60", "count", "60", "60",
      "VDDK guide: Virtual Disk Transport Methods (4 controllers of 15 disks)", "documented",
      "disks that a proxy VM can have attached at once"),
    A("fixed.latency_control", "halve, then one more", "choice", "one less, then one more", "halve, then one more",
      "own setting", "guess", "how tools throttle is not published: reads in flight per disk halve at each measurement "
      "above throttle_latency, down to one, and grow by one at each below stop_latency"),
    A("fixed.cbt_doubling", "128 GiB", "size", "128 GiB", "128 GiB",
      "ESXi CBT bug (KB 2090639), pragmaticio.com", "inferred",
      "up to this disk size changed blocks have the configured size; it doubles with the disk above (CBT v1)"),
    A("fixed.resync_run", "16", "count", "1", "16",
      "vSphere Replication, ESXi advanced options with their defaults: contiguous extents merged into one update",
      "documented", "dirty extents read and sent as one in a resync"),
    A("fixed.table_replacement", "second chance", "choice", "least recently used", "second chance", "own setting",
      "guess", "which grain table leaves the memory when another is needed"),
)  # fmt: skip
