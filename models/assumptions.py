"""The assumption register: every default of a scenario, with its range, source and grade.

Nothing else in the program holds a default. Rows stand in `models.register`; sources are named by title. Grades:
documented > measured > reported > inferred > guess, see `models.register.row`.
"""

from models.register.backups import BACKUPS
from models.register.fixed import FIXED
from models.register.platform import PLATFORM
from models.register.profiles import PROFILES
from models.register.protection import PROTECTION
from models.register.row import Assumption, Grade
from models.register.snapshots import SNAPSHOTS, TIMERS
from sim.units import parse

__all__ = ["REGISTER", "TIMERS", "Assumption", "Grade", "default", "find"]

REGISTER: tuple[Assumption, ...] = PLATFORM + SNAPSHOTS + PROTECTION + BACKUPS + PROFILES + FIXED
"""All rows, in the order of a scenario file; `fixed.` ones are in no file."""

_BY_KEY = {row.key: row for row in REGISTER}


def find(key: str) -> Assumption:
    """The row of that key. Raises KeyError."""
    return _BY_KEY[key]


def default(key: str) -> int | str:
    """The default in base units (see `sim.units`), 0 for "none"; a choice as its text. Raises KeyError."""
    row = _BY_KEY[key]
    if row.dimension == "choice":
        return row.value
    return 0 if row.value == "none" else parse(row.value, row.dimension)
