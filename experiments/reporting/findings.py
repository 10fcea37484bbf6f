"""What a comparison shows, told in sentences with its own numbers - nothing here is written in advance.

Five effects are looked for: a stun that esxtop does not show, the first-touch slump and the merge, the saw-tooth of a
backup's recovery points, write bursts against a replication buffer, small changes that become large reads. An effect
whose mechanism did not run in this comparison is left out.
"""

import math
from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from experiments.charts import changes, neighbours, paper, replication, slump
from experiments.charts.palette import ARM_LABEL
from experiments.compare import Comparison
from experiments.metrics import BY_KEY, show
from models.result import ORDERED, RunResult
from models.scenario import Vaio
from sim.units import human_bytes, human_time


class Finding(NamedTuple):
    """One effect: a headline and the sentences that carry its numbers."""

    title: str
    text: str


def findings(comparison: Comparison) -> tuple[Finding, ...]:
    """The effects that this comparison can show, in the order of the charts."""
    found = (_stun(comparison), _slump(comparison), _sawtooth(comparison), _bursts(comparison), _changes(comparison))
    return tuple(finding for finding in found if finding is not None)


def _first(comparison: Comparison, *arms: str) -> str:
    """The first of `arms` that was run, or ''."""
    return next((arm for arm in arms if arm in comparison.results), "")


def _value(comparison: Comparison, metric: str, arm: str, group: str) -> str:
    interval = comparison.cell(metric, arm, group).interval
    return f"{show(interval.mean, interval.half_width)} {BY_KEY[metric].unit}"


def _settled(comparison: Comparison, metric: str, arm: str, base: str, group: str) -> str:
    """Whether the difference to `base` is more than chance."""
    settled = comparison.contrast(metric, arm, base, group).difference.sign_settled
    return "the difference is settled" if settled else "the difference is not settled: it may be chance"


def _stun(comparison: Comparison) -> Finding | None:
    arm = _first(comparison, "vadp", "both")
    groups = comparison.groups[1:] if arm else ()
    groups = tuple(name for name in groups if comparison.cell("stun_max", arm, name).interval.mean > 0)
    if not groups:  # none, or only during the warm-up
        return None
    group = max(groups, key=lambda name: comparison.cell("stun_max", arm, name).interval.mean)
    text = (
        f"With {ARM_LABEL[arm]}, {group} is stunned {comparison.cell('stuns', arm, group).interval.mean:.3g} times a "
        f"run, "
        f"for up to {_value(comparison, 'stun_max', arm, group)} at once. Its guest p99.9 is "
        f"{_value(comparison, 'guest_p999', arm, group)}, and the probe waits up to "
        f"{_value(comparison, 'probe_max', arm, group)}."
    )
    if "none" in comparison.results:
        text += (
            f" Unprotected, the p99.9 is {_value(comparison, 'guest_p999', 'none', group)} "
            f"({_settled(comparison, 'guest_p999', arm, 'none', group)}). esxtop cannot show a stun: the I/O waits "
            f"before it becomes a command, and only the burst afterwards reaches GAVG, whose mean is "
            f"{_value(comparison, 'gavg_mean', arm, group)} against "
            f"{_value(comparison, 'gavg_mean', 'none', group)}."
        )
    return _finding("A stun that esxtop does not show", text)


def _slump(comparison: Comparison) -> Finding | None:
    return _joined("The first touch costs, and the merge is paid by all", [*_slumps(comparison), *_merges(comparison)])


def _finding(title: str, text: str) -> Finding:
    """With spaces at which a line must not break, so that a figure stays in one piece."""
    return Finding(title, text.replace(" ± ", "\u00a0±\u00a0").replace("× ", "×\u00a0"))


def _joined(title: str, sentences: list[str]) -> Finding | None:
    return _finding(title, " ".join(sentences)) if sentences else None


def _slumps(comparison: Comparison) -> Iterator[str]:
    for panel in slump.data(comparison) or ():
        found = slump.slump(panel)
        if found is not None:
            first, last, control = (paper.latency_text(ms) for ms in found[:3])
            control = "" if math.isnan(found.control) else f"; unprotected in the same seconds: {control}"
            yield (
                f"Just after the cut, a write of {panel.group} causes {found.extra_first:.1f} extra commands in the "
                f"mean "
                f"and takes {first}; when the merge begins, {found.extra_last:.2g} and {last}{control}."
            )


def _merges(comparison: Comparison) -> Iterator[str]:
    for panel in neighbours.data(comparison) or ():
        arm = next((dot for dot in panel.dots if dot.arm in ("vadp", "both")), None)
        if arm is not None:
            quiet, _, merge = (interval.mean for interval in arm.p99_ms)
            text = f"{panel.group}, which nothing protects, has a p99 of {paper.latency_text(quiet)} while no job runs "
            text += f"and {paper.latency_text(merge)} during merges"
            control = next((dot for dot in panel.dots if dot.arm == "none"), None)
            if control is not None:
                text += f"; without any backup, {paper.latency_text(control.p99_ms[2].mean)} in those same seconds"
            yield text + "."


