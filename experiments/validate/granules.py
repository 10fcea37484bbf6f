"""Distinct granules of random writes: addresses as guests draw them, marked in a changed-block map.

Law D1 of data/qemu was measured on a disk of 1 GiB with 4 KiB writes; its checkpoints are not recorded, so 16 even ones
up to 32,000 writes are used here. The form needs the probability of each granule: the simulator scatters Zipf ranks
over the disk, and a granule's probability is the sum over its places.
"""

from dataclasses import replace
from functools import cache
from itertools import islice
from statistics import median

import numpy as np
import numpy.typing as npt

from experiments.validate.build import ANYWHERE, GIB, KIB, MIB, disk, law, open_loop, store, vm
from models.mechanisms import cbt
from models.scenario import Addresses
from models.workload import Placer, guest_io
from sim.units import parse

DISK = GIB
BLOCK = 4 * KIB
CHECKPOINTS = tuple(range(2000, 32001, 2000))


def addresses(pattern: str) -> Addresses:
    """The data's words for a pattern: "uniform" or "random", "uniform-on-64MiB", "zipf:1.1", "seq"."""
    if pattern.startswith("zipf:"):
        return replace(ANYWHERE, pattern="zipf", zipf_milli=round(float(pattern[5:]) * 1000))
    if pattern == "seq":
        return replace(ANYWHERE, pattern="sequential")
    return replace(ANYWHERE, span_bytes=64 * MIB) if pattern == "uniform-on-64MiB" else ANYWHERE


def granule_bytes(text: str) -> int:
    """ "64k" or "1M" as bytes."""
    return int(parse(f"{text[:-1]} {'KiB' if text.endswith('k') else 'MiB'}", "size"))


@cache
def offsets(pattern: str) -> tuple[int, ...]:
    """The first 32,000 addresses of such a workload."""
    workload = replace(open_loop(1, read_ppm=0), write_addresses=addresses(pattern))
    machine = vm(f"writes {pattern}", workload, (disk("vm:0", DISK),))
    draws = guest_io(machine, workload, {"datastore1": store(1, law(0))}, 1, 0)
    return tuple(draw.offset for draw in islice(draws, CHECKPOINTS[-1]))


def _marked(pattern: str, granule: int) -> list[int]:
    """Distinct granules after each checkpoint."""
    tracking = cbt.cbt(granule, DISK)
    found, done = [], 0
    for writes in CHECKPOINTS:
        for offset in offsets(pattern)[done:writes]:
            cbt.mark(tracking, offset, BLOCK)
        done = writes
        found.append(len(cbt.changed(tracking, 0)))
    return found


def _probabilities(pattern: str, granule: int) -> npt.NDArray[np.float64]:
    """Of each granule that can be written."""
    rule = addresses(pattern)
    places = (rule.span_bytes or DISK) // BLOCK
    if rule.pattern != "zipf":
        return np.full(places * BLOCK // granule, granule / (places * BLOCK))
    weights = np.arange(1, places + 1, dtype=np.float64) ** (-rule.zipf_milli / 1000)
    where = Placer(rule, DISK).place_of
    summed = np.bincount(where * BLOCK // granule, weights / weights.sum(), minlength=DISK // granule)
    return summed.astype(np.float64)


def dirty_ratio(pattern: str, granularity: str) -> float:
    """Distinct granules over their expected number: the median over the checkpoints."""
    granule = granule_bytes(granularity)
    found = _marked(pattern, granule)
    if pattern == "seq":
        expected = [float(-(-writes * BLOCK // granule)) for writes in CHECKPOINTS]
    else:
        p = _probabilities(pattern, granule)
        expected = [float(-np.expm1(writes * np.log1p(-p)).sum()) for writes in CHECKPOINTS]
    return median(a / b for a, b in zip(found, expected, strict=True))


def dirty_mib(pattern: str, granularity: str, writes: int) -> float:
    """MiB of distinct granules after that many writes."""
    granule = granule_bytes(granularity)
    return len({offset // granule for offset in offsets(pattern)[:writes]}) * granule / MIB
