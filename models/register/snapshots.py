"""Register rows of snapshots: what a stun is made of, SEsparse deltas, consolidation by mirror driver, outside timers.

Beside them: snapshots that the array takes (native), memory, quiescing, and what becomes of a removal that fails.
The stun's fixed costs (120 ms a VM, 60 ms and 12 metadata I/Os a disk) are fitted to published stuns, so rows of
`validate` that repeat those stuns are calibrated, not predicted. How the sums divide over the phases is our guess.
Left out: vsanSparse, and space that native snapshots take in the array.
"""

from models.register.row import Assumption as A

OWN = "own setting"
FIT = "fitted to: How long are VMs stunned (virten.net, 188 ms); Broadcom KB 417644 (385 and 408 ms)"
SPLIT = f"{FIT}; the division over phases is a guess"
FORMAT = "QEMU list: read-only support for seSparse; Regarding SESparse support in QEMU (S. Eiderman, 2020)"
PURE = "fitted to: FlashArray//C VMware managed snapshot performance (Pure)"

STUN = (
    A("snapshots.api", "1 s", "time", "0.2 s", "5 s", "task times around published stuns", "inferred",
      "from the call to the stun, and from its end to the task's"),
    A("snapshots.format", "sesparse", "choice", "vmfssparse", "native", "Snapshot Formats (vSphere Storage 7.0)",
      "documented", "sesparse: VMFS6; vmfssparse: VMFS5 below 2 TB, NFS; native: vVols, vSAN ESA"),
    A("snapshots.consolidation", "mirror", "choice", "helper", "mirror",
      "Snapshot consolidation changes in vSphere 6.0 (C. Hogan)", "documented", "helper: before 6.0"),
    A("snapshots.stun.stop", "40 ms", "time", "10 ms", "100 ms", f"{SPLIT}; lower bound: Broadcom KB 432796",
      "inferred", "vCPUs stop, device checkpoint; stop + resume = 120 ms, plausible 20 to 250 ms"),
    A("snapshots.stun.resume", "80 ms", "time", "10 ms", "150 ms", SPLIT, "inferred", "until vCPUs run again"),
    A("snapshots.stun.close", "15 ms", "time", "5 ms", "40 ms", SPLIT, "inferred",
      "host work per disk; close + create + open = 60 ms, plausible 20 to 150 ms"),
    A("snapshots.stun.create", "25 ms", "time", "10 ms", "60 ms", SPLIT, "inferred", "host work per disk"),
    A("snapshots.stun.open", "20 ms", "time", "5 ms", "50 ms", SPLIT, "inferred", "host work per disk"),
    A("snapshots.stun.close_ios", "3", "count", "1", "8", SPLIT, "inferred",
      "metadata I/Os per disk, one after the other; 12 in all, plausible 6 to 30"),
    A("snapshots.stun.create_ios", "5", "count", "3", "12", SPLIT, "inferred", "metadata I/Os per disk"),
    A("snapshots.stun.open_ios", "4", "count", "2", "10", SPLIT, "inferred", "metadata I/Os per disk"),
    A("snapshots.stun.cbt_close_ios", "2", "count", "1", "5",
      "VMs losing high number of pings when consolidating snapshots (elatov): +1 s at create", "inferred",
      "more metadata I/Os per tracked disk; +4 in all, plausible 2 to 10"),
    A("snapshots.stun.cbt_open_ios", "2", "count", "1", "5",
      "VMs losing high number of pings when consolidating snapshots (elatov): +1 s at create", "inferred",
      "more metadata I/Os per tracked disk"),
    A("snapshots.stun.metadata_size", "4 KiB", "size", "512 B", "64 KiB", OWN, "guess", "one metadata I/O"),
    A("snapshots.stun.drain_limit", "60 s", "time", "5 s", "15 min", OWN, "guess",
      "a longer drain fails the operation, which rolls back"),
    A("snapshots.stun.cpt_extra", "30 ms", "time", "29 ms", "30 ms", "Broadcom KB 417644: 385/415 and 408/438 ms",
      "documented", "ESXi 8 logs a CPT total that is this much longer than the stop"),
)  # fmt: skip

