"""Closed forms that the simulator is held against.

Represents: queueing theory, fair sharing, covering of granules by random writes, renewal averages, token buckets and
fluid buffers, each as a plain function of plain numbers. Leaves out: everything without a formula. Times are in
whatever one unit the caller uses (rates in its inverse); nothing here knows the simulator.
Sources: Kleinrock, "Queueing Systems" (Erlang C, Pollaczek-Khinchine); Reiser and Lavenberg, "Mean-Value Analysis of
Closed Multichain Queuing Networks" (exact MVA, multi-server stations); the rest is derived in its docstring.
"""

import heapq
import math
from collections.abc import Sequence
from typing import NamedTuple


def erlang_c(servers: int, load: float) -> float:
    """The probability that an arrival at M/M/c waits. `load` = rate x service time, below `servers`."""
    if not 0 <= load < servers:
        raise ValueError(f"an open queue needs a load below its {servers} servers, got {load}")
    term, total = 1.0, 0.0
    for k in range(servers):
        total += term
        term *= load / (k + 1)
    top = term * servers / (servers - load)
    return top / (total + top)


def mmc_wait(rate: float, service: float, servers: int) -> float:
    """Mean wait before service in M/M/c."""
    load = rate * service
    return erlang_c(servers, load) * service / (servers - load)


def mg1_wait(rate: float, mean: float, second_moment: float) -> float:
    """Mean wait before service in M/G/1 (Pollaczek-Khinchine)."""
    load = rate * mean
    if not 0 <= load < 1:
        raise ValueError(f"an open queue needs a load below 1, got {load}")
    return rate * second_moment / (2 * (1 - load))


def lognormal_second_moment(mean: float, sigma: float) -> float:
    """E[X^2] of a lognormal with this mean whose underlying normal has standard deviation `sigma`."""
    return mean * mean * math.exp(sigma * sigma)


def fifo_waits(arrivals: Sequence[int], services: Sequence[int], servers: int) -> list[int]:
    """The exact wait of every arrival in a FIFO queue of equal servers (Kiefer-Wolfowitz), arrivals ascending."""
    free = [0] * servers
    waits = []
    for arrival, service in zip(arrivals, services, strict=True):
        start = max(arrival, free[0])
        heapq.heapreplace(free, start + service)
        waits.append(start - arrival)
    return waits


class Station(NamedTuple):
    """A FIFO station of a closed network: exponential service, equal servers, visits per round."""

    servers: int
    service: float
    visits: float = 1.0


def mva(customers: int, think: float, stations: Sequence[Station]) -> tuple[float, tuple[float, ...]]:
    """Throughput (rounds per time) and each station's mean response per visit, by exact mean-value analysis.

    A station with several servers carries its marginal probabilities of 0 .. servers - 1 customers along.
    """
    queue = [0.0] * len(stations)
    few = [[1.0] + [0.0] * (station.servers - 1) for station in stations]
    rate, response = 0.0, [station.service for station in stations]
    for n in range(1, customers + 1):
        for i, (servers, service, _) in enumerate(stations):
            idle = sum((servers - 1 - j) * few[i][j] for j in range(servers - 1))
            response[i] = service / servers * (1 + queue[i] + idle)
        rate = n / (think + sum(station.visits * r for station, r in zip(stations, response, strict=True)))
        for i, station in enumerate(stations):
            queue[i] = rate * station.visits * response[i]
            few[i] = _few(rate * station.visits * station.service, few[i])
    return rate, tuple(response)


def _few(load: float, before: list[float]) -> list[float]:
    """Marginal probabilities of 0 .. c - 1 customers at a station of c servers with one customer more."""
    servers = len(before)
    now = [0.0] * servers
    for j in range(1, servers):
        now[j] = load * before[j - 1] / j
    now[0] = 1 - (load + sum((servers - j) * now[j] for j in range(1, servers))) / servers
    return now


def water_filling(
    total: float, reservations: Sequence[float], limits: Sequence[float], weights: Sequence[float]
) -> tuple[float, ...]:
    """x_i = min(l_i, max(r_i, level w_i)) with sum x_i = total, for flows that always have I/O waiting.

    All limits together below `total` give the limits. Found by halving the level's interval.
    """
    if sum(reservations) > total:
        raise ValueError(f"the reservations {sum(reservations)} exceed the total {total}")

    def filled(level: float) -> list[float]:
        return [min(c, max(r, level * w)) for r, c, w in zip(reservations, limits, weights, strict=True)]

    low, high = 0.0, total / min(weights) + 1
    for _ in range(200):
        middle = (low + high) / 2
        low, high = (middle, high) if sum(filled(middle)) < total else (low, middle)
    return tuple(filled(low))


def distinct(draws: float, probabilities: Sequence[float]) -> float:
    """Expected number of different granules after independent draws: the sum of 1 - (1 - p)^n."""
    return math.fsum(-math.expm1(draws * math.log1p(-p)) if p < 1 else 1.0 for p in probabilities)


