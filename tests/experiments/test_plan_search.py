"""The search of a plan against worlds whose truth is known: never above it too often, near it, few runs; odd worlds."""

import math
from collections.abc import Callable

import numpy
import pytest

from experiments.plan.result import Objective
from experiments.plan.search import MOST_SCANNED, PROBES, Found, Rules, Sample, Search, judged, steps
from experiments.sweep.result import Level

CEILING = Objective("guest_p99", "all VMs", "Guest latency p99", "ms", True, 10.0, "10 ms")
FLOOR = Objective("datastore_free", "all VMs", "Space free", "%", False, 10.0, "10 %")
LOOKS = (10, 20, 40)


def levels(count: int) -> tuple[Level, ...]:
    return tuple(Level(str(n), float(n)) for n in range(1, count + 1))


class World:
    """Noisy figures of a level (from 1) and a replicate; common random numbers: the noise is the replicate's."""

    def __init__(self, mean: Callable[[int], tuple[float, ...]], noise: float, seed: int, count: int = 127) -> None:
        self.mean = mean
        self.levels = levels(count)
        self.draws = numpy.random.Generator(numpy.random.Philox(seed)).lognormal(-(noise**2) / 2, noise, LOOKS[-1])
        self.own = numpy.random.Generator(numpy.random.Philox(seed + 10_000)).lognormal(
            -0.0002, 0.02, (count, LOOKS[-1])
        )
        self.asked: list[tuple[int, range]] = []

    def measure(self, index: int, replicates: range) -> list[Sample]:
        self.asked.append((index, replicates))
        noise = [self.draws[r] * self.own[index, r] for r in replicates]
        return [Sample(tuple(float(one * n) for one in self.mean(index + 1))) for n in noise]

    def run(self, *objectives: Objective, confidence: float = 0.95, budget: int | None = None) -> Found:
        search = Search(self.levels, Rules(objectives or (CEILING,), LOOKS, confidence, budget), self.measure)
        found = search.run()
        assert search.spent == sum(len(replicates) for _, replicates in self.asked)
        return found

    @property
    def runs(self) -> int:
        return sum(len(replicates) for _, replicates in self.asked)


def queue(truth: float) -> Callable[[int], tuple[float, ...]]:
    """A latency that explodes as a queue's does: 10 ms lie between `truth` and the next level."""
    return lambda level: (2 / max(0.01, 1 - 0.8 * level / (truth + 0.5)),)


def straight(truth: float) -> Callable[[int], tuple[float, ...]]:
    """A figure in proportion to the level: neighbours hardly differ."""
    return lambda level: (10 * level / (truth + 0.5),)


def errors(mean: Callable[[float], Callable[[int], tuple[float, ...]]], noise: float) -> tuple[list[int], list[int]]:
    """The true answers of 200 problems, and how far above them the search ends."""
    truths = [10 + (n * 37) % 110 for n in range(200)]
    found = [World(mean(truth), noise, seed).run() for seed, truth in enumerate(truths)]
    assert all(one.confidence == 0.95 and one.beyond == one.best + 1 for one in found)
    return truths, [one.best + 1 - truth for one, truth in zip(found, truths, strict=True)]


def test_the_answer_is_hardly_ever_above_the_truth_and_within_two_steps_of_it() -> None:
    _, off = errors(queue, 0.05)
    assert sum(one > 0 for one in off) <= 10
    assert min(off) >= -2


@pytest.mark.slow
@pytest.mark.parametrize(("mean", "noise", "below"), [(queue, 0.3, 0.12), (straight, 0.05, 0.1), (straight, 0.3, 0.4)])
def test_noise_costs_capacity_not_confidence(mean: Callable[..., object], noise: float, below: float) -> None:
    """More than 10 of 200 too high would break the promise of 5 %; each is as far below as its noise explains."""
    truths, off = errors(mean, noise)  # type: ignore[arg-type]
    assert sum(one > 0 for one in off) <= 10
    assert max(-one / truth for one, truth in zip(off, truths, strict=True)) < below


def test_it_needs_no_more_runs_than_the_trial_that_chose_the_method() -> None:
    """There a sequential bisection came to 82 of a true 83 in 191 runs."""
    world = World(queue(83), 0.1, seed=3)
    found = world.run()
    assert found.best + 1 in (82, 83)
    assert world.runs == 160
    assert len(found.judged) <= steps(127) + PROBES == 9


def test_each_level_is_measured_once_in_the_same_replicates_one_batch_a_look() -> None:
    world = World(queue(40), 0.1, seed=1)
    world.run()
    by_level: dict[int, list[range]] = {}
    for index, replicates in world.asked:
        by_level.setdefault(index, []).append(replicates)
    batches = [range(10), range(10, 20), range(20, 40)]
    assert all(asked == batches[: len(asked)] for asked in by_level.values())
    assert any(len(asked) == 3 for asked in by_level.values())