DELTA = (
    A("snapshots.delta.grain", "4 KiB", "size", "4 KiB", "4 KiB", FORMAT, "measured", "SEsparse"),
    A("snapshots.delta.table_grains", "4096", "count", "4096", "4096", FORMAT, "measured",
      "32 KiB of 8-byte entries: one table maps 16 MiB"),
    A("snapshots.delta.growth", "16 MiB", "size", "15 MiB", "16 MiB", FORMAT, "reported",
      "one grain table's worth of grains"),
    A("snapshots.delta.metadata", "0.3937 %", "percentage", "0.2 %", "0.4 %", FORMAT, "inferred",
      "8 B table + 8 B back-map + 1/8 B bitmap per 4 KiB of the disk: 4.03 GiB per TiB"),
    A("snapshots.delta.metadata_writes", "1", "count", "1", "3", "first-touch work of QEMU's seSparse reader: 0.3 to 3",
      "inferred", "after journal batching, per allocating write and grain table; whole numbers only"),
    A("snapshots.delta.metadata_size", "4 KiB", "size", "512 B", "32 KiB", OWN, "guess", "one metadata I/O"),
    A("snapshots.delta.cached_tables", "1024", "count", "0", "65536", OWN, "guess",
      "per disk: maps 16 GiB; 0 keeps all. A miss costs a metadata read"),
    A("snapshots.delta.table_size", "0 B", "size", "0 B", "0 B", FORMAT, "measured",
      "what a grain table's first entry takes of the file; SEsparse lays all tables out at its creation"),
    A("snapshots.delta.directory_writes", "0", "count", "0", "0", FORMAT, "measured",
      "metadata writes when a grain table gets its first entry"),
    A("snapshots.delta.bloom", "none", "size", "16 KiB", "1 MiB", "KB 83550: SE Sparse read I/O improvements, 7.0 U2",
      "documented", "a Bloom filter of this size for each level, from 7.0 U2; that there is one, not how large it is"),
    A("snapshots.delta.bloom_hashes", "4", "count", "1", "8", OWN, "guess", "bits that a grain sets in it"),
)  # fmt: skip

FIRST_TOUCH = "order of a first-touch write (S. Eiderman, 2020)"
COWD = "COWD reader of vmdk-core (cites QEMU vmdk.c); QEMU list: read-only support for seSparse"

VMFSSPARSE = (
    A("snapshots.vmfssparse.grain", "512 B", "size", "512 B", "512 B", COWD, "measured", "one sector"),
    A("snapshots.vmfssparse.table_grains", "4096", "count", "4096", "4096", COWD, "measured",
      "16 KiB of 4-byte entries: one table maps 2 MiB"),
    A("snapshots.vmfssparse.growth", "16 MiB", "size", "15 MiB", "16 MiB", "Opvizor manual, Snapshots", "reported",
      "about 16 MB, at least 15"),
    A("snapshots.vmfssparse.metadata", "0 %", "percentage", "0 %", "0 %", COWD, "measured",
      "tables come with their first entry; the directory is small"),
    A("snapshots.vmfssparse.metadata_writes", "1", "count", "1", "4", FIRST_TOUCH,
      "inferred", "the table's entry, after the data: crash-safe by its order, no journal"),
    A("snapshots.vmfssparse.metadata_size", "512 B", "size", "512 B", "16 KiB", OWN, "guess", "one metadata I/O"),
    A("snapshots.vmfssparse.cached_tables", "1024", "count", "0", "65536", OWN, "guess", "per disk: maps 2 GiB"),
    A("snapshots.vmfssparse.table_size", "16 KiB", "size", "16 KiB", "16 KiB", COWD, "measured",
      "0.78 % of the data when full"),
    A("snapshots.vmfssparse.directory_writes", "1", "count", "1", "1", FIRST_TOUCH,
      "measured", "the directory's entry, after the table's"),
)  # fmt: skip

MERGE = (
    A("snapshots.merge.streams", "6", "count", "1", "32", PURE, "inferred",
      "6 x 64 KiB = 0.4 MB in flight per disk, plausible 0.1 to 2 MB: the rate is that / (read + write latency)"),
    A("snapshots.merge.chunk", "64 KiB", "size", "64 KiB", "1 MiB", PURE, "inferred", "one copy"),
    A("snapshots.merge.rate", "1 GB/s", "rate", "10 MB/s", "1 GB/s", "above the fastest published consolidation",
      "inferred", "cap per disk"),
    A("snapshots.merge.limit", "24 h", "time", "1 h", "72 h", OWN, "guess",
      "a longer pass fails: the VM needs consolidation"),
)  # fmt: skip

HELPER_SOURCE = "VM gets unresponsive when removing a snapshot (codenotary), quoting KB 2039754"

