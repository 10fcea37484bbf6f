"""Standard output and standard error: closed, or in an encoding that lacks our characters."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from experiments.identity import ROOT

PRINT = "from experiments.stdio import prepare; prepare(); print('1 ± 2 ● × µs \\u00a0ö', flush=True)"


def shell(command: str, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    line = command.replace("PYTHON", f"'{sys.executable}'")
    variables = {**os.environ, "PYTHONPATH": str(ROOT), **environment}
    return subprocess.run(["bash", "-c", line], capture_output=True, text=True, cwd=cwd, env=variables, check=False)


def test_a_character_that_the_encoding_lacks_becomes_its_nearest(tmp_path: Path) -> None:
    done = shell(f'PYTHON -c "{PRINT}"', tmp_path, PYTHONIOENCODING="ascii")
    assert (done.returncode, done.stdout, done.stderr) == (0, "1 +- 2 * x us  \\xf6\n", "")
    assert shell(f'PYTHON -c "{PRINT}"', tmp_path, PYTHONIOENCODING="utf-8").stdout == "1 ± 2 ● × µs \u00a0ö\n"


def test_the_schema_can_be_printed_in_ascii(tmp_path: Path) -> None:
    done = shell("PYTHON -m experiments schema", tmp_path, PYTHONIOENCODING="ascii")
    assert done.returncode == 0
    assert "µ" in json.dumps(json.loads(done.stdout), ensure_ascii=False)


@pytest.mark.parametrize(("command", "code"), [("assumptions >&-", 0), ("run nowhere.toml 2>&-", 2)])
def test_a_closed_stream_is_no_error(command: str, code: int, tmp_path: Path) -> None:
    done = shell(f"PYTHON -m experiments {command}", tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (code, "", "")
