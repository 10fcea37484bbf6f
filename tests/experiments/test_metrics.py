"""Metrics by hand, undefined figures, warm-up cuts, and how figures are shown."""

import math
from dataclasses import replace

import pytest
from fakes import DURATION, S, fake_result

from experiments.group_view import ALL_VMS, GroupView, groups
from experiments.metrics import BY_KEY, HISTOGRAMS, METRICS, show
from models.result import IntervalRow, Ramp, RecoveryResult, StoreRow
from sim.histogram import Histogram, merged


def value(key: str, arm: str = "vadp", group: str = ALL_VMS) -> float:
    return BY_KEY[key].value(GroupView(fake_result(arm, 0), group))


def test_keys_are_unique_and_titles_carry_units() -> None:
    assert len(BY_KEY) == len(METRICS)
    assert BY_KEY["guest_p999"].title == "Guest latency p99.9 [ms]"
    assert BY_KEY["stuns"].title == "Stuns"


def test_groups_are_all_vms_then_the_scenarios_order() -> None:
    assert groups(fake_result("none", 0)) == (ALL_VMS, "sql", "ingest", "vdi")


def test_guest_latency_merges_reads_and_writes_of_the_groups_vms() -> None:
    vdi = [vm for vm in fake_result("vadp", 0).vms if vm.group == "vdi"]
    together = merged(h for vm in vdi for h in (vm.guest_read, vm.guest_write))
    assert len(vdi) == 2
    assert value("guest_mean", group="vdi") == together.mean() / 1e6
    assert value("guest_p99", group="vdi") == together.quantile(0.99) / 1e6


def test_stuns_by_hand() -> None:
    rows = [row for row in fake_result("vadp", 0).stuns if row.vm == "sql"]
    assert value("stuns", group="sql") == len(rows) == 9
    assert value("stun_max", group="sql") == max(row.duration_ns for row in rows) / 1e6
    assert value("stun_total", group="sql") == pytest.approx(sum(row.duration_ns for row in rows) / 1e6)
    assert value("stun_max", "none", "sql") == 0  # never stunned is a fact, not unknown


def test_recovery_point_age_of_a_saw_tooth() -> None:
    # the fake SQL VM: usable 26 s after each cut at 11, 91 and 171 s; measured to 240 s
    teeth = [(26, 106), (26, 106), (26, 69)]
    area = sum((high**2 - low**2) / 2 for low, high in teeth)
    assert value("age_mean", group="sql") == pytest.approx(area / sum(high - low for low, high in teeth))
    assert value("age_max", group="sql") == 106
    assert value("undefined", group="sql") == 37


@pytest.mark.parametrize("key", ["age_mean", "age_max", "exposure_max", "risk_written_max", "undefined", "jobs_ok"])
def test_without_protection_recovery_is_undefined_not_zero(key: str) -> None:
    assert math.isnan(value(key, "none"))


def test_a_group_that_is_not_protected_has_no_recovery_point() -> None:
    assert math.isnan(value("age_mean", "vadp", "vdi"))


def test_where_both_protect_the_better_one_counts() -> None:
    assert value("age_mean", "both", "sql") == value("age_mean", "vaio", "sql") < value("age_mean", "vadp", "sql")
    assert value("undefined", "both", "sql") == 6


def test_a_protection_without_any_point_does_not_count_as_the_better_one() -> None:
    run = fake_result("vadp", 0)
    never = RecoveryResult("other", "sql", (), (), DURATION, Histogram(), Histogram(), ())
    view = GroupView(replace(run, recovery=(never, *run.recovery)), "sql")
    assert view.recovery[0].rows.protection == "nightly"


def test_exposure_and_age_are_time_weighted() -> None:
    run = fake_result("vadp", 0)
    row = replace(run.recovery[0], age=(Ramp(0, 30 * S, 0, 0), Ramp(30 * S, 40 * S, 8 * S, 0)), exposure=())
    view = GroupView(replace(run, recovery=(row,)), "sql")
    assert BY_KEY["age_mean"].value(view) == pytest.approx(2.0)
    assert math.isnan(BY_KEY["exposure_mean"].value(view))


def test_kavg_and_davg_weigh_intervals_by_their_commands() -> None:
    run = fake_result("none", 0)
    rows = [(10, 1_000_000), (30, 5_000_000), (0, 0)]
    intervals = tuple(
        IntervalRow(i * S, "sql", 0, 0, 0, Histogram(), n, kavg, 2 * kavg, 0, 0, 0, 0)
        for i, (n, kavg) in enumerate(rows)
    )
    view = GroupView(replace(run, intervals=intervals), "sql")
    assert BY_KEY["kavg"].value(view) == 4.0
    assert BY_KEY["davg"].value(view) == 8.0
    assert math.isnan(BY_KEY["kavg"].value(GroupView(replace(run, intervals=()), "sql")))


