"""Bloom filters in front of the deltas of a chain: a level that surely does not hold a grain need not be looked up.

One filter a level, of so many bits and hashes. `maybe` is true for every grain that was added, and by mistake for
others with a chance of (1 - e^(-k n / m))^k for k hashes, n grains and m bits. Nothing is ever taken out; a new delta's
filter is empty. The hashes are fixed, so that equal chains make equal mistakes.
Source: KB 83550, SE Sparse read I/O improvements in 7.0 U2 (that there is one; its size is not published).
Bounds: products stay below 2^58.
"""

from typing import NamedTuple

from sim.mechanism import mechanism

BITS, HASHES, WORDS = range(3)
LEVELS = 32
WORD_BITS = 32
LOW_31 = (1 << 31) - 1
FACTOR = 73_244_475
SECOND = 1_640_531_527
"""Added to a grain's number for its second hash."""


class Bloom(NamedTuple):
    """`bits`: 32 of them in a word, level 1's words first."""

    bits: list[int]
    facts: list[int]  # BITS and HASHES of one filter, WORDS it takes


def bloom(bits: int, hashes: int) -> Bloom:
    """Empty filters of so many bits each."""
    words = -(-bits // WORD_BITS)
    return Bloom([0] * (words * LEVELS), [bits, hashes, words])


@mechanism
def _mixed(key: int) -> int:
    """A number below 2^31 that says nothing about its neighbours'."""
    x = (key ^ (key >> 31)) & LOW_31
    x = ((x ^ (x >> 16)) * FACTOR) & LOW_31
    x = ((x ^ (x >> 16)) * FACTOR) & LOW_31
    return x ^ (x >> 16)


@mechanism
def add(s: Bloom, level: int, grain: int) -> None:
    """The level holds the grain."""
    first, step = _mixed(grain), _mixed(grain + SECOND) | 1
    base = (level - 1) * s.facts[WORDS]
    for number in range(s.facts[HASHES]):
        bit = (first + number * step) % s.facts[BITS]
        s.bits[base + bit // WORD_BITS] |= 1 << (bit % WORD_BITS)


@mechanism
def maybe(s: Bloom, level: int, grain: int) -> bool:
    """False when the level surely does not hold the grain."""
    first, step = _mixed(grain), _mixed(grain + SECOND) | 1
    base = (level - 1) * s.facts[WORDS]
    for number in range(s.facts[HASHES]):
        bit = (first + number * step) % s.facts[BITS]
        if not s.bits[base + bit // WORD_BITS] & (1 << (bit % WORD_BITS)):
            return False
    return True


def clear(s: Bloom, level: int) -> None:
    """The level is a new delta: it holds nothing."""
    words = int(s.facts[WORDS])
    for at in range((level - 1) * words, level * words):
        s.bits[at] = 0


def drop(s: Bloom, levels: int) -> None:
    """The lowest so many deltas are gone; those above them are numbered from 1 again."""
    gone = levels * int(s.facts[WORDS])
    s.bits[: len(s.bits) - gone] = s.bits[gone:]
