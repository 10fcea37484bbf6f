"""What does one more filter cost? Nought to six of them in the chain of one database VM."""

from pathlib import Path
from typing import Any

from experiments.charts import palette
from experiments.charts.paper import Identity
from experiments.questions.picture import Curve, Panel, draw, formula
from experiments.questions.question import Answer, Lab, Measured, Place, Question, around
from sim.statistics import Interval, mean_interval

DOWN_US, UP_US = 15, 10
FILTERS = tuple(range(7))
OPEN, CLOSED, CORES = "open loop", "closed loop", "closed loop on two cores"
COLOUR = {OPEN: palette.BLUE, CLOSED: palette.GREEN, CORES: palette.VERMILLION}
RATE, OUTSTANDING = 4000, 8
CPU_US = 20  # of a core, each hop: an expensive filter


def _scenario(filters: int, guest: str, seconds: float) -> dict[str, Any]:
    """A database VM on an all-flash datastore; "cores": its host has two of them for all filters."""
    asks = {"rate": f"{RATE} iops"} if guest == OPEN else {"kind": "closed", "outstanding": OUTSTANDING, "think": "0 s"}
    names = [f"filter-{number}" for number in range(1, filters + 1)]
    hop = {"down": f"{DOWN_US} us", "up": f"{UP_US} us", "distribution": "exponential"}
    return {
        "name": "one-more-filter",
        "run": {"duration": f"{seconds:g} s", "warmup": "200 ms", "interval": "100 ms"},
        "host": {"esx1": {"filter_cores": 2, "filter_cpu": f"{CPU_US} us"} if guest == CORES else {}},
        "filter": dict.fromkeys(names, hop),
        "vm": {"db": {
            "filters": names, "disk": [{"size": "20 GiB"}], "workload": [{"size": "8 KiB", "read": "70 %", **asks}],
        }},
    }  # fmt: skip


def ask(lab: Lab) -> Answer:
    """Every number of filters under an open loop, a closed loop, and a closed loop with two cores for the filters."""
    seconds, replications = (0.4, 3) if lab.quick else (2.5, 8)
    places: dict[Place, dict[str, Any]] = {
        (n, guest): _scenario(n, guest, seconds) for guest in COLOUR for n in FILTERS
    }
    found = lab.measure(("filters", "guest"), places, ("none",), replications)
    each = mean_interval([value * 1e3 / 6 for value in _more(found, OPEN, "guest_mean", 0, 6)])
    tail = mean_interval([value * 1e3 / 6 for value in _more(found, OPEN, "guest_p99", 0, 6)])
    free, tight = (_lost(found, guest) for guest in (CLOSED, CORES))
    last = mean_interval([value * 1e3 for value in _more(found, CORES, "guest_mean", 5, 6)])
    hops = DOWN_US + UP_US
    dearer = last.low > hops
    return Answer(
        f"Each filter adds {around(each, 'µs')} to the mean latency (down + up: {hops} µs) and {around(tail, 'µs')} "
        f"to the p99. A closed loop of {OUTSTANDING} outstanding loses {around(free, '%')} of its IOPS to six filters "
        f"where cores do not count, and {around(tight, '%')} where all hops share two cores at {CPU_US} µs each: "
        f"there the sixth filter alone adds {around(last, 'µs')}.",
        abs(each.mean - hops) <= max(each.half_width, 0.02 * hops) and dearer,
        f"a filter's cost in the open loop is {around(each, 'µs')} against {hops} µs (2 % are allowed); with the "
        f"cores saturated the sixth costs {around(last, 'µs')}, {'more' if dearer else 'not surely more'} than {hops} "
        "µs",
        {"values": found.table("guest_mean", "guest_p50", "guest_p99", "iops")},
        lambda folder, identity: _draw(found, folder, identity),
        replications,
    )


def _more(found: Measured, guest: str, metric: str, fewer: int, filters: int) -> list[float]:
    """What the metric is more with `filters` than with `fewer`, by replicate."""
    few, many = (found.values((number, guest), metric) for number in (fewer, filters))
    return [b - a for a, b in zip(few, many, strict=True)]


def _lost(found: Measured, guest: str) -> Interval:
    """Percent of its IOPS that a guest loses to six filters."""
    bare, six = (found.values((number, guest), "iops") for number in (0, 6))
    return mean_interval([100 * (1 - b / a) for a, b in zip(bare, six, strict=True)])


def _draw(found: Measured, folder: Path, identity: Identity) -> None:
    def curve(guest: str, metric: str, label: str = "", line: str = "-") -> Curve:
        y = [found.mean((n, guest), metric) for n in FILTERS]
        return Curve(label or guest, COLOUR[guest], FILTERS, y, line)  # type: ignore[arg-type]

    bare = found.mean((0, OPEN), "guest_mean").mean
    straight = [bare + n * (DOWN_US + UP_US) / 1e3 for n in FILTERS]
    predicted = formula("down + up for each", palette.BLACK, FILTERS, straight)
    curves = [curve(guest, "guest_mean") for guest in COLOUR]
    tails = [curve(OPEN, "guest_p99"), curve(CORES, "guest_p99")]
    iops = [curve(guest, "iops") for guest in (CLOSED, CORES)]
    panels = (
        Panel("Mean", "filters in the chain", "guest latency [ms]", [*curves, predicted]),
        Panel("p99", "filters in the chain", "guest latency [ms]", tails),
        Panel("Throughput of the closed loops", "filters in the chain", "I/Os delivered [IOPS]", iops),
    )
    subtitle = f"One VM on all-flash; hops of {DOWN_US} µs down and {UP_US} µs up; two cores: {CPU_US} µs of one a hop"
    draw(folder, "filters", QUESTION.question, subtitle, panels, identity)


QUESTION = Question(
    "one-more-filter",
    "What does one more filter cost?",
    f"Its two hops, down + up ({DOWN_US + UP_US} µs), on the mean of every I/O: no more, as long as nothing queues for "
    "the filters. Where all hops share a few cores, the last filters cost more than that.",
    "Nought to six equal filters with exponential hops before an all-flash datastore, the same guest I/O each time. An "
    f"open loop ({RATE} IOPS) shows the latency, a closed loop ({OUTSTANDING} outstanding) what becomes of throughput, "
    f"and a third guest has a host with two cores for filters, of which each hop needs {CPU_US} µs. Differences are "
    "paired by replication.",
    "Left: the dotted line is the mean without filters plus down + up for each; measured points on it say that a "
    "filter costs its hops. Where a curve bends upwards away from it, hops wait for a core. Right: what a guest that "
    "waits for its replies can still do.",
    ask,
)
