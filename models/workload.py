"""The guest's I/O as a function of its identity (VM, workload, ordinal).

A fixed number of Philox words per ordinal and inverse CDFs only, so that every protection arm sees the same guest I/O:
disk, address, size, direction, think time or arrival gap, and the service time it would draw at the datastore.
Zipf: rank r has probability ~ r^-s; ranks are scattered over the span by a fixed bijection.
Everything is drawn in blocks of ordinals (`..._blocks`); what a value is does not depend on the block's length.
"""

from collections.abc import Iterator
from functools import cache
from itertools import repeat
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from models.scenario import Addresses, Datastore, Distribution, ServiceLaw, Vm, Workload
from sim.streams import BLOCK, Drawn, Floats, exponential, philox, uniforms

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
WORDS = 8
GAP, DISK, SIZE, DIRECTION, ADDRESS, SERVICE, WITHIN, _SPARE = range(WORDS)
ZIPF_RANKS = 1 << 18
"""A Zipf span with more aligned places than this is cut into this many regions, uniform inside."""


class Draw(NamedTuple):
    """One guest I/O before it happens."""

    gap: float  # unit-mean: exponential for open loops, the think distribution for closed ones
    disk: int  # index into Vm.disks
    write: bool
    offset: int
    size: int
    service_ns: int  # latency part, without the transfer


class Block(NamedTuple):
    """Successive guest I/Os: the fields of `Draw` as columns."""

    gap: Floats
    disk: Ints
    write: Bools
    offset: Ints
    size: Ints
    service_ns: Ints

    def part(self, which: Bools | slice) -> "Block":
        """These of them."""
        return Block(
            self.gap[which], self.disk[which], self.write[which], self.offset[which], self.size[which],
            self.service_ns[which],
        )  # fmt: skip


def unit_mean(u: Floats, distribution: Distribution, sigma_milli: int) -> Floats:
    """Unit-mean variates of that distribution at these quantiles."""
    if distribution == "fixed":
        return np.ones_like(u)
    if distribution == "exponential":
        return exponential(u)
    from scipy.special import ndtri

    sigma = sigma_milli / 1000
    return np.asarray(np.exp(sigma * ndtri(u) - sigma * sigma / 2))


def latencies(u: Floats, law: ServiceLaw) -> Ints:
    """Drawn latency parts in whole ns."""
    if law.distribution == "quantiles":
        ppm, ns = zip(*law.quantiles, strict=True)
        times: Floats = np.interp(u * 1_000_000, ppm, ns)
        return np.rint(times).astype(np.int64)
    return np.rint(law.latency_ns * unit_mean(u, law.distribution, law.sigma_milli)).astype(np.int64)


def service_stream(seed: int, replicate: int, entity: str, datastore: Datastore, write: bool) -> Iterator[int]:
    """Latency parts for the I/Os that a mechanism causes: a stream of its own."""
    for block in service_blocks(seed, replicate, entity, datastore, write):
        yield from block.tolist()


def service_blocks(
    seed: int, replicate: int, entity: str, datastore: Datastore, write: bool, block: int = BLOCK
) -> Iterator[Ints]:
    """The same, so many at a time."""
    bits = philox(seed, replicate, entity, "service of writes" if write else "service of reads")
    law = datastore.write if write else datastore.read
    while True:
        yield latencies(uniforms(bits, block, 1)[:, 0], law)


def hop_stream(seed: int, replicate: int, entity: str) -> Iterator[float]:
    """Unit-mean exponentials for the hops through a VM's filter, down and up in the order they are begun."""
    for block in hop_blocks(seed, replicate, entity):
        yield from block.tolist()


def hop_blocks(seed: int, replicate: int, entity: str, block: int | Iterator[int] = BLOCK) -> Iterator[Floats]:
    """The same, so many at a time, or as many each time as `block` says."""
    bits = philox(seed, replicate, entity, "hops")
    for size in repeat(block) if isinstance(block, int) else block:
        yield unit_mean(uniforms(bits, size, 1)[:, 0], "exponential", 1000)


@cache
def scattered(ranks: int) -> Ints:
    """A fixed permutation of the ranks, the same in every run. A constant step would not do: whatever it is near to
    (0.618 is almost 309/500) puts ranks a few hundred apart side by side, and the hot set into fewer granules."""
    return np.argsort(uniforms(philox(0, 0, "Zipf", "places of ranks"), ranks, 1)[:, 0], kind="stable")


