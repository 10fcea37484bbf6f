"""What RPO do we really get when writes burst above the replication link?"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from experiments.charts import palette
from experiments.charts.paper import Identity
from experiments.questions.picture import Curve, Panel, draw
from experiments.questions.question import Answer, Lab, Measured, Place, Question, around
from sim.statistics import mean_interval

LINK_MB, CHECKPOINT_S = 10, 5
WARMUP_S = 30
QUIET, QUIET_S, BUSY_S = 0.25, 25, 5
"""Writes between bursts as a share of the link, and the mean stays: the link is idle for most of the time."""
SMALL, LARGE = "64 MB", "4 GB"
COLOUR = {SMALL: palette.VERMILLION, LARGE: palette.BLUE}
WRITE_KIB = 64


class Size(NamedTuple):
    """How much is asked."""

    peaks: tuple[float, ...]  # a burst's write rate over the link's
    seconds: int
    replications: int


FULL = Size((0.5, 1.0, 1.5, 2.0, 3.0, 4.0), 900, 8)
QUICK = Size((0.5, 4.0), 150, 3)


def _scenario(peak: float, buffer: str, seconds: int) -> dict[str, Any]:
    """A database that writes in random bursts, and a link that carries it on the average."""

    def rate(share: float) -> str:
        return f"{share * LINK_MB * 1e6 / WRITE_KIB / 1024:.3f} iops"

    bursts = {"busy_rate": rate(peak), "quiet": f"{QUIET_S} s", "busy": f"{BUSY_S} s"}
    size = f"{WRITE_KIB} KiB"
    return {
        "name": "rpo-under-bursts",
        "run": {"duration": f"{seconds} s", "warmup": f"{WARMUP_S} s"},
        "vm": {"db": {"disk": [{"size": "8 GiB"}], "workload": [
            {"rate": rate(QUIET), "two_state": bursts, "read": "0 %", "size": size, "addresses": {"align": size}}
        ]}},
        "protection": {"vaio": {"dr": {
            "vms": ["db"], "link": f"{LINK_MB} MB/s", "reduction": 1.0, "link_latency": "10 ms", "buffer": buffer,
            "checkpoint": f"{CHECKPOINT_S} s",
        }}},
    }  # fmt: skip


def ask(lab: Lab) -> Answer:
    """Every height of the bursts with a buffer that overflows and with one that does not."""
    size = QUICK if lab.quick else FULL
    places: dict[Place, dict[str, Any]] = {
        (peak, buffer): _scenario(peak, buffer, size.seconds) for buffer in COLOUR for peak in size.peaks
    }
    found = lab.measure(("burst_over_link", "buffer"), places, ("vaio",), size.replications)
    top = size.peaks[-1]
    calm, worst, held = (
        found.mean(place, "age_p99", "vaio") for place in ((size.peaks[0], SMALL), (top, SMALL), (top, LARGE))
    )
    lost = found.mean((top, SMALL), "exposure_max", "vaio")
    dearer = found.less((top, SMALL), (top, LARGE), "age_p99", "vaio")
    below = [peak for peak in size.peaks if peak <= 1]
    kept = all(
        found.mean((peak, buffer), "age_p99", "vaio").high < 2 * CHECKPOINT_S for peak in below for buffer in COLOUR
    )
    return Answer(
        f"With checkpoints every {CHECKPOINT_S} s and bursts of {size.peaks[0]:g} times the link the newest recovery "
        f"point is at most {around(calm, 's')} old for 99 % of the time; with bursts of {top:g} times the link it is "
        f"{around(worst, 's')} with a buffer of {SMALL}, and {around(held, 's')} with {LARGE}. "
        f"The small buffer leaves no new point for {_unordered(found, top)} of {size.seconds - WARMUP_S} s, and up to "
        f"{around(lost, 's')} of writes would be lost.",
        kept and dearer.sign_settled and dearer.interval.mean > 0 and worst.low > 2 * CHECKPOINT_S,
        f"up to the link's rate the age's p99 {'stays' if kept else 'does not stay'} below two checkpoints; at {top:g} "
        f"times the link the small buffer makes it older than the large one by {around(dearer.interval, 's')}",
        {"values": found.table("age_mean", "age_p99", "age_max", "exposure_mean", "exposure_max", "out_of_order",
                               "wan_backlog")},
        lambda folder, identity: _draw(found, size.peaks, size.seconds, folder, identity),
        size.replications,
    )  # fmt: skip


def _unordered(found: Measured, peak: float) -> str:
    """How long there was no order, with the small buffer."""
    seconds = [run.value("out_of_order") for run in found.runs[peak, SMALL]["vaio"]]
    return around(mean_interval(seconds), "s")


def _draw(found: Measured, peaks: Sequence[float], seconds: int, folder: Path, identity: Identity) -> None:
    def curves(metric: str) -> list[Curve]:
        return [
            Curve(f"buffer {buffer}", colour, peaks, [found.mean((peak, buffer), metric, "vaio") for peak in peaks])
            for buffer, colour in COLOUR.items()
        ]

    across, nominal = "writes in a burst / link", [(float(CHECKPOINT_S), "checkpoint interval")]
    panels = (
        Panel("Recovery-point age, p99 of time", across, "age [s]", curves("age_p99"), marks=nominal),
        Panel("Loss exposure, highest", across, "exposure [s]", curves("exposure_max"), marks=nominal),
        Panel(
            f"Without order, of {seconds - WARMUP_S} s", across, "time without a new point [s]", curves("out_of_order")
        ),
    )
    subtitle = (
        f"VAIO over {LINK_MB} MB/s, checkpoint every {CHECKPOINT_S} s; bursts of {BUSY_S} s on the average, "
        f"{QUIET_S} s apart, {QUIET:g} of the link between them"
    )
    draw(folder, "bursts", QUESTION.question, subtitle, panels, identity)


QUESTION = Question(
    "rpo-under-bursts",
    "What RPO do we really get when writes burst above the link?",
    "Up to the link's rate a recovery point is younger than two checkpoint intervals. Above it the backlog makes it "
    "older by what the link needs to send it; and once the buffer overflows there is no new point until the resync "
    "has ended, which costs more than the same backlog in order.",
    f"A database writes at {QUIET:g} of the link's rate and, for {BUSY_S} s every {QUIET_S + BUSY_S} s (both "
    "exponential), at a higher one. The height of these bursts changes; the link and the bursts' times do not. Each "
    f"height is run with a buffer of {SMALL} and with one of {LARGE}; age and exposure are over all the time, not over "
    "I/Os.",
    "Left: how old the newest usable point is, at the worst moments but 1 %. The dashed line is what the setting "
    "promises. Where the two curves part, the small buffer has overflowed. Middle: what a disaster at the worst moment "
    "would lose. Right: how long replication had no order, and so no new recovery point.",
    ask,
)
