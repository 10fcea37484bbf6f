"""Both engines on one scenario: what each says, what has happened in it, and the compiled one in cramped quarters."""

from collections.abc import Iterator
from contextlib import contextmanager
from unittest.mock import patch

import numpy as np

from models.compiled import draws, engine, machine
from models.result import QuestionRow, RunResult, SlowIo
from models.run import SimulationError, simulate
from models.scenario import Arm, Engine, Scenario
from sim.memory import FlatMemory

Outcome = RunResult | str


def outcome(scenario: Scenario, arm: Arm, which: Engine) -> Outcome:
    """The result, or the message of the error that ended the run."""
    try:
        return simulate(scenario, arm, 0, which)
    except SimulationError as problem:
        return str(problem)


def agreed(scenario: Scenario, arm: Arm) -> Outcome:
    """What both engines say; fails when they say different things."""
    readable, compiled = outcome(scenario, arm, "simpy"), outcome(scenario, arm, "compiled")
    if readable != compiled:
        raise AssertionError(difference(readable, compiled))
    return readable


def difference(readable: Outcome, compiled: Outcome) -> str:
    """The first place of each field where they differ, in one line each."""
    if isinstance(readable, str) or isinstance(compiled, str):
        return f"readable: {str(readable)[:300]}\ncompiled: {str(compiled)[:300]}"
    lines = []
    for name in readable.__dataclass_fields__:
        one, other = getattr(readable, name), getattr(compiled, name)
        if one != other and isinstance(one, tuple):
            number = next((i for i, pair in enumerate(zip(one, other, strict=False)) if pair[0] != pair[1]), "end")
            lines.append(f"{name}[{number}] of {len(one)} and {len(other)}")
            if number != "end":
                lines += [f"  {str(one[number])[:300]}", f"  {str(other[number])[:300]}"]
        elif one != other:
            lines.append(f"{name}: {one} {other}")
    return "\n".join(lines)


def happened(result: Outcome) -> set[str]:
    """What has happened in a run, in words."""
    if isinstance(result, str):
        return {"datastore full"} if "is full" in result else {result}
    words = {row.outcome.split(": the ")[0] for row in result.stuns} | {row.mode for row in result.modes}
    words |= {row.cause for row in result.devices}
    words |= {"table misses" for row in result.devices if row.cause == "metadata" and row.bytes_read}
    words |= {row.level for row in result.levels if row.value}
    depths = {(row.datastore, row.host, row.value) for row in result.levels if row.level == "queue depth"}
    words |= {"another queue depth"} if len(depths) > len({place[:2] for place in depths}) else set()
    words |= {"deep chain" for row in result.space if row.levels > 2}
    words |= {f"late {row.timer}" for row in result.timers if row.outlasted}
    words |= {"connection lost" if cut.lost_ns >= 0 else "connection lived" for cut in result.cuts}
    left = {(row.protection, row.end_ns) for row in result.modes if row.mode == "in sync" and row.start_ns < row.end_ns}
    words |= {"out of sync" for row in result.points if (row.protection, row.point_ns) in left}
    words |= {f"asked: {row.answer}" for row in result.questions}
    words |= {"asked at rest and stunned" for row in result.questions if at_rest_and_stunned(result, row)}
    words |= {row.reason for row in result.stuns} | {
        f"quiesced: {row.outcome.split(':')[0]}" for row in result.quiesces
    }
    for job in result.jobs:
        words.add(job.outcome.split(": ")[0])
        words |= {phrase for phrase in ("consolidation took longer", "job took longer") if phrase in job.outcome}
    for vm in result.vms:
        spent = np.sum([row.ns for row in vm.ledger], axis=0).tolist() if vm.ledger else []
        words |= {cause for cause, ns in zip(result.causes, spent, strict=False) if ns}
        words |= {"late mirror copy" for slow in vm.slowest if mirrored_late(result, slow)}
        replica = [ns for cause, ns in zip(result.causes, spent, strict=False) if cause.startswith("replica ")]
        words |= {"a wait for a replica"} if any(replica) else set()
        words |= {"idle VM"} if not vm.ios else set()
    words |= {"unseen write" for row in result.intervals if row.bytes_written and not row.ios}
    return words


def at_rest_and_stunned(result: RunResult, asked: QuestionRow) -> bool:
    """From the question to its answer the guest was frozen, and the question came in a stun."""
    begin, end = asked.start_ns, asked.answer_ns
    frozen = (rest.freeze_ns < begin and end < rest.thaw_ns for rest in result.quiesces if rest.vm == asked.vm)
    stuns = (s.start_ns < begin < s.start_ns + s.duration_ns for s in result.stuns if s.vm == asked.vm)
    return any(frozen) and any(stuns)


def mirrored_late(result: RunResult, slow: SlowIo) -> bool:
    """Data written and the mirrored copy side by side are one entry of the ledger; one after the other, two."""
    spent = dict(zip(result.causes, slow.ledger_ns, strict=True))
    return slow.write and bool(spent["data: service"] and spent["mirror: service"])


SPARE = 999
"""Words more than were asked for."""


class Cramped(FlatMemory):
    """A memory of hardly more than was asked for: it grows, and moves, all the time."""

    def __init__(self, world_words: int) -> None:
        super().__init__(world_words, 1)

    def grow(self, least: int) -> None:
        if least > len(self.words):
            words = np.zeros(least + SPARE, dtype=np.int64)
            words[: len(self.words)] = self.words
            self.words = words


class CrampedEngine(engine.Engine):
    """Comes back after each event, and begins without a heap. Looks whether the last step kept to its reserve."""

    def ready(self, burst: int, reserve: int) -> None:
        self.world.set(burst=burst, reserve=reserve)
        self._new_heap(1)

    def _serve(self, why: int) -> None:
        assert self.world.free_end <= len(self.memory.words)
        assert self.world.heap_size <= self.world.heap_room
        super()._serve(why)


@contextmanager
def cramped() -> Iterator[None]:
    """Inside, the compiled engine comes back to Python for memory, heap, draws and budget as often as can be."""
    with (
        patch.object(engine, "BUDGET", 1),
        patch.object(engine, "FlatMemory", Cramped),
        patch.object(draws, "FIRST_BLOCK", 2),
        patch.object(machine, "Engine", CrampedEngine),
    ):
        yield
