"""Sensitivity files: TOML in, a checked `Sensitivity` out, or all mistakes of the file and of its scenario at once."""

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from experiments.errors import InputError
from experiments.group_view import ALL_VMS
from experiments.identity import VERSION, trace_digests
from experiments.metrics import BY_KEY
from experiments.scenario.document import read_document
from experiments.scenario.messages import Mistake, Source, shown, standing
from experiments.scenario.source import read_text, read_toml
from experiments.sensitivity.design import Designed, Step, morris, sobol
from experiments.sensitivity.fields import places
from experiments.sensitivity.points import Base, Varied, loaded_points
from experiments.sensitivity.ranges import levels_of
from experiments.sensitivity.result import Entry
from experiments.sensitivity.schema import Method, SensitivityFile
from experiments.study.work import acting, study_source
from experiments.sweep.axes import Choice
from experiments.sweep.checks import meant
from models.assumptions import REGISTER
from models.scenario import Arm, Engine, Scenario

EXAMPLE = "scenarios/studies/assumptions.toml"
MOST_POINTS = 20_000
_KEYS = {row.key: row for row in REGISTER}


class Scan(NamedTuple):
    """A point of the scan: one assumption at one level, or none."""

    key: str
    level: str
    scenario: Scenario


@dataclass(frozen=True)
class Sensitivity:
    """A study as it is to be conducted: every point with its scenario."""

    name: str
    title: str
    method: Method
    size: int
    arms: tuple[Arm, ...]
    between: tuple[Arm, ...]
    group: str
    metrics: tuple[str, ...]
    replications: int
    entries: tuple[Entry, ...]
    scans: tuple[Scan, ...]  # the scenario as it is first
    points: tuple[tuple[str, Scenario], ...]  # of the design
    walks: tuple[tuple[Step, ...], ...]  # of a screening
    engine: Engine
    warnings: tuple[str, ...]

    @property
    def plain(self) -> Scenario:
        """The scenario as it is."""
        return self.scans[0].scenario

    @property
    def hash(self) -> str:
        """Ten hex digits that name the result: of everything that decides it, and its names."""
        identity = {
            "names": [self.name, self.title],
            "design": [self.method, self.size, self.entries],
            "scenarios": [one.scenario.identity for one in self.scans] + [one.identity for _, one in self.points],
            "traces": trace_digests(self.plain),
            "seed": self.plain.run.seed,
            "figures": [self.arms, self.between, self.group, self.metrics, self.replications],
            "version": VERSION,
            "source": study_source(),
        }
        text = json.dumps(identity, sort_keys=True, separators=(",", ":"))
        return hashlib.blake2b(text.encode(), digest_size=5).hexdigest()


def load_sensitivity(path: Path, seed: int | None = None) -> Sensitivity:
    """The study in a TOML file, run with this seed instead of the scenario's. Raises InputError with every mistake."""
    document = read_document(path, SensitivityFile, "sensitivity study", EXAMPLE)
    file, source = document.file, document.source
    if file is None:
        raise InputError(source.messages(document.mistakes))
    mistakes = [*document.mistakes, *standing(_check(file), document.mistakes)]
    base = _base(file, source, path, seed, mistakes)
    varied: tuple[Varied, ...] = ()
    if base is not None:
        found = list(_varied(file, base.data))
        mistakes += [one for one in found if isinstance(one, Mistake)]
        varied = tuple(one for one in found if isinstance(one, Varied))
    if base is None or mistakes:
        raise InputError(source.messages(mistakes))
    return _designed(file, source, base, varied)


def _check(file: SensitivityFile) -> Iterator[Mistake]:
    """Everything that can be seen without the scenario."""
    for number, key in enumerate(file.metrics):
        if key not in BY_KEY:
            yield Mistake(("metrics", number), f"is no metric ({shown(key)}){meant(key, BY_KEY)}")
        elif BY_KEY[key].scope == "run" and file.group != ALL_VMS:
            yield Mistake(("group",), f"has no figure of {key}, which is of the whole run: leave group out")
        if key in file.metrics[:number]:
            yield Mistake(("metrics", number), f"stands twice ({shown(key)}), keep one")
    if file.method == "sobol" and file.size & (file.size - 1):
        yield Mistake(("size",), f"is no power of two ({file.size}), the next is {1 << file.size.bit_length()}")
    if file.between and file.between[0] == file.between[1]:
        yield Mistake(("between",), f"is one arm twice ({shown(file.between[0])}), name two")
    seen: set[str] = set()
    for number, one in enumerate(file.assumption):
        if one.key not in _KEYS:
            near = meant(one.key, _KEYS)
            near = near if near.startswith(", did") else ", stunlab assumptions lists them"
            yield Mistake(("assumption", number, "key"), f"is no entry of the register ({shown(one.key)}){near}")
        elif one.key in seen:
            yield Mistake(("assumption", number, "key"), f"stands twice ({shown(one.key)}), keep one")
        seen.add(one.key)
    rows = file.size * (len(file.assumption) + (2 if file.method == "sobol" else 1))
    if rows > MOST_POINTS:
        yield Mistake(("size",), f"makes {rows} points, more than {MOST_POINTS}: write a smaller one")


