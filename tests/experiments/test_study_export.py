"""Tables for other programs: exact CSV, and Parquet with the same content."""

import sys
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from experiments.errors import InputError
from experiments.study.export import check_parquet, write_table

NAN = float("nan")
COLUMNS = ("point", "mean", "bytes", "settled", "n", "level", "nothing")
ROWS: list[tuple[Any, ...]] = [
    ("interval=5 min", 0.1 + 0.2, 0, True, 3, "8", NAN),
    ('ü, "quoted"', NAN, -1, False, "", 8, None),
    ("", 1, 2**62 + 1, True, None, "", ""),
    ("z", 1e-300, 2, True, 2**53 + 1, "5 min", None),
]
FRAME = pd.DataFrame(
    {
        name: pd.Series([row[place] for row in ROWS], dtype=object if name in ("n", "level", "nothing") else None)
        for place, name in enumerate(COLUMNS)
    }
)
CSV = '''point,mean,bytes,settled,n,level,nothing
interval=5 min,0.30000000000000004,0,True,3,8,
"ü, ""quoted""",,-1,False,,8,
,1.0,4611686018427387905,True,,,
z,1e-300,2,True,9007199254740993,5 min,
'''


def test_csv_is_exact(tmp_path: Path) -> None:
    write_table(FRAME, tmp_path, "cells", parquet=False)
    assert [path.name for path in tmp_path.iterdir()] == ["cells.csv"]
    assert (tmp_path / "cells.csv").read_bytes() == CSV.encode()


def test_parquet_holds_the_same_and_nothing_else_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    duckdb = pytest.importorskip("duckdb")
    home, out = tmp_path / "home", tmp_path / "it's out"
    home.mkdir()
    out.mkdir()
    monkeypatch.setenv("HOME", str(home))
    for name in ("cells", "again"):
        write_table(FRAME, out, name, parquet=True)
    write_table(FRAME.iloc[:0], out, "none", parquet=True)
    write_table(FRAME.set_axis([3, 1, 2, 0]), out, "cells", parquet=True)  # the index is no matter
    assert list(home.iterdir()) == []
    names = sorted(path.name for path in out.iterdir())
    assert names == [f"{name}.{kind}" for name in ("again", "cells", "none") for kind in ("csv", "parquet")]
    assert (out / "again.parquet").read_bytes() == (out / "cells.parquet").read_bytes()
    assert (out / "cells.csv").read_bytes() == CSV.encode()
    read = duckdb.connect(":memory:").read_parquet(str(out / "cells.parquet"))
    assert tuple(read.columns) == COLUMNS
    assert [str(kind) for kind in read.types] == [
        "VARCHAR", "DOUBLE", "BIGINT", "BOOLEAN", "BIGINT", "VARCHAR", "VARCHAR"
    ]  # fmt: skip
    assert read.fetchall() == [
        ("interval=5 min", 0.1 + 0.2, 0, True, 3, "8", None),
        ('ü, "quoted"', None, -1, False, None, "8", None),
        ("", 1.0, 2**62 + 1, True, None, "", ""),
        ("z", 1e-300, 2, True, 2**53 + 1, "5 min", None),
    ]


def test_a_table_without_rows_and_columns_is_an_empty_csv(tmp_path: Path) -> None:
    write_table(pd.DataFrame([], dtype=object), tmp_path, "cells", parquet=True)
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {"cells.csv": "\n"}


def test_without_duckdb_the_remedy_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "duckdb", None)
    check_parquet(False)
    with pytest.raises(InputError, match=r'--parquet: needs DuckDB.*install it with: pip install "duckdb>=1\.4"'):
        write_table(FRAME, tmp_path, "cells", parquet=True)
    assert list(tmp_path.iterdir()) == [], "asked before anything is written"
