"""Named random streams: randomness belongs to the scenario and is addressed by name.

(root seed, replicate, entity, purpose) -> one Philox stream, independent of creation order. Nothing does arithmetic on
seeds. Draws are uniforms in (0, 1), a fixed number of words per ordinal; distributions come by inverse CDF, so that
the same ordinal draws the same words whatever else happens.
"""

from collections.abc import Iterator
from hashlib import blake2b

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

BLOCK = 512
"""Ordinals drawn at once: per-call overhead is spread over them."""


def philox(seed: int, replicate: int, entity: str, purpose: str) -> np.random.Philox:
    """The bit generator of that name. Equal names give equal streams, different names independent ones."""
    name = f"{seed}\x1f{replicate}\x1f{entity}\x1f{purpose}".encode()
    return np.random.Philox(key=int.from_bytes(blake2b(name, digest_size=16).digest(), "little"))


def uniforms(bits: np.random.Philox, ordinals: int, words: int) -> Floats:
    """The next `ordinals` rows of `words` uniforms, strictly inside (0, 1)."""
    raw = bits.random_raw(ordinals * words).reshape(ordinals, words)
    raw >>= np.uint64(12)  # 52 bits: one more would round up to 1.0
    u: Floats = raw.view(np.int64).astype(np.float64)
    u += 0.5
    u *= 2.0**-52
    return u


class Drawn:
    """The next rows of raw words of a generator; `drawn[k]` are the uniforms of word k of each, made when asked for."""

    def __init__(self, bits: np.random.Philox, ordinals: int, words: int) -> None:
        self._raw = bits.random_raw(ordinals * words).reshape(ordinals, words)
        self._columns: dict[int, Floats] = {}

    def __len__(self) -> int:
        return len(self._raw)

    def __getitem__(self, word: int) -> Floats:
        if word not in self._columns:
            column = (self._raw[:, word] >> np.uint64(12)).view(np.int64).astype(np.float64)
            column += 0.5
            column *= 2.0**-52
            self._columns[word] = column
        return self._columns[word]


def uniform_stream(seed: int, replicate: int, entity: str, purpose: str) -> Iterator[float]:
    """An endless stream of single uniforms in (0, 1)."""
    bits = philox(seed, replicate, entity, purpose)
    while True:
        yield from uniforms(bits, BLOCK, 1)[:, 0].tolist()


def exponential(u: Floats) -> Floats:
    """Unit-mean exponentials."""
    return -np.log1p(-u)


def exponential_of(u: float) -> float:
    """One unit-mean exponential: the scalar twin of `exponential`, bit for bit."""
    return float(-np.log1p(-u))
