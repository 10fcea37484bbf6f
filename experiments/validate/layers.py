"""A real block layer's reads through a chain of overlays: law B4 of data/qemu (IOPS behind lookups).

Each layer holds 2 % of the disk at random places and keeps an eighth of its tables in memory, so that a lookup costs a
metadata read seven times out of eight. Layers are made as a chain is here that no removal shortens: one a night. The
tables of all levels share one memory here, of an eighth of them all.
"""

from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np

from experiments.validate.build import KIB, MIB, MS, PLAIN_DELTA, SNAPSHOTS, S, disk, open_loop, scenario, traced, vm
from experiments.validate.growth import JOB
from experiments.validate.laws import claim_of, measured, missing, of_law, present
from experiments.validate.measure import one, rate
from experiments.validate.qemu import device, on_qemu
from experiments.validate.row import Row, judge
from models.scenario import Scenario
from sim.streams import philox, uniforms

DISK, GRAIN = 64 * MIB, 4 * KIB
TABLE_GRAINS = 512
TABLES = DISK // (GRAIN * TABLE_GRAINS)
NIGHT_S, READS_S = 20, 10
"""A layer is made and filled in the first half of a night; reads take the second half of the last one."""


def _chained(device_name: str, depth: int, layers: int, fill: float) -> Scenario:
    """So many layers, then as many reads at any one time as the adapter has places."""
    grains = DISK // GRAIN
    draws = uniforms(philox(1, 0, "validate", "layers"), grains, layers)
    writes = [np.argsort(draws[:, layer])[: round(grains * fill)] for layer in range(layers)]
    times = [
        (layer * NIGHT_S + 2) * S + np.arange(len(at), dtype=np.int64) * 10 * MS for layer, at in enumerate(writes)
    ]
    last = layers * NIGHT_S * S - READS_S * S
    count = 2 * int(device(device_name).iops_cap * READS_S)
    reads = (uniforms(philox(1, 0, "validate", "lookups"), count, 1)[:, 0] * grains).astype(np.int64)
    at = np.concatenate([*times, np.full(count, last, dtype=np.int64)])
    script = traced(at, np.concatenate([*writes, reads]) * GRAIN, GRAIN, write=True)
    script = replace(script, write=np.arange(len(at)) < len(at) - count)
    machine = vm("vm", replace(open_loop(0), kind="trace", trace=script), (disk("vm:0", DISK),), depth)
    spec = on_qemu(scenario((machine,), (device(device_name),), last + READS_S * S, last + 2 * S))
    delta = replace(PLAIN_DELTA, table_grains=TABLE_GRAINS, cached_tables=layers * TABLES // 8)
    left = replace(SNAPSHOTS.removal, failure_ppm=1_000_000)
    job = replace(JOB, first_ns=S, interval_ns=NIGHT_S * S, tool_block_bytes=DISK)
    snapshots = replace(SNAPSHOTS, delta=delta, removal=left)
    return replace(spec, run=replace(spec.run, interval_ns=S), snapshots=snapshots, vadp=(job,), arms=("vadp",))


@cache
def looked_up(device_name: str, depth: int, layers: int, fill: float) -> float:
    """Reads a second through that chain."""
    return rate(one(_chained(device_name, depth, layers, fill), "vadp"))


def lookups(data: Path | None) -> list[Row]:
    """Law B4: reads a second through 1 to 32 layers, of which each costs a metadata read seven times out of eight."""
    if data is None or not present(data):
        return missing("B4", data)
    rows = []
    for row in of_law(data, "B4.chain_read_meta_miss"):
        fill = float(row.setting("layer_fill").removesuffix("%")) / 100
        found = looked_up(row.setting("device"), int(row.setting("qd")), int(row.setting("depth")), fill)
        rows.append(judge(claim_of(row), row.median, found, measured(row, 0.05, "the data's own")))
    return rows