def _base(file: SensitivityFile, source: Source, path: Path, seed: int | None, mistakes: list[Mistake]) -> Base | None:
    """The scenario file, which must be right by itself; adds to the mistakes if there is none."""
    if ("scenario",) in {mistake.path for mistake in mistakes}:
        return None
    where = path.parent / file.scenario
    try:
        text = read_text(where)
        base = Base(text, read_toml(text, str(where)), where, seed, tuple(file.arms or ()))
        base.load()
    except InputError as error:
        if where.is_file():
            raise InputError([*source.messages(mistakes), *error.messages]) from None
        text = f"names no file that can be read ({shown(file.scenario)}), a relative path starts at this file"
        mistakes.append(Mistake(("scenario",), text))
        return None
    return base


def _varied(file: SensitivityFile, document: dict[str, Any]) -> Iterator[Varied | Mistake]:
    """Each assumption with its levels and fields; the known ones only."""
    for number, table in enumerate(file.assumption):
        row, at = _KEYS.get(table.key), ("assumption", number)
        if row is None:
            continue
        found = places(row.key, document)
        if not found.fields:
            yield Mistake((*at, "key"), f"{found.reason} ({shown(row.key)}), leave it out")
            continue
        levels = levels_of(row, table, at)
        yield levels if isinstance(levels, Mistake) else Varied(number, row, levels, found.fields)


def _designed(file: SensitivityFile, source: Source, base: Base, varied: tuple[Varied, ...]) -> Sensitivity:
    plain = base.load()
    scenario = plain.scenario
    between = _between(file, scenario.arms)
    mistakes = list(_names(file, scenario))
    keys = tuple(one.row.key for one in varied)
    walks: list[tuple[Step, ...]] = []
    if file.method == "sobol":
        points = sobol(keys, file.size, scenario.run.seed)
    else:
        points, walks = morris(keys, file.size, scenario.run.seed)
    scans = [(one.row.key, choice) for one in varied for choice in one.scanned]
    if mistakes:
        raise InputError(source.messages(mistakes))
    scanned = loaded_points(
        base, source, [(f"{key}={choice.level.text}", {key: choice}) for key, choice in scans], varied
    )
    if mistakes := list(_idle(varied, scenario, list(zip(scans, scanned, strict=True)))):
        raise InputError(source.messages(mistakes))
    designed = loaded_points(base, source, [(one.name, _choices(one, varied)) for one in points], varied)
    return Sensitivity(
        name=file.name,
        title=file.title or file.name,
        method=file.method,
        size=file.size,
        arms=scenario.arms,
        between=between,
        group=file.group,
        metrics=tuple(file.metrics),
        replications=file.replications or scenario.run.replications,
        entries=tuple(one.entry for one in varied),
        scans=(Scan("", "", scenario), *(Scan(key, choice.level.text, one)
               for (key, choice), one in zip(scans, scanned, strict=True))),
        points=tuple((one.name, loaded) for one, loaded in zip(points, designed, strict=True)),
        walks=tuple(walks),
        engine=plain.engine,
        warnings=tuple(plain.remarks),
    )  # fmt: skip


def _idle(
    varied: tuple[Varied, ...], plain: Scenario, scanned: Sequence[tuple[tuple[str, Choice], Scenario]]
) -> Iterator[Mistake]:
    """Assumptions that change the scenario, but no run of an arm that is run."""
    for one in varied:
        own = [scenario for (key, _), scenario in scanned if key == one.row.key and scenario.identity != plain.identity]
        if own and all(acting(scenario.identity, arm) == acting(plain.identity, arm)
                       for scenario in own for arm in plain.arms):  # fmt: skip
            text = f"acts in no arm that is run ({', '.join(plain.arms)}), leave it out or run one in which it does"
            yield Mistake(("assumption", one.number, "key"), text)


def _choices(point: Designed, varied: tuple[Varied, ...]) -> dict[str, Any]:
    return {one.row.key: one.levels.sampled(share) for one, share in zip(varied, point.shares, strict=True)}


def _between(file: SensitivityFile, arms: tuple[Arm, ...]) -> tuple[Arm, ...]:
    if file.between:
        return tuple(file.between)
    return ("vadp", "vaio") if {"vadp", "vaio"} <= set(arms) else ()


def _names(file: SensitivityFile, scenario: Scenario) -> Iterator[Mistake]:
    known = (ALL_VMS, *scenario.groups)
    if file.group not in known:
        yield Mistake(("group",), f"is no VM group of the scenario ({shown(file.group)}){meant(file.group, known)}")
    for number, arm in enumerate(file.between or ()):
        if arm not in scenario.arms:
            text = f"is not run ({shown(arm)}), the arms of this study: {', '.join(scenario.arms)}"
            yield Mistake(("between", number), text)
