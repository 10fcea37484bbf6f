"""The plan file: what is planned, what must hold, what is not known.

Field names are the file's keys. What a single table cannot know is in `experiments.plan.checks`.
"""

import math
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

from experiments.group_view import ALL_VMS
from experiments.scenario.quantities import Name, Percentage, Positive, Table
from experiments.scenario.schema import ArmName

LEAST, MOST = 10, 40
"""Replications of a level: at the first look, and at the last."""
MOST_REPLICATIONS = 1000


def _value(value: object) -> object:
    """A value that a field or a limit may have: a text or a number."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise PydanticCustomError("level", "is no single quantity, write a number or a text with a unit")
    if isinstance(value, float) and not math.isfinite(value):
        raise PydanticCustomError("level", "is no finite number, write another one")
    return value


Value = Annotated[Any, BeforeValidator(_value), WithJsonSchema({"type": ["string", "number"]})]


class UnknownTable(Table):
    """A field of the scenario that is searched (it says what is wanted), or gone through."""

    label: str = Field(default="", description="its name in answers and charts; absent: its key")
    field: str | None = Field(
        default=None, description="of the scenario, for example vm.sql.count", examples=["vm.sql.count"]
    )
    fields: list[str] | None = Field(default=None, min_length=1, description="several that get the same value")
    from_: Value | None = Field(default=None, alias="from", description="the least level")
    to: Value | None = Field(default=None, description="the greatest level")
    step: Value | None = Field(default=None, description="from level to level; absent, of whole numbers: 1")
    values: list[Value] | None = Field(
        default=None, min_length=1, max_length=100, description="levels to go through, instead of from, to and step"
    )
    want: Literal["most", "least"] | None = Field(
        default=None, description="of the one that is searched: the largest or the smallest level that fits"
    )


class ObjectiveTable(Table):
    """What must hold: the mean over replications of a run's figure, on one side of a limit."""

    metric: str = Field(description="its key", examples=["write_p99"])
    group: str = Field(default=ALL_VMS, description="VM group")
    at_most: Value | None = Field(default=None, description="the limit", examples=["10 ms"])
    at_least: Value | None = Field(default=None, description="the limit", examples=["10 %"])


class ReplicationTable(Table):
    """How often a level is run: from `least`, doubled until it is settled, to `most`."""

    least: Annotated[int, Field(ge=2, le=MOST_REPLICATIONS)] = Field(
        default=LEAST, description="replications at the first look"
    )
    most: Annotated[int, Field(ge=2, le=MOST_REPLICATIONS)] = Field(
        default=MOST, description="replications after which an undecided level counts as not fitting"
    )
    confidence: Percentage = Field(default="95 %", description="of the whole answer")  # type: ignore[assignment]
    budget: Positive | None = Field(default=None, description="runs of the whole plan; absent: no limit")


class PlanFile(Table):
    """One plan: a scenario, what is not known in it, and what must hold."""

    name: Name = Field(description="short name, used for the results folder", examples=["vms-per-datastore"])
    title: str = Field(default="", description="the question, for reports; absent: the name")
    scenario: str = Field(
        description="scenario file; a relative path starts at the plan file", examples=["../demo.toml"]
    )
    arm: ArmName | None = Field(default=None, description="what is planned; absent: the scenario's, if it has one")
    arms: list[ArmName] | None = Field(default=None, min_length=1, description="several, each with its own answer")
    unknown: dict[Name, UnknownTable] = Field(
        min_length=1, description="by name: one that is searched, and perhaps one that is gone through"
    )
    objective: list[ObjectiveTable] = Field(min_length=1, description="what must hold")
    replication: ReplicationTable = Field(default_factory=ReplicationTable)


def json_schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of a plan file."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema"} | PlanFile.model_json_schema()
