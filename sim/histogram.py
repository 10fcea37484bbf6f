"""A mergeable log-linear histogram of non-negative integers.

128 equal sub-buckets an octave: a bucket's middle is within 0.4 % of every value in it. Values below 256 are exact.
Counts are integers, so merging is exact and its order cannot be seen in any bit. The extremes are kept exactly.
Weights make it a time-weighted distribution: add(value, nanoseconds spent at it).
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

SUB_BITS = 7
SUB = 1 << SUB_BITS


def bucket_of(value: int) -> int:
    """The bucket that holds `value` (>= 0). Buckets are ordered as values are."""
    shift = value.bit_length() - SUB_BITS - 1
    return value if shift <= 0 else (shift << SUB_BITS) + (value >> shift)


def bucket_low(bucket: int) -> int:
    """The smallest value in `bucket`."""
    if bucket < 2 * SUB:
        return bucket
    shift = (bucket >> SUB_BITS) - 1
    return (SUB + (bucket & (SUB - 1))) << shift


class Histogram:
    """Counts by bucket, with exact count, sum, minimum and maximum of what was added."""

    __slots__ = ("buckets", "count", "maximum", "minimum", "total")

    def __init__(self) -> None:
        self.buckets: dict[int, int] = {}
        self.count = 0
        self.total = 0
        self.minimum = -1  # -1: empty
        self.maximum = -1

    def add(self, value: int, weight: int = 1) -> int:
        """Adds `weight` observations of `value` (0 adds nothing); returns the bucket of the value."""
        shift = value.bit_length() - SUB_BITS - 1
        bucket = value if shift <= 0 else (shift << SUB_BITS) + (value >> shift)
        if weight <= 0:
            return bucket
        buckets = self.buckets
        buckets[bucket] = buckets.get(bucket, 0) + weight
        self.count += weight
        self.total += value * weight
        if value > self.maximum:
            self.maximum = value
        if value < self.minimum or self.minimum < 0:
            self.minimum = value
        return bucket

    def add_all(self, values: Sequence[int]) -> None:
        """Adds each value once; cheaper than one by one."""
        if not values:
            return
        buckets = self.buckets
        for value in values:
            shift = value.bit_length() - SUB_BITS - 1
            bucket = value if shift <= 0 else (shift << SUB_BITS) + (value >> shift)
            buckets[bucket] = buckets.get(bucket, 0) + 1
        self.count += len(values)
        self.total += sum(values)
        self.maximum = max(self.maximum, max(values))
        self.minimum = min(values) if self.minimum < 0 else min(self.minimum, min(values))

    def add_ramp(self, low: int, high: int) -> None:
        """Adds a value that runs through [low, high) at slope one: each value weighs one nanosecond. Exact.

        Takes time for every bucket in between; `Ramps` is for many.
        """
        while low < high:
            bucket = bucket_of(low)
            end = min(bucket_low(bucket + 1), high)
            weight = end - low
            self.buckets[bucket] = self.buckets.get(bucket, 0) + weight
            self.count += weight
            self.total += (low + end - 1) * weight // 2
            if end - 1 > self.maximum:
                self.maximum = end - 1
            if low < self.minimum or self.minimum < 0:
                self.minimum = low
            low = end

    def merge(self, other: "Histogram") -> None:
        """Adds all of `other`."""
        for bucket, weight in other.buckets.items():
            self.buckets[bucket] = self.buckets.get(bucket, 0) + weight
        self.count += other.count
        self.total += other.total
        self.maximum = max(self.maximum, other.maximum)
        if other.minimum >= 0 and (other.minimum < self.minimum or self.minimum < 0):
            self.minimum = other.minimum

    def mean(self) -> float:
        """The exact mean; nan when empty."""
        return self.total / self.count if self.count else float("nan")

    def quantile(self, q: float) -> float:
        """The smallest recorded value that at least a share `q` does not exceed, to 0.4 %; nan when empty."""
        if not self.count:
            return float("nan")
        need = max(1, -(-int(q * 10**9) * self.count // 10**9))
        seen = 0
        for bucket in sorted(self.buckets):
            seen += self.buckets[bucket]
            if seen >= need:
                low, high = bucket_low(bucket), bucket_low(bucket + 1) - 1
                return min(max((low + high) / 2, self.minimum), self.maximum)
        return float(self.maximum)

    def beyond(self, q: float) -> int:
        """How many observations lie beyond the `q` quantile: below 100 of them a quantile is hardly known."""
        return self.count - (-(-int(q * 10**9) * self.count // 10**9))

    def rows(self) -> Iterator[tuple[int, int, int]]:
        """(lowest value, lowest value of the next bucket, count), ascending."""
        for bucket in sorted(self.buckets):
            yield bucket_low(bucket), bucket_low(bucket + 1), self.buckets[bucket]

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Histogram):
            return NotImplemented
        return (self.buckets, self.count, self.total, self.minimum, self.maximum) == (
            other.buckets, other.count, other.total, other.minimum, other.maximum)  # fmt: skip

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"Histogram(count={self.count}, mean={self.mean():.6g}, max={self.maximum})"


class Ramps:
    """Many values that each run through some [low, high) at slope one, on their way into a histogram.

    To add one takes the same short time for any length; only `pour` visits the buckets in between, once for all.
    """

    __slots__ = ("covers", "sums")

    def __init__(self) -> None:
        self.covers: dict[int, int] = {}  # by bucket: how many more ramps cover all of it than of the bucket before
        self.sums = Histogram()  # complete but for the buckets that ramps cover

    def add(self, low: int, high: int) -> None:
        """Adds a value that runs through [low, high): each value in it weighs one nanosecond."""
        if low >= high:
            return
        first, last = bucket_of(low), bucket_of(high - 1)
        sums, parts = self.sums, self.sums.buckets
        if first == last:
            parts[first] = parts.get(first, 0) + high - low
        else:
            parts[first] = parts.get(first, 0) + bucket_low(first + 1) - low
            parts[last] = parts.get(last, 0) + high - bucket_low(last)
            self.covers[first + 1] = self.covers.get(first + 1, 0) + 1
            self.covers[last] = self.covers.get(last, 0) - 1
        sums.count += high - low
        sums.total += (low + high - 1) * (high - low) // 2
        sums.maximum = max(sums.maximum, high - 1)
        sums.minimum = low if sums.minimum < 0 else min(sums.minimum, low)

    def pour(self, histogram: Histogram) -> None:
        """Adds all ramps to `histogram`; none is left here."""
        covering, buckets = 0, self.sums.buckets
        for start, end in pairwise(sorted(self.covers)):
            covering += self.covers[start]
            for bucket in range(start, end) if covering else ():
                weight = covering * (bucket_low(bucket + 1) - bucket_low(bucket))
                buckets[bucket] = buckets.get(bucket, 0) + weight
        histogram.merge(self.sums)
        self.covers, self.sums = {}, Histogram()


def merged(histograms: Iterable[Histogram]) -> Histogram:
    """A new histogram with all observations of `histograms`."""
    out = Histogram()
    for histogram in histograms:
        out.merge(histogram)
    return out
