"""`stunlab bench`: how fast the readable path simulates here, beside the same case in idiomatic SimPy.

Prints simulated I/Os per CPU second, events per I/O and the ratio between the two models, for the canonical case (see
`experiments.bench.canonical`) and for the demo's arms. docs/bench.md says how to read it.
"""

import json
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING

from experiments.identity import ROOT

if TYPE_CHECKING:
    from experiments.bench.measure import ArmSpeed, Duel, Machine

SECONDS = 2.0
"""Simulated time of one canonical run: about 128,000 I/Os."""
ROUNDS = 5
DEMO = ROOT / "scenarios" / "demo.toml"


def main(as_json: bool) -> int:
    """Measures and prints; returns 0. Takes a minute or two; says on standard error what it is at."""
    from experiments.bench.measure import arm_speeds, duel, machine
    from experiments.scenario import load

    duels = []
    for scheduler in ("fifo", "mclock"):
        print(f"canonical case, {scheduler}: {ROUNDS} rounds ...", file=sys.stderr, flush=True)
        duels.append(duel(scheduler, SECONDS, ROUNDS))
    print("demo ...", file=sys.stderr, flush=True)
    arms = arm_speeds(load(DEMO).scenario)
    print(as_document(machine(), duels, arms) if as_json else as_text(machine(), duels, arms))
    return 0


def as_document(machine: "Machine", duels: "list[Duel]", arms: "list[ArmSpeed]") -> str:
    """The figures as JSON."""
    demo = [
        {**asdict(arm), "ios_per_second": arm.ios_per_second, "commands_per_second": arm.commands_per_second}
        for arm in arms
    ]
    return json.dumps({"machine": asdict(machine), "canonical": [asdict(one) for one in duels], "demo": demo}, indent=1)


def as_text(machine: "Machine", duels: "list[Duel]", arms: "list[ArmSpeed]") -> str:
    """The figures as two tables."""
    lines = [
        f"{machine.python}, simpy {machine.simpy}, numpy {machine.numpy}, {machine.processors} processors",
        "",
        f"canonical case, {SECONDS:g} s simulated, median of {ROUNDS} rounds; per CPU second",
        f"{'scheduler':<10} {'model':<16} {'events per I/O':>14} {'I/Os per s':>12}   ratio",
    ]
    for one in duels:
        for speed in (one.idiomatic, one.stunlab):
            ratio = "1" if speed is one.idiomatic else f"{one.ratio:.2f} ({one.ratio_low:.2f} to {one.ratio_high:.2f})"
            rate = f"{speed.ios_per_second:>12,.0f}"
            lines.append(f"{one.scheduler:<10} {speed.model:<16} {speed.events_per_io:>14.2f} {rate}   {ratio}")
    lines += [
        "",
        "demo, one run of each arm; per CPU second",
        f"{'arm':<10} {'guest I/Os per s':>16} {'commands per s':>16} {'events per I/O':>16} {'CPU seconds':>12}",
    ]
    for arm in arms:
        rates = f"{arm.ios_per_second:>16,.0f} {arm.commands_per_second:>16,.0f}"
        lines.append(f"{arm.arm:<10} {rates} {arm.events_per_io:>16.2f} {arm.cpu_seconds:>12.2f}")
    return "\n".join(lines)
