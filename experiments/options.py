"""The options that every simulating command has, and the kinds of values they take."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter, Token, validators


def _whole(_: object, tokens: Sequence[Token]) -> int:
    """The number that was written; 1.5 is none (cyclopts would round it and say nothing)."""
    text = tokens[0].value
    if re.fullmatch(r"[+-]?[0-9]{21,}", text):
        raise ValueError(f'"{text[:40]}" is too large')
    if re.fullmatch(r"[+-]?[0-9]{1,20}", text) is None:
        raise ValueError(f'"{text[:40]}" is no whole number')
    return int(text)


Flag = Annotated[bool, Parameter(negative=(), show_default=False)]
Files = Annotated[list[Path] | None, Parameter(negative=())]
Count = Annotated[int | None, Parameter(converter=_whole, validator=validators.Number(gte=1))]
Amount = Annotated[int, Parameter(converter=_whole, validator=validators.Number(gte=1))]
Whole = Annotated[int | None, Parameter(converter=_whole, validator=validators.Number(gte=0))]
Seed = Annotated[int | None, Parameter(converter=_whole, validator=validators.Number(gte=0, lt=2**63))]


@Parameter(name="*")
@dataclass(frozen=True)
class Options:
    """Options of every command that simulates."""

    seed: Seed = None
    """Seed of all randomness, instead of the scenario's."""

    replications: Count = None
    """Number of replications, instead of the scenario's."""

    workers: Count = None
    """Number of processes, by default one a processor; the result does not depend on it."""

    engine: Literal["compiled", "simpy", "both"] | None = None
    """What carries the I/Os, instead of the scenario's choice: "compiled" is fast, "simpy" readable; the result is the
    same. "both" runs everything with either and stops at the first difference."""

    out: Path = Path("results")
    """Folder to put the result folder into."""

    json: Flag = False
    """Print the result as JSON on standard output."""

    force: Flag = False
    """Replace an existing result folder."""

    no_report: Flag = False
    """Write tables only: no charts, no report.html."""


@Parameter(name="*")
@dataclass(frozen=True)
class StudyOptions:
    """Options of every command that does many runs. None but the seed changes a result."""

    seed: Seed = None
    """Seed of all randomness, instead of the scenario's."""

    workers: Count = None
    """Number of processes, by default one a processor."""

    cluster: str | None = None
    """Address of a Dask scheduler whose workers do the runs, for example tcp://10.0.0.5:8786."""

    engine: Literal["compiled", "simpy"] | None = None
    """What carries the I/Os, instead of the scenario's choice."""

    out: Path = Path("results")
    """Folder to put the result folder into."""

    store: Path | None = None
    """SQLite file that keeps every finished run, by default runs.sqlite in the folder of --out. Runs that it has are
    not run again."""

    json: Flag = False
    """Print the result as JSON on standard output."""

    force: Flag = False
    """Replace an existing result folder."""

    no_report: Flag = False
    """Write tables only: no charts, no report.html."""

    parquet: Flag = False
    """Write each table as a Parquet file, too (needs duckdb)."""
