"""Workload profiles: what a kind of application asks of its disk, one row for each key that a workload may say
itself.

The key is ``profile.<name>.<key of the workload>``; a mix of sizes has a row with the weight of each size. A scenario's
own keys go before these. Left out: what a profile does not say is a workload's default.
"""

from models.register.row import Assumption as A

OWN = "own setting"
PATTERNS = "I/O access pattern (datacadamia)"
SQL = "SQL Server's I/O characteristics (TechEd DAT334 summary)"
VPACT = "Storage Workload Characterization and Consolidation in Virtualized Environments (VPACT 2009)"
DESKTOPS = "A closer look at storage and virtual desktops (millennia.it)"
BOOT = "Boot storm IOPS considerations for VDI-in-a-Box deployment (Citrix CTX135986)"
LOGIN = "Sizing and Best Practices for Citrix XenDesktop with Dell EqualLogic Storage (BP1018), table 7"
MAILBOX = "How to Calculate Your Disk I/O Requirements (Microsoft, Exchange 2003)"

OLTP = (
    A("profile.oltp.kind", "closed", "choice", "open", "closed", OWN, "guess", "so many transactions at a time"),
    A("profile.oltp.outstanding", "16", "count", "16", "32", PATTERNS, "reported", "many concurrent: 16 to 32"),
    A("profile.oltp.think", "10 ms", "time", "0 s", "1 s", OWN, "guess", "between two I/Os of a transaction"),
    A("profile.oltp.read", "67 %", "percentage", "60 %", "75 %", PATTERNS, "reported", "two reads for each write"),
    A("profile.oltp.size", "8 KiB", "size", "2 KiB", "16 KiB", SQL, "reported", "a database page"),
    A("profile.oltp.addresses.pattern", "uniform", "choice", "uniform", "zipf", VPACT, "inferred",
      "highly random at the virtual disk; that it is uniform is our reading"),
)  # fmt: skip

VDI = (
    A("profile.vdi.kind", "open", "choice", "open", "closed", OWN, "guess", "a person asks whatever the disk does"),
    A("profile.vdi.rate", "6 iops", "iops", "5 iops", "20 iops", DESKTOPS, "inferred",
      "with the busy stretches 10 iops on average: 8 to 10 for an average user, 14 to 20 for a heavy one"),
    A("profile.vdi.two_state.busy_rate", "30 iops", "iops", "15 iops", "60 iops", VPACT, "inferred",
      "three times the mean"),
    A("profile.vdi.two_state.quiet", "10 s", "time", "2 s", "60 s", VPACT, "inferred", "mean stay"),
    A("profile.vdi.two_state.busy", "2 s", "time", "2 s", "10 s", VPACT, "inferred", "mean stay"),
    A("profile.vdi.read", "20 %", "percentage", "10 %", "50 %", DESKTOPS, "reported", "writes dominate, down to 10:90"),
    A("profile.vdi.sizes.8 KiB", "1", "count", "1", "100", LOGIN, "inferred", "writes of 9 KB on average"),
    A("profile.vdi.sizes.16 KiB", "1", "count", "1", "100", OWN, "guess", "as often"),
    A("profile.vdi.addresses.pattern", "uniform", "choice", "uniform", "zipf", VPACT, "inferred",
      "highly random at the virtual disk"),
)  # fmt: skip

VDI_BOOT = (
    A("profile.vdi-boot.kind", "closed", "choice", "open", "closed", OWN, "guess",
      "a boot goes on when it has its data"),
    A("profile.vdi-boot.outstanding", "4", "count", "1", "16", OWN, "guess", "services that start together"),
    A("profile.vdi-boot.think", "26 ms", "time", "5 ms", "200 ms", BOOT, "inferred",
      "some 150 iops for each desktop that boots, on a disk that is fast enough"),
    A("profile.vdi-boot.read", "65 %", "percentage", "13 %", "95 %", BOOT, "reported",
      "60 to 70 % reads; few where images are streamed, most with full images"),
    A("profile.vdi-boot.sizes.32 KiB", "65", "count", "1", "100", LOGIN, "inferred",
      "reads of 32 KB; here sizes do not depend on the direction"),
    A("profile.vdi-boot.sizes.4 KiB", "35", "count", "1", "100", LOGIN, "inferred", "writes of 5 KB"),
    A("profile.vdi-boot.addresses.pattern", "uniform", "choice", "uniform", "zipf", OWN, "guess",
      "files all over the disk"),
)  # fmt: skip

