"""Files and functions read at a sitting, and what is public says what it is."""

import ast
from pathlib import Path

import pytest
from house_rules import ROOT, plant, python_files

MOST_LINES, MOST_FUNCTION_LINES, MOST_PARAMETERS = 320, 50, 9


def size_faults(root: Path) -> list[str]:
    """Files, functions and parameter lists past the sizes above."""
    faults = []
    for path, tree in python_files(root):
        lines = len((root / path).read_text().splitlines())
        if lines > MOST_LINES:
            faults.append(f"{path}: {lines} lines")
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                length = (node.end_lineno or node.lineno) - node.lineno + 1
                arguments = node.args
                parameters = len(arguments.posonlyargs) + len(arguments.args) + len(arguments.kwonlyargs)
                if length > MOST_FUNCTION_LINES:
                    faults.append(f"{path}: {node.name}: {length} lines")
                if parameters > MOST_PARAMETERS:
                    faults.append(f"{path}: {node.name}: {parameters} parameters")
    return faults


def docstring_faults(root: Path) -> list[str]:
    """Modules, and public functions and classes of sim and models, that do not say what they are."""
    faults = []
    for path, tree in python_files(root):
        if not ast.get_docstring(tree):
            faults.append(f"{path}: no docstring")
        if path.startswith("experiments/"):
            continue
        for node in tree.body:
            if not isinstance(node, ast.FunctionDef | ast.ClassDef) or node.name.startswith("_"):
                continue
            if not ast.get_docstring(node):
                faults.append(f"{path}: {node.name}: no docstring")
    return faults


def test_files_and_functions_fit_a_sitting() -> None:
    assert size_faults(ROOT) == []


def test_what_is_public_has_a_docstring() -> None:
    assert docstring_faults(ROOT) == []


@pytest.mark.parametrize(
    ("code", "fault"),
    [
        ("\n" * 321, "sim/a.py: 321 lines"),
        ("def f():\n" + "    x = 1\n" * 50, "sim/a.py: f: 51 lines"),
        ("class C:\n    def f(self, a, b, c, d, e, f, *, g, h, i): ...", "sim/a.py: f: 10 parameters"),
    ],
)
def test_what_is_too_large_is_caught(tmp_path: Path, code: str, fault: str) -> None:
    assert size_faults(plant(tmp_path, {"sim/a.py": code})) == [fault]


def test_what_just_fits_is_not_a_fault(tmp_path: Path) -> None:
    code = "def f(a, b, c, d, e, f, g, h, i):\n" + "    x = 1\n" * 49
    assert size_faults(plant(tmp_path, {"sim/a.py": code + "\n" * 270})) == []


def test_a_missing_docstring_is_caught(tmp_path: Path) -> None:
    code = "def f(): ...\nclass C: ...\ndef _g(): ...\n"
    house = plant(tmp_path, {"models/a.py": code, "experiments/a.py": '"""Said."""\n' + code})
    assert docstring_faults(house) == ["models/a.py: no docstring", "models/a.py: f: no docstring",
                                       "models/a.py: C: no docstring"]  # fmt: skip