@cache
def cumulative(ranks: int, zipf_milli: int) -> Floats:
    """The share of each rank and all before it; of the last, which has the rest, infinity."""
    weights = np.arange(1, ranks + 1, dtype=np.float64) ** (-zipf_milli / 1000)
    shares = np.asarray(np.cumsum(weights) / np.sum(weights))
    shares[-1] = np.inf
    return shares


@cache
def first_ranks(ranks: int, zipf_milli: int) -> Ints:
    """The rank at each multiple of 1 / their number, a power of two: where to begin to look for those in between."""
    cells = 1 << (2 * ranks - 1).bit_length()
    passed = np.floor(cumulative(ranks, zipf_milli)[:-1] * cells).astype(np.int64) + 1  # from that multiple on
    return np.cumsum(np.bincount(passed, minlength=cells)[:cells])


def ranks_at(u: Floats, ranks: int, zipf_milli: int) -> Ints:
    """The Zipf rank at each of these quantiles: a step or two from where its cell begins, as a rule."""
    shares, firsts = cumulative(ranks, zipf_milli), first_ranks(ranks, zipf_milli)
    rank = firsts[(u * len(firsts)).astype(np.int64)]
    for _ in range(2):
        rank += shares[rank] < u
    far = np.flatnonzero(shares[rank] < u)
    rank[far] = np.searchsorted(shares, u[far])
    return rank


