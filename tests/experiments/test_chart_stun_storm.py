"""The chart of a night's stuns: who, when, how long, and how many at once."""

from dataclasses import replace

import pytest
from fake_scenario import fake_scenario
from fakes import CUTS, fake_result

from experiments.charts import stun_storm
from experiments.charts.paper import Identity, style
from experiments.compare import Comparison, summarise
from models.result import RunResult

MS, S = 10**6, 10**9


def compared(run: RunResult) -> Comparison:
    return summarise(fake_scenario(("vadp",), 1), [run])


def test_each_stunned_vm_has_a_lane_with_all_its_stuns() -> None:
    run = fake_result("vadp", 0)
    storm = stun_storm.data(compared(run))
    assert storm is not None
    assert [lane.vm for lane in storm.lanes] == ["sql", "ingest"]
    assert sum(len(lane.stuns) for lane in storm.lanes) == len(run.stuns)
    assert [reason for reason, start, _ in storm.lanes[0].stuns if start == CUTS[0]] == ["snapshot create"]
    assert len(storm.lanes[0].snapshots) == len(CUTS)


def test_stuns_that_overlap_are_counted_together_and_those_that_touch_are_not() -> None:
    row = fake_result("vadp", 0).stuns[0]
    at = [row._replace(vm=vm, start_ns=start * S, duration_ns=length * S)
          for vm, start, length in (("a", 10, 4), ("b", 12, 4), ("c", 16, 1))]  # fmt: skip
    steps = stun_storm.counted(at)
    assert steps == ((0, 0), (10 * S, 1), (12 * S, 2), (14 * S, 1), (16 * S, 1), (17 * S, 0))


def test_it_says_how_many_at_once_and_for_how_long() -> None:
    run = fake_result("vadp", 0)
    row = run.stuns[0]
    both = (row._replace(start_ns=10 * S, duration_ns=4 * S), row._replace(vm="ingest", start_ns=12 * S, duration_ns=S))
    storm = stun_storm.data(compared(replace(run, stuns=both)))
    assert storm is not None
    text = stun_storm.describe(storm)
    assert "2 stuns of 2 VMs; the longest 4 s (sql, snapshot create); at most 2 VMs stunned at once" in text
    assert "two or more for 1 s" in text


@pytest.mark.parametrize("length", [MS, 20 * S])
def test_short_and_long_stuns_are_drawn(length: int) -> None:
    run = fake_result("vadp", 0)
    rows = tuple(row._replace(duration_ns=length) for row in run.stuns)
    storm = stun_storm.data(compared(replace(run, stuns=(*rows, rows[0]._replace(reason="helper merge")))))
    assert storm is not None
    with style():
        figure = stun_storm.draw(storm, Identity("x", "y", 1, 1, compressed=False))
    bars = [c for c in figure.axes[0].collections if type(c).__name__ == "PolyCollection"]
    assert len(bars) == 2 + (len(rows) + 1 if length > S else 0)  # a delta's bar in each lane, and the stuns to scale


def test_without_a_stun_there_is_no_storm() -> None:
    assert stun_storm.data(compared(replace(fake_result("vadp", 0), stuns=()))) is None
