"""What a sweep says on the terminal: where each figure is lowest and highest, which arm is better where, what is open.

Everything else is in the tables of the result folder.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import Any

from experiments.group_view import ALL_VMS
from experiments.metrics import BY_KEY, show
from experiments.study.cells import FEW, LEVEL, Cell, Contrast
from experiments.study.coverage import coverage_note
from experiments.study.session import signed
from experiments.sweep.result import PointResult, SweepResult
from experiments.terminal import aligned
from experiments.verdict import FEW as FEW_MARK
from experiments.verdict import HEADLINES, cell_document, contrast_document

MOST_METRICS, MOST_OPEN = 8, 8


def lines(result: SweepResult) -> Iterator[str]:
    """The verdict, line by line."""
    runs = sum(one.replications for one in result.points) * len(result.arms)
    yield (f"{result.title} ({result.name}: {len(result.points)} points, arms {', '.join(result.arms)}, {runs} runs, "
           f"seed {result.seed})")  # fmt: skip
    yield aligned([HEAD, *_extremes(result)])
    yield _legend(result)
    if pairs := list(_differences(result)):
        yield aligned([("Which arm is better, at how many points", *_pair_heads(result)), *pairs])
    yield from _open(result)
    for failure in result.failures[:MOST_OPEN]:
        yield f"Failed: {failure.run}: {failure.reason}"
    if len(result.failures) > MOST_OPEN:
        yield f"Failed: {len(result.failures) - MOST_OPEN} more, see tables/failures.csv"
    if note := coverage_note(min((one.replications for one in result.points if one.replications), default=30)):
        yield f"Note: {note}"
    if result.compressed:
        yield "Note: the time scale is compressed: compare arms and points, not the figures with a real night's."
    for warning in result.warnings[:MOST_OPEN]:
        yield f"Note: {warning}"
    if len(result.warnings) > MOST_OPEN:
        yield f"Note: {len(result.warnings) - MOST_OPEN} more, see manifest.json"


HEAD = ("", "lowest", "at", "highest", "at ")


def shown_metrics(result: SweepResult) -> tuple[str, ...]:
    """The metrics for a short table: those asked for, or the usual headlines of them."""
    if len(result.metrics) <= MOST_METRICS:
        return result.metrics
    headlines = [key for key, _ in HEADLINES if key in result.metrics]
    return tuple(dict.fromkeys((*headlines, *result.metrics)))[:MOST_METRICS]


def _extremes(result: SweepResult) -> Iterator[tuple[str, ...]]:
    for key in shown_metrics(result):
        for group in result.groups:
            for arm in result.arms:
                cells = [(one, result.cell(one.point.name, key, arm, group)) for one in result.points]
                found = [(one, cell) for one, cell in cells if cell is not None and cell.interval.n]
                if found:
                    yield _extreme(key, group, arm, found, len(result.points))


def _extreme(key: str, group: str, arm: str, found: Sequence[tuple[PointResult, Cell]], points: int) -> tuple[str, ...]:
    ends = [min(found, key=_mean), max(found, key=_mean)]
    title = BY_KEY[key].title + ("" if group == ALL_VMS else f", {group}") + f", {arm}"
    if ends[0][1].interval.mean == ends[1][1].interval.mean:
        some = "all points" if len(found) == points else f"the {len(found)} of {points} points that have it"
        return title, _figure(ends[0][1]), some if len(found) > 1 else ends[0][0].point.name, "", ""
    title += "" if len(found) == points else f" (at {len(found)} of {points} points)"
    return (title, *(text for one, cell in ends for text in (_figure(cell), one.point.name)))


def _mean(one: tuple[PointResult, Cell]) -> float:
    return one[1].interval.mean


def _figure(cell: Cell) -> str:
    return show(cell.interval.mean, cell.interval.half_width) + (f" {FEW_MARK}" if cell.few else "")


def _legend(result: SweepResult) -> str:
    counts = sorted({one.replications for one in result.points})
    many = str(counts[0]) if len(counts) == 1 else f"{counts[0]} to {counts[-1]}"
    return (f"Mean over {many} replications ± half-width of the {100 * LEVEL:g} % Student-t interval; arms and points "
            f"share their random numbers. {FEW_MARK} fewer than {FEW} I/Os beyond this quantile.")  # fmt: skip


def _pairs(result: SweepResult) -> list[tuple[str, str]]:
    return [(arm, base) for base, arm in combinations(result.arms, 2)]


def _pair_heads(result: SweepResult) -> tuple[str, ...]:
    return tuple(f"{arm} or {base}" for arm, base in _pairs(result))


def _differences(result: SweepResult) -> Iterator[tuple[str, ...]]:
    for key in shown_metrics(result):
        for group in result.groups:
            if BY_KEY[key].better == "neither":
                continue
            texts = [_better(result, key, group, arm, base) for arm, base in _pairs(result)]
            if set(texts) - {"-"}:
                yield (BY_KEY[key].title + ("" if group == ALL_VMS else f", {group}"), *texts)


def _better(result: SweepResult, key: str, group: str, arm: str, base: str) -> str:
    found = [result.contrast(one.point.name, key, arm, base, group) for one in result.points]
    known = [one for one in found if one is not None and one.difference.interval.n]
    counts = Counter(one.better or ("equal" if _equal(one) else "open") for one in known)
    return ", ".join(f"{name} {counts[name]}" for name in (arm, base, "equal", "open") if counts[name]) or "-"


def _equal(one: Contrast) -> bool:
    """Whether the two arms had the same figure in every replication."""
    return one.difference.interval[:3] == (0, 0, 0)


def _open(result: SweepResult) -> Iterator[str]:
    stops = Counter(one.stop for one in result.points)
    if set(stops) <= {"fixed"}:
        return
    yield (f"Replications: {stops['settled']} of {len(result.points)} points are settled; "
           f"{stops['budget']} had the most there may be.")  # fmt: skip
    told = [f"Not settled: {one.point.name}: {text}" for one in result.points for text in one.unsettled]
    yield from told[:MOST_OPEN]
    if len(told) > MOST_OPEN:
        yield f"Not settled: {len(told) - MOST_OPEN} more, see tables/points.csv"


def document(result: SweepResult, folder: str) -> dict[str, Any]:
    """Everything as plain values for JSON; undefined is null."""
    return {
        **signed(result),
        "folder": folder,
        "design": result.design,
        "axes": [axis._asdict() for axis in result.axes],
        "arms": list(result.arms),
        "groups": list(result.groups),
        "metrics": [{"key": key, "label": BY_KEY[key].label, "unit": BY_KEY[key].unit, "better": BY_KEY[key].better}
                    for key in result.metrics],
        "points": [_point_document(one) for one in result.points],
        "failures": [one._asdict() for one in result.failures],
        "warnings": list(result.warnings),
    }  # fmt: skip


def _point_document(one: PointResult) -> dict[str, Any]:
    return {
        "name": one.point.name,
        "levels": [level._asdict() for level in one.point.levels],
        "replications": one.replications,
        "replicates": list(one.replicates),
        "stop": one.stop,
        "unsettled": list(one.unsettled),
        "warmup_ns": one.warmup_ns,
        "warmup_found": one.warmup_found,
        "values": [cell_document(cell) for cell in one.cells],
        "differences": [contrast_document(contrast) for contrast in one.contrasts],
    }
