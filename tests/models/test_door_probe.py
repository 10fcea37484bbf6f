"""The probe against brute force: a hypothetical request at every nanosecond of a tiny time line.

A real VM runs for some hundred nanoseconds, with stuns. From the order in which its requests came, were answered and
its stuns began and ended, the adapter is played again with one more request, which gives its slot back at once.
"""

from typing import Any, NamedTuple

from hypothesis import given, settings
from hypothesis import strategies as st
from worlds import GRAIN, VADP, merged, scripted, trace, world

from models.path.io import GuestIo
from models.run import Run
from models.scenario import Scenario
from sim.histogram import Histogram

END = 260
LAW = {"latency": "9 ns", "distribution": "fixed", "stream": "none"}
NANO: dict[str, Any] = {
    "run": {"duration": f"{END} ns", "interval": f"{END} ns"},
    "datastore": {"d": {"servers": 2, "device_queue_depth": 2, "read": LAW, "write": LAW}},
    "snapshots": {"stun": {"stop": "11 ns", "resume": "13 ns"}},
    "protection": {"vadp": {"job": {**VADP, "first": "40 ns", "interval": "100 ns", "reads_in_flight": 8}}},
}


class Happening(NamedTuple):
    time: int
    kind: str  # "ask" | "answer" | "stun" | "resume"
    disk: int


def watched(scenario: Scenario) -> tuple[list[Happening], Histogram]:
    """What happened at the only VM's door, in order, and what its probe says."""
    run, story = Run(scenario, "vadp", 0), []
    recorder, clock = run.hypervisor.recorder, run.hypervisor.clock
    arrived, delivered, stunned = recorder.arrived, recorder.delivered, recorder.stunned

    def ask(vm: int, io: GuestIo) -> None:
        story.append(Happening(clock._now, "ask", io.disk))
        arrived(vm, io)

    def answer(vm: int, io: GuestIo) -> None:
        story.append(Happening(clock._now, "answer", io.disk))
        delivered(vm, io)

    def stun(vm: int, begins: bool) -> None:
        story.append(Happening(clock._now, "stun" if begins else "resume", -1))
        stunned(vm, begins)

    recorder.arrived, recorder.delivered, recorder.stunned = ask, answer, stun  # type: ignore[method-assign]
    run.go()
    return story, run.result().vms[0].probe


class Adapter:
    """Slots by disk and in all, and who waits, as (when they asked, disk)."""

    def __init__(self, disks: int, per_disk: int, in_all: int) -> None:
        self.idle, self.free = [per_disk] * disks, in_all
        self.waiting: list[tuple[float, int]] = []

    def suits(self, disk: int) -> bool:
        return self.free > 0 and self.idle[disk] > 0

    def take(self, disk: int, step: int) -> None:
        self.free -= step
        self.idle[disk] -= step


def through(story: list[Happening], adapter: Adapter, time: int, disk: int) -> int:
    """When a request to `disk`, made after all that happens at `time`, has a slot and finds the VM running, or END."""
    mine = (time + 0.5, disk)
    for index, (now, kind, where) in enumerate([*story, Happening(END, "end", -1)]):
        if now > time and (index == 0 or story[index - 1].time <= time) and adapter.suits(disk):
            return passes(story, index, time)
        if kind == "ask":
            if adapter.suits(where):
                adapter.take(where, 1)
            else:
                adapter.waiting.append((now, where))
        elif kind == "answer":
            adapter.take(where, -1)
            fit = [(asked, d) for asked, d in adapter.waiting if adapter.suits(d)]
            if now > time and adapter.suits(disk) and (not fit or mine < min(fit)):
                return passes(story, index, now)
            if fit:
                adapter.waiting.remove(min(fit))
                adapter.take(min(fit)[1], 1)
    return END


def passes(story: list[Happening], index: int, now: int) -> int:
    """When whoever has a slot just before story[index] passes the gate: now, or when the stun it is in ends."""
    gates = [h.kind for h in story[:index] if h.kind in ("stun", "resume")]
    if gates[-1:] != ["stun"]:
        return now
    return next((h.time for h in story[index:] if h.kind == "resume"), END)


def brute(story: list[Happening], scenario: Scenario) -> Histogram:
    """The probe by its definition, an instant at a time; a nanosecond counts with the wait at its end."""
    spec, waits = scenario.vms[0], Histogram()
    for disk in range(len(spec.disks)):
        for time in range(END):
            adapter = Adapter(len(spec.disks), spec.disk_queue_depth, spec.adapter_queue_depth)
            waits.add(max(0, through(story, adapter, time, disk) - (time + 1)))
    return waits


ASKED = st.lists(st.tuples(st.integers(0, 200), st.integers(0, 2)), max_size=25)


@settings(max_examples=60)
@given(ASKED, st.integers(1, 3), st.integers(1, 3), st.integers(1, 4))
def test_the_probe_is_the_wait_of_a_hypothetical_request(
    asked: list[tuple[int, int]], disks: int, per_disk: int, in_all: int
) -> None:
    vm = {"disk": [{"size": "64 KiB", "count": disks}], "disk_queue_depth": per_disk, "adapter_queue_depth": in_all}
    scenario = world(merged(NANO, {"vm": {"a": vm}}))
    for disk in range(disks):
        ios = [(time, 0, GRAIN, False) for time, where in asked if where == disk]
        if ios:
            scenario = scripted(scenario, trace(ios, f"disk {disk}", disk))
    story, probe = watched(scenario)
    assert probe == brute(story, scenario)
