"""Imports run one way, sim <- models <- experiments, and each floor keeps to its trade."""

import ast
import importlib
import sys
from pathlib import Path

import pytest
from house_rules import PACKAGES, ROOT, plant, python_files

OURS = {*PACKAGES, "tests", "results"}
ALLOWED = {
    "sim": {"numpy", "simpy", "scipy", "numba", "llvmlite", "sim"},
    "models": {"numpy", "simpy", "scipy", "numba", "llvmlite", "sim", "models"},
}
FILE_MODULES = {"io", "os", "pathlib", "shutil", "tempfile", "logging", "subprocess", "socket", "sys", "sqlite3"}
FILE_CALLS = {"open", "print", "input", "read_text", "read_bytes", "write_text", "write_bytes", "tofile", "fromfile"}
CLOCKS_AND_CHANCE = {"simpy", "random", "secrets", "time", "datetime", "sim.clock", "sim.streams", "numpy.random"}
WAITING = {"timeout", "event", "process", "signal", "at", "all_of", "any_of", "request"}


def imported(tree: ast.Module, package: str) -> set[str]:
    """Every module a file names in an import, wherever in the file; `from a import b` gives a and a.b."""
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            module = node.module or "" if not node.level else f"{package}.{node.module or ''}".rstrip(".")
            names.add(module)
            names.update(f"{module}.{alias.name}" for alias in node.names)
    return names


def called(tree: ast.AST) -> set[str]:
    """The last name of every call in it: `open(...)`, `path.open(...)` both give open."""
    functions = [node.func for node in ast.walk(tree) if isinstance(node, ast.Call)]
    return {f.id for f in functions if isinstance(f, ast.Name)} | {
        f.attr for f in functions if isinstance(f, ast.Attribute)
    }


def import_faults(root: Path) -> list[str]:
    """Imports against the direction, or of something this floor has no business with."""
    faults = []
    for path, tree in python_files(root):
        floor = path.split("/")[0]
        for top in sorted({name.split(".")[0] for name in imported(tree, floor)}):
            if floor in ALLOWED:
                fine = top in ALLOWED[floor] or (top in sys.stdlib_module_names and top not in OURS)
            else:
                fine = top not in {"simpy", "tests", "results"}
            if not fine:
                faults.append(f"{path} imports {top}")
    return faults


def trade_faults(root: Path) -> list[str]:
    """Files and screens in models; clocks and chance in mechanisms; simulation events in experiments."""
    faults = []
    for path, tree in python_files(root):
        names, calls = imported(tree, path.split("/")[0]), called(tree)
        if path.startswith("models/"):
            faults += [f"{path} imports {name}" for name in sorted(names & FILE_MODULES)]
            faults += [f"{path} calls {name}" for name in sorted(calls & FILE_CALLS)]
        if path.startswith("models/mechanisms/"):
            faults += [f"{path} imports {name}" for name in sorted(names & CLOCKS_AND_CHANCE)]
            attributes = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
            faults += [f"{path} uses .{name}" for name in sorted(attributes & {"now", "random", "default_rng"})]
        if path.startswith("experiments/"):
            waits = {
                f"{path} yields {name}()"
                for node in ast.walk(tree)
                if isinstance(node, ast.Yield) and isinstance(node.value, ast.Call)
                for name in called(ast.Expression(node.value)) & WAITING
            }
            faults += sorted(waits)
    return faults


def test_imports_run_one_way() -> None:
    assert import_faults(ROOT) == []
    assert {path.split("/")[0] for path, _ in python_files(ROOT)} == set(PACKAGES), "nothing was looked at"


def test_each_floor_keeps_to_its_trade() -> None:
    assert trade_faults(ROOT) == []
    assert any(path.startswith("models/mechanisms/") for path, _ in python_files(ROOT)), "nothing was looked at"


@pytest.mark.parametrize(
    ("path", "code", "fault"),
    [
        ("sim/a.py", "import models.scenario", "sim/a.py imports models"),
        ("sim/a.py", "def f():\n    from pandas import DataFrame", "sim/a.py imports pandas"),
        ("models/a.py", "from experiments import cli", "models/a.py imports experiments"),
        ("models/a.py", "import pydantic", "models/a.py imports pydantic"),
        ("experiments/a.py", "import simpy.events as e", "experiments/a.py imports simpy"),
        ("experiments/deep/a.py", "import tests.fakes", "experiments/deep/a.py imports tests"),
    ],
)
def test_an_import_the_wrong_way_is_caught(tmp_path: Path, path: str, code: str, fault: str) -> None:
    assert import_faults(plant(tmp_path, {path: code})) == [fault]


@pytest.mark.parametrize(
    ("path", "code", "fault"),
    [
        ("models/a.py", "def f(p):\n    return p.read_text()", "models/a.py calls read_text"),
        ("models/a.py", "print(1)", "models/a.py calls print"),
        ("models/a.py", "from pathlib import Path", "models/a.py imports pathlib"),
        ("models/mechanisms/a.py", "import simpy", "models/mechanisms/a.py imports simpy"),
        ("models/mechanisms/a.py", "from numpy import random", "models/mechanisms/a.py imports numpy.random"),
        ("models/mechanisms/a.py", "from sim import clock", "models/mechanisms/a.py imports sim.clock"),
        ("models/mechanisms/a.py", "def f(env):\n    return env.now", "models/mechanisms/a.py uses .now"),
        ("experiments/a.py", "def f(env):\n    yield env.timeout(3)", "experiments/a.py yields timeout()"),
    ],
)
def test_a_floor_out_of_its_trade_is_caught(tmp_path: Path, path: str, code: str, fault: str) -> None:
    assert trade_faults(plant(tmp_path, {path: code})) == [fault]


def test_what_is_allowed_is_not_a_fault(tmp_path: Path) -> None:
    files = {
        "sim/a.py": "import heapq\nimport numpy as np\nfrom sim.clock import Clock",
        "models/a.py": "from sim.units import KIB\nfrom models import scenario",
        "experiments/a.py": "import pandas\nfrom models.run import simulate\ndef rows(t):\n    yield tuple(t)",
    }
    house = plant(tmp_path, files)
    assert import_faults(house) + trade_faults(house) == []


def is_ours(name: str, file: str | None) -> bool:
    """Whether the package `name` that loaded from `file` is this checkout's."""
    return Path(str(file)).resolve() == ROOT / name / "__init__.py"


def test_the_packages_load_from_this_checkout() -> None:
    for name in PACKAGES:
        package = importlib.import_module(name)
        assert is_ours(name, package.__file__), f"a stranger: {package.__file__}"


def test_a_strangers_package_of_the_same_name_is_caught(tmp_path: Path) -> None:
    stranger = plant(tmp_path, {"sim/__init__.py": ""}) / "sim" / "__init__.py"
    assert not is_ours("sim", str(stranger))
