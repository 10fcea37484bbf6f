"""What the house tests share: the checkout's root and its Python files as parsed trees."""

import ast
import re
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("sim", "models", "experiments")
MADE_HERE = {".venv", ".git", "__pycache__", ".mypy_cache", ".ruff_cache", ".pytest_cache", ".hypothesis", "results"}

FORBIDDEN = (
    ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp, ast.List, ast.Dict, ast.Set, ast.JoinedStr, ast.Lambda,
    ast.Raise, ast.Try, ast.With, ast.Assert, ast.Slice, ast.Starred, ast.Yield, ast.YieldFrom, ast.Div, ast.Pow,
    ast.Delete, ast.Global, ast.Nonlocal, ast.NamedExpr, ast.In, ast.NotIn, ast.Is, ast.IsNot,
)  # fmt: skip
PLAIN_CALLS: dict[str, int | None] = {"min": 2, "max": 2, "range": None, "take": 2, "bit_length": 1}
"""Calls that are no mechanisms, with their number of arguments."""


def python_files(root: Path, folders: tuple[str, ...] = PACKAGES) -> Iterator[tuple[str, ast.Module]]:
    """(path inside `root`, syntax tree) of every Python file below `folders`, in order of their names."""
    for folder in folders:
        for path in sorted((root / folder).rglob("*.py")):
            yield path.relative_to(root).as_posix(), ast.parse(path.read_text())


def marked(tree: ast.Module) -> list[ast.FunctionDef]:
    """The functions decorated with `@mechanism`."""
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    return [f for f in functions if "mechanism" in {ast.unparse(mark) for mark in f.decorator_list}]


def language_faults(function: ast.FunctionDef, names: set[str], more: dict[str, int] | None = None) -> Iterator[str]:
    """What the function does that compiled code cannot; it may call `names`, and `more` with so many arguments."""
    arguments, plain = function.args, PLAIN_CALLS | (more or {})
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
                yield from _call_faults(node, names, plain)


def _call_faults(call: ast.Call, names: set[str], plain: Mapping[str, int | None]) -> Iterator[str]:
    name = ast.unparse(call.func)
    if name in plain:
        if call.keywords or plain[name] not in (None, len(call.args)):
            yield f"{name} of {len(call.args)}"
    elif name.split(".")[-1] not in names or name.count(".") > 1:
        yield f"calls {name}"


def tracked(root: Path) -> list[Path]:
    """The files git keeps below `root`; where git cannot say, all files but those that are made here."""
    if (root / ".git").exists():
        try:
            run = subprocess.run(["git", "ls-files", "-z"], cwd=root, capture_output=True, text=True, check=True)
            return [root / name for name in sorted(run.stdout.split("\0")) if (root / name).is_file()]
        except (OSError, subprocess.CalledProcessError):
            pass  # no git on this machine, or it distrusts the folder's owner
    found = (path for path in sorted(root.rglob("*")) if path.is_file())
    return [path for path in found if not MADE_HERE & set(path.relative_to(root).parts)]


def text_of(path: Path) -> str | None:
    """The file's text; None if it is not text."""
    content = path.read_bytes()
    return None if b"\0" in content else content.decode("utf-8", "replace")


def targets(makefile: str) -> set[str]:
    """The names that `make NAME` can build."""
    return {name for line in re.findall(r"^([a-z][a-z ]*):(?!=)", makefile, re.MULTILINE) for name in line.split()}


def plant(root: Path, files: dict[str, str]) -> Path:
    """Writes `files` (path: text) below `root`: a small house with a known fault."""
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root
