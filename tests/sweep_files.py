"""A good sweep file and its scenario, short enough to run in tests."""

from pathlib import Path

from experiments.sweep.file import Sweep, load_sweep

SCENARIO = """
name = "base"
[run]
duration = "10 s"
replications = 2
arms = ["none", "vadp"]
[[vm.db.disk]]
size = "1 GiB"
[[vm.db.workload]]
rate = "20 iops"
[protection.vadp.nightly]
vms = ["db"]
interval = "4 s"
"""
GOOD = """name = "good"
scenario = "base.toml"
metrics = ["guest_p99", "stuns"]
groups = ["db"]

[axis.interval]
field = "protection.vadp.nightly.interval"
values = ["3 s", "4 s"]

[axis.vms]
field = "vm.db.count"
from = 1
to = 4
steps = 2
scale = "log"

[replication]
least = 2
most = 4
budget = 40

[[replication.settle]]
metric = "guest_p99"
group = "db"
within = "5 %"

[[replication.settle]]
metric = "stuns"
sign = ["none", "vadp"]
"""


def loaded(folder: Path, text: str, scenario: str = SCENARIO) -> Sweep:
    (folder / "base.toml").write_text(scenario)
    (folder / "sweep.toml").write_text(text)
    return load_sweep(folder / "sweep.toml")
