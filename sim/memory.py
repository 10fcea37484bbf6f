"""A flat memory from Python's side: takes words, places states, grows. Compiled code sees it through `sim.flat`.

A state (a NamedTuple of columns) is placed with a directory: where each column begins, then how long each is. A column
called `pool` is the whole memory: its indices are addresses. `fetch` gives the columns back as arrays, good until the
memory grows.
"""

from typing import Any, NamedTuple, TypeVar, cast

import numpy as np
import numpy.typing as npt

Words = npt.NDArray[np.int64]
State = TypeVar("State", bound=NamedTuple)

BREAK = 0
"""The word that holds the first address not taken yet."""
POOL = "pool"


class FlatMemory:
    """Words that are 0 until someone writes them. Address 0 is the record of the world, whose first word is BREAK.

    There are many from the beginning: those that nobody has written take no memory.
    """

    def __init__(self, world_words: int, words: int = 1 << 24) -> None:
        self.words: Words = np.zeros(max(words, world_words), dtype=np.int64)
        self.words[BREAK] = world_words
        self._free: dict[int, list[int]] = {}  # by size

    def take(self, count: int) -> int:
        """The address of so many words more, all 0."""
        at = int(self.words[BREAK])
        self.grow(at + count)
        self.words[BREAK] = at + count
        return at

    def grow(self, least: int) -> None:
        """There is room for `least` words."""
        size = len(self.words)
        if least > size:
            while size < least:
                size *= 4  # what is not written takes no memory; what is copied takes time
            words = np.zeros(size, dtype=np.int64)
            words[: len(self.words)] = self.words
            self.words = words

    def borrow(self, values: Words) -> int:
        """The address of a copy of `values`, in words that `give_back` has returned where there are any."""
        size = 1 << max(0, len(values) - 1).bit_length()
        stock = self._free.get(size)
        at = stock.pop() if stock else self.take(size)
        self.words[at : at + len(values)] = values
        return at

    def give_back(self, at: int, length: int) -> None:
        """What was borrowed for so many values is free again."""
        self._free.setdefault(1 << max(0, length - 1).bit_length(), []).append(at)

    def row(self, values: list[int]) -> int:
        """The address of these words."""
        at = self.take(len(values))
        self.words[at : at + len(values)] = values
        return at

    def place(self, state: Any) -> int:
        """The address of the directory of a copy of `state`."""
        fields = state._fields
        at = self.take(2 * len(fields))
        for i, (name, column) in enumerate(zip(fields, state, strict=True)):
            if name != POOL:
                self.words[at + i] = self.row(list(column))
                self.words[at + len(fields) + i] = len(column)
        return at

    def fetch(self, kind: type[State], at: int) -> State:
        """The state whose directory is at that address, as views of the memory; good until it grows."""
        count = len(kind._fields)
        places = self.words[at : at + 2 * count].tolist()
        columns = [
            self.words if name == POOL else self.words[start : start + length]
            for name, start, length in zip(kind._fields, places[:count], places[count:], strict=True)
        ]
        return cast(State, cast(Any, kind)(*columns))


class Fields:
    """The words of one kind of record, by name."""

    def __init__(self, fields: str) -> None:
        self.places = {name: place for place, name in enumerate(fields.split())}

    def new(self, memory: FlatMemory, extra: int = 0) -> "Record":
        """A fresh record, all 0, with so many words behind it."""
        return Record(memory, memory.take(len(self.places) + extra), self.places)

    def at(self, memory: FlatMemory, address: int) -> "Record":
        """The record at that address."""
        return Record(memory, address, self.places)


class Record:
    """A record as an object: its words are attributes, whole numbers of Python's."""

    __slots__ = ("address", "memory", "places")

    def __init__(self, memory: FlatMemory, address: int, places: dict[str, int]) -> None:
        object.__setattr__(self, "memory", memory)
        object.__setattr__(self, "address", address)
        object.__setattr__(self, "places", places)

    def __getattr__(self, name: str) -> Any:
        try:
            return self.memory.words.item(self.address + self.places[name])
        except KeyError:
            raise AttributeError(name) from None

    def __setattr__(self, name: str, value: int) -> None:
        self.memory.words[self.address + self.places[name]] = value

    def set(self, **values: int) -> "Record":
        """Several words at once."""
        for name, value in values.items():
            setattr(self, name, value)
        return self
