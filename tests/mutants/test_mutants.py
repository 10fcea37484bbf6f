"""The planted faults of `table.py`: each still fits today's source, and a few of them are planted and noticed."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from run import ROOT, caught, copy, planted, tried
from table import ALL, BOTH, EQUIVALENT, READABLE, TWIN, Mutant

AGREE = "tests/laws/test_engines_agree.py"


def test_every_fault_still_fits_the_source() -> None:
    for mutant in ALL:
        text = (ROOT / mutant.file).read_text()
        compile(planted(mutant, text), mutant.file, "exec")
    assert len({(m.file, m.before) for m in ALL}) == len(ALL) >= 60
    assert EQUIVALENT.keys() <= {(m.file, m.before) for m in ALL}


def fault(mutants: list[Mutant], name: str, text: str) -> Mutant:
    return next(m for m in mutants if name in m.file and text in m.before)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("house")
    copy(folder)
    return folder


@pytest.mark.parametrize(
    ("mutant", "tests"),
    [
        (fault(BOTH, "mclock", "s.v[0] = s.head_p"), "tests/oracles/test_mclock_twin.py -k idle"),
        (fault(READABLE, "risk", "unique[before]"), "tests/models/test_risk_meter.py"),
    ],
    ids=["mechanism", "readable"],
)
def test_a_fault_is_noticed(house: Path, mutant: Mutant, tests: str) -> None:
    assert caught(mutant._replace(tests=tests), house)


def test_the_copy_without_a_fault_is_whole(house: Path) -> None:
    assert tried("tests/oracles/test_mclock_twin.py -k idle", house) == 0


@pytest.mark.slow
def test_a_fault_of_the_compiled_path_is_noticed(house: Path) -> None:
    assert caught(fault(TWIN, "device", "integrate_store")._replace(tests=f"{AGREE} -k fills"), house)
