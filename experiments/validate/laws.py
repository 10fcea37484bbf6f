"""Reads data/qemu/laws.csv: what was measured on a real block layer, one row a configuration."""

import csv
from pathlib import Path
from typing import NamedTuple

from experiments.errors import InputError
from experiments.validate.row import Claim, Row, Slack, not_run, share

FILE = Path("qemu") / "laws.csv"
NUMBERS = ("predicted", "measured_median", "measured_min", "measured_max")
COLUMNS = ("law", "configuration", "statement", "unit", *NUMBERS)
SETTINGS = {
    "A1.closed_loop": ("device", "qd"),
    "A2.open_loop_fifo": ("device", "rho"),
    "B1.": ("cluster",),
    "B2.": ("cluster", "device", "qd", "phase", "n"),
    "B3.": ("cluster",),
    "B4.": ("device", "qd", "depth", "layer_fill"),
    "C1.": ("N", "D0", "w", "c"),
    "D1.unique_bytes_fio": ("n", "g"),
    "E2.": ("granularity", "rate", "bps", "iops", "dist", "mode"),
}
"""What the configuration of a compared row must name, by the start of its law."""


class Measured(NamedTuple):
    """One row of the file."""

    law: str
    machine: str  # the configuration: "device=... mix=... qd=..."
    statement: str
    unit: str
    predicted: float
    median: float
    low: float  # the least and the greatest of its repeats
    high: float

    def setting(self, name: str) -> str:
        """The value after `name=` in the configuration."""
        return next(part.removeprefix(f"{name}=") for part in self.machine.split() if part.startswith(f"{name}="))


def present(data: Path | None) -> bool:
    """Whether there is such a file."""
    return data is not None and (data / FILE).is_file()


def check(data: Path | None) -> None:
    """Raises InputError with every mistake of the file; an absent file is none."""
    if data is None or not present(data):
        return
    place = data / FILE
    try:
        with place.open(newline="", encoding="utf-8") as file:
            table = csv.DictReader(file)
            lacking = [name for name in COLUMNS if name not in (table.fieldnames or [])]
            mistakes = [f"{place}:1:1: columns: missing ({', '.join(lacking)}), restore the file"] if lacking else []
            if not lacking:
                mistakes = [f"{place}:{table.line_num}:1: {wrong}" for row in table if (wrong := _mistake(row))]
    except (OSError, UnicodeDecodeError, csv.Error) as problem:
        raise InputError([f"{place}:1:1: cannot be read as a table ({problem}), restore the file"]) from None
    if mistakes:
        raise InputError(mistakes)


def _mistake(row: dict[str, str | None]) -> str:
    """What is wrong in one line; '' if nothing."""
    if not row["measured_median"]:
        return ""
    for name in NUMBERS:
        try:
            float(row[name] or "")
        except ValueError:
            return f"{name}: is not a number ({row[name]}), restore the line"
    law, configuration = row["law"] or "", row["configuration"] or ""
    named = {part.split("=")[0] for part in configuration.split() if "=" in part}
    for start, settings in SETTINGS.items():
        if law.startswith(start) and not named.issuperset(settings):
            return f"configuration: does not name {', '.join(settings)} ({configuration}), restore the line"
    return ""


def read(data: Path) -> list[Measured]:
    """All rows with a measured value, of a file that `check` accepts."""
    with (data / FILE).open(newline="", encoding="utf-8") as file:
        return [_measured(row) for row in csv.DictReader(file) if row["measured_median"]]


def _measured(row: dict[str, str]) -> Measured:
    numbers = (float(row[name]) for name in NUMBERS)
    return Measured(row["law"], row["configuration"], row["statement"], row["unit"], *numbers)


def of_law(data: Path, *laws: str) -> list[Measured]:
    """Rows of those laws, in the file's order."""
    return [row for row in read(data) if row.law in laws]


def missing(law_name: str, data: Path | None) -> list[Row]:
    """The one row that says that a law's data is absent."""
    where = "no data directory given: use --data" if data is None else f"there is no {data / FILE}"
    return [not_run(Claim(f"QEMU law {law_name}", "data/qemu/laws.csv", ""), where)]


def claim_of(row: Measured) -> Claim:
    """What a measured row says."""
    when = f", t={row.statement.split('t=')[1].split(' ')[0]}" if " at t=" in row.statement else ""
    return Claim(f"QEMU {row.law}, {row.machine}{when}", "data/qemu/laws.csv (QEMU 7.2, measured)", row.unit)


def measured(row: Measured, part: float, why: str) -> Slack:
    """That share of the measured median, or half the spread of the row's repeats where that is wider."""
    spread = (row.high - row.low) / 2
    if spread > part * abs(row.median):
        return Slack(spread, f"half the spread of the repeats, {row.low:g} to {row.high:g}, is wider than {part:.0%}")
    return share(row.median, part, f"{why}; repeats {row.low:g} to {row.high:g}")
