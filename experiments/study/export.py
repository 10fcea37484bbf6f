"""Writes a table for other programs: CSV always, Parquet when asked for.

CSV is exact: a float is its shortest text that reads back as the same number, an undefined one an empty field. Parquet
goes through DuckDB (extra "parquet"), which is kept from fetching extensions and from the home directory.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from experiments.errors import InputError

if TYPE_CHECKING:
    from pandas import DataFrame, Series

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


def write_table(frame: "DataFrame", folder: Path, name: str, parquet: bool) -> None:
    """NAME.csv is in the folder, and NAME.parquet if asked for, with the same rows, columns and numbers.

    In a column of mixed kinds (dtype object) nan, None and, beside numbers alone, '' are undefined. Raises InputError
    as `check_parquet`.
    """
    check_parquet(parquet)
    frame.to_csv(folder / f"{name}.csv", index=False, lineterminator="\n")
    if parquet and len(frame.columns):  # else there is nothing that Parquet could hold
        _write_parquet(frame, folder / f"{name}.parquet")


def _write_parquet(frame: "DataFrame", path: Path) -> None:
    import duckdb

    columns = {name: _typed(list(frame[name])).set_axis(frame.index) for name in frame if frame[name].dtype == object}
    folder = str(path.parent)
    places = {"home_directory": folder, "extension_directory": folder, "secret_directory": folder}
    with duckdb.connect(":memory:", config={**OFFLINE, **places, "threads": "1"}) as connection:
        connection.from_df(frame.assign(**columns)).write_parquet(str(path))


def _typed(values: Sequence[Any]) -> "Series":
    """The column in the narrowest kind that all its fields are of: truth, whole number, number, text."""
    import pandas as pd

    known = [None if pd.isna(value) else value for value in values]
    numbers = [None if value == "" else value for value in known]
    for kinds, dtype in (((bool,), "boolean"), ((int,), "Int64"), ((int, float), "Float64")):
        fit = [type(value) in kinds for value in numbers if value is not None]
        if fit and all(fit):
            return pd.Series(numbers, dtype=dtype)
    return pd.Series([None if value is None else str(value) for value in known], dtype="str")
