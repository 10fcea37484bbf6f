"""All figures of one run of the benchmark, and the same as a document for programs."""

from dataclasses import asdict, dataclass
from typing import Any

from experiments.bench.contest import Contest
from experiments.bench.growth import Point
from experiments.bench.machine import Machine
from experiments.bench.memory import Resident
from experiments.bench.plan import Plan
from experiments.bench.shipped import Shipped
from experiments.bench.spread import Target


@dataclass(frozen=True)
class Report:
    """What was run where, and what it came to."""

    plan: Plan
    machine: Machine
    canonical: list[Contest]
    scenarios: list[Shipped]
    memory: list[Resident]  # empty: left out
    growth: list[Point]

    def targets(self) -> list[Target]:
        """What is wanted, beside what was found."""
        canonical = [target for contest in self.canonical for target in contest.targets()]
        return canonical + [target for shipped in self.scenarios for target in shipped.targets()]


def as_document(report: Report) -> dict[str, Any]:
    """The figures by name."""
    return {**asdict(report), "targets": [{**asdict(one), "hit": one.hit} for one in report.targets()]}
