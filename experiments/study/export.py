"""Writes a table for other programs: CSV always, Parquet when asked for.

CSV is exact: a float is its shortest text that reads back as the same number, an undefined one an empty field. Parquet
goes through DuckDB (extra "parquet"), which is kept from fetching extensions and from the home directory.
"""

import csv
import math
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from experiments.errors import InputError

if TYPE_CHECKING:
    from pandas import Series

REMEDY = 'install it with: pip install "duckdb>=1.4"'
OFFLINE = {"autoinstall_known_extensions": "false", "autoload_known_extensions": "false"}


def check_parquet(parquet: bool) -> None:
    """Raises InputError when Parquet is asked for and cannot be written: ask before the runs, not after them."""
    if not parquet:
        return
    try:
        import duckdb  # noqa: F401
    except ImportError as lack:
        raise InputError([f"--parquet: needs DuckDB, which cannot be loaded ({lack}); {REMEDY}"]) from None


def write_table(columns: Sequence[str], rows: Iterable[Sequence[Any]], folder: Path, name: str, parquet: bool) -> None:
    """NAME.csv is in the folder, and NAME.parquet if asked for, with the same rows, columns and numbers.

    A field is a text, a number or a truth value; nan, None and, in a column of numbers, '' are undefined. Raises
    InputError as `check_parquet`.
    """
    check_parquet(parquet)
    content = [[None if _undefined(value) else value for value in row] for row in rows]
    with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(content)
    if parquet:
        _write_parquet(columns, content, folder / f"{name}.parquet")


def _undefined(value: Any) -> bool:
    return value is None or (isinstance(value, float) and math.isnan(value))


def _write_parquet(columns: Sequence[str], rows: Sequence[Sequence[Any]], path: Path) -> None:
    import duckdb
    import pandas as pd

    frame = pd.DataFrame({name: _column([row[place] for row in rows]) for place, name in enumerate(columns)})
    folder = str(path.parent)
    places = {"home_directory": folder, "extension_directory": folder, "secret_directory": folder}
    with duckdb.connect(":memory:", config={**OFFLINE, **places, "threads": "1"}) as connection:
        connection.from_df(frame).write_parquet(str(path))


def _column(values: Sequence[Any]) -> "Series":
    """The column in the narrowest kind that all its fields are of: truth, whole number, number, text."""
    import pandas as pd

    numbers = [None if value == "" else value for value in values]
    for kinds, dtype in (((bool,), "boolean"), ((int,), "Int64"), ((int, float), "Float64")):
        known = [type(value) in kinds for value in numbers if value is not None]
        if known and all(known):
            return pd.Series(numbers, dtype=dtype)
    return pd.Series([None if value is None else str(value) for value in values], dtype="str")
