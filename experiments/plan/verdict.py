"""What a plan says: the answer first, then what binds, then how much each objective has left, then how it was found."""

import math
from collections.abc import Iterator
from typing import Any

from experiments.group_view import ALL_VMS
from experiments.metrics import show
from experiments.plan.result import Answer, Judged, LevelResult, Objective, PlanResult
from experiments.study.session import signed
from experiments.terminal import aligned

FEW, SAME = "?", "="
MOST_FAILED = 5


def lines(result: PlanResult) -> Iterator[str]:
    """The answers, line by line."""
    yield f"{result.title} ({result.name}, seed {result.seed})"
    for one in result.answers:
        yield from answer_lines(result, one)
    yield _legend(result)
    for failure in result.failures[:MOST_FAILED]:
        yield f"Failed: {failure.run}: {failure.reason}"
    if len(result.failures) > MOST_FAILED:
        yield f"Failed: {len(result.failures) - MOST_FAILED} more, see tables/failures.csv"
    if result.compressed:
        yield "Note: the time scale is compressed: take the shape of the answer, not its number, for a real night's."
    for warning in result.warnings:
        yield f"Note: {warning}"


def answer_lines(result: PlanResult, one: Answer) -> Iterator[str]:
    """One answer: the level, what binds, the margins, and what speaks against it."""
    yield ""
    yield f"{headline(result, one)}"
    if not one.judged:
        return
    yield " ".join(binding(result, one))
    columns = [level for level in (one.best, one.beyond) if level is not None]
    if columns:
        yield aligned([_head(result, columns), *_rows(result, columns)])
    yield found(result, one)
    if one.contradictions:
        yield contradicted(one)


def headline(result: PlanResult, one: Answer) -> str:
    """ "Answer: VMs per datastore: 82 (arm vadp)."."""
    whose = f"arm {one.arm}"
    if result.along is not None and one.along is not None:
        whose += f", {result.along.label} {one.along.text}"
    label = result.unknown.label
    if not one.judged:
        return f"Answer ({whose}): {label}: not searched, the budget of runs was spent before"
    if one.best is None:
        known = "was shown to fit" if one.beyond is None or one.beyond.verdict == "undecided" else "fits"
        return f"Answer ({whose}): {label}: not even {one.by_level[0].level.text} {known}"
    word = "the most that fits" if result.want == "most" else "the least that fits"
    if one.beyond is None and one.closed:
        word = f"the {'largest' if result.want == 'most' else 'smallest'} that was asked about fits"
    elif not one.closed:
        word = f"the {result.want} that was judged to fit; harder levels were not all judged"
    return f"Answer ({whose}): {label}: {one.best.level.text} ({word})"


def binding(result: PlanResult, one: Answer) -> Iterator[str]:
    """What ends it, in sentences."""
    at = one.binding
    if not one.closed and one.judged:
        yield "The budget of runs was spent before all that lies between was judged."
    if at is None:
        return
    words = result.objectives[at].words
    if one.beyond is None:
        yield f"{'Nothing ends it; nearest' if one.closed else 'Nearest'} to its limit is: {words}."
        return
    beyond = one.beyond
    if beyond.failed:
        yield f"{beyond.level.text} does not fit: {len(beyond.failed)} of {beyond.replications} runs failed."
    elif beyond.objectives[at].undefined:
        yield (f"{beyond.level.text} does not fit: {words}, but that is undefined in {beyond.objectives[at].undefined} "
               f"of {beyond.replications} runs.")  # fmt: skip
    elif beyond.verdict == "undecided":
        yield (f"{beyond.level.text} was not shown to fit in {beyond.replications} runs, which counts as not fitting; "
               f"it binds there: {words}.")  # fmt: skip
    else:
        yield f"{beyond.level.text} does not fit; it binds there: {words}."


def _head(result: PlanResult, columns: list[LevelResult]) -> tuple[str, ...]:
    cells = [text for one in columns for text in (f"at {one.level.text}", "margin")]
    return "Objective", "limit", *cells


