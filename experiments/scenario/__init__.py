"""Scenario files: TOML in, a frozen `models.scenario.Scenario` out, or all mistakes at once, each with its place.

`load` reads a file, `build` takes the same keys from a plain dictionary. pydantic is imported only when one is called.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from experiments.engines import by_default
from experiments.scenario.settings import Setting
from models.scenario import Engine, Scenario


@dataclass(frozen=True)
class Overrides:
    """What the command line or a sweep may change in a scenario; None leaves it as it is."""

    seed: int | None = None
    replications: int | None = None
    duration: str | None = None  # with its unit
    trace: Path | None = None  # file of recorded I/O ...
    trace_group: str | None = None  # ... that becomes the I/O of this VM group's first disk
    settings: tuple[Setting, ...] = ()  # fields by name, as sweeps set them


@dataclass(frozen=True)
class Loaded:
    """A scenario, what looks wrong in it but is possible, and the engine: no part of what it describes."""

    scenario: Scenario
    warnings: list[str]  # each with its place, for whoever edits the file
    remarks: list[str] = field(default_factory=list)  # the same without: a result names no files
    engine: Engine = field(default_factory=by_default)


def load(path: Path, overrides: Overrides | None = None) -> Loaded:
    """The scenario in a TOML file. Raises InputError with every mistake of the file, each with its place."""
    from experiments.scenario.edge import from_text
    from experiments.scenario.source import read_text

    return from_text(read_text(path), path, overrides or Overrides())


def build(data: dict[str, Any], overrides: Overrides | None = None) -> Scenario:
    """The scenario that a dictionary with a file's keys describes. Raises InputError; traces are relative to here.

    Its engine is checked and forgotten: name one to whoever runs the scenario.
    """
    from experiments.scenario.edge import from_data

    return from_data(data, overrides or Overrides()).scenario


def json_schema() -> dict[str, Any]:
    """The JSON Schema of scenario files."""
    from experiments.scenario.schema import json_schema

    return json_schema()
