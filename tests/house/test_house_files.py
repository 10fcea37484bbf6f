"""What must not stand in a tracked file, and what the lock and the Makefile must hold."""

import re
import tomllib
from pathlib import Path

import pytest
from house_rules import ROOT, plant, targets, text_of, tracked
from packaging.requirements import Requirement

MACHINE_PATH = re.compile(r"(?:^|[^A-Za-z0-9_.])/(?:work|root|home|farm|Users)/")
SISTER = "../" + "shared"
REGISTRIES = ("py" + "pi.org", "python" + "hosted")
LOCKS = ("*.lock", "*lock.toml", "*lock.json", "requirements*.txt")


def path_faults(root: Path) -> list[str]:
    """Paths of a machine anywhere; the sister folder and hosts of package registries outside the tests."""
    faults = []
    for path in tracked(root):
        name = path.relative_to(root).as_posix()
        text = None if path.suffix == ".svg" else text_of(path)
        for number, line in enumerate((text or "").splitlines(), 1):
            sister = not name.startswith("tests/") and SISTER in line
            if MACHINE_PATH.search(line) or sister or any(host in line for host in REGISTRIES):
                faults.append(f"{name}:{number}: {line.strip()[:100]}")
    return faults


def lock_faults(root: Path) -> list[str]:
    """Addresses in a lock file: it must install from whatever index a machine has."""
    locks = [path for path in tracked(root) if any(path.match(pattern) for pattern in LOCKS)]
    return [f"{path.name}: holds an address" for path in locks if "://" in (text_of(path) or "")]


def locked(lock: str) -> dict[str, list[str]]:
    """Versions by package name, as the lock pins them (one per marker)."""
    versions: dict[str, list[str]] = {}
    for name, version in re.findall(r"^([A-Za-z0-9._-]+)==([^\s;]+)", lock, re.MULTILINE):
        versions.setdefault(name.lower().replace("_", "-"), []).append(version)
    return versions


def requirement_faults(root: Path) -> list[str]:
    """Requirements of pyproject.toml that a version in requirements.lock does not meet; pins without a hash."""
    project = tomllib.loads((root / "pyproject.toml").read_text())["project"]
    extras = project.get("optional-dependencies", {})
    wanted = [*project["dependencies"], *extras.get("test", []), *extras.get("dev", [])]
    lock = (root / "requirements.lock").read_text()
    versions = locked(lock)
    faults = []
    for requirement in map(Requirement, wanted):
        found = versions.get(requirement.name.lower(), [])
        if not found or not all(requirement.specifier.contains(version) for version in found):
            faults.append(f"{requirement}: locked {found or 'nowhere'}")
    entries = re.split(r"^(?=\S)", lock, flags=re.MULTILINE)
    faults += [f"{entry.split()[0]}: no hash" for entry in entries if "==" in entry and "--hash=sha256:" not in entry]
    return faults


def test_no_tracked_file_names_a_machine_path() -> None:
    assert path_faults(ROOT) == []
    assert len(tracked(ROOT)) > 20, "nothing was looked at"


def test_no_lock_holds_an_address() -> None:
    assert lock_faults(ROOT) == []


def test_the_lock_meets_the_projects_requirements() -> None:
    assert requirement_faults(ROOT) == []


def test_make_knows_demo_and_test() -> None:
    assert {"demo", "test", "install", "lint"} <= targets((ROOT / "Makefile").read_text())


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("docs/a.md", f"see {'/'}work/main"),
        ("tests/a.py", f"open('{'/'}home/someone/x')"),
        ("sim/a.py", f"# {SISTER}/data"),
        ("a.toml", f"index = 'https://{REGISTRIES[0]}/simple'"),
    ],
)
def test_a_path_of_a_machine_is_caught(tmp_path: Path, name: str, line: str) -> None:
    assert path_faults(plant(tmp_path, {name: f"fine\n{line}\n"})) == [f"{name}:2: {line}"]


def test_tests_may_look_for_the_sister_folder_and_words_may_hold_slashes(tmp_path: Path) -> None:
    assert path_faults(plant(tmp_path, {"tests/a.py": SISTER, "docs/a.md": "models/work/x and a.b/home/c"})) == []


def test_an_address_in_a_lock_is_caught(tmp_path: Path) -> None:
    house = plant(tmp_path, {"requirements.lock": "--index-url https://example.org/x\n", "uv.lock": "fine"})
    assert lock_faults(house) == ["requirements.lock: holds an address"]


def test_a_lock_that_misses_its_project_is_caught(tmp_path: Path) -> None:
    project = '[project]\ndependencies = ["a>=2,<3", "b>=1", "C-d>=1"]\n[project.optional-dependencies]\ntest = ["e"]\n'
    lock = "a==3.0 \\\n    --hash=sha256:0\nb==1.5\nc-d==1 ; python_version < '3.12' \\\n    --hash=sha256:0\n"
    house = plant(tmp_path, {"pyproject.toml": project, "requirements.lock": lock})
    assert requirement_faults(house) == ["a<3,>=2: locked ['3.0']", "e: locked nowhere", "b==1.5: no hash"]


def test_make_targets_are_read_from_rules_not_from_assignments() -> None:
    assert targets("VENV := x\nx := y\ndemo: a ; b\ntest lint: c\n.PHONY: other\n") == {"demo", "test", "lint"}


def test_what_make_runs_keeps_compiled_code_inside() -> None:
    assert "export STUNLAB_CACHE := $(CURDIR)/$(VENV)/" in (ROOT / "Makefile").read_text()
