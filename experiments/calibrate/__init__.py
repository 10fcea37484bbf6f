"""`stunlab calibrate`: a datastore's service law from a queue-depth sweep of fio, and how far it can be believed.

`measured` has the rows and Little's law, `fio` reads them, `fit` finds servers, latencies and caps, `shape` the spread
of latency, `snippet` writes the table, `loop` simulates the sweep again with it, `report` says how well it fits.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from experiments.calibrate.fit import Fit
from experiments.calibrate.loop import Simulated
from experiments.calibrate.measured import Row, kind_of
from experiments.calibrate.shape import Shape
from experiments.errors import InputError


class Calibration(NamedTuple):
    """A fitted datastore beside what it was fitted to. Rows of one kind stand together, by depth."""

    rows: tuple[Row, ...]  # that keep Little's law
    refused: tuple[tuple[Row, str], ...]  # and those that do not, with the reason
    fit: Fit
    shapes: dict[str, Shape | None]  # by direction
    table: str  # TOML
    monotone: tuple[float, ...]  # for each row, the nearest rate that does not fall with depth
    simulated: tuple[Simulated, ...]  # for each row, the same sweep on the fitted datastore


def calibrate(rows: Sequence[Row], path_ns: int, name: str = "fitted") -> Calibration:
    """The datastore fitted to those rows that keep Little's law. Raises InputError if none does."""
    from experiments.calibrate import fit, loop, shape, snippet
    from experiments.calibrate.measured import against_little
    from models.assumptions import default

    judged = [(row, against_little(row)) for row in sorted(rows, key=lambda row: (kind_of(row), row.depth))]
    good = tuple(row for row, why in judged if not why)
    if not good:
        raise InputError([f"{row.source}: {why}" for row, why in judged])
    faster = [row for row in good if min(side.mean_ns for _, side in row.sides) <= path_ns]
    if faster:
        raise InputError([f"{row.source}: is faster than the host path ({path_ns} ns): name a shorter one with --path, "
                          "\"0 s\" for a benchmark that did not run in a VM" for row in faster])  # fmt: skip
    found = fit.fit(good, path_ns, int(default("datastore.stream")))
    shapes = {"read": shape.shape(good, found, False), "write": shape.shape(good, found, True)}
    table = snippet.table(name, found, shapes)
    store = snippet.datastore(table)
    kinds = dict.fromkeys(kind_of(row) for row in good)
    rising: list[float] = []
    for kind in kinds:
        rising += fit.monotone([row for row in good if kind_of(row) == kind])
    again = tuple(loop.simulate(row, store, found) for row in good)
    return Calibration(
        good, tuple((row, why) for row, why in judged if why), found, shapes, table, tuple(rising), again
    )


def main(files: Sequence[Path], path: str, name: str, out: Path | None, chart: Path | None, force: bool) -> int:
    """Prints the calibration, writes the table (and the chart); 0. Raises InputError."""
    from experiments.calibrate import report
    from experiments.calibrate.fio import read_rows
    from experiments.engines import by_default, ready

    twice = [file for number, file in enumerate(files) if file.resolve() in {one.resolve() for one in files[:number]}]
    if twice:
        raise InputError([f"{file}: is named twice, name each file once" for file in twice])
    report.check_targets(out, chart, force)
    path_ns = report.path_ns(path)
    rows = read_rows(list(files))
    ready(by_default())
    found = calibrate(rows, path_ns, report.checked_name(name))
    print(report.text(found, path_ns))
    if out is not None:
        out.write_text(report.commented(found, path_ns), encoding="utf-8", newline="\n")
        print(f"Written to {out}")
    if chart is not None:
        from experiments.calibrate.chart import draw

        draw(found, chart)
        print(f"Drawn to {chart}")
    return 0
