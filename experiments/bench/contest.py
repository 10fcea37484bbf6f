"""The canonical case by four models, by turns: idiomatic SimPy, the readable path, the compiled path, a loop in C."""

from collections.abc import Callable
from dataclasses import dataclass
from statistics import median

from benchmarks import creference, idiomatic
from experiments.bench.canonical import Scheduler, canonical
from experiments.bench.plan import Plan
from experiments.bench.runs import Sample, by_c, by_idiomatic, by_stunlab
from experiments.bench.spread import Spread, Target, spread

IDIOMATIC, READABLE, COMPILED, C_LOOP = "idiomatic SimPy", "readable path", "compiled path", "C loop"
C_BOOKS = "C with books"
"""The C loop that keeps what the compiled path keeps of each I/O: what that costs, whoever does it."""
READABLE_WANTED, COMPILED_WANTED, OF_C_WANTED = 3.0, 150.0, 0.7

Round = dict[str, Sample]
"""By model; without a C compiler there are three of them."""


@dataclass(frozen=True)
class Speed:
    """One model of the canonical case. The speed of C is its loop's: what it is given to draw is a part beside."""

    model: str
    ios: int  # in one run
    events_per_io: float
    ios_per_second: Spread  # per CPU second
    of_idiomatic: Spread
    of_c: Spread | None  # None: there is no C compiler
    us_per_io: dict[str, float]  # CPU time by part, where parts are told apart


@dataclass(frozen=True)
class Contest:
    """The models with one scheduler."""

    scheduler: Scheduler
    models: list[Speed]
    loop_of_c: Spread | None  # the compiled loop alone beside the C loop alone
    loop_of_books: Spread | None  # the same beside the C loop that keeps books
    drawn_of_c: Spread | None  # the compiled path, all of it, beside C and what it is given to draw

    def targets(self) -> list[Target]:
        """What is wanted of these figures."""
        by_name, out = {speed.model: speed for speed in self.models}, []
        for model, wanted in ((READABLE, READABLE_WANTED), (COMPILED, COMPILED_WANTED)):
            found = by_name[model].of_idiomatic.median
            out.append(Target(f"{self.scheduler}: {model} / {IDIOMATIC}", wanted, found))
        beside = (
            ("compiled path, all of it / C loop", by_name[COMPILED].of_c),
            ("compiled path, all of it / C loop and drawing", self.drawn_of_c),
            ("compiled loop alone / C loop", self.loop_of_c),
            ("compiled loop alone / C with books", self.loop_of_books),
        )
        out += [Target(f"{self.scheduler}: {what}", OF_C_WANTED, found.median) for what, found in beside if found]
        return out


def one_round(scheduler: Scheduler, plan: Plan) -> Round:
    """Each model once."""
    runs: dict[str, Callable[[], Sample]] = {
        IDIOMATIC: lambda: by_idiomatic(scheduler, plan.slow_s),
        READABLE: lambda: by_stunlab(canonical(scheduler, plan.slow_s, seed=1), "none", "simpy"),
        COMPILED: lambda: by_stunlab(canonical(scheduler, plan.fast_s, seed=1), "none", "compiled"),
    }
    if creference.compiler():
        runs[C_LOOP] = lambda: by_c(scheduler, plan.fast_s)
        runs[C_BOOKS] = lambda: by_c(scheduler, plan.fast_s, books=True)
    return {model: run() for model, run in runs.items()}


def speed_of(model: str, sample: Sample) -> float:
    """I/Os per CPU second; in C those of the loop alone."""
    return sample.ios / sample.parts["loop"] if model in (C_LOOP, C_BOOKS) else sample.rate


def contest(scheduler: Scheduler, plan: Plan, rounds: list[Round]) -> Contest:
    """What the rounds came to."""
    counted = idiomatic.simulate(scheduler == "mclock", min(plan.slow_s, 0.5), seed=1, counted=True)
    has_c, speeds = C_LOOP in rounds[0], []
    rates = {model: [speed_of(model, one[model]) for one in rounds] for model in rounds[0]}
    for model in rounds[0]:
        sample = rounds[0][model]
        events = counted.events / counted.ios if model == IDIOMATIC else sample.events / sample.ios
        speeds.append(
            Speed(
                model, sample.ios, events, spread(rates[model]), ratio(rates[model], rates[IDIOMATIC]),
                ratio(rates[model], rates[C_LOOP]) if has_c else None, parts_of([one[model] for one in rounds]),
            )
        )  # fmt: skip
    if not has_c:
        return Contest(scheduler, speeds, None, None, None)
    loops = [one[COMPILED].ios / one[COMPILED].parts["loop"] for one in rounds]
    return Contest(
        scheduler, speeds, ratio(loops, rates[C_LOOP]), ratio(loops, rates[C_BOOKS]),
        ratio(rates[COMPILED], [one[C_LOOP].rate for one in rounds]),
    )  # fmt: skip


def ratio(ours: list[float], theirs: list[float]) -> Spread:
    """Of the speeds, round by round."""
    return spread(our / their for our, their in zip(ours, theirs, strict=True))


def parts_of(samples: list[Sample]) -> dict[str, float]:
    """Microseconds of CPU for an I/O, by part."""
    return {part: median(1e6 * one.parts[part] / one.ios for one in samples) for part in samples[0].parts}
