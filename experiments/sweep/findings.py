"""What a sweep shows, in sentences with its own numbers: extremes, where the better arm changes, what is open.

A change of the better arm is told where two neighbours of a grid, alike in all axes but one, have settled signs that
differ, and where, along a single axis, the mean difference crosses zero.
"""

from collections.abc import Iterator
from itertools import pairwise

from experiments.charts import sweep_difference
from experiments.charts.sweep_parts import Choice, arm_label, choices, in_sentence, levels, pair
from experiments.charts.sweep_sign import directed, sign_of
from experiments.metrics import show
from experiments.reporting.findings import Finding
from experiments.study.cells import Cell
from experiments.sweep.result import Level, PointResult, SweepResult

MOST_FLIPS, MOST_OPEN = 4, 3


def findings(result: SweepResult) -> tuple[Finding, ...]:
    """Extremes by metric and mapped group, the break-even by both, what is not settled, what failed."""
    found = [_extremes(result, choice) for group in result.mapped for choice in choices(result, group)]
    arms = pair(result)
    if arms is not None:
        chosen = (choice for group in result.mapped for choice in directed(result, *arms, group))
        found += [_sides(result, choice, *arms) for choice in chosen]
    return tuple(_unbroken(one) for one in (*found, *_open(result)))


def _unbroken(one: Finding) -> Finding:
    """With spaces at which a line must not break, so that a figure stays in one piece."""
    return Finding(one.title, one.text.replace(" ± ", "\u00a0±\u00a0"))


def _figure(cell: Cell, unit: str) -> str:
    text = f"{show(cell.interval.mean, cell.interval.half_width)} {unit}".strip()
    return text + (" (fewer than 100 I/Os beyond it)" if cell.few else "")


def _extremes(result: SweepResult, choice: Choice) -> Finding:
    sentences = []
    without: dict[str, int] = {}  # points without a figure, by arm
    for arm in result.arms:
        cells = [(one, result.cell(one.point.name, choice.key, arm, choice.group)) for one in result.points]
        known = [(one, cell) for one, cell in cells if cell is not None and cell.interval.n]
        if known:
            ends = [pick(known, key=lambda pair: pair[1].interval.mean) for pick in (min, max)]
            if choice.metric.better == "high":
                ends.reverse()
            sentences.append(_range(arm_label(arm), ends, choice))
            without[arm_label(arm)] = len(cells) - len(known)
    some = [f"{arm} at {count} of {len(result.points)} points" for arm, count in without.items() if count]
    sentences += [f"No figure: {_listed(some)}."] if some else []
    return Finding(choice.label, " ".join(sentences))


def _range(arm: str, ends: list[tuple[PointResult, Cell]], choice: Choice) -> str:
    (first, good), (last, bad) = ends
    unit, words = choice.metric.unit, {"neither": ("lowest", "highest")}.get(choice.metric.better, ("best", "worst"))
    if good.interval.mean == bad.interval.mean:
        return f"{arm}: {_figure(good, unit)} throughout."
    return (f"{arm}: {words[0]} {_figure(good, unit)} at {first.point.name}, {words[1]} {_figure(bad, unit)} at "
            f"{last.point.name}.")  # fmt: skip


def _sides(result: SweepResult, choice: Choice, arm: str, base: str) -> Finding:
    contrasts = [result.contrast(one.point.name, choice.key, arm, base, choice.group) for one in result.points]
    signs = [sign for sign in map(sign_of, contrasts) if sign != "none"]
    counts = [(f"{arm_label(arm)} is better", "arm"), (f"{arm_label(base)} is better", "base"),
              ("the sign is not settled", "open"), ("there is no difference", "equal")]  # fmt: skip
    told = [f"{words} at {signs.count(sign)}" for words, sign in counts if sign in signs]
    text = f"Of {len(signs)} points {_listed(told)}."
    if len(set(signs)) == 1:
        text = f"At all {len(signs)} points {told[0].rsplit(' at ', 1)[0]}."
    flips = list(_flips(result, choice, arm, base))
    if flips:
        text += " The better one changes " + "; ".join(flips[:MOST_FLIPS])
        text += f"; and at {len(flips) - MOST_FLIPS} more places." if len(flips) > MOST_FLIPS else "."
    text += _even(result, choice)
    return Finding(f"{arm_label(arm)} or {arm_label(base)}: {in_sentence(choice.label)}", text)


def _listed(parts: list[str]) -> str:
    return parts[0] if len(parts) == 1 else ", ".join(parts[:-1]) + " and " + parts[-1]


def _flips(result: SweepResult, choice: Choice, arm: str, base: str) -> Iterator[str]:
    """Each pair of neighbours on the grid between which the settled sign changes."""
    if result.design != "grid":
        return
    by_levels = {one.point.levels: one for one in result.points}
    for number, axis in enumerate(result.axes):
        for one in result.points:
            after = _next_level(levels(result, number), one.point.levels[number])
            other = (*one.point.levels[:number], after, *one.point.levels[number + 1 :])
            neighbour = by_levels.get(other) if after is not None else None  # type: ignore[arg-type]
            if neighbour is None:
                continue
            signs = [sign_of(result.contrast(each.point.name, choice.key, arm, base, choice.group))
                     for each in (one, neighbour)]  # fmt: skip
            if set(signs) == {"arm", "base"}:
                winners = [arm_label(arm if sign == "arm" else base) for sign in signs]
                rest = [
                    f"{result.axes[n].label} {level.text}" for n, level in enumerate(other) if n != number and level
                ]
                where = f" (at {', '.join(rest)})" if rest else ""
                yield (f"from {winners[0]} at {axis.label} {one.point.levels[number].text} to {winners[1]} at "
                       f"{neighbour.point.levels[number].text}{where}")  # fmt: skip


def _next_level(found: tuple[Level, ...], level: Level) -> Level | None:
    return next((second for first, second in pairwise(found) if first == level), None)


def _even(result: SweepResult, choice: Choice) -> str:
    picture = sweep_difference.data(result, choice.group)
    if picture is None:
        return ""
    panel = next(panel for panel in picture.panels if panel.choice == choice)
    places = [sweep_difference.place_text(crossing, picture.axis) for crossing in panel.crossings]
    return f" The mean difference is zero at {_listed(places)}." if places else ""


def _open(result: SweepResult) -> Iterator[Finding]:
    open_ = [one for one in result.points if one.unsettled]
    if open_:
        told = "; ".join(f"{one.point.name}: {', '.join(one.unsettled)}" for one in open_[:MOST_OPEN])
        more = f"; {len(open_) - MOST_OPEN} more points in the table below" if len(open_) > MOST_OPEN else ""
        yield Finding("What is not settled", f"{len(open_)} of {len(result.points)} points had the most replications "
                      f"there may be and are not known as well as was asked. {told}{more}.")  # fmt: skip
    if result.failures:
        many = f"{len(result.failures)} runs have" if len(result.failures) > 1 else "One run has"
        first = result.failures[0]
        yield Finding("What failed", f"{many} no result; their replications are left out in all arms. "
                      f"{first.run}: {first.reason}.")  # fmt: skip
