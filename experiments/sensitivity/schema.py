"""The sensitivity file: a scenario, figures, and the entries of the assumption register that are to be varied.

Field names are the file's keys. What a single table cannot know is in `experiments.sensitivity.file`.
"""

from typing import Annotated, Any, Literal

from pydantic import Field

from experiments.group_view import ALL_VMS
from experiments.scenario.quantities import Name, Table
from experiments.scenario.schema import ArmName
from experiments.sweep.schema import Value

MOST_ASSUMPTIONS = 40
MOST_ROWS = 4096
MOST_REPLICATIONS = 100
Method = Literal["sobol", "morris"]


class AssumptionTable(Table):
    """One entry that is varied, over the register's range or one of its own."""

    key: str = Field(description="of the register (stunlab assumptions)", examples=["vadp.commit"])
    low: Value | None = Field(default=None, description="instead of the register's, written as in a scenario")
    high: Value | None = Field(default=None, description="instead of the register's")


class SensitivityFile(Table):
    """One question: which assumptions move these figures, and could one flip the verdict between two arms?"""

    name: Name = Field(description="short name, used for the results folder", examples=["what-matters"])
    title: str = Field(default="", description="the question, for reports; absent: the name")
    scenario: str = Field(
        description="scenario file; a relative path starts at this file", examples=["../backup-night.toml"]
    )
    arms: list[ArmName] | None = Field(default=None, min_length=1, description="absent: those of the scenario")
    between: Annotated[list[ArmName], Field(min_length=2, max_length=2)] | None = Field(
        default=None, description="the arms whose difference is the verdict; absent: vadp and vaio if both run"
    )
    metrics: list[str] = Field(min_length=1, description="keys", examples=["guest_p99"])
    group: str = Field(default=ALL_VMS, description="VM group")
    method: Method = Field(default="morris", description="Sobol indices (many runs) or Morris screening (few)")
    size: Annotated[int, Field(ge=1, le=MOST_ROWS)] = Field(
        default=8, description="rows of a Sobol design (a power of two), or walks of a screening"
    )
    replications: Annotated[int, Field(ge=1, le=MOST_REPLICATIONS)] | None = Field(
        default=None, description="of each point; absent: the scenario's"
    )
    assumption: list[AssumptionTable] = Field(
        min_length=1, max_length=MOST_ASSUMPTIONS, description="the entries, each by its key"
    )


def json_schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of a sensitivity file."""
    schema = SensitivityFile.model_json_schema()
    return {"$schema": "https://json-schema.org/draft/2020-12/schema"} | schema
