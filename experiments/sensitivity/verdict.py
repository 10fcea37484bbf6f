"""What a sensitivity study says: which assumption moves what, and which could flip the verdict between two arms."""

import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from experiments.metrics import BY_KEY, show
from experiments.sensitivity.indices import Effect
from experiments.sensitivity.result import Entry, Scanned, SensitivityResult, Turn
from experiments.study.coverage import coverage_note
from experiments.study.session import signed
from experiments.terminal import aligned
from experiments.verdict import SETTLED, cell_document, contrast_document
from sim.statistics import Interval

MOST_FAILED, MOST_NOISE = 8, 0.1
METHODS = {"sobol": "Sobol indices from {} rows", "morris": "Morris screening of {} walks"}
LEGENDS = {
    "sobol": "Share of the variance that vanishes only when the assumption is known (total index), with its 95 % "
             "bootstrap interval, while all vary at once.",
    "morris": "Mean size of the change when the assumption moves through its range (mu*), with its 95 % bootstrap "
              "interval, while the others are anywhere.",
}  # fmt: skip


def lines(result: SensitivityResult) -> Iterator[str]:
    """The verdict, line by line."""
    method = METHODS[result.method].format(result.size)
    yield (f"{result.title} ({result.name}: {len(result.entries)} assumptions, {method}, arms "
           f"{', '.join(result.arms)}, {result.runs} runs, seed {result.seed})")  # fmt: skip
    for metric in result.metrics:
        yield from _effects(result, metric)
        yield from _scan(result, metric)
        yield from sentences(result, metric)
    yield f"{LEGENDS[result.method]} {SETTLED} the sign of the difference is settled."
    for failure in result.failures[:MOST_FAILED]:
        yield f"Failed: {failure.run}: {failure.reason}"
    if len(result.failures) > MOST_FAILED:
        yield f"Failed: {len(result.failures) - MOST_FAILED} more, see tables/failures.csv"
    yield from (f"Note: {note}" for note in notes(result))


def notes(result: SensitivityResult) -> tuple[str, ...]:
    """What a reader must know before the figures."""
    found = [coverage_note(result.replications)]
    if result.compressed:
        found.append("The time scale is compressed: compare arms and assumptions, not the figures with a real night's.")
    return tuple(note for note in (*found, *result.warnings) if note)


def figures(result: SensitivityResult) -> tuple[str, ...]:
    """What assumptions move: each arm, and the difference of the verdict."""
    return (*result.arms, *([result.difference] if result.difference else []))


def ranked(result: SensitivityResult, metric: str) -> list[Entry]:
    """The assumptions, the one first that moves the metric most: its difference, or the arm that it moves most."""
    of = figures(result)[-1:] if result.difference else result.arms

    def most(entry: Entry) -> float:
        totals = [result.effect(metric, one, entry.key).total for one in of]
        return max((total for total in totals if not math.isnan(total)), default=-1.0)

    return sorted(result.entries, key=lambda entry: -most(entry))


def _effects(result: SensitivityResult, metric: str) -> Iterator[str]:
    head = (f"{BY_KEY[metric].label}: what moves it{effect_unit(result, metric)}", "from", "to", *figures(result))
    yield aligned([head, *effect_rows(result, metric)])


def effect_unit(result: SensitivityResult, metric: str) -> str:
    """The unit of effects, in brackets behind a blank; '' for shares of a variance."""
    return f" [{BY_KEY[metric].unit}]" if result.method == "morris" and BY_KEY[metric].unit else ""


def effect_rows(result: SensitivityResult, metric: str) -> Iterator[tuple[str, ...]]:
    """One row an assumption, the one first that moves most: its key, its range, its effect on each figure."""
    for entry in ranked(result, metric):
        texts = (_effect(result.effect(metric, one, entry.key)) for one in figures(result))
        yield entry.key, entry.low, entry.high, *texts


def _effect(effect: Effect) -> str:
    """The effect with its interval; "-" where it is not known."""
    if math.isnan(effect.total):
        return "-"
    if math.isnan(effect.low) or effect.low == effect.high:
        return show(effect.total)
    return f"{show(effect.total)} ({show(effect.low)} to {show(effect.high)})"


def _scan(result: SensitivityResult, metric: str) -> Iterator[str]:
    head = (f"{BY_KEY[metric].title}: one at a time", "is", *figures(result))
    yield aligned([head, *scan_rows(result, metric)])


def scan_rows(result: SensitivityResult, metric: str) -> Iterator[tuple[str, ...]]:
    """One row a level that was tried alone: assumption, level, each arm's figure, the difference."""
    for one in result.scans:
        cells = {cell.arm: cell.interval for cell in one.cells if cell.metric == metric}
        texts = [_interval(cells[arm]) for arm in result.arms]
        texts += [_difference(one, metric)] if result.difference else []
        yield one.key or "the scenario as it is", one.level, *texts