FILE_SERVER = (
    A("profile.file-server.kind", "open", "choice", "open", "closed", OWN, "guess", "independent users"),
    A("profile.file-server.rate", "100 iops", "iops", "10 iops", "2000 iops", OWN, "guess", "a small one"),
    A("profile.file-server.read", "80 %", "percentage", "70 %", "90 %", PATTERNS, "reported",
      "four reads for each write"),
    A("profile.file-server.sizes.4 KiB", "35", "count", "1", "100", PATTERNS, "reported",
      "4 KiB and 64 KiB are 70 % of the requests; half each is our reading"),
    A("profile.file-server.sizes.64 KiB", "35", "count", "1", "100", PATTERNS, "reported",
      "the other half of the 70 %"),
    A("profile.file-server.sizes.8 KiB", "10", "count", "1", "100", PATTERNS, "inferred", "a third of the rest"),
    A("profile.file-server.sizes.16 KiB", "10", "count", "1", "100", PATTERNS, "inferred", "a third of the rest"),
    A("profile.file-server.sizes.32 KiB", "10", "count", "1", "100", PATTERNS, "inferred", "a third of the rest"),
    A("profile.file-server.addresses.pattern", "zipf", "choice", "uniform", "zipf", OWN, "guess", "some files are hot"),
    A("profile.file-server.addresses.exponent", "1.0", "number", "0.8", "1.2", OWN, "guess", "Zipf locality"),
)  # fmt: skip

MAIL = (
    A("profile.mail.kind", "open", "choice", "open", "closed", OWN, "guess", "independent users"),
    A("profile.mail.rate", "150 iops", "iops", "50 iops", "5000 iops", MAILBOX, "inferred",
      "200 average mailboxes of 0.75 iops each"),
    A("profile.mail.read", "70 %", "percentage", "66 %", "75 %", MAILBOX, "documented", "between 66 and 75 % reads"),
    A("profile.mail.size", "32 KiB", "size", "4 KiB", "64 KiB", OWN, "guess",
      "a database page of later versions, as we remember it; 4 KiB in older ones"),
    A("profile.mail.addresses.pattern", "uniform", "choice", "uniform", "zipf", MAILBOX, "documented",
      "the database's I/O is called random"),
)  # fmt: skip

STREAMING = (
    A("profile.streaming.kind", "closed", "choice", "open", "closed", OWN, "guess", "each stream reads on"),
    A("profile.streaming.outstanding", "4", "count", "1", "64", PATTERNS, "reported", "1 to 64 at a time"),
    A("profile.streaming.think", "20 ms", "time", "0 s", "1 s", OWN, "guess",
      "a stream plays what it has read: four make some 50 MB/s"),
    A("profile.streaming.read", "100 %", "percentage", "0 %", "100 %", PATTERNS, "reported",
      "all reads, or all writes"),
    A("profile.streaming.size", "256 KiB", "size", "64 KiB", "4 MiB", OWN, "guess", "large"),
    A("profile.streaming.addresses.pattern", "sequential", "choice", "sequential", "uniform", PATTERNS, "reported",
      "contiguous"),
    A("profile.streaming.addresses.align", "256 KiB", "size", "4 KiB", "4 MiB", OWN, "guess", "whole blocks"),
)  # fmt: skip

BACKUP_TARGET = (
    A("profile.backup-target.kind", "closed", "choice", "open", "closed", OWN, "guess", "it writes as fast as it can"),
    A("profile.backup-target.outstanding", "4", "count", "1", "64", PATTERNS, "reported", "1 to 64 at a time"),
    A("profile.backup-target.think", "0 s", "time", "0 s", "1 s", OWN, "guess", "no pause"),
    A("profile.backup-target.read", "0 %", "percentage", "0 %", "20 %", PATTERNS, "reported", "all writes"),
    A("profile.backup-target.size", "1 MiB", "size", "256 KiB", "4 MiB", SQL, "inferred",
      "a backup writes up to 4 MB at once; backup tools' blocks are 1 MiB and less"),
    A("profile.backup-target.addresses.pattern", "sequential", "choice", "sequential", "uniform", PATTERNS, "reported",
      "contiguous"),
    A("profile.backup-target.addresses.align", "1 MiB", "size", "4 KiB", "4 MiB", OWN, "guess", "whole blocks"),
)  # fmt: skip

PROFILES = OLTP + VDI + VDI_BOOT + FILE_SERVER + MAIL + STREAMING + BACKUP_TARGET