def _rows(result: PlanResult, columns: list[LevelResult]) -> Iterator[tuple[str, ...]]:
    for number, one in enumerate(result.objectives):
        figures = [text for level in columns for text in cells(level.objectives[number])]
        yield objective_title(one), f"{'≤' if one.at_most else '≥'} {one.limit:g}", *figures


def objective_title(one: Objective) -> str:
    """ "Guest write latency p99 [ms], vdi"."""
    title = f"{one.label} [{one.unit}]" if one.unit else one.label
    return title if one.group == ALL_VMS else f"{title}, {one.group}"


def cells(judged: Judged) -> tuple[str, str]:
    """The figure with its interval and marks, and the margin."""
    interval = judged.interval
    if judged.undefined:
        return f"undefined in {judged.undefined}", "-"
    marks = (f" {FEW}" if judged.few else "") + (f" {SAME}" if judged.constant else "")
    margin = "-" if math.isnan(judged.margin) else f"{judged.margin:+.1f} %"
    return show(interval.mean, interval.half_width) + marks, margin


def found(result: PlanResult, one: Answer) -> str:
    """How the answer was found, and with what confidence."""
    if not one.judged:
        return "No level was judged."
    how = "a bisection, two probes and a scan" if one.scanned else "a bisection and two probes"
    how = how if one.closed else "a search that the budget cut short"
    return (f"Found by {how}: {len(one.judged)} of {result.levels} levels judged, {one.runs} runs. Confidence that no "
            f"level was taken to fit which does not: {100 * one.confidence:.3g} %.")  # fmt: skip


def contradicted(one: Answer) -> str:
    """What spoke against a monotone answer, and what was done."""
    return (f"Harder levels do not always fit less well: {'; '.join(one.contradictions)}. So the levels were scanned, "
            "and the answer is the last one up to which all that were judged fit.")  # fmt: skip


def _legend(result: PlanResult) -> str:
    least, most = result.looks[0], result.looks[-1]
    many = str(most) if least == most else f"{least} to {most}"
    return (
        f"\nMeans over {many} replications ± half-width of the Student-t interval by which they "
        f"were judged; levels share their random numbers. {FEW} fewer than 100 I/Os beyond this quantile; {SAME} the "
        f"same in all replications, which is no proof that it is so always."
    )


def document(result: PlanResult, folder: str) -> dict[str, Any]:
    """Everything as plain values for JSON; undefined is null."""
    return {
        **signed(result),
        "folder": folder,
        "unknown": result.unknown._asdict(),
        "want": result.want,
        "levels": result.levels,
        "along": result.along._asdict() if result.along is not None else None,
        "arms": list(result.arms),
        "objectives": [one._asdict() for one in result.objectives],
        "confidence": result.confidence,
        "answers": [_answer_document(result, one) for one in result.answers],
        "failures": [one._asdict() for one in result.failures],
        "warnings": list(result.warnings),
    }


def _answer_document(result: PlanResult, one: Answer) -> dict[str, Any]:
    return {
        "arm": one.arm,
        "along": one.along._asdict() if one.along is not None else None,
        "best": one.best.level._asdict() if one.best is not None else None,
        "beyond": one.beyond.level._asdict() if one.beyond is not None else None,
        "closed": one.closed,
        "binding": one.binding,
        "words": " ".join([headline(result, one) + ".", *binding(result, one)]),
        "confidence": one.confidence,
        "runs": one.runs,
        "scanned": one.scanned,
        "contradictions": list(one.contradictions),
        "judged": [_level_document(level) for level in one.judged],
    }


def _level_document(one: LevelResult) -> dict[str, Any]:
    return {
        "level": one.level._asdict(),
        "why": one.why,
        "verdict": one.verdict,
        "replications": one.replications,
        "failed": list(one.failed),
        "objectives": [
            {
                **{key: _number(value) for key, value in judged.interval._asdict().items()},
                "undefined": judged.undefined,
                "beyond": judged.beyond,
                "verdict": judged.verdict,
                "margin_percent": _number(judged.margin),
            }
            for judged in one.objectives
        ],
    }


def _number(value: float) -> float | None:
    return None if math.isnan(value) else value
