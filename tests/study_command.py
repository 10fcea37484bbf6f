"""A study of fake runs behind the real command line, for tests that end it from outside.

`python study_command.py STORE COUNT WORKERS MARKS [LIMIT]`: LIMIT is the most bytes a file may have. Prints a digest of
all results; "ready" comes first, on standard error, when the first result is kept.
"""

import hashlib
import resource
import sys
from pathlib import Path

from study_fakes import answer, fake_run

from experiments import cli
from experiments.study import runner
from experiments.study.runner import Failure, Means, Outcome, running
from experiments.study.work import Run


@cli.app.command
def study(store: Path, count: int, workers: int, marks: Path, limit: int = 0) -> int:
    """Does so many fake runs of a tenth of a second."""
    runner.do_packed = answer
    if limit:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
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


if __name__ == "__main__":
    sys.exit(cli.main(["study", *sys.argv[1:]]))
