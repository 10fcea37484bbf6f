"""Chart: does the merge finish - write rate against merge rate, by helper rounds and by mirror driver.

Represents: for each pair of rates, how many replications got rid of their delta by helper rounds (before 6.0), with the
closed-form boundaries over them; beside it the duration of the mirror pass (6.0 and later) at the same rates.
Boundaries for a delta of S bytes, guest writes of w and a merge of c bytes a second: a round leaves w/c of what it
merged at most, so w = c bounds any number of rounds, and w = c (12 s c / S)^(1/10) what 10 rounds bring below 12 s.
Uniform writes over N bytes come to old places, too: their helpers hold less, the boundary lies higher (dashed). Mirror
pass: T = (N/w) ln(1 - p0 + p0 exp(w/c)), at most N/c.
Sources: semantics of the mirror pass (see `validate`); KB 2039754 for 12 s and 10 rounds. Left out: latency.
"""

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from experiments.charts import numbers, palette, paper
from experiments.charts.paper import Identity
from sim.units import human_bytes, human_time

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

NAME = "consolidation"
QUESTION = "Does the merge finish?"
HOW_TO_READ = (
    "Left: each mark is a pair of rates. Helper rounds come to an end where the guest writes more slowly than the "
    "merge copies, and by enough: below the solid line the rounds bring a delta of this size down to what may be "
    "merged in a stun, whatever is written; above w = c helpers only shrink because writes come to the same places "
    "again, up to the dashed line. Right: the mirror driver's single pass at the same rates. It ends for every write "
    "rate, at the latest when everything was copied once (dotted)."
)
SHADE = {"always": palette.GREEN, "sometimes": palette.YELLOW, "never": palette.VERMILLION}
MARKER = {"always": "o", "sometimes": "D", "never": "X"}
STEPS = 160


@dataclass(frozen=True)
class Case:
    """One pair of rates, in bytes a second, and what its replications came to."""

    write_rate: float  # w: what the guest writes, uniformly over the disk, overwrites included
    merge_rate: float  # c: what the merge copies
    replications: int
    finished: int  # of these, by helper rounds: with nothing left that needs consolidation
    passes_s: tuple[float, ...] = ()  # the mirror pass of each replication that was run with it, s

    @property
    def verdict(self) -> str:
        """ "always", "sometimes" or "never"."""
        return "always" if self.finished == self.replications else "sometimes" if self.finished else "never"


@dataclass(frozen=True)
class Region:
    """What the chart shows: the cases and what is the same in all of them. Sizes in bytes."""

    cases: tuple[Case, ...]
    delta_bytes: float  # S: in the delta when its removal begins
    disk_bytes: float  # N: what the guest's writes go to, uniformly
    estimate_s: float = 12.0  # a helper that merges in this time is merged in a stun
    rounds: int = 10

    @property
    def dirty(self) -> float:
        """p0: the share of the disk that is in the delta at the start."""
        return self.delta_bytes / self.disk_bytes


class Curve(NamedTuple):
    """A boundary: write rates over merge rates, bytes a second."""

    merge_rate: numbers.Floats
    write_rate: numbers.Floats


def boundary(region: Region, merge_rate: float) -> float:
    """The write rate (bytes/s) up to which the rounds end if nothing is written twice.

    Where the whole delta merges within the estimate the first round is the best, otherwise the last.
    """
    share = region.estimate_s * merge_rate / region.delta_bytes
    return merge_rate * (share ** (1 / region.rounds) if share < 1 else share)


def ends(region: Region, write_rate: float, merge_rate: float) -> bool:
    """Whether some round leaves a helper that merges within the estimate, uniform writes coming to old places, too."""
    held = region.delta_bytes
    for _ in range(region.rounds):
        held = region.disk_bytes * -math.expm1(-write_rate * held / merge_rate / region.disk_bytes)
        if held <= region.estimate_s * merge_rate:
            return True
    return False


def saturated(region: Region, merge_rate: float) -> float:
    """The write rate (bytes/s) up to which the rounds end, overwrites counted; inf where every rate does."""
    if region.disk_bytes <= region.estimate_s * merge_rate:
        return math.inf
    low, high = 0.0, merge_rate
    while ends(region, high, merge_rate):
        low, high = high, 2 * high
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if ends(region, middle, merge_rate) else (low, middle)
    return low


def pass_s(region: Region, write_rate: float, merge_rate: float) -> float:
    """How long the mirror pass takes, s: its closed form."""
    from experiments.validate.forms import mirror_pass

    return mirror_pass(region.disk_bytes, write_rate, merge_rate, region.dirty)


def curves(region: Region) -> tuple[Curve, Curve]:
    """The boundary without and with overwrites, over the merge rates of the cases and a little beyond."""
    rates = [case.merge_rate for case in region.cases]
    low, high = min(rates), max(rates)
    grid = np.geomspace(low / 1.35, high * 1.35, STEPS)
    return (
        Curve(grid, np.array([boundary(region, rate) for rate in grid])),
        Curve(grid, np.array([saturated(region, rate) for rate in grid])),
    )


def _limits(values: list[float]) -> tuple[float, float]:
    return min(values) / 1.35, max(values) * 1.35


