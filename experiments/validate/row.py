"""One line of evidence: what is claimed, what was expected, what the simulator says, and how far off it may be.

A row is *calibrated* when its expected value was used to choose a default: it proves nothing but consistency. It is
*predicted* otherwise. A tolerance is in the row's unit and says why it is what it is.
"""

import math
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple

from sim.statistics import mean_interval

Kind = Literal["calibrated", "predicted"]
Verdict = Literal["pass", "fail", "not run"]

NAN = float("nan")
LEVEL = 0.999
MOST = 0.10
"""However noisy a simulation is, its tolerance is at most this share of the expected value."""


@dataclass(frozen=True)
class Row:
    """One claim and its verdict. Numbers are nan where the row was not run."""

    claim: str
    source: str
    expected: float
    simulated: float
    unit: str
    tolerance: float  # in `unit`
    why: str  # why this tolerance; what is missing where it was not run
    kind: Kind
    verdict: Verdict

    @property
    def error(self) -> float:
        """Simulated less expected, in `unit`."""
        return self.simulated - self.expected


class Claim(NamedTuple):
    """What a row says before it is checked."""

    text: str
    source: str
    unit: str
    kind: Kind = "predicted"


class Slack(NamedTuple):
    """A tolerance in the row's unit, and its reason."""

    size: float
    why: str


def exact(why: str = "integers, exact") -> Slack:
    """No error is allowed."""
    return Slack(0.0, why)


def share(expected: float, part: float, why: str) -> Slack:
    """A share of the expected value."""
    return Slack(abs(expected) * part, f"{part * 100:.3g} %: {why}")


def judge(claim: Claim, expected: float, simulated: float, slack: Slack) -> Row:
    """The row: it passes when the error is within the tolerance; a nan never passes."""
    close = abs(simulated - expected) <= slack.size  # False for nan
    verdict: Verdict = "pass" if close else "fail"
    return Row(claim.text, claim.source, expected, simulated, claim.unit, slack.size, slack.why, claim.kind, verdict)


def judge_range(claim: Claim, low: float, high: float, simulated: float, why: str) -> Row:
    """The row of a claim that is a range: expected is its middle, the tolerance half its width."""
    return judge(claim, (low + high) / 2, simulated, Slack((high - low) / 2, why))


def judge_least(claim: Claim, least: float, simulated: float) -> Row:
    """The row of a claim that is a lower bound and no more; its tolerance counts downwards and is zero."""
    row = judge(claim, least, simulated, exact("at least: the source gives a lower bound only"))
    return replace(row, verdict="pass" if simulated >= least else "fail")


def judge_sample(claim: Claim, expected: float, values: list[float]) -> Row:
    """The row of a mean over independent replications.

    The tolerance is the half width of its 99.9 % Student-t interval, but never more than a tenth of the expected value.
    """
    interval = mean_interval(values, LEVEL)
    half, most = interval.half_width, abs(expected) * MOST
    why = f"99.9 % t interval of {interval.n} replications"
    if not half <= most:
        half, why = most, f"10 %: the {why} is wider"
    return judge(claim, expected, interval.mean, Slack(half, why))


def not_run(claim: Claim, why: str) -> Row:
    """The row of a claim that could not be checked."""
    return Row(claim.text, claim.source, NAN, NAN, claim.unit, NAN, why, claim.kind, "not run")


def relative(row: Row) -> float:
    """The error as a share of the expected value; nan where that is zero or unknown."""
    return row.error / row.expected if row.expected and not math.isnan(row.expected) else NAN
