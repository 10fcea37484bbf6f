"""Quantities as people write them ("8 KiB", "200 MB/s", "15 min", "60 %") to whole numbers in one base unit, and back.

Exact (fractions, rounded once, half to even) and dimension-checked. Spelling is strict, because mb, Mb and MB mean
different things; whoever spells differently is told what was probably meant. Bytes: kB, MB ... are powers of 1000,
KiB, MiB ... powers of 1024. Left out: compound quantities ("1 h 30 min"), thousands separators, exponents.
"""

import difflib
import re
from fractions import Fraction

NS_PER_S = 1_000_000_000
KIB = 1 << 10
MIB = 1 << 20
GIB = 1 << 30

MOST = 2**62
"""No quantity is larger: sums of a few still fit 64 bits."""

_TIMES = {"ns": 1, "us": 10**3, "µs": 10**3, "ms": 10**6, "s": 10**9, "min": 60 * 10**9, "h": 3600 * 10**9,
          "d": 86400 * 10**9}  # fmt: skip
_SIZES = {"B": 1, "kB": 10**3, "KiB": KIB, "MB": 10**6, "MiB": MIB, "GB": 10**9, "GiB": GIB, "TB": 10**12,
          "TiB": 1 << 40}  # fmt: skip
_BITS = {"bit/s": 1, "kbit/s": 10**3, "Mbit/s": 10**6, "Gbit/s": 10**9}

UNITS: dict[str, dict[str, Fraction]] = {
    "time": {unit: Fraction(factor) for unit, factor in _TIMES.items()},
    "size": {unit: Fraction(factor) for unit, factor in _SIZES.items()},
    "rate": {f"{unit}/s": Fraction(factor) for unit, factor in _SIZES.items()}
    | {unit: Fraction(factor, 8) for unit, factor in _BITS.items()},
    "iops": {"iops": Fraction(1), "kiops": Fraction(1000)},
    "percentage": {"%": Fraction(10_000), "ppm": Fraction(1)},
    "number": {"": Fraction(1000)},
    "count": {"": Fraction(1)},
}
"""Per dimension, its units and how many base units each is. Base units: nanoseconds, bytes, bytes per second, I/Os per
second, parts per million, thousandths (number), one (count)."""

EXAMPLES = {"time": "4 ms", "size": "8 KiB", "rate": "200 MB/s", "iops": "2000 iops", "percentage": "60 %",
            "number": "1.5", "count": "32"}  # fmt: skip
_NAMES = {"time": "a time", "size": "a size", "rate": "a bandwidth", "iops": "an I/O rate",
          "percentage": "a percentage", "number": "a number", "count": "a whole number"}  # fmt: skip
_FINEST = {"time": "1 ns", "size": "1 B", "rate": "1 B/s", "iops": "1 iops", "percentage": "1 ppm", "number": "0.001",
           "count": "1"}  # fmt: skip
_USUAL = {"time": "s", "size": "MiB", "rate": "MB/s", "iops": "iops", "percentage": "%"}
_WORDS = {"sec": "s", "secs": "s", "second": "s", "seconds": "s", "msec": "ms", "usec": "us", "nsec": "ns",
          "minute": "min", "minutes": "min", "mins": "min", "hour": "h", "hours": "h", "hr": "h", "day": "d",
          "days": "d", "bytes": "B", "byte": "B", "percent": "%", "pct": "%", "io/s": "iops", "ios": "iops",
          "μs": "µs"}  # fmt: skip
_QUANTITY = re.compile(r"([+-]?)([0-9]{1,20}(?:\.[0-9]{1,20})?)[ \t]*([^0-9\s.,_+-].{0,29})?", re.ASCII)
PATTERNS = {
    name: r"^\s*[0-9]+(\.[0-9]+)?\s*" + "(" + "|".join(re.escape(unit) for unit in units) + r")\s*$"
    for name, units in UNITS.items()
}
"""Per dimension a regular expression for editors; `parse` is the judge."""


class UnitError(ValueError):
    """A text that is no quantity of the dimension asked for. Its message says what is wrong and what to write."""


def parse(text: str, dimension: str) -> int:
    """The quantity in base units of `dimension` (a key of `UNITS`). Raises UnitError."""
    found = _QUANTITY.fullmatch(text.strip())
    if not found:
        raise UnitError(f'is not {_NAMES[dimension]} ({_shown(text)}), write for example "{EXAMPLES[dimension]}"')
    sign, number, unit = found[1], found[2], found[3] or ""
    if sign:
        raise UnitError(f"has a sign ({_shown(text)}), write it without and not below zero")
    factor = UNITS[dimension].get(unit)
    if factor is None:
        raise UnitError(_unknown(text, number, unit, dimension))
    exact = Fraction(number) * factor
    value = round(exact)
    if dimension == "count" and exact != value:
        raise UnitError(f"is not a whole number ({_shown(text)}), write one")
    if exact and not value:
        raise UnitError(f"is less than {_FINEST[dimension]}, the finest there is ({_shown(text)}), write more or 0")
    if value > MOST:
        raise UnitError(f"is too large ({_shown(text)}), write a smaller one")
    return value


