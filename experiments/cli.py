"""The command line: `stunlab` or `python -m experiments`.

Commands are thin: they read, call, print. Exit codes: 0 done, 1 the run failed or a claim of `validate` did, 2 the
user's input cannot be used, 130 interrupted, 143 (or 129) told to stop. A user's mistake never ends in a traceback.
Results go to standard output, progress and messages to standard error. Heavy imports stand inside the commands that
need them.
"""

import os
import sys
from collections.abc import Sequence
from importlib import import_module
from json import dumps
from pathlib import Path
from typing import Literal

from cyclopts import App, CycloptsError

from experiments.cli_studies import register
from experiments.errors import InputError
from experiments.identity import ROOT, VERSION
from experiments.options import Amount, Files, Flag, Options, Whole
from experiments.signals import Terminated, raised
from experiments.stdio import prepare
from models.assumptions import find
from models.scenario import Arm
from sim.replication import WorkerLost

DEMO = ROOT / "scenarios" / "demo.toml"
DEFAULTS = Options()
PATH_LATENCY = find("host.path_latency").value

app = App(
    name="stunlab",
    version=VERSION,
    help="What a VM feels when its storage is protected: latency, stun, RPO.",
    suppress_keyboard_interrupt=False,
)
register(app)


@app.command
def run(scenario: Path, *, arm: Arm | None = None, options: Options = DEFAULTS) -> int:
    """Simulate one arm of a scenario.

    Parameters
    ----------
    scenario
        Scenario file (TOML).
    arm
        Which protections act; needed where the scenario names several arms.
    """
    from experiments.session import only, read, simulate

    return simulate(only(read(scenario, options), arm), options)


@app.command
def compare(
    scenario: Path, *, trace: Path | None = None, trace_group: str | None = None, options: Options = DEFAULTS
) -> int:
    """Simulate all arms of a scenario with the same guest I/O and compare them.

    Parameters
    ----------
    scenario
        Scenario file (TOML).
    trace
        Recorded I/O (vSCSI trace or CSV) that replaces the workloads of one VM group.
    trace_group
        The VM group that gets the recorded I/O.
    """
    from experiments.session import read, simulate

    return simulate(read(scenario, options, trace, trace_group), options)


@app.command
def demo(*, options: Options = DEFAULTS) -> int:
    """Compare no protection, VADP and VAIO on the shipped demo scenario."""
    from experiments.session import read, simulate

    return simulate(read(DEMO, options), options)


@app.command
def schema(kind: Literal["scenario", "sweep", "plan", "sensitivity"] = "scenario", /) -> int:
    """Print the JSON Schema of scenario files, or of another kind of file.

    Parameters
    ----------
    kind
        Of which files.
    """
    module = "experiments.scenario" if kind == "scenario" else f"experiments.{kind}.schema"
    print(dumps(import_module(module).json_schema(), indent=2, sort_keys=True))
    return 0


@app.command
def assumptions(*, json: Flag = False) -> int:
    """List every default with its unit, range, source and grade.

    Parameters
    ----------
    json
        Print the list as JSON.
    """
    from experiments.terminal import print_assumptions
    from models.assumptions import REGISTER

    if json:
        print(dumps([row._asdict() for row in REGISTER], indent=1))
    else:
        print_assumptions(REGISTER)
    return 0


@app.command
def validate(*, data: Path | None = None, json: Flag = False) -> int:
    """Hold the simulator against formulas, published figures and measurements; exit code 1 if a claim fails.

    Parameters
    ----------
    data
        Folder of measured data; rows that need it are "not run" without it.
    json
        Print the rows as JSON.
    """
    if data is not None and not data.is_dir():
        raise InputError([f"--data: {data} is no folder; name the folder of measured data, or leave the option out"])
    from experiments.validate import main as hold_against

    return hold_against(data, json)


benches = App(name="bench", help="Measure how fast it simulates here, or what the runner of studies costs.")
app.command(benches)


@benches.default
def bench(*, quick: Flag = False, json: Flag = False) -> int:
    """Measure how fast it simulates here, beside idiomatic SimPy and plain C.

    Parameters
    ----------
    quick
        A short look: one small round, no memory.
    json
        Print the figures as JSON.
    """
    from experiments.bench import main as measure

    return measure(json, quick)


