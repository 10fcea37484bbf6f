"""Mechanisms keep to what Python over lists and compiled code over flat memory have in common (sim.mechanism)."""

import ast
from pathlib import Path

import pytest
from house_rules import ROOT, language_faults, marked, plant, python_files


def faults(root: Path) -> list[str]:
    """What a mechanism does that only one of its two readers could."""
    trees = dict(python_files(root, ("models/mechanisms",)))
    names = {f.name for tree in trees.values() for f in marked(tree)}
    found = []
    for path, tree in trees.items():
        for node in tree.body:
            if isinstance(node, ast.ClassDef):
                fields = [one for one in node.body if isinstance(one, ast.AnnAssign)]
                wrong = [one for one in fields if ast.unparse(one.annotation) != "list[int]"]
                found += [f"{path}: {ast.unparse(one)}: no column" for one in wrong]
        for function in marked(tree):
            found += [f"{path}: {function.name}: {fault}" for fault in language_faults(function, names)]
    return found


def test_mechanisms_keep_to_what_can_be_compiled() -> None:
    assert faults(ROOT) == []


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        ("return len(s.a)", "calls len"),
        ("s.a.append(x)", "calls s.a.append"),
        ("return max(x, 1, 2)", "max of 3"),
        ("for y in s.a:\n        x += y", "loop over s.a"),
        ("return [x]", "List"),
        ("return s.a[x:]", "Slice"),
        ("return helper(x)", "calls helper"),
        ("return x / 2", "Div"),
        ("return None", "constant None"),
        ("return x.bit_length()", "calls x.bit_length"),
        ("def g(): ...", "FunctionDef"),
    ],
)
def test_what_cannot_is_caught(tmp_path: Path, body: str, fault: str) -> None:
    code = f'def helper(x): ...\n\n@mechanism\ndef f(s, x):\n    """."""\n    {body}\n'
    house = plant(tmp_path, {"models/mechanisms/a.py": code})
    assert f"models/mechanisms/a.py: f: {fault}" in faults(house)


def test_a_field_that_is_no_column_is_caught(tmp_path: Path) -> None:
    code = 'class State(NamedTuple):\n    """."""\n    a: list[int]\n    b: int\n'
    assert faults(plant(tmp_path, {"models/mechanisms/a.py": code})) == ["models/mechanisms/a.py: b: int: no column"]


def test_what_is_allowed_is_not_a_fault(tmp_path: Path) -> None:
    code = (
        "@mechanism\ndef g(s):\n    '''.'''\n\n@mechanism\ndef f(s, x):\n    '''.'''\n    y = take(s.pool, 8)\n"
        "    for i in range(x):\n        s.a[i] += min(y, i) >> 1\n    g(s)\n    return True, 2\n"
    )
    assert faults(plant(tmp_path, {"models/mechanisms/a.py": code})) == []