class Placer:
    """Addresses of one direction of a workload on one disk."""

    def __init__(self, rule: Addresses, disk_bytes: int) -> None:
        self.rule = rule
        self.span = min(rule.span_bytes or disk_bytes, disk_bytes - rule.start_bytes)
        self.cursor = 0
        places = max(1, self.span // rule.align_bytes)
        self.ranks = min(places, ZIPF_RANKS)
        self.region = places // self.ranks  # aligned places in one rank's region
        if rule.pattern == "zipf":
            self.place_of = scattered(self.ranks)

    def offsets(self, u: Floats, within: Floats, sizes: Ints) -> Ints:
        """Aligned offsets such that each I/O of these sizes ends inside the span (a larger one starts at 0)."""
        align = self.rule.align_bytes
        room = np.maximum(0, (self.span - sizes) // align)  # last aligned place that fits
        if self.rule.pattern == "sequential":
            steps = np.cumsum(sizes) - sizes + self.cursor
            self.cursor = (self.cursor + int(np.sum(sizes))) % self.span
            place = (steps % self.span) // align
        elif self.rule.pattern == "uniform":
            place = (u * (room + 1)).astype(np.int64)
        else:
            rank = ranks_at(u, self.ranks, self.rule.zipf_milli)
            place = self.place_of[rank] * self.region + (within * self.region).astype(np.int64)
        return np.asarray(self.rule.start_bytes + np.minimum(place, room) * align, dtype=np.int64)


def guest_io(
    vm: Vm,
    workload: Workload,
    datastores: dict[str, Datastore],
    seed: int,
    replicate: int,
    purpose: str = "guest I/O",
) -> Iterator[Draw]:
    """The endless sequence of a workload's I/Os by ordinal; a traced one ends with its trace."""
    for block in guest_blocks(vm, workload, datastores, seed, replicate, purpose=purpose):
        yield from map(Draw, *(column.tolist() for column in block))


def guest_blocks(
    vm: Vm,
    workload: Workload,
    datastores: dict[str, Datastore],
    seed: int,
    replicate: int,
    block: int | Iterator[int] = BLOCK,
    purpose: str = "guest I/O",
) -> Iterator[Block]:
    """The same, so many at a time, or as many each time as `block` says; the last block of a trace may be shorter."""
    bits = philox(seed, replicate, f"{vm.name}/{workload.name}", purpose)
    placers = {
        (disk, write): Placer(workload.write_addresses if write else workload.read_addresses, vm.disks[disk].size_bytes)
        for disk in workload.disks
        for write in (False, True)
    }
    stores = [datastores[disk.datastore] for disk in vm.disks]
    kind: Distribution = workload.think_distribution if workload.kind == "closed" else "exponential"
    first = 0
    for size in repeat(block) if isinstance(block, int) else block:
        u = Drawn(bits, size, WORDS)
        columns = _traced(workload, first, u) if workload.trace else _synthetic(workload, u, placers, first)
        disks, writes, offsets, sizes = columns
        n = len(disks)
        if not n:
            return
        service = _services(u[SERVICE][:n], disks, writes, {disk: stores[disk] for disk in workload.disks})
        yield Block(unit_mean(u[GAP][:n], kind, 1000), disks, writes, offsets, sizes, service)
        first += size


def _services(u: Floats, disks: Ints, writes: Bools, stores: dict[int, Datastore]) -> Ints:
    """Each I/O's latency part by the law of its disk's datastore, for its direction."""
    laws = {law for store in stores.values() for law in (store.read, store.write)}
    shapes = {(law.distribution, law.sigma_milli) for law in laws if law.distribution != "quantiles"}
    if len(shapes) != 1 or any(law.quantiles for law in laws):
        service = np.empty(len(u), dtype=np.int64)
        for disk, store in stores.items():
            for write, law in ((False, store.read), (True, store.write)):
                here = (disks == disk) & (writes == write)
                service[here] = latencies(u[here], law)
        return service
    ((distribution, sigma),) = shapes  # one shape, as a rule: then the quantiles are taken together
    means: int | Ints = next(iter(laws)).latency_ns
    if len({law.latency_ns for law in laws}) > 1:
        table = np.zeros(2 * max(stores) + 2, dtype=np.int64)
        for disk, store in stores.items():
            table[2 * disk : 2 * disk + 2] = store.read.latency_ns, store.write.latency_ns
        means = table[2 * disks + writes]
    return np.rint(means * unit_mean(u, distribution, sigma)).astype(np.int64)


Columns = tuple[Ints, Bools, Ints, Ints]


def _traced(workload: Workload, first: int, u: Drawn) -> Columns:
    assert workload.trace is not None
    part = slice(first, first + len(u))
    offsets = workload.trace.offset_bytes[part]
    disks = np.full(len(offsets), workload.disks[0], dtype=np.int64)
    return disks, workload.trace.write[part], offsets, workload.trace.size_bytes[part]


def _synthetic(workload: Workload, u: Drawn, placers: dict[tuple[int, bool], Placer], first: int) -> Columns:
    n = len(u)
    writes = u[DIRECTION] >= workload.read_ppm / 1_000_000
    sizes = np.full(n, workload.sizes[0][0], dtype=np.int64)
    if len(workload.sizes) > 1:
        kinds = np.array([size for size, _ in workload.sizes], dtype=np.int64)
        weights = np.cumsum([weight for _, weight in workload.sizes], dtype=np.float64)
        sizes = kinds[np.minimum(np.searchsorted(weights / weights[-1], u[SIZE]), len(kinds) - 1)]
    which = np.array(workload.disks, dtype=np.int64)
    disks = np.full(n, which[0])
    if len(which) > 1:
        disks = which[np.minimum((u[DISK] * len(which)).astype(np.int64), len(which) - 1)]
    sequential = {write for (_, write), p in placers.items() if p.rule.pattern == "sequential"}
    if sequential:  # a sequential stream goes to its disks in turn
        disks = np.where(np.isin(writes, list(sequential)), which[(first + np.arange(n)) % len(which)], disks)
    return disks, writes, _places(u, disks, writes, sizes, placers), sizes


def _places(u: Drawn, disks: Ints, writes: Bools, sizes: Ints, placers: dict[tuple[int, bool], Placer]) -> Ints:
    """Offsets, each by the rule of its disk and direction."""
    rules = {(p.rule, p.span) for p in placers.values()}
    one = next(iter(placers.values()))
    if len(rules) == 1 and one.rule.pattern != "sequential":  # one rule for all, and it remembers nothing
        return one.offsets(u[ADDRESS], u[WITHIN] if one.rule.pattern == "zipf" else u[ADDRESS], sizes)
    offsets = np.zeros(len(u), dtype=np.int64)
    for (disk, write), placer in placers.items():
        here = (disks == disk) & (writes == write)
        offsets[here] = placer.offsets(u[ADDRESS][here], u[WITHIN][here], sizes[here])
    return offsets


def quantile_of(law: ServiceLaw, latency_ns: int) -> float | None:
    """The share of services that draw no more than this under the law; None where all draw the same."""
    if law.quantiles:
        ppm, ns = zip(*law.quantiles, strict=True)
        return float(np.interp(latency_ns, ns, ppm)) / 1_000_000 if ns[-1] > ns[0] else None
    if law.distribution == "fixed" or not law.latency_ns:
        return None
    mean = latency_ns / law.latency_ns
    if law.distribution == "exponential":
        return -float(np.expm1(-mean))
    from scipy.special import ndtr

    sigma = law.sigma_milli / 1000
    if not sigma or not mean:
        return None
    return float(ndtr((np.log(mean) + sigma * sigma / 2) / sigma))
