"""Register rows of the run, hosts, datastores, VMs, disks, workloads and filters.

Sources are named by title; "own setting" is a choice of this program and no fact about vSphere. Left out: settings that
a scenario must give itself (a disk's datastore where there are several, a protection's VMs).
"""

from models.register.row import Assumption as A
from models.register.sharing import ARRAY, COMPETITION

OWN = "own setting"
OPTIONS = "ESXi advanced options with their defaults, public dumps of 6.7/7.0 and 8.0 U3"
QUEUES = "VMware ESXi Performance Troubleshooting (queue depths); Understanding VMware ESXi Queuing and the FlashArray"
ALLOCATION = "vSphere API: StorageIOAllocationInfo"

RUN = (
    A("run.duration", "60 s", "time", "10 s", "24 h", OWN, "guess", "simulated time"),
    A("run.warmup", "0 s", "time", "0 s", "1 h", OWN, "guess", "cut from statistics, kept in series"),
    A("run.observe.start", "0 s", "time", "0 s", "24 h", OWN, "guess", "of an observe window, or of the first"),
    A("run.observe.every", "none", "time", "1 h", "7 d", OWN, "guess",
      "an observe window comes again after so long, until the run's end; none: it comes once"),
    A("run.observe_warmup", "1 s", "time", "0 s", "1 min", OWN, "guess",
      "cut from statistics at each observe window's start: its queues begin empty"),
    A("run.interval", "1 s", "time", "10 ms", "1 h", OWN, "guess", "of time series"),
    A("run.seed", "1", "count", "0", "1000000000", OWN, "guess", "any whole number: names the random streams"),
    A("run.replications", "5", "count", "1", "100", OWN, "guess",
      "fewer than five give intervals too wide to settle anything"),
    A("run.engine", "compiled", "choice", "simpy", "compiled", OWN, "guess",
      "simpy: the readable path; compiled: the fast one. Both give the same result, to the bit"),
    A("run.slowest", "20", "count", "0", "1000", OWN, "guess", "slowest guest I/Os kept with their ledger"),
)  # fmt: skip

HOST = (
    A("host.scheduler", "mclock", "choice", "mclock", "fifo",
      "New mclock I/O Scheduler in vSphere 5.5 (C. Hogan)", "documented", "the default since 5.5"),
    A("host.cost_unit", "32 KiB", "size", "4 KiB", "256 KiB", f"Disk.SchedCostUnit = 32768; {OPTIONS}", "documented",
      "an I/O counts as size / unit, rounded up, for limits, reservations and shares"),
    A("host.idle_credit", "32", "count", "1", "512", f"Disk.IdleCredit = 32; {OPTIONS}; mClock (OSDI 2010)",
      "inferred", "the value is documented; that it is mClock's burst credit is inferred"),
    A("host.dsnro", "32", "count", "1", "256", f"Disk.SchedNumReqOutstanding; {QUEUES}", "reported",
      "outstanding I/Os while several compete: of one VMDK, or of all together (dsnro_per)"),
    A("host.path_latency", "10 us", "time", "5 us", "30 us", "cycles per I/O of the VMware/NVMe article", "inferred",
      "VMM and VMkernel work of one I/O, without queueing"),
    A("host.filter_cores", "none", "count", "1", "64", OWN, "guess",
      "cores that carry the hops of all filters of the host's VMs; none: as many as it takes"),
    A("host.filter_cpu", "3 us", "time", "1 us", "8 us", "cycles per I/O of the VMware/NVMe article: 15,000 cycles per "
      "filtered I/O", "inferred", "CPU time of one hop, two a filtered I/O, at 2.5 GHz; acts where cores are counted"),
)  # fmt: skip