def test_all_fit_or_none() -> None:
    easy = World(lambda level: (1.0,), 0.1, seed=1).run()
    assert (easy.best, easy.beyond) == (126, 127)
    hard = World(lambda level: (99.0,), 0.1, seed=1).run()
    assert (hard.best, hard.beyond) == (-1, 0)
    assert not easy.contradictions
    assert not hard.contradictions


@pytest.mark.parametrize("count", [1, 2, 3])
def test_few_levels(count: int) -> None:
    for truth in range(count + 1):
        world = World(lambda level, truth=truth: (1.0 if level <= truth else 99.0,), 0.1, seed=1, count=count)  # type: ignore[misc]
        found = world.run()
        assert (found.best + 1, len(found.judged) <= count) == (truth, True)


def test_the_objective_that_binds_decides() -> None:
    """Latency would allow 90, space only 61: 100 - 1.45 * level is 10 % at 62.07, and the noise is paid for."""
    world = World(lambda level: (*queue(90)(level), 100 - 1.45 * level), 0.02, seed=1)
    found = world.run(CEILING, FLOOR)
    assert 59 <= found.best + 1 <= 62
    last = {one.index: one for one in found.judged}
    assert last[found.beyond].worst == 1
    assert [one.verdict for one in last[found.best].objectives] == ["fits", "fits"]
    assert last[found.best].objectives[0].margin > last[found.best].objectives[1].margin > 0


def dip(level: int) -> tuple[float, ...]:
    """Fits up to 100, but for 20 to 45 (a cache that is too small there, say)."""
    return (99.0 if 20 <= level <= 45 or level > 100 else 1.0,)


def test_a_world_that_is_not_monotone_is_noticed_and_scanned() -> None:
    world = World(dip, 0.1, seed=1)
    found = world.run()
    assert found.scanned
    assert any("does not" in one for one in found.contradictions)
    assert (found.best + 1, found.beyond + 1) == (19, 20)
    assert {one.why for one in found.judged} == {"bisection", "probe", "scan"}
    assert MOST_SCANNED <= len(found.judged) <= MOST_SCANNED + steps(127)
    assert found.confidence == pytest.approx(1 - 0.05 / 9 * len(found.judged))


def test_an_undecided_level_is_no_sign_against_monotony() -> None:
    """So noisy at 32, the probe below the answer, that 40 replications do not tell."""
    world = World(queue(83), 0.05, seed=2)
    quiet = world.measure

    def measure(index: int, replicates: range) -> list[Sample]:
        if index != 31:
            return quiet(index, replicates)
        return [Sample((20.0 * (r % 2),)) for r in replicates]

    world.measure = measure  # type: ignore[method-assign]
    found = Search(world.levels, Rules((CEILING,), LOOKS, 0.95), measure).run()
    assert {one.index: one.verdict for one in found.judged}[31] == "undecided"
    assert not found.scanned
    assert found.best + 1 in (82, 83)


def test_a_budget_ends_the_search_with_what_is_known() -> None:
    world = World(queue(83), 0.1, seed=3)
    found = world.run(budget=45)
    assert world.runs <= 45
    assert found.best + 1 < 83 < found.beyond + 1
    assert all(one.verdict == "fits" for one in found.judged if one.index <= found.best)


def test_an_undefined_figure_or_a_failed_run_fails_the_level_at_once() -> None:
    fine = [Sample((1.0,))] * 9
    found, verdict = judged((CEILING,), [*fine, Sample((math.nan,))], 0.01)
    assert (verdict, found[0].undefined, found[0].verdict) == ("does not fit", 1, "does not fit")
    assert math.isnan(found[0].margin)
    found, verdict = judged((CEILING,), [*fine, Sample((), "the datastore is full")], 0.01)
    assert (verdict, found[0].verdict, found[0].interval.n) == ("does not fit", "fits", 9)
    assert judged((CEILING,), [Sample((), "full")] * 3, 0.01)[1] == "does not fit"


@pytest.mark.parametrize(
    ("objective", "figures", "verdict", "margin"),
    [(CEILING, [4.0, 6.0, 5.0], "fits", 50), (CEILING, [14.0, 16.0, 15.0], "does not fit", -50),
     (CEILING, [8.0, 12.0, 10.0], "undecided", 0), (FLOOR, [40.0, 40.1], "fits", 300.5),
     (FLOOR, [5.0, 5.0], "does not fit", -50), (CEILING, [10.0, 10.0], "fits", 0), (CEILING, [1.0], "undecided", 90),
     (CEILING._replace(limit=0.0), [0.0, 0.0], "fits", math.nan),
     (CEILING._replace(limit=0.0), [0.0, 0.0, 1.0], "undecided", math.nan)],
)  # fmt: skip
def test_verdicts_by_hand(objective: Objective, figures: list[float], verdict: str, margin: float) -> None:
    found, whole = judged((objective,), [Sample((one,)) for one in figures], 0.05)
    assert (whole, found[0].verdict) == (verdict, verdict)
    assert found[0].margin == pytest.approx(margin, nan_ok=True)
