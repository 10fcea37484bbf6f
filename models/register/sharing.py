"""Register rows of what hosts share: DSNRO's rules, QUEUE FULL, burst credits, the array's write cache, SIOC."""

from models.register.row import Assumption as A

OWN = "own setting"
OPTIONS = "ESXi advanced options with their defaults, public dumps of 6.7/7.0 and 8.0 U3"
THROTTLING = "Controlling LUN queue depth throttling (KB 1010922)"
PARDA = "PARDA: Proportional Allocation of Resources for Distributed Storage Access (FAST 2009)"
SIOC = "Set Storage I/O Control Threshold Value (vSphere 6.0)"

COMPETITION = (
    A("host.dsnro_per", "disk", "choice", "disk", "device",
      "Disk.SchedNumReqOutstanding and Queue Depth (boche.net); ESXi queue depths", "reported",
      "sources conflict: of each virtual disk (newer), or the sum of all of the device on that host (ESX 3 and 4)"),
    A("host.dsnro_rule", "competition", "choice", "competition", "switches", OWN, "inferred",
      "acts while several disks compete; switches: by the two counts, as ESXi does"),
    A("host.dsnro_switches", "6", "count", "1", "2048", f"Disk.SchedQControlVMSwitches = 6; {OPTIONS}", "documented",
      "so many switches between disks as I/Os are issued, and DSNRO acts (dsnro_rule = switches)"),
    A("host.dsnro_requests", "128", "count", "1", "2048", f"Disk.SchedQControlSeqReqs = 128; {OPTIONS}", "documented",
      "so many I/Os of one disk in succession, and it acts no more (dsnro_rule = switches)"),
    A("host.qfull_sample", "none", "count", "1", "64", f"QFullSampleSize = 0; {OPTIONS}", "documented",
      "none: the queue depth stays as it is; vendors of arrays set 32"),
    A("host.qfull_threshold", "8", "count", "1", "16", f"QFullThreshold = 8; {OPTIONS}", "documented",
      "so many good statuses give one slot back; of a sample so many refusals are congestion"),
    A("host.qfull_reading", "samples", "choice", "samples", "refusals", f"the options' text against {THROTTLING}",
      "documented", "sources conflict: a sample of statuses is judged, or so many refusals halve the depth"),
    A("host.busy_delay", "400 ms", "time", "1 ms", "5 s", f"Disk.DelayOnBusy = 400 ms; {OPTIONS}", "inferred",
      "until a command that met QUEUE FULL is issued again; documented for the status BUSY"),
)  # fmt: skip

ARRAY = (
    A("datastore.peak_bandwidth", "none", "rate", "100 MB/s", "20 GB/s", OWN, "guess",
      "of a burst above bandwidth, while its credit lasts; none: a burst is as fast as it can"),
    A("datastore.peak_iops", "none", "iops", "100 iops", "1000 kiops", OWN, "guess",
      "of a burst above iops, while its credit lasts; none: a burst is as fast as it can"),
    A("datastore.credit", "100 %", "percentage", "0 %", "100 %", OWN, "guess", "of the buckets' depth at the start"),
    A("datastore.queue_limit", "none", "count", "256", "8192", OWN, "guess",
      "commands that the array's port holds at once; one more is answered by QUEUE FULL"),
    A("datastore.cache.size", "8 GiB", "size", "4 GiB", "32 GiB", "recalled: dirty limits of arrays", "guess",
      "bytes acknowledged and not destaged, at most"),
    A("datastore.cache.latency", "1 ms", "time", "0.2 ms", "1 ms", "recalled: write caches of arrays", "guess",
      "of a write that finds room"),
    A("datastore.cache.destagers", "16", "count", "1", "1000", OWN, "guess",
      "destages at once; each is a write of the datastore's own on one of its servers"),
    A("datastore.sioc.threshold", "30 ms", "time", "10 ms", "100 ms", SIOC, "documented",
      "mean latency over all hosts above which shares act across hosts"),
    A("datastore.sioc.period", "4 s", "time", "1 s", "10 s", "recalled: SIOC acts every four seconds", "guess",
      "between two settings of the hosts' windows"),
    A("datastore.sioc.gain", "80 %", "percentage", "10 %", "100 %", f"recalled of {PARDA}", "guess",
      "gamma of the control law; less is smoother and slower"),
    A("datastore.sioc.smoothing", "50 %", "percentage", "1 %", "100 %", f"{PARDA} smooths its mean; the weight is ours",
      "guess", "weight of the newest period's mean latency"),
    A("datastore.sioc.least_depth", "4", "count", "1", "8", "recalled: SIOC leaves a host four slots", "guess",
      "no host's window is smaller"),
    A("datastore.sioc.shares_per_slot", "1000", "count", "100", "10000", f"{PARDA}: hosts of beta 1 to 6", "guess",
      "shares that count as a beta of one: more of them hold the latency nearer to the threshold"),
)  # fmt: skip
