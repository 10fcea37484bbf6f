"""The way in: options applied, shape, names and numbers checked, traces read, then converted; or all mistakes."""

import copy
from pathlib import Path
from typing import Any

from experiments.errors import InputError
from experiments.scenario import Loaded, Overrides, locate, settings
from experiments.scenario.checks import check
from experiments.scenario.convert import convert
from experiments.scenario.messages import Mistake, Source, printable
from experiments.scenario.plausible import warnings_of
from experiments.scenario.profiles import expanded
from experiments.scenario.schema import ScenarioFile
from experiments.scenario.shape import check_shape
from experiments.scenario.source import read_toml
from experiments.scenario.traced import read_traces

DURATION: locate.Path = ("run", "duration")


def from_text(text: str, path: Path, overrides: Overrides) -> Loaded:
    """The scenario in a TOML text that was read from `path`. Raises InputError."""
    name = printable(str(path))
    data = read_toml(text, name)
    changed, options, mistakes = _override(data, overrides)
    source = Source(name, text.split("\n"), locate.locate(text), options)
    return _loaded(changed, source, path.parent, mistakes)


def from_data(data: dict[str, Any], overrides: Overrides) -> Loaded:
    """The scenario that a dictionary describes; its trace files are relative to the working folder."""
    changed, options, mistakes = _override(copy.deepcopy(data), overrides)
    return _loaded(changed, Source("scenario", [], None, options), Path(), mistakes)


def _override(data: dict[str, Any], o: Overrides) -> tuple[dict[str, Any], dict[locate.Path, str], list[Mistake]]:
    """The document with the command line's options in it, which option stands at which path, and bad options."""
    options: dict[locate.Path, str] = {}
    run = data.setdefault("run", {})
    for key, value in (("seed", o.seed), ("replications", o.replications), ("duration", o.duration)):
        if value is not None and isinstance(run, dict):
            run[key] = value
            options["run", key] = f"--{key}"
    labels, unknown = settings.apply(data, o.settings)
    options.update(labels)
    mistakes = [*unknown, *_override_trace(data, o, options)]
    return data, options, mistakes


def _override_trace(data: dict[str, Any], o: Overrides, options: dict[locate.Path, str]) -> list[Mistake]:
    """Puts one traced workload in the place of a group's workloads."""
    if o.trace is None and o.trace_group is None:
        return []
    at: locate.Path = ("vm", o.trace_group or "")
    groups = data.get("vm")
    names = list(groups) if isinstance(groups, dict) else []
    if o.trace is None or o.trace_group is None:
        options[at] = "--trace-group" if o.trace is None else "--trace"
        missing = "--trace FILE" if o.trace is None else "--trace-group NAME"
        return [Mistake(at, f"needs {missing} beside it, the scenario's groups: {', '.join(names) or 'none'}")]
    if o.trace_group not in names:
        options[at] = "--trace-group"
        return [Mistake(at, f'is no VM group of the scenario ("{o.trace_group}"), its groups: {", ".join(names)}')]
    group = data["vm"][o.trace_group]
    if isinstance(group, dict):
        group["workload"] = [{"kind": "trace", "trace": str(o.trace.absolute()), "disks": [0]}]
        options[*at, "workload"] = f"--trace {printable(str(o.trace))}"
    return []


def _loaded(data: dict[str, Any], source: Source, base: Path, mistakes: list[Mistake]) -> Loaded:
    data = expanded(data)
    shape, file = check_shape(data, ScenarioFile)
    remarks: list[Mistake] = []
    mistakes = [*mistakes, *shape]
    if file is not None:
        for found in check(file, data, shape):
            late = "burst" in found.path and DURATION in found.needs and DURATION in source.options
            (remarks if late else mistakes).append(found)
    if file is None or mistakes:
        raise InputError(source.messages(mistakes))
    recorded = read_traces(file, base)
    if recorded.mistakes:
        raise InputError(source.messages(recorded.mistakes))
    scenario = convert(file, recorded.traces)
    remarks = [*remarks, *recorded.remarks, *warnings_of(scenario)]
    nowhere = Source("", [], None, {})
    return Loaded(scenario, source.messages(remarks), nowhere.messages(remarks), file.run.engine)
