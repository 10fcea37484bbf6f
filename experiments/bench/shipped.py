"""Three shipped scenarios whole, ledger and audit and all: the compiled path beside the readable one and the C loop."""

from dataclasses import dataclass, replace

from benchmarks import creference
from experiments.bench.contest import parts_of, ratio
from experiments.bench.plan import Plan
from experiments.bench.runs import Sample, by_c, by_stunlab
from experiments.bench.spread import Spread, Target, spread
from experiments.identity import ROOT
from experiments.scenario import load
from models.scenario import Arm, Scenario
from sim.units import NS_PER_S

FILES: tuple[tuple[str, Arm], ...] = (
    ("oltp-host", "none"),
    ("backup-night", "vadp"),
    ("replication-overflow", "vaio"),
)
READABLE_WANTED, OF_C_WANTED = 20.0, 0.15


@dataclass(frozen=True)
class Round:
    """Each model once; the C loop does the canonical case, with FIFO."""

    readable: Sample
    compiled: Sample
    c: Sample | None


@dataclass(frozen=True)
class Shipped:
    """One arm of one scenario, first replicate."""

    scenario: str
    arm: str
    guest_ios: int
    commands: int  # at the back end, of all kinds
    events_per_io: float
    readable_per_second: Spread  # guest I/Os per CPU second
    compiled_per_second: Spread
    commands_per_second: Spread  # compiled
    of_readable: Spread
    of_c: Spread | None  # guest I/Os, beside the C loop's
    us_per_io: dict[str, float]  # of the compiled path, by part

    def targets(self) -> list[Target]:
        """What is wanted of these figures."""
        where = f"{self.scenario} ({self.arm})"
        out = [Target(f"{where}: compiled path / readable path", READABLE_WANTED, self.of_readable.median)]
        if self.of_c:
            out.append(Target(f"{where}: compiled path / C loop", OF_C_WANTED, self.of_c.median))
        return out


def scenario(name: str, seconds: float | None) -> Scenario:
    """The shipped scenario, or its first seconds."""
    spec = load(ROOT / "scenarios" / f"{name}.toml").scenario
    if seconds is None:
        return spec
    end = min(spec.run.duration_ns, round(seconds * NS_PER_S))
    run = replace(spec.run, duration_ns=end, warmup_ns=min(spec.run.warmup_ns, end // 2))
    return replace(spec, run=replace(run, interval_ns=min(run.interval_ns, end)))


def one_round(name: str, arm: Arm, plan: Plan) -> Round:
    """Each model once."""
    spec = scenario(name, plan.scenario_s)
    return Round(
        by_stunlab(spec, arm, "simpy"),
        by_stunlab(spec, arm, "compiled"),
        by_c("fifo", plan.fast_s) if creference.compiler() else None,
    )


def shipped(name: str, arm: Arm, rounds: list[Round]) -> Shipped:
    """What the rounds came to."""
    ours, theirs = [one.compiled.rate for one in rounds], [one.readable.rate for one in rounds]
    in_c = [one.c.ios / one.c.parts["loop"] for one in rounds if one.c]
    sample = rounds[0].compiled
    return Shipped(
        name, arm, sample.ios, sample.commands, sample.events / sample.ios, spread(theirs), spread(ours),
        spread(one.compiled.commands / one.compiled.cpu_s for one in rounds), ratio(ours, theirs),
        ratio(ours, in_c) if in_c else None, parts_of([one.compiled for one in rounds]),
    )  # fmt: skip
