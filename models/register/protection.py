"""Register rows of the two protections: VADP backup jobs and VAIO asynchronous replication.

What depends on a backup's transport is in `models.register.backups`. Left out: synthetic fulls, retention.
"""

from models.register.row import Assumption as A

OWN = "own setting"
MTV = "Forklift/MTV performance metrics (Red Hat labs, ESXi 7.0.3)"
VEEAM = "Veeam Best Practices guide, Interaction with vSphere"
HBR = "vSphere Replication options (HBR.*), public dump of 8.0 U3"

VADP = (
    A("vadp.first", "0 s", "time", "0 s", "24 h", OWN, "guess", "start of the first job"),
    A("vadp.parallel_vms", "4", "count", "1", "20", f"{VEEAM}: open snapshots per datastore", "documented",
      "VMs of the job at the same time"),
    A("vadp.cbt_block", "64 KiB", "size", "16 KiB", "1 MiB",
      "What is the size of a CBT block (vnote42); Almost everything about CBT", "inferred",
      "up to 128 GB of disk; coarser on larger disks before 7.0"),
    A("vadp.tool_block", "1 MiB", "size", "256 KiB", "4 MiB", "Veeam Best Practices guide, Deduplication and "
      "compression", "documented", "a 64 KiB change costs a whole block read and stored"),
    A("vadp.query_page_extents", "2000", "count", "2000", "2000", "vSphere CSI pull request 4064; Bareos pull request "
      "2152", "documented", "extents per changed-block query"),
    A("vadp.query_page", "0.2 s", "time", "0.05 s", "1 s", "Bareos pull request 2152 (log)", "measured",
      "one changed-block query"),
    A("vadp.reads_in_flight", "4", "count", "1", "16", f"{MTV}: AIO buffers 1 MiB x 4", "measured", "per disk"),
    A("vadp.repository", "none", "rate", "50 MB/s", "2 GB/s", OWN, "guess", "of stored bytes, after reduction"),
    A("vadp.reduction", "2.0", "number", "1.0", "4.0", f"{VEEAM}, repository planning", "measured",
      "raw : stored; 3:1 or better is common"),
    A("vadp.commit", "2 s", "time", "0.5 s", "30 s", OWN, "guess", "repository metadata after the last byte"),
    A("vadp.job_limit", "none", "time", "1 h", "24 h", OWN, "guess",
      "the job's window: after it no VM begins, and those that run are stopped and fail (overrun)"),
)  # fmt: skip

VAIO = (
    A("vaio.down", "10 us", "time", "3 us", "60 us", "no vendor publishes the cost of a hop",
      "inferred", "upcall and copy into the buffer"),
    A("vaio.up", "10 us", "time", "3 us", "60 us", "no vendor publishes the cost of a hop", "inferred",
      "on completion"),
    A("vaio.buffer", "1337 MB", "size", "415 MB", "2258 MB", "Zerto: VRA Memory Considerations (2 GB appliance)",
      "documented", "raw bytes that wait for the link before the filter falls back to its dirty map"),
    A("vaio.link_latency", "10 ms", "time", "0.5 ms", "100 ms", OWN, "guess", "one way"),
    A("vaio.reduction", "2.0", "number", "1.3", "3.0", "How to identify the required bandwidth for replication "
      "(Zerto/Assurestor): 40 to 50 %", "reported", "raw : on the wire"),
    A("vaio.journal", "none", "rate", "50 MB/s", "2 GB/s", OWN, "guess", "the target's journal, raw bytes"),
    A("vaio.checkpoint", "5 s", "time", "5 s", "30 s", "Zerto journaling / checkpoints (vendor forum)", "reported",
      "between selectable recovery points"),
    A("vaio.extent", "8 KiB", "size", "8 KiB", "64 KiB", f"{HBR}: disks below 2 TB", "documented",
      "granularity of the dirty map"),
    A("vaio.resync_reads", "32", "count", "16", "64", f"{HBR}: 32 block reads in parallel", "documented",
      "extents read ahead of the link"),
    A("vaio.seeded", "true", "choice", "true", "false", OWN, "guess",
      "the target holds the disks at the start; otherwise a full first sync"),
)  # fmt: skip

PROTECTION = VADP + VAIO
