"""Prints tables: a verdict, drawn on a terminal and plain elsewhere, and the assumption register."""

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from experiments.compare import Comparison
from experiments.verdict import Line, legend, lines, pairs
from models.assumptions import Assumption

if TYPE_CHECKING:
    from rich.table import Table


def print_verdict(comparison: Comparison) -> None:
    """The headline table, how to read it, and what must be known before believing it, on standard output."""
    differences = tuple(f"{arm} - {base}" for arm, base in pairs(comparison))
    rows = lines(comparison)
    print(f"{comparison.scenario.title} ({comparison.scenario.name}, seed {comparison.seed})")
    if sys.stdout.isatty():
        _print_drawn(rows, comparison.arms, differences)
    else:
        print(
            aligned([("", *comparison.arms, *differences), *((row.title, *row.arms, *row.differences) for row in rows)])
        )
    print(legend(comparison))
    for note in comparison.notes:
        print(f"Note: {note}")


def print_assumptions(register: Sequence[Assumption]) -> None:
    """Every default: its value and range, grade and source, one below the other."""
    for row in register:
        span = "" if row.low == row.high else f" ({row.low} to {row.high})"
        print(f"{row.key} = {row.value}{span}  [{row.grade}]")
        print(f"    {row.source}")
        if row.note:
            print(f"    {row.note}")


def aligned(rows: Sequence[Sequence[str]]) -> str:
    """Columns under each other: the first to the left, the others to the right."""
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    return "\n".join(_padded(row, widths).rstrip() for row in rows)


def _padded(row: Sequence[str], widths: Sequence[int]) -> str:
    first, *others = (cell.rjust(width) for cell, width in zip(row, widths, strict=True))
    return "  ".join((row[0].ljust(len(first)), *others))


def _print_drawn(rows: Sequence[Line], arms: Sequence[str], differences: Sequence[str]) -> None:
    """One table where the terminal is wide enough, else one for the arms and one for the differences."""
    from rich.console import Console
    from rich.measure import Measurement

    console = Console()
    whole = _table([*arms, *differences], [(row.title, *row.arms, *row.differences) for row in rows])
    if Measurement.get(console, console.options.update(max_width=1000), whole).maximum <= console.width:
        console.print(whole)
        return
    console.print(_table(arms, [(row.title, *row.arms) for row in rows]))
    compared = [(row.title, *row.differences) for row in rows if set(row.differences) != {"-"}]
    if differences:
        console.print(_table(differences, compared))


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> "Table":
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("")
    for name in head:
        table.add_column(Text(name), justify="right")
    for row in rows:
        table.add_row(*map(Text, row))
    return table
