"""The closed forms against values worked out by hand."""

import math
from random import Random

import pytest

from experiments.validate import forms
from experiments.validate.forms import Station
from tests.oracles.twins import fifo_starts


def test_erlang_c_of_one_server_is_the_load() -> None:
    assert forms.erlang_c(1, 0.3) == pytest.approx(0.3)


def test_erlang_c_of_two_servers_at_load_one() -> None:
    # terms 1, 1; a^2/2! * 2/(2-1) = 1; C = 1 / (1 + 1 + 1)
    assert forms.erlang_c(2, 1.0) == pytest.approx(1 / 3)


def test_erlang_c_refuses_an_overload() -> None:
    with pytest.raises(ValueError, match="below its 2 servers"):
        forms.erlang_c(2, 2.0)


def test_waits_of_single_servers() -> None:
    # M/M/1: rho/(mu - lambda) = 0.5 * 1 / 0.5; M/D/1 half of that; lognormal: second moment m^2 exp(sigma^2)
    assert forms.mmc_wait(0.5, 1.0, 1) == pytest.approx(1.0)
    assert forms.mg1_wait(0.5, 1.0, 2.0) == pytest.approx(1.0)
    assert forms.mg1_wait(0.5, 1.0, 1.0) == pytest.approx(0.5)
    assert forms.lognormal_second_moment(2.0, 1.0) == pytest.approx(4 * math.e)


def test_wait_of_two_servers() -> None:
    # C = 1/3, W = C S / (c - a) = 1/3
    assert forms.mmc_wait(1.0, 1.0, 2) == pytest.approx(1 / 3)


def test_mva_of_the_machine_repair_model() -> None:
    # two machines, think 1, one repairer of 1: states 0,1,2 down with weights 1, 2, 2; busy 4/5, so X = 0.8
    rate, (response,) = forms.mva(2, 1.0, [Station(1, 1.0)])
    assert rate == pytest.approx(0.8)
    assert response == pytest.approx(1.5)


def test_mva_with_a_repairer_for_each_machine_never_waits() -> None:
    rate, (response,) = forms.mva(3, 2.0, [Station(3, 1.0)])
    assert (rate, response) == (pytest.approx(1.0), pytest.approx(1.0))


def test_mva_of_two_repairers_and_three_machines() -> None:
    # think 1, service 1: weights 1, 3, 3, 3/2 (third: 1 * 1/2 of 3); X = sum of thinkers = 3 + 2*3 + 1*3 over 8.5
    rate, _ = forms.mva(3, 1.0, [Station(2, 1.0)])
    assert rate == pytest.approx(12 / 8.5)


def test_mva_of_two_balanced_stations() -> None:
    # N customers in K equal exponential single servers: X = N / (N + K - 1)
    rate, _ = forms.mva(4, 0.0, [Station(1, 1.0), Station(1, 1.0)])
    assert rate == pytest.approx(4 / 5)


def test_visits_scale_a_station() -> None:
    half = forms.mva(5, 1.0, [Station(1, 2.0, 0.5)])
    assert half[0] == pytest.approx(forms.mva(5, 1.0, [Station(1, 1.0)])[0])


@pytest.mark.parametrize(
    ("total", "shares"),
    [
        (500, (250, 250, 0)),
        (875, (250, 250, 375)),
        (1200, (250, 380, 570)),
        (1800, (300, 600, 900)),
        (2500, (500, 1000, 1000)),
        (3000, (2000 / 3, 4000 / 3, 1000)),
    ],
)
def test_water_filling_of_the_mclock_table(total: float, shares: tuple[float, ...]) -> None:
    filled = forms.water_filling(total, (250, 250, 0), (math.inf, math.inf, 1000), (100, 200, 300))
    assert filled == pytest.approx(shares, abs=1e-6)


def test_water_filling_above_all_limits_and_below_the_reservations() -> None:
    assert forms.water_filling(100, (0, 0), (10, 20), (1, 1)) == (10, 20)
    with pytest.raises(ValueError, match="exceed"):
        forms.water_filling(5, (4, 4), (9, 9), (1, 1))