REMOVAL = (
    A("snapshots.helper.estimate", "12 s", "time", "1 s", "60 s",
      "Snapshot consolidation changes in vSphere 6.0 (C. Hogan)", "documented",
      "snapshot.maxConsolidateTime: a helper that merges in this time is merged in a stun"),
    A("snapshots.helper.rounds", "10", "count", "0", "20", HELPER_SOURCE, "reported",
      "snapshot.maxIterations; 0: stunned at once"),
    A("snapshots.helper.force", "false", "choice", "true", "false", HELPER_SOURCE, "reported",
      "asyncConsolidate.forceSync: after the last round the rest is merged in a stun; otherwise it is left"),
    A("snapshots.native.create_ios", "1", "count", "1", "8", "Scalable native snapshots in vSAN ESA: metadata pointers",
      "guess", "metadata I/Os per disk in the stun; how many is not published"),
    A("snapshots.native.delete_ios", "1", "count", "1", "8", "Scalable native snapshots in vSAN ESA: no data is merged",
      "guess", "metadata I/Os per disk in the stun; how many is not published"),
    A("snapshots.removal.failure", "0 %", "percentage", "0 %", "2 %", OWN, "guess",
      "removals that find a file locked: the VM needs consolidation; vendors name it as frequent, not how frequent"),
    A("snapshots.removal.retries", "0", "count", "0", "8", "Veeam Snapshot Hunter: 4 attempts, 4 h apart", "documented",
      "of a consolidation that is needed, besides that of the next job; 0: the next job only"),
    A("snapshots.removal.wait", "4 h", "time", "10 min", "24 h", "Veeam Snapshot Hunter: 4 attempts, 4 h apart",
      "documented", "before each retry"),
)  # fmt: skip

FULL = (
    A("snapshots.full.answer", "retry", "choice", "cancel", "retry", "KB 1007849: out of space for redo log",
      "documented", "what a VM that cannot grow its delta is told; end: the run ends there"),
    A("snapshots.full.wait", "30 min", "time", "5 min", "8 h", OWN, "guess", "until an operator answers"),
    A("snapshots.full.freed", "10 GiB", "size", "0 B", "1 TiB", OWN, "guess",
      "that the operator has freed by then; 0: only what others have given back"),
)  # fmt: skip

QUIESCE = (
    A("snapshots.quiesce.prepare_limit", "900 s", "time", "60 s", "900 s", "Veeam KB1377: VSS freeze wait timeout",
      "documented", "from the request until the guest is frozen and flushed"),
    A("snapshots.quiesce.hold_limit", "10 s", "time", "10 s", "60 s",
      "Microsoft KB 975688: provider more than 10 seconds", "documented",
      "from there to the thaw; a longer one finds the guest running, and the snapshot is rolled back"),
    A("snapshots.memory.io", "8 MiB", "size", "1 MiB", "16 MiB", "Broadcom KB 76687: mainMem.ioBlockPages 2048",
      "documented", "one I/O of a memory image"),
    A("snapshots.memory.pause", "0 s", "time", "0 s", "200 ms", "Broadcom KB 76687: mainMem.iowait; KB 326722: vSAN "
      "sleeps between I/Os", "documented", "between two of them"),
    A("snapshots.memory.lazy", "true", "choice", "true", "false", "Broadcom KB 76687: lazy checkpoint", "documented",
      "the VM runs while its memory is written; otherwise it is stunned"),
    A("snapshots.memory.stun", "0.5 s", "time", "0 s", "2 s", OWN, "guess", "more stun of a lazy memory snapshot"),
)  # fmt: skip

TIMERS = (
    A("timer.windows-cluster-heartbeat", "5 s", "time", "5 s", "20 s",
      "Veeam KB1744: cluster failover on snapshot (1 s x 5, 2008 to 2012 R2)", "reported", "failover cluster default"),
    A("timer.windows-cluster-2016", "10 s", "time", "10 s", "20 s",
      "recalled: same-subnet threshold 10 x 1 s from Windows Server 2016", "guess", "no source at hand: check it"),
    A("timer.windows-cluster-raised", "20 s", "time", "10 s", "20 s",
      "Veeam KB1744: cluster failover on snapshot (2 s x 10)", "reported", "often raised to this for backups"),
    A("timer.sql-availability-group", "10 s", "time", "5 s", "60 s",
      "Microsoft: Change the session-timeout period for an availability replica", "documented", "session time-out"),
)  # fmt: skip

SNAPSHOTS = STUN + DELTA + VMFSSPARSE + MERGE + REMOVAL + FULL + QUIESCE + TIMERS
