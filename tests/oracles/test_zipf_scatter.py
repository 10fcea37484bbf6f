"""Zipf ranks are scattered so that hot places do not lie together, as in fio's measured working sets."""

from dataclasses import replace
from itertools import islice

import numpy as np
import numpy.typing as npt
import pytest

from experiments.validate.build import ANYWHERE, GIB, KIB, disk, law, open_loop, store, vm
from models.workload import guest_io, scattered

ZIPF = replace(ANYWHERE, pattern="zipf", zipf_milli=1100)
FIO_MIB = {2000: 55.25, 8000: 163.188, 30000: 411.438}
"""Distinct 64 KiB granules after so many 4 KiB writes on 1 GiB, fio zipf:1.1, in MiB (measured once, QEMU rows D1)."""


def crowded(places: npt.NDArray[np.int64]) -> float:
    """The share of places whose next one is at most eight places away."""
    gaps = np.diff(np.sort(places))
    return float(np.mean(gaps <= 8))


@pytest.mark.parametrize("ranks", [4096, 16384, 65536, 262144])
def test_hot_ranks_lie_together_as_rarely_as_by_chance(ranks: int) -> None:
    hot = ranks // 100
    by_chance = 1 - (1 - hot / ranks) ** 8
    assert crowded(scattered(ranks)[:hot]) < 2 * by_chance
    assert sorted(scattered(ranks).tolist()) == list(range(ranks))


def test_a_constant_step_is_caught() -> None:
    """Positive control: 0.618 is almost 309/500, so that rank r + 500 lay four places from rank r."""
    step = np.arange(2621, dtype=np.int64) * 162005 % 262144
    assert crowded(step) > 0.5


@pytest.mark.parametrize("writes", sorted(FIO_MIB))
def test_working_set_at_64_kib_is_that_of_fio(writes: int) -> None:
    workload = replace(open_loop(1, read_ppm=0), write_addresses=ZIPF)
    machine = vm("zipf", workload, (disk("vm:0", GIB),))
    draws = islice(guest_io(machine, workload, {"datastore1": store(1, law(0))}, 1, 0), writes)
    mib = len({draw.offset // (64 * KIB) for draw in draws}) / 16
    assert mib == pytest.approx(FIO_MIB[writes], rel=0.06)
