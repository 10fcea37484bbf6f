"""What the house tests share: the checkout's root and its Python files as parsed trees."""

import ast
import subprocess
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("sim", "models", "experiments")


def python_files(root: Path, folders: tuple[str, ...] = PACKAGES) -> Iterator[tuple[str, ast.Module]]:
    """(path inside `root`, syntax tree) of every Python file below `folders`, in order of their names."""
    for folder in folders:
        for path in sorted((root / folder).rglob("*.py")):
            yield path.relative_to(root).as_posix(), ast.parse(path.read_text())


def tracked(root: Path) -> list[Path]:
    """The files git keeps below `root`; all files where there is no repository (an archive, a planted folder)."""
    if (root / ".git").exists():
        names = subprocess.run(["git", "ls-files", "-z"], cwd=root, capture_output=True, text=True, check=True).stdout
        return [root / name for name in sorted(names.split("\0")) if name and (root / name).is_file()]
    hidden = {".venv", ".git", "__pycache__", ".mypy_cache", ".ruff_cache", ".pytest_cache", ".hypothesis"}
    return [p for p in sorted(root.rglob("*")) if p.is_file() and not hidden & set(p.relative_to(root).parts)]


def text_of(path: Path) -> str | None:
    """The file's text; None if it is not text."""
    content = path.read_bytes()
    return None if b"\0" in content else content.decode("utf-8", "replace")


def plant(root: Path, files: dict[str, str]) -> Path:
    """Writes `files` (path: text) below `root`: a small house with a known fault."""
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root
