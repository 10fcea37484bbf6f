"""Draws the README's pictures from the demo scenario, so that everybody can draw them again.

The same scenario, seed and version give the same pictures, byte for byte.
"""

import shutil
from pathlib import Path
from tempfile import TemporaryDirectory

from experiments.charts import draw_all
from experiments.compare import compare
from experiments.engines import ready
from experiments.identity import ROOT
from experiments.progress import progress
from experiments.scenario import load
from sim.replication import available_cpus

PICTURES = ("latency-time", "recovery-point")
"""The charts that the README shows."""


def draw_pictures(scenario: Path, folder: Path = ROOT / "docs" / "pictures") -> tuple[Path, ...]:
    """The README's charts of this scenario are in `folder` as PNG files; they are returned."""
    loaded = load(scenario)
    ready(loaded.engine)
    workers = available_cpus()
    total = len(loaded.scenario.arms) * loaded.scenario.run.replications
    with progress(loaded.scenario.name, total, quiet=False) as on_progress:
        comparison = compare(loaded, workers, on_progress)
    folder.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory() as drawn:
        draw_all(comparison, Path(drawn), workers)
        return tuple(Path(shutil.copy(Path(drawn) / f"{name}.png", folder)) for name in PICTURES)