def _unknown(text: str, number: str, unit: str, dimension: str) -> str:
    """The message for a unit that this dimension does not have: looks through all dimensions before it guesses."""
    example = EXAMPLES[dimension]
    if not unit:
        return f'has no unit ({_shown(text)}), write for example "{number} {_USUAL[dimension]}"'
    if dimension in ("number", "count"):
        return f"is not {_NAMES[dimension]} ({_shown(text)}), write it without a unit, for example {example}"
    for other, units in UNITS.items():
        if unit in units:
            return f'is {_NAMES[other]}, not {_NAMES[dimension]} ({_shown(text)}), write for example "{example}"'
    meant = _meant(unit, dimension)
    if not meant:
        return f'has an unknown unit ({_shown(text)}), write for example "{example}"'
    advice = " or ".join(f'"{number} {spelling}"' for spelling in meant)
    if meant[0] in UNITS[dimension]:
        return f"has an unknown unit ({_shown(text)}), did you mean {advice}?"
    actual = next(_NAMES[other] for other, units in UNITS.items() if meant[0] in units)
    return (f"has an unknown unit ({_shown(text)}), did you mean {advice}? That is {actual}, "
            f'and {_NAMES[dimension]} is due here, for example "{example}"')  # fmt: skip


def _meant(unit: str, dimension: str) -> list[str]:
    """The known units that `unit` may stand for: other case or blanks in any dimension, then beginnings, then likes."""
    folded = "".join(unit.split()).casefold()
    own = list(UNITS[dimension])
    every = own + [known for units in UNITS.values() for known in units if known not in own]
    same = [known for known in every if known and known.casefold() == folded]
    prefix = "k" if folded[0] == "k" else folded[0].upper()
    if same and folded in ("kb/s", "mb/s", "gb/s") and "b" in unit:
        same.append(f"{prefix}bit/s")
    if folded in ("kbps", "mbps", "gbps"):
        same = [f"{prefix}B/s"] if "B" in unit else [f"{prefix}bit/s", f"{prefix}B/s"]
    if same or folded in _WORDS:
        return same or [_WORDS[folded]]
    begin = [known for known in own if known.casefold().startswith(folded)]
    return begin[:2] or difflib.get_close_matches(unit, own, 1) or difflib.get_close_matches(unit, every, 1)


def _shown(text: str) -> str:
    """The text for a message: one line, not too long."""
    flat = " ".join(text.split()).encode("unicode_escape").decode() if not text.isprintable() else text.strip()
    return flat if len(flat) <= 40 else f"{flat[:37]}..."


def human_time(ns: int) -> str:
    """A time to three digits in a fitting unit: "4 ms", "0.6 s" as "600 ms", "2.5 min"."""
    steps = [("ns", 1), ("µs", 10**3), ("ms", 10**6), ("s", 10**9), ("min", 60 * 10**9), ("h", 3600 * 10**9)]
    later = {"min": 120 * 10**9, "h": 120 * 60 * 10**9}  # up to these the smaller unit reads better
    return _human(ns, steps, later)


def human_bytes(size: int) -> str:
    """A size to three digits in powers of 1024: "8 KiB", "1.5 GiB"."""
    return _human(size, [("B", 1), ("KiB", KIB), ("MiB", MIB), ("GiB", GIB), ("TiB", 1 << 40)], {})


def human_rate(bytes_per_s: int) -> str:
    """A bandwidth to three digits in powers of 1000: "200 MB/s"."""
    return _human(bytes_per_s, [("B/s", 1), ("kB/s", 10**3), ("MB/s", 10**6), ("GB/s", 10**9)], {})


def _human(value: int, steps: list[tuple[str, int]], later: dict[str, int]) -> str:
    size = abs(value)
    unit, factor = [step for step in steps if size >= later.get(step[0], step[1])][-1] if size else steps[0]
    scaled = size / factor
    digits = 0 if scaled >= 99.95 or factor == 1 else 1 if scaled >= 9.995 else 2
    number = f"{scaled:.{digits}f}"
    number = number.rstrip("0").rstrip(".") if "." in number else number
    return f"{'-' if value < 0 else ''}{number} {unit}"
