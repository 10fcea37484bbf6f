"""The first difference of two results, read off results that were altered by hand."""

import copy
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from fakes import fake_result

from experiments.difference import first_difference
from models.result import RunResult

NAMES = ("simpy", "compiled")


def altered(table: str, row: int, **fields: Any) -> RunResult:
    """The fake result with other values in one row of one table."""
    result = fake_result("both", 0)
    rows = list(getattr(result, table))
    rows[row] = replace(rows[row], **fields) if table in ("vms", "recovery") else rows[row]._replace(**fields)
    return replace(result, **{table: tuple(rows)})


def lines(other: RunResult) -> list[str]:
    found = first_difference(fake_result("both", 0), other, NAMES)
    assert found is not None
    return found.splitlines()


def test_equal_results_have_none() -> None:
    result = fake_result("both", 0)
    assert first_difference(result, copy.deepcopy(result)) is None


def test_a_single_value_is_named() -> None:
    result = fake_result("both", 0)
    assert lines(replace(result, events=result.events + 1)) == [
        f"events is {result.events} (simpy) and {result.events + 1} (compiled)"
    ]


def test_a_rows_field_is_named_and_the_row_shown() -> None:
    row = fake_result("both", 0).stuns[1]
    head, names, *fields = lines(altered("stuns", 1, drain_ns=row.drain_ns + 3))
    key = f"start_ns {row.start_ns}, vm {row.vm}, job {row.job}, reason {row.reason}"
    assert head == f"table stuns, row 1 ({key}): drain_ns is {row.drain_ns} (simpy) and {row.drain_ns + 3} (compiled)"
    assert names.split() == ["simpy", "compiled"]
    assert [line.split()[0] for line in fields] == list(row._fields)
    assert [line.split("<-")[1] for line in fields if "<-" in line] == [" +3"]


def test_a_slow_ios_ledgers_stand_side_by_side_by_cause() -> None:
    result = fake_result("both", 0)
    slow = result.vms[0].slowest[2]
    ledger = [*slow.ledger_ns]
    ledger[0], ledger[-1] = ledger[0] + 7, ledger[-1] - 7
    rows = (*result.vms[0].slowest[:2], slow._replace(ledger_ns=tuple(ledger)), *result.vms[0].slowest[3:])
    head, _, *side = lines(altered("vms", 0, slowest=rows))
    assert head.startswith(f"table vms, row 0 (vm {slow.vm}): slowest, row 2 (vm {slow.vm}, workload main, ordinal ")
    assert head.endswith(f': ledger_ns of "guest queue" is {slow.ledger_ns[0]} (simpy) and {ledger[0]} (compiled)')
    shown = {line[2:].split("  ")[1 if line.startswith("    ") else 0].strip(): line for line in side}
    assert set(result.causes) <= set(shown)
    assert {name for name, line in shown.items() if "<-" in line} == {result.causes[0], result.causes[-1]}
    assert shown[result.causes[-1]].endswith("<- -7")


def test_a_bucket_of_the_ledger_is_shown_by_cause() -> None:
    result = fake_result("both", 0)
    first = result.vms[0].ledger[0]
    ns = (first.ns[0] + 1, *first.ns[1:])
    head, *side = lines(altered("vms", 0, ledger=(first._replace(ns=ns), *result.vms[0].ledger[1:])))
    assert f'ledger, row 0 (bucket {first.bucket}): ns of "guest queue" is ' in head
    assert sum(cause in line for line in side for cause in result.causes[:1]) == 1


def test_an_intervals_sums_stand_side_by_side() -> None:
    row = fake_result("both", 0).intervals[5]
    head, *side = lines(altered("intervals", 5, kavg_ns=row.kavg_ns + 1))
    assert head.startswith(f"table intervals, row 5 (t_ns {row.t_ns}, vm {row.vm}): kavg_ns is ")
    assert any(line.split()[:1] == ["davg_ns"] for line in side)


def test_a_histogram_is_read_down_to_its_bucket() -> None:
    histogram = copy.deepcopy(fake_result("both", 0).vms[0].guest_read)
    bucket = min(histogram.buckets)
    histogram.buckets[bucket] += 1
    (head,) = lines(altered("vms", 0, guest_read=histogram))
    count = histogram.buckets[bucket]
    assert head.endswith(f"is {count - 1} (simpy) and {count} (compiled)")
    assert ": guest_read: count from " in head
    histogram.buckets[bucket] -= 1
    histogram.maximum += 1
    assert ": guest_read: maximum is " in lines(altered("vms", 0, guest_read=histogram))[0]


@pytest.mark.parametrize("longer", [True, False])
def test_a_missing_row_is_said_with_whose_it_is(longer: bool) -> None:
    result = fake_result("both", 0)
    points = (*result.points, result.points[-1]) if longer else result.points[:-1]
    head, row = lines(replace(result, points=points))
    assert head == f"table points has {len(result.points)} rows (simpy) and {len(points)} (compiled)"
    assert row.startswith(f"  the first that only {NAMES[longer]} has: PointRow(")


def test_the_other_tables_that_differ_are_listed() -> None:
    result = altered("stuns", 0, held=99)
    found = lines(replace(result, events=0, flows=()))
    assert found[-1] == "also different: flows, events"


def test_equal_numbers_of_another_type_are_a_difference() -> None:
    row = fake_result("both", 0).flows[0]
    (head, *_) = lines(altered("flows", 0, bytes=np.int64(row.bytes)))
    assert head.endswith("of type int and int64")
