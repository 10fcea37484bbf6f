"""The types of a scenario file's values: texts with units become whole numbers in base units, names are checked.

Each type carries its own pattern and example into the JSON Schema. `registered` fetches a default from the assumption
register, so that no default stands in the schema itself.
"""

from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

from models.assumptions import default, find
from sim.units import EXAMPLES, MIB, MOST, PATTERNS, UnitError, human_bytes, parse

MOST_IO_BYTES = 64 * MIB
"""Of an I/O, a grain, a chunk, a tool's block: as in recorded traces. Times of transfer stay far below 64 bits."""
NAME_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$"


class Table(BaseModel):
    """A table of the scenario file: unknown keys are mistakes, and no value is converted behind the writer's back."""

    model_config = ConfigDict(extra="forbid", strict=True, validate_default=True)


def registered(key: str, **more: Any) -> Any:
    """A field whose default, and the reason for it, stand in the assumption register under `key`."""
    row = find(key)
    value: object = {"true": True, "false": False}.get(row.value, row.value)
    if row.dimension == "count" and row.value != "none":
        value = default(key)
    elif row.dimension == "number":
        value = float(row.value)
    note = f"{row.note}. Default from: {row.source} ({row.grade})"
    return Field(default=value, description=note, **more)


def _quantity(
    dimension: str, least: int = 0, none: bool = False, most: int = MOST
) -> tuple[BeforeValidator, WithJsonSchema]:
    """A validator and a JSON Schema for a quantity of `dimension`, from `least` to `most` base units; "none": 0."""
    example = EXAMPLES[dimension]

    def check(value: object) -> object:
        if none and value == "none":
            return 0
        if not isinstance(value, str):
            raise PydanticCustomError("quantity", "needs a text with a unit, write for example {example}",
                                      {"example": f'"{example}"'})  # fmt: skip
        found = _in_range(_parsed(value, dimension), dimension, least, none)
        if found > most:
            raise PydanticCustomError("most", "is more than {most}, the largest I/O there is, write a smaller one",
                                      {"most": human_bytes(most)})  # fmt: skip
        return found

    pattern = PATTERNS[dimension] + ("|^none$" if none else "")
    schema = {"type": "string", "pattern": pattern, "examples": [example, *(["none"] if none else [])]}
    return BeforeValidator(check), WithJsonSchema(schema)


def _parsed(text: str, dimension: str) -> int:
    try:
        return parse(text, dimension)
    except UnitError as error:
        raise PydanticCustomError("unit", "{text}", {"text": str(error)}) from None


def _in_range(value: int, dimension: str, least: int, none: bool) -> int:
    if value < least:
        raise PydanticCustomError("least", 'is zero, write a larger one or "none"' if none else
                                  "is zero, write a larger one")  # fmt: skip
    if dimension == "percentage" and value > 1_000_000:
        raise PydanticCustomError("most", "is more than 100 %, write at most 100 %")
    return value


def _number(value: object) -> object:
    """A plain number to thousandths; texts are refused, so that "2:1" is not half understood."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise PydanticCustomError("number", "is not a number, write one without quotes, for example 1.5")
    if not 0 <= value <= 10**6:  # also refuses nan
        raise PydanticCustomError("number", "is out of range, write a number from 0 to 1000000")
    return _parsed(format(value, "f"), "number")


def _shares(value: object) -> object:
    """Shares by preset name or as a number."""
    if isinstance(value, str):
        if value not in ("low", "normal", "high"):
            raise PydanticCustomError("shares", 'is no preset, write "low", "normal", "high" or a whole number')
        return default(f"disk.shares.{value}")
    if isinstance(value, bool) or not isinstance(value, int):
        raise PydanticCustomError("shares", 'is not a whole number, write one, or "low", "normal" or "high"')
    return value


def _count_or_none(value: object) -> object:
    """A whole number from 1 on; "none" means 0."""
    if value == "none":
        return 0
    if isinstance(value, bool) or not isinstance(value, int):
        raise PydanticCustomError("count", 'is not a whole number, write one, or "none"')
    if value < 1:
        raise PydanticCustomError("least", 'is too small, write at least 1, or "none"')
    return value


def _name(value: object) -> object:
    if isinstance(value, str) and not _fits(value):
        raise PydanticCustomError("name", "is no usable name, use letters, digits, dots, hyphens and underscores, "
                                  "at most 63")  # fmt: skip
    return value


def _fits(name: str) -> bool:
    plain = name.replace(".", "").replace("-", "").replace("_", "")
    return name[:1].isalnum() and name.isascii() and len(name) <= 63 and (plain.isalnum() or not plain)


Time = Annotated[int, *_quantity("time")]
LongTime = Annotated[int, *_quantity("time", least=1)]
TimeOrNone = Annotated[int, *_quantity("time", least=1, none=True)]
Size = Annotated[int, *_quantity("size")]
FullSize = Annotated[int, *_quantity("size", least=1)]
IoSize = Annotated[int, *_quantity("size", least=1, most=MOST_IO_BYTES)]
SizeOrNone = Annotated[int, *_quantity("size", least=1, none=True)]
Rate = Annotated[int, *_quantity("rate", least=1)]
RateOrNone = Annotated[int, *_quantity("rate", least=1, none=True)]
Iops = Annotated[int, *_quantity("iops")]
IopsOrNone = Annotated[int, *_quantity("iops", least=1, none=True)]
PositiveIops = Annotated[int, *_quantity("iops", least=1)]
Percentage = Annotated[int, *_quantity("percentage")]
Number = Annotated[int, BeforeValidator(_number), WithJsonSchema({"type": "number", "minimum": 0})]
Ratio = Annotated[int, BeforeValidator(_number), Field(ge=1),
                  WithJsonSchema({"type": "number", "exclusiveMinimum": 0})]  # fmt: skip
Count = Annotated[int, Field(ge=0, le=10**9)]
Credit = Annotated[int, Field(ge=0, le=10**6)]
Positive = Annotated[int, Field(ge=1, le=10**9)]
CountOrNone = Annotated[int, BeforeValidator(_count_or_none), Field(le=1024), WithJsonSchema(
    {"anyOf": [{"type": "integer", "minimum": 1, "maximum": 1024}, {"enum": ["none"]}]})]  # fmt: skip
DepthOrNone = Annotated[int, BeforeValidator(_count_or_none), Field(le=10**6), WithJsonSchema(
    {"anyOf": [{"type": "integer", "minimum": 1, "maximum": 10**6}, {"enum": ["none"]}]})]  # fmt: skip
Seed = Annotated[int, Field(ge=0, lt=2**63)]
Shares = Annotated[int, BeforeValidator(_shares), Field(ge=1, le=10**9), WithJsonSchema(
    {"anyOf": [{"enum": ["low", "normal", "high"]}, {"type": "integer", "minimum": 1}]})]  # fmt: skip
Name = Annotated[str, BeforeValidator(_name), Field(json_schema_extra={"pattern": NAME_PATTERN})]