def _draw_rounds(axes: "Axes", region: Region, scale: int) -> None:
    plain, overwriting = curves(region)
    across = plain.merge_rate / scale
    low, high = _limits([case.write_rate / scale for case in region.cases])
    axes.fill_between(across, low, np.clip(plain.write_rate / scale, low, high), color=SHADE["always"], alpha=0.12,
                      linewidth=0)  # fmt: skip
    axes.plot(across, across, color=palette.GREY, linestyle=":", linewidth=1.4)
    axes.plot(across, plain.write_rate / scale, color=palette.BLACK)
    axes.plot(across, overwriting.write_rate / scale, color=palette.BLACK, linestyle="--", linewidth=1.2)
    for case in region.cases:
        axes.plot(case.merge_rate / scale, case.write_rate / scale, MARKER[case.verdict], color=SHADE[case.verdict],
                  markersize=9, markeredgecolor=palette.BLACK, markeredgewidth=0.6)  # fmt: skip
        if case.verdict == "sometimes":
            axes.annotate(f"{case.finished}/{case.replications}", (case.merge_rate / scale, case.write_rate / scale),
                          xytext=(-8, 7), textcoords="offset points", ha="right", size=8)  # fmt: skip
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlim(across[0], across[-1])
    axes.set_ylim(low, high)
    axes.set_title("by helper rounds (before 6.0)")


def _merge_rates(region: Region) -> list[float]:
    return sorted({case.merge_rate for case in region.cases})


def _draw_passes(axes: "Axes", region: Region, scale: int, unit: str) -> None:
    low, high = _limits([case.write_rate / scale for case in region.cases])
    grid = np.geomspace(low, high, STEPS)
    rates = _merge_rates(region)
    for number, rate in enumerate(rates):
        colour = _shade(number, len(rates))
        axes.plot(grid, [pass_s(region, writes * scale, rate) for writes in grid], color=colour)
        axes.annotate(f"c = {rate / scale:.3g} {unit}", (low, pass_s(region, low * scale, rate)), xytext=(4, 8),
                      textcoords="offset points", size=8, color="#333333")  # fmt: skip
        axes.axhline(region.disk_bytes / rate, color=colour, linestyle=":", linewidth=1)
        mine = [case for case in region.cases if case.merge_rate == rate]
        at = [case.write_rate / scale for case in mine for _ in case.passes_s]
        axes.plot(at, [seconds for case in mine for seconds in case.passes_s], "o", color=colour, markersize=4.5,
                  markeredgecolor="white", markeredgewidth=0.4)  # fmt: skip
    axes.set_xscale("log")
    axes.set_xlim(low, high)
    axes.set_ylim(bottom=0)
    axes.set_title("by mirror driver (6.0 and later)")


def _shade(number: int, count: int) -> str:
    from matplotlib import colormaps
    from matplotlib.colors import to_hex

    return to_hex(colormaps["cividis"](0.05 + 0.85 * number / max(1, count - 1)))


def draw(region: Region, identity: Identity) -> "Figure":
    """The figure."""
    scale, unit = paper.rate_scale(max(max(case.merge_rate, case.write_rate) for case in region.cases))
    subtitle = (
        f"Delta of {human_bytes(round(region.delta_bytes))}, uniform writes over "
        f"{human_bytes(round(region.disk_bytes))}; a helper that merges in {region.estimate_s:g} s is merged in a "
        f"stun, at most {region.rounds} rounds"
    )
    seen = [verdict for verdict in SHADE if any(case.verdict == verdict for case in region.cases)]
    entries: list[paper.Entry] = [
        (paper.mark(MARKER[verdict], SHADE[verdict]), f"rounds {verdict} finish") for verdict in seen
    ]
    entries += [
        (paper.stroke(palette.BLACK), f"{region.rounds} rounds reach {region.estimate_s:g} s, nothing written twice"),
        (paper.stroke(palette.BLACK, "--", 1.2), "the same, uniform overwrites"),
        (paper.stroke(palette.GREY, ":", 1.4), "w = c"),
    ]
    if any(case.passes_s for case in region.cases):
        entries.append((paper.stroke(palette.GREY, "", marker="o"), "a mirror pass"))
    entries.append((paper.stroke(palette.GREY), "its closed form"))
    entries.append((paper.stroke(palette.GREY, ":", 1), "everything copied once"))
    figure = paper.sheet(3.9, QUESTION, subtitle, identity, entries)
    left, right = figure.subplots(1, 2)
    _draw_rounds(left, region, scale)
    _draw_passes(right, region, scale, unit)
    left.set_xlabel(f"merge rate c [{unit}]")
    left.set_ylabel(f"write rate w [{unit}]")
    right.set_xlabel(f"write rate w [{unit}]")
    right.set_ylabel("duration of the mirror pass [s]")
    for axis in (left.xaxis, left.yaxis, right.xaxis):
        paper.plain_log(axis)
    return figure


def describe(region: Region) -> str:
    """How many pairs of rates finish, how many on the wrong side of the boundaries, and the longest mirror pass."""
    counts = {verdict: sum(case.verdict == verdict for case in region.cases) for verdict in SHADE}
    parts = ", ".join(f"{number} {verdict}" for verdict, number in counts.items() if number)
    below = [case for case in region.cases if case.write_rate <= boundary(region, case.merge_rate)]
    kept = sum(case.verdict == "always" for case in below)
    text = f"Helper rounds finish at {len(region.cases)} pairs of rates: {parts}. "
    text += f"Of {len(below)} below the closed-form boundary {kept} always finish."
    passes = [(seconds, case) for case in region.cases for seconds in case.passes_s]
    if passes:
        longest, case = max(passes, key=lambda pair: pair[0])
        expected = pass_s(region, case.write_rate, case.merge_rate)
        text += (
            f" The mirror pass always finishes, the longest of {len(passes)} after {human_time(round(longest * 1e9))}"
        )
        text += f" (closed form: {human_time(round(expected * 1e9))})."
    return text
