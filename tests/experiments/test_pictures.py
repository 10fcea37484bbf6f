"""The README's pictures: the command draws exactly what the page shows, from the scenario it is given."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from fakes import fake_result, fake_scenario

import experiments.pictures
from experiments.charts import CHARTS
from experiments.compare import Comparison, summarise
from experiments.identity import ROOT
from experiments.pictures import PICTURES, draw_pictures
from experiments.scenario import Loaded


def test_the_readme_shows_the_pictures_that_are_drawn() -> None:
    shown = re.findall(r"\(docs/pictures/([\w-]+)\.png\)", (ROOT / "README.md").read_text(encoding="utf-8"))
    assert sorted(shown) == sorted(PICTURES)
    assert set(PICTURES) <= {chart.name for chart in CHARTS}


def test_only_the_pages_pictures_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scenario = fake_scenario(("none",), 1)

    def compare(loaded: Loaded, workers: int, on_progress: Callable[[int, int], None]) -> Comparison:
        return summarise(loaded.scenario, [fake_result("none", 0)])

    def draw_all(comparison: Comparison, folder: Path, workers: int) -> None:
        for chart in CHARTS:
            (folder / f"{chart.name}.png").write_text(comparison.hash, encoding="utf-8")

    monkeypatch.setattr(experiments.pictures, "load", lambda path: Loaded(scenario, []))
    monkeypatch.setattr(experiments.pictures, "compare", compare)
    monkeypatch.setattr(experiments.pictures, "draw_all", draw_all)
    paths = draw_pictures(Path("any.toml"), tmp_path / "pictures")
    assert sorted(path.stem for path in (tmp_path / "pictures").iterdir()) == sorted(PICTURES)
    assert all(path.read_text(encoding="utf-8") == summarise(scenario, [fake_result("none", 0)]).hash for path in paths)
