"""Prints rows: two lines each on the terminal, or one JSON list."""

import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import asdict

from experiments.validate.row import Row, relative

MARKS = {"pass": "ok  ", "fail": "FAIL", "not run": "-   "}


def number(value: float) -> str:
    """Four significant digits, whole numbers whole; "-" for nan."""
    if math.isnan(value):
        return "-"
    return f"{value:.0f}" if value == round(value) and abs(value) < 1e7 else f"{value:.4g}"


def lines(row: Row) -> Iterator[str]:
    """The two lines of a row."""
    if row.verdict == "not run":
        yield f"{MARKS[row.verdict]}  {row.claim}: not run ({row.why})"
        return
    part = relative(row)
    off = "" if math.isnan(part) else f" ({part * 100:+.2f} %)"
    yield f"{MARKS[row.verdict]}  {row.claim}"
    yield (
        f"      {row.kind}: expected {number(row.expected)}, simulated {number(row.simulated)} {row.unit}, "
        f"error {number(row.error)}{off}, tolerance {number(row.tolerance)} [{row.why}]; source: {row.source}"
    )


def summary(rows: Sequence[Row]) -> str:
    """How many rows of each verdict and kind."""
    ran = [row for row in rows if row.verdict != "not run"]
    failed = sum(row.verdict == "fail" for row in ran)
    parts = []
    for kind in ("predicted", "calibrated"):
        of_kind = [row for row in ran if row.kind == kind]
        parts.append(f"{sum(row.verdict == 'pass' for row in of_kind)} of {len(of_kind)} {kind} rows hold")
    return f"{', '.join(parts)}; {failed} failed, {len(rows) - len(ran)} not run"


def text(sections: Sequence[tuple[str, Sequence[Row]]]) -> str:
    """All rows under their section's heading, and the summary."""
    out: list[str] = []
    for title, rows in sections:
        out += ["", title, "-" * len(title), *(line for row in rows for line in lines(row))]
    return "\n".join([*out, "", summary([row for _, rows in sections for row in rows])])


def as_json_text(sections: Sequence[tuple[str, Sequence[Row]]]) -> str:
    """A list of objects, one a row, with its section; numbers that do not exist are null."""
    objects = [
        {"section": title} | {key: None if _missing(value) else value for key, value in asdict(row).items()}
        for title, rows in sections
        for row in rows
    ]
    return json.dumps(objects, indent=1)


def _missing(value: object) -> bool:
    return isinstance(value, float) and math.isnan(value)