DATASTORE = (
    A("datastore.capacity", "1 TiB", "size", "1 GiB", "64 TiB", OWN, "guess", "a middling VMFS volume"),
    A("datastore.device_queue_depth", "64", "count", "32", "256", QUEUES, "reported",
      "DQLEN: QLogic FC 64, Emulex FC 32, software iSCSI 128"),
    A("datastore.servers", "80", "count", "1", "1000", "a typical all-flash array, 200,000 IOPS at most", "inferred",
      "200,000 IOPS x 0.4 ms: I/Os an all-flash array works on at the same time"),
    A("datastore.read.latency", "0.4 ms", "time", "0.2 ms", "10 ms", "a typical all-flash array, 4 to 8 KB",
      "inferred", "spinning disks 5 to 10 ms"),
    A("datastore.write.latency", "0.5 ms", "time", "0.2 ms", "10 ms", "a typical all-flash array, 4 to 8 KB",
      "inferred", "acknowledged by the array's cache"),
    A("datastore.distribution", "exponential", "choice", "fixed", "lognormal", OWN, "guess",
      "between a fixed time and the long tails that arrays show under garbage collection"),
    A("datastore.sigma", "0.5", "number", "0.3", "1.2", OWN, "guess", "of the underlying normal; lognormal only"),
    A("datastore.stream", "1 GB/s", "rate", "0.4 GB/s", "3 GB/s",
      "SSD performance profiling: 128 KB sequential read 132 us = 944 MiB/s", "reported",
      "transfer of one I/O: adds size / rate to its service time"),
    A("datastore.bandwidth", "none", "rate", "100 MB/s", "20 GB/s", OWN, "guess", "cap over all commands"),
    A("datastore.iops", "none", "iops", "100 iops", "1000 kiops", OWN, "guess", "cap over all commands"),
    A("datastore.kind", "vmfs", "choice", "vmfs", "vvol", "vSphere storage guide", "documented",
      "SAN transport reads VMFS only; HotAdd by another host stuns a VM on nfs3"),
    A("datastore.burst", "100 ms", "time", "10 ms", "1 s", OWN, "guess", "depth of both caps' buckets"),
)  # fmt: skip

GUEST = (
    A("vm.count", "1", "count", "1", "10000", OWN, "guess", "VMs in the group"),
    A("vm.guest_clock", "jumps", "choice", "frozen", "jumps", OWN, "guess",
      "timers that ran out during a stun fire together at its end"),
    A("vm.disk_queue_depth", "64", "count", "32", "254", f"PVSCSI device queue; {QUEUES}", "documented",
      "64 under Windows, 254 in recent Linux drivers"),
    A("vm.adapter_queue_depth", "256", "count", "256", "1024", f"PVSCSI adapter queue; {QUEUES}", "documented",
      "8 ring pages; 1024 with 32"),
    A("vm.guest.memory", "8 GiB", "size", "1 GiB", "1 TiB", OWN, "guess", "what a memory snapshot writes"),
    A("vm.guest.prepare", "1 s", "time", "0.5 s", "10 s", "How long are VMs stunned (virten.net): about 2.1 s of "
      "quiescing, the call included", "inferred", "guest tools and writers before the freeze, the guest runs"),
    A("vm.guest.dirty", "16 MiB", "size", "0 B", "256 MiB", OWN, "guess", "in the file-system cache of an idle guest"),
    A("vm.guest.dirty_age", "5 s", "time", "0 s", "30 s", OWN, "guess",
      "and what the guest writes in this time: caches write back after 5 to 30 s"),
    A("vm.guest.dirty_most", "1 GiB", "size", "64 MiB", "64 GiB", OWN, "guess", "no more is dirty"),
    A("vm.guest.flush", "64 KiB", "size", "4 KiB", "1 MiB", OWN, "guess", "one write of a flush"),
    A("vm.guest.flush_outstanding", "8", "count", "1", "64", OWN, "guess", "writes of a flush at the same time"),
    A("vm.guest.freeze_limit", "60 s", "time", "20 s", "60 s",
      "Microsoft: CVssWriter::OnFreeze, 60 s; Veeam Persistent VSS snapshots: Exchange, 20 s", "documented",
      "from freeze to thaw: then its writers go on by themselves"),
    A("vm.disk_timeout", "60 s", "time", "30 s", "300 s", "vSphere 6.0: Set guest OS timeout", "documented",
      "60 s under Windows with VMware Tools, 180 s in Linux practice"),
    A("disk.count", "1", "count", "1", "256", OWN, "guess", "disks like this one"),
    A("disk.size", "90 GiB", "size", "8 GiB", "34 TiB", "Notes on SHARDS (FAST 2015)", "reported",
      "median of a commercial VMware trace set"),
    A("disk.shares", "1000", "count", "200", "4000", ALLOCATION, "documented", "low 500, normal 1000, high 2000"),
    A("disk.shares.low", "500", "count", "500", "500", ALLOCATION, "documented", "preset"),
    A("disk.shares.normal", "1000", "count", "1000", "1000", ALLOCATION, "documented", "preset"),
    A("disk.shares.high", "2000", "count", "2000", "2000", ALLOCATION, "documented", "preset"),
    A("disk.limit", "none", "iops", "100 iops", "100 kiops", ALLOCATION, "documented", "unlimited unless set"),
    A("disk.reservation", "none", "iops", "0 iops", "10 kiops", ALLOCATION, "documented", "none unless set"),
)  # fmt: skip