@benches.command(name="sweep")
def bench_sweep(*, quick: Flag = False, json: Flag = False) -> int:
    """Measure the runner of studies: what a task costs, one worker beside two, the coordinator's memory.

    Parameters
    ----------
    quick
        A short look: one small round.
    json
        Print the figures as JSON.
    """
    from experiments.bench.sweep import main as measure

    return measure(json, quick)


@app.command
def trace(file: Path) -> int:
    """Describe a file of recorded I/O.

    Parameters
    ----------
    file
        vSCSI trace or CSV.
    """
    from experiments.traces import describe

    print(describe(file))
    return 0


@app.command
def calibrate(
    files: list[Path], /, *, path: str = PATH_LATENCY, name: str = "fitted", out: Path | None = None,
    chart: Path | None = None, force: Flag = False,
) -> int:  # fmt: skip
    """Fit a datastore to a queue-depth sweep of fio, and say how well it fits and where not.

    Parameters
    ----------
    files
        JSON files of fio 3.x (json or json+): one for each depth, or several jobs in a file.
    path
        Fixed latency of the host that the benchmark's VM ran on; "0 s" if it did not run in a VM.
    name
        Name of the datastore.
    out
        TOML file to write the [datastore] table into; it is printed in any case.
    chart
        PNG file to draw throughput and latency against depth into.
    force
        Replace existing files.
    """
    from experiments.calibrate import main as fit

    return fit(files, path, name, out, chart, force)


@app.command
def explain(
    result: Path, *, arm: Arm | None = None, replicate: Whole = None, vm: str | None = None, slowest: Amount = 3,
    window: str | None = None, trace: Files = None, perfetto: Path | None = None, chart: Path | None = None,
) -> int:  # fmt: skip
    """Explain the slowest guest I/Os of a result: their ledgers, who was ahead of them, which stun or merge they met.

    Parameters
    ----------
    result
        Result folder that run, compare or demo has written.
    arm
        Which protections acted; by default the arm of the slowest I/O.
    replicate
        Which replication, from 0; by default that of the slowest I/O.
    vm
        Only I/Os of this VM.
    slowest
        How many I/Os to explain.
    window
        Only I/Os that came in a stretch of the run, for example 100s..101s.
    trace
        A file of recorded I/O that the result replayed; once for each file.
    perfetto
        Write the window, or what is around the slowest I/O, to this file, which Perfetto opens.
    chart
        Draw the ledgers into this folder, as PNG and SVG.
    """
    from experiments.explain import main as tell
    from experiments.explain.choice import Wish

    wish = Wish(arm, replicate, vm, slowest, window, margins=perfetto is not None)
    return tell(result, wish, tuple(trace or ()), perfetto, chart)


@app.command
def pictures() -> int:
    """Draw the README's pictures from the demo scenario into docs/pictures."""
    from experiments.pictures import draw_pictures

    for path in draw_pictures(DEMO):
        print(path)
    return 0


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit code of a command line (this process's own by default)."""
    prepare()
    try:
        with raised():
            result = app(
                None if arguments is None else list(arguments),
                exit_on_error=False, print_error=False, result_action="return_value",
            )  # fmt: skip
            sys.stdout.flush()
    except KeyboardInterrupt as stop:
        print(f"\ninterrupted: {_left_behind(stop)}", file=sys.stderr)
        return 130
    except Terminated as stop:
        print(f"stunlab: told to stop: {_left_behind(stop)}", file=sys.stderr)
        return stop.code
    except BrokenPipeError:  # the reader of our output has gone, as `head` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except Exception as error:
        code, message = _explained(error)
        print("\n".join([message, *(getattr(error, "__notes__", ()) if code == 1 else ())]), file=sys.stderr)
        return code
    return result if isinstance(result, int) else 0


def _left_behind(stop: BaseException) -> str:
    """What there is of a command that was ended: studies keep finished runs, and note it."""
    return "; ".join(getattr(stop, "__notes__", ())) or "nothing was written"


def _explained(error: Exception) -> tuple[int, str]:
    """The exit code and message of an expected error; raises any other again."""
    if isinstance(error, InputError):
        return 2, "\n".join(error.messages)
    if isinstance(error, CycloptsError):
        return 2, f"stunlab: {error} (stunlab --help lists what there is)"
    if isinstance(error, WorkerLost | OSError):
        return 1, f"stunlab: {error}"

    from models.run import SimulationError

    if isinstance(error, SimulationError):
        return 1, f"stunlab: {error}"
    raise error
