"""One row of the assumption register."""

from typing import Literal, NamedTuple

Grade = Literal["documented", "measured", "reported", "inferred", "guess"]
"""Documented by the vendor that owns the behaviour; measured and published by others; reported in a forum or blog;
inferred by arithmetic from such facts; our guess (nobody published it, or it is a setting and no fact at all)."""


class Assumption(NamedTuple):
    """A default value. `value`, `low` and `high` are texts with their units, as a scenario file would write them."""

    key: str  # "<table>.<key>" of the scenario file
    value: str  # "none": no such limit
    dimension: str  # of sim.units, or "choice"
    low: str  # of the plausible range; the same as `high` where the value is fixed
    high: str
    source: str
    grade: Grade
    note: str
