"""A study behind the real command line, for tests that end it from outside: `python study_command.py study OPTIONS`.

Prints a digest of all results; "ready" comes first, on standard error, when the first result is kept.
"""

import hashlib
import resource
import sys
from pathlib import Path

from study_fakes import answer, fake_run

from experiments import cli
from experiments.identity import ROOT
from experiments.scenario import Overrides, load
from experiments.scenario.settings import Setting
from experiments.study import runner
from experiments.study.runner import Failure, Means, Outcome, running
from experiments.study.work import Run
from models.scenario import Arm


@cli.app.command
def study(*, store: Path, count: int, workers: int, marks: Path, limit: int = 0, real: bool = False) -> int:
    """Does so many runs: fake ones of a tenth of a second, or real ones. `limit`: the most bytes a file may have."""
    if limit:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    if real:
        runs = real_runs()[:count]
    else:
        runner.do_packed = answer
        runs = [fake_run(f"slow{number % 4}", number, marks) for number in range(count)]
    said = False

    def tell(run: Run, outcome: Outcome) -> None:
        nonlocal said
        if not said:
            print("ready", file=sys.stderr, flush=True)
        said = True

    digest = hashlib.sha256()
    with running(Means(store, workers), "study") as run:
        for outcome in run(runs, tell):
            assert not isinstance(outcome, Failure), outcome
            digest.update(outcome.text.encode())
    print(digest.hexdigest())
    return 0


def real_runs() -> list[Run]:
    """Two arms and two replicates of a few seconds."""
    overrides = Overrides(settings=(Setting("run.duration", "5 s", "here"),))
    scenario = load(ROOT / "scenarios" / "minimal.toml", overrides).scenario
    arms: tuple[Arm, ...] = ("none", "vadp")
    return [Run("p", scenario, arm, replicate, "simpy") for replicate in (0, 1) for arm in arms]


if __name__ == "__main__":
    sys.exit(cli.main(sys.argv[1:]))
