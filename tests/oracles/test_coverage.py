"""Intervals hold the truth as often as they say, on a queue whose answers are known; where they do not, by how much.

Slow tests print what they measure: pytest -s.
"""

import numpy as np
import pytest

from experiments.study.coverage import ENOUGH, MEASURED, coverage_note
from experiments.validate import coverage
from experiments.validate.forms import fifo_waits
from sim.streams import exponential, philox, uniforms


def test_the_recursion_is_a_fifo_queue() -> None:
    found = coverage.latencies(3, 200, "twin")
    draws = exponential(uniforms(philox(1, 0, "twin", "queue"), 600, 2)).reshape(3, 200, 2)
    before = exponential(uniforms(philox(1, 0, "twin", "start"), 3, 1))[:, 0] * coverage.MEAN
    for row in range(3):
        # the customer ahead comes at 0 and is done after its own latency; in units of 1e-9 service times
        arrivals = [0, *np.rint(np.cumsum(draws[row, :, 0] / coverage.LOAD) * 1e9).astype(int).tolist()]
        services = [round(before[row] * 1e9), *np.rint(draws[row, :, 1] * 1e9).astype(int).tolist()]
        waits = fifo_waits(arrivals, services, 1)[1:]
        expected = [(wait + service) / 1e9 for wait, service in zip(waits, services[1:], strict=True)]
        assert found[row] == pytest.approx(expected, abs=1e-6)


def test_few_replications_are_warned_of_and_many_are_not() -> None:
    assert coverage_note(1).startswith("One replication gives no interval")
    assert coverage_note(ENOUGH) == coverage_note(500) == ""
    assert "7 replications are few" in coverage_note(7)
    assert f"over 5 held the mean in {MEASURED[5].mean:.1%} and the p99 in {MEASURED[5].p99:.1%}" in coverage_note(7)


@pytest.mark.slow
def test_the_measured_coverage_is_the_tables() -> None:
    print()
    for count, written in MEASURED.items():
        measured = coverage.covered(count)
        print(f"{count} replications: mean {measured.mean:.3f}, p99 {measured.p99:.3f}")
        assert tuple(measured) == pytest.approx(tuple(written), abs=0.002)
    assert 0.93 <= MEASURED[ENOUGH].mean <= 0.97
    assert 0.93 <= MEASURED[ENOUGH].p99 <= 0.97


@pytest.mark.slow
def test_the_naive_interval_over_ios_fails() -> None:
    share = coverage.of_customers(coverage.sample())
    print(f"\nI/Os taken for independent: {share:.3f}")
    assert share == pytest.approx(coverage.naive_theory(), abs=0.02)
    assert share < 0.2
    assert all(row.verdict == "pass" for row in coverage.rows())


@pytest.mark.slow
def test_batch_means_inside_one_long_run_cover_almost_as_they_say() -> None:
    share = coverage.of_batches()
    print(f"\nbatch means: {share:.3f}")
    assert 0.90 <= share <= 0.97


@pytest.mark.slow
def test_stopping_when_it_looks_good_costs_coverage_and_invents_signs() -> None:
    narrow, signed = coverage.until_narrow(0.1), coverage.until_signed()
    print(f"\nuntil narrow: {narrow.share:.3f}; until signed: {1 - signed.share:.3f} invented")
    fixed = coverage.of_replications(coverage.sample().means, coverage.MEAN, round(narrow.replications))
    assert 0.90 <= narrow.share < fixed
    assert 0.10 <= 1 - signed.share <= 0.25  # looking once: 0.05


@pytest.mark.slow
def test_a_p99_over_short_runs_is_not_the_queues() -> None:
    # its mean over replications is too low, so more of them only make the interval surer of the wrong value
    found = coverage.sample()
    few, many = (coverage.of_replications(found.quantiles, coverage.P99, count) for count in (5, 30))
    print(
        f"\nmean p99 of runs of {coverage.CUSTOMERS} against the queue's: {found.quantiles.mean() / coverage.P99:.3f}"
    )
    assert many < few < 0.9
