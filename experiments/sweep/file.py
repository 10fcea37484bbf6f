"""Sweep files: TOML in, a checked `Sweep` out, or all mistakes of the sweep and of its scenario at once."""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

from experiments.errors import InputError
from experiments.group_view import ALL_VMS
from experiments.identity import VERSION, trace_digests
from experiments.metrics import METRICS
from experiments.scenario import Loaded
from experiments.scenario.document import read_document
from experiments.scenario.messages import Mistake, Source, standing
from experiments.scenario.settings import Setting
from experiments.scenario.source import read_text, read_toml
from experiments.study.sequential import Replication
from experiments.study.work import study_source
from experiments.sweep import axes
from experiments.sweep.axes import Levels
from experiments.sweep.checks import check, check_fields, check_names
from experiments.sweep.design import Design, Designed, grid, sample
from experiments.sweep.points import Base, Said, loaded_points
from experiments.sweep.result import Axis, Point
from experiments.sweep.schema import SweepFile
from experiments.sweep.targets import Wanted, wanted
from models.scenario import Arm, Engine, Scenario

EXAMPLE = "scenarios/sweeps/backup-interval.toml"


@dataclass(frozen=True)
class Sweep:
    """A sweep as it is to be conducted: every point with its scenario."""

    name: str
    title: str
    design: Design
    axes: tuple[Axis, ...]
    points: tuple[Point, ...]
    scenarios: tuple[Scenario, ...]  # of the points
    arms: tuple[Arm, ...]
    groups: tuple[str, ...]  # ALL_VMS first
    mapped: tuple[str, ...]  # those that the file names, ALL_VMS first: they have break-evens and maps of their own
    metrics: tuple[str, ...]
    replication: Replication
    budget: int  # runs in all; 0: no limit
    pilots: bool  # warm-up by MSER-5
    engine: Engine
    warnings: tuple[str, ...]

    @property
    def seed(self) -> int:
        return self.scenarios[0].run.seed

    @property
    def hash(self) -> str:
        """Ten hex digits that name the result: of everything that decides it, and its names."""
        identity = {
            "names": [self.name, self.title, self.axes],
            "design": [self.design, self.points],
            "scenarios": [[one.identity, trace_digests(one)] for one in self.scenarios],
            "seed": self.seed,
            "figures": [self.arms, self.groups, self.mapped, self.metrics],
            "replication": [repr(self.replication), self.budget, self.pilots],
            "version": VERSION,
            "source": study_source(),
        }
        text = json.dumps(identity, sort_keys=True, separators=(",", ":"))
        return hashlib.blake2b(text.encode(), digest_size=5).hexdigest()


def load_sweep(path: Path, seed: int | None = None) -> Sweep:
    """The sweep in a TOML file, run with this seed instead of the scenario's. Raises InputError with every mistake."""
    document = read_document(path, SweepFile, "sweep", EXAMPLE)
    file, source = document.file, document.source
    if file is None:
        raise InputError(source.messages(document.mistakes))
    want, more = wanted(file.replication)
    mistakes = [*document.mistakes, *standing([*check(file), *more], document.mistakes)]
    base = _base(file, source, path, seed, mistakes)
    mistakes += check_fields(file, base.data) if base else []
    plain, messages = _plain(base) if base else (None, [])
    if base is None or mistakes:
        if plain is not None:
            mistakes += check_names(file, plain.scenario.groups, plain.scenario.arms)
        raise InputError([*source.messages(mistakes), *messages])
    return _checked(file, source, base, plain, want)


