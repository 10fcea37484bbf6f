"""The histogram of `sim.histogram` in flat memory: a page of 128 buckets an octave, taken at its first use."""

from models.compiled.layout import HISTOGRAM_WORDS, PAGE, Counts, Histogram
from sim.flat import Memory
from sim.mechanism import bit_length, mechanism, take

LOW_30 = (1 << 30) - 1


@mechanism
def bucket_of(value: int) -> int:
    """The bucket that holds `value`, as `sim.histogram.bucket_of`."""
    shift = bit_length(value) - 8
    if shift <= 0:
        return value
    return (shift << 7) + (value >> shift)


@mechanism
def bucket_low(bucket: int) -> int:
    """The smallest value in `bucket`."""
    if bucket < 256:
        return bucket
    return (128 + (bucket & 127)) << ((bucket >> 7) - 1)


@mechanism
def place(m: Memory, pages: int, bucket: int) -> int:
    """The address of that bucket's word; `pages` is the address of the page directory."""
    at = pages + (bucket >> 7)
    if not m[at]:
        m[at] = take(m, PAGE)
    return m[at] + (bucket & 127)


@mechanism
def add(m: Memory, h: int, value: int) -> int:
    """One observation more; returns its bucket. Sums stay below 2^63."""
    bucket = bucket_of(value)
    Counts(m, place(m, h + HISTOGRAM_WORDS, bucket))[0] += 1
    summed(m, h, value)
    return bucket


@mechanism
def summed(m: Memory, h: int, value: int) -> None:
    """One observation more, counted elsewhere: only count, sum and extremes are kept here."""
    s = Histogram(m, h)
    s.total += value
    if not s.count or value < s.minimum:
        s.minimum = value
    if value > s.maximum:
        s.maximum = value
    s.count += 1


@mechanism
def add_weighted(m: Memory, h: int, value: int, weight: int) -> None:
    """`weight` > 0 observations of `value`; both below 2^60. The sum is kept in three words."""
    m[place(m, h + HISTOGRAM_WORDS, bucket_of(value))] += weight
    add_extremes(m, h, value, value, weight)
    add_product(m, h, value, weight)


@mechanism
def add_extremes(m: Memory, h: int, low: int, high: int, weight: int) -> None:
    """`weight` observations between `low` and `high`, both of which were seen."""
    s = Histogram(m, h)
    if not s.count or low < s.minimum:
        s.minimum = low
    if high > s.maximum:
        s.maximum = high
    s.count += weight


@mechanism
def add_product(m: Memory, h: int, a: int, b: int) -> None:
    """The sum grows by a * b, exactly."""
    s = Histogram(m, h)
    a0, a1, b0, b1 = a & LOW_30, a >> 30, b & LOW_30, b >> 30
    low, middle = a0 * b0, a0 * b1 + a1 * b0
    s.total += low & LOW_30
    s.mid += (low >> 30) + (middle & LOW_30)
    s.high += (middle >> 30) + a1 * b1
