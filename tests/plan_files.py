"""A small scenario and a plan over it, as files."""

from pathlib import Path

SCENARIO = """
name = "small"
[run]
duration = "6 s"
arms = ["none", "vadp"]
[datastore.d]
capacity = "100 GiB"
[vm.app]
count = 2
[[vm.app.disk]]
size = "8 GiB"
[[vm.app.workload]]
rate = "20 iops"
[protection.vadp.nightly]
vms = ["app"]
interval = "1 h"
"""
PLAN = """
name = "p"
scenario = "small.toml"
arm = "none"
[unknown.vms]
field = "vm.app.count"
from = 1
to = 8
want = "most"
[[objective]]
metric = "guest_p99"
at_most = "10 ms"
"""


def written(folder: Path, plan: str = PLAN, scenario: str = SCENARIO) -> Path:
    """The plan's file in the folder, its scenario beside it."""
    (folder / "small.toml").write_text(scenario)
    (folder / "plan.toml").write_text(plan)
    return folder / "plan.toml"