def _base(file: SweepFile, source: Source, path: Path, seed: int | None, mistakes: list[Mistake]) -> Base | None:
    """The scenario file; adds to the mistakes if there is none."""
    if ("scenario",) in {mistake.path for mistake in mistakes}:
        return None
    where = path.parent / file.scenario
    try:
        text = read_text(where)
        data = read_toml(text, str(where))
    except InputError as error:
        if where.is_file():
            raise InputError([*source.messages(mistakes), *error.messages]) from None
        mistakes.append(Mistake(("scenario",), f'names no file that can be read ("{file.scenario}"), a relative path '
                                "starts at the sweep file"))  # fmt: skip
        return None
    span = source.span(Mistake(("arms",), ""))
    label = f"{source.name}:{span.line}:{span.column}: arms"
    return Base(text, data, where, seed, (Setting("run.arms", list(file.arms), label),) if file.arms else ())


def _plain(base: Base) -> tuple[Loaded | None, list[str]]:
    """The scenario without any level set; it need not be right, a level may make it so."""
    try:
        return base.load(), []
    except InputError as error:
        return None, error.messages


def _checked(file: SweepFile, source: Source, base: Base, plain: Loaded | None, want: Wanted) -> Sweep:
    levels = tuple(_levels(name, file) for name in file.axis)
    start = plain.scenario.run.seed if plain else base.seed
    points = _designed(file, levels, start if start is not None else 0)
    warnings = Said(len(points), alike=True)
    loaded, messages = loaded_points(base, file, source, points, warnings)
    first = loaded[0] if loaded else plain
    mistakes = list(check_names(file, first.scenario.groups, first.scenario.arms)) if first else []
    if first:
        mistakes += _affordable(want, len(points) * len(first.scenario.arms), file.warmup == "mser-5")
    if file.warmup == "mser-5" and first and first.scenario.run.observe:
        mistakes.append(Mistake(("warmup",), 'looks at the whole run, but the scenario has observe windows ("mser-5"), '
                                'use "scenario" and its observe_warmup'))  # fmt: skip
    if mistakes or messages or first is None:
        raise InputError([*source.messages(mistakes), *messages])
    scenario = first.scenario
    return Sweep(
        name=file.name,
        title=file.title or file.name,
        design=file.design,
        axes=tuple(level.axis for level in levels),
        points=tuple(point.point for point in points),
        scenarios=tuple(one.scenario for one in loaded),
        arms=scenario.arms,
        groups=tuple(dict.fromkeys((ALL_VMS, *(file.groups or (scenario.groups if scenario.groups[1:] else ()))))),
        mapped=tuple(dict.fromkeys((ALL_VMS, *(file.groups or ())))),
        metrics=tuple(file.metrics or (metric.key for metric in METRICS)),
        replication=want.replication or Replication.fixed(scenario.run.replications),
        budget=want.budget,
        pilots=file.warmup == "mser-5",
        engine=first.engine,
        warnings=tuple(warnings.texts()),
    )


def _levels(name: str, file: SweepFile) -> Levels:
    """An axis with its levels; the file has been checked."""
    axis = file.axis[name]
    log = axis.scale == "log"
    between = None
    if axis.values is not None:
        listed, unit = axes.choices(axis.values)
    else:
        found = axes.span(axis.from_, axis.to, log)
        if isinstance(found, str):
            raise ValueError(found)
        between, unit = found, found.unit
        steps = axis.steps or 0
        listed = tuple(dict.fromkeys(between.at(step / (steps - 1)) for step in range(steps)))
    fields = tuple(axis.fields or (axis.field or "",))
    return Levels(Axis(name, axis.label or name, fields, axes.shown_unit(unit), log), listed, between)


def _designed(file: SweepFile, levels: tuple[Levels, ...], seed: int) -> tuple[Designed, ...]:
    if file.design == "grid":
        return grid(levels)
    points = file.points or 1
    return sample(levels, file.design, points, file.block or points, seed)


def _affordable(want: Wanted, runs: int, pilots: bool) -> list[Mistake]:
    """Whether the budget reaches to the first look at every point, each replication so many `runs`."""
    least = (want.replication.least + pilots) * runs if want.replication else 0
    if not 0 < want.budget < least:
        return []
    text = f"does not reach to the first look ({want.budget}): the points and arms need {least} runs until then"
    return [Mistake(("replication", "budget"), text)]
