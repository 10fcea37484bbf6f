"""How much the benchmark runs: the sizes of a full look, and of a short one."""

from dataclasses import dataclass

MILLION = 1_000_000


@dataclass(frozen=True)
class Plan:
    """Sizes. Models that differ a hundredfold in speed run for times that differ, too: rates are compared."""

    rounds: int = 5
    fast_s: float = 15.0  # simulated time of the canonical case, compiled and C: about a million I/Os
    slow_s: float = 1.0  # the same for the two models in Python: 64,000 I/Os
    scenario_s: float | None = None  # a shipped scenario's first seconds; None: all of it
    memory_ios: tuple[int, ...] = (MILLION, 50 * MILLION)
    growth_ios: int = 100_000  # of each point, about
    vms: tuple[int, ...] = (1, 4, 16, 64, 256, 512)
    outstanding: tuple[int, ...] = (1, 4, 16, 64, 256)
    depths: tuple[int, ...] = (0, 1, 2, 4, 8)


FULL = Plan()
QUICK = Plan(
    rounds=1, fast_s=2.0, slow_s=0.2, scenario_s=15.0, memory_ios=(), growth_ios=10_000, vms=(1, 16, 128),
    outstanding=(1, 16, 256), depths=(0, 4),
)  # fmt: skip
