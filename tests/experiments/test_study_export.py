"""Tables for other programs: exact CSV, and Parquet with the same content."""

import sys
from pathlib import Path

import pandas as pd
import pytest

from experiments.errors import InputError
from experiments.study.export import check_parquet, write_table

FRAME = pd.DataFrame(
    {
        "point": ["interval=5 min", 'ü, "quoted"', ""],
        "mean": [0.1 + 0.2, float("nan"), 1e-300],
        "bytes": [0, -1, 2**62],
        "settled": [True, False, True],
    }
)
CSV = (
    "point,mean,bytes,settled\n"
    "interval=5 min,0.30000000000000004,0,True\n"
    '"ü, ""quoted""",,-1,False\n'
    ",1e-300,4611686018427387904,True\n"
)


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
    assert list(home.iterdir()) == []
    assert sorted(path.name for path in out.iterdir()) == ["again.csv", "again.parquet", "cells.csv", "cells.parquet"]
    assert (out / "again.parquet").read_bytes() == (out / "cells.parquet").read_bytes()
    read = duckdb.connect(":memory:").read_parquet(str(out / "cells.parquet")).fetchall()
    assert read == [
        ("interval=5 min", 0.1 + 0.2, 0, True),
        ('ü, "quoted"', None, -1, False),
        ("", 1e-300, 2**62, True),
    ]


def test_without_duckdb_the_remedy_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "duckdb", None)
    check_parquet(False)
    with pytest.raises(InputError, match=r'--parquet: needs DuckDB.*install it with: pip install "duckdb>=1\.4"'):
        write_table(FRAME, tmp_path, "cells", parquet=True)
    assert list(tmp_path.iterdir()) == [], "asked before anything is written"
