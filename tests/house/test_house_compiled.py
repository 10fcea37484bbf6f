"""The compiled path: a file is compiled or Python, and what is compiled keeps to whole numbers over flat memory."""

import ast
from pathlib import Path

import pytest
from house_rules import ROOT, language_faults, marked, plant, python_files

FOLDERS = ("models/compiled", "models/mechanisms")
ENTRY = "_advance"
"""The one function that Python calls; it has no mark because the compiler is handed it by name."""
MORE_CALLS = {"bool": 1, "int": 1, "memory_of": 1, "prefetch": 2}


def faults(root: Path) -> list[str]:
    """Files that mix the two, and what compiled functions do that they should not."""
    trees = dict(python_files(root, FOLDERS))
    names = {f.name for tree in trees.values() for f in marked(tree)}
    views = {name for path, tree in trees.items() if path.endswith("/layout.py") for name in assigned(tree)}
    found = []
    for path, tree in trees.items():
        if not path.startswith("models/compiled/"):
            continue
        functions = [node for node in tree.body if isinstance(node, ast.FunctionDef)]
        compiled = [f for f in functions if f in marked(tree) or f.name == ENTRY]
        if compiled and len(compiled) < len(functions):
            found += [f"{path}: {f.name}: not compiled, as the others are" for f in functions if f not in compiled]
        if compiled and any(isinstance(node, ast.ClassDef) for node in tree.body):
            found.append(f"{path}: a class beside compiled functions")
        for function in compiled:
            wrong = [one for one in language_faults(function, names | views, MORE_CALLS) if one != "In"]  # of a tuple
            found += [f"{path}: {function.name}: {fault}" for fault in wrong]
    return found


def assigned(tree: ast.Module) -> set[str]:
    """Names that the module's statements set."""
    statements = [node for node in tree.body if isinstance(node, ast.Assign)]
    return {name.id for one in statements for name in ast.walk(one) if isinstance(name, ast.Name)}


def test_the_compiled_path_keeps_to_what_can_be_compiled() -> None:
    assert faults(ROOT) == []
    compiled = [path for path, tree in python_files(ROOT, FOLDERS[:1]) if marked(tree)]
    assert len(compiled) > 8, "nothing was looked at"


def test_each_part_of_the_readable_path_has_a_twin_that_names_it() -> None:
    texts = "".join(
        (ROOT / "models/compiled").joinpath(p.name).read_text() for p in (ROOT / "models/compiled").glob("*.py")
    )
    for part in ("bulk", "build", "datastore", "device", "disk", "guest", "replica", "vm"):
        assert f"`models.path.{part}`" in texts


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        ("m.append(x)", "calls m.append"),
        ("x = [1]", "List"),
        ("x = x / 2", "Div"),
        ("x = len(m)", "calls len"),
        ("raise x", "Raise"),
        ("for y in m:\n        x += y", "loop over m"),
        ("x = 0.5", "constant 0.5"),
        ("plain(m)", "calls plain"),
    ],
)
def test_what_cannot_be_compiled_is_caught(tmp_path: Path, body: str, fault: str) -> None:
    code = f'@mechanism\ndef f(m, x):\n    """."""\n    {body}\n'
    house = plant(tmp_path, {"models/compiled/a.py": code, "models/mechanisms/b.py": "def plain(m): ..."})
    assert faults(house) == [f"models/compiled/a.py: f: {fault}"]


def test_a_file_that_is_half_compiled_is_caught(tmp_path: Path) -> None:
    code = '@mechanism\ndef f(m):\n    """."""\n\ndef g(m):\n    """."""\n\nclass C: ...\n'
    assert faults(plant(tmp_path, {"models/compiled/a.py": code})) == [
        "models/compiled/a.py: g: not compiled, as the others are",
        "models/compiled/a.py: a class beside compiled functions",
    ]


def test_what_is_allowed_is_not_a_fault(tmp_path: Path) -> None:
    layout = 'Io = record("Io", "a b")\nONE, TWO = range(2)\n'
    code = (
        '@mechanism\ndef g(m):\n    """."""\n    return 1\n\n@mechanism\ndef f(m, x):\n    """."""\n'
        "    io = Io(m, x)\n    if io.a in (ONE, TWO):\n        io.b += g(m)\n    a.g(m)\n"
        "    return bool(io.a), min(x, 1)\n"
    )
    house = plant(tmp_path, {"models/compiled/layout.py": layout, "models/compiled/a.py": code})
    assert faults(house) == []