def _interval(interval: Interval) -> str:
    return show(interval.mean, interval.half_width)


def _difference(one: Scanned, metric: str) -> str:
    found = next(contrast for contrast in one.contrasts if contrast.metric == metric)
    interval = found.difference.interval
    sign = "+" if interval.mean > 0 else ""
    return sign + _interval(interval) + (f" {SETTLED}" if found.difference.sign_settled else "")


def sentences(result: SensitivityResult, metric: str, arm: Callable[[str], str] = str) -> Iterator[str]:
    """What can be said about the verdict by one metric; `arm` says what an arm is called."""
    label = BY_KEY[metric].label
    judged = figures(result)[-1:] if result.difference else result.arms
    for one in result.noise:
        if one.metric == metric and one.of in judged and one.share > MOST_NOISE:
            what = " less ".join(map(arm, one.of.split(" - ")))
            yield (f"{label}, {what}: replications alone explain {one.share:.0%} of the points' differences: more of "
                   "them would help.")  # fmt: skip
    if not result.between or BY_KEY[metric].better == "neither":
        return
    turns = [one for one in result.turns if one.metric == metric]
    if not turns:
        yield f"{label}: not defined in both {' and '.join(map(arm, result.between))}, so there is no verdict."
        return
    yield f"{label}: {_was(result, turns[0], arm)}. {_flips(turns, _undefined(result, metric), arm)}"
    for mixed in result.mixed:
        if mixed.metric == metric and mixed.points:
            better = zip(result.between, mixed.better, strict=True)
            counts = " and ".join(f"{arm(one)} at {count}" for one, count in better)
            yield f"{label}, all varied at once, {mixed.points} points: better on average is {counts}."


def _was(result: SensitivityResult, turn: Turn, arm: Callable[[str], str]) -> str:
    if turn.was:
        return f"{arm(turn.was)} is better as the scenario is"
    return f"whether {' or '.join(map(arm, result.between))} is better is not settled as the scenario is"


def _undefined(result: SensitivityResult, metric: str) -> list[str]:
    """The levels that were tried alone and at which the difference is not defined."""
    scans = [one for one in result.scans if one.key]
    known = {(one.key, one.level) for one in result.turns if one.metric == metric}
    return [f"{one.key} = {one.level}" for one in scans if (one.key, one.level) not in known]


def _flips(turns: Sequence[Turn], undefined: Sequence[str], arm: Callable[[str], str]) -> str:
    parts = [f"Not defined with {', '.join(undefined)}, so no verdict there."] if undefined else []
    for verdict, text in (
        ("flips", "Turned round by {}"),
        ("opens", "No longer settled with {}"),
        ("settles", "Settled only with {}"),
    ):
        found = [one for one in turns if one.verdict == verdict]
        if found:
            whats = (f"{one.key} = {one.level}" + (f" ({arm(one.arm)} is better)" if one.arm else "") for one in found)
            parts.append(text.format(", ".join(whats)) + ".")
    if all(one.verdict == "keeps" for one in turns):
        parts.append("Nothing else changes that alone." if undefined else "No assumption alone changes that.")
    return " ".join(parts)


def document(result: SensitivityResult, folder: str) -> dict[str, Any]:
    """Everything as plain values for JSON; undefined is null."""
    return {
        **signed(result),
        "folder": folder,
        "scenario": result.scenario,
        "method": result.method,
        "size": result.size,
        "replications": result.replications,
        "runs": result.runs,
        "arms": list(result.arms),
        "between": list(result.between),
        "group": result.group,
        "metrics": [{"key": key, "label": BY_KEY[key].label, "unit": BY_KEY[key].unit, "better": BY_KEY[key].better}
                    for key in result.metrics],
        "assumptions": [{**one._asdict(), "levels": list(one.levels), "fields": list(one.fields)}
                        for one in result.entries],
        "effects": [{"metric": one.metric, "of": one.of, "assumption": one.key,
                     **{key: _number(value) for key, value in one.effect._asdict().items()}} for one in result.moved],
        "noise": [{**one._asdict(), "share": _number(one.share)} for one in result.noise],
        "scan": [{"assumption": one.key, "level": one.level, "values": [cell_document(cell) for cell in one.cells],
                  "differences": [contrast_document(contrast) for contrast in one.contrasts]} for one in result.scans],
        "turns": [one._asdict() for one in result.turns],
        "all_at_once": [{"metric": one.metric, "points": one.points,
                         "better": dict(zip(result.between, one.better, strict=True))} for one in result.mixed],
        "failures": [one._asdict() for one in result.failures],
        "notes": list(notes(result)),
    }  # fmt: skip


def _number(value: float) -> float | None:
    return None if math.isnan(value) else value