def distinct_deviation(draws: float, probabilities: Sequence[float]) -> float:
    """Standard deviation of the number of different granules.

    Its square is the sum of e (1 - e) less n (sum p e)^2, with e = exp(-n p): cells compete for the draws.
    """
    missed = [math.exp(-draws * p) for p in probabilities]
    together = math.fsum(p * e for p, e in zip(probabilities, missed, strict=True))
    return math.sqrt(max(0.0, math.fsum(e * (1 - e) for e in missed) - draws * together * together))


def zipf_probabilities(count: int, exponent: float) -> list[float]:
    """Probabilities of the ranks 1 .. count, proportional to rank ^ -exponent."""
    weights = [rank**-exponent for rank in range(1, count + 1)]
    total = math.fsum(weights)
    return [weight / total for weight in weights]


def mirror_pass(grains: float, writes: float, copies: float, dirty: float) -> float:
    """Time of one consolidation pass over `grains`, a share `dirty` of them in the delta at its start.

    The cursor passes clean grains in no time and copies `copies` dirty grains per time, while `writes` uniform writes
    per time dirty grains ahead of it: dx/dt = c / p(t), p(t) = 1 - (1 - p0) exp(-w t / N), so that
    T = (N / w) ln(1 - p0 + p0 exp(w / c)).
    """
    if writes == 0:
        return grains * dirty / copies
    return grains / writes * math.log(1 - dirty + dirty * math.exp(writes / copies))


def periodic_age(between_cuts: Sequence[float], durations: Sequence[float]) -> float:
    """Mean age of the newest usable recovery point under repeated backups that do not overlap.

    `between_cuts[i]` lies between cut i and cut i + 1, `durations[i]` between cut i and its point's usability. Over
    [usable i, usable i+1) the age runs from D_i to X_i + D_(i+1), so the mean is
    sum((X_i + D_(i+1))^2 - D_i^2) / (2 sum(X_i + D_(i+1) - D_i)); for long series E[X^2]/(2E[X]) + E[X_i D_(i+1)]/E[X].
    """
    area = time = 0.0
    for i, gap in enumerate(between_cuts):
        peak = gap + durations[i + 1]
        area += (peak * peak - durations[i] ** 2) / 2
        time += peak - durations[i]
    return area / time


def fill_time(size: float, inflow: float, outflow: float) -> float:
    """When a fluid buffer that starts empty is full; infinite if it never fills."""
    return size / (inflow - outflow) if inflow > outflow else math.inf


def drain_time(backlog: float, inflow: float, outflow: float) -> float:
    """How long a fluid backlog takes to empty; infinite if it never does."""
    return backlog / (outflow - inflow) if outflow > inflow else math.inf


def parda(threshold: float, throughput: float, claims: Sequence[float]) -> tuple[float, tuple[float, ...]]:
    """Latency and windows at the fixed point of w' = (1 - g) w + g (L / Lavg w + beta) on a work-conserving array.

    w_i (1 - L / Lavg) = beta_i and sum w = T Lavg, so Lavg = L + sum(beta) / T and w_i = beta_i (1 + T L / sum(beta)).
    """
    claimed = math.fsum(claims)
    return threshold + claimed / throughput, tuple(c * (1 + throughput * threshold / claimed) for c in claims)


def resync_time(copies: float, granules: float, writes: float, dirty: float) -> float:
    """How long a dirty-map copier needs from `dirty` granules to none while uniform writes make granules dirty again.

    dD/dt = w (1 - D / N) - c, so T = (N / w) ln((D0 - Dinf) / (-Dinf)) with Dinf = N (1 - c / w); infinite if c <= w.
    """
    if writes == 0:
        return dirty / copies
    settled = granules * (1 - copies / writes)
    return granules / writes * math.log((dirty - settled) / -settled) if settled < 0 else math.inf


def list_schedule(lengths: Sequence[int], places: int) -> list[int]:
    """When each of these tasks ends if the next in the list begins as soon as a place is free; all are there at 0."""
    free = [0] * places
    ends = []
    for length in lengths:
        ends.append(heapq.heappop(free) + length)
        heapq.heappush(free, ends[-1])
    return ends


class FirstTouch(NamedTuple):
    """Cost of 4 KiB writes into a delta of `grains` grains of `grain` bytes behind an op and a byte bucket."""

    grains: int
    grain: int
    iops: float
    bandwidth: float
    copies: bool  # a first touch reads the rest of its grain below and writes the whole grain


def slump(cost: FirstTouch, until: float, step: float = 1e-3) -> float:
    """Writes done `until` seconds after a snapshot, at full pressure and uniform addresses.

    dn/dt = min(iops / (1 + p), bps / (4096 (1 - p) + b p)), p = exp(-n / N) the share of first touches; b = 2C - 4096
    where a first touch copies. Solved by the midpoint rule.
    """
    first = 2 * cost.grain - 4096 if cost.copies else 4096
    operations = 1 if cost.copies else 0

    def rate(done: float) -> float:
        p = math.exp(-done / cost.grains)
        return min(cost.iops / (1 + operations * p), cost.bandwidth / (4096 * (1 - p) + first * p))

    done = 0.0
    for _ in range(round(until / step)):
        done += step * rate(done + step / 2 * rate(done))
    return done