def _sawtooth(comparison: Comparison) -> Finding | None:
    arm = _first(comparison, "vadp", "both")
    jobs = {job.name: job for job in comparison.scenario.vadp}
    sentences = []
    for group in comparison.scenario.groups if arm else ():
        names = set(comparison.scenario.members(group))
        ramps = [
            (ramp.v0_ns, ramp.v0_ns + ramp.slope * (ramp.t1_ns - ramp.t0_ns))
            for run in comparison.results[arm]
            for row in run.recovery
            if row.vm in names and row.protection in jobs
            for ramp in row.age
        ]
        name = next((job.name for job in comparison.scenario.vadp if names & set(job.vms)), "")
        if ramps and name:
            low, high = min(low for low, _ in ramps), max(high for _, high in ramps)
            sentences.append(
                f"The age of {group}'s newest usable point never falls below {human_time(low)} (what a backup takes "
                f"from "
                f"its cut to the last byte in the repository) and climbs to {human_time(high)}, with an interval of "
                f"{human_time(jobs[name].interval_ns)}."
            )
    return _joined("A backup's recovery point is never new", sentences)


def _bursts(comparison: Comparison) -> Finding | None:
    arm = _first(comparison, "vaio", "both")
    sentences = []
    overflowed = []
    for vaio in comparison.scenario.vaio if arm else ():
        for start, end, following in _spans(comparison, vaio):
            overflowed.append(_overflows(comparison.results[arm], vaio, start, following) > 0)
            sentences.append(_burst(comparison.results[arm], vaio, start, end, following))
        column = next((c for c in replication.data(comparison) or () if (c.arm, c.vaio) == (arm, vaio)), None)
        if column is not None:
            gap = human_time(round(np.mean([_longest_gap(run, vaio) for run in comparison.results[arm]])))
            modes = replication.seconds_by_mode(column)
            out = " and ".join(f"{s:.3g} s in {mode}" for mode, s in modes.items() if mode not in ORDERED)
            sentences.append(
                f"{vaio.name} spends {out or 'no time out of order'} a run; the longest time between two recovery "
                f"points "
                f"is {gap} in the mean, with a checkpoint every {human_time(vaio.checkpoint_ns)}."
            )
    if any(overflowed) and not all(overflowed):
        return _joined("A burst that fits the buffer, and one that does not", sentences)
    return _joined("How closely replication follows", sentences)


def _spans(comparison: Comparison, vaio: Vaio) -> list[tuple[int, int, int]]:
    """(start, end, start of the next one or the run's end) of the planned bursts of the VMs that `vaio` protects."""
    scenario = comparison.scenario
    workloads = [work for vm in scenario.vms if vm.name in vaio.vms for work in vm.workloads]
    planned = sorted({(b.start_ns, b.start_ns + b.duration_ns) for work in workloads for b in work.bursts})
    finish = scenario.run.duration_ns
    return [(start, end, after) for (start, end), (after, _) in pairwise([*planned, (finish, finish)])]


def _burst(runs: tuple[RunResult, ...], vaio: Vaio, start: int, end: int, following: int) -> str:
    """What one planned burst did to the backlog and to the mode."""
    peaks = [
        max(
            (f.backlog_bytes for f in run.flows if f.link == f"{vaio.name} WAN" and start <= f.t_ns < following),
            default=0,
        )
        for run in runs
    ]
    full = _overflows(runs, vaio, start, following)
    outcome = (
        "replication stayed in order" if not full else f"the buffer overflowed in {full} of {len(runs)} replications"
    )
    peak, room = human_bytes(round(sum(peaks) / len(peaks))), human_bytes(vaio.buffer_bytes)
    return (
        f"The burst at {start / 1e9:g} s ({human_time(end - start)} long) piled up {peak} in the mean, with a buffer "
        f"of "
        f"{room}: {outcome}."
    )


def _overflows(runs: tuple[RunResult, ...], vaio: Vaio, start: int, following: int) -> int:
    """In how many runs the buffer of `vaio` overflowed between these times."""
    return sum(
        any(m.protection == vaio.name and m.mode == "overflow" and start <= m.start_ns < following for m in run.modes)
        for run in runs
    )


def _longest_gap(run: RunResult, vaio: Vaio) -> int:
    """The longest time between two recovery points' times of one VM of `vaio`, ns; 0 if there are fewer than two."""
    longest = 0
    for vm in vaio.vms:
        times = sorted(p.point_ns for p in run.points if (p.protection, p.vm) == (vaio.name, vm))
        longest = max([longest, *(later - earlier for earlier, later in pairwise(times))])
    return longest


def _changes(comparison: Comparison) -> Finding | None:
    sentences = []
    for panel in changes.data(comparison) or ():
        written, unique, tracked, read, stored = (human_bytes(round(size)) for size in panel.bytes)
        sentences.append(
            f"Between two backups {panel.group} writes {written} ({unique} of it distinct); changed-block tracking "
            f"reports {tracked}, the tool reads {read} (× {panel.factor(3):.3g}) and stores {stored}."
        )
    return _joined("Small changes, large reads", sentences)