def test_distinct_granules() -> None:
    assert forms.distinct(2, [0.5, 0.5]) == pytest.approx(1.5)
    assert forms.distinct(10, [1.0]) == 1.0
    assert forms.distinct(1000, [1 / 1000] * 1000) == pytest.approx(632.3, abs=0.05)


def test_zipf_probabilities() -> None:
    assert forms.zipf_probabilities(3, 1.0) == pytest.approx([6 / 11, 3 / 11, 2 / 11])


def test_mirror_pass() -> None:
    assert forms.mirror_pass(1000, 0, 10, 0.5) == 50
    assert forms.mirror_pass(1000, 5, 10, 1.0) == pytest.approx(100)  # nothing left to dirty: N / c
    assert forms.mirror_pass(1000, 1e-9, 10, 0.5) == pytest.approx(50)
    assert forms.mirror_pass(1000, 500, 10, 0.5) <= 100


def test_age_of_equal_backups() -> None:
    # cuts 10 apart, usable 3 after: the age runs from 3 to 13
    assert forms.periodic_age([10.0] * 4, [3.0] * 5) == pytest.approx(8.0)


def test_age_of_unequal_backups_is_the_area_under_its_teeth() -> None:
    # usable at 1, 12, 33 after cuts 0, 10, 30: teeth 1..12 (11 long) and 2..23 (21 long)
    area = (1 + 12) / 2 * 11 + (2 + 23) / 2 * 21
    assert forms.periodic_age([10, 20], [1, 2, 3]) == pytest.approx(area / 32)


def test_buffers() -> None:
    assert forms.fill_time(100, 30, 10) == 5
    assert forms.fill_time(100, 10, 10) == math.inf
    assert forms.drain_time(100, 10, 30) == 5
    assert forms.drain_time(100, 30, 10) == math.inf


def test_resync_time() -> None:
    assert forms.resync_time(10, 1000, 0, 500) == 50
    assert forms.resync_time(10, 1000, 1e-9, 500) == pytest.approx(50)
    # Dinf = 1000 (1 - 2) = -1000; T = 1000/10 ln(2000/1000)
    assert forms.resync_time(20, 1000, 10, 1000) == pytest.approx(100 * math.log(2))
    assert forms.resync_time(10, 1000, 10, 1000) == math.inf


def test_slump_without_copies_runs_at_full_rate() -> None:
    assert forms.slump(forms.FirstTouch(2048, 65536, 2000, 64 * 2**20, False), 2.0) == pytest.approx(4000)


def test_slump_of_the_published_measurement() -> None:
    # the closed form printed beside the measured rows: 607.656 writes after 1 s, 16291.9 after 10 s
    cost = forms.FirstTouch(2048, 65536, 2000, 64 * 2**20, True)
    assert forms.slump(cost, 1.0) == pytest.approx(607.656, rel=1e-3)
    assert forms.slump(cost, 10.0) == pytest.approx(16291.923, rel=1e-3)


def test_fifo_waits() -> None:
    # two servers, service 10: the third waits for the first to end at 10, the fourth for the second at 11
    assert forms.fifo_waits([0, 1, 2, 3], [10] * 4, 2) == [0, 0, 8, 8]


@pytest.mark.parametrize("servers", [1, 2, 5])
def test_fifo_waits_agree_with_the_slow_twin(servers: int) -> None:
    random = Random(servers)
    arrivals = sorted(random.randrange(100_000) for _ in range(500))
    services = [random.randrange(300 * servers) for _ in arrivals]
    starts = fifo_starts(arrivals, services, servers)
    assert forms.fifo_waits(arrivals, services, servers) == [b - a for a, b in zip(arrivals, starts, strict=True)]


def test_deviation_of_distinct_granules() -> None:
    # uniform, a = n/N = 1: N e^-1 (1 - 2 e^-1)
    expected = math.sqrt(1000 * math.exp(-1) * (1 - 2 * math.exp(-1)))
    assert forms.distinct_deviation(1000, [1 / 1000] * 1000) == pytest.approx(expected)
    assert forms.distinct_deviation(10, [1.0]) == pytest.approx(0, abs=1e-2)
