"""When the I/Os of an open loop arrive: a Poisson process whose rate is constant in stretches of time.

`poisson` is the definition, one I/O after the other. `arrival_times` gives the same integers, block for block, by array
operations; it takes single steps where a stretch ends, or is short. Times are nanoseconds from the run's start.
"""

from collections.abc import Iterator

import numpy as np

from models.scenario import Workload
from models.workload import Draw, Ints
from sim.streams import Floats, exponential_of
from sim.units import NS_PER_S

NEVER_NS = 1 << 62
WORTH_IT = 64
"""Array operations take the time of about so many single steps."""

Stretch = tuple[int, int]
"""(where it ends, mean gap in it); gap 0: no arrivals."""


def rates(spec: Workload, states: Iterator[float]) -> Iterator[Stretch]:
    """One stretch after the other for ever. `states` are uniforms for the dwell times of a two-state burst process."""

    def gap(iops: int) -> int:
        return NS_PER_S // iops if iops else 0

    if spec.two_state is not None:
        now, busy, state = 0, False, spec.two_state
        for u in states:
            now += 1 + round((state.mean_busy_ns if busy else state.mean_quiet_ns) * exponential_of(u))
            yield now, gap(state.busy_rate_iops if busy else spec.rate_iops)
            busy = not busy
    for burst in sorted(spec.bursts, key=lambda b: b.start_ns):
        yield burst.start_ns, gap(spec.rate_iops)
        yield burst.start_ns + burst.duration_ns, gap(burst.rate_iops)
    yield NEVER_NS, gap(spec.rate_iops)


def poisson(draws: Iterator[Draw], stretches: Iterator[Stretch]) -> Iterator[tuple[int, Draw]]:
    """Arrival times of a Poisson process whose rate is constant in each stretch, by inverting its summed rate."""
    now = 0
    end, gap = next(stretches)
    for draw in draws:
        left = draw.gap  # in units of the mean gap
        while not gap or now + left * gap >= end:
            if end >= NEVER_NS:
                return
            left -= (end - now) / gap if gap else 0
            now = end
            end, gap = next(stretches)
        now += round(left * gap)
        yield now, draw


def arrival_times(blocks: Iterator[Floats], stretches: Iterator[Stretch]) -> Iterator[Ints]:
    """The times that `poisson` gives to draws with these gaps. It ends as `poisson` does; the last may be shorter.

    Bound: the gaps of one block together stay below 2^62 ns, as a time does.
    """
    now = 0
    end, gap = next(stretches)
    for gaps in blocks:
        times = np.empty(len(gaps), dtype=np.int64)
        done = 0
        while done < len(gaps):
            if gap and end - now > WORTH_IT * gap:
                here = _inside(now, gaps[done:], gap, end)
                if len(here):
                    times[done : done + len(here)] = here
                    done += len(here)
                    now = int(here[-1])
                    continue
            left = float(gaps[done])  # one step, as `poisson` takes it
            while not gap or now + left * gap >= end:
                if end >= NEVER_NS:
                    if done:
                        yield times[:done]
                    return
                left -= (end - now) / gap if gap else 0
                now = end
                end, gap = next(stretches)
            now += round(left * gap)
            times[done] = now
            done += 1
        yield times


def _inside(now: int, gaps: Floats, gap: int, end: int) -> Ints:
    """Times of leading I/Os of these that come before the stretch ends.

    Where `end` is not a float numpy rounds it: the last of them may then be left out, and is for a single step.
    """
    waits = gaps[: 2 * (end - now) // gap] * gap  # to look at all of them in every stretch would cost the square
    steps = np.rint(waits).astype(np.int64)
    times = now + np.cumsum(steps)
    late = (times - steps).astype(np.float64) + waits >= end
    return times[: int(np.argmax(late))] if late.any() else times
