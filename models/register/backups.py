"""Register rows of how backup jobs move their data and get their turn: transports, proxies, repositories, control.

Rows `transport.NAME.KEY` are the defaults of a job's KEY under that transport. Left out: CPU and memory of proxies.
"""

from models.register.row import Assumption as A

OWN = "own setting"
MTV = "Forklift/MTV performance metrics (Red Hat labs, ESXi 7.0.3)"
VEEAM = "Veeam Best Practices guide, Interaction with vSphere"
VDDK = "VDDK guide: Virtual Disk Transport Methods"
APPLIANCE = "Veeam Best Practices guide, Virtual appliance mode: 1 to 2 minutes a VM"
NBD = f"{MTV}: 100 to 162 MiB/s a disk; CDI issue 3752: 141 to 145 MB/s"
CEILING = f"{MTV}: 272 to 294 MiB/s at 10 to 30 disks"
OPEN = "nbdkit VDDK plugin manual: can be very slow"
LATENCY = "Veeam: storage latency control (I/O settings)"
SAN = "SAN mode: Veeam's fastest transport on FlashArray (Pure): 4 to 5 times NBD"

TRANSPORTS = (
    A("transport.nbd.stream", "120 MB/s", "rate", "50 MB/s", "170 MB/s", NBD, "measured",
      "one disk, asynchronous (6.7 and later)"),
    A("transport.nbdssl.stream", "120 MB/s", "rate", "50 MB/s", "170 MB/s", NBD, "measured",
      "measured with encryption on, so that ssl on top is a little pessimistic"),
    A("transport.hotadd.stream", "250 MB/s", "rate", "150 MB/s", "400 MB/s", "no trustworthy measurement is published",
      "inferred", "one disk; limited by the proxy's CPU"),
    A("transport.san.stream", "500 MB/s", "rate", "300 MB/s", "800 MB/s", SAN, "inferred", "one disk"),
    A("transport.nbd.host_rate", "300 MB/s", "rate", "200 MB/s", "505 MB/s", CEILING, "measured", "one serving host"),
    A("transport.nbdssl.host_rate", "300 MB/s", "rate", "200 MB/s", "505 MB/s", CEILING, "measured",
      "one serving host"),
    A("transport.nbd.disk_open", "3 s", "time", "1 s", "10 s", OPEN, "inferred", "open and close of one disk"),
    A("transport.nbdssl.disk_open", "3 s", "time", "1 s", "10 s", OPEN, "inferred", "open and close of one disk"),
    A("transport.hotadd.disk_open", "0 s", "time", "0 s", "10 s", OWN, "guess", "contained in attach and detach"),
    A("transport.san.disk_open", "3 s", "time", "1 s", "10 s", OPEN, "inferred", "open and close of one disk"),
    A("transport.san.proxy_rate", "1.5 GB/s", "rate", "0.8 GB/s", "6 GB/s", "two ports of 8 Gb/s Fibre Channel",
      "inferred", "a backup server that no [proxy.NAME] describes"),
)  # fmt: skip

JOBS = (
    A("vadp.transport", "nbd", "choice", "nbd", "san", VDDK, "documented",
      "always available; nbdssl encrypts; hotadd: a proxy VM attaches the disks; san: past the hosts, VMFS only"),
    A("vadp.cbt", "v1", "choice", "v1", "v2", "CBT enhancements in vSphere 7 and 8", "documented",
      "v2: 7.0 and later, hardware version 17; its block does not grow with the disk"),
    A("vadp.connections", "48", "count", "28", "96", "Best practices for NBD transport: 48 MB of NFC buffers (7.0), "
      "1 MB a stream", "documented", "disks of one serving host open at once, NBD only; 8.0: 96"),
    A("vadp.ssl", "1 GB/s", "rate", "0.3 GB/s", "3 GB/s", "AES-256-GCM with AES-NI, OpenSSL 1.1: 1059 MB/s on one core",
      "measured", "nbdssl: one stream's thread; that NFC encrypts with one a stream is inferred"),
    A("vadp.ssl_host", "none", "rate", "1 GB/s", "8 GB/s", OWN, "guess", "nbdssl: all streams of a serving host"),
    A("vadp.attach", "30 s", "time", "10 s", "60 s", APPLIANCE, "inferred",
      "hotadd, per disk, one after the other at a proxy; a VM of one or two disks takes the published time"),
    A("vadp.detach", "30 s", "time", "10 s", "60 s", APPLIANCE, "inferred", "hotadd, per disk"),
    A("vadp.lock_recovery", "35 s", "time", "15 s", "300 s", "KB 1007909: DiskFileLockUpdateFreq 10 s x "
      "LockRenewMaxFailureNumber 3 + LockUpdateTimeout 5 s", "inferred", "hotadd by another host on NFSv3: a stun; the "
      "formula is documented, that it is the stun's is not. none: ESXi 8.0 U2b and later"),
    A("vadp.overrun", "stop", "choice", "stop", "finish", OWN, "guess", "VMs that run when job_limit is over"),
    A("vadp.order", "listed", "choice", "listed", "missed first", OWN, "guess",
      "missed first: VMs without success in the last job begin the next"),
    A("vadp.retries", "0", "count", "0", "5", OWN, "guess", "how often VMs that failed are tried again in a job"),
    A("vadp.retry_wait", "10 min", "time", "1 min", "1 h", OWN, "guess", "before each retry"),
    A("proxy.tasks", "none", "count", "1", "100", "Veeam: Limiting the number of concurrent tasks", "documented",
      "disks at once; the product sets 1 or 2 for each core"),
    A("proxy.rate", "none", "rate", "25 MB/s", "6 GB/s", "Veeam Best Practices guide, Sizing a backup proxy",
      "documented", "raw bytes: 100 MB/s a core for fulls, 25 MB/s for incrementals"),
    A("proxy.queue_depth", "64", "count", "16", "256", "a host's device queue (QLogic FC)", "inferred",
      "san: outstanding commands of the backup server at a datastore"),
    A("repository.rate", "none", "rate", "50 MB/s", "2 GB/s", OWN, "guess", "of stored bytes, after reduction"),
    A("repository.tasks", "none", "count", "1", "100", "Veeam: Limiting the number of concurrent tasks", "documented",
      "disks at once"),
)  # fmt: skip

CONTROL = (
    A("control.open_snapshots", "none", "count", "1", "20", f"{VEEAM}: 4 by default", "documented",
      "VMs in backup at once on one datastore"),
    A("control.datastore_tasks", "none", "count", "1", "100", OWN, "guess", "disks read at once from one datastore"),
    A("control.stop_latency", "none", "time", "5 ms", "100 ms", f"{LATENCY}: 20 ms by default", "documented",
      "above it a datastore's disks get no new task"),
    A("control.throttle_latency", "none", "time", "5 ms", "100 ms", f"{LATENCY}: 30 ms by default", "documented",
      "above it running tasks halve their reads in flight; one more at each measurement below stop_latency"),
    A("control.poll", "20 s", "time", "1 s", "60 s", f"{LATENCY}: host counters every 20 s", "documented",
      "DAVG of all hosts' commands at the datastore is averaged over it"),
)  # fmt: skip

BACKUPS = JOBS + CONTROL + TRANSPORTS
