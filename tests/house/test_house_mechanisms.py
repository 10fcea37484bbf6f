"""Mechanisms keep to what Python over lists and compiled code over flat memory have in common (sim.mechanism)."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from house_rules import ROOT, marked, plant, python_files

FORBIDDEN = (
    ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp, ast.List, ast.Dict, ast.Set, ast.JoinedStr, ast.Lambda,
    ast.Raise, ast.Try, ast.With, ast.Assert, ast.Slice, ast.Starred, ast.Yield, ast.YieldFrom, ast.Div, ast.Pow,
    ast.Delete, ast.Global, ast.Nonlocal, ast.NamedExpr, ast.In, ast.NotIn, ast.Is, ast.IsNot,
)  # fmt: skip
PLAIN_CALLS = {"min": 2, "max": 2, "range": None, "take": 2, "bit_length": 1}
"""Calls that are no mechanisms, with their number of arguments."""


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
            found += [f"{path}: {function.name}: {fault}" for fault in function_faults(function, names)]
    return found


def function_faults(function: ast.FunctionDef, names: set[str]) -> Iterator[str]:
    arguments = function.args
    if arguments.defaults or arguments.kwonlyargs or arguments.vararg or arguments.kwarg:
        yield "an argument that need not be given"
    for statement in function.body[1:]:  # the first is the docstring
        for node in ast.walk(statement):
            if isinstance(node, (*FORBIDDEN, ast.FunctionDef)):
                yield type(node).__name__
            elif isinstance(node, ast.Constant) and type(node.value) not in (int, bool):
                yield f"constant {node.value!r}"
            elif isinstance(node, ast.For) and not ast.unparse(node.iter).startswith("range("):
                yield f"loop over {ast.unparse(node.iter)}"
            elif isinstance(node, ast.Call):
                yield from call_faults(node, names)


def call_faults(call: ast.Call, names: set[str]) -> Iterator[str]:
    name = ast.unparse(call.func)
    if name in PLAIN_CALLS:
        if call.keywords or PLAIN_CALLS[name] not in (None, len(call.args)):
            yield f"{name} of {len(call.args)}"
    elif name.split(".")[-1] not in names or name.count(".") > 1:
        yield f"calls {name}"


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
