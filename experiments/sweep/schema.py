"""The sweep file: which fields of a scenario take which values, in which design, how often, until when.

Field names are the file's keys. What a single table cannot know is in `experiments.sweep.checks`.
"""

import math
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

from experiments.group_view import ALL_VMS
from experiments.scenario.quantities import Name, Positive, Table
from experiments.scenario.schema import ArmName
from experiments.study.sequential import LEAST, MOST

MOST_LEVELS = 1000
MOST_POINTS = 4096
MOST_SEQUENTIAL = 100


def _level(value: object) -> object:
    """A value that a field may have: a text, a number, true or false."""
    if isinstance(value, float) and not math.isfinite(value):
        raise PydanticCustomError("level", "is no finite number, write another one")
    if not isinstance(value, str | int | float):
        raise PydanticCustomError("level", "is no single value, write a text, a number, true or false")
    return value


Value = Annotated[Any, BeforeValidator(_level), WithJsonSchema({"type": ["string", "number", "boolean"]})]


class AxisTable(Table):
    """One thing that the sweep changes, and its levels."""

    label: str = Field(default="", description="its name in charts; absent: its key")
    field: str | None = Field(
        default=None, description="of the scenario, for example vm.sql.count", examples=["vm.sql.count"]
    )
    fields: list[str] | None = Field(default=None, min_length=1, description="several that get the same value")
    values: list[Value] | None = Field(
        default=None, min_length=1, max_length=MOST_LEVELS, description="written as in a scenario"
    )
    from_: Value | None = Field(default=None, alias="from", description="the least level")
    to: Value | None = Field(default=None, description="the greatest level")
    steps: Annotated[int, Field(ge=2, le=MOST_LEVELS)] | None = Field(
        default=None, description="of a grid: how many levels from the least to the greatest"
    )
    scale: Literal["linear", "log"] = Field(default="linear", description="how levels are spread, and drawn")


class SettleTable(Table):
    """A figure that is to be known well enough before a point gets no more replications."""

    metric: str = Field(description="its key", examples=["guest_p99"])
    group: str = Field(default=ALL_VMS, description="VM group")
    within: str | None = Field(
        default=None,
        description="half-width of its interval in every arm: a share of the mean, or so much in its unit",
        examples=["5 %"],
    )
    sign: Annotated[list[ArmName], Field(min_length=2, max_length=2)] | None = Field(
        default=None, description="two arms: it is known which of them has more"
    )


class ReplicationTable(Table):
    """How often each point is run: a fixed number, or until its targets are settled."""

    count: Annotated[Positive, Field(le=MOST)] | None = Field(
        default=None, description="a fixed number; absent, and nothing to settle: the scenario's"
    )
    least: Annotated[int, Field(ge=2, le=MOST)] | None = Field(
        default=None, description=f"replications before the first look; absent: {LEAST}"
    )
    most: Annotated[int, Field(ge=2, le=MOST)] | None = Field(
        default=None, description=f"replications of a point; absent: {MOST_SEQUENTIAL}"
    )
    budget: Positive | None = Field(default=None, description="runs of the whole sweep; absent: no limit")
    settle: list[SettleTable] = Field(default_factory=list, description="what is to be settled")


class SweepFile(Table):
    """One sweep: a scenario, what changes in it, and what is to be known."""

    name: Name = Field(description="short name, used for the results folder", examples=["backup-interval"])
    title: str = Field(default="", description="the question, for reports; absent: the name")
    scenario: str = Field(
        description="scenario file; a relative path starts at the sweep file", examples=["../demo.toml"]
    )
    arms: list[ArmName] | None = Field(default=None, min_length=1, description="absent: those of the scenario")
    design: Literal["grid", "latin hypercube", "sobol"] = Field(
        default="grid", description="every combination of levels, or a sample of them"
    )
    points: Annotated[int, Field(ge=1, le=MOST_POINTS)] | None = Field(
        default=None, description="of a sample: how many"
    )
    block: Annotated[int, Field(ge=1, le=MOST_POINTS)] | None = Field(
        default=None, description="of a Latin hypercube: points that spread evenly together; absent: all"
    )
    metrics: list[str] | None = Field(default=None, min_length=1, description="keys, in order; absent: all")
    groups: list[str] | None = Field(default=None, min_length=1, description="VM groups; absent: all")
    warmup: Literal["scenario", "mser-5"] = Field(
        default="scenario", description="the scenario's, or found for each point by MSER-5 on a pilot run"
    )
    replication: ReplicationTable = Field(default_factory=ReplicationTable)
    axis: dict[Name, AxisTable] = Field(min_length=1, description="what changes, by name")


def json_schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of a sweep file."""
    schema = SweepFile.model_json_schema()
    return {"$schema": "https://json-schema.org/draft/2020-12/schema"} | schema