WORKLOAD = (
    A("workload.kind", "open", "choice", "open", "closed", OWN, "guess", "independent users: Poisson arrivals"),
    A("workload.origin.open", "external", "choice", "guest", "external", OWN, "guess",
      "requests come from clients, who go on asking during a stun"),
    A("workload.origin.closed", "guest", "choice", "guest", "external", OWN, "guess",
      "think times run on the guest's own timers"),
    A("workload.origin.trace", "external", "choice", "guest", "external", OWN, "guess",
      "arrivals stay as they were recorded"),
    A("workload.rate", "100 iops", "iops", "5 iops", "100 kiops", OWN, "guess", "a small server"),
    A("workload.read", "70 %", "percentage", "0 %", "100 %", "I/O access pattern (datacadamia); Application I/O "
      "characteristics (digihunch)", "inferred", "transaction processing: two reads or a little more per write"),
    A("workload.size", "8 KiB", "size", "2 KiB", "64 KiB", "SQL Server's I/O characteristics (TechEd DAT334 summary)",
      "reported", "a database page"),
    A("workload.pattern", "uniform", "choice", "uniform", "sequential",
      "Storage Workload Characterization and Consolidation in Virtualized Environments (VPACT 2009)", "inferred",
      "most top-tier applications are highly random at the virtual disk; that it is uniform is our reading"),
    A("workload.exponent", "1.0", "number", "0.8", "1.2", OWN, "guess", "Zipf locality"),
    A("workload.align", "4 KiB", "size", "512 B", "64 KiB", OWN, "guess", "file system blocks"),
    A("workload.start", "0 B", "size", "0 B", "64 TiB", OWN, "guess", "of the region that is used"),
    A("workload.span", "none", "size", "1 MiB", "64 TiB", OWN, "guess", "to the end of the disk"),
    A("workload.outstanding", "16", "count", "1", "64", "I/O access pattern (datacadamia)", "inferred",
      "transaction processing: 16 to 32 outstanding I/Os"),
    A("workload.think", "10 ms", "time", "0 s", "10 s", OWN, "guess", "mean time between a reply and the next I/O"),
    A("workload.think_distribution", "exponential", "choice", "fixed", "lognormal", OWN, "guess", "memoryless users"),
    A("workload.two_state.quiet", "10 s", "time", "2 s", "60 s", "Storage Workload Characterization (VPACT 2009)",
      "inferred", "mean stay; rates change by half within seconds"),
    A("workload.two_state.busy", "5 s", "time", "2 s", "10 s", "Storage Workload Characterization (VPACT 2009)",
      "inferred", "mean stay"),
    A("workload.begin", "first", "choice", "first", "random", OWN, "guess",
      "of a trace: its first record, or for each VM a random moment of it, going round"),
    A("workload.repeat", "false", "choice", "false", "true", OWN, "guess", "a trace ends with its last record"),
    A("workload.speed", "1.0", "number", "0.1", "10.0", OWN, "guess", "times of a trace are divided by it"),
    A("filter.down", "10 us", "time", "3 us", "60 us", "no vendor publishes the cost of a hop",
      "inferred", "one kernel-to-user upcall on the way down"),
    A("filter.up", "10 us", "time", "3 us", "60 us", "no vendor publishes the cost of a hop",
      "inferred", "one on the way up"),
    A("filter.distribution", "fixed", "choice", "fixed", "exponential", OWN, "guess", "of both hops"),
    A("filter.workers", "none", "count", "1", "64", "no vendor publishes the threads of a filter's daemon", "guess",
      "threads of its daemon in each host, shared by the host's VMs; a hop holds one for its cost"),
)  # fmt: skip

PLATFORM = RUN + HOST + COMPETITION + DATASTORE + ARRAY + GUEST + WORKLOAD
