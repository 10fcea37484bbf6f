"""How often will a stun outlast this timer in a year? From the longest stun of each of many backup nights."""

from pathlib import Path
from typing import Any

from experiments.charts import palette
from experiments.charts.paper import Identity
from experiments.metrics import show
from experiments.questions.counts import share, times
from experiments.questions.picture import Curve, Panel, draw
from experiments.questions.question import Answer, Lab, Question, Table
from sim.statistics import Interval

NIGHTS_A_YEAR = 365
TIMERS_S = {5: "cluster heartbeat", 10: "availability group, cluster 2016", 20: "cluster, raised"}
DISKS = 8
SECONDS = 75


class Nights(Identity):
    """An identity whose foot line says what this picture's ribbon is."""

    def sample(self) -> str:
        return f"{self.replications} independent nights; ribbon: exact 95 % interval of a share (Clopper, Pearson)"


def _scenario() -> dict[str, Any]:
    """One backup of a server with eight disks, on an array whose other VMs work in random bursts."""
    slow = {"latency": "6 ms", "distribution": "exponential"}
    bursts = {"busy_rate": "420 iops", "quiet": "20 s", "busy": "6 s"}
    return {
        "name": "outlast-the-timer",
        "run": {"duration": f"{SECONDS} s"},
        "datastore": {"array": {"servers": 6, "read": slow, "write": slow}},
        "vm": {
            "sql": {"disk": [{"count": DISKS, "size": "64 MiB"}],
                    "workload": [{"rate": "60 iops", "size": "8 KiB", "read": "60 %"}]},
            "others": {"count": 4, "disk": [{"size": "4 GiB"}],
                       "workload": [{"rate": "60 iops", "two_state": bursts, "size": "16 KiB", "read": "70 %"}]},
        },
        "protection": {"vadp": {"nightly": {"vms": ["sql"], "first": "15 s", "interval": "24 h", "disk_open": "1 s"}}},
    }  # fmt: skip


def ask(lab: Lab) -> Answer:
    """As many nights as there are replications: each begins anew, so that they are independent."""
    nights = 20 if lab.quick else 200
    found = lab.measure((), {(): _scenario()}, ("vadp",), nights)
    longest = [value / 1e3 for value in found.values((), "stun_max", "vadp")]
    yearly = {limit: _outlasting(longest, limit) for limit in TIMERS_S}
    short, long = min(TIMERS_S), max(TIMERS_S)
    rows = [(limit, name, nights, sum(one > limit for one in longest), *_three(yearly[limit]))
            for limit, name in TIMERS_S.items()]  # fmt: skip
    held = yearly[short].low > 1 and yearly[long].mean == 0
    return Answer(
        f"The longest stun of a night lasts {show(sorted(longest)[nights // 2])} s in the middle of {nights} nights "
        f"and {show(max(longest))} s in the worst. "
        + " ".join(_said(limit, sum(one > limit for one in longest), nights, yearly[limit]) for limit in TIMERS_S),
        held,
        f"the {short} s timer is outlasted {_range(yearly[short])} times a year, the {long} s timer in "
        f"{sum(one > long for one in longest)} of {nights} nights",
        {
            "timers": Table(("timer_s", "timer", "nights", "outlasted", "a_year", "low", "high"), rows),
            "nights": Table(("replicate", "longest_stun_s"), list(enumerate(longest))),
        },
        lambda folder, identity: _draw(longest, folder, identity),
        nights,
    )


def _outlasting(longest: list[float], limit: float) -> Interval:
    """Nights a year whose longest stun outlasts the limit."""
    return times(share(sum(one > limit for one in longest), len(longest)), NIGHTS_A_YEAR)


def _three(interval: Interval) -> tuple[float, float, float]:
    return interval.mean, interval.low, interval.high


def _range(interval: Interval) -> str:
    return f"{show(interval.mean)} (95 %: {show(interval.low)} to {show(interval.high)})"


def _said(limit: int, count: int, nights: int, yearly: Interval) -> str:
    if count:
        return f"A timer of {limit} s is outlasted in {_range(yearly)} nights a year."
    return (
        f"A timer of {limit} s was outlasted in none of {nights} nights: at most {show(yearly.high)} a year (95 %; "
        f"about {NIGHTS_A_YEAR} x 3/{nights}), and it may be never."
    )


def _draw(longest: list[float], folder: Path, identity: Identity) -> None:
    """How many nights a year outlast a timer of any length, with the interval; then the bound where none did."""
    top = 1.05 * max(max(longest), *TIMERS_S)
    x = [top * step / 240 for step in range(1, 241)]
    seen = [one for one in x if one < max(longest)]
    beyond = [one for one in x if one >= max(longest)]
    bound = [_outlasting(longest, one) for one in beyond]
    estimate = [_outlasting(longest, one) for one in seen]
    curves = [
        Curve("nights a year that outlast it", palette.BLUE, seen, estimate, "-", ""),
        Curve("none did: the 95 % bound, about 3 in as many nights", palette.VERMILLION, beyond,
              [one._replace(mean=one.high, low=one.high) for one in bound], "--", ""),
    ]  # fmt: skip
    marks = [(float(limit), f"{limit} s: {name}") for limit, name in TIMERS_S.items()]
    up = "nights a year with a stun that outlasts it"
    panel = Panel(f"{len(longest)} nights", "timer [s]", up, curves, log_y=True, verticals=marks)
    subtitle = f"One backup a night of a server with {DISKS} disks; an array that others use in bursts"
    draw(folder, "timer", QUESTION.question, subtitle, [panel], Nights(*identity))


QUESTION = Question(
    "outlast-the-timer",
    "How often will a stun outlast this timer in a year?",
    "A cluster's heartbeat of 5 s is outlasted several times a year, on nights when a snapshot is taken or removed in "
    "a burst of the others; the 20 s to which it is often raised for backups never is.",
    f"A server with {DISKS} disks has its snapshot taken and removed on each of many nights, on an array of spinning "
    "disks whose other VMs work in random bursts. Each night is a replication of its own, begins at a random moment of "
    "the bursts and counts once, by its longest stun; so the nights are independent and their count has an exact "
    "interval (Clopper and Pearson). Nothing is extrapolated beyond the longest stun: where no night outlasted a timer "
    "in n, all that is said is the upper bound, about 3/n of the nights.",
    "The curve says how many nights a year have a stun longer than the timer below it; the ribbon is where the true "
    "number may lie, by the number of nights looked at. Right of the longest stun the dashed line is a bound and no "
    "estimate: only more nights bring it down. Vertical lines are timers one meets.",
    ask,
)
