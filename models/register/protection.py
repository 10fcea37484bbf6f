"""Register rows of the two protections: VADP backup jobs and VAIO replication.

What depends on a backup's transport is in `models.register.backups`. Left out: synthetic fulls, retention.
"""

from models.register.row import Assumption as A

OWN = "own setting"
MTV = "Forklift/MTV performance metrics (Red Hat labs, ESXi 7.0.3)"
VEEAM = "Veeam Best Practices guide, Interaction with vSphere"
CLASSES = "RecoverPoint for VMs: appliance classes of 2, 4 and 8 vCPU"
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
    A("vadp.quiesce", "false", "choice", "true", "false", OWN, "guess",
      "guest file systems and writers are brought to rest first; off is crash-consistent"),
    A("vadp.on_quiesce_failure", "fail", "choice", "fail", "crash-consistent", OWN, "guess",
      "what a job does with a VM that cannot be quiesced"),
    A("vadp.memory", "false", "choice", "true", "false", "IBM TSM for VE: snapshot failures overview", "measured",
      "backup products do not ask for memory"),
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
    A("vaio.synchronous", "false", "choice", "true", "false", "VAIO: a filter may defer an I/O while it sends it over "
      "the network", "documented", "a guest's write is done when the target has it, too"),
    A("vaio.on_loss", "asynchronous", "choice", "asynchronous", "hold", OWN, "guess",
      "synchronous only: when the target does not confirm, let writes go and fall behind, or hold them"),
    A("vaio.hold_limit", "10 s", "time", "1 s", "60 s", OWN, "guess",
      "synchronous only: a write is held no longer before the group goes on asynchronously"),
    A("vaio.blocks_drain", "true", "choice", "true", "false", "LWD snapshot stall: a filter that cannot be quiesced "
      "keeps the snapshot from being taken", "inferred", "synchronous only: a stun's drain waits for held writes"),
    A("vaio.link_timeout", "60 s", "time", "1 s", "120 s", f"{HBR}: event \"no connection\" after 60 s", "documented",
      "so long after a cut the connection is given up"),
    A("vaio.retry", "10 s", "time", "1 s", "60 s", f"{HBR}: reconnect delay + 10 s per failure", "documented",
      "the pause before probe k of a lost connection is k times this"),
    A("vaio.retry_most", "90 s", "time", "5 s", "300 s", f"{HBR}: reconnect delay up to 90 s", "documented",
      "and at most this"),
    A("vaio.history", "24 h", "time", "1 h", "30 d", "Veeam CDP short-term retention (community description of v11/12)",
      "reported", "the journal keeps points of this age"),
    A("vaio.journal_size", "150 GB", "size", "10 GB", "1000 GB", "Zerto: journal sizing, default hard limit",
      "documented", "raw bytes after its oldest point; a full journal gives up its oldest points"),
)  # fmt: skip

APPLIANCE = (
    A("appliance.throughput", "none", "rate", "50 MB/s", "80 MB/s", CLASSES, "reported", "raw bytes that it processes"),
    A("appliance.writes", "none", "iops", "4500 iops", "10000 iops", CLASSES, "reported", "writes that it processes"),
    A("appliance.link", "none", "rate", "1 MB/s", "1 GB/s", OWN, "guess", "on the wire, shared by its groups"),
    A("appliance.buffer", "none", "size", "415 MB", "2258 MB", "Zerto: VRA Memory Considerations", "documented",
      "raw bytes of all its groups together"),
    A("appliance.disks", "none", "count", "50", "1024", "Veeam CDP: up to 50 disks per VM", "documented",
      "more disks are a mistake"),
)  # fmt: skip

PROTECTION = VADP + VAIO + APPLIANCE