def test_warm_up_is_cut_from_series_stuns_and_jobs() -> None:
    run = replace(fake_result("vadp", 0), warmup_ns=100 * S, measured_ns=140 * S)
    view = GroupView(run, "sql")
    assert BY_KEY["stuns"].value(view) == 5  # of nine: two switches after the cut at 91 s, three stuns from 171 s on
    assert BY_KEY["jobs_ok"].value(view) == 1
    assert min(row.t_ns for row in view.intervals) == 100 * S
    assert view.seconds == 140


def test_jobs_count_by_outcome_and_bytes_by_successful_incremental() -> None:
    run = fake_result("vadp", 0)
    jobs = [job for job in run.jobs if job.vm == "sql"]
    failed = jobs[2]._replace(outcome="failed: drain limit", needs_consolidation=True)
    view = GroupView(replace(run, jobs=(jobs[0], jobs[1], failed)), "sql")
    figures = {
        key: BY_KEY[key].value(view) for key in ("jobs_ok", "jobs_failed", "jobs_skipped", "needs_consolidation")
    }
    assert figures == {"jobs_ok": 2, "jobs_failed": 1, "jobs_skipped": 0, "needs_consolidation": 1}
    assert BY_KEY["job_written"].value(view) == jobs[1].written_bytes / 2**20
    assert BY_KEY["backup_read"].value(view) == sum(job.read_bytes for job in jobs) / 2**20


def test_flows_space_and_modes() -> None:
    assert value("wan_bytes", "vaio") == 240 * 3e6 / 2**20
    assert math.isnan(value("wan_bytes", "vadp"))
    assert value("out_of_order", "vaio") == 35
    space = fake_result("vadp", 0).space
    at = {t: sum(row.stored_bytes for row in space if row.t_ns == t) for t in {row.t_ns for row in space}}
    assert value("delta_peak") == max(at.values()) / 2**20


@pytest.mark.parametrize(
    ("figure", "half", "expected"),
    [(math.nan, math.nan, "-"), (551.63, 2.14, "551.6 ± 2.1"), (0.0, 0.0, "0 ± 0"), (3.0, math.nan, "3"),
     (0.012345, math.nan, "0.0123"), (12345.6, 210.0, "12,346 ± 210"), (-4.5678, 0.012, "-4.568 ± 0.012"),
     (2.490368, 1e-9, "2.4904 ± 0.0000"), (0.0, 0.5, "0.00 ± 0.50")],
)  # fmt: skip
def test_figures_are_shown_with_the_digits_they_carry(figure: float, half: float, expected: str) -> None:
    assert show(figure, half) == expected


def test_stun_p99_is_of_the_felt_stuns_and_zero_where_nobody_was_stunned() -> None:
    run = fake_result("vadp", 0)
    view = GroupView(run, "sql")
    lengths = Histogram()
    for row in view.stuns:
        lengths.add(row.duration_ns)
    assert BY_KEY["stun_p99"].value(view) == lengths.quantile(0.99) / 1e6
    assert HISTOGRAMS["stun"](view) == lengths
    assert value("stun_p99", "none", "sql") == 0
    unseen = replace(run, stuns=tuple(row._replace(observed=False) for row in run.stuns))
    assert math.isnan(BY_KEY["stun_p99"].value(GroupView(unseen, "sql")))


def test_the_lowest_free_space_is_that_of_the_fullest_datastore() -> None:
    run = replace(fake_result("none", 0), stores=(StoreRow("a", 1000, 900), StoreRow("b", 200, 50)))
    assert BY_KEY["datastore_free"].value(GroupView(run, ALL_VMS)) == 25
    assert math.isnan(value("datastore_free"))


def window(*rows: tuple[str, int, int, int, str]) -> float:
    """Of backups (job, ordinal, due, end, outcome), in seconds."""
    run = fake_result("vadp", 0)
    jobs = tuple(
        run.jobs[0]._replace(job=job, ordinal=ordinal, scheduled_ns=due * S, end_ns=end * S, outcome=outcome)
        for job, ordinal, due, end, outcome in rows
    )
    return BY_KEY["backup_window"].value(GroupView(replace(run, jobs=jobs), ALL_VMS))


def test_a_backup_window_reaches_from_when_it_was_due_to_the_last_vms_end() -> None:
    first = [("a", 0, 10, 20, "ok"), ("a", 0, 10, 50, "ok, needs consolidation: lock"), ("a", 1, 100, 130, "ok")]
    assert window(*first) == 40
    assert window(*first, ("b", 0, 50, 65, "ok")) == 55  # the next job begins as this one ends: one window
    assert window(*first, ("b", 0, 51, 65, "ok")) == 40  # a pause: two windows
    assert window(*first, ("b", 0, 20, 30, "failed: quiesce")) == 40


def test_a_backup_that_was_cut_off_leaves_no_window() -> None:
    done = ("a", 0, 10, 20, "ok")
    assert math.isnan(window())
    assert math.isnan(window(done, ("a", 1, 100, -1, "unfinished")))
    assert math.isnan(window(done, ("a", 1, 100, 130, "failed: the job took longer than 30 s")))
    assert window(done, ("a", 1, 15, -1, "skipped: the previous job was still running")) == 10
