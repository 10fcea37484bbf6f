"""One simulation from the command line: check, run with progress, write the result folder, print the verdict."""

import json
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from experiments.both import compare_both
from experiments.compare import Comparison, compare
from experiments.engines import Wanted, ready
from experiments.errors import InputError
from experiments.identity import result_hash, source_hash
from experiments.options import Options
from experiments.output import check_free, executed, folder_of, write_result
from experiments.progress import progress
from experiments.scenario import Loaded, Overrides, load
from experiments.terminal import print_verdict
from experiments.verdict import document
from models.scenario import Arm
from sim.replication import available_cpus


def read(path: Path, options: Options, trace: Path | None = None, trace_group: str | None = None) -> Loaded:
    """The scenario with the command line's overrides; its warnings are printed. Raises InputError."""
    if (trace is None) != (trace_group is None):
        raise InputError(
            ["--trace and --trace-group belong together: a file of recorded I/O and the VM group it is for"]
        )
    overrides = Overrides(seed=options.seed, replications=options.replications, trace=trace, trace_group=trace_group)
    loaded = load(path, overrides)
    for warning in loaded.warnings:
        print(f"warning: {warning}", file=sys.stderr)
    return loaded


def only(loaded: Loaded, arm: Arm | None) -> Loaded:
    """The same with one arm: `arm`, or the only one of the scenario. Raises InputError if it cannot be run."""
    scenario = loaded.scenario
    if arm is None and len(scenario.arms) > 1:
        names = ", ".join(scenario.arms)
        raise InputError([f"--arm: the scenario has the arms {names}; name one with --arm, or use compare for all"])
    chosen = arm or scenario.arms[0]
    for kind, protections in (("vadp", scenario.vadp), ("vaio", scenario.vaio)):
        if chosen in (kind, "both") and not protections:
            raise InputError([f'--arm: "{chosen}" needs a [protection.{kind}.NAME] in the scenario, which has none'])
    return replace(loaded, scenario=replace(scenario, arms=(chosen,)))


def simulate(loaded: Loaded, options: Options, first: int = 0) -> int:
    """Every arm in every replication from `first` on: result folder written, verdict printed, 0 returned."""
    scenario = loaded.scenario
    check_free(folder_of(scenario.name, result_hash(scenario, source_hash(), first), options.out), options.force)
    workers = options.workers or available_cpus()
    engine = ready(options.engine or loaded.engine)
    began = time.monotonic()
    comparison, engine_seconds = _compared(loaded, engine, workers, options.json, first)
    execution = executed(engine, workers, began, engine_seconds)
    folder = write_result(comparison, execution, options.out, options.force, _report(options))
    if options.json:
        print(json.dumps(document(comparison, str(folder)), indent=1, allow_nan=False))
    else:
        print_verdict(comparison)
        print(f"Written to {folder}" + ("" if options.no_report else f": open {folder / 'report.html'}"))
    return 0


def _compared(
    loaded: Loaded, engine: Wanted, workers: int, quiet: bool, first: int
) -> tuple[Comparison, dict[str, float]]:
    """The comparison, with progress; and each engine's seconds, if both were asked for and agree."""
    scenario = loaded.scenario
    with progress(scenario.name, len(scenario.arms) * scenario.run.replications, quiet) as on_progress:
        if engine != "both":
            return compare(replace(loaded, engine=engine), workers, on_progress, first=first), {}
        comparison, seconds = compare_both(loaded, workers, on_progress)
    times = ", ".join(f"{name} {spent:.1f} s" for name, spent in seconds.items())
    runs = sum(map(len, comparison.results.values()))
    print(f"both engines gave the same result in each of {runs} runs (processor time: {times})", file=sys.stderr)
    return comparison, seconds


def _report(options: Options) -> Callable[[Comparison, Path], None] | None:
    if options.no_report:
        return None
    from experiments.report import write_report

    if sys.stderr.isatty() or not options.json:
        print("drawing the report", file=sys.stderr)
    return write_report
